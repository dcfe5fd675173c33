//! A world with a platform and a seller, and receivers on free ports.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use kernel::{Result, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::{Caller, Document, Kind, Origin, Schema, Tx, World};
use wire::{Api, ApiBuilder, KeyKind, Request};
use workers::{JobHandlers, Options, Workers};

pub const PLATFORM: &str = "acct_platform";
pub const SELLER: &str = "acct_seller";
pub const KEY: &str = "sk_test_workers_0123456789";

/// An account, as far as the workers look at one.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    pub id: String,
    pub object: String,
    pub created: Timestamp,
}

impl Document for Account {
    const KIND: &'static Kind = &Kind::new::<Account>("account", "account", &["acct"], &[]);
    type Private = ();
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, (): &()) -> Vec<store::Value> {
        Vec::new()
    }
}

/// A world with an API.
pub struct Sandbox {
    pub world: Arc<World>,
    pub api: Arc<Api>,
}

/// An answer of the API.
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{:#}", self.body);
        self.body
    }

    #[track_caller]
    pub fn refused(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body["error"].clone()
    }
}

pub fn nobody() -> Caller {
    Caller::account("")
}

impl Sandbox {
    /// A platform with a key, and a seller of its own.
    pub async fn new() -> Sandbox {
        let kinds = workers::kinds().into_iter().chain(wire::kinds()).chain([Account::KIND]);
        let world = Arc::new(World::seeded(Schema::new(kinds), 7).unwrap());
        let made = |tx: &mut Tx| {
            for id in [PLATFORM, SELLER] {
                let account = Account { id: id.into(), object: "account".into(), created: tx.now() };
                tx.create(PLATFORM, account, ())?;
            }
            world.add_platform(tx, PLATFORM);
            wire::create_key(tx, PLATFORM, KeyKind::Secret, KEY, None).map(drop)
        };
        world.run(&nobody(), &Origin::default(), made).await.unwrap();
        let api = Arc::new(ApiBuilder::default().routes(workers::routes()).build(world.clone()));
        Sandbox { world, api }
    }

    /// Workers with the usual options, but often.
    pub fn work(&self) -> Workers {
        self.work_with(JobHandlers::new())
    }

    pub fn work_with(&self, handlers: JobHandlers) -> Workers {
        let often = Duration::from_millis(20);
        let options = Options { seal_every: often, prune_every: often, ..Options::default() };
        Workers::start(self.world.clone(), handlers, options)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "", None).await
    }

    pub async fn post(&self, path: &str, form: &str) -> Answer {
        self.send(Method::POST, path, form, None).await
    }

    pub async fn send(&self, method: Method, path: &str, form: &str, account: Option<&str>) -> Answer {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_str(&format!("Bearer {KEY}")).unwrap());
        if let Some(account) = account {
            headers.insert("stripe-account", HeaderValue::from_str(account).unwrap());
        }
        let body = Bytes::copy_from_slice(form.as_bytes());
        let request = Request { method, path: path.into(), query: query.into(), headers, body };
        let response = self.api.handle(request).await;
        Answer { status: response.status, body: serde_json::from_slice(&response.body).unwrap() }
    }

    /// Makes an endpoint and answers its id and secret.
    pub async fn endpoint(&self, form: &str) -> (String, String) {
        let made = self.post("/v1/webhook_endpoints", form).await.ok();
        (made["id"].as_str().unwrap().into(), made["secret"].as_str().unwrap().into())
    }

    /// Something happens on an account; answers the event's id.
    pub async fn emit(&self, account: &str, kind: &str) -> String {
        let happens = |tx: &mut Tx| emit(tx, account, kind);
        self.world.run(&nobody(), &Origin::default(), happens).await.unwrap();
        self.newest_event(account)
    }

    pub fn newest_event(&self, account: &str) -> String {
        let query = store::ListQuery {
            kind: store::Event::KIND,
            account: Some(account.into()),
            filters: Vec::new(),
            cursor: store::Cursor::Start,
            limit: 1,
        };
        self.world.reader().list(&query).unwrap()[0].id.to_string()
    }

    pub async fn run<R>(&self, rule: impl FnMut(&mut Tx) -> Result<R>) -> R {
        self.world.run(&nobody(), &Origin::default(), rule).await.unwrap()
    }

    pub fn advance(&self, seconds: i64) {
        self.world.clock().advance_to(self.world.now().plus(seconds));
    }

    /// The delivery of an event to an endpoint, as stored.
    pub fn delivery(&self, event: &str, endpoint: &str) -> Option<Value> {
        let id = format!("whd_{}_{}", event.strip_prefix("evt_")?, endpoint.strip_prefix("we_")?);
        let row = self.world.reader().get(workers::Delivery::KIND, &id).unwrap()?;
        Some(serde_json::from_str(&row.data).unwrap())
    }
}

pub fn emit(tx: &mut Tx, account: &str, kind: &str) -> Result<()> {
    let object = Map::from_iter([("id".to_owned(), json!("ch_1")), ("object".to_owned(), json!("charge"))]);
    tx.emit_object(kind, account, object, None)
}

/// Looks again and again until there is what is looked for; fails after ten seconds.
#[track_caller]
pub fn eventually<T>(mut look: impl FnMut() -> Option<T>) -> impl Future<Output = T> {
    let caller = std::panic::Location::caller();
    async move {
        for _ in 0..2_000 {
            if let Some(found) = look() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("waited in vain at {caller}");
    }
}

/// What a receiver got.
#[derive(Debug, Clone)]
pub struct Got {
    pub headers: HeaderMap,
    pub body: String,
}

impl Got {
    pub fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// A receiver of webhooks on a free port of this machine.
pub struct Receiver {
    pub url: String,
    state: Arc<Mutex<Received>>,
    server: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Received {
    got: Vec<Got>,
    /// What to answer next; 200 when nothing is said.
    answers: VecDeque<StatusCode>,
}

impl Receiver {
    pub async fn start() -> Receiver {
        let state = Arc::new(Mutex::new(Received::default()));
        let receive = |State(state): State<Arc<Mutex<Received>>>, headers: HeaderMap, body: String| async move {
            let mut state = state.lock().unwrap();
            state.got.push(Got { headers, body });
            let status = state.answers.pop_front().unwrap_or(StatusCode::OK);
            // Were a redirect followed, the receiver would get the same again.
            (status, [("location", "/hook")], "thanks")
        };
        let router = Router::new().route("/hook", axum::routing::post(receive)).with_state(state.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Receiver { url, state, server }
    }

    pub fn will_answer(&self, statuses: impl IntoIterator<Item = u16>) {
        let statuses = statuses.into_iter().map(|status| StatusCode::from_u16(status).unwrap());
        self.state.lock().unwrap().answers.extend(statuses);
    }

    pub fn got(&self) -> Vec<Got> {
        self.state.lock().unwrap().got.clone()
    }

    /// Waits until there are `n`.
    #[track_caller]
    pub fn wait_for(&self, n: usize) -> impl Future<Output = Vec<Got>> {
        let state = self.state.clone();
        eventually(move || {
            let state = state.lock().unwrap();
            (n <= state.got.len()).then(|| state.got.clone())
        })
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A receiver that takes connections and never answers.
pub async fn dead_receiver() -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let held = tokio::spawn(async move {
        let mut connections = Vec::new();
        loop {
            connections.push(listener.accept().await.unwrap());
        }
    });
    (url, held)
}
