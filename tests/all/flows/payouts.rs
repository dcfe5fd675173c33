//! Payouts as an account sees them: money.md 5.1, the schedules of 9.2, reconciliation, and scenario S6 of 17.

use harness::{Sandbox, on_every_engine};
use serde_json::Value;

use super::books::{Books, pay, same, text};

const AT_ONCE: (&str, &str) = ("payment_method", "pm_card_bypassPending");

/// Money that the platform sends, available at once: processing costs the platform, the seller gets it whole.
fn earn(sandbox: &Sandbox, seller: &str, amount: &str) {
    pay(sandbox, None, amount, &[AT_ONCE, ("transfer_data[destination]", seller)]);
}

fn schedule<'a>(interval: &'a str, anchor: Option<(&'a str, &'a str)>) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![("settings[payouts][schedule][interval]", interval)];
    form.extend(anchor);
    form
}

fn payouts(sandbox: &Sandbox, seller: &str) -> Vec<Value> {
    sandbox.get_as(seller, "/v1/payouts").ok()["data"].as_array().unwrap().clone()
}

fn payout(sandbox: &Sandbox, seller: &str, id: &Value) -> Value {
    sandbox.get_as(seller, &format!("/v1/payouts/{}", text(id))).ok()
}

fn at(payout: &Value, field: &str) -> String {
    kernel::Timestamp(payout[field].as_i64().unwrap()).rfc3339()
}

/// The types and amounts of what a payout settled, newest first; all of it is what it paid.
fn settled(sandbox: &Sandbox, seller: &str, payout: &Value) -> Vec<String> {
    let path = format!("/v1/balance_transactions?limit=100&payout={}", text(&payout["id"]));
    let list = sandbox.get_as(seller, &path).ok();
    let rows = list["data"].as_array().unwrap();
    assert_eq!(rows.iter().map(|row| row["net"].as_i64().unwrap()).sum::<i64>(), 0, "{list:#}");
    assert_eq!(rows.iter().filter(|row| row["id"] == payout["balance_transaction"]).count(), 1);
    rows.iter().map(|row| format!("{} {}", text(&row["type"]), row["net"])).collect()
}

#[test]
fn a_payout_arrives_two_business_days_later() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        earn(sandbox, &seller, "10000");
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let made = sandbox.post_as(&seller, "/v1/payouts", &[("amount", "10000"), ("currency", "usd")]).ok();
        same(&books.rows(), "seller payout -10000 0 -10000 payout po");
        assert_eq!((&made["status"], &made["automatic"]), (&"pending".into(), &false.into()));
        assert_eq!(
            (at(&made, "arrival_date").as_str(), sandbox.balance(Some(&seller))),
            ("2026-11-04T00:00:00Z", (0, 0))
        );
        sandbox.advance(kernel::DAY);
        assert_eq!(payout(sandbox, &seller, &made["id"])["status"], "in_transit");
        sandbox.advance(kernel::DAY);
        assert_eq!(payout(sandbox, &seller, &made["id"])["status"], "paid");
        same(&books.rows(), "");
        sandbox.audit();
    });
}

#[test]
fn a_cancelled_and_a_failed_payout_give_their_money_back() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[("external_account[account_number]", "000111111116")]);
        earn(sandbox, &seller, "10000");
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let form = [("amount", "10000"), ("currency", "usd")];
        let made = sandbox.post_as(&seller, "/v1/payouts", &form).ok();
        let cancel = format!("/v1/payouts/{}/cancel", text(&made["id"]));
        let cancelled = sandbox.post_as(&seller, &cancel, &[]).ok();
        same(
            &books.rows(),
            "seller  payout        -10000  0  -10000  payout           po
             seller  payout_cancel  10000  0   10000  payout_reversal  po",
        );
        assert_eq!(cancelled["status"], "canceled");
        let back = format!("/v1/balance_transactions/{}", text(&cancelled["failure_balance_transaction"]));
        assert_eq!(sandbox.get_as(&seller, &back).ok()["type"], "payout_cancel");

        let made = sandbox.post_as(&seller, "/v1/payouts", &form).ok();
        sandbox.advance(3 * kernel::DAY);
        same(
            &books.rows(),
            "seller  payout         -10000  0  -10000  payout           po
             seller  payout_failure  10000  0   10000  payout_reversal  po",
        );
        let failed = payout(sandbox, &seller, &made["id"]);
        assert_eq!((&failed["status"], &failed["failure_code"]), (&"failed".into(), &"no_account".into()));
        let back = format!("/v1/balance_transactions/{}", text(&failed["failure_balance_transaction"]));
        assert_eq!(sandbox.get_as(&seller, &back).ok()["type"], "payout_failure");
        assert_eq!(sandbox.balance(Some(&seller)), (10000, 0));
        sandbox.audit();
    });
}

