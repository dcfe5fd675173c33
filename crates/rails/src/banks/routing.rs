//! What names a bank, country by country.

use kernel::{ApiError, Result, missing};

/// How a country's banks are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Routing {
    /// Nine digits, the last of which checks the others (ABA).
    Aba,
    /// Digits in groups: each `0` stands for one.
    Digits(&'static str),
    /// An IFSC: four letters, a zero, six letters or digits.
    Ifsc,
    /// The account number says it.
    None,
    /// A bank code of a form that we do not check.
    Any,
}

impl Routing {
    /// The number as it is shown.
    ///
    /// Errors: 400 `parameter_missing`, or `routing_number_invalid`, on `param`.
    pub(super) fn check(self, given: Option<&str>, param: &str) -> Result<Option<String>> {
        let given = given.map(str::trim).filter(|text| !text.is_empty());
        let text = match (self, given) {
            (Routing::None, _) => return Ok(None),
            (Routing::Any, None) => return Ok(None),
            (_, None) => return Err(missing(param)),
            (_, Some(text)) => text,
        };
        let shown = match self {
            Routing::Aba => aba(text).ok_or_else(|| invalid(param, "a valid ABA number of 9 digits"))?,
            Routing::Digits(form) => digits(text, form)
                .ok_or_else(|| invalid(param, &format!("in the format {}", form.replace('0', "x"))))?,
            Routing::Ifsc => ifsc(text).ok_or_else(|| invalid(param, "an IFSC of 11 characters"))?,
            Routing::Any | Routing::None => bank_code(text).ok_or_else(|| invalid(param, "a bank code"))?,
        };
        Ok(Some(shown))
    }
}

/// Digits weighted 3, 7, 1 add up to a multiple of ten.
fn aba(text: &str) -> Option<String> {
    let shown = digits(text, "000000000")?;
    let sum: u32 =
        shown.bytes().zip([3, 7, 1].into_iter().cycle()).map(|(b, weight)| u32::from(b - b'0') * weight).sum();
    (0 < sum && sum.is_multiple_of(10)).then_some(shown)
}

/// Puts the digits of `text` into the places of `form`; spaces and dashes may stand anywhere.
fn digits(text: &str, form: &str) -> Option<String> {
    let mut given = text.chars().filter(|c| !matches!(c, ' ' | '-'));
    let mut shown = String::with_capacity(form.len());
    for place in form.chars() {
        match place {
            '0' => shown.push(given.next().filter(char::is_ascii_digit)?),
            other => shown.push(other),
        }
    }
    given.next().is_none().then_some(shown)
}

fn ifsc(text: &str) -> Option<String> {
    let shown = text.to_ascii_uppercase();
    let b = shown.as_bytes();
    let good = b.len() == 11
        && b[..4].iter().all(u8::is_ascii_uppercase)
        && b[4] == b'0'
        && b[5..].iter().all(u8::is_ascii_alphanumeric);
    good.then_some(shown)
}

fn bank_code(text: &str) -> Option<String> {
    let good = text.len() <= 20 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    good.then(|| text.to_ascii_uppercase())
}

fn invalid(param: &str, form: &str) -> ApiError {
    ApiError::invalid(param, format!("Invalid routing number. It must be {form}.")).code("routing_number_invalid")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(routing: Routing, text: &str) -> Option<String> {
        routing.check(Some(text), "bank_account[routing_number]").unwrap_or_else(|error| {
            assert_eq!(error.code_str(), Some("routing_number_invalid"));
            assert_eq!(error.param_str(), Some("bank_account[routing_number]"));
            None
        })
    }

    #[test]
    fn an_aba_number_is_nine_digits_that_check_out() {
        assert_eq!(check(Routing::Aba, "110000000").as_deref(), Some("110000000"));
        assert_eq!(check(Routing::Aba, "021000021").as_deref(), Some("021000021"));
        for wrong in ["110000001", "11000000", "1100000000", "000000000", "11000000a"] {
            assert_eq!(check(Routing::Aba, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn dashes_are_put_where_the_country_has_them() {
        let canada = Routing::Digits("00000-000");
        assert_eq!(check(canada, "11000000").as_deref(), Some("11000-000"));
        assert_eq!(check(canada, "11000-000").as_deref(), Some("11000-000"));
        assert_eq!(check(canada, "1100-000"), None);
        assert_eq!(check(Routing::Digits("000000"), "10-88-00").as_deref(), Some("108800"));
    }

    #[test]
    fn an_ifsc_has_its_zero_in_the_fifth_place() {
        assert_eq!(check(Routing::Ifsc, "hdfc0004051").as_deref(), Some("HDFC0004051"));
        assert_eq!(check(Routing::Ifsc, "HDFC1004051"), None);
        assert_eq!(check(Routing::Ifsc, "ＨDFC0004051"), None);
    }

    #[test]
    fn a_missing_number_is_named_and_not_missed_where_there_is_none() {
        let error = Routing::Aba.check(None, "bank_account[routing_number]").unwrap_err();
        assert_eq!(error.code_str(), Some("parameter_missing"));
        assert_eq!(Routing::None.check(Some("110000000"), "x").unwrap(), None);
        assert_eq!(Routing::Any.check(None, "x").unwrap(), None);
    }
}
