//! Payments that are authorised first and captured by hand.

use serde_json::{Value, json};

use crate::stage::{BY_HAND, DAY, Stage, VISA, id};

#[test]
fn an_authorisation_moves_no_money() {
    let stage = Stage::new();
    let intent = stage.pay(VISA, &[BY_HAND]);
    assert_eq!((&intent["amount_capturable"], &intent["amount_received"]), (&json!(2000), &json!(0)));
    let charge = stage.charge_of(&intent);
    assert_eq!(
        (&charge["paid"], &charge["captured"], &charge["amount_captured"]),
        (&json!(true), &json!(false), &json!(0))
    );
    assert_eq!((&charge["status"], &charge["balance_transaction"]), (&json!("succeeded"), &Value::Null));
    let before = charge["payment_method_details"]["card"]["capture_before"].as_i64().unwrap();
    assert_eq!(before, stage.world.now().0 + 7 * DAY);
    assert!(stage.rows(&stage.platform).is_empty());
}

#[test]
fn a_whole_capture_pays_everything() {
    let stage = Stage::new();
    let paid = stage.act(&stage.pay(VISA, &[BY_HAND]), "capture", &[]).ok();
    assert_eq!((&paid["amount_capturable"], &paid["amount_received"]), (&json!(0), &json!(2000)));
    assert_eq!(stage.charge_of(&paid)["amount_captured"], 2000);
    assert_eq!(stage.rows(&stage.platform), ["charge 2000 - 88"]);
    stage.audit();
}

#[test]
fn a_partial_capture_releases_the_rest() {
    let stage = Stage::new();
    let intent = stage.pay(VISA, &[BY_HAND]);
    let paid = stage.act(&intent, "capture", &[("amount_to_capture", "1500"), ("metadata[parcel]", "1")]).ok();
    assert_eq!(
        (&paid["amount"], &paid["amount_received"], &paid["amount_capturable"]),
        (&json!(2000), &json!(1500), &json!(0))
    );
    assert_eq!(paid["metadata"], json!({ "parcel": "1" }));
    let charge = stage.charge_of(&paid);
    assert_eq!(
        (&charge["amount"], &charge["amount_captured"], &charge["amount_refunded"]),
        (&json!(2000), &json!(1500), &json!(0))
    );
    assert_eq!(stage.rows(&stage.platform)[0].split(" - ").next(), Some("charge 1500"));
    stage.audit();
}

#[test]
fn no_more_than_the_authorised_amount_and_nothing_less_than_one_is_captured() {
    let stage = Stage::new();
    let intent = stage.pay(VISA, &[BY_HAND]);
    let refused = |amount| {
        let answer = stage.act(&intent, "capture", &[("amount_to_capture", amount)]);
        let (status, code, param) = answer.refused();
        (status, code.to_owned(), param.to_owned())
    };
    assert_eq!(refused("2001"), (400, "amount_too_large".into(), "amount_to_capture".into()));
    for amount in ["0", "-1"] {
        assert_eq!(refused(amount), (400, "parameter_invalid_integer".into(), "amount_to_capture".into()));
    }
    assert_eq!(stage.again(&intent), intent);
}

#[test]
fn the_charge_of_an_intent_is_captured_through_the_intent_alone() {
    let stage = Stage::new();
    let intent = stage.pay(VISA, &[BY_HAND]);
    let path = format!("/v1/charges/{}/capture", intent["latest_charge"].as_str().unwrap());
    assert_eq!(stage.post(&path, &[]).status, 400);
    assert_eq!(stage.again(&intent)["status"], "requires_capture");
}

#[test]
fn a_canceled_authorisation_is_released_without_a_row() {
    let stage = Stage::new();
    let canceled = stage.act(&stage.pay(VISA, &[BY_HAND]), "cancel", &[]).ok();
    assert_eq!((&canceled["amount_capturable"], &canceled["cancellation_reason"]), (&json!(0), &Value::Null));
    assert_eq!(stage.charge_of(&canceled)["refunded"], true);
    assert!(stage.rows(&stage.platform).is_empty());
    stage.advance(8 * DAY);
    assert_eq!(stage.again(&canceled), canceled, "nothing expires any more");
    stage.audit();
}

