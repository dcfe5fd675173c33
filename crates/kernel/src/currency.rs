//! Currencies: ISO 4217 codes in lower case, with Stripe's decimals and minimum amounts.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A currency that Kontor knows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Code, digits after the point, smallest charge in minor units.
///
/// Minimum charges: Stripe's "supported currencies" page; where it names none, half a major unit, the page's own rule of
/// thumb. `isk` and `ugx` are sent with two decimals that are always `00`, as Stripe keeps them for compatibility.
const CURRENCIES: &[(&str, u32, i64)] = &[
    ("aed", 2, 200),
    ("afn", 2, 50),
    ("all", 2, 50),
    ("amd", 2, 50),
    ("ang", 2, 50),
    ("aoa", 2, 50),
    ("ars", 2, 50),
    ("aud", 2, 50),
    ("awg", 2, 50),
    ("azn", 2, 50),
    ("bam", 2, 50),
    ("bbd", 2, 50),
    ("bdt", 2, 50),
    ("bgn", 2, 100),
    ("bhd", 3, 500),
    ("bif", 0, 50),
    ("bmd", 2, 50),
    ("bnd", 2, 50),
    ("bob", 2, 50),
    ("brl", 2, 50),
    ("bsd", 2, 50),
    ("bwp", 2, 50),
    ("byn", 2, 50),
    ("bzd", 2, 50),
    ("cad", 2, 50),
    ("cdf", 2, 50),
    ("chf", 2, 50),
    ("clp", 0, 50),
    ("cny", 2, 50),
    ("cop", 2, 50),
    ("crc", 2, 50),
    ("cve", 2, 50),
    ("czk", 2, 1500),
    ("djf", 0, 50),
    ("dkk", 2, 250),
    ("dop", 2, 50),
    ("dzd", 2, 50),
    ("egp", 2, 50),
    ("etb", 2, 50),
    ("eur", 2, 50),
    ("fjd", 2, 50),
    ("fkp", 2, 50),
    ("gbp", 2, 30),
    ("gel", 2, 50),
    ("gip", 2, 50),
    ("gmd", 2, 50),
    ("gnf", 0, 50),
    ("gtq", 2, 50),
    ("gyd", 2, 50),
    ("hkd", 2, 400),
    ("hnl", 2, 50),
    ("htg", 2, 50),
    ("huf", 2, 17500),
    ("idr", 2, 50),
    ("ils", 2, 50),
    ("inr", 2, 50),
    ("isk", 2, 50),
    ("jmd", 2, 50),
    ("jod", 3, 500),
    ("jpy", 0, 50),
    ("kes", 2, 50),
    ("kgs", 2, 50),
    ("khr", 2, 50),
    ("kmf", 0, 50),
    ("krw", 0, 50),
    ("kwd", 3, 500),
    ("kyd", 2, 50),
    ("kzt", 2, 50),
    ("lak", 2, 50),
    ("lbp", 2, 50),
    ("lkr", 2, 50),
    ("lrd", 2, 50),
    ("lsl", 2, 50),
    ("mad", 2, 50),
    ("mdl", 2, 50),
    ("mga", 0, 50),
    ("mkd", 2, 50),
    ("mmk", 2, 50),
    ("mnt", 2, 50),
    ("mop", 2, 50),
    ("mur", 2, 50),
    ("mvr", 2, 50),
    ("mwk", 2, 50),
    ("mxn", 2, 1000),
    ("myr", 2, 200),
    ("mzn", 2, 50),
    ("nad", 2, 50),
    ("ngn", 2, 50),
    ("nio", 2, 50),
    ("nok", 2, 300),
    ("npr", 2, 50),
    ("nzd", 2, 50),
    ("omr", 3, 500),
    ("pab", 2, 50),
    ("pen", 2, 50),
    ("pgk", 2, 50),
    ("php", 2, 50),
    ("pkr", 2, 50),
    ("pln", 2, 200),
    ("pyg", 0, 50),
    ("qar", 2, 50),
    ("ron", 2, 200),
    ("rsd", 2, 50),
    ("rub", 2, 50),
    ("rwf", 0, 50),
    ("sar", 2, 50),
    ("sbd", 2, 50),
    ("scr", 2, 50),
    ("sek", 2, 300),
    ("sgd", 2, 50),
    ("shp", 2, 50),
    ("sle", 2, 50),
    ("sos", 2, 50),
    ("srd", 2, 50),
    ("std", 2, 50),
    ("szl", 2, 50),
    ("thb", 2, 1000),
    ("tjs", 2, 50),
    ("tnd", 3, 500),
    ("top", 2, 50),
    ("try", 2, 50),
    ("ttd", 2, 50),
    ("twd", 2, 50),
    ("tzs", 2, 50),
    ("uah", 2, 50),
    ("ugx", 2, 50),
    ("usd", 2, 50),
    ("uyu", 2, 50),
    ("uzs", 2, 50),
    ("vnd", 0, 50),
    ("vuv", 0, 50),
    ("wst", 2, 50),
    ("xaf", 0, 50),
    ("xcd", 2, 50),
    ("xof", 0, 50),
    ("xpf", 0, 50),
    ("yer", 2, 50),
    ("zar", 2, 50),
    ("zmw", 2, 50),
];

