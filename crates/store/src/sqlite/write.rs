//! The writing side.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use ledger::LedgerAccount;
use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::{Place, WRITER_CACHE, store_error};
use crate::ddl::Dialect;
use crate::packed::Packer;
use crate::touched::{self, Made, Touched};
use crate::{
    Batch, Changeset, Claim, Engine, Idempotency, Journal, Kind, Known, Schema, Settle, StoreError, StoreResult, Value,
    Verdict, Write, WriteKind, judge,
};

/// The store's writing side, with the connection that it owns.
#[derive(Debug)]
pub struct SqliteEngine {
    place: Place,
    connection: Option<Connection>,
    tables: HashMap<&'static str, TableSql>,
    packer: Arc<Packer>,
}

/// The statements of a kind's table.
#[derive(Debug)]
struct TableSql {
    version: String,
    insert: String,
    update: String,
    delete: String,
}

impl TableSql {
    fn new(kind: &Kind) -> TableSql {
        let table = kind.table;
        let names = ["id", "account", "created", "version", "data", "private"].map(str::to_owned).into_iter();
        let names: Vec<String> =
            names.chain(Dialect::Sqlite.columns_beside(kind).into_iter().map(|(name, _)| name)).collect();
        // Unlike `$1`, which SQLite numbers by where it first appears, `?1` is the first wherever it stands.
        let values: Vec<String> = (1..=names.len()).map(|n| format!("?{n}")).collect();
        let sets: Vec<String> =
            names.iter().zip(&values).skip(1).map(|(name, value)| format!(r#""{name}" = {value}"#)).collect();
        TableSql {
            version: format!(r#"SELECT "version" FROM "{table}" WHERE "id" = $1"#),
            insert: format!(r#"INSERT INTO "{table}" ("{}") VALUES ({})"#, names.join(r#"", ""#), values.join(", ")),
            update: format!(r#"UPDATE "{table}" SET {} WHERE "id" = ?1"#, sets.join(", ")),
            delete: format!(r#"DELETE FROM "{table}" WHERE "id" = $1"#),
        }
    }
}

/// Why a batch could not be written.
enum Failure {
    /// Something that was taken to be new exists: see [`Made`].
    Exists,
    /// Anything else.
    Store(StoreError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        match error.sqlite_error().map(|error| error.extended_code) {
            Some(SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE) => Failure::Exists,
            _ => Failure::Store(store_error(error)),
        }
    }
}

impl SqliteEngine {
    pub(super) fn new(place: Place, connection: Connection, schema: &Schema, packer: Arc<Packer>) -> SqliteEngine {
        let tables = schema.kinds.iter().map(|kind| (kind.table, TableSql::new(kind))).collect();
        SqliteEngine { place, connection: Some(connection), tables, packer }
    }

    fn attempt(&mut self, batch: &Batch, made: Made) -> Result<Vec<Verdict>, Failure> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.place.connect(WRITER_CACHE).map_err(Failure::Store)?,
        };
        let connection = self.connection.insert(connection);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let store = Open { transaction: &transaction, tables: &self.tables, packer: &self.packer };
        let mut known = store.known(&Touched::of(batch, made))?;
        let verdicts = judge(&mut known, &batch.changesets);
        if made.leaves_doubt(&verdicts) {
            return Err(Failure::Exists);
        }
        if verdicts.contains(&Verdict::Committed) {
            store.write(batch, &verdicts)?;
            transaction.commit()?;
        }
        Ok(verdicts)
    }
}

impl Engine for SqliteEngine {
    fn commit(&mut self, batch: &Batch) -> StoreResult<Vec<Verdict>> {
        let outcome = match self.attempt(batch, Made::TakenForNew) {
            Err(Failure::Exists) => self.attempt(batch, Made::LookedUp),
            outcome => outcome,
        };
        outcome.map_err(|failure| {
            self.connection = None;
            match failure {
                Failure::Store(error) => error,
                Failure::Exists => {
                    StoreError::Corrupt("a row exists that was not found when it was looked up".to_owned())
                }
            }
        })
    }
}

/// One batch's transaction.
struct Open<'t> {
    transaction: &'t Transaction<'t>,
    tables: &'t HashMap<&'static str, TableSql>,
    packer: &'t Packer,
}

impl Open<'_> {
    fn table(&self, table: &str) -> Result<&TableSql, Failure> {
        let unknown = || Failure::Store(StoreError::Corrupt(format!("there is no table {table} in the schema")));
        self.tables.get(table).ok_or_else(unknown)
    }

    fn known(&self, touched: &Touched<'_>) -> Result<Known, Failure> {
        let mut known = Known::default();
        for (table, documents) in &touched.documents {
            let mut version = self.transaction.prepare_cached(&self.table(table)?.version)?;
            for id in &documents.ids {
                if let Some(version) = version.query_row([&***id], |row| row.get(0)).optional()? {
                    known.versions.insert((table, (*id).clone()), version);
                }
            }
        }
        let mut holder = self.transaction.prepare_cached("SELECT holder FROM claim WHERE name = $1")?;
        for name in &touched.claims {
            if let Some(holder) = holder.query_row([name], |row| row.get(0)).optional()? {
                known.claims.insert((*name).to_owned(), holder);
            }
        }
        let mut value = self.transaction.prepare_cached("SELECT value FROM balance WHERE account = $1")?;
        for name in &touched.limited {
            if let Some(value) = value.query_row([name], |row| row.get(0)).optional()? {
                known.balances.insert(name.clone(), value);
            }
        }
        let mut record = self.transaction.prepare_cached("SELECT 1 FROM idempotency WHERE scope = $1 AND key = $2")?;
        for (scope, key) in &touched.keys {
            if record.exists([scope, key])? {
                known.keys.insert(((*scope).to_owned(), (*key).to_owned()), ());
            }
        }
        Ok(known)
    }

    fn write(&self, batch: &Batch, verdicts: &[Verdict]) -> Result<(), Failure> {
        let number = self.transaction.prepare_cached("SELECT coalesce(max(id), 0) + 1 FROM batch")?;
        let number: i64 = { number }.query_row([], |row| row.get(0))?;
        let mut postings = 0;
        let mut events: Vec<&str> = Vec::new();
        for changeset in touched::accepted(batch, verdicts) {
            self.write_documents(changeset)?;
            self.write_claims(&changeset.claims)?;
            postings = self.write_postings(changeset, (number, postings), batch.at)?;
            events.extend(changeset.events.iter().map(|id| &**id));
            self.write_private(changeset)?;
            if let Some(record) = &changeset.idempotency {
                self.remember(record)?;
            }
            self.write_settings(&changeset.settings)?;
            for entry in &changeset.journal {
                self.journal(entry)?;
            }
            for settle in &changeset.settle {
                self.settle(settle)?;
            }
        }
        self.move_balances(touched::moves(touched::accepted(batch, verdicts)))?;
        if 0 < postings || !events.is_empty() {
            let events = (!events.is_empty()).then(|| serde_json::to_string(&events)).transpose();
            let events = events.map_err(|error| Failure::Store(StoreError::Corrupt(error.to_string())))?;
            let mut insert = self
                .transaction
                .prepare_cached("INSERT INTO batch (id, at, events, postings) VALUES ($1, $2, $3, $4)")?;
            insert.execute((number, batch.at, events, postings))?;
        }
        Ok(())
    }

    fn write_documents(&self, changeset: &Changeset) -> Result<(), Failure> {
        for write in &changeset.writes {
            let Write { kind, what, row, .. } = write;
            let table = self.table(kind.table)?;
            let rows = match what {
                WriteKind::Create => self.execute_row(&table.insert, write)?,
                WriteKind::Update => self.execute_row(&table.update, write)?,
                WriteKind::Delete => self.transaction.prepare_cached(&table.delete)?.execute([&*row.id])?,
            };
            if rows != 1 {
                let what = format!("{} {} is not there to be changed", kind.object, row.id);
                return Err(Failure::Store(StoreError::Corrupt(what)));
            }
        }
        Ok(())
    }

    fn execute_row(&self, sql: &str, write: &Write) -> rusqlite::Result<usize> {
        let row = &write.row;
        let packed = match &write.packed {
            Some(packed) => Cow::Borrowed(packed),
            None => Cow::Owned(self.packer.document(write.kind, row)),
        };
        let mut statement = self.transaction.prepare_cached(sql)?;
        statement.raw_bind_parameter(1, &*row.id)?;
        statement.raw_bind_parameter(2, &*row.account)?;
        statement.raw_bind_parameter(3, row.created)?;
        statement.raw_bind_parameter(4, row.version)?;
        statement.raw_bind_parameter(5, &packed.data)?;
        statement.raw_bind_parameter(6, &packed.private)?;
        for (at, value) in (7..).zip(row.columns.iter().chain(&packed.shown)) {
            statement.raw_bind_parameter(at, value)?;
        }
        statement.raw_execute()
    }

    fn write_claims(&self, claims: &[Claim]) -> rusqlite::Result<()> {
        // All releases go first: a changeset may take what it releases, in any order.
        for claim in claims {
            if let Claim::Release { key, .. } = claim {
                self.transaction.prepare_cached("DELETE FROM claim WHERE name = $1")?.execute([key])?;
            }
        }
        for claim in claims {
            if let Claim::Take { key, holder } = claim {
                let sql = "INSERT OR REPLACE INTO claim (name, holder) VALUES ($1, $2)";
                self.transaction.prepare_cached(sql)?.execute([key, holder])?;
            }
        }
        Ok(())
    }

    /// Writes a changeset's postings from a place in the book on, and answers the position after them.
    fn write_postings(
        &self,
        changeset: &Changeset,
        (batch, mut position): (i64, i64),
        at: i64,
    ) -> rusqlite::Result<i64> {
        let sql = "INSERT INTO posting (batch, position, created, code, debit, credit, amount, currency, debit_entry, credit_entry) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        for posting in &changeset.postings {
            self.transaction.prepare_cached(sql)?.execute((
                batch,
                position,
                at,
                posting.code.as_str(),
                posting.debit.to_string(),
                posting.credit.to_string(),
                posting.amount,
                posting.debit.currency.code(),
                &posting.debit_entry,
                &posting.credit_entry,
            ))?;
            position += 1;
        }
        Ok(position)
    }

    fn move_balances<'a>(&self, moves: impl IntoIterator<Item = (&'a LedgerAccount, i64)>) -> rusqlite::Result<()> {
        let sql = "INSERT INTO balance (account, value, owner, bucket, currency, available_on) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account) DO UPDATE SET value = value + excluded.value";
        let mut upsert = self.transaction.prepare_cached(sql)?;
        for (account, amount) in moves {
            upsert.execute((
                account.to_string(),
                amount,
                &account.owner,
                account.bucket.as_str(),
                account.currency.code(),
                account.available_on.0,
            ))?;
        }
        Ok(())
    }

    fn write_private(&self, changeset: &Changeset) -> rusqlite::Result<()> {
        for (id, data) in &changeset.sealed {
            match data {
                Some(data) => {
                    let sql = "INSERT OR REPLACE INTO sealed (id, data) VALUES ($1, $2)";
                    self.transaction.prepare_cached(sql)?.execute((id, data))?;
                }
                None => drop(self.transaction.prepare_cached("DELETE FROM sealed WHERE id = $1")?.execute([id])?),
            }
        }
        Ok(())
    }

    fn remember(&self, record: &Idempotency) -> rusqlite::Result<()> {
        let sql = "INSERT INTO idempotency (scope, key, request_hash, request_id, status, created, body) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let body = match &record.packed {
            Some(packed) => Cow::Borrowed(packed),
            None => Cow::Owned(self.packer.answer(&record.body)),
        };
        self.transaction.prepare_cached(sql)?.execute((
            &record.scope,
            &record.key,
            &record.request_hash,
            &record.request_id,
            record.status,
            record.created,
            &*body,
        ))?;
        Ok(())
    }

    fn write_settings(&self, settings: &[(String, String)]) -> rusqlite::Result<()> {
        for (name, value) in settings {
            let sql = "INSERT OR REPLACE INTO meta (name, value) VALUES ($1, $2)";
            self.transaction.prepare_cached(sql)?.execute([name, value])?;
        }
        Ok(())
    }

    fn journal(&self, entry: &Journal) -> rusqlite::Result<()> {
        match entry {
            Journal::Dispatched(batches) => {
                let mut update = self.transaction.prepare_cached("UPDATE batch SET events = NULL WHERE id = $1")?;
                batches.iter().try_for_each(|id| update.execute([id]).map(drop))
            }
            Journal::Sealed { number, batches } => {
                let mut update = self.transaction.prepare_cached("UPDATE batch SET seal = $1 WHERE id = $2")?;
                batches.iter().try_for_each(|id| update.execute([number, id]).map(drop))
            }
        }
    }

    /// See [`Settle`].
    fn settle(&self, settle: &Settle) -> rusqlite::Result<()> {
        if !self.tables.contains_key("balance_transaction") {
            return Ok(());
        }
        let sql = "UPDATE balance_transaction SET payout = $1 WHERE account = $2 AND currency = $3 AND available_on <= $4 AND payout IS NULL";
        let mut update = self.transaction.prepare_cached(sql)?;
        update.execute((&settle.payout, &settle.account, &settle.currency, settle.until))?;
        Ok(())
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Int(n) => ToSqlOutput::Borrowed(ValueRef::Integer(*n)),
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_unavailable_and_over_when_there_is_room_again() {
        let folder = std::env::temp_dir().join(format!("kontor_full_{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let (reader, mut engine) = super::super::open(&folder.join("kontor.db"), &Schema::default(), 1).unwrap();
        let seal = |id: &str| {
            let sealed = vec![(id.to_owned(), Some(vec![7; 1 << 20]))];
            Batch { changesets: vec![Arc::new(Changeset { sealed, ..Changeset::default() })], at: 1 }
        };
        // SQLite's own limit gives the error of a full disk. It belongs to the connection, and goes with it.
        engine.connection.as_ref().unwrap().pragma_update(None, "max_page_count", 1).unwrap();
        let error = engine.commit(&seal("a")).unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
        assert_eq!(reader.sealed("a").unwrap(), None);
        assert_eq!(engine.commit(&seal("a")).unwrap(), [Verdict::Committed]);
        assert!(reader.sealed("a").unwrap().is_some());
        drop((reader, engine));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
