//! Sources: cards as programs from before payment methods know them.

use serde_json::{Value as Json, json};

use super::shop::{Form, Sender, Shop, id, ids, names};

fn with_source(shop: &Shop, token: &str) -> Json {
    shop.post("/v1/customers", &[("email", "ann@example.com"), ("source", token)])
}

#[test]
fn a_customer_comes_with_a_source_which_is_its_default() {
    let shop = Shop::open();
    let customer = with_source(&shop, "tok_visa");
    let card = customer["default_source"].as_str().unwrap();
    assert!(card.starts_with("card_"));
    let since = ["customer.created", "customer.source.created", "payment_method.attached"];
    assert_eq!(shop.events_since(0), since);
    let path = format!("/v1/customers/{}", id(&customer));
    let shown = shop.get(&path, &[("expand[]", "default_source"), ("expand[]", "sources"), ("expand[]", "tax_ids")]);
    let source = &shown["default_source"];
    assert_eq!(
        (&source["object"], &source["brand"], &source["last4"], &source["customer"]),
        (&json!("card"), &json!("Visa"), &json!("4242"), &customer["id"])
    );
    assert_eq!(shown["sources"]["data"], json!([source]));
    assert_eq!(shown["sources"]["url"], format!("{path}/sources"));
    assert_eq!(shown["tax_ids"]["data"], json!([]));
    assert_eq!(shop.get(&format!("{path}/sources/{card}"), &[]), *source);
    let method = shop.get(&format!("/v1/payment_methods/{card}"), &[]);
    assert_eq!((&method["object"], &method["customer"]), (&json!("payment_method"), &customer["id"]));
    assert_eq!(
        names(source),
        names(&json!({
            "id": 0, "object": 0, "address_city": 0, "address_country": 0, "address_line1": 0, "address_line1_check": 0,
            "address_line2": 0, "address_state": 0, "address_zip": 0, "address_zip_check": 0, "brand": 0, "country": 0,
            "customer": 0, "cvc_check": 0, "dynamic_last4": 0, "exp_month": 0, "exp_year": 0, "fingerprint": 0,
            "funding": 0, "last4": 0, "metadata": 0, "name": 0, "networks": 0, "regulated_status": 0,
            "tokenization_method": 0,
        }))
    );
}

#[test]
fn sources_are_added_listed_changed_and_removed() {
    let shop = Shop::open();
    let customer = id(&with_source(&shop, "tok_visa"));
    let path = format!("/v1/customers/{customer}/sources");
    let before = shop.events();
    let second = shop.post(&path, &[("source", "tok_mastercard"), ("metadata[a]", "1")]);
    assert_eq!((&second["brand"], &second["metadata"]), (&json!("MasterCard"), &json!({ "a": "1" })));
    assert_eq!(shop.events_since(before), ["customer.source.created", "payment_method.attached"]);
    let third = shop.post(&path, &[("source", "tok_amex")]);
    let all = ids(&shop.get(&path, &[]));
    assert_eq!(all[..2], [id(&third), id(&second)]);
    let page = shop.get(&path, &[("limit", "1"), ("object", "card")]);
    assert_eq!((ids(&page), &page["has_more"]), (vec![id(&third)], &json!(true)));
    assert_eq!(ids(&shop.get(&path, &[("starting_after", &id(&second))])), [all[2].as_str()]);
    assert_eq!(ids(&shop.get(&path, &[("ending_before", &all[2]), ("limit", "1")])), [id(&second)]);
    assert_eq!(shop.get(&path, &[("object", "bank_account")])["data"], json!([]));

    let one = format!("{path}/{}", id(&second));
    let before = shop.events();
    let changed = shop.post(&one, &[("exp_year", "2040"), ("name", "Ann"), ("address_zip", "94107")]);
    assert_eq!(
        (&changed["exp_year"], &changed["name"], &changed["address_zip"]),
        (&json!(2040), &json!("Ann"), &json!("94107"))
    );
    assert_eq!(shop.events_since(before), ["customer.source.updated", "payment_method.updated"]);
    assert_eq!(shop.why(&one, &[("exp_month", "13")]), "402 invalid_expiry_month exp_month");
    assert_eq!(shop.why(&one, &[("account_holder_name", "Ann")]), "400 - account_holder_name");

    let deleted = shop.ok(Sender::SERVER, "DELETE", &format!("{path}/{}", all[2]), &[]);
    assert_eq!(deleted, json!({ "id": all[2], "object": "card", "deleted": true }));
    let now = shop.get(&format!("/v1/customers/{customer}"), &[]);
    assert_eq!(now["default_source"], second["id"], "the oldest that is left");
    assert_eq!(shop.why(&path, &[("source", "tok_none")]), "400 resource_missing source");
    assert_eq!(shop.why(&path, &[("source", "tok_chargeDeclined")]), "402 card_declined -");
    assert_eq!(shop.why(&path, &[]), "400 parameter_missing source");
    let (status, error) = shop.refused_to(Sender::SERVER, "GET", &format!("{path}/{}", all[2]), &[]);
    assert_eq!((status, &error["code"]), (404, &json!("resource_missing")));
}

