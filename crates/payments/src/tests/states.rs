//! The states of an intent: what can be done in each, and where it leads.

use serde_json::Value as Json;

use super::shop::{AUTHENTICATE, Form, Sender, Shop, id};

const STATES: [&str; 6] = [
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "requires_capture",
    "succeeded",
    "canceled",
];

/// An intent in a state.
fn intent_in(shop: &Shop, state: &str) -> Json {
    let card = [("payment_method_types[]", "card")];
    let intent = match state {
        "requires_payment_method" => shop.intent(&card),
        "requires_confirmation" => shop.intent(&[card[0], ("payment_method", "pm_card_visa")]),
        "requires_action" => shop.pay("pm_card_authenticationRequired", &[("return_url", "https://shop.example/")]),
        "requires_capture" => shop.pay("pm_card_visa", &[("capture_method", "manual")]),
        "succeeded" => shop.pay("pm_card_visa", &[]),
        _ => shop.post(&format!("/v1/payment_intents/{}/cancel", id(&shop.intent(&card))), &[]),
    };
    assert_eq!(intent["status"], state);
    intent
}

/// What is done to an intent, and what it becomes in each of [`STATES`]; `-` where it is refused.
const OPERATIONS: &[(&str, Form, [&str; 6])] = &[
    (
        "",
        &[("amount", "3000")],
        ["requires_payment_method", "requires_confirmation", "requires_confirmation", "-", "-", "-"],
    ),
    ("", &[("metadata[a]", "1")], STATES),
    ("", &[("description", "Tea")], STATES),
    ("", &[("receipt_email", "ann@example.com")], STATES),
    (
        "",
        &[("currency", "eur")],
        ["requires_payment_method", "requires_confirmation", "requires_confirmation", "-", "-", "-"],
    ),
    (
        "",
        &[("setup_future_usage", "off_session")],
        ["requires_payment_method", "requires_confirmation", "requires_confirmation", "-", "-", "-"],
    ),
    (
        "",
        &[("payment_method", "pm_card_visa")],
        ["requires_confirmation", "requires_confirmation", "requires_confirmation", "-", "-", "-"],
    ),
    (
        "",
        &[("payment_method", "")],
        ["requires_payment_method", "requires_payment_method", "requires_payment_method", "-", "-", "-"],
    ),
    ("/confirm", &[], ["-", "succeeded", "requires_action", "-", "-", "-"]),
    ("/confirm", &[("payment_method", "pm_card_visa")], ["succeeded", "succeeded", "succeeded", "-", "-", "-"]),
    (
        "/confirm",
        &[("payment_method", "pm_card_visa"), ("capture_method", "manual")],
        ["requires_capture", "requires_capture", "requires_capture", "-", "-", "-"],
    ),
    (
        "/confirm",
        &[("payment_method", "pm_card_authenticationRequired")],
        ["requires_action", "requires_action", "requires_action", "-", "-", "-"],
    ),
    ("/capture", &[], ["-", "-", "-", "succeeded", "-", "-"]),
    ("/capture", &[("amount_to_capture", "400")], ["-", "-", "-", "succeeded", "-", "-"]),
    ("/cancel", &[], ["canceled", "canceled", "canceled", "canceled", "-", "-"]),
];

#[test]
fn each_operation_leads_on_from_the_states_that_allow_it_and_is_refused_in_the_others() {
    let shop = Shop::open();
    for (operation, form, outcomes) in OPERATIONS {
        for (state, outcome) in STATES.iter().zip(outcomes) {
            let intent = intent_in(&shop, state);
            let path = format!("/v1/payment_intents/{}{operation}", id(&intent));
            let case = format!("{state} {operation} {form:?}");
            if *outcome != "-" {
                assert_eq!(shop.post(&path, form)["status"], *outcome, "{case}");
                continue;
            }
            let (status, error) = shop.refused(&path, form);
            assert_eq!((status, error["code"].as_str()), (400, Some("payment_intent_unexpected_state")), "{case}");
            assert_eq!(error["payment_intent"], intent, "{case}");
            let now = shop.get(&format!("/v1/payment_intents/{}", id(&intent)), &[]);
            assert_eq!(now, intent, "{case}: something was written");
        }
    }
}

