//! Money: an integer of minor units with its currency.

use std::fmt;

use crate::Currency;

/// An amount in a currency's minor unit. It keeps its currency, so that two currencies cannot be added by accident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// Minor units: cents for USD, yen for JPY.
    pub amount: i64,
    /// The currency of `amount`.
    pub currency: Currency,
}

impl Money {
    /// `amount` minor units of `currency`.
    pub const fn new(amount: i64, currency: Currency) -> Money {
        Money { amount, currency }
    }
}

impl fmt::Display for Money {
    /// As Stripe's messages write it: `$10.00` for US dollars, `10.00 eur` for others, `500 jpy` without decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = self.currency.exponent();
        let sign = if self.amount < 0 { "-" } else { "" };
        let scale = 10_u64.pow(exponent);
        let units = self.amount.unsigned_abs();
        let (whole, part) = (group_thousands(units / scale), units % scale);
        let symbol = match self.currency.code() {
            "usd" => "$",
            "eur" => "€",
            "gbp" => "£",
            _ => "",
        };
        write!(f, "{sign}{symbol}{whole}")?;
        if 0 < exponent {
            write!(f, ".{part:0width$}", width = exponent as usize)?;
        }
        if symbol.is_empty() {
            write!(f, " {}", self.currency)?;
        }
        Ok(())
    }
}

fn group_thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if 0 < i && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `numerator / denominator`, half away from zero rounded up in absolute value.
///
/// `denominator` must be positive.
pub fn round_half_up(numerator: i128, denominator: i128) -> i64 {
    debug_assert!(0 < denominator);
    let sign = if numerator < 0 { -1 } else { 1 };
    let rounded = (numerator.abs() * 2 + denominator) / (denominator * 2);
    i64::try_from(sign * rounded).unwrap_or(if sign < 0 { i64::MIN } else { i64::MAX })
}

/// The part of `whole` that belongs to `part` of `of`, rounded half up, so that parts taken one after the other add up
/// to exactly `whole`.
///
/// `before` is how much of `of` was already taken, `taken` what was given for it: the last part gets what is left.
pub fn prorate(whole: i64, part: i64, of: i64, before: i64, taken: i64) -> i64 {
    if of <= before + part {
        return whole - taken;
    }
    round_half_up(i128::from(whole) * i128::from(part), i128::from(of)).min(whole - taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_as_people_write_it() {
        let shown = |amount, code| Money::new(amount, Currency::parse(code).unwrap()).to_string();
        assert_eq!(shown(1000, "usd"), "$10.00");
        assert_eq!(shown(99_999_999, "usd"), "$999,999.99");
        assert_eq!(shown(-5, "usd"), "-$0.05");
        assert_eq!(shown(500, "jpy"), "500 jpy");
        assert_eq!(shown(1234, "kwd"), "1.234 kwd");
    }

    #[test]
    fn halves_round_up() {
        assert_eq!(round_half_up(5, 2), 3);
        assert_eq!(round_half_up(-5, 2), -3);
        assert_eq!(round_half_up(4, 3), 1);
        assert_eq!(round_half_up(0, 7), 0);
    }

    #[test]
    fn parts_of_a_fee_add_up_to_the_fee() {
        // money.md 3.3 (c): a fee of 123 on 1000, refunded 400 and then 600.
        let first = prorate(123, 400, 1000, 0, 0);
        assert_eq!(first, 49);
        assert_eq!(prorate(123, 600, 1000, 400, first), 74);
    }

    #[test]
    fn a_half_cent_of_a_reversal_rounds_up() {
        // money.md 3.4 (e): 877 transferred of 1000, 500 refunded.
        assert_eq!(prorate(877, 500, 1000, 0, 0), 439);
    }
}
