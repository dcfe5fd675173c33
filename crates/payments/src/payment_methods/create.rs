//! Making a payment method: from a card's number, a token, a test id, or a platform's payment method.

use funds::charges::BillingDetails;
use kernel::{ApiError, Metadata, MetadataPatch, Patch, Result, missing};
use rails::cards;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Doc, Tx};
use wire::{Path, Reply};

use super::card::{self, CardParams, Digits, NewCard, Secret};
use super::{
    AllowRedisplay, OtherTypes, PaymentMethod, PaymentMethodState, check_supported_type, is_test_id, no_such, used_up,
};
use crate::address::BillingDetailsParams;
use crate::{text, tokens};

/// Parameters of `POST /v1/payment_methods`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct CreatePaymentMethod {
    /// Whether it may be shown to its customer again.
    pub allow_redisplay: Option<AllowRedisplay>,
    /// Who is billed.
    pub billing_details: Option<BillingDetailsParams>,
    /// The card.
    pub card: Option<CardParams>,
    /// With `payment_method`: the platform's customer whose it is.
    pub customer: Option<String>,
    /// The caller's own.
    pub metadata: Patch<MetadataPatch>,
    /// Together with `Stripe-Account`: the platform's payment method to be copied.
    pub payment_method: Option<String>,
    /// What the risk check is told.
    pub radar_options: Option<RadarOptions>,
    /// `card`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Not supported yet.
    #[serde(flatten)]
    pub(crate) others: OtherTypes,
}

/// What the risk check is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RadarOptions {
    /// `rse_…`: a browser session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// What a payment method is made of, whichever request it comes with.
#[derive(Debug, Default)]
pub(crate) struct MethodParams {
    pub(crate) allow_redisplay: Option<AllowRedisplay>,
    pub(crate) billing_details: Option<BillingDetailsParams>,
    pub(crate) card: Option<CardParams>,
    pub(crate) metadata: Patch<MetadataPatch>,
    pub(crate) radar_options: Option<RadarOptions>,
}

/// Makes a payment method of the account acted on.
///
/// Errors: 402 for a card that cannot be; what is missing; types that are not supported yet.
pub(super) fn create(tx: &mut Tx, _: &Path, p: CreatePaymentMethod) -> Result<Reply<PaymentMethod>> {
    if let Some(source) = &p.payment_method {
        return copy(tx, source, &p).map(|made| Reply::document(&made));
    }
    if p.customer.is_some() {
        return Err(missing("payment_method"));
    }
    let Some(kind) = p.kind.as_deref().or(p.card.as_ref().map(|_| "card")) else { return Err(missing("type")) };
    check_supported_type("type", kind)?;
    p.others.refuse(str::to_owned)?;
    let method = MethodParams {
        allow_redisplay: p.allow_redisplay,
        billing_details: p.billing_details,
        card: p.card,
        metadata: p.metadata,
        radar_options: p.radar_options,
    };
    let made = from_params(tx, method, None)?;
    Ok(Reply::document(&made))
}

/// Makes a payment method from what a request gives; `hash` is the bracketed name that `card` is in, when it is in one
/// (`payment_method_data`).
pub(crate) fn from_params(tx: &mut Tx, p: MethodParams, hash: Option<&str>) -> Result<Doc<PaymentMethod>> {
    let name = |field: &str| hash.map_or_else(|| field.to_owned(), |hash| format!("{hash}[{field}]"));
    if let Some(billing) = &p.billing_details {
        billing.check(&name("billing_details"))?;
    }
    let metadata = p.metadata.merge(&Metadata::new())?;
    let session = p.radar_options.as_ref().and_then(|options| options.session.as_ref());
    text::check_given(&name("radar_options[session]"), session, text::NAME)?;
    let Some(card) = p.card else { return Err(missing(&name("card"))) };
    let mut billing = p.billing_details.map_or_else(BillingDetails::default, BillingDetailsParams::into_details);
    let new_card = match &card.token {
        Some(token) => tokens::spend(tx, token, &name("card[token]"), &mut billing)?,
        None => NewCard::typed(tx, &card, &name("card"))?,
    };
    let (redisplay, radar_options) = (p.allow_redisplay, p.radar_options);
    make(tx, &new_card, New { billing, metadata, redisplay, radar_options, ..New::default() })
}

