//! Changing an intent that is not paid yet.

use funds::charges::{Split, check_split};
use kernel::{ApiError, MetadataPatch, Money, Patch, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use store::{Doc, Tx};
use wire::{Path, Reply};

use super::options::MethodOptionsParams;
use super::params::{
    MethodData, PaymentDetailsParams, TransferAmountParams, as_hash, check_descriptor, check_texts, check_types,
    refuse, set_customer, set_method,
};
use super::{CaptureMethod, PaymentIntent, SetupFutureUsage, Status, TransferData, amount, existing, unexpected_state};
use crate::address::ShippingParams;

use crate::text;

/// Parameters of `POST /v1/payment_intents/{intent}`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdatePaymentIntent {
    /// Payment method types that are allowed.
    allowed_payment_method_types: Patch<Vec<String>>,
    /// What the payer is asked for.
    amount: Option<i64>,
    /// The parts of the amount.
    amount_details: Patch<Json>,
    /// What the platform earns.
    application_fee_amount: Patch<i64>,
    /// When the money is taken.
    capture_method: Option<CaptureMethod>,
    /// The payer's currency.
    currency: Option<String>,
    /// Who pays.
    customer: Option<String>,
    /// Not supported yet.
    customer_account: Option<String>,
    /// For people.
    description: Patch<String>,
    /// Payment method types that are excluded.
    excluded_payment_method_types: Patch<Vec<String>>,
    /// Not supported yet.
    hooks: Option<Json>,
    /// The caller's own.
    metadata: Patch<MetadataPatch>,
    /// The caller's references.
    payment_details: Patch<PaymentDetailsParams>,
    /// How the payer pays.
    payment_method: Patch<String>,
    /// Not supported yet.
    payment_method_configuration: Option<String>,
    /// How the payer pays, in place of an id.
    payment_method_data: Option<MethodData>,
    /// Options by type of payment method.
    payment_method_options: Option<MethodOptionsParams>,
    /// The types with which it can be paid.
    payment_method_types: Vec<String>,
    /// Where the receipt goes.
    receipt_email: Patch<String>,
    /// Whether the payment method is kept for later payments.
    setup_future_usage: Patch<SetupFutureUsage>,
    /// Where the goods go.
    shipping: Patch<ShippingParams>,
    /// What the payer's statement says, whole.
    statement_descriptor: Patch<String>,
    /// What the payer's statement says behind the merchant's prefix.
    statement_descriptor_suffix: Patch<String>,
    /// How much of it is transferred.
    transfer_data: Option<TransferAmountParams>,
    /// Groups it with transfers.
    transfer_group: Patch<String>,
}

impl UpdatePaymentIntent {
    fn check(&self) -> Result<()> {
        refuse(&[
            ("customer_account", self.customer_account.is_some()),
            ("hooks", self.hooks.is_some()),
            ("payment_method_configuration", self.payment_method_configuration.is_some()),
        ])?;
        check_texts(&[
            ("description", self.description.as_set(), text::TEXT),
            ("transfer_group", self.transfer_group.as_set(), text::NAME),
        ])?;
        if let Some(email) = self.receipt_email.as_set() {
            text::check_email("receipt_email", email)?;
        }
        if let Some(shipping) = self.shipping.as_set() {
            shipping.check()?;
        }
        for (param, descriptor) in [
            ("statement_descriptor", &self.statement_descriptor),
            ("statement_descriptor_suffix", &self.statement_descriptor_suffix),
        ] {
            if let Some(descriptor) = descriptor.as_set() {
                check_descriptor(param, descriptor)?;
            }
        }
        check_types("payment_method_types", &self.payment_method_types)
    }

    /// What changes the payment itself, and not only what is said of it.
    fn changes_payment(&self) -> bool {
        self.amount.is_some()
            || self.currency.is_some()
            || self.customer.is_some()
            || self.capture_method.is_some()
            || self.payment_method_data.is_some()
            || !self.payment_method.is_absent()
            || !self.application_fee_amount.is_absent()
            || self.transfer_data.is_some()
            || !self.setup_future_usage.is_absent()
    }
}

