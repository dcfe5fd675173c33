//! Platforms: accounts that hold keys of their own and control others.

use std::collections::BTreeMap;

use kernel::{ApiError, Country, Result};
use rails::banks::{BankNumbers, check};
use store::{Doc, Tx};

use crate::documents::{
    Account, AccountPrivate, AccountType, Application, BusinessProfile, CapabilityStatus, Controller, ExternalRef,
    PayoutInterval,
};
use crate::external_accounts::{self, BankSecret};
use crate::{create, descriptor};

/// A platform to be.
#[derive(Debug, Clone)]
pub struct NewPlatform {
    /// Where it is: one of [`kernel::Country`]'s.
    pub country: String,
    /// Its e-mail address.
    pub email: String,
    /// What people know it by.
    pub display_name: String,
}

/// Makes a platform: a complete standard account that owns itself, with charges and payouts enabled, a test bank account
/// and a Connect application. Whoever makes it adds it to the world ([`store::World::add_platform`]).
///
/// Its payouts are manual, unlike a seller's: a developer who moves the clock keeps the balance that is being looked at.
///
/// Errors: 400 for a country that accounts cannot be in.
pub fn create_platform(tx: &mut Tx, new: &NewPlatform) -> Result<Doc<Account>> {
    let Some(country) = Country::find(&new.country) else {
        return Err(ApiError::not_yet("country", format!("A platform in {}", new.country)));
    };
    let (now, id) = (tx.now(), tx.id("acct"));
    let mut shown = create::blank(id.clone(), country, AccountType::Standard, Controller::own(), now);
    shown.business_profile = BusinessProfile { name: Some(new.display_name.clone()), ..BusinessProfile::default() };
    shown.email = Some(new.email.clone());
    shown.charges_enabled = true;
    shown.payouts_enabled = true;
    shown.details_submitted = true;
    shown.capabilities = ["card_payments", "transfers"].map(|c| (c.to_owned(), CapabilityStatus::Active)).into();
    shown.settings.dashboard.display_name = Some(new.display_name.clone());
    shown.settings.payouts.schedule.interval = PayoutInterval::Manual;
    descriptor::fill(&mut shown);
    let application =
        Application { id: tx.id("ca"), object: "application".into(), name: Some(new.display_name.clone()) };
    let bank = create_test_bank_account(tx, &id, country)?;
    let private = AccountPrivate {
        application: Some(application),
        requested: BTreeMap::from(["card_payments", "transfers"].map(|c| (c.to_owned(), now))),
        external_accounts: vec![bank],
        ready_made: true,
        ..AccountPrivate::default()
    };
    let mut account = tx.create(&id.clone(), shown, private)?;
    external_accounts::show(tx, &mut account)?;
    tx.put(&account)?;
    Ok(account)
}

/// The bank account of the country that always works.
fn create_test_bank_account(tx: &mut Tx, account: &str, country: &Country) -> Result<ExternalRef> {
    let (routing_number, account_number) = external_accounts::test_numbers(country.code);
    let currency = country.default_currency();
    let numbers = BankNumbers { country: country.code, currency, routing_number, account_number: &account_number };
    let details = check(&numbers, "bank_account")?;
    let mut bank = external_accounts::from_details(tx.id("ba"), account, &details);
    bank.default_for_currency = true;
    tx.seal(&bank.id, &BankSecret { account_number: Some(account_number), token: None })?;
    let bank = tx.create(account, bank, ())?;
    Ok(ExternalRef { id: bank.id.clone(), currency, default_for_currency: true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::world;
    use store::Caller;

    #[test]
    fn a_platform_can_charge_and_be_paid_in_every_country() {
        for country in ["US", "GB", "AU", "CA", "NZ", "DE", "CH", "NO", "SE", "DK", "FR"] {
            let world = world();
            let new = NewPlatform {
                country: country.into(),
                email: "platform@example.com".into(),
                display_name: "My marketplace".into(),
            };
            let account = world.run_blocking(&Caller::account(""), None, |tx| create_platform(tx, &new)).unwrap();
            assert_eq!(account.account, account.id);
            assert!(account.charges_enabled && account.payouts_enabled, "{country}");
            assert_eq!(account.statement_descriptor(), Some("MY MARKETPLACE"));
            let bank = crate::default_external_account(&account, account.default_currency).unwrap();
            let outcome = world.read(&Caller::account(&account.id), |tx| crate::payout_outcome(tx, &bank.id)).unwrap();
            assert_eq!(outcome, rails::banks::PayoutOutcome::Paid, "{country}");
        }
    }

    #[test]
    fn a_platform_has_a_connect_application() {
        let world = world();
        let platform = crate::testing::platform(&world);
        let application = world.read(&Caller::account(&platform), |tx| crate::application(tx, &platform)).unwrap();
        assert!(application.id.starts_with("ca_"));
        assert_eq!(application.name.as_deref(), Some("My marketplace"));
    }
}
