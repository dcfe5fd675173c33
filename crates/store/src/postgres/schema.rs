//! Migrations, and the tables, indexes and views of the schema's kinds.

use std::collections::HashSet;

use super::connection::Session;
use super::{get, store_error};
use crate::backup::{DEFINITION, RESTORING, VERSION};
use crate::ddl::{self, Dialect};
use crate::{Kind, Schema, StoreError, StoreResult};

/// In order; never changed once released. Its number is its place, from 1.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_books_and_bookkeeping.sql")];

/// Processes that start together change the tables one after the other. The number is Kontor's own, at random.
const LOCK: &str = "SELECT pg_advisory_lock(5401183275086142)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(5401183275086142)";

/// Brings the store to this Kontor's version, and makes what is missing for `schema`. It does nothing but look when there
/// is nothing to do.
pub(super) async fn bring_up_to_date(session: &Session, schema: &Schema) -> StoreResult<()> {
    if let Some(mistake) = schema.kinds.iter().find_map(|kind| ddl::mistake(kind)) {
        return Err(StoreError::Corrupt(mistake));
    }
    let wanted = ddl::definition(Dialect::Postgres, schema);
    if is_up_to_date(session, &wanted).await? {
        return Ok(());
    }
    // An error leaves the lock to the connection, which ends with it.
    execute(session, "SET lock_timeout = 0").await?;
    execute(session, LOCK).await?;
    let version = version_unless_restoring(session).await?;
    make(session, schema, &wanted, version).await?;
    execute(session, UNLOCK).await?;
    execute(session, "SET lock_timeout = '10s'").await
}

/// What is missing in a store that has had this many migrations.
async fn make(session: &Session, schema: &Schema, wanted: &str, version: usize) -> StoreResult<()> {
    for (at, migration) in MIGRATIONS.iter().enumerate().skip(version) {
        migrate(session, migration, at + 1).await?;
    }
    if setting(session, DEFINITION).await?.as_deref() != Some(wanted) {
        define(session, schema, wanted).await?;
    }
    Ok(())
}

/// How many migrations a store has had that is not opened to be used, but to be backed up.
pub(super) async fn readable_version(session: &Session) -> StoreResult<usize> {
    match version_unless_restoring(session).await? {
        0 => Err(StoreError::Refused("there is no store in the database".to_owned())),
        version if version < MIGRATIONS.len() => Err(StoreError::Refused(
            "the database was written by an older Kontor: use that one, or start this one to bring the store up to date"
                .to_owned(),
        )),
        version => Ok(version),
    }
}

/// Makes all tables in an empty database, as a Kontor of this version does, without what goes by the settings alone:
/// indexes and views. The store is marked as being restored.
pub(super) async fn tables_only(session: &Session, schema: &Schema, upto: usize) -> StoreResult<()> {
    execute(session, "SET lock_timeout = 0").await?;
    execute(session, LOCK).await?;
    if version_unless_restoring(session).await? != 0 {
        execute(session, UNLOCK).await?;
        return Err(StoreError::Refused(
            "the database is not empty: a backup is restored into an empty store only".to_owned(),
        ));
    }
    execute(session, &format!("BEGIN; {META}; {}; COMMIT", set(RESTORING, "yes"))).await?;
    for (at, migration) in MIGRATIONS.iter().enumerate().take(upto) {
        migrate(session, migration, at + 1).await?;
    }
    for kind in &schema.kinds {
        execute(session, &Dialect::Postgres.table(kind)).await?;
    }
    execute(session, UNLOCK).await
}

/// Makes whatever a restored store does not have yet: newer tables, indexes and views, the next number of a batch, and
/// what the planner knows of it all.
pub(super) async fn complete(session: &Session, schema: &Schema) -> StoreResult<()> {
    make(session, schema, &ddl::definition(Dialect::Postgres, schema), version(session).await?).await?;
    let next = "SELECT setval('batch_number', (SELECT coalesce(max(id), 0) + 1 FROM batch), false)";
    execute(session, next).await?;
    execute(session, "ANALYZE").await
}

/// Takes the mark of an incomplete restore away.
pub(super) async fn unmark(session: &Session) -> StoreResult<()> {
    execute(session, &format!("DELETE FROM meta WHERE name = '{RESTORING}'")).await
}

