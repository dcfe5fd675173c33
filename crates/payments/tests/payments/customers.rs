//! Whose payment method it is, and whether it is kept.

use serde_json::Value;

use crate::stage::{Stage, VISA, id};

#[test]
fn a_customer_that_is_not_there_cannot_pay() {
    let stage = Stage::new();
    assert_eq!(stage.try_intent(&[("customer", "cus_1")]).refused(), (400, "resource_missing", "customer"));
    let gone = stage.customer();
    stage.delete(&format!("/v1/customers/{gone}")).ok();
    assert_eq!(stage.try_intent(&[("customer", &gone)]).refused(), (400, "resource_missing", "customer"));
}

#[test]
fn a_customer_deleted_in_the_meantime_cannot_pay_nor_keep_a_card() {
    let stage = Stage::new();
    let customer = stage.customer();
    let intent = stage.intent(&[("customer", &customer), ("setup_future_usage", "off_session")]);
    stage.delete(&format!("/v1/customers/{customer}")).ok();
    assert_eq!(
        stage.act(&intent, "confirm", &[("payment_method", VISA)]).refused(),
        (400, "resource_missing", "customer")
    );
}

#[test]
fn a_card_that_is_nobodys_pays_once() {
    let stage = Stage::new();
    let card = stage.card("tok_visa");
    let second = stage.intent(&[("payment_method", &card)]);
    stage.pay(&card, &[]);
    let again = stage.try_pay(&card, &[]);
    assert_eq!(again.status, 400);
    assert!(again.error()["message"].as_str().unwrap().contains("It may not be used again"));
    let named_before = stage.act(&second, "confirm", &[]);
    assert_eq!(named_before.status, 400, "it was named before it was used");
    let attached = stage.post(&format!("/v1/payment_methods/{card}/attach"), &[("customer", &stage.customer())]);
    assert_eq!(attached.status, 400);
}

#[test]
fn a_card_detached_before_the_payment_does_not_pay() {
    let stage = Stage::new();
    let customer = stage.customer();
    let card = stage.card_of(&customer, VISA);
    let intent = stage.intent(&[("customer", &customer), ("payment_method", &card)]);
    stage.post(&format!("/v1/payment_methods/{card}/detach"), &[]).ok();
    assert_eq!(stage.act(&intent, "confirm", &[]).status, 400);
    assert_eq!(stage.again(&intent), intent);
}

#[test]
fn a_customers_card_pays_any_number_of_times() {
    let stage = Stage::new();
    let customer = stage.customer();
    let card = stage.card_of(&customer, VISA);
    for _ in 0..3 {
        assert_eq!(stage.pay(&card, &[("customer", &customer)])["status"], "succeeded");
    }
}

#[test]
fn a_payment_that_says_so_keeps_the_card_for_its_customer() {
    for usage in ["on_session", "off_session"] {
        let stage = Stage::new();
        let customer = stage.customer();
        stage.events();
        let paid = stage.pay(VISA, &[("customer", &customer), ("setup_future_usage", usage)]);
        let card = paid["payment_method"].as_str().unwrap();
        assert_eq!(stage.get(&format!("/v1/payment_methods/{card}")).ok()["customer"], *customer);
        assert!(stage.events().contains(&"payment_method.attached".into()));
        stage.pay(card, &[("customer", &customer), ("off_session", "true")]);
    }
}

#[test]
fn a_declined_card_is_not_kept() {
    let stage = Stage::new();
    let customer = stage.customer();
    let form = [("customer", &*customer), ("setup_future_usage", "off_session")];
    stage.try_pay("pm_card_chargeCustomerFail", &form).error();
    let kept = stage.get(&format!("/v1/customers/{customer}/payment_methods")).ok();
    assert_eq!(kept["data"], Value::Array(Vec::new()));
}

#[test]
fn cards_can_be_left_out_of_what_the_intent_keeps() {
    let stage = Stage::new();
    let customer = stage.customer();
    let form = [
        ("customer", &*customer),
        ("setup_future_usage", "off_session"),
        ("payment_method_options[card][setup_future_usage]", "none"),
    ];
    let paid = stage.pay(VISA, &form);
    assert_eq!(paid["payment_method_options"]["card"]["setup_future_usage"], "none");
    let card = stage.get(&format!("/v1/payment_methods/{}", paid["payment_method"].as_str().unwrap())).ok();
    assert_eq!(card["customer"], Value::Null);
}

#[test]
fn new_card_details_make_a_payment_method() {
    let stage = Stage::new();
    let form = [
        ("confirm", "true"),
        ("payment_method_data[type]", "card"),
        ("payment_method_data[card][token]", "tok_visa"),
        ("payment_method_data[billing_details][name]", "Ann"),
    ];
    let paid = stage.intent(&form);
    assert_eq!(paid["status"], "succeeded");
    assert_eq!(stage.charge_of(&paid)["billing_details"]["name"], "Ann");
    let both = stage.try_intent(&[&form[..], &[("payment_method", VISA)]].concat());
    assert_eq!(both.refused(), (400, "parameters_exclusive", "payment_method"));
}

#[test]
fn a_card_copied_to_a_connected_account_pays_there() {
    let stage = Stage::new();
    let (seller, customer) = (stage.seller(), stage.customer());
    let card = stage.card_of(&customer, VISA);
    let copy =
        stage.post_as(&seller, "/v1/payment_methods", &[("customer", &customer), ("payment_method", &card)]).ok();
    assert_eq!((&copy["customer"], &copy["card"]["last4"]), (&Value::Null, &"4242".into()));
    let copy = id(&copy);
    let form = [("amount", "2000"), ("currency", "usd"), ("payment_method_types[]", "card"), ("confirm", "true")];
    let paid = stage.post_as(&seller, "/v1/payment_intents", &[&form[..], &[("payment_method", &copy)]].concat()).ok();
    assert_eq!(paid["status"], "succeeded");
    assert_eq!(stage.rows(&seller), ["charge 2000 - 88"]);
    assert_eq!(stage.pay(&card, &[("customer", &customer)])["status"], "succeeded", "the original still pays");
    stage.audit();
}

#[test]
fn copying_names_the_customer_and_uses_up_a_card_that_has_none() {
    let stage = Stage::new();
    let (seller, customer) = (stage.seller(), stage.customer());
    let theirs = stage.card_of(&customer, VISA);
    let copy = |form: &[(&str, &str)]| stage.post_as(&seller, "/v1/payment_methods", form);
    assert_eq!(copy(&[("payment_method", &theirs)]).refused(), (400, "parameter_missing", "customer"));
    let nobodys = stage.card("tok_visa");
    copy(&[("payment_method", &nobodys)]).ok();
    assert_eq!(copy(&[("payment_method", &nobodys)]).status, 400);
    assert_eq!(stage.try_pay(&nobodys, &[]).status, 400);
}
