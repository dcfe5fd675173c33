//! `POST /v1/refunds`: giving a payment, or a part, back to the payer.

use kernel::{ApiError, Metadata, MetadataPatch, Money, Patch, Result, resource_missing, too_low};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Doc, Filter, Tx};
use wire::{Path, Reply};

use super::make::blank;
use super::process::{Outlook, execute, outlook, wait};
use super::{Refund, RefundReason, RefundState};
use crate::charges::{Charge, ChargeStatus};

/// What a refund takes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateRefund {
    /// In the charge's currency; without it, all that is left.
    pub amount: Option<i64>,
    /// What is refunded: this or `payment_intent`.
    pub charge: Option<String>,
    /// For refunds from a customer's cash balance.
    pub currency: Option<String>,
    /// For refunds from a customer's cash balance.
    pub customer: Option<String>,
    /// Where instructions go, for payment methods that need them.
    pub instructions_email: Option<String>,
    /// The caller's own.
    #[serde(default)]
    pub metadata: Patch<MetadataPatch>,
    /// For refunds from a customer's cash balance.
    pub origin: Option<String>,
    /// What is refunded: this or `charge`.
    pub payment_intent: Option<String>,
    /// Why.
    pub reason: Option<GivenReason>,
    /// Whether the same part of the platform's fee is given back.
    pub refund_application_fee: Option<bool>,
    /// Whether the same part of the destination charge's transfer is brought back.
    pub reverse_transfer: Option<bool>,
}

/// The reasons that a caller can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GivenReason {
    /// The payer was charged twice.
    Duplicate,
    /// The payment was fraud.
    Fraudulent,
    /// The payer asked for it.
    RequestedByCustomer,
}

impl From<GivenReason> for RefundReason {
    fn from(reason: GivenReason) -> RefundReason {
        match reason {
            GivenReason::Duplicate => RefundReason::Duplicate,
            GivenReason::Fraudulent => RefundReason::Fraudulent,
            GivenReason::RequestedByCustomer => RefundReason::RequestedByCustomer,
        }
    }
}

/// Gives a payment back.
///
/// Limits: at most what is left of the charge. Too little money: see the module.
/// Events: `refund.created`, `charge.refunded`; `application_fee.refunded`; `transfer.reversed`, and on the connected
/// account `charge.refunded`.
pub(super) fn endpoint(tx: &mut Tx, _: &Path, p: CreateRefund) -> Result<Reply<Refund>> {
    create(tx, p).map(|refund| Reply::document(&refund))
}

/// The old way: `POST /v1/charges/{charge}/refunds`.
pub(crate) fn of_charge(tx: &mut Tx, path: &Path, p: CreateRefund) -> Result<Reply<Refund>> {
    endpoint(tx, path, CreateRefund { charge: Some(path.id().to_owned()), payment_intent: None, ..p })
}

/// See [`endpoint`].
pub fn create(tx: &mut Tx, p: CreateRefund) -> Result<Doc<Refund>> {
    if p.origin.is_some() || p.customer.is_some() {
        let param = if p.origin.is_some() { "origin" } else { "customer" };
        return Err(ApiError::not_yet(param, "Refunding a customer's cash balance"));
    }
    let mut charge = find_charge(tx, &p)?;
    check_refundable(&charge)?;
    let left = charge.amount_captured - charge.amount_refunded - charge.private.waiting;
    if left <= 0 {
        return Err(already_refunded(&charge.id));
    }
    let amount = p.amount.unwrap_or(left);
    if amount < 1 {
        return Err(too_low("amount", 1));
    }
    if left < amount {
        return Err(amount_too_large(&charge, amount, left));
    }
    let state = RefundState {
        waiting: None,
        refund_application_fee: p.refund_application_fee.unwrap_or(false),
        reverse_transfer: p.reverse_transfer.unwrap_or(false),
    };
    check_shares(&charge, &state)?;
    let metadata = p.metadata.merge(&Metadata::new())?;
    let (mut shown, entry) = (blank(tx, &charge, amount), tx.id("txn"));
    shown.reason = p.reason.map(RefundReason::from);
    shown.metadata = Some(metadata);
    shown.instructions_email = p.instructions_email;
    let mut refund = tx.create(&charge.account, shown, state)?;
    match outlook(tx, &charge, &refund)? {
        Outlook::Covered => execute(tx, &mut charge, &mut refund, entry)?,
        Outlook::TooLittle { currency, balance } => wait(tx, &mut charge, &mut refund, currency, balance)?,
    }
    tx.put(&refund)?;
    tx.put(&charge)?;
    tx.emit("refund.created", &refund)?;
    if refund.private.waiting.is_none() {
        tx.emit("charge.refunded", &charge)?;
    }
    Ok(refund)
}

