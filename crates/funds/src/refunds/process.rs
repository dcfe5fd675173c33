//! Moving a refund's money, at once or when there is enough of it.

use kernel::{Currency, DAY, Metadata, Money, Result, prorate};
use ledger::{Bound, Bucket, Code, LedgerAccount};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Doc, Filter, Job, Tx};

use super::make::described;
use super::outcome::foresee;
use super::{PendingReason, Refund, RefundStatus};
use crate::application_fees::{ApplicationFee, give_back};
use crate::balance::mature_until;
use crate::balance_transactions::{Entry, EntryType, FeeDetail, standing};
use crate::charges::{Booking, Charge};
use crate::conversion::{convert, rate};
use crate::movement::{End, pay};
use crate::transfers::{Reversal, Transfer, bring_back};

/// The job that processes an account's waiting refunds, first come, first served.
pub const PROCESS_WAITING: &str = "process_waiting_refunds";

/// Most waiting refunds of an account and currency that are looked at in one go.
const MOST_WAITING: usize = 1_000;

/// Whether an account can pay a refund now.
pub(super) enum Outlook {
    Covered,
    /// Its available balance was `balance`.
    TooLittle {
        currency: Currency,
        balance: i64,
    },
}

/// Whether the charge's account can pay: always from pending money, and when it may go below zero.
///
/// When it cannot, the caller lets the refund wait. When it can only just, the ledger sees to it that it still can when
/// the transaction is committed.
pub(super) fn outlook(tx: &mut Tx, charge: &Doc<Charge>, refund: &Doc<Refund>) -> Result<Outlook> {
    let booking = booked(tx, charge)?;
    let own = accounts::load(tx, &charge.account)?;
    if tx.now() < booking.available_on || own.settings.payouts.debit_negative_balances {
        return Ok(Outlook::Covered);
    }
    let need = need(tx, charge, refund, &booking)?;
    let available = LedgerAccount::available(&charge.account, booking.currency);
    let mut balance = tx.balance(&available)? + tx.moved(&available);
    if balance < need {
        // What is due by now counts, whether its job had its turn or not.
        let now = tx.now();
        mature_until(tx, &charge.account, booking.currency, now)?;
        balance = tx.balance(&available)? + tx.moved(&available);
    }
    if balance < need {
        return Ok(Outlook::TooLittle { currency: booking.currency, balance });
    }
    tx.retry_unless(available, Bound::AtLeast(0));
    Ok(Outlook::Covered)
}

/// What the refund takes from the account, less what comes back with it.
fn need(tx: &mut Tx, charge: &Doc<Charge>, refund: &Doc<Refund>, booking: &Booking) -> Result<i64> {
    let settled = convert(Money::new(refund.amount, refund.currency), booking.currency)?;
    if refund.private.reverse_transfer {
        let reversal = reversal_amount(tx, charge, refund)?.map_or(0, |(_, amount)| amount);
        return Ok(settled - reversal);
    }
    if refund.private.refund_application_fee {
        let back = fee_amount(tx, charge, refund)?.map_or(0, |(_, amount)| amount);
        return Ok(settled - convert(Money::new(back, charge.currency), booking.currency)?);
    }
    Ok(settled)
}

/// Lets a refund wait for money. Nothing is booked; what it asks for is kept from other refunds.
pub(super) fn wait(
    tx: &mut Tx,
    charge: &mut Doc<Charge>,
    refund: &mut Doc<Refund>,
    currency: Currency,
    balance: i64,
) -> Result<()> {
    refund.status = RefundStatus::Pending;
    refund.pending_reason = Some(PendingReason::InsufficientFunds);
    refund.private.waiting = Some(currency);
    charge.private.waiting += refund.amount;
    // Money that arrives at the same moment must find the refund waiting, or the refund the money.
    tx.retry_unless(LedgerAccount::available(&charge.account, currency), Bound::Exactly(balance));
    let payload = json!(Waiting { account: charge.account.clone(), currency, refund: Some(refund.id.clone()) });
    let due = tx.now().plus(DAY);
    tx.schedule(PROCESS_WAITING, due, payload)
}

