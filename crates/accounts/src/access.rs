//! Which accounts a caller sees, and what of them it may change.

use kernel::{ApiError, ErrorType, Result};
use store::{Doc, Tx};

use crate::documents::{Account, Dashboard, DashboardType};

/// An account named in the path: the account acted on itself, or one that is connected to it.
///
/// Errors: 403 `account_invalid`, the same for one that does not exist, a deleted one and a foreign one.
pub(crate) fn find(tx: &mut Tx, id: &str) -> Result<Doc<Account>> {
    match tx.find::<Account>(id)? {
        Some(account)
            if !account.private.deleted && (account.id == tx.account() || account.account == tx.account()) =>
        {
            Ok(account)
        }
        _ => Err(no_access(id)),
    }
}

/// Whether the caller may change what the account's own people tell Kontor. `param` is what the caller wants to change.
///
/// It may with the account's own key, when the platform collects requirements, and until the account's people have begun
/// to fill in the hosted form.
///
/// Errors: 403 `oauth_not_supported`.
pub(crate) fn may_tell(tx: &Tx, account: &Doc<Account>, param: &str) -> Result<()> {
    if is_own(tx, account) || account.is_platform_collected() || !account.private.claimed {
        return Ok(());
    }
    Err(forbidden(format!(
        "This application does not have the required permissions for the parameter '{param}' on account '{}'.",
        account.id
    )))
}

/// Whether the caller may add, change and remove external accounts by themselves: with the account's own key, or when the
/// platform collects requirements. Of other accounts they are given when the account is made or by its own people.
///
/// Errors: 403 `oauth_not_supported`.
pub(crate) fn may_manage_external_accounts(tx: &Tx, account: &Doc<Account>) -> Result<()> {
    if is_own(tx, account) || account.is_platform_collected() {
        return Ok(());
    }
    Err(forbidden(format!(
        "This application does not have the required permissions for this endpoint on account '{}'.",
        account.id
    )))
}

/// Whether the caller may change how the account is paid out: with the account's own key, or when the account's own people
/// have no full dashboard to do it in.
///
/// Errors: 403 `oauth_not_supported`.
pub(crate) fn may_set_payouts(tx: &Tx, account: &Doc<Account>) -> Result<()> {
    let is_full = account.controller.stripe_dashboard == Some(Dashboard { kind: DashboardType::Full });
    if is_own(tx, account) || !is_full {
        return Ok(());
    }
    Err(forbidden(format!(
        "This application does not have the required permissions for this endpoint on account '{}'.",
        account.id
    )))
}

/// Whether the account's own key is used.
pub(crate) fn is_own(tx: &Tx, account: &Doc<Account>) -> bool {
    tx.caller().key_account == account.id
}

/// An account that the caller's platform controls.
///
/// Errors: as [`find`]; 400 for the caller's own account.
pub(crate) fn find_controlled(tx: &mut Tx, id: &str, what: &str) -> Result<Doc<Account>> {
    let account = find(tx, id)?;
    if !account.is_connected() || is_own(tx, &account) {
        return Err(ApiError::invalid("account", format!("You cannot {what} your own account.")));
    }
    Ok(account)
}

fn forbidden(message: String) -> ApiError {
    ApiError::new(403, ErrorType::InvalidRequest, message).code("oauth_not_supported")
}

fn no_access(id: &str) -> ApiError {
    let shown: String = id.chars().take(100).collect();
    let message = format!(
        "The provided key does not have access to account '{shown}' (or that account does not exist). Application access \
         may have been revoked."
    );
    ApiError::new(403, ErrorType::InvalidRequest, message).code("account_invalid")
}
