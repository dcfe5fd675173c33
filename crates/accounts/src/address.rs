//! Addresses, dates and declarations as callers give them.

use kernel::{ApiError, Patch, Result, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::documents::{Address, Declaration, Dob, JapaneseAddress};
use crate::validate::{self, name};

/// An address.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressParams {
    /// City, district, suburb, town or village.
    #[serde(default)]
    pub city: Patch<String>,
    /// Two letters; the account's country when it is not given.
    #[serde(default)]
    pub country: Patch<String>,
    /// Street and number.
    #[serde(default)]
    pub line1: Patch<String>,
    /// Apartment, suite, unit or building.
    #[serde(default)]
    pub line2: Patch<String>,
    /// ZIP or postal code.
    #[serde(default)]
    pub postal_code: Patch<String>,
    /// State, county, province or region.
    #[serde(default)]
    pub state: Patch<String>,
}

/// A Japanese address, in kana or kanji.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JapaneseAddressParams {
    /// City or ward.
    #[serde(default)]
    pub city: Patch<String>,
    /// Two letters.
    #[serde(default)]
    pub country: Patch<String>,
    /// Block and building number.
    #[serde(default)]
    pub line1: Patch<String>,
    /// Building details.
    #[serde(default)]
    pub line2: Patch<String>,
    /// ZIP or postal code.
    #[serde(default)]
    pub postal_code: Patch<String>,
    /// Prefecture.
    #[serde(default)]
    pub state: Patch<String>,
    /// Town or cho-me.
    #[serde(default)]
    pub town: Patch<String>,
}

/// A date.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DateParams {
    /// 1 to 31.
    pub day: i64,
    /// 1 to 12.
    pub month: i64,
    /// Four digits.
    pub year: i64,
}

/// Somebody's word.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclarationParams {
    /// When, in Unix seconds.
    pub date: Option<i64>,
    /// From which address.
    pub ip: Option<String>,
    /// By which browser.
    #[serde(default)]
    pub user_agent: Patch<String>,
}

/// Writes a text, or unsets it.
pub(crate) fn set_line(field: &mut Option<String>, value: Patch<String>, param: &str) -> Result<()> {
    set_with(field, value, |text| validate::line(text, param))
}

/// Writes what `read` makes of a text, or unsets it.
pub(crate) fn set_with<T>(
    field: &mut Option<T>,
    value: Patch<String>,
    read: impl FnOnce(&str) -> Result<T>,
) -> Result<()> {
    match value {
        Patch::Absent => {}
        Patch::Clear => *field = None,
        Patch::Set(text) => *field = Some(read(&text)?),
    }
    Ok(())
}

impl AddressParams {
    /// Writes the address. `home` is the account's country, which an address without one is in. `param` names the hash.
    ///
    /// Errors: 400 for a state or a postal code that the United States do not have.
    pub(crate) fn apply(self, address: &mut Address, home: &str, param: &str) -> Result<()> {
        let at = |field: &str| name(param, &[field]);
        set_with(&mut address.country, self.country, |text| validate::country(text, &at("country")))?;
        set_line(&mut address.city, self.city, &at("city"))?;
        set_line(&mut address.line1, self.line1, &at("line1"))?;
        set_line(&mut address.line2, self.line2, &at("line2"))?;
        set_line(&mut address.postal_code, self.postal_code, &at("postal_code"))?;
        set_line(&mut address.state, self.state, &at("state"))?;
        if address.country.is_none() {
            address.country = Some(home.to_owned());
        }
        if address.country.as_deref() == Some("US") {
            check_american(address, param)?;
        }
        Ok(())
    }
}

impl JapaneseAddressParams {
    /// Writes the address.
    pub(crate) fn apply(self, into: &mut Option<JapaneseAddress>, param: &str) -> Result<()> {
        let at = |field: &str| name(param, &[field]);
        let address = into.get_or_insert_default();
        set_with(&mut address.country, self.country, |text| validate::country(text, &at("country")))?;
        set_line(&mut address.city, self.city, &at("city"))?;
        set_line(&mut address.line1, self.line1, &at("line1"))?;
        set_line(&mut address.line2, self.line2, &at("line2"))?;
        set_line(&mut address.postal_code, self.postal_code, &at("postal_code"))?;
        set_line(&mut address.state, self.state, &at("state"))?;
        set_line(&mut address.town, self.town, &at("town"))
    }
}

impl DateParams {
    /// A day of the calendar.
    pub(crate) fn date(&self, param: &str) -> Result<Dob> {
        validate::date(self.day, self.month, self.year, param)
    }

    /// A date of birth.
    pub(crate) fn dob(&self, now: Timestamp, param: &str) -> Result<Dob> {
        validate::dob(self.day, self.month, self.year, now, param)
    }
}

impl DeclarationParams {
    /// Writes the declaration.
    pub(crate) fn apply(self, into: &mut Option<Declaration>, now: Timestamp, param: &str) -> Result<()> {
        let declaration = into.get_or_insert_default();
        if let Some(date) = self.date {
            declaration.date = Some(validate::agreed_at(date, now, &name(param, &["date"]))?);
        }
        if let Some(ip) = self.ip {
            declaration.ip = Some(validate::ip(&ip, &name(param, &["ip"]))?);
        }
        set_line(&mut declaration.user_agent, self.user_agent, &name(param, &["user_agent"]))
    }
}

