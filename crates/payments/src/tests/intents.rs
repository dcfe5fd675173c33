//! Payment intents: making, capturing, cancelling, sharing out, keeping cards.

use funds::charges::Charge;
use funds::transfers::Transfer;
use serde_json::json;

use super::shop::{Form, Sender, Shop, id, ids};

const PATH: &str = "/v1/payment_intents";

#[test]
fn a_payment_succeeds_in_one_call() {
    let shop = Shop::open();
    let paid =
        shop.pay("pm_card_visa", &[("description", "Order 7"), ("metadata[order]", "7"), ("receipt_email", "a@b.c")]);
    assert_eq!((&paid["status"], &paid["amount_received"]), (&json!("succeeded"), &json!(1_000)));
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
        (&[("transfer_data[destination]", &seller), ("transfer_data[amount]", "1001")], "400 - transfer_data[amount]"),
        (&[("transfer_data[amount]", "1")], "400 parameter_missing transfer_data[destination]"),
        (&[("on_behalf_of", "acct_none")], "400 resource_missing on_behalf_of"),
        (&[("metadata[x]", &"v".repeat(501))], "400 - metadata[x]"),
        (
            &[("payment_method", "pm_card_visa"), ("payment_method_data[type]", "card")],
            "400 parameters_exclusive payment_method",
        ),
        (&[("customer", &customer), ("foo", "1")], "400 parameter_unknown foo"),
    ];
    for (form, why) in cases {
        let given = |name: &str| form.iter().any(|(known, _)| *known == name);
        let defaults = [("amount", "1000"), ("currency", "usd")];
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

#[test]
fn an_authorised_payment_is_captured_whole_or_in_part() {
    let shop = Shop::open();
    for (form, received) in [(&[] as Form, 1_000), (&[("amount_to_capture", "400"), ("metadata[a]", "1")], 400)] {
        let before = shop.events();
        let held = shop.pay("pm_card_visa", &[("capture_method", "manual")]);
        assert_eq!((&held["amount_capturable"], &held["amount_received"]), (&json!(1_000), &json!(0)));
        let charge = shop.find::<Charge>(held["latest_charge"].as_str().unwrap());
        assert!(charge.paid && !charge.captured && charge.balance_transaction.is_none());
        let paid = shop.post(&format!("{PATH}/{}/capture", id(&held)), form);
        assert_eq!((&paid["status"], &paid["amount_capturable"]), (&json!("succeeded"), &json!(0)));
        assert_eq!(paid["amount_received"], received);
        let charge = shop.find::<Charge>(held["latest_charge"].as_str().unwrap());
        assert_eq!((charge.captured, charge.amount_captured, charge.amount), (true, received, 1_000));
        assert_eq!(
            shop.events_since(before),
            [
                "payment_intent.created",
                "charge.succeeded",
                "payment_intent.amount_capturable_updated",
                "charge.captured",
                "payment_intent.succeeded"
            ]
        );
    }
    shop.wait(8);
    let list = shop.get(PATH, &[]);
    assert!(list["data"].as_array().unwrap().iter().all(|intent| intent["status"] == "succeeded"), "nothing expires");
}

#[test]
fn no_more_than_was_authorised_can_be_captured() {
    let shop = Shop::open();
    let held = shop.pay("pm_card_visa", &[("payment_method_options[card][capture_method]", "manual")]);
    assert_eq!(held["status"], "requires_capture");
    let path = format!("{PATH}/{}/capture", id(&held));
    let (status, error) = shop.refused(&path, &[("amount_to_capture", "1001")]);
    assert_eq!((status, &error["code"]), (400, &json!("amount_too_large")));
    assert_eq!(error["payment_intent"], held);
    assert_eq!(shop.why(&path, &[("amount_to_capture", "0")]), "400 parameter_invalid_integer amount_to_capture");
    assert_eq!(shop.why(&path, &[("final_capture", "false")]), "400 - final_capture");
}

#[test]
fn cancelling_releases_what_was_authorised() {
    let shop = Shop::open();
    let held = shop.pay("pm_card_visa", &[("capture_method", "manual")]);
    let before = shop.events();
    let path = format!("{PATH}/{}/cancel", id(&held));
    assert_eq!(shop.why(&path, &[("cancellation_reason", "automatic")]), "400 - cancellation_reason");
    let gone = shop.post(&path, &[("cancellation_reason", "requested_by_customer")]);
    assert_eq!((&gone["status"], &gone["amount_capturable"]), (&json!("canceled"), &json!(0)));
    assert_eq!(gone["cancellation_reason"], "requested_by_customer");
    assert_eq!(gone["canceled_at"], shop.world.now().0);
    let charge = shop.find::<Charge>(held["latest_charge"].as_str().unwrap());
    assert!(charge.refunded && !charge.captured);
    assert_eq!(shop.events_since(before).last().map(String::as_str), Some("payment_intent.canceled"));
    let events = shop.events();
    shop.wait(8);
    assert_eq!(shop.events(), events, "the job is gone with the authorisation");
}

#[test]
fn an_authorisation_expires_after_seven_days() {
    let shop = Shop::open();
    let held = shop.pay("pm_card_visa", &[("capture_method", "manual")]);
    let path = format!("{PATH}/{}", id(&held));
    shop.wait(6);
    assert_eq!(shop.get(&path, &[])["status"], "requires_capture");
    let before = shop.events();
    shop.wait(1);
    let gone = shop.get(&path, &[]);
    assert_eq!((&gone["status"], &gone["cancellation_reason"]), (&json!("canceled"), &json!("automatic")));
    let events = shop.events_since(before);
    assert!(events.contains(&"charge.expired".to_owned()), "{events:?}");
    assert_eq!(events.last().map(String::as_str), Some("payment_intent.canceled"));
}

#[test]
fn a_card_is_kept_for_its_customer_when_the_payment_says_so() {
    let shop = Shop::open();
    let customer = shop.customer();
    let before = shop.events();
    let paid = shop.pay("pm_card_visa", &[("customer", &customer), ("setup_future_usage", "off_session")]);
    let card = paid["payment_method"].as_str().unwrap();
    let kept = shop.get("/v1/payment_methods", &[("customer", &customer)]);
    assert_eq!(ids(&kept), [card]);
    assert_eq!(
        shop.events_since(before),
        ["payment_intent.created", "payment_method.attached", "charge.succeeded", "payment_intent.succeeded"]
    );
    let again = shop.pay(card, &[("customer", &customer), ("off_session", "recurring")]);
    assert_eq!((&again["status"], &again["payment_method"]), (&json!("succeeded"), &json!(card)));
    let not_kept = shop.pay(
        "pm_card_visa",
        &[
            ("customer", &customer),
            ("setup_future_usage", "off_session"),
            ("payment_method_options[card][setup_future_usage]", "none"),
        ],
    );
    assert_eq!(ids(&shop.get("/v1/payment_methods", &[("customer", &customer)])), [card]);
    assert_eq!(not_kept["status"], "succeeded");
}

#[test]
fn a_card_that_is_nobodys_pays_once() {
    let shop = Shop::open();
    let paid = shop.pay("pm_card_visa", &[]);
    let card = paid["payment_method"].as_str().unwrap();
    let form: Form = &[("amount", "1000"), ("currency", "usd"), ("payment_method", card)];
    let (status, error) = shop.refused(PATH, form);
    assert_eq!(status, 400);
    assert!(error["message"].as_str().unwrap().contains("To use a PaymentMethod multiple times, you must attach it"));
    let later = shop.pay("pm_card_visa", &[("setup_future_usage", "on_session")]);
    let kept = shop.saved_card(&shop.customer(), later["payment_method"].as_str().unwrap());
    assert_eq!(Some(kept.as_str()), later["payment_method"].as_str(), "one to be kept can be attached afterwards");
}

#[test]
fn two_intents_cannot_both_spend_one_card_that_is_nobodys() {
    let shop = Shop::open();
    let card = id(&shop.post(
        "/v1/payment_methods",
        &[
            ("type", "card"),
            ("card[number]", "4242424242424242"),
            ("card[exp_month]", "12"),
            ("card[exp_year]", "2034"),
        ],
    ));
    let form: Form = &[("payment_method", &card), ("payment_method_types[]", "card")];
    let [one, two] = [(); 2].map(|()| format!("{PATH}/{}/confirm", id(&shop.intent(form))));
    assert_eq!(shop.post(&one, &[])["status"], "succeeded");
    let (status, error) = shop.refused(&two, &[]);
    assert_eq!(status, 400);
    assert!(error["message"].as_str().unwrap().starts_with("The provided PaymentMethod was previously used"));
}

#[test]
fn a_customers_card_pays_for_that_customer_only() {
    let shop = Shop::open();
    let [ann, bob] = [(); 2].map(|()| shop.customer());
    let card = shop.saved_card(&ann, "pm_card_visa");
    let message = format!(
        "The `payment_method` parameter supplied {card} belongs to the Customer {ann}. Please include the Customer in the \
         `customer` parameter on the PaymentIntent."
    );
    for customer in [None, Some(&bob)] {
        let mut form = vec![("amount", "1000"), ("currency", "usd"), ("payment_method", card.as_str())];
        form.extend(customer.map(|customer| ("customer", customer.as_str())));
        let (status, error) = shop.refused(PATH, &form);
        assert_eq!((status, error["message"].as_str()), (400, Some(message.as_str())));
    }
    let made = shop.intent(&[("customer", &bob)]);
    let (_, error) = shop.refused(&format!("{PATH}/{}", id(&made)), &[("customer", &ann)]);
    assert!(error["message"].as_str().unwrap().starts_with("You cannot modify `customer` on a PaymentIntent"));
}

#[test]
fn a_detached_card_cannot_pay_what_it_was_meant_for() {
    let shop = Shop::open();
    let customer = shop.customer();
    let card = shop.saved_card(&customer, "pm_card_visa");
    let form: Form = &[("customer", &customer), ("payment_method", &card), ("payment_method_types[]", "card")];
    let path = format!("{PATH}/{}/confirm", id(&shop.intent(form)));
    shop.post(&format!("/v1/payment_methods/{card}/detach"), &[]);
    assert_eq!(shop.refused(&path, &[]).0, 400);
}

#[test]
fn a_destination_payment_is_shared_out() {
    let shop = Shop::open();
    let seller = shop.seller();
    let form: Form = &[
        ("application_fee_amount", "123"),
        ("transfer_data[destination]", &seller),
        ("transfer_data[description]", "Share"),
        ("transfer_data[payment_data][metadata][order]", "7"),
    ];
    let paid = shop.pay("pm_card_visa", form);
    assert_eq!(paid["transfer_group"], format!("group_{}", id(&paid)));
    assert_eq!(paid["transfer_data"]["destination"], json!(seller));
    let charge = shop.find::<Charge>(paid["latest_charge"].as_str().unwrap());
    let transfer = shop.find::<Transfer>(charge.transfer.as_deref().unwrap());
    assert_eq!((transfer.amount, transfer.description.as_deref()), (1_000, Some("Share")));
    let landed = shop.find::<Charge>(transfer.destination_payment.as_deref().unwrap());
    assert_eq!(
        (landed.account.as_str(), landed.metadata.get("order").map(String::as_str)),
        (seller.as_str(), Some("7"))
    );
    assert!(charge.application_fee.is_some());
}

#[test]
fn the_share_can_be_changed_until_the_payment_is_made() {
    let shop = Shop::open();
    let seller = shop.seller();
    let form: Form = &[
        ("transfer_data[destination]", &seller),
        ("payment_method_types[]", "card"),
        ("payment_method", "pm_card_visa"),
    ];
    let path = format!("{PATH}/{}", id(&shop.intent(form)));
    assert_eq!(
        shop.why(&path, &[("transfer_data[destination]", &seller)]),
        "400 parameter_unknown transfer_data[destination]"
    );
    assert_eq!(shop.why(&path, &[("transfer_data[amount]", "1001")]), "400 - transfer_data[amount]");
    let changed = shop.post(&path, &[("transfer_data[amount]", "877"), ("transfer_data[metadata][a]", "1")]);
    assert_eq!(
        (&changed["transfer_data"]["amount"], &changed["transfer_data"]["metadata"]),
        (&json!(877), &json!({ "a": "1" }))
    );
    let paid = shop.post(&format!("{path}/confirm"), &[]);
    let charge = shop.find::<Charge>(paid["latest_charge"].as_str().unwrap());
    assert_eq!(shop.find::<Transfer>(charge.transfer.as_deref().unwrap()).amount, 877);
    let other = format!("{PATH}/{}", id(&shop.intent(&[])));
    assert_eq!(shop.why(&other, &[("transfer_data[amount]", "1")]), "400 - transfer_data");
}

#[test]
fn a_direct_payment_is_the_connected_accounts() {
    let shop = Shop::open();
    let seller = shop.seller();
    let on = Sender::SERVER.on(&seller);
    let form: Form = &[
        ("amount", "1000"),
        ("currency", "usd"),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
        ("payment_method_types[]", "card"),
        ("application_fee_amount", "123"),
    ];
    let paid = shop.ok(on, "POST", PATH, form);
    assert!(paid["application"].as_str().unwrap().starts_with("ca_"));
    let charge = shop.find::<Charge>(paid["latest_charge"].as_str().unwrap());
    assert_eq!((charge.account.as_str(), &json!(charge.application)), (seller.as_str(), &paid["application"]));
    assert_eq!(shop.events_of(&seller), ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]);
    assert_eq!(shop.events_since(0), ["application_fee.created"]);
    let mut refused = form.to_vec();
    refused.push(("transfer_data[destination]", &shop.platform));
    assert_eq!(shop.refused_to(on, "POST", PATH, &refused).1["param"], "transfer_data");
}
