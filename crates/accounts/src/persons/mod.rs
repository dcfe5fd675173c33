//! Persons: the individual whose business an account is, or a company's representative, owners, directors, executives.
//!
//! An account lists its persons in its own private part, and every change of a person reads and writes the account: so
//! rules over all of them (one representative, shares up to 100 %) hold without claims.

mod create;
mod delete;
mod list;
mod params;
mod relationships;
mod update;

use kernel::{Metadata, Result, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Column, Document, Kind, Tx, Value};

use crate::documents::{Address, Declaration, Dob, DocumentSides, JapaneseAddress, NumberCheck, PartRequirements};
use crate::words::words;

pub(crate) use create::{add, create};
pub(crate) use delete::delete;
pub(crate) use list::{list, retrieve};
pub(crate) use params::{PersonParams, SidesParams};
pub(crate) use update::update;

words! {
    /// Whether a person is exposed politically.
    PoliticalExposure {
        /// Somebody of public trust, or close to one.
        Existing = "existing",
        /// Not.
        None = "none",
    }
}

words! {
    /// How far a person's verification is.
    VerificationStatus {
        /// What was given is being checked.
        Pending = "pending",
        /// Something is missing or did not satisfy.
        Unverified = "unverified",
        /// All that was asked for is right.
        Verified = "verified",
    }
}

/// What a person is to the account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Relationship {
    /// May sign for others.
    pub authorizer: Option<bool>,
    /// On the governing board.
    pub director: Option<bool>,
    /// With significant responsibility for control.
    pub executive: Option<bool>,
    /// Signs for a minor.
    pub legal_guardian: Option<bool>,
    /// Owns a part of it.
    pub owner: Option<bool>,
    /// How much, in percent.
    pub percent_ownership: Option<f64>,
    /// Speaks for it to Kontor.
    pub representative: Option<bool>,
    /// The office held.
    pub title: Option<String>,
}

/// A person's acceptance of the terms, beside the account's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdditionalTosAcceptances {
    /// The account's terms.
    pub account: Option<Declaration>,
}

/// How far a person's verification is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PersonVerification {
    /// A proof of address.
    pub additional_document: DocumentSides,
    /// What was wrong, in a sentence.
    pub details: Option<String>,
    /// What was wrong.
    pub details_code: Option<String>,
    /// A photo id.
    pub document: DocumentSides,
    /// How far it is.
    pub status: VerificationStatus,
}

/// Ethnicities, for reports in the United States.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EthnicityDetails {
    /// Stripe's words.
    pub ethnicity: Option<Vec<String>>,
    /// In the person's own words.
    pub ethnicity_other: Option<String>,
}

/// Races, for reports in the United States.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RaceDetails {
    /// Stripe's words.
    pub race: Option<Vec<String>>,
    /// In the person's own words.
    pub race_other: Option<String>,
}

/// Demographic data, for reports in the United States.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UsCfpbData {
    /// Ethnicities.
    pub ethnicity_details: Option<EthnicityDetails>,
    /// Races.
    pub race_details: Option<RaceDetails>,
    /// The gender that the person names.
    pub self_identified_gender: Option<String>,
}

