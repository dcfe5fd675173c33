//! The way of charging before payment intents.

use funds::charges::{Charge, ChargeStatus};
use serde_json::json;

use super::shop::{Form, Sender, Shop, id};

const PATH: &str = "/v1/charges";
const TEN: [(&str, &str); 2] = [("amount", "1000"), ("currency", "usd")];

fn ten<'a>(form: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&TEN[..], form].concat()
}

#[test]
fn a_test_token_is_charged_and_shared_out() {
    let shop = Shop::open();
    let seller = shop.seller();
    let new = [("application_fee_amount", "123"), ("transfer_data[destination]", seller.as_str())];
    let charge = shop.post(PATH, &ten(&[&[("source", "tok_bypassPending")], &new[..]].concat()));
    assert_eq!(charge["payment_method_details"]["card"]["last4"], "0077");
    assert_eq!(charge["transfer_group"], format!("group_{}", id(&charge)));
    assert_eq!((&charge["source"]["object"], &charge["source"]["id"]), (&json!("card"), &charge["payment_method"]));
    let balance = |sender: Sender| shop.ok(sender, "GET", "/v1/balance", &[])["available"][0]["amount"].clone();
    assert_eq!((balance(Sender::SERVER), balance(Sender::SERVER.on(&seller))), (json!(64), json!(877)));
    for old in [("destination", seller.as_str()), ("destination[account]", seller.as_str())] {
        let charge = shop.post(PATH, &ten(&[("source", "tok_visa"), old, ("application_fee", "100")]));
        assert_eq!(charge["transfer_data"]["destination"], *seller);
        assert_eq!(charge["application_fee_amount"], 100);
    }
}

#[test]
fn an_authorised_charge_is_captured_in_part() {
    let shop = Shop::open();
    let held = shop.post(PATH, &ten(&[("source", "tok_visa"), ("capture", "false")]));
    let path = format!("{PATH}/{}/capture", id(&held));
    assert_eq!(shop.why(&path, &[("amount", "1001")]), "400 amount_too_large amount");
    assert_eq!(shop.post(&path, &[("amount", "400")])["amount_captured"], 400);
}

#[test]
fn a_declined_card_leaves_a_failed_charge_and_one_that_needs_its_payer_none() {
    let shop = Shop::open();
    let (status, error) = shop.refused(PATH, &ten(&[("source", "tok_chargeDeclined")]));
    assert_eq!((status, &error["code"]), (402, &json!("card_declined")));
    assert_eq!(shop.find::<Charge>(error["charge"].as_str().unwrap()).status, ChargeStatus::Failed);
    assert_eq!(shop.events_since(0), ["charge.failed"]);
    let needs_payer = ten(&[("source", "tok_threeDSecure2Required")]);
    assert_eq!(shop.why(PATH, &needs_payer), "402 authentication_required -");
    assert_eq!(shop.events(), 1);
}

#[test]
fn a_token_made_by_a_browser_is_charged_once() {
    let shop = Shop::open();
    let card: Form = &[
        ("card[number]", "4242424242424242"),
        ("card[exp_month]", "12"),
        ("card[exp_year]", "2034"),
        ("card[cvc]", "123"),
        ("card[name]", "Ann"),
    ];
    let token = id(&shop.ok(Sender::BROWSER, "POST", "/v1/tokens", card));
    let shipping = [("shipping[name]", "Ann"), ("shipping[address][line1]", "1 Main St")];
    let form = ten(&[&[("source", token.as_str()), ("receipt_email", "ann@example.com")], &shipping[..]].concat());
    let charge = shop.post(PATH, &form);
    assert_eq!((&charge["billing_details"]["name"], &charge["shipping"]["name"]), (&json!("Ann"), &json!("Ann")));
    assert_eq!(charge["payment_method_details"]["card"]["checks"]["cvc_check"], "pass");
    assert_eq!(shop.why(PATH, &form), "400 token_already_used source");
    let used = charge["payment_method"].as_str().unwrap();
    let again = [("payment_method", used), ("confirm", "true"), ("payment_method_types[]", "card")];
    assert_eq!(shop.why("/v1/payment_intents", &ten(&again)), "400 - -");
}

#[test]
fn a_customer_is_charged_by_its_default_source_or_by_another_of_its_own() {
    let shop = Shop::open();
    let customer = shop.post("/v1/customers", &[("source", "tok_visa")]);
    let (customer, card) = (id(&customer), customer["default_source"].as_str().unwrap().to_owned());
    let other = id(&shop.post(&format!("/v1/customers/{customer}/sources"), &[("source", "tok_mastercard")]));
    for _ in 0..2 {
        let charge = shop.post(PATH, &ten(&[("customer", &customer)]));
        assert_eq!((&charge["source"]["id"], &charge["customer"]), (&json!(card), &json!(customer)));
    }
    let charge = shop.post(PATH, &ten(&[("customer", &customer), ("source", &other)]));
    assert_eq!(charge["source"]["brand"], "MasterCard");
    let token = ten(&[("customer", &customer), ("source", "tok_visa")]);
    assert_eq!(shop.why(PATH, &token), "400 missing source", "a token is no source of the customer's");
    assert_eq!(shop.why(PATH, &ten(&[("customer", &shop.customer())])), "402 missing card");
    assert_eq!(shop.why(PATH, &ten(&[("customer", "cus_none")])), "400 resource_missing customer");
    assert_eq!(shop.why(PATH, &ten(&[("source", &card)])), "400 resource_missing source", "without its customer");
}

#[test]
fn what_cannot_be_charged_is_refused_by_name_and_leaves_nothing() {
    let shop = Shop::open();
    let cases: &[(Form, &str)] = &[
        (&[("currency", "usd"), ("source", "tok_visa")], "400 parameter_missing amount"),
        (&[("amount", "1000"), ("source", "tok_visa")], "400 parameter_missing currency"),
        (&[("amount", "1000"), ("currency", "usd")], "400 - -"),
        (&[("amount", "0"), ("currency", "usd"), ("source", "tok_visa")], "400 parameter_invalid_integer amount"),
        (&[("amount", "49"), ("currency", "usd"), ("source", "tok_visa")], "400 amount_too_small amount"),
        (&[("amount", "100000000"), ("currency", "usd"), ("source", "tok_visa")], "400 amount_too_large amount"),
        (&[("amount", "1000"), ("currency", "xxx"), ("source", "tok_visa")], "400 - currency"),
        (&[("amount", "1000"), ("currency", "usd"), ("source", "tok_mine")], "400 resource_missing source"),
        (&[("amount", "1000"), ("currency", "usd"), ("source", "pm_card_visa")], "400 resource_missing source"),
        (&[("amount", "1000"), ("currency", "usd"), ("source", "acct_1")], "400 - source"),
        (&[("amount", "1000"), ("currency", "usd"), ("source", "")], "400 parameter_invalid_empty source"),
        (
            &[("amount", "1000"), ("currency", "usd"), ("source", "tok_visa"), ("on_behalf_of", "acct_none")],
            "400 resource_missing on_behalf_of",
        ),
        (
            &[("amount", "1000"), ("currency", "usd"), ("source", "tok_visa"), ("application_fee", "1")],
            "400 - application_fee_amount",
        ),
    ];
    for (form, expected) in cases {
        assert_eq!(shop.why(PATH, form), *expected, "{form:?}");
    }
    assert_eq!(shop.events(), 0);
}
