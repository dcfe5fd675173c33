//! What else a request may say.

use serde_json::{Value, json};

use super::shop::{Shop, VISA, id};

#[test]
fn payment_methods_that_may_redirect_need_a_way_back() {
    let shop = Shop::open();
    let form = [("amount", "2000"), ("currency", "usd"), ("payment_method", VISA), ("confirm", "true")];
    let ask = |more: &[(&str, &str)]| shop.try_post("/v1/payment_intents", &[&form[..], more].concat());
    assert_eq!(ask(&[]).refused(), (400, "", "return_url"));
    let ways = [
        ("return_url", "https://shop.example/done"),
        ("automatic_payment_methods[allow_redirects]", "never"),
        ("off_session", "true"),
        ("error_on_requires_action", "true"),
        ("use_stripe_sdk", "true"),
    ];
    for way in ways {
        let enabled = ("automatic_payment_methods[enabled]", "true");
        assert_eq!(ask(&[enabled, way]).ok()["status"], "succeeded", "{way:?}");
    }
}

#[test]
fn payment_methods_are_chosen_by_settings_unless_types_are_named() {
    let shop = Shop::open();
    let form = [("amount", "2000"), ("currency", "usd")];
    let by_settings = shop.try_post("/v1/payment_intents", &form).ok();
    assert_eq!(by_settings["automatic_payment_methods"], json!({ "allow_redirects": "always", "enabled": true }));
    let named = shop.card_intent(&[]);
    assert_eq!((&named["automatic_payment_methods"], &named["payment_method_types"]), (&Value::Null, &json!(["card"])));
    let both = shop.try_intent(&[("automatic_payment_methods[enabled]", "true")]);
    assert_eq!(both.refused(), (400, "parameters_exclusive", "payment_method_types"));
}

#[test]
fn defaults_are_stripes() {
    let intent = Shop::open().card_intent(&[]);
    assert_eq!(
        (&intent["capture_method"], &intent["confirmation_method"]),
        (&json!("automatic_async"), &json!("automatic"))
    );
    let card = &intent["payment_method_options"]["card"];
    assert_eq!(
        *card,
        json!({ "installments": null, "mandate_options": null, "network": null, "request_three_d_secure": "automatic" })
    );
    assert_eq!((&intent["livemode"], &intent["metadata"]), (&json!(false), &json!({})));
}

#[test]
fn metadata_is_merged_and_unset() {
    let shop = Shop::open();
    let intent = shop.card_intent(&[("metadata[a]", "1"), ("metadata[b]", "2")]);
    let merged = shop.act(&intent, "", &[("metadata[b]", "3"), ("metadata[c]", "4"), ("metadata[a]", "")]).ok();
    assert_eq!(merged["metadata"], json!({ "b": "3", "c": "4" }));
    assert_eq!(shop.act(&intent, "", &[("metadata", "")]).ok()["metadata"], json!({}));
}

#[test]
fn an_empty_string_unsets_and_what_is_not_given_stays() {
    let shop = Shop::open();
    let form = [("description", "Tea"), ("receipt_email", "ann@example.com"), ("setup_future_usage", "off_session")];
    let intent = shop.card_intent(&form);
    let unset = shop.act(&intent, "", &[("description", ""), ("setup_future_usage", "")]).ok();
    assert_eq!((&unset["description"], &unset["setup_future_usage"]), (&Value::Null, &Value::Null));
    assert_eq!(unset["receipt_email"], "ann@example.com");
}

#[test]
fn what_is_said_of_the_payment_is_said_of_its_charge() {
    let shop = Shop::open();
    let form = [
        ("description", "Tea"),
        ("metadata[order]", "7"),
        ("receipt_email", "ann@example.com"),
        ("statement_descriptor_suffix", "TEA 7"),
        ("shipping[name]", "Ann"),
        ("shipping[address][line1]", "1 Main St"),
    ];
    let charge = shop.charge_of(&shop.pay(VISA, &form));
    assert_eq!((&charge["description"], &charge["metadata"]), (&json!("Tea"), &json!({ "order": "7" })));
    assert_eq!((&charge["receipt_email"], &charge["shipping"]["name"]), (&json!("ann@example.com"), &json!("Ann")));
    assert!(charge["calculated_statement_descriptor"].as_str().unwrap().ends_with("TEA 7"));
    let card = &charge["payment_method_details"]["card"];
    assert_eq!((&card["brand"], &card["last4"], &card["network"]), (&json!("visa"), &json!("4242"), &json!("visa")));
    assert_eq!((&card["checks"]["cvc_check"], &card["amount_authorized"]), (&json!("pass"), &json!(2000)));
}

#[test]
fn lists_are_filtered_by_customer_and_time_and_come_in_pages() {
    let shop = Shop::open();
    let customer = shop.customer();
    let first = shop.card_intent(&[("customer", &customer)]);
    shop.advance(60);
    let ids: Vec<String> = (0..3).map(|_| id(&shop.card_intent(&[]))).collect();
    let listed = |query: &str| {
        let list = shop.try_get(&format!("/v1/payment_intents?{query}")).ok();
        list["data"].as_array().unwrap().iter().map(id).collect::<Vec<_>>()
    };
    assert_eq!(listed(&format!("customer={customer}")), [id(&first)]);
    assert_eq!(listed(&format!("created[gt]={}", first["created"])).len(), 3);
    assert_eq!(listed(&format!("created[lte]={}", first["created"])), [id(&first)]);
    assert_eq!(listed("limit=2"), [ids[2].clone(), ids[1].clone()]);
    assert_eq!(listed(&format!("starting_after={}", ids[1])), [ids[0].clone(), id(&first)]);
    assert_eq!(shop.try_get("/v1/payment_intents?customer=cus_1").refused(), (400, "resource_missing", "customer"));
}

#[test]
fn the_amount_that_the_payer_saw_must_be_the_intents() {
    let shop = Shop::open();
    let intent = shop.card_intent(&[]);
    let card = ("payment_method", VISA);
    let other = shop.act(&intent, "confirm", &[card, ("amount_to_confirm", "1999")]);
    assert_eq!(other.refused(), (400, "", "amount_to_confirm"));
    assert_eq!(shop.act(&intent, "confirm", &[card, ("amount_to_confirm", "2000")]).ok()["status"], "succeeded");
}