/// How many migrations the store has had; an error while it is being restored.
async fn version_unless_restoring(session: &Session) -> StoreResult<usize> {
    let sql = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'meta'";
    let is_there = session.client.query_one(sql, &[]).await.map_err(|error| store_error(&error))?;
    if get::<i64>(&is_there, 0)? != 0 && setting(session, RESTORING).await?.is_some() {
        return Err(StoreError::Incomplete(
            "restore incomplete: a restore into the database was begun and did not end well. Empty the database and restore again"
                .to_owned(),
        ));
    }
    version(session).await
}

async fn execute(session: &Session, sql: &str) -> StoreResult<()> {
    session.client.batch_execute(sql).await.map_err(|error| store_error(&error))
}

async fn is_up_to_date(session: &Session, definition: &str) -> StoreResult<bool> {
    let version = version_unless_restoring(session).await?;
    Ok(version == MIGRATIONS.len() && setting(session, DEFINITION).await?.as_deref() == Some(definition))
}

/// How many migrations the store has had.
async fn version(session: &Session) -> StoreResult<usize> {
    let sql = "SELECT count(*), count(*) FILTER (WHERE tablename = 'meta') FROM pg_tables WHERE schemaname = current_schema()";
    let counts = session.client.query_one(sql, &[]).await.map_err(|error| store_error(&error))?;
    let (tables, meta): (i64, i64) = (get(&counts, 0)?, get(&counts, 1)?);
    if tables == 0 {
        return Ok(0);
    }
    let known = MIGRATIONS.len();
    let version = if meta == 0 { None } else { setting(session, VERSION).await? };
    match version.and_then(|version| version.parse::<usize>().ok()) {
        None => Err(StoreError::Corrupt(
            "the database has tables that are not Kontor's: give Kontor a database of its own".to_owned(),
        )),
        Some(version) if known < version => Err(StoreError::Newer(format!(
            "the database was written by a newer Kontor: its version is {version}, and this Kontor knows versions up to {known}. Run the newer one, or restore a backup from before the update"
        ))),
        Some(version) => Ok(version),
    }
}

const META: &str =
    r#"CREATE TABLE IF NOT EXISTS meta (name text COLLATE "C" NOT NULL PRIMARY KEY, value text NOT NULL)"#;

async fn migrate(session: &Session, migration: &str, version: usize) -> StoreResult<()> {
    let note = set(VERSION, &version.to_string());
    execute(session, &format!("BEGIN; {META}; {migration}; {note}; COMMIT")).await
}

async fn define(session: &Session, schema: &Schema, definition: &str) -> StoreResult<()> {
    let mut sql = String::from("BEGIN;");
    let mut add = |statement: &str| {
        sql.push_str(statement);
        sql.push_str(";\n");
    };
    for kind in &schema.kinds {
        // The view goes first: it may name what changes.
        add(&format!(r#"DROP VIEW IF EXISTS "{}_view""#, kind.table));
        add(&Dialect::Postgres.table(kind));
        for statement in missing_columns(session, kind).await? {
            add(&statement);
        }
        for index in Dialect::Postgres.indexes(kind) {
            add(&index);
        }
        add(&Dialect::Postgres.view(kind));
    }
    add(&set(DEFINITION, definition));
    add("COMMIT");
    execute(session, &sql).await
}

/// For a table that exists already: what adds the columns that it does not have.
async fn missing_columns(session: &Session, kind: &Kind) -> StoreResult<Vec<String>> {
    let sql = "SELECT column_name::text FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1";
    let rows = session.client.query(sql, &[&kind.table]).await.map_err(|error| store_error(&error))?;
    let present = rows.iter().map(|row| get(row, 0)).collect::<StoreResult<HashSet<&str>>>()?;
    let beside = Dialect::Postgres.columns_beside(kind).into_iter();
    let missing = beside.filter(|(name, _)| !present.is_empty() && !present.contains(name.as_str()));
    Ok(missing.map(|(name, ty)| ddl::add_column(kind, &name, ty)).collect())
}

async fn setting(session: &Session, name: &str) -> StoreResult<Option<String>> {
    let sql = "SELECT value FROM meta WHERE name = $1";
    let row = session.client.query_opt(sql, &[&name]).await.map_err(|error| store_error(&error))?;
    row.map(|row| get(&row, 0)).transpose()
}

/// Sets one of the store's own settings; neither name nor value needs quoting.
fn set(name: &str, value: &str) -> String {
    format!(
        "INSERT INTO meta (name, value) VALUES ('{name}', '{value}') ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    )
}
