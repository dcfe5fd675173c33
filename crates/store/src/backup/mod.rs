//! Backups: a whole store, as it was at one moment, in one file, from either engine and for either engine.
//!
//! - The file is a SQLite database with the same tables as the SQLite engine has, without the indexes and views that an
//!   engine makes for itself. So it can be looked at with any SQLite tool, read by [`Reader`], and audited.
//! - It is written from one snapshot while the store is used: a read transaction on SQLite, a read-only REPEATABLE READ
//!   transaction on PostgreSQL. Rows pass through one by one, so memory is bounded.
//! - Beside the tables it has a manifest: what wrote it, and for each table the number of rows and a hash over them.
//! - A restore checks the hashes before it touches anything, goes into an empty store only, and compares what it wrote
//!   with the hashes again. Until [`Restored::finish`] the store is marked, and nothing opens a marked store.

mod file;
mod tables;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use file::Manifest;
pub(crate) use tables::{
    Catalog, Cell, CellType, DEFINITION, EachRow, RESTORING, Source, Table, Target, VERSION, without_zero,
};

use crate::{Reader, Schema, StoreError, StoreResult, postgres, sqlite};
use file::{BackupFile, NewFile};

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// The file of an embedded store.
    Sqlite(PathBuf),
    /// The address of a PostgreSQL database.
    Postgres(String),
}

/// What a backup says of itself beside what it finds.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    /// When it was begun, in Unix seconds of the machine's clock.
    pub created: i64,
    /// Which Kontor wrote it.
    pub kontor: String,
    /// Anything else, by name: whether a key is included, how a key is recognised.
    pub others: Vec<(String, String)>,
}

/// Rows that are inserted at once, and bytes of text and data after which it is done earlier.
const ROWS_AT_ONCE: usize = 500;
const BYTES_AT_ONCE: usize = 4 << 20;

/// Writes a backup of the store at `from` into a new file. The store may be in use; it is not changed.
///
/// # Errors
/// [`StoreError::Refused`] when the file exists or there is no store, [`StoreError::Newer`] when a newer Kontor wrote the
/// store, [`StoreError::Unavailable`] when it cannot be read or the file not be written. After an error there is no file.
pub fn write(from: &Location, schema: &Schema, file: &Path, notes: &Notes) -> StoreResult<Manifest> {
    let new = NewFile::create(file, schema)?;
    let (mut source, version): (Box<dyn Source>, usize) = match from {
        Location::Sqlite(path) => {
            let (source, version) = sqlite::copy::source(path)?;
            (Box::new(source), version)
        }
        Location::Postgres(url) => {
            let (source, version) = postgres::copy::source(url)?;
            (Box::new(source), version)
        }
    };
    let mut sums = Vec::new();
    for table in tables::present(schema, &source.catalog()?)? {
        let mut summing = tables::Summing::new(&table);
        new.fill(&table, |insert| {
            source.rows(&table, &mut |row| {
                if table.leaves_out(&row) {
                    return Ok(());
                }
                summing.add(&row);
                insert(&row)
            })
        })?;
        sums.push((table, summing.done()));
    }
    let engine = match from {
        Location::Sqlite(_) => "sqlite",
        Location::Postgres(_) => "postgres",
    };
    new.finish(Manifest::new(version, engine, notes, &sums))
}

/// Opens a backup, without checking its hashes.
///
/// # Errors
/// [`StoreError::Refused`] when the file is no backup, [`StoreError::Newer`] when its format is newer.
pub fn manifest(file: &Path) -> StoreResult<Manifest> {
    BackupFile::open(file).map(|file| file.manifest)
}

/// Reads what is in a backup as if it were a store, for an audit. Lists by fields are slow, since there are no indexes.
///
/// # Errors
/// As for [`manifest`].
pub fn reader(file: &Path) -> StoreResult<Arc<dyn Reader>> {
    BackupFile::open(file)?;
    sqlite::read_only(file)
}

