//! What a payer's browser may do: make payment methods, and see and confirm the one intent whose secret it has.

use serde_json::{Value as Json, json};

use super::shop::{Answer, Form, Sender, Shop, VISA, id};

const PATH: &str = "/v1/payment_intents";

fn secret(intent: &Json) -> String {
    intent["client_secret"].as_str().unwrap().to_owned()
}

#[test]
fn a_browser_pays_with_the_intents_secret() {
    let shop = Shop::open();
    let card: Form = &[
        ("type", "card"),
        ("card[number]", "4242424242424242"),
        ("card[exp_month]", "12"),
        ("card[exp_year]", "2034"),
        ("card[cvc]", "123"),
    ];
    let card = id(&shop.ok(Sender::BROWSER, "POST", "/v1/payment_methods", card));
    let intent = shop.intent(&[]);
    let path = format!("{PATH}/{}", id(&intent));
    let shown = shop.ok(Sender::BROWSER, "GET", &path, &[("client_secret", &secret(&intent))]);
    assert_eq!(shown["status"], "requires_payment_method");
    let form: Form = &[("client_secret", &secret(&intent)), ("payment_method", &card), ("use_stripe_sdk", "true")];
    let paid = shop.ok(Sender::BROWSER, "POST", &format!("{path}/confirm"), form);
    assert_eq!(paid["status"], "succeeded");
}

#[test]
fn a_browser_sees_what_concerns_the_payer_only() {
    let shop = Shop::open();
    let (customer, seller) = (shop.customer(), shop.seller());
    let form: Form = &[
        ("customer", &customer),
        ("metadata[margin]", "40"),
        ("application_fee_amount", "123"),
        ("transfer_data[destination]", &seller),
    ];
    let intent = shop.intent(form);
    let path = format!("{PATH}/{}", id(&intent));
    let secret = secret(&intent);
    let merchants =
        ["customer", "metadata", "application_fee_amount", "transfer_data", "transfer_group", "latest_charge"];
    let is_clean = |shown: &Json| {
        assert!(merchants.iter().all(|name| shown.get(name).is_none()), "{shown:#}");
        assert!(!shown.to_string().contains(&seller));
    };
    is_clean(&shop.ok(Sender::BROWSER, "GET", &path, &[("client_secret", &secret)]));
    let confirm = format!("{path}/confirm");
    let form: Form = &[("client_secret", &secret), ("payment_method", "pm_card_chargeDeclined")];
    let (status, error) = shop.refused_to(Sender::BROWSER, "POST", &confirm, form);
    assert_eq!(status, 402);
    is_clean(&error["payment_intent"]);
    shop.post(&format!("{path}/cancel"), &[]);
    let (_, error) = shop.refused_to(Sender::BROWSER, "POST", &confirm, form);
    assert_eq!(error["code"], "payment_intent_unexpected_state");
    is_clean(&error["payment_intent"]);
    let expand: Form = &[("client_secret", &secret), ("expand[]", "customer")];
    assert_eq!(shop.refused_to(Sender::BROWSER, "GET", &path, expand).1["param"], "expand");
}

#[test]
fn without_the_secret_there_is_nothing_to_see() {
    let shop = Shop::open();
    let (intent, other) = (shop.intent(&[]), shop.intent(&[]));
    let path = format!("{PATH}/{}", id(&intent));
    for (method, path) in [("GET", path.clone()), ("POST", format!("{path}/confirm"))] {
        let why = |form: Form| {
            let (status, error) = shop.refused_to(Sender::BROWSER, method, &path, form);
            (status, error["code"].as_str().unwrap_or("-").to_owned())
        };
        assert_eq!(why(&[]), (400, "parameter_missing".into()));
        assert_eq!(why(&[("client_secret", &secret(&other))]), (400, "payment_intent_invalid_parameter".into()));
    }
    let (status, _) = shop.refused_to(Sender::BROWSER, "GET", &format!("{PATH}/pi_none"), &[("client_secret", "x")]);
    assert_eq!(status, 404);
}

