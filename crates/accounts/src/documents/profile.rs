//! What an account says of its business, and addresses.

use kernel::Currency;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::words;

/// A place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Address {
    /// City, district, suburb, town or village.
    pub city: Option<String>,
    /// Two upper-case letters.
    pub country: Option<String>,
    /// Street and number.
    pub line1: Option<String>,
    /// Apartment, suite, unit or building.
    pub line2: Option<String>,
    /// ZIP or postal code.
    pub postal_code: Option<String>,
    /// State, county, province or region, as it was sent.
    pub state: Option<String>,
}

/// A place in Japan, in kana or kanji.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JapaneseAddress {
    /// City or ward.
    pub city: Option<String>,
    /// Two upper-case letters.
    pub country: Option<String>,
    /// Block and building number.
    pub line1: Option<String>,
    /// Building details.
    pub line2: Option<String>,
    /// ZIP or postal code.
    pub postal_code: Option<String>,
    /// Prefecture.
    pub state: Option<String>,
    /// Town or cho-me.
    pub town: Option<String>,
}

/// A civil date: a birth, a registration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dob {
    /// 1 to 31.
    pub day: Option<i64>,
    /// 1 to 12.
    pub month: Option<i64>,
    /// Four digits.
    pub year: Option<i64>,
}

words! {
    /// Who owns the business, for reports in the United States.
    Ownership {
        /// Lesbian, gay, bisexual, transgender, queer or intersex owners.
        Lgbtqi = "lgbtqi_owned_business",
        /// Owners of a minority.
        Minority = "minority_owned_business",
        /// None of the others.
        NoneOfThese = "none_of_these_apply",
        /// Not said.
        PreferNotToAnswer = "prefer_not_to_answer",
        /// Women.
        Women = "women_owned_business",
    }
}

/// What the business earns in a year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AnnualRevenue {
    /// Minor units.
    pub amount: Option<i64>,
    /// Its currency.
    pub currency: Option<Currency>,
    /// The last day of the year: `2025-12-31`.
    pub fiscal_year_end: Option<String>,
}

/// What the business expects to earn in a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MonthlyRevenue {
    /// Minor units.
    pub amount: i64,
    /// Its currency.
    pub currency: Currency,
}

/// What an account says of its business.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BusinessProfile {
    /// What it earns in a year.
    pub annual_revenue: Option<AnnualRevenue>,
    /// How many work there.
    pub estimated_worker_count: Option<i64>,
    /// Its merchant category code: four digits of ISO 18245.
    pub mcc: Option<String>,
    /// Who owns it.
    pub minority_owned_business_designation: Option<Vec<Ownership>>,
    /// What it expects to earn in a month; asked of some countries only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly_estimated_revenue: Option<MonthlyRevenue>,
    /// The name that its customers know.
    pub name: Option<String>,
    /// What it sells; asked when there is no `url`.
    pub product_description: Option<String>,
    /// A page that Japanese law asks for.
    pub specified_commercial_transactions_act_url: Option<String>,
    /// Where customers find it.
    pub support_address: Option<Address>,
    /// Where customers write to.
    pub support_email: Option<String>,
    /// Where customers call.
    pub support_phone: Option<String>,
    /// Where customers look for help.
    pub support_url: Option<String>,
    /// Its public website.
    pub url: Option<String>,
}
