//! Negative balances taken from banks.

use super::*;

const DEBIT_NOT_AUTHORIZED: &str = "000333333335";

/// A seller below zero whose bank may be debited.
fn owing(interval: PayoutInterval, bank: &str, amount: i64) -> Shop {
    let shop = Shop::new(interval, bank);
    shop.change(|account| account.settings.payouts.debit_negative_balances = true);
    shop.lose(&shop.seller, amount);
    shop
}

fn reserved(shop: &Shop) -> i64 {
    shop.sum(&shop.platform, Bucket::Reserved)
}

#[test]
fn what_an_account_owes_is_taken_from_its_bank() {
    let shop = owing(PayoutInterval::Daily, WORKS, 500);
    shop.earn(&shop.platform, 2_000, None);
    shop.advance_to("2026-11-03T12:00:00Z");
    let debit = shop.payouts().remove(0);
    assert_eq!((debit.amount, debit.automatic, debit.status), (-500, true, PayoutStatus::Pending));
    assert_eq!(debit.reconciliation_status, ReconciliationStatus::NotApplicable);
    assert_eq!(debit.original_payout, None);
    assert_eq!(shop.rows(&shop.seller).pop().unwrap(), ("payout".into(), 500, 500, "payout".into()));
    assert_eq!((shop.available(&shop.seller), shop.sum(&shop.seller, Bucket::Pending)), (-500, 500));
    assert_eq!((shop.sum(&shop.seller, Bucket::InTransit), reserved(&shop)), (-500, 500));

    // Not a second time while the first is under way.
    shop.advance_to("2026-11-04T23:00:00Z");
    assert_eq!(shop.payouts().len(), 1);

    shop.advance_to("2026-11-05T12:00:00Z");
    assert_eq!(shop.payouts()[0].status, PayoutStatus::Paid);
    assert_eq!((shop.available(&shop.seller), shop.sum(&shop.seller, Bucket::InTransit)), (0, 0));
    assert_eq!(shop.sum(ledger::OPERATOR, Bucket::Bank), -500);

    // The reserve stays for three business days: Thursday's until Tuesday.
    assert_eq!((reserved(&shop), shop.available(&shop.platform)), (500, 1_500));
    shop.advance_to("2026-11-09T23:00:00Z");
    assert_eq!(reserved(&shop), 500);
    shop.advance_to("2026-11-10T00:00:00Z");
    assert_eq!((reserved(&shop), shop.available(&shop.platform)), (0, 2_000));
    let kinds: Vec<(String, i64)> = shop.rows(&shop.platform).into_iter().map(|row| (row.0, row.1)).collect();
    let expected = [("charge", 2_000), ("reserve_transaction", -500), ("reserve_transaction", 500)];
    assert_eq!(kinds, expected.map(|(kind, amount)| (kind.to_owned(), amount)));

    // The next payout settles the debt and what paid it.
    shop.earn(&shop.seller, 800, None);
    shop.advance_to("2026-11-11T12:00:00Z");
    let paid = shop.payouts().remove(0);
    let mut nets: Vec<i64> = shop.settled(&paid.id).iter().map(|row| row.net).collect();
    nets.sort_unstable();
    assert_eq!((paid.amount, nets), (800, vec![-800, -500, 500, 800]));
}

#[test]
fn a_debit_that_the_bank_refuses_leaves_the_debt_and_is_not_tried_again() {
    let shop = owing(PayoutInterval::Daily, DEBIT_NOT_AUTHORIZED, 500);
    shop.advance_to("2026-11-05T12:00:00Z");
    let debit = shop.payouts().remove(0);
    assert_eq!((debit.status, debit.failure_code.as_deref()), (PayoutStatus::Failed, Some("debit_not_authorized")));
    let rows: Vec<(String, i64)> = shop.rows(&shop.seller).into_iter().map(|row| (row.0, row.1)).collect();
    let expected = [("refund", -500), ("payout", 500), ("payout_failure", -500)];
    assert_eq!(rows, expected.map(|(kind, amount)| (kind.to_owned(), amount)));
    assert_eq!((shop.available(&shop.seller), shop.sum(&shop.seller, Bucket::Pending)), (-500, 0));
    assert_eq!(reserved(&shop), 500);
    shop.advance_to("2026-11-20T12:00:00Z");
    assert_eq!(shop.payouts().len(), 1);
    // A bank account that works is debited at the next run.
    shop.as_("", |tx| add_bank_account(tx, &shop.seller, ("US", USD, WORKS))).unwrap();
    shop.advance_to("2026-11-26T12:00:00Z");
    assert_eq!((shop.payouts()[0].status, shop.available(&shop.seller)), (PayoutStatus::Paid, 0));
}