#[test]
fn wrong_states_are_told_in_stripes_words() {
    let shop = Shop::open();
    let told = |state: &str, operation: &str, form: Form| {
        shop.act(&intent_in(&shop, state), operation, form).error()["message"].as_str().unwrap().to_owned()
    };
    let message = |state: &str, operation: &str| told(state, operation, &[]);
    assert_eq!(
        told("succeeded", "", &[("amount", "3000")]),
        "This PaymentIntent's amount could not be updated because it has a status of succeeded. You may only update the \
         amount of a PaymentIntent with one of the following statuses: requires_payment_method, requires_confirmation, \
         requires_action."
    );
    assert_eq!(
        message("succeeded", "cancel"),
        "You cannot cancel this PaymentIntent because it has a status of succeeded. Only a PaymentIntent with one of the \
         following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, \
         requires_action, processing."
    );
    assert_eq!(
        message("succeeded", "capture"),
        "This PaymentIntent could not be captured because it has a status of succeeded. Only a PaymentIntent with one of \
         the following statuses may be captured: requires_capture."
    );
    assert_eq!(
        message("succeeded", "confirm"),
        "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed."
    );
    assert!(
        message("requires_payment_method", "confirm")
            .starts_with("You cannot confirm this PaymentIntent because it's missing a payment method.")
    );
}

#[test]
fn what_is_not_there_is_missed_by_its_name() {
    let shop = Shop::open();
    for operation in ["", "/confirm", "/capture", "/cancel", "/increment_authorization", "/apply_customer_balance"] {
        let path = format!("/v1/payment_intents/pi_none{operation}");
        assert_eq!(shop.why(&path, &[]), "404 resource_missing intent", "{operation}");
    }
    let seller = shop.seller();
    let ours = id(&shop.intent(&[]));
    let path = format!("/v1/payment_intents/{ours}");
    let (status, error) = shop.refused_to(Sender::SERVER.on(&seller), "GET", &path, &[]);
    assert_eq!((status, error["message"].as_str()), (404, Some(format!("No such payment_intent: '{ours}'").as_str())));
    for operation in ["/confirm", "/capture", "/cancel", ""] {
        let refused = shop.try_post_as(&seller, &format!("{path}{operation}"), &[]);
        assert_eq!(refused.refused(), (404, "resource_missing", "intent"), "{operation}");
    }
}

#[test]
fn what_is_not_supported_yet_says_so() {
    let shop = Shop::open();
    let intent = id(&shop.intent(&[]));
    for operation in ["increment_authorization", "apply_customer_balance", "verify_microdeposits"] {
        let path = format!("/v1/payment_intents/{intent}/{operation}");
        let (status, error) = shop.refused(&path, &[("amount", "2000"), ("amounts[]", "32")]);
        assert_eq!(status, 400);
        assert!(error["message"].as_str().unwrap().ends_with("is not supported by this version of Kontor yet."));
    }
    for path in ["/v1/payment_intents/search", "/v1/customers/search"] {
        let (status, error) = shop.refused_to(Sender::SERVER, "GET", path, &[("query", "amount>1")]);
        assert_eq!(status, 400);
        assert!(error["message"].as_str().unwrap().contains("not supported by this version"), "{error}");
    }
}

#[test]
fn a_canceled_intent_says_when_and_why() {
    let shop = Shop::open();
    let canceled = shop.act(&shop.card_intent(&[]), "cancel", &[("cancellation_reason", "duplicate")]).ok();
    assert_eq!(
        (&canceled["cancellation_reason"], &canceled["canceled_at"]),
        (&"duplicate".into(), &shop.world.now().0.into())
    );
    let wrong = shop.act(&shop.card_intent(&[]), "cancel", &[("cancellation_reason", "automatic")]);
    assert_eq!(wrong.refused().2, "cancellation_reason");
}

#[test]
fn another_amount_is_authenticated_anew() {
    let shop = Shop::open();
    let waiting = shop.pay(AUTHENTICATE, &[]);
    let link = shop.link(&waiting);
    let changed = shop.act(&waiting, "", &[("amount", "900000")]).ok();
    assert_eq!((&changed["status"], &changed["next_action"]), (&"requires_confirmation".into(), &Json::Null));
    assert_eq!(shop.page(&link).unwrap_err().http_status(), 404);
}

#[test]
fn taking_the_payment_method_away_ends_the_authentication() {
    let shop = Shop::open();
    let waiting = shop.pay(AUTHENTICATE, &[]);
    let changed = shop.act(&waiting, "", &[("payment_method", "")]).ok();
    assert_eq!(changed["status"], "requires_payment_method");
    assert_eq!((&changed["payment_method"], &changed["next_action"]), (&Json::Null, &Json::Null));
}
