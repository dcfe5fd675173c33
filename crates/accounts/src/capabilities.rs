//! Capabilities: what an account asked to be able to do, and whether it can.
//!
//! A capability is no document of its own: which are requested is part of the account, and their state follows from it
//! (`requirements`).

use std::collections::BTreeMap;

use kernel::{ApiError, Result, Timestamp, resource_missing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Doc, Tx};
use wire::{List, NoParams, Path, Reply};

use crate::access;
use crate::change::{Change, persons_of, subject};
use crate::documents::{Account, CapabilityStatus, Requirements};
use crate::requirements::{Assessment, Subject, assess};
use crate::validate;
use crate::words::words;

/// Every capability of the API.
const NAMES: [&str; 70] = [
    "acss_debit_payments",
    "affirm_payments",
    "afterpay_clearpay_payments",
    "alma_payments",
    "amazon_pay_payments",
    "app_distribution",
    "au_becs_debit_payments",
    "bacs_debit_payments",
    "bancontact_payments",
    "bank_transfer_payments",
    "billie_payments",
    "bizum_payments",
    "blik_payments",
    "blik_recurring_payments",
    "boleto_payments",
    "card_issuing",
    "card_payments",
    "cartes_bancaires_payments",
    "cashapp_payments",
    "crypto_payments",
    "eps_payments",
    "fpx_payments",
    "gb_bank_transfer_payments",
    "giropay_payments",
    "grabpay_payments",
    "ideal_payments",
    "india_international_payments",
    "jcb_payments",
    "jp_bank_transfer_payments",
    "kakao_pay_payments",
    "klarna_payments",
    "konbini_payments",
    "kr_card_payments",
    "legacy_payments",
    "link_payments",
    "mb_way_payments",
    "mobilepay_payments",
    "multibanco_payments",
    "mx_bank_transfer_payments",
    "naver_pay_payments",
    "nz_bank_account_becs_debit_payments",
    "oxxo_payments",
    "p24_payments",
    "pay_by_bank_payments",
    "payco_payments",
    "paynow_payments",
    "paypay_payments",
    "payto_payments",
    "pix_payments",
    "promptpay_payments",
    "revolut_pay_payments",
    "samsung_pay_payments",
    "satispay_payments",
    "scalapay_payments",
    "sepa_bank_transfer_payments",
    "sepa_debit_payments",
    "sequra_payments",
    "sofort_payments",
    "sunbit_payments",
    "swish_payments",
    "tax_reporting_us_1099_k",
    "tax_reporting_us_1099_misc",
    "transfers",
    "treasury",
    "twint_payments",
    "upi_payments",
    "us_bank_account_ach_payments",
    "us_bank_transfer_payments",
    "wero_payments",
    "zip_payments",
];

/// Capabilities that accounts in the United States cannot have, since their banks or laws are another country's.
const NOT_AMERICAN: [&str; 17] = [
    "au_becs_debit_payments",
    "bacs_debit_payments",
    "boleto_payments",
    "fpx_payments",
    "gb_bank_transfer_payments",
    "india_international_payments",
    "jp_bank_transfer_payments",
    "konbini_payments",
    "mx_bank_transfer_payments",
    "nz_bank_account_becs_debit_payments",
    "oxxo_payments",
    "paynow_payments",
    "paypay_payments",
    "payto_payments",
    "promptpay_payments",
    "sepa_bank_transfer_payments",
    "upi_payments",
];

words! {
    /// A capability's state, requested or not.
    CapabilityState {
        /// It works.
        Active = "active",
        /// It does not.
        Inactive = "inactive",
        /// What was given is being verified.
        Pending = "pending",
        /// Nobody asked for it.
        Unrequested = "unrequested",
    }
}

/// A capability of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Capability {
    /// Its name.
    pub id: String,
    /// `capability`.
    pub object: String,
    /// Whose it is.
    pub account: String,
    /// What will have to be known; Kontor announces nothing yet.
    pub future_requirements: Requirements,
    /// Whether it was asked for.
    pub requested: bool,
    /// When it was asked for.
    pub requested_at: Option<Timestamp>,
    /// What must still be known for it.
    pub requirements: Requirements,
    /// Whether it works.
    pub status: CapabilityState,
}

