//! Taking a negative balance from the account's bank: a payout of a negative amount (Stripe, "account balances").
//!
//! A run of automatic payouts makes it, when the account's `debit_negative_balances` is on. It takes what the account owes
//! and what is pending does not cover, so that a debit under way, whose money is pending until it arrives, is not made
//! twice. It settles no balance transactions: its row and those that made the debt are settled by the next payout that is
//! paid.
//!
//! While a platform answers for the account, what it keeps in reserve stays there for three business days after the debit
//! arrived: banks send debits back.

use accounts::{Account, ExternalAccount};
use kernel::{Currency, Result, Timestamp};
use ledger::{Bound, Bucket, LedgerAccount};
use store::{Doc, Tx};

use super::Payout;
use super::book::{NewPayout, make};
use super::minimum::minimum;
use crate::balance::{drop_kept, keep_reserve, mature_until};

/// Where banks let Kontor debit accounts: the single euro payments area and some others.
const COUNTRIES: &[&str] = &[
    "AD", "AT", "AU", "BE", "BG", "CA", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GI", "GR", "HR",
    "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MC", "MT", "NL", "NO", "NZ", "PL", "PT", "RO", "SE", "SI", "SK",
    "SM", "US", "VA",
];

/// Business days from a debit's arrival for which a platform's reserve stays.
const RESERVE_STAYS: i64 = 3;

/// Whether an account's negative balance is taken from its bank.
pub(super) fn is_allowed(account: &Doc<Account>) -> bool {
    account.settings.payouts.debit_negative_balances && !account.private.deleted
}

/// Takes what is owed from the bank; whether it did. `balance` is what is available, after what is due by now.
pub(super) fn debit(tx: &mut Tx, account: &Doc<Account>, bank: &ExternalAccount, balance: i64) -> Result<bool> {
    let currency = bank.currency;
    if !is_allowed(account) || !COUNTRIES.contains(&bank.country.as_str()) {
        return Ok(false);
    }
    let owed = -balance - pending(tx, &account.id, currency)?.max(0);
    if owed < minimum(currency) {
        return Ok(false);
    }
    make(tx, NewPayout::automatic(account, bank, -owed))?;
    tx.retry_unless(LedgerAccount::available(&account.id, currency), Bound::Exactly(balance));
    Ok(true)
}

/// What becomes available on later days.
fn pending(tx: &Tx, account: &str, currency: Currency) -> Result<i64> {
    let all = tx.balances(account)?.into_iter();
    let pending = all.filter(|(place, _)| place.bucket == Bucket::Pending && place.currency == currency);
    Ok(pending.map(|(place, balance)| balance + tx.moved(&place)).sum())
}

/// Whether a payout is such a debit, and not the reversal of another payout.
pub(super) fn is_debit(payout: &Payout) -> bool {
    payout.automatic && payout.amount < 0
}

/// A debit arrived: its money is available, and the reserve stays.
pub(super) fn arrived(tx: &mut Tx, payout: &Payout, account: &str) -> Result<()> {
    let now = tx.now();
    mature_until(tx, account, payout.currency, now)?;
    keep_reserve(tx, account, payout.currency, &payout.id, -payout.amount, until(now))
}

/// A debit came back: what it brought is due first, so that it is there to be taken, and no reserve stays for it.
pub(super) fn came_back(tx: &mut Tx, payout: &Payout, account: &str) -> Result<()> {
    let now = tx.now();
    mature_until(tx, account, payout.currency, now)?;
    drop_kept(tx, account, payout.currency, &payout.id)
}

fn until(arrival: Timestamp) -> Timestamp {
    arrival.business_days_later(RESERVE_STAYS)
}
