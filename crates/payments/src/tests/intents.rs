//! Payment intents: making and changing them, and what they take.

use funds::charges::Charge;
use serde_json::json;

use super::shop::{Form, Shop, id, ids};

const PATH: &str = "/v1/payment_intents";

#[test]
fn a_payment_succeeds_in_one_call() {
    let shop = Shop::open();
    let paid =
        shop.pay("pm_card_visa", &[("description", "Order 7"), ("metadata[order]", "7"), ("receipt_email", "a@b.c")]);
    assert_eq!((&paid["status"], &paid["amount_received"]), (&json!("succeeded"), &json!(2_000)));
    assert!(paid["payment_method"].as_str().unwrap().starts_with("pm_0"));
    let charge = shop.find::<Charge>(paid["latest_charge"].as_str().unwrap());
    assert!(charge.paid && charge.captured && charge.balance_transaction.is_some());
    assert_eq!((charge.description.as_deref(), charge.receipt_email.as_deref()), (Some("Order 7"), Some("a@b.c")));
    assert_eq!(charge.payment_intent.as_deref(), paid["id"].as_str());
    assert_eq!(shop.events_since(0), ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]);
}

#[test]
fn an_intent_is_made_changed_confirmed_and_listed() {
    let shop = Shop::open();
    let customer = shop.customer();
    let made =
        shop.intent(&[("automatic_payment_methods[enabled]", "true"), ("amount_details[tax][total_tax_amount]", "50")]);
    assert_eq!(made["automatic_payment_methods"], json!({ "allow_redirects": "always", "enabled": true }));
    assert_eq!(made["amount_details"], json!({ "tax": { "total_tax_amount": 50 }, "tip": {} }));
    let path = format!("{PATH}/{}", id(&made));
    let form: Form = &[("amount", "2500"), ("currency", "eur"), ("customer", &customer), ("metadata[a]", "1")];
    let changed = shop.post(&path, form);
    assert_eq!((&changed["amount"], &changed["currency"]), (&json!(2_500), &json!("eur")));
    assert_eq!(shop.why(&format!("{path}/confirm"), &[("payment_method", "pm_card_visa")]), "400 - return_url");
    let confirm: Form = &[("payment_method", "pm_card_visa"), ("return_url", "https://shop.example/thanks")];
    assert_eq!(shop.post(&format!("{path}/confirm"), confirm)["status"], "succeeded");
    let other = id(&shop.intent(&[]));
    assert_eq!(ids(&shop.get(PATH, &[])), [other, id(&made)]);
    assert_eq!(ids(&shop.get(PATH, &[("customer", &customer)])), [id(&made)]);
}

#[test]
fn what_makes_no_sense_is_refused_by_name_and_leaves_nothing() {
    let shop = Shop::open();
    let (customer, seller) = (shop.customer(), shop.seller());
    let long = "x".repeat(23);
    let before = shop.events();
    let cases: &[(Form, &str)] = &[
        (&[("amount", "0")], "400 parameter_invalid_integer amount"),
        (&[("amount", "-1")], "400 parameter_invalid_integer amount"),
        (&[("amount", "49")], "400 amount_too_small amount"),
        (&[("amount", "100000000")], "400 amount_too_large amount"),
        (&[("amount", "1001"), ("currency", "kwd")], "400 - amount"),
        (&[("currency", "xxx")], "400 - currency"),
        (&[("customer", "cus_none")], "400 resource_missing customer"),
        (&[("payment_method", "pm_none")], "400 resource_missing payment_method"),
        (&[("payment_method", "card_1")], "400 resource_missing payment_method"),
        (&[("confirm", "true")], "400 payment_intent_unexpected_state -"),
        (&[("confirm", "true"), ("payment_method", "pm_card_visa")], "400 - return_url"),
        (&[("return_url", "https://shop.example/")], "400 - return_url"),
        (&[("off_session", "true")], "400 - off_session"),
        (&[("error_on_requires_action", "true")], "400 - error_on_requires_action"),
        (&[("confirm", "true"), ("return_url", "javascript:alert(1)")], "400 url_invalid return_url"),
        (&[("payment_method_types[]", "sepa_debit")], "400 payment_intent_invalid_parameter payment_method_types"),
        (&[("payment_method_types[]", "cash")], "400 - payment_method_types[0]"),
        (
            &[("payment_method_types[]", "card"), ("automatic_payment_methods[enabled]", "true")],
            "400 parameters_exclusive payment_method_types",
        ),
        (
            &[("excluded_payment_method_types[]", "card")],
            "400 payment_intent_invalid_parameter excluded_payment_method_types",
        ),
        (&[("statement_descriptor", "SHOP")], "400 - statement_descriptor"),
        (&[("statement_descriptor_suffix", "A*B")], "400 - statement_descriptor_suffix"),
        (&[("statement_descriptor_suffix", &long)], "400 - statement_descriptor_suffix"),
        (&[("receipt_email", "ann")], "400 email_invalid receipt_email"),
        (&[("shipping[name]", "Ann")], "400 parameter_missing shipping[address]"),
        (&[("setup_future_usage", "always")], "400 - setup_future_usage"),
        (&[("capture_method", "later")], "400 - capture_method"),
        (&[("payment_method_options[card][moto]", "true")], "400 - payment_method_options[card][moto]"),
        (&[("payment_method_options[cash][x]", "1")], "400 parameter_unknown payment_method_options[cash]"),
        (&[("payment_method_options[card][x]", "1")], "400 parameter_unknown payment_method_options[card][x]"),
        (&[("confirmation_token", "ctoken_1")], "400 - confirmation_token"),
        (&[("amount_details[line_items][0][quantity]", "1")], "400 - amount_details[line_items]"),
        (&[("application_fee_amount", "100")], "400 - application_fee_amount"),
        (&[("transfer_data[destination]", "acct_none")], "400 resource_missing transfer_data[destination]"),
        (&[("transfer_data[destination]", &seller), ("transfer_data[amount]", "2001")], "400 - transfer_data[amount]"),
        (&[("transfer_data[amount]", "1")], "400 parameter_missing transfer_data[destination]"),
        (&[("on_behalf_of", "acct_none")], "400 resource_missing on_behalf_of"),
        (&[("metadata[x]", &"v".repeat(501))], "400 - metadata[x]"),
        (&[("metadata", "text")], "400 - metadata"),
        (&[("confirmation_method", "never")], "400 - confirmation_method"),
        (&[("description", &"x".repeat(5_001))], "400 - description"),
        (
            &[("payment_method_options[card][request_three_d_secure]", "maybe")],
            "400 - payment_method_options[card][request_three_d_secure]",
        ),
        (&[("automatic_payment_methods[enabled]", "perhaps")], "400 - automatic_payment_methods[enabled]"),
        (&[("shipping[name]", "Ann"), ("shipping[address][country]", "Germany")], "400 - shipping[address][country]"),
        (
            &[("payment_method", "pm_card_visa"), ("payment_method_data[type]", "card")],
            "400 parameters_exclusive payment_method",
        ),
        (&[("customer", &customer), ("foo", "1")], "400 parameter_unknown foo"),
    ];
    for (form, why) in cases {
        let given = |name: &str| form.iter().any(|(known, _)| *known == name);
        let defaults = [("amount", "2000"), ("currency", "usd")];
        let all: Vec<_> = defaults.into_iter().filter(|(name, _)| !given(name)).chain(form.iter().copied()).collect();
        assert_eq!(shop.why(PATH, &all), *why, "{form:?}");
    }
    assert_eq!(shop.why(PATH, &[("currency", "usd")]), "400 parameter_missing amount");
    assert_eq!(shop.why(PATH, &[("amount", "1000")]), "400 parameter_missing currency");
    assert_eq!(shop.events(), before);
    assert_eq!(ids(&shop.get(PATH, &[])), [""; 0]);
}

