//! The account itself.

use std::collections::BTreeMap;

use kernel::{Country, Currency, Metadata, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Column, Document, Kind, Value};
use wire::List;

use super::{
    AccountPrivate, BusinessProfile, CapabilityStatus, Company, Controller, ControllerType, FeePayer, Liable,
    PayoutSchedule, RequirementCollection, Requirements, Settings,
};
use crate::external_accounts::ExternalAccount;
use crate::persons::Person;
use crate::words::words;

words! {
    /// How an account was made.
    AccountType {
        /// `type: custom`.
        Custom = "custom",
        /// `type: express`.
        Express = "express",
        /// With a `controller` hash.
        None = "none",
        /// `type: standard`, or a platform.
        Standard = "standard",
    }
}

words! {
    /// Whose business it is.
    BusinessType {
        /// A company.
        Company = "company",
        /// A part of the government.
        GovernmentEntity = "government_entity",
        /// One person.
        Individual = "individual",
        /// A non-profit.
        NonProfit = "non_profit",
    }
}

/// When and how the services agreement was accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TosAcceptance {
    /// When.
    pub date: Option<Timestamp>,
    /// From which address.
    pub ip: Option<String>,
    /// Which agreement, when one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_agreement: Option<String>,
    /// By which browser.
    pub user_agent: Option<String>,
}

/// An account: a platform, or one of its connected accounts.
///
/// The owner of a connected account's document is its platform; a platform's own is its own.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    /// `acct_…`.
    pub id: String,
    /// `account`.
    pub object: String,
    /// What it says of its business.
    pub business_profile: BusinessProfile,
    /// Whose business it is.
    pub business_type: Option<BusinessType>,
    /// The requested capabilities.
    pub capabilities: BTreeMap<String, CapabilityStatus>,
    /// Whether it can take charges.
    pub charges_enabled: bool,
    /// What is known of the company, when it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<Company>,
    /// Who controls it.
    pub controller: Controller,
    /// Where it is, two upper-case letters.
    pub country: String,
    /// When it was made.
    pub created: Timestamp,
    /// What it settles in when nothing else is said.
    pub default_currency: Currency,
    /// Whether everything asked for at first was given.
    pub details_submitted: bool,
    /// Its e-mail address.
    pub email: Option<String>,
    /// Where its payouts go; at most ten are shown, the defaults among them.
    pub external_accounts: List<ExternalAccount>,
    /// What will have to be known; Kontor announces nothing yet.
    pub future_requirements: Requirements,
    /// The person whose business it is, when it is one person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub individual: Option<Person>,
    /// Express accounts only: login links cannot be listed, so it is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_links: Option<List<String>>,
    /// The platform's own notes.
    pub metadata: Metadata,
    /// Whether its balance can be paid out.
    pub payouts_enabled: bool,
    /// What must still be known.
    pub requirements: Requirements,
    /// Its settings.
    pub settings: Settings,
    /// When and how the services agreement was accepted.
    pub tos_acceptance: TosAcceptance,
    /// How it was made.
    #[serde(rename = "type")]
    pub kind: AccountType,
}

impl Document for Account {
    const KIND: &'static Kind = &Kind {
        often_read: true,
        ..Kind::new::<Account>("account", "account", &["acct"], &[Column::int("connected").unindexed()])
    };
    type Private = AccountPrivate;
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, private: &AccountPrivate) -> Vec<Value> {
        let connected = self.controller.kind == ControllerType::Application && !private.deleted;
        vec![connected.into()]
    }
}

impl Account {
    /// Whether a capability is active.
    pub fn is_active(&self, capability: &str) -> bool {
        self.capabilities.get(capability) == Some(&CapabilityStatus::Active)
    }

    /// What a charge in `currency` settles in: the currency itself when the account has an external account in it, its
    /// default currency otherwise.
    pub fn settlement_currency(&self, currency: Currency) -> Currency {
        let has_account = self.external_accounts.data.iter().any(|external| external.currency == currency);
        if has_account { currency } else { self.default_currency }
    }

    /// When what the account takes on the day of `from` becomes available: the delay of its country in business or
    /// calendar days, or its own when that is longer.
    pub(crate) fn available_on(&self, from: Timestamp) -> Timestamp {
        let Some(country) = Country::find(&self.country) else { return from.days_later(self.payout_delay_days()) };
        let days = self.payout_delay_days().max(country.delay_days);
        if country.business_days { from.business_days_later(days) } else { from.days_later(days) }
    }

    fn payout_delay_days(&self) -> i64 {
        self.payout_schedule().delay_days
    }

    /// When payouts are made by themselves.
    pub fn payout_schedule(&self) -> &PayoutSchedule {
        &self.settings.payouts.schedule
    }

    /// Who pays the fees of processing direct charges. An account that nobody controls pays its own.
    pub fn fee_payer(&self) -> FeePayer {
        self.controller.fees.as_ref().map_or(FeePayer::Account, |fees| fees.payer)
    }

    /// Who bears what the account cannot pay back. For a platform's own balance that is the operator.
    pub fn loss_liable(&self) -> Liable {
        self.controller.losses.as_ref().map_or(Liable::Stripe, |losses| losses.payments)
    }

    /// Whether the platform, not Kontor's own form, collects what must be known.
    pub fn is_platform_collected(&self) -> bool {
        self.controller.requirement_collection == Some(RequirementCollection::Application)
    }

    /// Whether a platform controls it.
    pub fn is_connected(&self) -> bool {
        self.controller.kind == ControllerType::Application
    }

    /// The name that people know it by: its dashboard's, its business's, its company's, its person's, its e-mail
    /// address; its id when there is none of these.
    pub fn display_name(&self) -> String {
        let person = self.individual.as_ref().and_then(Person::full_name);
        self.settings
            .dashboard
            .display_name
            .clone()
            .or_else(|| self.business_profile.name.clone())
            .or_else(|| self.company.as_ref().and_then(|company| company.name.clone()))
            .or(person)
            .or_else(|| self.email.clone())
            .unwrap_or_else(|| self.id.clone())
    }

    /// What card statements say when a payment says nothing: `settings.payments.statement_descriptor`.
    pub fn statement_descriptor(&self) -> Option<&str> {
        self.settings.payments.statement_descriptor.as_deref()
    }

    /// What stands before a payment's own suffix: `settings.card_payments.statement_descriptor_prefix`, or the
    /// statement descriptor.
    pub fn statement_descriptor_prefix(&self) -> Option<&str> {
        self.settings.card_payments.statement_descriptor_prefix.as_deref().or(self.statement_descriptor())
    }
}
