//! What the requests about payment intents have in common.

use kernel::{ApiError, Metadata, MetadataPatch, Patch, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use store::{Doc, Tx};

use super::{AllowRedirects, PaymentDetails, PaymentIntent, TransferData};
use crate::address::BillingDetailsParams;
use crate::payment_methods::card::CardParams;
use crate::payment_methods::{self, AllowRedisplay, MethodParams, PaymentMethod, RadarOptions};
use crate::{customers, text};

/// `payment_method_data`: a new payment method, in place of an id.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MethodData {
    /// `card`.
    #[serde(rename = "type")]
    kind: String,
    /// Whether it may be shown to its customer again.
    allow_redisplay: Option<AllowRedisplay>,
    /// Who is billed.
    billing_details: Option<BillingDetailsParams>,
    /// The card.
    card: Option<CardParams>,
    /// The caller's own.
    #[serde(default)]
    metadata: Patch<MetadataPatch>,
    /// What the risk check is told.
    radar_options: Option<RadarOptions>,
}

impl MethodData {
    fn into_params(self) -> Result<MethodParams> {
        payment_methods::check_supported_type("payment_method_data[type]", &self.kind)?;
        Ok(MethodParams {
            allow_redisplay: self.allow_redisplay,
            billing_details: self.billing_details,
            card: self.card,
            metadata: self.metadata,
            radar_options: self.radar_options,
        })
    }
}

/// `automatic_payment_methods`.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AutomaticParams {
    /// Whether ones that send the payer elsewhere are among them.
    pub allow_redirects: Option<AllowRedirects>,
    /// Whether payment methods are chosen by settings.
    pub enabled: bool,
}

/// `transfer_data` of a new intent.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferDataParams {
    /// How much of it; without it, all.
    pub amount: Option<i64>,
    /// The transfer's description.
    pub description: Option<String>,
    /// The connected account.
    pub destination: String,
    /// The transfer's metadata.
    #[serde(default)]
    pub metadata: Patch<MetadataPatch>,
    /// What the payment on the connected account says.
    pub payment_data: Option<PaymentDataParams>,
}

/// `transfer_data[payment_data]`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentDataParams {
    /// Its description.
    #[serde(default)]
    pub description: Patch<String>,
    /// Its metadata.
    #[serde(default)]
    pub metadata: Patch<MetadataPatch>,
}

impl TransferDataParams {
    pub(super) fn into_data(self) -> Result<TransferData> {
        let metadata = self.metadata.merge(&Metadata::new())?;
        let payment_data = match self.payment_data {
            None => None,
            Some(data) => Some(funds::charges::PaymentData {
                description: data.description.set(),
                metadata: data.metadata.merge(&Metadata::new())?,
            }),
        };
        Ok(TransferData {
            amount: self.amount,
            description: self.description,
            destination: self.destination,
            metadata: (!metadata.is_empty()).then_some(metadata),
            payment_data,
        })
    }
}

/// `transfer_data` of an intent that exists: its destination stays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferAmountParams {
    /// How much of it.
    pub amount: Option<i64>,
}

/// `payment_details`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PaymentDetailsParams {
    /// The customer's number at the merchant.
    pub customer_reference: Patch<String>,
    /// The order's number at the merchant.
    pub order_reference: Patch<String>,
}

impl PaymentDetailsParams {
    pub(super) fn apply(self, details: &mut Option<PaymentDetails>) {
        let details = details.get_or_insert_default();
        self.customer_reference.apply(&mut details.customer_reference);
        self.order_reference.apply(&mut details.order_reference);
    }
}

/// `off_session`: `true`, `false`, or why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OffSession {
    /// Without the payer, once.
    OneOff,
    /// Without the payer, again and again.
    Recurring,
    /// Without the payer.
    True,
    /// With the payer.
    False,
}

impl OffSession {
    pub(super) fn is_off(self) -> bool {
        self != OffSession::False
    }
}

/// Refuses parameters that cannot have an effect yet, by their names.
pub(super) fn refuse(unsupported: &[(&str, bool)]) -> Result<()> {
    match unsupported.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((name, _)) => Err(ApiError::not_yet(name, format!("The parameter {name}"))),
    }
}

