//! What is due, through the API: a table a state.

use serde_json::{Value, json};

use crate::testing::{BOTH, COMPANY, INDIVIDUAL, Platform, REPRESENTATIVE, keys, with};

/// Opens `form` and answers the account.
fn opened(platform: &Platform, form: &[(&str, &str)]) -> Value {
    platform.post("/v1/accounts", form).ok()
}

#[test]
fn an_individual_given_everything_opens_at_once() {
    let account = opened(&Platform::new(), INDIVIDUAL);
    assert_eq!(account["capabilities"], json!({ "card_payments": "active", "transfers": "active" }));
    assert_eq!(account["charges_enabled"], true);
    assert_eq!(account["payouts_enabled"], true);
    assert_eq!(account["details_submitted"], true);
    let due = &account["requirements"];
    for list in ["currently_due", "past_due", "pending_verification", "errors", "alternatives"] {
        assert_eq!(due[list], json!([]), "{list}");
    }
    assert_eq!(due["disabled_reason"], Value::Null);
    assert_eq!(due["eventually_due"], json!(["individual.id_number"]));
    assert_eq!(account["individual"]["verification"]["status"], "verified");
    assert_eq!(account["settings"]["payments"]["statement_descriptor"], "ADA.EXAMPLE.COM");
}

#[test]
fn with_the_whole_id_number_nothing_is_due_ever() {
    let form = with(INDIVIDUAL, &[("individual[id_number]", Some("000000000"))]);
    let account = opened(&Platform::new(), &form);
    assert_eq!(account["requirements"]["eventually_due"], json!([]));
}

#[test]
fn an_account_given_less_says_exactly_what_is_due() {
    let cases: &[(&str, &[&str])] = &[
        ("business_profile[mcc]", &["business_profile.mcc"]),
        ("individual[phone]", &["individual.phone"]),
        ("individual[email]", &["individual.email"]),
        ("individual[first_name]", &["individual.first_name"]),
        ("individual[address][city]", &["individual.address.city"]),
        ("individual[ssn_last_4]", &["individual.ssn_last_4"]),
        ("tos_acceptance[date]", &["tos_acceptance.date"]),
        ("tos_acceptance[ip]", &["tos_acceptance.ip"]),
    ];
    for (missing, expected) in cases {
        let account = opened(&Platform::new(), &with(INDIVIDUAL, &[(missing, None)]));
        let due = &account["requirements"];
        assert_eq!(keys(&due["currently_due"]), *expected, "{missing}");
        assert_eq!(keys(&due["past_due"]), *expected, "{missing}");
        assert_eq!(due["disabled_reason"], "requirements.past_due", "{missing}");
        assert_eq!(
            account["capabilities"],
            json!({ "card_payments": "inactive", "transfers": "inactive" }),
            "{missing}"
        );
        assert_eq!(account["charges_enabled"], false, "{missing}");
        assert_eq!(account["payouts_enabled"], false, "{missing}");
        assert_eq!(account["details_submitted"], false, "{missing}");
    }
}

#[test]
fn without_an_external_account_charges_are_on_and_payouts_off() {
    let form: Vec<_> = INDIVIDUAL.iter().copied().filter(|(name, _)| !name.starts_with("external_account")).collect();
    let account = opened(&Platform::new(), &form);
    assert_eq!(keys(&account["requirements"]["currently_due"]), ["external_account"]);
    assert_eq!(account["charges_enabled"], true);
    assert_eq!(account["payouts_enabled"], false);
    assert_eq!(account["requirements"]["disabled_reason"], "requirements.past_due");
}

const BARE: [&str; 13] = [
    "business_profile.mcc",
    "business_profile.url",
    "business_type",
    "external_account",
    "representative.dob.day",
    "representative.dob.month",
    "representative.dob.year",
    "representative.email",
    "representative.first_name",
    "representative.last_name",
    "settings.payments.statement_descriptor",
    "tos_acceptance.date",
    "tos_acceptance.ip",
];

