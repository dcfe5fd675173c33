//! A shop on a world of its own: a platform with a key for its server and one for its pages, and two sellers.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use accounts::NewPlatform;
use kernel::{Result, Timestamp};
use serde_json::Value as Json;
use store::{Caller, Document, Event, Filter, Job, Schema, Tx, World};
use wire::KeyKind;

use crate::authentication::{self, Outcome};

const SECRET: &str = "sk_test_0123456789abcdef";
const PUBLISHABLE: &str = "pk_test_0123456789abcdef";

/// By hand.
pub const BY_HAND: (&str, &str) = ("capture_method", "manual");
/// Needs the payer every time.
pub const AUTHENTICATE: &str = "pm_card_authenticationRequired";
pub const VISA: &str = "pm_card_visa";

pub use kernel::DAY;

/// Parameters of a request.
pub type Form<'a> = &'a [(&'a str, &'a str)];

pub struct Shop {
    pub world: Arc<World>,
    pub platform: String,
    api: wire::Api,
    runtime: tokio::runtime::Runtime,
    /// How many events each account has been told of.
    heard: RefCell<HashMap<String, usize>>,
}

/// Who sends a request, and how.
#[derive(Clone, Copy)]
pub struct Sender<'a> {
    key: &'a str,
    account: Option<&'a str>,
    idempotency_key: Option<&'a str>,
}

impl Sender<'static> {
    /// The shop's server.
    pub const SERVER: Sender<'static> = Sender { key: SECRET, account: None, idempotency_key: None };
    /// A payer's browser on the shop's pages.
    pub const BROWSER: Sender<'static> = Sender { key: PUBLISHABLE, account: None, idempotency_key: None };
}

impl<'a> Sender<'a> {
    /// The same, for a connected account.
    pub fn on(self, account: &'a str) -> Sender<'a> {
        Sender { account: Some(account), ..self }
    }

    /// The same, once only.
    pub fn once(self, key: &'a str) -> Sender<'a> {
        Sender { idempotency_key: Some(key), ..self }
    }
}

/// An answer, whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub text: String,
    pub body: Json,
    pub is_replay: bool,
}

impl Answer {
    /// A successful answer's object.
    #[track_caller]
    pub fn ok(self) -> Json {
        assert_eq!(self.status, 200, "{:#}", self.body);
        self.body
    }

    /// A refusal: status, code and param.
    #[track_caller]
    pub fn refused(&self) -> (u16, &str, &str) {
        assert_ne!(self.status, 200, "{:#}", self.body);
        let told = |field: &str| self.body["error"][field].as_str().unwrap_or_default();
        (self.status, told("code"), told("param"))
    }

    /// A refusal's error object.
    #[track_caller]
    pub fn error(self) -> Json {
        assert_ne!(self.status, 200, "{:#}", self.body);
        self.body["error"].clone()
    }
}

impl Shop {
    pub fn open() -> Shop {
        let kinds = [wire::kinds(), accounts::kinds(), funds::kinds(), crate::kinds()];
        let world = Arc::new(World::seeded(Schema::new(kinds.into_iter().flatten()), 7).unwrap());
        let new = NewPlatform {
            country: "US".into(),
            email: "platform@example.com".into(),
            display_name: "My marketplace".into(),
        };
        let platform = world.run_blocking(&Caller::account(""), None, |tx| {
            let platform = accounts::create_platform(tx, &new)?;
            world.add_platform(tx, &platform.id);
            wire::create_key(tx, &platform.id, KeyKind::Secret, SECRET, None)?;
            wire::create_key(tx, &platform.id, KeyKind::Publishable, PUBLISHABLE, None)?;
            Ok(platform.id.clone())
        });
        let builder = wire::ApiBuilder::default()
            .routes(accounts::routes())
            .routes(funds::routes())
            .routes(crate::routes())
            .expanders(funds::expanders())
            .expanders(crate::expanders());
        let api = builder.build(Arc::clone(&world));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let shop = Shop { world, platform: platform.unwrap(), api, runtime, heard: RefCell::default() };
        shop.told();
        shop
    }

    /// A seller that can take payments and transfers.
    pub fn seller(&self) -> String {
        let account = self.post("/v1/accounts", SELLER);
        assert_eq!(account["charges_enabled"], true, "{account:#}");
        id(&account)
    }

    /// Runs a rule as the platform.
    pub fn run<R>(&self, rule: impl FnMut(&mut Tx) -> Result<R>) -> R {
        self.world.run_blocking(&Caller::account(&self.platform), None, rule).unwrap()
    }

    /// A document, whoever's it is.
    pub fn find<T: Document>(&self, id: &str) -> store::Doc<T> {
        self.run(|tx| tx.load::<T>(id))
    }

    // Asking

