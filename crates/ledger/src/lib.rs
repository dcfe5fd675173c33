//! Double-entry bookkeeping.
//!
//! Money moves only by [`Posting`]s: immutable, two-sided, one currency each. The balance of a ledger account is its
//! credits less its debits, so that what Kontor owes a merchant is positive, what the operator has (at the card network, in
//! the bank) is negative, and all balances of one currency always add up to zero.
//!
//! Limits ("this account must not fall below 0") are stated beside the postings and checked where they are committed, in
//! arrival order, against the balances of that moment; nothing here reads a balance.

mod account;
mod merkle;
mod posting;

pub use account::{Bucket, LedgerAccount, OPERATOR};
pub use merkle::{Proof, leaf_hash, merkle_root, prove, verify};
pub use posting::{Bound, Code, Limit, Otherwise, Posting};
