//! A platform behind the API, with a secret and a publishable key, asked by forms as an SDK sends them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use http::Method;
use payments::authentication::{self, Outcome};
use serde_json::Value;
use store::{Caller, Event, Filter, Job, Schema, World};
use wire::{Api, ApiBuilder, KeyKind, Request, create_key};

const SECRET: &str = "sk_test_payments000000000000000000";
const PUBLISHABLE: &str = "pk_test_payments000000000000000000";

pub const DAY: i64 = 86_400;

pub type Form<'a> = &'a [(&'a str, &'a str)];

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    /// A successful answer's object.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{:#}", self.body);
        self.body
    }

    /// A refusal: status, code and param.
    #[track_caller]
    pub fn refused(&self) -> (u16, &str, &str) {
        assert_ne!(self.status, 200, "{:#}", self.body);
        (self.status, self.told("code"), self.told("param"))
    }

    /// A refusal's error object.
    #[track_caller]
    pub fn error(self) -> Value {
        assert_ne!(self.status, 200, "{:#}", self.body);
        self.body["error"].clone()
    }

    fn told(&self, field: &str) -> &str {
        self.body["error"][field].as_str().unwrap_or_default()
    }
}

/// A platform behind the API.
pub struct Stage {
    pub world: Arc<World>,
    pub platform: String,
    api: Api,
    runtime: tokio::runtime::Runtime,
    heard: RefCell<HashMap<String, usize>>,
}