fn find_charge(tx: &mut Tx, p: &CreateRefund) -> Result<Doc<Charge>> {
    match (&p.charge, &p.payment_intent) {
        (Some(_), Some(_)) => Err(charge_and_intent()),
        (None, None) => Err(neither_charge_nor_intent()),
        (Some(charge), None) => tx.get::<Charge>(charge, "charge"),
        (None, Some(intent)) => charge_of_intent(tx, intent),
    }
}

/// An intent has one charge that succeeded at the most; the others failed.
fn charge_of_intent(tx: &mut Tx, intent: &str) -> Result<Doc<Charge>> {
    let known = match tx.kind_of(intent).filter(|kind| kind.object == "payment_intent") {
        Some(kind) => tx.find_row(kind, intent)?.is_some_and(|row| &*row.account == tx.account()),
        None => false,
    };
    let account = tx.account().to_owned();
    let filters = [Filter::Is("payment_intent", intent.into()), Filter::Is("status", "succeeded".into())];
    let found = tx.find_all::<Charge>(Some(&account), &filters, 10)?;
    match found.iter().find(|charge| charge.captured) {
        Some(charge) => tx.load::<Charge>(&charge.id),
        None if known => Err(no_successful_charge(intent)),
        None => Err(resource_missing("payment_intent", intent, "payment_intent")),
    }
}

fn check_refundable(charge: &Doc<Charge>) -> Result<()> {
    if charge.status == ChargeStatus::Failed || !charge.captured {
        return Err(not_refundable(charge));
    }
    if charge.source_transfer.is_some() {
        return Err(landed(&charge.id));
    }
    if charge.disputed {
        return Err(charged_back(&charge.id));
    }
    Ok(())
}

fn check_shares(charge: &Charge, state: &RefundState) -> Result<()> {
    if state.reverse_transfer && charge.transfer.is_none() {
        return Err(no_transfer(&charge.id));
    }
    if state.refund_application_fee && charge.application_fee.is_none() {
        return Err(no_application_fee(&charge.id));
    }
    if state.refund_application_fee && charge.transfer.is_some() && !state.reverse_transfer {
        return Err(fee_without_reversal());
    }
    Ok(())
}

fn charge_and_intent() -> ApiError {
    ApiError::invalid("charge", "You may only specify one of these parameters: charge, payment_intent.")
        .code("parameters_exclusive")
}

fn neither_charge_nor_intent() -> ApiError {
    ApiError::bad_request("One of the following params should be provided for this request: payment_intent or charge.")
        .code("parameter_missing")
}

fn no_successful_charge(intent: &str) -> ApiError {
    ApiError::invalid(
        "payment_intent",
        format!("This PaymentIntent ({intent}) does not have a successful charge to refund."),
    )
}

fn not_refundable(charge: &Charge) -> ApiError {
    let why = if charge.status == ChargeStatus::Failed {
        "it failed, so there is nothing to give back"
    } else {
        "it was not captured: cancel its PaymentIntent instead"
    };
    ApiError::invalid("charge", format!("Charge {} cannot be refunded: {why}.", charge.id))
        .code("charge_not_refundable")
}

/// What a connected account got by a transfer is the platform's to bring back.
fn landed(charge: &str) -> ApiError {
    ApiError::invalid(
        "charge",
        format!("Payment {charge} came from a transfer. Reverse the transfer instead of refunding the payment."),
    )
    .code("charge_not_refundable")
}

fn charged_back(charge: &str) -> ApiError {
    ApiError::invalid("charge", format!("Charge {charge} has been charged back; cannot issue a refund."))
        .code("charge_disputed")
}

fn already_refunded(charge: &str) -> ApiError {
    ApiError::bad_request(format!("Charge {charge} has already been refunded.")).code("charge_already_refunded")
}

fn amount_too_large(charge: &Charge, asked: i64, left: i64) -> ApiError {
    let asked = Money::new(asked, charge.currency);
    let message = if left == charge.amount_captured {
        let whole = Money::new(charge.amount_captured, charge.currency);
        format!("Refund amount ({asked}) is greater than charge amount ({whole})")
    } else {
        let left = Money::new(left, charge.currency);
        format!("Refund amount ({asked}) is greater than unrefunded amount on charge ({left})")
    };
    ApiError::invalid("amount", message)
}

fn no_transfer(charge: &str) -> ApiError {
    ApiError::invalid(
        "reverse_transfer",
        format!("Cannot reverse transfer on charge {charge} because it does not have an associated transfer."),
    )
}

fn no_application_fee(charge: &str) -> ApiError {
    ApiError::invalid("refund_application_fee", format!("The charge {charge} has no application fee to refund"))
}

fn fee_without_reversal() -> ApiError {
    ApiError::invalid(
        "refund_application_fee",
        "To refund the application fee of a destination charge, reverse_transfer must be true as well.",
    )
}
