//! Statement descriptors: what card statements say.

use kernel::{ApiError, Result};

use crate::documents::Account;

const SHORTEST: usize = 5;
const LONGEST: usize = 22;
const LONGEST_PREFIX: usize = 10;

fn is_forbidden(c: char) -> bool {
    matches!(c, '<' | '>' | '\\' | '\'' | '"' | '*') || c.is_control()
}

/// A statement descriptor as the caller gives it.
///
/// Errors: 400 on `param` unless it is 5 to 22 characters with a letter among them and none of `< > \ ' " *`.
pub(crate) fn check(text: &str, param: &str) -> Result<String> {
    within(text, SHORTEST, LONGEST, param, "statement descriptor")
}

/// A statement descriptor's prefix as the caller gives it: 2 to 10 characters.
pub(crate) fn check_prefix(text: &str, param: &str) -> Result<String> {
    within(text, 2, LONGEST_PREFIX, param, "statement descriptor prefix")
}

fn within(text: &str, shortest: usize, longest: usize, param: &str, what: &str) -> Result<String> {
    let text = text.trim();
    let length = text.chars().count();
    if length < shortest || longest < length {
        let message = format!("The {what} must be between {shortest} and {longest} characters long.");
        return Err(ApiError::invalid(param, message));
    }
    if !text.is_ascii() || text.chars().any(is_forbidden) {
        let message = format!("The {what} can only have Latin characters and none of these: < > \\ ' \" *");
        return Err(ApiError::invalid(param, message));
    }
    if !text.chars().any(|c| c.is_ascii_alphabetic()) {
        return Err(ApiError::invalid(param, format!("The {what} must contain at least one letter.")));
    }
    Ok(text.to_owned())
}

/// Takes the statement descriptor, where none was given, from the business's name, else its website, else its legal name;
/// and the prefix from the statement descriptor.
pub(crate) fn fill(account: &mut Account) {
    if account.settings.payments.statement_descriptor.is_none() {
        let profile = &account.business_profile;
        let website = profile.url.as_deref().map(|url| {
            let host = url.split_once("://").map_or(url, |(_, rest)| rest);
            host.trim_start_matches("www.").split(['/', '?', '#', ':']).next().unwrap_or_default()
        });
        let person = account.individual.as_ref().and_then(|person| person.full_name());
        let company = account.company.as_ref().and_then(|company| company.name.as_deref());
        let names = [profile.name.as_deref(), website, company, person.as_deref()];
        account.settings.payments.statement_descriptor = names.into_iter().flatten().find_map(from_name);
    }
    if account.settings.card_payments.statement_descriptor_prefix.is_none()
        && let Some(descriptor) = account.statement_descriptor().filter(|text| !is_test_failure(text))
    {
        let prefix: String = descriptor.chars().take(LONGEST_PREFIX).collect();
        account.settings.card_payments.statement_descriptor_prefix =
            check_prefix(&prefix, "prefix").ok().filter(|prefix| !prefix.is_empty());
    }
}

/// The test values that fail; a prefix taken from one would fail as well, and outlive it.
fn is_test_failure(descriptor: &str) -> bool {
    matches!(descriptor, "mismatch" | "disallowed")
}

/// A name as a statement shows it; `None` when too little of it is left.
fn from_name(name: &str) -> Option<String> {
    let kept: String = name.chars().filter(|c| c.is_ascii() && !is_forbidden(*c)).take(LONGEST).collect();
    check(&kept.to_ascii_uppercase(), "statement_descriptor").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_descriptor_has_5_to_22_characters_with_a_letter() {
        let cases = [
            ("ROCKET RIDES", true),
            ("mismatch", true),
            ("four", false),
            ("12345", false),
            ("A*STERISK", false),
            ("QUOTE\"S HERE", false),
            ("TWENTY-THREE CHARACTERS", false),
            ("KÖLN SHOP", false),
        ];
        for (text, good) in cases {
            assert_eq!(check(text, "p").is_ok(), good, "{text}");
        }
    }

    #[test]
    fn a_name_becomes_a_statement_descriptor_as_far_as_it_can() {
        assert_eq!(from_name("Ada's Bakery & Café").as_deref(), Some("ADAS BAKERY & CAF"));
        assert_eq!(from_name("Ada"), None);
        assert_eq!(from_name("日本語の店"), None);
        assert_eq!(from_name("A very long name of a small shop").as_deref(), Some("A VERY LONG NAME OF A"));
    }
}
