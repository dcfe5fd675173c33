//! What this crate's tests share: a platform behind the API, asked by forms as an SDK sends them.

use std::sync::Arc;

use serde_json::Value;
use store::{Caller, Event, Job, Origin, Schema, World};
use wire::{Api, ApiBuilder, KeyKind, Request, create_key};

use crate::{NewPlatform, create_platform};

const KEY: &str = "sk_test_platform0000000000000000";

/// A seeded world with this crate's tables.
pub(crate) fn world() -> World {
    World::seeded(Schema::new(crate::kinds().into_iter().chain(wire::kinds())), 7).unwrap()
}

/// Makes a platform in the United States and answers its id.
pub(crate) fn platform(world: &World) -> String {
    platform_in(world, "US")
}

fn platform_in(world: &World, country: &str) -> String {
    let new = NewPlatform {
        country: country.into(),
        email: "platform@example.com".into(),
        display_name: "My marketplace".into(),
    };
    let made = world.run_blocking(&Caller::account(""), None, |tx| {
        let platform = create_platform(tx, &new)?;
        world.add_platform(tx, &platform.id);
        Ok(platform)
    });
    made.unwrap().id.clone()
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    /// A successful answer's object.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{:#}", self.body);
        self.body
    }

    /// A refusal: status, code and param.
    #[track_caller]
    pub(crate) fn refused(&self) -> (u16, &str, &str) {
        assert_ne!(self.status, 200, "{:#}", self.body);
        let text = |field: &str| self.body["error"][field].as_str().unwrap_or_default();
        (self.status, text("code"), text("param"))
    }

    /// A refusal's sentence.
    pub(crate) fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }
}

/// A platform behind the API.
pub(crate) struct Platform {
    pub(crate) world: Arc<World>,
    pub(crate) id: String,
    api: Api,
    runtime: tokio::runtime::Runtime,
}

impl Platform {
    /// In the United States.
    pub(crate) fn new() -> Platform {
        Platform::of("US")
    }

    /// In a country.
    pub(crate) fn of(country: &str) -> Platform {
        let world = Arc::new(world());
        let id = platform_in(&world, country);
        let made =
            world.run_blocking(&Caller::account(&id), None, |tx| create_key(tx, &id, KeyKind::Secret, KEY, None));
        made.unwrap();
        let api = ApiBuilder::default().routes(crate::routes()).build(world.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        Platform { world, id, api, runtime }
    }

    fn ask(&self, method: http::Method, path: &str, form: &[(&str, &str)], acting: Option<&str>) -> Answer {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut headers = http::HeaderMap::new();
        headers.insert("authorization", format!("Bearer {KEY}").parse().unwrap());
        headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
        if let Some(account) = acting {
            headers.insert("stripe-account", account.parse().unwrap());
        }
        let pairs: Vec<String> =
            form.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
        let request = Request {
            method,
            path: path.into(),
            query: query.into(),
            headers,
            body: pairs.join("&").into_bytes().into(),
        };
        let response = self.runtime.block_on(self.api.handle(request));
        Answer { status: response.status, body: serde_json::from_slice(&response.body).unwrap() }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask(http::Method::GET, path, &[], None)
    }

    pub(crate) fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.ask(http::Method::POST, path, form, None)
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.ask(http::Method::DELETE, path, &[], None)
    }

    pub(crate) fn get_as(&self, account: &str, path: &str) -> Answer {
        self.ask(http::Method::GET, path, &[], Some(account))
    }

    pub(crate) fn post_as(&self, account: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        self.ask(http::Method::POST, path, form, Some(account))
    }

    /// Opens an account and answers its id.
    #[track_caller]
    pub(crate) fn open(&self, form: &[(&str, &str)]) -> String {
        self.post("/v1/accounts", form).ok()["id"].as_str().unwrap().to_owned()
    }

    /// The account as it is now.
    #[track_caller]
    pub(crate) fn account(&self, id: &str) -> Value {
        self.get(&format!("/v1/accounts/{id}")).ok()
    }

