//! A whole store, read as it was at one moment, and an empty one, filled: for backups.

use std::sync::Arc;

use tokio_postgres::Row;

use super::connection::{Param, Server, Session};
use super::{get, schema, store_error};
use crate::backup::{Catalog, Cell, CellType, EachRow, Source, Table, Target, without_zero};
use crate::{Schema, StoreError, StoreResult};

/// Rows that are fetched at once.
const PAGE: usize = 500;

/// A store in a transaction that sees one moment.
pub(crate) struct Snapshot {
    server: Arc<Server>,
    session: Session,
}

/// A store to back up, and how many migrations it has had.
pub(crate) fn source(url: &str) -> StoreResult<(Snapshot, usize)> {
    let snapshot = Snapshot::open(url)?;
    let version = snapshot.server.wait(schema::readable_version(&snapshot.session))?;
    Ok((snapshot, version))
}

impl Snapshot {
    pub(crate) fn open(url: &str) -> StoreResult<Snapshot> {
        let server = Arc::new(Server::new(url)?);
        let session = server.connect_to_this_moment()?;
        Ok(Snapshot { server, session })
    }

    fn execute(&self, sql: &str) -> StoreResult<()> {
        self.server.wait(self.session.client.batch_execute(sql)).map_err(|error| store_error(&error))
    }

    fn query(&self, sql: &str) -> StoreResult<Vec<Row>> {
        self.server.wait(self.session.client.query(sql, &[])).map_err(|error| store_error(&error))
    }
}

impl Source for Snapshot {
    fn catalog(&mut self) -> StoreResult<Catalog> {
        let sql = "SELECT c.table_name::text, c.column_name::text FROM information_schema.columns AS c JOIN information_schema.tables AS t USING (table_schema, table_name) WHERE table_schema = current_schema() AND t.table_type = 'BASE TABLE' ORDER BY c.table_name, c.ordinal_position";
        let mut catalog = Catalog::new();
        for row in self.query(sql)? {
            catalog.entry(get(&row, 0)?).or_default().push(get(&row, 1)?);
        }
        Ok(catalog)
    }

    fn rows(&mut self, table: &Table, each: EachRow<'_>) -> StoreResult<()> {
        self.execute(&format!("DECLARE copied NO SCROLL CURSOR FOR {}", table.select()))?;
        loop {
            let rows = self.query(&format!("FETCH {PAGE} FROM copied"))?;
            for row in &rows {
                let cells = table.columns.iter().enumerate().map(|(at, (_, ty))| cell(row, at, *ty));
                each(cells.collect::<StoreResult<_>>()?)?;
            }
            if rows.len() < PAGE {
                return self.execute("CLOSE copied");
            }
        }
    }
}

fn cell(row: &Row, at: usize, ty: CellType) -> StoreResult<Cell> {
    Ok(match ty {
        CellType::Int => get::<Option<i64>>(row, at)?.map_or(Cell::Null, Cell::Int),
        CellType::Text | CellType::Packed => get::<Option<String>>(row, at)?.map_or(Cell::Null, Cell::Text),
        CellType::Bytes => get::<Option<Vec<u8>>>(row, at)?.map_or(Cell::Null, Cell::Bytes),
    })
}

/// A store that is being filled.
pub(crate) struct Filling {
    server: Arc<Server>,
    session: Session,
    schema: Schema,
}

/// A store in the empty database at `url`, as a Kontor of this version would have made it, marked as incomplete.
pub(crate) fn target(url: &str, schema: &Schema, version: usize) -> StoreResult<Filling> {
    let server = Arc::new(Server::new(url)?);
    let session = server.wait(server.connect())?;
    server.wait(schema::tables_only(&session, schema, version))?;
    Ok(Filling { server, session, schema: schema.clone() })
}

impl Target for Filling {
    fn insert(&mut self, table: &Table, rows: Vec<Vec<Cell>>) -> StoreResult<()> {
        let arrays: Vec<String> =
            table.columns.iter().zip(1..).map(|((_, ty), n)| format!("${n}::{}[]", type_name(*ty))).collect();
        let sql =
            format!(r#"INSERT INTO "{}" ({}) SELECT * FROM unnest({})"#, table.name, table.names(), arrays.join(", "));
        let params: Vec<Param<'_>> =
            (0..table.columns.len()).map(|at| column(&rows, at, table)).collect::<StoreResult<_>>()?;
        let params: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> =
            params.iter().map(|param| &**param as _).collect();
        self.server.wait(self.session.query(&sql, &params)).map(drop).map_err(|error| store_error(&error))
    }

    fn complete(&mut self) -> StoreResult<()> {
        self.server.wait(schema::complete(&self.session, &self.schema))
    }

    fn finish(&mut self) -> StoreResult<()> {
        self.server.wait(schema::unmark(&self.session))
    }
}

fn type_name(ty: CellType) -> &'static str {
    match ty {
        CellType::Int => "bigint",
        CellType::Text | CellType::Packed => "text",
        CellType::Bytes => "bytea",
    }
}

/// One column of all rows, as an array.
fn column<'a>(rows: &'a [Vec<Cell>], at: usize, table: &Table) -> StoreResult<Param<'a>> {
    let (name, ty) = table.columns[at];
    let wrong = || StoreError::Corrupt(format!("a value of {}.{name} has another type than the column", table.name));
    let cells = rows.iter().map(|row| row.get(at).unwrap_or(&Cell::Null));
    Ok(match ty {
        CellType::Int => Box::new(
            cells
                .map(|cell| match cell {
                    Cell::Null => Ok(None),
                    Cell::Int(n) => Ok(Some(*n)),
                    Cell::Text(_) | Cell::Bytes(_) => Err(wrong()),
                })
                .collect::<StoreResult<Vec<Option<i64>>>>()?,
        ),
        CellType::Text | CellType::Packed => Box::new(
            cells
                .map(|cell| match cell {
                    Cell::Null => Ok(None),
                    Cell::Text(text) => Ok(Some(without_zero(text))),
                    Cell::Int(_) | Cell::Bytes(_) => Err(wrong()),
                })
                .collect::<StoreResult<Vec<Option<std::borrow::Cow<'a, str>>>>>()?,
        ),
        CellType::Bytes => Box::new(
            cells
                .map(|cell| match cell {
                    Cell::Null => Ok(None),
                    Cell::Bytes(bytes) => Ok(Some(bytes.as_slice())),
                    Cell::Int(_) | Cell::Text(_) => Err(wrong()),
                })
                .collect::<StoreResult<Vec<Option<&'a [u8]>>>>()?,
        ),
    })
}
