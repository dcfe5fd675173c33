//! An attempt: the card network is asked for the money, and what it answers is written.
//!
//! | answer | the intent becomes | the caller gets |
//! |---|---|---|
//! | yes | `succeeded`, or `requires_capture` when captured by hand | the intent |
//! | no | `requires_payment_method`, with the failed charge and `last_payment_error` | 402, remembered |
//! | the payer must authenticate | `requires_action`, with a `next_action` | the intent |
//!
//! A payment method that is no customer's and is not to be kept is good for one attempt, however it ends; one that the
//! network never saw (the payer did not authenticate) can be tried again.

use funds::charges::{self, Charge, ChargeOrder, Split, check_split};
use kernel::{ApiError, DAY, Result};
use rails::cards::{self, Answer, Approval, Ask, Authentication, Checks, Decline, Reason};
use serde_json::{Map, Value as Json, json};
use store::{Doc, Tx};
use wire::Reply;

use super::cancel::EXPIRE;
use super::method::check_method;
use super::read::{self, reply};
use super::{
    AllowRedirects, CaptureMethod, CardOptions, NextAction, PaymentIntent, RedirectToUrl, SetupFutureUsage, Status,
    TransferData,
};
use crate::customers;
use crate::payment_methods::{self, PaymentMethod, card};
use crate::sources::{Source, is_source};

/// Days after which an authorisation that was not captured is given up (money.md 6.1, windows).
const AUTHORISED_DAYS: i64 = 7;

/// How an attempt is made.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Terms {
    /// The payer is away.
    pub(super) off_session: bool,
    /// An error in place of a next action.
    pub(super) error_on_requires_action: bool,
    /// The next action is one for Stripe.js.
    pub(super) use_stripe_sdk: bool,
}

/// Whether the payment may be shared out as its intent says.
pub(super) fn check_sharing(tx: &mut Tx, intent: &PaymentIntent) -> Result<()> {
    let transfer = intent.transfer_data.as_ref().map(TransferData::order);
    let split = Split {
        amount: intent.money(),
        application_fee_amount: intent.application_fee_amount,
        transfer: transfer.as_ref(),
        on_behalf_of: intent.on_behalf_of.as_deref(),
        transfer_group: intent.transfer_group.as_deref(),
    };
    check_split(tx, &split)
}

/// Whether the payment can be made now, with what became of its customer, payment method and shares since it was asked for.
pub(super) fn check_ready(tx: &mut Tx, intent: &PaymentIntent, method: &Doc<PaymentMethod>) -> Result<()> {
    if let Some(customer) = &intent.customer {
        customers::named(tx, customer, "customer")?;
    }
    check_method(intent, method)?;
    check_sharing(tx, intent)
}

