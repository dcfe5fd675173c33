//! Opening an account.

use std::collections::BTreeMap;

use kernel::{ApiError, Country, Metadata, MetadataPatch, Patch, Result, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Doc, Tx};
use wire::{List, Path, Reply};

use crate::business_profile::BusinessProfileParams;
use crate::capabilities::{CapabilitiesParams, CapabilityParams, DEFAULTS, add_named};
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
    /// What it asks to be able to do, as older programs say it: the names alone.
    #[serde(default)]
    requested_capabilities: Vec<String>,
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
    let acting = tx.account().to_owned();
    let platform = tx.load::<Account>(&acting)?;
    let Some(application) = platform.private.application.clone() else { return Err(no_platform()) };
    let (kind, controller) = controller::read(p.kind, p.controller)?;
    let country = read_country(p.country.as_deref(), &platform.country)?;
    let mut capabilities = p.capabilities;
    add_named(&mut capabilities, &p.requested_capabilities)?;
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use crate::testing::{BOTH, COMPANY, INDIVIDUAL, Platform, with};

    fn names(value: &Value) -> BTreeSet<&str> {
        value.as_object().unwrap().keys().map(String::as_str).collect()
    }

    #[track_caller]
    fn has(value: &Value, fields: &str) {
        let there = names(value);
        let missing: Vec<&str> = fields.split_whitespace().filter(|field| !there.contains(field)).collect();
        assert_eq!(missing, Vec::<&str>::new());
    }

    #[test]
    fn older_programs_ask_for_capabilities_by_name() {
        let platform = Platform::new();
        let names = [("requested_capabilities[]", "card_payments"), ("requested_capabilities[]", "transfers")];
        let id = platform.open(&[&[("type", "custom")], &names[..]].concat());
        assert_eq!(
            platform.account(&id)["capabilities"],
            json!({ "card_payments": "inactive", "transfers": "inactive" })
        );
        let unknown = platform.post("/v1/accounts", &[("type", "custom"), ("requested_capabilities[]", "teleport")]);
        assert_eq!(unknown.refused(), (400, "", "requested_capabilities[0]"));
        let more =
            platform.post(&format!("/v1/accounts/{id}"), &[("requested_capabilities[]", "tax_reporting_us_1099_k")]);
        assert_eq!(more.ok()["capabilities"].as_object().unwrap().len(), 3);
    }

    #[test]
    fn an_account_shows_every_field_that_the_api_always_has() {
        let account = Platform::new().post("/v1/accounts", INDIVIDUAL).ok();
        let expected = "id object business_profile business_type capabilities charges_enabled controller country created \
                        default_currency details_submitted email external_accounts future_requirements individual metadata \
                        payouts_enabled requirements settings tos_acceptance type";
        assert_eq!(names(&account), expected.split_whitespace().collect());
        assert_eq!(account["object"], "account");
        has(
            &account["business_profile"],
            "annual_revenue estimated_worker_count mcc minority_owned_business_designation name product_description \
             specified_commercial_transactions_act_url support_address support_email support_phone support_url url",
        );
        has(&account["controller"], "fees is_controller losses requirement_collection stripe_dashboard type");
        has(&account["external_accounts"], "object data has_more total_count url");
        let requirements = "alternatives current_deadline currently_due disabled_reason errors eventually_due past_due \
                            pending_verification";
        has(&account["requirements"], requirements);
        has(&account["future_requirements"], requirements);
        let settings = &account["settings"];
        has(
            settings,
            "bacs_debit_payments branding card_issuing card_payments dashboard invoices payments payouts \
             sepa_debit_payments",
        );
        has(&settings["branding"], "icon logo primary_color secondary_color");
        let kinds = "statement_descriptor_prefix statement_descriptor_prefix_kana statement_descriptor_prefix_kanji";
        has(&settings["card_payments"], kinds);
        has(&settings["card_payments"]["decline_on"], "avs_failure cvc_failure");
        has(&settings["dashboard"], "display_name timezone");
        has(&settings["invoices"], "default_account_tax_ids hosted_payment_method_save");
        has(
            &settings["payments"],
            "statement_descriptor statement_descriptor_kana statement_descriptor_kanji statement_descriptor_prefix_kana \
             statement_descriptor_prefix_kanji",
        );
        assert_eq!(settings["payouts"]["schedule"], json!({ "delay_days": 2, "interval": "daily" }));
        assert_eq!(settings["payouts"]["debit_negative_balances"], false);
        has(&account["tos_acceptance"], "date ip user_agent");
        assert_eq!(settings["card_issuing"]["tos_acceptance"], json!({ "date": null, "ip": null }));
    }

    #[test]
    fn a_company_and_its_bank_account_show_every_field_that_the_api_always_has() {
        let account = Platform::new().post("/v1/accounts", COMPANY).ok();
        has(
            &account["company"],
            "address directors_provided executives_provided name owners_provided phone tax_id_provided vat_id_provided \
             verification",
        );
        has(&account["company"]["address"], "city country line1 line2 postal_code state");
        has(&account["company"]["verification"]["document"], "back details details_code front");
        has(
            &account["external_accounts"]["data"][0],
            "id object account account_holder_name account_holder_type account_type available_payout_methods bank_name \
             country currency default_for_currency fingerprint future_requirements last4 metadata requirements \
             routing_number status",
        );
        assert!(account.get("individual").is_none());
    }

    #[test]
    fn each_type_has_its_controller() {
        let platform = Platform::new();
        let cases = [
            (&[("type", "standard")][..], "standard", "account", "stripe", "stripe", "full"),
            (&[("type", "express")], "express", "application_express", "application", "stripe", "express"),
            (
                &[("type", "custom"), ("capabilities[transfers][requested]", "true")],
                "custom",
                "application_custom",
                "application",
                "application",
                "none",
            ),
            (&[("controller[fees][payer]", "application")], "none", "application", "stripe", "stripe", "full"),
            (&[], "none", "account", "stripe", "stripe", "full"),
        ];
        for (form, kind, payer, losses, collection, dashboard) in cases {
            let account = platform.post("/v1/accounts", form).ok();
            assert_eq!(account["type"], kind);
            let expected = json!({
                "fees": { "payer": payer },
                "is_controller": true,
                "losses": { "payments": losses },
                "requirement_collection": collection,
                "stripe_dashboard": { "type": dashboard },
                "type": "application",
            });
            assert_eq!(account["controller"], expected, "{form:?}");
            assert_eq!(account.get("login_links").is_some(), kind == "express");
        }
    }

    #[test]
    fn what_cannot_be_opened_is_refused_by_name() {
        let platform = Platform::new();
        let cases = [
            (&[("type", "custom")][..], (400, "parameter_missing", "capabilities")),
            (
                &[("type", "standard"), ("controller[fees][payer]", "account")],
                (400, "parameters_exclusive", "controller"),
            ),
            (&[("type", "gold")], (400, "", "type")),
            (&[("country", "DE")], (400, "", "country")),
            (&[("country", "NP")], (400, "country_unsupported", "country")),
            (&[("country", "USA")], (400, "country_unsupported", "country")),
            (&[("individual[first_name]", "Ada")], (400, "", "individual")),
            (&[("company[name]", "Acme")], (400, "", "company")),
            (&[("business_type", "company"), ("individual[first_name]", "Ada")], (400, "", "individual")),
            (&[("business_type", "individual"), ("company[name]", "Acme")], (400, "", "company")),
            (&[("tos_acceptance[date]", "1793000000")], (400, "", "tos_acceptance")),
            (&[("type", "express"), ("tos_acceptance[ip]", "1.2.3.4")], (400, "", "tos_acceptance")),
            (&[("email", "nonsense")], (400, "email_invalid", "email")),
            (&[("default_currency", "eur")], (400, "account_country_unsupported_currency", "default_currency")),
            (&[("account_token", "ct_1")], (400, "", "account_token")),
            (&[("documents[company_license][files][]", "file_1")], (400, "", "documents")),
            (&[("foo", "bar")], (400, "parameter_unknown", "foo")),
            (&[("business_profile[foo]", "bar")], (400, "parameter_unknown", "business_profile[foo]")),
            (&[("capabilities[teleport][requested]", "true")], (400, "parameter_unknown", "capabilities[teleport]")),
            (
                &[("type", "express"), ("capabilities[card_payments][requested]", "true")],
                (400, "capability_not_available_without_other_capability", "capabilities[transfers]"),
            ),
            (
                &[
                    ("business_type", "individual"),
                    ("individual[dob][day]", "30"),
                    ("individual[dob][month]", "2"),
                    ("individual[dob][year]", "1990"),
                ],
                (400, "", "individual[dob]"),
            ),
            (
                &[("business_type", "individual"), ("individual[verification][document][front]", "file_1")],
                (400, "", "individual[verification][document][front]"),
            ),
            (
                &[("business_type", "individual"), ("individual[ssn_last_4]", "12a4")],
                (400, "", "individual[ssn_last_4]"),
            ),
            (&[("external_account", "btok_nobody")], (400, "resource_missing", "external_account")),
            (&[("external_account", "tok_visa_debit_us_transferSuccess")], (400, "", "external_account")),
            (
                &[
                    ("external_account[object]", "bank_account"),
                    ("external_account[country]", "US"),
                    ("external_account[routing_number]", "110000000"),
                    ("external_account[account_number]", "123456789012"),
                ],
                (400, "account_number_invalid", "bank_account[account_number]"),
            ),
        ];
        for (form, expected) in cases {
            assert_eq!(platform.post("/v1/accounts", form).refused(), expected, "{form:?}");
        }
        assert_eq!(platform.get("/v1/accounts").ok()["data"], json!([]), "nothing was written");
    }

    #[test]
    fn accepting_the_terms_for_others_is_refused_in_stripes_words() {
        let answer =
            Platform::new().post("/v1/accounts", &[("type", "express"), ("tos_acceptance[date]", "1793000000")]);
        assert_eq!(
            answer.message(),
            "You cannot accept the Terms of Service on behalf of accounts where \
             controller[requirement_collection]=stripe, which includes Standard and Express accounts."
        );
    }

    #[test]
    fn only_a_platform_opens_accounts() {
        let platform = Platform::new();
        let seller = platform.open(INDIVIDUAL);
        let answer = platform.post_as(&seller, "/v1/accounts", &[("type", "standard")]);
        assert!(answer.message().starts_with("You can only create new accounts if you've signed up for Connect"));
    }

    #[test]
    fn a_platform_abroad_is_told_which_accounts_there_are() {
        let platform = Platform::of("DE");
        let answer = platform.post("/v1/accounts", &[("type", "standard")]);
        assert_eq!(answer.refused(), (400, "", "country"));
        assert!(answer.message().contains("DE"), "{}", answer.message());
    }

    #[test]
    fn an_account_that_opens_at_once_says_so() {
        let platform = Platform::new();
        let id = platform.open(INDIVIDUAL);
        let expected = [
            "account.application.authorized",
            "account.external_account.created",
            "person.created",
            "capability.updated",
            "capability.updated",
            "account.updated",
        ];
        assert_eq!(platform.event_types(&id), expected);
        let updated = platform.events(&id).pop().unwrap();
        assert_eq!(updated.account.as_deref(), Some(&*id));
        let previous = updated.data.previous_attributes.unwrap();
        assert_eq!((&previous["charges_enabled"], &previous["payouts_enabled"]), (&json!(false), &json!(false)));
        assert_eq!(previous["capabilities"], json!({ "card_payments": "inactive", "transfers": "inactive" }));
        assert!(platform.events(&platform.id).is_empty(), "nothing happened on the platform");
    }

    #[test]
    fn secrets_are_neither_shown_nor_kept_in_the_open() {
        let platform = Platform::new();
        let form = with(INDIVIDUAL, &[("individual[id_number]", Some("987-65-4320"))]);
        let id = platform.open(&form);
        let person = platform.account(&id)["individual"]["id"].as_str().unwrap().to_owned();
        let caller = store::Caller::account(&id);
        let dump = platform.world.read(&caller, |tx| {
            let account = tx.load::<crate::Account>(&id)?;
            let person = tx.load::<crate::Person>(&person)?;
            let events = tx.find_all::<store::Event>(None, &[], 100)?;
            let events: Vec<_> = events.iter().map(|event| tx.encode(event.shown())).collect();
            Ok(format!("{account:?} {person:?} {events:?}"))
        });
        let dump = dump.unwrap();
        for secret in ["987654320", "987-65-4320", "000123456789", "\"4320\""] {
            assert!(!dump.contains(secret), "{secret}");
        }
        let sealed = platform.world.read(&caller, |tx| crate::persons::PersonSecrets::open(tx, &person)).unwrap();
        assert_eq!(sealed.id_number.as_deref(), Some("987654320"));
        assert_eq!(sealed.ssn_last_4.as_deref(), Some("4320"));
    }

    #[test]
    fn the_usual_prefill_of_an_express_account_leaves_what_only_the_form_can_ask() {
        let form = [
            &[("type", "express"), ("country", "US"), ("business_type", "individual"), ("metadata[user]", "7")],
            &BOTH[..],
            &[
                ("individual[first_name]", "Ada"),
                ("business_profile[url]", "https://ada.example.com"),
                ("business_profile[mcc]", "5734"),
            ],
        ];
        let account = Platform::new().post("/v1/accounts", &form.concat()).ok();
        assert_eq!(account["metadata"], json!({ "user": "7" }));
        assert_eq!(account["individual"]["first_name"], "Ada");
        assert_eq!(account["charges_enabled"], false);
    }
}
