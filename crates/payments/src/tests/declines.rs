//! Cards that are declined (money.md 13.3, 13.4): the caller's 402, the intent, the failed charge, the events.

use funds::charges::{Charge, ChargeStatus};
use serde_json::json;

use super::shop::{DAY, Form, Sender, Shop, id};
use crate::payment_methods::PaymentMethod;

/// Card, code, decline code, message.
const DECLINES: &[(&str, &str, Option<&str>, &str)] = &[
    ("pm_card_visa_chargeDeclined", "card_declined", Some("generic_decline"), "Your card was declined."),
    (
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        "card_declined",
        Some("insufficient_funds"),
        "Your card has insufficient funds.",
    ),
    ("pm_card_visa_chargeDeclinedLostCard", "card_declined", Some("lost_card"), "Your card was declined."),
    ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", Some("stolen_card"), "Your card was declined."),
    ("pm_card_chargeDeclinedExpiredCard", "expired_card", None, "Your card has expired."),
    ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None, "Your card's security code is incorrect."),
    (
        "pm_card_chargeDeclinedProcessingError",
        "processing_error",
        None,
        "An error occurred while processing your card. Try again in a little bit.",
    ),
    (
        "pm_card_visa_chargeDeclinedVelocityLimitExceeded",
        "card_declined",
        Some("card_velocity_exceeded"),
        "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
    ),
    ("pm_card_chargeCustomerFail", "card_declined", Some("generic_decline"), "Your card was declined."),
    ("pm_card_radarBlock", "card_declined", Some("fraudulent"), "Your card was declined."),
];

#[test]
fn each_declined_card_leaves_a_failed_charge_and_an_intent_to_be_tried_again() {
    let shop = Shop::open();
    for (card, code, decline_code, message) in DECLINES {
        let before = shop.events();
        let error = shop.pay_in_vain(card, &[("metadata[order]", "7")]);
        assert_eq!(error["type"], "card_error", "{card}");
        assert_eq!((error["code"].as_str(), error["decline_code"].as_str()), (Some(*code), *decline_code), "{card}");
        assert_eq!(error["message"].as_str(), Some(*message), "{card}");
        let charge = shop.find::<Charge>(error["charge"].as_str().unwrap());
        assert_eq!((charge.status, charge.failure_code.as_deref()), (ChargeStatus::Failed, Some(*code)), "{card}");
        assert!(!charge.paid && !charge.captured && charge.balance_transaction.is_none(), "{card}");
        assert_eq!(charge.metadata.get("order").map(String::as_str), Some("7"));
        assert_eq!((charge.failure_message.as_deref(), charge.amount_captured), (Some(*message), 0), "{card}");
        let outcome = json!(charge.outcome);
        let [kind, network, reason] = match *card {
            "pm_card_radarBlock" => ["blocked", "not_sent_to_network", "highest_risk_level"],
            _ => ["issuer_declined", "declined_by_network", decline_code.unwrap_or(code)],
        };
        assert_eq!((&outcome["type"], &outcome["network_status"]), (&json!(kind), &json!(network)), "{card}");
        assert_eq!(outcome["reason"], reason, "{card}");
        assert_eq!(*card == "pm_card_radarBlock", outcome["risk_level"] == "highest", "{card}");
        let intent = shop.get(&format!("/v1/payment_intents/{}", id(&error["payment_intent"])), &[]);
        assert_eq!(intent, error["payment_intent"], "{card}");
        assert_eq!((&intent["status"], &intent["payment_method"]), (&json!("requires_payment_method"), &json!(null)));
        assert_eq!((&intent["latest_charge"], &intent["amount_received"]), (&error["charge"], &json!(0)));
        let last = &intent["last_payment_error"];
        for field in ["type", "code", "decline_code", "message", "charge", "payment_method", "doc_url"] {
            assert_eq!(last.get(field), error.get(field), "{card}: {field}");
        }
        assert_eq!(charge.payment_method.as_deref(), last["payment_method"]["id"].as_str());
        assert_eq!(
            shop.events_since(before),
            ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"],
            "{card}"
        );
    }
}

#[test]
fn a_declined_intent_can_be_paid_with_another_card() {
    let shop = Shop::open();
    let error = shop.pay_in_vain("pm_card_chargeDeclined", &[]);
    let path = format!("/v1/payment_intents/{}/confirm", id(&error["payment_intent"]));
    let paid = shop.post(&path, &[("payment_method", "pm_card_visa")]);
    assert_eq!((&paid["status"], &paid["last_payment_error"]), (&json!("succeeded"), &json!(null)));
    assert_ne!(paid["latest_charge"], error["charge"]);
}

