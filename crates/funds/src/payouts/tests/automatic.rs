//! Automatic payouts: their days, what they settle, what stops them and what lets them go on.

use super::*;

/// That a payout settled rows which add up to it, its own row among them.
fn assert_reconciled(shop: &Shop, payout: &Payout, rows: usize) {
    let settled = shop.settled(&payout.id);
    assert_eq!(settled.len(), rows);
    assert_eq!(settled.iter().map(|row| row.net).sum::<i64>(), 0);
    let own = settled.iter().find(|row| row.source.as_ref() == Some(&payout.id)).unwrap();
    assert_eq!(own.net, -payout.amount);
}

#[test]
fn all_that_became_available_is_paid_out_an_hour_after_midnight() {
    let shop = Shop::new(PayoutInterval::Daily, WORKS);
    shop.earn(&shop.seller, 7_000, Some("2026-11-04"));
    shop.earn(&shop.seller, 2_000, Some("2026-11-04"));
    shop.earn(&shop.seller, 500, Some("2026-11-05"));
    shop.advance_to("2026-11-04T00:59:59Z");
    assert_eq!((shop.available(&shop.seller), shop.payouts().len()), (9_000, 0));
    shop.advance_to("2026-11-04T01:00:00Z");
    let payout = shop.payouts().pop().unwrap();
    assert_eq!((payout.amount, payout.automatic), (9_000, true));
    assert_eq!(payout.description.as_deref(), Some("STRIPE PAYOUT"));
    assert_eq!((shop.available(&shop.seller), shop.sum(&shop.seller, Bucket::Pending)), (0, 500));
    assert_reconciled(&shop, &payout, 3);
    assert_eq!(payout.reconciliation_status, ReconciliationStatus::Completed);
    let expected = ["balance.available", "payout.created", "payout.reconciliation_completed"];
    assert_eq!(shop.events(&shop.seller), expected);
    shop.advance_to("2026-11-09T00:00:00Z");
    let amounts: Vec<i64> = shop.payouts().iter().map(|payout| payout.amount).collect();
    assert_eq!(amounts, [500, 9_000]);
    assert_reconciled(&shop, &shop.payouts()[0], 2);
    assert!(shop.payouts().iter().all(|payout| payout.status == PayoutStatus::Paid));
}

#[test]
fn what_a_payout_settled_can_be_told_once_it_is_reconciled_and_only_of_automatic_ones() {
    let shop = Shop::new(PayoutInterval::Daily, WORKS);
    shop.earn(&shop.seller, 7_000, None);
    let manual = shop.pay_out(1_000);
    let list = |payout: &str| shop.call(&shop.seller, "GET", "/v1/balance_transactions", &format!("payout={payout}"));
    let (status, error) = list(&manual.id);
    assert!(status == 400 && error["error"]["message"].as_str().unwrap().contains("automatic"), "{error}");
    assert_eq!(list("po_1").0, 404);
    while shop.payouts().len() < 2 {
        assert!(shop.run_next_job(at("2026-11-03T01:00:00Z")));
    }
    let payout = shop.payouts().remove(0);
    assert_eq!(payout.reconciliation_status, ReconciliationStatus::InProgress);
    assert_eq!(list(&payout.id).1["error"]["code"], "payout_reconciliation_not_ready");
    shop.settle_down();
    assert_eq!(list(&payout.id).1["data"].as_array().unwrap().len(), 3);
    // The manual payout's row is among what the automatic one settles: 7000 - 1000 - 6000.
    assert_eq!(payout.amount, 6_000);
    assert_reconciled(&shop, &payout, 3);
}

#[test]
fn schedules_pay_on_their_own_days() {
    let weekly = |schedule: &mut PayoutSchedule| schedule.weekly_payout_days = Some(vec![accounts::Weekday::Thursday]);
    let monthly = |schedule: &mut PayoutSchedule| schedule.monthly_payout_days = Some(vec![31]);
    type Set<'a> = &'a dyn Fn(&mut PayoutSchedule);
    let cases: [(PayoutInterval, Set, Option<&str>); 4] = [
        (PayoutInterval::Daily, &|_| {}, Some("2026-11-03T01:00:00Z")),
        (PayoutInterval::Weekly, &weekly, Some("2026-11-05T01:00:00Z")),
        (PayoutInterval::Monthly, &monthly, Some("2026-11-30T01:00:00Z")),
        (PayoutInterval::Manual, &|_| {}, None),
    ];
    for (interval, set, paid) in cases {
        let shop = Shop::new(interval, WORKS);
        shop.as_("", |tx| {
            let mut account = tx.load::<Account>(&shop.seller)?;
            set(&mut account.settings.payouts.schedule);
            tx.put(&account)
        })
        .unwrap();
        shop.earn(&shop.seller, 1_000, Some("2026-11-03"));
        shop.advance_to("2026-12-05T00:00:00Z");
        let made: Vec<Timestamp> = shop.payouts().iter().map(|payout| payout.created).collect();
        assert_eq!(made, paid.map(at).into_iter().collect::<Vec<_>>(), "{interval}");
    }
}

