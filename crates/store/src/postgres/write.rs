//! The writing side.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ledger::LedgerAccount;
use tokio_postgres::error::SqlState;

use super::connection::{Frame, Param, Server, Session, Step};
use super::statements::{self, TableSql};
use super::{get, is_lost, store_error};
use crate::touched::{self, Made, Touched};
use crate::{Batch, Changeset, Engine, Known, Schema, StoreError, StoreResult, Verdict, judge};

/// How often a batch is judged again after a collision with another process, or on a new connection.
const ATTEMPTS: usize = 12;
/// How often, and how long after one another, we ask what became of a commit.
const QUESTIONS: usize = 20;
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(500);

/// The store's writing side, with the connection that it owns.
#[derive(Debug)]
pub struct PostgresEngine {
    server: Arc<Server>,
    session: Option<Session>,
    tables: BTreeMap<&'static str, TableSql>,
}

/// Why an attempt to write a batch ended without an answer.
enum Failure {
    /// Another process was in the way, or something that was taken to be new exists: nothing was written.
    Collision,
    /// The connection was lost before the commit: nothing was written.
    Lost(StoreError),
    /// The connection was lost after the commit of the batch with this number may have been sent.
    Unknown(i64, Vec<Verdict>, StoreError),
    /// Anything else: nothing was written.
    Store(StoreError),
}

fn failure(error: &tokio_postgres::Error) -> Failure {
    let collisions = [SqlState::UNIQUE_VIOLATION, SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED];
    if error.code().is_some_and(|code| collisions.contains(code)) {
        Failure::Collision
    } else if is_lost(error) {
        Failure::Lost(store_error(error))
    } else {
        Failure::Store(store_error(error))
    }
}

impl Engine for PostgresEngine {
    fn commit(&mut self, batch: &Batch) -> StoreResult<Vec<Verdict>> {
        let mut made = Made::TakenForNew;
        let mut last = StoreError::Unavailable("other processes were in the way each time".to_owned());
        for _ in 0..ATTEMPTS {
            match self.attempt(batch, made) {
                Ok(verdicts) => return Ok(verdicts),
                Err(Failure::Collision) => made = Made::LookedUp,
                Err(Failure::Store(error)) => {
                    // Whatever state the connection is in: the next batch gets a fresh one.
                    self.session = None;
                    return Err(error);
                }
                Err(Failure::Lost(error)) => {
                    tracing::warn!(error = %error, "the connection to the database was lost: {error}");
                    self.session = None;
                    last = error;
                }
                Err(Failure::Unknown(number, verdicts, error)) => {
                    tracing::warn!(error = %error, "the connection to the database was lost during a commit: {error}");
                    self.session = None;
                    if self.was_committed(number, batch.at)? {
                        return Ok(verdicts);
                    }
                    last = error;
                }
            }
        }
        Err(last)
    }
}

impl PostgresEngine {
    pub(super) fn new(server: Arc<Server>, session: Session, schema: &Schema) -> PostgresEngine {
        let tables = schema.kinds.iter().map(|kind| (kind.table, TableSql::new(kind))).collect();
        PostgresEngine { server, session: Some(session), tables }
    }

    fn attempt(&mut self, batch: &Batch, made: Made) -> Result<Vec<Verdict>, Failure> {
        let server = self.server.clone();
        let session = match self.session.take().filter(|session| !session.client.is_closed()) {
            Some(session) => session,
            None => server.wait(server.connect()).map_err(Failure::Store)?,
        };
        let session = self.session.insert(session);
        server.wait(Attempt { session, tables: &self.tables, batch }.run(made))
    }

