//! What documents say of money, held against what was booked.

use std::collections::{BTreeMap, HashMap};

use kernel::Currency;
use ledger::Bucket;
use store::{Document, Reader, StoreResult};

use super::{AuditReport, Book, PAGE, Purse};
use crate::application_fees::{ApplicationFee, FeeRefund};
use crate::balance::ConnectReserve;
use crate::balance_transactions::BalanceTransaction;
use crate::charges::Charge;
use crate::payouts::{Payout, PayoutPrivate, PayoutStatus};
use crate::refunds::{Refund, RefundStatus};
use crate::transfers::{Transfer, TransferReversal};

/// Amounts by the id of what they were given back of.
type Sums = HashMap<String, i64>;

pub(super) fn check(reader: &dyn Reader, report: &mut AuditReport, book: &mut Book) -> StoreResult<()> {
    let (mut refunded, mut waiting) = (Sums::new(), Sums::new());
    each::<Refund>(reader, report, |report, owner, refund, state| {
        check_refund(reader, report, owner, &refund)?;
        let charge = refund.charge.clone().unwrap_or_default();
        if state.waiting.is_some() {
            *waiting.entry(charge).or_default() += refund.amount;
        } else if matches!(refund.status, RefundStatus::Succeeded | RefundStatus::Pending) {
            *refunded.entry(charge).or_default() += refund.amount;
        }
        Ok(())
    })?;
    each::<Charge>(reader, report, |report, owner, charge, state| {
        check_charge(reader, report, owner, &charge)?;
        let (refunds, waits) = (refunded.remove(&charge.id), waiting.remove(&charge.id));
        agree(report, &charge.id, "amount_refunded", charge.amount_refunded, "its refunds", refunds);
        agree(report, &charge.id, "waiting refunds", state.waiting, "those that wait", waits);
        Ok(())
    })?;
    orphans(report, refunded, "charge");
    check_transfers(reader, report)?;
    check_fees(reader, report)?;
    check_payouts(reader, report, book)?;
    check_reserves(reader, report, book)
}

/// What payouts say by account and currency.
#[derive(Default)]
struct Said {
    in_transit: BTreeMap<Purse, i64>,
    kept_back: BTreeMap<Purse, i64>,
}

fn check_payouts(reader: &dyn Reader, report: &mut AuditReport, book: &mut Book) -> StoreResult<()> {
    let (mut said, mut settled) = (Said::default(), std::mem::take(&mut book.settled));
    each::<Payout>(reader, report, |report, owner, payout, state| {
        let purse = (owner.to_owned(), payout.currency);
        let sum = settled.remove(&(payout.id.clone(), purse.clone()));
        check_settled(report, &payout, sum);
        said.add(&purse, &payout, &state);
        check_payout(reader, report, owner, &payout)
    })?;
    for (payout, (account, currency)) in settled.into_keys() {
        report.differ(format!("{payout} settles {currency} of {account}, and is no payout of that."));
    }
    book.compare_bucket(report, Bucket::InTransit, said.in_transit);
    book.compare_bucket(report, Bucket::KeptBack, said.kept_back);
    Ok(())
}

impl Said {
    fn add(&mut self, purse: &Purse, payout: &Payout, state: &PayoutPrivate) {
        match payout.status {
            PayoutStatus::Pending | PayoutStatus::InTransit => {
                *self.in_transit.entry(purse.clone()).or_default() += payout.amount;
            }
            PayoutStatus::Paid | PayoutStatus::Failed | PayoutStatus::Canceled => {}
        }
        *self.kept_back.entry(purse.clone()).or_default() += state.kept_back;
    }
}

fn check_payout(reader: &dyn Reader, report: &mut AuditReport, owner: &str, payout: &Payout) -> StoreResult<()> {
    let (id, back) = (&payout.id, payout.failure_balance_transaction.as_deref());
    match payout.status {
        PayoutStatus::Failed | PayoutStatus::Canceled => {
            check_row(reader, report, owner, id, back, Some((payout.amount, payout.currency)))?;
        }
        PayoutStatus::Pending | PayoutStatus::InTransit | PayoutStatus::Paid => nothing_came_back(report, id, back),
    }
    let expected = Some((-payout.amount, payout.currency));
    check_row(reader, report, owner, id, payout.balance_transaction.as_deref(), expected)
}

