//! money.md 2.2 to 2.4: the rows of the three charge types.

use super::stage::*;
use crate::charges::{Charge, ChargeOrder};

#[test]
fn a_direct_charge_whose_account_pays_its_fees() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let charge = stage.charge(&stage.on(&seller), &with_fee(1_000, 123));
        assert_eq!(stage.rows(&seller), ["charge 1000 - 182 = 818 (charge, ch): application_fee 123 + stripe_fee 59"]);
        assert_eq!(stage.rows(&stage.platform), ["application_fee 123 - 0 = 123 (platform_earning, fee)"]);
        assert_eq!((stage.pending(&seller), stage.pending(&stage.platform)), (818, 123));
        assert_eq!((stage.available(&seller), stage.available(&stage.platform)), (0, 0));

        assert_eq!(charge.application, Some(stage.application.clone()));
        assert_eq!((charge.application_fee_amount, charge.transfer_data.as_ref()), (Some(123), None));
        let fee = stage.fee_of(&charge);
        assert_eq!((fee.account.as_str(), fee.charge.as_str(), fee.amount), (&*seller, &*charge.id, 123));
        assert_eq!((fee.originating_transaction, fee.refunded, fee.amount_refunded), (None, false, 0));
        assert_eq!(stage.events(&seller), ["charge.succeeded"]);
        assert_eq!(stage.events(&stage.platform), ["application_fee.created"]);
        let [row] = &stage.entries(&seller)[..] else { panic!() };
        assert_eq!(row.fee_details[0].application, Some(stage.application.clone()));
        assert_eq!(row.fee_details[0].description.as_deref(), Some("Market application fee"));
        assert_eq!(row.fee_details[1].description.as_deref(), Some("Stripe processing fees"));
        let [row] = &stage.entries(&stage.platform)[..] else { panic!() };
        let expected = format!("Application fee from application Market for seller@example.com ({seller})");
        assert_eq!(row.description, Some(expected));
        stage.audit();

        // 2 November 2026 is a Monday: two business days.
        assert_eq!(row.available_on.rfc3339(), "2026-11-04T00:00:00Z");
        stage.mature();
        assert_eq!((stage.available(&seller), stage.available(&stage.platform)), (818, 123));
        assert_eq!((stage.pending(&seller), stage.pending(&stage.platform)), (0, 0));
        stage.audit();
    });
}

#[test]
fn a_direct_charge_whose_platform_pays_its_fees() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::PLATFORM_PAYS);
        stage.charge(&stage.on(&seller), &with_fee(1_000, 123));
        assert_eq!(stage.rows(&seller), ["charge 1000 - 123 = 877 (charge, ch): application_fee 123"]);
        assert_eq!(
            stage.rows(&stage.platform),
            ["application_fee 123 - 0 = 123 (platform_earning, fee)", "stripe_fee -59 - 0 = -59 (fee, none)"]
        );
        assert_eq!((stage.pending(&seller), stage.pending(&stage.platform)), (877, 64));
        stage.audit();
    });
}

#[test]
fn custom_and_express_accounts_pay_for_processing_their_direct_charges() {
    for payer in [accounts::FeePayer::ApplicationCustom, accounts::FeePayer::ApplicationExpress] {
        on_memory(move |stage| {
            let seller = stage.seller(Seller { payer, ..Seller::LIABLE_PLATFORM });
            stage.charge(&stage.on(&seller), &order(1_000));
            assert_eq!(stage.rows(&seller), ["charge 1000 - 59 = 941 (charge, ch): stripe_fee 59"]);
            assert!(stage.rows(&stage.platform).is_empty());
            stage.audit();
        });
    }
}