/// Makes a payment method like the ready-made one that a test id names ([`is_test_id`]).
pub(crate) fn from_test_id(tx: &mut Tx, id: &str) -> Result<Doc<PaymentMethod>> {
    let Some(card) = cards::find_payment_method(id) else { return Err(no_such(id, "payment_method")) };
    let new_card = NewCard::test(tx, card);
    make(tx, &new_card, New { test_id: Some(id.to_owned()), ..New::default() })
}

/// Makes a payment method that is also a source, as programs from before payment methods know cards.
pub(crate) fn make_source(tx: &mut Tx, card: &NewCard, billing: BillingDetails) -> Result<Doc<PaymentMethod>> {
    make(tx, card, New { billing, is_source: true, ..New::default() })
}

/// What a payment method has beside its card.
#[derive(Debug, Default)]
struct New {
    billing: BillingDetails,
    metadata: Metadata,
    redisplay: Option<AllowRedisplay>,
    radar_options: Option<RadarOptions>,
    test_id: Option<String>,
    is_source: bool,
}

fn make(tx: &mut Tx, card: &NewCard, new: New) -> Result<Doc<PaymentMethod>> {
    let shown = PaymentMethod {
        id: tx.id(if new.is_source { "card" } else { "pm" }),
        object: "payment_method".into(),
        allow_redisplay: new.redisplay.unwrap_or_default(),
        card: card.shown(&new.billing),
        billing_details: new.billing,
        created: tx.now(),
        customer: None,
        customer_account: None,
        livemode: tx.livemode(),
        metadata: new.metadata,
        radar_options: new.radar_options,
        kind: "card".into(),
    };
    let (cvc_given, is_sealed) = (card.cvc.is_some(), new.test_id.is_none());
    if is_sealed {
        tx.seal(&shown.id, &card.secret())?;
    }
    let account = tx.account().to_owned();
    let state = PaymentMethodState {
        cvc_given,
        cvc_kept: cvc_given && is_sealed,
        test_id: new.test_id,
        ..PaymentMethodState::default()
    };
    tx.create(&account, shown, state)
}

/// Copies a platform's payment method to the connected account acted on. The copy belongs to no customer. An original
/// without a customer is used up by that.
///
/// Errors: without `Stripe-Account`; 400 `resource_missing` for a customer or payment method that is not the platform's,
/// or does not go with the other.
fn copy(tx: &mut Tx, source: &str, p: &CreatePaymentMethod) -> Result<Doc<PaymentMethod>> {
    if is_test_id(tx, source) {
        return from_test_id(tx, source);
    }
    if !tx.caller().is_connect() || tx.caller().publishable {
        return Err(only_for_connected());
    }
    let metadata = p.metadata.merge(&Metadata::new())?;
    let platform = tx.caller().key_account.clone();
    let mut original = match tx.find::<PaymentMethod>(source)? {
        Some(original) if original.account == platform => original,
        Some(_) | None => return Err(no_such(source, "payment_method").status(400)),
    };
    match (&p.customer, &original.customer) {
        (None, Some(_)) => return Err(missing("customer")),
        (Some(named), theirs) if theirs.as_ref() != Some(named) => {
            return Err(no_such(source, "payment_method").status(400));
        }
        (None, None) | (Some(_), _) => {}
    }
    if original.private.used_up {
        return Err(used_up());
    }
    let (number, id) = (card::number(tx, &original)?, tx.id("pm"));
    if original.private.test_id.is_none() {
        tx.seal(&id, &Secret { number: Digits(number.digits().to_owned()), cvc: None })?;
    }
    if original.customer.is_none() {
        card::use_up(tx, &mut original);
        tx.put(&original)?;
    }
    let shown = PaymentMethod {
        id,
        created: tx.now(),
        customer: None,
        metadata,
        allow_redisplay: p.allow_redisplay.unwrap_or_default(),
        radar_options: None,
        ..original.shown().clone()
    };
    let state = PaymentMethodState {
        cvc_given: original.private.cvc_given,
        test_id: original.private.test_id.clone(),
        ..PaymentMethodState::default()
    };
    let account = tx.account().to_owned();
    tx.create(&account, shown, state)
}

fn only_for_connected() -> ApiError {
    ApiError::invalid(
        "payment_method",
        "The payment_method parameter copies a PaymentMethod of your platform to a connected account. To do so, name the \
         connected account in the Stripe-Account header and use your secret key.",
    )
}
