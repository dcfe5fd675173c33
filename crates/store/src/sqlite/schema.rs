//! Migrations, and the tables, indexes and views of the schema's kinds.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::{packing, store_error};
use crate::backup::{DEFINITION, RESTORING, VERSION};
use crate::ddl::{self, Dialect};
use crate::packed::Packer;
use crate::{Kind, Schema, StoreError, StoreResult};

/// A step from one version of the store to the next.
enum Migration {
    Sql(&'static str),
    /// What SQL alone cannot do.
    Rewrite(fn(&Transaction<'_>, &Schema) -> StoreResult<()>),
}

/// In order; never changed once released. Its number is its place, from 1.
const MIGRATIONS: &[Migration] = &[
    Migration::Sql(include_str!("migrations/0001_books_and_bookkeeping.sql")),
    Migration::Rewrite(packing::pack_everything),
];

/// How many migrations there are.
pub(crate) fn newest() -> usize {
    MIGRATIONS.len()
}

/// Brings the store to this Kontor's version, and makes what is missing for `schema`. It does nothing but look when there
/// is nothing to do.
pub(super) fn bring_up_to_date(connection: &mut Connection, schema: &Schema, path: &Path) -> StoreResult<()> {
    if let Some(mistake) = schema.kinds.iter().find_map(|kind| ddl::mistake(kind)) {
        return Err(StoreError::Corrupt(mistake));
    }
    let definition = ddl::definition(Dialect::Sqlite, schema);
    let version = version_unless_restoring(connection, path)?;
    if version < MIGRATIONS.len() {
        migrate(connection, schema, path, MIGRATIONS.len(), version_unless_restoring)?;
    }
    define_if_needed(connection, schema, &definition)
}

fn define_if_needed(connection: &mut Connection, schema: &Schema, definition: &str) -> StoreResult<()> {
    if setting(connection, DEFINITION).map_err(store_error)?.as_deref() != Some(definition) {
        define(connection, schema, definition)?;
    }
    Ok(())
}

/// How many migrations a store has had that is not opened to be used, but to be backed up.
pub(crate) fn readable_version(connection: &Connection, path: &Path) -> StoreResult<usize> {
    match version_unless_restoring(connection, path)? {
        0 => Err(StoreError::Refused(format!("there is no store in {}", path.display()))),
        version if version < MIGRATIONS.len() => Err(StoreError::Refused(format!(
            "{} was written by an older Kontor: use that one, or start this one to bring the store up to date",
            path.display()
        ))),
        version => Ok(version),
    }
}

/// Marks a database with nothing in it as a store that is being restored.
pub(super) fn mark_empty(connection: &mut Connection, path: &Path) -> StoreResult<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(store_error)?;
    if version_unless_restoring(&transaction, path)? != 0 {
        return Err(StoreError::Refused(format!(
            "{} is not empty: a backup is restored into an empty store only",
            path.display()
        )));
    }
    let mark = |transaction: &Transaction<'_>| {
        transaction.execute_batch(META)?;
        set(transaction, RESTORING, "yes")
    };
    mark(&transaction).and_then(|()| transaction.commit()).map_err(store_error)
}

/// Makes all tables as a Kontor of this version does, without what goes by the settings alone: indexes and views.
pub(crate) fn tables_only(connection: &mut Connection, schema: &Schema, upto: usize) -> StoreResult<()> {
    migrate(connection, schema, Path::new("the store"), upto, version)?;
    let mut tables = schema.kinds.iter().map(|kind| Dialect::Sqlite.table(kind));
    tables.try_for_each(|table| connection.execute_batch(&table)).map_err(store_error)
}

/// Makes whatever a restored store does not have yet.
pub(super) fn complete(connection: &mut Connection, schema: &Schema, path: &Path) -> StoreResult<()> {
    migrate(connection, schema, path, MIGRATIONS.len(), version)?;
    define_if_needed(connection, schema, &ddl::definition(Dialect::Sqlite, schema))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(store_error)?;
    let packer = Packer::new(schema);
    schema.kinds.iter().try_for_each(|kind| packing::fill_shown(&transaction, kind, &packer))?;
    transaction.commit().map_err(store_error)
}

/// Takes the mark of an incomplete restore away.
pub(super) fn unmark(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM meta WHERE name = $1", [RESTORING]).map(drop)
}

/// How many migrations the store has had; an error while it is being restored.
fn version_unless_restoring(connection: &Connection, path: &Path) -> StoreResult<usize> {
    let meta = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'meta'";
    let is_there: i64 = connection.query_row(meta, [], |row| row.get(0)).map_err(store_error)?;
    if is_there != 0 && setting(connection, RESTORING).map_err(store_error)?.is_some() {
        return Err(StoreError::Incomplete(format!(
            "restore incomplete: a restore into {} was begun and did not end well. Remove the file and restore again",
            path.display()
        )));
    }
    version(connection, path)
}

/// How many migrations the store has had.
fn version(connection: &Connection, path: &Path) -> StoreResult<usize> {
    let tables = "SELECT count(*), count(*) FILTER (WHERE name = 'meta') FROM sqlite_master WHERE type = 'table'";
    let (tables, meta): (i64, i64) =
        connection.query_row(tables, [], |row| Ok((row.get(0)?, row.get(1)?))).map_err(store_error)?;
    if tables == 0 {
        return Ok(0);
    }
    let known = MIGRATIONS.len();
    let version = if meta == 0 { None } else { setting(connection, VERSION).map_err(store_error)? };
    match version.and_then(|version| version.parse::<usize>().ok()) {
        // Marked for a restore a moment ago.
        None if meta == 1 && tables == 1 => Ok(0),
        None => Err(StoreError::Corrupt(format!("{} is a database, but not Kontor's", path.display()))),
        Some(version) if known < version => Err(StoreError::Newer(format!(
            "{} was written by a newer Kontor: its version is {version}, and this Kontor knows versions up to {known}. Run the newer one, or restore a backup from before the update",
            path.display()
        ))),
        Some(version) => Ok(version),
    }
}

const META: &str =
    "CREATE TABLE IF NOT EXISTS meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID";

fn migrate(
    connection: &mut Connection,
    schema: &Schema,
    path: &Path,
    upto: usize,
    version: fn(&Connection, &Path) -> StoreResult<usize>,
) -> StoreResult<()> {
    for (at, migration) in MIGRATIONS.iter().enumerate().take(upto) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(store_error)?;
        // Another process may have been quicker since we looked.
        if version(&transaction, path)? == at {
            apply(&transaction, schema, migration, at + 1)?;
        }
        transaction.commit().map_err(store_error)?;
    }
    Ok(())
}