#[test]
fn details_of_another_type_are_refused_as_that_and_unknown_ones_as_unknown() {
    let shop = Shop::open();
    let intent =
        |form: Form| shop.why("/v1/payment_intents", &[&[("amount", "1000"), ("currency", "usd")], form].concat());
    let bank = ("payment_method_data[us_bank_account][account_number]", "000123456789");
    let param = "payment_method_data[us_bank_account]";
    assert_eq!(intent(&[("payment_method_data[type]", "card"), bank]), format!("400 - {param}"));
    assert_eq!(intent(&[("payment_method_data[type]", "us_bank_account"), bank]), "400 - payment_method_data[type]");
    assert_eq!(
        intent(&[("payment_method_data[type]", "card"), ("payment_method_data[foo]", "1")]),
        "400 parameter_unknown payment_method_data[foo]"
    );
    let method = |form: Form| shop.why("/v1/payment_methods", form);
    assert_eq!(method(&[("type", "affirm"), ("affirm[x]", "1")]), "400 - type");
    assert_eq!(method(&[("type", "card"), ("sepa_debit[iban]", "x")]), "400 - sepa_debit");
    assert_eq!(method(&[("type", "card"), ("foo", "1")]), "400 parameter_unknown foo");
    assert_eq!(shop.events(), 0);
}

#[test]
fn what_stored_details_are_used_for_is_kept_and_shown() {
    let shop = Shop::open();
    let usage = "payment_method_options[card][stored_credential_usage]";
    let intent = shop.intent(&[(usage, "recurring")]);
    assert_eq!(intent["payment_method_options"]["card"]["stored_credential_usage"], "recurring");
    assert_eq!(
        shop.why("/v1/payment_intents", &[("amount", "1000"), ("currency", "usd"), (usage, "x")]),
        format!("400 - {usage}")
    );
}

#[test]
fn an_intent_has_no_line_items() {
    let shop = Shop::open();
    let path = format!("/v1/payment_intents/{}/amount_details_line_items", id(&shop.intent(&[])));
    let list = shop.get(&path, &[("limit", "3")]);
    assert_eq!((&list["object"], &list["data"], &list["url"]), (&json!("list"), &json!([]), &json!(path)));
}

#[test]
fn options_for_other_payment_methods_are_taken_without_effect() {
    let shop = Shop::open();
    let form: Form = &[
        ("payment_method_options[us_bank_account][verification_method]", "instant"),
        ("payment_method_options[card][request_three_d_secure]", "any"),
        ("payment_method_options[card][network]", "visa"),
    ];
    assert_eq!(
        shop.intent(form)["payment_method_options"],
        json!({ "card": {
            "installments": null, "mandate_options": null, "network": "visa", "request_three_d_secure": "any",
        } })
    );
}
