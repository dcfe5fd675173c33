//! What a request asks: one small tree for bracketed forms, query strings and JSON, and a decoder into typed structs.
//!
//! The tree is bounded in depth, number of names and length of names, so that everything after it may recurse. `null`
//! in JSON and an empty string mean "unset"; whether a parameter can be unset is decided by the type it decodes into:
//!
//! | type | not given | `""` | `null` |
//! |---|---|---|---|
//! | `T` | `parameter_missing` | `parameter_invalid_empty` | `parameter_missing` |
//! | `Option<T>` | `None` | `parameter_invalid_empty` | `None` |
//! | `#[serde(default)] Vec<T>`, maps | empty | `parameter_invalid_empty` | empty |
//! | `#[serde(default)] kernel::Patch<T>` | `Absent` | `Clear` | `Clear` |
//!
//! Parameter structs carry `#[serde(deny_unknown_fields)]`. `#[serde(flatten)]`, `tag` and `untagged` make serde buffer
//! the values before it knows their types: a number in a form then stays a string and errors lose their path. Avoid
//! them; [`CreatedRange`] shows what to do instead.

mod created;
mod decode;
mod error;
mod form;
mod json;
mod path;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use kernel::{ApiError, Result};
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

pub use created::CreatedRange;
pub use decode::decode;

/// The most names that a parameter may nest, `a[b][c]` being three.
pub const DEEPEST: usize = 20;
/// The most parameters in one request; in JSON the members and elements of all levels together.
pub const MOST_NAMES: usize = 5_000;
/// The longest name in bytes: whole and bracketed in a form, of one member in JSON.
pub const LONGEST_NAME: usize = 1_000;

/// One value of the tree.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// `null` in JSON: unset.
    Null,
    /// `true` or `false` in JSON; in forms they are strings.
    Bool(bool),
    /// A number in JSON; in forms it is a string.
    Number(Number),
    /// Any value of a form, a string of JSON.
    String(String),
    /// `a[]=x`, or an array of JSON.
    List(Vec<Node>),
    /// `a[b]=x` and also `a[0]=x`, or an object of JSON. The decoder reads `0`, `1`, ... as a list where one is wanted.
    Hash(BTreeMap<String, Node>),
}

impl Node {
    /// The text, when it is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Node::String(text) => Some(text),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::List(_) | Node::Hash(_) => None,
        }
    }

    /// The members, when it is a hash.
    pub fn as_hash(&self) -> Option<&BTreeMap<String, Node>> {
        match self {
            Node::Hash(hash) => Some(hash),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) | Node::List(_) => None,
        }
    }

    /// The same as JSON, the members of hashes sorted by name.
    pub fn to_value(&self) -> Value {
        match self {
            Node::Null => Value::Null,
            Node::Bool(value) => Value::Bool(*value),
            Node::Number(number) => Value::Number(number.clone()),
            Node::String(text) => Value::String(text.clone()),
            Node::List(list) => Value::Array(list.iter().map(Node::to_value).collect()),
            Node::Hash(hash) => {
                Value::Object(hash.iter().map(|(name, node)| (name.clone(), node.to_value())).collect::<Map<_, _>>())
            }
        }
    }
}

/// How the tree was written, which decides whether `0`, `1`, ... may be meant as a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Form,
    Json,
}

/// The parameters of one request.
#[derive(Clone, PartialEq)]
pub struct Params {
    /// Always a hash.
    root: Node,
    source: Source,
}

impl Default for Params {
    fn default() -> Params {
        Params::new(BTreeMap::new(), Source::Form)
    }
}

impl fmt::Debug for Params {
    /// The names only: values may be card numbers and tax ids, which do not belong in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Params")?;
        f.debug_list().entries(self.names()).finish()
    }
}

impl Params {
    fn new(root: BTreeMap<String, Node>, source: Source) -> Params {
        Params { root: Node::Hash(root), source }
    }

