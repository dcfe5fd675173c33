//! Who asks, and for whom: the key and the `Stripe-Account` header.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kernel::{ApiError, ErrorType, Result};
use store::{Caller, Tx};

use crate::keys::{KeyKind, find_key, mask_key};

const NO_KEY: &str = "You did not provide an API key. You need to provide your API key in the Authorization header, using \
     Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for \
     details, or we can help at https://support.stripe.com/.";

/// The key of an `Authorization` header: Bearer, or Basic with the key as user and no password.
pub(crate) fn presented_key(authorization: Option<&str>) -> Result<String> {
    let unauthorized = || ApiError::new(401, ErrorType::InvalidRequest, NO_KEY);
    let header = authorization.ok_or_else(unauthorized)?.trim();
    let (scheme, rest) = header.split_once(' ').ok_or_else(unauthorized)?;
    let key = if scheme.eq_ignore_ascii_case("bearer") {
        rest.trim().to_owned()
    } else if scheme.eq_ignore_ascii_case("basic") {
        let decoded = STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = decoded.ok_or_else(unauthorized)?;
        pair.split_once(':').map_or(pair.clone(), |(user, _)| user.to_owned())
    } else {
        return Err(unauthorized());
    };
    if key.is_empty() { Err(unauthorized()) } else { Ok(key) }
}

/// The caller of a key, acting for `for_account` when one is named.
///
/// Errors: 401 for no key or an unknown one; 403 `account_invalid` for an account that the key has nothing to do with,
/// the same whether it exists or not.
pub(crate) fn authenticate(tx: &mut Tx, key: &str, for_account: Option<&str>) -> Result<Caller> {
    let Some(found) = find_key(tx, key)? else {
        let message = format!("Invalid API Key provided: {}", mask_key(key));
        return Err(ApiError::new(401, ErrorType::InvalidRequest, message));
    };
    let caller = Caller {
        key_account: found.account.clone(),
        account: found.account.clone(),
        publishable: found.kind == KeyKind::Publishable,
    };
    match for_account {
        None => Ok(caller),
        Some(account) if account == caller.key_account => Ok(caller),
        Some(account) => {
            let kind = tx.kind_of(account).filter(|kind| kind.object == "account");
            let row = kind.map(|kind| tx.peek_row(kind, account)).transpose()?.flatten();
            if row.is_some_and(|row| *row.account == *caller.key_account) {
                Ok(Caller { account: account.to_owned(), ..caller })
            } else {
                Err(no_access(key, account))
            }
        }
    }
}

fn no_access(key: &str, account: &str) -> ApiError {
    let message = format!(
        "The provided key '{}' does not have access to account '{account}' (or that account does not exist). \
         Application access may have been revoked.",
        mask_key(key)
    );
    ApiError::new(403, ErrorType::InvalidRequest, message).code("account_invalid")
}

/// 401 `secret_key_required`.
pub(crate) fn secret_key_required() -> ApiError {
    let message = "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a \
                   list of your API keys at https://dashboard.stripe.com/account/apikeys.";
    ApiError::new(401, ErrorType::InvalidRequest, message).code("secret_key_required")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_as_bearer_or_basic() {
        assert_eq!(presented_key(Some("Bearer sk_test_1")).unwrap(), "sk_test_1");
        assert_eq!(presented_key(Some("Basic c2tfdGVzdF8xOg==")).unwrap(), "sk_test_1");
        for bad in [None, Some(""), Some("Bearer"), Some("Bearer "), Some("Digest x"), Some("Basic %%%")] {
            assert_eq!(presented_key(bad).unwrap_err().http_status(), 401, "{bad:?}");
        }
    }
}
