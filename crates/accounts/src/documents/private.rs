//! What is kept of an account and never shown.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Currency, HOUR, Timestamp, Zone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::words;

/// A platform's Connect application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Application {
    /// `ca_…`.
    pub id: String,
    /// `application`.
    pub object: String,
    /// What people know it by.
    pub name: Option<String>,
}

words! {
    /// Why a platform rejects an account.
    RejectionReason {
        /// Its credit.
        Credit = "credit",
        /// It never meant to deliver.
        FraudNoIntentToFulfill = "fraud_no_intent_to_fulfill",
        /// Another fraud.
        FraudOther = "fraud_other",
        /// It turned stolen payment methods into money.
        FraudPaymentMethodCasher = "fraud_payment_method_casher",
        /// It tried out stolen payment methods.
        FraudPaymentMethodTester = "fraud_payment_method_tester",
        /// Another reason.
        Other = "other",
        /// It broke the terms.
        TermsOfService = "terms_of_service",
    }
}

impl RejectionReason {
    /// The account's `requirements.disabled_reason`.
    pub const fn disabled_reason(self) -> &'static str {
        match self {
            RejectionReason::FraudNoIntentToFulfill
            | RejectionReason::FraudOther
            | RejectionReason::FraudPaymentMethodCasher
            | RejectionReason::FraudPaymentMethodTester => "rejected.platform_fraud",
            RejectionReason::TermsOfService => "rejected.platform_terms_of_service",
            RejectionReason::Credit | RejectionReason::Other => "rejected.platform_other",
        }
    }
}

/// A platform's rejection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// Why.
    pub reason: RejectionReason,
    /// Whether payouts stop as well.
    pub pauses_payouts: bool,
}

words! {
    /// What a number that is verified turns out to be, by Stripe's test values.
    NumberCheck {
        /// Right.
        Matches = "matches",
        /// Not this person's, or not this company's.
        Mismatch = "mismatch",
        /// Nobody's.
        NotIssued = "not_issued",
    }
}

/// What the sealed numbers of a company turn out to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CompanyNumbers {
    /// The tax id.
    pub tax_id: Option<NumberCheck>,
}

/// One of an account's external accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalRef {
    /// `ba_…`.
    pub id: String,
    /// Its currency.
    pub currency: Currency,
    /// Whether payouts of its currency go there.
    pub default_for_currency: bool,
}

/// When an account's days begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StartOfDay {
    /// 0 to 23.
    pub hour: i64,
    /// 0 or 30.
    pub minutes: i64,
    /// The zone in which that is.
    pub timezone: String,
}

/// What balance settings show and the account does not; the rest of them is in the account's `settings.payouts`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BalancePrivate {
    /// Whether somebody chose the delay until funds are available, were it the country's own.
    pub delay_days_chosen: bool,
    /// What automatic payouts leave in the balance, in minor units.
    pub minimum_balance_by_currency: BTreeMap<Currency, i64>,
    /// When days begin; at midnight UTC when there is none.
    pub start_of_day: Option<StartOfDay>,
}

impl BalancePrivate {
    /// What automatic payouts leave in a currency, in minor units.
    pub fn minimum(&self, currency: Currency) -> i64 {
        self.minimum_balance_by_currency.get(&currency).copied().unwrap_or(0)
    }

    /// 00:00 UTC of the day that a moment belongs to. It is the moment itself where days begin at midnight UTC.
    pub fn day_of(&self, moment: Timestamp) -> Timestamp {
        let Some(start) = &self.start_of_day else { return moment };
        let after_midnight = start.hour * HOUR + start.minutes * 60;
        Zone::find(&start.timezone).map_or(moment, |zone| zone.day_of(moment, after_midnight))
    }
}

/// What is kept of an account and never shown.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountPrivate {
    /// A platform's application; connected accounts have none.
    pub application: Option<Application>,
    /// The platform; kept when the account is deleted, so that what still happens on it finds its way.
    pub platform: Option<String>,
    /// Whether it was deleted. A deleted account belongs to itself alone and is kept for the money that still moves on it.
    pub deleted: bool,
    /// The capabilities asked for, and when.
    pub requested: BTreeMap<String, Timestamp>,
    /// Its persons, oldest first.
    pub persons: Vec<String>,
    /// All external accounts, oldest first; the account itself shows at most ten.
    pub external_accounts: Vec<ExternalRef>,
    /// The platform's rejection, when it rejected it.
    pub rejection: Option<Rejection>,
    /// What the company's sealed numbers turn out to be.
    pub company_numbers: CompanyNumbers,
    /// What failed verification, by requirement and code: what fails and is not here is still being verified.
    pub failed: BTreeSet<String>,
    /// Whether the account's own people have begun to fill in the hosted form: then the platform may change less.
    pub claimed: bool,
    /// What its balance settings show and it does not.
    pub balance: BalancePrivate,
    /// Made complete by Kontor itself, whatever its country asks for: platforms, the first sellers.
    pub ready_made: bool,
}
