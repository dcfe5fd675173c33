//! money.md 3.2 to 3.5: the rows of refunds.

use super::stage::*;
use crate::charges::Charge;
use crate::refunds::{CreateRefund, Refund, RefundStatus};
use crate::transfers::TransferReversal;

fn direct(stage: &Stage) -> (String, Charge) {
    let seller = stage.seller(Seller::LIABLE_PLATFORM);
    let charge = stage.charge(&stage.on(&seller), &with_fee(1_000, 123));
    (seller, charge)
}

fn to_destination(stage: &Stage) -> (String, Charge) {
    let seller = stage.seller(Seller::LIABLE_PLATFORM);
    let charge = stage.charge(&stage.platform(), &destination(1_000, 123, &seller));
    (seller, charge)
}

#[test]
fn a_direct_refund_leaves_the_platform_its_fee() {
    on_every_engine(|stage| {
        let (seller, charge) = direct(stage);
        let refund = stage.refund(&stage.on(&seller), &refund_of(&charge, None));
        assert_eq!(stage.rows_since(&seller, 1), ["refund -1000 - 0 = -1000 (refund, re)"]);
        assert_eq!(stage.rows_since(&stage.platform, 1), [""; 0]);
        assert_eq!((stage.total(&seller), stage.total(&stage.platform)), (-182, 123));
        assert_eq!((refund.status, refund.pending_reason), (RefundStatus::Succeeded, None));
        let charge: Charge = stage.find(&charge.id);
        assert_eq!((charge.amount_refunded, charge.refunded), (1_000, true));
        assert_eq!(stage.events(&seller), ["charge.succeeded", "refund.created", "charge.refunded"]);
        assert_eq!(stage.entries(&seller)[1].description.as_deref(), Some("REFUND FOR CHARGE"));
        stage.audit();
    });
}

#[test]
fn a_direct_refund_with_the_fee_shows_it_as_a_negative_fee() {
    on_every_engine(|stage| {
        let (seller, charge) = direct(stage);
        stage.refund(&stage.on(&seller), &refund_with_fee(&charge, None));
        assert_eq!(stage.rows_since(&seller, 1), ["refund -1000 - -123 = -877 (refund, re): application_fee -123"]);
        assert_eq!(
            stage.rows_since(&stage.platform, 1),
            ["application_fee_refund -123 - 0 = -123 (platform_earning_refund, fr)"]
        );
        assert_eq!((stage.total(&seller), stage.total(&stage.platform)), (-59, 0));
        let fee = stage.fee_of(&charge);
        assert_eq!((fee.amount_refunded, fee.refunded, fee.refunds.data.len()), (123, true, 1));
        assert_eq!(stage.events(&stage.platform), ["application_fee.created", "application_fee.refunded"]);
        stage.audit();
    });
}

#[test]
fn partial_direct_refunds_share_the_fee_to_the_cent() {
    on_every_engine(|stage| {
        let (seller, charge) = direct(stage);
        stage.refund(&stage.on(&seller), &refund_with_fee(&charge, Some(400)));
        assert_eq!(stage.rows_since(&seller, 1), ["refund -400 - -49 = -351 (refund, re): application_fee -49"]);
        assert_eq!(
            stage.rows_since(&stage.platform, 1),
            ["application_fee_refund -49 - 0 = -49 (platform_earning_refund, fr)"]
        );
        stage.refund(&stage.on(&seller), &refund_with_fee(&charge, None));
        assert_eq!(stage.rows_since(&seller, 2), ["refund -600 - -74 = -526 (refund, re): application_fee -74"]);
        assert_eq!((stage.total(&seller), stage.total(&stage.platform)), (-59, 0));
        stage.audit();
    });
}

#[test]
fn a_refund_gives_back_the_fee_of_its_own_part_only() {
    on_every_engine(|stage| {
        let (seller, charge) = direct(stage);
        stage.refund(&stage.on(&seller), &refund_of(&charge, Some(600)));
        stage.refund(&stage.on(&seller), &refund_with_fee(&charge, Some(400)));
        assert_eq!(stage.fee_of(&charge).amount_refunded, 49);
        stage.audit();
    });
}

