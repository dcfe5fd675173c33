//! Money from one place to another, exchanged on the way when the places differ in currency.

use kernel::Result;
use ledger::{Bucket, Code, LedgerAccount, Posting};
use store::Tx;

/// The most that one request moves, in minor units: above all that Stripe's amounts can have, and so far below what a
/// balance can hold that sums do not overflow.
pub(crate) const LARGEST: i64 = 99_999_999_999;

/// One end of a movement.
#[derive(Debug, Clone)]
pub(crate) struct End<'a> {
    /// Where the money stands.
    pub(crate) place: LedgerAccount,
    /// How much, in the place's currency. Nothing is posted for 0.
    pub(crate) amount: i64,
    /// The balance transaction that shows it to the place's owner; empty on the operator's side.
    pub(crate) entry: &'a str,
}

impl<'a> End<'a> {
    /// An account's end, shown by one of its balance transactions.
    pub(crate) fn new(place: LedgerAccount, amount: i64, entry: &'a str) -> End<'a> {
        End { place, amount, entry }
    }

    /// The operator's end.
    pub(crate) fn operator(bucket: Bucket, money: kernel::Money) -> End<'a> {
        End { place: LedgerAccount::operator(bucket, money.currency), amount: money.amount, entry: "" }
    }
}

/// Moves `from.amount` out of one place and `to.amount` into the other. Both are the same when the currency is.
pub(crate) fn pay(tx: &mut Tx, code: Code, from: End, to: End) -> Result<()> {
    if from.place.currency == to.place.currency {
        debug_assert_eq!(from.amount, to.amount, "one currency, one amount");
        let posting = |amount| {
            Posting::new(code, from.place, to.place, amount).debit_shown_by(from.entry).credit_shown_by(to.entry)
        };
        return if 0 < to.amount { tx.post(posting(to.amount)) } else { Ok(()) };
    }
    let exchange = |currency| LedgerAccount::operator(Bucket::Conversion, currency);
    if 0 < from.amount {
        let taken = exchange(from.place.currency);
        tx.post(Posting::new(Code::Conversion, from.place, taken, from.amount).debit_shown_by(from.entry))?;
    }
    if 0 < to.amount {
        let given = exchange(to.place.currency);
        tx.post(Posting::new(code, given, to.place, to.amount).credit_shown_by(to.entry))?;
    }
    Ok(())
}
