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

/// An account's minimum balance in US cents.
fn keep(sandbox: &Sandbox, seller: &str, minimum: &str) {
    let form = [("payments[payouts][minimum_balance_by_currency][usd]", minimum)];
    sandbox.post_as(seller, "/v1/balance_settings", &form).ok();
}

#[test]
fn an_automatic_payout_leaves_the_minimum_balance() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&schedule("daily", None));
        keep(sandbox, &seller, "1000");
        earn(sandbox, &seller, "10000");
        let books = Books::open(sandbox, &[("seller", &seller)]);
        sandbox.advance(kernel::DAY);
        same(
            &books.rows(),
            "seller  payout                         -9000  0  -9000  payout                          po
             seller  payout_minimum_balance_hold    -1000  0  -1000  payout_minimum_balance_hold     -
             seller  payout_minimum_balance_release  1000  0   1000  payout_minimum_balance_release  -",
        );
        let first = payouts(sandbox, &seller).remove(0);
        assert_eq!(
            settled(sandbox, &seller, &first),
            ["payout_minimum_balance_hold -1000", "payout -9000", "payment 10000"]
        );
        // What was kept can be spent.
        assert_eq!(sandbox.balance(Some(&seller)), (1000, 0));
        sandbox.advance(7 * kernel::DAY);
        same(&books.rows(), "");
        sandbox.audit();

        // The release is in the next cycle, and so on.
        earn(sandbox, &seller, "500");
        sandbox.advance(2 * kernel::DAY);
        let second = payouts(sandbox, &seller).remove(0);
        assert_eq!((&second["amount"], sandbox.balance(Some(&seller))), (&500.into(), (1000, 0)));
        assert_eq!(
            settled(sandbox, &seller, &second),
            ["payout_minimum_balance_hold -1000", "payout -500", "payment 500", "payout_minimum_balance_release 1000"]
        );
        sandbox.audit();
    });
}

#[test]
fn scenario_8_of_thirty_thousand_ten_thousand_stay() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&schedule("daily", None));
        keep(sandbox, &seller, "10000");
        earn(sandbox, &seller, "30000");
        sandbox.advance(kernel::DAY);
        assert_eq!(payouts(sandbox, &seller)[0]["amount"], 20000);
        assert_eq!(sandbox.balance(Some(&seller)), (10000, 0));
        // A refund is paid from it.
        let charge = pay(sandbox, Some(&seller), "2000", &[AT_ONCE]);
        sandbox.post_as(&seller, "/v1/refunds", &[("payment_intent", text(&charge["id"]))]).ok();
        assert_eq!(sandbox.balance(Some(&seller)), (10000 - 88, 0));
        sandbox.advance(3 * kernel::DAY);
        assert_eq!(payouts(sandbox, &seller).len(), 1);
        sandbox.audit();
    });
}

/// A seller who was paid out what the platform then took back: it owes 500.
fn owing<'a>(sandbox: &'a Sandbox, changes: &[(&str, &str)]) -> (String, Books<'a>) {
    let daily = schedule("daily", None);
    let seller = sandbox.seller(&[&daily[..], changes].concat());
    // The platform has enough to keep a reserve.
    pay(sandbox, None, "10000", &[AT_ONCE]);
    let intent = pay(sandbox, None, "500", &[AT_ONCE, ("transfer_data[destination]", &seller)]);
    let paid = sandbox.post_as(&seller, "/v1/payouts", &[("amount", "500"), ("currency", "usd")]).ok();
    assert_eq!(paid["status"], "pending");
    let refund = [("payment_intent", text(&intent["id"])), ("reverse_transfer", "true")];
    sandbox.post("/v1/refunds", &refund).ok();
    sandbox.advance(1);
    assert_eq!(sandbox.balance(Some(&seller)), (-500, 0));
    let books = Books::open(sandbox, &[("seller", &seller)]);
    (seller, books)
}

fn reserved(sandbox: &Sandbox) -> i64 {
    sandbox.get("/v1/balance").ok()["connect_reserved"][0]["amount"].as_i64().unwrap()
}

