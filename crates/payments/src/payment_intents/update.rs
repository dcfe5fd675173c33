//! Changing an intent that is not paid yet.

use kernel::{ApiError, MetadataPatch, Money, Patch, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use store::{Doc, Tx};
use wire::{Path, Reply};

use super::amount_details::AmountDetailsParams;
use super::attempt::{check_sharing, end_attempt};
use super::method::{MethodData, check_excluded, check_method, check_types, set_customer, set_method};
use super::options::MethodOptionsParams;
use super::params::{PaymentDetailsParams, TransferDataPatch, apply_details, check_descriptors, check_texts, refuse};
use super::read::{existing, unexpected_state};
use super::{CaptureMethod, PaymentIntent, SetupFutureUsage, Status, amount};
use crate::address::ShippingParams;
use crate::payment_methods::PaymentMethod;
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
    amount_details: Patch<AmountDetailsParams>,
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
    /// Not supported for cards.
    statement_descriptor: Patch<String>,
    /// What the payer's statement says behind the merchant's prefix.
    statement_descriptor_suffix: Patch<String>,
    /// How it is shared out; the destination stays.
    transfer_data: Option<TransferDataPatch>,
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
        check_descriptors(self.statement_descriptor.as_set(), self.statement_descriptor_suffix.as_set())?;
        check_types("payment_method_types", &self.payment_method_types)?;
        self.allowed_payment_method_types
            .as_set()
            .map_or(Ok(()), |types| check_types("allowed_payment_method_types", types))?;
        self.excluded_payment_method_types.as_set().map_or(Ok(()), |types| check_excluded(types))
    }

    /// The first parameter that changes the payment itself, and not only what is said of it.
    fn changes_payment(&self) -> Option<&'static str> {
        let given = [
            ("amount", self.amount.is_some()),
            ("currency", self.currency.is_some()),
            ("customer", self.customer.is_some()),
            ("capture_method", self.capture_method.is_some()),
            ("payment_method_data", self.payment_method_data.is_some()),
            ("payment_method_options", self.payment_method_options.is_some()),
            ("payment_method_types", !self.payment_method_types.is_empty()),
            ("payment_method", !self.payment_method.is_absent()),
            ("application_fee_amount", !self.application_fee_amount.is_absent()),
            ("transfer_data", self.transfer_data.is_some()),
            ("setup_future_usage", !self.setup_future_usage.is_absent()),
        ];
        given.iter().find(|(_, given)| *given).map(|(name, _)| *name)
    }
}

/// Changes an intent. What the payer has authenticated is the payment as it was: when the payment itself changes, it must be
/// confirmed anew. Why the last attempt failed is no longer told (Stripe, `last_payment_error`).
///
/// Errors: 400 `payment_intent_unexpected_state` for what can no longer be changed: after it was confirmed only what is
/// said of the payment, not the payment.
pub(super) fn update(tx: &mut Tx, path: &Path, p: UpdatePaymentIntent) -> Result<Reply<PaymentIntent>> {
    p.check()?;
    let mut intent = existing(tx, path.id(), None)?;
    let (changes_payment, names_customer) = (p.changes_payment(), p.customer.is_some());
    match (intent.status, changes_payment) {
        (Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::RequiresAction, _) => {}
        (Status::RequiresCapture | Status::Succeeded | Status::Canceled, Some(param)) => {
            return Err(not_changeable(tx, &intent, param));
        }
        (Status::RequiresCapture | Status::Succeeded | Status::Canceled, None) => {}
    }
    change(tx, &mut intent, p)?;
    if changes_payment.is_some() {
        match &intent.payment_method {
            Some(id) if names_customer => {
                let method = tx.load::<PaymentMethod>(&id.clone())?;
                check_method(&intent, &method)?;
            }
            Some(_) | None => {}
        }
        check_sharing(tx, &intent)?;
        end_attempt(&mut intent);
        intent.status = match intent.payment_method {
            Some(_) => Status::RequiresConfirmation,
            None => Status::RequiresPaymentMethod,
        };
    }
    intent.last_payment_error = None;
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
            None
        }
        Patch::Absent => None,
    };
    set_method(tx, intent, id, p.payment_method_data)?;
    if let Some(options) = p.payment_method_options {
        options.apply(&mut intent.payment_method_options)?;
    }
    if !p.payment_method_types.is_empty() {
        intent.payment_method_types = p.payment_method_types;
        intent.automatic_payment_methods = None;
    }
    p.allowed_payment_method_types.apply(&mut intent.allowed_payment_method_types);
    p.excluded_payment_method_types.apply(&mut intent.excluded_payment_method_types);
    apply_details(intent, p.amount_details, p.payment_details, p.shipping)?;
    if let Some(given) = p.transfer_data {
        let Some(data) = intent.transfer_data.as_mut() else { return Err(no_destination()) };
        given.apply(data)?;
    }
    intent.capture_method = p.capture_method.unwrap_or(intent.capture_method);
    intent.metadata = p.metadata.merge(&intent.metadata)?;
    p.application_fee_amount.apply(&mut intent.application_fee_amount);
    p.description.apply(&mut intent.description);
    p.receipt_email.apply(&mut intent.receipt_email);
    p.setup_future_usage.apply(&mut intent.setup_future_usage);
    p.statement_descriptor_suffix.apply(&mut intent.statement_descriptor_suffix);
    p.transfer_group.apply(&mut intent.transfer_group);
    Ok(())
}

fn not_changeable(tx: &Tx, intent: &PaymentIntent, param: &str) -> ApiError {
    unexpected_state(
        tx,
        intent,
        format!(
            "This PaymentIntent's {param} could not be updated because it has a status of {}. You may only update the \
             {param} of a PaymentIntent with one of the following statuses: requires_payment_method, \
             requires_confirmation, requires_action.",
            intent.status.as_str()
        ),
    )
}

fn no_destination() -> ApiError {
    ApiError::invalid("transfer_data", "This PaymentIntent was created without transfer_data[destination].")
}
