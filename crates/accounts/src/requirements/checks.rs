//! Verification by Stripe's test values ("Testing Stripe Connect", identity and business).
//!
//! Only documented failures fail. Every other value satisfies, so that what people type into a form while they build works.

use super::{Failure, Holder, Serves, Subject};
use crate::documents::{Account, BusinessType, Dob, NumberCheck};
use crate::persons::{Person, PersonPrivate};

/// What fails, whether or not its verification has come to its end.
pub(super) fn failures(subject: &Subject) -> Vec<Failure> {
    let mut found = Vec::new();
    of_profile(subject.account, &mut found);
    if subject.account.company.is_some() {
        of_company(subject, &mut found);
    }
    for (person, private) in &subject.persons {
        of_person(subject, person, private, &mut found);
    }
    found
}

/// The code of a possible match with a list of sanctions; it is no requirement's error.
pub(super) const LISTED: &str = "listed";

/// Websites under `stripe.com` that show how a review of the website goes.
const WEBSITES: &[(&str, &str, &str)] = &[
    ("disallowed", "invalid_url_denylisted", "The website is of a business that cannot be supported."),
    ("geoblocked", "invalid_url_website_inaccessible_geoblocked", "The website cannot be reached from some countries."),
    ("problem", "invalid_url_website_other", "The website could not be verified."),
    ("missing", "invalid_url_website_incomplete", "The website lacks information that customers need."),
    (
        "mismatch",
        "invalid_url_website_business_information_mismatch",
        "The website does not match what the account says of its business.",
    ),
    (
        "passwordprotected",
        "invalid_url_website_inaccessible_password_protected",
        "The website is protected by a password.",
    ),
    ("underconstruction", "invalid_url_website_incomplete_under_construction", "The website is under construction."),
    ("inaccessible", "invalid_url_website_inaccessible", "The website cannot be reached."),
];

/// The test website's name, when the URL is one: `https://disallowed.stripe.com` gives `disallowed`.
pub(super) fn test_website(url: &str) -> Option<&str> {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    host.split(['/', '?', '#', ':']).next()?.strip_suffix(".stripe.com")
}

fn of_profile(account: &Account, found: &mut Vec<Failure>) {
    let mut add = |field: &'static [&'static str], code, reason, serves| {
        found.push(Failure { holder: Holder::Account, fields: field, code, reason, serves });
    };
    let profile = &account.business_profile;
    let website = profile.url.as_deref().and_then(test_website);
    if let Some((_, code, reason)) = WEBSITES.iter().find(|(name, _, _)| Some(*name) == website) {
        add(&["business_profile.url"], code, reason, Serves::Account);
    }
    match profile.name.as_deref() {
        Some("disallowed_dba") => add(
            &["business_profile.name"],
            "invalid_business_profile_name_denylisted",
            "The business name is not allowed.",
            Serves::Account,
        ),
        Some("invalid_dba") => add(
            &["business_profile.name"],
            "invalid_business_profile_name",
            "The business name could not be recognized.",
            Serves::Account,
        ),
        _ => {}
    }
    if profile.product_description.as_deref() == Some("require_url") {
        add(
            &["business_profile.url"],
            "invalid_url_web_presence_detected",
            "The business has a website: give its URL.",
            Serves::Account,
        );
    }
    match account.statement_descriptor() {
        Some("mismatch") => add(
            &["settings.payments.statement_descriptor"],
            "invalid_statement_descriptor_business_mismatch",
            "The statement descriptor does not resemble the business's name, website or legal name.",
            Serves::Payments,
        ),
        Some("disallowed") => add(
            &["settings.payments.statement_descriptor"],
            "invalid_statement_descriptor_denylisted",
            "The statement descriptor is not allowed.",
            Serves::Payments,
        ),
        _ => {}
    }
    match account.settings.card_payments.statement_descriptor_prefix.as_deref() {
        Some("mismatch") => add(
            &["settings.card_payments.statement_descriptor_prefix"],
            "invalid_statement_descriptor_prefix_mismatch",
            "The statement descriptor prefix does not resemble the business's name.",
            Serves::Payments,
        ),
        Some("disallowed") => add(
            &["settings.card_payments.statement_descriptor_prefix"],
            "invalid_statement_descriptor_prefix_denylisted",
            "The statement descriptor prefix is not allowed.",
            Serves::Payments,
        ),
        _ => {}
    }
}

const COMPANY_ADDRESS: &[&str] =
    &["company.address.line1", "company.address.city", "company.address.postal_code", "company.address.state"];
const PERSON_ADDRESS: &[&str] = &["address.line1", "address.city", "address.postal_code", "address.state"];
const ADDRESS_REASON: &str = "The address could not be verified.";