#[test]
fn a_bare_account_with_both_capabilities_is_asked_for_thirteen_things() {
    for kind in ["express", "custom"] {
        let form = [&[("type", kind), ("email", "a@example.com")], &BOTH[..]].concat();
        let account = opened(&Platform::new(), &form);
        let due = &account["requirements"];
        for list in ["currently_due", "eventually_due", "past_due"] {
            assert_eq!(keys(&due[list]), BARE, "{kind} {list}");
        }
        assert_eq!(due["disabled_reason"], "requirements.past_due");
        let description = json!([{
            "alternative_fields_due": ["business_profile.product_description"],
            "original_fields_due": ["business_profile.url"],
        }]);
        assert_eq!(due["alternatives"], description);
    }
}

#[test]
fn an_express_account_that_asks_for_nothing_is_asked_for_eight_things() {
    let account = opened(&Platform::new(), &[("type", "express")]);
    let expected = [
        "business_profile.mcc",
        "business_profile.url",
        "business_type",
        "external_account",
        "representative.first_name",
        "representative.last_name",
        "tos_acceptance.date",
        "tos_acceptance.ip",
    ];
    assert_eq!(keys(&account["requirements"]["currently_due"]), expected);
    assert_eq!(account["capabilities"], json!({}));
}

#[test]
fn a_bare_individual_is_asked_for_the_individuals_own_keys() {
    let form = [&[("type", "custom"), ("business_type", "individual")], &BOTH[..]].concat();
    let account = opened(&Platform::new(), &form);
    let expected = [
        "business_profile.mcc",
        "business_profile.url",
        "external_account",
        "individual.address.city",
        "individual.address.line1",
        "individual.address.postal_code",
        "individual.address.state",
        "individual.dob.day",
        "individual.dob.month",
        "individual.dob.year",
        "individual.email",
        "individual.first_name",
        "individual.last_name",
        "individual.phone",
        "individual.ssn_last_4",
        "settings.payments.statement_descriptor",
        "tos_acceptance.date",
        "tos_acceptance.ip",
    ];
    assert_eq!(keys(&account["requirements"]["currently_due"]), expected);
    let person = &account["individual"]["requirements"];
    assert!(keys(&person["currently_due"]).contains(&"dob.day"));
    assert_eq!(account["individual"]["verification"]["status"], "unverified");
}

#[test]
fn who_only_receives_transfers_is_asked_for_less_now() {
    let form = [
        ("type", "custom"),
        ("business_type", "individual"),
        ("business_profile[product_description]", "Deliveries"),
        ("business_profile[mcc]", "4215"),
        ("capabilities[transfers][requested]", "true"),
    ];
    let account = opened(&Platform::new(), &form);
    let due = keys(&account["requirements"]["currently_due"]);
    assert!(!due.contains(&"individual.ssn_last_4") && !due.contains(&"individual.phone"), "{due:?}");
    assert!(due.contains(&"individual.dob.day"));
    let eventually = keys(&account["requirements"]["eventually_due"]);
    assert!(eventually.contains(&"individual.ssn_last_4") && eventually.contains(&"individual.id_number"));
}

#[test]
fn transfers_alone_enable_charges_and_payouts() {
    let form = with(
        INDIVIDUAL,
        &[
            ("capabilities[card_payments][requested]", None),
            ("individual[ssn_last_4]", None),
            ("individual[phone]", None),
            ("individual[email]", None),
        ],
    );
    let account = opened(&Platform::new(), &form);
    assert_eq!(account["capabilities"], json!({ "transfers": "active" }));
    assert_eq!(account["charges_enabled"], true);
    assert_eq!(account["payouts_enabled"], true);
}

#[test]
fn a_bare_standard_account_takes_transfers_in_a_sandbox() {
    for form in [&[("type", "standard")][..], &[]] {
        let account = opened(&Platform::new(), form);
        assert_eq!(account["capabilities"], json!({ "card_payments": "inactive", "transfers": "active" }));
        assert_eq!(account["charges_enabled"], false);
        assert_eq!(account["payouts_enabled"], false);
        let expected = [
            "business_profile.product_description",
            "business_profile.support_phone",
            "business_profile.url",
            "external_account",
            "tos_acceptance.date",
            "tos_acceptance.ip",
        ];
        assert_eq!(keys(&account["requirements"]["currently_due"]), expected);
        assert_eq!(account["requirements"]["past_due"], json!([]));
        assert_eq!(account["requirements"]["disabled_reason"], "requirements.past_due");
    }
}

