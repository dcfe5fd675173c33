//! Documents that almost every request decides by, kept in memory: see [`Kind::often_read`].
//!
//! What is taken from here may be old, since another process may have changed it. So a rule's outcome that relies on it
//! counts only when its changeset is committed, for which the versions of all that was read are compared. After anything
//! else (an error, nothing to commit, a conflict) the rule runs again on what is stored: see [`World::run`].
//!
//! [`World::run`]: crate::World::run

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use kernel::{ApiError, Result};

use crate::{Changeset, Doc, Document, Kind, Row, WriteKind};

/// A row, and the document in it once somebody has asked for it.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) kind: &'static Kind,
    pub(crate) row: Row,
    document: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl Loaded {
    pub(crate) fn new(kind: &'static Kind, row: Row) -> Loaded {
        Loaded { kind, row, document: OnceLock::new() }
    }

    /// The document. One of a kind that is often read is decoded once, and copied from then on.
    pub(crate) fn document<T: Document>(&self) -> Result<Doc<T>> {
        if !self.kind.often_read {
            return decode(&self.row);
        }
        if let Some(document) = self.document.get().and_then(|document| document.downcast_ref::<Doc<T>>()) {
            return Ok(document.clone());
        }
        let document = decode::<T>(&self.row)?;
        // Somebody else may have been first, with the same.
        let _ = self.document.set(Box::new(document.clone()));
        Ok(document)
    }
}

pub(crate) fn decode<T: Document>(row: &Row) -> Result<Doc<T>> {
    let shown = serde_json::from_str(&row.data);
    let private = row.private.as_deref().map_or_else(|| Ok(T::Private::default()), serde_json::from_str);
    match (shown, private) {
        (Ok(shown), Ok(private)) => {
            Ok(Doc { account: row.account.to_string(), version: row.version, private, shown, before: row.data.clone() })
        }
        (Err(error), _) | (_, Err(error)) => {
            tracing::error!(id = %row.id, error = %error, "{} {} cannot be read: {error}", T::KIND.object, row.id);
            Err(ApiError::bug())
        }
    }
}

/// Rows in a generation at the most.
const GENERATION: usize = 512;

/// The documents last read or written. At most two generations are kept: what nobody asked for while one filled is gone.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Arc<str>, Arc<Loaded>>,
    old: HashMap<Arc<str>, Arc<Loaded>>,
}

impl Generations {
    fn put(&mut self, loaded: Arc<Loaded>) {
        if GENERATION <= self.young.len() {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(loaded.row.id.clone(), loaded);
    }

    fn forget(&mut self, id: &str) {
        self.young.remove(id);
        self.old.remove(id);
    }
}

impl Recent {
    fn generations(&self) -> std::sync::MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The document as it was last seen.
    pub(crate) fn get(&self, kind: &'static Kind, id: &str) -> Option<Arc<Loaded>> {
        if !kind.often_read {
            return None;
        }
        let mut generations = self.generations();
        let loaded = match generations.young.get(id) {
            Some(loaded) => loaded.clone(),
            None => {
                let loaded = generations.old.remove(id)?;
                generations.put(loaded.clone());
                loaded
            }
        };
        (loaded.kind == kind).then_some(loaded)
    }

    /// What the store has under this id now.
    pub(crate) fn saw(&self, kind: &'static Kind, id: &str, found: Option<&Arc<Loaded>>) {
        if !kind.often_read {
            return;
        }
        let mut generations = self.generations();
        let Some(loaded) = found else { return generations.forget(id) };
        let known = generations.young.get(id).or_else(|| generations.old.get(id));
        // Whoever read a moment ago may come after whoever wrote since.
        if known.is_none_or(|known| known.row.version < loaded.row.version) {
            generations.put(loaded.clone());
        }
    }

