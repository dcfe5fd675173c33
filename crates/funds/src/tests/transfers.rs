//! money.md 2.4, 2.6 and 3.6: transfers and their reversals.

use super::stage::*;
use crate::charges::{Charge, ChargeOrder};
use crate::transfers::{CreateTransfer, ReverseTransfer, Transfer, reverse};

fn reversal(amount: Option<i64>) -> ReverseTransfer {
    ReverseTransfer { amount, ..ReverseTransfer::default() }
}

#[test]
fn a_transfer_takes_available_money_and_lands_available() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        stage.fund(10_000);
        let transfer = stage.transfer(&transfer_to(&seller, 4_000));
        assert_eq!(stage.rows_since(&stage.platform, 1), ["transfer -4000 - 0 = -4000 (transfer, tr)"]);
        assert_eq!(stage.rows(&seller), ["payment 4000 - 0 = 4000 (charge, py)"]);
        assert_eq!((stage.available(&stage.platform), stage.available(&seller)), (5_680, 4_000));
        assert_eq!((transfer.source_type.as_deref(), transfer.transfer_group), (Some("card"), None));
        stage.audit();
    });
}

#[test]
fn a_transfer_without_available_money_is_refused() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        // Pending money does not help.
        stage.charge(&stage.platform(), &order(10_000));
        let asked = |transfer: &CreateTransfer| told(stage.try_transfer(&stage.platform(), transfer));
        assert_eq!(asked(&transfer_to(&seller, 1)), refused("balance_insufficient", ""));
        let by_bank =
            CreateTransfer { source_type: Some(crate::transfers::SourceType::BankAccount), ..transfer_to(&seller, 1) };
        assert_eq!(asked(&by_bank), refused("balance_insufficient", ""));
        assert_eq!(stage.rows(&stage.platform).len(), 1);
        stage.audit();
    });
}

#[test]
fn a_transfer_of_a_pending_charge_needs_no_balance_and_lands_with_it() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let charge =
            stage.charge(&stage.platform(), &ChargeOrder { payment_intent: Some("pi_1".into()), ..order(10_000) });
        let whole = CreateTransfer { amount: None, ..transfer_from(&charge, &seller, 0) };
        let transfer = stage.transfer(&whole);
        assert_eq!((transfer.amount, transfer.transfer_group.as_deref()), (10_000, Some("group_pi_1")));
        assert_eq!(stage.find::<Charge>(&charge.id).transfer_group.as_deref(), Some("group_pi_1"));
        assert_eq!((stage.pending(&stage.platform), stage.pending(&seller)), (-320, 10_000));
        assert_eq!(stage.entries(&seller)[0].available_on, stage.entries(&stage.platform)[0].available_on);
        stage.audit();
    });
}

#[test]
fn a_transfer_of_a_charge_keeps_to_the_charge() {
    on_memory(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let grouped = ChargeOrder { transfer_group: Some("order_7".into()), ..order(10_000) };
        let charge = stage.charge(&stage.platform(), &grouped);
        let uncaptured = stage.charge(&stage.platform(), &ChargeOrder { capture: false, ..order(10_000) });
        let asked = |transfer: CreateTransfer| told(stage.try_transfer(&stage.platform(), &transfer));
        let of = |amount| transfer_from(&charge, &seller, amount);
        assert_eq!(asked(CreateTransfer { currency: kernel::Currency::EUR, ..of(1) }), refused("", "currency"));
        assert_eq!(
            asked(CreateTransfer { transfer_group: Some("other".into()), ..of(1) }),
            refused("", "transfer_group")
        );
        let by_bank = CreateTransfer { source_type: Some(crate::transfers::SourceType::Fpx), ..of(1) };
        assert_eq!(asked(by_bank), refused("transfer_source_balance_parameters_mismatch", "source_type"));
        assert_eq!(asked(of(10_001)), refused("", "amount"));
        assert_eq!(asked(transfer_from(&uncaptured, &seller, 1)), refused("", "source_transaction"));
        assert_eq!(
            asked(CreateTransfer { amount: None, ..transfer_to(&seller, 0) }),
            refused("parameter_missing", "amount")
        );
        assert_eq!(asked(transfer_to(&seller, 0)), refused("parameter_invalid_integer", "amount"));
        assert_eq!(asked(transfer_to(&stage.platform, 1)), refused("", "destination"));
        assert_eq!(asked(transfer_to("acct_none", 1)), refused("resource_missing", "destination"));
        assert_eq!(stage.transfer(&of(10_000)).transfer_group.as_deref(), Some("order_7"));
        assert_eq!(asked(of(1)), refused("", "amount"));
        stage.audit();
    });
}