#[test]
fn what_is_the_merchants_to_say_needs_a_secret_key() {
    let shop = Shop::open();
    let intent = shop.intent(&[]);
    let path = format!("{PATH}/{}/confirm", id(&intent));
    for (param, value) in [
        ("off_session", "true"),
        ("capture_method", "manual"),
        ("payment_method_options[card][capture_method]", "manual"),
        ("payment_details[order_reference]", "7"),
    ] {
        let form: Form = &[("client_secret", &secret(&intent)), ("payment_method", "pm_card_visa"), (param, value)];
        let (status, error) = shop.refused_to(Sender::BROWSER, "POST", &path, form);
        assert_eq!((status, &error["code"]), (400, &json!("secret_key_required")), "{param}");
        assert!(param.starts_with(error["param"].as_str().unwrap()), "{param}");
    }
    let by_hand = shop.intent(&[("confirmation_method", "manual"), ("payment_method", "pm_card_visa")]);
    let path = format!("{PATH}/{}/confirm", id(&by_hand));
    let (_, error) = shop.refused_to(Sender::BROWSER, "POST", &path, &[("client_secret", &secret(&by_hand))]);
    assert!(error["message"].as_str().unwrap().contains("cannot be confirmed using your publishable key"));
}

#[test]
fn everything_else_is_the_servers() {
    let shop = Shop::open();
    let intent = shop.intent(&[]);
    for (method, path) in [
        ("GET", PATH.to_owned()),
        ("POST", PATH.to_owned()),
        ("POST", format!("{PATH}/{}", id(&intent))),
        ("POST", format!("{PATH}/{}/cancel", id(&intent))),
        ("POST", format!("{PATH}/{}/capture", id(&intent))),
        ("GET", "/v1/customers".to_owned()),
        ("GET", "/v1/payment_methods".to_owned()),
    ] {
        let (status, error) = shop.refused_to(Sender::BROWSER, method, &path, &[]);
        assert_eq!((status, &error["code"]), (401, &json!("secret_key_required")), "{method} {path}");
    }
}

/// A payer's confirmation of an intent made so.
fn confirm(shop: &Shop, intent: &Json, form: Form) -> Answer {
    let form = [&[("client_secret", intent["client_secret"].as_str().unwrap())], form].concat();
    shop.ask(Sender::BROWSER, "POST", &format!("{PATH}/{}/confirm", id(intent)), &form)
}

#[test]
fn the_payer_may_agree_to_more_use_of_the_card_but_not_to_less() {
    let shop = Shop::open();
    let intent = shop.card_intent(&[("setup_future_usage", "off_session")]);
    for less in ["on_session", ""] {
        let refused = confirm(&shop, &intent, &[("payment_method", VISA), ("setup_future_usage", less)]);
        assert_eq!(refused.refused(), (400, "payment_intent_invalid_parameter", "setup_future_usage"));
    }
    let intent = shop.card_intent(&[("setup_future_usage", "on_session")]);
    let paid = confirm(&shop, &intent, &[("payment_method", VISA), ("setup_future_usage", "off_session")]).ok();
    assert_eq!(paid["setup_future_usage"], "off_session");
}

#[test]
fn an_intent_confirmed_by_hand_is_the_servers_to_confirm() {
    let shop = Shop::open();
    let intent = shop.card_intent(&[("confirmation_method", "manual")]);
    assert_eq!(confirm(&shop, &intent, &[("payment_method", VISA)]).status, 400);
    assert_eq!(shop.act(&intent, "confirm", &[("payment_method", VISA)]).ok()["status"], "succeeded");
}

#[test]
fn the_secret_key_checks_a_secret_when_it_is_given_one() {
    let shop = Shop::open();
    let wrong = shop.act(&shop.card_intent(&[]), "confirm", &[("client_secret", "x"), ("payment_method", VISA)]);
    assert_eq!(wrong.refused().2, "client_secret");
}