#[test]
fn a_declined_card_that_is_nobodys_is_used_up() {
    let shop = Shop::open();
    let error = shop.pay_in_vain("pm_card_chargeDeclined", &[]);
    let card = id(&error["payment_method"]);
    let path = format!("/v1/payment_intents/{}/confirm", id(&error["payment_intent"]));
    let (status, again) = shop.refused(&path, &[("payment_method", &card)]);
    assert_eq!(status, 400);
    assert!(again["message"].as_str().unwrap().starts_with("The provided PaymentMethod was previously used"));
}

#[test]
fn a_replayed_decline_is_the_same_bytes_and_charges_nothing() {
    let shop = Shop::open();
    let form: Form = &[
        ("amount", "1000"),
        ("currency", "usd"),
        ("payment_method", "pm_card_chargeDeclined"),
        ("payment_method_types[]", "card"),
        ("confirm", "true"),
    ];
    let sender = Sender::SERVER.once("key-1");
    let first = shop.ask(sender, "POST", "/v1/payment_intents", form);
    let events = shop.events();
    let second = shop.ask(sender, "POST", "/v1/payment_intents", form);
    assert_eq!((first.status, second.status, second.is_replay), (402, 402, true));
    assert_eq!(first.text, second.text);
    assert_eq!(shop.events(), events);
}

#[test]
fn what_is_refused_before_the_network_is_asked_leaves_nothing() {
    let shop = Shop::open();
    let form: Form = &[
        ("amount", "1000"),
        ("currency", "usd"),
        ("confirm", "true"),
        ("payment_method_types[]", "card"),
        ("payment_method_data[type]", "card"),
        ("payment_method_data[card][number]", "4242424242424241"),
        ("payment_method_data[card][exp_month]", "12"),
        ("payment_method_data[card][exp_year]", "2034"),
    ];
    assert_eq!(shop.why("/v1/payment_intents", form), "402 incorrect_number payment_method_data[card][number]");
    assert_eq!(shop.events(), 0);
}

#[test]
fn a_card_expires_with_the_worlds_clock() {
    let shop = Shop::open();
    let customer = shop.customer();
    let card = shop.saved_card(&customer, "pm_card_visa");
    let form: Form = &[("customer", &customer), ("off_session", "true")];
    assert_eq!(shop.pay(&card, form)["status"], "succeeded");
    shop.advance(800 * DAY);
    assert_eq!(shop.pay_in_vain(&card, form)["code"], "expired_card");
    assert!(!shop.find::<PaymentMethod>(&card).private.used_up);
}

#[test]
fn a_security_code_that_was_not_given_cannot_be_wrong() {
    let shop = Shop::open();
    let card = |cvc: Option<&str>| {
        let mut form = vec![
            ("type", "card"),
            ("card[number]", "4000000000000127"),
            ("card[exp_month]", "12"),
            ("card[exp_year]", "2034"),
        ];
        form.extend(cvc.map(|cvc| ("card[cvc]", cvc)));
        id(&shop.post("/v1/payment_methods", &form))
    };
    assert_eq!(shop.pay(&card(None), &[])["status"], "succeeded");
    assert_eq!(shop.pay_in_vain(&card(Some("123")), &[])["code"], "incorrect_cvc");
}

#[test]
fn a_changed_intent_no_longer_tells_of_the_attempt_that_failed() {
    let shop = Shop::open();
    let declined = shop.try_pay("pm_card_visa_chargeDeclined", &[]).error()["payment_intent"].clone();
    let changed = shop.act(&declined, "", &[("metadata[try]", "2")]).ok();
    assert_eq!(changed["last_payment_error"], json!(null));
    assert_eq!(changed["latest_charge"], declined["latest_charge"]);
}

#[test]
fn a_declined_payment_method_shows_what_the_issuer_checked() {
    let error = Shop::open().try_pay("pm_card_visa_chargeDeclined", &[]).error();
    assert_eq!(error["payment_method"]["card"]["checks"]["cvc_check"], "pass");
}

#[test]
fn cards_that_only_look_wrong_pay_and_say_so() {
    let shop = Shop::open();
    let charge = shop.charge_of(&shop.pay("pm_card_cvcCheckFail", &[]));
    assert_eq!(charge["payment_method_details"]["card"]["checks"]["cvc_check"], "fail");
    let elevated = shop.charge_of(&shop.pay("pm_card_riskLevelElevated", &[]));
    assert_eq!((&elevated["outcome"]["risk_level"], &elevated["paid"]), (&"elevated".into(), &true.into()));
}
