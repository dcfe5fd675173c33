//! Reversals, to money.md 5.3.

use super::*;

/// A seller with a paid payout of 100.00.
fn paid() -> (Shop, Payout) {
    let shop = Shop::new(PayoutInterval::Manual, WORKS);
    shop.earn(&shop.seller, 10_000, None);
    let payout = shop.pay_out(10_000);
    shop.advance_to("2026-11-04T12:00:00Z");
    (shop, payout)
}

fn reverse_path(payout: &Payout) -> String {
    format!("/v1/payouts/{}/reverse", payout.id)
}

#[test]
fn a_reversal_is_a_second_payout_that_brings_the_money_back() {
    let (shop, payout) = paid();
    let reversal: Payout = shop.ok("POST", &reverse_path(&payout), "metadata[why]=mistake");
    assert_eq!((reversal.amount, reversal.status), (-10_000, PayoutStatus::Pending));
    assert_eq!(reversal.original_payout.as_ref(), Some(&payout.id));
    assert_eq!(reversal.metadata["why"], "mistake");
    assert_eq!(shop.payout(&payout.id).reversed_by.as_ref(), Some(&reversal.id));
    let last = shop.entries(&shop.seller).pop().unwrap();
    assert_eq!((last.kind, last.amount, last.net), (EntryType::Payout, 10_000, 10_000));
    assert_eq!((shop.available(&shop.seller), shop.sum(&shop.seller, Bucket::Pending)), (0, 10_000));

    shop.advance_to("2026-11-06T00:00:00Z");
    assert_eq!(shop.payout(&reversal.id).status, PayoutStatus::Paid);
    assert_eq!((shop.available(&shop.seller), shop.sum(&shop.seller, Bucket::InTransit)), (10_000, 0));
    assert_eq!(shop.sum(ledger::OPERATOR, Bucket::Bank), 0);
    let events = shop.events(&shop.seller);
    let of_reversal = ["payout.created", "payout.updated", "payout.updated", "payout.paid", "balance.available"];
    assert_eq!(events[3..], of_reversal);
}

#[test]
fn a_payout_is_reversed_once_when_paid_and_within_ninety_days() {
    let (shop, payout) = paid();
    let reversal: Payout = shop.ok("POST", &reverse_path(&payout), "");
    assert!(shop.refused("POST", &reverse_path(&payout), "").3.contains("already been reversed"));
    assert!(shop.refused("POST", &reverse_path(&reversal), "").3.contains("cannot be reversed"));

    let (shop, payout) = paid();
    shop.advance_to("2027-02-03T00:00:00Z");
    assert!(shop.refused("POST", &reverse_path(&payout), "").3.contains("90 days"));
    shop.earn(&shop.seller, 100, None);
    let pending = shop.pay_out(100);
    assert!(shop.refused("POST", &reverse_path(&pending), "").3.contains("status of pending"));
}

#[test]
fn only_american_and_canadian_banks_of_connected_accounts_are_debited() {
    let shop = Shop::new(PayoutInterval::Manual, WORKS);
    let euros = Currency::EUR;
    let german = ("DE", euros, "DE89370400440532013000");
    shop.as_("", |tx| add_bank_account(tx, &shop.seller, german)).unwrap();
    shop.as_("", |tx| {
        let id = tx.id("txn");
        let (network, available) =
            (LedgerAccount::operator(Bucket::Network, euros), LedgerAccount::available(&shop.seller, euros));
        tx.post(Posting::new(Code::Charge, network, available, 5_000).credit_shown_by(&id))?;
        Entry::new(&shop.seller, EntryType::Charge, 5_000, euros, tx.now()).record(tx, id)
    })
    .unwrap();
    let payout: Payout = shop.ok("POST", "/v1/payouts", "amount=5000&currency=eur");
    shop.world.clock().advance_to(at("2026-11-02T12:00:01Z"));
    while shop.run_next_job(at("2026-11-05T00:00:00Z")) {}
    assert_eq!(shop.payout(&payout.id).status, PayoutStatus::Paid);
    assert!(shop.refused("POST", &reverse_path(&payout), "").3.contains("banks in DE"));
}

#[test]
fn a_cancelled_reversal_leaves_everything_as_it_was() {
    let (shop, payout) = paid();
    let reversal: Payout = shop.ok("POST", &reverse_path(&payout), "");
    let _: Payout = shop.ok("POST", &format!("/v1/payouts/{}/cancel", reversal.id), "");
    assert_eq!(shop.payout(&payout.id).reversed_by, None);
    assert_eq!((shop.sum(&shop.seller, Bucket::Pending), shop.sum(&shop.seller, Bucket::InTransit)), (0, 0));
    shop.advance_to("2026-11-10T00:00:00Z");
    assert_eq!(shop.available(&shop.seller), 0);
}

#[test]
fn a_pending_reversal_is_cancelled_when_the_bank_sends_the_payout_back() {
    let (shop, payout) = paid();
    let reversal: Payout = shop.ok("POST", &reverse_path(&payout), "");
    shop.as_("", |tx| fail(tx, &payout.id, PayoutFailure::NoAccount)).unwrap();
    assert_eq!(shop.payout(&reversal.id).status, PayoutStatus::Canceled);
    shop.advance_to("2026-11-10T00:00:00Z");
    assert_eq!(shop.available(&shop.seller), 10_000);
    assert_eq!(shop.sum(ledger::OPERATOR, Bucket::Bank), 0);
}

#[test]
fn a_reversal_that_fails_takes_its_money_back() {
    let (shop, payout) = paid();
    let reversal: Payout = shop.ok("POST", &reverse_path(&payout), "");
    shop.advance_to("2026-11-07T00:00:00Z");
    shop.as_("", |tx| fail(tx, &reversal.id, PayoutFailure::DebitNotAuthorized)).unwrap();
    shop.settle_down();
    let last = shop.entries(&shop.seller).pop().unwrap();
    assert_eq!((last.kind, last.net), (EntryType::PayoutFailure, -10_000));
    assert_eq!((shop.available(&shop.seller), shop.sum(ledger::OPERATOR, Bucket::Bank)), (0, 10_000));
}
