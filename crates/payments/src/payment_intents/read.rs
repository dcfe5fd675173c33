//! Reading payment intents: which ones, and how much of one its reader may see.
//!
//! A browser holds a publishable key and one intent's client secret. It sees what concerns the payer, and neither what the
//! merchant notes nor how the money is shared out.

use kernel::{ApiError, Result, missing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use store::{Doc, Tx};
use wire::{ListSpec, Path, Reply};

use super::PaymentIntent;
use super::params::refuse;
use crate::customers;

/// Filters of `GET /v1/payment_intents`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListIntents {
    /// Only this customer's.
    customer: Option<String>,
    /// Not supported yet.
    customer_account: Option<String>,
}

pub(super) fn list(tx: &mut Tx, _: &Path, p: ListIntents) -> Result<ListSpec> {
    refuse(&[("customer_account", p.customer_account.is_some())])?;
    if let Some(customer) = &p.customer {
        customers::named(tx, customer, "customer")?;
    }
    Ok(ListSpec::own(tx).when("customer", p.customer))
}

/// Parameters of `GET /v1/payment_intents/{intent}`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetrieveIntent {
    /// The intent's own secret: with a publishable key it is needed.
    client_secret: Option<String>,
}

/// Answers an intent.
///
/// Errors: 404 `resource_missing`; a wrong or missing client secret.
pub(super) fn retrieve(tx: &mut Tx, path: &Path, p: RetrieveIntent) -> Result<Reply<PaymentIntent>> {
    let intent = existing(tx, path.id(), p.client_secret.as_ref())?;
    reply(tx, &intent)
}

/// A payment intent of the account acted on, named in the path.
///
/// Errors: 404 `resource_missing`; for a publishable key also without the intent's client secret.
pub(super) fn existing(tx: &mut Tx, id: &str, client_secret: Option<&String>) -> Result<Doc<PaymentIntent>> {
    if tx.caller().publishable && client_secret.is_none() {
        return Err(missing("client_secret"));
    }
    let intent = tx.get::<PaymentIntent>(id, "intent")?;
    if client_secret.is_some() && client_secret != intent.client_secret.as_ref() {
        return Err(wrong_client_secret());
    }
    Ok(intent)
}

fn wrong_client_secret() -> ApiError {
    ApiError::invalid(
        "client_secret",
        "The client_secret provided does not match any associated PaymentIntent on this account. Ensure the publishable key \
         used belongs to the same account that created the PaymentIntent.",
    )
    .code("payment_intent_invalid_parameter")
}

/// The fields that a browser may see.
const FOR_BROWSERS: &[&str] = &[
    "id",
    "object",
    "amount",
    "amount_details",
    "automatic_payment_methods",
    "canceled_at",
    "cancellation_reason",
    "capture_method",
    "client_secret",
    "confirmation_method",
    "created",
    "currency",
    "description",
    "excluded_payment_method_types",
    "last_payment_error",
    "livemode",
    "next_action",
    "payment_method",
    "payment_method_configuration_details",
    "payment_method_types",
    "processing",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "source",
    "status",
];

/// The intent, as much of it as the caller may see.
pub(super) fn reply(tx: &Tx, intent: &Doc<PaymentIntent>) -> Result<Reply<PaymentIntent>> {
    if tx.caller().publishable { Ok(Reply::value(shown(tx, intent)?)) } else { Ok(Reply::document(intent)) }
}

/// The same inside an error.
pub(super) fn shown(tx: &Tx, intent: &PaymentIntent) -> Result<Json> {
    let mut value = json(tx, intent)?;
    if let Json::Object(fields) = &mut value
        && tx.caller().publishable
    {
        fields.retain(|name, _| FOR_BROWSERS.contains(&name.as_str()));
    }
    Ok(value)
}

/// An object as JSON.
pub(super) fn json<T: Serialize>(tx: &Tx, value: &T) -> Result<Json> {
    serde_json::to_value(value).map_err(|error| tx.bug(&format!("a document cannot be written as JSON: {error}")))
}

/// 400 `payment_intent_unexpected_state`, with the intent in it.
pub(super) fn unexpected_state(tx: &Tx, intent: &PaymentIntent, message: impl Into<String>) -> ApiError {
    match shown(tx, intent) {
        Ok(shown) => {
            ApiError::bad_request(message).code("payment_intent_unexpected_state").with("payment_intent", shown)
        }
        Err(bug) => bug,
    }
}
