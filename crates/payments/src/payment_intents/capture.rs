//! Taking the money that was authorised, whole or in part.

use funds::charges::{self, CaptureOrder, Charge};
use kernel::{ApiError, MetadataPatch, Patch, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use store::Tx;
use wire::{Path, Reply};

use super::amount_details::AmountDetailsParams;
use super::cancel::EXPIRE;
use super::params::{PaymentDetailsParams, TransferAmountParams, apply_details, check_descriptors, refuse};
use super::read::{existing, shown, unexpected_state};
use super::{PaymentIntent, Status};

/// Parameters of `POST /v1/payment_intents/{intent}/capture`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CapturePaymentIntent {
    /// The parts of the amount.
    amount_details: Option<AmountDetailsParams>,
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
    payment_details: Patch<PaymentDetailsParams>,
    /// Not supported for cards.
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
    check_descriptors(p.statement_descriptor.as_ref(), p.statement_descriptor_suffix.as_ref())?;
    let mut intent = existing(tx, path.id(), None)?;
    let (Status::RequiresCapture, Some(charge)) = (intent.status, intent.latest_charge.clone()) else {
        return Err(unexpected_state(
            tx,
            &intent,
            format!(
                "This PaymentIntent could not be captured because it has a status of {}. Only a PaymentIntent with one of \
                 the following statuses may be captured: requires_capture.",
                intent.status.as_str()
            ),
        ));
    };
    let mut charge = tx.load::<Charge>(&charge)?;
    if p.amount_to_capture.is_some_and(|amount| intent.amount_capturable < amount) {
        return Err(above_authorised().with("payment_intent", shown(tx, &intent)?));
    }
    let transfer_amount = p.transfer_data.and_then(|data| data.amount);
    let order = CaptureOrder {
        amount: p.amount_to_capture,
        application_fee_amount: p.application_fee_amount,
        transfer_amount,
        statement_descriptor: None,
        statement_descriptor_suffix: p.statement_descriptor_suffix.clone(),
    };
    charges::capture(tx, &mut charge, order)?;
    intent.metadata = p.metadata.merge(&intent.metadata)?;
    apply_details(&mut intent, p.amount_details.map_or(Patch::Absent, Patch::Set), p.payment_details, Patch::Absent)?;
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

fn above_authorised() -> ApiError {
    ApiError::invalid(
        "amount_to_capture",
        "The payment could not be captured because the requested capture amount is greater than the amount you can capture \
         for this charge.",
    )
    .code("amount_too_large")
}
