//! All that one request, or one job, does, as a value.

use std::sync::Arc;

use ledger::{Limit, Posting};

use crate::{Kind, Packed, Row};

/// A document that was read, and the version it had; 0 when there was none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Its kind.
    pub kind: &'static Kind,
    /// Its id.
    pub id: Arc<str>,
    /// The version read.
    pub version: i64,
}

/// What happens to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteKind {
    /// It must not exist yet.
    Create,
    /// It must still have the version before the row's.
    Update,
    /// It must still have the version before the row's.
    Delete,
}

/// One document written.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// Its kind.
    pub kind: &'static Kind,
    /// What happens to it.
    pub what: WriteKind,
    /// What it becomes (for a deletion, what it was).
    pub row: Row,
    /// The row as the engine stores it, if that was prepared.
    pub packed: Option<Packed>,
}

/// A rule over lists ("one default bank account per currency"): a name that at most one document holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The name must be free; it is then held by `holder`.
    Take {
        /// The claimed name.
        key: String,
        /// Who holds it from now on.
        holder: String,
    },
    /// The name must be held by `holder`; it is then free.
    Release {
        /// The claimed name.
        key: String,
        /// Who holds it now.
        holder: String,
    },
}

impl Claim {
    /// The claimed name.
    pub fn key(&self) -> &str {
        match self {
            Claim::Take { key, .. } | Claim::Release { key, .. } => key,
        }
    }
}

/// The answer that a repeated request gets again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Account and mode: the same key of two accounts is two keys.
    pub scope: String,
    /// The `Idempotency-Key`.
    pub key: String,
    /// A hash of method, path and parameters.
    pub request_hash: String,
    /// The id of the first request.
    pub request_id: String,
    /// The HTTP status that was answered.
    pub status: u16,
    /// The bytes that were answered, sealed where they say more than the stored documents do.
    pub body: Arc<str>,
    /// When, in Unix seconds: records are pruned by age.
    pub created: i64,
    /// The body as the engine stores it, if that was prepared.
    pub packed: Option<Vec<u8>>,
}

/// Bookkeeping of the workers that follow the committed batches: what they have done with which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Journal {
    /// The events of these batches have become deliveries.
    Dispatched(Vec<i64>),
    /// The postings of these batches are under seal `number`.
    Sealed {
        /// The seal's number, from 1.
        number: i64,
        /// The batches, in the seal's order.
        batches: Vec<i64>,
    },
}

/// All that one request does. It is committed whole or not at all.
#[derive(Debug, Clone, Default)]
pub struct Changeset {
    /// The documents read.
    pub reads: Vec<Read>,
    /// The documents written; at most one entry per document.
    pub writes: Vec<Write>,
    /// Names taken and released.
    pub claims: Vec<Claim>,
    /// Money moved.
    pub postings: Vec<Posting>,
    /// What balances must be afterwards.
    pub limits: Vec<Limit>,
    /// The ids of the events among the writes, in order.
    pub events: Vec<Arc<str>>,
    /// Sealed private data: id and ciphertext; `None` removes it.
    pub sealed: Vec<(String, Option<Vec<u8>>)>,
    /// The answer to remember.
    pub idempotency: Option<Idempotency>,
    /// Settings of the world: name and value.
    pub settings: Vec<(String, String)>,
    /// What a worker has done with earlier batches.
    pub journal: Vec<Journal>,
    /// Balance transactions that a payout settles.
    pub settle: Vec<Settle>,
}

/// Every balance transaction of `account` in `currency` that is available by `until` and not settled yet belongs to
/// `payout`. It is one statement, however many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settle {
    /// The account paid.
    pub account: String,
    /// Its currency, in lower case.
    pub currency: String,
    /// Unix seconds.
    pub until: i64,
    /// The payout that pays them.
    pub payout: String,
}

impl Changeset {
    /// Whether committing it would write nothing.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
            && self.claims.is_empty()
            && self.postings.is_empty()
            && self.sealed.is_empty()
            && self.idempotency.is_none()
            && self.settings.is_empty()
            && self.journal.is_empty()
            && self.settle.is_empty()
    }
}
