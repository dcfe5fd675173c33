//! Postings and limits.

use kernel::ApiError;
use serde::{Deserialize, Serialize};

use crate::LedgerAccount;

/// Why money moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// A payer's money arrived.
    Charge,
    /// The operator's fee for processing a payment.
    ProcessingFee,
    /// A platform's fee on a connected account's payment.
    ApplicationFee,
    /// An application fee, or a part, given back.
    ApplicationFeeRefund,
    /// Money given back to a payer.
    Refund,
    /// A refund that the payer's bank refused: the money is back.
    RefundFailure,
    /// From one account to another.
    Transfer,
    /// A transfer, or a part, brought back.
    TransferReversal,
    /// Pending money became available.
    Maturity,
    /// To the account's bank.
    Payout,
    /// A payout that was cancelled: the money is back.
    PayoutCancel,
    /// A payout that the bank refused: the money is back.
    PayoutFailure,
    /// A paid payout that was brought back.
    PayoutReversal,
    /// A negative balance taken from the account's bank.
    BankDebit,
    /// Between a balance and what is kept back of it while an automatic payout is made.
    MinimumBalance,
    /// The bank confirmed a payout's arrival.
    PayoutArrival,
    /// Between a platform's balance and what it keeps for its connected accounts' negative balances.
    ConnectReserve,
    /// One currency exchanged for another.
    Conversion,
    /// A correction.
    Adjustment,
}

impl Code {
    /// As in SQL: the serialised name.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::Charge => "charge",
            Code::ProcessingFee => "processing_fee",
            Code::ApplicationFee => "application_fee",
            Code::ApplicationFeeRefund => "application_fee_refund",
            Code::Refund => "refund",
            Code::RefundFailure => "refund_failure",
            Code::Transfer => "transfer",
            Code::TransferReversal => "transfer_reversal",
            Code::Maturity => "maturity",
            Code::Payout => "payout",
            Code::PayoutCancel => "payout_cancel",
            Code::PayoutFailure => "payout_failure",
            Code::PayoutReversal => "payout_reversal",
            Code::BankDebit => "bank_debit",
            Code::MinimumBalance => "minimum_balance",
            Code::PayoutArrival => "payout_arrival",
            Code::ConnectReserve => "connect_reserve",
            Code::Conversion => "conversion",
            Code::Adjustment => "adjustment",
        }
    }

    const ALL: [Code; 19] = [
        Code::Charge,
        Code::ProcessingFee,
        Code::ApplicationFee,
        Code::ApplicationFeeRefund,
        Code::Refund,
        Code::RefundFailure,
        Code::Transfer,
        Code::TransferReversal,
        Code::Maturity,
        Code::Payout,
        Code::PayoutCancel,
        Code::PayoutFailure,
        Code::PayoutReversal,
        Code::BankDebit,
        Code::MinimumBalance,
        Code::PayoutArrival,
        Code::ConnectReserve,
        Code::Conversion,
        Code::Adjustment,
    ];

    /// Reads the name that [`Code::as_str`] gives.
    pub fn parse(name: &str) -> Option<Code> {
        Code::ALL.into_iter().find(|code| code.as_str() == name)
    }
}

/// Money moved from `debit` to `credit`. Never changed once committed; a wrong one is corrected by another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// Why.
    pub code: Code,
    /// Whose balance falls by `amount`.
    pub debit: LedgerAccount,
    /// Whose balance rises by `amount`.
    pub credit: LedgerAccount,
    /// Minor units of the currency of both sides; positive.
    pub amount: i64,
    /// The balance transaction (`txn_…`) that shows the debit to its owner. Empty on the operator's side and where money
    /// only moves between buckets of one owner.
    pub debit_entry: String,
    /// The balance transaction that shows the credit to its owner.
    pub credit_entry: String,
}

impl Posting {
    /// `amount` from `debit` to `credit`, shown by no balance transaction yet.
    pub fn new(code: Code, debit: LedgerAccount, credit: LedgerAccount, amount: i64) -> Posting {
        debug_assert!(0 < amount, "a posting moves a positive amount");
        debug_assert_eq!(debit.currency, credit.currency, "a posting has one currency");
        Posting { code, debit, credit, amount, debit_entry: String::new(), credit_entry: String::new() }
    }

    /// Names the balance transaction that shows the debit.
    pub fn debit_shown_by(mut self, balance_transaction: &str) -> Posting {
        self.debit_entry = balance_transaction.to_owned();
        self
    }

    /// Names the balance transaction that shows the credit.
    pub fn credit_shown_by(mut self, balance_transaction: &str) -> Posting {
        self.credit_entry = balance_transaction.to_owned();
        self
    }

    /// Whether the posting could be committed: a positive amount between two different accounts of one currency.
    pub fn is_sound(&self) -> bool {
        0 < self.amount && self.debit.currency == self.credit.currency && self.debit != self.credit
    }

    /// The bytes that the seal covers: every field, each ended by a newline, in this order.
    pub fn canonical(&self) -> String {
        format!(
            "{}\n{}\n{}\n{}\n{}\n{}\n",
            self.code.as_str(),
            self.debit,
            self.credit,
            self.amount,
            self.debit_entry,
            self.credit_entry
        )
    }
}

/// What an account's balance must be after a changeset's postings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Not below this.
    AtLeast(i64),
    /// Exactly this: nothing else moved meanwhile.
    Exactly(i64),
}

/// What happens when a limit does not hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Otherwise {
    /// The request is refused with this error; nothing is written.
    Refuse(ApiError),
    /// The rule runs again on the newer balance, and may decide otherwise.
    Retry,
}

/// A limit on one ledger account, checked when the changeset is committed.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// Whose balance.
    pub account: LedgerAccount,
    /// What it must be.
    pub bound: Bound,
    /// What happens when it is not.
    pub otherwise: Otherwise,
}

impl Limit {
    /// Whether `balance` is within the limit.
    pub fn holds(&self, balance: i64) -> bool {
        match self.bound {
            Bound::AtLeast(floor) => floor <= balance,
            Bound::Exactly(value) => balance == value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_can_be_read_back_by_the_name_that_they_serialise_to() {
        for code in Code::ALL {
            assert_eq!(Code::parse(code.as_str()), Some(code));
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
        assert_eq!(Code::parse("gift"), None);
    }
}
