//! What is known of a company.

use kernel::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Address, Dob, JapaneseAddress};
use crate::words::words;

words! {
    /// A company's legal structure.
    Structure {
        /// A free zone establishment of the Emirates.
        FreeZoneEstablishment = "free_zone_establishment",
        /// A free zone LLC of the Emirates.
        FreeZoneLlc = "free_zone_llc",
        /// A government instrumentality.
        GovernmentInstrumentality = "government_instrumentality",
        /// A governmental unit.
        GovernmentalUnit = "governmental_unit",
        /// An incorporated non-profit.
        IncorporatedNonProfit = "incorporated_non_profit",
        /// An incorporated partnership.
        IncorporatedPartnership = "incorporated_partnership",
        /// A limited liability partnership.
        LimitedLiabilityPartnership = "limited_liability_partnership",
        /// An LLC.
        Llc = "llc",
        /// An LLC of several members.
        MultiMemberLlc = "multi_member_llc",
        /// A private company.
        PrivateCompany = "private_company",
        /// A private corporation.
        PrivateCorporation = "private_corporation",
        /// A private partnership.
        PrivatePartnership = "private_partnership",
        /// A public company.
        PublicCompany = "public_company",
        /// A public corporation.
        PublicCorporation = "public_corporation",
        /// A public partnership.
        PublicPartnership = "public_partnership",
        /// A registered charity.
        RegisteredCharity = "registered_charity",
        /// An LLC of one member.
        SingleMemberLlc = "single_member_llc",
        /// A sole establishment.
        SoleEstablishment = "sole_establishment",
        /// A sole proprietorship.
        SoleProprietorship = "sole_proprietorship",
        /// A tax-exempt government instrumentality.
        TaxExemptGovernmentInstrumentality = "tax_exempt_government_instrumentality",
        /// An unincorporated association.
        UnincorporatedAssociation = "unincorporated_association",
        /// An unincorporated non-profit.
        UnincorporatedNonProfit = "unincorporated_non_profit",
        /// An unincorporated partnership.
        UnincorporatedPartnership = "unincorporated_partnership",
    }
}

words! {
    /// Why a company need not name its owners.
    OwnershipExemption {
        /// A qualified entity owns too much of it.
        QualifiedEntity = "qualified_entity_exceeds_ownership_threshold",
        /// It is a financial institution.
        FinancialInstitution = "qualifies_as_financial_institution",
    }
}

/// Somebody's word, with when and from where it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Declaration {
    /// When.
    pub date: Option<Timestamp>,
    /// From which address.
    pub ip: Option<String>,
    /// By which browser.
    pub user_agent: Option<String>,
}

/// The two sides of a document, and what was found in them. Files come with a later version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentSides {
    /// The back's file.
    pub back: Option<String>,
    /// What was wrong, in a sentence.
    pub details: Option<String>,
    /// What was wrong.
    pub details_code: Option<String>,
    /// The front's file.
    pub front: Option<String>,
}

/// The documents that prove a company.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntityVerification {
    /// The company's document.
    pub document: DocumentSides,
}

/// What is known of a company.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Company {
    /// Its primary address.
    pub address: Address,
    /// In kana; Japan only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_kana: Option<JapaneseAddress>,
    /// In kanji; Japan only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_kanji: Option<JapaneseAddress>,
    /// Where it is administered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub administrative_address: Option<Address>,
    /// Whether all directors are named.
    pub directors_provided: bool,
    /// The word that the directors are right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directorship_declaration: Option<Declaration>,
    /// Whether all executives are named.
    pub executives_provided: bool,
    /// India: what it exports under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export_license_id: Option<String>,
    /// India: why it exports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export_purpose_code: Option<String>,
    /// Its legal name.
    pub name: Option<String>,
    /// In kana; Japan only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_kana: Option<String>,
    /// In kanji; Japan only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_kanji: Option<String>,
    /// Whether all owners are named.
    pub owners_provided: bool,
    /// The word that the owners are right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership_declaration: Option<Declaration>,
    /// Why no owners need be named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership_exemption_reason: Option<OwnershipExemption>,
    /// Its telephone number.
    pub phone: Option<String>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub physical_address: Option<Address>,
    /// Where it does most business.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_place_of_business: Option<Address>,
    /// When it was registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_date: Option<Dob>,
    /// The word that the representative is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representative_declaration: Option<Declaration>,
    /// Its legal structure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structure: Option<Structure>,
    /// Whether its tax id is known; the number itself is sealed.
    pub tax_id_provided: bool,
    /// Which register issued the tax id; Germany only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_id_registrar: Option<String>,
    /// Whether its VAT id is known; the number itself is sealed.
    pub vat_id_provided: bool,
    /// The documents that prove it.
    pub verification: EntityVerification,
}
