//! Migrations, and the tables, indexes and views of the schema's kinds.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::store_error;
use crate::ddl::{self, Dialect};
use crate::{Kind, Schema, StoreError, StoreResult};

/// In order; never changed once released. Its number is its place, from 1.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_books_and_bookkeeping.sql")];

/// The settings in which the store keeps what it is.
const VERSION: &str = "schema_version";
const DEFINITION: &str = "schema_definition";

/// Brings the store to this Kontor's version, and makes what is missing for `schema`. It does nothing but look when there
/// is nothing to do.
pub(super) fn bring_up_to_date(connection: &mut Connection, schema: &Schema, path: &Path) -> StoreResult<()> {
    if let Some(mistake) = schema.kinds.iter().find_map(|kind| ddl::mistake(kind)) {
        return Err(StoreError::Corrupt(mistake));
    }
    let definition = ddl::definition(Dialect::Sqlite, schema);
    let version = version(connection, path)?;
    if version < MIGRATIONS.len() {
        migrate(connection, path)?;
    }
    if setting(connection, DEFINITION).map_err(store_error)?.as_deref() != Some(&definition) {
        define(connection, schema, &definition).map_err(store_error)?;
    }
    Ok(())
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
        None => Err(StoreError::Corrupt(format!("{} is a database, but not Kontor's", path.display()))),
        Some(version) if known < version => Err(StoreError::Newer(format!(
            "{} was written by a newer Kontor: its version is {version}, and this Kontor knows versions up to {known}. Run the newer one, or restore a backup from before the update.",
            path.display()
        ))),
        Some(version) => Ok(version),
    }
}

fn migrate(connection: &mut Connection, path: &Path) -> StoreResult<()> {
    for (at, migration) in MIGRATIONS.iter().enumerate() {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(store_error)?;
        // Another process may have been quicker since we looked.
        if version(&transaction, path)? == at {
            apply(&transaction, migration, at + 1).map_err(store_error)?;
        }
        transaction.commit().map_err(store_error)?;
    }
    Ok(())
}

fn apply(transaction: &Transaction<'_>, migration: &str, version: usize) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    )?;
    transaction.execute_batch(migration)?;
    set(transaction, VERSION, &version.to_string())
}

fn define(connection: &mut Connection, schema: &Schema, definition: &str) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for kind in &schema.kinds {
        // The view goes first: it may name what changes.
        transaction.execute_batch(&format!(r#"DROP VIEW IF EXISTS "{}_view""#, kind.table))?;
        transaction.execute_batch(&Dialect::Sqlite.table(kind))?;
        add_missing_columns(&transaction, kind)?;
        for index in Dialect::Sqlite.indexes(kind) {
            transaction.execute_batch(&index)?;
        }
        transaction.execute_batch(&Dialect::Sqlite.view(kind))?;
    }
    set(&transaction, DEFINITION, definition)?;
    transaction.commit()
}

fn add_missing_columns(transaction: &Transaction<'_>, kind: &Kind) -> rusqlite::Result<()> {
    let mut present = transaction.prepare("SELECT name FROM pragma_table_info($1)")?;
    let present: HashSet<String> = present.query_map([kind.table], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for column in kind.columns.iter().filter(|column| !present.contains(column.name)) {
        transaction.execute_batch(&Dialect::Sqlite.add_column(kind, column))?;
    }
    Ok(())
}

fn setting(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    connection.query_row("SELECT value FROM meta WHERE name = $1", [name], |row| row.get(0)).optional()
}

fn set(connection: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ($1, $2)", [name, value]).map(drop)
}
