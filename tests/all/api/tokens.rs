//! What a seller's browser sends ahead, used by the platform.

use harness::{Sandbox, on_every_engine};
use serde_json::Value;

const BANK: &[(&str, &str)] = &[
    ("bank_account[country]", "US"),
    ("bank_account[currency]", "usd"),
    ("bank_account[account_holder_name]", "Ada Baker"),
    ("bank_account[routing_number]", "110000000"),
    ("bank_account[account_number]", "000111111116"),
];

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

#[test]
fn a_bank_account_sent_ahead_becomes_an_external_account_once() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        let token = sandbox.post("/v1/tokens", BANK).ok();
        let path = format!("/v1/accounts/{seller}/external_accounts");
        let form = [("external_account", id(&token)), ("default_for_currency", "true")];
        let bank = sandbox.post(&path, &form).ok();
        assert_eq!((&bank["last4"], &bank["default_for_currency"]), (&"1116".into(), &true.into()));
        assert_eq!(bank["account_holder_name"], "Ada Baker");
        assert_eq!(bank["fingerprint"], token["bank_account"]["fingerprint"]);
        let error = sandbox.post(&path, &form).refused(400);
        assert_eq!((&error["code"], &error["param"]), (&"token_already_used".into(), &"external_account".into()));
        assert_eq!(sandbox.get(&format!("/v1/tokens/{}", id(&token))).ok()["used"], true);
        sandbox.audit();
    });
}

#[test]
fn an_account_is_opened_with_tokens_of_its_bank_account_and_number() {
    let sandbox = Sandbox::new(7);
    let bank = sandbox.post("/v1/tokens", BANK).ok();
    let pii = sandbox.post("/v1/tokens", &[("pii[id_number]", "987654320")]).ok();
    let form = harness::seller_form(&[("individual[id_number]", id(&pii))]);
    let form: Vec<_> = form.into_iter().filter(|(name, _)| !name.starts_with("external_account")).collect();
    let form = [&form[..], &[("external_account", id(&bank))]].concat();
    let account = sandbox.post("/v1/accounts", &form).ok();
    assert_eq!(account["external_accounts"]["data"][0]["last4"], "1116");
    assert_eq!(account["individual"]["id_number_provided"], true);
    let error = sandbox.post("/v1/accounts", &form).refused(400);
    assert_eq!(error["code"], "token_already_used");
}

#[test]
fn a_token_made_on_an_account_is_for_that_account_only() {
    let sandbox = Sandbox::new(7);
    let (seller, other) = (sandbox.seller(&[]), sandbox.seller(&[]));
    let token = sandbox.post_as(&seller, "/v1/tokens", BANK).ok();
    let form = [("external_account", id(&token))];
    let error = sandbox.post(&format!("/v1/accounts/{other}/external_accounts"), &form).refused(400);
    assert_eq!((&error["code"], &error["param"]), (&"resource_missing".into(), &"external_account".into()));
    sandbox.post(&format!("/v1/accounts/{seller}/external_accounts"), &form).ok();
    let card = [("card[number]", "4242424242424242"), ("card[exp_month]", "12"), ("card[exp_year]", "2034")];
    let card = sandbox.post("/v1/tokens", &card).ok();
    let form = [("payment_method", "x"), ("card[token]", id(&token)), ("type", "card")];
    let error = sandbox.post_as(&seller, "/v1/payment_methods", &form[1..]).refused(400);
    assert_eq!(error["code"], "resource_missing", "a bank account is no card");
    let error = sandbox.post(&format!("/v1/accounts/{other}"), &[("external_account", id(&card))]).refused(400);
    assert_eq!(error["param"], "external_account", "a debit card is no bank account");
}