/// Gives the money back, and with it the parts of transfer and fee that were asked for. The caller writes both documents
/// and says what happened.
pub(super) fn execute(tx: &mut Tx, charge: &mut Doc<Charge>, refund: &mut Doc<Refund>, entry: String) -> Result<()> {
    let booking = booked(tx, charge)?;
    let asked = Money::new(refund.amount, refund.currency);
    let settled = convert(asked, booking.currency)?;
    let available_on = booking.available_on.max(tx.now());
    let place = standing(tx, &charge.account, booking.currency, available_on);
    pay(tx, Code::Refund, End::new(place, settled, &entry), End::operator(Bucket::Network, asked))?;
    let fees = if refund.private.reverse_transfer {
        reverse_transfer(tx, charge, refund)?;
        None
    } else if refund.private.refund_application_fee {
        refund_fee(tx, charge, refund, &entry)?
    } else {
        None
    };
    let row = Entry {
        fees: fees.into_iter().collect(),
        source: Some(refund.id.as_str()),
        description: Some(described("CHARGE", charge.description.as_deref())),
        exchange_rate: rate(asked.currency, booking.currency),
        ..Entry::new(&charge.account, EntryType::Refund, -settled, booking.currency, available_on)
    };
    row.record(tx, entry.clone())?;
    refund.balance_transaction = Some(entry);
    charge.amount_refunded += refund.amount;
    charge.refunded = charge.amount_refunded == charge.amount_captured;
    foresee(tx, charge.private.refund_mode, refund)
}

/// The part of a direct charge's fee, given back to the connected account in the refund's own row.
fn refund_fee(tx: &mut Tx, charge: &mut Doc<Charge>, refund: &Doc<Refund>, entry: &str) -> Result<Option<FeeDetail>> {
    let Some((mut fee, amount)) = fee_amount(tx, charge, refund)? else { return Ok(None) };
    charge.private.refunded_with_fee += refund.amount;
    if amount < 1 {
        return Ok(None);
    }
    let (_, detail) = give_back(tx, &mut fee, amount, Metadata::new(), entry)?;
    Ok(Some(detail))
}

fn fee_amount(tx: &mut Tx, charge: &Doc<Charge>, refund: &Refund) -> Result<Option<(Doc<ApplicationFee>, i64)>> {
    let Some(fee) = &charge.application_fee else { return Ok(None) };
    let fee = tx.load::<ApplicationFee>(fee)?;
    let before = charge.private.refunded_with_fee;
    let amount = prorate(fee.amount, refund.amount, charge.amount_captured, before, fee.amount_refunded);
    Ok(Some((fee, amount.max(0))))
}

/// The part of a destination charge's transfer, and of its fee when that was asked for.
fn reverse_transfer(tx: &mut Tx, charge: &mut Doc<Charge>, refund: &mut Doc<Refund>) -> Result<()> {
    let Some((mut transfer, amount)) = reversal_amount(tx, charge, refund)? else { return Ok(()) };
    charge.private.refunded_with_transfer += refund.amount;
    if amount < 1 {
        return Ok(());
    }
    let order = Reversal {
        amount,
        refund_application_fee: refund.private.refund_application_fee,
        source_refund: Some(refund.id.clone()),
        description: None,
        metadata: Metadata::new(),
    };
    let reversal = bring_back(tx, &mut transfer, order)?;
    tx.put(&transfer)?;
    tx.emit("transfer.reversed", &transfer)?;
    refund.transfer_reversal = Some(reversal.id.clone());
    Ok(())
}

fn reversal_amount(tx: &mut Tx, charge: &Doc<Charge>, refund: &Refund) -> Result<Option<(Doc<Transfer>, i64)>> {
    let Some(transfer) = &charge.transfer else { return Ok(None) };
    let transfer = tx.load::<Transfer>(transfer)?;
    let before = charge.private.refunded_with_transfer;
    let amount = prorate(transfer.amount, refund.amount, charge.amount_captured, before, transfer.amount_reversed);
    Ok(Some((transfer, amount.max(0))))
}

