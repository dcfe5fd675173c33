//! What the simulator (tests/sim) found, each as a story of its own.

use harness::{Sandbox, on_every_engine};
use kernel::{DAY, HOUR};
use serde_json::json;
use store::{Caller, Origin};

fn pay(sandbox: &Sandbox, more: &[(&str, &str)]) -> String {
    let mut form = vec![
        ("amount", "10000"),
        ("currency", "usd"),
        ("payment_method", "pm_card_bypassPending"),
        ("confirm", "true"),
        ("payment_method_types[]", "card"),
    ];
    form.extend_from_slice(more);
    sandbox.post("/v1/payment_intents", &form).ok()["latest_charge"].as_str().unwrap().to_owned()
}

/// A balance below zero less 2⁶³ − 1 wrapped around to a large positive one, and the transfer was made.
#[test]
fn an_amount_that_no_balance_can_be_less_is_refused_even_below_zero() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        let charge = pay(sandbox, &[]);
        sandbox.post("/v1/refunds", &[("charge", &charge)]).ok();
        assert_eq!(sandbox.balance(None), (-320, 0));
        let most = i64::MAX.to_string();
        let transfer = [("amount", most.as_str()), ("currency", "usd"), ("destination", &seller)];
        let error = sandbox.post("/v1/transfers", &transfer).refused(400);
        assert_eq!((error["code"].as_str(), error["param"].as_str()), (Some("amount_too_large"), Some("amount")));
        assert_eq!((sandbox.balance(None), sandbox.balance(Some(&seller))), ((-320, 0), (0, 0)));
        sandbox.audit();
    });
}

/// A request that began before the clock was moved planned a payout for a moment that the clock had passed: the payout paid
/// what had become available since, and settled nothing of it.
#[test]
fn a_payout_planned_late_settles_what_it_pays() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[("settings[payouts][schedule][interval]", "daily")]);
        let charge = [
            ("amount", "10000"),
            ("currency", "usd"),
            ("payment_method", "pm_card_visa"),
            ("confirm", "true"),
            ("payment_method_types[]", "card"),
        ];
        sandbox.post_as(&seller, "/v1/payment_intents", &charge).ok();
        let began = sandbox.world().now();
        while sandbox.balance(Some(&seller)) != (9_680, 0) {
            sandbox.advance(HOUR / 2);
        }
        let run = began.plus(13 * HOUR);
        assert!(run < sandbox.world().now());
        let plan = |tx: &mut store::Tx| {
            let payload = json!({ "account": seller, "run": run });
            tx.schedule_once(accounts::AUTOMATIC_PAYOUT, &format!("{seller}:{}", run.0), run, payload)
        };
        let (caller, origin) = (Caller::account(&seller), Origin::default());
        sandbox.runtime().block_on(sandbox.world().run_at(&caller, &origin, Some(began), plan)).unwrap();
        sandbox.advance(60);
        let payouts = sandbox.get_as(&seller, "/v1/payouts").ok();
        assert_eq!(payouts["data"][0]["amount"], 9_680, "{payouts:#}");
        let id = payouts["data"][0]["id"].as_str().unwrap();
        let settled = sandbox.get_as(&seller, &format!("/v1/balance_transactions?payout={id}")).ok();
        let types: Vec<&str> =
            settled["data"].as_array().unwrap().iter().map(|row| row["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["payout", "charge"]);
        sandbox.audit();
        sandbox.advance(9 * DAY);
        sandbox.audit();
    });
}
