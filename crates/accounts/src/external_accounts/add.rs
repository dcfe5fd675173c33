//! Adding an external account.

use kernel::{Currency, MetadataPatch, Patch, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Doc, Tx};
use wire::{Path, Reply};

use super::params::{ExternalAccountParam, Given};
use super::{ExternalAccount, MOST, from_details};
use crate::access;
use crate::change::{Change, too_many};
use crate::documents::{Account, ExternalRef};

/// What an external account is made of.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateExternalAccount {
    /// Whether payouts of its currency go there from now on.
    default_for_currency: Option<bool>,
    /// A token, or a hash.
    external_account: ExternalAccountParam,
    /// The platform's own notes.
    #[serde(default)]
    metadata: Patch<MetadataPatch>,
}

/// `POST /v1/accounts/{account}/external_accounts`
///
/// The first of its currency is the currency's default; another is it only when it is asked for.
/// Events on the account: `account.external_account.created`, and what it comes to.
pub(crate) fn create(tx: &mut Tx, path: &Path, p: CreateExternalAccount) -> Result<Reply<ExternalAccount>> {
    let account = access::find(tx, path.id())?;
    access::may_manage_external_accounts(tx, &account)?;
    let mut change = Change::of(tx, account)?;
    let become_default = p.default_for_currency.unwrap_or(false);
    let given = p.external_account.read(tx, &change.account)?;
    let mut added = add(tx, &mut change.account, given)?;
    added.metadata = p.metadata.merge(&added.metadata)?;
    if become_default {
        make_default(tx, &mut change.account, &mut added)?;
    }
    tx.put(&added)?;
    tx.emit("account.external_account.created", &added)?;
    change.finish(tx)?;
    Ok(Reply::document(&added))
}

/// Gives an account an external account in place of the currency's default, as creating and updating the account do.
///
/// Events on the account: `account.external_account.created`, and `.deleted` of the one replaced.
pub(crate) fn replace(tx: &mut Tx, account: &mut Doc<Account>, param: ExternalAccountParam) -> Result<()> {
    let given = param.read(tx, account)?;
    if let Some(replaced) = default_of(account, given.details.currency) {
        super::delete::remove(tx, account, &replaced)?;
    }
    let added = add(tx, account, given)?;
    tx.emit("account.external_account.created", &added)
}

/// Adds an external account; without a default of its currency it becomes that.
fn add(tx: &mut Tx, account: &mut Doc<Account>, given: Given) -> Result<Doc<ExternalAccount>> {
    if MOST <= account.private.external_accounts.len() {
        return Err(too_many("external accounts", MOST, "external_account"));
    }
    let mut shown = from_details(tx.id("ba"), &account.id, &given.details);
    shown.account_holder_name = given.holder_name;
    shown.account_holder_type = given.holder_type;
    shown.account_type = given.account_type;
    shown.default_for_currency = default_of(account, shown.currency).is_none();
    account.private.external_accounts.push(ExternalRef {
        id: shown.id.clone(),
        currency: shown.currency,
        default_for_currency: shown.default_for_currency,
    });
    tx.seal(&shown.id, &given.secret)?;
    tx.create(&account.id.clone(), shown, ())
}

/// The id of the currency's default.
pub(super) fn default_of(account: &Doc<Account>, currency: Currency) -> Option<String> {
    let all = &account.private.external_accounts;
    all.iter().find(|external| external.default_for_currency && external.currency == currency).map(|e| e.id.clone())
}

/// Makes `chosen` the default of its currency, in place of the one that was.
pub(super) fn make_default(tx: &mut Tx, account: &mut Doc<Account>, chosen: &mut Doc<ExternalAccount>) -> Result<()> {
    let was = default_of(account, chosen.currency).filter(|id| *id != chosen.id);
    if let Some(was) = was {
        let mut was = tx.load::<ExternalAccount>(&was)?;
        was.default_for_currency = false;
        tx.put(&was)?;
        tx.emit_updated("account.external_account.updated", &was)?;
    }
    chosen.default_for_currency = true;
    for external in &mut account.private.external_accounts {
        if external.currency == chosen.currency {
            external.default_for_currency = external.id == chosen.id;
        }
    }
    Ok(())
}
