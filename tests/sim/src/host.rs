//! A whole Kontor in-process that can be crashed and opened again.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use kernel::{Rng, Timestamp};
use store::{
    Batch, Caller, Clock, Engine, Memory, Origin, Reader, StoreError, StoreResult, Vault, Verdict, World, WorldSettings,
};
use tokio::runtime::Runtime;
use wire::{Api, KeyKind, Request, Response};
use workers::{Dispatcher, JobHandlers};

use crate::faulty::{Faults, Faulty};

/// The platform's secret key.
const KEY: &str = "sk_test_KontorSimulation000000001";

/// Monday, 2 November 2026, 12:00 UTC.
const BEGINNING: Timestamp = Timestamp(1_793_620_800);

/// Where a world is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// In memory.
    Memory,
    /// In a file of a temporary folder.
    Sqlite,
    /// In an empty PostgreSQL database.
    Postgres(String),
}

enum Store {
    Memory(Memory),
    Sqlite(PathBuf),
    Postgres(String),
}

enum AnyEngine {
    Memory(Memory),
    Sqlite(Box<store::sqlite::SqliteEngine>),
    Postgres(Box<store::postgres::PostgresEngine>),
}

impl Engine for AnyEngine {
    fn commit(&mut self, batch: &Batch) -> StoreResult<Vec<Verdict>> {
        match self {
            AnyEngine::Memory(engine) => engine.commit(batch),
            AnyEngine::Sqlite(engine) => engine.commit(batch),
            AnyEngine::Postgres(engine) => engine.commit(batch),
        }
    }
}

/// A request as the simulator makes it.
#[derive(Debug, Clone)]
pub struct Ask {
    /// GET, POST or DELETE.
    pub method: Method,
    /// With its query.
    pub path: String,
    /// What a POST sends.
    pub form: Vec<(String, String)>,
    /// The connected account acted on.
    pub account: Option<String>,
    /// The `Idempotency-Key`.
    pub key: Option<String>,
}

impl Ask {
    fn new(method: Method, path: impl Into<String>) -> Ask {
        Ask { method, path: path.into(), form: Vec::new(), account: None, key: None }
    }

    /// Reads.
    pub fn get(path: impl Into<String>) -> Ask {
        Ask::new(Method::GET, path)
    }

    /// Does.
    pub fn post(path: impl Into<String>) -> Ask {
        Ask::new(Method::POST, path)
    }

    /// Removes.
    pub fn delete(path: impl Into<String>) -> Ask {
        Ask::new(Method::DELETE, path)
    }

    /// With a parameter.
    pub fn with(mut self, name: impl Into<String>, value: impl ToString) -> Ask {
        self.form.push((name.into(), value.to_string()));
        self
    }

    /// With parameters.
    pub fn with_all(mut self, form: &[(&str, &str)]) -> Ask {
        self.form.extend(form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self
    }

    /// On a connected account.
    pub fn on(mut self, account: &str) -> Ask {
        self.account = Some(account.to_owned());
        self
    }

    /// The value of a parameter.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// As it is told in a failure.
    pub fn told(&self) -> String {
        let mut told = format!("{} {}", self.method, self.path);
        for (name, value) in &self.form {
            told.push_str(&format!(" {name}={value}"));
        }
        if let Some(account) = &self.account {
            told.push_str(&format!(" [on {account}]"));
        }
        if let Some(key) = &self.key {
            told.push_str(&format!(" [key {key}]"));
        }
        told
    }

    fn request(&self) -> Request {
        let mut headers = HeaderMap::new();
        let mut set = |name: &'static str, value: &str| {
            let value = HeaderValue::from_str(value).expect("the simulator's headers are plain text");
            headers.insert(HeaderName::from_static(name), value);
        };
        set("authorization", &format!("Bearer {KEY}"));
        set("content-type", "application/x-www-form-urlencoded");
        if let Some(account) = &self.account {
            set("stripe-account", account);
        }
        if let Some(key) = &self.key {
            set("idempotency-key", key);
        }
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        Request {
            method: self.method.clone(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: Bytes::from(encode(&self.form)),
        }
    }
}

fn encode(form: &[(String, String)]) -> String {
    let escape = |text: &str| -> String {
        text.bytes()
            .map(|b| match b {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'[' | b']' => char::from(b).to_string(),
                _ => format!("%{b:02X}"),
            })
            .collect()
    };
    form.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect::<Vec<_>>().join("&")
}

/// A Kontor with one platform. Its world can be dropped at any moment and opened again over the same store.
pub struct Host {
    runtime: Runtime,
    store: Store,
    faults: Faults,
    handlers: JobHandlers,
    seed: u64,
    opened: u64,
    api: Option<Arc<Api>>,
    dispatcher: Option<Dispatcher>,
    /// The platform's account.
    pub platform: String,
}

static NEXT_FOLDER: AtomicU64 = AtomicU64::new(1);

impl Host {
    /// A new world with a platform and nothing else.
    pub fn new(storage: &Storage, seed: u64, faults: Faults) -> Result<Host, StoreError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let store = match storage {
            Storage::Memory => Store::Memory(Memory::new()),
            Storage::Sqlite => {
                let number = NEXT_FOLDER.fetch_add(1, Ordering::Relaxed);
                let folder = std::env::temp_dir().join(format!("kontor_sim_{}_{number}", std::process::id()));
                std::fs::create_dir_all(&folder).map_err(|error| StoreError::Unavailable(error.to_string()))?;
                Store::Sqlite(folder)
            }
            Storage::Postgres(url) => Store::Postgres(url.clone()),
        };
        let handlers = server::job_handlers();
        let (opened, platform) = (0, String::new());
        let mut host = Host { runtime, store, faults, handlers, seed, opened, api: None, dispatcher: None, platform };
        host.open(BEGINNING)?;
        host.platform = host.make_platform();
        Ok(host)
    }

