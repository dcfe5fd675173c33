//! The documented arithmetic of money, written again from the documentation: plain integers, no types of Kontor's.
//!
//! American accounts only. Rates are those of a sandbox; prices are money.md 10.1.

/// Micro-dollars for one major unit, and digits after the point.
const CURRENCIES: [(&str, i128, u32); 4] =
    [("usd", 1_000_000, 2), ("eur", 1_100_000, 2), ("gbp", 1_300_000, 2), ("jpy", 6_700, 0)];

/// The currencies that the simulator deals in.
pub const CODES: [&str; 4] = ["usd", "eur", "gbp", "jpy"];

fn currency(code: &str) -> (i128, u32) {
    let found = CURRENCIES.iter().find(|(known, _, _)| *known == code);
    found.map_or((1_000_000, 2), |(_, rate, digits)| (*rate, *digits))
}

/// A fraction as a whole number, halves up.
fn nearest(numerator: i128, denominator: i128) -> i64 {
    let (floor, rest) = (numerator.div_euclid(denominator), numerator.rem_euclid(denominator));
    let up = denominator <= rest * 2;
    i64::try_from(floor + i128::from(up)).expect("amounts of a simulation are small")
}

/// What an amount is in another currency.
pub fn exchange(amount: i64, from: &str, to: &str) -> i64 {
    if from == to {
        return amount;
    }
    let ((from_rate, from_digits), (to_rate, to_digits)) = (currency(from), currency(to));
    let minor_of_major = |digits: u32| 10_i128.pow(digits);
    nearest(i128::from(amount) * from_rate * minor_of_major(to_digits), to_rate * minor_of_major(from_digits))
}

/// What an American account pays for processing a payment: 2.9 % and 30, 1.5 % more for a foreign card, 1 % more for an
/// exchange, never more than the payment.
pub fn processing_fee(settled: i64, foreign_card: bool, exchanged: bool) -> i64 {
    let tenths_of_percent = 29 + 15 * i128::from(foreign_card) + 10 * i128::from(exchanged);
    (nearest(i128::from(settled) * tenths_of_percent, 1_000) + 30).min(settled)
}

/// The share of `whole` for `part` of `of`: halves up, never more than is left, and the last part gets what is left.
///
/// `parts_before` of `of` were shared out before, for `given` of `whole`.
pub fn share(whole: i64, part: i64, of: i64, parts_before: i64, given: i64) -> i64 {
    let left = whole - given;
    if of - parts_before <= part {
        left
    } else {
        nearest(i128::from(whole) * i128::from(part), i128::from(of)).min(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentations_examples_come_out() {
        assert_eq!([1_000, 2_000, 10_000].map(|amount| processing_fee(amount, false, false)), [59, 88, 320]);
        assert_eq!(exchange(1_000, "eur", "usd"), 1_100);
        assert_eq!(exchange(1_000, "jpy", "usd"), 670);
        assert_eq!((share(123, 400, 1_000, 0, 0), share(123, 600, 1_000, 400, 49)), (49, 74));
        assert_eq!(share(877, 500, 1_000, 0, 0), 439);
    }
}
