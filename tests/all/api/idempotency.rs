//! The same key and parameters get the first answer again, whatever happens at the same time.

use harness::{KEY, Sandbox, on_every_engine, request};
use http::Method;

const FORM: &[(&str, &str)] = &[
    ("amount", "2000"),
    ("currency", "usd"),
    ("payment_method", "pm_card_visa"),
    ("confirm", "true"),
    ("automatic_payment_methods[enabled]", "true"),
    ("automatic_payment_methods[allow_redirects]", "never"),
];

fn with_card(card: &'static str) -> Vec<(&'static str, &'static str)> {
    FORM.iter().map(|(name, value)| (*name, if *name == "payment_method" { card } else { *value })).collect()
}

#[test]
fn a_replay_gives_the_same_bytes_and_says_so() {
    let sandbox = Sandbox::new(7);
    let ask = || sandbox.raw(request(Method::POST, "/v1/payment_intents", FORM, &[("idempotency-key", "order-1")]));
    let (first, second) = (ask(), ask());
    assert_eq!((first.status, &first.body), (second.status, &second.body));
    assert_eq!(first.headers.get("idempotent-replayed"), None);
    assert_eq!(first.headers.get("original-request"), first.headers.get("request-id"));
    assert_eq!(second.headers.get("idempotent-replayed").unwrap(), "true");
    assert_eq!(second.headers.get("original-request"), first.headers.get("request-id"));
    assert_eq!(sandbox.get("/v1/charges").ok()["data"].as_array().unwrap().len(), 1);
}

#[test]
fn a_secret_that_is_shown_once_is_shown_again_to_a_replay_and_is_nowhere_in_clear() {
    on_every_engine(|sandbox| {
        let form = [("url", "https://example.com/hook"), ("enabled_events[]", "*")];
        let ask = || sandbox.send(Method::POST, "/v1/webhook_endpoints", &form, &[("idempotency-key", "hook")]).ok();
        let endpoint = ask();
        let secret = endpoint["secret"].as_str().unwrap();
        assert_eq!(ask(), endpoint);
        let scope = format!("{0}/{0}", sandbox.platform);
        let remembered = sandbox.world().reader().idempotency(&scope, "hook").unwrap().unwrap();
        assert!(!remembered.body.contains(secret), "{}", remembered.body);
        let ordinary = sandbox.send(Method::POST, "/v1/customers", &[], &[("idempotency-key", "customer")]).ok();
        let remembered = sandbox.world().reader().idempotency(&scope, "customer").unwrap().unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&remembered.body).unwrap(), ordinary);
    });
}

#[test]
fn a_decline_is_remembered_and_a_mistake_is_not() {
    let sandbox = Sandbox::new(7);
    let ask = |form: &[(&str, &str)], key| {
        sandbox.raw(request(Method::POST, "/v1/payment_intents", form, &[("idempotency-key", key)]))
    };
    let declined = with_card("pm_card_visa_chargeDeclined");
    let (first, second) = (ask(&declined, "a"), ask(&declined, "a"));
    assert_eq!((first.status, &first.body), (402, &second.body));
    assert_eq!(ask(&[("amount", "2000")], "b").status, 400);
    assert_eq!(ask(FORM, "b").status, 200, "a request that was refused for its parameters left nothing behind");
}

#[test]
fn other_parameters_with_the_same_key_are_refused() {
    let sandbox = Sandbox::new(7);
    let headers = [("idempotency-key", "order-1")];
    sandbox.send(Method::POST, "/v1/payment_intents", FORM, &headers).ok();
    let other = with_card("pm_card_mastercard");
    let error = sandbox.send(Method::POST, "/v1/payment_intents", &other, &headers).refused(400);
    assert_eq!(error["type"], "idempotency_error");
    let seller = sandbox.seller(&[]);
    let as_seller = [("idempotency-key", "order-1"), ("stripe-account", seller.as_str())];
    sandbox.send(Method::POST, "/v1/payment_intents", FORM, &as_seller).ok();
    let long = "k".repeat(256);
    sandbox.send(Method::POST, "/v1/customers", &[], &[("idempotency-key", &long)]).refused(400);
}

#[test]
fn sixteen_requests_with_one_key_make_one_charge() {
    on_every_engine(|sandbox| {
        let api = sandbox.api.clone();
        let answers = sandbox.runtime().block_on(async {
            let mut tasks = Vec::new();
            for _ in 0..16 {
                let api = api.clone();
                let asked = request(Method::POST, "/v1/payment_intents", FORM, &[("idempotency-key", "one")]);
                tasks.push(tokio::spawn(async move { api.handle(asked).await }));
            }
            let mut answers = Vec::new();
            for task in tasks {
                answers.push(task.await.unwrap());
            }
            answers
        });
        let paid: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert!(!paid.is_empty());
        assert!(answers.iter().all(|answer| answer.status == 200 || answer.status == 409));
        assert!(paid.iter().all(|answer| answer.body == paid[0].body), "one answer");
        assert_eq!(sandbox.get("/v1/charges").ok()["data"].as_array().unwrap().len(), 1);
        assert_eq!(sandbox.balance(None), (0, 2000 - 88));
        sandbox.audit();
    });
    assert!(KEY.starts_with("sk_test_"));
}
