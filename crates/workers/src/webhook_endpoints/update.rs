//! Changing an endpoint.

use kernel::{MetadataPatch, Patch, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tx;
use wire::{Path, Reply};

use super::{Status, WebhookEndpoint, url};

/// The parameters of a change.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateWebhookEndpoint {
    /// What it is for.
    #[serde(default)]
    description: Patch<String>,
    /// Whether to stop sending to it.
    disabled: Option<bool>,
    /// The types of events to hear of; `*` for all.
    enabled_events: Option<Vec<String>>,
    /// Keys and values of your own.
    #[serde(default)]
    metadata: Patch<MetadataPatch>,
    /// Where to send them.
    url: Option<String>,
}

/// Changes an endpoint. Deliveries under way go where they were going; retries go to the new URL.
///
/// Errors: as when it is made.
pub(super) fn update(tx: &mut Tx, path: &Path, p: UpdateWebhookEndpoint) -> Result<Reply<WebhookEndpoint>> {
    let mut endpoint = tx.get::<WebhookEndpoint>(path.id(), "webhook_endpoint")?;
    super::check_description(p.description.as_set())?;
    p.description.apply(&mut endpoint.description);
    if let Some(disabled) = p.disabled {
        endpoint.status = if disabled { Status::Disabled } else { Status::Enabled };
    }
    if let Some(events) = p.enabled_events {
        endpoint.enabled_events = super::enabled_events(events)?;
    }
    endpoint.metadata = p.metadata.merge(&endpoint.metadata)?;
    if let Some(url) = p.url {
        url::check(&url, tx.livemode())?;
        endpoint.url = url;
    }
    tx.put(&endpoint)?;
    crate::endpoints::touch(tx);
    Ok(Reply::document(&endpoint))
}
