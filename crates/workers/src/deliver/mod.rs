//! Deliveries are sent: in parallel, signed, again when they fail, and without any endpoint delaying another.
//!
//! What is to be sent stands in the store, as a [`Delivery`] that is due. Whoever takes it moves it beyond the time that
//! sending takes, so that it is due again by itself when the process dies: at least once, and as a rule once. What was
//! just dispatched is taken in the same changeset and goes straight to its lane; what failed, or did not fit, is picked up
//! here when it comes due, in the world's time.

mod lanes;
mod send;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kernel::{Result, Timestamp};
use store::{Cursor, Doc, Document, Event, Filter, ListQuery, Origin, Tx, World};
use tokio::sync::{Notify, mpsc, watch};

use self::lanes::{Answer, Lanes};
pub(crate) use self::lanes::{Room, Work};
use self::send::Sender;
pub use self::send::{sign, signature_header};
use crate::delivery::{Attempt, Delivery, DeliveryStatus, LEASE};
use crate::endpoints::{EndpointCache, Endpoints};
use crate::events::{pending_webhooks, with_pending};
use crate::lease::machine_ms;
use crate::nobody;

/// Due deliveries taken in one transaction.
const TAKEN_AT_ONCE: usize = 256;
/// Lanes filled in one transaction.
const HUNGRY_AT_ONCE: usize = 4;
/// Outcomes recorded in one transaction.
const RECORDED_AT_ONCE: usize = 128;
/// Outcomes waiting to be recorded; beyond it sending waits.
const OUTCOMES: usize = 1_024;
/// A delivery that is still in memory is kept for longer when less than this is left, in seconds of the world.
const RENEW: i64 = LEASE / 3;

/// What became of a delivery that this process took.
#[derive(Debug)]
struct Outcome {
    delivery: Arc<str>,
    what: What,
}

#[derive(Debug)]
enum What {
    Sent(Attempt),
    /// The lane could not keep it.
    TooMuch,
    /// The process stops.
    NotSent,
}

/// The sending side of one process.
pub(crate) struct Deliverer {
    world: Arc<World>,
    /// Who hears of what.
    pub(crate) endpoints: EndpointCache,
    lanes: Mutex<Lanes>,
    /// The deliveries in memory, and until when others are kept off them.
    taken: Mutex<HashMap<Arc<str>, Timestamp>>,
    sender: Sender,
    outcomes: mpsc::Sender<Outcome>,
    one_done: Notify,
    /// A lane has room for what waits in the store.
    wants_more: Notify,
}

/// The outcomes that [`Deliverer::record`] writes.
pub(crate) struct Outcomes(mpsc::Receiver<Outcome>);

impl Deliverer {
    /// A deliverer that has taken nothing yet.
    pub(crate) fn new(world: Arc<World>) -> (Arc<Deliverer>, Outcomes) {
        let (outcomes, received) = mpsc::channel(OUTCOMES);
        let sender = Sender::new(world.settings().livemode);
        let deliverer = Deliverer {
            world,
            endpoints: EndpointCache::default(),
            lanes: Mutex::default(),
            taken: Mutex::default(),
            sender,
            outcomes,
            one_done: Notify::new(),
            wants_more: Notify::new(),
        };
        (Arc::new(deliverer), Outcomes(received))
    }

    /// The world that is served.
    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// How much may be given to each endpoint now.
    pub(crate) fn room(&self) -> Room {
        self.lanes().room()
    }

    /// Sends what was taken, each in its lane.
    pub(crate) fn enqueue(self: &Arc<Self>, work: Vec<Work>) {
        if work.is_empty() {
            return;
        }
        let until = self.world.now().plus(LEASE);
        self.taken().extend(work.iter().map(|work| (work.delivery.clone(), until)));
        let started = self.lanes().add(work);
        self.start(started);
    }

    /// Deliveries for these endpoints wait in the store until there is room.
    pub(crate) fn note_backlog(&self, endpoints: impl IntoIterator<Item = Arc<str>>) {
        self.lanes().note_backlog(endpoints);
    }

