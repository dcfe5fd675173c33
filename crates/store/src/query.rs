//! Lists as SQL: one portable text for both engines.
//!
//! Parameters are numbered `$1`, `$2` … in the order in which they appear, which both engines bind by position.

use std::fmt::Write as _;

use crate::{ColumnType, Cursor, Filter, Kind, ListQuery, Value};

/// A parameter of a statement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Param<'a> {
    Int(i64),
    Text(&'a str),
}

/// A statement and its parameters.
#[derive(Debug, PartialEq)]
pub(crate) struct Sql<'a> {
    pub text: String,
    pub params: Vec<Param<'a>>,
}

impl<'a> Sql<'a> {
    fn bind(&mut self, param: Param<'a>) {
        self.params.push(param);
        let _ = write!(self.text, "${}", self.params.len());
    }
}

/// What every statement that reads rows selects, in this order: then come the kind's columns.
pub(crate) const ROW_COLUMNS: usize = 6;

/// A select of whole rows of a kind, up to its table's name.
pub(crate) fn select(kind: &Kind) -> String {
    let mut text = String::from(r#"SELECT "id", "account", "created", "version", "data", "private""#);
    for column in kind.columns {
        let _ = write!(text, r#", "{}""#, column.name);
    }
    let _ = write!(text, r#" FROM "{}""#, kind.table);
    text
}

/// A page, beside the place (`created` and id) of the cursor's document when there is a cursor. The rows of a page before
/// a cursor come oldest first: the caller turns them round.
pub(crate) fn list<'a>(query: &'a ListQuery, place: Option<(i64, &'a str)>) -> Sql<'a> {
    let mut sql = Sql { text: select(query.kind), params: Vec::new() };
    conditions(&mut sql, query);
    let (beyond, direction) = match query.cursor {
        Cursor::Start | Cursor::After(_) => ("<", "DESC"),
        Cursor::Before(_) => (">", "ASC"),
    };
    if let Some((created, id)) = place {
        let _ = write!(sql.text, r#" AND ("created", "id") {beyond} ("#);
        sql.bind(Param::Int(created));
        sql.text.push_str(", ");
        sql.bind(Param::Text(id));
        sql.text.push(')');
    }
    let _ = write!(sql.text, r#" ORDER BY "created" {direction}, "id" {direction} LIMIT "#);
    sql.bind(Param::Int(i64::try_from(query.limit).unwrap_or(i64::MAX)));
    sql
}

/// How many match.
pub(crate) fn count(query: &ListQuery) -> Sql<'_> {
    let mut sql = Sql { text: format!(r#"SELECT count(*) FROM "{}""#, query.kind.table), params: Vec::new() };
    conditions(&mut sql, query);
    sql
}

fn conditions<'a>(sql: &mut Sql<'a>, query: &'a ListQuery) {
    sql.text.push_str(" WHERE 1 = 1");
    if let Some(account) = &query.account {
        // A selective filter must lead: without statistics a planner may walk all of a large account instead, because
        // that gives the order for nothing. As an expression the account cannot be looked up.
        let selective = query.filters.iter().any(|filter| is_selective(query.kind, filter));
        sql.text.push_str(if selective { r#" AND "account" || '' = "# } else { r#" AND "account" = "# });
        sql.bind(Param::Text(account));
    }
    for filter in &query.filters {
        sql.text.push_str(" AND ");
        condition(sql, query.kind, filter);
    }
}

/// Whether the filter finds few documents by an index of its own.
fn is_selective(kind: &Kind, filter: &Filter) -> bool {
    let (name, set) = match filter {
        Filter::Is(name, value) => (name, *value != Value::Null),
        Filter::OneOf(name, values) => (name, !values.contains(&Value::Null)),
        Filter::AtMost(..) | Filter::AtLeast(..) => return false,
    };
    set && kind.columns.iter().any(|column| column.name == *name && column.indexed && column.ty == ColumnType::Text)
}

fn column_type(kind: &Kind, name: &str) -> Option<ColumnType> {
    if name == "created" {
        return Some(ColumnType::Int);
    }
    kind.columns.iter().find(|column| column.name == name).map(|column| column.ty)
}

fn condition<'a>(sql: &mut Sql<'a>, kind: &Kind, filter: &'a Filter) {
    match filter {
        Filter::Is(name, value) => equals(sql, kind, name, value),
        Filter::OneOf(name, values) => one_of(sql, kind, name, values),
        Filter::AtMost(name, most) => compare(sql, kind, name, "<=", *most),
        Filter::AtLeast(name, least) => compare(sql, kind, name, ">=", *least),
    }
}

/// A value of another type than the column's equals nothing, and a column that the kind does not have is never set: as
/// the memory engine has it.
fn equals<'a>(sql: &mut Sql<'a>, kind: &Kind, name: &str, value: &'a Value) {
    match (column_type(kind, name), value) {
        (Some(_), Value::Null) => drop(write!(sql.text, r#""{name}" IS NULL"#)),
        (None, Value::Null) => sql.text.push_str("1 = 1"),
        (Some(ColumnType::Int), Value::Int(n)) => {
            let _ = write!(sql.text, r#""{name}" = "#);
            sql.bind(Param::Int(*n));
        }
        (Some(ColumnType::Text), Value::Text(text)) => {
            let _ = write!(sql.text, r#""{name}" = "#);
            sql.bind(Param::Text(text));
        }
        (Some(ColumnType::Int), Value::Text(_)) | (Some(ColumnType::Text), Value::Int(_)) | (None, _) => {
            sql.text.push_str("1 = 0");
        }
    }
}

fn one_of<'a>(sql: &mut Sql<'a>, kind: &Kind, name: &str, values: &'a [Value]) {
    sql.text.push_str("(1 = 0");
    if values.contains(&Value::Null) {
        sql.text.push_str(" OR ");
        equals(sql, kind, name, &Value::Null);
    }
    let params: Vec<Param<'a>> = values
        .iter()
        .filter_map(|value| match (column_type(kind, name)?, value) {
            (ColumnType::Int, Value::Int(n)) => Some(Param::Int(*n)),
            (ColumnType::Text, Value::Text(text)) => Some(Param::Text(text)),
            (ColumnType::Int | ColumnType::Text, _) => None,
        })
        .collect();
    if !params.is_empty() {
        let _ = write!(sql.text, r#" OR "{name}" IN ("#);
        for (at, param) in params.into_iter().enumerate() {
            if 0 < at {
                sql.text.push_str(", ");
            }
            sql.bind(param);
        }
        sql.text.push(')');
    }
    sql.text.push(')');
}

fn compare(sql: &mut Sql<'_>, kind: &Kind, name: &str, operator: &str, bound: i64) {
    match column_type(kind, name) {
        Some(ColumnType::Int) => {
            let _ = write!(sql.text, r#""{name}" {operator} "#);
            sql.bind(Param::Int(bound));
        }
        Some(ColumnType::Text) | None => sql.text.push_str("1 = 0"),
    }
}
