//! The balance of an account, read from the ledger; how pending money becomes available; what a platform keeps in reserve
//! for its connected accounts.

mod mature;
mod reserve;
mod retrieve;
mod watch;

use kernel::{Currency, Result};
use ledger::Bucket;
use store::{Kind, Tx};
use wire::{Expander, Route, get};

pub use mature::{MATURE, mature};
pub(crate) use mature::{mature_until, schedule_maturity};
pub use reserve::{CONNECT_RESERVE, ConnectReserve, Kept, ReserveTransaction, reconcile_reserve};
pub(crate) use reserve::{drop_kept, keep_reserve};
pub use retrieve::{Balance, BalanceAmount, InstantAmount, NetAvailable, SourceTypes};
pub use watch::watch;

use crate::payouts::JobHandler;

/// The kinds of documents of this family.
pub fn kinds() -> Vec<&'static Kind> {
    reserve::kinds()
}

/// The endpoints of this family.
pub fn routes() -> Vec<Route> {
    vec![get("/v1/balance", "balance.retrieve", retrieve::retrieve)]
}

/// The fields of this family that exist on expansion only.
pub fn expanders() -> Vec<Expander> {
    retrieve::expanders()
}

/// The jobs of this family.
pub fn jobs() -> Vec<(&'static str, JobHandler)> {
    vec![(MATURE, mature), (CONNECT_RESERVE, reserve::run)]
}

/// What an account has in a bucket, by currency, in minor units, this transaction's own postings left out.
pub fn totals(tx: &Tx, account: &str, bucket: Bucket) -> Result<Vec<(Currency, i64)>> {
    let mut totals = std::collections::BTreeMap::new();
    for (ledger_account, balance) in tx.balances(account)? {
        if ledger_account.bucket == bucket {
            *totals.entry(ledger_account.currency).or_insert(0) += balance;
        }
    }
    Ok(totals.into_iter().collect())
}
