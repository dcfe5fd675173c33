//! Due jobs: each in its own transaction, at its own time, in the order of (due, id).
//!
//! The transaction that runs a job also removes it, so it happens exactly once, whoever else tries. A handler that wants
//! its job again changes its `due` (`tx.find`, then `tx.put`): a job whose due time was moved stays. What a handler
//! schedules for a moment within the same run has its turn at that moment.
//!
//! Time does not go back for them: in a sandbox, where each job runs at its own time, one that was scheduled for a moment
//! before that of a job that has run (by a request that began before the clock was moved) runs at the later moment.
//!
//! A handler that fails delays nobody: its job comes back later, and later each time, and after twenty failures it is put
//! aside for an operator to look at.

use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use kernel::{ApiError, DAY, HOUR, Result, Timestamp};
use store::{Cursor, Document, Filter, Job, ListQuery, Origin, Tx, World};
use tokio::sync::Mutex;

use crate::clock::note_offset;
use crate::nobody;

/// Does what a job is for, in the transaction that removes the job.
pub type JobHandler = fn(&mut Tx, &Job) -> Result<()>;

/// Handlers by the names of jobs.
pub type JobHandlers = HashMap<&'static str, JobHandler>;

/// Failures after which a job is put aside.
const MOST_ATTEMPTS: u32 = 20;
/// Where jobs are put that are put aside: so far ahead that nobody runs them.
const ASIDE: i64 = 100 * 365 * DAY;
/// Rounds over one moment, for jobs that schedule others for the moment that it is.
const MOST_PASSES: usize = 10_000;
/// Jobs listed at a time.
const PAGE: usize = 500;

/// The setting that says, in Unix seconds, the latest moment at which a job ran.
const REACHED: &str = "jobs_reached";

/// The due jobs of a world, and what to do with them.
pub(crate) struct Jobs {
    world: Arc<World>,
    handlers: JobHandlers,
    /// One at a time in this process: the runner, or whoever moves the clock.
    turn: Mutex<()>,
}

/// A job's place in the order.
type Place = (Timestamp, String);

/// What became of a job.
#[derive(Debug, PartialEq, Eq)]
enum Ran {
    Done,
    /// Somebody else ran it, or it was moved or removed.
    Gone,
    /// It failed, or wants to be run again, and comes back then.
    Again(Timestamp),
}

impl Jobs {
    /// The jobs of a world. A job whose name has no handler fails, and is put aside in the end.
    pub(crate) fn new(world: Arc<World>, handlers: JobHandlers) -> Arc<Jobs> {
        Arc::new(Jobs { world, handlers, turn: Mutex::new(()) })
    }

    /// The world whose jobs they are.
    pub(crate) fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Whether anything is due now.
    pub(crate) fn is_any_due(&self) -> Result<bool> {
        let now = self.world.now().0;
        let filters = vec![Filter::AtMost("due", now)];
        let query = ListQuery { kind: Job::KIND, account: None, filters, cursor: Cursor::Start, limit: 1 };
        let rows = self.world.reader().list(&query).map_err(|error| self.world.store_error(&error))?;
        Ok(!rows.is_empty())
    }

    /// Runs everything that is due now. Answers how many jobs were done.
    ///
    /// Errors: 503 when the store cannot be read or written; the jobs stay due.
    pub(crate) async fn run_due(&self) -> Result<usize> {
        let _turn = self.turn.lock().await;
        self.run_until(self.world.now(), |_| {}).await
    }

    /// Moves a sandbox's clock to `to`, and to the due time of every job on the way, running it there.
    pub(crate) async fn run_and_move(&self, to: Timestamp) -> Result<usize> {
        let _turn = self.turn.lock().await;
        let clock = self.world.clock();
        let done = self.run_until(to, |due| clock.advance_to(due)).await?;
        clock.advance_to(to);
        self.world
            .run(&nobody(), &Origin::default(), |tx| {
                note_offset(tx, &self.world);
                Ok(())
            })
            .await?;
        Ok(done)
    }

    /// Runs the jobs due up to `to`, all of one moment and then those of the next.
    async fn run_until(&self, to: Timestamp, mut arrive: impl FnMut(Timestamp)) -> Result<usize> {
        let mut places = self.due(to, None)?;
        let mut reached = self.reached()?;
        let (mut done, mut last, mut passes) = (0, None, 0);
        while let Some((due, _)) = places.first() {
            let due = *due;
            passes = if last == Some(due) { passes + 1 } else { 0 };
            last = Some(due);
            if MOST_PASSES < passes {
                return Err(self.world.bug(&format!("jobs due at {due} schedule each other without end")));
            }
            arrive(due);
            while let Some((_, id)) = places.first().filter(|(at, _)| *at == due).cloned() {
                places.pop_first();
                match self.run(&id, due, reached).await? {
                    Ran::Done => {
                        done += 1;
                        reached = reached.max(due);
                    }
                    Ran::Gone => {}
                    Ran::Again(later) if later <= to => drop(places.insert((later, id))),
                    Ran::Again(_) => {}
                }
            }
            // What these jobs scheduled was made at their own time or later.
            places.extend(self.due(to, Some(due))?);
            if places.is_empty() {
                places = self.due(to, None)?;
            }
        }
        Ok(done)
    }

