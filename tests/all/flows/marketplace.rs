//! A marketplace gets paid, the whole way, to the cent.

use harness::{Sandbox, on_every_engine};
use serde_json::Value;

fn pay(sandbox: &Sandbox, more: &[(&str, &str)], account: Option<&str>) -> Value {
    let mut form = vec![
        ("amount", "10000"),
        ("currency", "usd"),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
        ("automatic_payment_methods[enabled]", "true"),
        ("automatic_payment_methods[allow_redirects]", "never"),
    ];
    form.extend_from_slice(more);
    let answer = match account {
        Some(account) => sandbox.post_as(account, "/v1/payment_intents", &form),
        None => sandbox.post("/v1/payment_intents", &form),
    };
    let intent = answer.ok();
    assert_eq!(intent["status"], "succeeded", "{intent:#}");
    intent
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

#[test]
fn all_three_charge_types_split_refund_and_pay_out_to_the_cent() {
    on_every_engine(|sandbox| {
        let (one, two) = (sandbox.seller(&[]), sandbox.seller(&[]));

        // Destination: the seller gets 100.00 less the platform's 10.00; the platform pays the 3.20 of processing.
        let destination = [("application_fee_amount", "1000"), ("transfer_data[destination]", one.as_str())];
        let intent = pay(sandbox, &destination, None);
        assert_eq!((sandbox.balance(None), sandbox.balance(Some(&one))), ((0, 680), (0, 9000)));

        // Direct: the seller pays processing and the fee.
        pay(sandbox, &[("application_fee_amount", "500")], Some(&two));
        assert_eq!((sandbox.balance(None), sandbox.balance(Some(&two))), ((0, 1180), (0, 9180)));

        // Separate: the platform shares a charge among both.
        let shared = pay(sandbox, &[("transfer_group", "ORDER_1")], None);
        let charge = shared["latest_charge"].as_str().unwrap();
        for (seller, amount) in [(&one, "7000"), (&two, "2000")] {
            let form = [
                ("amount", amount),
                ("currency", "usd"),
                ("destination", seller.as_str()),
                ("source_transaction", charge),
            ];
            let transfer = sandbox.post("/v1/transfers", &form).ok();
            assert_eq!(transfer["transfer_group"], "ORDER_1");
        }
        assert_eq!((sandbox.balance(None), sandbox.balance(Some(&one))), ((0, 1860), (0, 16000)));
        sandbox.audit();

        // A part of the destination charge goes back, with its share of the fee.
        let refund = [
            ("payment_intent", id(&intent)),
            ("amount", "3000"),
            ("reverse_transfer", "true"),
            ("refund_application_fee", "true"),
        ];
        assert_eq!(sandbox.post("/v1/refunds", &refund).ok()["status"], "succeeded");
        assert_eq!((sandbox.balance(None), sandbox.balance(Some(&one))), ((0, 1560), (0, 13300)));

        // The money matures; the seller is paid out.
        sandbox.advance(4 * kernel::DAY);
        assert_eq!((sandbox.balance(None), sandbox.balance(Some(&one))), ((1560, 0), (13300, 0)));
        let payout = sandbox.post_as(&one, "/v1/payouts", &[("amount", "13300"), ("currency", "usd")]).ok();
        assert_eq!(payout["status"], "pending");
        assert_eq!(sandbox.balance(Some(&one)), (0, 0));
        sandbox.advance(7 * kernel::DAY);
        let payout = sandbox.get_as(&one, &format!("/v1/payouts/{}", id(&payout))).ok();
        assert_eq!(payout["status"], "paid");
        sandbox.audit();
    });
}

#[test]
fn the_same_requests_against_the_same_seed_give_the_same_bytes() {
    let story = |sandbox: &Sandbox| {
        let seller = sandbox.seller(&[]);
        let form = [("application_fee_amount", "1000"), ("transfer_data[destination]", seller.as_str())];
        (pay(sandbox, &form, None), sandbox.get("/v1/events?limit=100").ok())
    };
    assert_eq!(story(&Sandbox::new(3)), story(&Sandbox::new(3)));
    assert_ne!(story(&Sandbox::new(3)), story(&Sandbox::new(4)));
}

#[test]
fn balance_transactions_add_up_to_the_balance() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        for fee in ["100", "250"] {
            pay(sandbox, &[("application_fee_amount", fee), ("transfer_data[destination]", &seller)], None);
        }
        for account in [None, Some(seller.as_str())] {
            let path = "/v1/balance_transactions?limit=100";
            let list = account.map_or_else(|| sandbox.get(path), |account| sandbox.get_as(account, path)).ok();
            let rows = list["data"].as_array().unwrap();
            let net: i64 = rows.iter().map(|row| row["net"].as_i64().unwrap()).sum();
            let (available, pending) = sandbox.balance(account);
            assert_eq!(net, available + pending);
        }
    });
}
