//! Cards whose payer must authenticate (money.md 13.7), and the page on which they do.

use kernel::Result;
use serde_json::{Value as Json, json};
use store::Caller;

use super::shop::{Form, Sender, Shop, id};
use crate::authentication::{Outcome, finish, page};

const PATH: &str = "/v1/payment_intents";
const BACK: &str = "https://shop.example/thanks?order=7#top";

/// The token of the page that an intent sends its payer to.
fn token(intent: &Json) -> String {
    let action = &intent["next_action"];
    let url = action["redirect_to_url"]["url"].as_str().or(action["use_stripe_sdk"]["stripe_js"].as_str()).unwrap();
    let (start, token) = url.split_once("?token=").unwrap();
    assert!(start.ends_with(&format!("/kontor/3ds/{}", id(intent))), "{url}");
    token.to_owned()
}

/// What the payer decides on the page, asked by nobody in particular.
fn try_decide(shop: &Shop, intent: &Json, outcome: Outcome) -> Result<Option<String>> {
    let (id, token) = (id(intent), token(intent));
    shop.world.run_blocking(&Caller::account(""), None, |tx| finish(tx, &id, &token, outcome))
}

fn decide(shop: &Shop, intent: &Json, outcome: Outcome) -> Json {
    try_decide(shop, intent, outcome).unwrap();
    shop.get(&format!("{PATH}/{}", id(intent)), &[])
}

fn ask(shop: &Shop, card: &str, form: Form) -> Json {
    let mut all = vec![("return_url", BACK)];
    all.extend(form);
    shop.pay(card, &all)
}

#[test]
fn each_card_asks_its_payer_when_stripes_does() {
    let shop = Shop::open();
    // Card, and what becomes of the payment with the payer there, without the payer, and after the payer passed.
    let cases = [
        ("pm_card_visa", "succeeded", "succeeded", "-"),
        ("pm_card_authenticationRequired", "requires_action", "authentication_required", "succeeded"),
        ("pm_card_authenticationRequiredOnSetup", "requires_action", "authentication_required", "succeeded"),
        ("pm_card_authenticationRequiredSetupForOffSession", "requires_action", "succeeded", "succeeded"),
        (
            "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
            "requires_action",
            "card_declined",
            "card_declined",
        ),
        ("pm_card_threeDSecure2Required", "requires_action", "authentication_required", "succeeded"),
        ("pm_card_threeDSecureRequiredChargeDeclined", "requires_action", "authentication_required", "card_declined"),
        ("pm_card_threeDSecureRequiredProcessingError", "card_declined", "card_declined", "-"),
        ("pm_card_threeDSecureOptional", "succeeded", "succeeded", "-"),
        ("pm_card_amex_threeDSecureNotSupported", "succeeded", "succeeded", "-"),
    ];
    let become_of = |card: &str, form: Form| {
        let mut all = vec![
            ("amount", "1000"),
            ("currency", "usd"),
            ("payment_method", card),
            ("confirm", "true"),
            ("return_url", BACK),
        ];
        all.extend(form);
        let answer = shop.ask(Sender::SERVER, "POST", PATH, &all).body;
        let error = answer["error"]["code"].as_str().map(str::to_owned);
        (error.unwrap_or_else(|| answer["status"].as_str().unwrap().to_owned()), answer)
    };
    for (card, there, away, passed) in cases {
        let (got, intent) = become_of(card, &[]);
        assert_eq!(got, there, "{card}, with the payer there");
        assert_eq!(become_of(card, &[("off_session", "true")]).0, away, "{card}, without the payer");
        if passed == "-" {
            continue;
        }
        let after = decide(&shop, &intent, Outcome::Completed);
        let status = if passed == "succeeded" { "succeeded" } else { "requires_payment_method" };
        assert_eq!(after["status"], status, "{card}, after the payer passed");
        if passed != "succeeded" {
            assert_eq!(after["last_payment_error"]["code"], passed, "{card}");
        }
    }
}

