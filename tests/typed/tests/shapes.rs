//! The answers of the main resources, parsed by the structs that async-stripe generates from Stripe's own description.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is test code")]

use harness::Sandbox;
use serde::de::DeserializeOwned;
use serde_json::Value;
use stripe_shared as stripe;

/// Parses an answer, which must be as the type wants it.
fn parse<T: DeserializeOwned>(answer: &Value) -> T {
    serde_json::from_value(answer.clone()).unwrap_or_else(|error| {
        panic!("{} does not fit {}: {error}\n{answer:#}", answer["id"], std::any::type_name::<T>())
    })
}

fn first(sandbox: &Sandbox, account: Option<&str>, path: &str) -> Value {
    let list = account.map_or_else(|| sandbox.get(path), |account| sandbox.get_as(account, path)).ok();
    let item = list["data"][0].clone();
    assert!(item.is_object(), "{path} is empty");
    item
}

#[test]
fn the_main_resources_have_the_shape_of_stripes_own() {
    let sandbox = Sandbox::new(7);
    let seller = sandbox.seller(&[]);
    let customer = sandbox.post("/v1/customers", &[("email", "payer@example.com"), ("name", "Payer")]).ok();
    let method = sandbox.post("/v1/payment_methods", &[("type", "card"), ("card[token]", "tok_visa")]).ok();
    let attach = format!("/v1/payment_methods/{}/attach", method["id"].as_str().unwrap());
    let method = sandbox.post(&attach, &[("customer", customer["id"].as_str().unwrap())]).ok();
    let form = [
        ("amount", "10000"),
        ("currency", "usd"),
        ("customer", customer["id"].as_str().unwrap()),
        ("payment_method", method["id"].as_str().unwrap()),
        ("confirm", "true"),
        ("automatic_payment_methods[enabled]", "true"),
        ("automatic_payment_methods[allow_redirects]", "never"),
        ("application_fee_amount", "1000"),
        ("transfer_data[destination]", &seller),
    ];
    let intent = sandbox.post("/v1/payment_intents", &form).ok();
    let refund = [
        ("payment_intent", intent["id"].as_str().unwrap()),
        ("amount", "2000"),
        ("reverse_transfer", "true"),
        ("refund_application_fee", "true"),
    ];
    let refund = sandbox.post("/v1/refunds", &refund).ok();
    sandbox.advance(4 * 86_400);
    let payout = sandbox.post_as(&seller, "/v1/payouts", &[("amount", "1000"), ("currency", "usd")]).ok();

    parse::<stripe::Account>(&sandbox.get(&format!("/v1/accounts/{seller}")).ok());
    parse::<stripe::Customer>(&customer);
    parse::<stripe::PaymentMethod>(&method);
    parse::<stripe::PaymentIntent>(&intent);
    parse::<stripe::Charge>(&first(&sandbox, None, "/v1/charges"));
    parse::<stripe::Charge>(&first(&sandbox, Some(&seller), "/v1/charges"));
    parse::<stripe::Refund>(&refund);
    parse::<stripe::Refund>(&first(&sandbox, Some(&seller), "/v1/refunds"));
    parse::<stripe::Transfer>(&first(&sandbox, None, "/v1/transfers"));
    parse::<stripe::ApplicationFee>(&first(&sandbox, None, "/v1/application_fees"));
    for account in [None, Some(seller.as_str())] {
        let list = "/v1/balance_transactions?limit=100";
        let list = account.map_or_else(|| sandbox.get(list), |account| sandbox.get_as(account, list)).ok();
        for row in list["data"].as_array().unwrap() {
            parse::<stripe::BalanceTransaction>(row);
        }
    }
    parse::<stripe::Payout>(&payout);
    for event in sandbox.get("/v1/events?limit=100").ok()["data"].as_array().unwrap() {
        parse::<stripe::Event>(event);
    }
    let capabilities = sandbox.get(&format!("/v1/accounts/{seller}/capabilities")).ok();
    for capability in capabilities["data"].as_array().unwrap() {
        parse::<stripe::Capability>(capability);
    }
}
