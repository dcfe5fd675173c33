//! Payments that are authorised first and captured by hand.

use serde_json::{Value, json};

use super::shop::{BY_HAND, DAY, Shop, VISA, id};

#[test]
fn an_authorisation_moves_no_money() {
    let shop = Shop::open();
    let intent = shop.pay(VISA, &[BY_HAND]);
    assert_eq!((&intent["amount_capturable"], &intent["amount_received"]), (&json!(2000), &json!(0)));
    let charge = shop.charge_of(&intent);
    assert_eq!(
        (&charge["paid"], &charge["captured"], &charge["amount_captured"]),
        (&json!(true), &json!(false), &json!(0))
    );
    assert_eq!((&charge["status"], &charge["balance_transaction"]), (&json!("succeeded"), &Value::Null));
    let before = charge["payment_method_details"]["card"]["capture_before"].as_i64().unwrap();
    assert_eq!(before, shop.world.now().0 + 7 * DAY);
    assert!(shop.rows(&shop.platform).is_empty());
}

#[test]
fn a_whole_capture_pays_everything() {
    let shop = Shop::open();
    let paid = shop.act(&shop.pay(VISA, &[BY_HAND]), "capture", &[]).ok();
    assert_eq!((&paid["amount_capturable"], &paid["amount_received"]), (&json!(0), &json!(2000)));
    assert_eq!(shop.charge_of(&paid)["amount_captured"], 2000);
    assert_eq!(shop.rows(&shop.platform), ["charge 2000 - 88"]);
    shop.audit();
}

#[test]
fn a_partial_capture_releases_the_rest() {
    let shop = Shop::open();
    let intent = shop.pay(VISA, &[BY_HAND]);
    let paid = shop.act(&intent, "capture", &[("amount_to_capture", "1500"), ("metadata[parcel]", "1")]).ok();
    assert_eq!(
        (&paid["amount"], &paid["amount_received"], &paid["amount_capturable"]),
        (&json!(2000), &json!(1500), &json!(0))
    );
    assert_eq!(paid["metadata"], json!({ "parcel": "1" }));
    let charge = shop.charge_of(&paid);
    assert_eq!(
        (&charge["amount"], &charge["amount_captured"], &charge["amount_refunded"]),
        (&json!(2000), &json!(1500), &json!(0))
    );
    assert_eq!(shop.rows(&shop.platform)[0].split(" - ").next(), Some("charge 1500"));
    shop.audit();
}

#[test]
fn no_more_than_the_authorised_amount_and_nothing_less_than_one_is_captured() {
    let shop = Shop::open();
    let intent = shop.pay(VISA, &[BY_HAND]);
    let refused = |amount| {
        let answer = shop.act(&intent, "capture", &[("amount_to_capture", amount)]);
        let (status, code, param) = answer.refused();
        (status, code.to_owned(), param.to_owned())
    };
    assert_eq!(refused("2001"), (400, "amount_too_large".into(), "amount_to_capture".into()));
    for amount in ["0", "-1"] {
        assert_eq!(refused(amount), (400, "parameter_invalid_integer".into(), "amount_to_capture".into()));
    }
    let (path, over) = (format!("/v1/payment_intents/{}/capture", id(&intent)), [("amount_to_capture", "2001")]);
    assert_eq!(shop.refused(&path, &over).1["payment_intent"], intent);
    assert_eq!(shop.why(&path, &[("final_capture", "false")]), "400 - final_capture");
    assert_eq!(shop.again(&intent), intent);
}

#[test]
fn the_charge_of_an_intent_is_captured_through_the_intent_alone() {
    let shop = Shop::open();
    let intent = shop.pay(VISA, &[BY_HAND]);
    let path = format!("/v1/charges/{}/capture", intent["latest_charge"].as_str().unwrap());
    assert_eq!(shop.try_post(&path, &[]).status, 400);
    assert_eq!(shop.again(&intent)["status"], "requires_capture");
}

#[test]
fn a_canceled_authorisation_is_released_without_a_row() {
    let shop = Shop::open();
    let canceled = shop.act(&shop.pay(VISA, &[BY_HAND]), "cancel", &[]).ok();
    assert_eq!((&canceled["amount_capturable"], &canceled["cancellation_reason"]), (&json!(0), &Value::Null));
    assert_eq!(shop.charge_of(&canceled)["refunded"], true);
    assert!(shop.rows(&shop.platform).is_empty());
    shop.advance(8 * DAY);
    assert_eq!(shop.again(&canceled), canceled, "nothing expires any more");
    shop.audit();
}

