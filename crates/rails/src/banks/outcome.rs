//! How a payout to a bank account ends.

use crate::words::words;

words! {
    /// Why a bank sent a payout back (Stripe, "payout failures"), as far as test numbers show it.
    PayoutFailure {
        /// No account with these numbers.
        NoAccount = "no_account",
        /// It was closed.
        AccountClosed = "account_closed",
        /// The balance behind the payout was too small.
        InsufficientFunds = "insufficient_funds",
        /// The account does not take debits.
        DebitNotAuthorized = "debit_not_authorized",
        /// The account does not take this currency.
        InvalidCurrency = "invalid_currency",
    }
}

impl PayoutFailure {
    /// The payout's `failure_message`.
    pub const fn message(self) -> &'static str {
        match self {
            PayoutFailure::NoAccount => {
                "The bank account details on file are probably incorrect. No bank account could be located with those \
                 details."
            }
            PayoutFailure::AccountClosed => "The bank account has been closed.",
            PayoutFailure::InsufficientFunds => "Your Stripe account has insufficient funds to cover the payout.",
            PayoutFailure::DebitNotAuthorized => {
                "Debit transactions are not approved on your bank account. (Stripe requires bank accounts to be set up \
                 for both credit and debit payouts.)"
            }
            PayoutFailure::InvalidCurrency => {
                "The bank was unable to process this payout because of its currency. This is probably because the bank \
                 account cannot accept payments in that currency."
            }
        }
    }
}

/// How a payout to the account ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayoutOutcome {
    /// The money arrives.
    Paid,
    /// The bank sends it back.
    Fails(PayoutFailure),
}

/// What a check of who owns the account would find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// The number says nothing about it.
    NotChecked,
    /// The owner is the account's.
    Passes,
    /// Documents are needed.
    AsksForDocuments,
}
