//! The endpoints of application fees and their refunds.

use kernel::Result;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tx;
use wire::{ListSpec, NoParams, Path, Route, get, list, post, retrieve};

use super::{ApplicationFee, FeeRefund, refund};

/// Which fees.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListFees {
    /// Only that of this charge.
    pub charge: Option<String>,
}

/// The endpoints.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        list::<ApplicationFee, ListFees>("/v1/application_fees", "applicationFees.list", list_fees),
        retrieve::<ApplicationFee>("/v1/application_fees/{id}", "applicationFees.retrieve", "id"),
        post("/v1/application_fees/{id}/refund", "applicationFees.refund", refund::legacy),
        list::<FeeRefund, NoParams>("/v1/application_fees/{id}/refunds", "applicationFees.listRefunds", list_refunds)
            .without_created(),
        post("/v1/application_fees/{id}/refunds", "applicationFees.createRefund", refund::endpoint),
        get("/v1/application_fees/{fee}/refunds/{id}", "applicationFees.retrieveRefund", refund::retrieve),
        post("/v1/application_fees/{fee}/refunds/{id}", "applicationFees.updateRefund", refund::update),
    ]
}

fn list_fees(tx: &mut Tx, _: &Path, p: ListFees) -> Result<ListSpec> {
    Ok(ListSpec::own(tx).when("charge", p.charge))
}

fn list_refunds(tx: &mut Tx, path: &Path, _: NoParams) -> Result<ListSpec> {
    tx.get::<ApplicationFee>(path.id(), "id")?;
    Ok(ListSpec::own(tx).when("fee", Some(path.id())))
}
