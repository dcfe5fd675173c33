//! What is old goes: answers remembered for repeated requests after a day, events and their deliveries after thirty, in the
//! world's time and in bounded bites.
//!
//! Ids grow with time, so the oldest come first in the order of ids.

use kernel::{DAY, Result};
use store::{Document, Event, Origin, Tx, World};

use crate::delivery::Delivery;
use crate::events::RETENTION;
use crate::nobody;

/// How long an answer is remembered (Stripe, "Idempotent requests").
const REMEMBERED: i64 = DAY;
/// Remembered answers forgotten at a time.
const ANSWERS: usize = 5_000;
/// Documents removed in one transaction.
const DOCUMENTS: usize = 256;
/// Transactions in one go; the rest is left for the next.
const BITES: usize = 200;

/// Removes what is too old. Answers how many documents and remembered answers are gone.
///
/// Errors: 503 when the store cannot be read or written.
pub async fn prune(world: &World) -> Result<usize> {
    let mut gone = 0;
    let oldest = world.now().plus(-REMEMBERED).0;
    for _ in 0..BITES {
        let forgotten = world.reader().prune_idempotency(oldest, ANSWERS).map_err(|error| world.store_error(&error))?;
        gone += forgotten;
        if forgotten < ANSWERS {
            break;
        }
    }
    for _ in 0..BITES {
        // Deliveries first: an event that is gone has none.
        let bite = |tx: &mut Tx| Ok(remove_old::<Delivery>(tx)? + remove_old::<Event>(tx)?);
        let removed = world.run(&nobody(), &Origin::default(), bite).await?;
        gone += removed;
        if removed == 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    Ok(gone)
}

/// Removes the oldest documents of a kind, as far as they are beyond retention.
fn remove_old<T: Document>(tx: &mut Tx) -> Result<usize> {
    let oldest = tx.now().plus(-RETENTION);
    let rows = tx.reader().scan(T::KIND, "", DOCUMENTS);
    let rows = rows.map_err(|error| tx.bug(&format!("{} cannot be read: {error}", T::KIND.object)))?;
    let mut removed = 0;
    for row in rows.iter().take_while(|row| row.created <= oldest.0) {
        if let Some(doc) = tx.find::<T>(&row.id)? {
            tx.delete(&doc)?;
            removed += 1;
        }
    }
    Ok(removed)
}
