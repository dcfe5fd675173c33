//! From the tree to typed structs. Nothing is guessed: the type says what is wanted, and the path says where it was not.

use std::collections::BTreeMap;
use std::slice;

use kernel::{ApiError, Result};
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::created::INTEGER_OR_HASH;
use super::error::{
    DecodeError, absent, empty_string, mistyped, negative, not_a_hash, not_a_list, not_an_integer, unknown,
};
use super::path::{Path, Step};
use super::{Node, Params, Source};

/// Decodes the parameters of a request.
///
/// Errors: 400 with the whole bracketed name of the parameter at fault, in Stripe's words.
pub fn decode<T: DeserializeOwned>(params: &Params) -> Result<T> {
    decode_at(&params.root, &Path::ROOT, params.source)
}

/// Decodes one parameter by itself.
pub(super) fn decode_node<T: DeserializeOwned>(node: &Node, name: &str, source: Source) -> Result<T> {
    decode_at(node, &Path::ROOT.name(name), source)
}

fn decode_at<T: DeserializeOwned>(node: &Node, path: &Path<'_>, source: Source) -> Result<T> {
    let decoder = Decoder { node, path, source, clearable: false };
    // What a type refuses after it was read, such as by `try_from`, has no place yet.
    T::deserialize(decoder).map_err(|error| error.at(path).into_api_error())
}

#[derive(Clone, Copy)]
struct Decoder<'p, 'de> {
    node: &'de Node,
    path: &'p Path<'p>,
    source: Source,
    /// Within a `kernel::Patch`, which an empty string unsets.
    clearable: bool,
}

impl<'de> Decoder<'_, 'de> {
    /// The text of a string. Errors with what is wrong with `null`, an empty string, and all that is no string.
    fn text(&self, wanted: &str) -> Result<&'de str> {
        match self.node {
            Node::String(text) if !text.is_empty() => Ok(text),
            Node::String(_) => Err(empty_string(self.path)),
            Node::Null => Err(absent(self.path)),
            Node::Bool(_) | Node::Number(_) | Node::List(_) | Node::Hash(_) => {
                Err(mistyped(self.path, wanted, self.node))
            }
        }
    }

    fn boolean(&self) -> Result<bool> {
        if let Node::Bool(value) = self.node {
            return Ok(*value);
        }
        match self.text("boolean")? {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(mistyped(self.path, "boolean", self.node)),
        }
    }

    fn integer<T: TryFrom<i128>>(&self) -> Result<T> {
        let refused = || not_an_integer(self.path, self.node);
        let number = match self.node {
            Node::Number(number) => {
                number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from)).ok_or_else(refused)?
            }
            Node::String(text) if !text.is_empty() => read_integer(text).ok_or_else(refused)?,
            Node::String(_) => return Err(empty_string(self.path)),
            Node::Null => return Err(absent(self.path)),
            Node::Bool(_) | Node::List(_) | Node::Hash(_) => return Err(refused()),
        };
        // Only an unsigned type refuses this one.
        let is_unsigned = T::try_from(-1).is_err();
        T::try_from(number).map_err(|_| if is_unsigned && number < 0 { negative(self.path) } else { refused() })
    }

    fn float(&self) -> Result<f64> {
        let number = match self.node {
            Node::Number(number) => number.as_f64(),
            Node::Null | Node::Bool(_) | Node::String(_) | Node::List(_) | Node::Hash(_) => {
                let text = self.text("number")?;
                // Without the words (`inf`, `NaN`) and the plus sign that Rust reads.
                let is_plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'.' | b'e' | b'E'));
                text.parse::<f64>().ok().filter(|_| is_plain)
            }
        };
        number.filter(|number| number.is_finite()).ok_or_else(|| mistyped(self.path, "number", self.node))
    }

    /// The elements of a list, also of one written by index; `None` when it is neither.
    fn elements(&self) -> Option<Vec<(Step<'de>, &'de Node)>> {
        match self.node {
            Node::List(list) => Some(list.iter().enumerate().map(|(i, node)| (Step::Index(i), node)).collect()),
            Node::Hash(hash) if self.source == Source::Form => indexed(hash),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) | Node::Hash(_) => None,
        }
    }

    fn visit_list<V: Visitor<'de>>(
        self,
        elements: &[(Step<'de>, &'de Node)],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let mut access = List { elements: elements.iter(), path: self.path, source: self.source };
        let value = visitor.visit_seq(&mut access).map_err(|error| error.at(self.path))?;
        if access.elements.len() != 0 {
            return Err(not_a_list(self.path).into());
        }
        Ok(value)
    }

    fn visit_hash<V: Visitor<'de>>(
        self,
        hash: &'de BTreeMap<String, Node>,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let access = Hash { members: hash.iter(), next: None, path: self.path, source: self.source };
        visitor.visit_map(access).map_err(|error| error.in_hash(self.path, hash))
    }

    fn refuse_for_hash(&self) -> ApiError {
        match self.node {
            Node::Null => absent(self.path),
            Node::String(text) if text.is_empty() => empty_string(self.path),
            Node::Bool(_) | Node::Number(_) | Node::String(_) | Node::List(_) | Node::Hash(_) => not_a_hash(self.path),
        }
    }
}

