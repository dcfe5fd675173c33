//! The memory engine: for tests and simulation. As exact as the others, and gone with the process.
//!
//! A commit looks up what its batch touches and nothing else, and a list starts from the narrowest index that it can use,
//! so that a simulation of a hundred thousand requests takes seconds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::touched::{Made, Touched};
use crate::{
    Batch, BatchRow, Claim, Cursor, Engine, Filter, Idempotency, Journal, Kind, Known, ListQuery, PostingRow, Reader,
    Row, StoreResult, Value, Verdict, WriteKind, judge,
};

/// Where a document stands in a list.
type Place = (i64, Arc<str>);

/// The documents of one kind, and what finds them.
#[derive(Debug)]
struct Table {
    kind: &'static Kind,
    rows: BTreeMap<Arc<str>, Row>,
    all: BTreeSet<Place>,
    by_account: HashMap<Arc<str>, BTreeSet<Place>>,
    /// By position and value of an indexed column.
    by_column: HashMap<(usize, Value), BTreeSet<Place>>,
}

impl Table {
    fn new(kind: &'static Kind) -> Table {
        let (by_account, by_column) = (HashMap::new(), HashMap::new());
        Table { kind, rows: BTreeMap::new(), all: BTreeSet::new(), by_account, by_column }
    }

    fn insert(&mut self, row: Row) {
        self.remove(&row.id);
        let place = (row.created, row.id.clone());
        self.all.insert(place.clone());
        self.by_account.entry(row.account.clone()).or_default().insert(place.clone());
        for (at, value) in indexed(self.kind, &row) {
            self.by_column.entry((at, value.clone())).or_default().insert(place.clone());
        }
        self.rows.insert(row.id.clone(), row);
    }

    fn remove(&mut self, id: &str) -> Option<Row> {
        let row = self.rows.remove(id)?;
        let place = (row.created, row.id.clone());
        self.all.remove(&place);
        take_out(&mut self.by_account, &row.account, &place);
        for (at, value) in indexed(self.kind, &row) {
            take_out(&mut self.by_column, &(at, value.clone()), &place);
        }
        Some(row)
    }

    /// Places among which everything is that passes the query.
    fn candidates(&self, query: &ListQuery) -> Option<&BTreeSet<Place>> {
        let column = query.filters.iter().find_map(|filter| match filter {
            Filter::Is(name, value) => {
                let at = self.kind.columns.iter().position(|column| column.name == *name && column.indexed)?;
                Some((at, value.clone()))
            }
            Filter::OneOf(..) | Filter::AtMost(..) | Filter::AtLeast(..) => None,
        });
        match (column, &query.account) {
            (Some(column), _) => self.by_column.get(&column),
            (None, Some(account)) => self.by_account.get(account.as_str()),
            (None, None) => Some(&self.all),
        }
    }

    /// Those of the places whose documents pass the query.
    fn passing<'a>(
        &'a self,
        query: &'a ListQuery,
        places: impl Iterator<Item = &'a Place>,
    ) -> impl Iterator<Item = &'a Row> {
        places.filter_map(|(_, id)| self.rows.get(id)).filter(|row| passes(query, row))
    }
}

/// The values of the indexed columns, by position.
fn indexed<'a>(kind: &'static Kind, row: &'a Row) -> impl Iterator<Item = (usize, &'a Value)> {
    row.columns.iter().enumerate().filter(|(at, _)| kind.columns.get(*at).is_some_and(|column| column.indexed))
}

fn take_out<K: Eq + std::hash::Hash>(index: &mut HashMap<K, BTreeSet<Place>>, key: &K, place: &Place) {
    if let Some(places) = index.get_mut(key) {
        places.remove(place);
        if places.is_empty() {
            index.remove(key);
        }
    }
}

