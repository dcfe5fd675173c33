//! Forms that single values must have.

use kernel::{ApiError, Result, Timestamp};

use crate::documents::Dob;

/// The bracketed name of a parameter: `name("individual", &["dob", "day"])` is `individual[dob][day]`.
pub(crate) fn name(prefix: &str, path: &[&str]) -> String {
    let mut parts = path.iter();
    let mut name = if prefix.is_empty() { parts.next().unwrap_or(&"").to_string() } else { prefix.to_owned() };
    for part in parts {
        name.push('[');
        name.push_str(part);
        name.push(']');
    }
    name
}

/// Most characters of a text that has no other bound.
const LONGEST: usize = 5_000;

/// A text of bounded length.
pub(crate) fn text(value: &str, longest: usize, param: &str) -> Result<String> {
    let length = value.chars().count();
    if longest < length {
        let message = format!("Invalid string: it can be up to {longest} characters long, and has {length}.");
        return Err(ApiError::invalid(param, message));
    }
    Ok(value.trim().to_owned())
}

/// A name, a title, a line of an address.
pub(crate) fn line(value: &str, param: &str) -> Result<String> {
    text(value, LONGEST, param)
}

/// An e-mail address.
pub(crate) fn email(value: &str, param: &str) -> Result<String> {
    let value = value.trim();
    let good = value.len() <= 512
        && !value.chars().any(|c| c.is_whitespace() || c.is_control())
        && value.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.contains('@') && domain.contains('.') && is_host(domain)
        });
    if good {
        return Ok(value.to_owned());
    }
    Err(ApiError::invalid(param, format!("Invalid email address: {}", shown(value))).code("email_invalid"))
}

/// A public website.
pub(crate) fn url(value: &str, param: &str) -> Result<String> {
    let value = value.trim();
    let rest = match value.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") => rest,
        Some(_) => "",
        None => value,
    };
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let good = value.len() <= 5_000 && host.contains('.') && is_host(host) && !value.chars().any(char::is_whitespace);
    if good {
        return Ok(value.to_owned());
    }
    Err(ApiError::invalid(param, "Not a valid URL").code("url_invalid"))
}

/// Labels of letters, digits and dashes with dots between them; letters of any script.
fn is_host(host: &str) -> bool {
    host.split('.').all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-'))
}

/// A telephone number, in E.164. Without a country code it is American.
pub(crate) fn phone(value: &str, param: &str) -> Result<String> {
    let given: String = value.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')')).collect();
    let digits = given.strip_prefix('+').unwrap_or(&given);
    let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let number = match (all_digits, given.starts_with('+'), digits.len()) {
        (true, true, 7..=15) => Some(format!("+{digits}")),
        (true, false, 10) => Some(format!("+1{digits}")),
        (true, false, 11) if digits.starts_with('1') => Some(format!("+{digits}")),
        _ => None,
    };
    number.ok_or_else(|| ApiError::invalid(param, format!("\"{}\" is not a valid phone number", shown(value))))
}

/// A merchant category code.
pub(crate) fn mcc(value: &str, param: &str) -> Result<String> {
    if value.len() == 4 && value.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(value.to_owned());
    }
    let message = format!("Invalid merchant category code: {}. It must be four digits.", shown(value));
    Err(ApiError::invalid(param, message))
}

/// So many digits, with spaces and dashes anywhere.
pub(crate) fn digits(value: &str, count: usize, what: &str, param: &str) -> Result<String> {
    let digits: String = value.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    if digits.len() == count && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(digits);
    }
    Err(ApiError::invalid(param, format!("Invalid {what}: it must have {count} digits.")))
}

/// A country's code, in upper case.
pub(crate) fn country(value: &str, param: &str) -> Result<String> {
    if value.len() == 2 && value.bytes().all(|b| b.is_ascii_alphabetic()) {
        return Ok(value.to_ascii_uppercase());
    }
    let message = format!(
        "Country '{}' is unknown. Try using a 2-character alphanumeric country code instead, such as 'US', 'EG', or 'GB'.",
        shown(value)
    );
    Err(ApiError::invalid(param, message).code("country_unsupported"))
}

/// The address of a computer.
pub(crate) fn ip(value: &str, param: &str) -> Result<String> {
    match value.trim().parse::<std::net::IpAddr>() {
        Ok(_) => Ok(value.trim().to_owned()),
        Err(_) => Err(ApiError::invalid(param, format!("Invalid IP address: {}", shown(value)))),
    }
}

