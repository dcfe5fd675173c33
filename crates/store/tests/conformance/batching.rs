//! Any batching of any changesets gives the same verdicts and the same state as one at a time.
//!
//! Random changesets over few documents, claims, accounts and keys are made against a memory store that commits them one
//! at a time; some are made from a state a few commits old, so that they conflict. Then the engine under test gets the
//! same changesets in random batches.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use store::{Batch, Engine, Memory, Reader, Verdict};

use crate::support::{Change, Store, kind_of};

#[derive(Debug, Clone)]
enum Step {
    Read(usize),
    /// Makes the document, or changes it when it is there.
    Put(usize),
    Create(usize),
    Delete(usize),
    /// Takes the claim; with the flag, from whoever holds it.
    Claim(usize, usize, bool),
    Release(usize),
    Post(usize, usize, i64),
    AtLeast(usize, i64),
    Exactly(usize, i64),
    Remember(usize),
    Seal(usize, Option<u8>),
    Set(usize, i64),
    Settle(i64),
}

/// The steps of one changeset, and how many commits ago its author looked.
#[derive(Debug, Clone)]
struct Plan {
    steps: Vec<Step>,
    stale: usize,
}

const DOCUMENTS: [&str; 5] = ["th_a_1", "th_b_2", "txn_c_10", "txn_d_20", "txn_e_10"];
const OWNERS: [&str; 3] = ["x", "y", "z"];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0..5_usize).prop_map(Step::Read),
        6 => (0..5_usize).prop_map(Step::Put),
        1 => (0..5_usize).prop_map(Step::Create),
        2 => (0..5_usize).prop_map(Step::Delete),
        2 => (0..3_usize, 0..3_usize, any::<bool>()).prop_map(|(key, holder, swap)| Step::Claim(key, holder, swap)),
        1 => (0..3_usize).prop_map(Step::Release),
        4 => (0..3_usize, 1..3_usize, 1..20_i64).prop_map(|(from, by, amount)| Step::Post(from, (from + by) % 3, amount)),
        2 => (0..3_usize, -30..5_i64).prop_map(|(owner, floor)| Step::AtLeast(owner, floor)),
        1 => (0..3_usize, -9..9_i64).prop_map(|(owner, value)| Step::Exactly(owner, value)),
        1 => (0..6_usize).prop_map(Step::Remember),
        1 => (0..2_usize, proptest::option::of(any::<u8>())).prop_map(|(id, data)| Step::Seal(id, data)),
        1 => (0..2_usize, any::<i64>()).prop_map(|(name, value)| Step::Set(name, value)),
        1 => (5..25_i64).prop_map(Step::Settle),
    ]
}

fn plans() -> impl Strategy<Value = (Vec<Plan>, Vec<usize>)> {
    let stale = prop_oneof![3 => Just(0_usize), 1 => 1..4_usize];
    let plan = (prop::collection::vec(step(), 1..5), stale).prop_map(|(steps, stale)| Plan { steps, stale });
    (prop::collection::vec(plan, 1..24), prop::collection::vec(1..9_usize, 24))
}

/// What an author of changesets sees: versions of the documents and holders of the claims.
#[derive(Debug, Clone, Default)]
struct Seen {
    versions: [i64; 5],
    holders: [Option<String>; 3],
}

/// Every case has names of its own, so that one store serves them all. (A settlement reaches into earlier cases, which are
/// not looked at any more.)
struct Names<'a>(&'a str);