fn of_company(subject: &Subject, found: &mut Vec<Failure>) {
    let Some(company) = &subject.account.company else { return };
    let mut add = |fields: &'static [&'static str], code, reason, serves| {
        found.push(Failure { holder: Holder::Account, fields, code, reason, serves });
    };
    let address_code = "verification_failed_address_match";
    match company.address.line1.as_deref() {
        Some("address_no_match") => {
            add(&["company.address.line1"], address_code, ADDRESS_REASON, Serves::Payouts);
        }
        Some("address_line1_no_match") => add(COMPANY_ADDRESS, address_code, ADDRESS_REASON, Serves::Account),
        _ => {}
    }
    let name = match company.name.as_deref() {
        Some("mismatch_business_name") => {
            Some(("verification_failed_name_match", "The company's name does not match its tax id."))
        }
        Some("disallowed_name") => Some(("invalid_company_name_denylisted", "The company's name is not allowed.")),
        Some("match_name_only") => {
            Some(("verification_failed_keyed_match", "The company could not be verified with what was given."))
        }
        _ => None,
    };
    if let Some((code, reason)) = name {
        add(&["company.name"], code, reason, Serves::Account);
    }
    match subject.private.company_numbers.tax_id {
        Some(NumberCheck::Mismatch) => add(
            &["company.tax_id"],
            "verification_failed_tax_id_match",
            "The tax id does not match the company's name.",
            Serves::Account,
        ),
        Some(NumberCheck::NotIssued) => add(
            &["company.tax_id"],
            "verification_failed_tax_id_not_issued",
            "The tax id was not issued to anybody.",
            Serves::Account,
        ),
        Some(NumberCheck::Matches) | None => {}
    }
    let directors = subject.persons.iter().filter(|(person, _)| person.relationship.director == Some(true));
    for code in directors.filter_map(|(person, _)| director_code(person.first_name.as_deref()?)) {
        add(&["company.directors_provided"], code, "The directors do not match public records.", Serves::Account);
    }
}

fn director_code(first_name: &str) -> Option<&'static str> {
    match first_name {
        "mismatch_director" => Some("verification_directors_mismatch"),
        "missing_director" => Some("verification_missing_directors"),
        "extraneous_director" => Some("verification_extraneous_directors"),
        _ => None,
    }
}

fn of_person(subject: &Subject, person: &Person, private: &PersonPrivate, found: &mut Vec<Failure>) {
    let holder = match subject.account.business_type {
        Some(BusinessType::Individual) => Holder::Individual(person.id.clone()),
        Some(BusinessType::Company | BusinessType::NonProfit | BusinessType::GovernmentEntity) | None => {
            Holder::Person(person.id.clone())
        }
    };
    let mut add = |fields: &'static [&'static str], code, reason| {
        found.push(Failure { holder: holder.clone(), fields, code, reason, serves: Serves::Account });
    };
    let dob_fields = &["dob.day", "dob.month", "dob.year"];
    if person.dob == (Dob { day: Some(1), month: Some(1), year: Some(1900) }) {
        add(&["verification.document"], LISTED, "Possible match with a list of sanctions.");
    } else if age(&person.dob, subject).is_some_and(|years| years < 18) {
        add(dob_fields, "invalid_dob_age_under_18", "The person must be at least 18 years old.");
    }
    let address_code = "verification_failed_address_match";
    match person.address.line1.as_deref() {
        Some("address_no_match") => add(&["address.line1"], address_code, ADDRESS_REASON),
        Some("address_line1_no_match") => add(PERSON_ADDRESS, address_code, ADDRESS_REASON),
        _ => {}
    }
    let is_mismatch = |check: Option<NumberCheck>| match check {
        Some(NumberCheck::Mismatch | NumberCheck::NotIssued) => true,
        Some(NumberCheck::Matches) | None => false,
    };
    // The whole number decides over its last four digits.
    let number = private.id_number.or(private.ssn_last_4);
    if is_mismatch(number) {
        let reason = "The id number does not match the person's name and date of birth.";
        add(&["id_number"], "verification_failed_id_number_match", reason);
    }
}

/// Whole years since the date of birth.
fn age(dob: &Dob, subject: &Subject) -> Option<i64> {
    let today = subject.now.date();
    let (year, month, day) = (dob.year?, dob.month?, dob.day?);
    let had_birthday = (month, day) <= (i64::from(today.month()), i64::from(today.day()));
    Some(i64::from(today.year()) - year - i64::from(!had_birthday))
}

/// What a social security number, or its last four digits, turns out to be.
pub(crate) fn id_number(digits: &str) -> NumberCheck {
    match digits {
        "111111111" | "1111" => NumberCheck::Mismatch,
        _ => NumberCheck::Matches,
    }
}

/// What an employer identification number turns out to be.
pub(crate) fn tax_id(digits: &str) -> NumberCheck {
    match digits {
        "111111111" => NumberCheck::Mismatch,
        "111111112" => NumberCheck::NotIssued,
        _ => NumberCheck::Matches,
    }
}
