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
