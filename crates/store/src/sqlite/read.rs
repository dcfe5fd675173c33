//! The reading side.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use kernel::Currency;
use ledger::{Code, LedgerAccount, Posting};
use rusqlite::types::{ToSql, ToSqlOutput, Type, ValueRef};
use rusqlite::{Connection, OptionalExtension, Params};

use super::{Place, READER_CACHE, store_error};
use crate::packed::{Packer, unpack};
use crate::query::{self, Param, ROW_COLUMNS, Sql};
use crate::{
    BatchRow, Changeset, Cursor, Idempotency, Kind, ListQuery, PostingRow, Reader, Row, StoreError, StoreResult, Value,
};

/// Reads from the store, from any number of threads.
///
/// When all kept connections are in use another is opened, and closed again afterwards: a read never waits for a read.
#[derive(Debug)]
pub struct SqliteReader {
    place: Place,
    idle: Mutex<Vec<Connection>>,
    keep: usize,
    packer: Arc<Packer>,
    /// Whether the only connection is in a transaction that sees one moment: another would see another.
    is_one_moment: bool,
}

impl SqliteReader {
    pub(super) fn new(place: Place, keep: usize, packer: Arc<Packer>) -> StoreResult<SqliteReader> {
        let first = place.connect(READER_CACHE)?;
        Ok(SqliteReader { place, idle: Mutex::new(vec![first]), keep: keep.max(1), packer, is_one_moment: false })
    }

    /// Reads what there is now, from one thread at a time.
    pub(super) fn of_one_moment(place: Place, packer: Arc<Packer>) -> StoreResult<SqliteReader> {
        let only = place.connect_to_this_moment()?;
        Ok(SqliteReader { place, idle: Mutex::new(vec![only]), keep: 1, packer, is_one_moment: true })
    }

    fn with<R>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<R>) -> StoreResult<R> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None if self.is_one_moment => {
                return Err(StoreError::Unavailable("the moment that was being read is gone".to_owned()));
            }
            None => self.place.connect(READER_CACHE)?,
        };
        // A connection that failed is not kept: the next read starts with a fresh one.
        let answer = read(&connection).map_err(store_error)?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.keep {
            idle.push(connection);
        }
        Ok(answer)
    }
}

fn all<R>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<R>,
) -> rusqlite::Result<Vec<R>> {
    connection.prepare_cached(sql)?.query_map(params, read)?.collect()
}

