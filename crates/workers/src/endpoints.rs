//! Who hears of an event: the enabled endpoints of the world, kept in memory and read again when one of them changed.
//!
//! An event is for the endpoints of its own account, and an event of a connected account also for the endpoints that its
//! platform made with `connect`. Every change of an endpoint sets [`GENERATION`] in the same changeset, so that whoever
//! reads an event and then the generation knows each endpoint that was there before the event.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use kernel::Result;
use store::{Doc, Document, Event, Tx, World};

use crate::nobody;
use crate::webhook_endpoints::{Secret, Status, WebhookEndpoint};

/// The setting that changes whenever an endpoint does.
const GENERATION: &str = "webhook_endpoints";
/// Endpoints read at a time.
const PAGE: usize = 500;

/// Notes that an endpoint changes with this transaction.
pub(crate) fn touch(tx: &mut Tx) {
    let generation = tx.secret(16);
    tx.set(GENERATION, &generation);
}

/// An enabled endpoint, with what sending to it takes.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) id: Arc<str>,
    pub(crate) url: String,
    pub(crate) secret: String,
    connect: bool,
    all_events: bool,
    events: Vec<String>,
}

impl Target {
    fn wants(&self, kind: &str) -> bool {
        self.all_events || self.events.iter().any(|event| event == kind)
    }
}

/// The enabled endpoints of one generation.
#[derive(Debug, Default)]
pub(crate) struct Endpoints {
    generation: Option<String>,
    by_account: HashMap<String, Vec<Arc<Target>>>,
    by_id: HashMap<Arc<str>, Arc<Target>>,
    has_connect: bool,
}

impl Endpoints {
    /// Whether there is nobody to send anything to.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Whether anybody hears of connected accounts.
    pub(crate) fn has_connect(&self) -> bool {
        self.has_connect
    }

    /// All enabled endpoints.
    pub(crate) fn ids(&self) -> Vec<Arc<str>> {
        self.by_id.keys().cloned().collect()
    }

    /// An enabled endpoint.
    pub(crate) fn get(&self, id: &str) -> Option<&Arc<Target>> {
        self.by_id.get(id)
    }

    /// Whether an account's events interest anybody at all: its own endpoints, or somebody's for connected accounts.
    pub(crate) fn may_interest(&self, account: &str) -> bool {
        self.has_connect || self.by_account.contains_key(account)
    }

    /// The endpoints that hear of an event, and whether as its account's platform. What happened before an endpoint was made
    /// is not for it.
    pub(crate) fn hearing(
        &self,
        event: &str,
        kind: &str,
        account: &str,
        owner: Option<&str>,
    ) -> Vec<(Arc<Target>, bool)> {
        let of = |account: &str| self.by_account.get(account).map_or(&[][..], Vec::as_slice);
        let own = of(account).iter().filter(|target| !target.connect).map(|target| (target, false));
        let platform = owner.map_or(&[][..], of).iter().filter(|target| target.connect).map(|target| (target, true));
        own.chain(platform)
            .filter(|(target, _)| target.wants(kind) && is_older(&target.id, event))
            .map(|(target, connect)| (target.clone(), connect))
            .collect()
    }
}

/// Whether a document was made before another: ids grow with time.
fn is_older(id: &str, than: &str) -> bool {
    id.split_once('_').map(|(_, body)| body) < than.split_once('_').map(|(_, body)| body)
}

/// The endpoints as they were last read.
#[derive(Debug, Default)]
pub(crate) struct EndpointCache {
    endpoints: RwLock<Arc<Endpoints>>,
    changed: AtomicBool,
}

fn generation(world: &World) -> Result<Option<String>> {
    world.reader().setting(GENERATION).map_err(|error| world.store_error(&error))
}

impl EndpointCache {
    /// The endpoints as they are now.
    pub(crate) fn current(&self, world: &World) -> Result<Arc<Endpoints>> {
        let generation = generation(world)?;
        let known = self.known();
        if known.generation == generation {
            return Ok(known);
        }
        let endpoints = Arc::new(world.read(&nobody(), |tx| load(tx, generation))?);
        *self.endpoints.write().unwrap_or_else(PoisonError::into_inner) = endpoints.clone();
        self.changed.store(true, Ordering::Release);
        Ok(endpoints)
    }

    /// Whether any endpoint was changed since this was last asked.
    pub(crate) fn has_changed(&self, world: &World) -> Result<bool> {
        self.current(world)?;
        Ok(self.changed.swap(false, Ordering::AcqRel))
    }

    fn known(&self) -> Arc<Endpoints> {
        self.endpoints.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn load(tx: &mut Tx, generation: Option<String>) -> Result<Endpoints> {
    let mut endpoints = Endpoints { generation, ..Endpoints::default() };
    let mut after = String::new();
    loop {
        let rows = tx.reader().scan(WebhookEndpoint::KIND, &after, PAGE);
        let rows = rows.map_err(|error| tx.bug(&format!("webhook endpoints cannot be read: {error}")))?;
        for row in &rows {
            let Some(endpoint) = tx.peek::<WebhookEndpoint>(&row.id)? else { continue };
            if endpoint.status == Status::Disabled {
                continue;
            }
            let Some(Secret(secret)) = tx.unseal(&row.id)? else { continue };
            let target = Arc::new(Target {
                id: row.id.clone(),
                url: endpoint.url.clone(),
                secret,
                connect: endpoint.private.connect,
                all_events: endpoint.enabled_events.iter().any(|event| event == "*"),
                events: endpoint.enabled_events.clone(),
            });
            endpoints.has_connect |= target.connect;
            endpoints.by_account.entry(endpoint.account.clone()).or_default().push(target.clone());
            endpoints.by_id.insert(row.id.clone(), target);
        }
        match rows.last() {
            Some(last) if rows.len() == PAGE => after = last.id.to_string(),
            _ => return Ok(endpoints),
        }
    }
}

/// The platform of a connected account: the owner of its document. `None` for a platform, and for an account that is gone.
pub(crate) fn owner_of(tx: &Tx, account: &str) -> Result<Option<String>> {
    let kind = tx.kind_of(account).filter(|kind| kind.object == "account");
    let row = kind.map(|kind| tx.peek_row(kind, account)).transpose()?.flatten();
    Ok(row.map(|row| row.account.to_string()).filter(|owner| owner != account))
}

/// The enabled endpoints that an event is for, and whether each hears of it as its account's platform.
pub(crate) fn subscribed(tx: &mut Tx, event: &Doc<Event>) -> Result<Vec<(String, bool)>> {
    let owner = owner_of(tx, &event.account)?;
    let mut found = Vec::new();
    for (account, connect) in [(Some(event.account.clone()), false), (owner, true)] {
        let Some(account) = account else { continue };
        for endpoint in tx.find_all::<WebhookEndpoint>(Some(&account), &[], crate::webhook_endpoints::MOST)? {
            let wants = endpoint.enabled_events.iter().any(|name| name == "*" || *name == event.kind);
            if endpoint.private.connect == connect && endpoint.status == Status::Enabled && wants {
                found.push((endpoint.id().to_owned(), connect));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
impl Target {
    /// An endpoint that nothing is sent to.
    pub(crate) fn for_tests(id: &str) -> Target {
        Target {
            id: id.into(),
            url: String::new(),
            secret: String::new(),
            connect: false,
            all_events: true,
            events: Vec::new(),
        }
    }
}
