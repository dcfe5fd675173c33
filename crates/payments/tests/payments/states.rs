//! What can be done with an intent in which state.

use serde_json::Value;

use crate::stage::{AUTHENTICATE, BY_HAND, Stage, VISA, id};

const STATES: [&str; 6] = [
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "requires_capture",
    "succeeded",
    "canceled",
];

fn intent_in(stage: &Stage, status: &str) -> Value {
    let intent = match status {
        "requires_payment_method" => stage.intent(&[]),
        "requires_confirmation" => stage.intent(&[("payment_method", VISA)]),
        "requires_action" => stage.pay(AUTHENTICATE, &[]),
        "requires_capture" => stage.pay(VISA, &[BY_HAND]),
        "succeeded" => stage.pay(VISA, &[]),
        _ => stage.act(&stage.intent(&[]), "cancel", &[]).ok(),
    };
    assert_eq!(intent["status"], status);
    intent
}

/// Does the same to an intent in each state. Answers the status after it, or the code of the refusal.
fn outcomes(operation: &str, form: &[(&str, &str)]) -> [String; 6] {
    STATES.map(|status| {
        let stage = Stage::new();
        let intent = intent_in(&stage, status);
        let answer = stage.act(&intent, operation, form);
        if answer.status == 200 {
            return answer.body["status"].as_str().unwrap().to_owned();
        }
        let error = answer.error();
        assert_eq!(error["payment_intent"], intent, "the refusal shows the intent");
        assert_eq!(stage.again(&intent), intent, "nothing changed");
        error["code"].as_str().unwrap().to_owned()
    })
}

const REFUSED: &str = "payment_intent_unexpected_state";

#[test]
fn the_payment_is_changed_until_it_is_confirmed() {
    let changed = outcomes("", &[("amount", "3000")]);
    let back = "requires_confirmation";
    assert_eq!(changed, ["requires_payment_method", back, back, REFUSED, REFUSED, REFUSED]);
    for change in [("currency", "eur"), ("payment_method", VISA), ("setup_future_usage", "off_session")] {
        assert_eq!(outcomes("", &[change])[3..], [REFUSED; 3], "{change:?}");
    }
}

#[test]
fn what_is_said_of_a_payment_is_changed_in_every_state() {
    for change in [("metadata[order]", "7"), ("description", "Tea"), ("receipt_email", "ann@example.com")] {
        assert_eq!(outcomes("", &[change]), STATES, "{change:?}");
    }
}

#[test]
fn the_refusals_say_which_states_would_do() {
    let stage = Stage::new();
    let message = |intent: &Value, operation, form| {
        stage.act(intent, operation, form).error()["message"].as_str().unwrap().to_owned()
    };
    let paid = stage.pay(VISA, &[]);
    assert_eq!(
        message(&paid, "capture", &[]),
        "This PaymentIntent could not be captured because it has a status of succeeded. Only a PaymentIntent with one of the \
         following statuses may be captured: requires_capture."
    );
    assert_eq!(
        message(&paid, "cancel", &[]),
        "You cannot cancel this PaymentIntent because it has a status of succeeded. Only a PaymentIntent with one of the \
         following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, \
         requires_action, processing."
    );
    assert_eq!(
        message(&paid, "confirm", &[]),
        "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed."
    );
    assert_eq!(
        message(&paid, "", &[("amount", "3000")]),
        "This PaymentIntent's amount could not be updated because it has a status of succeeded. You may only update the \
         amount of a PaymentIntent with one of the following statuses: requires_payment_method, requires_confirmation, \
         requires_action."
    );
    let new = stage.intent(&[]);
    assert!(message(&new, "confirm", &[]).contains("because it's missing a payment method"));
}

#[test]
fn a_canceled_intent_says_when_and_why() {
    let stage = Stage::new();
    let canceled = stage.act(&stage.intent(&[]), "cancel", &[("cancellation_reason", "duplicate")]).ok();
    assert_eq!((&canceled["cancellation_reason"], canceled["canceled_at"].is_i64()), (&"duplicate".into(), true));
    let wrong = stage.act(&stage.intent(&[]), "cancel", &[("cancellation_reason", "automatic")]);
    assert_eq!(wrong.refused().2, "cancellation_reason");
}

#[test]
fn another_amount_is_authenticated_anew() {
    let stage = Stage::new();
    let waiting = stage.pay(AUTHENTICATE, &[]);
    let link = stage.link(&waiting);
    let changed = stage.act(&waiting, "", &[("amount", "900000")]).ok();
    assert_eq!((&changed["status"], &changed["next_action"]), (&"requires_confirmation".into(), &Value::Null));
    assert_eq!(stage.page(&link).unwrap_err().http_status(), 404);
}

#[test]
fn taking_the_payment_method_away_ends_the_authentication() {
    let stage = Stage::new();
    let waiting = stage.pay(AUTHENTICATE, &[]);
    let changed = stage.act(&waiting, "", &[("payment_method", "")]).ok();
    assert_eq!(changed["status"], "requires_payment_method");
    assert_eq!((&changed["payment_method"], &changed["next_action"]), (&Value::Null, &Value::Null));
}

#[test]
fn an_intent_of_nobody_and_one_of_another_account_are_both_missing() {
    let stage = Stage::new();
    let (seller, intent) = (stage.seller(), stage.intent(&[]));
    let path = format!("/v1/payment_intents/{}", id(&intent));
    assert_eq!(stage.get_as(&seller, &path).refused(), (404, "resource_missing", "intent"));
    assert_eq!(stage.get("/v1/payment_intents/pi_1").refused(), (404, "resource_missing", "intent"));
    for operation in ["/confirm", "/capture", "/cancel", ""] {
        let refused = stage.post_as(&seller, &format!("{path}{operation}"), &[]);
        assert_eq!(refused.refused(), (404, "resource_missing", "intent"), "{operation}");
    }
}
