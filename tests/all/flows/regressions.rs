//! What the simulator (tests/sim) found, each as a story of its own.

use harness::{Sandbox, on_every_engine};

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