    /// Whether the batch with this number was committed: see the module's description. Afterwards it never will be.
    fn was_committed(&mut self, number: i64, at: i64) -> StoreResult<bool> {
        let server = self.server.clone();
        let mut last = StoreError::Unavailable(String::new());
        for _ in 0..QUESTIONS {
            let outcome = server.wait(async {
                let session = server.connect().await?;
                let sql = "INSERT INTO batch (id, at, postings) VALUES ($1, $2, 0)";
                match session.query(sql, &[&number, &at]).await {
                    Ok(_) => Ok((session, false)),
                    Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
                        // A server that was restarted shows commits that no standby has yet. This one is behind them in
                        // the log, so when it returns, a synchronous standby has the batch as well.
                        let again = "UPDATE batch SET at = at WHERE id = $1";
                        session.query(again, &[&number]).await.map_err(|error| store_error(&error))?;
                        Ok((session, true))
                    }
                    Err(error) => Err(store_error(&error)),
                }
            });
            match outcome {
                Ok((session, committed)) => {
                    tracing::warn!(batch = number, committed, "batch {number} was committed: {committed}");
                    self.session = Some(session);
                    return Ok(committed);
                }
                Err(error) => last = error,
            }
            std::thread::sleep(BETWEEN_QUESTIONS);
        }
        tracing::error!(batch = number, error = %last, "nobody knows whether batch {number} was committed: {last}");
        Err(last)
    }
}

/// One attempt to write one batch.
struct Attempt<'a> {
    session: &'a Session,
    tables: &'a BTreeMap<&'static str, TableSql>,
    batch: &'a Batch,
}

impl Attempt<'_> {
    async fn run(&self, made: Made) -> Result<Vec<Verdict>, Failure> {
        let touched = Touched::of(self.batch, made);
        let outcome = self.judge_and_write(&touched, made).await;
        if matches!(outcome, Err(Failure::Collision)) {
            // The transaction may be open still; it never is after a commit that was asked for.
            self.roll_back().await?;
        }
        outcome
    }

    async fn roll_back(&self) -> Result<(), Failure> {
        self.session.client.batch_execute("ROLLBACK").await.map_err(|error| failure(&error))
    }

    async fn judge_and_write(&self, touched: &Touched<'_>, made: Made) -> Result<Vec<Verdict>, Failure> {
        let (mut known, number) = self.look_up(touched).await?;
        let before = Before::of(&known);
        let verdicts = judge(&mut known, &self.batch.changesets);
        if made.leaves_doubt(&verdicts) {
            return Err(Failure::Collision);
        }
        if !verdicts.contains(&Verdict::Committed) {
            self.roll_back().await?;
            return Ok(verdicts);
        }
        let written = {
            let accepted: Vec<&Changeset> = touched::accepted(self.batch, &verdicts).collect();
            let steps = self.steps(&accepted, touched, &before, &known, number).map_err(Failure::Store)?;
            self.session.pipeline(&steps, Frame::Commit).await
        };
        match written {
            Ok(_) => Ok(verdicts),
            Err(error) => Err(match failure(&error) {
                Failure::Lost(lost) => Failure::Unknown(number, verdicts, lost),
                other => other,
            }),
        }
    }

    /// Locks what the batch touches, in the order that all processes keep to, and answers it with the batch's number.
    async fn look_up(&self, touched: &Touched<'_>) -> Result<(Known, i64), Failure> {
        let mut asked = vec![(Asked::Number, Step::new("SELECT nextval('batch_number')", Vec::new()))];
        let missing = self.looked_for_in_vain();
        if !missing.is_empty() {
            asked.push((Asked::Nothing, Step::new(statements::LOCK_MISSING, vec![array(missing)])));
        }
        for (table, documents) in &touched.documents {
            let sql = self.tables.get(table).ok_or_else(|| Failure::Store(statements::unknown(table)))?;
            let sql = if documents.changed { &sql.lock_to_write } else { &sql.lock_to_read };
            let ids = array(documents.ids.iter().map(|id| &***id));
            asked.push((Asked::Versions(table), Step::new(sql.as_str(), vec![ids])));
        }
        if !touched.claims.is_empty() {
            asked.push((Asked::Claims, Step::new(statements::CLAIMS, vec![array(touched.claims.iter().copied())])));
        }
        if !touched.keys.is_empty() {
            let (scopes, keys) = (touched.keys.iter().map(|key| key.0), touched.keys.iter().map(|key| key.1));
            asked.push((Asked::Keys, Step::new(statements::KEYS, vec![array(scopes), array(keys)])));
        }
        if !touched.limited.is_empty() {
            let names = array(self.locked_balances(touched));
            asked.push((Asked::Balances, Step::new(statements::BALANCES, vec![names])));
        }
        let (asked, steps): (Vec<Asked>, Vec<Step<'_>>) = asked.into_iter().unzip();
        let answers = self.session.pipeline(&steps, Frame::Begin).await.map_err(|error| failure(&error))?;
        answered(&asked, &answers).map_err(Failure::Store)
    }

    /// The names of the documents that somebody looked for and did not find. A row that is not there cannot be locked, so
    /// their names are: what one process decided because there was none, another must not make meanwhile.
    fn looked_for_in_vain(&self) -> BTreeSet<String> {
        let reads = self.batch.changesets.iter().flat_map(|changeset| &changeset.reads);
        reads.filter(|read| read.version == 0).map(|read| format!("{}/{}", read.kind.table, read.id)).collect()
    }

    /// The balances to lock: when any has a limit, all that the batch may move, since locking them in two steps would
    /// bring two processes into each other's way.
    fn locked_balances(&self, touched: &Touched<'_>) -> BTreeSet<String> {
        let mut balances = touched.limited.clone();
        if !balances.is_empty() {
            let all = self.batch.changesets.iter().map(|changeset| &**changeset);
            balances.extend(touched::moves(all).into_keys().map(LedgerAccount::to_string));
        }
        balances
    }

    /// Everything that the accepted changesets write.
    fn steps<'s>(
        &'s self,
        accepted: &[&'s Changeset],
        touched: &'s Touched<'_>,
        before: &'s Before,
        known: &'s Known,
        number: i64,
    ) -> StoreResult<Vec<Step<'s>>> {
        let mut steps = Vec::new();
        statements::documents(&mut steps, accepted, self.tables, &before.documents)?;
        statements::claims(&mut steps, &touched.claims, &before.claims, &known.claims);
        statements::private(&mut steps, accepted);
        statements::remembered(&mut steps, accepted);
        statements::settings(&mut steps, accepted);
        statements::journal(&mut steps, accepted);
        statements::book(&mut steps, accepted, number, self.batch.at)?;
        // Last, because every process wants them: they are locked for as short as can be.
        let absent = |name: &str| touched.limited.contains(name) && !before.balances.contains(name);
        statements::balances(&mut steps, accepted, absent);
        Ok(steps)
    }
}

