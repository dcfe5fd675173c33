//! The references: the same engine writing the same rows, without HTTP and without rules.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::Failure;
use crate::server::{Engine, Server};

/// Charges written per commit.
const PER_COMMIT: usize = 64;
/// Tables whose rows a charge adds; balances are added by hand, since they are updated.
const NOT_WRITTEN: [&str; 5] = ["meta", "balance", "claim", "api_key", "account"];

/// The rows that charges wrote: a table each, with how many rows of it one charge adds, and some of them to write again.
pub(crate) struct Sample {
    tables: Vec<Table>,
    schema: Vec<String>,
}

struct Table {
    name: String,
    columns: Vec<String>,
    /// The place of the column that must be unique: the primary key's first text column.
    key: usize,
    per_charge: f64,
    rows: Vec<Vec<Value>>,
}

impl Sample {
    pub(crate) fn rows(&self) -> f64 {
        self.tables.iter().map(|table| table.per_charge).sum()
    }

    pub(crate) fn bytes(&self) -> f64 {
        let size = |value: &Value| match value {
            Value::Null => 1,
            Value::Integer(_) | Value::Real(_) => 8,
            Value::Text(text) => text.len(),
            Value::Blob(blob) => blob.len(),
        };
        self.tables
            .iter()
            .map(|table| {
                let total: usize = table.rows.iter().flatten().map(size).sum();
                total as f64 / table.rows.len().max(1) as f64 * table.per_charge
            })
            .sum()
    }
}

/// Syncs of 4 KB per second: what a durable answer costs at the least.
pub(crate) fn fdatasync(folder: &Path, span: Duration) -> Result<f64, Failure> {
    let path = folder.join("fdatasync");
    let mut file = std::fs::File::create(&path)?;
    let (started, block, mut count) = (Instant::now(), [7_u8; 4_096], 0_u32);
    while started.elapsed() < span {
        file.write_all(&block)?;
        file.sync_data()?;
        count += 1;
    }
    let rate = f64::from(count) / started.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    Ok(rate)
}

/// Reads from the store of a server that took charges what one of them writes.
pub(crate) async fn sample(engine: &Engine, server: &Server) -> Result<Sample, Failure> {
    match engine {
        Engine::Sqlite => sample_sqlite(&server.folder.join("kontor.sqlite")),
        Engine::Postgres(_) => sample_postgres(server.database_url.as_deref().unwrap_or_default()).await,
    }
}

fn sample_sqlite(path: &Path) -> Result<Sample, Failure> {
    let store = Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut schema = Vec::new();
    let mut statement = store.prepare(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('table', 'index') AND name NOT LIKE 'sqlite_%' \
         ORDER BY type = 'index'",
    )?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        schema.push(row.get::<_, String>(0)?);
    }
    let charges: f64 = store.query_row("SELECT count(*) FROM charge WHERE id LIKE 'ch_%'", [], |row| row.get(0))?;
    let mut names =
        store.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")?;
    let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut tables = Vec::new();
    for name in names.into_iter().filter(|name| !NOT_WRITTEN.contains(&name.as_str())) {
        let count: f64 = store.query_row(&format!("SELECT count(*) FROM \"{name}\""), [], |row| row.get(0))?;
        let per_charge = count / charges;
        if per_charge < 0.05 {
            continue;
        }
        let mut statement = store
            .prepare(&format!("SELECT * FROM \"{name}\" ORDER BY rowid DESC LIMIT 200"))
            .or_else(|_| store.prepare(&format!("SELECT * FROM \"{name}\" LIMIT 200")))?;
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let width = columns.len();
        let rows = statement
            .query_map([], |row| (0..width).map(|i| row.get(i)).collect::<Result<Vec<Value>, _>>())?
            .collect::<Result<Vec<_>, _>>()?;
        let key = columns.iter().position(|c| c == "id" || c == "batch" || c == "key").unwrap_or(0);
        tables.push(Table { name, columns, key, per_charge, rows });
    }
    Ok(Sample { tables, schema })
}