    /// Moves the clock, and runs this crate's jobs that are due.
    pub(crate) fn wait(&self, seconds: i64) {
        self.world.clock().advance_to(self.world.now().plus(seconds));
        let now = self.world.now();
        let nobody = Caller::account("");
        let due: Vec<Job> = self
            .world
            .read(&nobody, |tx| tx.find_all::<Job>(None, &[store::Filter::AtMost("due", now.0)], 100))
            .unwrap()
            .into_iter()
            .map(store::Doc::into_shown)
            .collect();
        for job in due {
            // Payouts are another crate's.
            let Some((_, handler)) = crate::jobs().into_iter().find(|(name, _)| *name == job.name) else { continue };
            self.runtime
                .block_on(self.world.run_at(&nobody, &Origin::default(), Some(job.due), |tx| {
                    let stored = tx.load::<Job>(&job.id)?;
                    tx.delete(&stored)?;
                    handler(tx, &job)
                }))
                .unwrap();
        }
    }

    /// The events on an account, oldest first.
    pub(crate) fn events(&self, account: &str) -> Vec<Event> {
        let read = self.world.read(&Caller::account(account), |tx| tx.find_all::<Event>(Some(account), &[], 1_000));
        read.unwrap().into_iter().rev().map(store::Doc::into_shown).collect()
    }

    /// Their types.
    pub(crate) fn event_types(&self, account: &str) -> Vec<String> {
        self.events(account).into_iter().map(|event| event.kind).collect()
    }
}

fn escape(text: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'[' | b']');
    text.bytes().map(|b| if is_plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// The keys of a list.
#[track_caller]
pub(crate) fn keys(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect()
}

/// `form` with some values changed (`Some`) or left out (`None`).
pub(crate) fn with<'a>(form: &[(&'a str, &'a str)], changes: &[(&'a str, Option<&'a str>)]) -> Vec<(&'a str, &'a str)> {
    let is_changed = |name: &str| changes.iter().any(|(changed, _)| *changed == name);
    let kept = form.iter().copied().filter(|(name, _)| !is_changed(name));
    kept.chain(changes.iter().filter_map(|(name, value)| value.map(|value| (*name, value)))).collect()
}

/// Card payments and transfers.
pub(crate) const BOTH: [(&str, &str); 2] =
    [("capabilities[card_payments][requested]", "true"), ("capabilities[transfers][requested]", "true")];

/// A custom account of an individual, given everything, with ordinary values.
pub(crate) const INDIVIDUAL: &[(&str, &str)] = &[
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

/// A custom account of a company, given everything but its persons.
pub(crate) const COMPANY: &[(&str, &str)] = &[
    ("type", "custom"),
    ("country", "US"),
    ("email", "office@example.com"),
    ("business_type", "company"),
    ("business_profile[mcc]", "5734"),
    ("business_profile[url]", "https://acme.example.com"),
    ("capabilities[card_payments][requested]", "true"),
    ("capabilities[transfers][requested]", "true"),
    ("company[name]", "Acme Anvils"),
    ("company[phone]", "4155550100"),
    ("company[tax_id]", "00-0000000"),
    ("company[owners_provided]", "true"),
    ("company[address][line1]", "address_full_match"),
    ("company[address][city]", "San Francisco"),
    ("company[address][state]", "CA"),
    ("company[address][postal_code]", "94107"),
    ("tos_acceptance[date]", "1793000000"),
    ("tos_acceptance[ip]", "203.0.113.7"),
    ("external_account", "btok_us_verified"),
];

/// A company's representative, given everything.
pub(crate) const REPRESENTATIVE: &[(&str, &str)] = &[
    ("first_name", "Jenny"),
    ("last_name", "Rosen"),
    ("email", "jenny@example.com"),
    ("phone", "0000000000"),
    ("dob[day]", "1"),
    ("dob[month]", "1"),
    ("dob[year]", "1901"),
    ("ssn_last_4", "0000"),
    ("address[line1]", "address_full_match"),
    ("address[city]", "San Francisco"),
    ("address[state]", "CA"),
    ("address[postal_code]", "94107"),
    ("relationship[representative]", "true"),
    ("relationship[executive]", "true"),
    ("relationship[title]", "CEO"),
];
