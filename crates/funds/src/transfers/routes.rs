//! The endpoints of transfers and their reversals.

use kernel::Result;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tx;
use wire::{ListSpec, NoParams, Path, Route, get, list, post, retrieve};

use super::{Transfer, TransferReversal, create, reverse, update};

/// Which transfers.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListTransfers {
    /// Only those to this account.
    pub destination: Option<String>,
    /// Only those of this group.
    pub transfer_group: Option<String>,
}

/// The endpoints.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        list::<Transfer, ListTransfers>("/v1/transfers", "transfers.list", list_transfers),
        post("/v1/transfers", "transfers.create", create::endpoint),
        retrieve::<Transfer>("/v1/transfers/{transfer}", "transfers.retrieve", "transfer"),
        post("/v1/transfers/{transfer}", "transfers.update", update::transfer),
        list::<TransferReversal, NoParams>("/v1/transfers/{id}/reversals", "transfers.listReversals", list_reversals)
            .without_created(),
        post("/v1/transfers/{id}/reversals", "transfers.createReversal", reverse::endpoint),
        get("/v1/transfers/{transfer}/reversals/{id}", "transfers.retrieveReversal", update::retrieve_reversal),
        post("/v1/transfers/{transfer}/reversals/{id}", "transfers.updateReversal", update::reversal),
    ]
}

fn list_transfers(tx: &mut Tx, _: &Path, p: ListTransfers) -> Result<ListSpec> {
    Ok(ListSpec::own(tx).when("destination", p.destination).when("transfer_group", p.transfer_group))
}

fn list_reversals(tx: &mut Tx, path: &Path, _: NoParams) -> Result<ListSpec> {
    tx.get::<Transfer>(path.id(), "id")?;
    Ok(ListSpec::own(tx).when("transfer", Some(path.id())))
}
