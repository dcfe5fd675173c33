//! The `created` filter of lists.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Bounds on a moment in Unix seconds: `created=5` is exactly then, `created[gte]=5` from then on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CreatedRange {
    /// Later than.
    pub gt: Option<i64>,
    /// Not before.
    pub gte: Option<i64>,
    /// Earlier than.
    pub lt: Option<i64>,
    /// Not after.
    pub lte: Option<i64>,
}

impl CreatedRange {
    /// Exactly one moment.
    pub fn exactly(moment: i64) -> CreatedRange {
        CreatedRange { gte: Some(moment), lte: Some(moment), ..CreatedRange::default() }
    }

    /// Whether the moment is within all bounds.
    pub fn contains(&self, moment: i64) -> bool {
        self.gt.is_none_or(|bound| bound < moment)
            && self.gte.is_none_or(|bound| bound <= moment)
            && self.lt.is_none_or(|bound| moment < bound)
            && self.lte.is_none_or(|bound| moment <= bound)
    }
}

/// The name under which the decoder reads an integer or a hash, whichever was given. An untagged enum could not: in a
/// form the integer is a string.
pub(super) const INTEGER_OR_HASH: &str = "IntegerOrHash";

const FIELDS: &[&str] = &["gt", "gte", "lt", "lte"];

impl<'de> Deserialize<'de> for CreatedRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<CreatedRange, D::Error> {
        deserializer.deserialize_struct(INTEGER_OR_HASH, FIELDS, RangeVisitor)
    }
}

struct RangeVisitor;

impl<'de> Visitor<'de> for RangeVisitor {
    type Value = CreatedRange;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer, or a hash of gt, gte, lt and lte")
    }

    fn visit_i64<E>(self, moment: i64) -> Result<CreatedRange, E> {
        Ok(CreatedRange::exactly(moment))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CreatedRange, A::Error> {
        let mut range = CreatedRange::default();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            let bound = match &*name {
                "gt" => &mut range.gt,
                "gte" => &mut range.gte,
                "lt" => &mut range.lt,
                "lte" => &mut range.lte,
                unknown => return Err(A::Error::unknown_field(unknown, FIELDS)),
            };
            *bound = map.next_value()?;
        }
        Ok(range)
    }
}

impl JsonSchema for CreatedRange {
    fn schema_name() -> Cow<'static, str> {
        "range_query_specs".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let integer = || json_schema!({ "type": "integer" });
        json_schema!({ "anyOf": [
            { "type": "object", "title": "range_query_specs", "properties":
                { "gt": integer(), "gte": integer(), "lt": integer(), "lte": integer() } },
            integer(),
        ] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Params;

    fn created(form: &str) -> kernel::Result<Option<CreatedRange>> {
        Params::from_query(form).unwrap().take_as("created")
    }

    #[test]
    fn a_range_is_an_integer_or_a_hash_of_bounds() {
        let from_5_to_9 = CreatedRange { gte: Some(5), lt: Some(9), ..CreatedRange::default() };
        assert_eq!(created("").unwrap(), None);
        assert_eq!(created("created=5").unwrap(), Some(CreatedRange::exactly(5)));
        assert_eq!(created("created[gte]=5&created[lt]=9").unwrap(), Some(from_5_to_9));
        let json = |body: &[u8]| Params::from_json(body).unwrap().take_as::<CreatedRange>("created").unwrap();
        assert_eq!(json(br#"{"created": 5}"#), Some(CreatedRange::exactly(5)));
        assert_eq!(json(br#"{"created": {"gte": 5, "lt": 9, "gt": null}}"#), Some(from_5_to_9));
        assert_eq!(json(br#"{"created": null}"#), None);
    }

    #[test]
    fn a_range_that_cannot_be_read_is_refused_by_name() {
        for (form, message, param) in [
            ("created=abc", "Invalid integer: abc", "created"),
            ("created[]=5", "Invalid integer: [\"5\"]", "created"),
            ("created[gte]=x", "Invalid integer: x", "created[gte]"),
            ("created[since]=5", "Received unknown parameter: created[since]", "created[since]"),
        ] {
            let error = created(form).unwrap_err();
            assert_eq!((error.message(), error.param_str()), (message, Some(param)));
        }
        assert_eq!(created("created=").unwrap_err().code_str(), Some("parameter_invalid_empty"));
    }

    #[test]
    fn bounds_hold_as_they_are_named() {
        let range = CreatedRange { gt: Some(1), lte: Some(3), ..CreatedRange::default() };
        assert_eq!([1, 2, 3, 4].map(|moment| range.contains(moment)), [false, true, true, false]);
        assert_eq!([4, 5, 6].map(|moment| CreatedRange::exactly(5).contains(moment)), [false, true, false]);
    }
}
