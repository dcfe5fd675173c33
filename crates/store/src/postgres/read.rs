//! The reading side.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use kernel::Currency;
use ledger::{Code, LedgerAccount, Posting};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::connection::{Server, Session};
use super::{get, is_lost, store_error};
use crate::query::{self, Param, ROW_COLUMNS, Sql};
use crate::{
    BatchRow, ColumnType, Cursor, Idempotency, Kind, ListQuery, PostingRow, Reader, Row, StoreError, StoreResult, Value,
};

/// Reads from the store, from any number of threads. A connection carries the statements of several at once.
#[derive(Debug)]
pub struct PostgresReader {
    server: Arc<Server>,
    sessions: Vec<Mutex<Option<Arc<Session>>>>,
    next: AtomicUsize,
    /// Whether the only connection is in a transaction that sees one moment: another would see another.
    is_one_moment: bool,
}

type PostgresRow = tokio_postgres::Row;

impl PostgresReader {
    pub(super) fn new(server: Arc<Server>, sessions: usize) -> PostgresReader {
        let sessions = (0..sessions.max(1)).map(|_| Mutex::new(None)).collect();
        PostgresReader { server, sessions, next: AtomicUsize::new(0), is_one_moment: false }
    }

    /// Reads what there is now.
    pub(super) fn of_one_moment(server: Arc<Server>) -> StoreResult<PostgresReader> {
        let sessions = vec![Mutex::new(Some(Arc::new(server.connect_to_this_moment()?)))];
        Ok(PostgresReader { server, sessions, next: AtomicUsize::new(0), is_one_moment: true })
    }

    fn all(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> StoreResult<Vec<PostgresRow>> {
        let outcome = self.server.wait(async {
            match self.session().await?.query(sql, params).await {
                // Lost while nobody looked, most likely: reading again does no harm.
                Err(error) if is_lost(&error) => Ok(self.session().await?.query(sql, params).await),
                outcome => Ok(outcome),
            }
        });
        match outcome? {
            // Asked for a text with a zero character, which no text of PostgreSQL has.
            Err(error) if error.code() == Some(&SqlState::CHARACTER_NOT_IN_REPERTOIRE) => Ok(Vec::new()),
            outcome => outcome.map_err(|error| store_error(&error)),
        }
    }

    fn one(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> StoreResult<Option<PostgresRow>> {
        Ok(self.all(sql, params)?.into_iter().next())
    }

    /// A connection, by turns; one that was lost is made again.
    async fn session(&self) -> StoreResult<Arc<Session>> {
        let slot = &self.sessions[self.next.fetch_add(1, Ordering::Relaxed) % self.sessions.len()];
        let slot = || slot.lock().unwrap_or_else(PoisonError::into_inner);
        let open = slot().clone().filter(|session| !session.client.is_closed());
        if let Some(session) = open {
            return Ok(session);
        }
        if self.is_one_moment {
            return Err(StoreError::Unavailable("the moment that was being read is gone".to_owned()));
        }
        let session = Arc::new(self.server.connect().await?);
        *slot() = Some(session.clone());
        Ok(session)
    }
}

impl ToSql for Param<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Param::Int(n) => n.to_sql(ty, out),
            Param::Text(text) => text.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        <i64 as ToSql>::accepts(ty) || <&str as ToSql>::accepts(ty)
    }

    to_sql_checked!();
}

fn document(row: &PostgresRow, kind: &Kind) -> StoreResult<Row> {
    let columns = kind.columns.iter().enumerate().map(|(at, column)| match column.ty {
        ColumnType::Int => Ok(get::<Option<i64>>(row, ROW_COLUMNS + at)?.into()),
        ColumnType::Text => Ok(get::<Option<String>>(row, ROW_COLUMNS + at)?.into()),
    });
    Ok(Row {
        id: get::<&str>(row, 0)?.into(),
        account: get::<&str>(row, 1)?.into(),
        created: get(row, 2)?,
        version: get(row, 3)?,
        data: get::<&str>(row, 4)?.into(),
        private: get::<Option<&str>>(row, 5)?.map(Into::into),
        columns: columns.collect::<StoreResult<Vec<Value>>>()?,
    })
}

