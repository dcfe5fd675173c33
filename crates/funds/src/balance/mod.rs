//! The balance of an account, read from the ledger, and how pending money becomes available.

use kernel::{Currency, Result, Timestamp};
use ledger::{Bound, Bucket, Code, LedgerAccount, Posting};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Job, Tx};

/// The job that makes a day's pending money available.
pub const MATURE: &str = "mature_pending";

#[derive(Debug, Serialize, Deserialize)]
struct Maturity {
    account: String,
    currency: Currency,
    available_on: Timestamp,
}

/// Sees to it that the money of `account` pending until `available_on` becomes available then.
pub(crate) fn schedule_maturity(tx: &mut Tx, account: &str, currency: Currency, available_on: Timestamp) -> Result<()> {
    let key = LedgerAccount::pending(account, currency, available_on).to_string();
    let payload = json!({ "account": account, "currency": currency, "available_on": available_on });
    tx.schedule_once(MATURE, &key, available_on, payload)
}

/// Moves a day's pending money to available: one posting, however many charges there were.
pub fn mature(tx: &mut Tx, job: &Job) -> Result<()> {
    let Ok(due) = serde_json::from_value::<Maturity>(job.payload.clone()) else {
        return Err(tx.bug(&format!("{}: the payload cannot be read", job.id)));
    };
    let pending = LedgerAccount::pending(&due.account, due.currency, due.available_on);
    let available = LedgerAccount::available(&due.account, due.currency);
    let amount = tx.balance(&pending)?;
    let posting = match amount {
        0 => return Ok(()),
        1.. => Posting::new(Code::Maturity, pending.clone(), available, amount),
        _ => Posting::new(Code::Maturity, available, pending.clone(), -amount),
    };
    tx.post(posting)?;
    tx.retry_unless(pending, Bound::Exactly(0));
    Ok(())
}

/// Available and pending money of an account, by currency, in minor units.
pub fn totals(tx: &Tx, account: &str, bucket: Bucket) -> Result<Vec<(Currency, i64)>> {
    let mut totals = std::collections::BTreeMap::new();
    for (ledger_account, balance) in tx.balances(account)? {
        if ledger_account.bucket == bucket {
            *totals.entry(ledger_account.currency).or_insert(0) += balance;
        }
    }
    Ok(totals.into_iter().collect())
}
