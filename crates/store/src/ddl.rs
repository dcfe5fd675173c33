//! The tables, indexes and views of a schema's kinds, as SQL for either engine.
//!
//! A kind that gains a column gets it in its table at the next start, empty for the documents that exist: what a column
//! holds is known to the document's code only, so whoever adds one to a kind with documents writes them again.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::packed::{Field, Scalar, fields, is_plain};
use crate::{Column, ColumnType, Kind, Schema};

/// Whose SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// A column that a kind's table does not have yet.
pub(crate) fn add_column(kind: &Kind, name: &str, ty: &str) -> String {
    format!(r#"ALTER TABLE "{}" ADD COLUMN "{name}" {ty}"#, kind.table)
}

/// The columns that every table has and that no kind may name.
const RESERVED: [&str; 7] = ["id", "account", "created", "version", "schema", "data", "private"];

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
        for (name, ty) in self.columns_beside(kind) {
            let _ = write!(sql, r#", "{name}" {ty}"#);
        }
        // Last, so that a row's short fields are found without walking over its text.
        match self {
            // The rows are short when they are packed: a table of its own for the key would be larger than they are.
            Dialect::Sqlite => sql.push_str(r#", "data" BLOB NOT NULL, "private" BLOB) STRICT, WITHOUT ROWID"#),
            Dialect::Postgres => drop(write!(sql, r#", "data" {text} NOT NULL, "private" {text})"#)),
        }
        sql
    }

    /// The columns of a kind's table beside those that every table has, with their types.
    pub(crate) fn columns_beside(self, kind: &Kind) -> Vec<(String, &'static str)> {
        let indexed = kind.columns.iter().map(|column| (column.name.to_owned(), self.column_type(column.ty)));
        let shown = self.shown_columns(kind).into_iter().map(|field| {
            let ty = match field.scalar {
                Scalar::Text | Scalar::Object => "TEXT",
                Scalar::Int | Scalar::Bool => "INTEGER",
                Scalar::Number => "REAL",
            };
            (field.name, ty)
        });
        indexed.chain(shown).collect()
    }

    /// The fields that have a column only for being shown. PostgreSQL finds them in the document.
    pub(crate) fn shown_columns(self, kind: &Kind) -> Vec<Field> {
        let has_column = |field: &Field| {
            RESERVED.contains(&field.name.as_str()) || kind.columns.iter().any(|column| column.name == field.name)
        };
        match self {
            Dialect::Sqlite => fields(kind).into_iter().filter(|field| !has_column(field)).collect(),
            Dialect::Postgres => Vec::new(),
        }
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

    /// The view of a kind for people with SQL tools: the document's plain fields as columns.
    pub(crate) fn view(self, kind: &Kind) -> String {
        let mut sql = format!(r#"CREATE VIEW "{}_view" AS SELECT "id", "account""#, kind.table);
        if !kind.shows_fields {
            let columns = kind.columns.iter().map(|column| column.name);
            for column in std::iter::once("created").chain(columns) {
                let _ = write!(sql, r#", "{column}""#);
            }
        }
        for Field { name: field, scalar } in fields(kind) {
            if field == "id" || field == "account" {
                continue;
            }
            let value = match (self, scalar) {
                (Dialect::Sqlite, _) => format!(r#""{field}""#),
                (Dialect::Postgres, Scalar::Text | Scalar::Object) => format!(r#""data"::json ->> '{field}'"#),
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