impl Names<'_> {
    fn document(&self, at: usize) -> String {
        let (prefix, rest) = DOCUMENTS[at].split_once('_').unwrap();
        format!("{prefix}_{}_{rest}", self.0)
    }
    fn owner(&self, at: usize) -> String {
        format!("{}{}", self.0, OWNERS[at])
    }
    fn other(&self, what: &str, at: usize) -> String {
        format!("{}-{what}{at}", self.0)
    }

    fn seen(&self, reader: &dyn Reader) -> Seen {
        let version = |at| {
            let id = self.document(at);
            reader.get(kind_of(&id), &id).unwrap().map_or(0, |row| row.version)
        };
        Seen {
            versions: std::array::from_fn(version),
            holders: std::array::from_fn(|at| reader.claim(&self.other("claim", at)).unwrap()),
        }
    }

    fn changeset(&self, plan: &Plan, seen: &Seen, number: usize) -> Change {
        let mut written = BTreeSet::new();
        let mut change = Change::new();
        for step in &plan.steps {
            if let Step::Put(at) | Step::Create(at) | Step::Delete(at) = step
                && !written.insert(*at)
            {
                continue;
            }
            change = self.step(change, step, seen).event(&self.other("evt", number));
        }
        change
    }

    fn step(&self, change: Change, step: &Step, seen: &Seen) -> Change {
        match *step {
            Step::Read(at) => change.read(&self.document(at), seen.versions[at]),
            Step::Put(at) | Step::Delete(at) if seen.versions[at] == 0 => change.create(&self.document(at)),
            Step::Put(at) => change.update(&self.document(at), seen.versions[at] + 1),
            Step::Create(at) => change.create(&self.document(at)),
            Step::Delete(at) => change.delete(&self.document(at), seen.versions[at] + 1),
            Step::Claim(at, holder, swap) => {
                let (key, holder) = (self.other("claim", at), self.other("holder", holder));
                match seen.holders[at].as_ref().filter(|_| swap) {
                    Some(old) => change.take(&key, &holder).release(&key, old),
                    None => change.take(&key, &holder),
                }
            }
            Step::Release(at) => {
                let holder = seen.holders[at].clone().unwrap_or_default();
                change.release(&self.other("claim", at), &holder)
            }
            Step::Post(from, to, amount) => change.post(&self.owner(from), &self.owner(to), amount),
            Step::AtLeast(owner, floor) => change.at_least(&self.owner(owner), floor),
            Step::Exactly(owner, value) => change.exactly_or_retry(&self.owner(owner), value),
            Step::Remember(key) => change.remember(&self.other("key", key), "{}", 1),
            Step::Seal(at, byte) => change.seal(&self.other("sealed", at), byte.as_ref().map(std::slice::from_ref)),
            Step::Set(at, value) => change.set(&self.other("setting", at), &value.to_string()),
            Step::Settle(until) => change.settle(until, &self.other("po", 0)),
        }
    }

    /// Everything of this case's names, as text.
    fn state(&self, reader: &dyn Reader) -> String {
        let documents: Vec<_> = (0..5)
            .filter_map(|at| {
                let id = self.document(at);
                reader.get(kind_of(&id), &id).unwrap()
            })
            .collect();
        let owners: Vec<_> = (0..3).map(|at| reader.balances(&self.owner(at)).unwrap()).collect();
        let claims: Vec<_> = (0..3).map(|at| reader.claim(&self.other("claim", at)).unwrap()).collect();
        let keys: Vec<_> =
            (0..6).map(|at| reader.idempotency("acct_1/test", &self.other("key", at)).unwrap()).collect();
        let sealed: Vec<_> = (0..2).map(|at| reader.sealed(&self.other("sealed", at)).unwrap()).collect();
        let settings: Vec<_> = (0..2).map(|at| reader.setting(&self.other("setting", at)).unwrap()).collect();
        let postings = reader.scan_postings((0, -1), 100_000).unwrap();
        let mine = |owner: &str| owner.starts_with(self.0);
        let postings: Vec<_> =
            postings.into_iter().filter(|row| mine(&row.posting.debit.owner)).map(|row| row.posting).collect();
        let events = reader.undispatched(100_000).unwrap();
        let events: Vec<_> = events.into_iter().flat_map(|row| row.events).filter(|event| mine(event)).collect();
        format!("{documents:#?}{owners:#?}{claims:?}{keys:?}{sealed:?}{settings:?}{postings:#?}{events:?}")
    }
}

pub fn any_batching_gives_what_one_at_a_time_gives(store: &mut Store) {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(96);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let number = std::cell::Cell::new(0);
    let store = std::cell::RefCell::new(store);
    let outcome = TestRunner::new(config).run(&plans(), |(plans, sizes)| {
        number.set(number.get() + 1);
        let name = format!("case{}", number.get());
        compare(&Names(&name), &plans, &sizes, &mut store.borrow_mut())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

fn compare(names: &Names<'_>, plans: &[Plan], sizes: &[usize], store: &mut Store) -> Result<(), TestCaseError> {
    let mut memory = Memory::new();
    let mut history = vec![names.seen(&memory)];
    let (mut changesets, mut expected) = (Vec::new(), Vec::new());
    for (number, plan) in plans.iter().enumerate() {
        let seen = &history[history.len().saturating_sub(1 + plan.stale)];
        let changeset = Arc::new(names.changeset(plan, seen, number).0);
        expected.extend(memory.commit(&Batch { changesets: vec![changeset.clone()], at: 1_000 }).unwrap());
        changesets.push(changeset);
        history.push(names.seen(&memory));
    }
    let (mut rest, mut verdicts) = (changesets.as_slice(), Vec::<Verdict>::new());
    for size in sizes {
        let (now, later) = rest.split_at((*size).min(rest.len()));
        verdicts.extend(store.engine.commit(&Batch { changesets: now.to_vec(), at: 1_000 }).unwrap());
        rest = later;
    }
    prop_assert_eq!(verdicts, expected);
    prop_assert_eq!(names.state(&*store.reader), names.state(&memory));
    Ok(())
}