/// States, the federal district, territories and military post offices of the United States.
const STATES: &[(&str, &str)] = &[
    ("AA", "Armed Forces Americas"),
    ("AE", "Armed Forces Europe"),
    ("AK", "Alaska"),
    ("AL", "Alabama"),
    ("AP", "Armed Forces Pacific"),
    ("AR", "Arkansas"),
    ("AS", "American Samoa"),
    ("AZ", "Arizona"),
    ("CA", "California"),
    ("CO", "Colorado"),
    ("CT", "Connecticut"),
    ("DC", "District of Columbia"),
    ("DE", "Delaware"),
    ("FL", "Florida"),
    ("GA", "Georgia"),
    ("GU", "Guam"),
    ("HI", "Hawaii"),
    ("IA", "Iowa"),
    ("ID", "Idaho"),
    ("IL", "Illinois"),
    ("IN", "Indiana"),
    ("KS", "Kansas"),
    ("KY", "Kentucky"),
    ("LA", "Louisiana"),
    ("MA", "Massachusetts"),
    ("MD", "Maryland"),
    ("ME", "Maine"),
    ("MI", "Michigan"),
    ("MN", "Minnesota"),
    ("MO", "Missouri"),
    ("MP", "Northern Mariana Islands"),
    ("MS", "Mississippi"),
    ("MT", "Montana"),
    ("NC", "North Carolina"),
    ("ND", "North Dakota"),
    ("NE", "Nebraska"),
    ("NH", "New Hampshire"),
    ("NJ", "New Jersey"),
    ("NM", "New Mexico"),
    ("NV", "Nevada"),
    ("NY", "New York"),
    ("OH", "Ohio"),
    ("OK", "Oklahoma"),
    ("OR", "Oregon"),
    ("PA", "Pennsylvania"),
    ("PR", "Puerto Rico"),
    ("RI", "Rhode Island"),
    ("SC", "South Carolina"),
    ("SD", "South Dakota"),
    ("TN", "Tennessee"),
    ("TX", "Texas"),
    ("UT", "Utah"),
    ("VA", "Virginia"),
    ("VI", "Virgin Islands"),
    ("VT", "Vermont"),
    ("WA", "Washington"),
    ("WI", "Wisconsin"),
    ("WV", "West Virginia"),
    ("WY", "Wyoming"),
];

fn check_american(address: &Address, param: &str) -> Result<()> {
    if let Some(state) = &address.state
        && !STATES.iter().any(|(code, name)| state.eq_ignore_ascii_case(code) || state.eq_ignore_ascii_case(name))
    {
        let message =
            format!("Invalid US state: {}. It must be a code of two letters, or a name.", validate::shown(state));
        return Err(ApiError::invalid(&name(param, &["state"]), message).code("state_unsupported"));
    }
    if let Some(code) = &address.postal_code
        && !is_zip(code)
    {
        let message = format!("Invalid US postal code: {}. It must have 5 or 9 digits.", validate::shown(code));
        return Err(ApiError::invalid(&name(param, &["postal_code"]), message).code("postal_code_invalid"));
    }
    Ok(())
}

fn is_zip(code: &str) -> bool {
    let digits = code.bytes().filter(u8::is_ascii_digit).count();
    let rest_is_dash =
        code.bytes().enumerate().all(|(at, b)| b.is_ascii_digit() || (at == 5 && matches!(b, b'-' | b' ')));
    rest_is_dash && matches!(digits, 5 | 9)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(country: &str, state: &str, postal_code: &str) -> Result<Address> {
        let set = |text: &str| if text.is_empty() { Patch::Absent } else { Patch::Set(text.to_owned()) };
        let params = AddressParams {
            country: set(country),
            state: set(state),
            postal_code: set(postal_code),
            ..AddressParams::default()
        };
        let mut address = Address::default();
        params.apply(&mut address, "US", "company[address]").map(|()| address)
    }

    #[test]
    fn an_address_is_in_the_accounts_country_unless_it_says_otherwise() {
        assert_eq!(apply("", "CA", "94107").unwrap().country.as_deref(), Some("US"));
        assert_eq!(apply("gb", "", "SW1A 1AA").unwrap().country.as_deref(), Some("GB"));
    }

    #[test]
    fn american_states_and_postal_codes_are_checked() {
        assert_eq!(apply("US", "california", "94107-1234").unwrap().state.as_deref(), Some("california"));
        let param = |result: Result<Address>| result.unwrap_err().param_str().map(str::to_owned);
        assert_eq!(param(apply("US", "ZZ", "94107")).as_deref(), Some("company[address][state]"));
        assert_eq!(param(apply("US", "CA", "9410")).as_deref(), Some("company[address][postal_code]"));
        assert_eq!(param(apply("USA", "CA", "94107")).as_deref(), Some("company[address][country]"));
    }
}
