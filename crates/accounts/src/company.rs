//! What callers say of a company. Its tax id and VAT id are sealed.

use kernel::{ApiError, Patch, Result, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Doc, Tx};

use crate::address::{AddressParams, DateParams, DeclarationParams, JapaneseAddressParams, set_line, set_with};
use crate::documents::{Account, BusinessType, OwnershipExemption, Structure};
use crate::persons::SidesParams;
use crate::requirements;
use crate::validate::{self, name};

/// The documents that prove a company.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompanyVerificationParams {
    /// The company's document.
    pub document: Option<SidesParams>,
}

/// `company`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompanyParams {
    /// Its primary address.
    pub address: Option<AddressParams>,
    /// In kana; Japan only.
    pub address_kana: Option<JapaneseAddressParams>,
    /// In kanji; Japan only.
    pub address_kanji: Option<JapaneseAddressParams>,
    /// Where it is administered.
    pub administrative_address: Option<AddressParams>,
    /// Whether all directors are named.
    pub directors_provided: Option<bool>,
    /// The word that the directors are right.
    pub directorship_declaration: Option<DeclarationParams>,
    /// Whether all executives are named.
    pub executives_provided: Option<bool>,
    /// India: what it exports under.
    #[serde(default)]
    pub export_license_id: Patch<String>,
    /// India: why it exports.
    #[serde(default)]
    pub export_purpose_code: Patch<String>,
    /// Its legal name.
    #[serde(default)]
    pub name: Patch<String>,
    /// In kana; Japan only.
    #[serde(default)]
    pub name_kana: Patch<String>,
    /// In kanji; Japan only.
    #[serde(default)]
    pub name_kanji: Patch<String>,
    /// Whether all owners are named.
    pub owners_provided: Option<bool>,
    /// The word that the owners are right.
    pub ownership_declaration: Option<DeclarationParams>,
    /// Why no owners need be named.
    #[serde(default)]
    pub ownership_exemption_reason: Patch<OwnershipExemption>,
    /// Its telephone number.
    #[serde(default)]
    pub phone: Patch<String>,
    /// Where it is.
    pub physical_address: Option<AddressParams>,
    /// Where it does most business.
    pub principal_place_of_business: Option<AddressParams>,
    /// When it was registered.
    #[serde(default)]
    pub registration_date: Patch<DateParams>,
    /// The number under which it is registered; sealed.
    #[serde(default)]
    pub registration_number: Patch<String>,
    /// The word that the representative is right.
    pub representative_declaration: Option<DeclarationParams>,
    /// Its legal structure.
    #[serde(default)]
    pub structure: Patch<Structure>,
    /// Its tax id; sealed.
    #[serde(default)]
    pub tax_id: Patch<String>,
    /// Which register issued the tax id; Germany only.
    #[serde(default)]
    pub tax_id_registrar: Patch<String>,
    /// Its VAT id; sealed.
    #[serde(default)]
    pub vat_id: Patch<String>,
    /// The documents that prove it.
    pub verification: Option<CompanyVerificationParams>,
}

/// The numbers that are known of a company, as they are sealed under the account's id.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct CompanySecrets {
    registration_number: Option<String>,
    tax_id: Option<String>,
    vat_id: Option<String>,
}

impl CompanyParams {
    /// Writes what is given.
    ///
    /// Errors: 400 for an account whose business type is an individual, or not known.
    pub(crate) fn apply(self, tx: &mut Tx, account: &mut Doc<Account>) -> Result<()> {
        match account.business_type {
            Some(BusinessType::Company | BusinessType::NonProfit | BusinessType::GovernmentEntity) => {}
            Some(BusinessType::Individual) => return Err(not_of_an_individual()),
            None => return Err(without_business_type("company")),
        }
        if let Some(document) = self.verification.as_ref().and_then(|verification| verification.document.as_ref()) {
            document.refuse_files("company[verification][document]")?;
        }
        self.apply_numbers(tx, account)?;
        let (home, now) = (account.country.clone(), tx.now());
        self.apply_shown(account, &home, now)
    }

