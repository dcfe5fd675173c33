//! Looking at an account's external accounts.

use kernel::Result;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tx;
use wire::{ListSpec, NoParams, Path, Reply};

use super::params::ExternalKind;
use super::{ExternalAccount, find_of};
use crate::access;

/// The filter of a list of external accounts.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListExternalAccounts {
    /// Only bank accounts, or only cards, of which there are none yet.
    object: Option<ExternalKind>,
}

/// `GET /v1/accounts/{account}/external_accounts`
pub(crate) fn list(tx: &mut Tx, path: &Path, p: ListExternalAccounts) -> Result<ListSpec> {
    let account = access::find(tx, path.id())?;
    let spec = ListSpec { account: Some(account.id.clone()), filters: Vec::new() };
    Ok(spec.when("object", p.object.map(ExternalKind::as_str)))
}

/// `GET /v1/accounts/{account}/external_accounts/{id}`
pub(crate) fn retrieve(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<ExternalAccount>> {
    let account = access::find(tx, path.id())?;
    find_of(tx, &account.id, path.at(1), "id").map(|external| Reply::document(&external))
}