#[test]
fn an_authorisation_that_nobody_captures_expires_after_seven_days() {
    let shop = Shop::open();
    let intent = shop.pay(VISA, &[BY_HAND]);
    shop.told();
    shop.advance(7 * DAY - 1);
    assert_eq!(shop.again(&intent)["status"], "requires_capture");
    shop.advance(1);
    let expired = shop.again(&intent);
    assert_eq!((&expired["status"], &expired["cancellation_reason"]), (&json!("canceled"), &json!("automatic")));
    assert_eq!((&expired["canceled_at"], &expired["amount_capturable"]), (&json!(shop.world.now().0), &json!(0)));
    assert_eq!(shop.told(), ["refund.created", "charge.expired", "charge.refunded", "payment_intent.canceled"]);
    assert_eq!(shop.act(&expired, "capture", &[]).refused().1, "payment_intent_unexpected_state");
    shop.audit();
}

#[test]
fn a_captured_payment_does_not_expire() {
    let shop = Shop::open();
    let paid = shop.act(&shop.pay(VISA, &[BY_HAND]), "capture", &[]).ok();
    shop.advance(8 * DAY);
    assert_eq!(shop.again(&paid), paid);
}

#[test]
fn cards_alone_can_be_captured_by_hand() {
    let shop = Shop::open();
    let intent = shop.pay(VISA, &[("payment_method_options[card][capture_method]", "manual")]);
    assert_eq!((&intent["status"], &intent["capture_method"]), (&json!("requires_capture"), &json!("automatic_async")));
    assert_eq!(shop.act(&intent, "capture", &[]).ok()["status"], "succeeded");
}

fn destination_by_hand<'a>(seller: &'a str, share: (&'a str, &'a str)) -> [(&'a str, &'a str); 3] {
    [BY_HAND, ("transfer_data[destination]", seller), share]
}

#[test]
fn a_destination_payment_captured_by_hand_is_shared_out_at_the_capture() {
    let shop = Shop::open();
    let seller = shop.seller();
    let intent = shop.pay(VISA, &destination_by_hand(&seller, ("application_fee_amount", "200")));
    assert!(shop.rows(&seller).is_empty() && shop.rows(&shop.platform).is_empty());
    let paid = shop.act(&intent, "capture", &[]).ok();
    assert_eq!(shop.rows(&shop.platform), ["charge 2000 - 88", "transfer -2000 - 0", "application_fee 200 - 0"]);
    assert_eq!(shop.rows(&seller), ["payment 2000 - 200"]);
    assert_eq!(paid["transfer_group"], format!("group_{}", id(&paid)));
    shop.audit();
}

#[test]
fn a_fee_is_capped_at_what_is_captured_or_told_anew() {
    let cases = [(&[][..], 1500), (&[("application_fee_amount", "100")][..], 100)];
    for (anew, fee) in cases {
        let shop = Shop::open();
        let seller = shop.seller();
        let intent = shop.pay(VISA, &destination_by_hand(&seller, ("application_fee_amount", "1800")));
        shop.act(&intent, "capture", &[&[("amount_to_capture", "1500")][..], anew].concat()).ok();
        assert_eq!(shop.rows(&seller), [format!("payment 1500 - {fee}")]);
        shop.audit();
    }
}

#[test]
fn a_part_for_the_destination_is_capped_at_what_is_captured_or_told_anew() {
    let cases = [(&[][..], 1500), (&[("transfer_data[amount]", "900")][..], 900)];
    for (anew, part) in cases {
        let shop = Shop::open();
        let seller = shop.seller();
        let intent = shop.pay(VISA, &destination_by_hand(&seller, ("transfer_data[amount]", "1800")));
        shop.act(&intent, "capture", &[&[("amount_to_capture", "1500")][..], anew].concat()).ok();
        assert_eq!(shop.rows(&seller), [format!("payment {part} - 0")]);
        shop.audit();
    }
}

#[test]
fn a_fee_at_the_capture_needs_somebody_to_pay_it() {
    let shop = Shop::open();
    let intent = shop.pay(VISA, &[BY_HAND]);
    let fee = shop.act(&intent, "capture", &[("application_fee_amount", "100")]);
    assert_eq!(fee.refused().2, "application_fee_amount");
    let part = shop.act(&intent, "capture", &[("transfer_data[amount]", "100")]);
    assert_eq!(part.refused().0, 400);
}
