//! The audit finds what it is there to find.

use kernel::Timestamp;
use ledger::{Bucket, Code, LedgerAccount, Posting};
use serde_json::json;
use store::{Doc, Settle, Tx};

use super::stage::*;
use crate::application_fees::ApplicationFee;
use crate::audit::{AuditReport, audit};
use crate::balance::ConnectReserve;
use crate::balance_transactions::{BalanceTransaction, Entry, EntryType};
use crate::charges::Charge;
use crate::payouts::{Payout, PayoutPrivate, PayoutStatus};
use crate::transfers::Transfer;

/// What the audit tells of a sound world to which one wrong thing is done.
fn after(wrong: impl Fn(&mut Tx, &Stage, &str, &Charge) -> kernel::Result<()>) -> AuditReport {
    let mut report = AuditReport::default();
    on_memory(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let charge = stage.charge(&stage.platform(), &destination(1_000, 123, &seller));
        stage.refund(&stage.platform(), &refund_all(&charge, Some(400)));
        stage.audit();
        stage.run(&stage.platform(), |tx| wrong(tx, stage, &seller, &charge)).unwrap();
        report = audit(stage.world.reader()).unwrap();
    });
    report
}

fn tells(report: &AuditReport, of: &str) {
    assert!(!report.is_clean() && report.told.iter().any(|told| told.contains(of)), "{of}: {report}");
    assert!(report.to_string().contains(of));
}

fn places(account: &str) -> (LedgerAccount, LedgerAccount) {
    (LedgerAccount::operator(Bucket::Network, USD), LedgerAccount::available(account, USD))
}

#[test]
fn a_balance_that_no_balance_transaction_shows() {
    let report = after(|tx, _, seller, _| {
        let (network, available) = places(seller);
        tx.post(Posting::new(Code::Adjustment, network, available, 5))
    });
    tells(&report, "pending and available, its balance transactions add up to");
    assert_eq!(report.differences, 1);
}

#[test]
fn a_posting_that_names_a_balance_transaction_which_does_not_exist() {
    let report = after(|tx, _, seller, _| {
        let (network, available) = places(seller);
        tx.post(Posting::new(Code::Adjustment, network, available, 5).credit_shown_by("txn_none"))
    });
    tells(&report, "txn_none is named by a posting and does not exist.");
}

#[test]
fn a_balance_transaction_that_no_posting_names() {
    let report = after(|tx, _, seller, _| {
        let id = tx.id("txn");
        Entry::new(seller, EntryType::Adjustment, 5, USD, Timestamp(0)).record(tx, id).map(drop)
    });
    tells(&report, "has a net of 5 and no posting names it.");
}

#[test]
fn a_balance_transaction_that_was_edited() {
    let report = after(|tx, _, _, charge| {
        let mut row = tx.load::<BalanceTransaction>(charge.balance_transaction.as_deref().unwrap())?;
        row.amount += 1;
        row.net += 1;
        tx.put(&row)
    });
    tells(&report, "has a net of 942, its postings move 941.");
    tells(&report, "says 1000 and");
}

#[test]
fn documents_that_say_something_else_than_was_booked() {
    let report = after(|tx, _, _, charge| {
        let mut charge = tx.load::<Charge>(&charge.id)?;
        charge.amount_refunded += 1;
        tx.put(&charge)
    });
    tells(&report, "amount_refunded is 401, its refunds add up to 400.");
    let report = after(|tx, _, _, charge| {
        let mut transfer = tx.load::<Transfer>(charge.transfer.as_deref().unwrap())?;
        transfer.amount_reversed += 1;
        tx.put(&transfer)
    });
    tells(&report, "amount_reversed is 401, its reversals add up to 400.");
    let report = after(|tx, _, _, charge| {
        let mut fee = tx.load::<ApplicationFee>(charge.application_fee.as_deref().unwrap())?;
        fee.amount_refunded = 0;
        tx.put(&fee)
    });
    tells(&report, "amount_refunded is 0, its refunds add up to 49.");
    let report = after(|tx, _, _, charge| {
        let mut charge = tx.load::<Charge>(&charge.id)?;
        charge.balance_transaction = Some("txn_none".into());
        tx.put(&charge)
    });
    tells(&report, "names txn_none, which does not exist.");
}

