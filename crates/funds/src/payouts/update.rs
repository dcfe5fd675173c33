//! Changing a payout's metadata, the only thing that can be changed.

use kernel::{MetadataPatch, Patch, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tx;
use wire::{Path, Reply};

use super::Payout;

/// Parameters of `POST /v1/payouts/{payout}`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdatePayout {
    /// Keys to set, and keys to drop by an empty string.
    #[serde(default)]
    pub metadata: Patch<MetadataPatch>,
}

/// Changes the metadata. Event: `payout.updated`, when something changed.
pub fn update(tx: &mut Tx, path: &Path, p: UpdatePayout) -> Result<Reply<Payout>> {
    let mut payout = tx.get::<Payout>(path.id(), "payout")?;
    payout.metadata = p.metadata.merge(&payout.metadata)?;
    tx.emit_updated("payout.updated", &payout)?;
    tx.put(&payout)?;
    Ok(Reply::document(&payout))
}