#[test]
fn a_plain_refund_of_a_destination_charge_is_the_platforms() {
    on_every_engine(|stage| {
        let (seller, charge) = to_destination(stage);
        stage.refund(&stage.platform(), &refund_of(&charge, None));
        assert_eq!(stage.rows_since(&stage.platform, 3), ["refund -1000 - 0 = -1000 (refund, re)"]);
        assert_eq!((stage.total(&stage.platform), stage.total(&seller)), (-936, 877));
        stage.audit();
    });
}

#[test]
fn reverse_transfer_brings_the_transfer_back() {
    on_every_engine(|stage| {
        let (seller, charge) = to_destination(stage);
        let refund = stage.refund(&stage.platform(), &refund_reversing(&charge, None));
        assert_eq!(
            sorted(stage.rows_since(&stage.platform, 3)),
            ["refund -1000 - 0 = -1000 (refund, re)", "transfer_refund 1000 - 0 = 1000 (transfer_reversal, trr)"]
        );
        assert_eq!(stage.rows_since(&seller, 1), ["payment_refund -1000 - 0 = -1000 (refund, pyr)"]);
        assert_eq!((stage.total(&stage.platform), stage.total(&seller)), (64, -123));

        let reversal: TransferReversal = stage.find(refund.transfer_reversal.as_deref().unwrap());
        let returned: Refund = stage.find(reversal.destination_payment_refund.as_deref().unwrap());
        let transfer = stage.transfer_of(&charge);
        let payment: Charge = stage.find(transfer.destination_payment.as_deref().unwrap());
        assert_eq!((reversal.transfer.as_str(), reversal.source_refund.as_deref()), (&*transfer.id, Some(&*refund.id)));
        assert_eq!(returned.source_transfer_reversal.as_deref(), Some(&*reversal.id));
        assert_eq!(returned.charge.as_deref(), Some(&*payment.id));
        assert!(returned.id.starts_with("pyr_") && refund.id.starts_with("re_"));
        assert_eq!((payment.amount_refunded, payment.refunded), (1_000, true));
        assert_eq!((transfer.amount_reversed, transfer.reversed, transfer.reversals.data.len()), (1_000, true, 1));
        assert_eq!(stage.events(&seller), ["payment.created", "charge.refunded"]);
        let events = stage.events(&stage.platform);
        assert_eq!(sorted(events[3..].to_vec()), ["charge.refunded", "refund.created", "transfer.reversed"]);
        stage.audit();
    });
}

#[test]
fn reverse_transfer_with_the_fee_leaves_the_connected_account_with_nothing() {
    on_every_engine(|stage| {
        let (seller, charge) = to_destination(stage);
        stage.refund(&stage.platform(), &refund_all(&charge, None));
        assert_eq!(
            sorted(stage.rows_since(&stage.platform, 3)),
            [
                "application_fee_refund -123 - 0 = -123 (platform_earning_refund, fr)",
                "refund -1000 - 0 = -1000 (refund, re)",
                "transfer_refund 1000 - 0 = 1000 (transfer_reversal, trr)",
            ]
        );
        assert_eq!(
            stage.rows_since(&seller, 1),
            ["payment_refund -1000 - -123 = -877 (refund, pyr): application_fee -123"]
        );
        assert_eq!((stage.total(&stage.platform), stage.total(&seller)), (-59, 0));
        stage.audit();
    });
}

