use http::Method;
use kernel::DAY;
use serde_json::json;
use store::{Document, Event};

use crate::harness::{PLATFORM, SELLER, Sandbox, eventually};

#[tokio::test]
async fn the_secret_is_shown_once() {
    let sandbox = Sandbox::new().await;
    let form = "url=https://example.com/hook&enabled_events[]=charge.succeeded&enabled_events[]=payout.paid\
                &description=mine&metadata[a]=1";
    let made = sandbox.post("/v1/webhook_endpoints", form).await.ok();
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!(made["enabled_events"], json!(["charge.succeeded", "payout.paid"]));
    assert_eq!(
        (&made["status"], &made["application"], &made["api_version"]),
        (&json!("enabled"), &json!(null), &json!(null))
    );
    let path = format!("/v1/webhook_endpoints/{}", made["id"].as_str().unwrap());
    let shown = sandbox.get(&path).await.ok();
    assert_eq!((shown.get("secret"), &shown["metadata"]), (None, &json!({"a": "1"})));
    assert_eq!(sandbox.get("/v1/webhook_endpoints").await.ok()["data"], json!([shown]));
    let changed = sandbox.post(&path, "description=&disabled=true&url=http://localhost:1/x&metadata=").await.ok();
    assert_eq!((&changed["description"], &changed["status"]), (&json!(null), &json!("disabled")));
    assert_eq!((&changed["url"], &changed["metadata"]), (&json!("http://localhost:1/x"), &json!({})));
    assert_eq!(sandbox.send(Method::DELETE, &path, "", None).await.ok()["deleted"], true);
    sandbox.get(&path).await.refused(404);
}

#[tokio::test]
async fn what_an_endpoint_cannot_be_is_refused_by_name() {
    let sandbox = Sandbox::new().await;
    let url = "url=https://example.com/hook";
    for (form, param) in [
        ("enabled_events[]=*".to_owned(), "url"),
        (url.to_owned(), "enabled_events"),
        (format!("{url}&enabled_events[]=charge.eaten"), "enabled_events[0]"),
        (format!("{url}&enabled_events[]=*&api_version=2026-01-01"), "api_version"),
        (format!("{url}&enabled_events[]=*&color=red"), "color"),
        ("url=ftp://example.com&enabled_events[]=*".to_owned(), "url"),
    ] {
        assert_eq!(sandbox.post("/v1/webhook_endpoints", &form).await.refused(400)["param"], param, "{form}");
    }
}

#[tokio::test]
async fn a_seventeenth_endpoint_is_refused_and_a_deleted_one_makes_room() {
    let sandbox = Sandbox::new().await;
    let form = "url=https://example.com/hook&enabled_events[]=*";
    let (first, _) = sandbox.endpoint(form).await;
    for _ in 1..16 {
        sandbox.endpoint(form).await;
    }
    sandbox.post("/v1/webhook_endpoints", form).await.refused(400);
    // Another account has places of its own.
    sandbox.send(Method::POST, "/v1/webhook_endpoints", form, Some(SELLER)).await.ok();
    sandbox.send(Method::DELETE, &format!("/v1/webhook_endpoints/{first}"), "", None).await.ok();
    sandbox.endpoint(form).await;
}

#[tokio::test]
async fn an_account_sees_its_own_events_and_a_platform_those_of_the_account_it_acts_for() {
    let sandbox = Sandbox::new().await;
    let mine = sandbox.emit(PLATFORM, "charge.succeeded").await;
    let theirs = sandbox.emit(SELLER, "payout.paid").await;
    assert_eq!(sandbox.get("/v1/events").await.ok()["data"].as_array().unwrap().len(), 1);
    assert_eq!(sandbox.get(&format!("/v1/events/{mine}")).await.ok().get("account"), None);
    sandbox.get(&format!("/v1/events/{theirs}")).await.refused(404);
    let path = format!("/v1/events/{theirs}");
    let shown = sandbox.send(Method::GET, &path, "", Some(SELLER)).await.ok();
    assert_eq!((&shown["account"], &shown["type"]), (&json!(SELLER), &json!("payout.paid")));
}