/// A person behind an account. The owner of the document is the account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    /// `person_…`.
    pub id: String,
    /// `person`.
    pub object: String,
    /// The account.
    pub account: String,
    /// The person's own acceptance of the terms.
    pub additional_tos_acceptances: AdditionalTosAcceptances,
    /// Where the person lives.
    pub address: Address,
    /// In kana; Japan only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_kana: Option<JapaneseAddress>,
    /// In kanji; Japan only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_kanji: Option<JapaneseAddress>,
    /// When it was made.
    pub created: Timestamp,
    /// The date of birth.
    pub dob: Dob,
    /// The e-mail address.
    pub email: Option<String>,
    /// The first name.
    pub first_name: Option<String>,
    /// In kana; Japan only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name_kana: Option<String>,
    /// In kanji; Japan only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name_kanji: Option<String>,
    /// Other names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name_aliases: Option<Vec<String>>,
    /// What will have to be known; Kontor announces nothing yet.
    pub future_requirements: PartRequirements,
    /// `male` or `female`; Japan only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// Whether the whole id number is known; the number itself is sealed.
    pub id_number_provided: bool,
    /// Whether a second id number is known; Thailand only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_number_secondary_provided: Option<bool>,
    /// The last name.
    pub last_name: Option<String>,
    /// In kana; Japan only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name_kana: Option<String>,
    /// In kanji; Japan only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name_kanji: Option<String>,
    /// The name at birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maiden_name: Option<String>,
    /// The platform's own notes.
    pub metadata: Metadata,
    /// Two upper-case letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nationality: Option<String>,
    /// The telephone number, E.164.
    pub phone: Option<String>,
    /// Whether the person is exposed politically.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub political_exposure: Option<PoliticalExposure>,
    /// Where the person is registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_address: Option<Address>,
    /// What the person is to the account.
    pub relationship: Relationship,
    /// What must still be known; keys without the person's prefix.
    pub requirements: PartRequirements,
    /// Whether the last four digits of the social security number are known; they are sealed.
    pub ssn_last_4_provided: bool,
    /// Demographic data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub us_cfpb_data: Option<UsCfpbData>,
    /// How far verification is.
    pub verification: PersonVerification,
}

/// What is kept of a person and never shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PersonPrivate {
    /// What the sealed id number turns out to be.
    pub id_number: Option<NumberCheck>,
    /// What the sealed last four digits turn out to be.
    pub ssn_last_4: Option<NumberCheck>,
}

impl Document for Person {
    const KIND: &'static Kind = &Kind::new::<Person>(
        "person",
        "person",
        &["person"],
        &[
            Column::int("representative").unindexed(),
            Column::int("owner").unindexed(),
            Column::int("director").unindexed(),
            Column::int("executive").unindexed(),
            Column::int("legal_guardian").unindexed(),
            Column::int("authorizer").unindexed(),
        ],
    );
    type Private = PersonPrivate;
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, _: &PersonPrivate) -> Vec<Value> {
        let r = &self.relationship;
        [r.representative, r.owner, r.director, r.executive, r.legal_guardian, r.authorizer]
            .map(|is| is.unwrap_or(false).into())
            .to_vec()
    }
}

impl Person {
    /// A person of whom nothing is known yet.
    pub fn new(id: String, account: &str, created: Timestamp) -> Person {
        let no = Some(false);
        Person {
            id,
            object: "person".into(),
            account: account.to_owned(),
            additional_tos_acceptances: AdditionalTosAcceptances { account: Some(Declaration::default()) },
            address: Address::default(),
            address_kana: None,
            address_kanji: None,
            created,
            dob: Dob::default(),
            email: None,
            first_name: None,
            first_name_kana: None,
            first_name_kanji: None,
            full_name_aliases: None,
            future_requirements: PartRequirements::of_person(),
            gender: None,
            id_number_provided: false,
            id_number_secondary_provided: None,
            last_name: None,
            last_name_kana: None,
            last_name_kanji: None,
            maiden_name: None,
            metadata: Metadata::new(),
            nationality: None,
            phone: None,
            political_exposure: None,
            registered_address: None,
            relationship: Relationship {
                authorizer: no,
                director: no,
                executive: no,
                legal_guardian: no,
                owner: no,
                percent_ownership: None,
                representative: no,
                title: None,
            },
            requirements: PartRequirements::of_person(),
            ssn_last_4_provided: false,
            us_cfpb_data: None,
            verification: PersonVerification {
                additional_document: DocumentSides::default(),
                details: None,
                details_code: None,
                document: DocumentSides::default(),
                status: VerificationStatus::Unverified,
            },
        }
    }