/// What an automatic payout pays adds up to it. One that debits the bank settles nothing, nor does one by hand.
fn check_settled(report: &mut AuditReport, payout: &Payout, sum: Option<i64>) {
    let settles = payout.automatic && 0 < payout.amount;
    match sum {
        Some(0) if settles => {}
        Some(sum) if settles => report.differ(format!(
            "The balance transactions that {} settles add up to {sum} with its own, and not to 0.",
            payout.id
        )),
        None if settles => report.differ(format!("{} settles no balance transactions.", payout.id)),
        Some(_) => report.differ(format!("{} settles balance transactions and cannot.", payout.id)),
        None => {}
    }
}

fn check_reserves(reader: &dyn Reader, report: &mut AuditReport, book: &Book) -> StoreResult<()> {
    let mut held: BTreeMap<Purse, i64> = BTreeMap::new();
    each::<ConnectReserve>(reader, report, |_, owner, reserve, ()| {
        *held.entry((owner.to_owned(), reserve.currency)).or_default() += reserve.amount;
        Ok(())
    })?;
    book.compare_bucket(report, Bucket::Reserved, held);
    Ok(())
}

fn nothing_came_back(report: &mut AuditReport, id: &str, row: Option<&str>) {
    if let Some(row) = row {
        report.differ(format!("{id} did not fail and names {row}, by which its money came back."));
    }
}

fn check_charge(reader: &dyn Reader, report: &mut AuditReport, owner: &str, charge: &Charge) -> StoreResult<()> {
    let id = &charge.id;
    if !charge.captured {
        if charge.balance_transaction.is_some() || charge.amount_captured != 0 {
            report.differ(format!("{id} is not captured and says that money came in."));
        }
        return Ok(());
    }
    if charge.amount < charge.amount_captured || charge.amount_captured < charge.amount_refunded {
        report.differ(format!("{id}: amount, amount_captured and amount_refunded do not fall."));
    }
    if charge.refunded != (charge.amount_refunded == charge.amount_captured) {
        report.differ(format!("{id}: `refunded` does not say whether all was refunded."));
    }
    let expected = Some((charge.amount_captured, charge.currency));
    check_row(reader, report, owner, id, charge.balance_transaction.as_deref(), expected)
}

fn check_refund(reader: &dyn Reader, report: &mut AuditReport, owner: &str, refund: &Refund) -> StoreResult<()> {
    let id = &refund.id;
    if refund.status == RefundStatus::Failed {
        let back = refund.failure_balance_transaction.as_deref();
        check_row(reader, report, owner, id, back, Some((refund.amount, refund.currency)))?;
    } else {
        nothing_came_back(report, id, refund.failure_balance_transaction.as_deref());
    }
    match refund.balance_transaction.as_deref() {
        Some(row) => check_row(reader, report, owner, id, Some(row), Some((-refund.amount, refund.currency))),
        None => Ok(()),
    }
}

fn check_transfers(reader: &dyn Reader, report: &mut AuditReport) -> StoreResult<()> {
    let mut reversed = Sums::new();
    each::<TransferReversal>(reader, report, |report, owner, reversal, ()| {
        *reversed.entry(reversal.transfer.clone()).or_default() += reversal.amount;
        let expected = Some((reversal.amount, reversal.currency));
        check_row(reader, report, owner, &reversal.id, reversal.balance_transaction.as_deref(), expected)
    })?;
    each::<Transfer>(reader, report, |report, owner, transfer, _| {
        let id = &transfer.id;
        agree(report, id, "amount_reversed", transfer.amount_reversed, "its reversals", reversed.remove(id));
        if transfer.reversed != (transfer.amount_reversed == transfer.amount) {
            report.differ(format!("{id}: `reversed` does not say whether all was reversed."));
        }
        let expected = Some((-transfer.amount, transfer.currency));
        check_row(reader, report, owner, id, transfer.balance_transaction.as_deref(), expected)
    })?;
    orphans(report, reversed, "transfer");
    Ok(())
}

