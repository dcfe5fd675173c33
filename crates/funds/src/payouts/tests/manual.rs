//! Payouts by hand, to the rows of money.md 5.1.

use super::*;

fn row(kind: &str, amount: i64, category: &str) -> (String, i64, i64, String) {
    (kind.into(), amount, amount, category.into())
}

fn shop() -> Shop {
    let shop = Shop::new(PayoutInterval::Manual, WORKS);
    shop.earn(&shop.seller, 10_000, None);
    shop
}

fn charge() -> (String, i64, i64, String) {
    row("charge", 10_000, "charge")
}

#[test]
fn a_payout_takes_its_money_at_once_and_arrives_two_business_days_later() {
    let shop = shop();
    let payout = shop.pay_out(10_000);
    assert_eq!(shop.rows(&shop.seller), [charge(), row("payout", -10_000, "payout")]);
    assert_eq!((shop.available(&shop.seller), shop.sum(&shop.seller, Bucket::InTransit)), (0, 10_000));
    assert_eq!(
        (payout.status, payout.arrival_date, payout.automatic),
        (PayoutStatus::Pending, at("2026-11-04"), false)
    );
    assert_eq!(payout.trace_id, Some(TraceId::pending()));
    assert_eq!(payout.reconciliation_status, ReconciliationStatus::NotApplicable);
    let entry = shop.entries(&shop.seller).pop().unwrap();
    assert_eq!(payout.balance_transaction, Some(entry.id));
    assert_eq!((entry.source, entry.description.as_deref()), (Some(payout.id.clone()), Some("STRIPE PAYOUT")));

    shop.advance_to("2026-11-03T00:00:00Z");
    assert_eq!(shop.payout(&payout.id).status, PayoutStatus::InTransit);
    shop.advance_to("2026-11-04T00:00:00Z");
    let paid = shop.payout(&payout.id);
    assert_eq!((paid.status, paid.failure_code), (PayoutStatus::Paid, None));
    assert_eq!(paid.trace_id.unwrap().value.unwrap().len(), 15);
    assert_eq!(shop.sum(&shop.seller, Bucket::InTransit), 0);
    assert_eq!(shop.sum(ledger::OPERATOR, Bucket::Bank), 10_000);
    assert_eq!(shop.events(&shop.seller), ["payout.created", "payout.updated", "payout.paid"]);
}

#[test]
fn a_payout_made_on_a_weekend_arrives_two_business_days_after_monday() {
    let shop = shop();
    shop.advance_to("2026-11-07T10:00:00Z");
    assert_eq!(shop.pay_out(1).arrival_date, at("2026-11-11"));
}

#[test]
fn a_cancelled_payout_gives_its_money_back() {
    let shop = shop();
    let payout = shop.pay_out(10_000);
    let cancelled: Payout = shop.ok("POST", &format!("/v1/payouts/{}/cancel", payout.id), "");
    let back = row("payout_cancel", 10_000, "payout_reversal");
    assert_eq!(shop.rows(&shop.seller), [charge(), row("payout", -10_000, "payout"), back]);
    let entry = shop.entries(&shop.seller).pop().unwrap();
    assert_eq!(cancelled.status, PayoutStatus::Canceled);
    assert_eq!(cancelled.failure_balance_transaction, Some(entry.id));
    assert_eq!(entry.description.as_deref(), Some("REFUND FOR PAYOUT (STRIPE PAYOUT)"));
    assert_eq!(shop.available(&shop.seller), 10_000);
    let (status, _, param, _) = shop.refused("POST", &format!("/v1/payouts/{}/cancel", payout.id), "");
    assert_eq!((status, param.as_str()), (400, "payout"));
    shop.advance_to("2026-11-06T00:00:00Z");
    assert_eq!(shop.payout(&payout.id).status, PayoutStatus::Canceled);
    assert_eq!(shop.events(&shop.seller), ["payout.created", "payout.canceled"]);
}

#[test]
fn a_payout_that_the_bank_has_cannot_be_cancelled() {
    let shop = shop();
    let payout = shop.pay_out(10_000);
    shop.advance_to("2026-11-03T00:00:00Z");
    let (status, _, param, message) = shop.refused("POST", &format!("/v1/payouts/{}/cancel", payout.id), "");
    assert_eq!((status, param.as_str()), (400, "payout"));
    assert!(message.contains("status of in_transit"), "{message}");
}

#[test]
fn a_failed_payout_gives_its_money_back_and_its_external_account_is_errored() {
    let outcomes = [
        ("000111111116", "no_account"),
        ("000111111113", "account_closed"),
        ("000222222227", "insufficient_funds"),
        ("000333333335", "debit_not_authorized"),
        ("000444444440", "invalid_currency"),
    ];
    for (number, code) in outcomes {
        let shop = Shop::new(PayoutInterval::Manual, number);
        shop.earn(&shop.seller, 10_000, None);
        let payout = shop.pay_out(10_000);
        shop.advance_to("2026-11-04T00:00:00Z");
        let failed = shop.payout(&payout.id);
        assert_eq!((failed.status, failed.failure_code.as_deref()), (PayoutStatus::Failed, Some(code)));
        assert!(failed.failure_message.is_some() && failed.failure_balance_transaction.is_some());
        let back = row("payout_failure", 10_000, "payout_reversal");
        assert_eq!(shop.rows(&shop.seller), [charge(), row("payout", -10_000, "payout"), back]);
        assert_eq!((shop.available(&shop.seller), shop.sum(&shop.seller, Bucket::InTransit)), (10_000, 0));
        let events = shop.events(&shop.seller);
        assert_eq!(events[..3], ["payout.created", "payout.updated", "payout.failed"]);
        assert!(events.contains(&"account.external_account.updated".to_owned()), "{events:?}");
        let (status, code, param, _) = shop.refused("POST", "/v1/payouts", "amount=100&currency=usd");
        assert_eq!((status, code.as_str(), param.as_str()), (400, "bank_account_unusable", "destination"));
    }
}

