//! Tokens.

use serde_json::json;

use super::shop::{Form, Sender, Shop, id};

const CARD: Form = &[
    ("card[number]", "5555555555554444"),
    ("card[exp_month]", "12"),
    ("card[exp_year]", "2034"),
    ("card[cvc]", "123"),
    ("card[name]", "Ann"),
    ("card[address_zip]", "62156"),
];

#[test]
fn a_token_stands_for_a_card_once() {
    let shop = Shop::open();
    let token = shop.ok(Sender::BROWSER, "POST", "/v1/tokens", CARD);
    assert_eq!(
        (&token["type"], &token["used"], &token["card"]["brand"]),
        (&json!("card"), &json!(false), &json!("MasterCard"))
    );
    let form = [("type", "card"), ("card[token]", token["id"].as_str().unwrap())];
    let made = shop.post("/v1/payment_methods", &form);
    assert_eq!(made["card"]["last4"], "4444");
    assert_eq!(made["billing_details"]["name"], "Ann");
    assert_eq!(made["billing_details"]["address"]["postal_code"], "62156");
    assert_eq!(shop.why("/v1/payment_methods", &form), "400 token_already_used card[token]");
    assert_eq!(shop.get(&format!("/v1/tokens/{}", id(&token)), &[])["used"], true);
    assert_eq!(
        shop.why("/v1/payment_methods", &[("type", "card"), ("card[token]", "tok_none")]),
        "400 resource_missing card[token]"
    );
}

#[test]
fn a_test_token_can_be_used_again_and_again() {
    let shop = Shop::open();
    for _ in 0..2 {
        let form: Form = &[
            ("confirm", "true"),
            ("payment_method_types[]", "card"),
            ("payment_method_data[type]", "card"),
            ("payment_method_data[card][token]", "tok_visa"),
        ];
        assert_eq!(shop.intent(form)["status"], "succeeded");
    }
}

#[test]
fn tokens_are_made_of_cards_only() {
    let shop = Shop::open();
    assert_eq!(shop.why("/v1/tokens", &[]), "400 parameter_missing card");
    assert_eq!(shop.why("/v1/tokens", &[("pii[id_number]", "1")]), "400 - pii");
    assert_eq!(
        shop.why("/v1/tokens", &[("card[number]", "4242424242424242")]),
        "400 parameter_missing card[exp_month]"
    );
    let (status, _) = shop.refused_to(Sender::BROWSER, "GET", "/v1/tokens/tok_visa", &[]);
    assert_eq!(status, 401, "a browser makes tokens and does not look at them");
}
