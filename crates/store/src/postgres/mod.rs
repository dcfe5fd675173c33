//! The PostgreSQL engine: one database, shared by any number of Kontor processes.
//!
//! - A batch is one READ COMMITTED transaction of two round trips: lock and look up what it touches; judge; write what
//!   holds and commit. Statements work on arrays, one for each kind of document, and are sent without waiting in between.
//! - Locks are taken in one order everywhere: documents looked for and not found (by name, as advisory locks), documents
//!   by table and id, claims, balances by name. What still collides (two processes make the same thing, or a deadlock)
//!   is undone by PostgreSQL, and the batch is judged again.
//! - A document that is made without having been looked for is taken to be new, and its primary key catches the
//!   exception. So whoever makes a document under a name that others may look for looks for it first, as
//!   [`Tx::schedule_once`](crate::Tx::schedule_once) does; an id that was just drawn nobody can look for.
//! - When the connection is lost during a commit, nobody knows whether it happened. Every batch that writes anything
//!   writes a row with its number, so we connect again and try to write that row: if it is there the batch was committed,
//!   and if we could write it, the batch never will be.
//! - Documents are `text`. `jsonb` keeps neither the order of keys nor the spacing, and a GET answers the bytes that were
//!   stored; `json` would keep them, but parses each document once more for each write. The views cast to JSON.
//! - Connections are not encrypted yet: keep to a local socket or a private network.

mod connection;
pub(crate) mod copy;
mod read;
mod schema;
mod statements;
mod write;

use std::sync::Arc;

use tokio_postgres::error::SqlState;
use tokio_postgres::types::FromSql;

pub use read::PostgresReader;
pub use write::PostgresEngine;

use crate::{Reader, Schema, StoreError, StoreResult};
use connection::Server;

/// Opens the database at `url` (`postgres://user:password@host/database`), making or bringing up to date whatever `schema`
/// needs. `readers` connections for reading are made as they are needed.
///
/// # Errors
/// [`StoreError::Newer`] when a newer Kontor wrote the store, [`StoreError::Corrupt`] when the database holds something
/// else, [`StoreError::Unavailable`] when it cannot be reached.
pub fn open(url: &str, schema: &Schema, readers: usize) -> StoreResult<(Arc<dyn Reader>, PostgresEngine)> {
    let server = Arc::new(Server::new(url)?);
    let session = server.wait(server.connect())?;
    server.wait(schema::bring_up_to_date(&session, schema))?;
    let engine = PostgresEngine::new(server.clone(), session, schema);
    Ok((Arc::new(PostgresReader::new(server, readers)), engine))
}

/// Reads the store at `url`, which must be up to date, as it is now: what is written from here on is not seen.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database cannot be reached.
pub fn snapshot(url: &str) -> StoreResult<Arc<dyn Reader>> {
    Ok(Arc::new(PostgresReader::of_one_moment(Arc::new(Server::new(url)?))?))
}

/// Reads the store at `url`, which must be up to date.
pub(crate) fn reader(url: &str) -> StoreResult<Arc<dyn Reader>> {
    Ok(Arc::new(PostgresReader::new(Arc::new(Server::new(url)?), 1)))
}

/// A field of a row.
fn get<'a, T: FromSql<'a>>(row: &'a tokio_postgres::Row, at: usize) -> StoreResult<T> {
    row.try_get(at).map_err(|error| store_error(&error))
}

/// Whether the connection is gone, or leads to a server that will not do: another must be made.
fn is_lost(error: &tokio_postgres::Error) -> bool {
    let Some(code) = error.code() else {
        // Not an answer of the server: an error of the connection, or of a value that we sent or read.
        return error.is_closed()
            || std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>());
    };
    let lost = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ];
    lost.contains(code) || code.code().starts_with("08")
}

/// What a failure of PostgreSQL means for the store.
fn store_error(error: &tokio_postgres::Error) -> StoreError {
    let text = match error.as_db_error() {
        Some(answer) => format!("{}: {}", answer.code().code(), answer.message()),
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    };
    // Connections, resources, locks that others hold, an operator's doing, the system below: over when they are over.
    let class = error.code().map_or("", |code| &code.code()[..2]);
    if is_lost(error) || ["08", "28", "3D", "40", "53", "55", "57", "58"].contains(&class) {
        StoreError::Unavailable(text)
    } else {
        StoreError::Corrupt(text)
    }
}
