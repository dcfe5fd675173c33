//! What capturing a charge does to the book.
//!
//! | | owner of the charge | connected account | platform |
//! |---|---|---|---|
//! | direct | `charge` + amount − fees | is the owner | `application_fee`; `stripe_fee` when the application pays fees |
//! | destination | `charge` + amount − fees, `transfer`, `application_fee` | `payment` − application fee | is the owner |
//! | neither | `charge` + amount − fees | | is the owner |

use accounts::{Account, FeePayer};
use kernel::{Currency, Money, Result, Timestamp};
use ledger::{Bucket, Code};
use serde::{Deserialize, Serialize};
use store::{Doc, Tx};

use super::{Charge, ChargeState};
use crate::application_fees::{Collection, collect};
use crate::balance_transactions::{Entry, EntryType, FeeDetail, standing};
use crate::conversion::{convert, rate};
use crate::movement::{End, pay};
use crate::pricing::processing_fee;
use crate::transfers::{Order, send};

/// What was booked when a charge was captured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// The settlement currency.
    pub(crate) currency: Currency,
    /// Gross, in the settlement currency.
    pub(crate) amount: i64,
    /// When it became, or becomes, available.
    pub(crate) available_on: Timestamp,
}

/// Books what `charge.amount_captured` says, and shares it out. The caller writes the charge.
///
/// It works on the parts of a charge, so that one captured at once is written only once.
pub(super) fn book(tx: &mut Tx, charge: &mut Charge, state: &mut ChargeState, own: &Doc<Account>) -> Result<()> {
    let merchant = match &charge.on_behalf_of {
        Some(id) => accounts::load(tx, id)?,
        None => own.clone(),
    };
    let taken = Money::new(charge.amount_captured, charge.currency);
    let currency = merchant.settlement_currency(charge.currency);
    let settled = Money::new(convert(taken, currency)?, currency);
    let available_on = if state.bypasses_pending { tx.now() } else { accounts::available_on(&merchant, tx.now()) };
    let converted = currency != charge.currency;
    let fee = processing_fee(&merchant.country, &state.card_country, settled, converted);
    let booking = Booking { currency, amount: settled.amount, available_on };
    state.booking = Some(booking.clone());

    let entry = tx.id("txn");
    let place = standing(tx, &own.id, currency, available_on);
    pay(tx, Code::Charge, End::operator(Bucket::Network, taken), End::new(place, settled.amount, &entry))?;
    let mut fees = Vec::new();
    if own.is_connected() {
        fees.extend(collect_on_direct(tx, charge, &booking, own, &entry)?);
    }
    if own.is_connected() && own.fee_payer() == FeePayer::Application {
        bill_platform(tx, charge, &booking, own, fee)?;
    } else {
        fees.extend(bill(tx, own, &booking, fee, &entry)?);
    }
    let row = Entry {
        fees,
        source: Some(charge.id.as_str()),
        description: charge.description.clone(),
        exchange_rate: rate(charge.currency, currency),
        ..Entry::new(&own.id, EntryType::Charge, settled.amount, currency, available_on)
    };
    row.record(tx, entry.clone())?;
    charge.balance_transaction = Some(entry);
    if own.is_connected() {
        return Ok(());
    }
    share_out(tx, charge, state, &booking, own)
}

/// The operator's fee, taken from the charge's own money.
fn bill(tx: &mut Tx, own: &Account, booking: &Booking, fee: i64, entry: &str) -> Result<Option<FeeDetail>> {
    if fee < 1 {
        return Ok(None);
    }
    let place = standing(tx, &own.id, booking.currency, booking.available_on);
    let earned = End::operator(Bucket::Fees, Money::new(fee, booking.currency));
    pay(tx, Code::ProcessingFee, End::new(place, fee, entry), earned)?;
    Ok(Some(FeeDetail::processing(fee, booking.currency)))
}

/// The operator's fee for a direct charge, billed to the platform as a row of its own (money.md 2.2).
fn bill_platform(tx: &mut Tx, charge: &Charge, booking: &Booking, own: &Doc<Account>, fee: i64) -> Result<()> {
    if fee < 1 {
        return Ok(());
    }
    let platform = accounts::load(tx, &own.account)?;
    let currency = platform.settlement_currency(booking.currency);
    let billed = convert(Money::new(fee, booking.currency), currency)?;
    let entry = tx.id("txn");
    let place = standing(tx, &platform.id, currency, booking.available_on);
    let earned = End::operator(Bucket::Fees, Money::new(fee, booking.currency));
    pay(tx, Code::ProcessingFee, End::new(place, billed, &entry), earned)?;
    let row = Entry {
        description: Some(format!("Stripe processing fees ({})", charge.id)),
        exchange_rate: rate(booking.currency, currency),
        ..Entry::new(&platform.id, EntryType::StripeFee, -billed, currency, booking.available_on)
    };
    row.record(tx, entry).map(drop)
}

/// A platform's fee on a direct charge, at most what was captured.
fn collect_on_direct(
    tx: &mut Tx,
    charge: &mut Charge,
    booking: &Booking,
    own: &Doc<Account>,
    entry: &str,
) -> Result<Option<FeeDetail>> {
    let Some(amount) = fee_amount(charge) else { return Ok(None) };
    let platform = accounts::load(tx, &own.account)?;
    let collection = Collection {
        amount: Money::new(amount, charge.currency),
        payer: own,
        payer_currency: booking.currency,
        payer_available_on: booking.available_on,
        payer_entry: entry,
        platform: &platform,
        available_on: booking.available_on,
        charge: &charge.id,
        originating_transaction: None,
    };
    let (fee, detail) = collect(tx, collection)?;
    charge.application_fee = Some(fee.id.clone());
    Ok(Some(detail))
}

/// A destination charge's transfer, and the platform's fee on it.
fn share_out(
    tx: &mut Tx,
    charge: &mut Charge,
    state: &mut ChargeState,
    booking: &Booking,
    own: &Doc<Account>,
) -> Result<()> {
    let Some(transfer) = state.transfer.clone() else { return Ok(()) };
    let destination = accounts::load(tx, &transfer.destination)?;
    let amount = match transfer.amount {
        Some(amount) => {
            let part = amount.min(charge.amount_captured);
            convert(Money::new(part, charge.currency), booking.currency)?
        }
        None => booking.amount,
    };
    let order = Order {
        sender: own,
        destination: &destination,
        amount: Money::new(amount, booking.currency),
        available_on: booking.available_on,
        description: transfer.description,
        metadata: transfer.metadata,
        source_transaction: Some(charge.id.clone()),
        transfer_group: charge.transfer_group.clone(),
        payment_data: transfer.payment_data,
        application_fee: fee_amount(charge).map(|fee| Money::new(fee, charge.currency)),
    };
    let sent = send(tx, order)?;
    charge.transfer = Some(sent.transfer.id.clone());
    charge.application_fee = sent.application_fee;
    state.transferred = amount;
    Ok(())
}

/// The application fee to be taken: none for 0, and never more than was captured.
fn fee_amount(charge: &Charge) -> Option<i64> {
    charge.application_fee_amount.map(|fee| fee.min(charge.amount_captured)).filter(|fee| 0 < *fee)
}
