//! Postal addresses, who is billed, and where goods go.

use funds::charges::{Address, BillingDetails};
use kernel::{ApiError, Patch, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text;

/// An address as a request gives it. An empty string unsets a line.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressParams {
    /// City, district, suburb, town or village.
    #[serde(default)]
    pub city: Patch<String>,
    /// Two letters.
    #[serde(default)]
    pub country: Patch<String>,
    /// Street and number, or post-office box.
    #[serde(default)]
    pub line1: Patch<String>,
    /// Flat, suite, unit, building.
    #[serde(default)]
    pub line2: Patch<String>,
    /// ZIP or postal code.
    #[serde(default)]
    pub postal_code: Patch<String>,
    /// State, county, province or region.
    #[serde(default)]
    pub state: Patch<String>,
}

impl AddressParams {
    /// Checks the lines; `param` is the address's own bracketed name.
    pub fn check(&self, param: &str) -> Result<()> {
        let lines = [
            ("city", &self.city),
            ("line1", &self.line1),
            ("line2", &self.line2),
            ("postal_code", &self.postal_code),
            ("state", &self.state),
        ];
        for (name, line) in lines {
            text::check_patch(&format!("{param}[{name}]"), line, text::TEXT)?;
        }
        match self.country.as_set() {
            Some(country) if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_alphabetic()) => {
                Err(unknown_country(param, country))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Writes the lines that were given into `address`.
    pub fn apply(self, address: &mut Address) {
        self.city.apply(&mut address.city);
        match self.country {
            Patch::Set(country) => address.country = Some(country.to_ascii_uppercase()),
            Patch::Clear => address.country = None,
            Patch::Absent => {}
        }
        self.line1.apply(&mut address.line1);
        self.line2.apply(&mut address.line2);
        self.postal_code.apply(&mut address.postal_code);
        self.state.apply(&mut address.state);
    }

    /// An address of just these lines.
    pub fn into_address(self) -> Address {
        let mut address = Address::default();
        self.apply(&mut address);
        address
    }
}

fn unknown_country(param: &str, country: &str) -> ApiError {
    let shown: String = country.chars().take(20).collect();
    ApiError::invalid(
        &format!("{param}[country]"),
        format!(
            "Country '{shown}' is unknown. Try using a 2-character alphanumeric country code instead, such as 'US', \
             'EG', or 'GB'. A full list of country codes is available at https://stripe.com/global"
        ),
    )
}

/// Where goods go, and to whom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shipping {
    /// Where to.
    pub address: Address,
    /// Who carries them.
    #[serde(default)]
    pub carrier: Option<String>,
    /// To whom.
    pub name: Option<String>,
    /// The recipient's phone.
    pub phone: Option<String>,
    /// The carrier's number for the parcel.
    #[serde(default)]
    pub tracking_number: Option<String>,
}

/// Where goods go, as a request gives it: always whole.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShippingParams {
    /// Where to.
    pub address: AddressParams,
    /// Who carries them.
    #[serde(default)]
    pub carrier: Patch<String>,
    /// To whom.
    pub name: String,
    /// The recipient's phone.
    #[serde(default)]
    pub phone: Patch<String>,
    /// The carrier's number for the parcel.
    #[serde(default)]
    pub tracking_number: Patch<String>,
}

impl ShippingParams {
    /// Checks every text.
    pub fn check(&self) -> Result<()> {
        self.address.check("shipping[address]")?;
        text::check("shipping[name]", &self.name, text::TEXT)?;
        text::check_patch("shipping[carrier]", &self.carrier, text::TEXT)?;
        text::check_patch("shipping[phone]", &self.phone, text::TEXT)?;
        text::check_patch("shipping[tracking_number]", &self.tracking_number, text::TEXT)
    }

    /// What is kept.
    pub fn into_shipping(self) -> Shipping {
        Shipping {
            address: self.address.into_address(),
            carrier: self.carrier.set(),
            name: Some(self.name),
            phone: self.phone.set(),
            tracking_number: self.tracking_number.set(),
        }
    }
}

/// Who is billed, as a request gives it. What is not given stays.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BillingDetailsParams {
    /// The billing address.
    #[serde(default)]
    pub address: Patch<AddressParams>,
    /// E-mail address.
    #[serde(default)]
    pub email: Patch<String>,
    /// Full name.
    #[serde(default)]
    pub name: Patch<String>,
    /// Phone, with extension.
    #[serde(default)]
    pub phone: Patch<String>,
    /// Tax id.
    #[serde(default)]
    pub tax_id: Patch<String>,
}

impl BillingDetailsParams {
    /// Checks every text; `param` is the hash's own bracketed name.
    pub fn check(&self, param: &str) -> Result<()> {
        if let Patch::Set(address) = &self.address {
            address.check(&format!("{param}[address]"))?;
        }
        if let Patch::Set(email) = &self.email {
            text::check_email(&format!("{param}[email]"), email)?;
        }
        for (name, value) in [("name", &self.name), ("phone", &self.phone), ("tax_id", &self.tax_id)] {
            text::check_patch(&format!("{param}[{name}]"), value, text::TEXT)?;
        }
        Ok(())
    }

    /// Writes what was given into `details`.
    pub fn apply(self, details: &mut BillingDetails) {
        match self.address {
            Patch::Set(address) => address.apply(details.address.get_or_insert_with(Address::empty)),
            Patch::Clear => details.address = Some(Address::empty()),
            Patch::Absent => {}
        }
        self.email.apply(&mut details.email);
        self.name.apply(&mut details.name);
        self.phone.apply(&mut details.phone);
        self.tax_id.apply(&mut details.tax_id);
    }

    /// Details of just what was given.
    pub fn into_details(self) -> BillingDetails {
        let mut details = BillingDetails::default();
        self.apply(&mut details);
        details
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_not_given_stay_and_an_empty_string_unsets_one() {
        let mut address = Address { city: Some("Visby".into()), line2: Some("Loft".into()), ..Address::default() };
        let change = AddressParams {
            country: Patch::Set("se".into()),
            line1: Patch::Set("Strandgatan 1".into()),
            line2: Patch::Clear,
            ..AddressParams::default()
        };
        change.apply(&mut address);
        assert_eq!(address.city.as_deref(), Some("Visby"));
        assert_eq!(address.country.as_deref(), Some("SE"));
        assert_eq!(address.line1.as_deref(), Some("Strandgatan 1"));
        assert_eq!(address.line2, None);
    }

    #[test]
    fn a_country_has_two_letters() {
        let refused = |country: &str| {
            let params = AddressParams { country: Patch::Set(country.into()), ..AddressParams::default() };
            params.check("shipping[address]").err().and_then(|error| error.param_str().map(str::to_owned))
        };
        assert_eq!(refused("DE"), None);
        assert_eq!(refused("Germany").as_deref(), Some("shipping[address][country]"));
        assert_eq!(refused("1").as_deref(), Some("shipping[address][country]"));
    }
}