async fn connect(url: &str) -> Result<tokio_postgres::Client, Failure> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn sample_postgres(url: &str) -> Result<Sample, Failure> {
    let client = connect(url).await?;
    let charges: i64 = client.query_one("SELECT count(*) FROM charge WHERE id LIKE 'ch\\_%'", &[]).await?.get(0);
    let names = client
        .query("SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()", &[])
        .await?
        .into_iter()
        .map(|row| row.get::<_, String>(0));
    let (mut tables, mut schema) =
        (Vec::new(), vec!["DROP SCHEMA IF EXISTS raw CASCADE; CREATE SCHEMA raw".to_owned()]);
    for name in names.filter(|name| !NOT_WRITTEN.contains(&name.as_str())) {
        let count: i64 = client.query_one(&format!("SELECT count(*) FROM \"{name}\""), &[]).await?.get(0);
        let per_charge = count as f64 / charges.max(1) as f64;
        if per_charge < 0.05 {
            continue;
        }
        schema.push(format!("CREATE TABLE raw.\"{name}\" (LIKE \"{name}\" INCLUDING ALL)"));
        let types = client
            .query(
                "SELECT column_name::text, data_type::text FROM information_schema.columns WHERE table_name = $1 \
                 AND table_schema = current_schema() ORDER BY ordinal_position",
                &[&name],
            )
            .await?;
        let columns: Vec<(String, String)> = types.into_iter().map(|row| (row.get(0), row.get(1))).collect();
        let texts = columns.iter().map(|(column, _)| format!("\"{column}\"::text")).collect::<Vec<_>>().join(", ");
        let found = client.query(&format!("SELECT {texts} FROM \"{name}\" LIMIT 200"), &[]).await?;
        let value = |text: Option<String>| text.map_or(Value::Null, Value::Text);
        let rows = found.iter().map(|row| (0..columns.len()).map(|i| value(row.get(i))).collect()).collect();
        let key = columns.iter().position(|(c, _)| c == "id" || c == "batch" || c == "key").unwrap_or(0);
        let columns = columns.into_iter().map(|(column, ty)| format!("{column} {ty}")).collect();
        tables.push(Table { name, columns, key, per_charge, rows });
    }
    schema.push("CREATE TABLE raw.counter (account text PRIMARY KEY, value bigint)".to_owned());
    Ok(Sample { tables, schema })
}

/// Multi-row statements over arrays, one for each table, on one connection.
async fn measure_postgres(url: &str, sample: &Sample, span: Duration) -> Result<f64, Failure> {
    let mut client = connect(url).await?;
    client.batch_execute(&sample.schema.join(";\n")).await?;
    let mut statements = Vec::new();
    for table in &sample.tables {
        let names: Vec<&str> = table.columns.iter().filter_map(|c| c.split(' ').next()).collect();
        let casts: Vec<String> = table
            .columns
            .iter()
            .filter_map(|c| c.split_once(' '))
            .map(|(name, ty)| format!("a.\"{name}\"::{ty}"))
            .collect();
        let arrays: Vec<String> = (1..=names.len()).map(|i| format!("${i}::text[]")).collect();
        let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        let sql = format!(
            "INSERT INTO raw.\"{}\" ({}) SELECT {} FROM unnest({}) AS a({})",
            table.name,
            quoted.join(", "),
            casts.join(", "),
            arrays.join(", "),
            quoted.join(", ")
        );
        statements.push(client.prepare(&sql).await?);
    }
    let counters = client
        .prepare(
            "INSERT INTO raw.counter SELECT * FROM unnest($1::text[], $2::bigint[]) \
             ON CONFLICT (account) DO UPDATE SET value = raw.counter.value + excluded.value",
        )
        .await?;
    let (started, mut charges, mut number) = (Instant::now(), 0_u64, 0_u64);
    while started.elapsed() < span {
        let transaction = client.transaction().await?;
        for (table, statement) in sample.tables.iter().zip(&statements) {
            let rows: u64 = (charges + 1..=charges + PER_COMMIT as u64).map(|c| due(table.per_charge, c)).sum();
            let mut columns: Vec<Vec<Option<String>>> = vec![Vec::new(); table.columns.len()];
            for _ in 0..rows {
                number += 1;
                let row = &table.rows[number as usize % table.rows.len()];
                for (i, value) in row.iter().enumerate() {
                    columns[i].push(match value {
                        Value::Text(text) if i == table.key => Some(unique_text(text, number)),
                        Value::Text(text) => Some(text.clone()),
                        _ => None,
                    });
                }
            }
            let parameters: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> =
                columns.iter().map(|c| c as &(dyn tokio_postgres::types::ToSql + Sync)).collect();
            transaction.execute(statement, &parameters).await?;
        }
        let (accounts, amounts) = (vec!["one", "three", "two"], vec![1_i64; 3]);
        transaction.execute(&counters, &[&accounts, &amounts]).await?;
        transaction.commit().await?;
        charges += PER_COMMIT as u64;
    }
    let rate = charges as f64 / started.elapsed().as_secs_f64();
    client.batch_execute("DROP SCHEMA raw CASCADE").await?;
    Ok(rate)
}

