//! The row tables of money.md 2 and 3 and the scenarios S1, S3, S4 and S5 of 17, as a caller of the API sees them.

use harness::{Sandbox, on_every_engine};

use super::books::{Books, pay, same, same_set, text};

/// Funds that can be moved at once.
const AT_ONCE: (&str, &str) = ("payment_method", "pm_card_bypassPending");

/// A seller whose platform pays for processing.
fn seller_without_fees(sandbox: &Sandbox) -> String {
    sandbox.seller(&[
        ("type", ""),
        ("controller[fees][payer]", "application"),
        ("controller[losses][payments]", "application"),
        ("controller[requirement_collection]", "application"),
        ("controller[stripe_dashboard][type]", "none"),
    ])
}

fn refund(sandbox: &Sandbox, account: Option<&str>, form: &[(&str, &str)]) {
    let refund = match account {
        Some(account) => sandbox.post_as(account, "/v1/refunds", form),
        None => sandbox.post("/v1/refunds", form),
    };
    assert_eq!(refund.ok()["status"], "succeeded");
}

#[test]
fn a_direct_charge_whose_account_pays_for_processing() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        pay(sandbox, Some(&seller), "1000", &[("application_fee_amount", "123")]);
        same(
            &books.rows(),
            "platform  application_fee  123    0  123  platform_earning  fee
             seller    charge          1000  182  818  charge            ch   application_fee=123 stripe_fee=59",
        );
        assert_eq!(books.balances(), [(0, 123), (0, 818)]);
        sandbox.audit();
    });
}

#[test]
fn a_direct_charge_whose_platform_pays_for_processing() {
    on_every_engine(|sandbox| {
        let seller = seller_without_fees(sandbox);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        pay(sandbox, Some(&seller), "1000", &[("application_fee_amount", "123")]);
        same(
            &books.rows(),
            "platform  application_fee  123    0  123  platform_earning  fee
             platform  stripe_fee       -59    0  -59  fee               -
             seller    charge          1000  123  877  charge            ch   application_fee=123",
        );
        assert_eq!(books.balances(), [(0, 64), (0, 877)]);
        sandbox.audit();
    });
}

#[test]
fn destination_charges_with_a_fee_with_a_part_and_with_neither() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let to = ("transfer_data[destination]", seller.as_str());
        pay(sandbox, None, "1000", &[to, ("application_fee_amount", "123")]);
        same_set(
            &books.rows(),
            "platform  charge           1000   59    941  charge            ch  stripe_fee=59
             platform  transfer        -1000    0  -1000  transfer          tr
             platform  application_fee   123    0    123  platform_earning  fee
             seller    payment          1000  123    877  charge            py  application_fee=123",
        );
        assert_eq!(books.balances(), [(0, 64), (0, 877)]);
        pay(sandbox, None, "1000", &[to, ("transfer_data[amount]", "877")]);
        same(
            &books.rows(),
            "platform  charge    1000  59   941  charge    ch  stripe_fee=59
             platform  transfer  -877   0  -877  transfer  tr
             seller    payment    877   0   877  charge    py",
        );
        assert_eq!(books.balances(), [(0, 128), (0, 1754)]);
        assert_eq!(sandbox.get("/v1/application_fees").ok()["data"].as_array().unwrap().len(), 1, "no fee for a part");
        pay(sandbox, None, "1000", &[to]);
        same(
            &books.rows(),
            "platform  charge     1000  59    941  charge    ch  stripe_fee=59
             platform  transfer  -1000   0  -1000  transfer  tr
             seller    payment    1000   0   1000  charge    py",
        );
        assert_eq!(books.balances(), [(0, 69), (0, 2754)]);
        sandbox.audit();
    });
}

#[test]
fn a_separate_charge_and_its_transfers() {
    on_every_engine(|sandbox| {
        let (one, two) = (sandbox.seller(&[]), sandbox.seller(&[]));
        let books = Books::open(sandbox, &[("one", &one), ("two", &two)]);
        let intent = pay(sandbox, None, "10000", &[]);
        for (seller, amount) in [(&one, "7000"), (&two, "2000")] {
            let charge = text(&intent["latest_charge"]);
            let form =
                [("amount", amount), ("currency", "usd"), ("destination", seller), ("source_transaction", charge)];
            sandbox.post("/v1/transfers", &form).ok();
        }
        same(
            &books.rows(),
            "platform  charge    10000  320   9680  charge    ch  stripe_fee=320
             platform  transfer  -7000    0  -7000  transfer  tr
             platform  transfer  -2000    0  -2000  transfer  tr
             one       payment    7000    0   7000  charge    py
             two       payment    2000    0   2000  charge    py",
        );
        assert_eq!(books.balances(), [(0, 680), (0, 7000), (0, 2000)]);
        sandbox.audit();
    });
}

