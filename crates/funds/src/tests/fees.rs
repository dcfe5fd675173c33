//! money.md 3.3 (d): a fee given back by itself.

use super::stage::*;
use crate::application_fees::{ApplicationFee, RefundFee, refund};

#[test]
fn a_fee_given_back_by_itself_is_an_adjustment_on_the_connected_account() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let charge = stage.charge(&stage.on(&seller), &with_fee(1_000, 123));
        let fee = stage.fee_of(&charge);
        let given = stage.run(&stage.platform(), |tx| refund(tx, &fee.id, RefundFee::default())).unwrap();
        assert_eq!((given.amount, given.fee.as_str()), (123, &*fee.id));
        assert_eq!(stage.rows_since(&seller, 1), ["adjustment 123 - 0 = 123 (fee, fr)"]);
        assert_eq!(
            stage.rows_since(&stage.platform, 1),
            ["application_fee_refund -123 - 0 = -123 (platform_earning_refund, fr)"]
        );
        assert_eq!((stage.total(&seller), stage.total(&stage.platform)), (941, 0));
        let fee: ApplicationFee = stage.find(&fee.id);
        assert_eq!((fee.amount_refunded, fee.refunded), (123, true));
        assert_eq!(stage.events(&stage.platform), ["application_fee.created", "application_fee.refunded"]);
        stage.audit();
    });
}

#[test]
fn a_fee_cannot_be_given_back_twice() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let charge = stage.charge(&stage.on(&seller), &with_fee(1_000, 123));
        let fee = stage.fee_of(&charge);
        let give = |amount| {
            let asked = RefundFee { amount, ..RefundFee::default() };
            stage.run(&stage.platform(), |tx| refund(tx, &fee.id, asked.clone()))
        };
        give(Some(100)).unwrap();
        assert_eq!(told(give(Some(24))), refused("", "amount"));
        assert_eq!(told(give(Some(0))), refused("parameter_invalid_integer", "amount"));
        // A refund of the whole charge gives back what is left of the fee and no more.
        stage.refund(&stage.on(&seller), &refund_with_fee(&charge, None));
        assert_eq!(stage.find::<ApplicationFee>(&fee.id).amount_refunded, 123);
        assert_eq!(told(give(None)), refused("", ""));
        assert_eq!((stage.total(&seller), stage.total(&stage.platform)), (-59, 0));
        stage.audit();
    });
}

#[test]
fn many_refunds_show_the_newest_ten() {
    on_memory(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let charge = stage.charge(&stage.on(&seller), &with_fee(1_000, 123));
        let fee = stage.fee_of(&charge);
        for _ in 0..12 {
            let asked = RefundFee { amount: Some(1), ..RefundFee::default() };
            stage.run(&stage.platform(), |tx| refund(tx, &fee.id, asked.clone())).unwrap();
        }
        let fee: ApplicationFee = stage.find(&fee.id);
        assert_eq!((fee.refunds.data.len(), fee.refunds.has_more, fee.refunds.total_count), (10, true, Some(12)));
        stage.audit();
    });
}