#[test]
fn a_destination_charge_with_an_application_fee() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let order = ChargeOrder { payment_intent: Some("pi_1".into()), ..destination(1_000, 123, &seller) };
        let charge = stage.charge(&stage.platform(), &order);
        assert_eq!(
            sorted(stage.rows(&stage.platform)),
            [
                "application_fee 123 - 0 = 123 (platform_earning, fee)",
                "charge 1000 - 59 = 941 (charge, ch): stripe_fee 59",
                "transfer -1000 - 0 = -1000 (transfer, tr)",
            ]
        );
        assert_eq!(stage.rows(&seller), ["payment 1000 - 123 = 877 (charge, py): application_fee 123"]);
        assert_eq!((stage.pending(&stage.platform), stage.pending(&seller)), (64, 877));

        let transfer = stage.transfer_of(&charge);
        let payment: Charge = stage.find(transfer.destination_payment.as_deref().unwrap());
        let fee = stage.fee_of(&charge);
        assert_eq!(charge.transfer_group.as_deref(), Some("group_pi_1"));
        assert_eq!(transfer.transfer_group.as_deref(), Some("group_pi_1"));
        assert_eq!((transfer.amount, transfer.source_transaction.as_deref()), (1_000, Some(&*charge.id)));
        assert_eq!((charge.application.as_deref(), charge.on_behalf_of.as_deref()), (None, None));
        assert_eq!(payment.source_transfer.as_deref(), Some(&*transfer.id));
        assert_eq!((payment.application_fee, payment.application_fee_amount), (Some(fee.id.clone()), Some(123)));
        assert_eq!(payment.application, Some(stage.application.clone()));
        assert_eq!((fee.charge.as_str(), fee.originating_transaction.as_deref()), (&*payment.id, Some(&*charge.id)));
        let days: Vec<_> =
            stage.entries(&seller).iter().chain(&stage.entries(&stage.platform)).map(|r| r.available_on).collect();
        assert!(days.windows(2).all(|pair| pair[0] == pair[1]), "{days:?}");
        assert_eq!(stage.events(&seller), ["payment.created"]);
        assert_eq!(
            sorted(stage.events(&stage.platform)),
            ["application_fee.created", "charge.succeeded", "transfer.created"]
        );
        stage.audit();
    });
}

#[test]
fn a_destination_charge_of_which_a_part_goes_out() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let charge = stage.charge(&stage.platform(), &destination_part(1_000, 877, &seller));
        assert_eq!(
            stage.rows(&stage.platform),
            ["charge 1000 - 59 = 941 (charge, ch): stripe_fee 59", "transfer -877 - 0 = -877 (transfer, tr)"]
        );
        assert_eq!(stage.rows(&seller), ["payment 877 - 0 = 877 (charge, py)"]);
        assert_eq!((stage.pending(&stage.platform), stage.pending(&seller)), (64, 877));
        assert_eq!(charge.application_fee, None);
        assert_eq!(charge.transfer_data.map(|data| data.amount), Some(Some(877)));
        stage.audit();
    });
}

#[test]
fn a_destination_charge_that_passes_everything_on_costs_the_platform_its_fee() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        stage.charge(&stage.platform(), &ChargeOrder { transfer: to(&seller, None), ..order(1_000) });
        assert_eq!((stage.pending(&stage.platform), stage.pending(&seller)), (-59, 1_000));
        stage.mature();
        assert_eq!((stage.available(&stage.platform), stage.available(&seller)), (-59, 1_000));
        stage.audit();
    });
}

#[test]
fn separate_charges_and_transfers() {
    on_every_engine(|stage| {
        let [one, two] = [(); 2].map(|()| stage.seller(Seller::LIABLE_PLATFORM));
        let charge = stage.charge(&stage.platform(), &order(10_000));
        stage.transfer(&transfer_from(&charge, &one, 7_000));
        stage.transfer(&transfer_from(&charge, &two, 2_000));
        assert_eq!(
            stage.rows(&stage.platform),
            [
                "charge 10000 - 320 = 9680 (charge, ch): stripe_fee 320",
                "transfer -7000 - 0 = -7000 (transfer, tr)",
                "transfer -2000 - 0 = -2000 (transfer, tr)",
            ]
        );
        assert_eq!(stage.rows(&one), ["payment 7000 - 0 = 7000 (charge, py)"]);
        assert_eq!(stage.rows(&two), ["payment 2000 - 0 = 2000 (charge, py)"]);
        assert_eq!([&stage.platform, &one, &two].map(|id| stage.pending(id)), [680, 7_000, 2_000]);
        stage.mature();
        assert_eq!([&stage.platform, &one, &two].map(|id| stage.available(id)), [680, 7_000, 2_000]);
        stage.audit();
    });
}

#[test]
fn a_card_that_bypasses_pending_makes_every_row_of_its_charge_available() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        stage.charge_with(&stage.platform(), BYPASS, &destination(1_000, 123, &seller));
        assert_eq!((stage.available(&stage.platform), stage.available(&seller)), (64, 877));
        assert!(stage.entries(&seller).iter().all(|row| row.status == "available"));
        stage.audit();
    });
}

#[test]
fn on_behalf_of_settles_by_the_connected_accounts_delay_and_the_platform_pays() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        stage.change_account(&seller, |account| account.settings.payouts.schedule.delay_days = 5);
        let order = ChargeOrder { on_behalf_of: Some(seller.clone()), ..destination(1_000, 123, &seller) };
        let charge = stage.charge(&stage.platform(), &order);
        assert_eq!(charge.on_behalf_of, Some(seller.clone()));
        assert_eq!((stage.pending(&stage.platform), stage.pending(&seller)), (64, 877));
        let days: Vec<_> = stage.entries(&stage.platform).iter().map(|row| row.available_on.rfc3339()).collect();
        assert_eq!(days, ["2026-11-09T00:00:00Z"; 3]);
        stage.audit();
    });
}