#[test]
fn a_bare_company_is_asked_for_itself_its_representative_and_its_owners() {
    let form = [&[("type", "custom"), ("business_type", "company")], &BOTH[..]].concat();
    let account = opened(&Platform::new(), &form);
    let expected = [
        "business_profile.mcc",
        "business_profile.url",
        "company.address.city",
        "company.address.line1",
        "company.address.postal_code",
        "company.address.state",
        "company.name",
        "company.owners_provided",
        "company.phone",
        "company.tax_id",
        "external_account",
        "owners.email",
        "owners.first_name",
        "owners.last_name",
        "representative.address.city",
        "representative.address.line1",
        "representative.address.postal_code",
        "representative.address.state",
        "representative.dob.day",
        "representative.dob.month",
        "representative.dob.year",
        "representative.email",
        "representative.first_name",
        "representative.last_name",
        "representative.phone",
        "representative.relationship.executive",
        "representative.relationship.title",
        "representative.ssn_last_4",
        "settings.payments.statement_descriptor",
        "tos_acceptance.date",
        "tos_acceptance.ip",
    ];
    assert_eq!(keys(&account["requirements"]["currently_due"]), expected);
    let eventually = keys(&account["requirements"]["eventually_due"]);
    assert!(eventually.contains(&"owners.dob.day") && eventually.contains(&"representative.id_number"));
}

#[test]
fn a_company_opens_with_its_representative() {
    let platform = Platform::new();
    let id = platform.open(COMPANY);
    let before = platform.account(&id);
    assert_eq!(before["charges_enabled"], false);
    assert!(keys(&before["requirements"]["currently_due"]).iter().all(|key| key.starts_with("representative.")));
    platform.post(&format!("/v1/accounts/{id}/persons"), REPRESENTATIVE).ok();
    let account = platform.account(&id);
    assert_eq!(account["requirements"]["currently_due"], json!([]));
    assert_eq!(account["capabilities"], json!({ "card_payments": "active", "transfers": "active" }));
    assert_eq!((&account["charges_enabled"], &account["payouts_enabled"]), (&json!(true), &json!(true)));
    assert_eq!(account["company"]["tax_id_provided"], true);
}

#[test]
fn a_persons_keys_carry_its_id_on_the_account_and_none_on_itself() {
    let platform = Platform::new();
    let id = platform.open(COMPANY);
    let form = with(REPRESENTATIVE, &[("relationship[title]", None), ("relationship[executive]", None)]);
    let person = platform.post(&format!("/v1/accounts/{id}/persons"), &form).ok();
    let name = person["id"].as_str().unwrap();
    let account = platform.account(&id);
    let expected = [format!("{name}.relationship.executive"), format!("{name}.relationship.title")];
    assert_eq!(keys(&account["requirements"]["currently_due"]), expected);
    assert_eq!(keys(&person["requirements"]["currently_due"]), ["relationship.executive", "relationship.title"]);
    assert_eq!(
        keys(&person["requirements"]["eventually_due"]),
        ["id_number", "relationship.executive", "relationship.title"]
    );
}

#[test]
fn an_owner_is_asked_for_a_name_now_and_the_rest_later() {
    let platform = Platform::new();
    let id = platform.open(&with(COMPANY, &[("company[owners_provided]", None)]));
    platform.post(&format!("/v1/accounts/{id}/persons"), REPRESENTATIVE).ok();
    assert!(keys(&platform.account(&id)["requirements"]["currently_due"]).contains(&"owners.email"));
    let owner = [("first_name", "Olga"), ("relationship[owner]", "true"), ("relationship[percent_ownership]", "60")];
    let owner = platform.post(&format!("/v1/accounts/{id}/persons"), &owner).ok();
    let name = owner["id"].as_str().unwrap();
    let account = platform.account(&id);
    let expected = ["company.owners_provided".to_owned(), format!("{name}.email"), format!("{name}.last_name")];
    assert_eq!(keys(&account["requirements"]["currently_due"]), expected);
    assert!(keys(&account["requirements"]["eventually_due"]).contains(&&*format!("{name}.dob.day")));
}

