//! What an intent is paid with: which types, which payment method, of which customer.

use kernel::{ApiError, MetadataPatch, Patch, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Doc, Tx};

use super::PaymentIntent;
use crate::address::BillingDetailsParams;
use crate::customers;
use crate::payment_methods::card::CardParams;
use crate::payment_methods::{self, AllowRedisplay, MethodParams, OtherTypes, PaymentMethod, RadarOptions};

/// `payment_method_data`: a new payment method, in place of an id.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
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
    /// Not supported yet.
    #[serde(flatten)]
    others: OtherTypes,
}

impl MethodData {
    fn into_params(self) -> Result<MethodParams> {
        payment_methods::check_supported_type("payment_method_data[type]", &self.kind)?;
        self.others.refuse(|name| format!("payment_method_data[{name}]"))?;
        Ok(MethodParams {
            allow_redisplay: self.allow_redisplay,
            billing_details: self.billing_details,
            card: self.card,
            metadata: self.metadata,
            radar_options: self.radar_options,
        })
    }
}

/// Names the payment method of an intent: an id, or the details of a new one. Whether the intent may be paid with it is
/// asked when it is: see [`check_method`].
///
/// Errors: both at once; one that is not there.
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
    check_method(intent, &method)?;
    intent.payment_method = Some(method.id.clone());
    Ok(Some(method))
}

/// Whether an intent may be paid with a payment method now: much may have happened to both since they were put together.
///
/// Errors: 400 for one that was used or detached, and for another customer's.
pub(super) fn check_method(intent: &PaymentIntent, method: &Doc<PaymentMethod>) -> Result<()> {
    if method.private.used_up {
        return Err(payment_methods::used_up());
    }
    match &method.customer {
        Some(theirs) if intent.customer.as_ref() != Some(theirs) => Err(belongs_to(&method.id, theirs)),
        Some(_) | None => Ok(()),
    }
}

/// Names the customer of an intent. Once there is one it stays.
///
/// Errors: 400 `resource_missing`; another customer than before.
pub(super) fn set_customer(tx: &mut Tx, intent: &mut Doc<PaymentIntent>, customer: &str) -> Result<()> {
    match &intent.customer {
        Some(now) if now == customer => return Ok(()),
        Some(_) => return Err(customer_is_set()),
        None => {}
    }
    let customer = customers::named(tx, customer, "customer")?;
    intent.customer = Some(customer.id.clone());
    Ok(())
}

/// Types that a payment may be limited to: there must be one among them that Kontor can take, and none that it cannot.
pub(super) fn check_types(param: &str, types: &[String]) -> Result<()> {
    for (i, kind) in types.iter().enumerate() {
        payment_methods::check_type(&format!("{param}[{i}]"), kind)?;
        if kind != "card" {
            return Err(not_activated(param, kind));
        }
    }
    Ok(())
}

/// Types that a payment must not use: cards must be left.
pub(super) fn check_excluded(types: &[String]) -> Result<()> {
    let param = "excluded_payment_method_types";
    for (i, kind) in types.iter().enumerate() {
        payment_methods::check_type(&format!("{param}[{i}]"), kind)?;
    }
    if types.iter().any(|kind| kind == "card") {
        return Err(ApiError::invalid(
            param,
            "No payment method types are left for this PaymentIntent: all are excluded.",
        )
        .code("payment_intent_invalid_parameter"));
    }
    Ok(())
}

fn not_activated(param: &str, kind: &str) -> ApiError {
    let message = format!(
        "The payment method type \"{kind}\" is invalid. Please ensure the provided type is activated in your dashboard. This \
         version of Kontor takes payments by card only."
    );
    ApiError::invalid(param, message).code("payment_intent_invalid_parameter")
}

fn both_methods() -> ApiError {
    ApiError::invalid(
        "payment_method",
        "You may only specify one of these parameters: payment_method, payment_method_data.",
    )
    .code("parameters_exclusive")
}

fn belongs_to(method: &str, customer: &str) -> ApiError {
    ApiError::invalid(
        "payment_method",
        format!(
            "The `payment_method` parameter supplied {method} belongs to the Customer {customer}. Please include the \
             Customer in the `customer` parameter on the PaymentIntent."
        ),
    )
}

fn customer_is_set() -> ApiError {
    ApiError::invalid(
        "customer",
        "You cannot modify `customer` on a PaymentIntent once it already has been set. To fulfill a payment with a different \
         Customer, cancel this PaymentIntent and create a new one.",
    )
}