#[test]
fn refunds_of_a_direct_charge() {
    on_every_engine(|sandbox| {
        // Money beside, so that nobody is below zero: what that brings is the reserve's own test.
        let seller = sandbox.seller(&[]);
        pay(sandbox, Some(&seller), "5000", &[AT_ONCE]);
        pay(sandbox, None, "5000", &[AT_ONCE]);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let before = books.sums();
        let moved = |books: &Books| books.sums().iter().zip(&before).map(|(now, then)| now - then).collect::<Vec<_>>();
        let charge = || {
            let intent = pay(sandbox, Some(&seller), "1000", &[AT_ONCE, ("application_fee_amount", "123")]);
            books.rows();
            text(&intent["latest_charge"]).to_owned()
        };

        refund(sandbox, Some(&seller), &[("charge", &charge())]);
        same(&books.rows(), "seller refund -1000 0 -1000 refund re");
        assert_eq!(moved(&books), [123, -182]);

        refund(sandbox, Some(&seller), &[("charge", &charge()), ("refund_application_fee", "true")]);
        same(
            &books.rows(),
            "platform  application_fee_refund   -123     0  -123  platform_earning_refund  fr
             seller    refund                  -1000  -123  -877  refund                   re  application_fee=-123",
        );
        assert_eq!(moved(&books), [123, -241]);

        let partly = charge();
        let both = [("charge", partly.as_str()), ("amount", "400"), ("refund_application_fee", "true")];
        refund(sandbox, Some(&seller), &both);
        same(
            &books.rows(),
            "platform  application_fee_refund   -49    0   -49  platform_earning_refund  fr
             seller    refund                  -400  -49  -351  refund                   re  application_fee=-49",
        );
        // The last one gives the exact rest of the fee back.
        refund(sandbox, Some(&seller), &[("charge", &partly), ("refund_application_fee", "true")]);
        same(
            &books.rows(),
            "platform  application_fee_refund   -74    0   -74  platform_earning_refund  fr
             seller    refund                  -600  -74  -526  refund                   re  application_fee=-74",
        );

        charge();
        let fee = sandbox.get("/v1/application_fees?limit=1").ok()["data"][0]["id"].clone();
        sandbox.post(&format!("/v1/application_fees/{}/refunds", text(&fee)), &[]).ok();
        same(
            &books.rows(),
            "platform  application_fee_refund  -123  0  -123  platform_earning_refund  fr
             seller    adjustment               123  0   123  fee                      fr",
        );
        sandbox.audit();
    });
}

#[test]
fn refunds_of_a_destination_charge() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        pay(sandbox, None, "5000", &[AT_ONCE, ("transfer_data[destination]", &seller)]);
        pay(sandbox, None, "5000", &[AT_ONCE]);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let charge = |split: (&str, &str)| {
            let intent = pay(sandbox, None, "1000", &[AT_ONCE, ("transfer_data[destination]", &seller), split]);
            books.rows();
            text(&intent["latest_charge"]).to_owned()
        };
        let fee = ("application_fee_amount", "123");
        let (reverse, fee_back) = (("reverse_transfer", "true"), ("refund_application_fee", "true"));

        refund(sandbox, None, &[("charge", &charge(fee))]);
        same(&books.rows(), "platform refund -1000 0 -1000 refund re");

        refund(sandbox, None, &[("charge", &charge(fee)), reverse]);
        same_set(
            &books.rows(),
            "platform  refund          -1000  0  -1000  refund             re
             platform  transfer_refund  1000  0   1000  transfer_reversal  trr
             seller    payment_refund  -1000  0  -1000  refund             pyr",
        );

        refund(sandbox, None, &[("charge", &charge(fee)), reverse, fee_back]);
        same_set(
            &books.rows(),
            "platform  refund                  -1000     0  -1000  refund                   re
             platform  transfer_refund          1000     0   1000  transfer_reversal        trr
             platform  application_fee_refund   -123     0   -123  platform_earning_refund  fr
             seller    payment_refund          -1000  -123   -877  refund                   pyr  application_fee=-123",
        );

        refund(sandbox, None, &[("charge", &charge(fee)), ("amount", "400"), reverse, fee_back]);
        same_set(
            &books.rows(),
            "platform  refund                  -400    0  -400  refund                   re
             platform  transfer_refund          400    0   400  transfer_reversal        trr
             platform  application_fee_refund   -49    0   -49  platform_earning_refund  fr
             seller    payment_refund          -400  -49  -351  refund                   pyr  application_fee=-49",
        );

        let part = ("transfer_data[amount]", "877");
        refund(sandbox, None, &[("charge", &charge(part)), ("amount", "500"), reverse]);
        same_set(
            &books.rows(),
            "platform  refund          -500  0  -500  refund             re
             platform  transfer_refund  439  0   439  transfer_reversal  trr
             seller    payment_refund  -439  0  -439  refund             pyr",
        );
        sandbox.audit();

        let alone = sandbox.post("/v1/refunds", &[("charge", &charge(fee)), fee_back]).refused(400);
        assert_eq!(alone["type"], "invalid_request_error");
    });
}

