//! Opening an account.

use std::collections::BTreeMap;

use kernel::{ApiError, Country, Metadata, MetadataPatch, Patch, Result, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Doc, Tx};
use wire::{List, Path, Reply};

use crate::business_profile::BusinessProfileParams;
use crate::capabilities::{CapabilitiesParams, CapabilityParams, DEFAULTS};
use crate::change::Change;
use crate::company::CompanyParams;
use crate::controller::{AccountTypeParam, ControllerParams};
use crate::documents::{
    Account, AccountPrivate, AccountType, BusinessProfile, BusinessType, Controller, DashboardType, PayoutInterval,
    PayoutSchedule, RequirementCollection, Requirements, Settings, TosAcceptance,
};
use crate::external_accounts::ExternalAccountParam;
use crate::persons::PersonParams;
use crate::settings::SettingsParams;
use crate::tell::{GroupsParams, Told};
use crate::tos::TosParams;
use crate::{controller, events, validate};

/// What an account is opened with.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateAccount {
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
    /// Who controls it.
    controller: Option<ControllerParams>,
    /// Where it is; the platform's country when it is not given.
    country: Option<String>,
    /// What it settles in.
    default_currency: Option<String>,
    /// Files; not yet.
    documents: Option<serde_json::Value>,
    /// Its e-mail address.
    #[serde(default)]
    email: Patch<String>,
    /// Where its payouts go.
    external_account: Option<ExternalAccountParam>,
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
    /// How it is opened, in the older way.
    #[serde(rename = "type")]
    kind: Option<AccountTypeParam>,
}

/// `POST /v1/accounts`
///
/// A full-dashboard account asks for card payments and transfers by itself, and in a sandbox takes transfers at once; one
/// without a dashboard must ask for at least one capability. An account that is given everything opens at once.
/// Events on the account: `account.application.authorized`, those of its persons, capabilities and external account, and
/// `account.updated` when it opens at once.
pub(crate) fn create(tx: &mut Tx, _: &Path, p: CreateAccount) -> Result<Reply<Account>> {
    let platform = tx.load::<Account>(&tx.account().to_owned())?;
    let Some(application) = platform.private.application.clone() else { return Err(no_platform()) };
    let (kind, controller) = controller::read(p.kind, p.controller)?;
    let country = read_country(p.country.as_deref(), &platform.country)?;
    let mut capabilities = p.capabilities;
    match controller.stripe_dashboard.as_ref().map(|dashboard| dashboard.kind) {
        Some(DashboardType::Full) => request_defaults(&mut capabilities),
        Some(DashboardType::None) => check_asks_for_something(&capabilities)?,
        Some(DashboardType::Express) | None => {}
    }
    let shown = blank(tx.id("acct"), country, kind, controller, tx.now());
    let private = AccountPrivate { platform: Some(platform.id.clone()), ..AccountPrivate::default() };
    let account: Doc<Account> = tx.create(&platform.id, shown, private)?;
    tx.emit_object("account.application.authorized", &account.id, events::to_map(tx, &application)?, None)?;
    let mut change = Change::creating(account);
    let told = Told {
        account_token: p.account_token,
        business_profile: p.business_profile,
        business_type: p.business_type,
        capabilities,
        company: p.company,
        default_currency: p.default_currency,
        documents: p.documents,
        email: p.email,
        external_account: p.external_account.map_or(Patch::Absent, Patch::Set),
        groups: p.groups,
        individual: p.individual,
        metadata: p.metadata,
        settings: p.settings,
        tos_acceptance: p.tos_acceptance,
    };
    told.apply(tx, &mut change.account)?;
    change.finish(tx).map(|account| Reply::document(&account))
}

