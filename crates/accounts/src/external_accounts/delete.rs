//! Removing an external account.

use kernel::{ApiError, Currency, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Doc, Tx};
use wire::{NoParams, Path, Reply};

use super::add::make_default;
use super::{ExternalAccount, find_of};
use crate::access;
use crate::change::Change;
use crate::documents::Account;

/// What removing an external account answers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct DeletedExternalAccount {
    id: String,
    object: String,
    currency: Currency,
    deleted: bool,
}

/// `DELETE /v1/accounts/{account}/external_accounts/{id}`
///
/// Limits: not the default of the account's default currency. When the default of another currency goes, the oldest that
/// is left takes its place.
/// Events on the account: `account.external_account.deleted`, and what it comes to.
pub(crate) fn delete(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<DeletedExternalAccount>> {
    let account = access::find(tx, path.id())?;
    let external = find_of(tx, &account.id, path.at(1), "id")?;
    access::may_manage_external_accounts(tx, &account)?;
    if external.default_for_currency && external.currency == account.default_currency {
        return Err(is_default());
    }
    let mut change = Change::of(tx, account)?;
    remove(tx, &mut change.account, &external.id)?;
    let left = change.account.private.external_accounts.iter().find(|e| e.currency == external.currency);
    if let Some(left) = left.filter(|_| external.default_for_currency).map(|left| left.id.clone()) {
        let mut next = tx.load::<ExternalAccount>(&left)?;
        make_default(tx, &mut change.account, &mut next)?;
        tx.emit_updated("account.external_account.updated", &next)?;
        tx.put(&next)?;
    }
    change.finish(tx)?;
    let (id, currency) = (external.id.clone(), external.currency);
    Reply::made(&DeletedExternalAccount { id, object: "bank_account".into(), currency, deleted: true })
}

/// Removes one, whatever it is default of, with its sealed numbers.
pub(crate) fn remove(tx: &mut Tx, account: &mut Doc<Account>, id: &str) -> Result<()> {
    let external = tx.load::<ExternalAccount>(id)?;
    account.private.external_accounts.retain(|kept| kept.id != id);
    tx.emit("account.external_account.deleted", &external)?;
    tx.unseal_forever(id);
    tx.delete(&external)
}

fn is_default() -> ApiError {
    ApiError::invalid(
        "id",
        "You cannot delete the default external account for your default currency. Please make another external account \
         the default using the `default_for_currency` param, and then delete this one.",
    )
}
