//! Reading payment intents.

use kernel::Result;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tx;
use wire::{ListSpec, Path, Reply};

use super::params::refuse;
use super::{PaymentIntent, existing};
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
    Ok(Reply::document(&intent))
}
