//! Pending money becomes available: one posting per account, currency and day, however many charges there were.

use kernel::{Currency, Result, Timestamp};
use ledger::{Bound, Bucket, Code, LedgerAccount, Posting};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Job, Tx};

use super::{retrieve, watch};
use crate::payouts::automatic;

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

/// The job: moves a day's pending money to available.
///
/// Event: `balance.available`, when there is more available than before. What waits for money goes on:
/// refunds, then automatic payouts.
pub fn mature(tx: &mut Tx, job: &Job) -> Result<()> {
    let Ok(due) = serde_json::from_value::<Maturity>(job.payload.clone()) else {
        return Err(tx.bug(&format!("{}: the payload cannot be read", job.id)));
    };
    let pending = LedgerAccount::pending(&due.account, due.currency, due.available_on);
    let amount = settle_pending(tx, pending)?;
    if 0 < amount {
        retrieve::emit_available(tx, &due.account)?;
        automatic::plan(tx, &due.account)?;
        crate::refunds::process_pending(tx, &due.account, due.currency)?;
    }
    watch(tx, &due.account, due.currency, amount)
}

/// Does what the jobs due until `until` would do to the balance, so that whoever decides by what is available then finds
/// it there.
pub(crate) fn mature_until(tx: &mut Tx, account: &str, currency: Currency, until: Timestamp) -> Result<()> {
    for (pending, balance) in tx.balances(account)? {
        let is_due = pending.bucket == Bucket::Pending && pending.available_on <= until;
        if is_due && pending.currency == currency && balance != 0 {
            settle_pending(tx, pending)?;
        }
    }
    Ok(())
}

/// Empties a pending ledger account, and says how much became available.
fn settle_pending(tx: &mut Tx, pending: LedgerAccount) -> Result<i64> {
    let available = LedgerAccount::available(&pending.owner, pending.currency);
    let amount = tx.balance(&pending)?;
    let posting = match amount {
        0 => return Ok(0),
        1.. => Posting::new(Code::Maturity, pending.clone(), available, amount),
        _ => Posting::new(Code::Maturity, available, pending.clone(), -amount),
    };
    tx.post(posting)?;
    tx.retry_unless(pending, Bound::Exactly(0));
    Ok(amount)
}