#[test]
fn a_debit_that_comes_back_after_it_arrived_finds_the_reserve() {
    let shop = owing(PayoutInterval::Daily, WORKS, 500);
    shop.advance_to("2026-11-05T12:00:00Z");
    let debit = shop.payouts().remove(0);
    assert_eq!((debit.status, shop.available(&shop.seller), reserved(&shop)), (PayoutStatus::Paid, 0, 500));
    shop.as_("", |tx| crate::payouts::fail(tx, &debit.id, PayoutFailure::InsufficientFunds)).unwrap();
    shop.settle_down();
    assert_eq!((shop.available(&shop.seller), reserved(&shop)), (-500, 500));
    shop.advance_to("2026-11-20T12:00:00Z");
    assert_eq!((shop.available(&shop.seller), reserved(&shop)), (-500, 500));
    assert_eq!(shop.sum(ledger::OPERATOR, Bucket::Bank), 0);
}

#[test]
fn a_transfer_frees_the_part_of_the_reserve_that_no_debit_needs() {
    let shop = owing(PayoutInterval::Daily, WORKS, 500);
    shop.advance_to("2026-11-05T12:00:00Z");
    shop.change(|account| account.settings.payouts.debit_negative_balances = false);
    shop.lose(&shop.seller, 300);
    shop.settle_down();
    assert_eq!((shop.available(&shop.seller), reserved(&shop)), (-300, 800));
    shop.earn(&shop.seller, 300, None);
    shop.settle_down();
    assert_eq!(reserved(&shop), 500);
    shop.advance_to("2026-11-10T00:00:00Z");
    assert_eq!(reserved(&shop), 0);
}

#[test]
fn only_what_pending_money_does_not_cover_is_debited() {
    let shop = owing(PayoutInterval::Daily, WORKS, 500);
    shop.earn(&shop.seller, 500, Some("2026-11-20"));
    shop.advance_to("2026-11-06T12:00:00Z");
    assert_eq!(shop.payouts().len(), 0);
    shop.lose(&shop.seller, 70);
    shop.advance_to("2026-11-10T12:00:00Z");
    let amounts: Vec<i64> = shop.payouts().iter().map(|payout| payout.amount).collect();
    assert_eq!(amounts, [-70]);
    shop.advance_to("2026-11-30T12:00:00Z");
    assert_eq!((shop.available(&shop.seller), shop.payouts().len()), (0, 1));
}

#[test]
fn nothing_is_debited_that_may_not_be() {
    type Change = fn(&mut store::Doc<Account>);
    let cases: [(&str, Change); 3] = [
        ("debits are off", |account| account.settings.payouts.debit_negative_balances = false),
        ("payouts are manual", |account| account.settings.payouts.schedule.interval = PayoutInterval::Manual),
        ("no bank account", |account| account.external_accounts.data.clear()),
    ];
    for (why, change) in cases {
        let shop = owing(PayoutInterval::Daily, WORKS, 500);
        shop.change(change);
        shop.advance_to("2026-11-10T12:00:00Z");
        assert_eq!((shop.payouts().len(), shop.available(&shop.seller)), (0, -500), "{why}");
    }
    let shop = owing(PayoutInterval::Daily, WORKS, 500);
    shop.as_("", |tx| add_bank_account(tx, &shop.seller, ("JP", USD, "0001234"))).unwrap();
    shop.advance_to("2026-11-10T12:00:00Z");
    assert_eq!(shop.payouts().len(), 0, "a bank in Japan");
}

#[test]
fn an_account_that_cannot_be_paid_out_can_be_debited() {
    let shop = owing(PayoutInterval::Daily, WORKS, 500);
    shop.change(|account| account.payouts_enabled = false);
    shop.advance_to("2026-11-06T12:00:00Z");
    assert_eq!((shop.payouts()[0].amount, shop.available(&shop.seller)), (-500, 0));
}

#[test]
fn a_debit_can_neither_be_cancelled_nor_reversed_nor_reconciled() {
    let shop = owing(PayoutInterval::Daily, WORKS, 500);
    shop.advance_to("2026-11-03T12:00:00Z");
    let debit = shop.payouts().remove(0).id;
    for what in ["cancel", "reverse"] {
        assert_eq!(shop.refused("POST", &format!("/v1/payouts/{debit}/{what}"), "").0, 400);
    }
    assert_eq!(shop.refused("GET", "/v1/balance_transactions", &format!("payout={debit}")).2, "payout");
}