#[test]
fn refunds_and_reversals_of_separate_charges_and_transfers() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let intent = pay(sandbox, None, "10000", &[AT_ONCE]);
        let form = [("amount", "5000"), ("currency", "usd"), ("destination", seller.as_str())];
        let transfer = sandbox.post("/v1/transfers", &form).ok();
        books.rows();
        refund(sandbox, None, &[("charge", text(&intent["latest_charge"])), ("amount", "4000")]);
        same(&books.rows(), "platform refund -4000 0 -4000 refund re");
        sandbox.post(&format!("/v1/transfers/{}/reversals", text(&transfer["id"])), &[("amount", "3000")]).ok();
        same(
            &books.rows(),
            "platform  transfer_refund  3000  0   3000  transfer_reversal  trr
             seller    payment_refund  -3000  0  -3000  refund             pyr",
        );
        assert_eq!(books.balances(), [(3680, 0), (2000, 0)]);
        sandbox.audit();
    });
}

#[test]
fn a_refund_without_the_money_for_it_waits_and_a_reversal_draws_on_the_platforms_reserve() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        let direct = pay(sandbox, Some(&seller), "1000", &[AT_ONCE]);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let form = [("payment_intent", text(&direct["id"]))];
        let waiting = sandbox.post_as(&seller, "/v1/refunds", &form).ok();
        assert_eq!((&waiting["status"], &waiting["pending_reason"]), (&"pending".into(), &"insufficient_funds".into()));
        assert_eq!((waiting["balance_transaction"].as_str(), books.rows().as_str()), (None, ""));
        pay(sandbox, Some(&seller), "2000", &[AT_ONCE]);
        sandbox.advance(60);
        same(
            &books.rows(),
            "seller  charge   2000  88   1912  charge  ch  stripe_fee=88
             seller  refund  -1000   0  -1000  refund  re",
        );
        let done = sandbox.get_as(&seller, &format!("/v1/refunds/{}", text(&waiting["id"]))).ok();
        assert_eq!((&done["status"], done.get("pending_reason")), (&"succeeded".into(), None));
        assert!(books.events().contains("seller refund.updated re"));

        let other = sandbox.seller(&[]);
        let split = [AT_ONCE, ("transfer_data[destination]", other.as_str())];
        let intent = pay(sandbox, None, "5000", &split);
        sandbox.post_as(&other, "/v1/payouts", &[("amount", "5000"), ("currency", "usd")]).ok();
        pay(sandbox, None, "9000", &[AT_ONCE]);
        // The platform answers for this seller, so that one may go below zero against what the platform sets aside.
        refund(sandbox, None, &[("payment_intent", text(&intent["id"])), ("reverse_transfer", "true")]);
        assert_eq!(sandbox.balance(Some(&other)), (-5000, 0));
        sandbox.audit();
    });
}

#[test]
fn scenario_1_a_direct_charge_and_its_full_refund_with_the_fee() {
    on_every_engine(|sandbox| {
        // Only such an account goes below zero; the refund of another would wait for money.
        let seller = sandbox.seller(&[("settings[payouts][debit_negative_balances]", "true")]);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let intent = pay(sandbox, Some(&seller), "10000", &[AT_ONCE, ("application_fee_amount", "500")]);
        assert_eq!(books.sums(), [500, 9180]);
        let form = [("payment_intent", text(&intent["id"])), ("refund_application_fee", "true")];
        refund(sandbox, Some(&seller), &form);
        assert_eq!(books.sums(), [0, -320], "the seller is short by exactly what processing cost");
        sandbox.audit();
        // The platform answers for its seller: what that one is short of is set aside on its own balance.
        sandbox.advance(60);
        assert_eq!(sandbox.get("/v1/balance").ok()["connect_reserved"][0]["amount"], 320);
        assert_eq!(books.sums(), [-320, -320]);
        sandbox.audit();
    });
}

