//! The tables, indexes and views of a schema's kinds, as SQL for either engine.
//!
//! A kind that gains a column gets it in its table at the next start, empty for the documents that exist: what a column
//! holds is known to the document's code only, so whoever adds one to a kind with documents writes them again.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use crate::{Column, ColumnType, Kind, Schema};

/// Whose SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// The columns that every table has and that no kind may name.
const RESERVED: [&str; 7] = ["id", "account", "created", "version", "schema", "data", "private"];

/// A name that tables and columns may have: it stands in SQL as it is.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 48
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// What is wrong with a kind's names, if anything: a mistake of its author.
pub(crate) fn mistake(kind: &Kind) -> Option<String> {
    if !is_plain(kind.table) {
        return Some(format!("{} is no name for a table", kind.table));
    }
    let wrong = kind.columns.iter().find(|column| RESERVED.contains(&column.name) || !is_plain(column.name))?;
    Some(format!("{} is no name for a column of {}", wrong.name, kind.table))
}

impl Dialect {
    /// A column's type. Text is compared byte by byte everywhere, whatever the database's language is.
    fn column_type(self, ty: ColumnType) -> &'static str {
        match (self, ty) {
            (Dialect::Sqlite, ColumnType::Int) => "INTEGER",
            (Dialect::Sqlite, ColumnType::Text) => "TEXT",
            (Dialect::Postgres, ColumnType::Int) => "bigint",
            (Dialect::Postgres, ColumnType::Text) => r#"text COLLATE "C""#,
        }
    }

    /// The table of a kind.
    pub(crate) fn table(self, kind: &Kind) -> String {
        let (int, text) = (self.column_type(ColumnType::Int), self.column_type(ColumnType::Text));
        let mut sql = format!(
            r#"CREATE TABLE IF NOT EXISTS "{}" ("id" {text} NOT NULL PRIMARY KEY, "account" {text} NOT NULL, "created" {int} NOT NULL, "version" {int} NOT NULL, "schema" {int} NOT NULL DEFAULT 1"#,
            kind.table
        );
        for column in kind.columns {
            let _ = write!(sql, r#", "{}" {}"#, column.name, self.column_type(column.ty));
        }
        // Last, so that a row's short fields are found without walking over its text.
        let _ = write!(sql, r#", "data" {text} NOT NULL, "private" {text})"#);
        if self == Dialect::Sqlite {
            sql.push_str(" STRICT");
        }
        sql
    }

    /// A column that the table does not have yet.
    pub(crate) fn add_column(self, kind: &Kind, column: &Column) -> String {
        format!(r#"ALTER TABLE "{}" ADD COLUMN "{}" {}"#, kind.table, column.name, self.column_type(column.ty))
    }

    /// The indexes of a kind: the order of lists, and one for each column that is looked up.
    ///
    /// A text column's index goes on with the order of lists, so that a page costs the same however many match (the
    /// balance transactions of a payout).
    pub(crate) fn indexes(self, kind: &Kind) -> Vec<String> {
        let table = kind.table;
        let of_column = |column: &Column| {
            let order = match column.ty {
                ColumnType::Int => "",
                ColumnType::Text => r#", "created", "id""#,
            };
            let name = column.name;
            format!(
                r#"CREATE INDEX IF NOT EXISTS "{table}_by_{name}" ON "{table}" ("{name}"{order}) WHERE "{name}" IS NOT NULL"#
            )
        };
        let order =
            format!(r#"CREATE INDEX IF NOT EXISTS "{table}_by_account" ON "{table}" ("account", "created", "id")"#);
        std::iter::once(order).chain(kind.columns.iter().filter(|column| column.indexed).map(of_column)).collect()
    }

    /// The view of a kind for people with SQL tools: the document's top-level scalar fields as columns.
    pub(crate) fn view(self, kind: &Kind) -> String {
        let mut sql = format!(r#"CREATE VIEW "{}_view" AS SELECT "id", "account""#, kind.table);
        for (field, scalar) in scalar_fields(kind) {
            if field == "id" || field == "account" {
                continue;
            }
            let value = match (self, scalar) {
                (Dialect::Sqlite, _) => format!(r#"json_extract("data", '$."{field}"')"#),
                (Dialect::Postgres, Scalar::Text) => format!(r#""data"::json ->> '{field}'"#),
                (Dialect::Postgres, Scalar::Int) => format!(r#"("data"::json ->> '{field}')::bigint"#),
                (Dialect::Postgres, Scalar::Number) => format!(r#"("data"::json ->> '{field}')::double precision"#),
                (Dialect::Postgres, Scalar::Bool) => format!(r#"("data"::json ->> '{field}')::boolean"#),
            };
            let _ = write!(sql, r#", {value} AS "{field}""#);
        }
        let _ = write!(sql, r#" FROM "{}""#, kind.table);
        sql
    }
}

/// A hash over all that is made for a schema: nothing has to be done at a start when the store has it already.
pub(crate) fn definition(dialect: Dialect, schema: &Schema) -> String {
    let mut hasher = Sha256::new();
    for kind in &schema.kinds {
        hasher.update(dialect.table(kind));
        for index in dialect.indexes(kind) {
            hasher.update(index);
        }
        hasher.update(dialect.view(kind));
    }
    hex::encode(hasher.finalize())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scalar {
    Text,
    Int,
    Number,
    Bool,
}

/// The fields of a document that hold one plain value (or null), from its JSON schema.
fn scalar_fields(kind: &Kind) -> Vec<(String, Scalar)> {
    let schema = (kind.json_schema)().to_value();
    let empty = Map::new();
    let definitions = schema.get("$defs").and_then(Json::as_object).unwrap_or(&empty);
    let Some(properties) = schema.get("properties").and_then(Json::as_object) else { return Vec::new() };
    properties
        .iter()
        .filter(|(field, _)| is_plain(field))
        .filter_map(|(field, schema)| Some((field.clone(), scalar(schema, definitions, 0)?)))
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
