//! The memory engine: for tests and simulation. As exact as the others, and gone with the process.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    Batch, BatchRow, Claim, Cursor, Engine, Filter, Idempotency, Journal, Kind, Known, ListQuery, PostingRow, Reader,
    Row, StoreResult, Value, Verdict, WriteKind, judge,
};

#[derive(Debug, Default)]
struct State {
    tables: HashMap<&'static str, BTreeMap<Arc<str>, Row>>,
    balances: BTreeMap<String, i64>,
    claims: HashMap<String, String>,
    keys: HashMap<(String, String), Idempotency>,
    sealed: HashMap<String, Vec<u8>>,
    settings: HashMap<String, String>,
    batches: BTreeMap<i64, BatchRow>,
    postings: Vec<PostingRow>,
}

/// A store in memory. Clones share it: one is the writing side, others read.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<State>>);

impl Memory {
    /// An empty store.
    pub fn new() -> Memory {
        Memory::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while holding the lock can only come from a test's own assertion.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for Memory {
    fn commit(&mut self, batch: &Batch) -> StoreResult<Vec<Verdict>> {
        let mut state = self.state();
        let mut known = Known {
            versions: state
                .tables
                .iter()
                .flat_map(|(table, rows)| rows.values().map(|row| ((*table, row.id.clone()), row.version)))
                .filter(|((table, id), _)| batch.touches(table, id))
                .collect(),
            claims: state.claims.clone(),
            balances: state.balances.iter().map(|(k, v)| (k.clone(), *v)).collect(),
            keys: state.keys.keys().map(|k| (k.clone(), ())).collect(),
        };
        let verdicts = judge(&mut known, &batch.changesets);
        state.write(batch, &verdicts);
        Ok(verdicts)
    }
}

impl Batch {
    /// Whether any changeset reads or writes the document.
    fn touches(&self, table: &str, id: &str) -> bool {
        self.changesets.iter().any(|c| {
            c.reads.iter().any(|r| r.kind.table == table && &*r.id == id)
                || c.writes.iter().any(|w| w.kind.table == table && &*w.row.id == id)
        })
    }
}

impl State {
    fn write(&mut self, batch: &Batch, verdicts: &[Verdict]) {
        let number = self.batches.keys().next_back().map_or(1, |last| last + 1);
        let mut row = BatchRow { id: number, events: Vec::new(), postings: 0, seal: None };
        for (changeset, _) in batch.changesets.iter().zip(verdicts).filter(|(_, v)| **v == Verdict::Committed) {
            for write in &changeset.writes {
                let table = self.tables.entry(write.kind.table).or_default();
                match write.what {
                    WriteKind::Create | WriteKind::Update => table.insert(write.row.id.clone(), write.row.clone()),
                    WriteKind::Delete => table.remove(&write.row.id),
                };
            }
            for claim in &changeset.claims {
                if let Claim::Release { key, .. } = claim {
                    self.claims.remove(key);
                }
            }
            for claim in &changeset.claims {
                if let Claim::Take { key, holder } = claim {
                    self.claims.insert(key.clone(), holder.clone());
                }
            }
            for posting in &changeset.postings {
                *self.balances.entry(posting.debit.to_string()).or_default() -= posting.amount;
                *self.balances.entry(posting.credit.to_string()).or_default() += posting.amount;
                let position = row.postings;
                row.postings += 1;
                self.postings.push(PostingRow { batch: number, position, created: batch.at, posting: posting.clone() });
            }
            row.events.extend(changeset.events.iter().map(|id| id.to_string()));
            for (id, data) in &changeset.sealed {
                match data {
                    Some(data) => self.sealed.insert(id.clone(), data.clone()),
                    None => self.sealed.remove(id),
                };
            }
            if let Some(record) = &changeset.idempotency {
                self.keys.insert((record.scope.clone(), record.key.clone()), record.clone());
            }
            self.settings.extend(changeset.settings.iter().cloned());
            for entry in &changeset.journal {
                self.journal(entry);
            }
            for settle in &changeset.settle {
                self.settle(settle);
            }
        }
        if !row.events.is_empty() || 0 < row.postings {
            self.batches.insert(number, row);
        }
    }

    fn journal(&mut self, entry: &Journal) {
        match entry {
            Journal::Dispatched(batches) => {
                for id in batches {
                    if let Some(row) = self.batches.get_mut(id) {
                        row.events.clear();
                    }
                }
            }
            Journal::Sealed { number, batches } => {
                for id in batches {
                    if let Some(row) = self.batches.get_mut(id) {
                        row.seal = Some(*number);
                    }
                }
            }
        }
    }

    /// See [`crate::Settle`]. The columns are named in `balance_transaction`'s kind.
    fn settle(&mut self, settle: &crate::Settle) {
        let Some(table) = self.tables.get_mut("balance_transaction") else { return };
        for row in table.values_mut().filter(|row| *row.account == *settle.account) {
            // Columns of balance_transaction, in order: see `SETTLED_TABLE`.
            if let [Value::Text(currency), Value::Int(available_on), payout, ..] = row.columns.as_mut_slice()
                && *currency == settle.currency
                && *available_on <= settle.until
                && *payout == Value::Null
            {
                *payout = Value::Text(settle.payout.clone());
            }
        }
    }
}

fn column(kind: &Kind, row: &Row, name: &str) -> Value {
    if name == "created" {
        return Value::Int(row.created);
    }
    let at = kind.columns.iter().position(|column| column.name == name);
    at.and_then(|at| row.columns.get(at)).cloned().unwrap_or(Value::Null)
}

fn passes(query: &ListQuery, row: &Row) -> bool {
    query.account.as_ref().is_none_or(|account| **account == *row.account)
        && query.filters.iter().all(|filter| match filter {
            Filter::Is(name, value) => column(query.kind, row, name) == *value,
            Filter::OneOf(name, values) => values.contains(&column(query.kind, row, name)),
            Filter::AtMost(name, most) => matches!(column(query.kind, row, name), Value::Int(n) if n <= *most),
            Filter::AtLeast(name, least) => matches!(column(query.kind, row, name), Value::Int(n) if *least <= n),
        })
}

impl Reader for Memory {
    fn get(&self, kind: &'static Kind, id: &str) -> StoreResult<Option<Row>> {
        Ok(self.state().tables.get(kind.table).and_then(|rows| rows.get(id)).cloned())
    }