    /// The places of jobs due up to `to`; only of those made since then, when `since` is given. A list gives the newest
    /// first, so the order by due time needs all of them; only their places are held.
    fn due(&self, to: Timestamp, since: Option<Timestamp>) -> Result<BTreeSet<Place>> {
        let mut places = BTreeSet::new();
        let mut query = ListQuery {
            kind: Job::KIND,
            account: None,
            filters: vec![Filter::AtMost("due", to.0)],
            cursor: Cursor::Start,
            limit: PAGE,
        };
        query.filters.extend(since.map(|since| Filter::AtLeast("created", since.0)));
        loop {
            let rows = self.world.reader().list(&query).map_err(|error| self.world.store_error(&error))?;
            for row in &rows {
                let job: Job = serde_json::from_str(&row.data)
                    .map_err(|error| self.world.bug(&format!("{} cannot be read: {error}", row.id)))?;
                places.insert((job.due, job.id));
            }
            match rows.last() {
                Some(last) if rows.len() == PAGE => query.cursor = Cursor::After(last.id.to_string()),
                _ => return Ok(places),
            }
        }
    }

    /// The latest moment at which a job ran.
    fn reached(&self) -> Result<Timestamp> {
        let reached = self.world.reader().setting(REACHED).map_err(|error| self.world.store_error(&error))?;
        Ok(Timestamp(reached.and_then(|text| text.parse().ok()).unwrap_or(0)))
    }

    /// Runs one job, if it is still there and due then, when the jobs have come as far as `reached`.
    async fn run(&self, id: &str, due: Timestamp, reached: Timestamp) -> Result<Ran> {
        // In a live world nothing is dated back: a job that was late happens now.
        let at = (!self.world.settings().livemode).then_some(due.max(reached));
        let run = |tx: &mut Tx| {
            let done = self.attempt(tx, id, due)?;
            if done.is_some() && at.is_some() && reached < due {
                tx.set(REACHED, &due.0.to_string());
            }
            Ok(done)
        };
        match self.world.run_at(&nobody(), &Origin::default(), at, run).await {
            Ok(None) => Ok(Ran::Gone),
            Ok(Some((name, again))) => {
                metrics::counter!("kontor_jobs_total", "name" => name, "outcome" => "done").increment(1);
                Ok(again.map_or(Ran::Done, Ran::Again))
            }
            Err(error) if error.http_status() == 503 => Err(error),
            Err(error) => self.failed(id, due, at, &error).await,
        }
    }

    /// One attempt within a transaction; answers the name of the job that was done, and when it wants to be run again.
    fn attempt(&self, tx: &mut Tx, id: &str, due: Timestamp) -> Result<Option<(String, Option<Timestamp>)>> {
        let Some(job) = tx.find::<Job>(id)?.filter(|job| job.due == due) else { return Ok(None) };
        let Some(handler) = self.handlers.get(job.name.as_str()) else {
            return Err(tx.bug(&format!("nothing handles jobs named {}", job.name)));
        };
        // A handler that panics is a bug like any other: the transaction is dropped, and other jobs go on.
        match catch_unwind(AssertUnwindSafe(|| handler(tx, job.shown()))) {
            Ok(outcome) => outcome?,
            Err(_) => return Err(tx.bug(&format!("the handler of {} panicked", job.name))),
        }
        note_offset(tx, &self.world);
        let again = match tx.find::<Job>(id)? {
            Some(now) if now.due == due => {
                tx.delete(&now)?;
                None
            }
            Some(moved) => Some(moved.due),
            None => None,
        };
        Ok(Some((job.name.clone(), again)))
    }

    /// Notes a failure, and when the job comes back.
    async fn failed(&self, id: &str, due: Timestamp, at: Option<Timestamp>, error: &ApiError) -> Result<Ran> {
        let note = |tx: &mut Tx| {
            let Some(mut job) = tx.find::<Job>(id)?.filter(|job| job.due == due) else { return Ok(None) };
            job.attempts = job.attempts.saturating_add(1);
            job.due = tx.now().plus(if MOST_ATTEMPTS <= job.attempts { ASIDE } else { delay(job.attempts) });
            tx.put(&job)?;
            note_offset(tx, &self.world);
            Ok(Some((job.name.clone(), job.attempts, job.due)))
        };
        let noted = self.world.run_at(&nobody(), &Origin::default(), at, note).await?;
        let Some((name, attempts, later)) = noted else { return Ok(Ran::Gone) };
        metrics::counter!("kontor_jobs_total", "name" => name.clone(), "outcome" => "failed").increment(1);
        if MOST_ATTEMPTS <= attempts {
            tracing::error!(job.id = id, attempts, "job {id} ({name}) is put aside after {attempts} attempts: {error}");
        } else {
            tracing::warn!(job.id = id, attempts, "job {id} ({name}) failed and runs again at {later}: {error}");
        }
        Ok(Ran::Again(later))
    }
}

/// Seconds until a job runs again after its `attempts`th failure: 5 s, doubling, at most an hour.
fn delay(attempts: u32) -> i64 {
    (5_i64 << attempts.saturating_sub(1).min(10)).min(HOUR)
}
