//! Confirming: the payer pays, as far as the card network lets them.

use funds::charges::{self, Charge, ChargeOrder, Split, check_split};
use kernel::{ApiError, DAY, Patch, Result};
use rails::cards::{self, Answer, Approval, Ask, Authentication, Decline};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use store::{Doc, Tx};
use wire::{Path, Reply};

use super::cancel::EXPIRE;
use super::create::without_method;
use super::options::MethodOptionsParams;
use super::params::{MethodData, OffSession, refuse, set_method};
use super::{
    AllowRedirects, CaptureMethod, ConfirmationMethod, NextAction, PaymentIntent, RedirectToUrl, SetupFutureUsage,
    Status, existing, unexpected_state,
};
use crate::address::ShippingParams;
use crate::payment_methods::{self, PaymentMethod, card};
use crate::text;

/// Days after which an authorisation that was not captured is given up (money.md 6.1, windows).
pub(super) const AUTHORISED_DAYS: i64 = 7;

/// Parameters of `POST /v1/payment_intents/{intent}/confirm`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConfirmPaymentIntent {
    /// Taken, without effect.
    amount_details: Option<Json>,
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
    /// Not supported yet.
    hooks: Option<Json>,
    /// Not supported yet.
    mandate: Option<String>,
    /// Taken: cards need no mandate.
    mandate_data: Patch<Json>,
    /// Whether the payer is away.
    off_session: Option<OffSession>,
    /// How the payer pays.
    payment_method: Option<String>,
    /// How the payer pays, in place of an id.
    payment_method_data: Option<MethodData>,
    /// Options by type of payment method.
    payment_method_options: Option<MethodOptionsParams>,
    /// Taken: newer versions dropped it.
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

/// How an attempt is made.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Attempt {
    pub(super) off_session: bool,
    pub(super) error_on_requires_action: bool,
    pub(super) use_stripe_sdk: bool,
}

/// Confirms a payment intent.
///
/// Errors: 400 `payment_intent_unexpected_state` when it cannot be confirmed now; 402 when the card is declined, in which
/// case the attempt is written.
/// Events: `payment_intent.succeeded`, `.amount_capturable_updated`, `.requires_action` or `.payment_failed`, with those
/// of the charge.
pub(super) fn confirm(tx: &mut Tx, path: &Path, p: ConfirmPaymentIntent) -> Result<Reply<PaymentIntent>> {
    refuse(&[
        ("confirmation_token", p.confirmation_token.is_some()),
        ("hooks", p.hooks.is_some()),
        ("mandate", p.mandate.is_some()),
    ])?;
    let mut intent = existing(tx, path.id(), p.client_secret.as_ref())?;
    check_confirmable(tx, &intent)?;
    if let Some(amount) = p.amount_to_confirm.filter(|amount| *amount != intent.amount) {
        return Err(ApiError::invalid(
            "amount_to_confirm",
            format!("The amount to confirm ({amount}) is not the PaymentIntent's amount ({}).", intent.amount),
        ));
    }
    if let Some(url) = p.return_url {
        text::check_url("return_url", &url)?;
        intent.private.return_url = Some(url);
    }
    if let Some(email) = p.receipt_email.as_set() {
        text::check_email("receipt_email", email)?;
    }
    p.receipt_email.apply(&mut intent.receipt_email);
    p.setup_future_usage.apply(&mut intent.setup_future_usage);
    if let Patch::Set(shipping) = &p.shipping {
        shipping.check()?;
    }
    match p.shipping {
        Patch::Set(shipping) => intent.shipping = Some(shipping.into_shipping()),
        Patch::Clear => intent.shipping = None,
        Patch::Absent => {}
    }
    intent.capture_method = p.capture_method.unwrap_or(intent.capture_method);
    if let Some(options) = p.payment_method_options {
        options.apply(&mut intent.payment_method_options)?;
    }
    let named = set_method(tx, &mut intent, p.payment_method.as_ref(), p.payment_method_data)?;
    let method = match (named, intent.payment_method.clone()) {
        (Some(method), _) => {
            intent.private.authenticated = false;
            method
        }
        (None, Some(id)) => tx.load::<PaymentMethod>(&id)?,
        (None, None) => return Err(without_method(&intent)),
    };
    let order = Attempt {
        off_session: p.off_session.is_some_and(OffSession::is_off),
        error_on_requires_action: p.error_on_requires_action == Some(true),
        use_stripe_sdk: p.use_stripe_sdk == Some(true),
    };
    attempt(tx, intent, method, order)
}

