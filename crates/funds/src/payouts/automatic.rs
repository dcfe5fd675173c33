//! Automatic payouts.
//!
//! Whatever makes money available, or a balance that may be debited negative, plans a run for the account, at 01:00 UTC of
//! the next day: one job per account and run. A run decides by the schedule as it is then. It pays, per currency, all that
//! is available but for the minimum balance, which is kept back meanwhile, and lets the payout settle every balance
//! transaction that is available and not settled yet, in one statement. Because nothing is left over and the ledger's
//! limit says so, the rows settled always add up to zero with the payout's own.
//!
//! A run decides again when the balance moved before it was committed; one that loses every time, against hundreds of
//! direct movements a second, fails and comes back later, as jobs do.
//!
//! What cannot be paid (no external account, one that failed, payouts disabled, too little) is tried again at the next run,
//! as long as there is money: so payouts resume by themselves when the external account is updated or replaced. A manual
//! schedule plans nothing. When an account's schedule is changed, `accounts` schedules the job [`PAY_OUT`] with
//! `{"account": …}`: it then only plans the next run.

pub use accounts::AUTOMATIC_PAYOUT as PAY_OUT;
use accounts::{Account, ExternalAccount, ExternalAccountStatus, PayoutInterval};
use kernel::{Currency, Result, Timestamp};
use ledger::{Bound, Bucket, LedgerAccount};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Doc, Filter, Job, Settle, Tx};

use super::book::{NewPayout, make};
use super::minimum::minimum;
use super::schedule::{next_run, next_run_of_any};
use super::{debit, kept_back};
use crate::balance::mature_until;
use crate::balance_transactions::BalanceTransaction;

#[derive(Debug, Serialize, Deserialize)]
struct Run {
    account: String,
    /// The run that was planned; none when the next one has to be planned first.
    run: Option<Timestamp>,
}

/// Plans the next run for an account that got money. Cheap: the run itself looks at the account's schedule.
pub fn plan(tx: &mut Tx, account: &str) -> Result<()> {
    plan_at(tx, account, next_run_of_any(tx.now()))
}

/// Whether a run would take a negative balance of the account from its bank.
pub(crate) fn may_debit(account: &Doc<Account>) -> bool {
    debit::is_allowed(account) && account.payout_schedule().interval != PayoutInterval::Manual
}

/// One job per account and run, so that a run can plan the next while its own job still stands.
fn plan_at(tx: &mut Tx, account: &str, run: Timestamp) -> Result<()> {
    let payload = json!(Run { account: account.to_owned(), run: Some(run) });
    tx.schedule_once(PAY_OUT, &format!("{account}:{}", run.0), run, payload)
}

/// The job: pays everything that can be paid, debits what can be debited, and plans the next run while something is left.
pub(super) fn run(tx: &mut Tx, job: &Job) -> Result<()> {
    let Ok(planned) = serde_json::from_value::<Run>(job.payload.clone()) else {
        return Err(tx.bug(&format!("{}: the payload cannot be read", job.id)));
    };
    let account = accounts::load(tx, &planned.account)?;
    let schedule = account.payout_schedule();
    let Some(next) = next_run(schedule, tx.now()) else { return Ok(()) };
    let pays_now = planned.run.is_some_and(|run| schedule.pays_out_on(run));
    let mut something_left = false;
    for (currency, amount) in crate::balance::totals(tx, &planned.account, Bucket::Available)? {
        let is_done = pays_now && settle_up(tx, &account, currency)?;
        something_left |= concerns(&account, currency, amount) && !is_done;
    }
    if something_left {
        plan_at(tx, &planned.account, next)?;
    }
    Ok(())
}

/// Whether a run would have something to do with such a balance: more than the minimum, or less than nothing that may be
/// debited.
fn concerns(account: &Doc<Account>, currency: Currency, available: i64) -> bool {
    let least = account.private.balance.minimum(currency);
    least < available || (available < 0 && debit::is_allowed(account))
}

/// Pays out what is available in a currency, or takes what is owed from the bank; whether it did either.
fn settle_up(tx: &mut Tx, account: &Doc<Account>, currency: Currency) -> Result<bool> {
    let Some(bank) = accounts::default_external_account(account, currency) else { return Ok(false) };
    if bank.status == ExternalAccountStatus::Errored {
        return Ok(false);
    }
    let until = settled_until(tx, &account.id, currency)?;
    mature_until(tx, &account.id, currency, until)?;
    let available = LedgerAccount::available(&account.id, currency);
    let balance = tx.balance(&available)? + tx.moved(&available);
    if balance < 0 {
        return debit::debit(tx, account, bank, balance);
    }
    if !account.payouts_enabled {
        return Ok(false);
    }
    pay_out(tx, account, bank, balance, until)
}

/// Pays all that is available but for the minimum balance, and says whether it did.
fn pay_out(
    tx: &mut Tx,
    account: &Doc<Account>,
    bank: &ExternalAccount,
    balance: i64,
    until: Timestamp,
) -> Result<bool> {
    let currency = bank.currency;
    let kept = account.private.balance.minimum(currency);
    let amount = balance - kept;
    if amount < minimum(currency) {
        return Ok(false);
    }
    let mut payout = make(tx, NewPayout::automatic(account, bank, amount))?;
    kept_back::hold(tx, &mut payout, kept)?;
    tx.retry_unless(LedgerAccount::available(&account.id, currency), Bound::Exactly(0));
    let payout = payout.id.clone();
    tx.settle(Settle { account: account.id.clone(), currency: currency.code().into(), until: until.0, payout });
    Ok(true)
}

/// Until when the balance transactions that make up the available balance are available: now, or when the newest of them
/// was made. A run that catches up (after a pause, or when the clock was moved) finds a balance that later rows have
/// moved already; they belong to what it pays.
fn settled_until(tx: &mut Tx, account: &str, currency: Currency) -> Result<Timestamp> {
    let of_currency = [Filter::Is("currency", currency.code().into())];
    let newest = tx.find_all::<BalanceTransaction>(Some(account), &of_currency, 1)?;
    Ok(newest.iter().map(|row| row.created).fold(tx.now(), Timestamp::max))
}
