//! Making an endpoint.

use kernel::{ApiError, MetadataPatch, Patch, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use store::Tx;
use wire::{Path, Reply};

use super::{MOST, Secret, Status, WebhookEndpoint, WebhookEndpointPrivate, place, url, versions};

/// The parameters of a new endpoint.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateWebhookEndpoint {
    /// The types of events to hear of; `*` for all.
    enabled_events: Vec<String>,
    /// Where to send them.
    url: String,
    /// The API version to write them in.
    api_version: Option<String>,
    /// Whether to hear of connected accounts, instead of the own one.
    connect: Option<bool>,
    /// What it is for.
    #[serde(default)]
    description: Patch<String>,
    /// Keys and values of your own.
    #[serde(default)]
    metadata: Patch<MetadataPatch>,
}

/// Makes an endpoint and answers it with its secret, this once.
///
/// Errors: a type of event or version that there is not; a URL that cannot be sent to; a seventeenth endpoint.
pub(super) fn create(tx: &mut Tx, _: &Path, p: CreateWebhookEndpoint) -> Result<Reply<WebhookEndpoint>> {
    let enabled_events = super::enabled_events(p.enabled_events)?;
    url::check(&p.url, tx.livemode())?;
    if let Some(version) = p.api_version.as_ref().filter(|version| !versions::is_known(version)) {
        return Err(unknown_version(version));
    }
    let description = p.description.set();
    super::check_description(description.as_ref())?;
    let metadata = p.metadata.merge(&Default::default())?;
    let account = tx.account().to_owned();
    let connect = p.connect.unwrap_or(false);
    let free = free_place(tx, &account)?;

    let endpoint = WebhookEndpoint {
        id: tx.id("we"),
        object: "webhook_endpoint".into(),
        api_version: p.api_version,
        application: if connect { Some(application(tx, &account)?) } else { None },
        created: tx.now(),
        description,
        enabled_events,
        livemode: tx.livemode(),
        metadata,
        secret: None,
        status: Status::Enabled,
        url: p.url,
    };
    let secret = format!("whsec_{}", tx.secret(32));
    tx.claim(&place(&account, free), &endpoint.id);
    tx.seal(&endpoint.id, &Secret(secret.clone()))?;
    crate::endpoints::touch(tx);
    let endpoint = tx.create(&account, endpoint, WebhookEndpointPrivate { connect, place: free })?;
    Reply::made(&WebhookEndpoint { secret: Some(secret), ..endpoint.into_shown() })
}

/// One of the account's places that nobody holds.
fn free_place(tx: &Tx, account: &str) -> Result<usize> {
    for at in 0..MOST {
        if tx.claim_holder(&place(account, at))?.is_none() {
            return Ok(at);
        }
    }
    Err(ApiError::bad_request(format!("You have reached the maximum of {MOST} webhook endpoints for this account.")))
}

/// The platform's Connect application, which its account's private part names. The Stripe CLI knows an endpoint for
/// connected accounts by it, so there always is one: without an application of its own, it is named after the account.
fn application(tx: &Tx, account: &str) -> Result<String> {
    let kind = tx.kind_of(account).filter(|kind| kind.object == "account");
    let row = kind.map(|kind| tx.peek_row(kind, account)).transpose()?.flatten();
    let private = row.and_then(|row| serde_json::from_str::<Json>(row.private.as_deref()?).ok());
    let application = private.as_ref().and_then(|private| private.pointer("/application/id")).and_then(Json::as_str);
    let body = account.strip_prefix("acct_").unwrap_or(account);
    Ok(application.map_or_else(|| format!("ca_{body}"), str::to_owned))
}

fn unknown_version(version: &str) -> ApiError {
    let shown: String = version.chars().take(100).collect();
    ApiError::invalid("api_version", format!("Invalid Stripe API version: {shown}"))
}
