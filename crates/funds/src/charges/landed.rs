//! A transfer that landed: what the receiver sees of it, a payment (`py_…`).

use kernel::{Metadata, Money, Result, Timestamp};
use store::{Doc, Tx};

use super::{
    BillingDetails, Booking, Charge, ChargeState, ChargeStatus, FraudDetails, PaymentData, PaymentMethodDetails,
};
use crate::balance_transactions::{Entry, EntryType, FeeDetail};
use crate::conversion::rate;

/// A payment to be made of a transfer. Its money is posted by the transfer.
pub(crate) struct Landing<'a> {
    /// `py_…`, made beforehand.
    pub(crate) id: String,
    /// The row's id, made beforehand.
    pub(crate) entry: String,
    /// The receiver.
    pub(crate) account: &'a str,
    /// The transfer.
    pub(crate) transfer: &'a str,
    /// What was sent.
    pub(crate) sent: Money,
    /// What it is in the receiver's currency.
    pub(crate) landed: Money,
    /// When the receiver can use it.
    pub(crate) available_on: Timestamp,
    /// The platform's fee: its id, its amount, its application, and its part of the row.
    pub(crate) fee: Option<LandedFee>,
    /// What the payment says.
    pub(crate) data: PaymentData,
}

/// The platform's fee on a payment that landed.
pub(crate) struct LandedFee {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) application: String,
    pub(crate) detail: FeeDetail,
}

/// Makes the payment and its row.
///
/// Events: on the receiver `payment.created`, which Stripe sends and does not list.
pub(crate) fn land(tx: &mut Tx, landing: Landing) -> Result<Doc<Charge>> {
    let Landing { id, entry, account, transfer, sent, landed, available_on, fee, data } = landing;
    let row = Entry {
        fees: fee.iter().map(|fee| fee.detail.clone()).collect(),
        source: Some(&id),
        description: data.description.clone(),
        exchange_rate: rate(sent.currency, landed.currency),
        ..Entry::new(account, EntryType::Payment, landed.amount, landed.currency, available_on)
    };
    row.record(tx, entry.clone())?;
    let metadata: Metadata = data.metadata;
    let charge = Charge {
        id,
        object: "charge".into(),
        amount: sent.amount,
        amount_captured: sent.amount,
        amount_refunded: 0,
        application: fee.as_ref().map(|fee| fee.application.clone()),
        application_fee: fee.as_ref().map(|fee| fee.id.clone()),
        application_fee_amount: fee.as_ref().map(|fee| fee.amount),
        balance_transaction: Some(entry),
        billing_details: BillingDetails::default(),
        calculated_statement_descriptor: None,
        captured: true,
        created: tx.now(),
        currency: sent.currency,
        customer: None,
        description: data.description,
        disputed: false,
        failure_balance_transaction: None,
        failure_code: None,
        failure_message: None,
        fraud_details: Some(FraudDetails::default()),
        livemode: tx.livemode(),
        metadata,
        on_behalf_of: None,
        outcome: None,
        paid: true,
        payment_intent: None,
        payment_method: None,
        payment_method_details: Some(PaymentMethodDetails::stripe_account()),
        receipt_email: None,
        receipt_number: None,
        receipt_url: None,
        refunded: false,
        review: None,
        shipping: None,
        source: None,
        source_transfer: Some(transfer.to_owned()),
        statement_descriptor: None,
        statement_descriptor_suffix: None,
        status: ChargeStatus::Succeeded,
        transfer: None,
        transfer_data: None,
        transfer_group: None,
    };
    let booking = Booking { currency: landed.currency, amount: landed.amount, available_on };
    let charge = tx.create(account, charge, ChargeState { booking: Some(booking), ..ChargeState::default() })?;
    tx.emit("payment.created", &charge)?;
    Ok(charge)
}
