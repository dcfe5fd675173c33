//! Bounds on what people write: every text that a caller can send has one.

use kernel::{ApiError, Patch, Result};

/// The longest short text: names, ids of the caller's own (Stripe cuts at the same lengths).
pub(crate) const NAME: usize = 255;
/// The longest free text.
pub(crate) const TEXT: usize = 5_000;
/// The longest e-mail address (Stripe, "Create a customer").
pub(crate) const EMAIL: usize = 512;
/// The longest URL.
pub(crate) const URL: usize = 2_048;

/// 400 when the text is longer than `most` characters.
pub(crate) fn check(param: &str, text: &str, most: usize) -> Result<()> {
    if most < text.chars().count() {
        return Err(ApiError::invalid(param, format!("Invalid string: must be at most {most} characters")));
    }
    Ok(())
}

/// The same for a parameter that may be absent.
pub(crate) fn check_given(param: &str, text: Option<&String>, most: usize) -> Result<()> {
    text.map_or(Ok(()), |text| check(param, text, most))
}

/// The same for a parameter that may be unset.
pub(crate) fn check_patch(param: &str, text: &Patch<String>, most: usize) -> Result<()> {
    check_given(param, text.as_set(), most)
}

/// 400 `email_invalid` for what cannot be an e-mail address: something, an @, something, and no spaces.
pub(crate) fn check_email(param: &str, email: &str) -> Result<()> {
    check(param, email, EMAIL)?;
    let good = match email.rsplit_once('@') {
        Some((name, host)) => !name.is_empty() && !host.is_empty() && !email.chars().any(char::is_whitespace),
        None => false,
    };
    if good {
        return Ok(());
    }
    Err(ApiError::invalid(param, format!("Invalid email address: {email}")).code("email_invalid"))
}

/// 400 `url_invalid` for what a browser cannot be sent to.
pub(crate) fn check_url(param: &str, url: &str) -> Result<()> {
    check(param, url, URL)?;
    let scheme = url.split_once("://").filter(|(scheme, rest)| {
        !scheme.is_empty()
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
            && !rest.is_empty()
    });
    let runs_in_the_page = ["javascript", "data", "vbscript"];
    let good = scheme.is_some_and(|(scheme, _)| !runs_in_the_page.iter().any(|bad| scheme.eq_ignore_ascii_case(bad)));
    if good && !url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Ok(());
    }
    Err(ApiError::invalid(param, "Not a valid URL").code("url_invalid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_two_sides() {
        for good in ["a@b", "ann.lee+x@example.com", "\"@\"@example.com"] {
            assert!(check_email("email", good).is_ok(), "{good}");
        }
        for bad in ["", "a", "@", "a@", "@b", "a b@c", &"a".repeat(513)] {
            assert!(check_email("email", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_url_leads_somewhere_and_runs_nothing() {
        for good in ["https://example.com/return?x=1", "http://localhost:3000", "myapp://stripe-redirect"] {
            assert!(check_url("return_url", good).is_ok(), "{good}");
        }
        for bad in ["", "example.com", "javascript://%0aalert(1)", "https://", "https://a b", "data://x", "://x"] {
            assert_eq!(check_url("return_url", bad).unwrap_err().code_str(), Some("url_invalid"), "{bad}");
        }
    }
}
