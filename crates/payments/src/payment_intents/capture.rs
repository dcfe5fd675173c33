//! Taking the money that was authorised, whole or in part.

use funds::charges::{self, CaptureOrder, Charge};
use kernel::{ApiError, MetadataPatch, Patch, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use store::Tx;
use wire::{Path, Reply};

use super::cancel::EXPIRE;
use super::params::{PaymentDetailsParams, TransferAmountParams, check_descriptor, refuse};
use super::{PaymentIntent, Status, existing, unexpected_state};

/// Parameters of `POST /v1/payment_intents/{intent}/capture`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CapturePaymentIntent {
    /// Taken, without effect.
    amount_details: Option<Json>,
    /// How much; without it, all. The rest is released.
    amount_to_capture: Option<i64>,
    /// In place of the fee given before.
    application_fee_amount: Option<i64>,
    /// Must be true: there is one capture.
    final_capture: Option<bool>,
    /// Not supported yet.
    hooks: Option<Json>,
    /// The caller's own.
    metadata: Patch<MetadataPatch>,
    /// The caller's references.
    payment_details: Option<PaymentDetailsParams>,
    /// In place of the one given before.
    statement_descriptor: Option<String>,
    /// In place of the one given before.
    statement_descriptor_suffix: Option<String>,
    /// In place of the amount given before.
    transfer_data: Option<TransferAmountParams>,
}

/// Captures an authorised payment.
///
/// Errors: 400 `payment_intent_unexpected_state`; 400 on `amount_to_capture` for more than was authorised.
/// Events: `charge.captured`, `payment_intent.succeeded`, with those of the transfer and the fee.
pub(super) fn capture(tx: &mut Tx, path: &Path, p: CapturePaymentIntent) -> Result<Reply<PaymentIntent>> {
    refuse(&[("hooks", p.hooks.is_some())])?;
    if p.final_capture == Some(false) {
        return Err(ApiError::not_yet("final_capture", "Capturing in several parts"));
    }
    for (param, descriptor) in [
        ("statement_descriptor", &p.statement_descriptor),
        ("statement_descriptor_suffix", &p.statement_descriptor_suffix),
    ] {
        if let Some(descriptor) = descriptor {
            check_descriptor(param, descriptor)?;
        }
    }
    let mut intent = existing(tx, path.id(), None)?;
    let (Status::RequiresCapture, Some(charge)) = (intent.status, intent.latest_charge.clone()) else {
        return Err(unexpected_state(
            &intent,
            format!(
                "This PaymentIntent could not be captured because it has a status of {}. Only a PaymentIntent with one of \
                 the following statuses may be captured: requires_capture.",
                intent.status.as_str()
            ),
        ));
    };
    let mut charge = tx.load::<Charge>(&charge)?;
    let transfer_amount = p.transfer_data.and_then(|data| data.amount);
    charges::capture(
        tx,
        &mut charge,
        CaptureOrder {
            amount: p.amount_to_capture,
            application_fee_amount: p.application_fee_amount,
            transfer_amount,
            statement_descriptor: p.statement_descriptor.clone(),
            statement_descriptor_suffix: p.statement_descriptor_suffix.clone(),
        },
    )?;
    intent.metadata = p.metadata.merge(&intent.metadata)?;
    if let Some(details) = p.payment_details {
        details.apply(&mut intent.payment_details);
    }
    intent.statement_descriptor = p.statement_descriptor.or(intent.statement_descriptor.take());
    intent.statement_descriptor_suffix = p.statement_descriptor_suffix.or(intent.statement_descriptor_suffix.take());
    intent.application_fee_amount = p.application_fee_amount.or(intent.application_fee_amount);
    if let (Some(amount), Some(data)) = (transfer_amount, intent.transfer_data.as_mut()) {
        data.amount = Some(amount);
    }
    intent.amount_received = charge.amount_captured;
    intent.amount_capturable = 0;
    intent.status = Status::Succeeded;
    tx.unschedule(EXPIRE, &intent.id.clone())?;
    tx.put(&intent)?;
    tx.emit("payment_intent.succeeded", &intent)?;
    Ok(Reply::document(&intent))
}
