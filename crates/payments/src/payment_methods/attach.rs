//! Keeping a payment method for a customer.

use kernel::{ApiError, Result, missing};
use rails::cards;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Doc, Tx};
use wire::{Path, Reply};

use super::{PaymentMethod, card, existing, named, used_up};
use crate::customers::{self, Customer};

/// Parameters of `POST /v1/payment_methods/{payment_method}/attach`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attach {
    /// `cus_…`.
    pub customer: Option<String>,
    /// Not supported yet.
    pub customer_account: Option<String>,
}

/// Attaches a payment method to a customer. The card's issuer is asked whether the card is good.
///
/// Errors: 402 for a card that its issuer declines, in which case nothing changes; a payment method that has a customer.
/// Events: `payment_method.attached`.
pub(super) fn attach(tx: &mut Tx, path: &Path, p: Attach) -> Result<Reply<PaymentMethod>> {
    if p.customer_account.is_some() {
        return Err(ApiError::not_yet("customer_account", "The parameter customer_account"));
    }
    let Some(customer) = &p.customer else { return Err(missing("customer")) };
    let mut payment_method = existing(tx, path.id(), "payment_method")?;
    let customer = customers::named(tx, customer, "customer")?;
    attach_to(tx, &mut payment_method, &customer)?;
    tx.emit("payment_method.attached", &payment_method)?;
    Ok(Reply::document(&payment_method))
}

/// The same for a payment method named in another request; the caller says what happened.
pub(crate) fn attach_named(tx: &mut Tx, id: &str, param: &str, customer: &Doc<Customer>) -> Result<Doc<PaymentMethod>> {
    let mut payment_method = named(tx, id, param)?;
    attach_to(tx, &mut payment_method, customer)?;
    Ok(payment_method)
}

/// Attaches a payment method that nobody has; the caller says what happened.
pub(crate) fn attach_to(tx: &mut Tx, payment_method: &mut Doc<PaymentMethod>, customer: &Doc<Customer>) -> Result<()> {
    if payment_method.customer.is_some() {
        return Err(already_attached());
    }
    if payment_method.private.used_up {
        return Err(used_up());
    }
    let number = card::number(tx, payment_method)?;
    let checks = cards::attach(&number, card::given_with(payment_method)).map_err(|decline| decline.to_error())?;
    card::note_checks(tx, payment_method, checks)?;
    payment_method.customer = Some(customer.id.clone());
    tx.put(payment_method)
}

/// Keeps a payment method for the customer after a payment that asked for it; the issuer has just approved.
///
/// Events: `payment_method.attached`.
pub(crate) fn keep(tx: &mut Tx, payment_method: &mut Doc<PaymentMethod>, customer: &str) -> Result<()> {
    payment_method.customer = Some(customer.to_owned());
    tx.put(payment_method)?;
    tx.emit("payment_method.attached", payment_method)
}

fn already_attached() -> ApiError {
    ApiError::bad_request("The payment method you provided has already been attached to a customer.")
}
