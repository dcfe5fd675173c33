//! Request headers, checked.

use http::HeaderMap;
use kernel::{API_VERSION, ApiError, Result};

/// The headers that the API reads.
#[derive(Debug, Clone, Default)]
pub(crate) struct Headers {
    pub(crate) authorization: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) version: String,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) content_type: Option<String>,
}

impl Headers {
    /// Reads what is there.
    ///
    /// Errors: 400 for a version that is none, for both ways of naming an account at once, and for a header that is not
    /// text.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Headers> {
        let text = |name: &str| -> Result<Option<String>> {
            let Some(value) = headers.get(name) else { return Ok(None) };
            let text =
                value.to_str().map_err(|_| ApiError::bad_request(format!("The {name} header is not valid text.")))?;
            Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
        };
        let account = match (text("stripe-account")?, text("stripe-context")?) {
            (Some(_), Some(_)) => {
                return Err(ApiError::bad_request(
                    "You cannot send both the Stripe-Account and the Stripe-Context header. Please remove one of them.",
                ));
            }
            (account, context) => account.or(context),
        };
        let version = text("stripe-version")?.unwrap_or_else(|| API_VERSION.to_owned());
        if !is_version(&version) {
            return Err(ApiError::bad_request(format!(
                "Invalid Stripe API version: {version}. Send a version such as {API_VERSION} in the Stripe-Version header, \
                 or leave it out."
            )));
        }
        Ok(Headers {
            authorization: text("authorization")?,
            account,
            version,
            idempotency_key: text("idempotency-key")?,
            content_type: text("content-type")?,
        })
    }
}

/// `YYYY-MM-DD`, with a release's name and beta flags behind it.
fn is_version(version: &str) -> bool {
    let date = version.get(..10).unwrap_or_default();
    let is_date = date.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    let rest = version.get(10..).unwrap_or_default();
    date.len() == 10
        && is_date
        && (rest.is_empty() || rest.starts_with(['.', ';']))
        && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b".;=_- ".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_dates_with_a_name() {
        for good in ["2026-10-28.endive", "2020-08-27", "2026-09-30.endive; retrieve_tax_forms_beta=v1"] {
            assert!(is_version(good), "{good}");
        }
        for bad in ["", "latest", "2026-10", "2026-10-28x", "2026-1\u{e9}-28"] {
            assert!(!is_version(bad), "{bad}");
        }
    }
}
