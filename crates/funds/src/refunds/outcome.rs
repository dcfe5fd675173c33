//! What becomes of a refund after it was made: the network says so later, by the test card's profile.

use kernel::{DAY, Money, Result};
use ledger::{Bucket, Code, LedgerAccount};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Doc, Job, Tx};

use super::{PendingReason, Refund, RefundStatus};
use crate::balance_transactions::{BalanceTransaction, Entry, EntryType};
use crate::charges::{Charge, RefundMode};
use crate::conversion::rate;
use crate::movement::{End, pay};

/// The job by which the network confirms a refund.
pub const REFUND_SUCCEEDS: &str = "refund_succeeds";
/// The job by which the network sends a refund back.
pub const REFUND_FAILS: &str = "refund_fails";

/// How long the network takes. Stripe names no time; a day is enough to be seen and soon enough to be waited for.
const NETWORK_SECONDS: i64 = DAY;

#[derive(Debug, Serialize, Deserialize)]
struct About {
    refund: String,
}

/// Sets what the refund says at first, and schedules what the network will say.
pub(super) fn foresee(tx: &mut Tx, mode: RefundMode, refund: &mut Doc<Refund>) -> Result<()> {
    let job = match mode {
        RefundMode::Succeeds => None,
        RefundMode::PendingThenSucceeds => {
            refund.status = RefundStatus::Pending;
            refund.pending_reason = Some(PendingReason::Processing);
            if let Some(card) = refund.destination_details.as_mut().and_then(|details| details.card.as_mut()) {
                card.reference = None;
                card.reference_status = Some("pending".into());
            }
            Some(REFUND_SUCCEEDS)
        }
        RefundMode::SucceedsThenFails => Some(REFUND_FAILS),
    };
    match job {
        Some(name) => {
            let due = tx.now().plus(NETWORK_SECONDS);
            tx.schedule(name, due, json!(About { refund: refund.id.clone() }))
        }
        None => Ok(()),
    }
}

/// The network confirms a pending refund.
///
/// Events: `refund.updated`, `charge.refund.updated`.
pub(super) fn succeed(tx: &mut Tx, job: &Job) -> Result<()> {
    let mut refund = subject(tx, job)?;
    if refund.status != RefundStatus::Pending || refund.private.waiting.is_some() {
        return Ok(());
    }
    refund.status = RefundStatus::Succeeded;
    refund.pending_reason = None;
    let reference = crate::charges::digits(tx, 16);
    if let Some(card) = refund.destination_details.as_mut().and_then(|details| details.card.as_mut()) {
        card.reference = Some(reference);
        card.reference_status = Some("available".into());
    }
    tx.emit_updated("refund.updated", &refund)?;
    tx.emit_updated("charge.refund.updated", &refund)?;
    tx.put(&refund)
}

/// The network sends a refund back: its money returns to the account that paid it, available at once. A transfer or fee
/// that the refund brought back stays where it is.
///
/// Events: `refund.updated`, `refund.failed`, `charge.refund.updated`, `charge.updated`.
pub(super) fn fail(tx: &mut Tx, job: &Job) -> Result<()> {
    let mut refund = subject(tx, job)?;
    match refund.status {
        RefundStatus::Succeeded | RefundStatus::Pending if refund.private.waiting.is_none() => {}
        _ => return Ok(()),
    }
    let (Some(charge), Some(row)) = (refund.charge.clone(), refund.balance_transaction.clone()) else {
        return Err(tx.bug(&format!("{} fails and was never booked", refund.id)));
    };
    let (mut charge, row) = (tx.load::<Charge>(&charge)?, tx.load::<BalanceTransaction>(&row)?);
    let (entry, now) = (tx.id("txn"), tx.now());
    let (back, returned) = (-row.amount, Money::new(refund.amount, refund.currency));
    let place = LedgerAccount::available(&charge.account, row.currency);
    let network = End::operator(Bucket::Network, returned);
    pay(tx, Code::RefundFailure, network, End::new(place, back, &entry))?;
    let description = charge.description.as_ref().map_or_else(String::new, |text| format!(" ({text})"));
    let record = Entry {
        source: Some(refund.id.as_str()),
        description: Some(format!("REFUND FAILURE{description}")),
        exchange_rate: rate(refund.currency, row.currency),
        ..Entry::new(&charge.account, EntryType::RefundFailure, back, row.currency, now)
    };
    record.record(tx, entry.clone())?;
    refund.status = RefundStatus::Failed;
    refund.pending_reason = None;
    refund.failure_balance_transaction = Some(entry);
    refund.failure_reason = Some("expired_or_canceled_card".into());
    charge.amount_refunded -= refund.amount;
    charge.refunded = false;
    tx.emit_updated("refund.updated", &refund)?;
    tx.emit("refund.failed", &refund)?;
    tx.emit_updated("charge.refund.updated", &refund)?;
    tx.emit_updated("charge.updated", &charge)?;
    tx.put(&refund)?;
    tx.put(&charge)
}

fn subject(tx: &mut Tx, job: &Job) -> Result<Doc<Refund>> {
    match serde_json::from_value::<About>(job.payload.clone()) {
        Ok(about) => tx.load::<Refund>(&about.refund),
        Err(error) => Err(tx.bug(&format!("{}: the payload cannot be read: {error}", job.id))),
    }
}