    fn open(&mut self, at: Timestamp) -> Result<(), StoreError> {
        let schema = server::schema();
        let (reader, engine): (Arc<dyn Reader>, AnyEngine) = match &self.store {
            Store::Memory(memory) => (Arc::new(memory.clone()), AnyEngine::Memory(memory.clone())),
            Store::Sqlite(folder) => {
                let (reader, engine) = store::sqlite::open(&folder.join("kontor.sqlite"), &schema, 2)?;
                (reader, AnyEngine::Sqlite(Box::new(engine)))
            }
            Store::Postgres(url) => {
                let (reader, engine) = store::postgres::open(url, &schema, 2)?;
                (reader, AnyEngine::Postgres(Box::new(engine)))
            }
        };
        self.opened += 1;
        let rng = Rng::seeded(self.seed.wrapping_add(self.opened.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
        let engine = Faulty::new(engine, self.faults.clone());
        let settings = WorldSettings::sandbox("http://127.0.0.1:4242");
        let world = World::open(reader, engine, schema, Clock::manual(at), rng, Vault::new([7; 32]), settings)?;
        self.api = Some(Arc::new(server::api(Arc::new(world))));
        Ok(())
    }

    fn make_platform(&self) -> String {
        let new = accounts::NewPlatform {
            country: "US".to_owned(),
            email: "platform@example.com".to_owned(),
            display_name: "Simulated marketplace".to_owned(),
        };
        let world = self.world();
        let made = world.run_blocking(&Caller::account(""), None, |tx| {
            let platform = accounts::create_platform(tx, &new)?;
            world.add_platform(tx, &platform.id);
            wire::create_key(tx, &platform.id, KeyKind::Secret, KEY, None)?;
            Ok(platform.id.clone())
        });
        made.expect("a new world takes a platform")
    }

    fn api(&self) -> &Arc<Api> {
        self.api.as_ref().expect("a host is open except while it crashes")
    }

    /// The world.
    pub fn world(&self) -> &Arc<World> {
        self.api().world()
    }

    /// The store's reading side.
    pub fn reader(&self) -> &dyn Reader {
        self.world().reader()
    }

    /// The moment in the world.
    pub fn now(&self) -> Timestamp {
        self.world().now()
    }

    /// How often the world was opened.
    pub fn opened(&self) -> u64 {
        self.opened
    }

    /// The world goes away with everything that is only in memory, and comes back a second later.
    pub fn crash(&mut self) -> Result<(), StoreError> {
        let at = self.now().plus(1);
        self.close();
        self.open(at)
    }

    fn close(&mut self) {
        self.dispatcher = None;
        let world = self.api.take().map(|api| api.world().clone());
        if let Some(Ok(world)) = world.map(Arc::try_unwrap) {
            world.close();
        }
    }

    /// Answers one request.
    pub fn send(&self, ask: &Ask) -> Response {
        self.runtime.block_on(self.api().handle(ask.request()))
    }

    /// Answers several requests at once, in their order.
    pub fn send_all(&self, asks: &[Ask]) -> Vec<Response> {
        let requests = asks.iter().map(|ask| self.api().handle(ask.request()));
        self.runtime.block_on(futures::future::join_all(requests))
    }

    /// Answers several requests while the clock moves and jobs run.
    pub fn send_all_while_advancing(&self, asks: &[Ask], to: Timestamp) -> (Vec<Response>, kernel::Result<Timestamp>) {
        let requests = futures::future::join_all(asks.iter().map(|ask| self.api().handle(ask.request())));
        let moving = workers::advance(self.world(), &self.handlers, to);
        self.runtime.block_on(futures::future::join(requests, moving))
    }

    /// Moves the clock forward, running what becomes due; 503 and the like when the store fails on the way.
    pub fn advance(&self, to: Timestamp) -> kernel::Result<Timestamp> {
        self.runtime.block_on(workers::advance(self.world(), &self.handlers, to))
    }

    /// Turns committed events into deliveries, which nobody sends.
    pub fn dispatch(&mut self) -> kernel::Result<u64> {
        let world = self.world().clone();
        let dispatcher = self.dispatcher.get_or_insert_with(|| Dispatcher::new(world));
        self.runtime.block_on(dispatcher.dispatch())
    }

    /// Seals what is not sealed yet.
    pub fn seal(&self) -> kernel::Result<()> {
        self.runtime.block_on(workers::seal_book(self.world())).map(drop)
    }

    /// Forgets what is old.
    pub fn prune(&self) -> kernel::Result<usize> {
        self.runtime.block_on(workers::prune(self.world()))
    }

    /// Runs a rule, for tests of the simulator.
    pub fn meddle(&self, rule: impl FnMut(&mut store::Tx) -> kernel::Result<()>) -> kernel::Result<()> {
        self.runtime.block_on(self.world().run(&Caller::account(""), &Origin::default(), rule))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.close();
        if let Store::Sqlite(folder) = &self.store {
            // The folder is in the system's temporary one: what cannot be removed now is swept there.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
