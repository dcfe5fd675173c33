//! Confirming: the payer agrees, and an attempt is made ([`super::attempt`]).

use kernel::{ApiError, Patch, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use store::{Doc, Tx};
use wire::{Path, Reply};

use super::amount_details::AmountDetailsParams;
use super::attempt::{Terms, attempt};
use super::method::{MethodData, check_excluded, check_types, set_method};
use super::options::MethodOptionsParams;
use super::params::{OffSession, PaymentDetailsParams, apply_details, check_hash, refuse};
use super::read::{existing, shown, unexpected_state};
use super::{CaptureMethod, ConfirmationMethod, PaymentIntent, SetupFutureUsage, Status};
use crate::address::ShippingParams;
use crate::payment_methods::PaymentMethod;
use crate::text;

/// Parameters of `POST /v1/payment_intents/{intent}/confirm`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConfirmPaymentIntent {
    /// Payment method types that are allowed.
    allowed_payment_method_types: Vec<String>,
    /// The parts of the amount.
    amount_details: Patch<AmountDetailsParams>,
    /// The amount that the payer saw: another one is refused.
    amount_to_confirm: Option<i64>,
    /// When the money is taken.
    capture_method: Option<CaptureMethod>,
    /// The intent's own secret, as a browser knows it.
    client_secret: Option<String>,
    /// Not supported yet.
    confirmation_token: Option<String>,
    /// An error in place of a next action.
    error_on_requires_action: Option<bool>,
    /// Payment method types that are excluded.
    excluded_payment_method_types: Patch<Vec<String>>,
    /// Not supported yet.
    hooks: Option<Json>,
    /// Not supported yet.
    mandate: Option<String>,
    /// Taken: cards need no mandate.
    mandate_data: Patch<Json>,
    /// Whether the payer is away.
    off_session: Option<OffSession>,
    /// The caller's references.
    payment_details: Patch<PaymentDetailsParams>,
    /// How the payer pays.
    payment_method: Option<String>,
    /// How the payer pays, in place of an id.
    payment_method_data: Option<MethodData>,
    /// Options by type of payment method.
    payment_method_options: Option<MethodOptionsParams>,
    /// The types with which it can be paid. Newer versions dropped it; the world's code still sends it.
    payment_method_types: Vec<String>,
    /// Taken: the sandbox's risk is told by the card.
    radar_options: Option<Json>,
    /// Where the receipt goes.
    receipt_email: Patch<String>,
    /// Where the payer goes after acting.
    return_url: Option<String>,
    /// Whether the payment method is kept for later payments.
    setup_future_usage: Patch<SetupFutureUsage>,
    /// Where the goods go.
    shipping: Patch<ShippingParams>,
    /// The next action is one for Stripe.js.
    use_stripe_sdk: Option<bool>,
}

impl ConfirmPaymentIntent {
    fn check(&self, tx: &Tx) -> Result<()> {
        refuse(&[
            ("confirmation_token", self.confirmation_token.is_some()),
            ("hooks", self.hooks.is_some()),
            ("mandate", self.mandate.is_some()),
        ])?;
        if tx.caller().publishable {
            self.check_browser()?;
        }
        if let Some(url) = &self.return_url {
            text::check_url("return_url", url)?;
        }
        if let Some(email) = self.receipt_email.as_set() {
            text::check_email("receipt_email", email)?;
        }
        if let Some(shipping) = self.shipping.as_set() {
            shipping.check()?;
        }
        let hashes = [("mandate_data", self.mandate_data.as_set()), ("radar_options", self.radar_options.as_ref())];
        for (param, value) in hashes {
            value.map_or(Ok(()), |value| check_hash(param, value))?;
        }
        check_types("payment_method_types", &self.payment_method_types)?;
        check_types("allowed_payment_method_types", &self.allowed_payment_method_types)?;
        self.excluded_payment_method_types.as_set().map_or(Ok(()), |types| check_excluded(types))
    }

    /// What is the merchant's to say, and not the payer's.
    fn check_browser(&self) -> Result<()> {
        let merchants = [
            ("amount_details", !self.amount_details.is_absent()),
            ("capture_method", self.capture_method.is_some()),
            ("off_session", self.off_session.is_some()),
            ("payment_details", !self.payment_details.is_absent()),
            (
                "payment_method_options[card][capture_method]",
                self.payment_method_options.as_ref().is_some_and(MethodOptionsParams::has_capture_method),
            ),
        ];
        match merchants.iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((name, _)) => Err(only_secret_keys(name)),
        }
    }
}

