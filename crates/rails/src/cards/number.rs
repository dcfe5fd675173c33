//! Card numbers and the brands they belong to.

use std::fmt;

use kernel::{ApiError, Result};

use crate::fingerprint::fingerprint;
use crate::words::words;

words! {
    /// Whose card it is (Stripe, `card.brand`).
    Brand {
        /// Visa.
        Visa = "visa",
        /// Mastercard.
        Mastercard = "mastercard",
        /// American Express.
        Amex = "amex",
        /// Discover.
        Discover = "discover",
        /// Diners Club.
        Diners = "diners",
        /// JCB.
        Jcb = "jcb",
        /// UnionPay.
        Unionpay = "unionpay",
        /// eftpos Australia. Its test cards are co-branded and show the other brand.
        EftposAu = "eftpos_au",
        /// None that we can tell.
        Unknown = "unknown",
    }
}

impl Brand {
    /// The brand of a number, by its first digits.
    fn of(digits: &str) -> Brand {
        let first = |count: usize| digits.get(..count).and_then(|d| d.parse::<u32>().ok()).unwrap_or_default();
        match (first(1), first(2), first(3), first(4)) {
            (4, ..) => Brand::Visa,
            (_, 51..=55, ..) | (_, _, _, 2221..=2720) => Brand::Mastercard,
            (_, 34 | 37, ..) => Brand::Amex,
            (_, 65, ..) | (_, _, 644..=649, _) | (.., 6011) => Brand::Discover,
            (_, 36 | 38 | 39, ..) | (_, _, 300..=305 | 309, _) => Brand::Diners,
            (.., 3528..=3589) => Brand::Jcb,
            (_, 62 | 81, ..) => Brand::Unionpay,
            _ => Brand::Unknown,
        }
    }

    /// Whether a number of this brand can have so many digits.
    fn has_length(self, length: usize) -> bool {
        match self {
            Brand::Visa => matches!(length, 13 | 16 | 19),
            Brand::Mastercard => length == 16,
            Brand::Amex => length == 15,
            Brand::Diners => (14..=19).contains(&length),
            Brand::Discover | Brand::Jcb | Brand::Unionpay => (16..=19).contains(&length),
            Brand::EftposAu | Brand::Unknown => (12..=19).contains(&length),
        }
    }
}

/// A card number that passed the Luhn check and has a length its brand uses. `Debug` shows the last four digits only.
#[derive(Clone, PartialEq, Eq)]
pub struct CardNumber(String);

impl CardNumber {
    /// Reads a number as people type it, with spaces or dashes.
    ///
    /// Errors: 402 `incorrect_number` on `param`; the message does not repeat the number.
    pub fn parse(text: &str, param: &str) -> Result<CardNumber> {
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).take(20).collect();
        let good = digits.bytes().all(|b| b.is_ascii_digit())
            && Brand::of(&digits).has_length(digits.len())
            && passes_luhn(&digits);
        if !good {
            return Err(incorrect_number(param));
        }
        Ok(CardNumber(digits))
    }

    /// A number from our own table, every row of which a test puts through [`CardNumber::parse`].
    pub(super) fn known(digits: &'static str) -> CardNumber {
        CardNumber(digits.to_owned())
    }

    /// All digits: for the sealed store and the network only.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// The last four digits, which may be shown.
    pub fn last4(&self) -> &str {
        &self.0[self.0.len() - 4..]
    }

    /// The first six digits, the issuer identification number.
    pub fn iin(&self) -> &str {
        &self.0[..6]
    }

    /// The brand, by the first digits.
    pub fn brand(&self) -> Brand {
        Brand::of(&self.0)
    }

    /// Sixteen characters that are the same for the same number. In a sandbox this is no secret.
    pub fn fingerprint(&self) -> String {
        fingerprint("card", &self.0)
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardNumber(…{})", self.last4())
    }
}

/// The check digit of ISO/IEC 7812: doubles every second digit from the right and wants a sum that ends in 0.
fn passes_luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0');
            match (place % 2, digit * 2) {
                (0, _) => digit,
                (_, doubled) if 9 < doubled => doubled - 9,
                (_, doubled) => doubled,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

fn incorrect_number(param: &str) -> ApiError {
    ApiError::card("incorrect_number", "Your card number is incorrect.").param(param)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<CardNumber> {
        CardNumber::parse(text, "card[number]")
    }

    #[test]
    fn spaces_and_dashes_are_ignored() {
        assert_eq!(read("4242 4242-4242 4242").unwrap().digits(), "4242424242424242");
    }

    #[test]
    fn a_wrong_number_is_refused_with_stripes_error_and_is_not_repeated() {
        let wrong = ["4242424242424241", "", "4", "42424242424242", "424242424242424x", "４242424242424242", "0"];
        let long = "4".repeat(400);
        for text in wrong.into_iter().chain([long.as_str()]) {
            let error = read(text).unwrap_err();
            assert_eq!(error.http_status(), 402, "{text}");
            assert_eq!(error.code_str(), Some("incorrect_number"));
            assert_eq!(error.param_str(), Some("card[number]"));
            assert_eq!(error.message(), "Your card number is incorrect.");
        }
    }

    #[test]
    fn debug_output_shows_the_last_four_digits_only() {
        assert_eq!(format!("{:?}", read("4242424242424242").unwrap()), "CardNumber(…4242)");
    }

    #[test]
    fn the_first_digits_tell_the_brand() {
        let cases = [
            ("4111111111111111", Brand::Visa),
            ("5555555555554444", Brand::Mastercard),
            ("2223003122003222", Brand::Mastercard),
            ("2720990000000007", Brand::Mastercard),
            ("341111111111111", Brand::Amex),
            ("378282246310005", Brand::Amex),
            ("6011111111111117", Brand::Discover),
            ("6445644564456445", Brand::Discover),
            ("6555900000604105", Brand::Discover),
            ("30569309025904", Brand::Diners),
            ("36227206271667", Brand::Diners),
            ("38520000023237", Brand::Diners),
            ("3566002020360505", Brand::Jcb),
            ("6200000000000005", Brand::Unionpay),
            ("6205500000000000004", Brand::Unionpay),
            ("5062210000000009", Brand::Unknown),
        ];
        for (number, brand) in cases {
            assert_eq!(read(number).unwrap().brand(), brand, "{number}");
        }
    }

    #[test]
    fn parts_of_a_number_are_what_may_be_shown() {
        let number = read("378282246310005").unwrap();
        assert_eq!((number.iin(), number.last4()), ("378282", "0005"));
        assert_eq!(number.fingerprint().len(), 16);
    }

    #[test]
    fn brands_have_stripes_words() {
        assert_eq!(Brand::EftposAu.as_str(), "eftpos_au");
        assert_eq!(Brand::Unionpay.to_string(), "unionpay");
    }
}
