//! What callers say of a person. Id numbers are sealed.

use kernel::{ApiError, Metadata, MetadataPatch, Patch, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Doc, Tx};

use super::{EthnicityDetails, Person, PersonSecrets, PoliticalExposure, RaceDetails, Relationship, UsCfpbData};
use crate::address::{AddressParams, DateParams, DeclarationParams, JapaneseAddressParams, set_line, set_with};
use crate::requirements;
use crate::tokens;
use crate::validate::{self, name};
use crate::words::words;

/// The two sides of a document.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SidesParams {
    /// The back's file.
    #[serde(default)]
    pub back: Patch<String>,
    /// The front's file.
    #[serde(default)]
    pub front: Patch<String>,
}

impl SidesParams {
    /// Files come with a later version. `param` names the hash.
    pub(crate) fn refuse_files(&self, param: &str) -> Result<()> {
        let sides = [("back", &self.back), ("front", &self.front)];
        match sides.into_iter().find(|(_, side)| side.as_set().is_some()) {
            Some((side, _)) => Err(ApiError::not_yet(&name(param, &[side]), "A verification document")),
            None => Ok(()),
        }
    }
}

/// A person's documents.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonVerificationParams {
    /// A proof of address.
    pub additional_document: Option<SidesParams>,
    /// A photo id.
    pub document: Option<SidesParams>,
}

/// What a person is to the account.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelationshipParams {
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
    #[serde(default)]
    pub percent_ownership: Patch<f64>,
    /// Speaks for it to Kontor.
    pub representative: Option<bool>,
    /// The office held.
    #[serde(default)]
    pub title: Patch<String>,
}

/// Acceptance of the terms, beside the account's.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdditionalTosParams {
    /// The account's terms.
    pub account: Option<DeclarationParams>,
}

words! {
    /// An ethnicity.
    Ethnicity {
        /// Cuban.
        Cuban = "cuban",
        /// Hispanic or Latino.
        HispanicOrLatino = "hispanic_or_latino",
        /// Mexican.
        Mexican = "mexican",
        /// Not Hispanic or Latino.
        NotHispanicOrLatino = "not_hispanic_or_latino",
        /// Another Hispanic or Latino one.
        OtherHispanicOrLatino = "other_hispanic_or_latino",
        /// Not said.
        PreferNotToAnswer = "prefer_not_to_answer",
        /// Puerto Rican.
        PuertoRican = "puerto_rican",
    }
}

/// Stripe's words for races.
const RACES: [&str; 24] = [
    "african_american",
    "american_indian_or_alaska_native",
    "asian",
    "asian_indian",
    "black_or_african_american",
    "chinese",
    "ethiopian",
    "filipino",
    "guamanian_or_chamorro",
    "haitian",
    "jamaican",
    "japanese",
    "korean",
    "native_hawaiian",
    "native_hawaiian_or_other_pacific_islander",
    "nigerian",
    "other_asian",
    "other_black_or_african_american",
    "other_pacific_islander",
    "prefer_not_to_answer",
    "samoan",
    "somali",
    "vietnamese",
    "white",
];

/// Ethnicities.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EthnicityParams {
    /// Stripe's words.
    pub ethnicity: Option<Vec<Ethnicity>>,
    /// In the person's own words.
    pub ethnicity_other: Option<String>,
}

/// Races.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RaceParams {
    /// Stripe's words.
    pub race: Option<Vec<String>>,
    /// In the person's own words.
    pub race_other: Option<String>,
}

/// Demographic data.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsCfpbParams {
    /// Ethnicities.
    pub ethnicity_details: Option<EthnicityParams>,
    /// Races.
    pub race_details: Option<RaceParams>,
    /// The gender that the person names.
    pub self_identified_gender: Option<String>,
}

