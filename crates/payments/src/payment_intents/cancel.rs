//! Giving an intent up, by the merchant or because its authorisation was not captured in time.

use funds::charges::{self, Charge};
use kernel::{ApiError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Doc, Job, Tx};
use wire::{Path, Reply};

use super::attempt::end_attempt;
use super::read::{existing, unexpected_state};
use super::{CancellationReason, PaymentIntent, Status};

/// The job that gives up an authorisation which nobody captured.
pub const EXPIRE: &str = "expire_payment_intent";

/// Parameters of `POST /v1/payment_intents/{intent}/cancel`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CancelPaymentIntent {
    /// Why.
    cancellation_reason: Option<Reason>,
}

/// Why a merchant cancels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The payer went away.
    Abandoned,
    /// Made twice.
    Duplicate,
    /// Not meant.
    Fraudulent,
    /// The payer wished it.
    RequestedByCustomer,
}

impl From<Reason> for CancellationReason {
    fn from(reason: Reason) -> CancellationReason {
        match reason {
            Reason::Abandoned => CancellationReason::Abandoned,
            Reason::Duplicate => CancellationReason::Duplicate,
            Reason::Fraudulent => CancellationReason::Fraudulent,
            Reason::RequestedByCustomer => CancellationReason::RequestedByCustomer,
        }
    }
}

/// Cancels an intent that is not paid yet; what was authorised is released.
///
/// Errors: 400 `payment_intent_unexpected_state`.
/// Events: `payment_intent.canceled`; with an authorisation `charge.refunded`.
pub(super) fn cancel(tx: &mut Tx, path: &Path, p: CancelPaymentIntent) -> Result<Reply<PaymentIntent>> {
    let mut intent = existing(tx, path.id(), None)?;
    match intent.status {
        Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::RequiresAction => {}
        Status::RequiresCapture => {
            let mut charge = authorised(tx, &intent)?;
            charges::cancel_authorization(tx, &mut charge)?;
            tx.unschedule(EXPIRE, &intent.id.clone())?;
        }
        Status::Succeeded | Status::Canceled => return Err(not_cancelable(tx, &intent)),
    }
    end(tx, &mut intent, p.cancellation_reason.map(Into::into))?;
    Ok(Reply::document(&intent))
}

/// Gives up an authorisation that nobody captured in time (money.md 16.17).
///
/// Events: `charge.expired`, `charge.refunded`, `payment_intent.canceled`.
pub fn expire(tx: &mut Tx, job: &Job) -> Result<()> {
    let Some(id) = job.payload["payment_intent"].as_str() else {
        return Err(tx.bug(&format!("{}: the payload names no intent", job.id)));
    };
    let mut intent = tx.load::<PaymentIntent>(id)?;
    if intent.status != Status::RequiresCapture {
        return Ok(());
    }
    let mut charge = authorised(tx, &intent)?;
    charges::expire_authorization(tx, &mut charge)?;
    end(tx, &mut intent, Some(CancellationReason::Automatic))
}

fn authorised(tx: &mut Tx, intent: &Doc<PaymentIntent>) -> Result<Doc<Charge>> {
    match &intent.latest_charge {
        Some(charge) => tx.load::<Charge>(&charge.clone()),
        None => Err(tx.bug(&format!("{}: authorised without a charge", intent.id))),
    }
}

fn end(tx: &mut Tx, intent: &mut Doc<PaymentIntent>, reason: Option<CancellationReason>) -> Result<()> {
    intent.status = Status::Canceled;
    intent.canceled_at = Some(tx.now());
    intent.cancellation_reason = reason;
    intent.amount_capturable = 0;
    end_attempt(intent);
    tx.put(intent)?;
    tx.emit("payment_intent.canceled", intent)
}

fn not_cancelable(tx: &Tx, intent: &PaymentIntent) -> ApiError {
    unexpected_state(
        tx,
        intent,
        format!(
            "You cannot cancel this PaymentIntent because it has a status of {}. Only a PaymentIntent with one of the \
             following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, \
             requires_action, processing.",
            intent.status.as_str()
        ),
    )
}