/// 1 January 2009, before which nobody agreed to anything here.
const EARLIEST_AGREEMENT: Timestamp = Timestamp(1_230_768_000);

/// The moment at which somebody agreed: not in the future, but for clocks that differ.
pub(crate) fn agreed_at(value: i64, now: Timestamp, param: &str) -> Result<Timestamp> {
    let at = Timestamp(value);
    if at < EARLIEST_AGREEMENT || now.plus(kernel::HOUR) < at {
        return Err(ApiError::invalid(param, "Invalid timestamp: it must be in the past, in seconds since 1970."));
    }
    Ok(at)
}

/// A color: `#` and six hexadecimal digits.
pub(crate) fn color(value: &str, param: &str) -> Result<String> {
    let digits = value.strip_prefix('#').unwrap_or_default();
    if digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(value.to_ascii_lowercase());
    }
    Err(ApiError::invalid(param, format!("Invalid color: {}. It must look like #635bff.", shown(value))))
}

/// A day of the calendar.
pub(crate) fn date(day: i64, month: i64, year: i64, param: &str) -> Result<Dob> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let good = (1..=12).contains(&month) && (1..=last).contains(&day) && (1_000..=9_999).contains(&year);
    if good {
        return Ok(Dob { day: Some(day), month: Some(month), year: Some(year) });
    }
    Err(ApiError::invalid(param, format!("Invalid date: {day}/{month}/{year} is no day of the calendar.")))
}

/// A date of birth: of somebody who is at least 13 and not born in the future.
pub(crate) fn dob(day: i64, month: i64, year: i64, now: Timestamp, param: &str) -> Result<Dob> {
    let dob = date(day, month, year, param)?;
    let today = now.date();
    if year < 1900 {
        return Err(ApiError::invalid(param, "Date of birth must be within the past 120 years."));
    }
    let thirteenth = (year + 13, month, day);
    if (i64::from(today.year()), i64::from(today.month()), i64::from(today.day())) < thirteenth {
        return Err(ApiError::invalid(param, "Must be at least 13 years of age to use Stripe."));
    }
    Ok(dob)
}

/// `text`, or its start when it is too long to repeat in a message.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bracketed_as_they_were_sent() {
        assert_eq!(name("individual", &["dob", "day"]), "individual[dob][day]");
        assert_eq!(name("", &["dob", "day"]), "dob[day]");
        assert_eq!(name("", &["email"]), "email");
    }

    #[test]
    fn telephone_numbers_become_e_164() {
        let cases = [
            ("0000000000", Some("+10000000000")),
            ("(415) 555-0100", Some("+14155550100")),
            ("1 415 555 0100", Some("+14155550100")),
            ("+44 20 7946 0000", Some("+442079460000")),
            ("+1", None),
            ("555", None),
            ("not a number", None),
            ("", None),
        ];
        for (given, expected) in cases {
            assert_eq!(phone(given, "phone").ok().as_deref(), expected, "{given}");
        }
    }

    #[test]
    fn e_mail_addresses_and_websites_have_a_public_host() {
        for good in ["a@example.com", "a.b+c@sub.example.co"] {
            assert!(email(good, "email").is_ok(), "{good}");
        }
        for bad in ["", "a", "a@", "@example.com", "a@localhost", "a b@example.com", "a@b@example.com"] {
            assert_eq!(email(bad, "email").unwrap_err().code_str(), Some("email_invalid"), "{bad}");
        }
        for good in ["https://rocketrides.io", "example.com/shop?x=1", "http://a.example:8080"] {
            assert!(url(good, "url").is_ok(), "{good}");
        }
        for bad in ["", "localhost", "ftp://example.com", "https://", "https://exa mple.com"] {
            assert_eq!(url(bad, "url").unwrap_err().code_str(), Some("url_invalid"), "{bad}");
        }
    }

    #[test]
    fn a_date_of_birth_is_a_day_of_somebody_who_is_13() {
        let now = Timestamp::parse("2026-11-02").unwrap();
        let cases = [
            ((1, 1, 1901), true),
            ((5, 5, 1990), true),
            ((2, 11, 2013), true),
            ((3, 11, 2013), false),
            ((30, 2, 1990), false),
            ((29, 2, 2000), true),
            ((1, 13, 1990), false),
            ((1, 1, 1899), false),
            ((1, 1, 2030), false),
        ];
        for ((day, month, year), good) in cases {
            assert_eq!(dob(day, month, year, now, "dob").is_ok(), good, "{day}/{month}/{year}");
        }
    }
}