/// A person, or `individual`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonParams {
    /// Acceptance of the terms, beside the account's.
    pub additional_tos_acceptances: Option<AdditionalTosParams>,
    /// Where the person lives.
    pub address: Option<AddressParams>,
    /// In kana; Japan only.
    pub address_kana: Option<JapaneseAddressParams>,
    /// In kanji; Japan only.
    pub address_kanji: Option<JapaneseAddressParams>,
    /// The date of birth.
    #[serde(default)]
    pub dob: Patch<DateParams>,
    /// Files; not yet.
    pub documents: Option<serde_json::Value>,
    /// The e-mail address.
    #[serde(default)]
    pub email: Patch<String>,
    /// The first name.
    #[serde(default)]
    pub first_name: Patch<String>,
    /// In kana; Japan only.
    #[serde(default)]
    pub first_name_kana: Patch<String>,
    /// In kanji; Japan only.
    #[serde(default)]
    pub first_name_kanji: Patch<String>,
    /// Other names.
    #[serde(default)]
    pub full_name_aliases: Patch<Vec<String>>,
    /// `male` or `female`; Japan only.
    #[serde(default)]
    pub gender: Patch<String>,
    /// The social security number, or another id number; sealed.
    #[serde(default)]
    pub id_number: Patch<String>,
    /// Thailand: the laser code; sealed.
    #[serde(default)]
    pub id_number_secondary: Patch<String>,
    /// The last name.
    #[serde(default)]
    pub last_name: Patch<String>,
    /// In kana; Japan only.
    #[serde(default)]
    pub last_name_kana: Patch<String>,
    /// In kanji; Japan only.
    #[serde(default)]
    pub last_name_kanji: Patch<String>,
    /// The name at birth.
    #[serde(default)]
    pub maiden_name: Patch<String>,
    /// The platform's own notes.
    #[serde(default)]
    pub metadata: Patch<MetadataPatch>,
    /// Two letters.
    #[serde(default)]
    pub nationality: Patch<String>,
    /// A token that holds all this; not yet.
    pub person_token: Option<String>,
    /// The telephone number.
    #[serde(default)]
    pub phone: Patch<String>,
    /// Whether the person is exposed politically.
    #[serde(default)]
    pub political_exposure: Patch<PoliticalExposure>,
    /// Where the person is registered.
    pub registered_address: Option<AddressParams>,
    /// What the person is to the account.
    pub relationship: Option<RelationshipParams>,
    /// The last four digits of the social security number; sealed.
    #[serde(default)]
    pub ssn_last_4: Patch<String>,
    /// Demographic data.
    pub us_cfpb_data: Option<UsCfpbParams>,
    /// The person's documents.
    pub verification: Option<PersonVerificationParams>,
}

impl PersonParams {
    /// Writes what is given. `prefix` names the hash: `individual`, or nothing for a person of its own; `home` is the
    /// account's country.
    pub(crate) fn apply(self, tx: &mut Tx, person: &mut Doc<Person>, home: &str, prefix: &str) -> Result<()> {
        self.refuse_what_comes_later(prefix)?;
        self.apply_numbers(tx, person, prefix)?;
        let at = |field: &str| name(prefix, &[field]);
        let now = tx.now();
        if let Some(AdditionalTosParams { account: Some(declaration) }) = self.additional_tos_acceptances {
            let param = name(prefix, &["additional_tos_acceptances", "account"]);
            declaration.apply(&mut person.additional_tos_acceptances.account, now, &param)?;
        }
        if let Some(address) = self.address {
            address.apply(&mut person.address, home, &at("address"))?;
        }
        if let Some(address) = self.address_kana {
            address.apply(&mut person.address_kana, &at("address_kana"))?;
        }
        if let Some(address) = self.address_kanji {
            address.apply(&mut person.address_kanji, &at("address_kanji"))?;
        }
        if let Some(address) = self.registered_address {
            address.apply(person.registered_address.get_or_insert_default(), home, &at("registered_address"))?;
        }
        match self.dob {
            Patch::Absent => {}
            Patch::Clear => person.dob = Default::default(),
            Patch::Set(date) => person.dob = date.dob(now, &at("dob"))?,
        }
        set_with(&mut person.email, self.email, |text| validate::email(text, &at("email")))?;
        set_line(&mut person.first_name, self.first_name, &at("first_name"))?;
        set_line(&mut person.first_name_kana, self.first_name_kana, &at("first_name_kana"))?;
        set_line(&mut person.first_name_kanji, self.first_name_kanji, &at("first_name_kanji"))?;
        self.full_name_aliases.apply(&mut person.full_name_aliases);
        set_with(&mut person.gender, self.gender, |text| gender(text, &at("gender")))?;
        set_line(&mut person.last_name, self.last_name, &at("last_name"))?;
        set_line(&mut person.last_name_kana, self.last_name_kana, &at("last_name_kana"))?;
        set_line(&mut person.last_name_kanji, self.last_name_kanji, &at("last_name_kanji"))?;
        set_line(&mut person.maiden_name, self.maiden_name, &at("maiden_name"))?;
        person.metadata = merge_metadata(&self.metadata, &person.metadata, prefix)?;
        set_with(&mut person.nationality, self.nationality, |text| validate::country(text, &at("nationality")))?;
        set_with(&mut person.phone, self.phone, |text| validate::phone(text, &at("phone")))?;
        self.political_exposure.apply(&mut person.political_exposure);
        if let Some(relationship) = self.relationship {
            relationship.apply(&mut person.relationship, &at("relationship"))?;
        }
        if let Some(data) = self.us_cfpb_data {
            person.us_cfpb_data = Some(data.read(&at("us_cfpb_data"))?);
        }
        Ok(())
    }

