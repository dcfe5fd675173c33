//! A world: one complete, isolated Kontor. A live world, a sandbox, a test's world: the same code.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use kernel::{ApiError, Ids, Result, Rng, Timestamp};

use crate::recent::Recent;
use crate::tx::Source;
use crate::{Caller, Changeset, Committer, Engine, Origin, Reader, Schema, StoreError, Tx, Vault, Verdict};

/// The world's clock.
///
/// A real clock is the system's, moved forward by an offset in sandboxes; a manual one stands until it is moved, for tests.
#[derive(Debug)]
pub enum Clock {
    /// The system's time plus this many milliseconds.
    Real(AtomicI64),
    /// Exactly this many milliseconds since 1970.
    Manual(AtomicI64),
}

impl Clock {
    /// The system's clock, moved by `offset_ms`.
    pub fn real(offset_ms: i64) -> Clock {
        Clock::Real(AtomicI64::new(offset_ms))
    }

    /// A clock that stands at `at`.
    pub fn manual(at: Timestamp) -> Clock {
        Clock::Manual(AtomicI64::new(at.0 * 1_000))
    }

    /// Milliseconds since 1970 in this world.
    pub fn now_ms(&self) -> i64 {
        match self {
            Clock::Real(offset) => system_ms() + offset.load(Ordering::Acquire),
            Clock::Manual(at) => at.load(Ordering::Acquire),
        }
    }

