//! Every document that moves a balance: charges, refunds, transfers, application fees, balance transactions, payouts.
//!
//! Money moves by ledger postings, and each account sees its side of them as balance transactions. Both are made together,
//! by the functions of [`balance_transactions`]; an account's balance is read from the ledger, so that `GET /v1/balance`,
//! the sum of its balance transactions and the trial balance agree by construction.

pub mod balance;
pub mod balance_transactions;
pub mod charges;
pub mod pricing;
