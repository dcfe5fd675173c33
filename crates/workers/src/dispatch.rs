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

/// Dispatches what was committed. Answers whether there may be more.
pub(crate) async fn dispatch(deliverer: &Arc<Deliverer>) -> Result<bool> {
    let (work, waiting, dispatched) = plan(deliverer).await?;
    deliverer.note_backlog(waiting);
    deliverer.enqueue(work);
    Ok(0 < dispatched)
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
        plan(&self.deliverer).await.map(|(_, _, dispatched)| dispatched)
    }
}

/// Commits one transaction's worth of deliveries. Answers what this process took, whose lanes had no room, and how many
/// events were dispatched.
async fn plan(deliverer: &Arc<Deliverer>) -> Result<(Vec<Work>, Vec<Arc<str>>, u64)> {
    let world = deliverer.world();
    let mut is_first = true;
    let plan = |tx: &mut Tx| {
        let mut plan = Plan {
            world,
            room: deliverer.room(),
            owners: HashMap::new(),
            work: Vec::new(),
            waiting: Vec::new(),
            // A delivery may be there already when somebody asked for it to be sent again: looked for after a conflict.
            careful: !std::mem::replace(&mut is_first, false),
        };
        let dispatched = plan.dispatch(tx, deliverer)?;
        Ok((plan.work, plan.waiting, dispatched))
    };
    let (work, waiting, dispatched) = world.run(&nobody(), &Origin::default(), plan).await?;
    metrics::counter!("kontor_events_dispatched_total").increment(dispatched);
    metrics::counter!("kontor_webhooks_dispatched_total").increment((work.len() + waiting.len()) as u64);
    Ok((work, waiting, dispatched))
}

/// One transaction's worth of dispatching.
struct Plan<'a> {
    world: &'a World,
    room: Room,
    owners: HashMap<String, Option<String>>,
    work: Vec<Work>,
    /// Endpoints whose lanes had no room.
    waiting: Vec<Arc<str>>,
    careful: bool,
}

impl Plan<'_> {
    fn dispatch(&mut self, tx: &mut Tx, deliverer: &Deliverer) -> Result<u64> {
        let batches = tx.reader().undispatched(BATCHES).map_err(|error| self.world.store_error(&error))?;
        if batches.is_empty() {
            return Ok(0);
        }
        // Read after the events: then every endpoint that was there before an event is known.
        let endpoints = deliverer.endpoints.current(self.world)?;
        let mut dispatched = Vec::new();
        let mut events: Vec<String> = Vec::new();
        for batch in batches {
            if EVENTS <= events.len() {
                break;
            }
            events.extend(batch.events);
            dispatched.push(batch.id);
        }
        if !endpoints.is_empty() {
            tx.prefetch(Event::KIND, events.iter().map(String::as_str))?;
            for id in &events {
                if let Some(row) = tx.peek_row(Event::KIND, id)? {
                    self.dispatch_event(tx, &endpoints, &row)?;
                }
            }
        }
        tx.journal(Journal::Dispatched(dispatched));
        Ok(events.len() as u64)
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
                self.work.push(Work {
                    delivery: delivery.id.as_str().into(),
                    target,
                    event: row.data.clone(),
                    pending,
                    connect,
                });
            } else {
                delivery.wait();
                self.waiting.push(target.id.clone());
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