fn documents(rows: &[PostgresRow], kind: &Kind) -> StoreResult<Vec<Row>> {
    rows.iter().map(|row| document(row, kind)).collect()
}

fn unreadable(what: &str) -> StoreError {
    StoreError::Corrupt(format!("{what} cannot be read"))
}

const POSTING: &str =
    "SELECT batch, position, created, code, debit, credit, amount, debit_entry, credit_entry, currency FROM posting";

fn posting(row: &PostgresRow) -> StoreResult<PostingRow> {
    let account = |at| {
        let name = get::<&str>(row, at)?;
        LedgerAccount::parse(name).ok_or_else(|| unreadable(name))
    };
    let code = get::<&str>(row, 3)?;
    let posting = Posting {
        code: Code::parse(code).ok_or_else(|| unreadable(code))?,
        debit: account(4)?,
        credit: account(5)?,
        amount: get(row, 6)?,
        debit_entry: get(row, 7)?,
        credit_entry: get(row, 8)?,
    };
    let currency = get::<&str>(row, 9)?;
    if Currency::parse(currency) != Some(posting.debit.currency) {
        return Err(unreadable(currency));
    }
    Ok(PostingRow { batch: get(row, 0)?, position: get(row, 1)?, created: get(row, 2)?, posting })
}

const BATCH: &str = "SELECT id, events, postings, seal FROM batch";

fn batch(row: &PostgresRow) -> StoreResult<BatchRow> {
    let events = match get::<Option<&str>>(row, 1)? {
        Some(events) => serde_json::from_str(events).map_err(|_| unreadable(events))?,
        None => Vec::new(),
    };
    Ok(BatchRow { id: get(row, 0)?, events, postings: get(row, 2)?, seal: get(row, 3)? })
}

fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

impl Reader for PostgresReader {
    fn get(&self, kind: &'static Kind, id: &str) -> StoreResult<Option<Row>> {
        let sql = query::select(kind) + r#" WHERE "id" = $1"#;
        self.one(&sql, &[&id])?.map(|row| document(&row, kind)).transpose()
    }

    fn get_many(&self, kind: &'static Kind, ids: &[&str]) -> StoreResult<Vec<Row>> {
        let sql = query::select(kind) + r#" WHERE "id" = ANY($1)"#;
        documents(&self.all(&sql, &[&ids])?, kind)
    }