/// Checks every row of a backup against its manifest.
///
/// # Errors
/// [`StoreError::Corrupt`] when a table has other rows than the manifest says.
pub fn check(file: &Path, schema: &Schema) -> StoreResult<Manifest> {
    let mut file = BackupFile::open(file)?;
    file.check(schema)?;
    Ok(file.manifest)
}

/// Fills the empty store at `to` from a backup. Until [`Restored::finish`] it cannot be opened.
///
/// # Errors
/// [`StoreError::Refused`] when the file is no backup or the store not empty, [`StoreError::Newer`] when a newer Kontor
/// wrote the backup, [`StoreError::Corrupt`] when it is damaged: so far nothing is changed. Later errors leave the store
/// marked as incomplete.
pub fn read(file: &Path, to: &Location, schema: &Schema) -> StoreResult<Restored> {
    let mut backup = BackupFile::open(file)?;
    let tables = backup.check(schema)?;
    let mut target: Box<dyn Target> = match to {
        Location::Sqlite(path) => Box::new(sqlite::copy::target(path, schema, backup.manifest.schema_version)?),
        Location::Postgres(url) => Box::new(postgres::copy::target(url, schema, backup.manifest.schema_version)?),
    };
    for table in &tables {
        pour(&mut backup, &mut *target, table)?;
    }
    compare(&backup.manifest, to, &tables)?;
    target.complete()?;
    let reader = match to {
        Location::Sqlite(path) => sqlite::reader(path)?,
        Location::Postgres(url) => postgres::reader(url)?,
    };
    Ok(Restored { manifest: backup.manifest, reader, target })
}

fn pour(backup: &mut BackupFile, target: &mut dyn Target, table: &Table) -> StoreResult<()> {
    let (mut rows, mut bytes) = (Vec::new(), 0);
    backup.rows(table, &mut |row| {
        if table.leaves_out(&row) {
            return Ok(());
        }
        bytes += row.iter().map(size).sum::<usize>();
        rows.push(row);
        if ROWS_AT_ONCE <= rows.len() || BYTES_AT_ONCE <= bytes {
            bytes = 0;
            target.insert(table, std::mem::take(&mut rows))?;
        }
        Ok(())
    })?;
    if rows.is_empty() { Ok(()) } else { target.insert(table, rows) }
}

fn size(cell: &Cell) -> usize {
    match cell {
        Cell::Null | Cell::Int(_) => 8,
        Cell::Text(text) => text.len(),
        Cell::Bytes(bytes) => bytes.len(),
    }
}

/// Whether what is in the store now is what the manifest says.
fn compare(manifest: &Manifest, store: &Location, tables: &[Table]) -> StoreResult<()> {
    let mut source: Box<dyn Source> = match store {
        Location::Sqlite(path) => Box::new(sqlite::copy::Snapshot::open(path)?),
        Location::Postgres(url) => Box::new(postgres::copy::Snapshot::open(url)?),
    };
    for table in tables {
        let found = tables::sum(&mut *source, table)?;
        if manifest.sum(table.name) != Some(&found) {
            let what = format!("the table {} was restored with other rows than the backup has", table.name);
            return Err(StoreError::Corrupt(what));
        }
    }
    Ok(())
}

/// A store that holds everything of a backup, and that nothing opens until it is finished.
pub struct Restored {
    manifest: Manifest,
    reader: Arc<dyn Reader>,
    target: Box<dyn Target>,
}

impl std::fmt::Debug for Restored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Restored").field("manifest", &self.manifest).finish_non_exhaustive()
    }
}

impl Restored {
    /// What the backup says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Reads the store, for the audit.
    pub fn reader(&self) -> &dyn Reader {
        &*self.reader
    }

    /// Takes the mark away: from now on the store can be opened.
    ///
    /// # Errors
    /// When it cannot be written; it is still marked then.
    pub fn finish(mut self) -> StoreResult<()> {
        self.target.finish()
    }
}
