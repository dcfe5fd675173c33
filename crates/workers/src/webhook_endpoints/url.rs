//! Where webhooks may be sent.
//!
//! What a name resolves to is checked when something is sent, each time; here only what the URL itself says.

use http::Uri;
use kernel::{ApiError, Result};

use crate::address::is_private_host;

/// The longest URL.
const LONGEST: usize = 2_048;

/// Checks the URL of an endpoint: http or https with a host and without a password. In live mode https only, and no host
/// inside a private network.
pub fn check(url: &str, livemode: bool) -> Result<()> {
    // A fragment is not looked at when a URL is read.
    let is_clean = !url.contains(|c: char| c.is_whitespace() || c.is_control());
    let Some(parsed) = url.parse::<Uri>().ok().filter(|_| is_clean) else { return Err(invalid("Not a valid URL")) };
    if LONGEST < url.len() {
        return Err(invalid("URLs can be up to 2048 bytes long"));
    }
    let scheme = match parsed.scheme_str() {
        Some(scheme @ ("http" | "https")) => scheme,
        Some(_) => return Err(invalid("URL must use http or https")),
        None => return Err(invalid("An explicit scheme (such as https) must be provided")),
    };
    let (Some(host), Some(authority)) = (parsed.host().filter(|host| !host.is_empty()), parsed.authority()) else {
        return Err(invalid("Not a valid URL"));
    };
    if authority.as_str().contains('@') {
        return Err(invalid("URL must not contain a user name or password"));
    }
    if livemode && scheme != "https" {
        return Err(invalid("URL must use https in live mode"));
    }
    if livemode && is_private_host(host) {
        return Err(invalid("URL must be publicly accessible. Consider using a tool like the Stripe CLI for testing"));
    }
    Ok(())
}

fn invalid(problem: &str) -> ApiError {
    ApiError::invalid("url", format!("Invalid URL: {problem}.")).code("url_invalid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sandbox_takes_loopback_and_a_live_world_only_public_https() {
        for (url, sandbox, live) in [
            ("https://example.com/hooks", true, true),
            ("https://example.com", true, true),
            ("http://example.com/hooks", true, false),
            ("http://localhost:3000/webhook", true, false),
            ("https://127.0.0.1/webhook", true, false),
            ("https://[::1]:8443/webhook", true, false),
            ("https://10.0.0.7/webhook", true, false),
            ("https://metadata/latest", true, false),
            ("ftp://example.com", false, false),
            ("example.com/hooks", false, false),
            ("/hooks", false, false),
            ("https://", false, false),
            ("https://user:password@example.com", false, false),
            ("https://exa mple.com", false, false),
            ("https://example.com/#a b", false, false),
            ("https://example.com/#a\nb", false, false),
            ("", false, false),
        ] {
            assert_eq!(check(url, false).is_ok(), sandbox, "{url} in a sandbox");
            assert_eq!(check(url, true).is_ok(), live, "{url} live");
        }
    }
}