    fn refuse_what_comes_later(&self, prefix: &str) -> Result<()> {
        if self.person_token.is_some() {
            return Err(ApiError::not_yet(&name(prefix, &["person_token"]), "A person token"));
        }
        if self.documents.is_some() {
            return Err(ApiError::not_yet(&name(prefix, &["documents"]), "A document"));
        }
        let Some(verification) = &self.verification else { return Ok(()) };
        let sides = [("document", &verification.document), ("additional_document", &verification.additional_document)];
        for (which, document) in sides {
            if let Some(document) = document {
                document.refuse_files(&name(prefix, &["verification", which]))?;
            }
        }
        Ok(())
    }

    fn apply_numbers(&self, tx: &mut Tx, person: &mut Doc<Person>, prefix: &str) -> Result<()> {
        if self.id_number.is_absent() && self.id_number_secondary.is_absent() && self.ssn_last_4.is_absent() {
            return Ok(());
        }
        let at = |field: &str| name(prefix, &[field]);
        let mut secrets = PersonSecrets::open(tx, &person.id)?;
        set_with(&mut secrets.ssn_last_4, self.ssn_last_4.clone(), |text| {
            validate::digits(text, 4, "last four digits of a social security number", &at("ssn_last_4"))
        })?;
        let id_number = match &self.id_number {
            Patch::Set(token) if token.starts_with("pii_") => {
                Patch::Set(tokens::spend_id_number(tx, token, &person.account, &at("id_number"))?)
            }
            given @ (Patch::Set(_) | Patch::Clear | Patch::Absent) => given.clone(),
        };
        set_with(&mut secrets.id_number, id_number, |text| {
            validate::digits(text, 9, "US social security number", &at("id_number"))
        })?;
        if let (Patch::Set(_), Some(number)) = (&self.id_number, &secrets.id_number) {
            secrets.ssn_last_4 = number.get(5..).map(str::to_owned);
        }
        set_line(&mut secrets.id_number_secondary, self.id_number_secondary.clone(), &at("id_number_secondary"))?;
        person.private.id_number = secrets.id_number.as_deref().map(requirements::id_number);
        person.private.ssn_last_4 = secrets.ssn_last_4.as_deref().map(requirements::id_number);
        person.id_number_provided = secrets.id_number.is_some();
        person.ssn_last_4_provided = secrets.ssn_last_4.is_some();
        person.id_number_secondary_provided = secrets.id_number_secondary.as_ref().map(|_| true);
        tx.seal(&person.id, &secrets)
    }
}

impl RelationshipParams {
    fn apply(self, relationship: &mut Relationship, param: &str) -> Result<()> {
        let flags = [
            (self.authorizer, &mut relationship.authorizer),
            (self.director, &mut relationship.director),
            (self.executive, &mut relationship.executive),
            (self.legal_guardian, &mut relationship.legal_guardian),
            (self.owner, &mut relationship.owner),
            (self.representative, &mut relationship.representative),
        ];
        for (given, into) in flags {
            *into = given.or(*into);
        }
        if let Patch::Set(percent) = self.percent_ownership
            && !(0.0..=100.0).contains(&percent)
        {
            let message = "Invalid percent_ownership: it must be a number from 0 to 100.";
            return Err(ApiError::invalid(&name(param, &["percent_ownership"]), message));
        }
        self.percent_ownership.apply(&mut relationship.percent_ownership);
        set_line(&mut relationship.title, self.title, &name(param, &["title"]))
    }
}

impl UsCfpbParams {
    fn read(self, param: &str) -> Result<UsCfpbData> {
        let ethnicity_details = self.ethnicity_details.map(|details| EthnicityDetails {
            ethnicity: details.ethnicity.map(|all| all.iter().map(|one| one.as_str().to_owned()).collect()),
            ethnicity_other: details.ethnicity_other,
        });
        let races = self.race_details.as_ref().and_then(|details| details.race.as_deref()).unwrap_or_default();
        if races.iter().any(|race| !RACES.contains(&race.as_str())) {
            let message = format!("Invalid race: must be one of {}.", RACES.join(", "));
            return Err(ApiError::invalid(&name(param, &["race_details", "race"]), message));
        }
        let race_details =
            self.race_details.map(|details| RaceDetails { race: details.race, race_other: details.race_other });
        Ok(UsCfpbData { ethnicity_details, race_details, self_identified_gender: self.self_identified_gender })
    }
}

/// Metadata of a hash inside another: errors name it whole.
fn merge_metadata(patch: &Patch<MetadataPatch>, current: &Metadata, prefix: &str) -> Result<Metadata> {
    patch.merge(current).map_err(|error| {
        let param = error.param_str().unwrap_or("metadata").to_owned();
        let (field, rest) =
            param.split_once('[').map_or((param.as_str(), ""), |(field, _)| (field, &param[field.len()..]));
        let whole = format!("{}{rest}", name(prefix, &[field]));
        error.param(&whole)
    })
}

fn gender(text: &str, param: &str) -> Result<String> {
    match text {
        "male" | "female" => Ok(text.to_owned()),
        _ => Err(ApiError::invalid(param, "Invalid gender: must be one of male or female")),
    }
}
