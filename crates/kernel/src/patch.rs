//! "Set", "unset by empty string" and "not given" are three different things.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A parameter that can be given, unset by an empty string (`null` in JSON), or not given at all.
///
/// In a parameter struct mark the field `#[serde(default)]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Not given: keep what is there.
    #[default]
    Absent,
    /// Given as an empty string: unset.
    Clear,
    /// Given.
    Set(T),
}

impl<T> Patch<T> {
    /// The value, when one was set.
    pub fn set(self) -> Option<T> {
        match self {
            Patch::Set(value) => Some(value),
            Patch::Clear | Patch::Absent => None,
        }
    }

    /// A reference to the value, when one was set.
    pub fn as_set(&self) -> Option<&T> {
        match self {
            Patch::Set(value) => Some(value),
            Patch::Clear | Patch::Absent => None,
        }
    }

    /// Whether the parameter was not given.
    pub fn is_absent(&self) -> bool {
        matches!(self, Patch::Absent)
    }

    /// Writes the change into `field`: sets, clears, or leaves it.
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Patch::Absent => {}
            Patch::Clear => *field = None,
            Patch::Set(value) => *field = Some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    /// Expects a deserializer that shows an empty string or `null` as "none", as `wire`'s does.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Patch<T>, D::Error> {
        struct Visitor<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for Visitor<T> {
            type Value = Patch<T>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value or an empty string")
            }
            fn visit_none<E>(self) -> Result<Patch<T>, E> {
                Ok(Patch::Clear)
            }
            fn visit_unit<E>(self) -> Result<Patch<T>, E> {
                Ok(Patch::Clear)
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Patch<T>, D::Error> {
                T::deserialize(deserializer).map(Patch::Set)
            }
        }
        // The name tells wire's deserializer that an empty string means "unset" here.
        deserializer.deserialize_newtype_struct("Patch", PatchInner(Visitor(std::marker::PhantomData)))
    }
}

/// Passes a named newtype on to the option inside it.
struct PatchInner<V>(V);

impl<'de, V: serde::de::Visitor<'de>> serde::de::Visitor<'de> for PatchInner<V> {
    type Value = V::Value;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.expecting(f)
    }
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        deserializer.deserialize_option(self.0)
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_set().serialize(serializer)
    }
}

impl<T: JsonSchema> JsonSchema for Patch<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Emptyable_{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [value, { "type": "string", "enum": [""] }] })
    }
}
