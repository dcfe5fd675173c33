//! A whole Kontor in-process, without a network: the real route table, rules and workers over any engine.
//!
//! Clock, ids and randomness are seeded, so that the same requests give the same bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is test code")]

mod engines;
mod forms;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use kernel::Timestamp;
use serde_json::Value;
use store::{Caller, Origin, World};
use tokio::runtime::Runtime;
use wire::{Api, KeyKind, Request, Response};
use workers::{JobHandlers, advance};

pub use engines::{Engine, on_every_engine, postgres_database};
pub use forms::{encode, seller_form};

/// The platform's secret key in every sandbox.
pub const KEY: &str = "sk_test_KontorInProcessTests00001";

/// Monday, 2 November 2026, 12:00 UTC: when every sandbox begins.
pub const BEGINNING: Timestamp = Timestamp(1_793_620_800);

/// A whole Kontor.
pub struct Sandbox {
    /// The API.
    pub api: Arc<Api>,
    /// The platform's account.
    pub platform: String,
    handlers: JobHandlers,
    runtime: Runtime,
    held: engines::Held,
}

/// An answer: its status and JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
}

impl Answer {
    /// The body of an answer that must be 200.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{:#}", self.body);
        self.body
    }

    /// The error of an answer with this status.
    #[track_caller]
    pub fn refused(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body["error"].clone()
    }
}

impl Sandbox {
    /// A sandbox in memory.
    pub fn new(seed: u64) -> Sandbox {
        Sandbox::on(Engine::Memory, seed)
    }

    /// A sandbox on an engine, with a platform and nothing else.
    pub fn on(engine: Engine, seed: u64) -> Sandbox {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
        let (world, held) = engines::open(engine, seed);
        let world = Arc::new(world);
        let platform = runtime.block_on(platform(&world, KEY));
        let api = Arc::new(server::api(world));
        Sandbox { api, platform, handlers: server::job_handlers(), runtime, held }
    }

    /// The world behind the API.
    pub fn world(&self) -> &Arc<World> {
        self.api.world()
    }

    /// The folder of a sandbox on SQLite.
    pub fn folder(&self) -> Option<&std::path::Path> {
        self.held.folder()
    }

    /// The database of a sandbox on PostgreSQL.
    pub fn database_url(&self) -> Option<&str> {
        self.held.database_url()
    }

    /// The runtime, for tests that ask many things at once.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// A second platform in the same world, with a key of its own: its account.
    pub fn another_platform(&self, key: &str) -> String {
        self.runtime.block_on(platform(self.world(), key))
    }

    /// Reads as the platform.
    pub fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], &[])
    }

    /// Reads as the platform for a connected account.
    pub fn get_as(&self, account: &str, path: &str) -> Answer {
        self.send(Method::GET, path, &[], &[("stripe-account", account)])
    }

    /// Posts as the platform.
    pub fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, path, form, &[])
    }

    /// Posts as the platform for a connected account.
    pub fn post_as(&self, account: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, path, form, &[("stripe-account", account)])
    }

    /// Deletes as the platform.
    pub fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], &[])
    }

    /// Sends a form with headers of its own besides the platform's key.
    pub fn send(&self, method: Method, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        answer(&self.runtime.block_on(self.api.handle(request(method, path, form, headers))))
    }

    /// Sends anything.
    pub fn raw(&self, request: Request) -> Response {
        self.runtime.block_on(self.api.handle(request))
    }

    /// Moves the clock forward, running what becomes due.
    pub fn advance(&self, seconds: i64) {
        let to = self.world().now().plus(seconds);
        self.runtime.block_on(advance(self.world(), &self.handlers, to)).unwrap();
    }

    /// Opens an American seller who can take card payments and be paid, by a form as a platform would send it.
    pub fn seller(&self, changes: &[(&str, &str)]) -> String {
        let account = self.post("/v1/accounts", &seller_form(changes)).ok();
        assert_eq!(
            (&account["charges_enabled"], &account["payouts_enabled"]),
            (&true.into(), &true.into()),
            "{account:#}"
        );
        account["id"].as_str().unwrap().to_owned()
    }

    /// The balance of an account (of the platform when `None`): available and pending, in minor units of US dollars.
    pub fn balance(&self, account: Option<&str>) -> (i64, i64) {
        let balance = match account {
            Some(account) => self.get_as(account, "/v1/balance").ok(),
            None => self.get("/v1/balance").ok(),
        };
        let usd = |field: &str| {
            let entries = balance[field].as_array().unwrap();
            entries.iter().filter(|e| e["currency"] == "usd").map(|e| e["amount"].as_i64().unwrap()).sum()
        };
        (usd("available"), usd("pending"))
    }

    /// Fails unless the books, the documents and the seals agree.
    #[track_caller]
    pub fn audit(&self) {
        let report = funds::audit::audit(self.world().reader()).unwrap();
        assert!(report.is_clean(), "{report}");
    }
}

/// A request with the platform's key.
pub fn request(method: Method, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Request {
    let mut all = HeaderMap::new();
    all.insert("authorization", HeaderValue::from_str(&format!("Bearer {KEY}")).unwrap());
    all.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
    for (name, value) in headers {
        let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        all.insert(name, HeaderValue::from_str(value).unwrap());
    }
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    Request { method, path: path.to_owned(), query: query.to_owned(), headers: all, body: Bytes::from(encode(form)) }
}

/// What came back, decoded.
pub fn answer(response: &Response) -> Answer {
    Answer { status: response.status, body: serde_json::from_slice(&response.body).unwrap() }
}

async fn platform(world: &Arc<World>, key: &str) -> String {
    let new = accounts::NewPlatform {
        country: "US".to_owned(),
        email: "platform@example.com".to_owned(),
        display_name: "Test marketplace".to_owned(),
    };
    world
        .run(&Caller::account(""), &Origin::default(), |tx| {
            let platform = accounts::create_platform(tx, &new)?;
            world.add_platform(tx, &platform.id);
            wire::create_key(tx, &platform.id, KeyKind::Secret, key, None)?;
            Ok(platform.id.clone())
        })
        .await
        .unwrap()
}
