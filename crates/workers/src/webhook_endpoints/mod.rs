//! Webhook endpoints: where an account, or a platform for its connected accounts, wants to hear of events.
//!
//! The signing secret is shown when the endpoint is made and never again; it is kept sealed. An account has at most sixteen
//! endpoints: each holds one of sixteen names, so that two requests at once cannot make a seventeenth.

mod create;
mod update;
mod url;
mod versions;

use kernel::{ApiError, Metadata, Result, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Document, Kind, Tx, Value};
use wire::{Deleted, ListSpec, NoParams, Path, Reply, Route};

pub use self::url::check as check_url;
use crate::events::is_event_type;

/// The most endpoints of one account (Stripe, "Webhooks").
pub(crate) const MOST: usize = 16;

/// Whether an endpoint is sent anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is.
    Enabled,
    /// It is not.
    Disabled,
}

/// An endpoint, as Stripe shows it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct WebhookEndpoint {
    /// `we_…`.
    pub id: String,
    /// `webhook_endpoint`.
    pub object: String,
    /// The API version that was asked for. Events are written in the one version that Kontor speaks.
    pub api_version: Option<String>,
    /// The platform's application (`ca_…`), for endpoints that hear of connected accounts.
    pub application: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// What it is for, in its owner's words.
    pub description: Option<String>,
    /// The types of events that it hears of; `*` for all.
    pub enabled_events: Vec<String>,
    /// Whether real money moves in its world.
    pub livemode: bool,
    /// The owner's own keys and values.
    pub metadata: Metadata,
    /// The signing secret (`whsec_…`); only in the answer that makes the endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Whether it is sent anything.
    pub status: Status,
    /// Where events are sent.
    pub url: String,
}

/// What the wire does not show of an endpoint.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct WebhookEndpointPrivate {
    /// Whether it hears of connected accounts, instead of its own.
    #[serde(default)]
    pub connect: bool,
    /// Which of its account's sixteen places it holds.
    #[serde(default)]
    pub place: usize,
}

/// The signing secret, sealed.
#[derive(Serialize, Deserialize)]
pub(crate) struct Secret(pub(crate) String);

impl Document for WebhookEndpoint {
    const KIND: &'static Kind = &Kind::new::<WebhookEndpoint>("webhook_endpoint", "webhook_endpoint", &["we"], &[]);
    type Private = WebhookEndpointPrivate;
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, _: &WebhookEndpointPrivate) -> Vec<Value> {
        Vec::new()
    }
}

/// The routes of webhook endpoints.
pub fn routes() -> Vec<Route> {
    vec![
        wire::list::<WebhookEndpoint, NoParams>("/v1/webhook_endpoints", "webhookEndpoints.list", |tx, _, _| {
            Ok(ListSpec::own(tx))
        })
        .without_created(),
        wire::post("/v1/webhook_endpoints", "webhookEndpoints.create", create::create),
        wire::retrieve::<WebhookEndpoint>(
            "/v1/webhook_endpoints/{webhook_endpoint}",
            "webhookEndpoints.retrieve",
            "webhook_endpoint",
        ),
        wire::post("/v1/webhook_endpoints/{webhook_endpoint}", "webhookEndpoints.update", update::update),
        wire::delete("/v1/webhook_endpoints/{webhook_endpoint}", "webhookEndpoints.del", delete),
    ]
}

/// Removes an endpoint and its secret; what was still to be sent to it is given up when it comes due.
fn delete(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<Deleted>> {
    let endpoint = tx.get::<WebhookEndpoint>(path.id(), "webhook_endpoint")?;
    tx.delete(&endpoint)?;
    tx.unseal_forever(endpoint.id());
    tx.release(&place(&endpoint.account, endpoint.private.place), endpoint.id());
    crate::endpoints::touch(tx);
    Deleted::reply(&endpoint)
}

/// The name of one of an account's sixteen places.
fn place(account: &str, at: usize) -> String {
    format!("webhook_endpoint:{account}:{at}")
}

/// The types that an endpoint wants to hear of, checked: known ones, each once, or `*`.
fn enabled_events(given: Vec<String>) -> Result<Vec<String>> {
    if given.is_empty() {
        return Err(ApiError::invalid("enabled_events", "You must enable at least one event, or '*' for all of them."));
    }
    let mut enabled: Vec<String> = Vec::new();
    for (at, name) in given.into_iter().enumerate() {
        if name != "*" && !is_event_type(&name) {
            let shown: String = name.chars().take(100).collect();
            let param = format!("enabled_events[{at}]");
            return Err(ApiError::invalid(&param, format!("Invalid {param}: '{shown}' is not a type of event.")));
        }
        if !enabled.contains(&name) {
            enabled.push(name);
        }
    }
    Ok(enabled)
}

/// The longest description.
const LONGEST_DESCRIPTION: usize = 5_000;

fn check_description(description: Option<&String>) -> Result<()> {
    if description.is_some_and(|text| LONGEST_DESCRIPTION < text.chars().count()) {
        let message = format!("Invalid description: it can have up to {LONGEST_DESCRIPTION} characters.");
        return Err(ApiError::invalid("description", message));
    }
    Ok(())
}
