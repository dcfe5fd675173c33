//! What making a payout and giving its money back do to the book.

use accounts::{Account, ExternalAccount};
use kernel::{Currency, Metadata, Result, Timestamp};
use ledger::{Bucket, Code, LedgerAccount, Posting};
use store::{Doc, Tx};

use super::{
    Payout, PayoutMethod, PayoutPrivate, PayoutStatus, PayoutType, RECONCILE, ReconciliationStatus, SUBMIT, TraceId,
    schedule,
};
use crate::balance_transactions::{Entry, EntryType, standing};

/// Business days from making a standard payout to its arrival.
const BUSINESS_DAYS: i64 = 2;

/// What payouts without a description are called on balance transactions.
pub(super) const STRIPE_PAYOUT: &str = "STRIPE PAYOUT";

/// A payout to be made.
pub(super) struct NewPayout<'a> {
    pub account: &'a str,
    /// Negative to bring money back from the bank.
    pub amount: i64,
    pub currency: Currency,
    pub destination: &'a str,
    pub automatic: bool,
    pub description: Option<String>,
    pub metadata: Metadata,
    pub original: Option<String>,
    pub statement_descriptor: Option<String>,
}

impl<'a> NewPayout<'a> {
    /// What a run of automatic payouts makes.
    pub(super) fn automatic(account: &'a Account, bank: &'a ExternalAccount, amount: i64) -> NewPayout<'a> {
        NewPayout {
            account: &account.id,
            amount,
            currency: bank.currency,
            destination: &bank.id,
            automatic: true,
            description: Some(STRIPE_PAYOUT.into()),
            metadata: Metadata::new(),
            original: None,
            statement_descriptor: account.settings.payouts.statement_descriptor.clone(),
        }
    }
}

/// Makes a payout: the document, its balance transaction, the posting, and the jobs of its life.
///
/// What a negative one brings is pending until it arrives. Limits are the caller's to state.
pub(super) fn make(tx: &mut Tx, new: NewPayout) -> Result<Doc<Payout>> {
    let (id, entry) = (tx.id("po"), tx.id("txn"));
    let now = tx.now();
    let arrival_date = now.business_days_later(BUSINESS_DAYS);
    let in_transit = LedgerAccount::in_transit(new.account, new.currency);
    let available_on = if new.amount < 0 { arrival_date } else { now };
    let balance = standing(tx, new.account, new.currency, available_on);
    let is_settling = new.automatic && 0 < new.amount;
    tx.post(if new.amount < 0 {
        let code = if new.original.is_some() { Code::PayoutReversal } else { Code::BankDebit };
        Posting::new(code, in_transit, balance, -new.amount).credit_shown_by(&entry)
    } else {
        Posting::new(Code::Payout, balance, in_transit, new.amount).debit_shown_by(&entry)
    })?;
    let row = Entry {
        source: Some(&id),
        description: Some(new.description.clone().unwrap_or_else(|| STRIPE_PAYOUT.into())),
        ..Entry::new(new.account, EntryType::Payout, -new.amount, new.currency, available_on)
    };
    row.record(tx, entry.clone())?;
    let payout = Payout {
        id: id.clone(),
        object: "payout".into(),
        amount: new.amount,
        application_fee: None,
        application_fee_amount: None,
        arrival_date,
        automatic: new.automatic,
        balance_transaction: Some(entry),
        created: now,
        currency: new.currency,
        description: new.description,
        destination: Some(new.destination.to_owned()),
        failure_balance_transaction: None,
        failure_code: None,
        failure_message: None,
        livemode: tx.livemode(),
        metadata: new.metadata,
        method: PayoutMethod::Standard,
        original_payout: new.original,
        payout_method: None,
        reconciliation_status: if is_settling {
            ReconciliationStatus::InProgress
        } else {
            ReconciliationStatus::NotApplicable
        },
        reversed_by: None,
        source_type: "card".into(),
        statement_descriptor: new.statement_descriptor,
        status: PayoutStatus::Pending,
        trace_id: Some(TraceId::pending()),
        kind: PayoutType::BankAccount,
    };
    let payout = tx.create(new.account, payout, PayoutPrivate::default())?;
    tx.emit("payout.created", &payout)?;
    schedule(tx, SUBMIT, &id, now.business_days_later(1))?;
    if is_settling {
        schedule(tx, RECONCILE, &id, now)?;
    }
    Ok(payout)
}

/// Undoes what [`make`] did to the balance, by a balance transaction of its own, which the payout names from then on.
pub(super) fn give_back(tx: &mut Tx, payout: &mut Doc<Payout>, kind: EntryType, code: Code) -> Result<()> {
    let entry = tx.id("txn");
    let account = payout.account.clone();
    let held = match payout.status {
        PayoutStatus::Paid => LedgerAccount::operator(Bucket::Bank, payout.currency),
        PayoutStatus::Pending | PayoutStatus::InTransit | PayoutStatus::Failed | PayoutStatus::Canceled => {
            LedgerAccount::in_transit(&account, payout.currency)
        }
    };
    let available_on: Timestamp = if payout.amount < 0 { payout.arrival_date.max(tx.now()) } else { tx.now() };
    let balance = standing(tx, &account, payout.currency, available_on);
    tx.post(if payout.amount < 0 {
        Posting::new(code, balance, held, -payout.amount).debit_shown_by(&entry)
    } else {
        Posting::new(code, held, balance, payout.amount).credit_shown_by(&entry)
    })?;
    let described = payout.description.as_deref().unwrap_or(STRIPE_PAYOUT);
    let row = Entry {
        source: Some(payout.id.as_str()),
        description: Some(format!("REFUND FOR PAYOUT ({described})")),
        ..Entry::new(&account, kind, payout.amount, payout.currency, available_on)
    };
    row.record(tx, entry.clone())?;
    payout.failure_balance_transaction = Some(entry);
    Ok(())
}
