//! What stands beside the number on a card: until when it is good, and its security code.

use kernel::{ApiError, Result, Timestamp};

use super::Brand;

/// No card is issued for longer than this many years.
const LONGEST_LIFE_YEARS: i64 = 50;

/// The last month in which a card is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// 1 to 12.
    pub month: i64,
    /// Four digits.
    pub year: i64,
}

impl Expiry {
    /// Checks an expiry as given; years of two digits are read as the one within fifty years of `now`.
    ///
    /// Errors: 402 `invalid_expiry_month` or `invalid_expiry_year`, on `exp_month` or `exp_year` inside `hash` (`card`
    /// gives `card[exp_year]`).
    pub fn check(month: i64, year: i64, now: Timestamp, hash: &str) -> Result<Expiry> {
        let (this_year, this_month) = year_and_month(now);
        let year = if (0..100).contains(&year) { four_digits(year, this_year) } else { year };
        if !(1..=12).contains(&month) {
            return Err(invalid_expiry_month(hash));
        }
        if year < this_year || this_year + LONGEST_LIFE_YEARS < year {
            return Err(invalid_expiry_year(hash));
        }
        if year == this_year && month < this_month {
            return Err(invalid_expiry_month(hash));
        }
        Ok(Expiry { month, year })
    }

    /// The expiry of Stripe's ready-made test cards: this month of next year.
    pub fn in_a_year(now: Timestamp) -> Expiry {
        let (year, month) = year_and_month(now);
        Expiry { month, year: year + 1 }
    }

    /// Whether the card is no longer good.
    pub fn is_past(self, now: Timestamp) -> bool {
        (self.year, self.month) < year_and_month(now)
    }
}

fn year_and_month(now: Timestamp) -> (i64, i64) {
    let date = now.date();
    (i64::from(date.year()), i64::from(date.month()))
}

/// `95` in 2026 is 1995, `34` is 2034.
fn four_digits(year: i64, this_year: i64) -> i64 {
    let near = this_year - this_year.rem_euclid(100) + year;
    if this_year + LONGEST_LIFE_YEARS < near { near - 100 } else { near }
}

/// Checks the form of a security code: three digits; American Express also prints four.
///
/// Errors: 402 `invalid_cvc` on `param`.
pub fn check_cvc(cvc: &str, brand: Brand, param: &str) -> Result<()> {
    let length_fits = match brand {
        Brand::Amex => matches!(cvc.len(), 3 | 4),
        Brand::Visa
        | Brand::Mastercard
        | Brand::Discover
        | Brand::Diners
        | Brand::Jcb
        | Brand::Unionpay
        | Brand::EftposAu => cvc.len() == 3,
        Brand::Unknown => matches!(cvc.len(), 3 | 4),
    };
    if length_fits && cvc.bytes().all(|b| b.is_ascii_digit()) { Ok(()) } else { Err(invalid_cvc(param)) }
}

fn invalid_expiry_month(hash: &str) -> ApiError {
    ApiError::card("invalid_expiry_month", "Your card's expiration month is invalid.")
        .param(&format!("{hash}[exp_month]"))
}

fn invalid_expiry_year(hash: &str) -> ApiError {
    ApiError::card("invalid_expiry_year", "Your card's expiration year is invalid.").param(&format!("{hash}[exp_year]"))
}

fn invalid_cvc(param: &str) -> ApiError {
    ApiError::card("invalid_cvc", "Your card's security code is invalid.").param(param)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn november_2026() -> Timestamp {
        Timestamp::parse("2026-11-23").unwrap()
    }

    fn check(month: i64, year: i64) -> Result<Expiry, String> {
        Expiry::check(month, year, november_2026(), "card").map_err(|e| e.code_str().unwrap_or_default().to_owned())
    }

    #[test]
    fn a_card_is_good_to_the_end_of_its_month() {
        assert_eq!(check(11, 2026), Ok(Expiry { month: 11, year: 2026 }));
        assert_eq!(check(10, 2026), Err("invalid_expiry_month".to_owned()));
        assert_eq!(check(12, 2025), Err("invalid_expiry_year".to_owned()));
    }

    #[test]
    fn years_may_have_two_digits() {
        assert_eq!(check(12, 34), Ok(Expiry { month: 12, year: 2034 }));
        assert_eq!(check(12, 26), Ok(Expiry { month: 12, year: 2026 }));
        assert_eq!(check(12, 95), Err("invalid_expiry_year".to_owned()));
    }

    #[test]
    fn impossible_months_and_far_years_are_refused_on_their_field() {
        for month in [0, 13, -1] {
            assert_eq!(check(month, 2034), Err("invalid_expiry_month".to_owned()));
        }
        for year in [1970, 2077, 202, 20_345, -5] {
            assert_eq!(check(1, year), Err("invalid_expiry_year".to_owned()), "{year}");
        }
        let error = Expiry::check(13, 2034, november_2026(), "payment_method_data[card]").unwrap_err();
        assert_eq!(error.param_str(), Some("payment_method_data[card][exp_month]"));
        assert_eq!(error.http_status(), 402);
    }

    #[test]
    fn a_test_card_is_good_for_a_year_whatever_the_clock_says() {
        assert_eq!(Expiry::in_a_year(november_2026()), Expiry { month: 11, year: 2027 });
        assert!(!Expiry { month: 11, year: 2026 }.is_past(november_2026()));
        assert!(Expiry { month: 10, year: 2026 }.is_past(november_2026()));
    }

    #[test]
    fn security_codes_have_three_digits_and_four_on_american_express() {
        let fits = |cvc, brand| check_cvc(cvc, brand, "card[cvc]").is_ok();
        assert!(fits("123", Brand::Visa));
        assert!(fits("1234", Brand::Amex));
        assert!(fits("123", Brand::Amex));
        for (cvc, brand) in
            [("99", Brand::Visa), ("1234", Brand::Visa), ("12a", Brand::Jcb), ("", Brand::Visa), ("12345", Brand::Amex)]
        {
            let error = check_cvc(cvc, brand, "card[cvc]").unwrap_err();
            assert_eq!((error.code_str(), error.param_str()), (Some("invalid_cvc"), Some("card[cvc]")));
        }
    }
}