    /// Whether anybody hears of anything.
    pub(crate) fn has_listeners(&self) -> Result<bool> {
        self.endpoints.current(&self.world).map(|endpoints| !endpoints.is_empty())
    }

    /// Whether deliveries may be waiting in the store.
    pub(crate) fn has_backlog(&self) -> bool {
        self.lanes().has_backlog()
    }

    /// Waits until a lane has room for what waits in the store.
    pub(crate) async fn wants_more(&self) {
        self.wants_more.notified().await;
    }

    /// Somebody may have left deliveries waiting: every endpoint is looked at once.
    pub(crate) fn look_everywhere(&self) -> Result<()> {
        let endpoints = self.endpoints.current(&self.world)?;
        self.note_backlog(endpoints.ids());
        Ok(())
    }

    /// Looks at every endpoint once when one of them was changed: it may have been enabled again.
    pub(crate) fn look_at_changes(&self) -> Result<()> {
        if self.endpoints.has_changed(&self.world)? { self.look_everywhere() } else { Ok(()) }
    }

    /// Takes deliveries that wait for room, where there is some. Answers whether there may be more.
    pub(crate) async fn take_waiting(self: &Arc<Self>) -> Result<bool> {
        let hungry = self.lanes().take_hungry(HUNGRY_AT_ONCE);
        if hungry.is_empty() {
            return Ok(false);
        }
        let taken = self.world.run(&nobody(), &Origin::default(), |tx| self.plan_waiting(tx, &hungry)).await;
        let (work, left) = match taken {
            Ok(taken) => taken,
            Err(error) => {
                self.note_backlog(hungry);
                return Err(error);
            }
        };
        self.note_backlog(left);
        self.enqueue(work);
        Ok(true)
    }

    /// Deliveries for the lanes that have room, and the endpoints for which there are more.
    fn plan_waiting(&self, tx: &mut Tx, hungry: &[Arc<str>]) -> Result<(Vec<Work>, Vec<Arc<str>>)> {
        let endpoints = self.endpoints.current(&self.world)?;
        let mut room = self.room();
        let (mut work, mut left) = (Vec::new(), Vec::new());
        for endpoint in hungry {
            // Of one that is disabled, they wait until it is enabled again, or too old.
            if endpoints.get(endpoint).is_none() {
                continue;
            }
            let limit = room.left(endpoint).min(TAKEN_AT_ONCE);
            let filters = vec![Filter::Is("waiting", (&**endpoint).into())];
            let page = tx.list(&deliveries(filters, limit.max(1)))?;
            if page.has_more || limit == 0 {
                left.push(endpoint.clone());
            }
            tx.keep(Delivery::KIND, page.rows.iter().take(limit).cloned());
            let mut waiting = Vec::with_capacity(page.rows.len());
            for row in page.rows.iter().take(limit) {
                waiting.extend(tx.find::<Delivery>(&row.id)?.filter(|delivery| delivery.waiting));
            }
            work.extend(self.take(tx, waiting, &endpoints, &mut room)?);
        }
        Ok((work, left))
    }

    /// Takes deliveries that are due. Answers whether there may be more.
    pub(crate) async fn take_due(self: &Arc<Self>) -> Result<bool> {
        let (work, more) = self.world.run(&nobody(), &Origin::default(), |tx| self.plan_due(tx)).await?;
        self.enqueue(work);
        Ok(more)
    }

    /// Whether any delivery is due.
    pub(crate) fn is_any_due(&self) -> Result<bool> {
        let query = deliveries(vec![Filter::AtMost("due", self.world.now().0)], 1);
        let due = self.world.reader().list(&query).map_err(|error| self.world.store_error(&error))?;
        Ok(!due.is_empty())
    }

