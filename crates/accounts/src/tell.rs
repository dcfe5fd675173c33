//! What creating and updating an account have in common: everything that can be told of it, in one order.

use kernel::{ApiError, Country, Currency, MetadataPatch, Patch, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Doc, Tx};

use crate::business_profile::BusinessProfileParams;
use crate::capabilities::{self, CapabilitiesParams};
use crate::company::{CompanyParams, without_business_type};
use crate::documents::{Account, BusinessType};
use crate::external_accounts::{self, ExternalAccountParam};
use crate::persons::{self, Person, PersonParams};
use crate::settings::SettingsParams;
use crate::tos::TosParams;
use crate::validate;

/// `groups`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupsParams {
    /// The group whose prices the account has.
    #[serde(default)]
    payments_pricing: Patch<String>,
}

/// What is told of an account.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) account_token: Option<String>,
    pub(crate) business_profile: Option<BusinessProfileParams>,
    pub(crate) business_type: Option<BusinessType>,
    pub(crate) capabilities: CapabilitiesParams,
    pub(crate) company: Option<CompanyParams>,
    pub(crate) default_currency: Option<String>,
    pub(crate) documents: Option<serde_json::Value>,
    pub(crate) email: Patch<String>,
    pub(crate) external_account: Patch<ExternalAccountParam>,
    pub(crate) groups: Option<GroupsParams>,
    pub(crate) individual: Option<PersonParams>,
    pub(crate) metadata: Patch<MetadataPatch>,
    pub(crate) settings: Option<SettingsParams>,
    pub(crate) tos_acceptance: Option<TosParams>,
}

impl Told {
    /// Writes everything into the account, which the caller finishes ([`crate::change::Change::finish`]).
    pub(crate) fn apply(self, tx: &mut Tx, account: &mut Doc<Account>) -> Result<()> {
        self.refuse_what_comes_later()?;
        let (home, now) = (account.country.clone(), tx.now());
        if let Some(profile) = self.business_profile {
            profile.apply(&mut account.business_profile, &home)?;
        }
        validate_email(self.email, account)?;
        account.metadata = self.metadata.merge(&account.metadata)?;
        if let Some(business_type) = self.business_type {
            set_business_type(tx, account, business_type)?;
        }
        if let Some(company) = self.company {
            company.apply(tx, account)?;
        }
        if let Some(individual) = self.individual {
            apply_individual(tx, account, individual)?;
        }
        if let Some(tos) = self.tos_acceptance {
            tos.apply(account, now)?;
        }
        if let Some(settings) = self.settings {
            settings.apply(account, now)?;
        }
        capabilities::request(account, &self.capabilities, now)?;
        match self.external_account {
            Patch::Absent => {}
            Patch::Clear => remove_external_accounts(tx, account)?,
            Patch::Set(external) => external_accounts::replace(tx, account, external)?,
        }
        match self.default_currency {
            Some(currency) => set_default_currency(account, &currency),
            None => Ok(()),
        }
    }

    fn refuse_what_comes_later(&self) -> Result<()> {
        if self.account_token.is_some() {
            return Err(ApiError::not_yet("account_token", "An account token"));
        }
        if self.documents.is_some() {
            return Err(ApiError::not_yet("documents", "A document"));
        }
        if self.groups.as_ref().is_some_and(|groups| groups.payments_pricing.as_set().is_some()) {
            return Err(ApiError::not_yet("groups[payments_pricing]", "A pricing group"));
        }
        Ok(())
    }
}

fn validate_email(email: Patch<String>, account: &mut Account) -> Result<()> {
    crate::address::set_with(&mut account.email, email, |text| validate::email(text, "email"))
}

/// An individual's account has exactly one person; a company has a company.
fn set_business_type(tx: &mut Tx, account: &mut Doc<Account>, business_type: BusinessType) -> Result<()> {
    account.business_type = Some(business_type);
    match business_type {
        BusinessType::Individual => {
            account.company = None;
            if account.individual.is_none() {
                let person = representative(tx, account)?;
                account.individual = Some(person.into_shown());
            }
        }
        BusinessType::Company | BusinessType::GovernmentEntity | BusinessType::NonProfit => {
            account.individual = None;
            account.company.get_or_insert_default();
        }
    }
    Ok(())
}

/// The account's representative, made when there is none.
fn representative(tx: &mut Tx, account: &mut Doc<Account>) -> Result<Doc<Person>> {
    for id in account.private.persons.clone() {
        let person = tx.load::<Person>(&id)?;
        if person.relationship.representative == Some(true) {
            return Ok(person);
        }
    }
    let mut person = persons::add(tx, account)?;
    person.relationship.representative = Some(true);
    tx.put(&person)?;
    Ok(person)
}

fn apply_individual(tx: &mut Tx, account: &mut Doc<Account>, individual: PersonParams) -> Result<()> {
    match account.business_type {
        Some(BusinessType::Individual) => {}
        None => return Err(without_business_type("individual")),
        Some(BusinessType::Company | BusinessType::GovernmentEntity | BusinessType::NonProfit) => {
            return Err(not_of_a_company());
        }
    }
    let Some(id) = account.individual.as_ref().map(|person| person.id.clone()) else {
        return Err(tx.bug(&format!("{} is an individual's and has none", account.id)));
    };
    let mut person = tx.load::<Person>(&id)?;
    individual.apply(tx, &mut person, &account.country, "individual")?;
    person.relationship.representative = Some(true);
    tx.put(&person)?;
    account.individual = Some(person.into_shown());
    Ok(())
}

fn remove_external_accounts(tx: &mut Tx, account: &mut Doc<Account>) -> Result<()> {
    let all: Vec<String> = account.private.external_accounts.iter().map(|external| external.id.clone()).collect();
    all.iter().try_for_each(|id| external_accounts::remove(tx, account, id))
}

/// The country's currency, or one that the account has an external account in.
fn set_default_currency(account: &mut Doc<Account>, given: &str) -> Result<()> {
    let home = Country::find(&account.country).map(Country::default_currency);
    let has_account = |currency| account.private.external_accounts.iter().any(|e| e.currency == currency);
    match Currency::parse(given) {
        Some(currency) if home == Some(currency) || has_account(currency) => {
            account.default_currency = currency;
            Ok(())
        }
        _ => Err(ApiError::invalid("default_currency", "Currency is not allowed for the account's country.")
            .code("account_country_unsupported_currency")),
    }
}

fn not_of_a_company() -> ApiError {
    ApiError::invalid(
        "individual",
        "You cannot set `individual` on an account whose `business_type` is not `individual`. Use the persons of the \
         account, or change `business_type`.",
    )
}