    /// What a changeset wrote that was committed.
    pub(crate) fn committed(&self, changes: &Changeset) {
        for write in changes.writes.iter().filter(|write| write.kind.often_read) {
            match write.what {
                WriteKind::Create | WriteKind::Update => {
                    let loaded = Arc::new(Loaded::new(write.kind, write.row.clone()));
                    self.saw(write.kind, &write.row.id, Some(&loaded));
                }
                WriteKind::Delete => self.saw(write.kind, &write.row.id, None),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use kernel::{Rng, Timestamp};
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::{Caller, Clock, Cursor, ListQuery, Memory, Reader, Schema, Tx, Value, Vault, World, WorldSettings};

    #[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
    struct Seller {
        id: String,
        may_sell: bool,
        sold: i64,
    }

    impl Document for Seller {
        const KIND: &'static Kind =
            &Kind { often_read: true, ..Kind::new::<Seller>("seller", "seller", &["seller"], &[]) };
        type Private = ();
        fn id(&self) -> &str {
            &self.id
        }
        fn created(&self) -> Timestamp {
            Timestamp(0)
        }
        fn columns(&self, (): &()) -> Vec<Value> {
            Vec::new()
        }
    }

    /// Two processes on one store.
    fn processes() -> (World, World, Memory) {
        let engine = Memory::new();
        let open = |seed| {
            World::open(
                Arc::new(engine.clone()),
                engine.clone(),
                Schema::new([Seller::KIND]),
                Clock::manual(Timestamp(1_793_620_800)),
                Rng::seeded(seed),
                Vault::new([7; 32]),
                WorldSettings::sandbox("http://127.0.0.1:4242"),
            )
            .unwrap()
        };
        (open(1), open(2), engine)
    }

    fn run<R>(world: &World, rule: impl FnMut(&mut Tx) -> Result<R>) -> Result<R> {
        world.run_blocking(&Caller::account("acct_1"), None, rule)
    }

    fn open_shop(world: &World) {
        let seller = Seller { id: "seller_1".into(), may_sell: true, sold: 0 };
        run(world, |tx| tx.create("acct_1", seller.clone(), ())).unwrap();
    }

    fn allow(world: &World, may_sell: bool) {
        run(world, |tx| {
            let mut seller = tx.load::<Seller>("seller_1")?;
            seller.may_sell = may_sell;
            tx.put(&seller)
        })
        .unwrap();
    }

    /// What most requests do: decide by a seller, and write something else.
    fn sell(world: &World, runs: &Cell<u32>) -> Result<i64> {
        run(world, |tx| {
            runs.set(runs.get() + 1);
            let seller = tx.load::<Seller>("seller_1")?;
            if !seller.may_sell {
                return Err(ApiError::bad_request("closed"));
            }
            tx.set("sold", "one more");
            Ok(seller.version)
        })
    }

    #[test]
    fn the_second_request_decides_by_what_the_first_one_read() {
        let (one, two, engine) = processes();
        open_shop(&one);
        let relied = || {
            let mut relied = Vec::new();
            run(&two, |tx| {
                tx.load::<Seller>("seller_1")?;
                relied.push(tx.relies_on_recent());
                tx.set("sold", "one more");
                Ok(())
            })
            .unwrap();
            relied
        };
        assert_eq!(relied(), [false]);
        assert_eq!(relied(), [true]);
        assert_eq!(engine.setting("sold").unwrap().unwrap(), "one more");
    }

    #[test]
    fn nothing_is_granted_by_what_another_process_has_changed() {
        let (one, two, engine) = processes();
        open_shop(&one);
        let runs = Cell::new(0);
        sell(&two, &runs).unwrap();
        allow(&one, false);
        runs.set(0);
        run(&two, |tx| {
            tx.set("sold", "none");
            Ok(())
        })
        .unwrap();
        let refused = sell(&two, &runs).unwrap_err();
        assert_eq!(refused, ApiError::bad_request("closed"));
        assert_eq!(runs.get(), 2, "the first run met an old document, and its commit a conflict");
        assert_eq!(engine.setting("sold").unwrap().unwrap(), "none");
    }

    #[test]
    fn nothing_is_refused_by_what_another_process_has_changed() {
        let (one, two, _) = processes();
        open_shop(&one);
        allow(&one, false);
        let runs = Cell::new(0);
        sell(&two, &runs).unwrap_err();
        allow(&one, true);
        runs.set(0);
        assert_eq!(sell(&two, &runs).unwrap(), 3);
        assert_eq!(runs.get(), 2, "an error counts only when the store says the same");
    }

    #[test]
    fn what_a_rule_only_tells_is_current() {
        let (one, two, _) = processes();
        open_shop(&one);
        sell(&two, &Cell::new(0)).unwrap();
        allow(&one, false);
        assert!(!run(&two, |tx| Ok(tx.load::<Seller>("seller_1")?.may_sell)).unwrap());
    }

    #[test]
    fn what_this_process_wrote_is_known_at_once() {
        let (one, _, _) = processes();
        open_shop(&one);
        sell(&one, &Cell::new(0)).unwrap();
        allow(&one, true);
        let runs = Cell::new(0);
        assert_eq!(sell(&one, &runs).unwrap(), 2);
        assert_eq!(runs.get(), 1);
    }

    #[test]
    fn what_is_looked_up_for_later_is_what_is_read_then() {
        let (one, _, _) = processes();
        open_shop(&one);
        one.read(&Caller::account("acct_1"), |tx| {
            tx.prefetch(Seller::KIND, ["seller_1", "seller_9", "seller_1"])?;
            tx.prefetch(Seller::KIND, ["seller_1"])?;
            assert_eq!(tx.find::<Seller>("seller_1")?.map(|seller| seller.version), Some(1));
            assert!(tx.find::<Seller>("seller_9")?.is_none());
            assert_eq!(tx.changes().reads.len(), 2, "both count as read: that there is none is a fact, too");
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn what_was_listed_and_kept_is_read_as_it_was_listed() {
        let (one, two, _) = processes();
        open_shop(&one);
        let mut versions = Vec::new();
        run(&two, |tx| {
            let query =
                ListQuery { kind: Seller::KIND, account: None, filters: Vec::new(), cursor: Cursor::Start, limit: 10 };
            let page = tx.list(&query)?;
            tx.keep(Seller::KIND, page.rows);
            if versions.is_empty() {
                allow(&one, false);
            }
            versions.push(tx.load::<Seller>("seller_1")?.version);
            tx.set("sold", "one more");
            Ok(())
        })
        .unwrap();
        assert_eq!(versions, [1, 2], "what changed after it was listed is a conflict");
    }

    fn loaded(id: &str, version: i64) -> Arc<Loaded> {
        let row = Row {
            id: id.into(),
            account: "acct_1".into(),
            created: 0,
            version,
            data: "{}".into(),
            private: None,
            columns: Vec::new(),
        };
        Arc::new(Loaded::new(Seller::KIND, row))
    }

    #[test]
    fn a_late_reader_does_not_bring_back_what_was() {
        let recent = Recent::default();
        recent.saw(Seller::KIND, "seller_1", Some(&loaded("seller_1", 2)));
        recent.saw(Seller::KIND, "seller_1", Some(&loaded("seller_1", 1)));
        assert_eq!(recent.get(Seller::KIND, "seller_1").unwrap().row.version, 2);
        recent.saw(Seller::KIND, "seller_1", None);
        assert!(recent.get(Seller::KIND, "seller_1").is_none());
    }

    #[test]
    fn memory_is_bounded() {
        let recent = Recent::default();
        let id = |n: usize| format!("seller_{n}");
        for n in 0..10 * GENERATION {
            recent.saw(Seller::KIND, &id(n), Some(&loaded(&id(n), 1)));
        }
        let generations = recent.generations();
        assert!(generations.young.len() + generations.old.len() <= 2 * GENERATION);
        assert!(generations.young.contains_key(&*id(10 * GENERATION - 1)));
    }
}
