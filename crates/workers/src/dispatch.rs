//! Events become deliveries: committed events are read batch by batch, and each endpoint that hears of one gets a delivery.
//!
//! The deliveries and the note that the batches are dispatched are one changeset, so nothing is dispatched by halves. Two
//! processes that try the same batch make documents with the same ids, so one of them runs again and finds nothing to do.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use kernel::{Result, Timestamp};
use store::{Document, Event, Journal, Origin, Row, Tx, Value, World};

use crate::deliver::{Deliverer, Outcomes, Room, Work};
use crate::delivery::{Delivery, delivery_id};
use crate::endpoints::{Endpoints, owner_of};
use crate::nobody;

/// Batches dispatched in one transaction.
const BATCHES: usize = 64;
/// No further batch is begun in a transaction that has as many events.
const EVENTS: usize = 1_024;

/// Whether anything is to be dispatched.
pub(crate) fn is_any_undispatched(world: &World) -> Result<bool> {
    let batches = world.reader().undispatched(1).map_err(|error| world.store_error(&error))?;
    Ok(!batches.is_empty())
}

/// What dispatching found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Nothing,
    /// All that there was.
    Some,
    /// As much as one transaction takes: there may be more.
    Much,
}

/// Dispatches what was committed.
pub(crate) async fn dispatch(deliverer: &Arc<Deliverer>) -> Result<Found> {
    let dispatched = plan(deliverer).await?;
    deliverer.note_backlog(dispatched.waiting);
    deliverer.enqueue(dispatched.work);
    Ok(dispatched.found)
}

/// Makes deliveries of what was committed, and sends none of them: for simulations, where nobody listens and nothing may
/// depend on a network. They come due again, as after a crash.
pub struct Dispatcher {
    deliverer: Arc<Deliverer>,
    /// Never filled, since nothing is sent.
    _outcomes: Outcomes,
}

impl Dispatcher {
    /// A dispatcher of a world.
    pub fn new(world: Arc<World>) -> Dispatcher {
        let (deliverer, outcomes) = Deliverer::new(world);
        Dispatcher { deliverer, _outcomes: outcomes }
    }

    /// Dispatches a bounded number of batches. Answers how many events they had.
    ///
    /// Errors: 503 when the store cannot be read or written.
    pub async fn dispatch(&self) -> Result<u64> {
        plan(&self.deliverer).await.map(|dispatched| dispatched.events)
    }
}

/// What became of one transaction's worth of events.
struct Dispatched {
    /// The deliveries that this process took.
    work: Vec<Work>,
    /// Endpoints whose lanes had no room.
    waiting: Vec<Arc<str>>,
    /// How many events there were.
    events: u64,
    found: Found,
}

/// Commits one transaction's worth of deliveries.
async fn plan(deliverer: &Arc<Deliverer>) -> Result<Dispatched> {
    let world = deliverer.world();
    let mut is_first = true;
    let plan = |tx: &mut Tx| {
        let mut plan = Plan {
            world,
            room: deliverer.room(),
            owners: HashMap::new(),
            dispatched: Dispatched { work: Vec::new(), waiting: Vec::new(), events: 0, found: Found::Nothing },
            // A delivery may be there already when somebody asked for it to be sent again: looked for after a conflict.
            careful: !std::mem::replace(&mut is_first, false),
        };
        plan.dispatch(tx, deliverer)?;
        Ok(plan.dispatched)
    };
    let dispatched = world.run(&nobody(), &Origin::default(), plan).await?;
    let deliveries = dispatched.work.len() + dispatched.waiting.len();
    metrics::counter!("kontor_events_dispatched_total").increment(dispatched.events);
    metrics::counter!("kontor_webhooks_dispatched_total").increment(deliveries as u64);
    Ok(dispatched)
}

/// One transaction's worth of dispatching.
struct Plan<'a> {
    world: &'a World,
    room: Room,
    owners: HashMap<String, Option<String>>,
    dispatched: Dispatched,
    careful: bool,
}

impl Plan<'_> {
    fn dispatch(&mut self, tx: &mut Tx, deliverer: &Deliverer) -> Result<()> {
        let batches = tx.reader().undispatched(BATCHES).map_err(|error| self.world.store_error(&error))?;
        if batches.is_empty() {
            return Ok(());
        }
        // Read after the events: then every endpoint that was there before an event is known.
        let endpoints = deliverer.endpoints.current(self.world)?;
        let found = batches.len();
        let (mut numbers, mut events) = (Vec::new(), Vec::<String>::new());
        for batch in batches {
            if EVENTS <= events.len() {
                break;
            }
            events.extend(batch.events);
            numbers.push(batch.id);
        }
        self.dispatched.events = events.len() as u64;
        let is_all = numbers.len() == found && found < BATCHES;
        self.dispatched.found = if is_all { Found::Some } else { Found::Much };
        if !endpoints.is_empty() {
            tx.prefetch(Event::KIND, events.iter().map(String::as_str))?;
            for id in &events {
                if let Some(row) = tx.peek_row(Event::KIND, id)? {
                    self.dispatch_event(tx, &endpoints, &row)?;
                }
            }
        }
        tx.journal(Journal::Dispatched(numbers));
        Ok(())
    }

    fn dispatch_event(&mut self, tx: &mut Tx, endpoints: &Endpoints, row: &Row) -> Result<()> {
        if !endpoints.may_interest(&row.account) {
            return Ok(());
        }
        let owner = self.owner(tx, endpoints, &row.account)?;
        let hearing = endpoints.hearing(&row.id, &kind_of_event(tx, row)?, &row.account, owner.as_deref());
        let pending = i64::try_from(hearing.len()).unwrap_or(i64::MAX);
        for (target, connect) in hearing {
            if self.careful && tx.find::<Delivery>(&delivery_id(&row.id, &target.id))?.is_some() {
                continue;
            }
            let now = tx.now();
            let mut delivery = Delivery::new(&row.id, Timestamp(row.created), &target.id, connect, now);
            if self.room.take(&target.id) {
                delivery.lease(now);
                self.dispatched.work.push(Work {
                    delivery: delivery.id.as_str().into(),
                    target,
                    event: row.data.clone(),
                    pending,
                    connect,
                });
            } else {
                delivery.wait();
                self.dispatched.waiting.push(target.id.clone());
            }
            tx.create(&row.account, delivery, ())?;
        }
        Ok(())
    }

    /// The platform that may hear of an account's events. An account that is gone was the only platform's, when there is
    /// just one; with several nobody can tell any more.
    fn owner(&mut self, tx: &Tx, endpoints: &Endpoints, account: &str) -> Result<Option<String>> {
        if !endpoints.has_connect() || self.world.is_platform(account) {
            return Ok(None);
        }
        match self.owners.entry(account.to_owned()) {
            Entry::Occupied(known) => Ok(known.get().clone()),
            Entry::Vacant(unknown) => {
                let owner = owner_of(tx, account)?.or_else(|| match self.world.platforms().as_slice() {
                    [only] => Some(only.clone()),
                    _ => None,
                });
                Ok(unknown.insert(owner).clone())
            }
        }
    }
}

/// The event's type: from its column, or from its text where a reader leaves columns out.
fn kind_of_event(tx: &Tx, row: &Row) -> Result<String> {
    if let Some(Value::Text(kind)) = row.columns.first() {
        return Ok(kind.clone());
    }
    #[derive(serde::Deserialize)]
    struct Typed {
        #[serde(rename = "type")]
        kind: String,
    }
    let typed: Typed = serde_json::from_str(&row.data).map_err(|error| tx.bug(&format!("{}: {error}", row.id)))?;
    Ok(typed.kind)
}
