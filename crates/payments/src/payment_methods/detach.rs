//! Letting a payment method go. It cannot be used or attached again.

use kernel::{ApiError, Result};
use store::{Doc, Tx};
use wire::{NoParams, Path, Reply};

use super::{PaymentMethod, card, existing};
use crate::customers::{self, Customer};

/// Detaches a payment method from its customer, and from the customer's defaults.
///
/// Errors: a payment method without a customer.
/// Events: `payment_method.detached`, `customer.updated` when it was the default.
pub(super) fn detach(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<PaymentMethod>> {
    let mut payment_method = existing(tx, path.id(), "payment_method")?;
    let Some(customer) = payment_method.customer.clone() else { return Err(not_attached()) };
    let_go(tx, &mut payment_method)?;
    let mut customer = tx.load::<Customer>(&customer)?;
    if customers::forget(tx, &mut customer, &payment_method.id)? {
        tx.put(&customer)?;
        tx.emit_updated("customer.updated", &customer)?;
    }
    Ok(Reply::document(&payment_method))
}

/// Takes a payment method from its customer and forgets the card's number.
///
/// Events: `payment_method.detached`.
pub(crate) fn let_go(tx: &mut Tx, payment_method: &mut Doc<PaymentMethod>) -> Result<()> {
    payment_method.customer = None;
    card::use_up(tx, payment_method);
    tx.put(payment_method)?;
    tx.emit_updated("payment_method.detached", payment_method)
}

fn not_attached() -> ApiError {
    ApiError::bad_request("The payment method you provided is not attached to a customer so detachment is impossible.")
}
