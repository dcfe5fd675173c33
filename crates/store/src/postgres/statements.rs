//! What a batch writes, as statements over arrays: one for each thing that happens to each table.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::connection::{Param, Step};
use crate::touched;
use crate::{Changeset, Column, ColumnType, Journal, Kind, Row, StoreError, StoreResult, Value, WriteKind};

/// Locks names, in their order, until the transaction ends.
pub(super) const LOCK_MISSING: &str =
    "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest($1::text[]) AS name";
pub(super) const CLAIMS: &str = "SELECT name, holder FROM claim WHERE name = ANY($1) ORDER BY name FOR UPDATE";
pub(super) const BALANCES: &str =
    "SELECT account, value FROM balance WHERE account = ANY($1) ORDER BY account FOR UPDATE";
pub(super) const KEYS: &str =
    "SELECT scope, key FROM idempotency JOIN unnest($1::text[], $2::text[]) AS asked (scope, key) USING (scope, key)";

/// The statements of a kind's table.
#[derive(Debug)]
pub(super) struct TableSql {
    pub lock_to_write: String,
    pub lock_to_read: String,
    insert: String,
    update: String,
    delete: String,
    columns: &'static [Column],
}

impl TableSql {
    pub(super) fn new(kind: &Kind) -> TableSql {
        let table = kind.table;
        let fixed = [
            ("id", "text"),
            ("account", "text"),
            ("created", "bigint"),
            ("version", "bigint"),
            ("data", "text"),
            ("private", "text"),
        ];
        let columns = kind.columns.iter().map(|column| match column.ty {
            ColumnType::Int => (column.name, "bigint"),
            ColumnType::Text => (column.name, "text"),
        });
        let fields: Vec<(&str, &str)> = fixed.into_iter().chain(columns).collect();
        let names: Vec<String> = fields.iter().map(|(name, _)| format!(r#""{name}""#)).collect();
        let names = names.join(", ");
        let arrays: Vec<String> = fields.iter().zip(1..).map(|((_, ty), n)| format!("${n}::{ty}[]")).collect();
        let arrays = arrays.join(", ");
        let sets: Vec<String> = fields.iter().skip(1).map(|(name, _)| format!(r#""{name}" = new."{name}""#)).collect();
        let sets = sets.join(", ");
        let lock = format!(r#"SELECT "id", "version" FROM "{table}" WHERE "id" = ANY($1) ORDER BY "id" FOR"#);
        TableSql {
            lock_to_write: format!("{lock} UPDATE"),
            lock_to_read: format!("{lock} SHARE"),
            insert: format!(r#"INSERT INTO "{table}" ({names}) SELECT * FROM unnest({arrays})"#),
            update: format!(
                r#"UPDATE "{table}" SET {sets} FROM unnest({arrays}) AS new ({names}) WHERE "{table}"."id" = new."id""#
            ),
            delete: format!(r#"DELETE FROM "{table}" WHERE "id" = ANY($1)"#),
            columns: kind.columns,
        }
    }

    /// The rows as one array for each column.
    fn arrays<'a>(&self, rows: &[&'a Row]) -> StoreResult<Vec<Param<'a>>> {
        let mut arrays: Vec<Param<'a>> = vec![
            Box::new(rows.iter().map(|row| &*row.id).collect::<Vec<_>>()),
            Box::new(rows.iter().map(|row| &*row.account).collect::<Vec<_>>()),
            Box::new(rows.iter().map(|row| row.created).collect::<Vec<_>>()),
            Box::new(rows.iter().map(|row| row.version).collect::<Vec<_>>()),
            Box::new(rows.iter().map(|row| &*row.data).collect::<Vec<_>>()),
            Box::new(rows.iter().map(|row| row.private.as_deref()).collect::<Vec<_>>()),
        ];
        for (at, column) in self.columns.iter().enumerate() {
            let values = rows.iter().map(|row| row.columns.get(at).unwrap_or(&Value::Null));
            arrays.push(match column.ty {
                ColumnType::Int => Box::new(values.map(|v| int(v, column)).collect::<StoreResult<Vec<_>>>()?),
                ColumnType::Text => Box::new(values.map(|v| text(v, column)).collect::<StoreResult<Vec<_>>>()?),
            });
        }
        Ok(arrays)
    }
}

/// A document of a kind that the store was not opened with: a bug.
pub(super) fn unknown(table: &str) -> StoreError {
    StoreError::Corrupt(format!("there is no table {table} in the schema"))
}

fn mistyped(column: &Column) -> StoreError {
    StoreError::Corrupt(format!("a value of column {} has another type than the column", column.name))
}

fn int(value: &Value, column: &Column) -> StoreResult<Option<i64>> {
    match value {
        Value::Null => Ok(None),
        Value::Int(n) => Ok(Some(*n)),
        Value::Text(_) => Err(mistyped(column)),
    }
}

/// PostgreSQL's text has no zero character. The document keeps it, in JSON's spelling; a column is only for finding it.
fn text<'a>(value: &'a Value, column: &Column) -> StoreResult<Option<Cow<'a, str>>> {
    match value {
        Value::Null => Ok(None),
        Value::Text(text) if text.contains('\0') => Ok(Some(text.replace('\0', "\u{fffd}").into())),
        Value::Text(text) => Ok(Some(text.as_str().into())),
        Value::Int(_) => Err(mistyped(column)),
    }
}

/// Documents made, changed and removed, each written once however often the batch changes it; and what payouts settle.
///
/// A settlement is a statement over what there is at its place in the batch, so everything before it is written first.
pub(super) fn documents<'a>(
    steps: &mut Vec<Step<'a>>,
    accepted: &[&'a Changeset],
    tables: &'a BTreeMap<&'static str, TableSql>,
    before: &BTreeSet<(&'static str, Arc<str>)>,
) -> StoreResult<()> {
    let mut present = before.clone();
    for part in accepted.split_inclusive(|changeset| !changeset.settle.is_empty()) {
        write_part(steps, part, tables, &mut present)?;
        for settle in part.iter().flat_map(|changeset| &changeset.settle) {
            if !tables.contains_key("balance_transaction") {
                continue;
            }
            let sql = "UPDATE balance_transaction SET payout = $1 WHERE account = $2 AND currency = $3 AND available_on <= $4 AND payout IS NULL";
            let params: Vec<Param<'_>> = vec![
                Box::new(&settle.payout),
                Box::new(&settle.account),
                Box::new(&settle.currency),
                Box::new(settle.until),
            ];
            steps.push(Step::new(sql, params));
        }
    }
    Ok(())
}

fn write_part<'a>(
    steps: &mut Vec<Step<'a>>,
    part: &[&'a Changeset],
    tables: &'a BTreeMap<&'static str, TableSql>,
    present: &mut BTreeSet<(&'static str, Arc<str>)>,
) -> StoreResult<()> {
    // What each document is at the end; `None` when it is gone.
    let mut last: BTreeMap<&'static str, BTreeMap<&'a Arc<str>, Option<&'a Row>>> = BTreeMap::new();
    for write in part.iter().flat_map(|changeset| &changeset.writes) {
        let row = (write.what != WriteKind::Delete).then_some(&write.row);
        last.entry(write.kind.table).or_default().insert(&write.row.id, row);
    }
    for (table, documents) in last {
        let sql = tables.get(table).ok_or_else(|| unknown(table))?;
        let (mut made, mut changed, mut removed) = (Vec::new(), Vec::new(), Vec::new());
        for (id, row) in documents {
            let key = (table, id.clone());
            match row {
                Some(row) if present.contains(&key) => changed.push(row),
                Some(row) => {
                    made.push(row);
                    present.insert(key);
                }
                None => {
                    if present.remove(&key) {
                        removed.push(&**id);
                    }
                }
            }
        }
        if !removed.is_empty() {
            steps.push(Step::new(sql.delete.as_str(), vec![Box::new(removed)]));
        }
        if !changed.is_empty() {
            steps.push(Step::new(sql.update.as_str(), sql.arrays(&changed)?));
        }
        if !made.is_empty() {
            steps.push(Step::new(sql.insert.as_str(), sql.arrays(&made)?));
        }
    }
    Ok(())
}

/// Claims that another holder has after the batch than before.
pub(super) fn claims<'a>(
    steps: &mut Vec<Step<'a>>,
    names: &BTreeSet<&'a str>,
    before: &'a BTreeMap<String, String>,
    after: &'a std::collections::HashMap<String, String>,
) {
    let (mut released, mut changed, mut taken) = (Vec::new(), Vec::new(), Vec::new());
    for name in names {
        match (before.get(*name), after.get(*name)) {
            (Some(_), None) => released.push(*name),
            (Some(old), Some(holder)) if old != holder => changed.push((*name, holder.as_str())),
            (None, Some(holder)) => taken.push((*name, holder.as_str())),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
    let mut pairs = |sql: &'static str, pairs: Vec<(&'a str, &'a str)>| {
        if !pairs.is_empty() {
            let (names, holders): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            steps.push(Step::new(sql, vec![Box::new(names), Box::new(holders)]));
        }
    };
    pairs(
        "UPDATE claim SET holder = new.holder FROM unnest($1::text[], $2::text[]) AS new (name, holder) WHERE claim.name = new.name",
        changed,
    );
    pairs("INSERT INTO claim (name, holder) SELECT * FROM unnest($1::text[], $2::text[])", taken);
    if !released.is_empty() {
        steps.push(Step::new("DELETE FROM claim WHERE name = ANY($1)", vec![Box::new(released)]));
    }
}

/// Sealed data, as it was last written.
pub(super) fn private<'a>(steps: &mut Vec<Step<'a>>, accepted: &[&'a Changeset]) {
    let all = accepted.iter().flat_map(|changeset| &changeset.sealed);
    let last: BTreeMap<&str, Option<&[u8]>> = all.map(|(id, data)| (id.as_str(), data.as_deref())).collect();
    let removed: Vec<&str> = last.iter().filter(|(_, data)| data.is_none()).map(|(id, _)| *id).collect();
    let (ids, data): (Vec<&str>, Vec<&[u8]>) = last.into_iter().filter_map(|(id, data)| Some((id, data?))).unzip();
    if !removed.is_empty() {
        steps.push(Step::new("DELETE FROM sealed WHERE id = ANY($1)", vec![Box::new(removed)]));
    }
    if !ids.is_empty() {
        let sql = "INSERT INTO sealed (id, data) SELECT * FROM unnest($1::text[], $2::bytea[]) ON CONFLICT (id) DO UPDATE SET data = excluded.data";
        steps.push(Step::new(sql, vec![Box::new(ids), Box::new(data)]));
    }
}

/// Answers to remember. One that exists already is a collision: see [`touched::Made`].
pub(super) fn remembered<'a>(steps: &mut Vec<Step<'a>>, accepted: &[&'a Changeset]) {
    let records: Vec<_> = accepted.iter().filter_map(|changeset| changeset.idempotency.as_ref()).collect();
    if records.is_empty() {
        return;
    }
    let sql = "INSERT INTO idempotency (scope, key, request_hash, request_id, status, created, body) SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[])";
    let params: Vec<Param<'a>> = vec![
        Box::new(records.iter().map(|record| record.scope.as_str()).collect::<Vec<_>>()),
        Box::new(records.iter().map(|record| record.key.as_str()).collect::<Vec<_>>()),
        Box::new(records.iter().map(|record| record.request_hash.as_str()).collect::<Vec<_>>()),
        Box::new(records.iter().map(|record| record.request_id.as_str()).collect::<Vec<_>>()),
        Box::new(records.iter().map(|record| i64::from(record.status)).collect::<Vec<_>>()),
        Box::new(records.iter().map(|record| record.created).collect::<Vec<_>>()),
        Box::new(records.iter().map(|record| &*record.body).collect::<Vec<_>>()),
    ];
    steps.push(Step::new(sql, params));
}

/// Settings of the world, as they were last set.
pub(super) fn settings<'a>(steps: &mut Vec<Step<'a>>, accepted: &[&'a Changeset]) {
    let all = accepted.iter().flat_map(|changeset| &changeset.settings);
    let last: BTreeMap<&str, &str> = all.map(|(name, value)| (name.as_str(), value.as_str())).collect();
    if last.is_empty() {
        return;
    }
    let sql = "INSERT INTO meta (name, value) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    let (names, values): (Vec<&str>, Vec<&str>) = last.into_iter().unzip();
    steps.push(Step::new(sql, vec![Box::new(names), Box::new(values)]));
}

/// What workers have done with earlier batches.
pub(super) fn journal<'a>(steps: &mut Vec<Step<'a>>, accepted: &[&'a Changeset]) {
    for entry in accepted.iter().flat_map(|changeset| &changeset.journal) {
        steps.push(match entry {
            Journal::Dispatched(batches) => {
                Step::new("UPDATE batch SET events = NULL WHERE id = ANY($1)", vec![Box::new(batches)])
            }
            Journal::Sealed { number, batches } => {
                Step::new("UPDATE batch SET seal = $1 WHERE id = ANY($2)", vec![Box::new(*number), Box::new(batches)])
            }
        });
    }
}

/// The batch itself, and its postings.
pub(super) fn book<'a>(steps: &mut Vec<Step<'a>>, accepted: &[&'a Changeset], number: i64, at: i64) -> StoreResult<()> {
    let postings: Vec<_> = accepted.iter().flat_map(|changeset| &changeset.postings).collect();
    let count = i64::try_from(postings.len()).map_err(|_| StoreError::Corrupt("too many postings".to_owned()))?;
    if !postings.is_empty() {
        let sql = "INSERT INTO posting (batch, created, position, code, debit, credit, amount, currency, debit_entry, credit_entry) SELECT $1, $2, * FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[], $10::text[])";
        let params: Vec<Param<'a>> = vec![
            Box::new(number),
            Box::new(at),
            Box::new((0..count).collect::<Vec<_>>()),
            Box::new(postings.iter().map(|posting| posting.code.as_str()).collect::<Vec<_>>()),
            Box::new(postings.iter().map(|posting| posting.debit.to_string()).collect::<Vec<_>>()),
            Box::new(postings.iter().map(|posting| posting.credit.to_string()).collect::<Vec<_>>()),
            Box::new(postings.iter().map(|posting| posting.amount).collect::<Vec<_>>()),
            Box::new(postings.iter().map(|posting| posting.debit.currency.code()).collect::<Vec<_>>()),
            Box::new(postings.iter().map(|posting| posting.debit_entry.as_str()).collect::<Vec<_>>()),
            Box::new(postings.iter().map(|posting| posting.credit_entry.as_str()).collect::<Vec<_>>()),
        ];
        steps.push(Step::new(sql, params));
    }
    let events: Vec<&str> = accepted.iter().flat_map(|changeset| &changeset.events).map(|id| &**id).collect();
    let events = (!events.is_empty()).then(|| serde_json::to_string(&events)).transpose();
    let events = events.map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let sql = "INSERT INTO batch (id, at, events, postings) VALUES ($1, $2, $3, $4)";
    steps.push(Step::new(sql, vec![Box::new(number), Box::new(at), Box::new(events), Box::new(count)]));
    Ok(())
}

