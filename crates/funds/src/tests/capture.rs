//! Manual capture: whole, in part, told anew, given up.

use kernel::Result;

use super::stage::*;
use crate::charges::{CaptureOrder, Charge, ChargeOrder, cancel_authorization, capture, expire_authorization};
use crate::refunds::{Refund, RefundReason};

fn authorise(stage: &Stage, order: ChargeOrder) -> Charge {
    stage.charge(&stage.platform(), &ChargeOrder { capture: false, ..order })
}

fn take(stage: &Stage, charge: &Charge, order: CaptureOrder) -> Result<Charge> {
    let taken = stage.run(&stage.platform(), |tx| {
        let mut charge = tx.load::<Charge>(&charge.id)?;
        capture(tx, &mut charge, order.clone())?;
        Ok(charge)
    });
    taken.map(store::Doc::into_shown)
}

#[test]
fn an_authorised_charge_moves_nothing_until_it_is_captured() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let charge = authorise(stage, destination(1_000, 123, &seller));
        assert_eq!((charge.captured, charge.amount_captured, charge.paid), (false, 0, true));
        assert_eq!((charge.balance_transaction.as_ref(), charge.transfer.as_ref()), (None, None));
        let card = charge.payment_method_details.as_ref().unwrap().card.as_ref().unwrap();
        assert!(card.capture_before.is_some());
        assert!(stage.rows(&stage.platform).is_empty());
        stage.audit();
        let charge = take(stage, &charge, CaptureOrder::default()).unwrap();
        assert_eq!((stage.pending(&stage.platform), stage.pending(&seller)), (64, 877));
        assert_eq!(stage.events(&stage.platform).last().map(String::as_str), Some("charge.captured"));
        assert_eq!(told(take(stage, &charge, CaptureOrder::default())), refused("charge_already_captured", ""));
        stage.audit();
    });
}

#[test]
fn a_partial_capture_is_one_row_and_caps_the_fee() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let charge = authorise(stage, destination(1_000, 500, &seller));
        let charge = take(stage, &charge, CaptureOrder { amount: Some(400), ..CaptureOrder::default() }).unwrap();
        assert_eq!((charge.amount, charge.amount_captured, charge.amount_refunded), (1_000, 400, 0));
        assert_eq!(stage.rows(&seller), ["payment 400 - 400 = 0 (charge, py): application_fee 400"]);
        stage.audit();
        stage.refund(&stage.platform(), &refund_all(&charge, None));
        assert!(stage.find::<Charge>(&charge.id).refunded);
        stage.audit();
    });
}

#[test]
fn a_capture_may_tell_the_split_anew() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let charge = authorise(stage, destination(1_000, 123, &seller));
        let order = CaptureOrder { application_fee_amount: Some(200), ..CaptureOrder::default() };
        assert_eq!(take(stage, &charge, order).unwrap().application_fee_amount, Some(200));
        assert_eq!(stage.pending(&seller), 800);
        let charge = authorise(stage, destination_part(1_000, 877, &seller));
        let order = CaptureOrder { transfer_amount: Some(500), ..CaptureOrder::default() };
        take(stage, &charge, order).unwrap();
        assert_eq!(stage.pending(&seller), 1_300);
        stage.audit();
    });
}

#[test]
fn a_capture_that_cannot_be_is_refused() {
    on_memory(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let fee = authorise(stage, destination(1_000, 123, &seller));
        let plain = authorise(stage, order(1_000));
        let asked = |charge: &Charge, order| told(take(stage, charge, order));
        let none = CaptureOrder::default;
        let above = CaptureOrder { amount: Some(1_001), ..none() };
        assert_eq!(asked(&plain, above), refused("amount_too_large", "amount_to_capture"));
        let zero = CaptureOrder { amount: Some(0), ..none() };
        assert_eq!(asked(&plain, zero), refused("parameter_invalid_integer", "amount_to_capture"));
        let with_fee = CaptureOrder { application_fee_amount: Some(1), ..none() };
        assert_eq!(asked(&plain, with_fee), refused("", "application_fee_amount"));
        let part = CaptureOrder { transfer_amount: Some(1), ..none() };
        assert_eq!(asked(&plain, part.clone()), refused("", "transfer_data"));
        assert_eq!(asked(&fee, part), refused("parameters_exclusive", "transfer_data[amount]"));
        stage.audit();
    });
}

#[test]
fn an_authorisation_that_is_given_up_shows_a_refund_without_a_row() {
    on_every_engine(|stage| {
        for (give_up, reason, expired) in [
            (cancel_authorization as fn(&mut store::Tx, &mut store::Doc<Charge>) -> Result<()>, None, false),
            (expire_authorization, Some(RefundReason::ExpiredUncapturedCharge), true),
        ] {
            let charge = authorise(stage, order(1_000));
            let run = || {
                stage.run(&stage.platform(), |tx| {
                    let mut charge = tx.load::<Charge>(&charge.id)?;
                    give_up(tx, &mut charge)
                })
            };
            run().unwrap();
            assert_eq!(told(run()).0, 400);
            let charge: Charge = stage.find(&charge.id);
            assert_eq!((charge.captured, charge.refunded, charge.amount_refunded), (false, true, 1_000));
            let of_charge = [store::Filter::Is("charge", charge.id.as_str().into())];
            let refunds = stage.run(&stage.platform(), |tx| tx.find_all::<Refund>(None, &of_charge, 10)).unwrap();
            let [refund] = &refunds[..] else { panic!() };
            assert_eq!((refund.balance_transaction.as_ref(), refund.reason), (None, reason));
            assert_eq!(stage.events(&stage.platform).contains(&"charge.expired".into()), expired);
            assert!(told(take(stage, &charge, CaptureOrder::default())).0 == 400);
        }
        assert!(stage.rows(&stage.platform).is_empty());
        stage.audit();
    });
}