#[derive(Debug, Default)]
struct State {
    tables: HashMap<&'static str, Table>,
    balances: BTreeMap<String, i64>,
    claims: HashMap<String, String>,
    keys: HashMap<(String, String), Idempotency>,
    sealed: HashMap<String, Vec<u8>>,
    settings: HashMap<String, String>,
    batches: BTreeMap<i64, BatchRow>,
    undispatched: BTreeSet<i64>,
    unsealed: BTreeSet<i64>,
    by_seal: HashMap<i64, BTreeSet<i64>>,
    /// In the order of (batch, position).
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
        let mut known = state.known(&Touched::of(batch, Made::LookedUp));
        let verdicts = judge(&mut known, &batch.changesets);
        state.write(batch, &verdicts);
        Ok(verdicts)
    }
}

impl State {
    fn known(&self, touched: &Touched) -> Known {
        let version = |table: &'static str, id: &Arc<str>| {
            let row = self.tables.get(table)?.rows.get(id)?;
            Some(((table, id.clone()), row.version))
        };
        let owned = |scope: &str, key: &str| (scope.to_owned(), key.to_owned());
        Known {
            versions: touched
                .documents
                .iter()
                .flat_map(|(table, documents)| documents.ids.iter().filter_map(|id| version(table, id)))
                .collect(),
            claims: touched
                .claims
                .iter()
                .filter_map(|key| Some(((*key).to_owned(), self.claims.get(*key)?.clone())))
                .collect(),
            balances: touched
                .limited
                .iter()
                .filter_map(|name| Some((name.clone(), *self.balances.get(name)?)))
                .collect(),
            keys: touched
                .keys
                .iter()
                .map(|(scope, key)| owned(scope, key))
                .filter(|key| self.keys.contains_key(key))
                .map(|key| (key, ()))
                .collect(),
        }
    }

    fn write(&mut self, batch: &Batch, verdicts: &[Verdict]) {
        let number = self.batches.keys().next_back().map_or(1, |last| last + 1);
        let mut row = BatchRow { id: number, events: Vec::new(), postings: 0, seal: None };
        for (changeset, _) in batch.changesets.iter().zip(verdicts).filter(|(_, v)| **v == Verdict::Committed) {
            for write in &changeset.writes {
                let table = self.tables.entry(write.kind.table).or_insert_with(|| Table::new(write.kind));
                match write.what {
                    WriteKind::Create | WriteKind::Update => table.insert(write.row.clone()),
                    WriteKind::Delete => drop(table.remove(&write.row.id)),
                }
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
        if !row.events.is_empty() {
            self.undispatched.insert(number);
        }
        if 0 < row.postings {
            self.unsealed.insert(number);
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
                    self.undispatched.remove(id);
                }
            }
            Journal::Sealed { number, batches } => {
                for id in batches {
                    if let Some(row) = self.batches.get_mut(id) {
                        row.seal = Some(*number);
                        self.by_seal.entry(*number).or_default().insert(*id);
                    }
                    self.unsealed.remove(id);
                }
            }
        }
    }

    /// See [`crate::Settle`]. The columns are named in `balance_transaction`'s kind.
    fn settle(&mut self, settle: &crate::Settle) {
        let Some(table) = self.tables.get_mut("balance_transaction") else { return };
        let Some(places) = table.by_account.get(settle.account.as_str()) else { return };
        let settled: Vec<Row> = places
            .iter()
            .filter_map(|(_, id)| table.rows.get(id))
            .filter_map(|row| {
                let mut row = row.clone();
                // Columns of balance_transaction, in order: see `SETTLED_TABLE`.
                let [Value::Text(currency), Value::Int(available_on), payout, ..] = row.columns.as_mut_slice() else {
                    return None;
                };
                if *currency != settle.currency || settle.until < *available_on || *payout != Value::Null {
                    return None;
                }
                *payout = Value::Text(settle.payout.clone());
                Some(row)
            })
            .collect();
        for row in settled {
            table.insert(row);
        }
    }

    fn batches_of<'a>(&'a self, numbers: impl Iterator<Item = &'a i64>) -> Vec<BatchRow> {
        numbers.filter_map(|number| self.batches.get(number)).cloned().collect()
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
        Ok(self.state().tables.get(kind.table).and_then(|table| table.rows.get(id)).cloned())
    }

    fn get_many(&self, kind: &'static Kind, ids: &[&str]) -> StoreResult<Vec<Row>> {
        let state = self.state();
        let Some(table) = state.tables.get(kind.table) else { return Ok(Vec::new()) };
        Ok(ids.iter().filter_map(|id| table.rows.get(*id)).cloned().collect())
    }

    fn list(&self, query: &ListQuery) -> StoreResult<Vec<Row>> {
        let state = self.state();
        let Some(table) = state.tables.get(query.kind.table) else { return Ok(Vec::new()) };
        let Some(places) = table.candidates(query) else { return Ok(Vec::new()) };
        let place = |id: &String| table.rows.get(id.as_str()).map(|row| (row.created, row.id.clone()));
        let first = |rows: &mut dyn Iterator<Item = &Row>| rows.take(query.limit).cloned().collect::<Vec<_>>();
        Ok(match &query.cursor {
            Cursor::Start => first(&mut table.passing(query, places.iter().rev())),
            Cursor::After(id) => match place(id) {
                None => Vec::new(),
                Some(from) => first(&mut table.passing(query, places.range(..from).rev())),
            },
            Cursor::Before(id) => match place(id) {
                None => Vec::new(),
                Some(from) => {
                    let newer = places.range((Excluded(from), Unbounded));
                    let mut page = first(&mut table.passing(query, newer));
                    page.reverse();
                    page
                }
            },
        })
    }

    fn count(&self, query: &ListQuery) -> StoreResult<i64> {
        let state = self.state();
        let Some(table) = state.tables.get(query.kind.table) else { return Ok(0) };
        let count = table.candidates(query).map_or(0, |places| table.passing(query, places.iter()).count());
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    fn scan(&self, kind: &'static Kind, after: &str, limit: usize) -> StoreResult<Vec<Row>> {
        let state = self.state();
        let Some(table) = state.tables.get(kind.table) else { return Ok(Vec::new()) };
        let rows = table.rows.range::<str, _>((Excluded(after), Unbounded));
        Ok(rows.take(limit).map(|(_, row)| row.clone()).collect())
    }

    fn balance(&self, ledger_account: &str) -> StoreResult<i64> {
        Ok(self.state().balances.get(ledger_account).copied().unwrap_or(0))
    }

    fn balances(&self, owner: &str) -> StoreResult<BTreeMap<String, i64>> {
        let prefix = format!("{owner}:");
        let state = self.state();
        let from = state.balances.range::<str, _>((Included(prefix.as_str()), Unbounded));
        Ok(from.take_while(|(k, _)| k.starts_with(&prefix)).map(|(k, v)| (k.clone(), *v)).collect())
    }

    fn scan_balances(&self, after: &str, limit: usize) -> StoreResult<Vec<(String, i64)>> {
        let state = self.state();
        let from = state.balances.range::<str, _>((Excluded(after), Unbounded));
        Ok(from.take(limit).map(|(k, v)| (k.clone(), *v)).collect())
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
        let state = self.state();
        Ok(state.batches_of(state.undispatched.iter().take(limit)))
    }

    fn unsealed(&self, limit: usize) -> StoreResult<Vec<BatchRow>> {
        let state = self.state();
        Ok(state.batches_of(state.unsealed.iter().take(limit)))
    }

    fn sealed_batches(&self, seal: i64) -> StoreResult<Vec<BatchRow>> {
        let state = self.state();
        Ok(state.by_seal.get(&seal).map_or_else(Vec::new, |batches| state.batches_of(batches.iter())))
    }

    fn postings_of(&self, batch: i64) -> StoreResult<Vec<PostingRow>> {
        let state = self.state();
        let from = state.postings.partition_point(|p| p.batch < batch);
        Ok(state.postings[from..].iter().take_while(|p| p.batch == batch).cloned().collect())
    }

    fn scan_postings(&self, after: (i64, i64), limit: usize) -> StoreResult<Vec<PostingRow>> {
        let state = self.state();
        let from = state.postings.partition_point(|p| (p.batch, p.position) <= after);
        Ok(state.postings[from..].iter().take(limit).cloned().collect())
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
