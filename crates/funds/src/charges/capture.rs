//! Taking the money of an authorised charge, whole or in part.

use kernel::{ApiError, Money, Result, too_low};
use store::{Doc, Tx};

use super::approve::{card_of, descriptor};
use super::book::book;
use super::split::{fee_and_transfer_amount, transfer_above_charge};
use super::{CaptureOrder, Charge};

/// Captures an authorised charge: all of it, or `order.amount`; what is left is released.
///
/// Errors: 400 `charge_already_captured`; 400 when it was released; 400 on `amount_to_capture`, `application_fee_amount`
/// or `transfer_data[amount]`.
/// Events: `charge.captured`; with it those of the transfer and the application fee.
pub fn capture(tx: &mut Tx, charge: &mut Doc<Charge>, order: CaptureOrder) -> Result<()> {
    if charge.captured {
        return Err(already_captured(&charge.id));
    }
    if !charge.paid || charge.private.released {
        return Err(not_capturable(&charge.id));
    }
    let amount = order.amount.unwrap_or(charge.amount);
    let (asked, authorised) = (Money::new(amount, charge.currency), Money::new(charge.amount, charge.currency));
    if amount < 1 {
        return Err(too_low("amount_to_capture", 1));
    }
    if authorised.amount < amount {
        return Err(above_authorised(asked, authorised));
    }
    change_split(charge, &order, asked)?;
    let own = accounts::load(tx, &charge.account)?;
    if order.statement_descriptor.is_some() || order.statement_descriptor_suffix.is_some() {
        charge.statement_descriptor = order.statement_descriptor.or(charge.statement_descriptor.take());
        charge.statement_descriptor_suffix =
            order.statement_descriptor_suffix.or(charge.statement_descriptor_suffix.take());
        let merchant = match &charge.on_behalf_of {
            Some(id) => accounts::load(tx, id)?,
            None => own.clone(),
        };
        charge.calculated_statement_descriptor = descriptor(
            &merchant,
            charge.statement_descriptor.as_deref(),
            charge.statement_descriptor_suffix.as_deref(),
        );
    }
    charge.captured = true;
    charge.amount_captured = amount;
    if let Some(card) = card_of(charge) {
        card.capture_before = None;
    }
    let mut state = charge.private.clone();
    book(tx, charge, &mut state, &own)?;
    charge.private = state;
    tx.put(charge)?;
    tx.emit("charge.captured", charge)
}

/// The fee and the transfer may be told anew, in the way in which they were told first.
fn change_split(charge: &mut Doc<Charge>, order: &CaptureOrder, captured: Money) -> Result<()> {
    let is_direct = charge.application.is_some();
    if let Some(fee) = order.application_fee_amount {
        if fee < 0 {
            return Err(too_low("application_fee_amount", 0));
        }
        if !is_direct && charge.private.transfer.is_none() {
            return Err(no_connected_account());
        }
        let has_amount = charge.private.transfer.as_ref().is_some_and(|transfer| transfer.amount.is_some());
        if has_amount || order.transfer_amount.is_some() {
            return Err(fee_and_transfer_amount());
        }
        charge.application_fee_amount = Some(fee);
    }
    if let Some(amount) = order.transfer_amount {
        if amount < 1 {
            return Err(too_low("transfer_data[amount]", 1));
        }
        if captured.amount < amount {
            return Err(transfer_above_charge(Money::new(amount, captured.currency), captured));
        }
        if charge.application_fee_amount.is_some() {
            return Err(fee_and_transfer_amount());
        }
        let Some(transfer) = charge.private.transfer.as_mut() else { return Err(no_destination()) };
        transfer.amount = Some(amount);
        if let Some(data) = charge.transfer_data.as_mut() {
            data.amount = Some(amount);
        }
    }
    Ok(())
}

fn already_captured(charge: &str) -> ApiError {
    ApiError::bad_request(format!("Charge {charge} has already been captured.")).code("charge_already_captured")
}

fn not_capturable(charge: &str) -> ApiError {
    ApiError::bad_request(format!("Charge {charge} cannot be captured: its authorization failed or was released."))
}

fn above_authorised(asked: Money, authorised: Money) -> ApiError {
    ApiError::invalid(
        "amount_to_capture",
        format!("The amount to capture ({asked}) cannot be greater than the authorized amount ({authorised})."),
    )
    .code("amount_too_large")
}

fn no_connected_account() -> ApiError {
    ApiError::invalid(
        "application_fee_amount",
        "Can only apply an application_fee_amount to a direct payment (using an OAuth key or Stripe-Account header) or \
         destination payment (using transfer_data[destination]).",
    )
}

fn no_destination() -> ApiError {
    ApiError::invalid("transfer_data", "This charge was made without transfer_data[destination].")
}
