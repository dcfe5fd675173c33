//! money.md 5.7: which events and which rows each operation makes, and on whose account.

use harness::{Sandbox, on_every_engine};
use serde_json::Value;

use super::books::{Books, pay, same, same_set, text};

const AT_ONCE: (&str, &str) = ("payment_method", "pm_card_bypassPending");

fn reverse(sandbox: &Sandbox, transfer: &Value, amount: &str) {
    sandbox.post(&format!("/v1/transfers/{}/reversals", text(&transfer["id"])), &[("amount", amount)]).ok();
}

#[test]
fn a_direct_payment_with_a_fee() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        pay(sandbox, Some(&seller), "1000", &[("application_fee_amount", "123")]);
        same(
            &books.events(),
            "platform  application_fee.created   fee
             seller    payment_intent.created    pi
             seller    charge.succeeded          ch
             seller    payment_intent.succeeded  pi",
        );
        same(
            &books.rows(),
            "platform  application_fee  123    0  123  platform_earning  fee
             seller    charge          1000  182  818  charge            ch   application_fee=123 stripe_fee=59",
        );
        sandbox.audit();
    });
}

#[test]
fn a_destination_payment_with_a_fee() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let split = [("application_fee_amount", "123"), ("transfer_data[destination]", seller.as_str())];
        pay(sandbox, None, "1000", &split);
        same_set(
            &books.events(),
            "platform  payment_intent.created    pi
             platform  charge.succeeded          ch
             platform  transfer.created          tr
             platform  application_fee.created   fee
             platform  payment_intent.succeeded  pi
             seller    payment.created           py",
        );
        assert_eq!(books.rows().lines().count(), 4);
        sandbox.audit();
    });
}

#[test]
fn a_declined_payment() {
    on_every_engine(|sandbox| {
        let books = Books::open(sandbox, &[]);
        let form = [
            ("amount", "1000"),
            ("currency", "usd"),
            ("payment_method", "pm_card_visa_chargeDeclined"),
            ("payment_method_types[]", "card"),
            ("confirm", "true"),
        ];
        sandbox.post("/v1/payment_intents", &form).refused(402);
        same(
            &books.events(),
            "platform  payment_intent.created         pi
             platform  charge.failed                  ch
             platform  payment_intent.payment_failed  pi",
        );
        same(&books.rows(), "");
        sandbox.audit();
    });
}

#[test]
fn a_payment_that_waits_for_authentication() {
    on_every_engine(|sandbox| {
        let books = Books::open(sandbox, &[]);
        let form = [("payment_method", "pm_card_threeDSecure2Required"), ("return_url", "https://example.com/back")];
        let intent = pay(sandbox, None, "1000", &form);
        assert_eq!(intent["status"], "requires_action");
        same(
            &books.events(),
            "platform  payment_intent.created          pi
             platform  payment_intent.requires_action  pi",
        );
        same(&books.rows(), "");
        sandbox.audit();
    });
}

#[test]
fn an_authorisation_and_its_capture() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let split = [
            ("capture_method", "manual"),
            ("application_fee_amount", "123"),
            ("transfer_data[destination]", seller.as_str()),
        ];
        let intent = pay(sandbox, None, "1000", &split);
        same(
            &books.events(),
            "platform  payment_intent.created                    pi
             platform  charge.succeeded                          ch
             platform  payment_intent.amount_capturable_updated  pi",
        );
        same(&books.rows(), "");
        let charge = sandbox.get(&format!("/v1/charges/{}", text(&intent["latest_charge"]))).ok();
        assert_eq!((&charge["captured"], &charge["balance_transaction"]), (&false.into(), &Value::Null));

        sandbox.post(&format!("/v1/payment_intents/{}/capture", text(&intent["id"])), &[]).ok();
        same_set(
            &books.events(),
            "platform  charge.captured           ch
             platform  transfer.created          tr
             platform  application_fee.created   fee
             platform  payment_intent.succeeded  pi
             seller    payment.created           py",
        );
        same_set(
            &books.rows(),
            "platform  charge           1000   59    941  charge            ch  stripe_fee=59
             platform  transfer        -1000    0  -1000  transfer          tr
             platform  application_fee   123    0    123  platform_earning  fee
             seller    payment          1000  123    877  charge            py  application_fee=123",
        );
        sandbox.audit();
    });
}

