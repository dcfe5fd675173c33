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
fn tokens_are_made_of_one_thing() {
    let shop = Shop::open();
    assert_eq!(shop.why("/v1/tokens", &[]), "400 parameter_missing card");
    assert_eq!(shop.why("/v1/tokens", &[("cvc_update[cvc]", "123")]), "400 - cvc_update");
    let two: Form = &[("pii[id_number]", "000000000"), ("bank_account[country]", "US")];
    assert_eq!(shop.why("/v1/tokens", two), "400 parameters_exclusive pii");
    assert_eq!(shop.why("/v1/tokens", &[("pii[x]", "1")]), "400 parameter_unknown pii[x]");
    assert_eq!(
        shop.why("/v1/tokens", &[("bank_account[country]", "US")]),
        "400 parameter_missing bank_account[account_number]"
    );
    assert_eq!(
        shop.why("/v1/tokens", &[("card[number]", "4242424242424242")]),
        "400 parameter_missing card[exp_month]"
    );
    let (status, _) = shop.refused_to(Sender::BROWSER, "GET", "/v1/tokens/tok_visa", &[]);
    assert_eq!(status, 401, "a browser makes tokens and does not look at them");
}

const BANK: Form = &[
    ("bank_account[country]", "US"),
    ("bank_account[currency]", "usd"),
    ("bank_account[account_holder_name]", "Ada Baker"),
    ("bank_account[account_holder_type]", "individual"),
    ("bank_account[routing_number]", "110000000"),
    ("bank_account[account_number]", "000123456789"),
];

#[test]
fn a_browsers_token_of_a_bank_account_shows_no_more_than_it_may() {
    let shop = Shop::open();
    let token = shop.ok(Sender::BROWSER, "POST", "/v1/tokens", BANK);
    let bank = &token["bank_account"];
    assert_eq!(token["id"].as_str().unwrap().split('_').next(), Some("btok"));
    assert_eq!(
        *bank,
        json!({
            "id": bank["id"], "object": "bank_account", "account_holder_name": "Ada Baker",
            "account_holder_type": "individual", "account_type": null, "bank_name": "STRIPE TEST BANK", "country": "US",
            "currency": "usd", "fingerprint": bank["fingerprint"], "last4": "6789", "routing_number": "110000000",
            "status": "new",
        })
    );
    assert!(!token.to_string().contains("000123456789"));
    assert_eq!(shop.get(&format!("/v1/tokens/{}", id(&token)), &[]), token);
    let pii = shop.ok(Sender::BROWSER, "POST", "/v1/tokens", &[("pii[id_number]", "000000000")]);
    let expected = json!({
        "id": pii["id"], "object": "token", "client_ip": null, "created": pii["created"], "livemode": false, "type": "pii",
        "used": false,
    });
    assert_eq!(pii, expected);
    assert_eq!(
        shop.why("/v1/tokens", &[BANK, &[("bank_account[account_number]", "1")]].concat()),
        "400 account_number_invalid bank_account[account_number]"
    );
}
