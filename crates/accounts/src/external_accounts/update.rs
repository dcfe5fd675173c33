//! Changing an external account. What names the bank account cannot be changed: another must be added.

use kernel::{ApiError, MetadataPatch, Patch, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Doc, Tx};
use wire::{Path, Reply};

use super::add::make_default;
use super::{BankAccountType, ExternalAccount, ExternalAccountStatus, HolderType, find_of};
use crate::access;
use crate::address::set_line;
use crate::change::Change;

/// What of an external account can be changed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateExternalAccount {
    /// Whose bank account it is.
    #[serde(default)]
    account_holder_name: Patch<String>,
    /// A company's or a person's.
    #[serde(default)]
    account_holder_type: Patch<HolderType>,
    /// The bank's kind of account.
    account_type: Option<BankAccountType>,
    /// Whether payouts of its currency go there from now on.
    default_for_currency: Option<bool>,
    /// Files; not yet.
    documents: Option<serde_json::Value>,
    /// The platform's own notes.
    #[serde(default)]
    metadata: Patch<MetadataPatch>,
    // Of cards only.
    address_city: Option<String>,
    address_country: Option<String>,
    address_line1: Option<String>,
    address_line2: Option<String>,
    address_state: Option<String>,
    address_zip: Option<String>,
    exp_month: Option<String>,
    exp_year: Option<String>,
    name: Option<String>,
}

impl UpdateExternalAccount {
    fn is_metadata_only(&self) -> bool {
        self.account_holder_name.is_absent()
            && self.account_holder_type.is_absent()
            && self.account_type.is_none()
            && self.default_for_currency.is_none()
            && !self.metadata.is_absent()
    }

    fn field_of_a_card(&self) -> Option<&'static str> {
        let given = [
            ("address_city", &self.address_city),
            ("address_country", &self.address_country),
            ("address_line1", &self.address_line1),
            ("address_line2", &self.address_line2),
            ("address_state", &self.address_state),
            ("address_zip", &self.address_zip),
            ("exp_month", &self.exp_month),
            ("exp_year", &self.exp_year),
            ("name", &self.name),
        ];
        given.into_iter().find(|(_, value)| value.is_some()).map(|(field, _)| field)
    }
}

/// `POST /v1/accounts/{account}/external_accounts/{id}`
///
/// An update, even without parameters, lets payouts go to an `errored` one again.
/// Events on the account: `account.external_account.updated`, `account.updated`.
pub(crate) fn update(tx: &mut Tx, path: &Path, p: UpdateExternalAccount) -> Result<Reply<ExternalAccount>> {
    let account = access::find(tx, path.id())?;
    let mut external = find_of(tx, &account.id, path.at(1), "id")?;
    if let Some(field) = p.field_of_a_card() {
        return Err(only_of_cards(field));
    }
    if p.documents.is_some() {
        return Err(ApiError::not_yet("documents", "A document"));
    }
    if !p.is_metadata_only() {
        access::may_manage_external_accounts(tx, &account)?;
    }
    let mut change = Change::of(tx, account)?;
    if p.default_for_currency == Some(false) && external.default_for_currency {
        return Err(must_have_a_default());
    }
    if p.default_for_currency == Some(true) {
        make_default(tx, &mut change.account, &mut external)?;
    }
    apply(&mut external, p)?;
    tx.emit_updated("account.external_account.updated", &external)?;
    tx.put(&external)?;
    change.finish(tx)?;
    Ok(Reply::document(&external))
}

fn apply(external: &mut Doc<ExternalAccount>, p: UpdateExternalAccount) -> Result<()> {
    set_line(&mut external.account_holder_name, p.account_holder_name, "account_holder_name")?;
    p.account_holder_type.apply(&mut external.account_holder_type);
    external.account_type = p.account_type.or(external.account_type);
    external.metadata = p.metadata.merge(&external.metadata)?;
    match external.status {
        ExternalAccountStatus::Errored => external.status = ExternalAccountStatus::New,
        ExternalAccountStatus::New
        | ExternalAccountStatus::Validated
        | ExternalAccountStatus::VerificationFailed
        | ExternalAccountStatus::Verified => {}
    }
    Ok(())
}

fn only_of_cards(field: &str) -> ApiError {
    ApiError::invalid(field, format!("You cannot set `{field}` on a bank account: only cards have it."))
}

fn must_have_a_default() -> ApiError {
    ApiError::invalid(
        "default_for_currency",
        "A currency must keep a default external account. Make another one the default instead.",
    )
}
