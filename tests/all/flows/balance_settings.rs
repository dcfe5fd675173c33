//! Balance settings as a platform uses them: one truth with the account's settings, payouts that follow a change at once.

use harness::{Sandbox, on_every_engine};
use serde_json::{Value, json};

use super::books::{Books, pay, text};

const PATH: &str = "/v1/balance_settings";

fn payouts(sandbox: &Sandbox, seller: &str) -> Vec<i64> {
    let list = sandbox.get_as(seller, "/v1/payouts").ok();
    list["data"].as_array().unwrap().iter().map(|payout| payout["amount"].as_i64().unwrap()).collect()
}

fn earn(sandbox: &Sandbox, seller: &str, amount: &str) {
    let at_once = ("payment_method", "pm_card_bypassPending");
    pay(sandbox, None, amount, &[at_once, ("transfer_data[destination]", seller)]);
}

fn account(sandbox: &Sandbox, seller: &str) -> Value {
    sandbox.get(&format!("/v1/accounts/{seller}")).ok()["settings"]["payouts"].clone()
}

#[test]
fn both_views_show_the_same_whichever_was_changed() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let form = [
            ("payments[payouts][schedule][interval]", "monthly"),
            ("payments[payouts][schedule][monthly_payout_days][]", "1"),
            ("payments[payouts][schedule][monthly_payout_days][]", "15"),
            ("payments[payouts][minimum_balance_by_currency][usd]", "10000"),
            ("payments[payouts][statement_descriptor]", "MARKET"),
            ("payments[settlement_timing][delay_days_override]", "4"),
            ("payments[debit_negative_balances]", "true"),
        ];
        let changed = sandbox.post_as(&seller, PATH, &form).ok();
        let schedule =
            json!({ "delay_days": 4, "interval": "monthly", "monthly_anchor": 1, "monthly_payout_days": [1, 15] });
        let expected =
            json!({ "debit_negative_balances": true, "schedule": schedule, "statement_descriptor": "MARKET" });
        assert_eq!(account(sandbox, &seller), expected);
        assert_eq!(
            books.events(),
            "seller account.updated acct\nseller balance_settings.updated balance_settings",
            "an account shows it too"
        );
        assert_eq!(sandbox.get_as(&seller, PATH).ok(), changed);

        let back = [
            ("settings[payouts][schedule][interval]", "daily"),
            ("settings[payouts][schedule][delay_days]", "minimum"),
            ("settings[payouts][debit_negative_balances]", "false"),
            ("settings[payouts][statement_descriptor]", ""),
        ];
        sandbox.post(&format!("/v1/accounts/{seller}"), &back).ok();
        let payments = sandbox.get_as(&seller, PATH).ok()["payments"].clone();
        let expected = json!({
            "debit_negative_balances": false,
            "payouts": {
                "automatic_transfer_rules_by_currency": null,
                "minimum_balance_by_currency": { "usd": 10_000 },
                "schedule": { "interval": "daily" },
                "statement_descriptor": null,
                "status": "enabled",
            },
            "settlement_timing": { "delay_days": 2, "start_of_day": null },
        });
        assert_eq!(payments, expected);
        let events = sandbox.get_as(&seller, "/v1/events?type=balance_settings.updated").ok();
        let event = &events["data"][0];
        assert_eq!(event["data"]["object"]["payments"], payments);
        let earlier = &event["data"]["previous_attributes"]["payments"];
        assert_eq!(earlier["payouts"]["schedule"], json!({ "interval": "monthly", "monthly_payout_days": [1, 15] }));
        assert_eq!(event["account"], seller.as_str());
        sandbox.audit();
    });
}

#[test]
fn a_seller_who_is_no_longer_paid_by_hand_is_paid_at_the_next_run() {
    on_every_engine(|sandbox| {
        let (by_account, by_settings) = (sandbox.seller(&[]), sandbox.seller(&[]));
        for seller in [&by_account, &by_settings] {
            earn(sandbox, seller, "1000");
        }
        sandbox.advance(3 * kernel::DAY);
        assert_eq!((payouts(sandbox, &by_account), payouts(sandbox, &by_settings)), (vec![], vec![]));
        let daily = [("settings[payouts][schedule][interval]", "daily")];
        sandbox.post(&format!("/v1/accounts/{by_account}"), &daily).ok();
        sandbox.post_as(&by_settings, PATH, &[("payments[payouts][schedule][interval]", "daily")]).ok();
        sandbox.advance(kernel::DAY);
        assert_eq!((payouts(sandbox, &by_account), payouts(sandbox, &by_settings)), (vec![1000], vec![1000]));
        sandbox.audit();
    });
}