#[test]
fn a_payer_who_passes_has_paid() {
    let shop = Shop::open();
    let asked = ask(&shop, "pm_card_authenticationRequired", &[]);
    assert_eq!((&asked["status"], &asked["latest_charge"]), (&json!("requires_action"), &json!(null)));
    assert_eq!(asked["next_action"]["type"], "redirect_to_url");
    assert_eq!(asked["next_action"]["redirect_to_url"]["return_url"], BACK);
    let (intent, key) = (id(&asked), token(&asked));
    let shown = shop.world.read(&Caller::account(""), |tx| page(tx, &intent, &key)).unwrap();
    assert_eq!(
        (shown.merchant.as_str(), shown.amount.as_str(), shown.card.as_str()),
        ("My marketplace", "$20.00", "Visa •••• 3184")
    );
    let back = try_decide(&shop, &asked, Outcome::Completed).unwrap().unwrap();
    let secret = asked["client_secret"].as_str().unwrap();
    assert_eq!(
        back,
        format!(
            "https://shop.example/thanks?order=7&payment_intent={intent}&payment_intent_client_secret={secret}\
             &redirect_status=succeeded#top"
        )
    );
    let paid = shop.get(&format!("{PATH}/{intent}"), &[("expand[]", "latest_charge")]);
    assert_eq!((&paid["status"], &paid["next_action"]), (&json!("succeeded"), &json!(null)));
    let three_d_secure = &paid["latest_charge"]["payment_method_details"]["card"]["three_d_secure"];
    assert_eq!(
        (&three_d_secure["result"], &three_d_secure["authentication_flow"]),
        (&json!("authenticated"), &json!("challenge"))
    );
    assert_eq!(
        shop.events_since(0),
        ["payment_intent.created", "payment_intent.requires_action", "charge.succeeded", "payment_intent.succeeded"]
    );
}

#[test]
fn a_payer_who_fails_can_try_again() {
    let shop = Shop::open();
    let asked = ask(&shop, "pm_card_authenticationRequired", &[]);
    let back = try_decide(&shop, &asked, Outcome::Failed).unwrap().unwrap();
    assert!(back.contains("&redirect_status=failed"), "{back}");
    let path = format!("{PATH}/{}", id(&asked));
    let failed = shop.get(&path, &[]);
    assert_eq!((&failed["status"], &failed["payment_method"]), (&json!("requires_payment_method"), &json!(null)));
    let error = &failed["last_payment_error"];
    assert_eq!(
        (&error["type"], &error["code"]),
        (&json!("invalid_request_error"), &json!("payment_intent_authentication_failure"))
    );
    let card = id(&error["payment_method"]);
    assert_eq!(shop.events_since(2), ["payment_intent.payment_failed"]);
    let again = shop.post(&format!("{path}/confirm"), &[("payment_method", &card)]);
    assert_eq!(again["status"], "requires_action", "the network has not seen the card yet");
    assert_ne!(token(&asked), token(&again));
    assert_eq!(decide(&shop, &again, Outcome::Completed)["status"], "succeeded");
}

#[test]
fn a_link_works_once_and_only_with_its_token() {
    let shop = Shop::open();
    let asked = ask(&shop, "pm_card_authenticationRequired", &[]);
    let intent = id(&asked);
    for wrong in ["", "x", "null"] {
        let shown = shop.world.read(&Caller::account(""), |tx| page(tx, &intent, wrong));
        assert_eq!(shown.unwrap_err().http_status(), 404, "{wrong}");
    }
    try_decide(&shop, &asked, Outcome::Completed).unwrap();
    let events = shop.events();
    assert_eq!(try_decide(&shop, &asked, Outcome::Completed).unwrap_err().http_status(), 404);
    assert_eq!(shop.events(), events);
    let canceled = ask(&shop, "pm_card_authenticationRequired", &[]);
    shop.post(&format!("{PATH}/{}/cancel", id(&canceled)), &[]);
    assert_eq!(try_decide(&shop, &canceled, Outcome::Completed).unwrap_err().http_status(), 404);
}

#[test]
fn what_is_confirmed_by_hand_is_confirmed_again_after_the_payer_passed() {
    let shop = Shop::open();
    let asked = ask(&shop, "pm_card_authenticationRequired", &[("confirmation_method", "manual")]);
    let passed = decide(&shop, &asked, Outcome::Completed);
    assert_eq!((&passed["status"], &passed["latest_charge"]), (&json!("requires_confirmation"), &json!(null)));
    let paid = shop.post(&format!("{PATH}/{}/confirm", id(&asked)), &[]);
    assert_eq!(paid["status"], "succeeded");
}

