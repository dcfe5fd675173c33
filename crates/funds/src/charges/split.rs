//! How a payment may be shared out: the rules of money.md 2.2 to 2.5, checked before anything is charged.

use accounts::Account;
use kernel::{ApiError, Money, Result, too_low};
use store::{Doc, Tx};

use super::{Split, TransferOrder};

/// Whether a payment by the account acted on may be shared out so.
///
/// Errors: 400 on `application_fee_amount`, `transfer_data[destination]`, `transfer_data[amount]`, `transfer_data` or
/// `on_behalf_of`; what accounts say of an account that cannot take its part.
pub fn check_split(tx: &mut Tx, split: &Split) -> Result<()> {
    let own = accounts::load(tx, tx.account().to_owned().as_str())?;
    check_fee(&own, split)?;
    if own.is_connected() {
        check_direct(&own, split)?;
    }
    if let Some(id) = split.on_behalf_of {
        accounts::on_behalf_of(tx, id, "on_behalf_of")?;
    }
    if let Some(transfer) = split.transfer {
        check_transfer(tx, split, transfer)?;
    }
    Ok(())
}

fn check_fee(own: &Account, split: &Split) -> Result<()> {
    let Some(fee) = split.application_fee_amount else { return Ok(()) };
    if fee < 0 {
        return Err(too_low("application_fee_amount", 0));
    }
    if !own.is_connected() && split.transfer.is_none() {
        return Err(fee_without_connected_account());
    }
    if split.amount.amount < fee {
        return Err(fee_above_charge(Money::new(fee, split.amount.currency), split.amount));
    }
    Ok(())
}

/// A direct charge already is the connected account's own.
fn check_direct(own: &Account, split: &Split) -> Result<()> {
    if split.transfer.is_some() {
        return Err(ApiError::invalid(
            "transfer_data",
            "You cannot use transfer_data on a payment that is made on a connected account: it settles there already.",
        ));
    }
    if split.on_behalf_of.is_some() {
        return Err(ApiError::invalid(
            "on_behalf_of",
            "You cannot use on_behalf_of on a payment that is made on a connected account: it is its merchant already.",
        ));
    }
    accounts::check_can_charge(own)
}

fn check_transfer(tx: &mut Tx, split: &Split, transfer: &TransferOrder) -> Result<Doc<Account>> {
    if let Some(amount) = transfer.amount {
        if split.application_fee_amount.is_some() {
            return Err(fee_and_transfer_amount());
        }
        if amount < 1 {
            return Err(too_low("transfer_data[amount]", 1));
        }
        if split.amount.amount < amount {
            return Err(transfer_above_charge(Money::new(amount, split.amount.currency), split.amount));
        }
    }
    if split.on_behalf_of.is_some_and(|merchant| merchant != transfer.destination) {
        return Err(ApiError::invalid(
            "on_behalf_of",
            "The account in on_behalf_of must be the one in transfer_data[destination] when both are given.",
        ));
    }
    accounts::destination(tx, &transfer.destination, "transfer_data[destination]")
}

fn fee_without_connected_account() -> ApiError {
    ApiError::invalid(
        "application_fee_amount",
        "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment (using an OAuth \
         key or Stripe-Account header) or destination payment (using transfer_data[destination]).",
    )
}

fn fee_above_charge(fee: Money, charge: Money) -> ApiError {
    ApiError::invalid(
        "application_fee_amount",
        format!("The application fee ({fee}) cannot be greater than the amount of the payment ({charge})."),
    )
}

pub(super) fn fee_and_transfer_amount() -> ApiError {
    ApiError::invalid(
        "transfer_data[amount]",
        "You may only specify one of these parameters: application_fee_amount, transfer_data[amount].",
    )
    .code("parameters_exclusive")
}

pub(super) fn transfer_above_charge(transfer: Money, charge: Money) -> ApiError {
    ApiError::invalid(
        "transfer_data[amount]",
        format!("The transfer amount ({transfer}) cannot be greater than the amount of the payment ({charge})."),
    )
}
