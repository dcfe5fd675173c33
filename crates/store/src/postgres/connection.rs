//! Connections: driven by a small runtime of our own, waited for by whatever thread asks.

use std::collections::HashMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake};
use std::thread::Thread;
use std::time::Duration;

use futures::future::{MaybeDone, maybe_done};
use tokio::runtime::{Handle, Runtime, RuntimeFlavor};
use tokio::time::Instant;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Row, Statement};

use super::store_error;
use crate::{StoreError, StoreResult};

/// How long making a connection may take, unless the address says otherwise.
const CONNECT: Duration = Duration::from_secs(5);
/// A server that does not answer for this long is gone.
const SILENCE: Duration = Duration::from_secs(15);
/// After a failed attempt to connect the next ones wait: this long at first, twice as long each time, this long at most.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// Statements kept prepared by each connection.
const STATEMENTS: usize = 1_024;

/// What each connection begins with. Every statement of ours finds rows by an index; without statistics, as in a store
/// that grew within minutes, the planner would not always see that.
const SETTINGS: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'";

/// A server, and the runtime that drives the connections to it.
#[derive(Debug)]
pub(super) struct Server {
    config: Config,
    runtime: Option<Runtime>,
    handle: Handle,
    pause: Mutex<Pause>,
}

/// Until when no connection is tried, since the last attempts failed.
#[derive(Debug)]
struct Pause {
    until: Option<Instant>,
    next: Duration,
}