fn unique_text(text: &str, number: u64) -> String {
    match text.parse::<i64>() {
        Ok(_) => number.to_string(),
        Err(_) => format!("{}_{number:024}", text.split('_').next().unwrap_or_default()),
    }
}

/// Writes the sample's rows again and again into a fresh store for `span`; answers charges per second.
pub(crate) async fn measure(engine: &Engine, server: &Server, sample: &Sample, span: Duration) -> Result<f64, Failure> {
    match engine {
        Engine::Sqlite => measure_sqlite(&server.folder, sample, span),
        Engine::Postgres(_) => measure_postgres(server.database_url.as_deref().unwrap_or_default(), sample, span).await,
    }
}

fn measure_sqlite(folder: &Path, sample: &Sample, span: Duration) -> Result<f64, Failure> {
    let path = folder.join("raw.sqlite");
    let store = Connection::open(&path)?;
    store.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
    for statement in &sample.schema {
        store.execute_batch(statement)?;
    }
    let statements: Vec<String> = sample
        .tables
        .iter()
        .map(|table| {
            let marks = vec!["?"; table.columns.len()].join(", ");
            format!("INSERT INTO \"{}\" ({}) VALUES ({marks})", table.name, table.columns.join(", "))
        })
        .collect();
    let counters = "INSERT INTO balance (account, value, owner, bucket, currency, available_on) VALUES (?1, ?2, '', '', 'usd', 0) \
                    ON CONFLICT (account) DO UPDATE SET value = value + excluded.value";
    let (started, mut charges, mut number) = (Instant::now(), 0_u64, 0_u64);
    while started.elapsed() < span {
        store.execute_batch("BEGIN IMMEDIATE")?;
        for _ in 0..PER_COMMIT {
            charges += 1;
            for (table, statement) in sample.tables.iter().zip(&statements) {
                let mut insert = store.prepare_cached(statement)?;
                for _ in 0..due(table.per_charge, charges) {
                    number += 1;
                    let mut row = table.rows[number as usize % table.rows.len()].clone();
                    make_unique(&mut row[table.key], number);
                    insert.execute(params_from_iter(row))?;
                }
            }
            let mut update = store.prepare_cached(counters)?;
            for account in ["one", "two", "three"] {
                update.execute((account, 1))?;
            }
        }
        store.execute_batch("COMMIT")?;
    }
    let rate = charges as f64 / started.elapsed().as_secs_f64();
    drop(store);
    for file in ["raw.sqlite", "raw.sqlite-wal", "raw.sqlite-shm"] {
        // The write-ahead files are gone already when the store was closed cleanly.
        let _ = std::fs::remove_file(folder.join(file));
    }
    Ok(rate)
}

/// How many rows of a table charge number `charge` adds, so that over many the average is right.
fn due(per_charge: f64, charge: u64) -> u64 {
    ((charge + 1) as f64 * per_charge) as u64 - (charge as f64 * per_charge) as u64
}

/// Ids grow, as Kontor's own do.
fn make_unique(key: &mut Value, number: u64) {
    match key {
        Value::Text(text) => {
            let prefix = text.split('_').next().unwrap_or_default().to_owned();
            *text = format!("{prefix}_{number:024}");
        }
        other => *other = Value::Integer(i64::try_from(number).unwrap_or(i64::MAX)),
    }
}
