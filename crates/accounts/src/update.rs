//! Changing an account.

use kernel::{MetadataPatch, Patch, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tx;
use wire::{Path, Reply};

use crate::access;
use crate::business_profile::BusinessProfileParams;
use crate::capabilities::CapabilitiesParams;
use crate::change::Change;
use crate::company::CompanyParams;
use crate::documents::{Account, BusinessType};
use crate::external_accounts::ExternalAccountParam;
use crate::persons::PersonParams;
use crate::settings::SettingsParams;
use crate::tell::{GroupsParams, Told};
use crate::tos::TosParams;

/// What of an account can be changed. Country and control cannot.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateAccount {
    /// A token that holds identity; not yet.
    account_token: Option<String>,
    /// What it says of its business.
    business_profile: Option<BusinessProfileParams>,
    /// Whose business it is.
    business_type: Option<BusinessType>,
    /// What it asks to be able to do.
    #[serde(default)]
    capabilities: CapabilitiesParams,
    /// What is known of the company.
    company: Option<CompanyParams>,
    /// What it settles in.
    default_currency: Option<String>,
    /// Files; not yet.
    documents: Option<serde_json::Value>,
    /// Its e-mail address.
    #[serde(default)]
    email: Patch<String>,
    /// Where its payouts go, in place of the currency's default; unset to remove all.
    #[serde(default)]
    external_account: Patch<ExternalAccountParam>,
    /// Groups of accounts; not yet.
    groups: Option<GroupsParams>,
    /// What is known of the person whose business it is.
    individual: Option<PersonParams>,
    /// The platform's own notes.
    #[serde(default)]
    metadata: Patch<MetadataPatch>,
    /// Its settings.
    settings: Option<SettingsParams>,
    /// The services agreement.
    tos_acceptance: Option<TosParams>,
}

/// `POST /v1/accounts/{account}`
///
/// A platform may change its own account as well: there is no dashboard yet that could.
/// Events on the account: `account.updated`, and those of what it comes to.
pub(crate) fn update(tx: &mut Tx, path: &Path, p: UpdateAccount) -> Result<Reply<Account>> {
    let account = access::find(tx, path.id())?;
    let told_by_the_account_itself = [
        ("business_type", p.business_type.is_some()),
        ("company", p.company.is_some()),
        ("individual", p.individual.is_some()),
        ("business_profile", p.business_profile.is_some()),
        ("external_account", !p.external_account.is_absent()),
    ];
    for (param, _) in told_by_the_account_itself.iter().filter(|(_, given)| *given) {
        access::may_tell(tx, &account, param)?;
    }
    let mut change = Change::of(tx, account)?;
    let told = Told {
        account_token: p.account_token,
        business_profile: p.business_profile,
        business_type: p.business_type,
        capabilities: p.capabilities,
        company: p.company,
        default_currency: p.default_currency,
        documents: p.documents,
        email: p.email,
        external_account: p.external_account,
        groups: p.groups,
        individual: p.individual,
        metadata: p.metadata,
        settings: p.settings,
        tos_acceptance: p.tos_acceptance,
    };
    told.apply(tx, &mut change.account)?;
    change.finish(tx).map(|account| Reply::document(&account))
}
