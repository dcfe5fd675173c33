//! Countries, by ISO 3166-1 alpha-2 code.

use crate::Currency;

/// A country in which accounts can exist, with what money needs to know of it.
///
/// Only countries that Kontor can open accounts in are listed; others answer a clear error where they are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country {
    /// Two upper-case letters.
    pub code: &'static str,
    /// The currency its accounts settle in by default.
    pub currency: &'static str,
    /// Days from a charge to its `available_on`.
    pub delay_days: i64,
    /// Whether those are business days; otherwise calendar days.
    pub business_days: bool,
    /// The single euro payments area, for fees on cards of the European Economic Area.
    pub eea: bool,
}

const fn country(
    code: &'static str,
    currency: &'static str,
    delay_days: i64,
    business_days: bool,
    eea: bool,
) -> Country {
    Country { code, currency, delay_days, business_days, eea }
}

/// Settlement delays: facts of Stripe's payout documentation ("payout speed"), the delay of a new account.
const COUNTRIES: &[Country] = &[
    country("AT", "eur", 7, false, true),
    country("AU", "aud", 2, true, false),
    country("BE", "eur", 7, false, true),
    country("CA", "cad", 7, false, false),
    country("CH", "chf", 7, false, false),
    country("DE", "eur", 7, false, true),
    country("DK", "dkk", 7, false, true),
    country("ES", "eur", 7, false, true),
    country("FI", "eur", 7, false, true),
    country("FR", "eur", 7, false, true),
    country("GB", "gbp", 7, false, false),
    country("IE", "eur", 7, false, true),
    country("IT", "eur", 7, false, true),
    country("LU", "eur", 7, false, true),
    country("NL", "eur", 7, false, true),
    country("NO", "nok", 7, false, true),
    country("NZ", "nzd", 4, true, false),
    country("PT", "eur", 7, false, true),
    country("SE", "sek", 7, false, true),
    country("US", "usd", 2, true, false),
];

impl Country {
    /// Finds a country by its code, in either case.
    pub fn find(code: &str) -> Option<&'static Country> {
        COUNTRIES.iter().find(|c| c.code.eq_ignore_ascii_case(code))
    }

    /// The currency its accounts settle in by default.
    pub fn default_currency(&self) -> Currency {
        Currency::known(self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_has_a_known_currency() {
        for country in COUNTRIES {
            assert!(Currency::parse(country.currency).is_some(), "{}", country.code);
        }
    }
}
