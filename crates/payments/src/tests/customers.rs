//! Customers.

use serde_json::json;

use super::shop::{Sender, Shop, id, ids};

#[test]
fn a_customer_is_made_changed_and_found() {
    let shop = Shop::open();
    let made = shop.post(
        "/v1/customers",
        &[
            ("email", "ann@example.com"),
            ("name", "Ann"),
            ("address[city]", "Visby"),
            ("address[line2]", ""),
            ("shipping[name]", "Ann Lee"),
            ("shipping[address][country]", "se"),
            ("preferred_locales[]", "sv"),
            ("metadata[a]", "1"),
            ("invoice_settings[footer]", "Thanks"),
        ],
    );
    assert_eq!(made["address"]["city"], "Visby");
    assert_eq!(made["shipping"]["address"]["country"], "SE");
    assert_eq!(made["invoice_settings"]["footer"], "Thanks");
    let path = format!("/v1/customers/{}", id(&made));
    let changed = shop.post(&path, &[("name", ""), ("description", "VIP"), ("metadata[b]", "2"), ("shipping", "")]);
    assert_eq!(
        (&changed["name"], &changed["description"], &changed["shipping"]),
        (&json!(null), &json!("VIP"), &json!(null))
    );
    assert_eq!(changed["metadata"], json!({ "a": "1", "b": "2" }));
    assert_eq!(shop.get(&path, &[]), changed);
    let other = id(&shop.post("/v1/customers", &[]));
    assert_eq!(ids(&shop.get("/v1/customers", &[("email", "ann@example.com")])), [id(&made)]);
    assert_eq!(ids(&shop.get("/v1/customers", &[])), [other, id(&made)]);
    assert_eq!(shop.events_since(0), ["customer.created", "customer.updated", "customer.created"]);
}

#[test]
fn changing_nothing_says_nothing() {
    let shop = Shop::open();
    let customer = shop.customer();
    shop.post(&format!("/v1/customers/{customer}"), &[("email", "ann@example.com")]);
    assert_eq!(shop.events_since(0), ["customer.created"]);
}

#[test]
fn what_a_customer_cannot_have_is_refused_by_name() {
    let shop = Shop::open();
    let long = "x".repeat(5_001);
    let cases: &[(&str, &str, &str)] = &[
        ("email", "ann", "400 email_invalid email"),
        ("balance", "-500", "400 - balance"),
        ("source", "tok_chargeDeclined", "402 card_declined -"),
        ("tax[ip_address]", "127.0.0.1", "400 - tax"),
        ("test_clock", "clock_1", "400 - test_clock"),
        ("description", &long, "400 - description"),
        ("shipping[name]", "Ann", "400 parameter_missing shipping[address]"),
        ("address[country]", "Sweden", "400 - address[country]"),
        ("tax_exempt", "maybe", "400 - tax_exempt"),
        ("nmae", "Ann", "400 parameter_unknown nmae"),
        ("payment_method", "pm_none", "400 resource_missing payment_method"),
        ("payment_method", "pm_card_chargeDeclined", "402 card_declined -"),
        (
            "invoice_settings[default_payment_method]",
            "pm_card_visa",
            "400 resource_missing invoice_settings[default_payment_method]",
        ),
        ("invoice_prefix", "a", "400 - invoice_prefix"),
        ("next_invoice_sequence", "0", "400 parameter_invalid_integer next_invoice_sequence"),
    ];
    for (param, value, why) in cases {
        assert_eq!(shop.why("/v1/customers", &[(param, value)]), *why, "{param}={value}");
    }
    assert_eq!(ids(&shop.get("/v1/customers", &[])), [""; 0]);
    assert_eq!(shop.events(), 0);
}

#[test]
fn a_customer_comes_with_a_card_which_is_its_default() {
    let shop = Shop::open();
    let made = shop.post(
        "/v1/customers",
        &[("payment_method", "pm_card_visa"), ("invoice_settings[default_payment_method]", "pm_card_visa")],
    );
    let card = made["invoice_settings"]["default_payment_method"].as_str().unwrap().to_owned();
    let path = format!("/v1/customers/{}/payment_methods", id(&made));
    assert_eq!(ids(&shop.get(&path, &[("type", "card")])), [card.as_str()]);
    assert_eq!(shop.get(&format!("{path}/{card}"), &[])["customer"], made["id"]);
    let (status, error) = shop.refused_to(Sender::SERVER, "GET", &format!("{path}/pm_none"), &[]);
    assert_eq!((status, &error["message"]), (404, &json!("No such PaymentMethod: 'pm_none'")));
    assert_eq!(shop.events_since(0), ["customer.created", "payment_method.attached"]);
    shop.post(&format!("/v1/payment_methods/{card}/detach"), &[]);
    let now = shop.get(&format!("/v1/customers/{}", id(&made)), &[]);
    assert_eq!(now["invoice_settings"]["default_payment_method"], json!(null));
    assert_eq!(shop.events_since(2), ["payment_method.detached", "customer.updated"]);
}

#[test]
fn of_a_deleted_customer_only_that_it_is_deleted_is_left() {
    let shop = Shop::open();
    let customer = shop.customer();
    let card = shop.saved_card(&customer, "pm_card_visa");
    let intent = shop.intent(&[("customer", &customer)]);
    let path = format!("/v1/customers/{customer}");
    let gone = json!({ "id": customer, "object": "customer", "deleted": true });
    assert_eq!(shop.ok(Sender::SERVER, "DELETE", &path, &[]), gone);
    assert_eq!(shop.get(&path, &[]), gone);
    let shown = shop.get(&format!("/v1/payment_intents/{}", id(&intent)), &[("expand[]", "customer")]);
    assert_eq!(shown["customer"], gone);
    assert_eq!(ids(&shop.get("/v1/customers", &[])), [""; 0]);
    assert_eq!(shop.get(&format!("/v1/payment_methods/{card}"), &[])["customer"], json!(null));
    assert_eq!(shop.why(&path, &[("name", "Ann")]), "404 resource_missing id");
    assert_eq!(
        shop.why("/v1/payment_intents", &[("amount", "1000"), ("currency", "usd"), ("customer", &customer)]),
        "400 resource_missing customer"
    );
    assert_eq!(shop.refused_to(Sender::SERVER, "DELETE", &path, &[]).0, 404);
    assert_eq!(shop.events_since(3), ["payment_method.detached", "customer.deleted"]);
    assert!(shop.find::<crate::customers::Customer>(&customer).email.is_none());
}

#[test]
fn a_connected_accounts_customers_are_its_own() {
    let shop = Shop::open();
    let (seller, ours) = (shop.seller(), shop.customer());
    let on = Sender::SERVER.on(&seller);
    let theirs = id(&shop.ok(on, "POST", "/v1/customers", &[("name", "Bob")]));
    assert_eq!(ids(&shop.ok(on, "GET", "/v1/customers", &[])), [theirs.as_str()]);
    for (sender, customer) in [(on, &ours), (Sender::SERVER, &theirs)] {
        let (status, error) = shop.refused_to(sender, "GET", &format!("/v1/customers/{customer}"), &[]);
        assert_eq!((status, &error["code"]), (404, &json!("resource_missing")));
    }
}