#[test]
fn a_partial_refund_takes_its_part_of_transfer_and_fee() {
    on_every_engine(|stage| {
        let (seller, charge) = to_destination(stage);
        stage.refund(&stage.platform(), &refund_all(&charge, Some(400)));
        assert_eq!(
            sorted(stage.rows_since(&stage.platform, 3)),
            [
                "application_fee_refund -49 - 0 = -49 (platform_earning_refund, fr)",
                "refund -400 - 0 = -400 (refund, re)",
                "transfer_refund 400 - 0 = 400 (transfer_reversal, trr)",
            ]
        );
        assert_eq!(
            stage.rows_since(&seller, 1),
            ["payment_refund -400 - -49 = -351 (refund, pyr): application_fee -49"]
        );
        assert_eq!((stage.total(&stage.platform), stage.total(&seller)), (64 - 49, 877 - 351));
        stage.audit();
    });
}

#[test]
fn half_of_a_partial_transfer_rounds_up_and_the_rest_follows() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let charge = stage.charge(&stage.platform(), &destination_part(1_000, 877, &seller));
        stage.refund(&stage.platform(), &refund_reversing(&charge, Some(500)));
        assert_eq!(
            sorted(stage.rows_since(&stage.platform, 2)),
            ["refund -500 - 0 = -500 (refund, re)", "transfer_refund 439 - 0 = 439 (transfer_reversal, trr)"]
        );
        assert_eq!(stage.rows_since(&seller, 1), ["payment_refund -439 - 0 = -439 (refund, pyr)"]);
        stage.refund(&stage.platform(), &refund_reversing(&charge, None));
        assert_eq!(stage.rows_since(&seller, 2), ["payment_refund -438 - 0 = -438 (refund, pyr)"]);
        assert_eq!((stage.total(&stage.platform), stage.total(&seller)), (-59, 0));
        stage.audit();
    });
}

#[test]
fn a_refund_of_a_separate_charge_leaves_its_transfers_alone() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let charge = stage.charge(&stage.platform(), &order(10_000));
        let transfer = stage.transfer(&transfer_from(&charge, &seller, 7_000));
        stage.refund(&stage.platform(), &refund_of(&charge, Some(4_000)));
        assert_eq!(stage.rows_since(&stage.platform, 2), ["refund -4000 - 0 = -4000 (refund, re)"]);
        assert_eq!(stage.total(&seller), 7_000);
        let reversal = crate::transfers::ReverseTransfer { amount: Some(3_000), ..Default::default() };
        stage.run(&stage.platform(), |tx| crate::transfers::reverse(tx, &transfer.id, reversal.clone())).unwrap();
        assert_eq!(stage.rows_since(&stage.platform, 3), ["transfer_refund 3000 - 0 = 3000 (transfer_reversal, trr)"]);
        assert_eq!(stage.rows_since(&seller, 1), ["payment_refund -3000 - 0 = -3000 (refund, pyr)"]);
        stage.audit();
    });
}

#[test]
fn a_refund_stands_where_the_charge_stands() {
    on_every_engine(|stage| {
        let charge = stage.charge(&stage.platform(), &order(1_000));
        stage.refund(&stage.platform(), &refund_of(&charge, Some(300)));
        assert_eq!((stage.pending(&stage.platform), stage.available(&stage.platform)), (641, 0));
        let [row, refund] = &stage.entries(&stage.platform)[..] else { panic!() };
        assert_eq!(row.available_on, refund.available_on);
        stage.mature();
        stage.refund(&stage.platform(), &refund_of(&charge, Some(300)));
        assert_eq!((stage.pending(&stage.platform), stage.available(&stage.platform)), (0, 341));
        stage.audit();
    });
}

#[test]
fn a_pending_refund_succeeds_later() {
    on_every_engine(|stage| {
        let charge = stage.charge_with(&stage.platform(), PENDING_REFUND, &order(1_000));
        let refund = stage.refund(&stage.platform(), &refund_of(&charge, None));
        assert_eq!(refund.status, RefundStatus::Pending);
        assert_eq!(refund.pending_reason, Some(crate::refunds::PendingReason::Processing));
        assert_eq!(stage.total(&stage.platform), -59);
        stage.audit();
        stage.mature();
        let refund: Refund = stage.find(&refund.id);
        assert_eq!((refund.status, refund.pending_reason), (RefundStatus::Succeeded, None));
        let events = stage.events(&stage.platform);
        assert!(events.contains(&"refund.updated".into()) && events.contains(&"charge.refund.updated".into()));
        assert_eq!(stage.total(&stage.platform), -59);
        stage.audit();
    });
}