impl Server {
    pub(super) fn new(url: &str) -> StoreResult<Server> {
        let mut config = Config::from_str(url)
            .map_err(|error| StoreError::Unavailable(format!("the database's address cannot be read: {error}")))?;
        if config.get_ssl_mode() == tokio_postgres::config::SslMode::Require {
            let what = "the database's address asks for sslmode=require, which Kontor cannot do yet: use a local socket, a private network, or a tunnel, with sslmode=disable";
            return Err(StoreError::Unavailable(what.to_owned()));
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_application_name().is_none() {
            config.application_name("kontor");
        }
        config.tcp_user_timeout(SILENCE);
        config.keepalives_idle(SILENCE).keepalives_interval(SILENCE / 3).keepalives_retries(3);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("kontor-postgres")
            .enable_all()
            .build()
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let handle = runtime.handle().clone();
        let pause = Mutex::new(Pause { until: None, next: FIRST_WAIT });
        Ok(Server { config, runtime: Some(runtime), handle, pause })
    }

    /// Waits for `work` on this thread.
    ///
    /// Readers are called on the server's own worker threads as well. There the thread is lent out while it waits, so
    /// that other requests go on.
    pub(super) fn wait<F: Future>(&self, work: F) -> F::Output {
        match Handle::try_current().map(|handle| handle.runtime_flavor()) {
            Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(|| park_until(work)),
            _ => park_until(work),
        }
    }

    /// A new connection; an error at once while a pause after failed attempts lasts.
    pub(super) async fn connect(&self) -> StoreResult<Session> {
        if self.pause().until.is_some_and(|until| Instant::now() < until) {
            return Err(StoreError::Unavailable("the database could not be reached a moment ago".to_owned()));
        }
        let config = self.config.clone();
        let connected = self.handle.spawn(async move {
            let (client, connection) = config.connect(NoTls).await?;
            // It ends with the client, or with an error that the client's next statement gets as well.
            tokio::spawn(connection);
            client.batch_execute(SETTINGS).await?;
            Ok(client)
        });
        let outcome = match connected.await {
            Ok(outcome) => outcome.map_err(|error: tokio_postgres::Error| store_error(&error)),
            Err(error) => Err(StoreError::Unavailable(error.to_string())),
        };
        let mut pause = self.pause();
        match outcome {
            Ok(client) => {
                *pause = Pause { until: None, next: FIRST_WAIT };
                Ok(Session { client, statements: Mutex::default() })
            }
            Err(error) => {
                pause.until = Some(Instant::now() + pause.next);
                pause.next = (pause.next * 2).min(LONGEST_WAIT);
                Err(error)
            }
        }
    }

    /// A new connection in a transaction that sees what there is now.
    pub(super) fn connect_to_this_moment(&self) -> StoreResult<Session> {
        let session = self.wait(self.connect())?;
        let begun = self.wait(session.client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
        begun.map_err(|error| store_error(&error))?;
        Ok(session)
    }

    fn pause(&self) -> std::sync::MutexGuard<'_, Pause> {
        self.pause.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Waiting for it to end is not allowed where the last owner may be: on another runtime's thread.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Wakes a parked thread.
struct Parked {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Drives `work` on this thread, whatever else the thread belongs to. It uses no timer and no socket by itself: those
/// are the runtime's.
fn park_until<F: Future>(work: F) -> F::Output {
    let parked = Arc::new(Parked { thread: std::thread::current(), woken: AtomicBool::new(false) });
    let waker = parked.clone().into();
    let mut context = Context::from_waker(&waker);
    let mut work = pin!(work);
    loop {
        if let Poll::Ready(output) = work.as_mut().poll(&mut context) {
            return output;
        }
        while !parked.woken.swap(false, Ordering::Acquire) {
            std::thread::park();
        }
    }
}

/// A parameter of a statement.
pub(super) type Param<'a> = Box<dyn ToSql + Sync + 'a>;

/// A statement to run, with its parameters.
pub(super) struct Step<'a> {
    pub sql: String,
    pub params: Vec<Param<'a>>,
}

impl<'a> Step<'a> {
    pub(super) fn new(sql: impl Into<String>, params: Vec<Param<'a>>) -> Step<'a> {
        Step { sql: sql.into(), params }
    }
}

/// What a pipeline does before or after its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame {
    Begin,
    Commit,
}

/// A connection and the statements that it has prepared.
pub(super) struct Session {
    pub client: Client,
    statements: Mutex<HashMap<String, Statement>>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session")
    }
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Vec<Row>, tokio_postgres::Error>> + 'a>>;

impl Session {
    async fn prepare(&self, sql: &str) -> Result<Statement, tokio_postgres::Error> {
        let statements = || self.statements.lock().unwrap_or_else(PoisonError::into_inner);
        let prepared = statements().get(sql).cloned();
        if let Some(statement) = prepared {
            return Ok(statement);
        }
        let statement = self.client.prepare(sql).await?;
        let mut statements = statements();
        if STATEMENTS <= statements.len() {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Runs one statement.
    pub(super) async fn query(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        let statement = self.prepare(sql).await?;
        self.client.query(&statement, params).await
    }

    /// Runs statements in their order, all sent at once: one round trip. Answers every statement's rows, or the first
    /// error; a statement behind a failed one in a transaction does nothing.
    pub(super) async fn pipeline(
        &self,
        steps: &[Step<'_>],
        frame: Frame,
    ) -> Result<Vec<Vec<Row>>, tokio_postgres::Error> {
        // First, since a statement that waited for its preparation would be overtaken by those behind it.
        let mut statements = Vec::with_capacity(steps.len());
        for step in steps {
            statements.push(self.prepare(&step.sql).await?);
        }
        let plain = |sql: &'static str| -> Answer<'_> {
            Box::pin(async move { self.client.batch_execute(sql).await.map(|()| Vec::new()) })
        };
        let mut answers: Vec<Answer<'_>> = Vec::with_capacity(steps.len() + 1);
        if frame == Frame::Begin {
            answers.push(plain("BEGIN"));
        }
        for (step, statement) in steps.iter().zip(&statements) {
            answers.push(Box::pin(async move {
                let params: Vec<&(dyn ToSql + Sync)> = step.params.iter().map(|param| &**param as _).collect();
                self.client.query(statement, &params).await
            }));
        }
        if frame == Frame::Commit {
            answers.push(plain("COMMIT"));
        }
        let mut rows = in_order(answers).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        match frame {
            Frame::Begin => drop(rows.remove(0)),
            Frame::Commit => drop(rows.pop()),
        }
        Ok(rows)
    }
}

/// Awaits all, starting them in their order: a statement is sent when it is first polled.
async fn in_order<F: Future + Unpin>(futures: Vec<F>) -> Vec<F::Output> {
    let mut waiting: Vec<MaybeDone<F>> = futures.into_iter().map(maybe_done).collect();
    std::future::poll_fn(|context| {
        let pending =
            waiting.iter_mut().filter_map(|one| Pin::new(one).poll(context).is_pending().then_some(())).count();
        if pending == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    waiting.iter_mut().filter_map(|one| Pin::new(one).take_output()).collect()
}
