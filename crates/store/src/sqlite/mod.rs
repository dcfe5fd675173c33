//! The SQLite engine: one file, one connection that writes, a few that read.
//!
//! - A batch is one `BEGIN IMMEDIATE` transaction: look up what it touches, judge, write what holds, commit with one
//!   sync of the write-ahead log. Nothing is remembered between batches, because a command run beside the server may
//!   write to the same file.
//! - After any error the writing connection is closed and the next batch opens another, so that a full disk or a
//!   filesystem that went away is over as soon as it is over.
//! - The file belongs to its owner alone; SQLite gives its log and its index file the same permissions.

pub(crate) mod copy;
mod packing;
mod read;
pub(crate) mod schema;
mod write;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

pub use read::SqliteReader;
pub use write::SqliteEngine;

use crate::packed::Packer;
use crate::{Reader, Schema, StoreError, StoreResult};

/// How long a connection waits for another process that writes.
const BUSY: Duration = Duration::from_secs(5);
/// Bytes of a page; it holds a dozen documents. A commit writes each page that it touched whole, so a single payment, which
/// touches two dozen tables and indexes, writes half as much with pages half as large.
pub(crate) const PAGE_SIZE: i64 = 4_096;
/// The log is copied into the file when it has this many pages (32 MB): often enough to stay small, seldom enough that
/// pages changed by many batches are copied once.
const CHECKPOINT_PAGES: i64 = 8_192;
/// A log that grew beyond this, while a long read held it, is cut back.
const LOG_BYTES: i64 = 64 << 20;
/// Kilobytes of pages kept by the connection that writes, and by each that reads. What is written is mostly at the end of
/// each tree, so more would not save reads; and SQLite goes through all it keeps after each commit that moved pages.
const WRITER_CACHE: i64 = 16 << 10;
const READER_CACHE: i64 = 8 << 10;
/// Statements kept prepared by each connection.
const STATEMENTS: usize = 512;

/// Opens the store at `path`, making or bringing up to date whatever `schema` needs. At most `readers` connections for
/// reading are kept open.
///
/// # Errors
/// [`StoreError::Newer`] when a newer Kontor wrote the store, [`StoreError::Corrupt`] when the file is something else,
/// [`StoreError::Unavailable`] when it cannot be opened.
pub fn open(path: &Path, schema: &Schema, readers: usize) -> StoreResult<(Arc<dyn Reader>, SqliteEngine)> {
    prepare_file(path).map_err(|error| {
        StoreError::Unavailable(format!("{} cannot be opened for its owner alone: {error}", path.display()))
    })?;
    let place = Place::store(path);
    let mut connection = place.connect(WRITER_CACHE)?;
    schema::bring_up_to_date(&mut connection, schema, path)?;
    let packer = Arc::new(Packer::new(schema));
    let engine = SqliteEngine::new(place.clone(), connection, schema, packer.clone());
    let reader = SqliteReader::new(place, readers, packer)?;
    Ok((Arc::new(reader), engine))
}

/// Reads the store at `path`, which must be up to date, as it is now: what is written from here on is not seen. One thread
/// reads at a time. The log cannot be cut back before the reader is gone.
///
/// # Errors
/// [`StoreError::Unavailable`] when the file cannot be opened.
pub fn snapshot(path: &Path) -> StoreResult<Arc<dyn Reader>> {
    Ok(Arc::new(SqliteReader::of_one_moment(Place::store(path), Arc::default())?))
}

/// Reads the store at `path`, which must be up to date.
pub(crate) fn reader(path: &Path) -> StoreResult<Arc<dyn Reader>> {
    Ok(Arc::new(SqliteReader::new(Place::store(path), 1, Arc::default())?))
}

/// Reads a file that nobody writes any more, and leaves it exactly as it is.
pub(crate) fn read_only(path: &Path) -> StoreResult<Arc<dyn Reader>> {
    Ok(Arc::new(SqliteReader::new(Place { path: path.to_owned(), access: Access::ReadOnly }, 1, Arc::default())?))
}

/// Makes the file, if there is none, readable and writable for its owner only, before anything is in it.
#[cfg(unix)]
pub(crate) fn prepare_file(path: &Path) -> std::io::Result<()> {
    use std::fs::{OpenOptions, Permissions};
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn prepare_file(path: &Path) -> std::io::Result<()> {
    std::fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map(drop)
}

/// Where the store is: connections are made from it.
#[derive(Debug, Clone)]
struct Place {
    path: PathBuf,
    access: Access,
}

/// What connections may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    ReadWrite,
    ReadOnly,
}

impl Place {
    fn store(path: &Path) -> Place {
        Place { path: path.to_owned(), access: Access::ReadWrite }
    }

    fn connect(&self, cache_kilobytes: i64) -> StoreResult<Connection> {
        // Each connection is used by one thread at a time, so SQLite needs no locks of its own around it.
        let access = match self.access {
            Access::ReadWrite => OpenFlags::SQLITE_OPEN_READ_WRITE,
            Access::ReadOnly => OpenFlags::SQLITE_OPEN_READ_ONLY,
        };
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(store_error)?;
        if self.access == Access::ReadOnly {
            return Ok(connection);
        }
        self.configure(&connection, cache_kilobytes).map_err(store_error)?;
        Ok(connection)
    }

    /// A connection in a transaction that sees what there is now.
    fn connect_to_this_moment(&self) -> StoreResult<Connection> {
        let connection = self.connect(READER_CACHE)?;
        // Deferred: the first read decides which moment it is.
        let begin = "BEGIN DEFERRED; SELECT count(*) FROM sqlite_master";
        connection.execute_batch(begin).map_err(store_error)?;
        Ok(connection)
    }

    fn configure(&self, connection: &Connection, cache_kilobytes: i64) -> rusqlite::Result<()> {
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // The page size must come before the first page, and has no effect afterwards.
        connection.pragma_update(None, "page_size", PAGE_SIZE)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        connection.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
        connection.pragma_update(None, "cache_size", -cache_kilobytes)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        // No memory mapping: a read error would then end the process instead of being an error.
        connection.pragma_update(None, "mmap_size", 0)
    }
}

/// What a failure of SQLite means for the store.
pub(crate) fn store_error(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::ConstraintViolation) => {
            StoreError::Corrupt(error.to_string())
        }
        Some(_) => StoreError::Unavailable(error.to_string()),
        // A value of the wrong type, a statement that does not fit its parameters.
        None => StoreError::Corrupt(error.to_string()),
    }
}
