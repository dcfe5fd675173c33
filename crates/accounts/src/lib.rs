//! Accounts, persons, capabilities, requirements, external accounts.
//!
//! | a file | what somebody does |
//! |---|---|
//! | `create`, `update`, `retrieve`, `delete`, `reject` | opens, changes, looks at, deletes, rejects an account |
//! | `tell` and what it calls (`business_profile`, `company`, `tos`, `settings`) | what can be told of an account |
//! | `capabilities`, `persons`, `external_accounts` | its parts, with endpoints of their own |
//! | `tokens` | bank accounts and social security numbers, sent ahead |
//! | `balance_settings` | how its balance is settled and paid out, as another view of it |
//! | `requirements` | what must still be known: a pure function of what is there |
//! | `change` | the one way from a change to what it comes to, with events |
//! | `money` | what the crates below ask: may it be charged, transferred to, paid out |
//! | `platform` | platforms, which nobody controls |
//!
//! The owner of a connected account's document is its platform; of a platform's and of a deleted one's, itself.
//! Persons and external accounts are the account's. Events happen on the account.
//!
//! Decisions where Stripe's own behaviour needs its hosted form, which comes later:
//! - An account that is given everything opens in the answer to the request that gave it; documented failing test values
//!   are pending for five seconds of the world's time, and then fail.
//! - In a sandbox a full-dashboard account takes transfers at once (`transfers` is `active`), so a bare
//!   `POST /v1/accounts` with `type=standard` can be paid. `money` says what else it may do before the form.
//! - Connected accounts are in the United States; a platform may be in any of [`kernel::Country`]'s.
//!
//! Not here yet: hosted onboarding (account links, sessions, login links), OAuth, tokens of accounts and persons, files, debit cards as external
//! accounts, other countries, deadlines and thresholds. Each is refused by name.

mod access;
mod address;
mod balance_settings;
mod business_profile;
mod capabilities;
mod change;
mod company;
mod controller;
mod create;
mod delete;
mod descriptor;
mod documents;
mod events;
mod external_accounts;
mod money;
mod persons;
mod platform;
mod reject;
mod requirements;
mod retrieve;
mod settings;
mod tell;
#[cfg(test)]
mod testing;
mod tokens;
mod tos;
mod update;
mod validate;
mod words;

use kernel::{Country, Result};
use store::{Document, Job, Kind, Tx};
use wire::{Route, delete, get, list, post};

pub use balance_settings::{
    AutomaticTransferRule, BalancePayouts, BalanceSchedule, BalanceSettings, PaymentsBalance, PayoutsStatus,
    SettlementTiming, TransferRuleType,
};
pub use capabilities::{Capability, CapabilityState};
pub use change::AUTOMATIC_PAYOUT;
pub use documents::*;
pub use external_accounts::{
    BankAccountType, ExternalAccount, ExternalAccountStatus, HolderType, PayoutMethod, default_external_account,
    external_account, mark_external_account_errored, payout_outcome,
};
pub use money::{application, available_on, check_can_charge, destination, load, on_behalf_of, platform_of};
pub use persons::{Person, PersonPrivate, PersonVerification, PoliticalExposure, Relationship, VerificationStatus};
pub use platform::{NewPlatform, create_platform};
pub use tokens::{BankAccountParams, PayeeToken, PiiParams, TokenBankAccount, tokenize_bank_account, tokenize_pii};

/// The documents that this crate keeps.
pub fn kinds() -> Vec<&'static Kind> {
    vec![Account::KIND, Person::KIND, ExternalAccount::KIND, PayeeToken::KIND]
}

/// The endpoints.
pub fn routes() -> Vec<Route> {
    const PERSONS: &str = "/v1/accounts/{account}/persons";
    const PERSON: &str = "/v1/accounts/{account}/persons/{person}";
    const EXTERNALS: &str = "/v1/accounts/{account}/external_accounts";
    const EXTERNAL: &str = "/v1/accounts/{account}/external_accounts/{id}";
    // As old clients call them.
    const BANKS: &str = "/v1/accounts/{account}/bank_accounts";
    const BANK: &str = "/v1/accounts/{account}/bank_accounts/{id}";
    const CAPABILITY: &str = "/v1/accounts/{account}/capabilities/{capability}";
    vec![
        get("/v1/balance_settings", "balanceSettings.retrieve", balance_settings::retrieve),
        post("/v1/balance_settings", "balanceSettings.update", balance_settings::update),
        get("/v1/account", "accounts.retrieveCurrent", retrieve::current),
        list::<Account, _>("/v1/accounts", "accounts.list", retrieve::list),
        post("/v1/accounts", "accounts.create", create::create),
        get("/v1/accounts/{account}", "accounts.retrieve", retrieve::retrieve),
        post("/v1/accounts/{account}", "accounts.update", update::update),
        delete("/v1/accounts/{account}", "accounts.del", delete::delete),
        post("/v1/accounts/{account}/reject", "accounts.reject", reject::reject),
        post("/v1/accounts/{account}/unreject", "accounts.unreject", reject::unreject),
        get("/v1/accounts/{account}/capabilities", "accounts.listCapabilities", capabilities::list),
        get(CAPABILITY, "accounts.retrieveCapability", capabilities::retrieve),
        post(CAPABILITY, "accounts.updateCapability", capabilities::update),
        list::<Person, _>(PERSONS, "accounts.listPersons", persons::list).without_created(),
        post(PERSONS, "accounts.createPerson", persons::create),
        get(PERSON, "accounts.retrievePerson", persons::retrieve),
        post(PERSON, "accounts.updatePerson", persons::update),
        delete(PERSON, "accounts.deletePerson", persons::delete),
        list::<ExternalAccount, _>(EXTERNALS, "accounts.listExternalAccounts", external_accounts::list)
            .without_created(),
        post(EXTERNALS, "accounts.createExternalAccount", external_accounts::create),
        get(EXTERNAL, "accounts.retrieveExternalAccount", external_accounts::retrieve),
        post(EXTERNAL, "accounts.updateExternalAccount", external_accounts::update),
        delete(EXTERNAL, "accounts.deleteExternalAccount", external_accounts::delete),
        list::<ExternalAccount, _>(BANKS, "accounts.listBankAccounts", external_accounts::list).without_created(),
        post(BANKS, "accounts.createBankAccount", external_accounts::create),
        get(BANK, "accounts.retrieveBankAccount", external_accounts::retrieve),
        post(BANK, "accounts.updateBankAccount", external_accounts::update),
        delete(BANK, "accounts.deleteBankAccount", external_accounts::delete),
    ]
}

/// Days until funds are available that an account's country has by itself.
pub(crate) fn country_delay_days(account: &Account) -> i64 {
    Country::find(&account.country).map_or(0, |country| country.delay_days)
}

/// What a job of this crate does when it is due.
pub type JobHandler = fn(&mut Tx, &Job) -> Result<()>;

/// The handlers of this crate's jobs, by name.
pub fn jobs() -> Vec<(&'static str, JobHandler)> {
    vec![(change::VERIFY, change::verify)]
}
