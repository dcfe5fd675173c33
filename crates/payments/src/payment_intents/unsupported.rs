//! What payment intents cannot do yet: each answers that, in a sentence.

use kernel::{ApiError, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use store::Tx;
use wire::{List, NoParams, Path, Reply, list_json};

use super::PaymentIntent;
use super::read::existing;

/// Parameters are taken as they come, since the answer does not depend on them.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct AnyParams(#[allow(dead_code, reason = "only so that every parameter is taken")] Map<String, Json>);

fn not_yet(what: &str) -> ApiError {
    ApiError::bad_request(format!("{what} is not supported by this version of Kontor yet."))
}

pub(super) fn search(_: &mut Tx, _: &Path, _: AnyParams) -> Result<Reply<NoParams>> {
    Err(not_yet("Searching payment intents"))
}

/// Line items cannot be given yet, so an intent has none.
pub(super) fn line_items(tx: &mut Tx, path: &Path, _: LineItems) -> Result<Reply<List<Json>>> {
    existing(tx, path.id(), None)?;
    Ok(Reply::value(list_json(path.url(), Vec::new(), false)))
}

/// Parameters of `GET /v1/payment_intents/{intent}/amount_details_line_items`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(dead_code, reason = "taken, since they have nothing to choose from")]
pub struct LineItems {
    /// How many.
    limit: Option<u8>,
    /// After which.
    starting_after: Option<String>,
    /// Before which.
    ending_before: Option<String>,
}

pub(super) fn increment_authorization(tx: &mut Tx, path: &Path, _: AnyParams) -> Result<Reply<PaymentIntent>> {
    existing(tx, path.id(), None)?;
    Err(not_yet("Incrementing an authorization"))
}

pub(super) fn apply_customer_balance(tx: &mut Tx, path: &Path, _: AnyParams) -> Result<Reply<PaymentIntent>> {
    existing(tx, path.id(), None)?;
    Err(not_yet("Paying from a customer's cash balance"))
}

pub(super) fn verify_microdeposits(tx: &mut Tx, path: &Path, _: AnyParams) -> Result<Reply<PaymentIntent>> {
    existing(tx, path.id(), None)?;
    Err(not_yet("Verifying by microdeposits"))
}
