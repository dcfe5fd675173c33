//! The minimum balance that automatic payouts leave.

use super::*;

fn with_minimum(interval: PayoutInterval, minimum: i64) -> Shop {
    let shop = Shop::new(interval, WORKS);
    set_minimum(&shop, minimum);
    shop
}

fn set_minimum(shop: &Shop, minimum: i64) {
    shop.change(|account| account.private.balance.minimum_balance_by_currency = [(USD, minimum)].into());
}

/// The types and amounts of what a payout settled, oldest first; they add up to nothing.
fn settled(shop: &Shop, payout: &Payout) -> Vec<(EntryType, i64)> {
    let rows = shop.settled(&payout.id);
    assert_eq!(rows.iter().map(|row| row.net).sum::<i64>(), 0, "{rows:#?}");
    rows.iter().rev().map(|row| (row.kind, row.net)).collect()
}

#[test]
fn a_minimum_balance_is_kept_back_while_the_payout_is_made_and_there_again_for_the_next() {
    let shop = with_minimum(PayoutInterval::Daily, 10_000);
    shop.earn(&shop.seller, 30_000, Some("2026-11-03"));
    while shop.payouts().is_empty() {
        assert!(shop.run_next_job(at("2026-11-03T01:00:00Z")));
    }
    let first = shop.payouts().remove(0);
    assert_eq!((first.amount, shop.available(&shop.seller)), (20_000, 0));
    assert_eq!(shop.sum(&shop.seller, Bucket::KeptBack), 10_000);
    shop.audit();
    shop.settle_down();
    assert_eq!((shop.available(&shop.seller), shop.sum(&shop.seller, Bucket::KeptBack)), (10_000, 0));
    let expected = [(EntryType::Charge, 30_000), (EntryType::Payout, -20_000)];
    assert_eq!(settled(&shop, &first)[..2], expected);
    assert_eq!(settled(&shop, &first)[2..], [(EntryType::PayoutMinimumBalanceHold, -10_000)]);
    let release = shop.entries(&shop.seller).pop().unwrap();
    assert_eq!(
        (release.kind, release.net, release.status.as_str()),
        (EntryType::PayoutMinimumBalanceRelease, 10_000, "available")
    );
    assert_eq!((release.reporting_category.as_str(), release.source), ("payout_minimum_balance_release", None));

    // Days pass, nothing is paid and nothing is planned.
    shop.advance_to("2026-11-10T12:00:00Z");
    assert_eq!((shop.payouts().len(), shop.planned_runs()), (1, 0));

    shop.earn(&shop.seller, 500, None);
    shop.advance_to("2026-11-11T12:00:00Z");
    let second = shop.payouts().remove(0);
    assert_eq!((second.amount, shop.available(&shop.seller)), (500, 10_000));
    let mut rows = settled(&shop, &second);
    rows.sort_by_key(|row| row.1);
    assert_eq!(
        rows,
        [
            (EntryType::PayoutMinimumBalanceHold, -10_000),
            (EntryType::Payout, -500),
            (EntryType::Charge, 500),
            (EntryType::PayoutMinimumBalanceRelease, 10_000),
        ]
    );
}

#[test]
fn a_balance_at_or_below_the_minimum_is_left_alone_and_a_lower_minimum_pays_the_rest() {
    let shop = with_minimum(PayoutInterval::Daily, 1_000);
    shop.earn(&shop.seller, 1_000, None);
    shop.advance_to("2026-11-05T12:00:00Z");
    assert_eq!((shop.payouts().len(), shop.available(&shop.seller)), (0, 1_000));
    set_minimum(&shop, 0);
    // What accounts do when balance settings change.
    shop.as_("", |tx| tx.schedule(crate::payouts::automatic::PAY_OUT, tx.now(), json!({ "account": shop.seller })))
        .unwrap();
    shop.advance_to("2026-11-06T12:00:00Z");
    assert_eq!((shop.payouts()[0].amount, shop.available(&shop.seller)), (1_000, 0));
    let kinds: Vec<String> = shop.rows(&shop.seller).into_iter().map(|row| row.0).collect();
    assert_eq!(kinds, ["charge", "payout"]);
}

#[test]
fn a_payout_by_hand_may_take_the_minimum() {
    let shop = with_minimum(PayoutInterval::Daily, 1_000);
    shop.earn(&shop.seller, 1_500, None);
    assert_eq!(shop.pay_out(1_200).amount, 1_200);
    shop.advance_to("2026-11-04T12:00:00Z");
    assert_eq!((shop.payouts().len(), shop.available(&shop.seller)), (1, 300));
}

#[test]
fn a_failed_payout_gives_back_what_it_paid_beside_what_it_kept() {
    let shop = Shop::new(PayoutInterval::Daily, NO_ACCOUNT);
    set_minimum(&shop, 1_000);
    shop.earn(&shop.seller, 10_000, None);
    shop.advance_to("2026-11-06T12:00:00Z");
    assert_eq!((shop.payouts()[0].status, shop.available(&shop.seller)), (PayoutStatus::Failed, 10_000));
}
