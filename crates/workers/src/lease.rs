//! Leases between the processes of one world: they spare double work, they do not prevent it.
//!
//! A lease's time is the machines' own, not the world's: it is about processes. A clock that is off makes two processes try
//! the same thing, and the judge lets one of them through.

use std::sync::{Mutex, MutexGuard, PoisonError};

use kernel::{Result, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Document, Kind, Origin, Value, World};

use crate::nobody;

/// How long a lease is given for.
const TERM_MS: i64 = 6_000;
/// It is renewed when less than this is left.
const RENEW_MS: i64 = 3_000;
/// A process that was refused asks again after this.
const ASK_AGAIN_MS: i64 = 500;

/// That one process does a kind of work for the moment.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Lease {
    /// `lease_` and the name of the work.
    id: String,
    /// `lease`.
    object: String,
    /// The process that has it.
    holder: String,
    /// Until when, in milliseconds since 1970 by the machine's clock.
    until_ms: i64,
    /// When it was first given.
    created: Timestamp,
}

impl Document for Lease {
    const KIND: &'static Kind = &Kind::new::<Lease>("lease", "lease", &["lease"], &[]);
    type Private = ();
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, (): &()) -> Vec<Value> {
        Vec::new()
    }
}

/// Whether a process has a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// Another has it.
    No,
    /// Nobody else had it since this process last did.
    Still,
    /// Another may have had it before.
    Anew,
}

/// One process's side of a lease.
pub(crate) struct LeaseHolder {
    id: String,
    holder: String,
    known: Mutex<Known>,
}

/// What this process knows without asking.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    /// Until when it has the lease; 0 when it has not.
    until_ms: i64,
    /// Until when it need not ask, since another has it.
    refused_until_ms: i64,
}

impl LeaseHolder {
    /// Nothing is asked for yet.
    pub(crate) fn new(work: &str, holder: &str) -> LeaseHolder {
        LeaseHolder { id: format!("lease_{work}"), holder: holder.to_owned(), known: Mutex::default() }
    }

    /// Whether this process has the lease; takes it when it is free, renews it when it runs out soon. Asked only when there
    /// is work, so that an idle world writes nothing.
    pub(crate) async fn hold(&self, world: &World) -> Result<Held> {
        let now = machine_ms();
        let known = *self.known();
        if now + RENEW_MS < known.until_ms {
            return Ok(Held::Still);
        }
        if now < known.refused_until_ms {
            return Ok(Held::No);
        }
        let until_ms = now + TERM_MS;
        let held = world
            .run(&nobody(), &Origin::default(), |tx| match tx.find::<Lease>(&self.id)? {
                Some(lease) if lease.holder != self.holder && now < lease.until_ms => Ok(Held::No),
                Some(mut lease) => {
                    let held = if lease.holder == self.holder { Held::Still } else { Held::Anew };
                    lease.holder.clone_from(&self.holder);
                    lease.until_ms = until_ms;
                    tx.put(&lease)?;
                    Ok(held)
                }
                None => {
                    let (id, holder) = (self.id.clone(), self.holder.clone());
                    let lease = Lease { id, object: "lease".into(), holder, until_ms, created: tx.now() };
                    tx.create("", lease, ())?;
                    Ok(Held::Anew)
                }
            })
            .await?;
        *self.known() = match held {
            Held::No => Known { until_ms: 0, refused_until_ms: now + ASK_AGAIN_MS },
            Held::Still | Held::Anew => Known { until_ms, refused_until_ms: 0 },
        };
        Ok(held)
    }

    /// Gives the lease back, so that another process need not wait for its end.
    pub(crate) async fn release(&self, world: &World) -> Result<()> {
        if std::mem::take(&mut *self.known()).until_ms == 0 {
            return Ok(());
        }
        world
            .run(&nobody(), &Origin::default(), |tx| {
                let Some(mut lease) = tx.find::<Lease>(&self.id)?.filter(|lease| lease.holder == self.holder) else {
                    return Ok(());
                };
                lease.until_ms = 0;
                tx.put(&lease)
            })
            .await
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Milliseconds since 1970 by this machine's clock.
#[expect(clippy::disallowed_methods, reason = "leases and signatures are about machines, not about the world")]
pub(crate) fn machine_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_of_two_processes_has_a_lease_until_it_is_given_back() {
        let world = World::seeded(store::Schema::new(crate::kinds()), 7).unwrap();
        let (one, other) = (LeaseHolder::new("work", "one"), LeaseHolder::new("work", "other"));
        let third = LeaseHolder::new("work", "third");
        assert_eq!(one.hold(&world).await.unwrap(), Held::Anew);
        assert_eq!(one.hold(&world).await.unwrap(), Held::Still);
        assert_eq!(other.hold(&world).await.unwrap(), Held::No);
        one.release(&world).await.unwrap();
        assert_eq!(one.hold(&world).await.unwrap(), Held::Still);
        one.release(&world).await.unwrap();
        assert_eq!(third.hold(&world).await.unwrap(), Held::Anew);
        assert_eq!(one.hold(&world).await.unwrap(), Held::No);
    }
}