#[test]
fn what_the_payer_passed_was_the_payment_as_it_was() {
    let shop = Shop::open();
    let asked = ask(&shop, "pm_card_authenticationRequired", &[("confirmation_method", "manual")]);
    decide(&shop, &asked, Outcome::Completed);
    let path = format!("{PATH}/{}", id(&asked));
    shop.post(&path, &[("amount", "90000")]);
    let again = shop.post(&format!("{path}/confirm"), &[]);
    assert_eq!(again["status"], "requires_action", "ninety times as much needs another answer");
    shop.post(&path, &[("amount", "95000")]);
    assert_eq!(try_decide(&shop, &again, Outcome::Completed).unwrap_err().http_status(), 404);
}

#[test]
fn a_card_set_up_with_its_payer_pays_without() {
    let shop = Shop::open();
    let customer = shop.customer();
    let form: Form = &[("customer", &customer), ("setup_future_usage", "off_session")];
    let asked = ask(&shop, "pm_card_authenticationRequiredOnSetup", form);
    let paid = decide(&shop, &asked, Outcome::Completed);
    let card = paid["payment_method"].as_str().unwrap();
    let away: Form = &[("customer", &customer), ("off_session", "true")];
    assert_eq!(shop.pay(card, away)["status"], "succeeded");
    let attached = shop.saved_card(&customer, "pm_card_authenticationRequiredOnSetup");
    let error = shop.pay_in_vain(&attached, away);
    assert_eq!(
        (&error["code"], &error["decline_code"]),
        (&json!("authentication_required"), &json!("authentication_required"))
    );
    assert_eq!(error["payment_intent"]["status"], "requires_payment_method");
}

#[test]
fn an_error_in_place_of_a_next_action_when_the_caller_wants_one() {
    let shop = Shop::open();
    let error = shop.pay_in_vain("pm_card_authenticationRequired", &[("error_on_requires_action", "true")]);
    assert_eq!(
        (&error["code"], &error["decline_code"]),
        (&json!("authentication_required"), &json!("authentication_not_handled"))
    );
    let intent = &error["payment_intent"];
    assert_eq!((&intent["status"], &intent["next_action"]), (&json!("requires_payment_method"), &json!(null)));
    assert_eq!(intent["last_payment_error"]["code"], "authentication_required");
    assert_eq!(shop.events_since(0), ["payment_intent.created", "payment_intent.payment_failed"]);
}

#[test]
fn stripe_js_gets_what_it_wants_or_what_has_no_way_back() {
    let shop = Shop::open();
    for form in [&[("use_stripe_sdk", "true"), ("return_url", BACK)] as Form, &[]] {
        let asked = shop.pay("pm_card_authenticationRequired", form);
        let action = &asked["next_action"];
        assert_eq!(
            (&action["type"], &action["use_stripe_sdk"]["type"]),
            (&json!("use_stripe_sdk"), &json!("three_d_secure_redirect"))
        );
        assert_eq!(decide(&shop, &asked, Outcome::Completed)["status"], "succeeded");
    }
}

#[test]
fn a_direct_payment_goes_on_for_the_account_that_began_it() {
    let shop = Shop::open();
    let seller = shop.seller();
    let on = Sender::SERVER.on(&seller);
    let form: Form = &[
        ("amount", "1000"),
        ("currency", "usd"),
        ("payment_method", "pm_card_authenticationRequired"),
        ("confirm", "true"),
        ("return_url", BACK),
        ("application_fee_amount", "123"),
    ];
    let asked = shop.ok(on, "POST", PATH, form);
    try_decide(&shop, &asked, Outcome::Completed).unwrap();
    let paid = shop.ok(on, "GET", &format!("{PATH}/{}", id(&asked)), &[("expand[]", "latest_charge")]);
    assert_eq!(paid["status"], "succeeded");
    assert_eq!(paid["latest_charge"]["application"], paid["application"]);
    assert!(paid["latest_charge"]["application_fee"].is_string());
}

#[test]
fn a_card_detached_while_its_payer_is_away_ends_the_attempt() {
    let shop = Shop::open();
    let customer = shop.customer();
    let card = shop.saved_card(&customer, "pm_card_authenticationRequired");
    let asked = ask(&shop, &card, &[("customer", &customer)]);
    shop.post(&format!("/v1/payment_methods/{card}/detach"), &[]);
    let after = decide(&shop, &asked, Outcome::Completed);
    assert_eq!((&after["status"], &after["latest_charge"]), (&json!("requires_payment_method"), &json!(null)));
}
