//! Payments that are shared with connected accounts.

use serde_json::{Value, json};

use crate::stage::{Stage, VISA, id};

#[test]
fn a_destination_payment_names_its_group_and_transfer() {
    let stage = Stage::new();
    let seller = stage.seller();
    let paid = stage.pay(VISA, &[("transfer_data[destination]", &seller), ("application_fee_amount", "200")]);
    assert_eq!(paid["transfer_data"], json!({ "destination": seller }));
    assert_eq!((&paid["application"], &paid["application_fee_amount"]), (&Value::Null, &json!(200)));
    assert_eq!(paid["transfer_group"], format!("group_{}", id(&paid)));
    let charge = stage.charge_of(&paid);
    assert_eq!(charge["transfer_group"], paid["transfer_group"]);
    assert!(charge["transfer"].as_str().unwrap().starts_with("tr_"));
    stage.audit();
}

#[test]
fn shares_that_cannot_be_are_refused_by_name_and_nothing_is_made() {
    let stage = Stage::new();
    let seller = stage.seller();
    let to = ("transfer_data[destination]", &*seller);
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[("application_fee_amount", "100")], "application_fee_amount"),
        (&[to, ("application_fee_amount", "2001")], "application_fee_amount"),
        (&[to, ("application_fee_amount", "-1")], "application_fee_amount"),
        (&[to, ("transfer_data[amount]", "2001")], "transfer_data[amount]"),
        (&[to, ("transfer_data[amount]", "100"), ("application_fee_amount", "1")], "transfer_data[amount]"),
        (&[("transfer_data[destination]", "acct_1")], "transfer_data[destination]"),
    ];
    for (form, param) in cases {
        assert_eq!(stage.try_intent(form).refused().2, param, "{form:?}");
        assert_eq!(stage.try_pay(VISA, form).refused().2, param, "{form:?}");
    }
    assert_eq!(stage.get("/v1/payment_intents").ok()["data"], json!([]));
}

#[test]
fn the_destination_stays_and_the_shares_can_change_before_the_payment() {
    let stage = Stage::new();
    let seller = stage.seller();
    let intent = stage.intent(&[("transfer_data[destination]", &seller), ("transfer_data[amount]", "500")]);
    let changed = stage.act(&intent, "", &[("transfer_data[amount]", "700")]).ok();
    assert_eq!(changed["transfer_data"]["amount"], 700);
    let elsewhere = stage.act(&intent, "", &[("transfer_data[destination]", &seller)]);
    assert_eq!(elsewhere.refused(), (400, "parameter_unknown", "transfer_data[destination]"));
    let too_much = stage.act(&intent, "", &[("amount", "600")]);
    assert_eq!(too_much.refused().2, "transfer_data[amount]");
    let without = stage.act(&stage.intent(&[]), "", &[("transfer_data[amount]", "1")]);
    assert_eq!(without.refused().0, 400);
}

#[test]
fn metadata_of_a_payment_for_a_closed_account_can_still_be_changed() {
    let stage = Stage::new();
    let seller = stage.seller();
    let intent = stage.intent(&[("transfer_data[destination]", &seller)]);
    stage.delete(&format!("/v1/accounts/{seller}")).ok();
    assert_eq!(stage.act(&intent, "", &[("metadata[note]", "closed")]).status, 200);
    assert_eq!(stage.act(&intent, "confirm", &[("payment_method", VISA)]).refused().0, 400);
    assert_eq!(stage.act(&intent, "cancel", &[]).ok()["status"], "canceled");
}

#[test]
fn a_direct_payment_names_the_application() {
    let stage = Stage::new();
    let seller = stage.seller();
    let form = [("amount", "2000"), ("currency", "usd"), ("application_fee_amount", "200")];
    let intent = stage.post_as(&seller, "/v1/payment_intents", &form).ok();
    assert!(intent["application"].as_str().unwrap().starts_with("ca_"));
    let nested = stage.post_as(
        &seller,
        "/v1/payment_intents",
        &[&form[..2], &[("transfer_data[destination]", &*seller)]].concat(),
    );
    assert_eq!(nested.refused().2, "transfer_data");
}
