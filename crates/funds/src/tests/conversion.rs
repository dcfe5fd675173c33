//! money.md 5.5, 11.3 and S10: money that settles in another currency.

use kernel::{Currency, Money};
use ledger::Bucket;

use super::stage::*;
use crate::charges::{Charge, ChargeOrder};

fn eur(amount: i64, order: ChargeOrder) -> ChargeOrder {
    ChargeOrder { amount: Money::new(amount, Currency::EUR), ..order }
}

#[test]
fn s10_a_direct_charge_in_another_currency() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::STANDARD);
        let order = eur(10_000, ChargeOrder { card_country: "DE".into(), ..order(0) });
        stage.charge(&stage.on(&seller), &order);
        assert_eq!(stage.rows(&seller), ["charge 11000 - 624 = 10376 (charge, ch): stripe_fee 624"]);
        assert_eq!(stage.entries(&seller)[0].exchange_rate, Some(1.1));
        assert_eq!(stage.entries(&seller)[0].currency, USD);
        stage.audit();
    });
}

#[test]
fn a_converted_direct_charge_pays_its_fee_in_the_settlement_currency_and_gets_it_back() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::GERMAN);
        let charge = stage.charge(&stage.on(&seller), &with_fee(11_000, 1_100));
        let eur = |account: &str| stage.sum(account, Bucket::Pending, Currency::EUR);
        // 110.00 dollars are 100.00 euros; a fee of 11.00 dollars is 10.00 euros there and 11.00 dollars on the platform.
        let [row] = &stage.entries(&seller)[..] else { panic!() };
        assert_eq!((row.amount, row.currency, row.fee_details[0].amount), (10_000, Currency::EUR, 1_000));
        assert_eq!(stage.rows(&stage.platform), ["application_fee 1100 - 0 = 1100 (platform_earning, fee)"]);
        let processing = row.fee_details[1].amount;
        assert_eq!(eur(&seller), 9_000 - processing);
        stage.audit();
        stage.refund(&stage.on(&seller), &refund_with_fee(&charge, Some(3_333)));
        stage.refund(&stage.on(&seller), &refund_with_fee(&charge, None));
        assert_eq!((eur(&seller), stage.total(&stage.platform)), (-processing, 0));
        stage.audit();
    });
}

#[test]
fn a_transfer_is_converted_on_the_receivers_side_and_comes_back_whole() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::GERMAN);
        stage.fund(20_000);
        let before = stage.available(&stage.platform);
        let transfer = stage.transfer(&transfer_to(&seller, 11_000));
        assert_eq!(stage.sum(&seller, Bucket::Available, Currency::EUR), 10_000);
        assert_eq!(stage.rows_since(&stage.platform, 1), ["transfer -11000 - 0 = -11000 (transfer, tr)"]);
        let payment: Charge = stage.find(transfer.destination_payment.as_deref().unwrap());
        assert_eq!((payment.amount, payment.currency), (11_000, USD));
        stage.audit();
        for amount in [Some(3_333), None] {
            let reversal = crate::transfers::ReverseTransfer { amount, ..Default::default() };
            stage.run(&stage.platform(), |tx| crate::transfers::reverse(tx, &transfer.id, reversal.clone())).unwrap();
            stage.audit();
        }
        assert_eq!(stage.sum(&seller, Bucket::Available, Currency::EUR), 0);
        assert_eq!(stage.available(&stage.platform), before);
    });
}

#[test]
fn a_destination_charge_is_converted_for_the_platform_and_again_for_the_receiver() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::GERMAN);
        let charge = stage.charge(&stage.platform(), &eur(10_000, destination(0, 1_000, &seller)));
        let [row, ..] = &stage.entries(&stage.platform)[..] else { panic!() };
        assert_eq!((row.amount, row.currency), (11_000, USD));
        assert_eq!((stage.transfer_of(&charge).amount, stage.transfer_of(&charge).currency), (11_000, USD));
        assert_eq!(stage.sum(&seller, Bucket::Pending, Currency::EUR), 9_000);
        stage.audit();
        stage.refund(&stage.platform(), &refund_all(&charge, None));
        assert_eq!(stage.sum(&seller, Bucket::Pending, Currency::EUR), 0);
        stage.audit();
    });
}

#[test]
fn on_behalf_of_settles_in_the_connected_accounts_currency() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::GERMAN);
        let order = ChargeOrder { on_behalf_of: Some(seller.clone()), ..eur(10_000, destination(0, 1_000, &seller)) };
        let charge = stage.charge(&stage.platform(), &order);
        assert_eq!((stage.transfer_of(&charge).amount, stage.transfer_of(&charge).currency), (10_000, Currency::EUR));
        assert_eq!(stage.sum(&seller, Bucket::Pending, Currency::EUR), 9_000);
        stage.audit();
    });
}