/// A capability as an account's state makes it.
pub(crate) fn describe(subject: &Subject, assessment: &Assessment, name: &str) -> Capability {
    let (status, requirements) = assessment.capability(subject, name);
    let requested_at = subject.private.requested.get(name).copied();
    let status = match (requested_at, status) {
        (None, _) => CapabilityState::Unrequested,
        (Some(_), CapabilityStatus::Active) => CapabilityState::Active,
        (Some(_), CapabilityStatus::Inactive) => CapabilityState::Inactive,
        (Some(_), CapabilityStatus::Pending) => CapabilityState::Pending,
    };
    Capability {
        id: name.to_owned(),
        object: "capability".into(),
        account: subject.account.id.clone(),
        future_requirements: Requirements::default(),
        requested: requested_at.is_some(),
        requested_at,
        requirements,
        status,
    }
}

/// Whether a capability is asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CapabilityParams {
    /// True asks for it, false gives it up.
    pub(crate) requested: Option<bool>,
}

/// `capabilities`, by name.
pub(crate) type CapabilitiesParams = BTreeMap<String, CapabilityParams>;

/// Adds those that older programs ask for by name alone (`requested_capabilities`).
///
/// Errors: 400 for one that does not exist.
pub(crate) fn add_named(capabilities: &mut CapabilitiesParams, names: &[String]) -> Result<()> {
    for (at, name) in names.iter().enumerate() {
        if !NAMES.contains(&name.as_str()) {
            let param = format!("requested_capabilities[{at}]");
            return Err(ApiError::invalid(&param, format!("Invalid {param}: there is no such capability.")));
        }
        capabilities.entry(name.clone()).or_insert(CapabilityParams { requested: Some(true) });
    }
    Ok(())
}

/// Asks for capabilities, and gives others up.
///
/// Errors: 400 for one that does not exist, that the account's country does not have, or that cannot be asked for; for
/// card payments without transfers.
pub(crate) fn request(account: &mut Doc<Account>, p: &CapabilitiesParams, now: Timestamp) -> Result<()> {
    for (name, capability) in p {
        if !NAMES.contains(&name.as_str()) {
            return Err(unknown(name));
        }
        let requested = &mut account.private.requested;
        match capability.requested {
            None => {}
            Some(false) => drop(requested.remove(name)),
            Some(true) if requested.contains_key(name) => {}
            Some(true) => {
                check_available(&account.country, name)?;
                account.private.requested.insert(name.clone(), now);
            }
        }
    }
    let requested = &account.private.requested;
    if requested.contains_key("card_payments") && !requested.contains_key("transfers") {
        return Err(needs_transfers());
    }
    Ok(())
}

fn check_available(country: &str, name: &str) -> Result<()> {
    match name {
        "legacy_payments" => Err(ApiError::invalid(
            &param(name),
            "The `legacy_payments` capability cannot be requested. Request `card_payments` and `transfers`.",
        )),
        "card_issuing" | "treasury" | "app_distribution" => {
            Err(ApiError::not_yet(&param(name), format!("The `{name}` capability")))
        }
        _ if country == "US" && NOT_AMERICAN.contains(&name) => Err(ApiError::invalid(
            &param(name),
            format!("The `{name}` capability is not available for accounts in {country}."),
        )
        .code("capability_not_available_in_country")),
        _ => Ok(()),
    }
}

