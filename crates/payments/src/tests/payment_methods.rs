//! Payment methods.

use serde_json::json;
use store::Filter;

use super::shop::{Form, Sender, Shop, id, ids};
use crate::payment_methods::PaymentMethod;
use crate::payment_methods::card::Secret;

const TYPED: Form = &[
    ("type", "card"),
    ("card[number]", "4242 4242 4242 4242"),
    ("card[exp_month]", "12"),
    ("card[exp_year]", "34"),
    ("card[cvc]", "123"),
    ("billing_details[name]", "Ann"),
    ("billing_details[address][postal_code]", "62156"),
];

fn sealed(shop: &Shop, id: &str) -> Option<Secret> {
    shop.run(|tx| tx.unseal::<Secret>(id))
}

#[test]
fn a_typed_card_is_kept_without_its_number() {
    let shop = Shop::open();
    let made = shop.post("/v1/payment_methods", TYPED);
    let card = &made["card"];
    assert_eq!((&card["brand"], &card["last4"], &card["exp_year"]), (&json!("visa"), &json!("4242"), &json!(2034)));
    assert_eq!(
        card["checks"],
        json!({ "address_line1_check": null, "address_postal_code_check": "unchecked", "cvc_check": "unchecked" })
    );
    let stored = shop.find::<PaymentMethod>(&id(&made));
    let kept = format!("{:?} {:?}", stored.shown(), stored.private);
    assert!(!kept.contains("4242424242424242") && !kept.contains("123\""), "{kept}");
    let secret = sealed(&shop, &id(&made)).unwrap();
    assert_eq!((secret.number.0.as_str(), secret.cvc.clone().unwrap().0.as_str()), ("4242424242424242", "123"));
    assert!(!format!("{secret:?}").contains("4242"));
}

#[test]
fn the_security_code_is_forgotten_once_it_was_used() {
    let shop = Shop::open();
    let card = id(&shop.post("/v1/payment_methods", TYPED));
    shop.saved_card(&shop.customer(), &card);
    let secret = sealed(&shop, &card).unwrap();
    assert!(secret.cvc.is_none() && secret.number.0.ends_with("4242"));
    assert_eq!(shop.get(&format!("/v1/payment_methods/{card}"), &[])["card"]["checks"]["cvc_check"], "pass");
    shop.post(&format!("/v1/payment_methods/{card}/detach"), &[]);
    assert!(sealed(&shop, &card).is_none());
}

#[test]
fn a_card_that_cannot_be_is_refused_by_name() {
    let shop = Shop::open();
    let cases: &[(&str, &str, &str)] = &[
        ("card[number]", "4242424242424241", "402 incorrect_number card[number]"),
        ("card[number]", "4111111111111111", "402 card_declined card[number]"),
        ("card[number]", "", "400 parameter_invalid_empty card[number]"),
        ("card[exp_month]", "13", "402 invalid_expiry_month card[exp_month]"),
        ("card[exp_year]", "2001", "402 invalid_expiry_year card[exp_year]"),
        ("card[cvc]", "12", "402 invalid_cvc card[cvc]"),
        ("card[networks][preferred]", "mastercard", "400 - card[networks][preferred]"),
        ("billing_details[email]", "ann", "400 email_invalid billing_details[email]"),
        ("type", "sepa_debit", "400 - type"),
        ("type", "cash", "400 - type"),
    ];
    for (param, value, why) in cases {
        let mut form: Vec<_> = TYPED.iter().copied().filter(|(name, _)| name != param).collect();
        form.push((param, value));
        assert_eq!(shop.why("/v1/payment_methods", &form), *why, "{param}={value}");
    }
    for missing in ["card[number]", "card[exp_month]", "card[exp_year]"] {
        let form: Vec<_> = TYPED.iter().copied().filter(|(name, _)| *name != missing).collect();
        assert_eq!(shop.why("/v1/payment_methods", &form), format!("400 parameter_missing {missing}"));
    }
    assert_eq!(shop.why("/v1/payment_methods", &[]), "400 parameter_missing type");
    assert_eq!(shop.why("/v1/payment_methods", &[("type", "card")]), "400 parameter_missing card");
}

#[test]
fn a_test_id_makes_a_new_payment_method_wherever_it_is_used() {
    let shop = Shop::open();
    let customer = shop.customer();
    let [one, two] = [(); 2].map(|()| shop.saved_card(&customer, "pm_card_mastercard"));
    assert!(one != two && one.starts_with("pm_0"), "{one} {two}");
    let path = "/v1/payment_methods";
    assert_eq!(ids(&shop.get(path, &[("customer", &customer), ("type", "card")])), [two.clone(), one.clone()]);
    assert_eq!(ids(&shop.get(path, &[("customer", &customer), ("type", "link")])), [""; 0]);
    let shown = shop.get("/v1/payment_methods/pm_card_mastercard", &[]);
    assert_eq!((&shown["id"], &shown["card"]["last4"]), (&json!("pm_card_mastercard"), &json!("4444")));
    assert!(sealed(&shop, &one).is_none(), "a published number needs no seal");
    let made = shop.run(|tx| tx.find_all::<PaymentMethod>(None, &[Filter::Is("customer", store::Value::Null)], 9));
    assert!(made.is_empty(), "looking at a test id makes nothing");
}