#[tokio::test]
async fn lists_of_events_filter_by_type_time_and_page() {
    let sandbox = Sandbox::new().await;
    let mut ids = Vec::new();
    for kind in ["charge.succeeded", "charge.refunded", "payout.paid", "transfer.created"] {
        ids.push(sandbox.emit(PLATFORM, kind).await);
        sandbox.advance(10);
    }
    let list = async |query: &str| -> Vec<String> {
        let page = sandbox.get(&format!("/v1/events?{query}")).await.ok();
        page["data"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(list("type=charge.*").await, ["charge.refunded", "charge.succeeded"]);
    assert_eq!(list("type=payout.paid").await, ["payout.paid"]);
    assert_eq!(list("types[]=payout.paid&types[]=transfer.created").await, ["transfer.created", "payout.paid"]);
    assert_eq!(list("limit=1").await, ["transfer.created"]);
    assert_eq!(list(&format!("limit=1&starting_after={}", ids[2])).await, ["charge.refunded"]);
    assert_eq!(list(&format!("limit=1&ending_before={}", ids[2])).await, ["transfer.created"]);
    assert_eq!(list(&format!("delivery_success=true&limit=1&ending_before={}", ids[0])).await, ["charge.refunded"]);
    assert_eq!(list("delivery_success=true&limit=2").await, ["transfer.created", "payout.paid"]);
    assert_eq!(list("delivery_success=false").await, Vec::<String>::new());
    let since = sandbox.world.now().0 - 15;
    assert_eq!(list(&format!("created[gte]={since}")).await, ["transfer.created"]);
    for (query, param) in [
        ("type=charge.eaten", "type"),
        ("type=payout.paid&types[]=payout.paid", "types"),
        ("types[]=nothing", "types[0]"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("starting_after=evt_none", "starting_after"),
        ("color=red", "color"),
    ] {
        let answer = sandbox.get(&format!("/v1/events?{query}")).await;
        assert_eq!(answer.body["error"]["param"], param, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_shown_for_thirty_days_and_then_pruned_with_their_deliveries() {
    let sandbox = Sandbox::new().await;
    let (endpoint, _) = sandbox.endpoint("url=http://127.0.0.1:1/refused&enabled_events[]=*").await;
    let event = sandbox.emit(PLATFORM, "charge.succeeded").await;
    let path = format!("/v1/events/{event}");
    let workers = sandbox.work();
    eventually(|| sandbox.delivery(&event, &endpoint)).await;
    workers.stop().await;
    sandbox.advance(30 * DAY - 1);
    let young = sandbox.emit(PLATFORM, "payout.paid").await;
    sandbox.get(&path).await.ok();
    sandbox.advance(1);
    sandbox.get(&path).await.refused(404);
    assert_eq!(sandbox.get("/v1/events").await.ok()["data"].as_array().unwrap().len(), 1);
    assert_eq!(workers::prune(&sandbox.world).await.unwrap(), 2);
    let reader = sandbox.world.reader();
    assert_eq!(reader.get(Event::KIND, &event).unwrap(), None);
    assert_eq!(sandbox.delivery(&event, &endpoint), None);
    assert!(reader.get(Event::KIND, &young).unwrap().is_some());
    assert_eq!(workers::prune(&sandbox.world).await.unwrap(), 0);
}

#[tokio::test]
async fn remembered_answers_are_forgotten_after_a_day() {
    let sandbox = Sandbox::new().await;
    let remember = |key: &str| {
        let record = store::Idempotency {
            scope: "acct".into(),
            key: key.into(),
            request_hash: String::new(),
            request_id: "req_1".into(),
            status: 200,
            body: "{}".into(),
            created: sandbox.world.now().0,
            packed: None,
        };
        sandbox.run(move |tx| {
            tx.remember(record.clone());
            Ok(())
        })
    };
    remember("old").await;
    sandbox.advance(DAY);
    remember("young").await;
    sandbox.advance(1);
    assert_eq!(workers::prune(&sandbox.world).await.unwrap(), 1);
    assert!(sandbox.world.reader().idempotency("acct", "young").unwrap().is_some());
}
