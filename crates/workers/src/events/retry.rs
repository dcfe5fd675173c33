//! Sending an event again, as `stripe events resend` asks for.

use kernel::{ApiError, Result, resource_missing};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Caller, Doc, Document, Event, Tx};
use wire::{Path, Reply};

use super::{show, visible};
use crate::delivery::{Delivery, delivery_id};
use crate::endpoints::{self, owner_of};
use crate::webhook_endpoints::{Status, WebhookEndpoint};

/// The parameters of a retry.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RetryEvent {
    /// The connected account whose event it is, instead of the `Stripe-Account` header.
    account: Option<String>,
    /// Asked by the Stripe CLI for its own listeners: no endpoint is sent anything.
    for_stripecli: Option<bool>,
    /// Only this endpoint; otherwise every one that the event is for.
    webhook_endpoint: Option<String>,
}

/// Sends an event again.
///
/// Errors: an event or endpoint that the caller does not see; an endpoint that is disabled or that the event is not for.
pub(super) fn retry(tx: &mut Tx, path: &Path, p: RetryEvent) -> Result<Reply<Event>> {
    let event = match &p.account {
        None => visible(tx, path.id())?,
        Some(account) => event_of_connected(tx, path.id(), account)?,
    };
    match &p.webhook_endpoint {
        Some(id) => {
            let endpoint = endpoint_for(tx, &event, id)?;
            resend(tx, &event, endpoint.id(), endpoint.private.connect)?;
        }
        None if p.for_stripecli == Some(true) => {}
        None => {
            for (endpoint, connect) in endpoints::subscribed(tx, &event)? {
                resend(tx, &event, &endpoint, connect)?;
            }
        }
    }
    let row = tx.peek_row(Event::KIND, event.id())?;
    let shown = show(tx, row.as_slice())?.pop();
    shown.map(Reply::value).ok_or_else(|| resource_missing("event", path.id(), "id"))
}

/// The event of an account that the caller's own account is the platform of.
fn event_of_connected(tx: &mut Tx, id: &str, account: &str) -> Result<Doc<Event>> {
    let is_mine = account == tx.account() || owner_of(tx, account)?.as_deref() == Some(tx.account());
    let event = tx.peek::<Event>(id)?.filter(|event| is_mine && event.account == account);
    event.filter(|event| super::oldest(tx) < event.created).ok_or_else(|| resource_missing("event", id, "id"))
}

/// The endpoint that the caller means: one of the event's account, or one for connected accounts of its platform.
fn endpoint_for(tx: &mut Tx, event: &Doc<Event>, id: &str) -> Result<Doc<WebhookEndpoint>> {
    let Caller { key_account, account, .. } = tx.caller().clone();
    let missing = || resource_missing("webhook_endpoint", id, "webhook_endpoint");
    let endpoint = tx.peek::<WebhookEndpoint>(id)?.ok_or_else(missing)?;
    if endpoint.account != key_account && endpoint.account != account {
        return Err(missing());
    }
    let hears = if endpoint.private.connect {
        event.account != endpoint.account && owner_of(tx, &event.account)?.as_deref() == Some(&*endpoint.account)
    } else {
        event.account == endpoint.account
    };
    if !hears {
        return Err(ApiError::invalid(
            "webhook_endpoint",
            format!("The event is not for the webhook endpoint '{id}'."),
        ));
    }
    if endpoint.status == Status::Disabled {
        return Err(ApiError::invalid("webhook_endpoint", format!("The webhook endpoint '{id}' is disabled.")));
    }
    Ok(endpoint)
}

fn resend(tx: &mut Tx, event: &Doc<Event>, endpoint: &str, connect: bool) -> Result<()> {
    let now = tx.now();
    match tx.find::<Delivery>(&delivery_id(event.id(), endpoint))? {
        Some(mut delivery) => {
            delivery.resend(now);
            tx.put(&delivery)
        }
        None => {
            let delivery = Delivery::new(event.id(), event.created, endpoint, connect, now);
            tx.create(&event.account, delivery, ()).map(drop)
        }
    }
}