/// Names the payment method of an intent: an id, or the details of a new one.
///
/// Errors: both at once; one that is not there, is used up, or is another customer's.
pub(super) fn set_method(
    tx: &mut Tx,
    intent: &mut Doc<PaymentIntent>,
    id: Option<&String>,
    data: Option<MethodData>,
) -> Result<Option<Doc<PaymentMethod>>> {
    let method = match (id, data) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err(both_methods()),
        (Some(id), None) => payment_methods::named(tx, id, "payment_method")?,
        (None, Some(data)) => payment_methods::from_params(tx, data.into_params()?, Some("payment_method_data"))?,
    };
    if method.private.used_up {
        return Err(payment_methods::used_up());
    }
    match (&method.customer, &intent.customer) {
        (Some(theirs), Some(ours)) if theirs != ours => return Err(another_customers(&method.id)),
        (Some(theirs), None) => return Err(customer_missing(theirs)),
        (Some(_), Some(_)) | (None, _) => {}
    }
    intent.payment_method = Some(method.id.clone());
    Ok(Some(method))
}

fn both_methods() -> ApiError {
    ApiError::invalid(
        "payment_method",
        "You may only specify one of these parameters: payment_method, payment_method_data.",
    )
    .code("parameters_exclusive")
}

fn another_customers(method: &str) -> ApiError {
    ApiError::invalid(
        "payment_method",
        format!(
            "The PaymentMethod {method} does not belong to the Customer you supplied. Please use a PaymentMethod that is \
             attached to it."
        ),
    )
}

fn customer_missing(customer: &str) -> ApiError {
    ApiError::invalid(
        "payment_method",
        format!(
            "The provided PaymentMethod cannot be attached. To reuse a PaymentMethod, you must attach it to a Customer \
             first. It belongs to the Customer {customer}: please include the Customer in the `customer` parameter."
        ),
    )
}

/// Names the customer of an intent.
pub(super) fn set_customer(tx: &mut Tx, intent: &mut Doc<PaymentIntent>, customer: &str) -> Result<()> {
    let customer = customers::named(tx, customer, "customer")?;
    intent.customer = Some(customer.id.clone());
    Ok(())
}

/// Types that may be named: all that Stripe knows. What can really be used is cards.
pub(super) fn check_types(param: &str, types: &[String]) -> Result<()> {
    types.iter().enumerate().try_for_each(|(i, kind)| payment_methods::check_type(&format!("{param}[{i}]"), kind))
}

/// The longest statement descriptor (Stripe, "Statement descriptors").
const LONGEST_DESCRIPTOR: usize = 22;

/// Whether a payer's statement can say this: up to 22 characters, a letter among them, none of `<>\'"*`.
pub(super) fn check_descriptor(param: &str, text: &str) -> Result<()> {
    if LONGEST_DESCRIPTOR < text.chars().count() {
        let message = format!("The statement descriptor must be at most {LONGEST_DESCRIPTOR} characters.");
        return Err(ApiError::invalid(param, message));
    }
    if text.contains(['<', '>', '\\', '\'', '"', '*']) || !text.is_ascii() {
        let message =
            "The statement descriptor contains unsupported characters: < > \\ ' \" * and characters beyond ASCII.";
        return Err(ApiError::invalid(param, message));
    }
    if !text.chars().any(|c| c.is_ascii_alphabetic()) {
        return Err(ApiError::invalid(param, "The statement descriptor must contain at least one letter."));
    }
    Ok(())
}

/// Free text of the caller.
pub(super) fn check_texts(texts: &[(&str, Option<&String>, usize)]) -> Result<()> {
    texts.iter().try_for_each(|(param, value, most)| text::check_given(param, *value, *most))
}

/// A free hash that is shown as it was given: `amount_details`.
pub(super) fn as_hash(param: &str, value: Json) -> Result<serde_json::Map<String, Json>> {
    match value {
        Json::Object(hash) => Ok(hash),
        _ => Err(no_hash(param)),
    }
}

/// A hash that is taken without effect.
pub(super) fn check_hash(param: &str, value: &Json) -> Result<()> {
    if value.is_object() { Ok(()) } else { Err(no_hash(param)) }
}

fn no_hash(param: &str) -> ApiError {
    ApiError::invalid(param, "Invalid object")
}
