//! What else a request may say.

use serde_json::{Value, json};

use crate::stage::{Stage, VISA, id};

#[test]
fn parameters_that_cannot_be_are_refused_by_name() {
    let stage = Stage::new();
    let long = "x".repeat(5_001);
    let cases = [
        ("receipt_email", "nobody"),
        ("statement_descriptor_suffix", "THIS IS FAR TOO LONG FOR IT"),
        ("statement_descriptor_suffix", "A*B"),
        ("capture_method", "later"),
        ("confirmation_method", "never"),
        ("setup_future_usage", "always"),
        ("description", &long),
        ("payment_method_types[0]", "cash"),
        ("payment_method_options[card][request_three_d_secure]", "maybe"),
        ("automatic_payment_methods[enabled]", "perhaps"),
        ("unknown", "1"),
        ("shipping[address][country]", "Germany"),
        ("metadata", "text"),
    ];
    for (param, value) in cases {
        let form: Vec<_> = if param.starts_with("shipping") {
            vec![("shipping[name]", "Ann"), (param, value)]
        } else {
            vec![(param, value)]
        };
        let (status, _, told) = {
            let a = stage.try_intent(&form);
            let (s, c, p) = a.refused();
            (s, c.to_owned(), p.to_owned())
        };
        assert_eq!((status, told.split('[').next()), (400, param.split('[').next()), "{param}={value}");
    }
    assert_eq!(stage.get("/v1/payment_intents").ok()["data"], json!([]));
}

#[test]
fn amount_and_currency_are_required() {
    let stage = Stage::new();
    assert_eq!(stage.post("/v1/payment_intents", &[]).refused(), (400, "parameter_missing", "amount"));
    let no_currency = stage.post("/v1/payment_intents", &[("amount", "2000")]);
    assert_eq!(no_currency.refused(), (400, "parameter_missing", "currency"));
}

#[test]
fn what_only_a_confirmation_can_use_needs_one() {
    let stage = Stage::new();
    for given in [("off_session", "true"), ("return_url", "https://shop.example"), ("error_on_requires_action", "true")]
    {
        assert_eq!(stage.try_intent(&[given]).refused(), (400, "", given.0));
    }
    let bad = stage.try_pay(VISA, &[("return_url", "javascript:alert(1)")]);
    assert_eq!(bad.refused(), (400, "url_invalid", "return_url"));
    let missing = stage.try_intent(&[("confirm", "true")]);
    assert!(missing.error()["message"].as_str().unwrap().contains("missing a payment method"));
}

#[test]
fn payment_methods_that_may_redirect_need_a_way_back() {
    let stage = Stage::new();
    let form = [("amount", "2000"), ("currency", "usd"), ("payment_method", VISA), ("confirm", "true")];
    let ask = |more: &[(&str, &str)]| stage.post("/v1/payment_intents", &[&form[..], more].concat());
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
    let stage = Stage::new();
    let form = [("amount", "2000"), ("currency", "usd")];
    let by_settings = stage.post("/v1/payment_intents", &form).ok();
    assert_eq!(by_settings["automatic_payment_methods"], json!({ "allow_redirects": "always", "enabled": true }));
    let named = stage.intent(&[]);
    assert_eq!((&named["automatic_payment_methods"], &named["payment_method_types"]), (&Value::Null, &json!(["card"])));
    let both = stage.try_intent(&[("automatic_payment_methods[enabled]", "true")]);
    assert_eq!(both.refused(), (400, "parameters_exclusive", "payment_method_types"));
}

#[test]
fn defaults_are_stripes() {
    let intent = Stage::new().intent(&[]);
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
    let stage = Stage::new();
    let intent = stage.intent(&[("metadata[a]", "1"), ("metadata[b]", "2")]);
    let merged = stage.act(&intent, "", &[("metadata[b]", "3"), ("metadata[c]", "4"), ("metadata[a]", "")]).ok();
    assert_eq!(merged["metadata"], json!({ "b": "3", "c": "4" }));
    assert_eq!(stage.act(&intent, "", &[("metadata", "")]).ok()["metadata"], json!({}));
}

