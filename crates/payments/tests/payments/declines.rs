//! Cards that the network declines (money.md 13.3 and 13.4).

use serde_json::{Value, json};

use crate::stage::Stage;

/// Payment method, code, decline code, message.
const DECLINES: [(&str, &str, Option<&str>, &str); 10] = [
    ("pm_card_visa_chargeDeclined", "card_declined", Some("generic_decline"), DECLINED),
    (
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        "card_declined",
        Some("insufficient_funds"),
        "Your card has insufficient funds.",
    ),
    ("pm_card_visa_chargeDeclinedLostCard", "card_declined", Some("lost_card"), DECLINED),
    ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", Some("stolen_card"), DECLINED),
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
    ("pm_card_chargeCustomerFail", "card_declined", Some("generic_decline"), DECLINED),
    ("pm_card_radarBlock", "card_declined", Some("fraudulent"), DECLINED),
];
const DECLINED: &str = "Your card was declined.";

#[test]
fn a_declined_payment_leaves_a_failed_charge() {
    for (card, code, decline_code, message) in DECLINES {
        let stage = Stage::new();
        let charge = stage.charge_of(&stage.try_pay(card, &[]).error()["payment_intent"]);
        assert_eq!(
            (&charge["status"], &charge["paid"], &charge["captured"]),
            (&"failed".into(), &false.into(), &false.into())
        );
        assert_eq!((&charge["failure_code"], &charge["failure_message"]), (&json!(code), &json!(message)), "{card}");
        assert_eq!((&charge["amount_captured"], &charge["balance_transaction"]), (&json!(0), &Value::Null), "{card}");
        let outcome = &charge["outcome"];
        if card == "pm_card_radarBlock" {
            assert_eq!(outcome["type"], "blocked");
            assert_eq!(
                (&outcome["network_status"], &outcome["reason"]),
                (&"not_sent_to_network".into(), &"highest_risk_level".into())
            );
            assert_eq!(outcome["risk_level"], "highest");
        } else {
            assert_eq!(
                (&outcome["type"], &outcome["network_status"]),
                (&"issuer_declined".into(), &"declined_by_network".into())
            );
            assert_eq!(outcome["reason"], decline_code.unwrap_or(code), "{card}");
        }
    }
}

#[test]
fn a_decline_is_told_as_events_of_charge_and_intent() {
    for (card, ..) in DECLINES {
        let stage = Stage::new();
        stage.try_pay(card, &[]);
        assert_eq!(
            stage.events(),
            ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"],
            "{card}"
        );
    }
}

#[test]
fn a_number_that_cannot_be_is_refused_before_there_is_a_payment_method() {
    let stage = Stage::new();
    let card = [("payment_method_data[type]", "card"), ("payment_method_data[card][number]", "4242424242424241")];
    let rest = [("payment_method_data[card][exp_month]", "12"), ("payment_method_data[card][exp_year]", "2030")];
    let refused = stage.try_intent(&[&card[..], &rest, &[("confirm", "true")]].concat());
    assert_eq!(refused.refused(), (402, "incorrect_number", "payment_method_data[card][number]"));
    assert_eq!(stage.get("/v1/payment_intents").ok()["data"], json!([]));
}

#[test]
fn a_changed_intent_no_longer_tells_of_the_attempt_that_failed() {
    let stage = Stage::new();
    let declined = stage.try_pay("pm_card_visa_chargeDeclined", &[]).error()["payment_intent"].clone();
    let changed = stage.act(&declined, "", &[("metadata[try]", "2")]).ok();
    assert_eq!(changed["last_payment_error"], Value::Null);
    assert_eq!(changed["latest_charge"], declined["latest_charge"]);
}

#[test]
fn a_declined_payment_method_shows_what_the_issuer_checked() {
    let error = Stage::new().try_pay("pm_card_visa_chargeDeclined", &[]).error();
    assert_eq!(error["payment_method"]["card"]["checks"]["cvc_check"], "pass");
}

#[test]
fn cards_that_only_look_wrong_pay_and_say_so() {
    let stage = Stage::new();
    let charge = stage.charge_of(&stage.pay("pm_card_cvcCheckFail", &[]));
    assert_eq!(charge["payment_method_details"]["card"]["checks"]["cvc_check"], "fail");
    let elevated = stage.charge_of(&stage.pay("pm_card_riskLevelElevated", &[]));
    assert_eq!((&elevated["outcome"]["risk_level"], &elevated["paid"]), (&"elevated".into(), &true.into()));
}
