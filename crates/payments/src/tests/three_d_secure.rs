//! Payers who must authenticate (money.md 13.7).

use crate::authentication::Outcome::Completed;
use serde_json::Value;

use super::shop::{AUTHENTICATE, BY_HAND, Shop, VISA};

const RETURN: (&str, &str) = ("return_url", "https://shop.example/done?cart=1#top");

#[test]
fn each_card_that_needs_its_payer_is_paid_once_they_agree() {
    for card in [AUTHENTICATE, "pm_card_authenticationRequiredOnSetup", "pm_card_threeDSecure2Required"] {
        let shop = Shop::open();
        let waiting = shop.pay(card, &[]);
        shop.decide(&shop.link(&waiting), Completed).unwrap();
        let paid = shop.again(&waiting);
        assert_eq!((&paid["status"], &paid["next_action"]), (&"succeeded".into(), &Value::Null), "{card}");
        let secure = &shop.charge_of(&paid)["payment_method_details"]["card"]["three_d_secure"];
        assert_eq!(
            (&secure["result"], &secure["authentication_flow"]),
            (&"authenticated".into(), &"challenge".into()),
            "{card}"
        );
        shop.audit();
    }
}

#[test]
fn a_card_can_still_be_declined_after_its_payer_agreed() {
    let cases = [
        ("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_threeDSecureRequiredChargeDeclined", "generic_decline"),
    ];
    for (card, decline_code) in cases {
        let shop = Shop::open();
        let waiting = shop.pay(card, &[RETURN]);
        let back = shop.decide(&shop.link(&waiting), Completed).unwrap().unwrap();
        assert!(back.contains("redirect_status=failed"), "{card}");
        let declined = shop.again(&waiting);
        assert_eq!(declined["status"], "requires_payment_method", "{card}");
        assert_eq!(declined["last_payment_error"]["decline_code"], decline_code);
        assert_eq!(shop.charge_of(&declined)["status"], "failed");
    }
}

#[test]
fn a_lookup_that_breaks_is_a_decline_and_optional_authentication_is_left_out() {
    let shop = Shop::open();
    assert_eq!(shop.try_pay("pm_card_threeDSecureRequiredProcessingError", &[]).status, 402);
    for card in ["pm_card_threeDSecureOptional", "pm_card_threeDSecureOptionalProcessingError"] {
        assert_eq!(shop.pay(card, &[])["status"], "succeeded", "{card}");
    }
}

#[test]
fn authentication_is_asked_for_where_the_merchant_wants_it() {
    let shop = Shop::open();
    let any = ("payment_method_options[card][request_three_d_secure]", "any");
    let waiting = shop.pay("pm_card_threeDSecureOptional", &[any]);
    assert_eq!(waiting["status"], "requires_action");
    assert_eq!(waiting["payment_method_options"]["card"]["request_three_d_secure"], "any");
    let paid = shop.pay(VISA, &[any]);
    let secure = &shop.charge_of(&paid)["payment_method_details"]["card"]["three_d_secure"];
    assert_eq!(secure["result"], "attempt_acknowledged");
    let amex = shop.charge_of(&shop.pay("pm_card_amex_threeDSecureNotSupported", &[any]));
    assert_eq!(amex["payment_method_details"]["card"]["three_d_secure"]["result"], "not_supported");
}

#[test]
fn a_canceled_payment_cannot_be_authenticated() {
    let shop = Shop::open();
    let waiting = shop.pay(AUTHENTICATE, &[]);
    let link = shop.link(&waiting);
    shop.act(&waiting, "cancel", &[]).ok();
    assert_eq!(shop.decide(&link, Completed).unwrap_err().http_status(), 404);
}

#[test]
fn another_card_or_amount_after_authenticating_asks_the_payer_again() {
    let shop = Shop::open();
    let authenticated = || {
        let waiting = shop.pay(AUTHENTICATE, &[("confirmation_method", "manual")]);
        shop.decide(&shop.link(&waiting), Completed).unwrap();
        shop.again(&waiting)
    };
    let other_card = shop.act(&authenticated(), "confirm", &[("payment_method", "pm_card_threeDSecure2Required")]);
    assert_eq!(other_card.ok()["status"], "requires_action");
    let other_amount = shop.act(&authenticated(), "", &[("amount", "500000")]).ok();
    assert_eq!(shop.act(&other_amount, "confirm", &[]).ok()["status"], "requires_action");
}

#[test]
fn without_the_payer_a_card_that_needs_them_is_declined() {
    let shop = Shop::open();
    for off_session in ["true", "one_off", "recurring"] {
        let error = shop.try_pay(AUTHENTICATE, &[("off_session", off_session)]).error();
        assert_eq!(
            (&error["code"], &error["decline_code"]),
            (&"authentication_required".into(), &"authentication_required".into())
        );
        assert_eq!(error["message"], "Your card was declined. This transaction requires authentication.");
        let intent = &error["payment_intent"];
        assert_eq!((&intent["status"], &intent["next_action"]), (&"requires_payment_method".into(), &Value::Null));
        assert_eq!(shop.charge_of(intent)["failure_code"], "authentication_required");
    }
    assert_eq!(shop.pay(AUTHENTICATE, &[("off_session", "false")])["status"], "requires_action");
}

#[test]
fn a_card_that_was_not_set_up_does_not_pay_without_its_payer() {
    let shop = Shop::open();
    let customer = shop.customer();
    let card = shop.saved_card(&customer, "pm_card_authenticationRequiredOnSetup");
    let refused = shop.try_pay(&card, &[("customer", &customer), ("off_session", "true")]);
    assert_eq!(refused.refused(), (402, "authentication_required", ""));
    let ready = shop.saved_card(&customer, "pm_card_authenticationRequiredSetupForOffSession");
    assert_eq!(shop.pay(&ready, &[("customer", &customer), ("off_session", "true")])["status"], "succeeded");
}

#[test]
fn an_authenticated_payment_by_hand_waits_for_its_capture() {
    let shop = Shop::open();
    let waiting = shop.pay(AUTHENTICATE, &[BY_HAND]);
    shop.decide(&shop.link(&waiting), Completed).unwrap();
    assert_eq!(shop.again(&waiting)["status"], "requires_capture");
}
