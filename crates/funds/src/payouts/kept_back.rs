//! The minimum balance that an automatic payout leaves.
//!
//! A payout settles every balance transaction that is available, so what it leaves is taken out of the balance as well, by a
//! row that the payout settles too: with it they add up to zero. Once the payout is made the same amount goes back by another
//! row, which is for the next payout to settle. Between the two it stands in the account's ledger account `kept_back`.

use kernel::{Currency, Result};
use ledger::{Code, LedgerAccount, Posting};
use store::{Doc, Tx};

use super::Payout;
use crate::balance_transactions::{Entry, EntryType};

/// Keeps the minimum balance out of what an automatic payout settles.
pub(super) fn hold(tx: &mut Tx, payout: &mut Doc<Payout>, amount: i64) -> Result<()> {
    if amount < 1 {
        return Ok(());
    }
    let (entry, account, currency) = (tx.id("txn"), payout.account.clone(), payout.currency);
    let (available, kept) = places(&account, currency);
    tx.post(Posting::new(Code::MinimumBalance, available, kept, amount).debit_shown_by(&entry))?;
    let row = Entry::new(&account, EntryType::PayoutMinimumBalanceHold, -amount, currency, tx.now());
    row.record(tx, entry)?;
    payout.private.kept_back = amount;
    tx.put(payout)
}

/// Gives back what was kept. The caller writes the payout.
pub(super) fn release(tx: &mut Tx, payout: &mut Doc<Payout>) -> Result<()> {
    let amount = std::mem::take(&mut payout.private.kept_back);
    if amount < 1 {
        return Ok(());
    }
    let (entry, account, currency) = (tx.id("txn"), payout.account.clone(), payout.currency);
    let (available, kept) = places(&account, currency);
    tx.post(Posting::new(Code::MinimumBalance, kept, available, amount).credit_shown_by(&entry))?;
    let row = Entry::new(&account, EntryType::PayoutMinimumBalanceRelease, amount, currency, tx.now());
    row.record(tx, entry).map(drop)
}

fn places(account: &str, currency: Currency) -> (LedgerAccount, LedgerAccount) {
    (LedgerAccount::available(account, currency), LedgerAccount::kept_back(account, currency))
}
