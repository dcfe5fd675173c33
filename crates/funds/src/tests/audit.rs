//! The audit finds what it is there to find.

use kernel::Timestamp;
use ledger::{Bucket, Code, LedgerAccount, Posting};
use store::Tx;

use super::stage::*;
use crate::application_fees::ApplicationFee;
use crate::audit::{AuditReport, audit};
use crate::balance_transactions::{BalanceTransaction, Entry, EntryType};
use crate::charges::Charge;
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