fn apply(transaction: &Transaction<'_>, schema: &Schema, migration: &Migration, version: usize) -> StoreResult<()> {
    transaction.execute_batch(META).map_err(store_error)?;
    match migration {
        Migration::Sql(sql) => transaction.execute_batch(sql).map_err(store_error)?,
        Migration::Rewrite(rewrite) => rewrite(transaction, schema)?,
    }
    set(transaction, VERSION, &version.to_string()).map_err(store_error)
}

fn define(connection: &mut Connection, schema: &Schema, definition: &str) -> StoreResult<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(store_error)?;
    let packer = Packer::new(schema);
    for kind in &schema.kinds {
        if make(&transaction, kind).map_err(store_error)? {
            packing::fill_shown(&transaction, kind, &packer)?;
        }
    }
    set(&transaction, DEFINITION, definition).map_err(store_error)?;
    transaction.commit().map_err(store_error)
}

/// Makes what is missing for a kind. Answers whether its table was there and got columns.
fn make(transaction: &Transaction<'_>, kind: &Kind) -> rusqlite::Result<bool> {
    // The view goes first: it may name what changes.
    transaction.execute_batch(&format!(r#"DROP VIEW IF EXISTS "{}_view""#, kind.table))?;
    transaction.execute_batch(&Dialect::Sqlite.table(kind))?;
    let got_columns = add_missing_columns(transaction, kind)?;
    for index in Dialect::Sqlite.indexes(kind) {
        transaction.execute_batch(&index)?;
    }
    transaction.execute_batch(&Dialect::Sqlite.view(kind))?;
    Ok(got_columns)
}

fn add_missing_columns(transaction: &Transaction<'_>, kind: &Kind) -> rusqlite::Result<bool> {
    let mut present = transaction.prepare("SELECT name FROM pragma_table_info($1)")?;
    let present: HashSet<String> = present.query_map([kind.table], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut missing = Dialect::Sqlite.columns_beside(kind);
    missing.retain(|(name, _)| !present.contains(name));
    for (name, ty) in &missing {
        transaction.execute_batch(&ddl::add_column(kind, name, ty))?;
    }
    Ok(!missing.is_empty())
}

fn setting(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    connection.query_row("SELECT value FROM meta WHERE name = $1", [name], |row| row.get(0)).optional()
}

fn set(connection: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ($1, $2)", [name, value]).map(drop)
}