#[test]
fn a_payout_sent_back_after_it_arrived_is_paid_back_from_the_bank() {
    let shop = shop();
    let payout = shop.pay_out(10_000);
    shop.advance_to("2026-11-04T00:00:00Z");
    shop.as_("", |tx| fail(tx, &payout.id, PayoutFailure::AccountClosed)).unwrap();
    shop.settle_down();
    assert_eq!(shop.payout(&payout.id).status, PayoutStatus::Failed);
    assert_eq!((shop.available(&shop.seller), shop.sum(ledger::OPERATOR, Bucket::Bank)), (10_000, 0));
}

#[test]
fn what_cannot_be_paid_out_is_refused_by_name() {
    let shop = shop();
    let sixteen_weeks = "statement_descriptor=12345678901234567890123";
    let cases = [
        ("amount=0&currency=usd", "parameter_invalid_integer", "amount"),
        ("amount=-5&currency=usd", "parameter_invalid_integer", "amount"),
        ("amount=99&currency=eur", "amount_too_small", "amount"),
        ("amount=100000000000&currency=usd", "amount_too_large", "amount"),
        ("currency=usd", "parameter_missing", "amount"),
        ("amount=10001&currency=usd", "balance_insufficient", ""),
        ("amount=100&currency=cad", "", ""),
        ("amount=100&currency=usd&method=instant", "instant_payouts_unsupported", "method"),
        ("amount=100&currency=usd&source_type=fpx", "", "source_type"),
        ("amount=100&currency=usd&payout_method=fa_1", "", "payout_method"),
        ("amount=100&currency=usd&destination=ba_1", "resource_missing", "destination"),
        (&format!("amount=100&currency=usd&{sixteen_weeks}"), "", "statement_descriptor"),
        ("amount=100&currency=usd&colour=red", "parameter_unknown", "colour"),
    ];
    for (form, code, param) in cases {
        let (status, found_code, found_param, _) = shop.refused("POST", "/v1/payouts", form);
        let expected_status = if code == "resource_missing" { 404 } else { 400 };
        assert_eq!((status, found_code.as_str(), found_param.as_str()), (expected_status, code, param), "{form}");
    }
    let (_, _, _, message) = shop.refused("POST", "/v1/payouts", "amount=100&currency=cad");
    assert_eq!(message, "Sorry, you don't have any external accounts in that currency (cad).");
    assert_eq!(shop.rows(&shop.seller), [charge()]);
}

#[test]
fn an_account_whose_payouts_are_not_enabled_is_refused() {
    let shop = shop();
    shop.as_("", |tx| {
        let mut account = tx.load::<Account>(&shop.seller)?;
        account.payouts_enabled = false;
        tx.put(&account)
    })
    .unwrap();
    assert_eq!(shop.refused("POST", "/v1/payouts", "amount=100&currency=usd").1, "payouts_not_allowed");
}

#[test]
fn only_metadata_can_be_changed() {
    let shop = shop();
    let payout = shop.pay_out(10_000);
    let path = format!("/v1/payouts/{}", payout.id);
    let changed: Payout = shop.ok("POST", &path, "metadata[order]=6");
    assert_eq!(changed.metadata["order"], "6");
    assert_eq!(shop.events(&shop.seller), ["payout.created", "payout.updated"]);
    assert_eq!(shop.refused("POST", &path, "amount=5").1, "parameter_unknown");
    assert_eq!(shop.refused("POST", "/v1/payouts/po_1", "").0, 404);
}

#[test]
fn payouts_are_listed_newest_first_by_status_destination_and_dates() {
    let shop = shop();
    let first = shop.pay_out(1);
    shop.advance_to("2026-11-03T12:00:00Z");
    let second = shop.pay_out(2);
    let found = |filter: &str| -> Vec<i64> {
        let page: wire::List<Payout> = shop.ok("GET", "/v1/payouts", filter);
        page.data.iter().map(|payout| payout.amount).collect()
    };
    assert_eq!(found(""), [2, 1]);
    assert_eq!(found("status=pending"), [2]);
    assert_eq!(found(&format!("destination={}", first.destination.as_deref().unwrap())), [2, 1]);
    assert_eq!(found("destination=ba_1"), [0; 0]);
    assert_eq!(found(&format!("arrival_date={}", first.arrival_date.0)), [1]);
    assert_eq!(found(&format!("arrival_date[gt]={}", first.arrival_date.0)), [2]);
    assert_eq!(found(&format!("created[lt]={}", second.created.0)), [1]);
    let (_, others) = shop.call(&shop.platform, "GET", "/v1/payouts", "");
    assert_eq!(others["data"], json!([]));
    let expanded: Json =
        shop.ok("GET", &format!("/v1/payouts/{}", first.id), "expand[]=destination&expand[]=balance_transaction");
    assert_eq!(
        (&expanded["destination"]["object"], &expanded["balance_transaction"]["net"]),
        (&json!("bank_account"), &json!(-1))
    );
}