#[test]
fn a_split_that_cannot_be_is_refused_by_its_parameter() {
    on_memory(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let other = stage.seller(Seller::LIABLE_PLATFORM);
        stage.change_account(&other, |account| account.capabilities.clear());
        let (platform, connected) = (stage.platform(), stage.on(&seller));
        let cases = [
            (&platform, with_fee(1_000, 123), refused("", "application_fee_amount")),
            (&connected, with_fee(1_000, 1_001), refused("", "application_fee_amount")),
            (&platform, destination(1_000, 1_001, &seller), refused("", "application_fee_amount")),
            (&connected, with_fee(1_000, -1), refused("parameter_invalid_integer", "application_fee_amount")),
            (
                &platform,
                ChargeOrder { transfer: to(&seller, Some(500)), ..with_fee(1_000, 123) },
                refused("parameters_exclusive", "transfer_data[amount]"),
            ),
            (&platform, destination_part(1_000, 1_001, &seller), refused("", "transfer_data[amount]")),
            (
                &platform,
                destination_part(1_000, 0, &seller),
                refused("parameter_invalid_integer", "transfer_data[amount]"),
            ),
            (&connected, destination(1_000, 123, &seller), refused("", "transfer_data")),
            (
                &connected,
                ChargeOrder { on_behalf_of: Some(seller.clone()), ..order(1_000) },
                refused("", "on_behalf_of"),
            ),
            (
                &platform,
                ChargeOrder { on_behalf_of: Some(seller.clone()), transfer: to(&other, None), ..order(1_000) },
                refused("", "on_behalf_of"),
            ),
            (
                &platform,
                destination(1_000, 123, "acct_nobody"),
                refused("resource_missing", "transfer_data[destination]"),
            ),
            (
                &platform,
                destination(1_000, 123, &other),
                refused("insufficient_capabilities_for_transfer", "transfer_data[destination]"),
            ),
            (&stage.on(&other), order(1_000), refused("account_invalid", "")),
        ];
        for (caller, order, expected) in cases {
            assert_eq!(told(stage.try_charge(caller, VISA, &order)), expected, "{order:?}");
        }
        assert!(stage.rows(&stage.platform).is_empty());
        stage.audit();
    });
}

#[test]
fn a_charge_shows_what_stripe_shows() {
    on_memory(|stage| {
        let charge = stage.charge(&stage.platform(), &order(1_000));
        let card = charge.payment_method_details.as_ref().unwrap().card.as_ref().unwrap();
        assert_eq!((card.amount_authorized, card.capture_before), (Some(1_000), None));
        assert_eq!(card.network_transaction_id.as_ref().map(String::len), Some(15));
        assert_eq!(charge.outcome.as_ref().map(|outcome| outcome.kind.as_str()), Some("authorized"));
        assert_eq!(charge.calculated_statement_descriptor.as_deref(), Some("MARKET"));
        assert!(charge.receipt_url.as_ref().unwrap().starts_with("http://127.0.0.1:4242/receipts/ch_"));
        let json = serde_json::to_value(&charge).unwrap();
        assert_eq!(json["fraud_details"], serde_json::json!({}));
        assert!(json.get("transfer").is_none() && json.get("refunds").is_none());
        assert!(json["source_transfer"].is_null() && json["review"].is_null());
    });
}

#[test]
fn a_declined_charge_is_kept_and_moves_nothing() {
    on_every_engine(|stage| {
        let number = rails::cards::CardNumber::parse("4000000000009995", "number").unwrap();
        let rails::cards::Answer::Declined(decline) =
            rails::cards::authorize(&number, &rails::cards::Ask::new(usd(1_000)))
        else {
            panic!()
        };
        let made = stage.run(&stage.platform(), |tx| crate::charges::decline(tx, order(1_000), &decline)).unwrap();
        assert_eq!((made.paid, made.captured, made.amount_captured), (false, false, 0));
        assert_eq!(made.failure_code.as_deref(), Some("card_declined"));
        assert_eq!(made.outcome.as_ref().and_then(|o| o.reason.as_deref()), Some("insufficient_funds"));
        assert_eq!(stage.events(&stage.platform), ["charge.failed"]);
        assert!(stage.rows(&stage.platform).is_empty());
        assert_eq!(
            told(stage.try_refund(&stage.platform(), &refund_of(&made, None))),
            refused("charge_not_refundable", "charge")
        );
        stage.audit();
    });
}