    fn plan_due(&self, tx: &mut Tx) -> Result<(Vec<Work>, bool)> {
        let now = tx.now();
        let page = tx.list(&deliveries(vec![Filter::AtMost("due", now.0)], TAKEN_AT_ONCE))?;
        if page.rows.is_empty() {
            return Ok((Vec::new(), false));
        }
        let endpoints = self.endpoints.current(&self.world)?;
        let mut room = self.room();
        tx.keep(Delivery::KIND, page.rows.iter().cloned());
        let mut due = Vec::with_capacity(page.rows.len());
        for row in &page.rows {
            due.extend(tx.find::<Delivery>(&row.id)?.filter(|delivery| delivery.is_due(now)));
        }
        let work = self.take(tx, due, &endpoints, &mut room)?;
        Ok((work, page.has_more))
    }

    /// Takes deliveries that were read, each as it can be taken.
    fn take(
        &self,
        tx: &mut Tx,
        deliveries: Vec<Doc<Delivery>>,
        endpoints: &Endpoints,
        room: &mut Room,
    ) -> Result<Vec<Work>> {
        let events: Vec<String> = deliveries.iter().map(|delivery| delivery.event.clone()).collect();
        let pending = pending_webhooks(tx, events.iter().map(String::as_str))?;
        tx.prefetch(Event::KIND, events.iter().map(String::as_str))?;
        let mut work = Vec::new();
        for mut delivery in deliveries {
            // Its outcome was just recorded: whoever did that lets go of it and asks again.
            if delivery.waiting && self.taken().contains_key(delivery.id.as_str()) {
                continue;
            }
            let pending = pending.get(&delivery.event).copied().unwrap_or(1);
            work.extend(self.plan_one(tx, &mut delivery, endpoints, room, pending)?);
            tx.put(&delivery)?;
        }
        Ok(work)
    }

    /// What happens to one delivery. However it ends, it is not due any more.
    fn plan_one(
        &self,
        tx: &Tx,
        delivery: &mut Delivery,
        endpoints: &Endpoints,
        room: &mut Room,
        pending: i64,
    ) -> Result<Option<Work>> {
        let now = tx.now();
        let id: Arc<str> = delivery.id.as_str().into();
        if self.taken().contains_key(&id) {
            // The clock was moved while it was in memory.
            delivery.lease(now);
            return Ok(None);
        }
        let Some(target) = endpoints.get(&delivery.endpoint) else {
            delivery.give_up("The endpoint is disabled or deleted.");
            return Ok(None);
        };
        let Some(event) = tx.peek_row(Event::KIND, &delivery.event)? else {
            delivery.give_up("The event is not kept any more.");
            return Ok(None);
        };
        if delivery.waiting && delivery.is_stale(now) {
            delivery.give_up("The endpoint took less than it was sent, for three days.");
            return Ok(None);
        }
        if !room.take(&target.id) {
            delivery.wait();
            return Ok(None);
        }
        delivery.lease(now);
        let connect = delivery.connect;
        Ok(Some(Work { delivery: id, target: target.clone(), event: event.data.clone(), pending, connect }))
    }

    /// Keeps others off what is still in memory.
    pub(crate) async fn renew(&self) -> Result<()> {
        let now = self.world.now();
        let soon = now.plus(RENEW);
        let ending: Vec<Arc<str>> = {
            let taken = self.taken();
            taken.iter().filter(|(_, until)| **until < soon).map(|(id, _)| id.clone()).take(TAKEN_AT_ONCE).collect()
        };
        if ending.is_empty() {
            return Ok(());
        }
        let renewed = |tx: &mut Tx| {
            for id in &ending {
                if let Some(mut delivery) = tx.find::<Delivery>(id)?
                    && delivery.status == DeliveryStatus::Pending
                {
                    delivery.lease(now);
                    tx.put(&delivery)?;
                }
            }
            Ok(())
        };
        self.world.run(&nobody(), &Origin::default(), renewed).await?;
        let mut taken = self.taken();
        for id in ending {
            if let Some(until) = taken.get_mut(&id) {
                *until = now.plus(LEASE);
            }
        }
        Ok(())
    }