/// What there was before the batch, of what it touches.
struct Before {
    documents: BTreeSet<(&'static str, Arc<str>)>,
    claims: BTreeMap<String, String>,
    balances: BTreeSet<String>,
}

impl Before {
    fn of(known: &Known) -> Before {
        Before {
            documents: known.versions.keys().cloned().collect(),
            claims: known.claims.clone().into_iter().collect(),
            balances: known.balances.keys().cloned().collect(),
        }
    }
}

/// What a statement of the look-up answers.
#[derive(Debug, Clone, Copy)]
enum Asked {
    Number,
    Nothing,
    Versions(&'static str),
    Claims,
    Keys,
    Balances,
}

fn answered(asked: &[Asked], answers: &[Vec<tokio_postgres::Row>]) -> StoreResult<(Known, i64)> {
    let (mut known, mut number) = (Known::default(), 0);
    for (asked, rows) in asked.iter().zip(answers) {
        for row in rows {
            match asked {
                Asked::Number => number = get(row, 0)?,
                Asked::Nothing => {}
                Asked::Versions(table) => {
                    known.versions.insert((table, get::<&str>(row, 0)?.into()), get(row, 1)?);
                }
                Asked::Claims => drop(known.claims.insert(get(row, 0)?, get(row, 1)?)),
                Asked::Keys => drop(known.keys.insert((get(row, 0)?, get(row, 1)?), ())),
                Asked::Balances => drop(known.balances.insert(get(row, 0)?, get(row, 1)?)),
            }
        }
    }
    Ok((known, number))
}

fn array<'a, T>(values: impl IntoIterator<Item = T>) -> Param<'a>
where
    Vec<T>: tokio_postgres::types::ToSql + Sync + 'a,
{
    Box::new(values.into_iter().collect::<Vec<T>>())
}
