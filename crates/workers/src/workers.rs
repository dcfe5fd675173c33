//! The tasks that run beside the requests.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use kernel::Result;
use store::World;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use wire::Api;

use crate::deliver::Deliverer;
use crate::dispatch::{Found, dispatch, is_any_undispatched};
use crate::jobs::{JobHandlers, Jobs};
use crate::lease::{Held, LeaseHolder};
use crate::{clock, prune, sealer};

/// How the workers work.
#[derive(Debug, Clone)]
pub struct Options {
    /// How often the book is sealed when there is something to seal.
    pub seal_every: Duration,
    /// How often what is old is removed.
    pub prune_every: Duration,
    /// How long stopping waits for what is in flight.
    pub stop_within: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            seal_every: Duration::from_secs(5),
            prune_every: Duration::from_secs(600),
            stop_within: Duration::from_secs(10),
        }
    }
}

/// What wakes a worker when nothing else does.
const AT_LEAST: Duration = Duration::from_secs(1);
/// Commits within this are taken together: a busy world commits a thousand times a second.
const DISPATCH_AT_MOST: Duration = Duration::from_millis(5);
const JOBS_AT_MOST: Duration = Duration::from_millis(100);
/// Deliveries that come due are looked for at most as often.
const DUE_AT_MOST: Duration = Duration::from_millis(200);
/// After a failure of the store.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// The workers of one process.
pub struct Workers {
    jobs: Arc<Jobs>,
    deliverer: Arc<Deliverer>,
    leases: Arc<Leases>,
    stopping: watch::Sender<bool>,
    finished: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    recorder: JoinHandle<()>,
    stop_within: Duration,
}

struct Leases {
    webhooks: LeaseHolder,
    jobs: LeaseHolder,
    sealer: LeaseHolder,
}

type Stopping = watch::Receiver<bool>;

impl Workers {
    /// Starts the workers of a world. Must be called within a tokio runtime.
    pub fn start(world: Arc<World>, handlers: JobHandlers, options: Options) -> Workers {
        let jobs = Jobs::new(world.clone(), handlers);
        let holder = world.secret(16);
        let leases = Arc::new(Leases {
            webhooks: LeaseHolder::new("webhooks", &holder),
            jobs: LeaseHolder::new("jobs", &holder),
            sealer: LeaseHolder::new("sealer", &holder),
        });
        let (deliverer, outcomes) = Deliverer::new(world.clone());
        let (stopping, stop) = watch::channel(false);
        let (finished, end) = watch::channel(false);
        let tasks = vec![
            tokio::spawn(webhooks(deliverer.clone(), leases.clone(), stop.clone())),
            tokio::spawn(due_jobs(jobs.clone(), leases.clone(), stop.clone())),
            tokio::spawn(seal(world.clone(), leases.clone(), options.seal_every, stop.clone())),
            tokio::spawn(remove_old(world.clone(), options.prune_every, stop.clone())),
            tokio::spawn(follow_clock(world, stop)),
        ];
        let recorder = tokio::spawn(deliverer.clone().record(outcomes, end));
        let stop_within = options.stop_within;
        Workers { jobs, deliverer, leases, stopping, finished, tasks, recorder, stop_within }
    }

    /// `GET /kontor/v1/clock` and `POST /kontor/v1/clock/advance`, for holders of a secret key. Moving the clock takes turns
    /// with these workers.
    pub fn clock_routes(&self, api: Arc<Api>) -> Router {
        clock::clock_routes(api, self.jobs.clone())
    }

    /// Starts nothing new, finishes what is in flight within a bound, and gives the leases back.
    pub async fn stop(self) {
        let Workers { jobs, deliverer, leases, stopping, finished, tasks, mut recorder, stop_within } = self;
        let aborts: Vec<_> = tasks.iter().map(JoinHandle::abort_handle).collect();
        stopping.send_replace(true);
        let ending = async {
            for task in tasks {
                // A task that panicked has ended, too; the panic was printed where it happened.
                let _ = task.await;
            }
            deliverer.stop().await;
            finished.send_replace(true);
            let _ = (&mut recorder).await;
            for lease in [&leases.webhooks, &leases.jobs, &leases.sealer] {
                if let Err(error) = lease.release(jobs.world()).await {
                    tracing::warn!("a lease could not be given back and will run out by itself: {error}");
                }
            }
        };
        if tokio::time::timeout(stop_within, ending).await.is_err() {
            tracing::warn!("the workers did not finish within {} s and are stopped", stop_within.as_secs());
            aborts.iter().for_each(tokio::task::AbortHandle::abort);
            recorder.abort();
        }
    }
}

/// Waits for a commit, for a while, or for the end; then a little longer, so that several commits are one wake-up. Answers
/// whether the worker goes on.
async fn rest(woken: impl Future<Output = ()>, at_least: Duration, at_most: Duration, stop: &mut Stopping) -> bool {
    tokio::select! {
        () = woken => {}
        () = tokio::time::sleep(at_least) => {}
        _ = stop.wait_for(|stop| *stop) => return false,
    }
    pause(at_most, stop).await
}

/// Waits. Answers whether the worker goes on.
async fn pause(time: Duration, stop: &mut Stopping) -> bool {
    tokio::select! {
        () = tokio::time::sleep(time) => true,
        _ = stop.wait_for(|stop| *stop) => false,
    }
}

