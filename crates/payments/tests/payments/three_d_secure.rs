//! Payers who must authenticate (money.md 13.7).

use payments::authentication::Outcome::Completed;
use serde_json::Value;

use crate::stage::{AUTHENTICATE, BY_HAND, Stage, VISA};

const RETURN: (&str, &str) = ("return_url", "https://shop.example/done?cart=1#top");

#[test]
fn each_card_that_needs_its_payer_is_paid_once_they_agree() {
    for card in [AUTHENTICATE, "pm_card_authenticationRequiredOnSetup", "pm_card_threeDSecure2Required"] {
        let stage = Stage::new();
        let waiting = stage.pay(card, &[]);
        stage.decide(&stage.link(&waiting), Completed).unwrap();
        let paid = stage.again(&waiting);
        assert_eq!((&paid["status"], &paid["next_action"]), (&"succeeded".into(), &Value::Null), "{card}");
        let secure = &stage.charge_of(&paid)["payment_method_details"]["card"]["three_d_secure"];
        assert_eq!(
            (&secure["result"], &secure["authentication_flow"]),
            (&"authenticated".into(), &"challenge".into()),
            "{card}"
        );
        stage.audit();
    }
}

#[test]
fn a_card_can_still_be_declined_after_its_payer_agreed() {
    let cases = [
        ("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_threeDSecureRequiredChargeDeclined", "generic_decline"),
    ];
    for (card, decline_code) in cases {
        let stage = Stage::new();
        let waiting = stage.pay(card, &[RETURN]);
        let back = stage.decide(&stage.link(&waiting), Completed).unwrap().unwrap();
        assert!(back.contains("redirect_status=failed"), "{card}");
        let declined = stage.again(&waiting);
        assert_eq!(declined["status"], "requires_payment_method", "{card}");
        assert_eq!(declined["last_payment_error"]["decline_code"], decline_code);
        assert_eq!(stage.charge_of(&declined)["status"], "failed");
    }
}

#[test]
fn a_lookup_that_breaks_is_a_decline_and_optional_authentication_is_left_out() {
    let stage = Stage::new();
    assert_eq!(stage.try_pay("pm_card_threeDSecureRequiredProcessingError", &[]).status, 402);
    for card in ["pm_card_threeDSecureOptional", "pm_card_threeDSecureOptionalProcessingError"] {
        assert_eq!(stage.pay(card, &[])["status"], "succeeded", "{card}");
    }
}

#[test]
fn authentication_is_asked_for_where_the_merchant_wants_it() {
    let stage = Stage::new();
    let any = ("payment_method_options[card][request_three_d_secure]", "any");
    let waiting = stage.pay("pm_card_threeDSecureOptional", &[any]);
    assert_eq!(waiting["status"], "requires_action");
    assert_eq!(waiting["payment_method_options"]["card"]["request_three_d_secure"], "any");
    let paid = stage.pay(VISA, &[any]);
    let secure = &stage.charge_of(&paid)["payment_method_details"]["card"]["three_d_secure"];
    assert_eq!(secure["result"], "attempt_acknowledged");
    let amex = stage.charge_of(&stage.pay("pm_card_amex_threeDSecureNotSupported", &[any]));
    assert_eq!(amex["payment_method_details"]["card"]["three_d_secure"]["result"], "not_supported");
}

#[test]
fn a_canceled_payment_cannot_be_authenticated() {
    let stage = Stage::new();
    let waiting = stage.pay(AUTHENTICATE, &[]);
    let link = stage.link(&waiting);
    stage.act(&waiting, "cancel", &[]).ok();
    assert_eq!(stage.decide(&link, Completed).unwrap_err().http_status(), 404);
}

#[test]
fn another_card_or_amount_after_authenticating_asks_the_payer_again() {
    let stage = Stage::new();
    let authenticated = || {
        let waiting = stage.pay(AUTHENTICATE, &[("confirmation_method", "manual")]);
        stage.decide(&stage.link(&waiting), Completed).unwrap();
        stage.again(&waiting)
    };
    let other_card = stage.act(&authenticated(), "confirm", &[("payment_method", "pm_card_threeDSecure2Required")]);
    assert_eq!(other_card.ok()["status"], "requires_action");
    let other_amount = stage.act(&authenticated(), "", &[("amount", "500000")]).ok();
    assert_eq!(stage.act(&other_amount, "confirm", &[]).ok()["status"], "requires_action");
}

#[test]
fn without_the_payer_a_card_that_needs_them_is_declined() {
    let stage = Stage::new();
    for off_session in ["true", "one_off", "recurring"] {
        let error = stage.try_pay(AUTHENTICATE, &[("off_session", off_session)]).error();
        assert_eq!(
            (&error["code"], &error["decline_code"]),
            (&"authentication_required".into(), &"authentication_required".into())
        );
        assert_eq!(error["message"], "Your card was declined. This transaction requires authentication.");
        let intent = &error["payment_intent"];
        assert_eq!((&intent["status"], &intent["next_action"]), (&"requires_payment_method".into(), &Value::Null));
        assert_eq!(stage.charge_of(intent)["failure_code"], "authentication_required");
    }
    assert_eq!(stage.pay(AUTHENTICATE, &[("off_session", "false")])["status"], "requires_action");
}

#[test]
fn a_card_set_up_with_its_payer_pays_later_without_them() {
    let stage = Stage::new();
    let customer = stage.customer();
    let form = [("customer", &*customer), ("setup_future_usage", "off_session")];
    let waiting = stage.pay("pm_card_authenticationRequiredOnSetup", &form);
    stage.decide(&stage.link(&waiting), Completed).unwrap();
    let card = stage.again(&waiting)["payment_method"].as_str().unwrap().to_owned();
    let later = stage.pay(&card, &[("customer", &customer), ("off_session", "true")]);
    assert_eq!((&later["status"], &later["payment_method"]), (&"succeeded".into(), &card.into()));
}

#[test]
fn a_card_that_was_not_set_up_does_not_pay_without_its_payer() {
    let stage = Stage::new();
    let customer = stage.customer();
    let card = stage.card_of(&customer, "pm_card_authenticationRequiredOnSetup");
    let refused = stage.try_pay(&card, &[("customer", &customer), ("off_session", "true")]);
    assert_eq!(refused.refused(), (402, "authentication_required", ""));
    let ready = stage.card_of(&customer, "pm_card_authenticationRequiredSetupForOffSession");
    assert_eq!(stage.pay(&ready, &[("customer", &customer), ("off_session", "true")])["status"], "succeeded");
}

#[test]
fn an_authenticated_payment_by_hand_waits_for_its_capture() {
    let stage = Stage::new();
    let waiting = stage.pay(AUTHENTICATE, &[BY_HAND]);
    stage.decide(&stage.link(&waiting), Completed).unwrap();
    assert_eq!(stage.again(&waiting)["status"], "requires_capture");
}