fn check_confirmable(tx: &Tx, intent: &Doc<PaymentIntent>) -> Result<()> {
    if tx.caller().publishable && intent.confirmation_method == ConfirmationMethod::Manual {
        return Err(ApiError::bad_request(
            "This PaymentIntent's confirmation_method is manual: it can only be confirmed with a secret key.",
        ));
    }
    match intent.status {
        Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::RequiresAction => Ok(()),
        Status::Succeeded => Err(unexpected_state(
            intent,
            "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed."
                .into(),
        )),
        Status::RequiresCapture | Status::Canceled => Err(unexpected_state(
            intent,
            format!(
                "You cannot confirm this PaymentIntent because it has a status of {}. Only a PaymentIntent with one of the \
                 following statuses may be confirmed: requires_confirmation, requires_action, requires_payment_method.",
                intent.status.as_str()
            ),
        )),
    }
}

/// Tries to take the money with `method`.
pub(super) fn attempt(
    tx: &mut Tx,
    mut intent: Doc<PaymentIntent>,
    method: Doc<PaymentMethod>,
    order: Attempt,
) -> Result<Reply<PaymentIntent>> {
    check_return_url(&intent, order)?;
    let split = intent.transfer_data.as_ref().map(super::TransferData::order);
    check_split(
        tx,
        &Split {
            amount: intent.money(),
            application_fee_amount: intent.application_fee_amount,
            transfer: split.as_ref(),
            on_behalf_of: intent.on_behalf_of.as_deref(),
            transfer_group: intent.transfer_group.as_deref(),
        },
    )?;
    let authentication = match intent.private.authenticated {
        true => Authentication::Succeeded,
        false => Authentication::NotDone,
    };
    intent.next_action = None;
    intent.private.token = None;
    match ask(tx, &intent, &method, order.off_session, authentication)? {
        Answer::Approved(approval) => {
            approve(tx, &mut intent, method, approval)?;
            Ok(Reply::document(&intent))
        }
        Answer::Declined(decline) => {
            let error = decline_attempt(tx, &mut intent, &method, &decline)?;
            Ok(Reply::refused(error))
        }
        Answer::AuthenticationRequired if order.error_on_requires_action => {
            let error = action_not_wanted();
            fail(tx, &mut intent, &method, &error, None)?;
            Ok(Reply::refused(with_objects(tx, error, &intent, &method, None)?))
        }
        Answer::AuthenticationRequired => {
            require_action(tx, &mut intent, order)?;
            Ok(Reply::document(&intent))
        }
    }
}

/// What the card network says to the payment.
pub(super) fn ask(
    tx: &Tx,
    intent: &PaymentIntent,
    method: &Doc<PaymentMethod>,
    off_session: bool,
    authentication: Authentication,
) -> Result<Answer> {
    let number = card::number(tx, method)?;
    let request = card_option(intent, |card| card.request_three_d_secure).unwrap_or_default();
    Ok(cards::authorize(
        &number,
        &Ask {
            given: card::given_with(method),
            off_session,
            set_up_off_session: method.private.set_up_off_session,
            authentication,
            request_three_d_secure: request.into(),
            ..Ask::new(intent.money())
        },
    ))
}

fn card_option<T>(intent: &PaymentIntent, option: impl FnOnce(&super::CardOptions) -> Option<T>) -> Option<T> {
    option(intent.payment_method_options.as_ref()?.card.as_ref()?)
}