#[test]
fn a_connected_account_pays_its_platform_by_a_transfer() {
    on_every_engine(|stage| {
        let [seller, other] = [(); 2].map(|()| stage.seller(Seller::LIABLE_PLATFORM));
        stage.charge_with(&stage.on(&seller), BYPASS, &order(10_000));
        let transfer = stage.try_transfer(&stage.on(&seller), &transfer_to(&stage.platform, 1_000)).unwrap();
        assert_eq!(stage.rows_since(&seller, 1), ["transfer -1000 - 0 = -1000 (transfer, tr)"]);
        assert_eq!(stage.rows(&stage.platform), ["payment 1000 - 0 = 1000 (charge, py)"]);
        assert_eq!(transfer.destination, Some(stage.platform.clone()));
        let sideways = told(stage.try_transfer(&stage.on(&seller), &transfer_to(&other, 1_000)));
        assert_eq!(sideways, refused("resource_missing", "destination"));
        stage.audit();
    });
}

#[test]
fn a_recipient_gets_its_money_a_day_later() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        stage.change_account(&seller, |account| {
            account.tos_acceptance.service_agreement = Some("recipient".into());
        });
        stage.fund(10_000);
        stage.transfer(&transfer_to(&seller, 4_000));
        assert_eq!((stage.available(&seller), stage.pending(&seller)), (0, 4_000));
        stage.advance(kernel::DAY);
        assert_eq!((stage.available(&seller), stage.pending(&seller)), (4_000, 0));
        stage.audit();
    });
}

#[test]
fn reversals_add_up_to_the_transfer() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        stage.fund(10_000);
        let transfer = stage.transfer(&transfer_to(&seller, 4_000));
        let back = |amount| stage.run(&stage.platform(), |tx| reverse(tx, &transfer.id, reversal(amount)));
        back(Some(1_000)).unwrap();
        let told_of = told(back(Some(3_001)));
        assert_eq!(told_of, refused("", "amount"));
        back(None).unwrap();
        assert_eq!(told(back(None)), refused("", ""));
        let shown: Transfer = stage.find(&transfer.id);
        assert_eq!((shown.amount_reversed, shown.reversed), (4_000, true));
        assert_eq!(shown.reversals.data.iter().map(|r| r.amount).collect::<Vec<_>>(), [3_000, 1_000]);
        assert_eq!((stage.available(&stage.platform), stage.available(&seller)), (9_680, 0));
        stage.audit();
    });
}

#[test]
fn a_receiver_that_nobody_answers_for_must_have_what_is_reversed() {
    on_every_engine(|stage| {
        let [standard, backed] = [Seller::STANDARD, Seller::LIABLE_PLATFORM].map(|how| stage.seller(how));
        stage.fund(10_000);
        for (seller, may_go_below) in [(&standard, false), (&backed, true)] {
            let transfer = stage.transfer(&transfer_to(seller, 1_000));
            stage.try_transfer(&stage.on(seller), &transfer_to(&stage.platform, 400)).unwrap();
            let made = stage.run(&stage.platform(), |tx| reverse(tx, &transfer.id, reversal(None)));
            if may_go_below {
                made.unwrap();
                assert_eq!(stage.available(seller), -400);
            } else {
                assert_eq!(told(made), refused("balance_insufficient", ""));
                assert_eq!(stage.available(seller), 600);
            }
            stage.audit();
        }
    });
}

#[test]
fn a_refund_whose_reversal_cannot_be_paid_is_refused_as_a_whole() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::STANDARD);
        let charge = stage.charge_with(&stage.platform(), BYPASS, &destination(1_000, 123, &seller));
        let refused_whole = told(stage.try_refund(&stage.platform(), &refund_reversing(&charge, None)));
        assert_eq!(refused_whole, refused("balance_insufficient", ""));
        assert_eq!((stage.available(&stage.platform), stage.available(&seller)), (64, 877));
        assert_eq!(stage.find::<Charge>(&charge.id).amount_refunded, 0);
        // With its fee back it has exactly enough.
        stage.refund(&stage.platform(), &refund_all(&charge, None));
        assert_eq!(stage.available(&seller), 0);
        stage.audit();
    });
}

#[test]
fn a_reversal_can_give_the_fee_back() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let charge = stage.charge(&stage.platform(), &destination(1_000, 123, &seller));
        let transfer = stage.transfer_of(&charge);
        let with_fee = ReverseTransfer { refund_application_fee: Some(true), ..reversal(Some(400)) };
        stage.run(&stage.platform(), |tx| reverse(tx, &transfer.id, with_fee.clone())).unwrap();
        assert_eq!(
            stage.rows_since(&seller, 1),
            ["payment_refund -400 - -49 = -351 (refund, pyr): application_fee -49"]
        );
        // The refund that follows brings back what is left of both.
        stage.refund(&stage.platform(), &refund_all(&charge, None));
        assert_eq!((stage.total(&stage.platform), stage.total(&seller)), (-59, 0));
        stage.audit();
    });
}
