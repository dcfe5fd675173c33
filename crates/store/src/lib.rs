//! Worlds, transactions, changesets, the judge, and the engines that hold them.
//!
//! A rule is a function from a [`Tx`] and parameters to a result. It reads through the transaction, which remembers each
//! version read, and puts what it does into a [`Changeset`], which the committer writes whole or not at all. All SQL is in
//! this crate, in the engines.

pub mod backup;
mod changeset;
mod committer;
mod ddl;
mod document;
mod engine;
mod judge;
mod memory;
mod packed;
pub mod postgres;
mod query;
mod recent;
mod row;
pub mod sqlite;
mod touched;
mod tx;
mod vault;
mod world;

pub use changeset::{Changeset, Claim, Idempotency, Journal, Read, Settle, Write, WriteKind};
pub use committer::{Committer, Verdict};
pub use document::{Column, ColumnType, Doc, Document, Kind, Present, Value};
pub use engine::{
    Batch, BatchRow, Cursor, Engine, Filter, ListQuery, PostingRow, Reader, Schema, StoreError, StoreResult,
};
pub use judge::{Known, judge};
pub use memory::Memory;
pub use packed::Packed;
pub use row::Row;
pub use tx::{Caller, Event, Job, Origin, Page, Tx, job};
pub use vault::{SealError, Vault};
pub use world::{Clock, World, WorldSettings};
