//! JSON bodies.

use std::collections::BTreeMap;

use kernel::{ApiError, Result};
use serde_json::Value;

use super::path::Path;
use super::{
    DEEPEST, LONGEST_NAME, MOST_NAMES, Node, name_empty, name_too_long, name_with_null_character,
    refuse_null_character, too_deep, too_many,
};

/// Reads a body; nothing but white space has no parameters. `serde_json` itself stops at 128 levels, long before the
/// stack ends.
pub(super) fn parse(body: &[u8]) -> Result<BTreeMap<String, Node>> {
    if body.trim_ascii().is_empty() {
        return Ok(BTreeMap::new());
    }
    root(serde_json::from_slice(body).map_err(|error| not_json(&error))?)
}

/// Takes an object as the root of the tree.
pub(super) fn root(value: Value) -> Result<BTreeMap<String, Node>> {
    let Value::Object(members) = value else { return Err(not_an_object()) };
    Tree { names: 0 }.hash(members, &Path::ROOT, 0)
}

struct Tree {
    names: usize,
}

impl Tree {
    fn hash(
        &mut self,
        members: serde_json::Map<String, Value>,
        path: &Path<'_>,
        depth: usize,
    ) -> Result<BTreeMap<String, Node>> {
        let mut hash = BTreeMap::new();
        for (name, value) in members {
            if name.is_empty() {
                return Err(name_empty());
            }
            if LONGEST_NAME < name.len() {
                return Err(name_too_long(&name));
            }
            if name.contains('\0') {
                return Err(name_with_null_character());
            }
            let node = self.node(value, &path.name(&name), depth + 1)?;
            hash.insert(name, node);
        }
        Ok(hash)
    }

    fn node(&mut self, value: Value, path: &Path<'_>, depth: usize) -> Result<Node> {
        self.names += 1;
        if MOST_NAMES < self.names {
            return Err(too_many());
        }
        if DEEPEST < depth {
            return Err(too_deep(path.first()));
        }
        Ok(match value {
            Value::Null => Node::Null,
            Value::Bool(value) => Node::Bool(value),
            Value::Number(number) => Node::Number(number),
            Value::String(text) => {
                refuse_null_character(&text, path)?;
                Node::String(text)
            }
            Value::Array(elements) => {
                let mut list = Vec::with_capacity(elements.len().min(MOST_NAMES));
                for (index, element) in elements.into_iter().enumerate() {
                    list.push(self.node(element, &path.index(index), depth + 1)?);
                }
                Node::List(list)
            }
            Value::Object(members) => Node::Hash(self.hash(members, path, depth)?),
        })
    }
}

fn not_json(error: &serde_json::Error) -> ApiError {
    ApiError::bad_request(format!("Invalid JSON in the body of the request: {error}."))
}

fn not_an_object() -> ApiError {
    ApiError::bad_request("Invalid JSON in the body of the request: it must be an object.")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_is_kept_as_it_is() {
        let body = json!({"a": {"0": [1, -2, 1.5, true, null, "x"]}, "b": ""});
        assert_eq!(Node::Hash(parse(body.to_string().as_bytes()).unwrap()).to_value(), body);
        assert!(parse(b" \n").unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_the_reason() {
        let nested = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
        let arrays = format!("{{\"a\":{}{}}}", "[".repeat(100), "]".repeat(100));
        let endless = "{\"a\":".repeat(1_000_000);
        let most = json!({"a": vec![0; MOST_NAMES]}).to_string();
        let longest = format!("{{\"{}\":1}}", "a".repeat(LONGEST_NAME + 1));
        assert!(parse(nested(DEEPEST).as_bytes()).is_ok());
        for (body, reason, param) in [
            ("[]", "must be an object", None),
            ("1", "must be an object", None),
            ("{\"a\":", "Invalid JSON", None),
            ("{}{}", "Invalid JSON", None),
            ("a=b", "Invalid JSON", None),
            ("{\"a\":{\"\":1}}", "cannot be empty", None),
            ("{\"a\\u0000\":1}", "null character", None),
            ("{\"a\":[\"\\u0000\"]}", "null character", Some("a[0]")),
            (&nested(DEEPEST + 1), "20 levels", Some("a")),
            (&nested(100), "20 levels", Some("a")),
            (&arrays, "20 levels", Some("a")),
            (&endless, "Invalid JSON", None),
            (&most, "up to 5000", None),
            (&longest, "1000 bytes", None),
        ] {
            let error = parse(body.as_bytes()).unwrap_err();
            assert!(error.message().contains(reason), "{error}");
            assert_eq!((error.http_status(), error.param_str()), (400, param), "{error}");
        }
        assert!(parse(b"{\"a\":\"\xff\"}").is_err());
    }

    /// Without serde_json's `float_roundtrip` some numbers are read as a neighbour of theirs.
    #[test]
    fn a_number_is_read_as_it_was_written() {
        for number in ["-3e+49", "2.5", "0.1", "1.7976931348623157e+308", "123456.78901234567"] {
            let body = format!("{{\"a\":{number}}}");
            assert_eq!(crate::params::Params::from_json(body.as_bytes()).unwrap().canonical(), body);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn no_punctuation_makes_it_panic(body in "\\{([a0{}:,]|\"|\\[|\\]|null){0,60}") {
            let _ = parse(body.as_bytes());
        }
    }
}
