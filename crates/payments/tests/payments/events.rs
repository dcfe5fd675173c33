//! What is told, in which order (money.md 5.7).

use payments::authentication::Outcome::{Completed, Failed};

use crate::stage::{AUTHENTICATE, BY_HAND, Stage, VISA};

#[test]
fn a_payment_is_created_charged_and_succeeds() {
    let stage = Stage::new();
    stage.pay(VISA, &[]);
    assert_eq!(stage.events(), ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]);
}

#[test]
fn creating_and_confirming_apart_tell_each_their_own() {
    let stage = Stage::new();
    let intent = stage.intent(&[]);
    assert_eq!(stage.events(), ["payment_intent.created"]);
    stage.act(&intent, "confirm", &[("payment_method", VISA)]).ok();
    assert_eq!(stage.events(), ["charge.succeeded", "payment_intent.succeeded"]);
}

#[test]
fn an_authorisation_and_its_capture() {
    let stage = Stage::new();
    let intent = stage.pay(VISA, &[BY_HAND]);
    assert_eq!(
        stage.events(),
        ["payment_intent.created", "charge.succeeded", "payment_intent.amount_capturable_updated"]
    );
    stage.act(&intent, "capture", &[]).ok();
    assert_eq!(stage.events(), ["charge.captured", "payment_intent.succeeded"]);
}

#[test]
fn a_canceled_intent_and_a_canceled_authorisation() {
    let stage = Stage::new();
    let (new, authorised) = (stage.intent(&[]), stage.pay(VISA, &[BY_HAND]));
    stage.events();
    stage.act(&new, "cancel", &[]).ok();
    assert_eq!(stage.events(), ["payment_intent.canceled"]);
    stage.act(&authorised, "cancel", &[]).ok();
    assert_eq!(stage.events(), ["refund.created", "charge.refunded", "payment_intent.canceled"]);
}

#[test]
fn a_payer_who_acts() {
    let stage = Stage::new();
    let waiting = stage.pay(AUTHENTICATE, &[]);
    assert_eq!(stage.events(), ["payment_intent.created", "payment_intent.requires_action"]);
    stage.decide(&stage.link(&waiting), Failed).unwrap();
    assert_eq!(stage.events(), ["payment_intent.payment_failed"]);
    let waiting = stage.act(&waiting, "confirm", &[("payment_method", AUTHENTICATE)]).ok();
    assert_eq!(stage.events(), ["payment_intent.requires_action"]);
    stage.decide(&stage.link(&waiting), Completed).unwrap();
    assert_eq!(stage.events(), ["charge.succeeded", "payment_intent.succeeded"]);
}

#[test]
fn an_update_tells_nothing() {
    let stage = Stage::new();
    let intent = stage.intent(&[]);
    stage.events();
    stage.act(&intent, "", &[("metadata[a]", "b")]).ok();
    assert_eq!(stage.events(), [""; 0]);
}

#[test]
fn a_destination_payment_is_told_on_both_sides() {
    let stage = Stage::new();
    let seller = stage.seller();
    stage.events();
    stage.new_events(&seller);
    stage.pay(VISA, &[("transfer_data[destination]", &seller), ("application_fee_amount", "200")]);
    let told = stage.events();
    assert_eq!((&*told[0], &*told[told.len() - 1]), ("payment_intent.created", "payment_intent.succeeded"));
    let mut between = told[1..told.len() - 1].to_vec();
    between.sort();
    assert_eq!(between, ["application_fee.created", "charge.succeeded", "transfer.created"]);
    assert_eq!(stage.new_events(&seller), ["payment.created"]);
}

#[test]
fn a_direct_payment_is_told_on_its_account_and_its_fee_on_the_platform() {
    let stage = Stage::new();
    let seller = stage.seller();
    stage.events();
    stage.new_events(&seller);
    let form = [
        ("amount", "2000"),
        ("currency", "usd"),
        ("payment_method_types[]", "card"),
        ("payment_method", VISA),
        ("confirm", "true"),
        ("application_fee_amount", "200"),
    ];
    stage.post_as(&seller, "/v1/payment_intents", &form).ok();
    assert_eq!(stage.new_events(&seller), ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]);
    assert_eq!(stage.events(), ["application_fee.created"]);
}
