//! A customer's payment methods, under the customer's own path.

use kernel::Result;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tx;
use wire::{ListSpec, NoParams, Path, Reply, Route};

use super::existing;
use crate::payment_methods::{AllowRedisplay, PaymentMethod, check_type, no_such};

/// Filters of `GET /v1/customers/{customer}/payment_methods`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListOfCustomer {
    /// Only those that may be shown again in this way.
    allow_redisplay: Option<AllowRedisplay>,
    /// Only those of this type.
    #[serde(rename = "type")]
    kind: Option<String>,
}

pub(super) fn list_route() -> Route {
    wire::list::<PaymentMethod, ListOfCustomer>(
        "/v1/customers/{customer}/payment_methods",
        "customers.listPaymentMethods",
        list,
    )
    .without_created()
}

fn list(tx: &mut Tx, path: &Path, p: ListOfCustomer) -> Result<ListSpec> {
    let customer = existing(tx, path.id(), "customer")?;
    if let Some(kind) = &p.kind {
        check_type("type", kind)?;
    }
    Ok(ListSpec::own(tx)
        .when("customer", Some(customer.id.as_str()))
        .when("type", p.kind)
        .when("allow_redisplay", p.allow_redisplay.map(AllowRedisplay::as_str)))
}

pub(super) fn retrieve(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<PaymentMethod>> {
    let customer = existing(tx, path.id(), "customer")?;
    match tx.peek::<PaymentMethod>(path.at(1))? {
        Some(theirs) if theirs.account == customer.account && theirs.customer.as_ref() == Some(&customer.id) => {
            Ok(Reply::document(&theirs))
        }
        Some(_) | None => Err(no_such(path.at(1), "payment_method")),
    }
}