#[test]
fn structures_without_private_owners_name_none() {
    let cases = [
        ("company", "public_corporation", false),
        ("company", "sole_proprietorship", false),
        ("company", "private_corporation", true),
        ("company", "multi_member_llc", true),
        ("non_profit", "incorporated_non_profit", false),
        ("government_entity", "governmental_unit", false),
    ];
    for (business_type, structure, has_owners) in cases {
        let start = [("type", "custom"), ("business_type", business_type), ("company[structure]", structure)];
        let account = opened(&Platform::new(), &[&start, &BOTH[..]].concat());
        let due = keys(&account["requirements"]["currently_due"]);
        assert_eq!(due.contains(&"company.owners_provided"), has_owners, "{business_type} {structure}");
        assert!(due.contains(&"company.tax_id"), "{business_type} {structure}");
    }
}

/// A failing value of an individual: the parameter, its value, the error's code and requirement, and all that is due.
const FAILING: &[(&str, &str, &str, &str, &[&str])] = &[
    (
        "individual[address][line1]",
        "address_no_match",
        "verification_failed_address_match",
        "individual.address.line1",
        &["individual.address.line1"],
    ),
    (
        "individual[address][line1]",
        "address_line1_no_match",
        "verification_failed_address_match",
        "individual.address.line1",
        &[
            "individual.address.city",
            "individual.address.line1",
            "individual.address.postal_code",
            "individual.address.state",
        ],
    ),
    (
        "individual[id_number]",
        "111111111",
        "verification_failed_id_number_match",
        "individual.id_number",
        &["individual.id_number"],
    ),
    (
        "individual[ssn_last_4]",
        "1111",
        "verification_failed_id_number_match",
        "individual.id_number",
        &["individual.id_number"],
    ),
    (
        "individual[dob][year]",
        "2010",
        "invalid_dob_age_under_18",
        "individual.dob.day",
        &["individual.dob.day", "individual.dob.month", "individual.dob.year"],
    ),
    (
        "business_profile[url]",
        "https://disallowed.stripe.com",
        "invalid_url_denylisted",
        "business_profile.url",
        &["business_profile.url"],
    ),
    (
        "business_profile[name]",
        "disallowed_dba",
        "invalid_business_profile_name_denylisted",
        "business_profile.name",
        &["business_profile.name"],
    ),
    (
        "business_profile[product_description]",
        "require_url",
        "invalid_url_web_presence_detected",
        "business_profile.url",
        &["business_profile.url"],
    ),
    (
        "settings[payments][statement_descriptor]",
        "mismatch",
        "invalid_statement_descriptor_business_mismatch",
        "settings.payments.statement_descriptor",
        &["settings.payments.statement_descriptor"],
    ),
    (
        "settings[card_payments][statement_descriptor_prefix]",
        "disallowed",
        "invalid_statement_descriptor_prefix_denylisted",
        "settings.card_payments.statement_descriptor_prefix",
        &["settings.card_payments.statement_descriptor_prefix"],
    ),
];

#[test]
fn a_failing_value_is_pending_first_and_due_again_after_five_seconds() {
    for (param, value, code, requirement, due) in FAILING {
        let platform = Platform::new();
        let account = opened(&platform, &with(INDIVIDUAL, &[(param, Some(value))]));
        let id = account["id"].as_str().unwrap();
        assert_eq!(account["requirements"]["currently_due"], json!([]), "{value}");
        assert_eq!(keys(&account["requirements"]["pending_verification"]), *due, "{value}");
        assert_eq!(account["requirements"]["disabled_reason"], "requirements.pending_verification", "{value}");
        assert_eq!(account["capabilities"]["card_payments"], "pending", "{value}");
        platform.wait(5);
        let account = platform.account(id);
        assert_eq!(keys(&account["requirements"]["currently_due"]), *due, "{value}");
        assert_eq!(account["requirements"]["errors"][0]["code"], *code, "{value}");
        assert_eq!(account["requirements"]["errors"][0]["requirement"], *requirement, "{value}");
        assert_eq!(account["requirements"]["pending_verification"], json!([]), "{value}");
        assert_eq!(account["capabilities"]["card_payments"], "inactive", "{value}");
        assert_eq!(account["charges_enabled"], false, "{value}");
        assert!(platform.event_types(id).contains(&"account.updated".to_owned()), "{value}");
    }
}

