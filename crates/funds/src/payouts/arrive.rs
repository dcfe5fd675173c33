//! A payout's way to the bank, and what the bank says.

use accounts::ExternalAccount;
use kernel::Result;
use ledger::{Bucket, Code, LedgerAccount, Posting};
use rails::banks::{PayoutFailure, PayoutOutcome};
use store::{Doc, Job, Tx};

use super::{ARRIVE, Payout, PayoutStatus, TraceId, book, cancel, debit, schedule, subject};
use crate::balance_transactions::EntryType;

/// The job that hands a pending payout to the bank, on the business day after it was made. Event: `payout.updated`.
///
/// The sandbox's bank says at once how it will end, which is kept until it does: what becomes of the external account
/// meanwhile changes nothing.
pub(super) fn submit(tx: &mut Tx, job: &Job) -> Result<()> {
    let mut payout = subject(tx, job)?;
    if payout.status != PayoutStatus::Pending {
        return Ok(());
    }
    payout.private.failure = bank_says(tx, payout.destination.as_deref().unwrap_or_default())?;
    payout.status = PayoutStatus::InTransit;
    tx.emit_updated("payout.updated", &payout)?;
    tx.put(&payout)?;
    schedule(tx, ARRIVE, &payout.id, payout.arrival_date.max(tx.now()))
}

/// The job that hears from the bank, on the arrival date. Event: `payout.paid`, or `payout.failed`.
pub(super) fn arrive(tx: &mut Tx, job: &Job) -> Result<()> {
    let mut payout = subject(tx, job)?;
    if payout.status != PayoutStatus::InTransit {
        return Ok(());
    }
    match payout.private.failure {
        None => pay(tx, &mut payout),
        Some(failure) => send_back(tx, &mut payout, failure),
    }
}

/// Why a payout to the external account will fail, if it will. One that was deleted leads nowhere.
fn bank_says(tx: &mut Tx, destination: &str) -> Result<Option<PayoutFailure>> {
    if tx.find::<ExternalAccount>(destination)?.is_none() {
        return Ok(Some(PayoutFailure::NoAccount));
    }
    Ok(match accounts::payout_outcome(tx, destination)? {
        PayoutOutcome::Paid => None,
        PayoutOutcome::Fails(failure) => Some(failure),
    })
}

fn pay(tx: &mut Tx, payout: &mut Doc<Payout>) -> Result<()> {
    let in_transit = LedgerAccount::in_transit(&payout.account, payout.currency);
    let bank = LedgerAccount::operator(Bucket::Bank, payout.currency);
    tx.post(if payout.amount < 0 {
        Posting::new(Code::PayoutArrival, bank, in_transit, -payout.amount)
    } else {
        Posting::new(Code::PayoutArrival, in_transit, bank, payout.amount)
    })?;
    if debit::is_debit(payout) {
        let account = payout.account.clone();
        debit::arrived(tx, payout, &account)?;
    }
    payout.status = PayoutStatus::Paid;
    payout.trace_id = Some(TraceId::assigned(tx));
    tx.emit("payout.paid", payout)?;
    tx.put(payout)
}

/// Books that the bank sent a payout back, on its way or, as banks may, days after it arrived.
///
/// The money goes back to the balance, the external account is `errored` and gets no more payouts until it is updated or
/// replaced, and a reversal that is still pending is cancelled. Event: `payout.failed`.
pub fn fail(tx: &mut Tx, payout: &str, failure: PayoutFailure) -> Result<()> {
    let mut payout = tx.load::<Payout>(payout)?;
    match payout.status {
        PayoutStatus::Pending | PayoutStatus::InTransit | PayoutStatus::Paid => send_back(tx, &mut payout, failure),
        PayoutStatus::Failed | PayoutStatus::Canceled => Ok(()),
    }
}

fn send_back(tx: &mut Tx, payout: &mut Doc<Payout>, failure: PayoutFailure) -> Result<()> {
    if debit::is_debit(payout) {
        let account = payout.account.clone();
        debit::came_back(tx, payout, &account)?;
    }
    book::give_back(tx, payout, EntryType::PayoutFailure, Code::PayoutFailure)?;
    payout.status = PayoutStatus::Failed;
    payout.failure_code = Some(failure.as_str().into());
    payout.failure_message = Some(failure.message().into());
    payout.trace_id = Some(TraceId::unsupported());
    tx.emit("payout.failed", payout)?;
    tx.put(payout)?;
    if let Some(destination) = &payout.destination {
        accounts::mark_external_account_errored(tx, &payout.account, destination)?;
    }
    cancel_pending_reversal(tx, payout)
}

/// A reversal that has not been handed to the bank has nothing left to bring back.
fn cancel_pending_reversal(tx: &mut Tx, payout: &Payout) -> Result<()> {
    let Some(reversal) = payout.reversed_by.as_deref() else { return Ok(()) };
    let mut reversal = tx.load::<Payout>(reversal)?;
    match reversal.status {
        PayoutStatus::Pending => cancel::withdraw(tx, &mut reversal),
        PayoutStatus::InTransit | PayoutStatus::Paid | PayoutStatus::Failed | PayoutStatus::Canceled => Ok(()),
    }
}