/// Digits and a leading minus; more than any of our integers holds does not fit `i128` either way.
fn read_integer(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// The members of a hash named `0`, `2`, `10` in the order of their numbers, gaps allowed.
fn indexed(hash: &BTreeMap<String, Node>) -> Option<Vec<(Step<'_>, &Node)>> {
    if hash.is_empty() {
        return None;
    }
    let mut elements = Vec::with_capacity(hash.len());
    for (name, node) in hash {
        let index: u32 = name.parse().ok()?;
        // Not `00` or `+0`, which would be a second name for the same element.
        if index.to_string() != *name {
            return None;
        }
        elements.push((index, name, node));
    }
    elements.sort_by_key(|(index, _, _)| *index);
    Some(elements.into_iter().map(|(_, name, node)| (Step::Name(name), node)).collect())
}

/// Whether nothing but a list would have these names: from `0` on without a gap.
fn is_surely_a_list(hash: &BTreeMap<String, Node>) -> bool {
    !hash.is_empty() && (0..hash.len()).all(|index| hash.contains_key(&index.to_string()))
}

macro_rules! integers {
    ($($method:ident $visit:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            visitor.$visit(self.integer()?).map_err(|error: DecodeError| error.at(self.path))
        }
    )*};
}

impl<'de> Deserializer<'de> for Decoder<'_, 'de> {
    type Error = DecodeError;