/// A page that the payer may be sent to must lead back.
fn check_return_url(intent: &Doc<PaymentIntent>, order: Attempt) -> Result<()> {
    let redirects = intent.automatic_payment_methods.is_some_and(|a| a.allow_redirects == AllowRedirects::Always);
    let needs = redirects && !order.use_stripe_sdk && !order.off_session && !order.error_on_requires_action;
    if !needs || intent.private.return_url.is_some() {
        return Ok(());
    }
    Err(ApiError::invalid(
        "return_url",
        "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment \
         methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to accept \
         redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and \
         `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.",
    ))
}

/// The money is there, or authorised.
pub(super) fn approve(
    tx: &mut Tx,
    intent: &mut Doc<PaymentIntent>,
    mut method: Doc<PaymentMethod>,
    approval: Approval,
) -> Result<()> {
    let by_hand = intent.capture_method == CaptureMethod::Manual
        || card_option(intent, |card| card.capture_method.clone()).as_deref() == Some("manual");
    let authenticated = approval.three_d_secure.is_some();
    let noted = card::note_checks(tx, &mut method, approval.checks)?;
    keep_or_use_up(tx, intent, &mut method, noted, authenticated)?;
    let charge = charges::approve(tx, order(intent, &method, !by_hand), approval)?;
    settle_attempt(intent, &charge);
    if by_hand {
        intent.status = Status::RequiresCapture;
        intent.amount_capturable = intent.amount;
        let due = tx.now().plus(AUTHORISED_DAYS * DAY);
        tx.schedule_once(EXPIRE, &intent.id.clone(), due, json!({ "payment_intent": intent.id }))?;
        tx.put(intent)?;
        return tx.emit("payment_intent.amount_capturable_updated", intent);
    }
    intent.status = Status::Succeeded;
    intent.amount_received = intent.amount;
    tx.put(intent)?;
    tx.emit("payment_intent.succeeded", intent)
}

fn settle_attempt(intent: &mut Doc<PaymentIntent>, charge: &Doc<Charge>) {
    intent.latest_charge = Some(charge.id.clone());
    intent.last_payment_error = None;
    intent.next_action = None;
    intent.private.token = None;
    intent.private.authenticated = false;
    if intent.transfer_data.is_some() {
        intent.transfer_group.clone_from(&charge.transfer_group);
    }
}

/// A card that was paid with is kept for its customer when the intent says so; without a customer it was used up.
fn keep_or_use_up(
    tx: &mut Tx,
    intent: &Doc<PaymentIntent>,
    method: &mut Doc<PaymentMethod>,
    mut changed: bool,
    authenticated: bool,
) -> Result<()> {
    let usage = intent.setup_future_usage.or(card_option(intent, |card| card.setup_future_usage));
    if usage == Some(SetupFutureUsage::OffSession) && authenticated && !method.private.set_up_off_session {
        method.private.set_up_off_session = true;
        changed = true;
    }
    match (&method.customer, &intent.customer, usage) {
        (None, Some(customer), Some(_)) => return payment_methods::keep(tx, method, &customer.clone()),
        (None, _, _) => {
            method.private.used_up = true;
            changed = true;
        }
        (Some(_), _, _) => {}
    }
    if changed { tx.put(method) } else { Ok(()) }
}

fn order(intent: &PaymentIntent, method: &PaymentMethod, capture: bool) -> ChargeOrder {
    ChargeOrder {
        amount: intent.money(),
        payment_intent: Some(intent.id.clone()),
        customer: intent.customer.clone(),
        payment_method: Some(method.id.clone()),
        payment_method_details: method.details(),
        billing_details: method.billing_details.clone(),
        description: intent.description.clone(),
        metadata: intent.metadata.clone(),
        statement_descriptor: intent.statement_descriptor.clone(),
        statement_descriptor_suffix: intent.statement_descriptor_suffix.clone(),
        receipt_email: intent.receipt_email.clone(),
        shipping: intent.shipping.as_ref().and_then(|shipping| serde_json::to_value(shipping).ok()),
        on_behalf_of: intent.on_behalf_of.clone(),
        transfer: intent.transfer_data.as_ref().map(super::TransferData::order),
        transfer_group: intent.transfer_group.clone(),
        application_fee_amount: intent.application_fee_amount,
        card_country: method.card.country.clone().unwrap_or_default(),
        capture,
    }
}