/// Tries to take the money with `method`.
pub(super) fn attempt(
    tx: &mut Tx,
    mut intent: Doc<PaymentIntent>,
    method: Doc<PaymentMethod>,
    terms: Terms,
) -> Result<Reply<PaymentIntent>> {
    check_return_url(tx, &intent, terms)?;
    check_ready(tx, &intent, &method)?;
    let authentication = if intent.private.authenticated { Authentication::Succeeded } else { Authentication::NotDone };
    match ask(tx, &intent, &method, terms.off_session, authentication)? {
        Answer::Approved(approval) => {
            approve(tx, &mut intent, method, approval)?;
            reply(tx, &intent)
        }
        Answer::Declined(decline) => decline_attempt(tx, &mut intent, method, &decline).map(Reply::refused),
        Answer::AuthenticationRequired if terms.error_on_requires_action => {
            let error = action_not_wanted();
            fail(tx, &mut intent, &method, &error, None)?;
            with_objects(tx, error, &intent, &method, None).map(Reply::refused)
        }
        Answer::AuthenticationRequired => {
            require_action(tx, &mut intent, terms)?;
            reply(tx, &intent)
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
    if method.expiry().is_past(tx.now()) {
        let checks = Checks::default();
        return Ok(Answer::Declined(Decline { reason: Reason::ExpiredCard, checks, three_d_secure: None }));
    }
    let number = card::number(tx, method)?;
    let request = card_option(intent, |card| card.request_three_d_secure).unwrap_or_default();
    let question = Ask {
        given: card::given_with(method),
        off_session,
        set_up_off_session: method.private.set_up_off_session,
        authentication,
        request_three_d_secure: request.into(),
        ..Ask::new(intent.money())
    };
    Ok(cards::authorize(&number, &question))
}

fn card_option<T>(intent: &PaymentIntent, option: impl FnOnce(&CardOptions) -> Option<T>) -> Option<T> {
    option(intent.payment_method_options.as_ref()?.card.as_ref()?)
}

/// A page that the payer may be sent to must lead back. Stripe.js has its own way.
fn check_return_url(tx: &Tx, intent: &Doc<PaymentIntent>, terms: Terms) -> Result<()> {
    let redirects = intent.automatic_payment_methods.is_some_and(|a| a.allow_redirects == AllowRedirects::Always);
    let by_stripe_js = tx.caller().publishable || terms.use_stripe_sdk;
    let needs = redirects && !by_stripe_js && !terms.off_session && !terms.error_on_requires_action;
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
    let mut changed = card::note_checks(tx, &mut method, approval.checks)?;
    let usage = usage(intent);
    if usage == Some(SetupFutureUsage::OffSession) && authenticated && !method.private.set_up_off_session {
        method.private.set_up_off_session = true;
        changed = true;
    }
    match (&intent.customer, usage) {
        (Some(customer), Some(_)) if method.customer.is_none() => {
            payment_methods::keep(tx, &mut method, &customer.clone())?;
        }
        _ => spend(tx, usage, &mut method, changed)?,
    }
    let order = order(tx, intent, &method, !by_hand)?;
    let charge = charges::approve(tx, order, approval)?;
    end_attempt(intent);
    intent.latest_charge = Some(charge.id.clone());
    intent.last_payment_error = None;
    if intent.transfer_data.is_some() {
        intent.transfer_group.clone_from(&charge.transfer_group);
    }
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

/// Whether, and for what, the payment method is to be kept.
fn usage(intent: &PaymentIntent) -> Option<SetupFutureUsage> {
    match card_option(intent, |card| card.setup_future_usage) {
        Some(for_cards) => for_cards.usage(),
        None => intent.setup_future_usage,
    }
}

/// A payment method that is nobody's and is not to be kept was good for this once.
fn spend(tx: &mut Tx, usage: Option<SetupFutureUsage>, method: &mut Doc<PaymentMethod>, changed: bool) -> Result<()> {
    let is_single = method.customer.is_none() && usage.is_none();
    if is_single {
        card::use_up(tx, method);
    }
    if is_single || changed { tx.put(method) } else { Ok(()) }
}

fn order(tx: &Tx, intent: &PaymentIntent, method: &PaymentMethod, capture: bool) -> Result<ChargeOrder> {
    Ok(ChargeOrder {
        amount: intent.money(),
        payment_intent: Some(intent.id.clone()),
        customer: intent.customer.clone(),
        payment_method: Some(method.id.clone()),
        payment_method_details: method.details(),
        source: if is_source(&method.id) { Some(Source::json(tx, method)?.into()) } else { None },
        billing_details: method.billing_details.clone(),
        description: intent.description.clone(),
        metadata: intent.metadata.clone(),
        statement_descriptor: intent.statement_descriptor.clone(),
        statement_descriptor_suffix: intent.statement_descriptor_suffix.clone(),
        receipt_email: intent.receipt_email.clone(),
        shipping: intent.shipping.as_ref().and_then(|shipping| serde_json::to_value(shipping).ok()),
        on_behalf_of: intent.on_behalf_of.clone(),
        transfer: intent.transfer_data.as_ref().map(TransferData::order),
        transfer_group: intent.transfer_group.clone(),
        application_fee_amount: intent.application_fee_amount,
        card_country: method.card.country.clone().unwrap_or_default(),
        capture,
    })
}

/// The card network declined: the attempt is written, the intent can be tried again. Answers the 402.
pub(super) fn decline_attempt(
    tx: &mut Tx,
    intent: &mut Doc<PaymentIntent>,
    mut method: Doc<PaymentMethod>,
    decline: &Decline,
) -> Result<ApiError> {
    let changed = card::note_checks(tx, &mut method, decline.checks)?;
    spend(tx, usage(intent), &mut method, changed)?;
    let order = order(tx, intent, &method, false)?;
    let charge = charges::decline(tx, order, decline)?;
    intent.latest_charge = Some(charge.id.clone());
    let error = decline.to_error();
    fail(tx, intent, &method, &error, Some(&charge))?;
    with_objects(tx, error, intent, &method, Some(&charge))
}

/// Notes why an attempt failed.
pub(super) fn fail(
    tx: &mut Tx,
    intent: &mut Doc<PaymentIntent>,
    method: &Doc<PaymentMethod>,
    error: &ApiError,
    charge: Option<&Doc<Charge>>,
) -> Result<()> {
    let told = match charge {
        Some(charge) => error.clone().with("charge", charge.id.clone()),
        None => error.clone(),
    };
    let Json::Object(told) = told.with("payment_method", read::json(tx, method.shown())?).to_value() else {
        return Err(tx.bug("an error is no object"));
    };
    end_attempt(intent);
    intent.last_payment_error = Some(told);
    intent.status = Status::RequiresPaymentMethod;
    intent.payment_method = None;
    tx.put(intent)?;
    tx.emit("payment_intent.payment_failed", intent)
}

/// Nobody waits for the payer any more.
pub(super) fn end_attempt(intent: &mut Doc<PaymentIntent>) {
    intent.next_action = None;
    intent.private.token = None;
    intent.private.authenticated = false;
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
    let error = error.with("payment_intent", read::shown(tx, intent.shown())?);
    Ok(error.with("payment_method", read::json(tx, method.shown())?))
}

/// The payer must authenticate: on our page, or through Stripe.js, which also gets what has no way back.
fn require_action(tx: &mut Tx, intent: &mut Doc<PaymentIntent>, terms: Terms) -> Result<()> {
    let token = tx.secret(32);
    let url = format!("{}/kontor/3ds/{}?token={token}", tx.world().base_url(), intent.id);
    end_attempt(intent);
    intent.private.token = Some(token);
    intent.status = Status::RequiresAction;
    let return_url = intent.private.return_url.clone();
    intent.next_action = Some(if terms.use_stripe_sdk || return_url.is_none() {
        let mut action = Map::new();
        action.insert("type".into(), "three_d_secure_redirect".into());
        action.insert("stripe_js".into(), url.into());
        action.insert("source".into(), format!("src_{}", tx.secret(24)).into());
        NextAction { redirect_to_url: None, use_stripe_sdk: Some(action), kind: "use_stripe_sdk".into() }
    } else {
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
         ready, you can upgrade your integration to handle actions at \
         https://stripe.com/docs/payments/payment-intents/upgrade-to-handle-actions.",
    )
    .with("decline_code", "authentication_not_handled")
}