#[test]
fn scenario_3_a_destination_charge_with_a_fee_refunded_in_two_parts() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let split = [AT_ONCE, ("application_fee_amount", "1000"), ("transfer_data[destination]", seller.as_str())];
        let intent = pay(sandbox, None, "10000", &split);
        assert_eq!(books.sums(), [680, 9000]);
        for (amount, sums) in [("3000", [380, 6300]), ("7000", [-320, 0])] {
            let form = [
                ("payment_intent", text(&intent["id"])),
                ("amount", amount),
                ("reverse_transfer", "true"),
                ("refund_application_fee", "true"),
            ];
            refund(sandbox, None, &form);
            assert_eq!(books.sums(), sums);
            sandbox.audit();
        }
    });
}

#[test]
fn scenario_4_a_destination_charge_of_which_a_part_goes_out_and_comes_back() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[]);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let split = [AT_ONCE, ("transfer_data[amount]", "8500"), ("transfer_data[destination]", seller.as_str())];
        let intent = pay(sandbox, None, "10000", &split);
        assert_eq!(books.sums(), [1180, 8500]);
        refund(sandbox, None, &[("payment_intent", text(&intent["id"])), ("reverse_transfer", "true")]);
        assert_eq!(books.sums(), [-320, 0]);
        sandbox.audit();
    });
}

#[test]
fn scenario_5_a_separate_charge_for_three_sellers_of_which_one_gives_back() {
    on_every_engine(|sandbox| {
        let sellers = [(); 3].map(|()| sandbox.seller(&[]));
        let [a, b, c] = &sellers;
        let books = Books::open(sandbox, &[("a", a), ("b", b), ("c", c)]);
        let intent = pay(sandbox, None, "20000", &[AT_ONCE]);
        let charge = text(&intent["latest_charge"]);
        assert_eq!(books.sums(), [19390, 0, 0, 0]);
        let send = |to: &str, amount: &str| {
            let form = [("amount", amount), ("currency", "usd"), ("destination", to), ("source_transaction", charge)];
            sandbox.post("/v1/transfers", &form)
        };
        let first = send(a, "8000").ok();
        send(b, "6000").ok();
        send(c, "2000").ok();
        assert_eq!(books.sums(), [3390, 8000, 6000, 2000]);
        assert_eq!(send(a, "4001").refused(400)["type"], "invalid_request_error");
        refund(sandbox, None, &[("charge", charge), ("amount", "5000")]);
        assert_eq!(books.sums(), [-1610, 8000, 6000, 2000]);
        sandbox.post(&format!("/v1/transfers/{}/reversals", text(&first["id"])), &[("amount", "5000")]).ok();
        assert_eq!(books.sums(), [3390, 3000, 6000, 2000]);
        sandbox.audit();
    });
}

/// A seller on whose behalf a payment is taken is the one that the payer sees; the money goes the same way.
#[test]
fn a_destination_charge_on_behalf_of_its_seller() {
    on_every_engine(|sandbox| {
        let seller = sandbox.seller(&[("settings[payments][statement_descriptor]", "CORA KNITS")]);
        let books = Books::open(sandbox, &[("seller", &seller)]);
        let form =
            [("transfer_data[destination]", &*seller), ("on_behalf_of", &seller), ("application_fee_amount", "123")];
        let intent = pay(sandbox, None, "1000", &form);
        same_set(
            &books.rows(),
            "platform  charge           1000   59    941  charge            ch  stripe_fee=59
             platform  transfer        -1000    0  -1000  transfer          tr
             platform  application_fee   123    0    123  platform_earning  fee
             seller    payment          1000  123    877  charge            py  application_fee=123",
        );
        let charge = sandbox.get(&format!("/v1/charges/{}", text(&intent["latest_charge"]))).ok();
        assert_eq!(charge["on_behalf_of"], *seller);
        assert_eq!(charge["calculated_statement_descriptor"], "CORA KNITS");
        let other = sandbox.seller(&[]);
        let form = [
            ("amount", "1000"),
            ("currency", "usd"),
            ("transfer_data[destination]", &*seller),
            ("on_behalf_of", &other),
        ];
        sandbox.post("/v1/payment_intents", &form).refused(400);
        sandbox.audit();
    });
}