fn one<R>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<R>,
) -> rusqlite::Result<Option<R>> {
    connection.prepare_cached(sql)?.query_row(params, read).optional()
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Param::Int(n) => ToSqlOutput::Borrowed(ValueRef::Integer(*n)),
            Param::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

fn shared(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Arc<str>> {
    Ok(row.get_ref(at)?.as_str()?.into())
}

/// A text that is packed; in a backup that an earlier Kontor made it is plain.
pub(super) fn unpacked(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Option<String>> {
    match row.get_ref(at)? {
        ValueRef::Null => Ok(None),
        ValueRef::Blob(bytes) => unpack(bytes)
            .map(Some)
            .map_err(|error| rusqlite::Error::FromSqlConversionFailure(at, Type::Blob, error.into())),
        other => Ok(Some(other.as_str()?.to_owned())),
    }
}

fn document(row: &rusqlite::Row<'_>, kind: &Kind) -> rusqlite::Result<Row> {
    let columns = (0..kind.columns.len()).map(|at| match row.get_ref(ROW_COLUMNS + at)? {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(n) => Ok(Value::Int(n)),
        other => Ok(Value::Text(other.as_str()?.to_owned())),
    });
    Ok(Row {
        id: shared(row, 0)?,
        account: shared(row, 1)?,
        created: row.get(2)?,
        version: row.get(3)?,
        data: unpacked(row, 4)?.unwrap_or_default().into(),
        private: unpacked(row, 5)?.map(Into::into),
        columns: columns.collect::<rusqlite::Result<_>>()?,
    })
}

/// A stored text that cannot be what it should be.
fn unreadable(at: usize, what: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(at, Type::Text, format!("{what} cannot be read").into())
}

const POSTING: &str =
    "SELECT batch, position, created, code, debit, credit, amount, debit_entry, credit_entry, currency FROM posting";

fn posting(row: &rusqlite::Row<'_>) -> rusqlite::Result<PostingRow> {
    let account = |at: usize| {
        let name = row.get_ref(at)?.as_str()?;
        LedgerAccount::parse(name).ok_or_else(|| unreadable(at, name))
    };
    let code = row.get_ref(3)?.as_str()?;
    let posting = Posting {
        code: Code::parse(code).ok_or_else(|| unreadable(3, code))?,
        debit: account(4)?,
        credit: account(5)?,
        amount: row.get(6)?,
        debit_entry: row.get(7)?,
        credit_entry: row.get(8)?,
    };
    let currency = row.get_ref(9)?.as_str()?;
    if Currency::parse(currency) != Some(posting.debit.currency) {
        return Err(unreadable(9, currency));
    }
    Ok(PostingRow { batch: row.get(0)?, position: row.get(1)?, created: row.get(2)?, posting })
}

const BATCH: &str = "SELECT id, events, postings, seal FROM batch";

fn batch(row: &rusqlite::Row<'_>) -> rusqlite::Result<BatchRow> {
    let events = match row.get_ref(1)?.as_str_or_null()? {
        Some(events) => serde_json::from_str(events).map_err(|_| unreadable(1, events))?,
        None => Vec::new(),
    };
    Ok(BatchRow { id: row.get(0)?, events, postings: row.get(2)?, seal: row.get(3)? })
}

fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

impl Reader for SqliteReader {
    fn prepare(&self, changeset: &mut Changeset) {
        self.packer.prepare(changeset);
    }

    fn get(&self, kind: &'static Kind, id: &str) -> StoreResult<Option<Row>> {
        let sql = query::select(kind) + r#" WHERE "id" = $1"#;
        self.with(|c| one(c, &sql, [id], |row| document(row, kind)))
    }

    fn get_many(&self, kind: &'static Kind, ids: &[&str]) -> StoreResult<Vec<Row>> {
        let sql = query::select(kind) + r#" WHERE "id" = $1"#;
        self.with(|connection| {
            // One transaction: a lock and a look at the log for all of them.
            let transaction = connection.is_autocommit().then(|| connection.unchecked_transaction()).transpose()?;
            let rows = ids.iter().filter_map(|id| one(connection, &sql, [id], |row| document(row, kind)).transpose());
            let rows = rows.collect();
            drop(transaction);
            rows
        })
    }

    fn list(&self, query: &ListQuery) -> StoreResult<Vec<Row>> {
        let (Cursor::After(cursor) | Cursor::Before(cursor)) = &query.cursor else {
            let Sql { text, params } = query::list(query, None);
            return self.with(|c| all(c, &text, rusqlite::params_from_iter(params), |row| document(row, query.kind)));
        };
        let place = format!(r#"SELECT "created" FROM "{}" WHERE "id" = $1"#, query.kind.table);
        let mut rows = self.with(|c| {
            let Some(created) = one(c, &place, [cursor], |row| row.get(0))? else { return Ok(Vec::new()) };
            let Sql { text, params } = query::list(query, Some((created, cursor)));
            all(c, &text, rusqlite::params_from_iter(params), |row| document(row, query.kind))
        })?;
        if matches!(query.cursor, Cursor::Before(_)) {
            rows.reverse();
        }
        Ok(rows)
    }

    fn count(&self, query: &ListQuery) -> StoreResult<i64> {
        let Sql { text, params } = query::count(query);
        let count = self.with(|c| one(c, &text, rusqlite::params_from_iter(params), |row| row.get(0)))?;
        Ok(count.unwrap_or(0))
    }

    fn scan(&self, kind: &'static Kind, after: &str, most: usize) -> StoreResult<Vec<Row>> {
        let sql = query::select(kind) + r#" WHERE $1 < "id" ORDER BY "id" LIMIT $2"#;
        self.with(|c| all(c, &sql, (after, limit(most)), |row| document(row, kind)))
    }

    fn balance(&self, ledger_account: &str) -> StoreResult<i64> {
        let sql = "SELECT value FROM balance WHERE account = $1";
        Ok(self.with(|c| one(c, sql, [ledger_account], |row| row.get(0)))?.unwrap_or(0))
    }

    fn balances(&self, owner: &str) -> StoreResult<BTreeMap<String, i64>> {
        // The names that begin with `owner:`; the semicolon is what follows the colon.
        let sql = "SELECT account, value FROM balance WHERE $1 < account AND account < $2";
        let between = (format!("{owner}:"), format!("{owner};"));
        let rows = self.with(|c| all(c, sql, between, |row| Ok((row.get(0)?, row.get(1)?))))?;
        Ok(rows.into_iter().collect())
    }

    fn scan_balances(&self, after: &str, most: usize) -> StoreResult<Vec<(String, i64)>> {
        let sql = "SELECT account, value FROM balance WHERE $1 < account ORDER BY account LIMIT $2";
        self.with(|c| all(c, sql, (after, limit(most)), |row| Ok((row.get(0)?, row.get(1)?))))
    }

    fn claim(&self, key: &str) -> StoreResult<Option<String>> {
        self.with(|c| one(c, "SELECT holder FROM claim WHERE name = $1", [key], |row| row.get(0)))
    }

    fn idempotency(&self, scope: &str, key: &str) -> StoreResult<Option<Idempotency>> {
        let sql =
            "SELECT request_hash, request_id, status, body, created FROM idempotency WHERE scope = $1 AND key = $2";
        self.with(|c| {
            one(c, sql, [scope, key], |row| {
                Ok(Idempotency {
                    scope: scope.to_owned(),
                    key: key.to_owned(),
                    request_hash: row.get(0)?,
                    request_id: row.get(1)?,
                    status: row.get(2)?,
                    body: unpacked(row, 3)?.unwrap_or_default().into(),
                    created: row.get(4)?,
                    packed: None,
                })
            })
        })
    }

    fn sealed(&self, id: &str) -> StoreResult<Option<Vec<u8>>> {
        self.with(|c| one(c, "SELECT data FROM sealed WHERE id = $1", [id], |row| row.get(0)))
    }

    fn setting(&self, name: &str) -> StoreResult<Option<String>> {
        self.with(|c| one(c, "SELECT value FROM meta WHERE name = $1", [name], |row| row.get(0)))
    }

    fn undispatched(&self, most: usize) -> StoreResult<Vec<BatchRow>> {
        let sql = format!("{BATCH} WHERE events IS NOT NULL ORDER BY id LIMIT $1");
        self.with(|c| all(c, &sql, [limit(most)], batch))
    }

    fn unsealed(&self, most: usize) -> StoreResult<Vec<BatchRow>> {
        let sql = format!("{BATCH} WHERE seal IS NULL AND postings > 0 ORDER BY id LIMIT $1");
        self.with(|c| all(c, &sql, [limit(most)], batch))
    }

    fn sealed_batches(&self, seal: i64) -> StoreResult<Vec<BatchRow>> {
        self.with(|c| all(c, &format!("{BATCH} WHERE seal = $1 ORDER BY id"), [seal], batch))
    }

    fn postings_of(&self, batch: i64) -> StoreResult<Vec<PostingRow>> {
        self.with(|c| all(c, &format!("{POSTING} WHERE batch = $1 ORDER BY position"), [batch], posting))
    }

    fn scan_postings(&self, after: (i64, i64), most: usize) -> StoreResult<Vec<PostingRow>> {
        let sql = format!("{POSTING} WHERE (batch, position) > ($1, $2) ORDER BY batch, position LIMIT $3");
        self.with(|c| all(c, &sql, (after.0, after.1, limit(most)), posting))
    }

    fn prune_idempotency(&self, created_before: i64, most: usize) -> StoreResult<usize> {
        let sql = "DELETE FROM idempotency WHERE (scope, key) IN (SELECT scope, key FROM idempotency WHERE created < $1 LIMIT $2)";
        self.with(|c| c.prepare_cached(sql)?.execute((created_before, limit(most))))
    }
}