#[test]
fn a_payout_taken_back_is_a_second_payout_of_a_negative_amount() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        earn(sandbox, &seller, "10000");
        let made = sandbox.post_as(&seller, "/v1/payouts", &[("amount", "10000"), ("currency", "usd")]).ok();
        sandbox.advance(3 * kernel::DAY);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let path = format!("/v1/payouts/{}/reverse", text(&made["id"]));
        let back = sandbox.post_as(&seller, &path, &[]).ok();
        assert_eq!((&back["amount"], &back["original_payout"]), (&(-10000).into(), &made["id"]));
        assert_eq!(payout(sandbox, &seller, &made["id"])["reversed_by"], back["id"]);
        sandbox.advance(5 * kernel::DAY);
        assert_eq!(payout(sandbox, &seller, &back["id"])["status"], "paid");
        same(&books.rows(), "seller payout 10000 0 10000 payout po");
        assert_eq!(sandbox.balance(Some(&seller)), (10000, 0));
        sandbox.audit();
    });
}

#[test]
fn an_automatic_payout_says_exactly_what_it_paid() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&schedule("daily", None));
        pay(sandbox, Some(&seller), "10000", &[("application_fee_amount", "500")]);
        pay(sandbox, None, "5000", &[("transfer_data[amount]", "4000"), ("transfer_data[destination]", &seller)]);
        let refunded = pay(sandbox, Some(&seller), "2000", &[]);
        sandbox.post_as(&seller, "/v1/refunds", &[("payment_intent", text(&refunded["id"])), ("amount", "600")]).ok();
        // Money of another day, which the first payout must leave alone.
        sandbox.advance(kernel::DAY);
        pay(sandbox, Some(&seller), "3000", &[]);
        sandbox.advance(kernel::DAY);
        let [first] = &payouts(sandbox, &seller)[..] else {
            panic!("not one payout: {:#?}", payouts(sandbox, &seller))
        };
        assert_eq!((&first["automatic"], &first["amount"]), (&true.into(), &(9180 + 4000 + 1912 - 600).into()));
        assert_eq!(
            (&first["reconciliation_status"], &first["description"]),
            (&"completed".into(), &"STRIPE PAYOUT".into())
        );
        assert_eq!(
            settled(sandbox, &seller, first),
            ["payout -14492", "refund -600", "charge 1912", "payment 4000", "charge 9180"]
        );
        sandbox.advance(kernel::DAY);
        let second = payouts(sandbox, &seller).remove(0);
        assert_eq!(settled(sandbox, &seller, &second), ["payout -2883", "charge 2883"]);
        sandbox.audit();
    });
}

#[test]
fn a_payout_by_hand_cannot_be_reconciled() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        earn(sandbox, &seller, "10000");
        let made = sandbox.post_as(&seller, "/v1/payouts", &[("amount", "10000"), ("currency", "usd")]).ok();
        assert_eq!(made["reconciliation_status"], "not_applicable");
        let path = format!("/v1/balance_transactions?payout={}", text(&made["id"]));
        assert_eq!(sandbox.get_as(&seller, &path).refused(400)["type"], "invalid_request_error");
    });
}