    fn list(&self, query: &ListQuery) -> StoreResult<Vec<Row>> {
        let state = self.state();
        let Some(table) = state.tables.get(query.kind.table) else { return Ok(Vec::new()) };
        let place = |row: &Row| (row.created, row.id.clone());
        let mut rows: Vec<&Row> = table.values().filter(|row| passes(query, row)).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(place(row)));
        let page: Vec<Row> = match &query.cursor {
            Cursor::Start => rows.into_iter().take(query.limit).cloned().collect(),
            Cursor::After(id) => match table.get(id.as_str()).map(place) {
                None => Vec::new(),
                Some(from) => rows.into_iter().filter(|row| place(row) < from).take(query.limit).cloned().collect(),
            },
            Cursor::Before(id) => match table.get(id.as_str()).map(place) {
                None => Vec::new(),
                Some(from) => {
                    let newer: Vec<&Row> = rows.into_iter().filter(|row| from < place(row)).collect();
                    newer[newer.len().saturating_sub(query.limit)..].iter().map(|row| (*row).clone()).collect()
                }
            },
        };
        Ok(page)
    }

    fn count(&self, query: &ListQuery) -> StoreResult<i64> {
        let state = self.state();
        let count =
            state.tables.get(query.kind.table).map_or(0, |t| t.values().filter(|row| passes(query, row)).count());
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    fn scan(&self, kind: &'static Kind, after: &str, limit: usize) -> StoreResult<Vec<Row>> {
        let state = self.state();
        let Some(table) = state.tables.get(kind.table) else { return Ok(Vec::new()) };
        Ok(table.values().filter(|row| after < &*row.id).take(limit).cloned().collect())
    }

    fn balance(&self, ledger_account: &str) -> StoreResult<i64> {
        Ok(self.state().balances.get(ledger_account).copied().unwrap_or(0))
    }

    fn balances(&self, owner: &str) -> StoreResult<BTreeMap<String, i64>> {
        let prefix = format!("{owner}:");
        let state = self.state();
        Ok(state.balances.iter().filter(|(k, _)| k.starts_with(&prefix)).map(|(k, v)| (k.clone(), *v)).collect())
    }

    fn scan_balances(&self, after: &str, limit: usize) -> StoreResult<Vec<(String, i64)>> {
        let state = self.state();
        Ok(state
            .balances
            .iter()
            .filter(|(k, _)| after < k.as_str())
            .take(limit)
            .map(|(k, v)| (k.clone(), *v))
            .collect())
    }

    fn claim(&self, key: &str) -> StoreResult<Option<String>> {
        Ok(self.state().claims.get(key).cloned())
    }

    fn idempotency(&self, scope: &str, key: &str) -> StoreResult<Option<Idempotency>> {
        Ok(self.state().keys.get(&(scope.to_owned(), key.to_owned())).cloned())
    }

    fn sealed(&self, id: &str) -> StoreResult<Option<Vec<u8>>> {
        Ok(self.state().sealed.get(id).cloned())
    }

    fn setting(&self, name: &str) -> StoreResult<Option<String>> {
        Ok(self.state().settings.get(name).cloned())
    }

    fn undispatched(&self, limit: usize) -> StoreResult<Vec<BatchRow>> {
        Ok(self.state().batches.values().filter(|b| !b.events.is_empty()).take(limit).cloned().collect())
    }

    fn unsealed(&self, limit: usize) -> StoreResult<Vec<BatchRow>> {
        let state = self.state();
        Ok(state.batches.values().filter(|b| 0 < b.postings && b.seal.is_none()).take(limit).cloned().collect())
    }

    fn sealed_batches(&self, seal: i64) -> StoreResult<Vec<BatchRow>> {
        Ok(self.state().batches.values().filter(|b| b.seal == Some(seal)).cloned().collect())
    }

    fn postings_of(&self, batch: i64) -> StoreResult<Vec<PostingRow>> {
        Ok(self.state().postings.iter().filter(|p| p.batch == batch).cloned().collect())
    }

    fn scan_postings(&self, after: (i64, i64), limit: usize) -> StoreResult<Vec<PostingRow>> {
        let state = self.state();
        Ok(state.postings.iter().filter(|p| after < (p.batch, p.position)).take(limit).cloned().collect())
    }

    fn prune_idempotency(&self, created_before: i64, limit: usize) -> StoreResult<usize> {
        let mut state = self.state();
        let old: Vec<_> =
            state.keys.iter().filter(|(_, r)| r.created < created_before).map(|(k, _)| k.clone()).take(limit).collect();
        for key in &old {
            state.keys.remove(key);
        }
        Ok(old.len())
    }
}
