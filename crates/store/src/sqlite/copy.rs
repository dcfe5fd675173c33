//! A whole store, read as it was at one moment, and an empty one, filled: for backups.

use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Statement, TransactionBehavior};

use super::packing::has_texts;
use super::read::unpacked;
use super::{Place, WRITER_CACHE, schema, store_error};
use crate::backup::{Catalog, Cell, CellType, EachRow, Source, Table, Target};
use crate::packed::Packer;
use crate::{Schema, StoreError, StoreResult};

/// A store in a read transaction.
pub(crate) struct Snapshot {
    connection: Connection,
}

/// A store to back up, and how many migrations it has had.
pub(crate) fn source(path: &Path) -> StoreResult<(Snapshot, usize)> {
    if !path.is_file() {
        return Err(StoreError::Refused(format!("there is no store at {}", path.display())));
    }
    let snapshot = Snapshot::open(path)?;
    let version = schema::readable_version(&snapshot.connection, path)?;
    Ok((snapshot, version))
}

impl Snapshot {
    pub(crate) fn open(path: &Path) -> StoreResult<Snapshot> {
        Ok(Snapshot { connection: Place::store(path).connect_to_this_moment()? })
    }
}

impl Source for Snapshot {
    fn catalog(&mut self) -> StoreResult<Catalog> {
        catalog(&self.connection).map_err(store_error)
    }

    fn rows(&mut self, table: &Table, each: EachRow<'_>) -> StoreResult<()> {
        rows(&self.connection, table, each)
    }
}

/// The tables of a database with their columns.
pub(crate) fn catalog(connection: &Connection) -> rusqlite::Result<Catalog> {
    let sql = "SELECT t.name, c.name FROM sqlite_master AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table' ORDER BY t.name, c.cid";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut catalog = Catalog::new();
    while let Some(row) = rows.next()? {
        catalog.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    Ok(catalog)
}

/// All rows of a table in the order of their key.
pub(crate) fn rows(connection: &Connection, table: &Table, each: EachRow<'_>) -> StoreResult<()> {
    let mut statement = connection.prepare(&table.select()).map_err(store_error)?;
    let mut rows = statement.query([]).map_err(store_error)?;
    while let Some(row) = rows.next().map_err(store_error)? {
        let cells = table.columns.iter().enumerate().map(|(at, (_, ty))| match ty {
            CellType::Packed => Ok(unpacked(row, at)?.map_or(Cell::Null, Cell::Text)),
            CellType::Int | CellType::Text | CellType::Bytes => cell(row.get_ref(at)?),
        });
        each(cells.collect::<rusqlite::Result<_>>().map_err(store_error)?)?;
    }
    Ok(())
}

fn cell(value: ValueRef<'_>) -> rusqlite::Result<Cell> {
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(n) => Cell::Int(n),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        other => Cell::Text(other.as_str()?.to_owned()),
    })
}

/// An insert of one row.
pub(crate) fn insert(table: &Table) -> String {
    let places: Vec<String> = (1..=table.columns.len()).map(|n| format!("?{n}")).collect();
    format!(r#"INSERT INTO "{}" ({}) VALUES ({})"#, table.name, table.names(), places.join(", "))
}

/// Binds a row to an insert of it. Without a packer the table keeps texts as they are.
pub(crate) fn bind(
    insert: &mut Statement<'_>,
    table: &Table,
    row: &[Cell],
    packer: Option<&Packer>,
) -> rusqlite::Result<()> {
    for (at, ((_, ty), cell)) in (1..).zip(table.columns.iter().zip(row)) {
        match (cell, packer) {
            (Cell::Text(text), Some(packer)) if *ty == CellType::Packed => {
                insert.raw_bind_parameter(at, packer.text(table.name, text))?;
            }
            (Cell::Null, _) => insert.raw_bind_parameter(at, rusqlite::types::Null)?,
            (Cell::Int(n), _) => insert.raw_bind_parameter(at, n)?,
            (Cell::Text(text), _) => insert.raw_bind_parameter(at, text)?,
            (Cell::Bytes(bytes), _) => insert.raw_bind_parameter(at, bytes)?,
        }
    }
    Ok(())
}

/// Whether a table of an earlier version keeps as plain text what is packed now.
fn keeps_texts(connection: &Connection, table: &Table) -> rusqlite::Result<bool> {
    let packed = table.columns.iter().find(|(_, ty)| *ty == CellType::Packed);
    packed.map_or(Ok(false), |(column, _)| has_texts(connection, table.name, column))
}

/// A store that is being filled.
pub(crate) struct Filling {
    connection: Connection,
    path: PathBuf,
    schema: Schema,
    packer: Packer,
}

/// An empty store at `path`, as a Kontor of this version would have made it, marked as incomplete.
pub(crate) fn target(path: &Path, schema: &Schema, version: usize) -> StoreResult<Filling> {
    super::prepare_file(path).map_err(|error| {
        StoreError::Unavailable(format!("{} cannot be opened for its owner alone: {error}", path.display()))
    })?;
    let mut connection = Place::store(path).connect(WRITER_CACHE)?;
    schema::mark_empty(&mut connection, path)?;
    // Before the marker goes everything is synced; until then a crash may cost what was restored.
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(store_error)?;
    schema::tables_only(&mut connection, schema, version)?;
    Ok(Filling { connection, path: path.to_owned(), schema: schema.clone(), packer: Packer::new(schema) })
}

impl Target for Filling {
    fn insert(&mut self, table: &Table, rows: Vec<Vec<Cell>>) -> StoreResult<()> {
        let packer = &self.packer;
        let write = |connection: &mut Connection| -> rusqlite::Result<()> {
            let packer = if keeps_texts(connection, table)? { None } else { Some(packer) };
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            {
                let mut statement = transaction.prepare_cached(&insert(table))?;
                for row in &rows {
                    bind(&mut statement, table, row, packer)?;
                    statement.raw_execute()?;
                }
            }
            transaction.commit()
        };
        write(&mut self.connection).map_err(store_error)
    }

    fn complete(&mut self) -> StoreResult<()> {
        schema::complete(&mut self.connection, &self.schema, &self.path)
    }

    fn finish(&mut self) -> StoreResult<()> {
        self.connection.pragma_update(None, "synchronous", "FULL").map_err(store_error)?;
        // The whole log first, synced, and then the mark with a sync of its own.
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        self.connection.query_row(checkpoint, [], |_| Ok(())).map_err(store_error)?;
        schema::unmark(&self.connection).map_err(store_error)
    }
}
