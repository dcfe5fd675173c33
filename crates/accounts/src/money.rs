//! What money asks of accounts: may this one be charged, transferred to, paid out.
//!
//! In a sandbox an account whose requirements Kontor's own form collects may act before its people went through that form:
//! a full-dashboard account at once, another one as soon as nothing but what only the form can collect is missing (the
//! terms, where payouts go). Stripe's test mode lets accounts act likewise. An account whose requirements the platform
//! collects must have the capability active.

use kernel::{ApiError, Result, Timestamp};
use store::{Doc, Tx};

use crate::documents::{Account, Application, CapabilityStatus, Dashboard, DashboardType};

/// An account that another document refers to, whoever's it is, deleted ones included.
///
/// Errors: a 500 when it does not exist, since then the store is damaged.
pub fn load(tx: &mut Tx, id: &str) -> Result<Doc<Account>> {
    tx.load::<Account>(id)
}

/// When what an account takes at `from` becomes available: see its delay, and the day that `from` belongs to.
pub fn available_on(account: &Doc<Account>, from: Timestamp) -> Timestamp {
    account.available_on(account.private.balance.day_of(from))
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

#[cfg(test)]
mod tests {
    use kernel::{Currency, Result, Timestamp};
    use store::{Caller, Tx};

    use super::*;
    use crate::documents::{FeePayer, Liable};
    use crate::testing::{BOTH, INDIVIDUAL, Platform, with};

    fn as_platform<R>(platform: &Platform, rule: impl FnOnce(&mut Tx) -> Result<R>) -> Result<R> {
        platform.world.read(&Caller::account(&platform.id), rule)
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_transfer_goes_to_a_connected_account_that_takes_transfers() {
        let platform = Platform::new();
        let (open, standard) = (platform.open(INDIVIDUAL), platform.open(&[("type", "standard")]));
        let express = platform.open(&[&[("type", "express")], &BOTH[..]].concat());
        let go = |id: &str| as_platform(&platform, |tx| destination(tx, id, "transfer_data[destination]").map(drop));
        assert!(go(&open).is_ok() && go(&standard).is_ok());
        let refused = go(&express).unwrap_err();
        assert_eq!(refused.code_str(), Some("insufficient_capabilities_for_transfer"));
        let unknown = go("acct_nobody").unwrap_err();
        assert_eq!((unknown.http_status(), unknown.code_str()), (400, Some("resource_missing")));
        assert_eq!(unknown.message(), "No such destination: 'acct_nobody'");
        assert_eq!(unknown.param_str(), Some("transfer_data[destination]"));
        assert!(go(&platform.id).is_err());
    }

    #[test]
    fn a_connected_account_transfers_to_its_platform_and_to_nobody_else() {
        let platform = Platform::new();
        let (one, other) = (platform.open(INDIVIDUAL), platform.open(INDIVIDUAL));
        let caller = Caller::for_connected(&platform.id, &one);
        let go = |id: &str| platform.world.read(&caller, |tx| destination(tx, id, "destination").map(drop));
        assert!(go(&platform.id).is_ok());
        assert_eq!(go(&other).unwrap_err().code_str(), Some("resource_missing"));
        assert!(go(&one).is_err());
    }

    #[test]
    fn charges_need_card_payments() {
        let platform = Platform::new();
        let missing = platform.open(&with(INDIVIDUAL, &[("individual[phone]", None)]));
        let transfers = platform.open(&with(INDIVIDUAL, &[("capabilities[card_payments][requested]", None)]));
        let open = platform.open(INDIVIDUAL);
        let charge = |id: &str| as_platform(&platform, |tx| check_can_charge(load(tx, id)?.shown()));
        let behalf = |id: &str| as_platform(&platform, |tx| on_behalf_of(tx, id, "on_behalf_of").map(drop));
        assert!(charge(&open).is_ok() && behalf(&open).is_ok() && charge(&platform.id).is_ok());
        for id in [&missing, &transfers] {
            let error = charge(id).unwrap_err();
            assert_eq!(error.code_str(), Some("account_invalid"));
            assert!(error.message().starts_with("Your account cannot currently make charges."));
            assert!(behalf(id).is_err());
        }
        assert_eq!(behalf("acct_nobody").unwrap_err().message(), "No such on_behalf_of: 'acct_nobody'");
    }

    #[test]
    fn in_a_sandbox_accounts_of_the_hosted_form_act_before_it() {
        let platform = Platform::new();
        let charge = |id: &str| as_platform(&platform, |tx| check_can_charge(load(tx, id)?.shown()));
        assert!(charge(&platform.open(&[("type", "standard")])).is_ok());
        let bare = platform.open(&[&[("type", "express")], &BOTH[..]].concat());
        assert!(charge(&bare).is_err());
        let form = with(
            INDIVIDUAL,
            &[("type", Some("express")), ("tos_acceptance[date]", None), ("tos_acceptance[ip]", None)],
        );
        let express = platform.open(&form);
        assert!(charge(&express).is_ok());
        assert!(as_platform(&platform, |tx| destination(tx, &express, "destination")).is_ok());
        platform.post(&format!("/v1/accounts/{express}/reject"), &[("reason", "other")]).ok();
        assert!(charge(&express).is_err());
    }

    #[test]
    fn funds_are_available_after_the_countrys_delay_or_a_longer_one() {
        let platform = Platform::new();
        let id = platform.open(INDIVIDUAL);
        let load = || as_platform(&platform, |tx| load(tx, &id)).unwrap();
        // 2026-11-20 is a Friday.
        let available_on = |account: &Doc<Account>, from| super::available_on(account, at(from));
        assert_eq!(available_on(&load(), "2026-11-20T15:00:00Z"), at("2026-11-24"));
        platform.post(&format!("/v1/accounts/{id}"), &[("settings[payouts][schedule][delay_days]", "10")]).ok();
        assert_eq!(available_on(&load(), "2026-11-20T15:00:00Z"), at("2026-12-04"));
        let german = Platform::of("DE");
        let german = as_platform(&german, |tx| super::load(tx, &german.id)).unwrap();
        assert_eq!(available_on(&german, "2026-11-20T15:00:00Z"), at("2026-11-27"));
    }

    #[test]
    fn a_currency_settles_in_itself_when_there_is_an_account_in_it() {
        let platform = Platform::new();
        let id = platform.open(INDIVIDUAL);
        let settles = || as_platform(&platform, |tx| Ok(load(tx, &id)?.settlement_currency(Currency::EUR))).unwrap();
        assert_eq!(settles(), Currency::USD);
        let euro = [
            ("external_account[object]", "bank_account"),
            ("external_account[country]", "DE"),
            ("external_account[currency]", "eur"),
            ("external_account[account_number]", "DE89370400440532013000"),
        ];
        platform.post(&format!("/v1/accounts/{id}/external_accounts"), &euro).ok();
        assert_eq!(settles(), Currency::EUR);
    }

    #[test]
    fn the_controller_says_who_pays_and_who_bears_losses() {
        let platform = Platform::new();
        let custom = [("type", "custom"), ("capabilities[transfers][requested]", "true")];
        let buy_rate = [("controller[fees][payer]", "application")];
        let cases = [
            (&[("type", "standard")][..], FeePayer::Account, Liable::Stripe),
            (&[("type", "express")], FeePayer::ApplicationExpress, Liable::Application),
            (&custom, FeePayer::ApplicationCustom, Liable::Application),
            (&buy_rate, FeePayer::Application, Liable::Stripe),
        ];
        for (form, payer, liable) in cases {
            let id = platform.open(form);
            let account = as_platform(&platform, |tx| load(tx, &id)).unwrap();
            assert_eq!((account.fee_payer(), account.loss_liable()), (payer, liable));
        }
        let own = as_platform(&platform, |tx| load(tx, &platform.id)).unwrap();
        assert_eq!((own.fee_payer(), own.loss_liable()), (FeePayer::Account, Liable::Stripe));
        assert_eq!(own.display_name(), "My marketplace");
    }

    #[test]
    fn a_name_is_found_wherever_one_was_given() {
        let platform = Platform::new();
        let id = platform.open(INDIVIDUAL);
        let name = || as_platform(&platform, |tx| Ok(load(tx, &id)?.display_name())).unwrap();
        assert_eq!(name(), "Ada Baker");
        platform.post(&format!("/v1/accounts/{id}"), &[("business_profile[name]", "Ada's Bread")]).ok();
        assert_eq!(name(), "Ada's Bread");
    }
}