#[test]
fn a_refund_that_fails_later_brings_its_money_back_to_who_paid_it() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let charge = stage.charge_with(&stage.platform(), FAILING_REFUND, &destination(1_000, 123, &seller));
        let refund = stage.refund(&stage.platform(), &refund_all(&charge, None));
        assert_eq!(refund.status, RefundStatus::Succeeded);
        assert_eq!((stage.total(&stage.platform), stage.total(&seller)), (-59, 0));
        stage.mature();
        let before = stage.find::<Refund>(&refund.id);
        assert_eq!(before.status, RefundStatus::Failed);
        assert!(before.failure_reason.is_some() && before.failure_balance_transaction.is_some());
        assert_eq!(stage.rows_since(&stage.platform, 6), ["refund_failure 1000 - 0 = 1000 (refund_failure, re)"]);
        assert_eq!((stage.total(&stage.platform), stage.total(&seller)), (941, 0));
        let charge: Charge = stage.find(&charge.id);
        assert_eq!((charge.amount_refunded, charge.refunded), (0, false));
        let events = stage.events(&stage.platform);
        for event in ["refund.failed", "charge.refund.updated", "charge.updated"] {
            assert!(events.contains(&event.into()), "{events:?}");
        }
        stage.audit();
    });
}

#[test]
fn what_cannot_be_refunded_is_refused() {
    on_memory(|stage| {
        let (seller, charge) = to_destination(stage);
        let plain = stage.charge(&stage.platform(), &order(1_000));
        let platform = stage.platform();
        let asked = |refund: CreateRefund| told(stage.try_refund(&platform, &refund));
        assert_eq!(asked(CreateRefund::default()), refused("parameter_missing", ""));
        assert_eq!(
            asked(CreateRefund { payment_intent: Some("pi_1".into()), ..refund_of(&plain, None) }),
            refused("parameters_exclusive", "charge")
        );
        assert_eq!(asked(refund_of(&plain, Some(1_001))), refused("", "amount"));
        assert_eq!(asked(refund_of(&plain, Some(0))), refused("parameter_invalid_integer", "amount"));
        assert_eq!(asked(refund_with_fee(&plain, None)), refused("", "refund_application_fee"));
        assert_eq!(asked(refund_reversing(&plain, None)), refused("", "reverse_transfer"));
        assert_eq!(asked(refund_with_fee(&charge, None)), refused("", "refund_application_fee"));
        let missing = asked(CreateRefund { charge: Some("ch_none".into()), ..CreateRefund::default() });
        assert_eq!(missing, (404, "resource_missing".into(), "charge".into()));
        let missing = asked(CreateRefund { payment_intent: Some("pi_none".into()), ..CreateRefund::default() });
        assert_eq!(missing, (404, "resource_missing".into(), "payment_intent".into()));
        let foreign = told(stage.try_refund(&stage.on(&seller), &refund_of(&plain, None)));
        assert_eq!(foreign, (404, "resource_missing".into(), "charge".into()));
        let transfer = stage.transfer_of(&charge);
        let payment: Charge = stage.find(transfer.destination_payment.as_deref().unwrap());
        let landed = told(stage.try_refund(&stage.on(&seller), &refund_of(&payment, None)));
        assert_eq!(landed, refused("charge_not_refundable", "charge"));

        stage.refund(&platform, &refund_of(&plain, Some(600)));
        let error = stage.try_refund(&platform, &refund_of(&plain, Some(600))).unwrap_err();
        assert_eq!(error.message(), "Refund amount ($6.00) is greater than unrefunded amount on charge ($4.00)");
        stage.refund(&platform, &refund_of(&plain, None));
        assert_eq!(asked(refund_of(&plain, None)), refused("charge_already_refunded", ""));
        stage.audit();
    });
}