    /// Reads an `application/x-www-form-urlencoded` body.
    ///
    /// Errors: 400 for text that is not UTF-8, malformed brackets, a name given in two shapes, too many or too deep.
    pub fn from_form(body: &[u8]) -> Result<Params> {
        Ok(Params::new(form::parse(body)?, Source::Form))
    }

    /// Reads a query string, without its `?`.
    ///
    /// Errors: as [`Params::from_form`].
    pub fn from_query(query: &str) -> Result<Params> {
        Params::from_form(query.as_bytes())
    }

    /// Reads a JSON body; an empty one has no parameters.
    ///
    /// Errors: 400 for what is not JSON or not an object, and for too many members or too deep.
    pub fn from_json(body: &[u8]) -> Result<Params> {
        Ok(Params::new(json::parse(body)?, Source::Json))
    }

    /// Takes a JSON object as the parameters.
    ///
    /// Errors: as [`Params::from_json`].
    pub fn from_value(value: Value) -> Result<Params> {
        Ok(Params::new(json::root(value)?, Source::Json))
    }

    /// Whether nothing was given.
    pub fn is_empty(&self) -> bool {
        self.root.as_hash().is_none_or(BTreeMap::is_empty)
    }

    /// The names at the top, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.root.as_hash().into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// A parameter at the top.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.root.as_hash()?.get(name)
    }

    /// Removes a parameter at the top, so that the struct decoded afterwards need not know it.
    pub fn take(&mut self, name: &str) -> Option<Node> {
        match &mut self.root {
            Node::Hash(hash) => hash.remove(name),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) | Node::List(_) => None,
        }
    }

    /// Removes a parameter at the top and decodes it; `None` when it was not given or is `null`.
    ///
    /// Errors: as [`decode`], named by `name`.
    pub fn take_as<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>> {
        match self.take(name) {
            None | Some(Node::Null) => Ok(None),
            Some(node) => decode::decode_node(&node, name, self.source).map(Some),
        }
    }

    /// Adds the parameters of another part of the request, such as its query string.
    ///
    /// Errors: 400 for a name that both have, since nothing says which one was meant.
    pub fn merge(&mut self, other: Params) -> Result<()> {
        if self.is_empty() {
            *self = other;
            return Ok(());
        }
        let (Node::Hash(into), Node::Hash(from)) = (&mut self.root, other.root) else { return Ok(()) };
        for (name, node) in from {
            if into.contains_key(&name) {
                let message =
                    format!("The parameter '{name}' was given both in the URL and in the body of the request.");
                return Err(ApiError::invalid(&name, message));
            }
            into.insert(name, node);
        }
        Ok(())
    }

    /// A text that is the same for the same parameters in any order of names, to recognise a request by.
    pub fn canonical(&self) -> String {
        self.root.to_value().to_string()
    }
}

/// `text`, or its start when it is too long to repeat in a message.
fn shown(text: &str) -> String {
    const MOST_SHOWN: usize = 200;
    match text.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The same rule for forms and JSON: PostgreSQL stores no null characters, and nobody means to send one.
fn refuse_null_character(text: &str, name: impl fmt::Display) -> Result<()> {
    if text.contains('\0') {
        return Err(ApiError::invalid(&name.to_string(), "Invalid string: it contains a null character."));
    }
    Ok(())
}

fn too_many() -> ApiError {
    ApiError::bad_request(format!("Too many parameters: a request can have up to {MOST_NAMES}."))
}

fn too_deep(param: &str) -> ApiError {
    ApiError::invalid(param, format!("Parameters can be nested up to {DEEPEST} levels deep."))
}

fn name_too_long(name: &str) -> ApiError {
    ApiError::bad_request(format!(
        "Parameter names can be up to {LONGEST_NAME} bytes long; '{}' has {}.",
        shown(name),
        name.len()
    ))
}

fn name_with_null_character() -> ApiError {
    ApiError::bad_request("Invalid parameter name: it contains a null character.")
}

fn name_empty() -> ApiError {
    ApiError::bad_request("Invalid parameter name: a name cannot be empty.")
}
