//! The smallest payouts (Stripe, "minimum payout amounts"; money.md 9.8).

use kernel::Currency;

/// Minor units, for the currencies whose minimum is not one major unit.
const MINIMUMS: &[(&str, i64)] = &[
    ("usd", 1),
    ("aud", 1),
    ("cad", 1),
    ("nzd", 1),
    ("hkd", 1),
    ("thb", 1),
    ("brl", 1),
    ("idr", 1),
    ("pen", 1),
    ("uyu", 1),
    ("crc", 1),
    ("dop", 1),
    ("ttd", 1),
    ("aed", 200),
    ("php", 200),
    ("chf", 500),
    ("pln", 500),
    ("ron", 500),
    ("myr", 500),
    ("mxn", 1_000),
    ("dkk", 2_000),
    ("nok", 2_000),
    ("sek", 2_000),
    ("czk", 3_000),
    ("huf", 36_000),
    ("vnd", 81_125),
];

/// The smallest payout in a currency, in minor units.
pub(crate) fn minimum(currency: Currency) -> i64 {
    let listed = MINIMUMS.iter().find(|(code, _)| *code == currency.code());
    listed.map_or_else(|| 10_i64.pow(currency.exponent()), |(_, minimum)| *minimum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minimums_are_the_listed_ones_and_otherwise_one_unit() {
        let of = |code| minimum(Currency::parse(code).unwrap());
        assert_eq!([of("usd"), of("eur"), of("gbp"), of("jpy"), of("huf"), of("kwd")], [1, 100, 100, 1, 36_000, 1_000]);
    }

    #[test]
    fn every_listed_currency_exists() {
        for (code, _) in MINIMUMS {
            assert!(Currency::parse(code).is_some(), "{code}");
        }
    }
}
