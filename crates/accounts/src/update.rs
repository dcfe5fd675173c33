//! Changing an account.

use kernel::{MetadataPatch, Patch, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tx;
use wire::{Path, Reply};

use crate::access;
use crate::business_profile::BusinessProfileParams;
use crate::capabilities::{CapabilitiesParams, add_named};
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
    /// What it asks to be able to do, as older programs say it: the names alone.
    #[serde(default)]
    requested_capabilities: Vec<String>,
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
    let mut capabilities = p.capabilities;
    add_named(&mut capabilities, &p.requested_capabilities)?;
    let told = Told {
        account_token: p.account_token,
        business_profile: p.business_profile,
        business_type: p.business_type,
        capabilities,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{INDIVIDUAL, Platform, with};

    #[test]
    fn an_update_changes_what_is_given_and_keeps_the_rest() {
        let platform = Platform::new();
        let id = platform.open(INDIVIDUAL);
        let path = format!("/v1/accounts/{id}");
        let form = [
            ("business_profile[support_phone]", "415-555-0199"),
            ("settings[payouts][schedule][interval]", "weekly"),
            ("settings[payouts][schedule][weekly_anchor]", "friday"),
            ("settings[payouts][schedule][delay_days]", "minimum"),
            ("settings[branding][primary_color]", "#635BFF"),
            ("metadata[a]", "1"),
        ];
        let account = platform.post(&path, &form).ok();
        assert_eq!(account["business_profile"]["support_phone"], "+14155550199");
        assert_eq!(account["business_profile"]["mcc"], "5734");
        let schedule = json!({
            "delay_days": 2, "interval": "weekly", "weekly_anchor": "friday", "weekly_payout_days": ["friday"],
        });
        assert_eq!(account["settings"]["payouts"]["schedule"], schedule);
        assert_eq!(account["settings"]["branding"]["primary_color"], "#635bff");
        let account = platform.post(&path, &[("metadata[a]", ""), ("business_profile[support_phone]", "")]).ok();
        assert_eq!(account["metadata"], json!({}));
        assert_eq!(account["business_profile"]["support_phone"], json!(null));
        assert_eq!(platform.account(&id), account);
    }

    #[test]
    fn an_update_tells_what_it_changed_and_nothing_when_it_changed_nothing() {
        let platform = Platform::new();
        let id = platform.open(INDIVIDUAL);
        let before = platform.event_types(&id).len();
        platform.post(&format!("/v1/accounts/{id}"), &[("email", "new@example.com")]).ok();
        let event = platform.events(&id).pop().unwrap();
        assert_eq!(event.kind, "account.updated");
        assert_eq!(json!(event.data.previous_attributes), json!({ "email": "ada@example.com" }));
        platform.post(&format!("/v1/accounts/{id}"), &[("email", "new@example.com")]).ok();
        assert_eq!(platform.event_types(&id).len(), before + 1);
    }

    #[test]
    fn completing_an_account_step_by_step_opens_it() {
        let platform = Platform::new();
        let id = platform.open(&with(INDIVIDUAL, &[("individual[phone]", None)]));
        let path = format!("/v1/accounts/{id}");
        let account = platform.post(&path, &[("individual[phone]", "4155550100")]).ok();
        assert_eq!(account["charges_enabled"], true);
        let types = platform.event_types(&id);
        let expected = ["person.updated", "capability.updated", "capability.updated", "account.updated"];
        assert_eq!(types[types.len() - 4..], expected);
    }

    #[test]
    fn a_platform_changes_its_own_account() {
        let platform = Platform::new();
        let path = format!("/v1/accounts/{}", platform.id);
        let account = platform.post(&path, &[("settings[payments][statement_descriptor]", "MARKET SQUARE")]).ok();
        assert_eq!(account["settings"]["payments"]["statement_descriptor"], "MARKET SQUARE");
        assert_eq!(account["charges_enabled"], true);
        assert_eq!(account["controller"], json!({ "type": "account" }));
    }

    #[test]
    fn country_and_control_cannot_be_changed() {
        let platform = Platform::new();
        let id = platform.open(INDIVIDUAL);
        for param in ["country", "type", "controller[fees][payer]"] {
            let answer = platform.post(&format!("/v1/accounts/{id}"), &[(param, "x")]);
            assert_eq!(answer.refused().1, "parameter_unknown", "{param}");
        }
    }

    #[test]
    fn a_company_can_turn_out_to_be_an_individual() {
        let platform = Platform::new();
        let form = [("type", "custom"), ("business_type", "company"), ("capabilities[transfers][requested]", "true")];
        let id = platform.open(&form);
        let account = platform.post(&format!("/v1/accounts/{id}"), &[("business_type", "individual")]).ok();
        assert!(account.get("company").is_none());
        assert_eq!(account["individual"]["relationship"]["representative"], true);
        let person = account["individual"]["id"].as_str().unwrap();
        let persons = platform.get(&format!("/v1/accounts/{id}/persons")).ok();
        assert_eq!(persons["data"][0]["id"], person);
    }

    #[test]
    fn what_the_accounts_people_took_over_is_theirs_to_tell() {
        let platform = Platform::new();
        let id = platform.open(&[("type", "express"), ("business_type", "individual")]);
        let caller = store::Caller::account(&platform.id);
        let claimed = platform.world.run_blocking(&caller, None, |tx| {
            let mut account = tx.load::<crate::Account>(&id)?;
            account.private.claimed = true;
            tx.put(&account)
        });
        claimed.unwrap();
        let path = format!("/v1/accounts/{id}");
        let answer = platform.post(&path, &[("individual[first_name]", "Ada")]);
        assert_eq!(answer.refused(), (403, "oauth_not_supported", ""));
        let expected = format!(
            "This application does not have the required permissions for the parameter 'individual' on account '{id}'."
        );
        assert_eq!(answer.message(), expected);
        platform.post(&path, &[("metadata[a]", "1"), ("capabilities[transfers][requested]", "true")]).ok();
    }
}