#[test]
fn an_empty_string_unsets_and_what_is_not_given_stays() {
    let stage = Stage::new();
    let form = [("description", "Tea"), ("receipt_email", "ann@example.com"), ("setup_future_usage", "off_session")];
    let intent = stage.intent(&form);
    let unset = stage.act(&intent, "", &[("description", ""), ("setup_future_usage", "")]).ok();
    assert_eq!((&unset["description"], &unset["setup_future_usage"]), (&Value::Null, &Value::Null));
    assert_eq!(unset["receipt_email"], "ann@example.com");
}

#[test]
fn what_is_said_of_the_payment_is_said_of_its_charge() {
    let stage = Stage::new();
    let form = [
        ("description", "Tea"),
        ("metadata[order]", "7"),
        ("receipt_email", "ann@example.com"),
        ("statement_descriptor_suffix", "TEA 7"),
        ("shipping[name]", "Ann"),
        ("shipping[address][line1]", "1 Main St"),
    ];
    let charge = stage.charge_of(&stage.pay(VISA, &form));
    assert_eq!((&charge["description"], &charge["metadata"]), (&json!("Tea"), &json!({ "order": "7" })));
    assert_eq!((&charge["receipt_email"], &charge["shipping"]["name"]), (&json!("ann@example.com"), &json!("Ann")));
    assert!(charge["calculated_statement_descriptor"].as_str().unwrap().ends_with("TEA 7"));
    let card = &charge["payment_method_details"]["card"];
    assert_eq!((&card["brand"], &card["last4"], &card["network"]), (&json!("visa"), &json!("4242"), &json!("visa")));
    assert_eq!((&card["checks"]["cvc_check"], &card["amount_authorized"]), (&json!("pass"), &json!(2000)));
}

#[test]
fn lists_are_filtered_by_customer_and_time_and_come_in_pages() {
    let stage = Stage::new();
    let customer = stage.customer();
    let first = stage.intent(&[("customer", &customer)]);
    stage.advance(60);
    let ids: Vec<String> = (0..3).map(|_| id(&stage.intent(&[]))).collect();
    let listed = |query: &str| {
        let list = stage.get(&format!("/v1/payment_intents?{query}")).ok();
        list["data"].as_array().unwrap().iter().map(id).collect::<Vec<_>>()
    };
    assert_eq!(listed(&format!("customer={customer}")), [id(&first)]);
    assert_eq!(listed(&format!("created[gt]={}", first["created"])).len(), 3);
    assert_eq!(listed(&format!("created[lte]={}", first["created"])), [id(&first)]);
    assert_eq!(listed("limit=2"), [ids[2].clone(), ids[1].clone()]);
    assert_eq!(listed(&format!("starting_after={}", ids[1])), [ids[0].clone(), id(&first)]);
    assert_eq!(stage.get("/v1/payment_intents?customer=cus_1").refused(), (400, "resource_missing", "customer"));
}

#[test]
fn the_amount_that_the_payer_saw_must_be_the_intents() {
    let stage = Stage::new();
    let intent = stage.intent(&[]);
    let card = ("payment_method", VISA);
    let other = stage.act(&intent, "confirm", &[card, ("amount_to_confirm", "1999")]);
    assert_eq!(other.refused(), (400, "", "amount_to_confirm"));
    assert_eq!(stage.act(&intent, "confirm", &[card, ("amount_to_confirm", "2000")]).ok()["status"], "succeeded");
}

#[test]
fn what_is_not_there_yet_says_so() {
    let stage = Stage::new();
    let intent = stage.intent(&[]);
    for operation in ["increment_authorization", "apply_customer_balance", "verify_microdeposits"] {
        let told = stage.act(&intent, operation, &[]).error();
        assert!(
            told["message"].as_str().unwrap().ends_with("is not supported by this version of Kontor yet."),
            "{operation}"
        );
    }
    assert_eq!(stage.get("/v1/payment_intents/search?query=x").status, 400);
    assert_eq!(stage.try_intent(&[("confirmation_token", "ctoken_1")]).refused().2, "confirmation_token");
}
