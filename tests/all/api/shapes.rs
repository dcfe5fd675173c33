//! The keys of every answer: a resource has all the fields that its API reference does not call optional, null where there
//! is nothing, and of the optional ones only those that it is known to send. A key that appears or goes away is a change of
//! the API.

use std::collections::BTreeSet;

use harness::Sandbox;
use serde_json::Value;

/// A resource or a hash of one: the keys it always has, and the keys it may have.
type Shape = (&'static str, &'static str, &'static str);

/// By the name of the resource, with the path of the hash inside it.
const SHAPES: &[Shape] = &[
    (
        "account",
        "id object business_profile business_type capabilities charges_enabled controller country created \
         default_currency details_submitted email external_accounts future_requirements metadata payouts_enabled \
         requirements settings tos_acceptance type",
        "company individual login_links",
    ),
    (
        "account.business_profile",
        "mcc minority_owned_business_designation name specified_commercial_transactions_act_url support_address \
         support_email support_phone support_url url",
        "annual_revenue estimated_worker_count monthly_estimated_revenue product_description",
    ),
    ("account.controller", "type", "fees is_controller losses requirement_collection stripe_dashboard"),
    ("account.requirements", REQUIREMENTS, ""),
    ("account.future_requirements", REQUIREMENTS, ""),
    (
        "account.settings",
        "branding card_payments dashboard payments",
        "bacs_debit_payments card_issuing invoices paypay_payments payouts sepa_debit_payments treasury",
    ),
    ("account.settings.branding", "icon logo primary_color secondary_color", ""),
    (
        "account.settings.card_payments",
        "statement_descriptor_prefix_kana statement_descriptor_prefix_kanji",
        "decline_on statement_descriptor_prefix",
    ),
    ("account.settings.dashboard", "display_name timezone", ""),
    (
        "account.settings.payments",
        "statement_descriptor statement_descriptor_kana statement_descriptor_kanji",
        "statement_descriptor_prefix_kana statement_descriptor_prefix_kanji",
    ),
    ("account.settings.payouts", "debit_negative_balances schedule statement_descriptor", ""),
    (
        "account.settings.payouts.schedule",
        "delay_days interval",
        "monthly_anchor monthly_payout_days weekly_anchor weekly_payout_days",
    ),
    (
        "application_fee",
        "id object account amount amount_refunded application balance_transaction charge created currency \
         fee_source livemode originating_transaction refunded refunds",
        "",
    ),
    (
        "balance",
        "object available livemode pending",
        "connect_reserved instant_available refund_and_dispute_prefunding",
    ),
    ("balance_settings", "object payments", ""),
    ("balance_settings.payments", "debit_negative_balances payouts settlement_timing", ""),
    (
        "balance_settings.payments.payouts",
        "automatic_transfer_rules_by_currency minimum_balance_by_currency schedule statement_descriptor status",
        "",
    ),
    ("balance_settings.payments.payouts.schedule", "interval", "monthly_payout_days weekly_payout_days"),
    ("balance_settings.payments.settlement_timing", "delay_days start_of_day", "delay_days_override"),
    (
        "balance_transaction",
        "id object amount available_on balance_type created currency description exchange_rate fee \
         fee_details net reporting_category source status type",
        "",
    ),
    (
        "bank_account",
        "id object account account_holder_name account_holder_type account_type available_payout_methods \
         bank_name country currency default_for_currency fingerprint future_requirements last4 metadata \
         requirements routing_number status",
        "",
    ),
    ("capability", "id object account requested requested_at status", "future_requirements requirements"),
    (
        "charge",
        "id object amount amount_captured amount_refunded application application_fee application_fee_amount \
         balance_transaction billing_details calculated_statement_descriptor captured created currency \
         customer description disputed failure_balance_transaction failure_code failure_message fraud_details \
         livemode metadata on_behalf_of outcome paid payment_intent payment_method payment_method_details \
         receipt_email receipt_number receipt_url refunded review shipping source source_transfer \
         statement_descriptor statement_descriptor_suffix status transfer_data transfer_group",
        "destination refunds transfer",
    ),
    ("charge.billing_details", "address email name phone tax_id", ""),
    (
        "charge.outcome",
        "advice_code network_advice_code network_decline_code network_status reason seller_message type",
        "risk_level risk_score rule",
    ),
    (
        "customer",
        "id object balance created default_source description email invoice_settings livemode metadata shipping",
        "address currency customer_account delinquent discount invoice_prefix name next_invoice_sequence \
         phone preferred_locales tax_exempt test_clock",
    ),
    ("event", "id object api_version created data livemode pending_webhooks request type", "account"),
    ("event.request", "id idempotency_key", ""),
    ("application", "id object name", ""),
    (
        "card",
        "id object address_city address_country address_line1 address_line1_check address_line2 address_state \
         address_zip address_zip_check brand country cvc_check dynamic_last4 exp_month exp_year funding last4 \
         metadata name regulated_status tokenization_method",
        "fingerprint networks",
    ),
    (
        "charge.payment_method_details.card",
        "amount_authorized authorization_code brand checks country electronic_commerce_indicator exp_month \
         exp_year funding installments last4 mandate network network_transaction_id regulated_status \
         three_d_secure transaction_link_id wallet",
        "capture_before extended_authorization fingerprint incremental_authorization multicapture \
         network_token overcapture",
    ),
    ("payment_intent.next_action", "type", "redirect_to_url"),
    ("fee_refund", "id object amount balance_transaction created currency fee metadata", ""),
    (
        "payment_intent",
        "id object allowed_payment_method_types amount amount_capturable amount_received application \
         application_fee_amount automatic_payment_methods canceled_at cancellation_reason capture_method \
         client_secret confirmation_method created currency customer customer_account description \
         excluded_payment_method_types last_payment_error latest_charge livemode managed_payments metadata \
         next_action on_behalf_of payment_method payment_method_configuration_details payment_method_options \
         payment_method_types payment_record processing receipt_email review setup_future_usage shipping \
         source statement_descriptor statement_descriptor_suffix status transfer_group",
        "amount_details payment_details transfer_data",
    ),
    (
        "payment_method",
        "id object billing_details created customer customer_account livemode metadata type",
        "allow_redisplay card",
    ),
    (
        "payment_method.card",
        "brand checks country display_brand exp_month exp_year funding generated_from last4 networks \
         regulated_status three_d_secure_usage wallet",
        "fingerprint",
    ),
    (
        "payout",
        "id object amount application_fee application_fee_amount arrival_date automatic balance_transaction \
         created currency description destination failure_balance_transaction failure_code failure_message \
         livemode metadata method original_payout payout_method reconciliation_status reversed_by source_type \
         statement_descriptor status trace_id type",
        "",
    ),
    ("payout.trace_id", "status value", ""),
    (
        "person",
        "id object account created",
        "additional_tos_acceptances address dob email first_name future_requirements id_number_provided \
         last_name metadata phone relationship requirements ssn_last_4_provided verification",
    ),
    (
        "person.relationship",
        "authorizer director executive legal_guardian owner percent_ownership representative title",
        "",
    ),
    ("person.requirements", "alternatives currently_due errors eventually_due past_due pending_verification", ""),
    (
        "refund",
        "id object amount balance_transaction charge created currency customer customer_account metadata \
         payment_intent payment_method reason receipt_number source_transfer_reversal status \
         transfer_reversal",
        "destination_details failure_balance_transaction failure_reason pending_reason",
    ),
    ("token", "id object client_ip created livemode type used", "card"),
    (
        "transfer",
        "id object amount amount_reversed balance_transaction created currency description destination \
         livemode metadata reversals reversed source_transaction transfer_group",
        "destination_payment source_type",
    ),
    (
        "transfer_reversal",
        "id object amount balance_transaction created currency destination_payment_refund metadata \
         source_refund transfer",
        "",
    ),
    (
        "webhook_endpoint",
        "id object api_version application created description enabled_events livemode metadata status url",
        "secret",
    ),
];

const REQUIREMENTS: &str = "alternatives current_deadline currently_due disabled_reason errors eventually_due past_due \
                            pending_verification";

/// Every resource and hash that a test met.
#[derive(Default)]
struct Met(BTreeSet<&'static str>);

impl Met {
    /// Checks an answer and everything in it.
    fn check(&mut self, value: &Value) {
        match value["object"].as_str() {
            Some("list") => value["data"].as_array().unwrap().iter().for_each(|each| self.check(each)),
            Some(object) => self.check_hash(value, object),
            None => {}
        }
        if value["object"] == "event" {
            self.check(&value["data"]["object"]);
        }
    }

    fn check_hash(&mut self, value: &Value, path: &str) {
        let Some(hash) = value.as_object() else { return };
        if let Some((name, always, sometimes)) = SHAPES.iter().find(|(name, _, _)| *name == path) {
            self.0.insert(name);
            let always: BTreeSet<&str> = always.split_whitespace().collect();
            let may: BTreeSet<&str> = always.iter().copied().chain(sometimes.split_whitespace()).collect();
            let keys: BTreeSet<&str> = hash.keys().map(String::as_str).collect();
            let missing: Vec<_> = always.difference(&keys).collect();
            let unknown: Vec<_> = keys.difference(&may).collect();
            assert!(missing.is_empty() && unknown.is_empty(), "{path}: missing {missing:?}, unknown {unknown:?}");
        } else {
            assert!(path.contains('.'), "{path} has no shape");
        }
        for (key, inner) in hash {
            if inner["object"].is_string() {
                self.check(inner);
            } else if key != "previous_attributes" {
                self.check_hash(inner, &format!("{path}.{key}"));
            }
        }
    }
}

#[test]
fn every_answer_has_the_keys_of_its_resource_and_no_other() {
    let sandbox = Sandbox::new(7);
    let mut met = Met::default();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let seller = sandbox.seller(&[("settings[payouts][debit_negative_balances]", "true")]);
    met.check(&sandbox.post("/v1/accounts", &[("type", "standard"), ("country", "US")]).ok());
    met.check(&sandbox.post("/v1/accounts", &[("type", "express"), ("country", "US")]).ok());
    met.check(&sandbox.get("/v1/account").ok());
    for path in ["", "/capabilities", "/external_accounts", "/persons"] {
        met.check(&sandbox.get(&format!("/v1/accounts/{seller}{path}")).ok());
    }
    let card = [("card[number]", "4242424242424242"), ("card[exp_month]", "12"), ("card[exp_year]", "2030")];
    met.check(&sandbox.post("/v1/tokens", &card).ok());
    met.check(&sandbox.post("/v1/customers", &[("email", "a@example.com")]).ok());
    let pay = |more: &[(&str, &str)]| {
        let mut form = vec![
            ("amount", "1000"),
            ("currency", "usd"),
            ("payment_method_types[]", "card"),
            ("confirm", "true"),
            ("expand[]", "payment_method"),
            ("expand[]", "latest_charge.balance_transaction"),
        ];
        form.extend_from_slice(more);
        sandbox.post("/v1/payment_intents", &form)
    };
    let at_once = ("payment_method", "pm_card_bypassPending");
    let to = ("transfer_data[destination]", seller.as_str());
    let intent = pay(&[at_once, to, ("application_fee_amount", "123")]).ok();
    met.check(&intent);
    met.check(&pay(&[at_once, to]).ok());
    met.check(&pay(&[at_once, ("capture_method", "manual")]).ok());
    let back = ("return_url", "https://example.com/");
    met.check(&pay(&[("payment_method", "pm_card_threeDSecure2Required"), back]).ok());
    met.check(&pay(&[("payment_method", "pm_card_chargeDeclined")]).refused(402)["payment_intent"]);
    let refund = [
        ("payment_intent", intent["id"].as_str().unwrap()),
        ("amount", "400"),
        ("reverse_transfer", "true"),
        ("refund_application_fee", "true"),
    ];
    met.check(&sandbox.post("/v1/refunds", &refund).ok());
    let fee = text(&sandbox.get("/v1/application_fees").ok()["data"][0]["id"]);
    met.check(&sandbox.post(&format!("/v1/application_fees/{fee}/refunds"), &[("amount", "1")]).ok());
    let transfer = text(&sandbox.get("/v1/transfers").ok()["data"][0]["id"]);
    met.check(&sandbox.post(&format!("/v1/transfers/{transfer}/reversals"), &[("amount", "1")]).ok());
    met.check(&sandbox.post_as(&seller, "/v1/payouts", &[("amount", "100"), ("currency", "usd")]).ok());
    let hook = [("url", "https://example.com/hook"), ("enabled_events[]", "*")];
    met.check(&sandbox.post("/v1/webhook_endpoints", &hook).ok());
    for path in LISTS {
        met.check(&sandbox.get(path).ok());
        met.check(&sandbox.get_as(&seller, path).ok());
    }
    let unmet: Vec<_> = SHAPES.iter().map(|shape| shape.0).filter(|name| !met.0.contains(name)).collect();
    assert!(unmet.is_empty(), "no answer had a {unmet:?}");
}

const LISTS: &[&str] = &[
    "/v1/balance",
    "/v1/balance_settings",
    "/v1/balance_transactions?limit=100",
    "/v1/charges?limit=100&expand[]=data.refunds",
    "/v1/refunds",
    "/v1/transfers",
    "/v1/application_fees",
    "/v1/payouts",
    "/v1/events?limit=100",
    "/v1/webhook_endpoints",
];