/// `GET /v1/accounts/{account}/capabilities`: those that were asked for, the newest first.
pub(crate) fn list(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<List<Capability>>> {
    let account = access::find(tx, path.id())?;
    let persons = persons_of(tx, &account)?;
    let subject = subject(tx, &account, &persons);
    let assessment = assess(&subject);
    let mut all: Vec<Capability> =
        account.private.requested.keys().map(|name| describe(&subject, &assessment, name)).collect();
    all.sort_by_key(|capability| std::cmp::Reverse(capability.requested_at));
    Reply::made(&List::new(path.url(), all, false))
}

/// `GET /v1/accounts/{account}/capabilities/{capability}`: one that was not asked for shows what it would need.
pub(crate) fn retrieve(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<Capability>> {
    let account = access::find(tx, path.id())?;
    let name = known(path.at(1))?;
    reply(tx, &account, name)
}

/// `POST /v1/accounts/{account}/capabilities/{capability}`
///
/// Events on the account: `capability.updated`, `account.updated`.
pub(crate) fn update(tx: &mut Tx, path: &Path, p: CapabilityParams) -> Result<Reply<Capability>> {
    let account = access::find(tx, path.id())?;
    let name = known(path.at(1))?;
    let mut change = Change::of(tx, account)?;
    let asked = CapabilitiesParams::from([(name.to_owned(), p)]);
    request(&mut change.account, &asked, tx.now()).map_err(|error| error.param("requested"))?;
    let account = change.finish(tx)?;
    reply(tx, &account, name)
}

fn reply(tx: &mut Tx, account: &Doc<Account>, name: &str) -> Result<Reply<Capability>> {
    let persons = persons_of(tx, account)?;
    let subject = subject(tx, account, &persons);
    Reply::made(&describe(&subject, &assess(&subject), name))
}

fn known(name: &str) -> Result<&str> {
    if NAMES.contains(&name) {
        Ok(name)
    } else {
        Err(resource_missing("capability", &validate::shown(name), "capability"))
    }
}

fn param(name: &str) -> String {
    format!("capabilities[{name}]")
}

fn unknown(name: &str) -> ApiError {
    let param = param(&validate::shown(name));
    ApiError::invalid(&param, format!("Received unknown parameter: {param}")).code("parameter_unknown")
}

fn needs_transfers() -> ApiError {
    ApiError::invalid(
        "capabilities[transfers]",
        "The `card_payments` capability cannot be had without the `transfers` capability: request both, or give both up.",
    )
    .code("capability_not_available_without_other_capability")
}

/// The capabilities that a full-dashboard account gets by itself.
pub(crate) const DEFAULTS: [&str; 2] = ["card_payments", "transfers"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{NAMES, NOT_AMERICAN};
    use crate::testing::{INDIVIDUAL, Platform, keys};

    #[test]
    fn names_are_sorted_and_the_american_exceptions_among_them() {
        assert!(NAMES.is_sorted());
        assert!(NOT_AMERICAN.iter().all(|name| NAMES.contains(name)));
    }

    #[test]
    fn a_capability_shows_every_field_of_the_api() {
        let platform = Platform::new();
        let id = platform.open(INDIVIDUAL);
        let capability = platform.get(&format!("/v1/accounts/{id}/capabilities/card_payments")).ok();
        let nothing = json!({
            "alternatives": [], "current_deadline": null, "currently_due": [], "disabled_reason": null, "errors": [],
            "eventually_due": [], "past_due": [], "pending_verification": [],
        });
        let mut due = nothing.clone();
        due["eventually_due"] = json!(["individual.id_number"]);
        let expected = json!({
            "id": "card_payments", "object": "capability", "account": id, "future_requirements": nothing,
            "requested": true, "requested_at": 1_793_620_800, "requirements": due, "status": "active",
        });
        assert_eq!(capability, expected);
    }

    #[test]
    fn a_capability_that_nobody_asked_for_shows_what_it_would_need() {
        let platform = Platform::new();
        let form =
            [("type", "custom"), ("business_type", "individual"), ("capabilities[transfers][requested]", "true")];
        let id = platform.open(&form);
        let capability = platform.get(&format!("/v1/accounts/{id}/capabilities/card_payments")).ok();
        assert_eq!((&capability["status"], &capability["requested"]), (&json!("unrequested"), &json!(false)));
        assert!(keys(&capability["requirements"]["currently_due"]).contains(&"individual.ssn_last_4"));
        let all = platform.get(&format!("/v1/accounts/{id}/capabilities")).ok();
        assert_eq!(all["data"].as_array().unwrap().len(), 1);
        assert_eq!(all["url"], format!("/v1/accounts/{id}/capabilities"));
    }

    #[test]
    fn a_capability_is_asked_for_and_given_up() {
        let platform = Platform::new();
        let id = platform.open(INDIVIDUAL);
        let path = format!("/v1/accounts/{id}/capabilities/link_payments");
        assert_eq!(platform.post(&path, &[("requested", "true")]).ok()["status"], "active");
        assert_eq!(platform.account(&id)["capabilities"]["link_payments"], "active");
        assert_eq!(platform.post(&path, &[("requested", "false")]).ok()["status"], "unrequested");
        assert!(platform.account(&id)["capabilities"].get("link_payments").is_none());
        let types = platform.event_types(&id);
        let expected = ["capability.updated", "account.updated", "capability.updated", "account.updated"];
        assert_eq!(types[types.len() - 4..], expected);
    }

    #[test]
    fn what_cannot_be_asked_for_is_refused() {
        let platform = Platform::new();
        let id = platform.open(INDIVIDUAL);
        let ask = |name: &str, requested: &str| {
            platform.post(&format!("/v1/accounts/{id}/capabilities/{name}"), &[("requested", requested)])
        };
        assert_eq!(ask("teleport", "true").refused(), (404, "resource_missing", "capability"));
        assert_eq!(ask("legacy_payments", "true").refused(), (400, "", "requested"));
        assert_eq!(ask("treasury", "true").refused(), (400, "", "requested"));
        assert_eq!(ask("oxxo_payments", "true").refused().1, "capability_not_available_in_country");
        assert_eq!(ask("transfers", "false").refused().1, "capability_not_available_without_other_capability");
        assert_eq!(ask("transfers", "perhaps").refused().2, "requested");
    }
}
