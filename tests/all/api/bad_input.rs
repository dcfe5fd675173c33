//! What bad input gets: Stripe's error, nothing changed, never a 500.

use bytes::Bytes;
use harness::{Sandbox, answer, request};
use http::Method;

/// What a form is refused with: status, code, parameter.
type Refusal = (u16, Option<&'static str>, Option<&'static str>);

fn intent<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![("amount", "2000"), ("currency", "usd"), ("payment_method", "pm_card_visa")];
    for (name, value) in changes {
        form.retain(|(known, _)| known != name);
        if *value != "(none)" {
            form.push((name, value));
        }
    }
    form
}

#[test]
fn each_wrong_parameter_of_a_payment_is_refused_by_name() {
    let sandbox = Sandbox::new(7);
    let cases: &[(&[(&str, &str)], Refusal)] = &[
        (&[("amount", "(none)")], (400, Some("parameter_missing"), Some("amount"))),
        (&[("currency", "(none)")], (400, Some("parameter_missing"), Some("currency"))),
        (&[("amount", "abc")], (400, Some("parameter_invalid_integer"), Some("amount"))),
        (&[("amount", "10.5")], (400, Some("parameter_invalid_integer"), Some("amount"))),
        (&[("amount", "")], (400, Some("parameter_invalid_empty"), Some("amount"))),
        (&[("amount", "-5")], (400, Some("parameter_invalid_integer"), Some("amount"))),
        (&[("amount", "49")], (400, Some("amount_too_small"), Some("amount"))),
        (&[("amount", "100000000")], (400, Some("amount_too_large"), Some("amount"))),
        (&[("amount", "99999999999999999999")], (400, Some("parameter_invalid_integer"), Some("amount"))),
        (&[("currency", "xxx")], (400, None, Some("currency"))),
        (&[("currency", "dollars")], (400, None, Some("currency"))),
        (&[("amuont", "1")], (400, Some("parameter_unknown"), Some("amuont"))),
        (&[("transfer_data[destinatoin]", "x")], (400, Some("parameter_unknown"), Some("transfer_data[destinatoin]"))),
        (&[("confirm", "yes")], (400, None, Some("confirm"))),
        (&[("capture_method", "sometimes")], (400, None, Some("capture_method"))),
        (&[("transfer_data", "acct_1")], (400, None, Some("transfer_data"))),
        (&[("payment_method", "pm_nothing")], (400, Some("resource_missing"), Some("payment_method"))),
        (&[("customer", "cus_nothing")], (400, Some("resource_missing"), Some("customer"))),
        (
            &[("transfer_data[destination]", "acct_nothing")],
            (400, Some("resource_missing"), Some("transfer_data[destination]")),
        ),
        (&[("application_fee_amount", "100")], (400, None, Some("application_fee_amount"))),
    ];
    for (changes, (status, code, param)) in cases {
        let answer = sandbox.post("/v1/payment_intents", &intent(changes));
        let error = &answer.body["error"];
        // Stripe answers 404 or 400 for an object named by a parameter; both are resource_missing.
        if *code == Some("resource_missing") {
            assert!(answer.status == 400 || answer.status == 404, "{changes:?}: {:#}", answer.body);
        } else {
            assert_eq!(answer.status, *status, "{changes:?}: {:#}", answer.body);
        }
        assert_eq!(error["type"], "invalid_request_error", "{changes:?}: {error:#}");
        assert_eq!(error["param"].as_str(), *param, "{changes:?}: {error:#}");
        if code.is_some() {
            assert_eq!(error["code"].as_str(), *code, "{changes:?}: {error:#}");
        }
        assert!(error["message"].as_str().is_some_and(|m| 10 < m.len()), "{changes:?}: {error:#}");
    }
    assert_eq!(sandbox.get("/v1/payment_intents").ok()["data"].as_array().unwrap().len(), 0, "nothing was written");
    assert_eq!(sandbox.get("/v1/events?type=payment_intent.created").ok()["data"].as_array().unwrap().len(), 0);
    sandbox.audit();
}