    fn start(self: &Arc<Self>, started: Vec<Work>) {
        for work in started {
            let this = self.clone();
            tokio::spawn(async move { this.deliver(work).await });
        }
    }

    #[expect(clippy::disallowed_methods, reason = "how long an endpoint takes is the machine's time, not the world's")]
    async fn deliver(self: Arc<Self>, work: Work) {
        let began = std::time::Instant::now();
        let at = self.world.now();
        // Receivers compare with their own clock, which a sandbox's moved clock is ahead of.
        let t = at.0.max(machine_ms().div_euclid(1_000));
        let sent = match body(&work) {
            Ok(body) => {
                let signature = signature_header(&work.target.secret, t, &body);
                self.sender.send(&work.target.url, &signature, body).await
            }
            Err(error) => Err(format!("The event could not be written: {error}.")),
        };
        let took = began.elapsed();
        let answered = sent.is_ok();
        count(&sent, took);
        let (status, error) = match sent {
            Ok(status @ 200..300) => (Some(status), None),
            Ok(status) => (Some(status), Some(format!("The endpoint answered HTTP {status}."))),
            Err(error) => (None, Some(error)),
        };
        let what = What::Sent(Attempt { status, error, at });
        self.report(work.delivery, what).await;
        let done = self.lanes().done(&work.target.id, Answer { answered, took });
        self.start(done.start);
        self.one_done.notify_waiters();
        if done.wants_more {
            self.wants_more.notify_one();
        }
        for work in done.too_much {
            self.report(work.delivery, What::TooMuch).await;
        }
    }

    async fn report(&self, delivery: Arc<str>, what: What) {
        // Nobody records any more when the process stops at once: the delivery comes due again.
        let _ = self.outcomes.send(Outcome { delivery, what }).await;
    }

    /// Writes what became of deliveries, until `finished` says that there will be no more.
    pub(crate) async fn record(self: Arc<Self>, outcomes: Outcomes, mut finished: watch::Receiver<bool>) {
        let Outcomes(mut outcomes) = outcomes;
        let mut some = Vec::with_capacity(RECORDED_AT_ONCE);
        loop {
            let count = tokio::select! {
                count = outcomes.recv_many(&mut some, RECORDED_AT_ONCE) => count,
                _ = finished.wait_for(|finished| *finished), if !outcomes.is_closed() => {
                    outcomes.close();
                    continue;
                }
            };
            if count == 0 {
                return;
            }
            self.record_some(&some).await;
            some.clear();
        }
    }

    /// A store that cannot be written now is tried again for a while; after that the deliveries come due again.
    async fn record_some(&self, some: &[Outcome]) {
        const TRIES: u64 = 5;
        let mut waiting = Vec::new();
        for attempt in 1..=TRIES {
            match self.world.run(&nobody(), &Origin::default(), |tx| self.note(tx, some)).await {
                Ok(noted) => {
                    waiting = noted;
                    break;
                }
                Err(error) => tracing::warn!("what became of {} webhooks cannot be recorded: {error}", some.len()),
            }
            tokio::time::sleep(Duration::from_millis(200 * attempt)).await;
        }
        let mut taken = self.taken();
        for outcome in some {
            taken.remove(&outcome.delivery);
        }
        drop(taken);
        // After they are let go of, or they would be found and left alone.
        self.note_backlog(waiting);
        let (waiting, under_way) = {
            let lanes = self.lanes();
            (lanes.waiting(), lanes.under_way())
        };
        metrics::gauge!("kontor_webhooks_waiting").set(waiting as f64);
        metrics::gauge!("kontor_webhooks_under_way").set(under_way as f64);
    }