#[test]
fn cards_that_their_issuer_declines_cannot_be_kept() {
    let shop = Shop::open();
    let customer = shop.customer();
    for (card, code) in [
        ("pm_card_visa_chargeDeclined", "card_declined"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error"),
    ] {
        let path = format!("/v1/payment_methods/{card}/attach");
        assert_eq!(shop.why(&path, &[("customer", &customer)]), format!("402 {code} -"), "{card}");
    }
    shop.saved_card(&customer, "pm_card_chargeCustomerFail");
    assert_eq!(shop.events_since(1), ["payment_method.attached"]);
}

#[test]
fn a_payment_method_belongs_to_one_customer_and_is_gone_with_it() {
    let shop = Shop::open();
    let customer = shop.customer();
    let card = shop.saved_card(&customer, "pm_card_visa");
    let attach = format!("/v1/payment_methods/{card}/attach");
    let (status, error) = shop.refused(&attach, &[("customer", &customer)]);
    let message = "The payment method you provided has already been attached to a customer.";
    assert_eq!((status, error["message"].as_str()), (400, Some(message)));
    let detach = format!("/v1/payment_methods/{card}/detach");
    assert_eq!(shop.post(&detach, &[])["customer"], json!(null));
    let (_, error) = shop.refused(&detach, &[]);
    assert!(error["message"].as_str().unwrap().ends_with("so detachment is impossible."));
    let (status, error) = shop.refused(&attach, &[("customer", &customer)]);
    assert_eq!(status, 400);
    assert!(error["message"].as_str().unwrap().contains("or was detached from a Customer"));
    assert_eq!(shop.why(&attach, &[]), "400 parameter_missing customer");
    assert_eq!(
        shop.why("/v1/payment_methods/pm_none/attach", &[("customer", &customer)]),
        "404 resource_missing payment_method"
    );
    assert_eq!(
        shop.why("/v1/payment_methods/pm_card_visa/attach", &[("customer", "cus_none")]),
        "400 resource_missing customer"
    );
}

#[test]
fn only_a_customers_payment_method_can_be_changed() {
    let shop = Shop::open();
    let card = id(&shop.post("/v1/payment_methods", TYPED));
    let path = format!("/v1/payment_methods/{card}");
    let (status, error) = shop.refused(&path, &[("metadata[a]", "1")]);
    assert_eq!(
        (status, error["message"].as_str()),
        (400, Some("You must save this PaymentMethod to a customer before you can update it."))
    );
    shop.saved_card(&shop.customer(), &card);
    let before = shop.events();
    let form: Form = &[
        ("card[exp_month]", "1"),
        ("card[exp_year]", "2040"),
        ("billing_details[address][line1]", "Strandgatan 1"),
        ("allow_redisplay", "always"),
        ("metadata[a]", "1"),
    ];
    let changed = shop.post(&path, form);
    assert_eq!((&changed["card"]["exp_month"], &changed["card"]["exp_year"]), (&json!(1), &json!(2040)));
    assert_eq!(changed["billing_details"]["address"]["postal_code"], "62156");
    assert_eq!(changed["allow_redisplay"], "always");
    shop.post(&path, form);
    assert_eq!(shop.events_since(before), ["payment_method.updated"]);
    assert_eq!(shop.why(&path, &[("card[exp_year]", "2041")]), "400 parameter_missing card[exp_month]");
    assert_eq!(
        shop.why(&path, &[("card[exp_month]", "1"), ("card[exp_year]", "2001")]),
        "402 invalid_expiry_year card[exp_year]"
    );
}

#[test]
fn a_platforms_card_can_be_copied_to_a_connected_account() {
    let shop = Shop::open();
    let (seller, customer) = (shop.seller(), shop.customer());
    let card = id(&shop.post("/v1/payment_methods", TYPED));
    shop.saved_card(&customer, &card);
    let on = Sender::SERVER.on(&seller);
    let copy = shop.ok(on, "POST", "/v1/payment_methods", &[("customer", &customer), ("payment_method", &card)]);
    assert!(copy["id"] != card && copy["customer"] == json!(null));
    assert_eq!(
        copy["card"]["fingerprint"],
        shop.get(&format!("/v1/payment_methods/{card}"), &[])["card"]["fingerprint"]
    );
    assert_eq!(sealed(&shop, &id(&copy)).unwrap().number.0, "4242424242424242");
    let paid = shop.ok(
        on,
        "POST",
        "/v1/payment_intents",
        &[
            ("amount", "1000"),
            ("currency", "usd"),
            ("payment_method", &id(&copy)),
            ("confirm", "true"),
            ("payment_method_types[]", "card"),
        ],
    );
    assert_eq!(paid["status"], "succeeded");
    let refused = |sender, form: Form| shop.refused_to(sender, "POST", "/v1/payment_methods", form).1["param"].clone();
    assert_eq!(refused(on, &[("payment_method", &card)]), "customer");
    assert_eq!(refused(on, &[("payment_method", "pm_none"), ("customer", &customer)]), "payment_method");
    assert_eq!(refused(Sender::SERVER, &[("payment_method", &card), ("customer", &customer)]), "payment_method");
    let (status, _) = shop.refused_to(on, "GET", &format!("/v1/payment_methods/{card}"), &[]);
    assert_eq!(status, 404, "the original is not the connected account's");
}