    fn list(&self, query: &ListQuery) -> StoreResult<Vec<Row>> {
        let place = match &query.cursor {
            Cursor::Start => None,
            Cursor::After(id) | Cursor::Before(id) => {
                let sql = format!(r#"SELECT "created" FROM "{}" WHERE "id" = $1"#, query.kind.table);
                let Some(row) = self.one(&sql, &[id])? else { return Ok(Vec::new()) };
                Some((get(&row, 0)?, id.as_str()))
            }
        };
        let Sql { text, params } = query::list(query, place);
        let mut rows = documents(&self.all(&text, &borrowed(&params))?, query.kind)?;
        if matches!(query.cursor, Cursor::Before(_)) {
            rows.reverse();
        }
        Ok(rows)
    }

    fn count(&self, query: &ListQuery) -> StoreResult<i64> {
        let Sql { text, params } = query::count(query);
        self.one(&text, &borrowed(&params))?.map_or(Ok(0), |row| get(&row, 0))
    }

    fn scan(&self, kind: &'static Kind, after: &str, most: usize) -> StoreResult<Vec<Row>> {
        let sql = query::select(kind) + r#" WHERE $1 < "id" ORDER BY "id" LIMIT $2"#;
        documents(&self.all(&sql, &[&after, &limit(most)])?, kind)
    }

    fn balance(&self, ledger_account: &str) -> StoreResult<i64> {
        let row = self.one("SELECT value FROM balance WHERE account = $1", &[&ledger_account])?;
        row.map_or(Ok(0), |row| get(&row, 0))
    }

    fn balances(&self, owner: &str) -> StoreResult<BTreeMap<String, i64>> {
        // The names that begin with `owner:`; the semicolon is what follows the colon.
        let sql = "SELECT account, value FROM balance WHERE $1 < account AND account < $2";
        let rows = self.all(sql, &[&format!("{owner}:"), &format!("{owner};")])?;
        rows.iter().map(|row| Ok((get(row, 0)?, get(row, 1)?))).collect()
    }

    fn scan_balances(&self, after: &str, most: usize) -> StoreResult<Vec<(String, i64)>> {
        let sql = "SELECT account, value FROM balance WHERE $1 < account ORDER BY account LIMIT $2";
        let rows = self.all(sql, &[&after, &limit(most)])?;
        rows.iter().map(|row| Ok((get(row, 0)?, get(row, 1)?))).collect()
    }

    fn claim(&self, key: &str) -> StoreResult<Option<String>> {
        let row = self.one("SELECT holder FROM claim WHERE name = $1", &[&key])?;
        row.map(|row| get(&row, 0)).transpose()
    }

    fn idempotency(&self, scope: &str, key: &str) -> StoreResult<Option<Idempotency>> {
        let sql =
            "SELECT request_hash, request_id, status, body, created FROM idempotency WHERE scope = $1 AND key = $2";
        let Some(row) = self.one(sql, &[&scope, &key])? else { return Ok(None) };
        Ok(Some(Idempotency {
            scope: scope.to_owned(),
            key: key.to_owned(),
            request_hash: get(&row, 0)?,
            request_id: get(&row, 1)?,
            status: u16::try_from(get::<i64>(&row, 2)?).map_err(|_| unreadable("a remembered status"))?,
            body: get::<&str>(&row, 3)?.into(),
            created: get(&row, 4)?,
            packed: None,
        }))
    }

    fn sealed(&self, id: &str) -> StoreResult<Option<Vec<u8>>> {
        let row = self.one("SELECT data FROM sealed WHERE id = $1", &[&id])?;
        row.map(|row| get(&row, 0)).transpose()
    }

    fn setting(&self, name: &str) -> StoreResult<Option<String>> {
        let row = self.one("SELECT value FROM meta WHERE name = $1", &[&name])?;
        row.map(|row| get(&row, 0)).transpose()
    }

    fn undispatched(&self, most: usize) -> StoreResult<Vec<BatchRow>> {
        let sql = format!("{BATCH} WHERE events IS NOT NULL ORDER BY id LIMIT $1");
        self.all(&sql, &[&limit(most)])?.iter().map(batch).collect()
    }

    fn unsealed(&self, most: usize) -> StoreResult<Vec<BatchRow>> {
        let sql = format!("{BATCH} WHERE seal IS NULL AND postings > 0 ORDER BY id LIMIT $1");
        self.all(&sql, &[&limit(most)])?.iter().map(batch).collect()
    }

    fn sealed_batches(&self, seal: i64) -> StoreResult<Vec<BatchRow>> {
        self.all(&format!("{BATCH} WHERE seal = $1 ORDER BY id"), &[&seal])?.iter().map(batch).collect()
    }

    fn postings_of(&self, batch: i64) -> StoreResult<Vec<PostingRow>> {
        let sql = format!("{POSTING} WHERE batch = $1 ORDER BY position");
        self.all(&sql, &[&batch])?.iter().map(posting).collect()
    }

    fn scan_postings(&self, after: (i64, i64), most: usize) -> StoreResult<Vec<PostingRow>> {
        let sql = format!("{POSTING} WHERE (batch, position) > ($1, $2) ORDER BY batch, position LIMIT $3");
        self.all(&sql, &[&after.0, &after.1, &limit(most)])?.iter().map(posting).collect()
    }

    fn prune_idempotency(&self, created_before: i64, most: usize) -> StoreResult<usize> {
        // Those that another process prunes at the same time are left to it.
        let sql = "WITH old AS (SELECT scope, key FROM idempotency WHERE created < $1 LIMIT $2 FOR UPDATE SKIP LOCKED) DELETE FROM idempotency USING old WHERE idempotency.scope = old.scope AND idempotency.key = old.key RETURNING 1";
        Ok(self.all(sql, &[&created_before, &limit(most)])?.len())
    }
}

fn borrowed<'a>(params: &'a [Param<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    params.iter().map(|param| param as _).collect()
}