    /// First and last name, as far as they are known; `None` when neither is.
    pub fn full_name(&self) -> Option<String> {
        let parts: Vec<&str> = [&self.first_name, &self.last_name].into_iter().flatten().map(String::as_str).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }
}

/// The numbers that are known of a person, as they are sealed.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PersonSecrets {
    pub(crate) id_number: Option<String>,
    pub(crate) id_number_secondary: Option<String>,
    pub(crate) ssn_last_4: Option<String>,
}

impl PersonSecrets {
    pub(crate) fn open(tx: &Tx, person: &str) -> Result<PersonSecrets> {
        Ok(tx.unseal(person)?.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{COMPANY, INDIVIDUAL, Platform, REPRESENTATIVE};

    struct Company {
        platform: Platform,
        id: String,
    }

    impl Company {
        fn new() -> Company {
            let platform = Platform::new();
            let id = platform.open(COMPANY);
            Company { platform, id }
        }

        fn path(&self) -> String {
            format!("/v1/accounts/{}/persons", self.id)
        }

        #[track_caller]
        fn add(&self, form: &[(&str, &str)]) -> Value {
            self.platform.post(&self.path(), form).ok()
        }
    }

    #[test]
    fn a_person_shows_every_field_of_the_api() {
        let company = Company::new();
        let person = company.add(REPRESENTATIVE);
        let fields = "id object account additional_tos_acceptances address created dob email first_name \
                      future_requirements id_number_provided last_name metadata phone relationship requirements \
                      ssn_last_4_provided verification";
        for field in fields.split_whitespace() {
            assert!(person.get(field).is_some(), "{field}");
        }
        let relationship = json!({
            "authorizer": false, "director": false, "executive": true, "legal_guardian": false, "owner": false,
            "percent_ownership": null, "representative": true, "title": "CEO",
        });
        assert_eq!(person["relationship"], relationship);
        assert_eq!(person["account"], *company.id);
        assert_eq!(person["phone"], "+10000000000");
        assert_eq!(person["ssn_last_4_provided"], true);
        assert_eq!(person["id_number_provided"], false);
        assert_eq!(person["verification"]["status"], "verified");
        let tos = json!({ "account": { "date": null, "ip": null, "user_agent": null } });
        assert_eq!(person["additional_tos_acceptances"], tos);
    }

    #[test]
    fn persons_are_listed_by_what_they_are() {
        let company = Company::new();
        let representative = company.add(REPRESENTATIVE);
        let owner = company.add(&[("relationship[owner]", "true"), ("relationship[percent_ownership]", "25.5")]);
        assert_eq!(owner["relationship"]["percent_ownership"], 25.5);
        let list = |query: &str| company.platform.get(&format!("{}{query}", company.path())).ok();
        assert_eq!(list("")["data"], json!([owner, representative]));
        assert_eq!(list("?relationship[owner]=true")["data"], json!([owner]));
        assert_eq!(list("?relationship[representative]=false")["data"], json!([owner]));
        assert_eq!(list("?relationship[director]=true")["data"], json!([]));
    }

    #[test]
    fn a_person_is_changed_and_deleted_with_events() {
        let company = Company::new();
        let person = company.add(&[("first_name", "Olga"), ("relationship[owner]", "true")]);
        let path = format!("{}/{}", company.path(), person["id"].as_str().unwrap());
        let changed = company.platform.post(&path, &[("last_name", "Owner"), ("metadata[a]", "1")]).ok();
        assert_eq!((&changed["first_name"], &changed["last_name"]), (&json!("Olga"), &json!("Owner")));
        let event =
            company.platform.events(&company.id).into_iter().rev().find(|e| e.kind == "person.updated").unwrap();
        let previous = event.data.previous_attributes.unwrap();
        assert_eq!(previous["last_name"], json!(null));
        assert_eq!(company.platform.get(&path).ok(), changed);
        let deleted = json!({ "id": person["id"], "object": "person", "deleted": true });
        assert_eq!(company.platform.delete(&path).ok(), deleted);
        assert_eq!(company.platform.get(&path).refused(), (404, "resource_missing", "person"));
        let types = company.platform.event_types(&company.id);
        assert!(types.contains(&"person.created".into()) && types.contains(&"person.deleted".into()));
        assert!(!company.platform.account(&company.id).to_string().contains(person["id"].as_str().unwrap()));
    }

    #[test]
    fn the_persons_of_an_account_fit_together() {
        let company = Company::new();
        company.add(REPRESENTATIVE);
        company.add(&[("relationship[owner]", "true"), ("relationship[percent_ownership]", "60")]);
        company.add(&[("relationship[authorizer]", "true")]);
        let cases = [
            (&[("relationship[representative]", "true")][..], "relationship[representative]"),
            (&[("relationship[authorizer]", "true")], "relationship[authorizer]"),
            (
                &[("relationship[owner]", "true"), ("relationship[percent_ownership]", "40.5")],
                "relationship[percent_ownership]",
            ),
            (
                &[("relationship[owner]", "true"), ("relationship[percent_ownership]", "0")],
                "relationship[percent_ownership]",
            ),
            (&[("relationship[percent_ownership]", "101")], "relationship[percent_ownership]"),
            (&[("email", "nobody")], "email"),
            (&[("person_token", "cpt_1")], "person_token"),
            (&[("verification[document][front]", "file_1")], "verification[document][front]"),
        ];
        for (form, param) in cases {
            assert_eq!(company.platform.post(&company.path(), form).refused().2, param, "{form:?}");
        }
        company.add(&[("relationship[owner]", "true"), ("relationship[percent_ownership]", "40")]);
    }

    #[test]
    fn a_legal_guardian_needs_a_representative() {
        let company = Company::new();
        let guardian = [("relationship[legal_guardian]", "true")];
        assert_eq!(company.platform.post(&company.path(), &guardian).refused().2, "relationship[legal_guardian]");
        company.add(REPRESENTATIVE);
        company.add(&guardian);
        assert_eq!(company.platform.post(&company.path(), &guardian).refused().2, "relationship[legal_guardian]");
    }

    #[test]
    fn the_representative_and_the_individual_cannot_be_deleted() {
        let company = Company::new();
        let person = company.add(REPRESENTATIVE);
        let path = format!("{}/{}", company.path(), person["id"].as_str().unwrap());
        assert_eq!(company.platform.delete(&path).refused(), (400, "", "person"));
        let platform = Platform::new();
        let account = platform.post("/v1/accounts", INDIVIDUAL).ok();
        let (id, person) = (account["id"].as_str().unwrap(), account["individual"]["id"].as_str().unwrap());
        assert_eq!(platform.delete(&format!("/v1/accounts/{id}/persons/{person}")).refused(), (400, "", "person"));
        assert_eq!(platform.post(&format!("/v1/accounts/{id}/persons"), &[]).refused(), (400, "", "account"));
    }

    #[test]
    fn another_accounts_person_is_not_there() {
        let company = Company::new();
        let person = company.add(REPRESENTATIVE);
        let other = company.platform.open(COMPANY);
        let path = format!("/v1/accounts/{other}/persons/{}", person["id"].as_str().unwrap());
        assert_eq!(company.platform.get(&path).refused(), (404, "resource_missing", "person"));
        assert_eq!(company.platform.post(&path, &[("first_name", "X")]).refused(), (404, "resource_missing", "person"));
    }

    #[test]
    fn the_individual_can_be_changed_as_a_person_too() {
        let platform = Platform::new();
        let account = platform.post("/v1/accounts", INDIVIDUAL).ok();
        let (id, person) = (account["id"].as_str().unwrap(), account["individual"]["id"].as_str().unwrap());
        platform.post(&format!("/v1/accounts/{id}/persons/{person}"), &[("first_name", "Augusta")]).ok();
        assert_eq!(platform.account(id)["individual"]["first_name"], "Augusta");
    }
}