#[test]
fn a_new_source_takes_the_place_of_the_default_and_another_can_be_made_it() {
    let shop = Shop::open();
    let customer = with_source(&shop, "tok_visa");
    let path = format!("/v1/customers/{}", id(&customer));
    let before = shop.events();
    let replaced = shop.post(&path, &[("source", "tok_mastercard")]);
    assert_ne!(replaced["default_source"], customer["default_source"]);
    assert_eq!(ids(&shop.get(&format!("{path}/sources"), &[])), [replaced["default_source"].as_str().unwrap()]);
    let told = [
        "customer.source.deleted",
        "payment_method.detached",
        "customer.source.created",
        "payment_method.attached",
        "customer.updated",
    ];
    assert_eq!(shop.events_since(before), told);
    let other = id(&shop.post(&format!("{path}/sources"), &[("source", "tok_amex")]));
    assert_eq!(shop.post(&path, &[("default_source", &other)])["default_source"], *other);
    assert_eq!(shop.why(&path, &[("default_source", "card_none")]), "400 resource_missing default_source");
    shop.post(&format!("/v1/payment_methods/{other}/detach"), &[]);
    assert_eq!(shop.get(&path, &[])["default_source"], replaced["default_source"]);
    assert_eq!(shop.why(&path, &[("source", "tok_chargeDeclined")]), "402 card_declined -");
    assert_eq!(shop.get(&path, &[])["default_source"], replaced["default_source"], "a decline changes nothing");
}

#[test]
fn a_cards_details_can_stand_for_a_token() {
    let shop = Shop::open();
    let form: Form = &[
        ("source[object]", "card"),
        ("source[number]", "5555555555554444"),
        ("source[exp_month]", "12"),
        ("source[exp_year]", "2034"),
        ("source[cvc]", "123"),
        ("source[name]", "Ann"),
    ];
    let path = format!("/v1/customers/{}/sources", shop.customer());
    let source = shop.post(&path, form);
    assert_eq!((&source["last4"], &source["name"]), (&json!("4444"), &json!("Ann")));
    assert_eq!(shop.why(&path, &[("source[number]", "4242424242424241")]), "402 incorrect_number source[number]");
    assert_eq!(shop.why(&path, &[("source[colour]", "red")]), "400 parameter_unknown source[colour]");
    assert_eq!(shop.why(&path, &[("source", "btok_us_verified")]), "400 - source");
}

#[test]
fn an_intent_is_paid_with_a_source_or_with_the_customers_default() {
    let shop = Shop::open();
    let customer = with_source(&shop, "tok_visa");
    let (id, card) = (id(&customer), customer["default_source"].as_str().unwrap());
    let on = [("customer", id.as_str()), ("payment_method_types[]", "card"), ("confirm", "true")];
    let by_default = shop.intent(&[&on[..], &[("expand[]", "latest_charge")]].concat());
    assert_eq!((&by_default["status"], &by_default["payment_method"]), (&json!("succeeded"), &json!(card)));
    assert_eq!(by_default["latest_charge"]["source"]["id"], *card);
    assert_eq!(shop.intent(&[&on[..], &[("payment_method", card)]].concat())["status"], "succeeded");
    let listed = shop.get("/v1/payment_methods", &[("customer", &id), ("type", "card")]);
    assert_eq!(ids(&listed), [card]);
}
