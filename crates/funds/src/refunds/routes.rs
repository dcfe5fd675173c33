//! The endpoints and jobs of refunds.

use kernel::{MetadataPatch, Patch, Result, resource_missing};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use store::{Cursor, Document, Filter, ListQuery, Tx};
use wire::{ListSpec, NoParams, Path, Reply, Route, get, list, list_json, post, retrieve};

use super::{PROCESS_WAITING, REFUND_FAILS, REFUND_SUCCEEDS, Refund, cancel, create, outcome, process};
use crate::JobHandler;
use crate::charges::Charge;

/// Which refunds.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRefunds {
    /// Only those of this charge.
    pub charge: Option<String>,
    /// Only those of this intent's charge.
    pub payment_intent: Option<String>,
}

/// What can be changed of a refund.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateRefund {
    /// The caller's own.
    #[serde(default)]
    pub metadata: Patch<MetadataPatch>,
}

/// The endpoints.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        list::<Refund, ListRefunds>("/v1/refunds", "refunds.list", list_refunds),
        post("/v1/refunds", "refunds.create", create::endpoint),
        retrieve::<Refund>("/v1/refunds/{refund}", "refunds.retrieve", "refund"),
        post("/v1/refunds/{refund}", "refunds.update", update),
        post("/v1/refunds/{refund}/cancel", "refunds.cancel", cancel::endpoint),
        post("/v1/test_helpers/refunds/{refund}/expire", "testHelpers.refunds.expire", cancel::expire),
        list::<Refund, NoParams>("/v1/charges/{charge}/refunds", "charges.listRefunds", list_of_charge),
        post("/v1/charges/{charge}/refunds", "charges.createRefund", create::of_charge),
        get("/v1/charges/{charge}/refunds/{refund}", "charges.retrieveRefund", retrieve_of_charge),
        post("/v1/charges/{charge}/refunds/{refund}", "charges.updateRefund", update_of_charge),
    ]
}

/// The jobs.
pub(crate) fn jobs() -> Vec<(&'static str, JobHandler)> {
    vec![(REFUND_SUCCEEDS, outcome::succeed), (REFUND_FAILS, outcome::fail), (PROCESS_WAITING, process::run)]
}

fn list_refunds(tx: &mut Tx, _: &Path, p: ListRefunds) -> Result<ListSpec> {
    Ok(ListSpec::own(tx).when("charge", p.charge).when("payment_intent", p.payment_intent))
}

fn list_of_charge(tx: &mut Tx, path: &Path, _: NoParams) -> Result<ListSpec> {
    tx.get::<Charge>(path.id(), "charge")?;
    Ok(ListSpec::own(tx).when("charge", Some(path.id())))
}

/// Events: `refund.updated`, `charge.refund.updated`.
fn update(tx: &mut Tx, path: &Path, p: UpdateRefund) -> Result<Reply<Refund>> {
    change(tx, path.id(), &p)
}

fn change(tx: &mut Tx, id: &str, p: &UpdateRefund) -> Result<Reply<Refund>> {
    let mut refund = tx.get::<Refund>(id, "refund")?;
    let before = refund.metadata.clone().unwrap_or_default();
    refund.metadata = Some(p.metadata.merge(&before)?);
    tx.emit_updated("refund.updated", &refund)?;
    tx.emit_updated("charge.refund.updated", &refund)?;
    tx.put(&refund)?;
    Ok(Reply::document(&refund))
}

fn retrieve_of_charge(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<Refund>> {
    check_of_charge(tx, path)?;
    let refund = tx.get::<Refund>(path.at(1), "refund")?;
    Ok(Reply::document(&refund))
}

fn update_of_charge(tx: &mut Tx, path: &Path, p: UpdateRefund) -> Result<Reply<Refund>> {
    check_of_charge(tx, path)?;
    change(tx, path.at(1), &p)
}

fn check_of_charge(tx: &mut Tx, path: &Path) -> Result<()> {
    let refund = tx.get::<Refund>(path.at(1), "refund")?;
    if refund.charge.as_deref() == Some(path.at(0)) {
        return Ok(());
    }
    Err(resource_missing("refund", path.at(1), "refund"))
}

/// A charge's `refunds`, when it is expanded: the newest ten.
pub(crate) fn list_of(tx: &mut Tx, charge: &Map<String, Value>) -> Result<Value> {
    let id = charge.get("id").and_then(Value::as_str).unwrap_or_default();
    let page = tx.list(&ListQuery {
        kind: Refund::KIND,
        account: None,
        filters: vec![Filter::Is("charge", id.into())],
        cursor: Cursor::Start,
        limit: 10,
    })?;
    let mut data = Vec::new();
    for row in &page.rows {
        match serde_json::from_str(&row.data) {
            Ok(value) => data.push(value),
            Err(error) => return Err(tx.bug(&format!("{} cannot be read: {error}", row.id))),
        }
    }
    Ok(list_json(&format!("/v1/charges/{id}/refunds"), data, page.has_more))
}