#[test]
fn a_negative_balance_is_taken_from_the_bank_by_a_payout_of_a_negative_amount() {
    on_every_engine(|sandbox| {
        let (seller, books) = owing(sandbox, &[("settings[payouts][debit_negative_balances]", "true")]);
        assert_eq!(reserved(sandbox), 500);
        sandbox.advance(kernel::DAY);
        same(&books.rows(), "seller payout 500 0 500 payout po");
        same(&books.events(), "seller payout.updated po\nseller payout.created po");
        let debit = payouts(sandbox, &seller).remove(0);
        assert_eq!((&debit["amount"], &debit["automatic"]), (&(-500).into(), &true.into()));
        assert_eq!((&debit["status"], &debit["reconciliation_status"]), (&"pending".into(), &"not_applicable".into()));
        assert_eq!(at(&debit, "arrival_date"), "2026-11-05T00:00:00Z");
        assert_eq!((sandbox.balance(Some(&seller)), reserved(sandbox)), ((-500, 500), 500));
        sandbox.audit();

        sandbox.advance(2 * kernel::DAY);
        assert_eq!(payout(sandbox, &seller, &debit["id"])["status"], "paid");
        assert_eq!(sandbox.balance(Some(&seller)), (0, 0));
        assert!(books.events().contains("seller payout.paid po"));
        // The reserve stays three business days, since the debit may come back.
        assert_eq!(reserved(sandbox), 500);
        same(&books.rows(), "");
        sandbox.audit();
        sandbox.advance(5 * kernel::DAY);
        assert_eq!(reserved(sandbox), 0);
        same(&books.rows(), "platform reserve_transaction 500 0 500 connect_reserved_funds rtx");

        // The next payout settles the debt and what paid it.
        earn(sandbox, &seller, "700");
        sandbox.advance(kernel::DAY);
        let next = payouts(sandbox, &seller).remove(0);
        assert_eq!(
            settled(sandbox, &seller, &next),
            ["payout -700", "payment 700", "payout 500", "payment_refund -500", "payout -500", "payment 500"]
        );
        sandbox.audit();
    });
}

#[test]
fn a_debit_that_the_bank_refuses_gives_the_debt_back_and_is_not_tried_again() {
    on_every_engine(|sandbox| {
        let (seller, books) = owing(
            sandbox,
            &[
                ("settings[payouts][debit_negative_balances]", "true"),
                ("external_account[account_number]", "000333333335"),
            ],
        );
        sandbox.advance(kernel::DAY);
        // The manual payout's failure comes first in time, so only the debit is looked at.
        let debit = payouts(sandbox, &seller).remove(0);
        assert_eq!(debit["amount"], -500);
        sandbox.advance(3 * kernel::DAY);
        let failed = payout(sandbox, &seller, &debit["id"]);
        assert_eq!((&failed["status"], &failed["failure_code"]), (&"failed".into(), &"debit_not_authorized".into()));
        let back = format!("/v1/balance_transactions/{}", text(&failed["failure_balance_transaction"]));
        let row = sandbox.get_as(&seller, &back).ok();
        assert_eq!(
            (&row["type"], &row["amount"], &row["net"]),
            (&"payout_failure".into(), &(-500).into(), &(-500).into())
        );
        assert!(books.rows().contains("seller payout_failure -500 0 -500 payout_reversal po"));
        let banks = format!("/v1/accounts/{seller}/external_accounts");
        assert_eq!(sandbox.get(&banks).ok()["data"][0]["status"], "errored");
        let made = payouts(sandbox, &seller).len();
        sandbox.advance(7 * kernel::DAY);
        assert_eq!(payouts(sandbox, &seller).len(), made);
        sandbox.audit();
    });
}

#[test]
fn a_negative_balance_stays_where_debits_are_off() {
    on_every_engine(|sandbox| {
        let (seller, books) = owing(sandbox, &[("settings[payouts][debit_negative_balances]", "false")]);
        sandbox.advance(10 * kernel::DAY);
        assert_eq!((payouts(sandbox, &seller).len(), sandbox.balance(Some(&seller))), (1, (-500, 0)));
        same(&books.rows(), "");
        // Switched on, the next run takes it.
        let on = [("payments[debit_negative_balances]", "true")];
        sandbox.post_as(&seller, "/v1/balance_settings", &on).ok();
        sandbox.advance(kernel::DAY);
        assert_eq!(payouts(sandbox, &seller)[0]["amount"], -500);
        sandbox.audit();
    });
}
