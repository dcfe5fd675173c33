//! Changing what a transfer or a reversal says.

use kernel::{MetadataPatch, Patch, Result, resource_missing};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Doc, Tx};
use wire::{NoParams, Path, Reply};

use super::{Transfer, TransferReversal};

/// What can be changed of a transfer.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateTransfer {
    /// For people.
    #[serde(default)]
    pub description: Patch<String>,
    /// The caller's own.
    #[serde(default)]
    pub metadata: Patch<MetadataPatch>,
}

/// What can be changed of a reversal.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateReversal {
    /// The caller's own.
    #[serde(default)]
    pub metadata: Patch<MetadataPatch>,
}

/// Events: `transfer.updated`.
pub(super) fn transfer(tx: &mut Tx, path: &Path, p: UpdateTransfer) -> Result<Reply<Transfer>> {
    let mut transfer = tx.get::<Transfer>(path.id(), "transfer")?;
    transfer.metadata = p.metadata.merge(&transfer.metadata)?;
    p.description.apply(&mut transfer.description);
    tx.emit_updated("transfer.updated", &transfer)?;
    tx.put(&transfer)?;
    Ok(Reply::document(&transfer))
}

pub(super) fn reversal(tx: &mut Tx, path: &Path, p: UpdateReversal) -> Result<Reply<TransferReversal>> {
    let mut reversal = find(tx, path)?;
    let before = reversal.metadata.clone().unwrap_or_default();
    reversal.metadata = Some(p.metadata.merge(&before)?);
    tx.put(&reversal)?;
    let mut transfer = tx.load::<Transfer>(&reversal.transfer)?;
    if let Some(shown) = transfer.reversals.data.iter_mut().find(|shown| shown.id == reversal.id) {
        shown.metadata.clone_from(&reversal.metadata);
        tx.put(&transfer)?;
    }
    Ok(Reply::document(&reversal))
}

pub(super) fn retrieve_reversal(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<TransferReversal>> {
    find(tx, path).map(|reversal| Reply::document(&reversal))
}

/// The reversal of a path's second parameter, when it is one of the transfer of the first.
fn find(tx: &mut Tx, path: &Path) -> Result<Doc<TransferReversal>> {
    tx.get::<Transfer>(path.at(0), "transfer")?;
    let reversal = tx.get::<TransferReversal>(path.at(1), "id")?;
    if reversal.transfer != path.at(0) {
        return Err(resource_missing("transfer_reversal", path.at(1), "id"));
    }
    Ok(reversal)
}
