//! What money asks of accounts: may this one be charged, transferred to, paid out.
//!
//! In a sandbox an account whose requirements Kontor's own form collects may act before its people went through that form:
//! a full-dashboard account at once, another one as soon as nothing but what only the form can collect is missing (the
//! terms, where payouts go). Stripe's test mode lets accounts act likewise. An account whose requirements the platform
//! collects must have the capability active.

use kernel::{ApiError, Result};
use store::{Doc, Tx};

use crate::documents::{Account, Application, CapabilityStatus, Dashboard, DashboardType};

/// An account that another document refers to, whoever's it is, deleted ones included.
///
/// Errors: a 500 when it does not exist, since then the store is damaged.
pub fn load(tx: &mut Tx, id: &str) -> Result<Doc<Account>> {
    tx.load::<Account>(id)
}

/// The account that a transfer goes to, named by the caller in `param`.
///
/// It must be connected to the account acted on, or be the platform of the account acted on.
///
/// Errors: 400 `resource_missing`; 400 `insufficient_capabilities_for_transfer` unless one of its capabilities `transfers`
/// and `legacy_payments` is active.
pub fn destination(tx: &mut Tx, id: &str, param: &str) -> Result<Doc<Account>> {
    let account = related(tx, id, "destination", param)?;
    if account.id == tx.account() {
        return Err(ApiError::invalid(param, "You cannot transfer funds to your own account."));
    }
    let is_platform = !account.is_connected();
    if !is_platform && !can_act(&account, "transfers") && !can_act(&account, "legacy_payments") {
        return Err(insufficient_capabilities(param));
    }
    Ok(account)
}

/// The account that a charge is made on behalf of, named by the caller in `param`: one that is connected to the account
/// acted on and can take cards.
///
/// Errors: 400 `resource_missing`; 400 when its `card_payments` is not active.
pub fn on_behalf_of(tx: &mut Tx, id: &str, param: &str) -> Result<Doc<Account>> {
    let account = related(tx, id, "on_behalf_of", param)?;
    if !can_act(&account, "card_payments") {
        return Err(ApiError::invalid(
            param,
            "The account referenced in the 'on_behalf_of' parameter is missing the required capabilities: card_payments.",
        ));
    }
    Ok(account)
}

/// An account that the account acted on has to do with: itself, its platform, or one connected to it.
fn related(tx: &mut Tx, id: &str, noun: &str, param: &str) -> Result<Doc<Account>> {
    let acting = tx.account().to_owned();
    let unknown = || ApiError::invalid(param, format!("No such {noun}: '{id}'")).code("resource_missing");
    let account = tx.find::<Account>(id)?.filter(|account| !account.private.deleted).ok_or_else(unknown)?;
    if account.id == acting || account.account == acting {
        return Ok(account);
    }
    let own = tx.find::<Account>(&acting)?;
    if own.is_some_and(|own| own.account == account.id) { Ok(account) } else { Err(unknown()) }
}

/// Whether a direct charge can be made on an account.
///
/// Errors: 400 `account_invalid` when its `card_payments` is not active or the account is rejected or paused.
pub fn check_can_charge(account: &Account) -> Result<()> {
    if can_act(account, "card_payments") {
        return Ok(());
    }
    Err(ApiError::bad_request(format!(
        "Your account cannot currently make charges. See what the `requirements` of {} ask for, and whether its \
         `card_payments` capability is requested.",
        account.id
    ))
    .code("account_invalid"))
}

/// Whether an account may use a capability: it is active, or the sandbox lets it act (see the module).
fn can_act(account: &Account, capability: &str) -> bool {
    match account.capabilities.get(capability) {
        None => false,
        Some(CapabilityStatus::Active) => true,
        Some(CapabilityStatus::Inactive | CapabilityStatus::Pending) => {
            !account.is_platform_collected() && account.is_connected() && only_the_form_is_missing(account)
        }
    }
}

fn only_the_form_is_missing(account: &Account) -> bool {
    let due = &account.requirements;
    if due.disabled_reason.as_deref().is_some_and(|reason| reason != "requirements.past_due") {
        return false;
    }
    let form_only = |key: &String| key.starts_with("tos_acceptance.") || key == "external_account";
    let is_full = account.controller.stripe_dashboard == Some(Dashboard { kind: DashboardType::Full });
    due.errors.is_empty() && (is_full || due.currently_due.iter().all(form_only))
}

/// The Connect application of a platform.
///
/// Errors: a 500 when the account is no platform.
pub fn application(tx: &mut Tx, platform_id: &str) -> Result<Application> {
    let platform = tx.load::<Account>(platform_id)?;
    match platform.private.application.clone() {
        Some(application) => Ok(application),
        None => Err(tx.bug(&format!("{platform_id} has no application: it is no platform"))),
    }
}

/// The platform that controls an account, or controlled it before it was deleted; `None` for a platform itself.
pub fn platform_of(tx: &mut Tx, account_id: &str) -> Result<Option<String>> {
    Ok(tx.find::<Account>(account_id)?.and_then(|account| account.private.platform.clone()))
}

fn insufficient_capabilities(param: &str) -> ApiError {
    ApiError::invalid(
        param,
        "Your destination account needs to have at least one of the following capabilities enabled: transfers, \
         crypto_transfers, legacy_payments",
    )
    .code("insufficient_capabilities_for_transfer")
}
