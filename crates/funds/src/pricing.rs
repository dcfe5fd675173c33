//! What the operator charges for processing a payment: a percentage and a fixed part, by settlement currency and by where
//! the card comes from. Shown by `kontor fees`.
//!
//! The defaults are Stripe's public prices (money.md 10.1), so that a sandbox's arithmetic is the one people know.

use kernel::{Country, Currency, Money, round_half_up};

/// Where a card comes from, as its price sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardOrigin {
    /// The country of the account that settles, or its economic area.
    Domestic,
    /// Anywhere else.
    International,
}

/// One line of the price list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// The country of the account that settles.
    pub country: &'static str,
    /// The settlement currency of `fixed`.
    pub currency: &'static str,
    /// Hundredths of a percent for a domestic card.
    pub domestic_basis_points: i64,
    /// Hundredths of a percent for an international card.
    pub international_basis_points: i64,
    /// Hundredths of a percent more when the payment is converted.
    pub conversion_basis_points: i64,
    /// Minor units of `currency`, for each payment.
    pub fixed: i64,
}

const fn price(country: &'static str, currency: &'static str, domestic: i64, international: i64, fixed: i64) -> Price {
    Price {
        country,
        currency,
        domestic_basis_points: domestic,
        international_basis_points: international,
        conversion_basis_points: if country.len() == 2 && country.as_bytes()[0] == b'U' { 100 } else { 200 },
        fixed,
    }
}

/// By country; the last is for every other country.
pub const PRICES: &[Price] = &[
    price("US", "usd", 290, 440, 30),
    price("CA", "cad", 290, 370, 30),
    price("GB", "gbp", 150, 325, 20),
    price("AU", "aud", 170, 350, 30),
    price("NZ", "nzd", 265, 370, 30),
    price("CH", "chf", 290, 325, 30),
    price("DK", "dkk", 150, 325, 180),
    price("NO", "nok", 240, 325, 200),
    price("SE", "sek", 150, 325, 180),
    price("euro area", "eur", 150, 325, 25),
];

/// The line that applies to an account's country.
pub fn price_of(country: &str) -> &'static Price {
    PRICES.iter().find(|price| price.country == country).unwrap_or(&PRICES[PRICES.len() - 1])
}

/// Where a card from `card_country` comes from, for an account in `account_country`.
pub fn origin(account_country: &str, card_country: &str) -> CardOrigin {
    let both_eea = [account_country, card_country].iter().all(|c| Country::find(c).is_some_and(|c| c.eea));
    if account_country == card_country || both_eea { CardOrigin::Domestic } else { CardOrigin::International }
}

/// The fee for processing `settled`, the payment in its settlement currency: the percentage of it, rounded half up, and
/// the fixed part. Never more than the payment.
pub fn processing_fee(account_country: &str, card_country: &str, settled: Money, converted: bool) -> i64 {
    let price = price_of(account_country);
    let basis_points = match origin(account_country, card_country) {
        CardOrigin::Domestic => price.domestic_basis_points,
        CardOrigin::International => price.international_basis_points,
    } + if converted { price.conversion_basis_points } else { 0 };
    let percentage = round_half_up(i128::from(settled.amount) * i128::from(basis_points), 10_000);
    (percentage + fixed_in(price, settled.currency)).min(settled.amount)
}

/// The fixed part in another settlement currency: the same number of minor units, scaled to the currency's decimals.
fn fixed_in(price: &Price, currency: Currency) -> i64 {
    match currency.exponent() {
        0 => price.fixed,
        2 => price.fixed,
        exponent => price.fixed * 10_i64.pow(exponent.saturating_sub(2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fee(amount: i64) -> i64 {
        processing_fee("US", "US", Money::new(amount, Currency::USD), false)
    }

    #[test]
    fn american_fees_are_the_ones_of_the_documentation() {
        // money.md 10.1: 10.00 → 0.59, 20.00 → 0.88, 100.00 → 3.20.
        assert_eq!((fee(1_000), fee(2_000), fee(10_000), fee(20_000)), (59, 88, 320, 610));
    }

    #[test]
    fn a_foreign_card_and_a_conversion_cost_more() {
        let fee = |card, converted| processing_fee("US", card, Money::new(10_000, Currency::USD), converted);
        assert_eq!(fee("US", false), 320);
        assert_eq!(fee("DE", false), 470);
        assert_eq!(fee("DE", true), 570);
        assert_eq!(origin("DE", "FR"), CardOrigin::Domestic);
    }

    #[test]
    fn a_fee_never_exceeds_the_payment() {
        assert_eq!(processing_fee("US", "US", Money::new(20, Currency::USD), false), 20);
    }
}