    /// For values of any type, such as `serde_json::Value`: what a form gives stays a string.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let result = match self.node {
            Node::Null => visitor.visit_unit(),
            Node::Bool(value) => visitor.visit_bool(*value),
            Node::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), _, _) => visitor.visit_u64(number),
                (None, Some(number), _) => visitor.visit_i64(number),
                (None, None, Some(number)) => visitor.visit_f64(number),
                (None, None, None) => return Err(mistyped(self.path, "number", self.node).into()),
            },
            Node::String(text) => visitor.visit_borrowed_str(text),
            Node::List(_) => return self.deserialize_seq(visitor),
            Node::Hash(hash) if self.source == Source::Form && is_surely_a_list(hash) && !self.path.is_root() => {
                return self.deserialize_seq(visitor);
            }
            Node::Hash(hash) => return self.visit_hash(hash, visitor),
        };
        result.map_err(|error: DecodeError| error.at(self.path))
    }

    integers! {
        deserialize_i8 visit_i8
        deserialize_i16 visit_i16
        deserialize_i32 visit_i32
        deserialize_i64 visit_i64
        deserialize_i128 visit_i128
        deserialize_u8 visit_u8
        deserialize_u16 visit_u16
        deserialize_u32 visit_u32
        deserialize_u64 visit_u64
        deserialize_u128 visit_u128
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_bool(self.boolean()?).map_err(|error: DecodeError| error.at(self.path))
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_f64(self.float()?).map_err(|error: DecodeError| error.at(self.path))
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_borrowed_str(self.text("string")?).map_err(|error: DecodeError| error.at(self.path))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.node {
            Node::Null => visitor.visit_none(),
            Node::String(text) if text.is_empty() && self.clearable => visitor.visit_none(),
            Node::String(text) if text.is_empty() => Err(empty_string(self.path).into()),
            Node::Bool(_) | Node::Number(_) | Node::String(_) | Node::List(_) | Node::Hash(_) => {
                visitor.visit_some(Decoder { clearable: false, ..self })
            }
        }
        .map_err(|error: DecodeError| error.at(self.path))
    }

    /// For handlers without parameters.
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let Node::Hash(hash) = self.node else { return Err(self.refuse_for_hash().into()) };
        let names: Vec<&str> = hash.keys().map(String::as_str).collect();
        if !names.is_empty() {
            return Err(unknown(self.path, &names).into());
        }
        visitor.visit_unit().map_err(|error: DecodeError| error.at(self.path))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        // The name is how `kernel::Patch` tells that it can be unset.
        let inner = Decoder { clearable: name == "Patch", ..self };
        visitor.visit_newtype_struct(inner).map_err(|error: DecodeError| error.at(self.path))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match (self.node, self.elements()) {
            (_, Some(elements)) => self.visit_list(&elements, visitor),
            (Node::Null, None) => self.visit_list(&[], visitor),
            (Node::String(text), None) if text.is_empty() => Err(empty_string(self.path).into()),
            (_, None) => Err(not_a_list(self.path).into()),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        static NO_MEMBERS: BTreeMap<String, Node> = BTreeMap::new();
        match self.node {
            Node::Hash(hash) => self.visit_hash(hash, visitor),
            Node::Null => self.visit_hash(&NO_MEMBERS, visitor),
            Node::Bool(_) | Node::Number(_) | Node::String(_) | Node::List(_) => Err(self.refuse_for_hash().into()),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match self.node {
            Node::Hash(hash) => self.visit_hash(hash, visitor),
            _ if name == INTEGER_OR_HASH => self.deserialize_i64(visitor),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) | Node::List(_) => {
                Err(self.refuse_for_hash().into())
            }
        }
    }

    /// Only variants without data: Stripe tells the others apart by a `type` beside them.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let variant = BorrowedStrDeserializer::<DecodeError>::new(self.text("string")?);
        visitor.visit_enum(variant).map_err(|error| error.at(self.path))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }
}

struct List<'p, 'e, 'de> {
    elements: slice::Iter<'e, (Step<'de>, &'de Node)>,
    path: &'p Path<'p>,
    source: Source,
}

impl<'de> SeqAccess<'de> for &mut List<'_, '_, 'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, DecodeError> {
        let Some((step, node)) = self.elements.next() else { return Ok(None) };
        let path = self.path.step(*step);
        let decoder = Decoder { node, path: &path, source: self.source, clearable: false };
        seed.deserialize(decoder).map(Some).map_err(|error| error.at(&path))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.elements.len())
    }
}

struct Hash<'p, 'de> {
    members: std::collections::btree_map::Iter<'de, String, Node>,
    next: Option<(&'de str, &'de Node)>,
    path: &'p Path<'p>,
    source: Source,
}

impl<'de> MapAccess<'de> for Hash<'_, 'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let Some((name, node)) = self.members.next() else { return Ok(None) };
        self.next = Some((name, node));
        seed.deserialize(Name(name)).map(Some).map_err(|error| match error {
            // About the hash, which adds the place and the other unknown names.
            DecodeError::Unknown { .. } => error,
            // About the name itself, such as one that must be a currency.
            DecodeError::Missing(_)
            | DecodeError::Variant { .. }
            | DecodeError::Custom(_)
            | DecodeError::Located(_) => error.at(&self.path.name(name)),
        })
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, DecodeError> {
        // Serde always asks for the name first.
        let Some((name, node)) = self.next.take() else { return Err(ApiError::bug().into()) };
        let path = self.path.name(name);
        let decoder = Decoder { node, path: &path, source: self.source, clearable: false };
        seed.deserialize(decoder).map_err(|error| error.at(&path))
    }
}

/// The name of a member: a field, a string, an enum, or a newtype of one.
struct Name<'de>(&'de str);

impl<'de> Deserializer<'de> for Name<'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_enum(BorrowedStrDeserializer::new(self.0))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq
        tuple tuple_struct map struct identifier ignored_any
    }
}
