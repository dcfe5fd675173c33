//! Worlds on every engine, each in a place of its own that goes away with it.

use std::path::{Path, PathBuf};

use std::sync::atomic::{AtomicU64, Ordering};

use kernel::Rng;
use store::{Clock, Vault, World, WorldSettings};

use crate::{BEGINNING, Sandbox};

/// Where a sandbox keeps its world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// In memory.
    Memory,
    /// In a file of a temporary folder.
    Sqlite,
    /// In a database of its own on the server named by `KONTOR_TEST_POSTGRES_URL`.
    Postgres,
}

/// Runs a test on SQLite, on PostgreSQL and in memory.
///
/// PostgreSQL is never left out silently: without `KONTOR_TEST_POSTGRES_URL` the test fails, unless
/// `KONTOR_TEST_WITHOUT_POSTGRES=1` says that this is wanted.
pub fn on_every_engine(test: impl Fn(&Sandbox)) {
    let mut engines = vec![Engine::Memory, Engine::Sqlite];
    if std::env::var_os("KONTOR_TEST_WITHOUT_POSTGRES").is_some() {
        eprintln!("PostgreSQL is left out, as KONTOR_TEST_WITHOUT_POSTGRES asks");
    } else {
        engines.push(Engine::Postgres);
    }
    for engine in engines {
        eprintln!("on {engine:?}");
        test(&Sandbox::on(engine, 7));
    }
}

/// What goes away with a sandbox.
pub(crate) enum Held {
    Nothing,
    Folder(PathBuf),
    Database(Database),
}

impl Held {
    pub(crate) fn folder(&self) -> Option<&Path> {
        match self {
            Held::Folder(folder) => Some(folder),
            Held::Nothing | Held::Database(_) => None,
        }
    }

    pub(crate) fn database_url(&self) -> Option<&str> {
        match self {
            Held::Database(database) => Some(&database.url),
            Held::Nothing | Held::Folder(_) => None,
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Held::Folder(folder) = self {
            // The folder is in the system's temporary one: what cannot be removed now is swept there.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

static NEXT: AtomicU64 = AtomicU64::new(1);

fn unique() -> String {
    format!("kontor_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn open(engine: Engine, seed: u64) -> (World, Held) {
    let schema = server::schema();
    let settings = WorldSettings::sandbox("http://127.0.0.1:4242");
    let (clock, vault, rng) = (Clock::manual(BEGINNING), Vault::new([7; 32]), Rng::seeded(seed));
    match engine {
        Engine::Memory => (World::seeded(schema, seed).unwrap(), Held::Nothing),
        Engine::Sqlite => {
            let folder = std::env::temp_dir().join(unique());
            std::fs::create_dir_all(&folder).unwrap();
            let (reader, engine) = store::sqlite::open(&folder.join("kontor.sqlite"), &schema, 4).unwrap();
            let world = World::open(reader, engine, schema, clock, rng, vault, settings).unwrap();
            (world, Held::Folder(folder))
        }
        Engine::Postgres => {
            let database = postgres_database();
            let (reader, engine) = store::postgres::open(&database.url, &schema, 4).unwrap();
            let world = World::open(reader, engine, schema, clock, rng, vault, settings).unwrap();
            (world, Held::Database(database))
        }
    }
}

/// A database of its own, dropped with this.
pub struct Database {
    /// Where it is.
    pub url: String,
    name: String,
    server: String,
}

/// Makes a database on the server named by `KONTOR_TEST_POSTGRES_URL`.
pub fn postgres_database() -> Database {
    let server = std::env::var("KONTOR_TEST_POSTGRES_URL")
        .expect("KONTOR_TEST_POSTGRES_URL is not set: run this through scripts/with-postgres");
    let name = unique();
    execute(&server, &format!("CREATE DATABASE {name}"));
    let (base, _) = server.rsplit_once('/').unwrap();
    let query = server.split_once('?').map_or(String::new(), |(_, query)| format!("?{query}"));
    Database { url: format!("{base}/{name}{query}"), name, server }
}

impl Drop for Database {
    fn drop(&mut self) {
        execute(&self.server, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

fn execute(url: &str, statement: &str) {
    let (url, statement) = (url.to_owned(), statement.to_owned());
    // A thread of its own, since the caller may be inside a runtime.
    let done = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
            let connection = tokio::spawn(connection);
            client.batch_execute(&statement).await.unwrap();
            drop(client);
            let _ = connection.await;
        });
    });
    done.join().unwrap();
}
