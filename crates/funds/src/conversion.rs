//! One currency exchanged for another, at fixed rates.
//!
//! A sandbox moves no real money, so its rates are a table: the same request gives the same amounts on any day. The
//! arithmetic is exact integers; [`rate`] is for display only. The operator's ledger accounts `conversion`, one per
//! currency, hold what was exchanged.

use kernel::{ApiError, Currency, Money, Result, round_half_up};

/// Millionths of a US dollar for one major unit, by currency. Round figures near the market's of 2026.
const MICRO_DOLLARS: &[(&str, i64)] = &[
    ("aed", 272_294),
    ("ars", 700),
    ("aud", 660_000),
    ("bgn", 562_421),
    ("bhd", 2_652_520),
    ("brl", 185_000),
    ("cad", 730_000),
    ("chf", 1_250_000),
    ("clp", 1_050),
    ("cny", 140_000),
    ("cop", 250),
    ("czk", 45_000),
    ("dkk", 147_500),
    ("egp", 20_500),
    ("eur", 1_100_000),
    ("gbp", 1_300_000),
    ("hkd", 128_000),
    ("huf", 2_800),
    ("idr", 61),
    ("ils", 295_000),
    ("inr", 11_800),
    ("isk", 8_000),
    ("jod", 1_410_437),
    ("jpy", 6_700),
    ("kes", 7_740),
    ("krw", 720),
    ("kwd", 3_255_000),
    ("mad", 108_000),
    ("mxn", 54_000),
    ("myr", 236_000),
    ("ngn", 660),
    ("nok", 98_000),
    ("nzd", 600_000),
    ("omr", 2_600_780),
    ("pen", 285_000),
    ("php", 17_500),
    ("pkr", 3_560),
    ("pln", 258_000),
    ("qar", 274_725),
    ("ron", 217_000),
    ("sar", 266_667),
    ("sek", 104_000),
    ("sgd", 770_000),
    ("thb", 30_500),
    ("tnd", 340_000),
    ("try", 24_000),
    ("twd", 32_000),
    ("uah", 24_000),
    ("usd", 1_000_000),
    ("uyu", 25_000),
    ("vnd", 38),
    ("zar", 56_000),
];

fn micro_dollars(currency: Currency) -> Result<i128> {
    let found = MICRO_DOLLARS.binary_search_by_key(&currency.code(), |(code, _)| code);
    match found {
        Ok(at) => Ok(i128::from(MICRO_DOLLARS[at].1)),
        Err(_) => Err(ApiError::not_yet("currency", format!("Exchanging {currency}"))),
    }
}

/// Minor units of `to` for one minor unit of `from`, as a fraction.
fn fraction(from: Currency, to: Currency) -> Result<(i128, i128)> {
    let scale = |currency: Currency| 10_i128.pow(currency.exponent());
    Ok((micro_dollars(from)? * scale(to), micro_dollars(to)? * scale(from)))
}

/// What `money` is in minor units of `to`, rounded half up.
///
/// Errors: 400 for a currency that the table does not have.
pub fn convert(money: Money, to: Currency) -> Result<i64> {
    if money.currency == to {
        return Ok(money.amount);
    }
    let (numerator, denominator) = fraction(money.currency, to)?;
    Ok(round_half_up(i128::from(money.amount) * numerator, denominator))
}

/// The rate as balance transactions show it: the source's minor units times this are the target's. `None` when nothing is
/// exchanged.
#[expect(clippy::cast_precision_loss, reason = "shown to people, never reckoned with")]
pub fn rate(from: Currency, to: Currency) -> Option<f64> {
    if from == to {
        return None;
    }
    let (numerator, denominator) = fraction(from, to).ok()?;
    Some(round_half_up(numerator * 1_000_000, denominator) as f64 / 1_000_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    #[test]
    fn the_table_is_sorted_so_that_it_can_be_searched() {
        assert!(MICRO_DOLLARS.is_sorted_by_key(|(code, _)| code));
        assert!(MICRO_DOLLARS.iter().all(|(code, rate)| Currency::parse(code).is_some() && 0 < *rate));
    }

    #[test]
    fn minor_units_are_exchanged_by_each_currencys_decimals() {
        let convert = |amount, from, to| convert(Money::new(amount, currency(from)), currency(to)).unwrap();
        assert_eq!(convert(1_000, "eur", "usd"), 1_100);
        assert_eq!(convert(1_100, "usd", "eur"), 1_000);
        assert_eq!(convert(1_000, "jpy", "usd"), 670);
        assert_eq!(convert(1_000, "usd", "kwd"), 3_072);
        assert_eq!(convert(1_000, "gbp", "gbp"), 1_000);
        assert_eq!(rate(currency("eur"), currency("usd")), Some(1.1));
        assert_eq!(rate(currency("jpy"), currency("usd")), Some(0.67));
        assert_eq!(rate(currency("usd"), currency("usd")), None);
    }

    #[test]
    fn a_currency_without_a_rate_is_refused_where_it_must_be_exchanged() {
        let refused = convert_code("afn").unwrap_err();
        assert_eq!(refused.param_str(), Some("currency"));
    }

    fn convert_code(code: &str) -> Result<i64> {
        convert(Money::new(1_000, currency(code)), Currency::USD)
    }
}
