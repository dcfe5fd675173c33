use kernel::{Currency, Timestamp};
use ledger::{Bucket, Code, LedgerAccount, Posting};
use workers::{check_seals, prove_posting, seal_book, verify_proof};

use crate::harness::{Sandbox, eventually};

async fn book(sandbox: &Sandbox, amount: i64) {
    let seller = LedgerAccount::pending("acct_seller", Currency::USD, Timestamp(0));
    let network = LedgerAccount::operator(Bucket::Network, Currency::USD);
    let posting = Posting::new(Code::Charge, network, seller, amount).credit_shown_by("txn_1");
    sandbox.run(|tx| tx.post(posting.clone())).await;
}

#[tokio::test]
async fn the_book_is_sealed_once_and_each_seal_names_the_one_before() {
    let sandbox = Sandbox::new().await;
    for amount in 1..=5 {
        book(&sandbox, amount).await;
    }
    assert_eq!(check_seals(sandbox.world.reader()).unwrap().unsealed_postings, 5);
    assert_eq!(seal_book(&sandbox.world).await.unwrap(), 1);
    assert_eq!(seal_book(&sandbox.world).await.unwrap(), 0);
    let first = check_seals(sandbox.world.reader()).unwrap().newest_root;
    book(&sandbox, 6).await;
    seal_book(&sandbox.world).await.unwrap();
    let report = check_seals(sandbox.world.reader()).unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!((report.seals, report.sealed_postings, report.unsealed_postings), (2, 6, 0));
    assert_ne!(report.newest_root, first);
}

#[tokio::test]
async fn a_posting_can_be_proven_and_a_changed_one_cannot() {
    let sandbox = Sandbox::new().await;
    for amount in 1..=7 {
        book(&sandbox, amount).await;
    }
    let places: Vec<_> = sandbox.world.reader().scan_postings((0, 0), 100).unwrap();
    let last = places.last().map(|row| (row.batch, row.position)).unwrap();
    assert_eq!(prove_posting(sandbox.world.reader(), last.0, last.1).unwrap(), None);
    seal_book(&sandbox.world).await.unwrap();
    for row in sandbox.world.reader().scan_postings((0, -1), 100).unwrap() {
        let proof = prove_posting(sandbox.world.reader(), row.batch, row.position).unwrap().unwrap();
        assert!(verify_proof(&serde_json::from_str(&serde_json::to_string(&proof).unwrap()).unwrap()));
        let mut changed = proof.clone();
        changed.amount += 1;
        assert!(!verify_proof(&changed));
        let mut other_root = proof.clone();
        other_root.previous = "11".repeat(32);
        assert!(!verify_proof(&other_root));
        let mut damaged = proof;
        damaged.path.push("zz".into());
        assert!(!verify_proof(&damaged));
    }
    assert_eq!(prove_posting(sandbox.world.reader(), 999, 0).unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sealers_make_one_row_of_seals() {
    let sandbox = Sandbox::new().await;
    let (one, other) = (sandbox.work(), sandbox.work());
    for amount in 1..=50 {
        book(&sandbox, amount).await;
    }
    eventually(|| sandbox.world.reader().unsealed(1).unwrap().is_empty().then_some(())).await;
    one.stop().await;
    other.stop().await;
    let (first, second) =
        tokio::join!(book(&sandbox, 51), async { tokio::join!(seal_book(&sandbox.world), seal_book(&sandbox.world)) });
    let () = first;
    second.0.unwrap();
    second.1.unwrap();
    seal_book(&sandbox.world).await.unwrap();
    let report = check_seals(sandbox.world.reader()).unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.sealed_postings, 51);
}