#[test]
fn schedules_pay_by_the_week_and_by_the_month() {
    on_every_engine(|sandbox| {
        // It begins on Monday, 2 November 2026.
        let weekly = ("settings[payouts][schedule][weekly_anchor]", "thursday");
        let monthly = ("settings[payouts][schedule][monthly_anchor]", "31");
        let weekly = sandbox.seller(&schedule("weekly", Some(weekly)));
        let monthly = sandbox.seller(&schedule("monthly", Some(monthly)));
        for seller in [&weekly, &monthly] {
            earn(sandbox, seller, "1000");
        }
        sandbox.advance(10 * kernel::DAY);
        for seller in [&weekly, &monthly] {
            earn(sandbox, seller, "200");
        }
        sandbox.advance(23 * kernel::DAY);
        let made = |seller: &str| -> Vec<(String, i64)> {
            let all = payouts(sandbox, seller);
            all.iter().rev().map(|p| (at(p, "created")[..10].to_owned(), p["amount"].as_i64().unwrap())).collect()
        };
        assert_eq!(made(&weekly), [("2026-11-05".to_owned(), 1000), ("2026-11-19".to_owned(), 200)]);
        assert_eq!(made(&monthly), [("2026-11-30".to_owned(), 1200)], "November has no 31st");
        for seller in [&weekly, &monthly] {
            let last = payouts(sandbox, seller).remove(0);
            settled(sandbox, seller, &last);
            assert_eq!(sandbox.balance(Some(seller)), (0, 0));
        }
        sandbox.audit();
    });
}

#[test]
fn scenario_6_a_failed_payout_stops_the_next_until_the_bank_account_is_replaced() {
    on_every_engine(|sandbox| {
        let mut form = schedule("daily", None);
        form.push(("external_account[account_number]", "000111111116"));
        let seller = sandbox.seller(&form);
        earn(sandbox, &seller, "9000");
        let books = Books::open(sandbox, &[("seller", &seller)]);

        sandbox.advance(kernel::DAY);
        same(&books.rows(), "seller payout -9000 0 -9000 payout po");
        let first = payouts(sandbox, &seller).remove(0);
        assert_eq!((&first["status"], sandbox.balance(Some(&seller))), (&"pending".into(), (0, 0)));

        sandbox.advance(3 * kernel::DAY);
        same(&books.rows(), "seller payout_failure 9000 0 9000 payout_reversal po");
        let failed = payout(sandbox, &seller, &first["id"]);
        assert_eq!((&failed["status"], &failed["failure_code"]), (&"failed".into(), &"no_account".into()));
        assert_eq!(sandbox.balance(Some(&seller)), (9000, 0));
        let banks = format!("/v1/accounts/{seller}/external_accounts");
        assert_eq!(sandbox.get(&banks).ok()["data"][0]["status"], "errored");

        // Nothing is paid to an errored bank account, day after day.
        sandbox.advance(7 * kernel::DAY);
        assert_eq!(payouts(sandbox, &seller).len(), 1);
        books.events();
        let works = [
            ("external_account[object]", "bank_account"),
            ("external_account[country]", "US"),
            ("external_account[currency]", "usd"),
            ("external_account[routing_number]", "110000000"),
            ("external_account[account_number]", "000123456789"),
        ];
        sandbox.post(&format!("/v1/accounts/{seller}"), &works).ok();
        assert!(books.events().contains("seller account.external_account.created ba"));
        // That was a Friday; the next run is on Monday.
        sandbox.advance(3 * kernel::DAY);
        let second = payouts(sandbox, &seller).remove(0);
        assert_ne!(second["id"], first["id"]);
        assert_eq!(settled(sandbox, &seller, &second), ["payout -9000", "payout_failure 9000"]);
        sandbox.advance(5 * kernel::DAY);
        assert_eq!(payout(sandbox, &seller, &second["id"])["status"], "paid");
        same(&books.rows(), "seller payout -9000 0 -9000 payout po");
        assert_eq!(sandbox.balance(Some(&seller)), (0, 0));
        sandbox.audit();
    });
}