/// Says what went wrong; the worker goes on after a moment.
fn failed(what: &str, error: &kernel::ApiError) {
    metrics::counter!("kontor_worker_failures_total", "worker" => what.to_owned()).increment(1);
    tracing::warn!("{what} failed and is tried again: {error}");
}

#[expect(clippy::disallowed_methods, reason = "how often to look is the machine's time, not the world's")]
async fn webhooks(deliverer: Arc<Deliverer>, leases: Arc<Leases>, mut stop: Stopping) {
    let mut looked: Option<std::time::Instant> = None;
    loop {
        let committed = deliverer.world().committed();
        tokio::pin!(committed);
        committed.as_mut().enable();
        let look = looked.is_none_or(|looked| DUE_AT_MOST <= looked.elapsed());
        if look {
            looked = Some(std::time::Instant::now());
        }
        let goes_on = match webhook_round(&deliverer, &leases.webhooks, look).await {
            Ok(Round { next: Next::WhenWoken, .. }) => {
                // What was committed meanwhile may be due: look again as soon as that is allowed.
                let at_least = if look { AT_LEAST } else { DUE_AT_MOST };
                let woken = async {
                    tokio::select! {
                        () = committed => {}
                        () = deliverer.wants_more() => {}
                    }
                };
                rest(woken, at_least, DISPATCH_AT_MOST, &mut stop).await
            }
            // More may be on its way, from another process too, which wakes nobody here.
            Ok(Round { next: Next::Soon, .. }) => pause(DISPATCH_AT_MOST, &mut stop).await,
            Ok(Round { next: Next::AtOnce, more_due }) => {
                if more_due {
                    looked = None;
                }
                !*stop.borrow()
            }
            Err(error) => {
                failed("webhooks", &error);
                // Whether the last transaction was written is not known.
                if let Err(error) = deliverer.look_everywhere() {
                    failed("webhooks", &error);
                }
                pause(AFTER_FAILURE, &mut stop).await
            }
        };
        if !goes_on {
            return;
        }
    }
}

struct Round {
    next: Next,
    more_due: bool,
}

/// When the next round is to be.
enum Next {
    WhenWoken,
    Soon,
    AtOnce,
}

/// Dispatches, takes what waits for room and, when asked to look, what is due.
async fn webhook_round(deliverer: &Arc<Deliverer>, lease: &LeaseHolder, look: bool) -> Result<Round> {
    let world = deliverer.world();
    deliverer.renew().await?;
    if look {
        deliverer.look_at_changes()?;
    }
    // While nobody listens there is only to be noted that nobody does: no need to do that after each commit.
    let undispatched = (look || deliverer.has_listeners()?) && is_any_undispatched(world)?;
    let due = look && deliverer.is_any_due()?;
    if undispatched || due || deliverer.has_backlog() {
        match lease.hold(world).await? {
            Held::No => return Ok(Round { next: Next::WhenWoken, more_due: false }),
            Held::Still => {}
            Held::Anew => deliverer.look_everywhere()?,
        }
    }
    let found = if undispatched { dispatch(deliverer).await? } else { Found::Nothing };
    let more_waiting = deliverer.take_waiting().await?;
    let more_due = due && deliverer.take_due().await?;
    let next = match found {
        Found::Much => Next::AtOnce,
        Found::Some | Found::Nothing if more_waiting || more_due => Next::AtOnce,
        // Rounds that follow each other without a pause would be many, and each would find little.
        Found::Some => Next::Soon,
        Found::Nothing => Next::WhenWoken,
    };
    Ok(Round { next, more_due })
}

async fn due_jobs(jobs: Arc<Jobs>, leases: Arc<Leases>, mut stop: Stopping) {
    loop {
        let committed = jobs.world().committed();
        tokio::pin!(committed);
        committed.as_mut().enable();
        let goes_on = match job_round(&jobs, &leases.jobs).await {
            Ok(()) => rest(committed, AT_LEAST, JOBS_AT_MOST, &mut stop).await,
            Err(error) => {
                failed("jobs", &error);
                pause(AFTER_FAILURE, &mut stop).await
            }
        };
        if !goes_on {
            return;
        }
    }
}

async fn job_round(jobs: &Jobs, lease: &LeaseHolder) -> Result<()> {
    if jobs.is_any_due()? && lease.hold(jobs.world()).await? != Held::No {
        jobs.run_due().await?;
    }
    Ok(())
}

async fn seal(world: Arc<World>, leases: Arc<Leases>, every: Duration, mut stop: Stopping) {
    while pause(every, &mut stop).await {
        let sealed = async {
            let unsealed = world.reader().unsealed(1).map_err(|error| world.store_error(&error))?;
            if !unsealed.is_empty() && leases.sealer.hold(&world).await? != Held::No {
                sealer::seal_book(&world).await?;
            }
            Ok(())
        };
        if let Err(error) = sealed.await {
            failed("sealing", &error);
        }
    }
}

async fn remove_old(world: Arc<World>, every: Duration, mut stop: Stopping) {
    while pause(every, &mut stop).await {
        if let Err(error) = prune::prune(&world).await {
            failed("pruning", &error);
        }
    }
}

async fn follow_clock(world: Arc<World>, mut stop: Stopping) {
    while pause(AT_LEAST, &mut stop).await {
        if let Err(error) = clock::follow(&world) {
            failed("reading the clock's setting", &world.store_error(&error));
        }
    }
}
