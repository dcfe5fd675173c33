//! Documents: resources as Stripe shows them, and how they are kept.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use kernel::Timestamp;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The type of an indexed column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// A 64-bit integer: amounts, Unix seconds, booleans as 0 and 1.
    Int,
    /// Text: ids, enums.
    Text,
}

/// A field that lists filter on, kept as a plain column beside the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The column's name: the field's.
    pub name: &'static str,
    /// Its type.
    pub ty: ColumnType,
    /// Whether looking it up must be quick on a large table; filters that go with an account need no index of their own.
    pub indexed: bool,
}

impl Column {
    /// A text column with an index.
    pub const fn text(name: &'static str) -> Column {
        Column { name, ty: ColumnType::Text, indexed: true }
    }

    /// An integer column with an index.
    pub const fn int(name: &'static str) -> Column {
        Column { name, ty: ColumnType::Int, indexed: true }
    }

    /// The same without an index.
    pub const fn unindexed(mut self) -> Column {
        self.indexed = false;
        self
    }
}

/// The value of an indexed column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Not set.
    Null,
    /// An integer.
    Int(i64),
    /// Text.
    Text(String),
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Value {
        Value::Text(text.clone())
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Value {
        Value::Int(n)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Value {
        Value::Int(i64::from(b))
    }
}

impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Value {
        Value::Int(at.0)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

impl<T> From<&Option<T>> for Value
where
    for<'a> &'a T: Into<Value>,
{
    fn from(value: &Option<T>) -> Value {
        value.as_ref().map_or(Value::Null, Into::into)
    }
}

/// Changes the fields of a document as the time of showing it asks.
pub type Present = fn(&mut serde_json::Map<String, serde_json::Value>, Timestamp);

/// What the engines and the wire need to know of a kind of document.
pub struct Kind {
    /// The `object` string, and the resource's name in messages with spaces for underscores: `payment_intent`.
    pub object: &'static str,
    /// Its table. The view of the same name with `_view` behind it shows the fields.
    pub table: &'static str,
    /// The prefixes of its ids, without the underscore: `ch`, `py`.
    pub prefixes: &'static [&'static str],
    /// The columns that [`Document::columns`] fills, in the same order.
    pub columns: &'static [Column],
    /// The JSON schema of the document: for OpenAPI and for the SQL view.
    pub json_schema: fn() -> Schema,
    /// Changes what is shown with the time alone, when something does (a balance transaction's `status`).
    pub present: Option<Present>,
    /// Whether SQL shows the document's plain fields; if not, only its columns. False for what mostly repeats another
    /// document.
    pub shows_fields: bool,
    /// Whether most requests decide by documents of this kind, and few change them: they are kept in memory, and a
    /// request that met an old one runs twice.
    pub often_read: bool,
}

impl Kind {
    /// A kind whose documents are shown as stored.
    pub const fn new<T: Document>(
        object: &'static str,
        table: &'static str,
        prefixes: &'static [&'static str],
        columns: &'static [Column],
    ) -> Kind {
        Kind {
            object,
            table,
            prefixes,
            columns,
            json_schema: schema_of::<T>,
            present: None,
            shows_fields: true,
            often_read: false,
        }
    }

    /// The resource in words, for messages: `payment_intent`; Stripe keeps the underscores there.
    pub fn noun(&self) -> &'static str {
        self.object
    }
}

fn schema_of<T: JsonSchema>() -> Schema {
    schemars::schema_for!(T)
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.object)
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Kind) -> bool {
        self.table == other.table
    }
}

impl Eq for Kind {}

/// A resource as Stripe shows it: one struct, whose JSON is what is stored and what is served.
pub trait Document: Serialize + DeserializeOwned + JsonSchema + Clone + Send + Sync + 'static {
    /// How it is kept.
    const KIND: &'static Kind;

    /// What the wire never shows: working state, references to secrets. `()` when there is none.
    type Private: Serialize + DeserializeOwned + Default + Clone + Send + Sync;

    /// Its id.
    fn id(&self) -> &str;

    /// When it was made, by which lists are ordered.
    fn created(&self) -> Timestamp;

    /// The values of [`Kind::columns`], in the same order.
    fn columns(&self, private: &Self::Private) -> Vec<Value>;
}

/// A document as a transaction holds it: what is shown, what is private, whose it is, and the version read.
#[derive(Debug, Clone)]
pub struct Doc<T: Document> {
    /// The account whose it is.
    pub account: String,
    /// The version read; 0 for one that this transaction made.
    pub version: i64,
    /// What the wire never shows.
    pub private: T::Private,
    pub(crate) shown: T,
    /// The JSON that was read: what `previous_attributes` is told from.
    pub(crate) before: Arc<str>,
}

impl<T: Document> Doc<T> {
    /// The resource itself, without its private part.
    pub fn into_shown(self) -> T {
        self.shown
    }

    /// The resource itself.
    pub fn shown(&self) -> &T {
        &self.shown
    }
}

impl<T: Document> Deref for Doc<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.shown
    }
}

impl<T: Document> DerefMut for Doc<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.shown
    }
}