#[test]
fn a_failing_value_that_is_corrected_opens_the_account() {
    let platform = Platform::new();
    let id = platform.open(&with(INDIVIDUAL, &[("individual[id_number]", Some("111111111"))]));
    platform.wait(5);
    assert_eq!(platform.account(&id)["individual"]["requirements"]["errors"][0]["requirement"], "id_number");
    let account = platform.post(&format!("/v1/accounts/{id}"), &[("individual[id_number]", "222222222")]).ok();
    assert_eq!(account["charges_enabled"], true);
    assert_eq!(account["requirements"]["errors"], json!([]));
    let again = platform.post(&format!("/v1/accounts/{id}"), &[("individual[id_number]", "111111111")]).ok();
    assert_eq!(again["capabilities"]["card_payments"], "pending");
}

#[test]
fn a_companys_failing_values_fail_after_five_seconds() {
    let cases = [
        ("company[tax_id]", "111111111", "verification_failed_tax_id_match", false),
        ("company[tax_id]", "111111112", "verification_failed_tax_id_not_issued", false),
        ("company[name]", "mismatch_business_name", "verification_failed_name_match", false),
        ("company[name]", "disallowed_name", "invalid_company_name_denylisted", false),
        ("company[name]", "match_name_only", "verification_failed_keyed_match", false),
        ("company[address][line1]", "address_line1_no_match", "verification_failed_address_match", false),
        ("company[address][line1]", "address_no_match", "verification_failed_address_match", true),
    ];
    for (param, value, code, charges) in cases {
        let platform = Platform::new();
        let id = platform.open(&with(COMPANY, &[(param, Some(value))]));
        platform.post(&format!("/v1/accounts/{id}/persons"), REPRESENTATIVE).ok();
        platform.wait(5);
        let account = platform.account(&id);
        assert_eq!(account["requirements"]["errors"][0]["code"], code, "{value}");
        assert_eq!(account["charges_enabled"], charges, "{value}");
        assert_eq!(account["payouts_enabled"], false, "{value}");
    }
}

#[test]
fn passing_test_values_pass_at_once() {
    let cases = [
        ("individual[dob][year]", "1901"),
        ("individual[dob][year]", "1902"),
        ("individual[address][line1]", "address_full_match"),
        ("individual[address][line1]", "address_full_match_sync"),
        ("individual[ssn_last_4]", "0000"),
        ("individual[ssn_last_4]", "2222"),
        ("individual[phone]", "0000000000"),
        ("business_profile[url]", "https://accessible.stripe.com"),
    ];
    for (param, value) in cases {
        let form = with(
            INDIVIDUAL,
            &[("individual[dob][day]", Some("1")), ("individual[dob][month]", Some("1")), (param, Some(value))],
        );
        assert_eq!(opened(&Platform::new(), &form)["charges_enabled"], true, "{value}");
    }
}

#[test]
fn a_possible_match_with_sanctions_lists_the_account() {
    let platform = Platform::new();
    let dob = [
        ("individual[dob][day]", Some("1")),
        ("individual[dob][month]", Some("1")),
        ("individual[dob][year]", Some("1900")),
    ];
    let id = platform.open(&with(INDIVIDUAL, &dob));
    assert_eq!(platform.account(&id)["requirements"]["disabled_reason"], "requirements.pending_verification");
    platform.wait(5);
    let account = platform.account(&id);
    assert_eq!(account["requirements"]["disabled_reason"], "listed");
    assert_eq!(account["requirements"]["currently_due"], json!([]));
    assert_eq!((&account["charges_enabled"], &account["payouts_enabled"]), (&json!(false), &json!(false)));
}

#[test]
fn capabilities_that_nobody_uses_can_be_tried_out() {
    let platform = Platform::new();
    let id = platform.open(&with(INDIVIDUAL, &[("business_profile[url]", Some("https://inactivity.stripe.com"))]));
    let capability = platform.get(&format!("/v1/accounts/{id}/capabilities/card_payments")).ok();
    assert_eq!(capability["status"], "inactive");
    assert_eq!(capability["requirements"]["disabled_reason"], "paused.inactivity");
}
