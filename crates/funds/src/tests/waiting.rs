//! money.md 3.3 (e): refunds that wait for money.

use super::stage::*;
use crate::charges::Charge;
use crate::refunds::{PendingReason, Refund, RefundStatus};

fn status(stage: &Stage, refund: &Refund) -> RefundStatus {
    stage.find::<Refund>(&refund.id).status
}

/// A seller that may not go below zero, with nothing left of a charge that has matured.
fn spent(stage: &Stage) -> (String, Charge) {
    let seller = stage.seller(Seller::NEVER_BELOW_ZERO);
    let charge = stage.charge(&stage.on(&seller), &with_fee(1_000, 123));
    stage.mature();
    stage.try_transfer(&stage.on(&seller), &transfer_to(&stage.platform, 818)).unwrap();
    assert_eq!(stage.available(&seller), 0);
    (seller, charge)
}

#[test]
fn a_refund_waits_for_money_and_is_processed_when_some_arrives() {
    on_every_engine(|stage| {
        let (seller, charge) = spent(stage);
        let rows = stage.rows(&seller).len();
        let refund = stage.refund(&stage.on(&seller), &refund_with_fee(&charge, None));
        assert_eq!(refund.status, RefundStatus::Pending);
        assert_eq!(refund.pending_reason, Some(PendingReason::InsufficientFunds));
        assert_eq!(refund.balance_transaction, None);
        assert_eq!(stage.rows(&seller).len(), rows);
        assert_eq!(stage.find::<Charge>(&charge.id).amount_refunded, 0);
        stage.audit();

        // What waits cannot be refunded again.
        let again = told(stage.try_refund(&stage.on(&seller), &refund_of(&charge, None)));
        assert_eq!(again, refused("charge_already_refunded", ""));

        stage.fund(10_000);
        stage.transfer(&transfer_to(&seller, 876));
        stage.advance(0);
        assert_eq!(status(stage, &refund), RefundStatus::Pending);
        stage.transfer(&transfer_to(&seller, 1));
        stage.advance(0);
        assert_eq!(status(stage, &refund), RefundStatus::Succeeded);
        assert_eq!(
            stage.rows(&seller).last().unwrap(),
            "refund -1000 - -123 = -877 (refund, re): application_fee -123"
        );
        assert_eq!(stage.available(&seller), 0);
        let charge: Charge = stage.find(&charge.id);
        assert_eq!((charge.amount_refunded, charge.refunded), (1_000, true));
        let events = stage.events(&seller);
        assert!(events.ends_with(&["refund.updated".into(), "charge.refunded".into()]), "{events:?}");
        stage.audit();
    });
}

#[test]
fn what_waited_longest_goes_first_and_holds_up_the_others() {
    on_every_engine(|stage| {
        let (seller, charge) = spent(stage);
        let on = stage.on(&seller);
        let refunds = [500, 200, 300].map(|amount| stage.refund(&on, &refund_of(&charge, Some(amount))));
        let now = || refunds.each_ref().map(|refund| status(stage, refund) == RefundStatus::Succeeded);
        stage.fund(10_000);
        stage.transfer(&transfer_to(&seller, 499));
        stage.advance(0);
        assert_eq!(now(), [false, false, false]);
        stage.transfer(&transfer_to(&seller, 201));
        stage.advance(0);
        assert_eq!(now(), [true, true, false]);
        stage.audit();
        // A charge that matures brings money as well.
        stage.charge(&on, &order(1_000));
        stage.mature();
        assert_eq!(now(), [true, true, true]);
        stage.audit();
    });
}

#[test]
fn pending_money_pays_its_own_refund_without_waiting() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::NEVER_BELOW_ZERO);
        let charge = stage.charge(&stage.on(&seller), &with_fee(1_000, 123));
        let refund = stage.refund(&stage.on(&seller), &refund_of(&charge, None));
        assert_eq!((refund.status, stage.pending(&seller)), (RefundStatus::Succeeded, -182));
        stage.audit();
    });
}
