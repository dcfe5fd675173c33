//! `POST /v1/transfers/{id}/reversals`: bringing money back.

use accounts::{Account, Liable};
use kernel::{ApiError, Metadata, MetadataPatch, Money, Patch, Result, prorate, too_low};
use ledger::Code;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Doc, Tx};
use wire::{Path, Reply};

use super::{Transfer, TransferReversal};
use crate::application_fees::{ApplicationFee, give_back};
use crate::balance_transactions::{Entry, EntryType, FeeDetail, standing};
use crate::charges::Charge;
use crate::movement::{End, pay};
use crate::refunds::{self, Returned};

/// How many reversals a transfer shows.
const SHOWN: usize = 10;

/// What a reversal takes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReverseTransfer {
    /// In the transfer's currency; without it, all that is left.
    pub amount: Option<i64>,
    /// For people; what the sender's row says.
    pub description: Option<String>,
    /// The caller's own.
    #[serde(default)]
    pub metadata: Patch<MetadataPatch>,
    /// Whether the same part of the platform's fee is given back to the receiver.
    pub refund_application_fee: Option<bool>,
}

/// Brings `amount` back from the receiver to the sender.
///
/// Limits: at most what has not been reversed yet; the receiver must have it, unless the platform answers for its losses.
/// Events: `transfer.reversed`; on the receiver `charge.refunded`; `application_fee.refunded`.
pub(super) fn endpoint(tx: &mut Tx, path: &Path, p: ReverseTransfer) -> Result<Reply<TransferReversal>> {
    let id = path.id().to_owned();
    reverse(tx, &id, p).map(|reversal| Reply::document(&reversal))
}

/// See [`endpoint`].
pub fn reverse(tx: &mut Tx, id: &str, p: ReverseTransfer) -> Result<Doc<TransferReversal>> {
    let mut transfer = tx.get::<Transfer>(id, "id")?;
    let left = transfer.amount - transfer.amount_reversed;
    if left == 0 {
        return Err(already_reversed(id));
    }
    let amount = p.amount.unwrap_or(left);
    if amount < 1 {
        return Err(too_low("amount", 1));
    }
    if left < amount {
        let money = |amount| Money::new(amount, transfer.currency);
        return Err(amount_too_large(money(amount), money(left)));
    }
    let refund_application_fee = p.refund_application_fee.unwrap_or(false);
    let reversal = Reversal {
        amount,
        refund_application_fee,
        source_refund: None,
        description: p.description,
        metadata: p.metadata.merge(&Metadata::new())?,
    };
    if refund_application_fee && fee_of(tx, &transfer)?.is_none() {
        return Err(no_application_fee(id));
    }
    let reversal = bring_back(tx, &mut transfer, reversal)?;
    tx.put(&transfer)?;
    tx.emit("transfer.reversed", &transfer)?;
    Ok(reversal)
}

/// A reversal to be made: by itself, or by a refund.
pub(crate) struct Reversal {
    /// In the transfer's currency; at most what has not been reversed yet.
    pub(crate) amount: i64,
    pub(crate) refund_application_fee: bool,
    pub(crate) source_refund: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Metadata,
}