#[test]
fn a_schedule_changed_meanwhile_is_the_one_that_counts() {
    let shop = Shop::new(PayoutInterval::Daily, WORKS);
    let set = |interval| {
        shop.as_("", |tx| {
            let mut account = tx.load::<Account>(&shop.seller)?;
            account.settings.payouts.schedule = PayoutSchedule::new(interval, 2);
            tx.put(&account)
        })
        .unwrap();
    };
    shop.earn(&shop.seller, 1_000, None);
    set(PayoutInterval::Manual);
    shop.advance_to("2026-11-05T12:00:00Z");
    assert_eq!(shop.payouts().len(), 0);
    set(PayoutInterval::Daily);
    // What the accounts do when a schedule changes, who cannot call upwards: the job only plans the next run.
    shop.as_("", |tx| tx.schedule(crate::payouts::automatic::PAY_OUT, tx.now(), json!({ "account": shop.seller })))
        .unwrap();
    shop.settle_down();
    assert_eq!(shop.payouts().len(), 0);
    shop.advance_to("2026-11-06T01:00:00Z");
    assert_eq!(shop.payouts().len(), 1);
}

#[test]
fn a_failed_payout_stops_the_next_until_the_bank_account_is_replaced() {
    // Scenario S6 of money.md 17.
    let shop = Shop::new(PayoutInterval::Daily, NO_ACCOUNT);
    shop.earn(&shop.seller, 9_000, None);
    shop.advance_to("2026-11-03T12:00:00Z");
    let first = shop.payouts().pop().unwrap();
    assert_eq!((first.amount, first.status, shop.available(&shop.seller)), (9_000, PayoutStatus::Pending, 0));
    shop.advance_to("2026-11-05T12:00:00Z");
    let first = shop.payout(&first.id);
    assert_eq!((first.status, first.failure_code.as_deref()), (PayoutStatus::Failed, Some("no_account")));
    assert_eq!(shop.available(&shop.seller), 9_000);
    // Nothing is paid to an errored account, day after day.
    shop.advance_to("2026-11-12T12:00:00Z");
    assert_eq!(shop.payouts().len(), 1);
    shop.as_("", |tx| add_bank_account(tx, &shop.seller, ("US", USD, WORKS))).unwrap();
    shop.advance_to("2026-11-13T01:00:00Z");
    let second = shop.payouts().remove(0);
    assert_eq!((second.amount, shop.available(&shop.seller)), (9_000, 0));
    assert_reconciled(&shop, &second, 2);
    shop.advance_to("2026-11-20T00:00:00Z");
    assert_eq!(shop.payout(&second.id).status, PayoutStatus::Paid);
    let kinds: Vec<String> = shop.rows(&shop.seller).into_iter().map(|row| row.0).collect();
    assert_eq!(kinds, ["charge", "payout", "payout_failure", "payout"]);
}

#[test]
fn nothing_is_paid_when_the_balance_is_negative_or_payouts_are_off_and_the_rest_is_paid_later() {
    let shop = Shop::new(PayoutInterval::Daily, WORKS);
    shop.lose(&shop.seller, 300);
    shop.earn(&shop.seller, 200, Some("2026-11-03"));
    shop.advance_to("2026-11-04T12:00:00Z");
    assert_eq!((shop.available(&shop.seller), shop.payouts().len()), (-100, 0));
    shop.earn(&shop.seller, 600, Some("2026-11-05"));
    let enable = |on| {
        shop.as_("", |tx| {
            let mut account = tx.load::<Account>(&shop.seller)?;
            account.payouts_enabled = on;
            tx.put(&account)
        })
        .unwrap();
    };
    enable(false);
    shop.advance_to("2026-11-10T12:00:00Z");
    assert_eq!((shop.available(&shop.seller), shop.payouts().len()), (500, 0));
    enable(true);
    shop.advance_to("2026-11-11T12:00:00Z");
    assert_eq!((shop.available(&shop.seller), shop.payouts()[0].amount), (0, 500));
    assert_reconciled(&shop, &shop.payouts()[0], 4);
}

#[test]
fn a_run_that_catches_up_settles_what_moved_the_balance_since_it_was_due() {
    let shop = Shop::new(PayoutInterval::Daily, WORKS);
    shop.earn(&shop.seller, 5_000, Some("2026-11-03"));
    shop.earn(&shop.seller, 300, Some("2026-11-04"));
    shop.earn(&shop.seller, 9, Some("2026-11-06"));
    // The clock is ahead of the jobs: a pause. Requests go on meanwhile.
    shop.world.clock().advance_to(at("2026-11-05T09:00:00Z"));
    shop.earn(&shop.seller, 70, None);
    shop.lose(&shop.seller, 1_000);
    shop.advance_to("2026-11-05T09:00:00Z");
    let payout = shop.payouts().pop().unwrap();
    assert_eq!((payout.amount, shop.available(&shop.seller)), (4_370, 0));
    assert_reconciled(&shop, &payout, 5);
}

#[test]
fn a_payout_of_very_many_transactions_is_made_without_reading_them() {
    let shop = Shop::new(PayoutInterval::Daily, WORKS);
    shop.as_("", |tx| {
        for _ in 0..5_000 {
            earn(tx, &shop.seller, 3, at("2026-11-03"))?;
        }
        Ok(())
    })
    .unwrap();
    while shop.payouts().is_empty() {
        assert!(shop.run_next_job(at("2026-11-03T01:00:00Z")));
    }
    let payout = shop.payouts().pop().unwrap();
    assert_eq!(payout.amount, 15_000);
    assert_eq!(shop.settled(&payout.id).len(), 5_001);
}