fn check_fees(reader: &dyn Reader, report: &mut AuditReport) -> StoreResult<()> {
    let mut refunded = Sums::new();
    each::<FeeRefund>(reader, report, |report, owner, refund, ()| {
        *refunded.entry(refund.fee.clone()).or_default() += refund.amount;
        let expected = Some((-refund.amount, refund.currency));
        check_row(reader, report, owner, &refund.id, refund.balance_transaction.as_deref(), expected)
    })?;
    each::<ApplicationFee>(reader, report, |report, owner, fee, _| {
        let id = &fee.id;
        agree(report, id, "amount_refunded", fee.amount_refunded, "its refunds", refunded.remove(id));
        if fee.refunded != (fee.amount_refunded == fee.amount) {
            report.differ(format!("{id}: `refunded` does not say whether all was given back."));
        }
        let expected = Some((fee.amount, fee.currency));
        check_row(reader, report, owner, id, fee.balance_transaction.as_deref(), expected)
    })?;
    orphans(report, refunded, "application fee");
    Ok(())
}

/// The balance transaction of a document exists, is its owner's and about it; and its amount is what the document says,
/// unless it was converted.
fn check_row(
    reader: &dyn Reader,
    report: &mut AuditReport,
    owner: &str,
    id: &str,
    row: Option<&str>,
    expected: Option<(i64, Currency)>,
) -> StoreResult<()> {
    let Some(row) = row else {
        report.differ(format!("{id} says that money moved and names no balance transaction."));
        return Ok(());
    };
    let Some(stored) = reader.get(BalanceTransaction::KIND, row)? else {
        report.differ(format!("{id} names {row}, which does not exist."));
        return Ok(());
    };
    let Ok(entry) = serde_json::from_str::<BalanceTransaction>(&stored.data) else { return Ok(()) };
    if *stored.account != *owner {
        report.differ(format!("{id} is {owner}'s and names {row}, which is {}'s.", stored.account));
    }
    if entry.source.as_deref() != Some(id) {
        report.differ(format!("{id} names {row}, which is about something else."));
    }
    if let Some((amount, currency)) = expected
        && entry.currency == currency
        && entry.amount != amount
    {
        report.differ(format!("{id} says {amount} and {row} says {}.", entry.amount));
    }
    Ok(())
}

fn agree(report: &mut AuditReport, id: &str, field: &str, says: i64, parts: &str, sum: Option<i64>) {
    let sum = sum.unwrap_or(0);
    if says != sum {
        report.differ(format!("{id}: {field} is {says}, {parts} add up to {sum}."));
    }
}

fn orphans(report: &mut AuditReport, left: Sums, noun: &str) {
    let mut left: Vec<String> = left.into_keys().collect();
    left.sort();
    for id in left {
        report.differ(format!("Something was given back of {noun} {id}, which does not exist."));
    }
}

/// Every document of a kind in the order of ids, with its owner and its private part.
fn each<T: Document>(
    reader: &dyn Reader,
    report: &mut AuditReport,
    mut check: impl FnMut(&mut AuditReport, &str, T, T::Private) -> StoreResult<()>,
) -> StoreResult<()> {
    let mut after = String::new();
    loop {
        let page = reader.scan(T::KIND, &after, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id.to_string();
        for row in &page {
            report.documents += 1;
            let shown = serde_json::from_str::<T>(&row.data);
            let private = row.private.as_deref().map_or_else(|| Ok(T::Private::default()), serde_json::from_str);
            match (shown, private) {
                (Ok(shown), Ok(private)) => check(report, &row.account, shown, private)?,
                (Err(error), _) | (_, Err(error)) => report.differ(format!("{} cannot be read: {error}", row.id)),
            }
        }
    }
}
