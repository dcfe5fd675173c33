//! A shop on a world of its own: a platform with a key for its server and one for its pages, and two sellers.

use std::sync::Arc;

use accounts::{
    Account, AccountPrivate, CapabilityStatus, Controller, DashboardType, FeePayer, Liable, NewPlatform,
    RequirementCollection,
};
use kernel::{DAY, Result};
use serde_json::Value as Json;
use store::{Caller, Document, Event, Job, Schema, Tx, World};
use wire::KeyKind;

const SECRET: &str = "sk_test_0123456789abcdef";
const PUBLISHABLE: &str = "pk_test_0123456789abcdef";

/// Parameters of a request.
pub type Form<'a> = &'a [(&'a str, &'a str)];

pub struct Shop {
    pub world: Arc<World>,
    pub platform: String,
    api: wire::Api,
    runtime: tokio::runtime::Runtime,
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
pub struct Answer {
    pub status: u16,
    pub text: String,
    pub is_replay: bool,
}

impl Answer {
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap()
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
            .routes(funds::routes())
            .routes(crate::routes())
            .expanders(funds::expanders())
            .expanders(crate::expanders());
        let api = builder.build(Arc::clone(&world));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Shop { world, platform: platform.unwrap(), api, runtime }
    }

    /// A connected account that can charge and be paid.
    pub fn seller(&self) -> String {
        let made = self.run(|tx| {
            let platform = tx.account().to_owned();
            let mut shown = tx.load::<Account>(&platform)?.into_shown();
            shown.id = tx.id("acct");
            shown.external_accounts.data.clear();
            let (collects, none) = (RequirementCollection::Application, DashboardType::None);
            shown.controller = Controller::application(FeePayer::Account, Liable::Application, collects, none);
            shown.capabilities = ["card_payments", "transfers"].map(|c| (c.into(), CapabilityStatus::Active)).into();
            let private = AccountPrivate { platform: Some(platform.clone()), ..AccountPrivate::default() };
            tx.create(&platform, shown, private)
        });
        made.id.clone()
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

    pub fn ask(&self, sender: Sender, method: &str, path: &str, form: Form) -> Answer {
        let mut headers = http::HeaderMap::new();
        headers.insert("authorization", format!("Bearer {}", sender.key).parse().unwrap());
        headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
        for (name, value) in [("stripe-account", sender.account), ("idempotency-key", sender.idempotency_key)] {
            if let Some(value) = value {
                headers.insert(name, value.parse().unwrap());
            }
        }
        let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let (query, body) = if method == "GET" { (text, String::new()) } else { (String::new(), text) };
        let (method, path) = (method.parse().unwrap(), path.to_owned());
        let response =
            self.runtime.block_on(self.api.handle(wire::Request { method, path, query, headers, body: body.into() }));
        Answer {
            status: response.status,
            text: String::from_utf8(response.body.to_vec()).unwrap(),
            is_replay: response.headers.contains_key("idempotent-replayed"),
        }
    }

    /// What is answered with 200.
    pub fn ok(&self, sender: Sender, method: &str, path: &str, form: Form) -> Json {
        let answer = self.ask(sender, method, path, form);
        assert_eq!(answer.status, 200, "{method} {path} {form:?}: {}", answer.text);
        answer.json()
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
        (answer.status, answer.json()["error"].take())
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

    /// Asks for ten dollars, with `form` on top.
    pub fn intent(&self, form: Form) -> Json {
        self.post("/v1/payment_intents", &ten_dollars(form))
    }

    /// Ten dollars, paid at once with this card.
    pub fn pay(&self, card: &str, form: Form) -> Json {
        self.intent(&paid_with(card, form))
    }

    /// The same, which the card does not allow. Answers the error.
    pub fn pay_in_vain(&self, card: &str, form: Form) -> Json {
        let form = paid_with(card, form);
        let (status, error) = self.refused("/v1/payment_intents", &ten_dollars(&form));
        assert_eq!(status, 402, "{error:#}");
        error
    }

    pub fn customer(&self) -> String {
        id(&self.post("/v1/customers", &[("email", "ann@example.com")]))
    }

    /// A customer's card.
    pub fn saved_card(&self, customer: &str, card: &str) -> String {
        id(&self.post(&format!("/v1/payment_methods/{card}/attach"), &[("customer", customer)]))
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

    /// Lets `days` pass and does what has become due in this crate.
    pub fn wait(&self, days: i64) {
        self.world.clock().advance_to(self.world.now().plus(days * DAY));
        let now = self.world.now();
        let due = self.run(|tx| tx.find_all::<Job>(Some(""), &[store::Filter::AtMost("due", now.0)], 100));
        for job in due {
            let Some((_, work)) = crate::jobs().into_iter().find(|(name, _)| *name == job.name) else { continue };
            let done = self.world.run_blocking(&Caller::account(""), Some(job.due), |tx| {
                let job = tx.load::<Job>(&job.id)?;
                work(tx, &job)?;
                tx.delete(&job)
            });
            done.unwrap();
        }
    }
}

fn ten_dollars<'a>(form: Form<'a>) -> Vec<(&'a str, &'a str)> {
    let given = |name: &str| form.iter().any(|(known, _)| *known == name);
    let defaults = [("amount", "1000"), ("currency", "usd")];
    defaults.into_iter().filter(|(name, _)| !given(name)).chain(form.iter().copied()).collect()
}

fn paid_with<'a>(card: &'a str, form: Form<'a>) -> Vec<(&'a str, &'a str)> {
    let mut all = vec![("payment_method", card), ("confirm", "true"), ("payment_method_types[]", "card")];
    all.extend(form);
    all
}

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
