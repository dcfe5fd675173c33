//! Sending money: the two rows, the posting between them, the transfer and the payment it is on the other side.

use accounts::Account;
use kernel::{DAY, Metadata, Money, Result, Timestamp};
use ledger::Code;
use store::{Doc, Tx};
use wire::List;

use super::{Transfer, TransferState};
use crate::application_fees::{Collection, collect};
use crate::balance_transactions::{Entry, EntryType, standing};
use crate::charges::{LandedFee, Landing, PaymentData, land};
use crate::conversion::convert;
use crate::movement::{End, pay};

/// A transfer to be made. What it may take is the caller's to check.
pub(crate) struct Order<'a> {
    pub(crate) sender: &'a Doc<Account>,
    pub(crate) destination: &'a Doc<Account>,
    pub(crate) amount: Money,
    /// When the sender's money is available: pending money moves as pending.
    pub(crate) available_on: Timestamp,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Metadata,
    pub(crate) source_transaction: Option<String>,
    pub(crate) transfer_group: Option<String>,
    pub(crate) payment_data: PaymentData,
    /// Taken from the payment on the other side: a destination charge's fee, in the charge's currency.
    pub(crate) application_fee: Option<Money>,
}

/// What was sent.
pub(crate) struct Sent {
    pub(crate) transfer: Doc<Transfer>,
    pub(crate) application_fee: Option<String>,
}

/// Makes a transfer.
///
/// Events: `transfer.created`; on the receiver `payment.created`; `application_fee.created`.
pub(crate) fn send(tx: &mut Tx, order: Order) -> Result<Sent> {
    let Order { sender, destination, amount, .. } = order;
    let (id, payment, sent_entry, landed_entry) = (tx.id("tr"), tx.id("py"), tx.id("txn"), tx.id("txn"));
    let landed_currency = destination.settlement_currency(amount.currency);
    let landed = Money::new(convert(amount, landed_currency)?, landed_currency);
    let now = tx.now();
    let sent_on = order.available_on.max(now);
    let landed_on = if is_recipient(destination) { sent_on.plus(DAY) } else { sent_on };
    let from = standing(tx, &sender.id, amount.currency, sent_on);
    let to = standing(tx, &destination.id, landed.currency, landed_on);
    let (from, to) = (End::new(from, amount.amount, &sent_entry), End::new(to, landed.amount, &landed_entry));
    pay(tx, Code::Transfer, from, to)?;
    let row = Entry {
        source: Some(&id),
        description: order.description.clone(),
        ..Entry::new(&sender.id, EntryType::Transfer, -amount.amount, amount.currency, sent_on)
    };
    row.record(tx, sent_entry.clone())?;
    let fee = match order.application_fee {
        Some(fee) => {
            let collection = Collection {
                amount: fee,
                payer: destination,
                payer_currency: landed.currency,
                payer_available_on: landed_on,
                payer_entry: &landed_entry,
                platform: sender,
                available_on: sent_on,
                charge: &payment,
                originating_transaction: order.source_transaction.as_deref(),
            };
            let (fee, detail) = collect(tx, collection)?;
            let (id, amount, application) = (fee.id.clone(), fee.amount, fee.application.clone());
            Some(LandedFee { id, amount, application, detail })
        }
        None => None,
    };
    let application_fee = fee.as_ref().map(|fee| fee.id.clone());
    let transfer = Transfer {
        id: id.clone(),
        object: "transfer".into(),
        amount: amount.amount,
        amount_reversed: 0,
        balance_transaction: Some(sent_entry),
        created: now,
        currency: amount.currency,
        description: order.description,
        destination: Some(destination.id.clone()),
        destination_payment: Some(payment.clone()),
        livemode: tx.livemode(),
        metadata: order.metadata,
        reversals: List { total_count: Some(0), ..List::new(&format!("/v1/transfers/{id}/reversals"), vec![], false) },
        reversed: false,
        source_transaction: order.source_transaction,
        source_type: Some("card".into()),
        transfer_group: order.transfer_group,
    };
    let state = TransferState {
        sent_on,
        landed_on,
        landed: landed.amount,
        landed_currency: Some(landed.currency),
        landed_reversed: 0,
    };
    let transfer = tx.create(&sender.id, transfer, state)?;
    tx.emit("transfer.created", &transfer)?;
    let landing = Landing {
        id: payment,
        entry: landed_entry,
        account: &destination.id,
        transfer: &id,
        sent: amount,
        landed,
        available_on: landed_on,
        fee,
        data: order.payment_data,
    };
    land(tx, landing)?;
    Ok(Sent { transfer, application_fee })
}

/// Accounts under the recipient service agreement get their money a day later (Stripe, "service agreements").
fn is_recipient(account: &Account) -> bool {
    account.tos_acceptance.service_agreement.as_deref() == Some("recipient")
}