#[test]
fn payouts_that_say_something_else_than_was_booked() {
    let with_payout = |change: fn(&mut Doc<Payout>)| {
        after(move |tx, _, seller, _| {
            let (payout, entry) = (tx.id("po"), tx.id("txn"));
            let (available, in_transit) =
                (LedgerAccount::available(seller, USD), LedgerAccount::in_transit(seller, USD));
            tx.post(Posting::new(Code::Payout, available, in_transit, 7).debit_shown_by(&entry))?;
            let row = Entry { source: Some(&payout), ..Entry::new(seller, EntryType::Payout, -7, USD, tx.now()) };
            row.record(tx, entry.clone())?;
            let mut payout = tx.create(seller, sound_payout(&payout, &entry), PayoutPrivate::default())?;
            change(&mut payout);
            tx.put(&payout)
        })
    };
    assert!(with_payout(|_| {}).is_clean());
    tells(&with_payout(|payout| payout.status = PayoutStatus::Paid), "has 7 usd in_transit, its documents say 0.");
    let failed = with_payout(|payout| payout.status = PayoutStatus::Failed);
    tells(&failed, "says that money moved and names no balance transaction.");
    let came_back = |payout: &mut Doc<Payout>| {
        payout.failure_balance_transaction = payout.balance_transaction.clone();
    };
    tells(&with_payout(came_back), "did not fail and names");
    let failed_wrongly = with_payout(|payout| {
        payout.status = PayoutStatus::Canceled;
        payout.failure_balance_transaction = payout.balance_transaction.clone();
    });
    tells(&failed_wrongly, "says 7 and");
    tells(&with_payout(|payout| payout.private.kept_back = 5), "has 0 usd kept_back, its documents say 5.");
    tells(&with_payout(|payout| payout.automatic = true), "settles no balance transactions.");
}

/// A pending payout of seven cents.
fn sound_payout(id: &str, entry: &str) -> Payout {
    let payout = json!({
        "id": id, "object": "payout", "amount": 7, "arrival_date": 0, "automatic": false, "balance_transaction": entry,
        "created": 0, "currency": "usd", "livemode": false, "metadata": {}, "method": "standard",
        "reconciliation_status": "not_applicable", "source_type": "card", "status": "pending", "type": "bank_account",
    });
    serde_json::from_value(payout).unwrap()
}

#[test]
fn what_a_payout_settles_must_add_up() {
    // The charge of 877 and the refund of 351 that the seller has, without a payout's own row.
    let settle = |payout: &'static str| {
        after(move |tx, _, seller, _| {
            let until = Timestamp::parse("2030-01-01").unwrap().0;
            tx.settle(Settle { account: seller.into(), currency: "usd".into(), until, payout: payout.into() });
            // A changeset that only settles writes nothing.
            tx.set("a", "b");
            Ok(())
        })
    };
    tells(&settle("po_none"), "po_none settles usd of");
    let unequal = after(|tx, _, seller, _| {
        let (payout, entry) = (tx.id("po"), tx.id("txn"));
        let (available, in_transit) = (LedgerAccount::available(seller, USD), LedgerAccount::in_transit(seller, USD));
        tx.post(Posting::new(Code::Payout, available, in_transit, 7).debit_shown_by(&entry))?;
        let row = Entry { source: Some(&payout), ..Entry::new(seller, EntryType::Payout, -7, USD, tx.now()) };
        row.record(tx, entry.clone())?;
        let automatic = Payout { automatic: true, ..sound_payout(&payout, &entry) };
        tx.create(seller, automatic, PayoutPrivate::default())?;
        let until = Timestamp::parse("2030-01-01").unwrap().0;
        tx.settle(Settle { account: seller.into(), currency: "usd".into(), until, payout });
        Ok(())
    });
    tells(&unequal, "settles add up to 519 with its own, and not to 0.");
}

#[test]
fn a_reserve_that_nobody_holds() {
    let report = after(|tx, stage, seller, _| {
        let reserve = ConnectReserve {
            id: format!("cres_{seller}:usd"),
            object: "connect_reserve".into(),
            amount: 5,
            connected_account: seller.into(),
            created: tx.now(),
            currency: USD,
            kept: Vec::new(),
        };
        tx.create(&stage.platform, reserve, ()).map(drop)
    });
    tells(&report, "has 0 usd reserved, its documents say 5.");
}

#[test]
fn a_long_book_is_read_in_pages() {
    on_memory(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        for _ in 0..300 {
            stage.charge(&stage.platform(), &destination(1_000, 123, &seller));
        }
        let report = audit(stage.world.reader()).unwrap();
        assert!(report.is_clean(), "{report}");
        assert_eq!((report.balance_transactions, report.postings), (1_200, 1_200));
        assert!(report.to_string().ends_with("everything agrees."));
    });
}
