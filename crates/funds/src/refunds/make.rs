//! The refund documents themselves: of a charge, of a released authorisation, and of a payment whose transfer was reversed.

use kernel::{Metadata, Money, Result, Timestamp};
use store::Tx;

use super::{CardDestination, DestinationDetails, Refund, RefundReason, RefundState, RefundStatus};
use crate::balance_transactions::{Entry, EntryType, FeeDetail};
use crate::charges::{Charge, digits};
use crate::conversion::rate;

/// A refund of `amount` of a charge, before anything is known of how it goes.
pub(super) fn blank(tx: &Tx, charge: &Charge, amount: i64) -> Refund {
    let is_card = charge.payment_method_details.as_ref().is_some_and(|details| details.card.is_some());
    Refund {
        id: tx.id(if charge.id.starts_with("py_") { "pyr" } else { "re" }),
        object: "refund".into(),
        amount,
        balance_transaction: None,
        charge: Some(charge.id.clone()),
        created: tx.now(),
        currency: charge.currency,
        customer: charge.customer.clone(),
        customer_account: None,
        destination_details: is_card.then(|| to_card(tx)),
        failure_balance_transaction: None,
        failure_reason: None,
        instructions_email: None,
        metadata: Some(Metadata::new()),
        payment_intent: charge.payment_intent.clone(),
        payment_method: charge.payment_method.clone(),
        pending_reason: None,
        reason: None,
        receipt_number: None,
        source_transfer_reversal: None,
        status: RefundStatus::Succeeded,
        transfer_reversal: None,
    }
}

fn to_card(tx: &Tx) -> DestinationDetails {
    DestinationDetails {
        card: Some(CardDestination {
            reference: Some(digits(tx, 16)),
            reference_status: Some("available".into()),
            reference_type: Some("acquirer_reference_number".into()),
            kind: "refund".into(),
        }),
        kind: "card".into(),
    }
}

/// What Stripe shows of an authorisation that was given up: a refund without a row, since nothing was taken.
///
/// Events: `refund.created`.
pub(crate) fn release(tx: &mut Tx, charge: &store::Doc<Charge>, reason: Option<RefundReason>) -> Result<()> {
    let mut refund = blank(tx, charge, charge.amount);
    refund.reason = reason;
    if let Some(card) = refund.destination_details.as_mut().and_then(|details| details.card.as_mut()) {
        *card =
            CardDestination { reference: None, reference_status: None, reference_type: None, kind: "reversal".into() };
    }
    let refund = tx.create(&charge.account, refund, RefundState::default())?;
    tx.emit("refund.created", &refund)
}

/// What a transfer reversal is on the receiver's side. Its money is posted by the reversal.
pub(crate) struct Returned<'a> {
    /// The payment that the transfer was.
    pub(crate) payment: String,
    /// In the transfer's currency.
    pub(crate) amount: Money,
    /// What it takes from the receiver, in its currency.
    pub(crate) taken: Money,
    pub(crate) available_on: Timestamp,
    /// The row's id, made beforehand.
    pub(crate) entry: String,
    pub(crate) fees: Vec<FeeDetail>,
    pub(crate) transfer_reversal: &'a str,
}

/// Makes the refund of the payment that a transfer was, and its row; answers its id.
///
/// Events: on the receiver `charge.refunded`.
pub(crate) fn returned(tx: &mut Tx, returned: Returned) -> Result<String> {
    let mut payment = tx.load::<Charge>(&returned.payment)?;
    let mut refund = blank(tx, &payment, returned.amount.amount);
    refund.balance_transaction = Some(returned.entry.clone());
    refund.source_transfer_reversal = Some(returned.transfer_reversal.to_owned());
    let row = Entry {
        fees: returned.fees,
        source: Some(&refund.id),
        description: Some(described("PAYMENT", payment.description.as_deref())),
        exchange_rate: rate(returned.amount.currency, returned.taken.currency),
        ..Entry::new(
            &payment.account,
            EntryType::PaymentRefund,
            -returned.taken.amount,
            returned.taken.currency,
            returned.available_on,
        )
    };
    row.record(tx, returned.entry)?;
    payment.amount_refunded += returned.amount.amount;
    payment.refunded = payment.amount_refunded == payment.amount_captured;
    tx.put(&payment)?;
    tx.emit("charge.refunded", &payment)?;
    let refund = tx.create(&payment.account, refund, RefundState::default())?;
    Ok(refund.id.clone())
}

/// `REFUND FOR CHARGE (Order 7)`, as Stripe writes it.
pub(super) fn described(what: &str, description: Option<&str>) -> String {
    match description {
        Some(description) => format!("REFUND FOR {what} ({description})"),
        None => format!("REFUND FOR {what}"),
    }
}