    fn apply_numbers(&self, tx: &mut Tx, account: &mut Doc<Account>) -> Result<()> {
        if self.tax_id.is_absent() && self.vat_id.is_absent() && self.registration_number.is_absent() {
            return Ok(());
        }
        let mut secrets: CompanySecrets = tx.unseal(&account.id)?.unwrap_or_default();
        set_with(&mut secrets.tax_id, self.tax_id.clone(), |text| {
            validate::digits(text, 9, "US tax id", "company[tax_id]")
        })?;
        set_line(&mut secrets.vat_id, self.vat_id.clone(), "company[vat_id]")?;
        set_line(&mut secrets.registration_number, self.registration_number.clone(), "company[registration_number]")?;
        account.private.company_numbers.tax_id = secrets.tax_id.as_deref().map(requirements::tax_id);
        let (has_tax_id, has_vat_id) = (secrets.tax_id.is_some(), secrets.vat_id.is_some());
        let company = account.company.get_or_insert_default();
        company.tax_id_provided = has_tax_id;
        company.vat_id_provided = has_vat_id;
        tx.seal(&account.id, &secrets)
    }

    fn apply_shown(self, account: &mut Account, home: &str, now: Timestamp) -> Result<()> {
        let at = |field: &str| name("company", &[field]);
        let company = account.company.get_or_insert_default();
        if let Some(address) = self.address {
            address.apply(&mut company.address, home, &at("address"))?;
            check_country(company.address.country.as_deref(), home, &at("address"))?;
        }
        if let Some(address) = self.address_kana {
            address.apply(&mut company.address_kana, &at("address_kana"))?;
        }
        if let Some(address) = self.address_kanji {
            address.apply(&mut company.address_kanji, &at("address_kanji"))?;
        }
        let others = [
            (self.administrative_address, &mut company.administrative_address, "administrative_address"),
            (self.physical_address, &mut company.physical_address, "physical_address"),
            (self.principal_place_of_business, &mut company.principal_place_of_business, "principal_place_of_business"),
        ];
        for (params, into, field) in others {
            if let Some(address) = params {
                address.apply(into.get_or_insert_default(), home, &at(field))?;
            }
        }
        let declarations = [
            (self.directorship_declaration, &mut company.directorship_declaration, "directorship_declaration"),
            (self.ownership_declaration, &mut company.ownership_declaration, "ownership_declaration"),
            (self.representative_declaration, &mut company.representative_declaration, "representative_declaration"),
        ];
        for (params, into, field) in declarations {
            if let Some(declaration) = params {
                declaration.apply(into, now, &at(field))?;
            }
        }
        let flags = [
            (self.directors_provided, &mut company.directors_provided),
            (self.executives_provided, &mut company.executives_provided),
            (self.owners_provided, &mut company.owners_provided),
        ];
        for (given, into) in flags {
            *into = given.unwrap_or(*into);
        }
        set_line(&mut company.export_license_id, self.export_license_id, &at("export_license_id"))?;
        set_line(&mut company.export_purpose_code, self.export_purpose_code, &at("export_purpose_code"))?;
        set_line(&mut company.name, self.name, &at("name"))?;
        set_line(&mut company.name_kana, self.name_kana, &at("name_kana"))?;
        set_line(&mut company.name_kanji, self.name_kanji, &at("name_kanji"))?;
        self.ownership_exemption_reason.apply(&mut company.ownership_exemption_reason);
        set_with(&mut company.phone, self.phone, |text| validate::phone(text, &at("phone")))?;
        match self.registration_date {
            Patch::Absent => {}
            Patch::Clear => company.registration_date = None,
            Patch::Set(date) => company.registration_date = Some(date.date(&at("registration_date"))?),
        }
        self.structure.apply(&mut company.structure);
        set_line(&mut company.tax_id_registrar, self.tax_id_registrar, &at("tax_id_registrar"))
    }
}

fn check_country(country: Option<&str>, home: &str, param: &str) -> Result<()> {
    if country.is_none_or(|country| country == home) {
        return Ok(());
    }
    let message = format!("The country of the business address must match the account's country, {home}.");
    Err(ApiError::invalid(&name(param, &["country"]), message).code("account_country_invalid_address"))
}

fn not_of_an_individual() -> ApiError {
    ApiError::invalid(
        "company",
        "You cannot set `company` on an account whose `business_type` is `individual`. Set `individual`, or change \
         `business_type`.",
    )
}

/// 400: what a hash says depends on the business type.
pub(crate) fn without_business_type(param: &str) -> ApiError {
    ApiError::invalid(
        param,
        format!("You cannot set `{param}` on an account without `business_type`. Set `business_type` as well."),
    )
}