impl Stage {
    pub fn new() -> Stage {
        let kinds = [wire::kinds(), accounts::kinds(), funds::kinds(), payments::kinds()];
        let world = Arc::new(World::seeded(Schema::new(kinds.into_iter().flatten()), 7).unwrap());
        let new = accounts::NewPlatform {
            country: "US".into(),
            email: "platform@example.com".into(),
            display_name: "Market".into(),
        };
        let made = world.run_blocking(&Caller::account(""), None, |tx| {
            let platform = accounts::create_platform(tx, &new)?;
            world.add_platform(tx, &platform.id);
            create_key(tx, &platform.id, KeyKind::Secret, SECRET, None)?;
            create_key(tx, &platform.id, KeyKind::Publishable, PUBLISHABLE, None)?;
            Ok(platform.id.clone())
        });
        let routes = [accounts::routes(), funds::routes(), payments::routes()].into_iter().flatten().collect();
        let api = ApiBuilder::default().routes(routes).build(world.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let stage = Stage { world, platform: made.unwrap(), api, runtime, heard: RefCell::default() };
        let platform = stage.platform.clone();
        stage.new_events(&platform);
        stage
    }

    fn ask(&self, key: &str, method: Method, path: &str, form: Form, acting: Option<&str>) -> Answer {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut headers = http::HeaderMap::new();
        headers.insert("authorization", format!("Bearer {key}").parse().unwrap());
        headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
        if let Some(account) = acting {
            headers.insert("stripe-account", account.parse().unwrap());
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let (path, query) = (path.to_owned(), query.to_owned());
        let request = Request { method, path, query, headers, body: body.into() };
        let response = self.runtime.block_on(self.api.handle(request));
        assert_ne!(response.status, 500, "{}", String::from_utf8_lossy(&response.body));
        Answer { status: response.status, body: serde_json::from_slice(&response.body).unwrap() }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask(SECRET, Method::GET, path, &[], None)
    }

    pub fn post(&self, path: &str, form: Form) -> Answer {
        self.ask(SECRET, Method::POST, path, form, None)
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.ask(SECRET, Method::DELETE, path, &[], None)
    }

    pub fn get_as(&self, account: &str, path: &str) -> Answer {
        self.ask(SECRET, Method::GET, path, &[], Some(account))
    }

    pub fn post_as(&self, account: &str, path: &str, form: Form) -> Answer {
        self.ask(SECRET, Method::POST, path, form, Some(account))
    }

    /// As a browser asks.
    pub fn browse(&self, method: Method, path: &str, form: Form) -> Answer {
        self.ask(PUBLISHABLE, method, path, form, None)
    }

    // Payments

    /// Asks for an intent of $20.00 by card, with `changes`.
    pub fn try_intent(&self, changes: Form) -> Answer {
        self.post("/v1/payment_intents", &with(INTENT, changes))
    }

    /// Makes one, confirmed when `changes` say so.
    #[track_caller]
    pub fn intent(&self, changes: Form) -> Value {
        self.try_intent(changes).ok()
    }

    /// Asks for one that is confirmed with a card at once.
    pub fn try_pay(&self, card: &str, changes: Form) -> Answer {
        self.try_intent(&with(changes, &[("payment_method", card), ("confirm", "true")]))
    }

    #[track_caller]
    pub fn pay(&self, card: &str, changes: Form) -> Value {
        self.try_pay(card, changes).ok()
    }

    /// An intent's operation: `confirm`, `capture`, `cancel`, or `""` for an update.
    pub fn act(&self, intent: &Value, operation: &str, form: Form) -> Answer {
        let path = format!("/v1/payment_intents/{}/{operation}", id(intent));
        self.post(path.trim_end_matches('/'), form)
    }

    /// The intent as it is now.
    #[track_caller]
    pub fn again(&self, intent: &Value) -> Value {
        self.get(&format!("/v1/payment_intents/{}", id(intent))).ok()
    }

    /// The charge of the last attempt.
    #[track_caller]
    pub fn charge_of(&self, intent: &Value) -> Value {
        self.get(&format!("/v1/charges/{}", intent["latest_charge"].as_str().unwrap())).ok()
    }

    #[track_caller]
    pub fn customer(&self) -> String {
        id(&self.post("/v1/customers", &[]).ok())
    }

    /// A payment method of a ready-made card that is nobody's.
    #[track_caller]
    pub fn card(&self, name: &str) -> String {
        id(&self.post("/v1/payment_methods", &[("type", "card"), ("card[token]", name)]).ok())
    }

    /// One that is a customer's.
    #[track_caller]
    pub fn card_of(&self, customer: &str, test_id: &str) -> String {
        id(&self.post(&format!("/v1/payment_methods/{test_id}/attach"), &[("customer", customer)]).ok())
    }

    /// A seller that can take payments and transfers.
    #[track_caller]
    pub fn seller(&self) -> String {
        let account = self.post("/v1/accounts", SELLER).ok();
        assert_eq!(account["charges_enabled"], true, "{account:#}");
        id(&account)
    }

    // Authenticating

    /// The intent and token of the page that the payer is sent to.
    #[track_caller]
    pub fn link(&self, intent: &Value) -> (String, String) {
        let action = &intent["next_action"];
        let url = action["redirect_to_url"]["url"].as_str().or(action["use_stripe_sdk"]["stripe_js"].as_str());
        let (page, token) = url.unwrap().split_once("?token=").unwrap();
        let (_, intent) = page.rsplit_once('/').unwrap();
        (intent.to_owned(), token.to_owned())
    }

    /// The payer decides. Answers where they go now.
    pub fn decide(&self, link: &(String, String), outcome: Outcome) -> kernel::Result<Option<String>> {
        let nobody = Caller::account("");
        self.world.run_blocking(&nobody, None, |tx| authentication::finish(tx, &link.0, &link.1, outcome))
    }

    /// What the payer sees.
    pub fn page(&self, link: &(String, String)) -> kernel::Result<authentication::Page> {
        let nobody = Caller::account("");
        self.world.run_blocking(&nobody, None, |tx| authentication::page(tx, &link.0, &link.1))
    }

    // Time, events, books

    /// Moves the clock until `seconds` later, and runs what is due on the way.
    pub fn advance(&self, seconds: i64) {
        let to = self.world.now().plus(seconds);
        while self.run_next_job(to) {}
        self.world.clock().advance_to(to);
    }

    fn run_next_job(&self, to: kernel::Timestamp) -> bool {
        let nobody = Caller::account("");
        let due = |tx: &mut store::Tx| tx.find_all::<Job>(None, &[Filter::AtMost("due", to.0)], 1_000);
        let found = self.world.run_blocking(&nobody, None, due).unwrap();
        let Some(job) = found.into_iter().min_by_key(|job| (job.due, job.id.clone())) else { return false };
        self.world.clock().advance_to(job.due);
        let mut handlers = payments::jobs().into_iter().chain(funds::jobs()).chain(accounts::jobs());
        let (_, handler) = handlers.find(|(name, _)| *name == job.name).unwrap();
        let done = self.world.run_blocking(&nobody, Some(job.due), |tx| {
            let Some(job) = tx.find::<Job>(&job.id)? else { return Ok(()) };
            handler(tx, &job)?;
            tx.delete(&job)
        });
        done.unwrap_or_else(|error| panic!("{}: {error}", job.name));
        true
    }

    /// The types of an account's events since the last time, oldest first.
    pub fn new_events(&self, account: &str) -> Vec<String> {
        let read = |tx: &mut store::Tx| tx.find_all::<Event>(Some(account), &[], 1_000);
        let mut events = self.world.run_blocking(&Caller::account(account), None, read).unwrap();
        events.sort_by(|a, b| a.id.cmp(&b.id));
        let mut heard = self.heard.borrow_mut();
        let before = heard.insert(account.to_owned(), events.len()).unwrap_or_default();
        events.iter().skip(before).map(|event| event.kind.clone()).collect()
    }

    /// The types of the platform's events since the last time.
    pub fn events(&self) -> Vec<String> {
        self.new_events(&self.platform)
    }

    /// An account's rows, oldest first: `charge 2000 - 88`.
    pub fn rows(&self, account: &str) -> Vec<String> {
        let list = self.get_as(account, "/v1/balance_transactions?limit=100").ok();
        let row = |row: &Value| format!("{} {} - {}", row["type"].as_str().unwrap(), row["amount"], row["fee"]);
        list["data"].as_array().unwrap().iter().rev().map(row).collect()
    }

    /// Fails unless books and documents agree.
    #[track_caller]
    pub fn audit(&self) {
        let report = funds::audit::audit(self.world.reader()).unwrap();
        assert!(report.is_clean(), "{report}");
    }
}

/// An object's id.
#[track_caller]
pub fn id(object: &Value) -> String {
    object["id"].as_str().unwrap().to_owned()
}

/// `form` with `changes` over it: a value replaces the one of the same name.
pub fn with<'a>(form: &[(&'a str, &'a str)], changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = form.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    kept.chain(changes).copied().collect()
}

const INTENT: Form<'static> = &[("amount", "2000"), ("currency", "usd"), ("payment_method_types[]", "card")];

pub const BY_HAND: (&str, &str) = ("capture_method", "manual");
/// Needs the payer every time.
pub const AUTHENTICATE: &str = "pm_card_authenticationRequired";
pub const VISA: &str = "pm_card_visa";

const SELLER: Form<'static> = &[
    ("type", "custom"),
    ("country", "US"),
    ("email", "ada@example.com"),
    ("business_type", "individual"),
    ("business_profile[mcc]", "5734"),
    ("business_profile[url]", "https://ada.example.com"),
    ("capabilities[card_payments][requested]", "true"),
    ("capabilities[transfers][requested]", "true"),
    ("individual[first_name]", "Ada"),
    ("individual[last_name]", "Baker"),
    ("individual[email]", "ada@example.com"),
    ("individual[phone]", "+14155550100"),
    ("individual[dob][day]", "5"),
    ("individual[dob][month]", "5"),
    ("individual[dob][year]", "1990"),
    ("individual[ssn_last_4]", "1234"),
    ("individual[address][line1]", "1 Main St"),
    ("individual[address][city]", "San Francisco"),
    ("individual[address][state]", "CA"),
    ("individual[address][postal_code]", "94107"),
    ("tos_acceptance[date]", "1793000000"),
    ("tos_acceptance[ip]", "203.0.113.7"),
    ("external_account[object]", "bank_account"),
    ("external_account[country]", "US"),
    ("external_account[currency]", "usd"),
    ("external_account[routing_number]", "110000000"),
    ("external_account[account_number]", "000123456789"),
];
