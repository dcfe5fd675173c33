//! Metadata: up to 50 keys of up to 40 characters with values of up to 500 (Stripe, "Metadata").

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ApiError, Patch, Result};

/// Key and value pairs that belong to the caller; shown as sent.
pub type Metadata = BTreeMap<String, String>;

/// What a request does to metadata: keys to set, and keys to drop by an empty string.
///
/// In parameters use `Patch<MetadataPatch>`: `metadata=""` drops every key.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct MetadataPatch(pub BTreeMap<String, Patch<String>>);

const MOST_KEYS: usize = 50;
const LONGEST_KEY: usize = 40;
const LONGEST_VALUE: usize = 500;

impl MetadataPatch {
    /// Applies the change to `current`, or says which key or value is out of bounds.
    fn apply(&self, current: &mut Metadata) -> Result<()> {
        for (key, value) in &self.0 {
            if LONGEST_KEY < key.chars().count() {
                return Err(ApiError::invalid(
                    "metadata",
                    format!(
                        "Metadata keys can be up to {LONGEST_KEY} characters long; '{key}' has {}.",
                        key.chars().count()
                    ),
                ));
            }
            if key.contains(['[', ']']) {
                return Err(ApiError::invalid(
                    "metadata",
                    "Metadata keys cannot contain square brackets ([ and ]).".to_owned(),
                ));
            }
            match value {
                Patch::Set(value) if LONGEST_VALUE < value.chars().count() => {
                    return Err(ApiError::invalid(
                        &format!("metadata[{key}]"),
                        format!(
                            "Metadata values can be up to {LONGEST_VALUE} characters long; the value of '{key}' has {}.",
                            value.chars().count()
                        ),
                    ));
                }
                Patch::Set(value) => {
                    current.insert(key.clone(), value.clone());
                }
                Patch::Clear | Patch::Absent => {
                    current.remove(key);
                }
            }
        }
        if MOST_KEYS < current.len() {
            return Err(ApiError::invalid(
                "metadata",
                format!("You can have up to {MOST_KEYS} metadata keys; this would make {}.", current.len()),
            ));
        }
        Ok(())
    }
}

impl Patch<MetadataPatch> {
    /// What `current` becomes.
    ///
    /// Errors: a key or value that is too long, a key with brackets, more than 50 keys; `param` names it.
    pub fn merge(&self, current: &Metadata) -> Result<Metadata> {
        match self {
            Patch::Absent => Ok(current.clone()),
            Patch::Clear => Ok(Metadata::new()),
            Patch::Set(patch) => {
                let mut merged = current.clone();
                patch.apply(&mut merged)?;
                Ok(merged)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(pairs: &[(&str, &str)]) -> Patch<MetadataPatch> {
        let set = |v: &str| if v.is_empty() { Patch::Clear } else { Patch::Set(v.to_owned()) };
        Patch::Set(MetadataPatch(pairs.iter().map(|(k, v)| ((*k).to_owned(), set(v))).collect()))
    }

    #[test]
    fn keys_are_merged_and_unset_by_an_empty_string() {
        let now = patch(&[("a", "1"), ("b", "2")]).merge(&Metadata::new()).unwrap();
        let then = patch(&[("a", ""), ("c", "3")]).merge(&now).unwrap();
        assert_eq!(
            then.into_iter().collect::<Vec<_>>(),
            [("b".to_owned(), "2".to_owned()), ("c".to_owned(), "3".to_owned())]
        );
        assert!(Patch::Clear.merge(&now).unwrap().is_empty());
    }

    #[test]
    fn bounds_are_stripes() {
        let refused = |k: &str, v: &str| patch(&[(k, v)]).merge(&Metadata::new()).is_err();
        assert!(!refused(&"k".repeat(40), &"v".repeat(500)));
        assert!(refused(&"k".repeat(41), "v"));
        assert!(refused("k", &"v".repeat(501)));
        assert!(refused("k[0]", "v"));
        let many: Vec<_> = (0..51).map(|i| (format!("k{i}"), "v")).collect();
        assert!(
            patch(&many.iter().map(|(k, v)| (k.as_str(), *v)).collect::<Vec<_>>()).merge(&Metadata::new()).is_err()
        );
    }
}
