//! An engine that fails when it is told to.
//!
//! What is injected is what a real store can do: it finds a conflict, it cannot be written, or it was written and the
//! answer got lost (a torn commit: the caller hears that it failed). And, to see that the simulator can fail, bugs that no
//! engine must have.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use store::{Batch, Changeset, Engine, StoreError, StoreResult, Verdict};

use crate::dice::Dice;

/// What happens to one commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Every changeset is told to run again; nothing is written.
    Conflict,
    /// The store cannot be written.
    Before,
    /// It is written, and the caller is told that it could not be.
    After,
}

/// A bug of an engine, planted to see that the simulator notices it. Each strikes once, but the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// One document is not written, and the caller is told that all were.
    DropsWrite,
    /// One posting is applied twice.
    PostsTwice,
    /// Nothing is written, and the caller is told that it was.
    LosesCommit,
    /// Postings are written without the documents that show them.
    TearsCommit,
    /// Answers are not remembered, all else is.
    ForgetsAnswer,
}

/// How often faults strike by themselves, in a thousand commits.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rates {
    /// See [`Fault::Conflict`].
    pub conflict: u64,
    /// See [`Fault::Before`].
    pub before: u64,
    /// See [`Fault::After`].
    pub after: u64,
}

/// What was injected so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Injected {
    /// Conflicts.
    pub conflicts: u64,
    /// Failures before writing.
    pub before: u64,
    /// Failures after writing.
    pub after: u64,
}

impl Injected {
    /// Failures that a caller hears of as 503.
    pub fn failures(&self) -> u64 {
        self.before + self.after
    }
}

struct State {
    planned: VecDeque<Fault>,
    rates: Rates,
    dice: Dice,
    injected: Injected,
    committed: u64,
    bug: Option<(Bug, u64)>,
    struck: bool,
}

/// The simulator's hand on its engines; clones share it, so that it outlives a world.
#[derive(Clone)]
pub struct Faults(Arc<Mutex<State>>);

impl Faults {
    /// None are planned.
    pub fn new(dice: Dice) -> Faults {
        Faults(Arc::new(Mutex::new(State {
            planned: VecDeque::new(),
            rates: Rates::default(),
            dice,
            injected: Injected::default(),
            committed: 0,
            bug: None,
            struck: false,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What happens to the next commits, one after the other, in place of what was planned before.
    pub fn plan(&self, faults: &[Fault]) {
        self.state().planned = faults.iter().copied().collect();
    }

    /// How often faults strike when none is planned.
    pub fn set_rates(&self, rates: Rates) {
        self.state().rates = rates;
    }

    /// Plants a bug that strikes at the first chance after `after` commits.
    pub fn plant(&self, bug: Bug, after: u64) {
        self.state().bug = Some((bug, after));
    }

    /// Whether the planted bug struck.
    pub fn struck(&self) -> bool {
        self.state().struck
    }

    /// What was injected so far.
    pub fn injected(&self) -> Injected {
        self.state().injected
    }

    /// How many changesets were written so far.
    pub fn committed(&self) -> u64 {
        self.state().committed
    }

    fn next(&self) -> Fault {
        let mut state = self.state();
        let fault = match state.planned.pop_front() {
            Some(fault) => fault,
            None => {
                let Rates { conflict, before, after } = state.rates;
                let at = if conflict + before + after == 0 { 1_000 } else { state.dice.bits() % 1_000 };
                match at {
                    at if at < conflict => Fault::Conflict,
                    at if at < conflict + before => Fault::Before,
                    at if at < conflict + before + after => Fault::After,
                    _ => Fault::None,
                }
            }
        };
        match fault {
            Fault::None => {}
            Fault::Conflict => state.injected.conflicts += 1,
            Fault::Before => state.injected.before += 1,
            Fault::After => state.injected.after += 1,
        }
        fault
    }

    /// The bug that strikes in this changeset, if its time has come and it can.
    fn bug_for(&self, changeset: &Changeset) -> Option<Bug> {
        let mut state = self.state();
        let (bug, after) = state.bug?;
        let can = match bug {
            Bug::DropsWrite => changeset.writes.iter().any(is_money),
            Bug::PostsTwice | Bug::TearsCommit => {
                changeset.postings.iter().any(|posting| !posting.debit_entry.is_empty())
            }
            Bug::LosesCommit => !changeset.postings.is_empty(),
            Bug::ForgetsAnswer => changeset.idempotency.is_some() && !changeset.postings.is_empty(),
        };
        if state.committed < after || !can {
            return None;
        }
        if bug != Bug::ForgetsAnswer {
            state.bug = None;
        }
        state.struck = true;
        Some(bug)
    }

    fn count(&self, verdicts: &[Verdict]) {
        let committed = verdicts.iter().filter(|verdict| **verdict == Verdict::Committed).count();
        self.state().committed += committed as u64;
    }
}

fn is_money(write: &store::Write) -> bool {
    ["charge", "refund", "transfer", "balance_transaction", "payout"].contains(&write.kind.object)
}

/// An engine between the committer and the real one.
pub struct Faulty<E> {
    engine: E,
    faults: Faults,
}

impl<E: Engine> Faulty<E> {
    /// `engine`, failing as `faults` says.
    pub fn new(engine: E, faults: Faults) -> Faulty<E> {
        Faulty { engine, faults }
    }

    fn write(&mut self, batch: &Batch) -> StoreResult<Vec<Verdict>> {
        let bug = batch.changesets.first().and_then(|changeset| self.faults.bug_for(changeset));
        let verdicts = match bug {
            None => self.engine.commit(batch)?,
            Some(Bug::LosesCommit) => vec![Verdict::Committed; batch.changesets.len()],
            Some(bug) => self.engine.commit(&with_bug(batch, bug))?,
        };
        self.faults.count(&verdicts);
        Ok(verdicts)
    }
}

fn with_bug(batch: &Batch, bug: Bug) -> Batch {
    let mut changesets = batch.changesets.clone();
    let mut first = Changeset::clone(&changesets[0]);
    match bug {
        Bug::DropsWrite => {
            let at = first.writes.iter().position(is_money);
            at.map(|at| first.writes.remove(at));
        }
        Bug::PostsTwice => {
            let again = first.postings.iter().find(|posting| !posting.debit_entry.is_empty()).cloned();
            first.postings.extend(again);
        }
        Bug::TearsCommit => first.writes.clear(),
        Bug::ForgetsAnswer => first.idempotency = None,
        Bug::LosesCommit => {}
    }
    changesets[0] = Arc::new(first);
    Batch { changesets, at: batch.at }
}

impl<E: Engine> Engine for Faulty<E> {
    fn commit(&mut self, batch: &Batch) -> StoreResult<Vec<Verdict>> {
        match self.faults.next() {
            Fault::None => self.write(batch),
            Fault::Conflict => Ok(vec![Verdict::Conflict; batch.changesets.len()]),
            Fault::Before => Err(StoreError::Unavailable("injected before writing".to_owned())),
            Fault::After => {
                self.write(batch)?;
                Err(StoreError::Unavailable("injected after writing".to_owned()))
            }
        }
    }
}
