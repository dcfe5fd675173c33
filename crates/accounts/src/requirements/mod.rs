//! What must still be known of an account: a pure function of what is there.
//!
//! [`assess`] takes an account with its persons and answers what is due for each capability, for the account as a whole and
//! for each person, which capabilities are active, and whether charges and payouts are on. It is run after every change.
//!
//! A *need* is one key that is missing or did not satisfy. Each need serves something: every account, every capability,
//! capabilities that take payments, or payouts. A capability is active when nothing that serves it is due.
//!
//! Values are verified by Stripe's test data ([`checks`]): whatever is not a documented failure satisfies at once; a
//! documented failure is being verified (`pending_verification`) until the job `verify_account` has run.
//!
//! Not here yet: countries other than the United States, deadlines and volume thresholds, documents, the recipient
//! agreement. Their place is beside [`united_states`].

mod assess;
mod checks;
#[cfg(test)]
mod tests;
mod united_states;

use kernel::Timestamp;

use crate::documents::{Account, AccountPrivate};
use crate::persons::{Person, PersonPrivate};

pub(crate) use assess::{Assessment, assess};
pub(crate) use checks::{id_number, tax_id};

/// What is assessed.
pub(crate) struct Subject<'a> {
    pub(crate) account: &'a Account,
    pub(crate) private: &'a AccountPrivate,
    /// All persons of the account.
    pub(crate) persons: Vec<(&'a Person, &'a PersonPrivate)>,
    pub(crate) now: Timestamp,
    pub(crate) livemode: bool,
}

/// Whose key it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holder {
    /// The account's own: `business_profile.mcc`.
    Account,
    /// The individual's, who is this person.
    Individual(String),
    /// A person's of a company.
    Person(String),
    /// A person's who does not exist yet: `representative`, `owners`.
    Role(&'static str),
}

impl Holder {
    /// The key of a field as the account shows it.
    pub(crate) fn key(&self, field: &str) -> String {
        match self {
            Holder::Account => field.to_owned(),
            Holder::Individual(_) => format!("individual.{field}"),
            Holder::Person(id) => format!("{id}.{field}"),
            Holder::Role(role) => format!("{role}.{field}"),
        }
    }

    /// The person whose it is.
    pub(crate) fn person(&self) -> Option<&str> {
        match self {
            Holder::Individual(id) | Holder::Person(id) => Some(id),
            Holder::Account | Holder::Role(_) => None,
        }
    }
}

/// What a key serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Serves {
    /// Every account, whatever it requested.
    Account,
    /// Every capability.
    Capabilities,
    /// Capabilities that take payments.
    Payments,
    /// Payouts only.
    Payouts,
}

/// When a key is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Now,
    /// Some day, by a threshold that Kontor does not watch yet.
    Eventually,
}

/// A key that is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Need {
    pub(crate) holder: Holder,
    pub(crate) field: String,
    pub(crate) serves: Serves,
    pub(crate) when: When,
}

/// Something that was given and does not satisfy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) holder: Holder,
    /// What must be given again; the first is the error's `requirement`.
    pub(crate) fields: &'static [&'static str],
    pub(crate) code: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) serves: Serves,
}

impl Failure {
    /// By what it is remembered that verification has come to its end.
    pub(crate) fn id(&self) -> String {
        let whose = self.holder.person().unwrap_or("account");
        format!("{whose}.{}={}", self.fields.first().unwrap_or(&""), self.code)
    }
}

/// What a capability belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// `transfers`.
    Transfers,
    /// Whatever takes payments.
    Payments,
    /// Tax reporting, which is active at once.
    Reporting,
}

impl Family {
    pub(crate) fn of(capability: &str) -> Family {
        match capability {
            "transfers" | "legacy_payments" => Family::Transfers,
            "tax_reporting_us_1099_k" | "tax_reporting_us_1099_misc" => Family::Reporting,
            _ => Family::Payments,
        }
    }

    /// Whether a key that serves this is needed.
    pub(crate) fn needs(self, serves: Serves) -> bool {
        match (self, serves) {
            (Family::Reporting, _) | (_, Serves::Payouts) => false,
            (Family::Transfers, Serves::Payments) => false,
            (Family::Transfers, Serves::Account | Serves::Capabilities) => true,
            (Family::Payments, Serves::Account | Serves::Capabilities | Serves::Payments) => true,
        }
    }
}
