//! The committer: one thread that owns the engine's writing side and commits what is waiting.
//!
//! Group commit without a timer: while one batch is being written the next fills, and an idle world waits for nothing.

use std::sync::Arc;
use std::sync::mpsc as std_mpsc;

use kernel::ApiError;
use tokio::sync::{mpsc, oneshot};

use crate::{Batch, Changeset, Engine, StoreError};

/// What became of a changeset.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It is durable.
    Committed,
    /// Something it read has changed: run the rule again.
    Conflict,
    /// A limit did not hold, and the rule said what to answer then.
    Refused(ApiError),
    /// The store could not write; nothing was changed.
    Failed,
}

/// Changesets waiting at the most; beyond it, submitting waits.
const WAITING: usize = 4_096;
/// Changesets in one batch at the most.
const LARGEST_BATCH: usize = 256;

struct Submission {
    changeset: Arc<Changeset>,
    at: i64,
    reply: oneshot::Sender<Verdict>,
}

/// The way into the engine; cheap to clone.
#[derive(Clone)]
pub struct Committer {
    queue: mpsc::Sender<Submission>,
    done: Arc<std::sync::Mutex<Option<std_mpsc::Receiver<()>>>>,
}

impl Committer {
    /// Starts the thread that owns `engine`. It ends when every clone of the committer is gone.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(engine: impl Engine) -> std::io::Result<Committer> {
        let (queue, waiting) = mpsc::channel(WAITING);
        let (finished, done) = std_mpsc::channel();
        std::thread::Builder::new().name("kontor-committer".into()).spawn(move || {
            run(engine, waiting);
            // The receiver is gone when nobody waits for the end.
            let _ = finished.send(());
        })?;
        Ok(Committer { queue, done: Arc::new(std::sync::Mutex::new(Some(done))) })
    }

    /// Commits a changeset together with whatever else is waiting.
    pub async fn submit(&self, changeset: Arc<Changeset>, at: i64) -> Verdict {
        let (reply, verdict) = oneshot::channel();
        if self.queue.send(Submission { changeset, at, reply }).await.is_err() {
            return Verdict::Failed;
        }
        verdict.await.unwrap_or(Verdict::Failed)
    }

    /// The same for callers outside an async runtime.
    pub fn submit_blocking(&self, changeset: Arc<Changeset>, at: i64) -> Verdict {
        let (reply, verdict) = oneshot::channel();
        if self.queue.blocking_send(Submission { changeset, at, reply }).is_err() {
            return Verdict::Failed;
        }
        verdict.blocking_recv().unwrap_or(Verdict::Failed)
    }

    /// Lets go of this clone and, when it is the last, waits until everything submitted is written.
    pub fn close(self) {
        let Committer { queue, done } = self;
        drop(queue);
        let done = done.lock().ok().and_then(|mut done| done.take());
        if let Some(done) = done {
            // An error means that the thread is gone already.
            let _ = done.recv_timeout(std::time::Duration::from_secs(30));
        }
    }
}

fn run(mut engine: impl Engine, mut waiting: mpsc::Receiver<Submission>) {
    let mut submissions = Vec::with_capacity(LARGEST_BATCH);
    while waiting.blocking_recv_many(&mut submissions, LARGEST_BATCH) != 0 {
        let batch = Batch {
            changesets: submissions.iter().map(|s| s.changeset.clone()).collect(),
            at: submissions.iter().map(|s| s.at).max().unwrap_or_default(),
        };
        let verdicts = commit(&mut engine, &batch);
        for (submission, verdict) in submissions.drain(..).zip(verdicts) {
            // Whoever no longer waits gave up on the answer, not on the write.
            let _ = submission.reply.send(verdict);
        }
    }
}

/// A changeset that no engine could write is a bug of the rule that made it. It fails alone: the others of its batch are
/// written without it.
fn commit(engine: &mut impl Engine, batch: &Batch) -> Vec<Verdict> {
    match engine.commit(batch) {
        Ok(verdicts) => verdicts,
        Err(StoreError::Corrupt(_)) if 1 < batch.changesets.len() => {
            let alone = |changeset: &Arc<Changeset>| Batch { changesets: vec![changeset.clone()], at: batch.at };
            batch.changesets.iter().flat_map(|changeset| commit(engine, &alone(changeset))).collect()
        }
        Err(error) => {
            log_failure(&error, batch.changesets.len());
            vec![Verdict::Failed; batch.changesets.len()]
        }
    }
}

fn log_failure(error: &StoreError, changesets: usize) {
    tracing::error!(error = %error, changesets, "a batch of {changesets} changesets could not be written: {error}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Memory, StoreResult};

    /// Takes no changeset with settings.
    struct Picky(Memory);

    impl Engine for Picky {
        fn commit(&mut self, batch: &Batch) -> StoreResult<Vec<Verdict>> {
            if batch.changesets.iter().any(|changeset| !changeset.settings.is_empty()) {
                return Err(StoreError::Corrupt("a setting".to_owned()));
            }
            self.0.commit(batch)
        }
    }

    #[test]
    fn a_changeset_that_cannot_be_written_fails_alone() {
        let (good, mut bad) = (Changeset::default(), Changeset::default());
        bad.settings.push(("name".to_owned(), "value".to_owned()));
        let changesets = [good.clone(), bad, good].map(Arc::new).to_vec();
        let verdicts = commit(&mut Picky(Memory::new()), &Batch { changesets, at: 1 });
        assert_eq!(verdicts, [Verdict::Committed, Verdict::Failed, Verdict::Committed]);
    }
}
