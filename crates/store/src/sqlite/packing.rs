//! Packing what was stored before, and filling the columns that a kind has only for being shown.

use rusqlite::{Connection, OptionalExtension, ToSql, Transaction, params_from_iter};

use super::read::unpacked;
use super::store_error;
use crate::ddl::Dialect;
use crate::packed::Packer;
use crate::{Kind, Schema, StoreResult};

/// Documents that are read before they are written: nothing is changed under a statement that walks over it.
const AT_ONCE: i64 = 1_000;

/// The second version of the store: documents and remembered answers are packed, in tables without row ids.
pub(super) fn pack_everything(transaction: &Transaction<'_>, schema: &Schema) -> StoreResult<()> {
    let packer = Packer::new(schema);
    for kind in &schema.kinds {
        if has_texts(transaction, kind.table, "data").map_err(store_error)? {
            pack_documents(transaction, kind, &packer).map_err(store_error)?;
        }
    }
    pack_answers(transaction, &packer).map_err(store_error)
}

/// Whether a table is there, with a column of plain texts.
pub(super) fn has_texts(connection: &Connection, table: &str, column: &str) -> rusqlite::Result<bool> {
    let ty = "SELECT type FROM pragma_table_info($1) WHERE name = $2";
    let ty: Option<String> = connection.query_row(ty, [table, column], |row| row.get(0)).optional()?;
    Ok(ty.as_deref() == Some("TEXT"))
}

fn pack_documents(transaction: &Transaction<'_>, kind: &Kind, packer: &Packer) -> rusqlite::Result<()> {
    let table = kind.table;
    let mut known = transaction.prepare("SELECT name FROM pragma_table_info($1)")?;
    let known: Vec<String> = known.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()?;
    // The view would otherwise follow the table to its new name.
    let aside = format!(
        r#"DROP VIEW IF EXISTS "{table}_view"; ALTER TABLE "{table}" RENAME TO "{table}_before"; {}"#,
        Dialect::Sqlite.table(kind)
    );
    transaction.execute_batch(&aside)?;
    let kept: Vec<String> = ["id", "account", "created", "version", "schema"]
        .into_iter()
        .chain(kind.columns.iter().map(|column| column.name).filter(|name| known.iter().any(|known| known == name)))
        .map(|name| format!(r#""{name}""#))
        .collect();
    let shown = Dialect::Sqlite.shown_columns(kind);
    let mut names = kept.clone();
    names.extend(shown.iter().map(|field| format!(r#""{}""#, field.name)));
    names.extend([r#""data""#.to_owned(), r#""private""#.to_owned()]);
    let places: Vec<String> = (1..=names.len()).map(|n| format!("?{n}")).collect();
    let (names, places) = (names.join(", "), places.join(", "));
    let mut insert = transaction.prepare(&format!(r#"INSERT INTO "{table}" ({names}) VALUES ({places})"#))?;
    let select = format!(r#"SELECT {}, "data", "private" FROM "{table}_before" ORDER BY "id""#, kept.join(", "));
    let mut select = transaction.prepare(&select)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let mut values: Vec<Box<dyn ToSql>> = Vec::new();
        for at in 0..kept.len() {
            values.push(Box::new(row.get::<_, rusqlite::types::Value>(at)?));
        }
        let data: String = row.get(kept.len())?;
        let private: Option<String> = row.get(kept.len() + 1)?;
        for value in packer.values(table, &data) {
            values.push(Box::new(value));
        }
        values.push(Box::new(packer.text(table, &data)));
        values.push(Box::new(private.map(|private| packer.text(table, &private))));
        insert.execute(params_from_iter(values))?;
    }
    drop(rows);
    drop((select, insert));
    transaction.execute_batch(&format!(r#"DROP TABLE "{table}_before""#))
}

fn pack_answers(transaction: &Transaction<'_>, packer: &Packer) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "ALTER TABLE idempotency RENAME TO idempotency_before;
         CREATE TABLE idempotency (
             scope TEXT NOT NULL,
             key TEXT NOT NULL,
             request_hash TEXT NOT NULL,
             request_id TEXT NOT NULL,
             status INTEGER NOT NULL,
             created INTEGER NOT NULL,
             body BLOB NOT NULL,
             PRIMARY KEY (scope, key)
         ) STRICT, WITHOUT ROWID;",
    )?;
    let columns = "scope, key, request_hash, request_id, status, created, body";
    let insert = format!("INSERT INTO idempotency ({columns}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    let mut insert = transaction.prepare(&insert)?;
    let mut select = transaction.prepare(&format!("SELECT {columns} FROM idempotency_before ORDER BY scope, key"))?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let value = |at| row.get::<_, rusqlite::types::Value>(at);
        let body = packer.answer(&row.get::<_, String>(6)?);
        insert.execute((value(0)?, value(1)?, value(2)?, value(3)?, value(4)?, value(5)?, body))?;
    }
    drop(rows);
    drop((select, insert));
    transaction.execute_batch(
        "DROP TABLE idempotency_before;
         CREATE INDEX idempotency_by_created ON idempotency (created);",
    )
}

/// Writes the columns that the kind has only for being shown again, from its documents.
pub(super) fn fill_shown(transaction: &Transaction<'_>, kind: &Kind, packer: &Packer) -> StoreResult<()> {
    let shown = Dialect::Sqlite.shown_columns(kind);
    if shown.is_empty() {
        return Ok(());
    }
    let sets: Vec<String> = (2..).zip(&shown).map(|(n, field)| format!(r#""{}" = ?{n}"#, field.name)).collect();
    let update = format!(r#"UPDATE "{}" SET {} WHERE "id" = ?1"#, kind.table, sets.join(", "));
    let select = format!(r#"SELECT "id", "data" FROM "{}" WHERE ?1 < "id" ORDER BY "id" LIMIT ?2"#, kind.table);
    let fill = || -> rusqlite::Result<()> {
        let (mut select, mut update) = (transaction.prepare(&select)?, transaction.prepare(&update)?);
        let mut after = String::new();
        loop {
            let page = select.query_map((&after, AT_ONCE), |row| {
                Ok((row.get::<_, String>(0)?, unpacked(row, 1)?.unwrap_or_default()))
            })?;
            let page: Vec<(String, String)> = page.collect::<Result<_, _>>()?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after.clone_from(last);
            for (id, document) in page {
                let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(id)];
                for value in packer.values(kind.table, &document) {
                    values.push(Box::new(value));
                }
                update.execute(params_from_iter(values))?;
            }
        }
    };
    fill().map_err(store_error)
}