#[test]
fn bodies_that_are_no_forms_are_refused() {
    let sandbox = Sandbox::new(7);
    let deep = format!("a{}=1", "[b]".repeat(100));
    let cases: &[(&str, Vec<u8>, u16)] = &[
        ("application/x-www-form-urlencoded", b"amount=%ff%fe".to_vec(), 400),
        ("application/x-www-form-urlencoded", b"amount[=1".to_vec(), 400),
        ("application/x-www-form-urlencoded", deep.into_bytes(), 400),
        ("application/json", b"{\"amount\":2000}".to_vec(), 400),
        ("text/plain", b"amount=2000".to_vec(), 400),
        ("multipart/form-data; boundary=x", b"--x--".to_vec(), 400),
    ];
    for (content_type, body, status) in cases {
        let mut asked = request(Method::POST, "/v1/payment_intents", &[], &[("content-type", content_type)]);
        asked.body = Bytes::from(body.clone());
        let got = answer(&sandbox.raw(asked));
        assert_eq!(got.status, *status, "{content_type}: {:#}", got.body);
        assert_eq!(got.body["error"]["type"], "invalid_request_error");
    }
}

#[test]
fn an_unknown_address_is_unrecognized() {
    let sandbox = Sandbox::new(7);
    for (method, path) in [(Method::GET, "/v1/foo"), (Method::POST, "/v1/charges/x/y/z"), (Method::PUT, "/v1/charges")]
    {
        let error = sandbox.send(method.clone(), path, &[], &[]).refused(404);
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("Unrecognized request URL ({method}: {path})")), "{message}");
    }
}

#[test]
fn keys_are_asked_for_and_checked() {
    let sandbox = Sandbox::new(7);
    let cases = [
        ("Bearer sk_test_wrong", "Invalid API Key provided: sk_test_****"),
        ("Bearer sk_live_KontorInProcessTests00001", "Invalid API Key provided: sk_live_****0001"),
        ("Bearer", "You did not provide an API key."),
    ];
    for (authorization, message) in cases {
        let error = sandbox.send(Method::GET, "/v1/balance", &[], &[("authorization", authorization)]).refused(401);
        assert!(error["message"].as_str().unwrap().starts_with(message), "{error:#}");
        assert!(!error.to_string().contains("KontorInProcessTests"), "a key is not repeated");
    }
}

#[test]
fn an_account_that_is_not_connected_is_refused_like_one_that_does_not_exist() {
    let sandbox = Sandbox::new(7);
    let error = sandbox.get_as("acct_nobody", "/v1/balance").refused(403);
    assert_eq!(error["code"], "account_invalid");
}

#[test]
fn list_parameters_have_bounds() {
    let sandbox = Sandbox::new(7);
    for (query, param) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("starting_after=ch_nothing", "starting_after"),
        ("created[gte]=soon", "created[gte]"),
        ("starting_after=ch_1&ending_before=ch_2", "ending_before"),
        ("colour=red", "colour"),
    ] {
        let answer = sandbox.get(&format!("/v1/charges?{query}"));
        assert!((400..=404).contains(&answer.status), "{query}: {:#}", answer.body);
        assert_eq!(answer.body["error"]["param"], param, "{query}: {:#}", answer.body);
    }
}

#[test]
fn a_number_out_of_bounds_is_told_in_the_same_words_everywhere() {
    let sandbox = Sandbox::new(7);
    let seller = sandbox.seller(&[]);
    let charge = [("amount", "10000"), ("currency", "usd"), ("source", "tok_bypassPending")];
    let charge = sandbox.post("/v1/charges", &charge).ok()["id"].as_str().unwrap().to_owned();
    let held = [("amount", "10000"), ("currency", "usd"), ("source", "tok_visa"), ("capture", "false")];
    let held = sandbox.post("/v1/charges", &held).ok()["id"].as_str().unwrap().to_owned();
    let to = [("amount", "100"), ("currency", "usd"), ("destination", seller.as_str())];
    let transfer = sandbox.post("/v1/transfers", &to).ok()["id"].as_str().unwrap().to_owned();
    let dollars = ("currency", "usd");
    let cases: Vec<(String, Vec<(&str, &str)>)> = vec![
        ("/v1/payment_intents".into(), vec![dollars]),
        ("/v1/charges".into(), vec![dollars, ("source", "tok_visa")]),
        (format!("/v1/charges/{held}/capture"), vec![]),
        ("/v1/refunds".into(), vec![("charge", &charge)]),
        ("/v1/transfers".into(), vec![dollars, ("destination", &seller)]),
        (format!("/v1/transfers/{transfer}/reversals"), vec![]),
        ("/v1/payouts".into(), vec![dollars]),
    ];
    for (path, form) in cases {
        for amount in ["0", "-1"] {
            let error = sandbox.post(&path, &[&form[..], &[("amount", amount)]].concat()).refused(400);
            assert_eq!(error["message"], "This value must be greater than or equal to 1.", "{path}: {error:#}");
            assert_eq!((&error["code"], &error["param"]), (&"parameter_invalid_integer".into(), &"amount".into()));
        }
    }
    let error = sandbox.get("/v1/charges?limit=101").refused(400);
    assert_eq!(error["message"], "This value must be less than or equal to 100.");
    let error = sandbox.get("/v1/events?limit=0").refused(400);
    assert_eq!(error["message"], "This value must be greater than or equal to 1.");
    sandbox.audit();
}

