//! What went wrong while decoding, in Stripe's words.

use std::collections::BTreeMap;
use std::fmt;

use kernel::{ApiError, missing, too_low};
use serde::de;

use super::path::Path;
use super::{Node, shown};

/// An error on its way up: serde's until the place is known, then the caller's.
#[derive(Debug)]
pub(super) enum DecodeError {
    Missing(&'static str),
    Unknown { name: String, expected: &'static [&'static str] },
    Variant { expected: &'static [&'static str] },
    Custom(String),
    Located(ApiError),
}

impl DecodeError {
    /// Adds the place, unless it is known from further down.
    pub(super) fn at(self, path: &Path<'_>) -> DecodeError {
        DecodeError::Located(match self {
            DecodeError::Located(error) => error,
            DecodeError::Missing(name) => missing(&path.name(name).to_string()),
            DecodeError::Unknown { name, .. } => unknown(path, &[&name]),
            DecodeError::Variant { expected } => not_one_of(path, expected),
            DecodeError::Custom(message) if path.is_root() => ApiError::bad_request(message),
            DecodeError::Custom(message) => ApiError::invalid(&path.to_string(), message),
        })
    }

    /// As [`DecodeError::at`], for what decodes from `hash`: there all unknown names can be told at once.
    pub(super) fn in_hash(self, path: &Path<'_>, hash: &BTreeMap<String, Node>) -> DecodeError {
        if let DecodeError::Unknown { expected, .. } = &self {
            let names: Vec<&str> = hash.keys().map(String::as_str).filter(|name| !expected.contains(name)).collect();
            if !names.is_empty() {
                return DecodeError::Located(unknown(path, &names));
            }
        }
        self.at(path)
    }

    /// What the caller gets.
    pub(super) fn into_api_error(self) -> ApiError {
        match self.at(&Path::ROOT) {
            DecodeError::Located(error) => error,
            DecodeError::Missing(_)
            | DecodeError::Unknown { .. }
            | DecodeError::Variant { .. }
            | DecodeError::Custom(_) => ApiError::bug(),
        }
    }
}

impl From<ApiError> for DecodeError {
    fn from(error: ApiError) -> DecodeError {
        DecodeError::Located(error)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Missing(name) => write!(f, "Missing required param: {name}."),
            DecodeError::Unknown { name, .. } => write!(f, "Received unknown parameter: {name}"),
            DecodeError::Variant { expected } => write!(f, "must be one of {}", listed(expected)),
            DecodeError::Custom(message) => f.write_str(message),
            DecodeError::Located(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    fn custom<M: fmt::Display>(message: M) -> DecodeError {
        let message = message.to_string();
        // Serde's own words for an untagged enum speak of our types.
        if message.starts_with("data did not match any variant") {
            return DecodeError::Custom("Invalid value: it has none of the forms that this parameter can have.".into());
        }
        DecodeError::Custom(message)
    }

    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> DecodeError {
        DecodeError::Custom(format!("Invalid value: it must be {expected}."))
    }

    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> DecodeError {
        DecodeError::Custom(format!("Invalid value: it must be {expected}."))
    }

    fn invalid_length(length: usize, expected: &dyn de::Expected) -> DecodeError {
        DecodeError::Custom(format!("Invalid array: it has {length} elements, but it must be {expected}."))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> DecodeError {
        DecodeError::Variant { expected }
    }

    fn unknown_field(name: &str, expected: &'static [&'static str]) -> DecodeError {
        DecodeError::Unknown { name: name.to_owned(), expected }
    }

    fn missing_field(name: &'static str) -> DecodeError {
        DecodeError::Missing(name)
    }
}

/// 400 `parameter_unknown`; the first name is the `param`.
pub(super) fn unknown(path: &Path<'_>, names: &[&str]) -> ApiError {
    const MOST_LISTED: usize = 10;
    let paths: Vec<String> = names.iter().take(MOST_LISTED).map(|name| path.name(name).to_string()).collect();
    let plural = if paths.len() == 1 { "" } else { "s" };
    let message = format!("Received unknown parameter{plural}: {}", paths.join(", "));
    let error = ApiError::bad_request(message).code("parameter_unknown");
    match paths.first() {
        Some(first) => error.param(first),
        None => error,
    }
}

/// 400: the value is none of an enum's.
fn not_one_of(path: &Path<'_>, expected: &[&str]) -> ApiError {
    let path = path.to_string();
    ApiError::invalid(&path, format!("Invalid {path}: must be one of {}", listed(expected)))
}

/// `a`, `a or b`, `a, b, or c`
fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [word] => (*word).to_owned(),
        [one, other] => format!("{one} or {other}"),
        [start @ .., last] => format!("{}, or {last}", start.join(", ")),
    }
}

/// 400 `parameter_missing`, also for `null` where there must be a value.
pub(super) fn absent(path: &Path<'_>) -> ApiError {
    missing(&path.to_string())
}

/// 400 `parameter_invalid_empty`.
pub(super) fn empty_string(path: &Path<'_>) -> ApiError {
    let path = path.to_string();
    let message = format!(
        "You passed an empty string for '{path}'. We assume empty values are an attempt to unset a parameter; however \
         '{path}' cannot be unset. You should remove '{path}' from your request or supply a non-empty value."
    );
    ApiError::invalid(&path, message).code("parameter_invalid_empty")
}

/// 400 `parameter_invalid_integer`.
pub(super) fn not_an_integer(path: &Path<'_>, node: &Node) -> ApiError {
    mistyped(path, "integer", node).code("parameter_invalid_integer")
}

/// 400 `parameter_invalid_integer`, for what cannot be negative.
pub(super) fn negative(path: &Path<'_>) -> ApiError {
    too_low(&path.to_string(), 0)
}

/// 400: `Invalid boolean: maybe` and the like.
pub(super) fn mistyped(path: &Path<'_>, wanted: &str, node: &Node) -> ApiError {
    let given = match node {
        Node::String(text) => shown(text),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::List(_) | Node::Hash(_) => {
            shown(&node.to_value().to_string())
        }
    };
    ApiError::invalid(&path.to_string(), format!("Invalid {wanted}: {given}"))
}

/// 400: a value where there must be a list.
pub(super) fn not_a_list(path: &Path<'_>) -> ApiError {
    ApiError::invalid(&path.to_string(), "Invalid array")
}

/// 400: a value where there must be a hash.
pub(super) fn not_a_hash(path: &Path<'_>) -> ApiError {
    ApiError::invalid(&path.to_string(), "Invalid object")
}
