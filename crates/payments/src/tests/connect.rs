//! Payments that are shared with connected accounts.

use funds::charges::Charge;
use funds::transfers::Transfer;
use serde_json::json;

use super::shop::{Form, Sender, Shop, VISA, id};

#[test]
fn shares_that_cannot_be_are_refused_by_name_and_nothing_is_made() {
    let shop = Shop::open();
    let seller = shop.seller();
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
        assert_eq!(shop.try_intent(form).refused().2, param, "{form:?}");
        assert_eq!(shop.try_pay(VISA, form).refused().2, param, "{form:?}");
    }
    assert_eq!(shop.try_get("/v1/payment_intents").ok()["data"], json!([]));
}

#[test]
fn metadata_of_a_payment_for_a_closed_account_can_still_be_changed() {
    let shop = Shop::open();
    let seller = shop.seller();
    let intent = shop.card_intent(&[("transfer_data[destination]", &seller)]);
    shop.try_delete(&format!("/v1/accounts/{seller}")).ok();
    assert_eq!(shop.act(&intent, "", &[("metadata[note]", "closed")]).status, 200);
    assert_eq!(shop.act(&intent, "confirm", &[("payment_method", VISA)]).refused().0, 400);
    assert_eq!(shop.act(&intent, "cancel", &[]).ok()["status"], "canceled");
}

#[test]
fn a_destination_payment_is_shared_out() {
    let shop = Shop::open();
    let seller = shop.seller();
    let form: Form = &[
        ("application_fee_amount", "123"),
        ("transfer_data[destination]", &seller),
        ("transfer_data[description]", "Share"),
        ("transfer_data[payment_data][metadata][order]", "7"),
    ];
    let paid = shop.pay("pm_card_visa", form);
    assert_eq!(paid["transfer_group"], format!("group_{}", id(&paid)));
    assert_eq!(paid["transfer_data"]["destination"], json!(seller));
    assert_eq!((&paid["application"], &paid["application_fee_amount"]), (&json!(null), &json!(123)));
    let charge = shop.find::<Charge>(paid["latest_charge"].as_str().unwrap());
    let transfer = shop.find::<Transfer>(charge.transfer.as_deref().unwrap());
    assert_eq!((transfer.amount, transfer.description.as_deref()), (2_000, Some("Share")));
    let landed = shop.find::<Charge>(transfer.destination_payment.as_deref().unwrap());
    assert_eq!(
        (landed.account.as_str(), landed.metadata.get("order").map(String::as_str)),
        (seller.as_str(), Some("7"))
    );
    assert!(charge.application_fee.is_some());
    assert_eq!(json!(charge.transfer_group), paid["transfer_group"]);
    shop.audit();
}

#[test]
fn the_share_can_be_changed_until_the_payment_is_made() {
    let shop = Shop::open();
    let seller = shop.seller();
    let form: Form = &[
        ("transfer_data[destination]", &seller),
        ("payment_method_types[]", "card"),
        ("payment_method", "pm_card_visa"),
    ];
    let path = format!("/v1/payment_intents/{}", id(&shop.intent(form)));
    assert_eq!(
        shop.why(&path, &[("transfer_data[destination]", &seller)]),
        "400 parameter_unknown transfer_data[destination]"
    );
    assert_eq!(shop.why(&path, &[("transfer_data[amount]", "2001")]), "400 - transfer_data[amount]");
    let changed = shop.post(&path, &[("transfer_data[amount]", "877"), ("transfer_data[metadata][a]", "1")]);
    assert_eq!(
        (&changed["transfer_data"]["amount"], &changed["transfer_data"]["metadata"]),
        (&json!(877), &json!({ "a": "1" }))
    );
    assert_eq!(shop.why(&path, &[("amount", "600")]), "400 - transfer_data[amount]");
    let paid = shop.post(&format!("{path}/confirm"), &[]);
    let charge = shop.find::<Charge>(paid["latest_charge"].as_str().unwrap());
    assert_eq!(shop.find::<Transfer>(charge.transfer.as_deref().unwrap()).amount, 877);
    let other = format!("/v1/payment_intents/{}", id(&shop.intent(&[])));
    assert_eq!(shop.why(&other, &[("transfer_data[amount]", "1")]), "400 - transfer_data");
}

#[test]
fn a_direct_payment_is_the_connected_accounts() {
    let shop = Shop::open();
    let seller = shop.seller();
    shop.told_to(&seller);
    let on = Sender::SERVER.on(&seller);
    let form: Form = &[
        ("amount", "1000"),
        ("currency", "usd"),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
        ("payment_method_types[]", "card"),
        ("application_fee_amount", "123"),
    ];
    let paid = shop.ok(on, "POST", "/v1/payment_intents", form);
    assert!(paid["application"].as_str().unwrap().starts_with("ca_"));
    let charge = shop.find::<Charge>(paid["latest_charge"].as_str().unwrap());
    assert_eq!((charge.account.as_str(), &json!(charge.application)), (seller.as_str(), &paid["application"]));
    assert_eq!(shop.told_to(&seller), ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]);
    assert_eq!(shop.events_since(0), ["application_fee.created"]);
    let mut refused = form.to_vec();
    refused.push(("transfer_data[destination]", &shop.platform));
    assert_eq!(shop.refused_to(on, "POST", "/v1/payment_intents", &refused).1["param"], "transfer_data");
}