/// Changes an intent.
///
/// Errors: 400 `payment_intent_unexpected_state` for what can no longer be changed: after it was confirmed only what is
/// said of the payment, not the payment.
pub(super) fn update(tx: &mut Tx, path: &Path, p: UpdatePaymentIntent) -> Result<Reply<PaymentIntent>> {
    p.check()?;
    let mut intent = existing(tx, path.id(), None)?;
    match intent.status {
        Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::RequiresAction => {}
        Status::RequiresCapture | Status::Succeeded | Status::Canceled if p.changes_payment() => {
            return Err(not_changeable(&intent));
        }
        Status::RequiresCapture | Status::Succeeded | Status::Canceled => {}
    }
    change(tx, &mut intent, p)?;
    let order = intent.transfer_data.as_ref().map(TransferData::order);
    if intent.status != Status::Succeeded && intent.status != Status::Canceled {
        check_split(
            tx,
            &Split {
                amount: intent.money(),
                application_fee_amount: intent.application_fee_amount,
                transfer: order.as_ref(),
                on_behalf_of: intent.on_behalf_of.as_deref(),
                transfer_group: intent.transfer_group.as_deref(),
            },
        )?;
    }
    tx.put(&intent)?;
    Ok(Reply::document(&intent))
}

fn change(tx: &mut Tx, intent: &mut Doc<PaymentIntent>, p: UpdatePaymentIntent) -> Result<()> {
    if p.amount.is_some() || p.currency.is_some() {
        let currency = p.currency.as_deref().map_or(Ok(intent.currency), amount::currency)?;
        let money = Money::new(p.amount.unwrap_or(intent.amount), currency);
        amount::check(money)?;
        (intent.amount, intent.currency) = (money.amount, money.currency);
    }
    if let Some(customer) = p.customer {
        set_customer(tx, intent, &customer)?;
    }
    let id = match &p.payment_method {
        Patch::Set(id) => Some(id),
        Patch::Clear => {
            intent.payment_method = None;
            intent.status = Status::RequiresPaymentMethod;
            None
        }
        Patch::Absent => None,
    };
    if set_method(tx, intent, id, p.payment_method_data)?.is_some() {
        intent.status = Status::RequiresConfirmation;
        intent.next_action = None;
        intent.private.authenticated = false;
    }
    if let Some(options) = p.payment_method_options {
        options.apply(&mut intent.payment_method_options)?;
    }
    if !p.payment_method_types.is_empty() {
        intent.payment_method_types = p.payment_method_types;
        intent.automatic_payment_methods = None;
    }
    p.allowed_payment_method_types.apply(&mut intent.allowed_payment_method_types);
    p.excluded_payment_method_types.apply(&mut intent.excluded_payment_method_types);
    match p.amount_details {
        Patch::Set(details) => intent.amount_details = Some(as_hash("amount_details", details)?),
        Patch::Clear => intent.amount_details = None,
        Patch::Absent => {}
    }
    match p.payment_details {
        Patch::Set(details) => details.apply(&mut intent.payment_details),
        Patch::Clear => intent.payment_details = None,
        Patch::Absent => {}
    }
    match p.shipping {
        Patch::Set(shipping) => intent.shipping = Some(shipping.into_shipping()),
        Patch::Clear => intent.shipping = None,
        Patch::Absent => {}
    }
    if let Some(amount) = p.transfer_data.and_then(|data| data.amount) {
        let Some(data) = intent.transfer_data.as_mut() else { return Err(no_destination()) };
        data.amount = Some(amount);
    }
    intent.capture_method = p.capture_method.unwrap_or(intent.capture_method);
    intent.metadata = p.metadata.merge(&intent.metadata)?;
    p.application_fee_amount.apply(&mut intent.application_fee_amount);
    p.description.apply(&mut intent.description);
    p.receipt_email.apply(&mut intent.receipt_email);
    p.setup_future_usage.apply(&mut intent.setup_future_usage);
    p.statement_descriptor.apply(&mut intent.statement_descriptor);
    p.statement_descriptor_suffix.apply(&mut intent.statement_descriptor_suffix);
    p.transfer_group.apply(&mut intent.transfer_group);
    Ok(())
}

fn not_changeable(intent: &PaymentIntent) -> ApiError {
    unexpected_state(
        intent,
        format!(
            "This PaymentIntent's amount, currency, customer, payment method and split could not be updated because it has \
             a status of {}. You may only update them on a PaymentIntent with one of the following statuses: \
             requires_payment_method, requires_confirmation, requires_action.",
            intent.status.as_str()
        ),
    )
}

fn no_destination() -> ApiError {
    ApiError::invalid("transfer_data[amount]", "This PaymentIntent was created without transfer_data[destination].")
}