#[test]
fn lists_that_cannot_be_limited_to_a_time_refuse_to_be() {
    let sandbox = Sandbox::new(7);
    let seller = sandbox.seller(&[]);
    sandbox.get("/v1/charges?created[gte]=1").ok();
    for path in [
        format!("/v1/accounts/{seller}/persons"),
        format!("/v1/accounts/{seller}/external_accounts"),
        "/v1/payment_methods".into(),
        "/v1/webhook_endpoints".into(),
    ] {
        sandbox.get(&path).ok();
        let error = sandbox.get(&format!("{path}?created[gte]=1")).refused(400);
        assert_eq!((&error["code"], &error["param"]), (&"parameter_unknown".into(), &"created".into()), "{path}");
    }
}

#[test]
fn what_is_missing_is_named_as_stripe_names_it() {
    let sandbox = Sandbox::new(7);
    for (path, message) in [
        ("/v1/balance_transactions/txn_x", "No such balance transaction: 'txn_x'"),
        ("/v1/webhook_endpoints/we_x", "No such webhook endpoint: 'we_x'"),
        ("/v1/payment_intents/pi_x", "No such payment_intent: 'pi_x'"),
        ("/v1/charges/ch_x", "No such charge: 'ch_x'"),
    ] {
        assert_eq!(sandbox.get(path).refused(404)["message"], message);
    }
    let search = sandbox.get("/v1/charges/search?query=amount>1").refused(400);
    assert_eq!(search["message"], "Searching for charges is not supported by this version of Kontor yet.");
}

#[test]
fn more_than_there_is_cannot_be_refunded_reversed_or_paid_out() {
    let sandbox = Sandbox::new(7);
    let seller = sandbox.seller(&[]);
    let form = [
        ("amount", "10000"),
        ("currency", "usd"),
        ("payment_method", "pm_card_bypassPending"),
        ("confirm", "true"),
        ("automatic_payment_methods[enabled]", "true"),
        ("automatic_payment_methods[allow_redirects]", "never"),
        ("transfer_data[destination]", &seller),
        ("application_fee_amount", "1000"),
        ("expand[]", "latest_charge"),
    ];
    let intent = sandbox.post("/v1/payment_intents", &form).ok();
    let charge = intent["latest_charge"]["id"].as_str().unwrap();
    let transfer = intent["latest_charge"]["transfer"].as_str().unwrap();
    let before = (sandbox.balance(None), sandbox.balance(Some(&seller)));
    let error = sandbox.post("/v1/refunds", &[("charge", charge), ("amount", "10001")]).refused(400);
    assert_eq!(error["param"], "amount", "{error:#}");
    let error = sandbox.post(&format!("/v1/transfers/{transfer}/reversals"), &[("amount", "10001")]).refused(400);
    assert_eq!(error["param"], "amount", "{error:#}");
    let error = sandbox.post_as(&seller, "/v1/payouts", &[("amount", "9001"), ("currency", "usd")]).refused(400);
    assert_eq!(error["code"], "balance_insufficient", "{error:#}");
    let over = [("amount", "99999999"), ("currency", "usd"), ("destination", seller.as_str())];
    let error = sandbox.post("/v1/transfers", &over).refused(400);
    assert_eq!(error["code"], "balance_insufficient", "{error:#}");
    assert_eq!((sandbox.balance(None), sandbox.balance(Some(&seller))), before);
    sandbox.audit();
}