    /// The path may have a query of its own.
    #[track_caller]
    pub fn ask(&self, sender: Sender, method: &str, path: &str, form: Form) -> Answer {
        let mut headers = http::HeaderMap::new();
        headers.insert("authorization", format!("Bearer {}", sender.key).parse().unwrap());
        headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
        for (name, value) in [("stripe-account", sender.account), ("idempotency-key", sender.idempotency_key)] {
            if let Some(value) = value {
                headers.insert(name, value.parse().unwrap());
            }
        }
        let (path, asked) = path.split_once('?').unwrap_or((path, ""));
        let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let (query, body) =
            if method == "GET" { (format!("{asked}&{text}"), String::new()) } else { (asked.into(), text) };
        let (method, path) = (method.parse().unwrap(), path.to_owned());
        let query = query.trim_matches('&').to_owned();
        let response =
            self.runtime.block_on(self.api.handle(wire::Request { method, path, query, headers, body: body.into() }));
        let text = String::from_utf8(response.body.to_vec()).unwrap();
        assert_ne!(response.status, 500, "{text}");
        Answer {
            status: response.status,
            body: serde_json::from_str(&text).unwrap(),
            text,
            is_replay: response.headers.contains_key("idempotent-replayed"),
        }
    }

    pub fn try_get(&self, path: &str) -> Answer {
        self.ask(Sender::SERVER, "GET", path, &[])
    }

    pub fn try_post(&self, path: &str, form: Form) -> Answer {
        self.ask(Sender::SERVER, "POST", path, form)
    }

    pub fn try_delete(&self, path: &str) -> Answer {
        self.ask(Sender::SERVER, "DELETE", path, &[])
    }

    pub fn try_get_as(&self, account: &str, path: &str) -> Answer {
        self.ask(Sender::SERVER.on(account), "GET", path, &[])
    }

    pub fn try_post_as(&self, account: &str, path: &str, form: Form) -> Answer {
        self.ask(Sender::SERVER.on(account), "POST", path, form)
    }

    /// What is answered with 200.
    pub fn ok(&self, sender: Sender, method: &str, path: &str, form: Form) -> Json {
        let answer = self.ask(sender, method, path, form);
        assert_eq!(answer.status, 200, "{method} {path} {form:?}: {}", answer.text);
        answer.body
    }

    pub fn post(&self, path: &str, form: Form) -> Json {
        self.ok(Sender::SERVER, "POST", path, form)
    }

    pub fn get(&self, path: &str, form: Form) -> Json {
        self.ok(Sender::SERVER, "GET", path, form)
    }

    /// The status and the error of what is refused.
    pub fn refused_to(&self, sender: Sender, method: &str, path: &str, form: Form) -> (u16, Json) {
        let answer = self.ask(sender, method, path, form);
        assert!((400..500).contains(&answer.status), "{method} {path} {form:?}: {} {}", answer.status, answer.text);
        (answer.status, answer.body["error"].clone())
    }

    pub fn refused(&self, path: &str, form: Form) -> (u16, Json) {
        self.refused_to(Sender::SERVER, "POST", path, form)
    }

    /// Status, code and param of what is refused: `400 amount_too_small amount`.
    pub fn why(&self, path: &str, form: Form) -> String {
        let (status, error) = self.refused(path, form);
        let text = |name: &str| error[name].as_str().unwrap_or("-").to_owned();
        format!("{status} {} {}", text("code"), text("param"))
    }

    // Paying

    /// Asks for twenty dollars, with `form` on top.
    pub fn intent(&self, form: Form) -> Json {
        self.post("/v1/payment_intents", &twenty_dollars(form))
    }

    /// Asks for twenty dollars by card, which the answer may refuse.
    pub fn try_intent(&self, form: Form) -> Answer {
        self.try_post("/v1/payment_intents", &by_card(form))
    }

    /// Asks for twenty dollars by card.
    #[track_caller]
    pub fn card_intent(&self, form: Form) -> Json {
        self.try_intent(form).ok()
    }

    /// Twenty dollars, to be paid at once with this card.
    pub fn try_pay(&self, card: &str, form: Form) -> Answer {
        self.try_intent(&[&[("payment_method", card), ("confirm", "true")], form].concat())
    }

    /// The same, which the card allows.
    #[track_caller]
    pub fn pay(&self, card: &str, form: Form) -> Json {
        self.try_pay(card, form).ok()
    }

    /// The same, which the card does not allow. Answers the error.
    #[track_caller]
    pub fn pay_in_vain(&self, card: &str, form: Form) -> Json {
        let answer = self.try_pay(card, form);
        assert_eq!(answer.status, 402, "{}", answer.text);
        answer.error()
    }

    /// An intent's operation: `confirm`, `capture`, `cancel`, or `""` for an update.
    pub fn act(&self, intent: &Json, operation: &str, form: Form) -> Answer {
        let path = format!("/v1/payment_intents/{}/{operation}", id(intent));
        self.try_post(path.trim_end_matches('/'), form)
    }

    /// The intent as it is now.
    #[track_caller]
    pub fn again(&self, intent: &Json) -> Json {
        self.try_get(&format!("/v1/payment_intents/{}", id(intent))).ok()
    }

