//! The fields of what is answered, against the lists of api/md: every field that is not optional is there.

use super::shop::{Shop, names};

const CUSTOMER: &[&str] = &[
    "address",
    "balance",
    "created",
    "currency",
    "customer_account",
    "default_source",
    "delinquent",
    "description",
    "discount",
    "email",
    "id",
    "invoice_prefix",
    "invoice_settings",
    "livemode",
    "metadata",
    "name",
    "next_invoice_sequence",
    "object",
    "phone",
    "preferred_locales",
    "shipping",
    "tax_exempt",
    "test_clock",
];

const PAYMENT_METHOD: &[&str] = &[
    "allow_redisplay",
    "billing_details",
    "card",
    "created",
    "customer",
    "customer_account",
    "id",
    "livemode",
    "metadata",
    "object",
    "type",
];

const CARD: &[&str] = &[
    "brand",
    "checks",
    "country",
    "display_brand",
    "exp_month",
    "exp_year",
    "fingerprint",
    "funding",
    "generated_from",
    "last4",
    "networks",
    "regulated_status",
    "three_d_secure_usage",
    "wallet",
];

const PAYMENT_INTENT: &[&str] = &[
    "allowed_payment_method_types",
    "amount",
    "amount_capturable",
    "amount_details",
    "amount_received",
    "application",
    "application_fee_amount",
    "automatic_payment_methods",
    "canceled_at",
    "cancellation_reason",
    "capture_method",
    "client_secret",
    "confirmation_method",
    "created",
    "currency",
    "customer",
    "customer_account",
    "description",
    "excluded_payment_method_types",
    "id",
    "last_payment_error",
    "latest_charge",
    "livemode",
    "managed_payments",
    "metadata",
    "next_action",
    "object",
    "on_behalf_of",
    "payment_method",
    "payment_method_configuration_details",
    "payment_method_options",
    "payment_method_types",
    "payment_record",
    "processing",
    "receipt_email",
    "review",
    "setup_future_usage",
    "shipping",
    "source",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "status",
    "transfer_data",
    "transfer_group",
];

const TOKEN: &[&str] = &["card", "client_ip", "created", "id", "livemode", "object", "type", "used"];

const TOKEN_CARD: &[&str] = &[
    "address_city",
    "address_country",
    "address_line1",
    "address_line1_check",
    "address_line2",
    "address_state",
    "address_zip",
    "address_zip_check",
    "brand",
    "country",
    "cvc_check",
    "dynamic_last4",
    "exp_month",
    "exp_year",
    "fingerprint",
    "funding",
    "id",
    "last4",
    "metadata",
    "name",
    "networks",
    "object",
    "regulated_status",
    "tokenization_method",
];

#[test]
fn every_field_is_there_from_the_first_answer_on() {
    let shop = Shop::open();
    let customer = shop.post("/v1/customers", &[]);
    assert_eq!(names(&customer), CUSTOMER);
    assert_eq!(
        names(&customer["invoice_settings"]),
        ["custom_fields", "default_payment_method", "footer", "rendering_options"]
    );
    let token = shop.post(
        "/v1/tokens",
        &[("card[number]", "4242424242424242"), ("card[exp_month]", "12"), ("card[exp_year]", "2034")],
    );
    assert_eq!(names(&token), TOKEN);
    assert_eq!(names(&token["card"]), TOKEN_CARD);
    let card = shop.post("/v1/payment_methods", &[("type", "card"), ("card[token]", token["id"].as_str().unwrap())]);
    assert_eq!(names(&card), PAYMENT_METHOD);
    assert_eq!(names(&card["card"]), CARD);
    assert_eq!(names(&card["billing_details"]), ["address", "email", "name", "phone", "tax_id"]);
    assert_eq!(
        names(&card["billing_details"]["address"]),
        ["city", "country", "line1", "line2", "postal_code", "state"]
    );
    for intent in [shop.intent(&[]), shop.pay("pm_card_visa", &[]), shop.pay("pm_card_authenticationRequired", &[])] {
        assert_eq!(names(&intent), PAYMENT_INTENT);
        assert_eq!(
            names(&intent["payment_method_options"]["card"]),
            ["installments", "mandate_options", "network", "request_three_d_secure"]
        );
    }
}

#[test]
fn ids_have_stripes_prefixes_and_secrets_stripes_form() {
    let shop = Shop::open();
    let intent = shop.pay("pm_card_visa", &[]);
    let (id, secret) = (intent["id"].as_str().unwrap(), intent["client_secret"].as_str().unwrap());
    assert!(id.starts_with("pi_"));
    let rest = secret.strip_prefix(id).and_then(|rest| rest.strip_prefix("_secret_")).unwrap();
    assert_eq!(rest.len(), 25);
    assert!(shop.customer().starts_with("cus_"));
}
