//! Events: what happened, for thirty days.
//!
//! An account sees its own events; a platform that acts for a connected account sees that account's. `pending_webhooks` is
//! not stored: it is counted from the deliveries when an event is shown.

mod list;
mod retry;
mod types;

use std::collections::HashMap;

use kernel::{DAY, Result, Timestamp, resource_missing};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use store::{Cursor, Doc, Document, Event, Filter, ListQuery, Row, Tx, Value};
use wire::{NoParams, Path, Reply, Route};

pub use types::{EVENT_TYPES, is_event_type, matching_types};

use crate::delivery::{Delivery, DeliveryStatus};

/// How long events are shown and kept.
pub(crate) const RETENTION: i64 = 30 * DAY;

/// The routes of events.
pub fn routes() -> Vec<Route> {
    vec![
        wire::get("/v1/events", "events.list", list::list),
        wire::get("/v1/events/{id}", "events.retrieve", retrieve),
        wire::post("/v1/events/{id}/retry", "events.retry", retry::retry),
    ]
}

/// The parameters of a list of events.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListEvents {
    /// Only events made then.
    created: Option<wire::CreatedRange>,
    /// Only events whose deliveries have all succeeded, or only those with one that has not.
    delivery_success: Option<bool>,
    /// Only this type, or this family of types (`charge.*`).
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Only these types; up to 20.
    types: Option<Vec<String>>,
    /// How many, from 1 to 100.
    limit: Option<i64>,
    /// The id of the event before the page.
    starting_after: Option<String>,
    /// The id of the event after the page.
    ending_before: Option<String>,
}

/// An event of the account acted on, made within the last thirty days.
fn retrieve(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<Event>> {
    let event = visible(tx, path.id())?;
    let row = tx.peek_row(Event::KIND, event.id())?;
    let shown = show(tx, row.as_slice())?.pop();
    shown.map(Reply::value).ok_or_else(|| resource_missing("event", path.id(), "id"))
}

/// The event that the caller means, or Stripe's 404: for another's, for one that is too old, for one that never was.
fn visible(tx: &mut Tx, id: &str) -> Result<Doc<Event>> {
    let event = tx.peek::<Event>(id)?.filter(|event| event.account == tx.account());
    event.filter(|event| oldest(tx) < event.created).ok_or_else(|| resource_missing("event", id, "id"))
}

/// Events up to this moment are not shown any more.
fn oldest(tx: &Tx) -> Timestamp {
    tx.now().plus(-RETENTION)
}

/// Events as they are shown now.
fn show(tx: &Tx, rows: &[Row]) -> Result<Vec<Json>> {
    let pending = pending_webhooks(tx, rows.iter().map(|row| &*row.id))?;
    // Whoever holds the account's own key is not told its name; a platform is told whose event it is.
    let is_own = !tx.caller().is_connect();
    rows.iter()
        .map(|row| {
            let count = pending.get(&*row.id).copied().unwrap_or(0);
            with_pending(&row.data, count, is_own).map_err(|error| tx.bug(&format!("{}: {error}", row.id)))
        })
        .collect()
}

/// The event with its count, and without its `account` when it is shown to that account itself.
pub(crate) fn with_pending(event: &str, pending: i64, is_own: bool) -> serde_json::Result<Json> {
    let mut event: Json = serde_json::from_str(event)?;
    if let Json::Object(fields) = &mut event {
        fields.insert("pending_webhooks".into(), pending.into());
        if is_own {
            fields.shift_remove("account");
        }
    }
    Ok(event)
}

/// The most deliveries that one event can have: its account's own endpoints and its platform's.
pub(crate) const MOST_DELIVERIES: usize = 2 * crate::webhook_endpoints::MOST;

/// How many deliveries of each event have not succeeded yet; events without such are left out.
pub(crate) fn pending_webhooks<'a>(
    tx: &Tx,
    events: impl ExactSizeIterator<Item = &'a str>,
) -> Result<HashMap<String, i64>> {
    let mut counts = HashMap::new();
    if events.len() == 0 {
        return Ok(counts);
    }
    let limit = events.len() * MOST_DELIVERIES;
    let waiting = [DeliveryStatus::Pending, DeliveryStatus::Failed].map(|status| status.as_str().into());
    let query = ListQuery {
        kind: Delivery::KIND,
        account: None,
        filters: vec![
            Filter::OneOf("event", events.map(|id| Value::Text(id.to_owned())).collect()),
            Filter::OneOf("status", waiting.to_vec()),
        ],
        cursor: Cursor::Start,
        limit,
    };
    for row in tx.list(&query)?.rows {
        let delivery: Delivery =
            serde_json::from_str(&row.data).map_err(|error| tx.bug(&format!("{}: {error}", row.id)))?;
        *counts.entry(delivery.event).or_default() += 1;
    }
    Ok(counts)
}
