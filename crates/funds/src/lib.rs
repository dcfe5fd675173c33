//! Every document that moves a balance: charges, refunds, transfers, application fees, balance transactions, payouts.
//!
//! Money moves by ledger postings, and each account sees its side of them as balance transactions. Both are made together,
//! by the functions of [`balance_transactions`]; an account's balance is read from the ledger, so that `GET /v1/balance`,
//! the sum of its balance transactions and the trial balance agree by construction.

pub mod application_fees;
pub mod audit;
pub mod balance;
pub mod balance_transactions;
pub mod charges;
pub mod conversion;
mod movement;
pub mod payouts;
pub mod pricing;
pub mod refunds;
#[cfg(test)]
mod tests;
pub mod transfers;

use store::{Document, Kind};
use wire::{Expander, Route};

pub use payouts::JobHandler;

/// The documents that this crate keeps.
pub fn kinds() -> Vec<&'static Kind> {
    let mut kinds = vec![
        balance_transactions::BalanceTransaction::KIND,
        charges::Charge::KIND,
        refunds::Refund::KIND,
        transfers::Transfer::KIND,
        transfers::TransferReversal::KIND,
        application_fees::ApplicationFee::KIND,
        application_fees::FeeRefund::KIND,
    ];
    kinds.extend(payouts::kinds());
    kinds.extend(balance::kinds());
    kinds
}

/// The endpoints.
pub fn routes() -> Vec<Route> {
    let families = [
        balance_transactions::routes(),
        charges::routes(),
        refunds::routes(),
        transfers::routes(),
        application_fees::routes(),
        payouts::routes(),
        balance::routes(),
    ];
    families.into_iter().flatten().collect()
}

/// The fields that exist on expansion only.
pub fn expanders() -> Vec<Expander> {
    [charges::expanders(), balance::expanders()].into_iter().flatten().collect()
}

/// The handlers of this crate's jobs, by name.
pub fn jobs() -> Vec<(&'static str, JobHandler)> {
    [refunds::jobs(), payouts::jobs(), balance::jobs()].into_iter().flatten().collect()
}
