//! Cancelling a payout that was not handed to the bank yet.

use kernel::{ApiError, Result};
use ledger::Code;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Doc, Tx};
use wire::{Path, Reply};

use super::{Payout, PayoutStatus, TraceId, book, unexpected_state};
use crate::balance_transactions::EntryType;

/// Parameters of `POST /v1/payouts/{payout}/cancel`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelPayout {}

/// Gives the money of a pending manual payout back to the balance.
///
/// Errors: 404; 400 when it is automatic, or no longer pending. Event: `payout.canceled`.
pub fn cancel(tx: &mut Tx, path: &Path, _: CancelPayout) -> Result<Reply<Payout>> {
    let mut payout = tx.get::<Payout>(path.id(), "payout")?;
    if payout.automatic {
        return Err(automatic(&payout));
    }
    if payout.status != PayoutStatus::Pending {
        return Err(not_pending(&payout));
    }
    withdraw(tx, &mut payout)?;
    if let Some(original) = payout.original_payout.clone() {
        let mut original = tx.load::<Payout>(&original)?;
        original.reversed_by = None;
        tx.emit_updated("payout.updated", &original)?;
        tx.put(&original)?;
    }
    Ok(Reply::document(&payout))
}

/// What cancelling does to the payout itself.
pub(super) fn withdraw(tx: &mut Tx, payout: &mut Doc<Payout>) -> Result<()> {
    book::give_back(tx, payout, EntryType::PayoutCancel, Code::PayoutCancel)?;
    payout.status = PayoutStatus::Canceled;
    payout.trace_id = Some(TraceId::unsupported());
    tx.emit("payout.canceled", payout)?;
    tx.put(payout)
}

fn automatic(payout: &Payout) -> ApiError {
    unexpected_state(format!("Payout {} was made automatically. Only manual payouts can be canceled.", payout.id))
}

fn not_pending(payout: &Payout) -> ApiError {
    unexpected_state(format!(
        "Payout {} has a status of {} and can no longer be canceled. Only pending payouts can be canceled.",
        payout.id,
        payout.status.as_str()
    ))
}
