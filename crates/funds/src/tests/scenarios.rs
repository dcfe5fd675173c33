//! money.md 17: S1 and S3 to S5 (S6 is a payout's, and with the payouts).

use super::stage::*;
use crate::transfers::{ReverseTransfer, reverse};

#[test]
fn s1_a_direct_charge_and_its_full_refund_with_the_fee() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let charge = stage.charge(&stage.on(&seller), &with_fee(10_000, 500));
        stage.mature();
        assert_eq!((stage.available(&seller), stage.available(&stage.platform)), (9_180, 500));
        stage.audit();
        stage.refund(&stage.on(&seller), &refund_with_fee(&charge, None));
        assert_eq!(stage.rows_since(&seller, 1), ["refund -10000 - -500 = -9500 (refund, re): application_fee -500"]);
        assert_eq!((stage.available(&seller), stage.available(&stage.platform)), (-320, 0));
        stage.audit();
    });
}

#[test]
fn s3_a_destination_charge_refunded_twice_in_part() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let charge = stage.charge(&stage.platform(), &destination(10_000, 1_000, &seller));
        stage.mature();
        assert_eq!((stage.available(&stage.platform), stage.available(&seller)), (680, 9_000));
        stage.refund(&stage.platform(), &refund_all(&charge, Some(3_000)));
        assert_eq!(
            sorted(stage.rows_since(&stage.platform, 3)),
            [
                "application_fee_refund -300 - 0 = -300 (platform_earning_refund, fr)",
                "refund -3000 - 0 = -3000 (refund, re)",
                "transfer_refund 3000 - 0 = 3000 (transfer_reversal, trr)",
            ]
        );
        assert_eq!((stage.available(&stage.platform), stage.available(&seller)), (380, 6_300));
        stage.audit();
        stage.refund(&stage.platform(), &refund_all(&charge, Some(7_000)));
        assert_eq!(
            stage.rows_since(&seller, 2),
            ["payment_refund -7000 - -700 = -6300 (refund, pyr): application_fee -700"]
        );
        assert_eq!((stage.available(&stage.platform), stage.available(&seller)), (-320, 0));
        stage.audit();
    });
}

#[test]
fn s4_a_destination_charge_of_which_a_part_goes_out() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let charge = stage.charge(&stage.platform(), &destination_part(10_000, 8_500, &seller));
        stage.mature();
        assert_eq!((stage.available(&stage.platform), stage.available(&seller)), (1_180, 8_500));
        stage.refund(&stage.platform(), &refund_reversing(&charge, None));
        assert_eq!(
            sorted(stage.rows_since(&stage.platform, 2)),
            ["refund -10000 - 0 = -10000 (refund, re)", "transfer_refund 8500 - 0 = 8500 (transfer_reversal, trr)"]
        );
        assert_eq!((stage.available(&stage.platform), stage.available(&seller)), (-320, 0));
        stage.audit();
    });
}

#[test]
fn s5_separate_charges_three_accounts_one_reversed() {
    on_every_engine(|stage| {
        let sellers = [(); 3].map(|()| stage.seller(Seller::LIABLE_PLATFORM));
        let charge = stage.charge(&stage.platform(), &order(20_000));
        stage.mature();
        assert_eq!(stage.available(&stage.platform), 19_390);
        let transfers: Vec<_> = sellers
            .iter()
            .zip([8_000, 6_000, 2_000])
            .map(|(seller, amount)| stage.transfer(&transfer_from(&charge, seller, amount)))
            .collect();
        let balances = || (stage.available(&stage.platform), sellers.each_ref().map(|seller| stage.available(seller)));
        assert_eq!(balances(), (3_390, [8_000, 6_000, 2_000]));
        let above = told(stage.try_transfer(&stage.platform(), &transfer_from(&charge, &sellers[0], 4_001)));
        assert_eq!(above, refused("", "amount"));
        stage.refund(&stage.platform(), &refund_of(&charge, Some(5_000)));
        assert_eq!(balances(), (-1_610, [8_000, 6_000, 2_000]));
        let reversal = ReverseTransfer { amount: Some(5_000), ..ReverseTransfer::default() };
        stage.run(&stage.platform(), |tx| reverse(tx, &transfers[0].id, reversal.clone())).unwrap();
        assert_eq!(balances(), (3_390, [3_000, 6_000, 2_000]));
        stage.audit();
    });
}