#[test]
fn an_authorisation_that_is_cancelled() {
    on_every_engine(|sandbox| {
        let books = Books::open(sandbox, &[]);
        let intent = pay(sandbox, None, "1000", &[("capture_method", "manual")]);
        books.events();
        sandbox.post(&format!("/v1/payment_intents/{}/cancel", text(&intent["id"])), &[]).ok();
        same_set(
            &books.events(),
            "platform  charge.refunded          ch
             platform  refund.created           re
             platform  payment_intent.canceled  pi",
        );
        same(&books.rows(), "");
        sandbox.audit();
    });
}

#[test]
fn an_authorisation_that_nobody_captures_in_time() {
    on_every_engine(|sandbox| {
        let books = Books::open(sandbox, &[]);
        pay(sandbox, None, "1000", &[("capture_method", "manual")]);
        books.events();
        sandbox.advance(8 * kernel::DAY);
        same_set(
            &books.events(),
            "platform  charge.expired           ch
             platform  charge.refunded          ch
             platform  refund.created           re
             platform  payment_intent.canceled  pi",
        );
        same(&books.rows(), "");
        sandbox.audit();
    });
}

#[test]
fn a_transfer_and_its_reversal() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        pay(sandbox, None, "10000", &[AT_ONCE]);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let form = [("amount", "5000"), ("currency", "usd"), ("destination", seller.as_str())];
        let transfer = sandbox.post("/v1/transfers", &form).ok();
        same(
            &books.events(),
            "platform  transfer.created  tr
             seller    payment.created   py",
        );
        same(
            &books.rows(),
            "platform  transfer  -5000  0  -5000  transfer  tr
             seller    payment    5000  0   5000  charge    py",
        );
        for amount in ["1000", "4000"] {
            reverse(sandbox, &transfer, amount);
            same(
                &books.events(),
                "platform  transfer.reversed  tr
                 seller    charge.refunded    py",
            );
            let rows = "platform  transfer_refund  N  0   N  transfer_reversal  trr
                        seller    payment_refund  -N  0  -N  refund             pyr";
            same(&books.rows(), &rows.replace('N', amount));
        }
        sandbox.audit();
    });
}

#[test]
fn a_refund_of_a_direct_payment() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        pay(sandbox, Some(&seller), "5000", &[AT_ONCE]);
        let intent = pay(sandbox, Some(&seller), "1000", &[AT_ONCE, ("application_fee_amount", "123")]);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let form = [("payment_intent", text(&intent["id"])), ("refund_application_fee", "true")];
        sandbox.post_as(&seller, "/v1/refunds", &form).ok();
        same_set(
            &books.events(),
            "platform  application_fee.refunded  fee
             seller    refund.created            re
             seller    charge.refunded           ch",
        );
        assert_eq!(books.rows().lines().count(), 2);
        sandbox.audit();
    });
}

#[test]
fn a_refund_of_a_destination_payment() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        let split = [AT_ONCE, ("application_fee_amount", "123"), ("transfer_data[destination]", seller.as_str())];
        let intent = pay(sandbox, None, "1000", &split);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let form = [
            ("payment_intent", text(&intent["id"])),
            ("amount", "400"),
            ("reverse_transfer", "true"),
            ("refund_application_fee", "true"),
        ];
        sandbox.post("/v1/refunds", &form).ok();
        same_set(
            &books.events(),
            "platform  refund.created            re
             platform  charge.refunded           ch
             platform  transfer.reversed         tr
             platform  application_fee.refunded  fee
             seller    charge.refunded           py",
        );
        assert_eq!(books.rows().lines().count(), 4);
        sandbox.audit();
    });
}

#[test]
fn a_refund_that_the_bank_sends_back() {
    on_every_engine(|sandbox| {
        pay(sandbox, None, "5000", &[AT_ONCE]);
        let intent = pay(sandbox, None, "1000", &[("payment_method", "pm_card_refundFail")]);
        sandbox.advance(4 * kernel::DAY);
        let books = Books::open(sandbox, &[]);
        sandbox.post("/v1/refunds", &[("payment_intent", text(&intent["id"]))]).ok();
        sandbox.advance(7 * kernel::DAY);
        same(
            &books.events(),
            "platform  refund.created   re
             platform  charge.refunded  ch
             platform  refund.updated   re
             platform  refund.failed    re
             platform  charge.refund.updated  re
             platform  charge.updated   ch",
        );
        same(
            &books.rows(),
            "platform  refund          -1000  0  -1000  refund          re
             platform  refund_failure   1000  0   1000  refund_failure  re",
        );
        sandbox.audit();
    });
}