    /// The charge of the last attempt.
    #[track_caller]
    pub fn charge_of(&self, intent: &Json) -> Json {
        self.try_get(&format!("/v1/charges/{}", intent["latest_charge"].as_str().unwrap())).ok()
    }

    /// A payment method of a ready-made card that is nobody's.
    #[track_caller]
    pub fn token_card(&self, name: &str) -> String {
        id(&self.post("/v1/payment_methods", &[("type", "card"), ("card[token]", name)]))
    }

    pub fn customer(&self) -> String {
        id(&self.post("/v1/customers", &[("email", "ann@example.com")]))
    }

    /// A customer's card.
    pub fn saved_card(&self, customer: &str, card: &str) -> String {
        id(&self.post(&format!("/v1/payment_methods/{card}/attach"), &[("customer", customer)]))
    }

    // Authenticating

    /// The intent and token of the page that the payer is sent to.
    #[track_caller]
    pub fn link(&self, intent: &Json) -> (String, String) {
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

    // What happened

    /// The types of an account's events, oldest first.
    pub fn events_of(&self, account: &str) -> Vec<String> {
        let mut events = self.run(|tx| tx.find_all::<Event>(Some(account), &[], 1_000));
        events.reverse();
        events.iter().map(|event| event.kind.clone()).collect()
    }

    /// The platform's events since there were `before`.
    pub fn events_since(&self, before: usize) -> Vec<String> {
        self.events_of(&self.platform).split_off(before)
    }

    /// How many events the platform has.
    pub fn events(&self) -> usize {
        self.events_of(&self.platform).len()
    }

    /// The types of an account's events since the last time, oldest first.
    pub fn told_to(&self, account: &str) -> Vec<String> {
        let events = self.events_of(account);
        let before = self.heard.borrow_mut().insert(account.to_owned(), events.len()).unwrap_or_default();
        events.into_iter().skip(before).collect()
    }

    /// The types of the platform's events since the last time.
    pub fn told(&self) -> Vec<String> {
        self.told_to(&self.platform)
    }

    // Time, books

    /// Moves the clock until `seconds` later, and runs what is due on the way.
    pub fn advance(&self, seconds: i64) {
        let to = self.world.now().plus(seconds);
        while self.run_next_job(to) {}
        self.world.clock().advance_to(to);
    }

    fn run_next_job(&self, to: Timestamp) -> bool {
        let nobody = Caller::account("");
        let due = |tx: &mut Tx| tx.find_all::<Job>(None, &[Filter::AtMost("due", to.0)], 1_000);
        let found = self.world.run_blocking(&nobody, None, due).unwrap();
        let Some(job) = found.into_iter().min_by_key(|job| (job.due, job.id.clone())) else { return false };
        self.world.clock().advance_to(job.due);
        let mut handlers = crate::jobs().into_iter().chain(funds::jobs()).chain(accounts::jobs());
        let (_, handler) = handlers.find(|(name, _)| *name == job.name).unwrap();
        let done = self.world.run_blocking(&nobody, Some(job.due), |tx| {
            let Some(job) = tx.find::<Job>(&job.id)? else { return Ok(()) };
            handler(tx, &job)?;
            tx.delete(&job)
        });
        done.unwrap_or_else(|error| panic!("{}: {error}", job.name));
        true
    }

    /// An account's rows, oldest first: `charge 2000 - 88`.
    pub fn rows(&self, account: &str) -> Vec<String> {
        let list = self.try_get_as(account, "/v1/balance_transactions?limit=100").ok();
        let row = |row: &Json| format!("{} {} - {}", row["type"].as_str().unwrap(), row["amount"], row["fee"]);
        list["data"].as_array().unwrap().iter().rev().map(row).collect()
    }

    /// Fails unless books and documents agree.
    #[track_caller]
    pub fn audit(&self) {
        let report = funds::audit::audit(self.world.reader()).unwrap();
        assert!(report.is_clean(), "{report}");
    }
}

/// `form` over defaults: what it names, it names alone.
fn over<'a>(defaults: &[(&'a str, &'a str)], form: Form<'a>) -> Vec<(&'a str, &'a str)> {
    let given = |name: &str| form.iter().any(|(known, _)| *known == name);
    defaults.iter().filter(|(name, _)| !given(name)).chain(form).copied().collect()
}

fn twenty_dollars<'a>(form: Form<'a>) -> Vec<(&'a str, &'a str)> {
    over(&[("amount", "2000"), ("currency", "usd")], form)
}

fn by_card<'a>(form: Form<'a>) -> Vec<(&'a str, &'a str)> {
    over(&[("amount", "2000"), ("currency", "usd"), ("payment_method_types[]", "card")], form)
}

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

pub fn id(object: &Json) -> String {
    object["id"].as_str().unwrap().to_owned()
}

/// The ids of a list.
pub fn ids(list: &Json) -> Vec<String> {
    list["data"].as_array().unwrap().iter().map(id).collect()
}

/// The names of an object's fields, sorted.
pub fn names(object: &Json) -> Vec<&str> {
    let mut names: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}
