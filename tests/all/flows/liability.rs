//! Who may go below zero, and who may take money from whom. What cannot be taken is refused as a whole.

use harness::{Sandbox, on_every_engine};
use http::Method;
use serde_json::Value;

use super::books::{Books, pay, same, text};

const AT_ONCE: (&str, &str) = ("payment_method", "pm_card_bypassPending");

/// A seller for whom the operator answers, not the platform.
fn unbacked(sandbox: &Sandbox) -> String {
    let account = sandbox.post("/v1/accounts", &[("type", "standard")]).ok();
    assert_eq!(account["controller"]["losses"]["payments"], "stripe");
    text(&account["id"]).to_owned()
}

/// Everything that a refund or a reversal could change, of both accounts.
fn everything(sandbox: &Sandbox, seller: &str) -> Vec<Value> {
    let paths = [
        "/v1/balance",
        "/v1/balance_transactions?limit=100",
        "/v1/charges?limit=100&expand[]=data.refunds",
        "/v1/refunds?limit=100",
        "/v1/transfers?limit=100",
        "/v1/application_fees?limit=100",
        "/v1/events?limit=100",
    ];
    paths.iter().flat_map(|path| [sandbox.get(path).ok(), sandbox.get_as(seller, path).ok()]).collect()
}

fn transfer_to_platform(sandbox: &Sandbox, seller: &str, amount: &str) -> harness::Answer {
    let form = [("amount", amount), ("currency", "usd"), ("destination", sandbox.platform.as_str())];
    sandbox.post_as(seller, "/v1/transfers", &form)
}

#[test]
fn a_refund_that_a_seller_cannot_give_its_part_of_is_refused_and_changes_nothing() {
    on_every_engine(|sandbox| {
        let seller = unbacked(sandbox);
        let to = ("transfer_data[destination]", seller.as_str());
        let intent = pay(sandbox, None, "1000", &[AT_ONCE, to, ("application_fee_amount", "123")]);
        assert_eq!(sandbox.balance(Some(&seller)), (877, 0));
        let before = everything(sandbox, &seller);
        let form = [("payment_intent", text(&intent["id"])), ("reverse_transfer", "true")];
        let key = [("idempotency-key", "the-same-refund")];
        let error = sandbox.send(Method::POST, "/v1/refunds", &form, &key).refused(400);
        assert_eq!((&error["type"], &error["code"]), (&"invalid_request_error".into(), &"balance_insufficient".into()));
        assert_eq!(everything(sandbox, &seller), before);
        sandbox.audit();

        // A part that it has can be given back; and with money the same request succeeds.
        let part = [form[0], form[1], ("amount", "100")];
        sandbox.post("/v1/refunds", &part).ok();
        pay(sandbox, None, "500", &[AT_ONCE, to]);
        let made = sandbox.send(Method::POST, "/v1/refunds", &form, &key).ok();
        assert_eq!((&made["amount"], &made["status"]), (&900.into(), &"succeeded".into()));
        assert_eq!(sandbox.balance(Some(&seller)), (377, 0));
        sandbox.audit();
    });
}

#[test]
fn a_reversal_that_a_seller_cannot_pay_is_refused_and_changes_nothing() {
    on_every_engine(|sandbox| {
        let seller = unbacked(sandbox);
        pay(sandbox, None, "10000", &[AT_ONCE]);
        let form = [("amount", "1000"), ("currency", "usd"), ("destination", seller.as_str())];
        let transfer = sandbox.post("/v1/transfers", &form).ok();
        transfer_to_platform(sandbox, &seller, "400").ok();
        let before = everything(sandbox, &seller);
        let path = format!("/v1/transfers/{}/reversals", text(&transfer["id"]));
        let error = sandbox.post(&path, &[]).refused(400);
        assert_eq!(error["code"], "balance_insufficient");
        assert_eq!(everything(sandbox, &seller), before);
        sandbox.audit();
        sandbox.post(&path, &[("amount", "600")]).ok();
        assert_eq!(sandbox.balance(Some(&seller)), (0, 0));
        sandbox.audit();
    });
}

#[test]
fn a_seller_that_its_platform_answers_for_goes_below_zero_and_the_platform_keeps_a_reserve() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        let to = ("transfer_data[destination]", seller.as_str());
        let intent = pay(sandbox, None, "1000", &[AT_ONCE, to, ("application_fee_amount", "123")]);
        pay(sandbox, None, "1000", &[AT_ONCE]);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let form = [("payment_intent", text(&intent["id"])), ("reverse_transfer", "true")];
        sandbox.post("/v1/refunds", &form).ok();
        sandbox.advance(1);
        same(
            &books.rows(),
            "platform  refund               -1000  0  -1000  refund                  re
             platform  transfer_refund       1000  0   1000  transfer_reversal       trr
             platform  reserve_transaction   -123  0   -123  connect_reserved_funds  rtx
             seller    payment_refund       -1000  0  -1000  refund                  pyr",
        );
        assert_eq!(sandbox.balance(Some(&seller)), (-123, 0));
        assert_eq!(sandbox.get("/v1/balance").ok()["connect_reserved"][0]["amount"], 123);
        sandbox.audit();
    });
}

#[test]
fn a_platform_takes_money_from_a_seller_by_a_transfer_in_its_name() {
    on_every_engine(|sandbox| {
        let (seller, other) = (sandbox.seller(&[]), sandbox.seller(&[]));
        pay(sandbox, None, "1000", &[AT_ONCE, ("transfer_data[destination]", &seller)]);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let transfer = transfer_to_platform(sandbox, &seller, "400").ok();
        same(
            &books.rows(),
            "platform  payment    400  0   400  charge    py
             seller    transfer  -400  0  -400  transfer  tr",
        );
        same(
            &books.events(),
            "platform payment.created py
             seller transfer.created tr",
        );
        assert_eq!(sandbox.balance(Some(&seller)), (600, 0));
        // The transfer is the seller's, the payment the platform's.
        let path = format!("/v1/transfers/{}", text(&transfer["id"]));
        assert_eq!(sandbox.get_as(&seller, &path).ok()["destination"], sandbox.platform.as_str());
        sandbox.get(&path).refused(404);
        let payment = sandbox.get(&format!("/v1/charges/{}", text(&transfer["destination_payment"]))).ok();
        assert_eq!(payment["source_transfer"], transfer["id"]);
        assert_eq!(payment["payment_method_details"]["type"], "stripe_account");

        // It cannot push the seller below zero, nor go to anybody else.
        let before = everything(sandbox, &seller);
        assert_eq!(transfer_to_platform(sandbox, &seller, "601").refused(400)["code"], "balance_insufficient");
        for destination in [other.as_str(), seller.as_str(), "acct_nobody"] {
            let form = [("amount", "1"), ("currency", "usd"), ("destination", destination)];
            let error = sandbox.post_as(&seller, "/v1/transfers", &form).refused(400);
            assert_eq!(error["param"], "destination", "{error:#}");
        }
        assert_eq!(everything(sandbox, &seller), before);

        // And it can be given back.
        sandbox.post_as(&seller, &format!("{path}/reversals"), &[("amount", "150")]).ok();
        same(
            &books.rows(),
            "platform  payment_refund   -150  0  -150  refund             pyr
             seller    transfer_refund   150  0   150  transfer_reversal  trr",
        );
        assert_eq!(sandbox.balance(Some(&seller)), (750, 0));
        sandbox.audit();
    });
}
