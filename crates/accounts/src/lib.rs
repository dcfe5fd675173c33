//! Accounts, persons, capabilities, requirements, external accounts.

mod create;
mod descriptor;
mod documents;
mod events;
mod external_accounts;
mod money;
mod persons;
mod platform;
#[cfg(test)]
mod testing;
mod words;

use kernel::Result;
use store::{Document, Job, Kind, Tx};
use wire::Route;

pub use documents::*;
pub use external_accounts::{
    BankAccountType, ExternalAccount, ExternalAccountStatus, HolderType, PayoutMethod, default_external_account,
    external_account, mark_external_account_errored, payout_outcome,
};
pub use money::{application, check_can_charge, destination, load, on_behalf_of, platform_of};
pub use persons::{Person, PersonPrivate, PersonVerification, PoliticalExposure, Relationship, VerificationStatus};
pub use platform::{NewPlatform, create_platform};

/// The documents that this crate keeps.
pub fn kinds() -> Vec<&'static Kind> {
    vec![Account::KIND, Person::KIND, ExternalAccount::KIND]
}

/// The endpoints.
pub fn routes() -> Vec<Route> {
    vec![]
}

/// What a job of this crate does when it is due.
pub type JobHandler = fn(&mut Tx, &Job) -> Result<()>;

/// The handlers of this crate's jobs, by name.
pub fn jobs() -> Vec<(&'static str, JobHandler)> {
    vec![]
}
