//! What is told, in which order (money.md 5.7).

use crate::authentication::Outcome::{Completed, Failed};

use super::shop::{AUTHENTICATE, BY_HAND, Shop, VISA};

#[test]
fn a_payment_is_created_charged_and_succeeds() {
    let shop = Shop::open();
    shop.pay(VISA, &[]);
    assert_eq!(shop.told(), ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]);
}

#[test]
fn creating_and_confirming_apart_tell_each_their_own() {
    let shop = Shop::open();
    let intent = shop.card_intent(&[]);
    assert_eq!(shop.told(), ["payment_intent.created"]);
    shop.act(&intent, "confirm", &[("payment_method", VISA)]).ok();
    assert_eq!(shop.told(), ["charge.succeeded", "payment_intent.succeeded"]);
}

#[test]
fn an_authorisation_and_its_capture() {
    let shop = Shop::open();
    let intent = shop.pay(VISA, &[BY_HAND]);
    assert_eq!(shop.told(), ["payment_intent.created", "charge.succeeded", "payment_intent.amount_capturable_updated"]);
    shop.act(&intent, "capture", &[]).ok();
    assert_eq!(shop.told(), ["charge.captured", "payment_intent.succeeded"]);
}

#[test]
fn a_canceled_intent_and_a_canceled_authorisation() {
    let shop = Shop::open();
    let (new, authorised) = (shop.card_intent(&[]), shop.pay(VISA, &[BY_HAND]));
    shop.told();
    shop.act(&new, "cancel", &[]).ok();
    assert_eq!(shop.told(), ["payment_intent.canceled"]);
    shop.act(&authorised, "cancel", &[]).ok();
    assert_eq!(shop.told(), ["refund.created", "charge.refunded", "payment_intent.canceled"]);
}

#[test]
fn a_payer_who_acts() {
    let shop = Shop::open();
    let waiting = shop.pay(AUTHENTICATE, &[]);
    assert_eq!(shop.told(), ["payment_intent.created", "payment_intent.requires_action"]);
    shop.decide(&shop.link(&waiting), Failed).unwrap();
    assert_eq!(shop.told(), ["payment_intent.payment_failed"]);
    let waiting = shop.act(&waiting, "confirm", &[("payment_method", AUTHENTICATE)]).ok();
    assert_eq!(shop.told(), ["payment_intent.requires_action"]);
    shop.decide(&shop.link(&waiting), Completed).unwrap();
    assert_eq!(shop.told(), ["charge.succeeded", "payment_intent.succeeded"]);
}

#[test]
fn an_update_tells_nothing() {
    let shop = Shop::open();
    let intent = shop.card_intent(&[]);
    shop.told();
    shop.act(&intent, "", &[("metadata[a]", "b")]).ok();
    assert_eq!(shop.told(), [""; 0]);
}

#[test]
fn a_destination_payment_is_told_on_both_sides() {
    let shop = Shop::open();
    let seller = shop.seller();
    shop.told();
    shop.told_to(&seller);
    shop.pay(VISA, &[("transfer_data[destination]", &seller), ("application_fee_amount", "200")]);
    let told = shop.told();
    assert_eq!((&*told[0], &*told[told.len() - 1]), ("payment_intent.created", "payment_intent.succeeded"));
    let mut between = told[1..told.len() - 1].to_vec();
    between.sort();
    assert_eq!(between, ["application_fee.created", "charge.succeeded", "transfer.created"]);
    assert_eq!(shop.told_to(&seller), ["payment.created"]);
}

#[test]
fn a_direct_payment_is_told_on_its_account_and_its_fee_on_the_platform() {
    let shop = Shop::open();
    let seller = shop.seller();
    shop.told();
    shop.told_to(&seller);
    let form = [
        ("amount", "2000"),
        ("currency", "usd"),
        ("payment_method_types[]", "card"),
        ("payment_method", VISA),
        ("confirm", "true"),
        ("application_fee_amount", "200"),
    ];
    shop.try_post_as(&seller, "/v1/payment_intents", &form).ok();
    assert_eq!(shop.told_to(&seller), ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]);
    assert_eq!(shop.told(), ["application_fee.created"]);
}