#[test]
fn an_authorisation_that_nobody_captures_expires_after_seven_days() {
    let stage = Stage::new();
    let intent = stage.pay(VISA, &[BY_HAND]);
    stage.events();
    stage.advance(7 * DAY - 1);
    assert_eq!(stage.again(&intent)["status"], "requires_capture");
    stage.advance(1);
    let expired = stage.again(&intent);
    assert_eq!((&expired["status"], &expired["cancellation_reason"]), (&json!("canceled"), &json!("automatic")));
    assert_eq!((&expired["canceled_at"], &expired["amount_capturable"]), (&json!(stage.world.now().0), &json!(0)));
    assert_eq!(stage.events(), ["refund.created", "charge.expired", "charge.refunded", "payment_intent.canceled"]);
    assert_eq!(stage.act(&expired, "capture", &[]).refused().1, "payment_intent_unexpected_state");
    stage.audit();
}

#[test]
fn a_captured_payment_does_not_expire() {
    let stage = Stage::new();
    let paid = stage.act(&stage.pay(VISA, &[BY_HAND]), "capture", &[]).ok();
    stage.advance(8 * DAY);
    assert_eq!(stage.again(&paid), paid);
}

#[test]
fn cards_alone_can_be_captured_by_hand() {
    let stage = Stage::new();
    let intent = stage.pay(VISA, &[("payment_method_options[card][capture_method]", "manual")]);
    assert_eq!((&intent["status"], &intent["capture_method"]), (&json!("requires_capture"), &json!("automatic_async")));
    assert_eq!(stage.act(&intent, "capture", &[]).ok()["status"], "succeeded");
}

fn destination_by_hand<'a>(seller: &'a str, share: (&'a str, &'a str)) -> [(&'a str, &'a str); 3] {
    [BY_HAND, ("transfer_data[destination]", seller), share]
}

#[test]
fn a_destination_payment_captured_by_hand_is_shared_out_at_the_capture() {
    let stage = Stage::new();
    let seller = stage.seller();
    let intent = stage.pay(VISA, &destination_by_hand(&seller, ("application_fee_amount", "200")));
    assert!(stage.rows(&seller).is_empty() && stage.rows(&stage.platform).is_empty());
    let paid = stage.act(&intent, "capture", &[]).ok();
    assert_eq!(stage.rows(&stage.platform), ["charge 2000 - 88", "transfer -2000 - 0", "application_fee 200 - 0"]);
    assert_eq!(stage.rows(&seller), ["payment 2000 - 200"]);
    assert_eq!(paid["transfer_group"], format!("group_{}", id(&paid)));
    stage.audit();
}

#[test]
fn a_fee_is_capped_at_what_is_captured_or_told_anew() {
    let cases = [(&[][..], 1500), (&[("application_fee_amount", "100")][..], 100)];
    for (anew, fee) in cases {
        let stage = Stage::new();
        let seller = stage.seller();
        let intent = stage.pay(VISA, &destination_by_hand(&seller, ("application_fee_amount", "1800")));
        stage.act(&intent, "capture", &[&[("amount_to_capture", "1500")][..], anew].concat()).ok();
        assert_eq!(stage.rows(&seller), [format!("payment 1500 - {fee}")]);
        stage.audit();
    }
}

#[test]
fn a_part_for_the_destination_is_capped_at_what_is_captured_or_told_anew() {
    let cases = [(&[][..], 1500), (&[("transfer_data[amount]", "900")][..], 900)];
    for (anew, part) in cases {
        let stage = Stage::new();
        let seller = stage.seller();
        let intent = stage.pay(VISA, &destination_by_hand(&seller, ("transfer_data[amount]", "1800")));
        stage.act(&intent, "capture", &[&[("amount_to_capture", "1500")][..], anew].concat()).ok();
        assert_eq!(stage.rows(&seller), [format!("payment {part} - 0")]);
        stage.audit();
    }
}

#[test]
fn a_fee_at_the_capture_needs_somebody_to_pay_it() {
    let stage = Stage::new();
    let intent = stage.pay(VISA, &[BY_HAND]);
    let fee = stage.act(&intent, "capture", &[("application_fee_amount", "100")]);
    assert_eq!(fee.refused().2, "application_fee_amount");
    let part = stage.act(&intent, "capture", &[("transfer_data[amount]", "100")]);
    assert_eq!(part.refused().0, 400);
}