/// The card network declined: the attempt is written, the intent can be tried again. Answers the 402.
pub(super) fn decline_attempt(
    tx: &mut Tx,
    intent: &mut Doc<PaymentIntent>,
    method: &Doc<PaymentMethod>,
    decline: &Decline,
) -> Result<ApiError> {
    let charge = charges::decline(tx, order(intent, method, false), decline)?;
    intent.latest_charge = Some(charge.id.clone());
    let error = decline.to_error();
    fail(tx, intent, method, &error, Some(&charge))?;
    with_objects(tx, error, intent, method, Some(&charge))
}

/// Notes why an attempt failed.
pub(super) fn fail(
    tx: &mut Tx,
    intent: &mut Doc<PaymentIntent>,
    method: &Doc<PaymentMethod>,
    error: &ApiError,
    charge: Option<&Doc<Charge>>,
) -> Result<()> {
    let mut told = error.clone();
    if let Some(charge) = charge {
        told = told.with("charge", charge.id.clone());
    }
    let Json::Object(mut told) = told.with("payment_method", shown(tx, method.shown())?).to_value() else {
        return Err(tx.bug("an error is no object"));
    };
    told.shift_remove("request_log_url");
    intent.last_payment_error = Some(told);
    intent.status = Status::RequiresPaymentMethod;
    intent.payment_method = None;
    intent.next_action = None;
    intent.private.token = None;
    intent.private.authenticated = false;
    tx.put(intent)?;
    tx.emit("payment_intent.payment_failed", intent)
}

fn with_objects(
    tx: &Tx,
    error: ApiError,
    intent: &Doc<PaymentIntent>,
    method: &Doc<PaymentMethod>,
    charge: Option<&Doc<Charge>>,
) -> Result<ApiError> {
    let error = match charge {
        Some(charge) => error.with("charge", charge.id.clone()),
        None => error,
    };
    Ok(error.with("payment_intent", shown(tx, intent.shown())?).with("payment_method", shown(tx, method.shown())?))
}

fn shown<T: serde::Serialize>(tx: &Tx, value: &T) -> Result<Json> {
    serde_json::to_value(value).map_err(|error| tx.bug(&format!("a document cannot be written as JSON: {error}")))
}

/// The payer must authenticate: on our page, or through Stripe.js.
fn require_action(tx: &mut Tx, intent: &mut Doc<PaymentIntent>, order: Attempt) -> Result<()> {
    let token = tx.secret(32);
    let url = format!("{}/kontor/3ds/{}?token={token}", tx.world().base_url(), intent.id);
    intent.private.token = Some(token);
    intent.status = Status::RequiresAction;
    intent.next_action = Some(if order.use_stripe_sdk {
        let mut action = Map::new();
        action.insert("type".into(), "three_d_secure_redirect".into());
        action.insert("stripe_js".into(), url.into());
        action.insert("source".into(), format!("src_{}", tx.secret(24)).into());
        NextAction { redirect_to_url: None, use_stripe_sdk: Some(action), kind: "use_stripe_sdk".into() }
    } else {
        let return_url = intent.private.return_url.clone();
        let redirect = RedirectToUrl { return_url, url: Some(url) };
        NextAction { redirect_to_url: Some(redirect), use_stripe_sdk: None, kind: "redirect_to_url".into() }
    });
    tx.put(intent)?;
    tx.emit("payment_intent.requires_action", intent)
}

/// 402: the payer would have to act, and the caller did not want that.
fn action_not_wanted() -> ApiError {
    ApiError::card(
        "authentication_required",
        "This payment required an authentication action to complete, but `error_on_requires_action` was set. When you're \
         ready, you can upgrade your integration to handle actions at https://stripe.com/docs/payments/payment-intents/upgrade-to-handle-actions.",
    )
    .with("decline_code", "authentication_required")
}
