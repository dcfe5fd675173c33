//! Many at once for the same money: the sum holds.

use harness::{Sandbox, on_every_engine, request};
use http::Method;
use wire::Response;

/// Sends the same form 64 times at once; answers who got what.
fn all_at_once(
    sandbox: &Sandbox,
    path: &'static str,
    form: &[(&str, &str)],
    headers: &[(&str, &str)],
) -> Vec<Response> {
    let requests: Vec<_> = (0..64).map(|_| request(Method::POST, path, form, headers)).collect();
    let api = sandbox.api.clone();
    sandbox.runtime().block_on(async move {
        let mut tasks = Vec::new();
        for asked in requests {
            let api = api.clone();
            tasks.push(tokio::spawn(async move { api.handle(asked).await }));
        }
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap());
        }
        answers
    })
}

fn won(answers: &[Response]) -> usize {
    answers.iter().filter(|answer| answer.status == 200).count()
}

fn charge(sandbox: &Sandbox, amount: &str) -> String {
    let form = [
        ("amount", amount),
        ("currency", "usd"),
        ("payment_method", "pm_card_bypassPending"),
        ("confirm", "true"),
        ("automatic_payment_methods[enabled]", "true"),
        ("automatic_payment_methods[allow_redirects]", "never"),
    ];
    sandbox.post("/v1/payment_intents", &form).ok()["latest_charge"].as_str().unwrap().to_owned()
}

#[test]
fn of_64_refunds_of_a_whole_charge_one_wins() {
    on_every_engine(|sandbox| {
        let charge = charge(sandbox, "10000");
        let answers = all_at_once(sandbox, "/v1/refunds", &[("charge", &charge)], &[]);
        assert_eq!(won(&answers), 1);
        assert_eq!(sandbox.balance(None), (-320, 0));
        sandbox.audit();
    });
}

#[test]
fn of_64_transfers_only_as_many_win_as_there_is_money_for() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        charge(sandbox, "10000");
        let form = [("amount", "1000"), ("currency", "usd"), ("destination", seller.as_str())];
        let answers = all_at_once(sandbox, "/v1/transfers", &form, &[]);
        assert_eq!(won(&answers), 9, "9680 are there");
        assert!(answers.iter().all(|answer| answer.status == 200 || answer.status == 400));
        assert_eq!((sandbox.balance(None), sandbox.balance(Some(&seller))), ((680, 0), (9000, 0)));
        sandbox.audit();
    });
}

#[test]
fn of_64_payouts_of_everything_one_wins() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        charge(sandbox, "10000");
        sandbox.post("/v1/transfers", &[("amount", "5000"), ("currency", "usd"), ("destination", &seller)]).ok();
        let form = [("amount", "5000"), ("currency", "usd")];
        let answers = all_at_once(sandbox, "/v1/payouts", &form, &[("stripe-account", &seller)]);
        assert_eq!(won(&answers), 1);
        assert_eq!(sandbox.balance(Some(&seller)), (0, 0));
        sandbox.audit();
    });
}
