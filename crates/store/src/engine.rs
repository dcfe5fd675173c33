//! What an engine does: read, and commit batches of changesets whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::Posting;

use crate::{Changeset, Idempotency, Kind, Row, Value, Verdict};

/// What went wrong in an engine. Its text is for the log, never for the caller.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store cannot be reached or written now: disk full, connection lost. Trying again later may help.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The store holds something that it must not.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
    /// The store was written by a newer Kontor.
    #[error("{0}")]
    Newer(String),
    /// A restore into the store was begun and did not end: it is not to be used.
    #[error("{0}")]
    Incomplete(String),
    /// A backup or restore was asked for something that it does not do.
    #[error("{0}")]
    Refused(String),
}

/// What an engine answers.
pub type StoreResult<T> = Result<T, StoreError>;

/// The tables of a world: every kind of document that it keeps.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    /// All kinds; a table each.
    pub kinds: Vec<&'static Kind>,
}

impl Schema {
    /// A schema of these kinds and the store's own (events and jobs).
    pub fn new(kinds: impl IntoIterator<Item = &'static Kind>) -> Schema {
        let own = [<crate::Event as crate::Document>::KIND, <crate::Job as crate::Document>::KIND];
        Schema { kinds: own.into_iter().chain(kinds).collect() }
    }

    /// The kind whose ids start with the prefix of `id`.
    pub fn kind_of(&self, id: &str) -> Option<&'static Kind> {
        let prefix = id.split_once('_')?.0;
        self.kinds.iter().copied().find(|kind| kind.prefixes.contains(&prefix))
    }
}

/// Where a page of a list starts: right after (older than) or right before (newer than) this document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cursor {
    /// From the newest.
    Start,
    /// Older than the document with this id.
    After(String),
    /// Newer than the document with this id: the ones nearest to it.
    Before(String),
}

/// One condition of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// The column has this value.
    Is(&'static str, Value),
    /// The column has one of these values.
    OneOf(&'static str, Vec<Value>),
    /// The column is at most this.
    AtMost(&'static str, i64),
    /// The column is at least this.
    AtLeast(&'static str, i64),
}

/// Which documents, in which order: newest first (`created`, then `id`, both falling).
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// Which kind.
    pub kind: &'static Kind,
    /// Whose; `None` for everyone's (workers, audit).
    pub account: Option<String>,
    /// Conditions on indexed columns, and on `created`.
    pub filters: Vec<Filter>,
    /// Where the page starts.
    pub cursor: Cursor,
    /// How many at the most.
    pub limit: usize,
}

/// A committed posting with its place in the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostingRow {
    /// The batch it was committed in.
    pub batch: i64,
    /// Its place within the batch.
    pub position: i64,
    /// When, in Unix seconds of the world's clock.
    pub created: i64,
    /// What moved.
    pub posting: Posting,
}

/// A committed batch, for the workers that follow the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRow {
    /// Its number. Batches of several processes may commit out of order.
    pub id: i64,
    /// The ids of its events that are not dispatched yet.
    pub events: Vec<String>,
    /// How many postings it has.
    pub postings: i64,
    /// The number of the seal that covers it.
    pub seal: Option<i64>,
}

/// Several changesets to be judged in order and committed together, and the moment at which they are.
#[derive(Debug)]
pub struct Batch {
    /// In arrival order.
    pub changesets: Vec<Arc<Changeset>>,
    /// Unix seconds of the world's clock.
    pub at: i64,
}

/// The writing side of a store. It is owned by one committer.
pub trait Engine: Send + 'static {
    /// Reads what the batch touches, judges it with [`judge`](crate::judge), writes what holds in one atomic and durable
    /// step, and answers a verdict for each changeset. After an error nothing of the batch is written.
    fn commit(&mut self, batch: &Batch) -> StoreResult<Vec<Verdict>>;
}

/// The reading side of a store; any number of threads read at once. What is read is committed.
pub trait Reader: Send + Sync + 'static {
    /// Does for a changeset, on the thread of whoever made it, what the engine would otherwise do while others wait.
    fn prepare(&self, _changeset: &mut Changeset) {}
    /// One document.
    fn get(&self, kind: &'static Kind, id: &str) -> StoreResult<Option<Row>>;
    /// Several documents of a kind, in any order, without those that do not exist: one question to the store.
    fn get_many(&self, kind: &'static Kind, ids: &[&str]) -> StoreResult<Vec<Row>>;
    /// A page of documents: at most `limit`, newest first. With [`Cursor::Before`] the page is still newest first.
    /// A cursor whose document does not exist gives an empty page.
    fn list(&self, query: &ListQuery) -> StoreResult<Vec<Row>>;
    /// How many documents match, leaving `cursor` and `limit` aside.
    fn count(&self, query: &ListQuery) -> StoreResult<i64>;
    /// Documents of a kind in the order of their ids, after `after`: for audits and rebuilding.
    fn scan(&self, kind: &'static Kind, after: &str, limit: usize) -> StoreResult<Vec<Row>>;
    /// The balance of one ledger account, by name; 0 when nothing was ever posted to it.
    fn balance(&self, ledger_account: &str) -> StoreResult<i64>;
    /// All ledger accounts of an owner with their balances, by name.
    fn balances(&self, owner: &str) -> StoreResult<BTreeMap<String, i64>>;
    /// Every ledger account with its balance, by name, after `after`.
    fn scan_balances(&self, after: &str, limit: usize) -> StoreResult<Vec<(String, i64)>>;
    /// Who holds a claimed name.
    fn claim(&self, key: &str) -> StoreResult<Option<String>>;
    /// The remembered answer to a request.
    fn idempotency(&self, scope: &str, key: &str) -> StoreResult<Option<Idempotency>>;
    /// Sealed private data, as it was written.
    fn sealed(&self, id: &str) -> StoreResult<Option<Vec<u8>>>;
    /// A setting of the world.
    fn setting(&self, name: &str) -> StoreResult<Option<String>>;
    /// Batches with events that were not dispatched yet, oldest first.
    fn undispatched(&self, limit: usize) -> StoreResult<Vec<BatchRow>>;
    /// Batches with postings that are under no seal yet, oldest first.
    fn unsealed(&self, limit: usize) -> StoreResult<Vec<BatchRow>>;
    /// The batches under a seal, in the order of their numbers.
    fn sealed_batches(&self, seal: i64) -> StoreResult<Vec<BatchRow>>;
    /// The postings of one batch, in their order.
    fn postings_of(&self, batch: i64) -> StoreResult<Vec<PostingRow>>;
    /// All postings after a place in the book.
    fn scan_postings(&self, after: (i64, i64), limit: usize) -> StoreResult<Vec<PostingRow>>;
    /// Forgets remembered answers made before `created_before`; at most `limit`. Answers how many.
    fn prune_idempotency(&self, created_before: i64, limit: usize) -> StoreResult<usize>;
}