/// What postings move. A balance that a limit was checked against while it was `absent` must still be so.
pub(super) fn balances<'a>(steps: &mut Vec<Step<'a>>, accepted: &[&'a Changeset], absent: impl Fn(&str) -> bool) {
    let moves = touched::moves(accepted.iter().copied());
    let mut named: Vec<_> = moves.into_iter().map(|(account, amount)| (account.to_string(), account, amount)).collect();
    named.sort();
    let (new, moved): (Vec<_>, Vec<_>) = named.into_iter().partition(|(name, ..)| absent(name));
    let insert = "INSERT INTO balance (account, value, owner, bucket, currency, available_on) SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[])";
    let upsert = format!("{insert} ON CONFLICT (account) DO UPDATE SET value = balance.value + excluded.value");
    for (sql, balances) in [(insert.to_owned(), new), (upsert, moved)] {
        if balances.is_empty() {
            continue;
        }
        let params: Vec<Param<'a>> = vec![
            Box::new(balances.iter().map(|(name, ..)| name.clone()).collect::<Vec<_>>()),
            Box::new(balances.iter().map(|(.., amount)| *amount).collect::<Vec<_>>()),
            Box::new(balances.iter().map(|(_, account, _)| account.owner.as_str()).collect::<Vec<_>>()),
            Box::new(balances.iter().map(|(_, account, _)| account.bucket.as_str()).collect::<Vec<_>>()),
            Box::new(balances.iter().map(|(_, account, _)| account.currency.code()).collect::<Vec<_>>()),
            Box::new(balances.iter().map(|(_, account, _)| account.available_on.0).collect::<Vec<_>>()),
        ];
        steps.push(Step::new(sql, params));
    }
}