/// The country of a connected account. Only the United States so far; the others' place is beside
/// `requirements::united_states`.
fn read_country(given: Option<&str>, platform: &str) -> Result<&'static Country> {
    let code = validate::country(given.unwrap_or(platform), "country")?;
    if code == "US"
        && let Some(country) = Country::find(&code)
    {
        return Ok(country);
    }
    if !COUNTRIES.contains(&code.as_str()) {
        let message = format!("{code} is not currently supported by Stripe.");
        return Err(ApiError::invalid("country", message).code("country_unsupported"));
    }
    Err(ApiError::not_yet("country", format!("A connected account in {code} (accounts in US are)")))
}

/// Where Stripe opens accounts.
const COUNTRIES: [&str; 109] = [
    "AE", "AG", "AL", "AM", "AR", "AT", "AU", "BA", "BE", "BG", "BH", "BJ", "BN", "BO", "BR", "BS", "BW", "CA", "CH",
    "CI", "CL", "CO", "CR", "CY", "CZ", "DE", "DK", "DO", "EC", "EE", "EG", "ES", "ET", "FI", "FR", "GB", "GH", "GI",
    "GM", "GR", "GT", "GY", "HK", "HR", "HU", "IE", "IL", "IN", "IS", "IT", "JM", "JO", "JP", "KE", "KH", "KR", "KW",
    "LC", "LI", "LK", "LT", "LU", "LV", "MA", "MC", "MD", "MG", "MK", "MN", "MO", "MT", "MU", "MX", "MY", "NA", "NG",
    "NL", "NO", "NZ", "OM", "PA", "PE", "PH", "PK", "PL", "PT", "PY", "QA", "RO", "RS", "RW", "SA", "SE", "SG", "SI",
    "SK", "SN", "SV", "TH", "TN", "TR", "TT", "TW", "TZ", "US", "UY", "UZ", "VN", "ZA",
];

fn request_defaults(capabilities: &mut CapabilitiesParams) {
    for name in DEFAULTS {
        capabilities.entry(name.to_owned()).or_insert(CapabilityParams { requested: Some(true) });
    }
}

fn check_asks_for_something(capabilities: &CapabilitiesParams) -> Result<()> {
    if capabilities.values().any(|capability| capability.requested == Some(true)) {
        return Ok(());
    }
    Err(ApiError::invalid(
        "capabilities",
        "You must request at least one capability for an account without a dashboard, such as \
         capabilities[card_payments][requested]=true and capabilities[transfers][requested]=true.",
    )
    .code("parameter_missing"))
}

fn no_platform() -> ApiError {
    ApiError::bad_request(
        "You can only create new accounts if you've signed up for Connect, which you can do at \
         https://dashboard.stripe.com/connect.",
    )
}

/// An account of which nothing is known yet.
pub(crate) fn blank(
    id: String,
    country: &Country,
    kind: AccountType,
    controller: Controller,
    created: Timestamp,
) -> Account {
    let is_platform_collected = controller.requirement_collection == Some(RequirementCollection::Application);
    let is_express = controller.stripe_dashboard.as_ref().is_some_and(|d| d.kind == DashboardType::Express);
    let schedule = PayoutSchedule::new(PayoutInterval::Daily, country.delay_days);
    let mut external_accounts = List::new(&format!("/v1/accounts/{id}/external_accounts"), Vec::new(), false);
    external_accounts.total_count = Some(0);
    let login_links = is_express.then(|| {
        let mut links = List::new(&format!("/v1/accounts/{id}/login_links"), Vec::new(), false);
        links.total_count = Some(0);
        links
    });
    Account {
        id,
        object: "account".into(),
        business_profile: BusinessProfile::default(),
        business_type: None,
        capabilities: BTreeMap::new(),
        charges_enabled: false,
        company: None,
        controller,
        country: country.code.to_owned(),
        created,
        default_currency: country.default_currency(),
        details_submitted: false,
        email: None,
        external_accounts,
        future_requirements: Requirements::default(),
        individual: None,
        login_links,
        metadata: Metadata::new(),
        payouts_enabled: false,
        requirements: Requirements::default(),
        settings: Settings::new(schedule, !is_platform_collected),
        tos_acceptance: TosAcceptance::default(),
        kind,
    }
}
