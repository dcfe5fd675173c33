//! The fields of a document that SQL shows: those that hold one plain value, and the metadata.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json};

use crate::{Kind, Value};

/// What kind of value a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scalar {
    Text,
    Int,
    Number,
    Bool,
    /// An object, as JSON.
    Object,
}

/// A field at a document's top level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub name: String,
    pub scalar: Scalar,
}

/// A name that tables and columns may have: it stands in SQL as it is.
pub(crate) fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 48
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// The fields of a document that SQL shows, in the document's order, from its JSON schema: those that hold one plain value
/// (or null), and the metadata.
pub(crate) fn fields(kind: &Kind) -> Vec<Field> {
    if !kind.shows_fields {
        return Vec::new();
    }
    let schema = (kind.json_schema)().to_value();
    let empty = Map::new();
    let definitions = schema.get("$defs").and_then(Json::as_object).unwrap_or(&empty);
    let Some(properties) = schema.get("properties").and_then(Json::as_object) else { return Vec::new() };
    properties
        .iter()
        .filter(|(field, _)| is_plain(field))
        .filter_map(|(name, schema)| {
            let scalar = if name == "metadata" { Some(Scalar::Object) } else { scalar(schema, definitions, 0) };
            Some(Field { name: name.clone(), scalar: scalar? })
        })
        .collect()
}

/// The one scalar type that a schema allows beside null, if there is exactly one.
fn scalar(schema: &Json, definitions: &Map<String, Json>, depth: usize) -> Option<Scalar> {
    if 8 < depth {
        return None;
    }
    if let Some(name) = schema.get("$ref").and_then(Json::as_str) {
        return scalar(definitions.get(name.strip_prefix("#/$defs/")?)?, definitions, depth + 1);
    }
    match schema.get("type") {
        Some(Json::String(name)) => return scalar_named(name),
        Some(Json::Array(names)) => {
            let mut names = names.iter().filter_map(Json::as_str).filter(|name| *name != "null");
            return names.next().and_then(scalar_named).filter(|_| names.next().is_none());
        }
        _ => {}
    }
    if let Some(value) = schema.get("const") {
        return scalar_of(value);
    }
    let alternatives = ["anyOf", "oneOf", "allOf"].into_iter().find_map(|key| schema.get(key)?.as_array())?;
    let is_null = |schema: &&Json| schema.get("type").and_then(Json::as_str) == Some("null");
    let mut scalars = alternatives.iter().filter(|s| !is_null(s)).map(|s| scalar(s, definitions, depth + 1));
    let first = scalars.next()??;
    scalars.all(|other| other == Some(first)).then_some(first)
}

fn scalar_named(name: &str) -> Option<Scalar> {
    match name {
        "string" => Some(Scalar::Text),
        "integer" => Some(Scalar::Int),
        "number" => Some(Scalar::Number),
        "boolean" => Some(Scalar::Bool),
        _ => None,
    }
}

fn scalar_of(value: &Json) -> Option<Scalar> {
    match value {
        Json::String(_) => Some(Scalar::Text),
        Json::Bool(_) => Some(Scalar::Bool),
        Json::Number(n) if n.is_i64() => Some(Scalar::Int),
        Json::Number(_) => Some(Scalar::Number),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// The values of these fields in a document; null where it has none, or another kind of value.
pub(crate) fn values(document: &str, fields: &[Field]) -> Vec<Value> {
    let mut found = vec![Value::Null; fields.len()];
    if !fields.is_empty() {
        let mut reader = serde_json::Deserializer::from_str(document);
        // What is no object has no fields.
        let _ = reader.deserialize_map(Document { fields, found: &mut found });
    }
    found
}

/// Walks over a document's top level.
struct Document<'a> {
    fields: &'a [Field],
    found: &'a mut [Value],
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        // Fields come in the document's order, so the next one is nearly always the one behind the last.
        let mut next = 0;
        while let Some(at) = map.next_key_seed(Place { fields: self.fields, next })? {
            match at {
                None => drop(map.next_value::<IgnoredAny>()?),
                Some(at) => {
                    next = at + 1;
                    self.found[at] = match self.fields[at].scalar {
                        Scalar::Object => Value::Text(map.next_value::<&RawValue>()?.get().to_owned()),
                        scalar => map.next_value_seed(Plain(scalar))?,
                    };
                }
            }
        }
        Ok(())
    }
}

/// The place of a key among the fields, looked for from the next one on.
struct Place<'a> {
    fields: &'a [Field],
    next: usize,
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Option<usize>, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Place<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Option<usize>, E> {
        let is_it = |at: &usize| self.fields[*at].name == name;
        Ok((self.next..self.fields.len()).chain(0..self.next).find(is_it))
    }
}

/// Reads a value of this kind; any other is null.
struct Plain(Scalar);

impl<'de> DeserializeSeed<'de> for Plain {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Plain {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(if self.0 == Scalar::Bool { value.into() } else { Value::Null })
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(if matches!(self.0, Scalar::Int | Scalar::Number) { value.into() } else { Value::Null })
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        i64::try_from(value).map_or(Ok(Value::Null), |value| self.visit_i64(value))
    }

    /// As text, which a column of numbers reads as a number.
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(if self.0 == Scalar::Number { Value::Text(value.to_string()) } else { Value::Null })
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(if self.0 == Scalar::Text { value.into() } else { Value::Null })
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Null)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_values_are_found_whatever_their_order() {
        let field = |name: &str, scalar| Field { name: name.to_owned(), scalar };
        let fields = [
            field("amount", Scalar::Int),
            field("paid", Scalar::Bool),
            field("rate", Scalar::Number),
            field("status", Scalar::Text),
            field("missing", Scalar::Text),
            field("nested", Scalar::Text),
            field("other", Scalar::Int),
            field("metadata", Scalar::Object),
        ];
        let document = r#"{"status":"a \"b\" ü","nested":{"amount":7},"list":[{"paid":1}],"rate":1.25,"metadata":{"a":"b"},"other":"5","paid":true,"amount":-5}"#;
        let expected: [Value; 8] = [
            (-5).into(),
            true.into(),
            "1.25".into(),
            "a \"b\" ü".into(),
            Value::Null,
            Value::Null,
            Value::Null,
            r#"{"a":"b"}"#.into(),
        ];
        assert_eq!(values(document, &fields), expected);
        assert_eq!(values("[]", &fields), vec![Value::Null; 8]);
    }
}