#[test]
fn an_application_fee_given_back_by_itself() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        pay(sandbox, Some(&seller), "1000", &[AT_ONCE, ("application_fee_amount", "123")]);
        let fee = sandbox.get("/v1/application_fees").ok()["data"][0]["id"].clone();
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let path = format!("/v1/application_fees/{}/refunds", text(&fee));
        let back = sandbox.post(&path, &[("amount", "23")]).ok();
        same(&books.events(), "platform application_fee.refunded fee");
        sandbox.post(&format!("{path}/{}", text(&back["id"])), &[("metadata[why]", "late")]).ok();
        same(&books.events(), "platform application_fee.refund.updated fr");
        same(
            &books.rows(),
            "platform  application_fee_refund  -23  0  -23  platform_earning_refund  fr
             seller    adjustment               23  0   23  fee                      fr",
        );
        sandbox.audit();
    });
}

#[test]
fn payouts_that_arrive_that_are_cancelled_and_that_fail() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        pay(sandbox, Some(&seller), "5000", &[AT_ONCE]);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let create = || sandbox.post_as(&seller, "/v1/payouts", &[("amount", "1000"), ("currency", "usd")]).ok();
        create();
        same(&books.events(), "seller payout.created po");
        same(&books.rows(), "seller payout -1000 0 -1000 payout po");
        sandbox.advance(7 * kernel::DAY);
        same(
            &books.events(),
            "seller payout.updated po
             seller payout.paid po",
        );
        let payout = create();
        sandbox.post_as(&seller, &format!("/v1/payouts/{}/cancel", text(&payout["id"])), &[]).ok();
        same(
            &books.events(),
            "seller payout.created po
             seller payout.canceled po",
        );
        same(
            &books.rows(),
            "seller payout        -1000 0 -1000 payout          po
             seller payout_cancel  1000 0  1000 payout_reversal po",
        );
        let bank = [
            ("external_account[object]", "bank_account"),
            ("external_account[country]", "US"),
            ("external_account[currency]", "usd"),
            ("external_account[routing_number]", "110000000"),
            ("external_account[account_number]", "000111111116"),
        ];
        sandbox.post(&format!("/v1/accounts/{seller}"), &bank).ok();
        books.events();
        create();
        sandbox.advance(7 * kernel::DAY);
        same_set(
            &books.events(),
            "seller payout.created po
             seller payout.updated po
             seller payout.failed po
             seller account.external_account.updated ba
             seller account.updated acct",
        );
        same(
            &books.rows(),
            "seller payout         -1000 0 -1000 payout          po
             seller payout_failure  1000 0  1000 payout_reversal po",
        );
        sandbox.audit();
    });
}

#[test]
fn money_that_becomes_available() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        let split = [("transfer_data[amount]", "877"), ("transfer_data[destination]", seller.as_str())];
        pay(sandbox, None, "1000", &split);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        sandbox.advance(4 * kernel::DAY);
        same(
            &books.events(),
            "platform  balance.available  balance
             seller    balance.available  balance",
        );
        same(&books.rows(), "");
        sandbox.audit();
    });
}

#[test]
fn each_account_lists_its_own_events_and_cannot_read_anothers() {
    on_every_engine(|sandbox| {
        let (one, two) = (sandbox.seller(&[]), sandbox.seller(&[]));
        pay(sandbox, Some(&one), "1000", &[]);
        let types = |path: &str, account: Option<&str>| -> Vec<String> {
            let list = account.map_or_else(|| sandbox.get(path), |account| sandbox.get_as(account, path)).ok();
            list["data"].as_array().unwrap().iter().map(|event| text(&event["type"]).to_owned()).collect()
        };
        assert_eq!(types("/v1/events?type=charge.succeeded", Some(&one)), ["charge.succeeded"]);
        assert!(types("/v1/events?type=charge.succeeded", Some(&two)).is_empty());
        assert!(types("/v1/events?type=charge.succeeded", None).is_empty());
        let some = "/v1/events?types[]=charge.succeeded&types[]=payment_intent.succeeded";
        assert_eq!(types(some, Some(&one)), ["payment_intent.succeeded", "charge.succeeded"]);
        assert!(types("/v1/events?type=payment_intent.*", Some(&one)).len() == 2);

        let event = sandbox.get_as(&one, "/v1/events?limit=1").ok()["data"][0].clone();
        let path = format!("/v1/events/{}", text(&event["id"]));
        assert_eq!(sandbox.get_as(&one, &path).ok(), event);
        assert_eq!(event["account"], one.as_str());
        sandbox.get_as(&two, &path).refused(404);
        sandbox.get(&path).refused(404);
        sandbox.advance(31 * kernel::DAY);
        assert!(types("/v1/events?type=charge.succeeded", Some(&one)).is_empty(), "events are there for 30 days");
    });
}