fn booked(tx: &Tx, charge: &Doc<Charge>) -> Result<Booking> {
    match &charge.private.booking {
        Some(booking) => Ok(booking.clone()),
        None => Err(tx.bug(&format!("{} is captured and not booked", charge.id))),
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Waiting {
    account: String,
    currency: Currency,
    /// The refund that looks after itself once a day, for the case that its turn was missed.
    refund: Option<String>,
}

/// Sees to it that refunds of `account` which wait for money in `currency` are processed, now that some arrived.
///
/// They are processed by a job of their own, so that one that cannot be processed does not hold up what brought the
/// money.
pub fn process_pending(tx: &mut Tx, account: &str, currency: Currency) -> Result<()> {
    if waiting(tx, account, currency, 1)?.is_empty() {
        return Ok(());
    }
    let payload = json!(Waiting { account: account.to_owned(), currency, refund: None });
    let now = tx.now();
    tx.schedule(PROCESS_WAITING, now, payload)
}

fn waiting(tx: &mut Tx, account: &str, currency: Currency, limit: usize) -> Result<Vec<Doc<Refund>>> {
    tx.find_all::<Refund>(Some(account), &[Filter::Is("waiting", currency.code().into())], limit)
}

/// Processes what waited longest, if it can be paid, and then the next; what cannot be holds up what came after it.
///
/// Events: `refund.updated`, `charge.refunded`, and those of fee and transfer.
pub(super) fn run(tx: &mut Tx, job: &Job) -> Result<()> {
    let Ok(due) = serde_json::from_value::<Waiting>(job.payload.clone()) else {
        return Err(tx.bug(&format!("{}: the payload cannot be read", job.id)));
    };
    let still_waiting = waiting(tx, &due.account, due.currency, MOST_WAITING)?;
    let Some(oldest) = still_waiting.last() else { return Ok(()) };
    let (now, id) = (tx.now(), oldest.id.clone());
    if process(tx, &id)? {
        // One in a transaction: each is decided by what the one before it left.
        return tx.schedule(PROCESS_WAITING, now, json!(due));
    }
    if due.refund.as_ref().is_some_and(|own| still_waiting.iter().any(|refund| refund.id == *own)) {
        return tx.schedule(PROCESS_WAITING, now.plus(DAY), json!(due));
    }
    Ok(())
}

/// Processes one refund if there is enough now; whether it did.
fn process(tx: &mut Tx, id: &str) -> Result<bool> {
    let mut refund = tx.load::<Refund>(id)?;
    if refund.private.waiting.is_none() {
        return Ok(true);
    }
    let Some(charge) = refund.charge.clone() else { return Err(tx.bug(&format!("{id} refunds no charge"))) };
    let mut charge = tx.load::<Charge>(&charge)?;
    if let Outlook::TooLittle { .. } = outlook(tx, &charge, &refund)? {
        return Ok(false);
    }
    if !receiver_has_enough(tx, &charge, &refund)? {
        return Ok(false);
    }
    refund.private.waiting = None;
    refund.pending_reason = None;
    refund.status = RefundStatus::Succeeded;
    charge.private.waiting -= refund.amount;
    let entry = tx.id("txn");
    execute(tx, &mut charge, &mut refund, entry)?;
    tx.put(&refund)?;
    tx.put(&charge)?;
    tx.emit_updated("refund.updated", &refund)?;
    tx.emit("charge.refunded", &charge)?;
    Ok(true)
}

/// Whether the receiver of the transfer that a waiting refund reverses can pay it: nobody is there to hear a refusal.
fn receiver_has_enough(tx: &mut Tx, charge: &Doc<Charge>, refund: &Doc<Refund>) -> Result<bool> {
    if !refund.private.reverse_transfer {
        return Ok(true);
    }
    let Some((transfer, amount)) = reversal_amount(tx, charge, refund)? else { return Ok(true) };
    let Some(receiver) = transfer.destination.clone() else { return Ok(true) };
    let receiver = accounts::load(tx, &receiver)?;
    if receiver.loss_liable() == accounts::Liable::Application {
        return Ok(true);
    }
    let currency = transfer.private.landed_currency.unwrap_or(transfer.currency);
    let place = standing(tx, &receiver.id, currency, transfer.private.landed_on);
    let taken = convert(Money::new(amount, transfer.currency), currency)?;
    Ok(taken <= tx.balance(&place)? + tx.moved(&place))
}