/// Confirms a payment intent.
///
/// Errors: 400 `payment_intent_unexpected_state` when it cannot be confirmed now; 402 when the card is declined, in which
/// case the attempt is written.
/// Events: `payment_intent.succeeded`, `.amount_capturable_updated`, `.requires_action` or `.payment_failed`, with those
/// of the charge.
pub(super) fn confirm(tx: &mut Tx, path: &Path, p: ConfirmPaymentIntent) -> Result<Reply<PaymentIntent>> {
    let mut intent = existing(tx, path.id(), p.client_secret.as_ref())?;
    p.check(tx)?;
    if tx.caller().publishable {
        check_usage(&intent, &p.setup_future_usage)?;
    }
    check_confirmable(tx, &intent)?;
    if let Some(amount) = p.amount_to_confirm.filter(|amount| *amount != intent.amount) {
        return Err(not_the_amount(amount, &intent));
    }
    let named = set_method(tx, &mut intent, p.payment_method.as_ref(), p.payment_method_data)?;
    let method = match (named, intent.payment_method.clone()) {
        (Some(method), _) => {
            intent.private.authenticated = false;
            method
        }
        (None, Some(id)) => tx.load::<PaymentMethod>(&id)?,
        (None, None) => return Err(unexpected_state(tx, &intent, MISSING_METHOD)),
    };
    let terms = Terms {
        off_session: p.off_session.is_some_and(OffSession::is_off),
        error_on_requires_action: p.error_on_requires_action == Some(true),
        use_stripe_sdk: p.use_stripe_sdk == Some(true),
    };
    if p.return_url.is_some() {
        intent.private.return_url = p.return_url;
    }
    if let Some(options) = p.payment_method_options {
        options.apply(&mut intent.payment_method_options)?;
    }
    apply_details(&mut intent, p.amount_details, p.payment_details, p.shipping)?;
    p.receipt_email.apply(&mut intent.receipt_email);
    p.setup_future_usage.apply(&mut intent.setup_future_usage);
    p.excluded_payment_method_types.apply(&mut intent.excluded_payment_method_types);
    if !p.allowed_payment_method_types.is_empty() {
        intent.allowed_payment_method_types = Some(p.allowed_payment_method_types);
    }
    intent.capture_method = p.capture_method.unwrap_or(intent.capture_method);
    match attempt(tx, intent, method, terms) {
        // What is refused here is about an intent that exists, and Stripe shows it.
        Err(error) if error.param_str() == Some("return_url") => {
            let intent = existing(tx, path.id(), p.client_secret.as_ref())?;
            Err(error.with("payment_intent", shown(tx, &intent)?))
        }
        result => result,
    }
}

/// A payer may agree to more use of the card than the merchant asked for, not to less (Stripe, `setup_future_usage`).
fn check_usage(intent: &PaymentIntent, asked: &Patch<SetupFutureUsage>) -> Result<()> {
    match (intent.setup_future_usage, asked) {
        (None, _) | (_, Patch::Absent | Patch::Set(SetupFutureUsage::OffSession)) => Ok(()),
        (Some(SetupFutureUsage::OnSession), Patch::Set(SetupFutureUsage::OnSession)) => Ok(()),
        (Some(_), Patch::Clear) | (Some(SetupFutureUsage::OffSession), Patch::Set(SetupFutureUsage::OnSession)) => {
            Err(less_usage())
        }
    }
}

fn check_confirmable(tx: &Tx, intent: &Doc<PaymentIntent>) -> Result<()> {
    if tx.caller().publishable && intent.confirmation_method == ConfirmationMethod::Manual {
        return Err(manual_needs_secret_key());
    }
    match intent.status {
        Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::RequiresAction => Ok(()),
        Status::Succeeded => Err(unexpected_state(
            tx,
            intent,
            "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.",
        )),
        Status::RequiresCapture | Status::Canceled => Err(unexpected_state(
            tx,
            intent,
            format!(
                "You cannot confirm this PaymentIntent because it has a status of {}. Only a PaymentIntent with one of the \
                 following statuses may be confirmed: requires_confirmation, requires_action, requires_payment_method.",
                intent.status.as_str()
            ),
        )),
    }
}

/// What is said of an intent that is confirmed before it can be paid with anything.
pub(super) const MISSING_METHOD: &str = "You cannot confirm this PaymentIntent because it's missing a payment method. You \
     can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with \
     a payment method or ConfirmationToken.";

fn not_the_amount(amount: i64, intent: &PaymentIntent) -> ApiError {
    ApiError::invalid(
        "amount_to_confirm",
        format!("The amount to confirm ({amount}) is not the PaymentIntent's amount ({}).", intent.amount),
    )
}

fn manual_needs_secret_key() -> ApiError {
    ApiError::bad_request(
        "This PaymentIntent cannot be confirmed using your publishable key because its `confirmation_method` is set to \
         `manual`. Please use your secret key instead, or create a PaymentIntent with `confirmation_method` set to \
         `automatic`.",
    )
}

fn less_usage() -> ApiError {
    ApiError::invalid(
        "setup_future_usage",
        "With a publishable API key, setup_future_usage can only be changed from on_session to off_session.",
    )
    .code("payment_intent_invalid_parameter")
}

fn only_secret_keys(param: &str) -> ApiError {
    ApiError::invalid(param, format!("The parameter {param} can only be passed with a secret key."))
        .code("secret_key_required")
}
