//! Stores that earlier commits wrote open in this one: they are clean, and everything in them is served.
//!
//! `scripts/write-fixture-stores` made them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "this is test code")]

mod server;

use std::path::{Path, PathBuf};

use serde_json::Value;
use server::{Place, Server, text};

/// The folders of all fixture stores of an engine.
fn fixtures(engine: &str) -> Vec<PathBuf> {
    let stores = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/stores");
    let mut found: Vec<PathBuf> = std::fs::read_dir(stores).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    assert!(!found.is_empty());
    found.into_iter().map(|store| store.join(engine)).collect()
}

fn json(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap()
}

fn opens_and_serves(place: &Place, folder: &Path) {
    for name in ["master.key", "sandbox-keys.toml"] {
        std::fs::copy(folder.join(name), place.data().join(name)).unwrap();
    }
    assert!(place.audit(), "{}", folder.display());
    let server = Server::start(place, &[]);
    let (payment, customer) = (json(folder, "payment.json"), json(folder, "customer.json"));
    let (status, found) = server.call("GET", &format!("/v1/payment_intents/{}", text(&payment, "id")), "");
    assert_eq!((status, &found["status"], &found["amount"]), (200, &"succeeded".into(), &payment["amount"]));
    let (status, found) = server.call("GET", &format!("/v1/customers/{}", text(&customer, "id")), "");
    assert_eq!((status, &found["name"], &found["metadata"]), (200, &customer["name"], &customer["metadata"]));
    let mut lists = 0;
    for path in ["accounts", "charges", "refunds", "transfers", "balance_transactions", "events", "webhook_endpoints"] {
        let (status, list) = server.call("GET", &format!("/v1/{path}?limit=100"), "");
        assert_eq!(status, 200, "{path}: {list}");
        lists += list["data"].as_array().unwrap().len();
    }
    assert!(10 < lists);
    // Private fields open with their key, and the world goes on.
    let account = server.call("GET", "/v1/accounts?limit=1", "").1;
    let account = text(&account["data"][0], "id");
    let (status, changed) = server.call("POST", &format!("/v1/accounts/{account}"), "metadata[seen]=again");
    assert_eq!(status, 200, "{changed}");
    assert_eq!(server.pay("1200").0, 200);
    let (status, moved) = server.call("POST", "/kontor/v1/clock/advance", "seconds=864000");
    assert_eq!(status, 200, "{moved}");
    server.stop();
    assert!(place.audit(), "{}", folder.display());
}

#[test]
fn earlier_embedded_stores_open_and_serve() {
    for folder in fixtures("sqlite") {
        let place = Place::folder();
        let store = folder.join("kontor.sqlite");
        assert!(store.metadata().unwrap().len() < 300_000, "{} is too large to keep", store.display());
        std::fs::copy(store, place.data().join("kontor.sqlite")).unwrap();
        opens_and_serves(&place, &folder);
    }
}

#[test]
fn earlier_databases_open_and_serve() {
    for folder in fixtures("postgres") {
        let place = Place::postgres();
        place.execute(&std::fs::read_to_string(folder.join("store.sql")).unwrap());
        opens_and_serves(&place, &folder);
    }
}
