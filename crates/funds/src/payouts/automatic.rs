//! Automatic payouts.
//!
//! Whatever makes money available plans a run for the account, at 01:00 UTC of the next day: one job per account and run.
//! A run decides by the schedule as it is then. It pays, per currency, all that is available, and lets the payout settle
//! every balance transaction that is available and not settled yet, in one statement. Because nothing is left over and
//! the ledger's limit says so, the rows settled always add up to the payout, and with the payout's own row to zero.
//!
//! A run decides again when the balance moved before it was committed; one that loses every time, against hundreds of
//! direct movements a second, fails and comes back later, as jobs do.
//!
//! What cannot be paid (no external account, one that failed, payouts disabled, too little) is tried again at the next run,
//! as long as there is money: so payouts resume by themselves when the external account is updated or replaced. A manual
//! schedule plans nothing; whoever changes a schedule from manual calls [`plan`], or schedules the job [`PAY_OUT`] with
//! `{"account": …}` when it cannot: it then only plans the next run.

use accounts::{Account, ExternalAccountStatus};
use kernel::{Currency, Metadata, Result, Timestamp};
use ledger::{Bound, Bucket, LedgerAccount};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Filter, Job, Settle, Tx};

use super::book::{NewPayout, STRIPE_PAYOUT, make};
use super::minimum::minimum;
use super::schedule::{next_run, next_run_of_any};
use crate::balance::mature_until;
use crate::balance_transactions::BalanceTransaction;

/// The job that pays an account out.
pub const PAY_OUT: &str = "automatic_payout";

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

/// One job per account and run, so that a run can plan the next while its own job still stands.
fn plan_at(tx: &mut Tx, account: &str, run: Timestamp) -> Result<()> {
    let payload = json!(Run { account: account.to_owned(), run: Some(run) });
    tx.schedule_once(PAY_OUT, &format!("{account}:{}", run.0), run, payload)
}

/// The job: pays everything that can be paid, and plans the next run while something is left.
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
        let is_paid = pays_now && pay_out(tx, &account, currency)?;
        something_left |= 0 < amount && !is_paid;
    }
    if something_left {
        plan_at(tx, &planned.account, next)?;
    }
    Ok(())
}

/// Pays all that is available in a currency, and says whether it did.
fn pay_out(tx: &mut Tx, account: &Account, currency: Currency) -> Result<bool> {
    if !account.payouts_enabled {
        return Ok(false);
    }
    let Some(destination) = accounts::default_external_account(account, currency) else { return Ok(false) };
    if destination.status == ExternalAccountStatus::Errored {
        return Ok(false);
    }
    let until = settled_until(tx, &account.id, currency)?;
    mature_until(tx, &account.id, currency, until)?;
    let available = LedgerAccount::available(&account.id, currency);
    let amount = tx.balance(&available)? + tx.moved(&available);
    if amount < minimum(currency) {
        return Ok(false);
    }
    let new = NewPayout {
        account: &account.id,
        amount,
        currency,
        destination: &destination.id,
        automatic: true,
        description: Some(STRIPE_PAYOUT.into()),
        metadata: Metadata::new(),
        original: None,
        statement_descriptor: account.settings.payouts.statement_descriptor.clone(),
    };
    let payout = make(tx, new)?.id.clone();
    tx.retry_unless(available, Bound::Exactly(0));
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
