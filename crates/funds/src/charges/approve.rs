//! A charge that the network approved, and what every new charge has in common.

use accounts::Account;
use kernel::{DAY, Result};
use rails::cards::{Approval, Funds, RefundBehaviour};
use store::{Doc, Tx};

use super::book::book;
use super::{
    CardChecks, CardDetails, Charge, ChargeOrder, ChargeState, ChargeStatus, FeatureStatus, FraudDetails, NetworkToken,
    Overcapture, RefundMode, ThreeDSecureDetails, TransferData,
};

/// Days within which an authorised charge must be captured.
const AUTHORISED_DAYS: i64 = 7;

/// Makes a charge that the network approved; captured and booked at once when the order says so.
///
/// The order must have passed [`check_split`](super::check_split).
///
/// Events: `charge.succeeded`; with it those of the transfer and the application fee.
pub fn approve(tx: &mut Tx, order: ChargeOrder, approval: Approval) -> Result<Doc<Charge>> {
    let own = accounts::load(tx, tx.account().to_owned().as_str())?;
    let (capture, amount) = (order.capture, order.amount.amount);
    let (mut charge, mut state) = blank(tx, &own, order)?;
    charge.outcome = Some(approval.outcome.into());
    charge.paid = true;
    charge.status = ChargeStatus::Succeeded;
    charge.receipt_url = Some(format!("{}/receipts/{}/{}", tx.world().base_url(), charge.id, tx.secret(24)));
    let three_d_secure = approval.three_d_secure.map(|outcome| ThreeDSecureDetails::new(outcome, digits(tx, 15)));
    if let Some(card) = card_of(&mut charge) {
        card.amount_authorized = Some(amount);
        card.authorization_code = Some(digits(tx, 6));
        card.network_transaction_id = Some(digits(tx, 15));
        card.capture_before = (!capture).then(|| tx.now().plus(AUTHORISED_DAYS * DAY));
        card.three_d_secure = three_d_secure.or(card.three_d_secure.take());
        complete(card, approval.checks.into(), amount);
    }
    state.bypasses_pending = approval.funds == Funds::Available;
    state.refund_mode = match approval.refund {
        RefundBehaviour::Succeeds => RefundMode::Succeeds,
        RefundBehaviour::PendingThenSucceeds => RefundMode::PendingThenSucceeds,
        RefundBehaviour::SucceedsThenFails => RefundMode::SucceedsThenFails,
    };
    if capture {
        charge.captured = true;
        charge.amount_captured = amount;
        book(tx, &mut charge, &mut state, &own)?;
    }
    let charge = tx.create(&own.id, charge, state)?;
    tx.emit("charge.succeeded", &charge)?;
    Ok(charge)
}

/// A charge as its order says, before anybody knows how it goes.
pub(super) fn blank(tx: &mut Tx, own: &Doc<Account>, order: ChargeOrder) -> Result<(Charge, ChargeState)> {
    let id = tx.id("ch");
    let application = match own.is_connected() {
        true => Some(accounts::application(tx, &own.account)?.id),
        false => None,
    };
    let merchant = match &order.on_behalf_of {
        Some(merchant) => accounts::load(tx, merchant)?,
        None => own.clone(),
    };
    let group = order.transfer.as_ref().map(|_| group_of(order.payment_intent.as_deref().unwrap_or(&id)));
    let charge = Charge {
        id,
        object: "charge".into(),
        amount: order.amount.amount,
        amount_captured: 0,
        amount_refunded: 0,
        application,
        application_fee: None,
        application_fee_amount: order.application_fee_amount,
        balance_transaction: None,
        billing_details: order.billing_details,
        calculated_statement_descriptor: descriptor(
            &merchant,
            order.statement_descriptor.as_deref(),
            order.statement_descriptor_suffix.as_deref(),
        ),
        captured: false,
        created: tx.now(),
        currency: order.amount.currency,
        customer: order.customer,
        description: order.description,
        disputed: false,
        failure_balance_transaction: None,
        failure_code: None,
        failure_message: None,
        fraud_details: Some(FraudDetails::default()),
        livemode: tx.livemode(),
        metadata: order.metadata,
        on_behalf_of: order.on_behalf_of,
        outcome: None,
        paid: false,
        payment_intent: order.payment_intent,
        payment_method: order.payment_method,
        payment_method_details: Some(order.payment_method_details),
        receipt_email: order.receipt_email,
        receipt_number: None,
        receipt_url: None,
        refunded: false,
        review: None,
        shipping: order.shipping,
        source: order.source,
        source_transfer: None,
        statement_descriptor: order.statement_descriptor,
        statement_descriptor_suffix: order.statement_descriptor_suffix,
        status: ChargeStatus::Failed,
        transfer: None,
        transfer_data: order
            .transfer
            .as_ref()
            .map(|transfer| TransferData { amount: transfer.amount, destination: transfer.destination.clone() }),
        transfer_group: order.transfer_group.or(group),
    };
    let state = ChargeState { card_country: order.card_country, transfer: order.transfer, ..ChargeState::default() };
    Ok((charge, state))
}

/// The group that a charge and its transfers get when none was given: named by the intent, or by the charge.
pub(crate) fn group_of(id: &str) -> String {
    format!("group_{id}")
}

/// What a card statement says: what was given, else the merchant's own, with a suffix behind its prefix.
pub(super) fn descriptor(merchant: &Account, whole: Option<&str>, suffix: Option<&str>) -> Option<String> {
    const LONGEST: usize = 22;
    let text = match (whole, suffix, merchant.statement_descriptor_prefix()) {
        (Some(whole), _, _) => whole.to_owned(),
        (None, Some(suffix), Some(prefix)) => format!("{prefix}* {suffix}"),
        (None, Some(suffix), None) => suffix.to_owned(),
        (None, None, _) => merchant.statement_descriptor()?.to_owned(),
    };
    Some(text.chars().take(LONGEST).collect())
}

pub(super) fn card_of(charge: &mut Charge) -> Option<&mut CardDetails> {
    charge.payment_method_details.as_mut()?.card.as_mut()
}

/// What every card charge says besides what the network said of this one.
pub(super) fn complete(card: &mut CardDetails, checks: CardChecks, amount: i64) {
    let given = card.checks.take().unwrap_or_default();
    card.checks = Some(CardChecks {
        address_line1_check: checks.address_line1_check.or(given.address_line1_check),
        address_postal_code_check: checks.address_postal_code_check.or(given.address_postal_code_check),
        cvc_check: checks.cvc_check.or(given.cvc_check),
    });
    card.extended_authorization.get_or_insert_with(|| FeatureStatus::new("disabled"));
    card.incremental_authorization.get_or_insert_with(|| FeatureStatus::new("unavailable"));
    card.multicapture.get_or_insert_with(|| FeatureStatus::new("unavailable"));
    card.network_token.get_or_insert(NetworkToken { used: false });
    card.overcapture
        .get_or_insert_with(|| Overcapture { maximum_amount_capturable: amount, status: "unavailable".into() });
    card.regulated_status.get_or_insert_with(|| "unregulated".into());
}

/// Digits as networks make references of.
pub(crate) fn digits(tx: &Tx, length: usize) -> String {
    tx.secret(length).bytes().map(|byte| char::from(b'0' + byte % 10)).collect()
}