impl Currency {
    /// US dollars.
    pub const USD: Currency = Currency(*b"usd");
    /// Euros.
    pub const EUR: Currency = Currency(*b"eur");

    /// Reads a code in either case; `None` when Kontor does not know the currency.
    pub fn parse(code: &str) -> Option<Currency> {
        let lower = code.to_ascii_lowercase();
        let bytes: [u8; 3] = lower.as_bytes().try_into().ok()?;
        CURRENCIES.binary_search_by(|(known, _, _)| known.as_bytes().cmp(&bytes)).ok()?;
        Some(Currency(bytes))
    }

    /// A code from our own tables, which a test holds against [`Currency::parse`].
    pub(crate) fn known(code: &'static str) -> Currency {
        let b = code.as_bytes();
        Currency([b[0], b[1], b[2]])
    }

    fn row(&self) -> &'static (&'static str, u32, i64) {
        let at = CURRENCIES.binary_search_by(|(known, _, _)| known.as_bytes().cmp(&self.0)).unwrap_or_default();
        &CURRENCIES[at]
    }

    /// The lower-case code.
    pub fn code(&self) -> &'static str {
        self.row().0
    }

    /// Digits after the point in which amounts are sent.
    pub fn exponent(&self) -> u32 {
        self.row().1
    }

    /// The smallest amount that can be charged, in minor units.
    pub fn minimum_charge(&self) -> i64 {
        self.row().2
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Currency, D::Error> {
        let code = Cow::<'de, str>::deserialize(deserializer)?;
        Currency::parse(&code).ok_or_else(|| serde::de::Error::custom(format!("Invalid currency: {code}.")))
    }
}

impl JsonSchema for Currency {
    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[a-zA-Z]{3}$", "description": "Three-letter ISO currency code." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_it_can_be_searched() {
        assert!(CURRENCIES.is_sorted_by_key(|row| row.0));
        for (code, _, _) in CURRENCIES {
            assert_eq!(Currency::parse(code).map(|c| c.code()), Some(*code));
        }
    }

    #[test]
    fn codes_are_read_in_either_case_and_unknown_ones_refused() {
        assert_eq!(Currency::parse("USD"), Some(Currency::USD));
        assert_eq!(Currency::parse("xxx"), None);
        assert_eq!(Currency::parse("dollars"), None);
        assert_eq!(Currency::parse(""), None);
    }

    #[test]
    fn decimals_are_stripes() {
        let exponent = |code| Currency::parse(code).map(|c| c.exponent());
        assert_eq!(exponent("jpy"), Some(0));
        assert_eq!(exponent("usd"), Some(2));
        assert_eq!(exponent("kwd"), Some(3));
        assert_eq!(exponent("isk"), Some(2));
    }
}