#[test]
fn a_schedule_that_pays_sooner_and_a_lower_minimum_pay_what_waited() {
    on_every_engine(|sandbox| {
        let monthly = [
            ("settings[payouts][schedule][interval]", "monthly"),
            ("settings[payouts][schedule][monthly_anchor]", "28"),
        ];
        let seller = sandbox.seller(&monthly);
        sandbox.post_as(&seller, PATH, &[("payments[payouts][minimum_balance_by_currency][usd]", "300")]).ok();
        earn(sandbox, &seller, "1000");
        sandbox.advance(2 * kernel::DAY);
        assert!(payouts(sandbox, &seller).is_empty());
        sandbox.post_as(&seller, PATH, &[("payments[payouts][schedule][interval]", "daily")]).ok();
        sandbox.advance(kernel::DAY);
        assert_eq!((payouts(sandbox, &seller), sandbox.balance(Some(&seller))), (vec![700], (300, 0)));
        sandbox.advance(4 * kernel::DAY);
        assert_eq!(payouts(sandbox, &seller), [700]);
        sandbox.post_as(&seller, PATH, &[("payments[payouts][minimum_balance_by_currency]", "")]).ok();
        sandbox.advance(2 * kernel::DAY);
        assert_eq!((payouts(sandbox, &seller), sandbox.balance(Some(&seller))), (vec![300, 700], (0, 0)));
        sandbox.audit();
    });
}

#[test]
fn a_day_that_begins_elsewhere_decides_when_a_payment_is_available() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        // It is Monday noon in UTC, and Tuesday in Kiritimati.
        let form = [("payments[settlement_timing][start_of_day][timezone]", "Pacific/Kiritimati")];
        let changed = sandbox.post_as(&seller, PATH, &form).ok();
        let start = json!({ "hour": 0, "minutes": 0, "timezone": "Pacific/Kiritimati" });
        assert_eq!(changed["payments"]["settlement_timing"]["start_of_day"], start);
        pay(sandbox, Some(&seller), "1000", &[]);
        let row = sandbox.get_as(&seller, "/v1/balance_transactions").ok()["data"][0].clone();
        let available_on = kernel::Timestamp(row["available_on"].as_i64().unwrap());
        assert_eq!(available_on.rfc3339(), "2026-11-05T00:00:00Z");
        sandbox.audit();
    });
}

#[test]
fn bad_settings_are_refused_by_name_and_strangers_see_nothing() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        let before = sandbox.get_as(&seller, PATH).ok();
        let cases = [
            ("payments[payouts][schedule][interval]", "hourly", "payments[payouts][schedule][interval]"),
            ("payments[payouts][minimum_balance_by_currency][usd]", "-5", ""),
            ("payments[settlement_timing][delay_days_override]", "1", ""),
            ("payments[settlement_timing][start_of_day][timezone]", "Mars/Olympus", ""),
            ("payout", "x", ""),
        ];
        for (name, value, param) in cases {
            let error = sandbox.post_as(&seller, PATH, &[(name, value)]).refused(400);
            assert_eq!(text(&error["type"]), "invalid_request_error", "{error:#}");
            assert_eq!(text(&error["param"]), if param.is_empty() { name } else { param }, "{error:#}");
        }
        assert_eq!(sandbox.get_as(&seller, PATH).ok(), before);
        assert_eq!(sandbox.get_as("acct_nobody", PATH).refused(403)["code"], "account_invalid");
        // A full dashboard's people set this there.
        let standard = sandbox.post("/v1/accounts", &[("type", "standard")]).ok();
        let form = [("payments[payouts][schedule][interval]", "manual")];
        let error = sandbox.post_as(text(&standard["id"]), PATH, &form).refused(403);
        assert_eq!(error["code"], "oauth_not_supported");
    });
}