    /// The moment in this world.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.now_ms().div_euclid(1_000))
    }

    /// How far the clock is from the system's, in milliseconds; 0 for a manual one.
    pub fn offset_ms(&self) -> i64 {
        match self {
            Clock::Real(offset) => offset.load(Ordering::Acquire),
            Clock::Manual(_) => 0,
        }
    }

    /// Moves the clock forward to `to`, if it is not there yet. It never goes back.
    pub fn advance_to(&self, to: Timestamp) {
        let by = to.0 * 1_000 - self.now_ms();
        if 0 < by {
            match self {
                Clock::Real(ms) | Clock::Manual(ms) => ms.fetch_add(by, Ordering::AcqRel),
            };
        }
    }

    /// Sets the offset of a real clock, as another process of the same world has it. A manual clock stays.
    pub fn set_offset_ms(&self, offset_ms: i64) {
        if let Clock::Real(offset) = self {
            offset.fetch_max(offset_ms, Ordering::AcqRel);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place where the system's clock is read")]
fn system_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// What a world is, as it was opened.
#[derive(Debug, Clone)]
pub struct WorldSettings {
    /// Whether real money moves. Kontor has no live rails yet: always false outside tests of the rules.
    pub livemode: bool,
    /// Where people reach this world: `http://127.0.0.1:4242`, without a slash behind it. Pages are named by it.
    pub base_url: Arc<RwLock<String>>,
}

impl WorldSettings {
    /// A sandbox reached at `base_url`.
    pub fn sandbox(base_url: &str) -> WorldSettings {
        WorldSettings { livemode: false, base_url: Arc::new(RwLock::new(base_url.to_owned())) }
    }

    /// Where people reach this world.
    pub fn base_url(&self) -> String {
        self.base_url.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One complete, isolated Kontor: a store, a clock, a source of ids and randomness, a vault.
pub struct World {
    reader: Arc<dyn Reader>,
    committer: Committer,
    schema: Schema,
    clock: Clock,
    ids: Mutex<(Ids, Rng)>,
    vault: Vault,
    settings: WorldSettings,
    platforms: RwLock<Vec<String>>,
    committed: tokio::sync::Notify,
    recent: Recent,
}

/// How often a rule runs before its request is told to come again.
const ATTEMPTS: usize = 24;

/// The setting that names the accounts which hold keys of their own, joined by commas.
const PLATFORMS: &str = "platforms";

impl World {
    /// Opens a world over an engine's two sides.
    ///
    /// # Errors
    /// When the store cannot be read or the committer's thread cannot be started.
    pub fn open(
        reader: Arc<dyn Reader>,
        engine: impl Engine,
        schema: Schema,
        clock: Clock,
        rng: Rng,
        vault: Vault,
        settings: WorldSettings,
    ) -> Result<World, StoreError> {
        let committer = Committer::start(engine).map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let platforms = reader.setting(PLATFORMS)?.unwrap_or_default();
        let platforms = platforms.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect();
        Ok(World {
            reader,
            committer,
            schema,
            clock,
            ids: Mutex::new((Ids::new(), rng)),
            vault,
            settings,
            platforms: RwLock::new(platforms),
            committed: tokio::sync::Notify::new(),
            recent: Recent::default(),
        })
    }

    /// A sandbox in memory whose clock stands at Monday, 2 November 2026, 12:00 UTC until it is moved: the same seed and
    /// requests give the same bytes. For tests and simulation.
    ///
    /// # Errors
    /// When the committer's thread cannot be started.
    pub fn seeded(schema: Schema, seed: u64) -> Result<World, StoreError> {
        let engine = crate::Memory::new();
        let clock = Clock::manual(Timestamp(1_793_620_800));
        let settings = WorldSettings::sandbox("http://127.0.0.1:4242");
        let vault = Vault::new([7; 32]);
        World::open(Arc::new(engine.clone()), engine, schema, clock, Rng::seeded(seed), vault, settings)
    }

    /// The store's reading side.
    pub fn reader(&self) -> &dyn Reader {
        &*self.reader
    }

    /// The tables.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The moment in this world.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What the world is.
    pub fn settings(&self) -> &WorldSettings {
        &self.settings
    }

    /// Waits until something is committed after this call: workers are woken by it, and by a timer.
    pub fn committed(&self) -> tokio::sync::futures::Notified<'_> {
        self.committed.notified()
    }

    /// Accounts that hold keys of their own: platforms. Events of the others are connected accounts' events.
    pub fn is_platform(&self, account: &str) -> bool {
        self.platforms.read().unwrap_or_else(PoisonError::into_inner).iter().any(|id| id == account)
    }

    /// The platforms of this world, in the order in which they were made.
    pub fn platforms(&self) -> Vec<String> {
        self.platforms.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds a platform, and notes it in the transaction.
    pub fn add_platform(&self, tx: &mut Tx, account: &str) {
        let mut platforms = self.platforms.write().unwrap_or_else(PoisonError::into_inner);
        if !platforms.iter().any(|id| id == account) {
            platforms.push(account.to_owned());
        }
        tx.set(PLATFORMS, &platforms.join(","));
    }

    /// A new id with this prefix.
    pub fn id(&self, prefix: &str) -> String {
        let now = self.clock.now_ms();
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let (ids, rng) = &mut *ids;
        ids.next(prefix, now, rng)
    }

    /// `length` unpredictable base-62 characters.
    pub fn secret(&self, length: usize) -> String {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).1.base62(length)
    }

    /// A hash of these parts that only this world's master key makes: see [`Vault::fingerprint`].
    pub fn fingerprint(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.vault.fingerprint(parts)
    }

    pub(crate) fn seal(&self, id: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        self.vault.seal(id, plain, &mut ids.1).map_err(|error| self.bug(&error.to_string()))
    }

    pub(crate) fn unseal(&self, id: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        self.vault.open(id, sealed).map_err(|error| self.bug(&format!("{id}: {error}")))
    }

    /// Reads without committing anything.
    pub fn read<R>(&self, caller: &Caller, rule: impl FnOnce(&mut Tx) -> Result<R>) -> Result<R> {
        rule(&mut Tx::new(self, caller.clone(), Origin::default(), self.now(), Source::Store))
    }

    /// Runs a rule until its changeset is committed, and answers what the rule answered then.
    ///
    /// Errors: the rule's own, with nothing written; a limit's; 429 `lock_timeout` after many conflicts; 503 when the
    /// store cannot write.
    pub async fn run<R>(&self, caller: &Caller, origin: &Origin, rule: impl FnMut(&mut Tx) -> Result<R>) -> Result<R> {
        self.run_at(caller, origin, None, rule).await
    }

    /// The same, at a moment of its own: for jobs that were due earlier.
    pub async fn run_at<R>(
        &self,
        caller: &Caller,
        origin: &Origin,
        at: Option<Timestamp>,
        mut rule: impl FnMut(&mut Tx) -> Result<R>,
    ) -> Result<R> {
        for attempt in 0..ATTEMPTS {
            let now = at.unwrap_or_else(|| self.now());
            let (answer, changes) = self.attempt(caller, origin, now, attempt == 0, &mut rule)?;
            if changes.is_empty() {
                return Ok(answer);
            }
            let verdict = self.committer.submit(changes.clone(), now.0).await;
            match self.outcome(verdict, answer, &changes) {
                Some(outcome) => return outcome,
                None => self.back_off(attempt).await,
            }
        }
        Err(ApiError::lock_timeout())
    }

    /// Runs a rule for what it answers and does: at first by what was seen lately, if that is going to be compared with
    /// what is stored, since there is something to commit; otherwise by what is stored.
    fn attempt<R>(
        &self,
        caller: &Caller,
        origin: &Origin,
        now: Timestamp,
        is_first: bool,
        rule: &mut impl FnMut(&mut Tx) -> Result<R>,
    ) -> Result<(R, Arc<Changeset>)> {
        let begin = |source| Tx::new(self, caller.clone(), origin.clone(), now, source);
        let mut tx = begin(if is_first { Source::Recent(&self.recent) } else { Source::StoreFor(&self.recent) });
        let mut answer = rule(&mut tx);
        if tx.relies_on_recent() && (answer.is_err() || tx.changes().is_empty()) {
            tx = begin(Source::StoreFor(&self.recent));
            answer = rule(&mut tx);
        }
        let answer = answer?;
        let mut changes = tx.into_changes();
        self.reader.prepare(&mut changes);
        Ok((answer, Arc::new(changes)))
    }

    /// What a verdict means for whoever asked; `None` when the rule is to run again.
    fn outcome<R>(&self, verdict: Verdict, answer: R, changes: &Changeset) -> Option<Result<R>> {
        match verdict {
            Verdict::Committed => {
                self.recent.committed(changes);
                self.committed.notify_waiters();
                Some(Ok(answer))
            }
            Verdict::Refused(error) => Some(Err(error)),
            Verdict::Failed => Some(Err(ApiError::unavailable())),
            Verdict::Conflict => None,
        }
    }

    /// Lets whoever won go first: nothing for the first attempts, then a short random wait.
    async fn back_off(&self, attempt: usize) {
        if attempt < 3 {
            tokio::task::yield_now().await;
            return;
        }
        let most = 1_u64 << attempt.min(6);
        let wait = self.ids.lock().unwrap_or_else(PoisonError::into_inner).1.below(most);
        tokio::time::sleep(std::time::Duration::from_millis(wait + 1)).await;
    }

    /// The same for callers outside an async runtime: tests, commands.
    pub fn run_blocking<R>(
        &self,
        caller: &Caller,
        at: Option<Timestamp>,
        mut rule: impl FnMut(&mut Tx) -> Result<R>,
    ) -> Result<R> {
        for attempt in 0..ATTEMPTS {
            let now = at.unwrap_or_else(|| self.now());
            let (answer, changes) = self.attempt(caller, &Origin::default(), now, attempt == 0, &mut rule)?;
            if changes.is_empty() {
                return Ok(answer);
            }
            let verdict = self.committer.submit_blocking(changes.clone(), now.0);
            if let Some(outcome) = self.outcome(verdict, answer, &changes) {
                return outcome;
            }
        }
        Err(ApiError::lock_timeout())
    }

    /// Waits until everything submitted is written, and lets go of the store's writing side.
    pub fn close(self) {
        self.committer.close();
    }

    /// A bug of ours: logged here once, told to the caller without its text.
    pub fn bug(&self, what: &str) -> ApiError {
        tracing::error!("a bug: {what}");
        ApiError::bug()
    }

    /// What the caller is told of a store that does not answer; the reason goes to the log.
    pub fn store_error(&self, error: &StoreError) -> ApiError {
        tracing::error!(error = %error, "{error}");
        match error {
            StoreError::Unavailable(_) => ApiError::unavailable(),
            StoreError::Corrupt(_) | StoreError::Newer(_) | StoreError::Incomplete(_) | StoreError::Refused(_) => {
                ApiError::bug()
            }
        }
    }
}