    /// Notes outcomes; answers the endpoints that have deliveries waiting in the store now.
    fn note(&self, tx: &mut Tx, some: &[Outcome]) -> Result<Vec<Arc<str>>> {
        let now = tx.now();
        let mut waiting: Vec<Arc<str>> = Vec::new();
        tx.prefetch(Delivery::KIND, some.iter().map(|outcome| &*outcome.delivery))?;
        for outcome in some {
            // Gone with its event, or done by another process that took it meanwhile.
            let delivery = tx.find::<Delivery>(&outcome.delivery)?;
            let Some(mut delivery) = delivery.filter(|d| d.status == DeliveryStatus::Pending) else { continue };
            match &outcome.what {
                What::Sent(attempt) => delivery.note(attempt.clone(), tx.livemode(), jitter(tx)),
                What::TooMuch => {
                    delivery.wait();
                    waiting.push(delivery.endpoint.as_str().into());
                }
                What::NotSent => delivery.due = Some(now),
            }
            tx.put(&delivery)?;
        }
        Ok(waiting)
    }

    /// Starts nothing more, gives back what waits, and waits for what is being sent.
    pub(crate) async fn stop(&self) {
        let waiting = self.lanes().close();
        for work in waiting {
            self.report(work.delivery, What::NotSent).await;
        }
        loop {
            let done = self.one_done.notified();
            tokio::pin!(done);
            done.as_mut().enable();
            if self.lanes().under_way() == 0 {
                return;
            }
            done.await;
        }
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Arc<str>, Timestamp>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Anybody's deliveries.
fn deliveries(filters: Vec<Filter>, limit: usize) -> ListQuery {
    ListQuery { kind: Delivery::KIND, account: None, filters, cursor: Cursor::Start, limit }
}

/// A number from 0 to 99, from the world's randomness.
fn jitter(tx: &Tx) -> u64 {
    tx.secret(4).bytes().fold(0, |n, byte| (n * 62 + u64::from(byte)) % 100)
}

fn count(sent: &Result<u16, String>, took: Duration) {
    let outcome = match sent {
        Ok(200..300) => "succeeded",
        Ok(_) => "refused",
        Err(_) => "unanswered",
    };
    metrics::counter!("kontor_webhooks_sent_total", "outcome" => outcome).increment(1);
    metrics::histogram!("kontor_webhook_seconds").record(took.as_secs_f64());
}

/// The event as it is sent: with the number of its deliveries that have not succeeded yet, and with its `account` only for
/// the account's platform.
fn body(work: &Work) -> serde_json::Result<String> {
    /// How an event that was just dispatched is stored: no need to take it apart.
    const STORED: &str = r#","pending_webhooks":0,"request":"#;
    let names_account = work.event.contains(r#""object":"event","account":"#);
    if let Some(at) = work.event.rfind(STORED).filter(|_| work.connect || !names_account) {
        let (before, after) = (&work.event[..at], &work.event[at + STORED.len()..]);
        return Ok(format!(r#"{before},"pending_webhooks":{},"request":{after}"#, work.pending));
    }
    with_pending(&work.event, work.pending, !work.connect).map(|event| event.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoints::Target;

    fn sent(event: &str, pending: i64, connect: bool) -> serde_json::Value {
        let target = Arc::new(Target::for_tests("we_1"));
        let work = Work { delivery: "whd_1".into(), target, event: event.into(), pending, connect };
        serde_json::from_str(&body(&work).unwrap()).unwrap()
    }

    #[test]
    fn what_is_sent_has_the_count_and_names_the_account_to_its_platform_only() {
        let own = r#"{"id":"evt_1","object":"event","data":{"object":{}},"pending_webhooks":0,"request":null}"#;
        assert_eq!(sent(own, 3, false)["pending_webhooks"], 3);
        let connected = own.replace(r#""event","#, r#""event","account":"acct_1","#);
        assert_eq!(sent(&connected, 2, true)["account"], "acct_1");
        assert_eq!(sent(&connected, 2, true)["pending_webhooks"], 2);
        assert_eq!(sent(&connected, 2, false).get("account"), None);
        let spaced = r#"{ "pending_webhooks" : 0, "request" : null }"#;
        assert_eq!(sent(spaced, 1, false)["pending_webhooks"], 1);
    }
}
