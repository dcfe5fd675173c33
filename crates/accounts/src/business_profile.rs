//! What callers say of an account's business.

use kernel::{ApiError, Currency, Patch, Result, too_low};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::address::{AddressParams, set_line, set_with};
use crate::documents::{AnnualRevenue, BusinessProfile, MonthlyRevenue, Ownership};
use crate::validate::{self, name};

/// A yearly revenue.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnnualRevenueParams {
    /// Minor units.
    pub amount: i64,
    /// Its currency.
    pub currency: Currency,
    /// The last day of the year: `2025-12-31`.
    pub fiscal_year_end: String,
}

/// A monthly revenue.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MonthlyRevenueParams {
    /// Minor units.
    pub amount: i64,
    /// Its currency.
    pub currency: Currency,
}

/// `business_profile`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BusinessProfileParams {
    /// What it earns in a year.
    pub annual_revenue: Option<AnnualRevenueParams>,
    /// How many work there.
    pub estimated_worker_count: Option<i64>,
    /// The merchant category code.
    #[serde(default)]
    pub mcc: Patch<String>,
    /// Who owns it.
    pub minority_owned_business_designation: Option<Vec<Ownership>>,
    /// What it expects to earn in a month.
    pub monthly_estimated_revenue: Option<MonthlyRevenueParams>,
    /// The name that its customers know.
    #[serde(default)]
    pub name: Patch<String>,
    /// What it sells; up to 40,000 characters.
    #[serde(default)]
    pub product_description: Patch<String>,
    /// A page that Japanese law asks for.
    #[serde(default)]
    pub specified_commercial_transactions_act_url: Patch<String>,
    /// Where customers find it.
    pub support_address: Option<AddressParams>,
    /// Where customers write to.
    #[serde(default)]
    pub support_email: Patch<String>,
    /// Where customers call.
    #[serde(default)]
    pub support_phone: Patch<String>,
    /// Where customers look for help.
    #[serde(default)]
    pub support_url: Patch<String>,
    /// Its public website.
    #[serde(default)]
    pub url: Patch<String>,
}

/// Most characters of a product's description.
const LONGEST_DESCRIPTION: usize = 40_000;

impl BusinessProfileParams {
    /// Writes what is given.
    pub(crate) fn apply(self, profile: &mut BusinessProfile, home: &str) -> Result<()> {
        let at = |field: &str| name("business_profile", &[field]);
        if let Some(revenue) = self.annual_revenue {
            let param = at("annual_revenue");
            let amount = not_negative(revenue.amount, &name(&param, &["amount"]))?;
            let fiscal_year_end = fiscal_year_end(&revenue.fiscal_year_end, &name(&param, &["fiscal_year_end"]))?;
            let (amount, currency) = (Some(amount), Some(revenue.currency));
            profile.annual_revenue = Some(AnnualRevenue { amount, currency, fiscal_year_end: Some(fiscal_year_end) });
        }
        if let Some(count) = self.estimated_worker_count {
            profile.estimated_worker_count = Some(not_negative(count, &at("estimated_worker_count"))?);
        }
        set_with(&mut profile.mcc, self.mcc, |text| validate::mcc(text, &at("mcc")))?;
        if let Some(owners) = self.minority_owned_business_designation {
            profile.minority_owned_business_designation = Some(owners);
        }
        if let Some(revenue) = self.monthly_estimated_revenue {
            let amount = not_negative(revenue.amount, &name(&at("monthly_estimated_revenue"), &["amount"]))?;
            profile.monthly_estimated_revenue = Some(MonthlyRevenue { amount, currency: revenue.currency });
        }
        set_line(&mut profile.name, self.name, &at("name"))?;
        set_with(&mut profile.product_description, self.product_description, |text| {
            validate::text(text, LONGEST_DESCRIPTION, &at("product_description"))
        })?;
        set_with(
            &mut profile.specified_commercial_transactions_act_url,
            self.specified_commercial_transactions_act_url,
            |text| validate::url(text, &at("specified_commercial_transactions_act_url")),
        )?;
        if let Some(address) = self.support_address {
            address.apply(profile.support_address.get_or_insert_default(), home, &at("support_address"))?;
        }
        set_with(&mut profile.support_email, self.support_email, |text| validate::email(text, &at("support_email")))?;
        set_with(&mut profile.support_phone, self.support_phone, |text| validate::phone(text, &at("support_phone")))?;
        set_with(&mut profile.support_url, self.support_url, |text| validate::url(text, &at("support_url")))?;
        set_with(&mut profile.url, self.url, |text| validate::url(text, &at("url")))
    }
}

fn not_negative(value: i64, param: &str) -> Result<i64> {
    if 0 <= value {
        return Ok(value);
    }
    Err(too_low(param, 0))
}

/// `2025-12-31`.
fn fiscal_year_end(text: &str, param: &str) -> Result<String> {
    let mut parts = text.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next().flatten(), parts.next().flatten(), parts.next().flatten());
    match (year, month, day) {
        (Some(year), Some(month), Some(day)) if text.len() == 10 => {
            validate::date(day, month, year, param)?;
            Ok(text.to_owned())
        }
        _ => Err(ApiError::invalid(param, "Invalid date: it must look like 2025-12-31.")),
    }
}
