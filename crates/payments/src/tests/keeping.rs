//! Whose payment method it is, and whether it is kept.

use serde_json::{Value, json};

use super::shop::{Shop, VISA, id, ids};

#[test]
fn a_customer_that_is_not_there_cannot_pay() {
    let shop = Shop::open();
    assert_eq!(shop.try_intent(&[("customer", "cus_1")]).refused(), (400, "resource_missing", "customer"));
    let gone = shop.customer();
    shop.try_delete(&format!("/v1/customers/{gone}")).ok();
    assert_eq!(shop.try_intent(&[("customer", &gone)]).refused(), (400, "resource_missing", "customer"));
}

#[test]
fn a_customer_deleted_in_the_meantime_cannot_pay_nor_keep_a_card() {
    let shop = Shop::open();
    let customer = shop.customer();
    let intent = shop.card_intent(&[("customer", &customer), ("setup_future_usage", "off_session")]);
    shop.try_delete(&format!("/v1/customers/{customer}")).ok();
    assert_eq!(
        shop.act(&intent, "confirm", &[("payment_method", VISA)]).refused(),
        (400, "resource_missing", "customer")
    );
}

#[test]
fn a_card_that_is_nobodys_pays_once() {
    let shop = Shop::open();
    let card = shop.token_card("tok_visa");
    let second = shop.card_intent(&[("payment_method", &card)]);
    shop.pay(&card, &[]);
    let again = shop.try_pay(&card, &[]);
    assert_eq!(again.status, 400);
    assert!(again.error()["message"].as_str().unwrap().contains("It may not be used again"));
    let named_before = shop.act(&second, "confirm", &[]);
    let message = named_before.error()["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("The provided PaymentMethod was previously used"), "it was named before it was used");
    let attached = shop.try_post(&format!("/v1/payment_methods/{card}/attach"), &[("customer", &shop.customer())]);
    assert_eq!(attached.status, 400);
}

#[test]
fn a_card_detached_before_the_payment_does_not_pay() {
    let shop = Shop::open();
    let customer = shop.customer();
    let card = shop.saved_card(&customer, VISA);
    let intent = shop.card_intent(&[("customer", &customer), ("payment_method", &card)]);
    shop.try_post(&format!("/v1/payment_methods/{card}/detach"), &[]).ok();
    assert_eq!(shop.act(&intent, "confirm", &[]).status, 400);
    assert_eq!(shop.again(&intent), intent);
}

#[test]
fn a_customers_card_pays_any_number_of_times() {
    let shop = Shop::open();
    let customer = shop.customer();
    let card = shop.saved_card(&customer, VISA);
    for _ in 0..3 {
        assert_eq!(shop.pay(&card, &[("customer", &customer)])["status"], "succeeded");
    }
}

#[test]
fn a_payment_that_says_so_keeps_the_card_for_its_customer() {
    for usage in ["on_session", "off_session"] {
        let shop = Shop::open();
        let customer = shop.customer();
        shop.told();
        let paid = shop.pay(VISA, &[("customer", &customer), ("setup_future_usage", usage)]);
        let card = paid["payment_method"].as_str().unwrap();
        assert_eq!(shop.try_get(&format!("/v1/payment_methods/{card}")).ok()["customer"], *customer);
        assert!(shop.told().contains(&"payment_method.attached".into()));
        shop.pay(card, &[("customer", &customer), ("off_session", "true")]);
    }
}

#[test]
fn a_declined_card_is_not_kept() {
    let shop = Shop::open();
    let customer = shop.customer();
    let form = [("customer", &*customer), ("setup_future_usage", "off_session")];
    shop.try_pay("pm_card_chargeCustomerFail", &form).error();
    let kept = shop.try_get(&format!("/v1/customers/{customer}/payment_methods")).ok();
    assert_eq!(kept["data"], Value::Array(Vec::new()));
}

#[test]
fn cards_can_be_left_out_of_what_the_intent_keeps() {
    let shop = Shop::open();
    let customer = shop.customer();
    let form = [
        ("customer", &*customer),
        ("setup_future_usage", "off_session"),
        ("payment_method_options[card][setup_future_usage]", "none"),
    ];
    let paid = shop.pay(VISA, &form);
    assert_eq!(paid["payment_method_options"]["card"]["setup_future_usage"], "none");
    let card = shop.try_get(&format!("/v1/payment_methods/{}", paid["payment_method"].as_str().unwrap())).ok();
    assert_eq!(card["customer"], Value::Null);
}

#[test]
fn new_card_details_make_a_payment_method() {
    let shop = Shop::open();
    let form = [
        ("confirm", "true"),
        ("payment_method_data[type]", "card"),
        ("payment_method_data[card][token]", "tok_visa"),
        ("payment_method_data[billing_details][name]", "Ann"),
    ];
    let paid = shop.card_intent(&form);
    assert_eq!(paid["status"], "succeeded");
    assert_eq!(shop.charge_of(&paid)["billing_details"]["name"], "Ann");
    let both = shop.try_intent(&[&form[..], &[("payment_method", VISA)]].concat());
    assert_eq!(both.refused(), (400, "parameters_exclusive", "payment_method"));
}

#[test]
fn a_card_copied_to_a_connected_account_pays_there() {
    let shop = Shop::open();
    let (seller, customer) = (shop.seller(), shop.customer());
    let card = shop.saved_card(&customer, VISA);
    let copy =
        shop.try_post_as(&seller, "/v1/payment_methods", &[("customer", &customer), ("payment_method", &card)]).ok();
    assert_eq!((&copy["customer"], &copy["card"]["last4"]), (&Value::Null, &"4242".into()));
    let copy = id(&copy);
    let form = [("amount", "2000"), ("currency", "usd"), ("payment_method_types[]", "card"), ("confirm", "true")];
    let paid =
        shop.try_post_as(&seller, "/v1/payment_intents", &[&form[..], &[("payment_method", &copy)]].concat()).ok();
    assert_eq!(paid["status"], "succeeded");
    assert_eq!(shop.rows(&seller), ["charge 2000 - 88"]);
    assert_eq!(shop.pay(&card, &[("customer", &customer)])["status"], "succeeded", "the original still pays");
    shop.audit();
}

#[test]
fn copying_names_the_customer_and_uses_up_a_card_that_has_none() {
    let shop = Shop::open();
    let (seller, customer) = (shop.seller(), shop.customer());
    let theirs = shop.saved_card(&customer, VISA);
    let copy = |form: &[(&str, &str)]| shop.try_post_as(&seller, "/v1/payment_methods", form);
    assert_eq!(copy(&[("payment_method", &theirs)]).refused(), (400, "parameter_missing", "customer"));
    let nobodys = shop.token_card("tok_visa");
    copy(&[("payment_method", &nobodys)]).ok();
    assert_eq!(copy(&[("payment_method", &nobodys)]).status, 400);
    assert_eq!(shop.try_pay(&nobodys, &[]).status, 400);
}

#[test]
fn a_card_to_be_kept_without_a_customer_can_be_attached_afterwards() {
    let shop = Shop::open();
    let paid = shop.pay(VISA, &[("setup_future_usage", "on_session")]);
    let kept = shop.saved_card(&shop.customer(), paid["payment_method"].as_str().unwrap());
    assert_eq!(Some(kept.as_str()), paid["payment_method"].as_str());
}

#[test]
fn a_kept_card_is_told_before_its_charge_and_pays_again() {
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
        let (status, error) = shop.refused("/v1/payment_intents", &form);
        assert_eq!((status, error["message"].as_str()), (400, Some(message.as_str())));
    }
    let made = shop.intent(&[("customer", &bob)]);
    let (_, error) = shop.refused(&format!("/v1/payment_intents/{}", id(&made)), &[("customer", &ann)]);
    assert!(error["message"].as_str().unwrap().starts_with("You cannot modify `customer` on a PaymentIntent"));
}