/// Brings money back. The caller writes the transfer and says that it was reversed.
pub(crate) fn bring_back(tx: &mut Tx, transfer: &mut Doc<Transfer>, order: Reversal) -> Result<Doc<TransferReversal>> {
    let Some(receiver) = transfer.destination.clone() else { return Err(tx.bug("a transfer without destination")) };
    let receiver = accounts::load(tx, &receiver)?;
    let landed_currency = transfer.private.landed_currency.unwrap_or(transfer.currency);
    let amount = Money::new(order.amount, transfer.currency);
    let state = transfer.private.clone();
    let taken = prorate(state.landed, amount.amount, transfer.amount, transfer.amount_reversed, state.landed_reversed);
    if taken == 0 {
        return Err(nothing_after_conversion());
    }
    let (id, sent_entry, landed_entry) = (tx.id("trr"), tx.id("txn"), tx.id("txn"));
    let (sent_on, landed_on) = (state.sent_on.max(tx.now()), state.landed_on.max(tx.now()));
    let from = standing(tx, &receiver.id, landed_currency, landed_on);
    let to = standing(tx, &transfer.account, transfer.currency, sent_on);
    if receiver.loss_liable() != Liable::Application {
        tx.require_at_least(from.clone(), 0, receiver_has_too_little(&receiver));
    }
    let (from, to) = (End::new(from, taken, &landed_entry), End::new(to, amount.amount, &sent_entry));
    pay(tx, Code::TransferReversal, from, to)?;
    let row = Entry {
        source: Some(&id),
        description: order.description,
        ..Entry::new(&transfer.account, EntryType::TransferRefund, amount.amount, amount.currency, sent_on)
    };
    row.record(tx, sent_entry.clone())?;
    let fees =
        if order.refund_application_fee { refund_fee(tx, transfer, amount.amount, &landed_entry)? } else { None };
    let returned = Returned {
        payment: transfer.destination_payment.clone().unwrap_or_default(),
        amount,
        taken: Money::new(taken, landed_currency),
        available_on: landed_on,
        entry: landed_entry,
        fees: fees.into_iter().collect(),
        transfer_reversal: &id,
    };
    let refund = refunds::returned(tx, returned)?;
    transfer.amount_reversed += amount.amount;
    transfer.reversed = transfer.amount_reversed == transfer.amount;
    transfer.private.landed_reversed += taken;
    let reversal = TransferReversal {
        id,
        object: "transfer_reversal".into(),
        amount: amount.amount,
        balance_transaction: Some(sent_entry),
        created: tx.now(),
        currency: amount.currency,
        destination_payment_refund: Some(refund),
        metadata: Some(order.metadata),
        source_refund: order.source_refund,
        transfer: transfer.id.clone(),
    };
    show(transfer, &reversal);
    tx.create(&transfer.account.clone(), reversal, ())
}

/// The newest ten are shown in the transfer itself.
fn show(transfer: &mut Transfer, reversal: &TransferReversal) {
    let list = &mut transfer.reversals;
    list.data.insert(0, reversal.clone());
    list.has_more = list.has_more || SHOWN < list.data.len();
    list.data.truncate(SHOWN);
    list.total_count = list.total_count.map(|count| count + 1);
}

/// The part of the fee that belongs to this part of the transfer, given back to the receiver.
fn refund_fee(tx: &mut Tx, transfer: &Doc<Transfer>, amount: i64, entry: &str) -> Result<Option<FeeDetail>> {
    let Some(mut fee) = fee_of(tx, transfer)? else { return Ok(None) };
    let back = prorate(fee.amount, amount, transfer.amount, fee.private.reversed_with_fee, fee.amount_refunded);
    fee.private.reversed_with_fee += amount;
    if back < 1 {
        tx.put(&fee)?;
        return Ok(None);
    }
    let (_, detail) = give_back(tx, &mut fee, back, Metadata::new(), entry)?;
    Ok(Some(detail))
}

/// The platform's fee on the payment that the transfer is.
pub(crate) fn fee_of(tx: &mut Tx, transfer: &Transfer) -> Result<Option<Doc<ApplicationFee>>> {
    let Some(payment) = &transfer.destination_payment else { return Ok(None) };
    let payment = tx.load::<Charge>(payment)?;
    payment.application_fee.as_ref().map(|fee| tx.load::<ApplicationFee>(fee)).transpose()
}

fn already_reversed(id: &str) -> ApiError {
    ApiError::bad_request(format!("Transfer {id} is already fully reversed."))
}

fn amount_too_large(asked: Money, left: Money) -> ApiError {
    ApiError::invalid(
        "amount",
        format!("Reversal amount ({asked}) is greater than unreversed amount on transfer ({left})"),
    )
}

fn no_application_fee(id: &str) -> ApiError {
    ApiError::invalid("refund_application_fee", format!("The transfer {id} has no application fee to refund."))
}

fn nothing_after_conversion() -> ApiError {
    ApiError::invalid("amount", "The amount to reverse is nothing in the currency of the receiving account.")
}

fn receiver_has_too_little(receiver: &Account) -> ApiError {
    ApiError::bad_request(format!(
        "Insufficient funds in the connected account {} to reverse this transfer. Its balance must cover the reversal, \
         since your platform is not liable for its negative balances.",
        receiver.id
    ))
    .code("balance_insufficient")
}
