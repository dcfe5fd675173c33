use super::*;
use crate::cards::{Checks, DisputeFeature as Feature, DisputeReason as Disputed, Funding, Funds, Verdict};

fn number(digits: &str) -> &'static Profile {
    let number = CardNumber::parse(digits, "number").unwrap_or_else(|e| panic!("{digits}: {e}"));
    find_number(&number).unwrap_or_else(|| panic!("{digits} is not a test card"))
}

/// The digits that a payment method and a token of this name lead to.
fn named(name: &str) -> &'static str {
    let by_payment_method = find_payment_method(&format!("pm_card_{name}")).unwrap_or_else(|| panic!("{name}"));
    let by_token = find_token(&format!("tok_{name}")).unwrap_or_else(|| panic!("{name}"));
    assert_eq!(by_payment_method.number, by_token.number);
    by_token.number
}

#[test]
fn every_number_passes_the_luhn_check_and_shows_its_own_brand() {
    for card in CARDS {
        let number = CardNumber::parse(card.number, "number").unwrap_or_else(|e| panic!("{}: {e}", card.number));
        assert_eq!(number, card.number());
        assert_eq!(number.brand(), card.profile.brand, "{}", card.number);
        assert!(card.number.ends_with(number.last4()));
    }
}

#[test]
fn no_number_or_name_stands_twice() {
    for (at, card) in CARDS.iter().enumerate() {
        for other in &CARDS[at + 1..] {
            assert_ne!(card.number, other.number);
            assert!(!card.names.iter().any(|name| other.names.contains(name)), "{:?}", other.names);
        }
    }
}

#[test]
fn brands_fundings_and_countries_are_stripes() {
    use Brand::{Amex, Diners, Discover, Jcb, Mastercard, Unionpay, Unknown, Visa};
    use Funding::{Credit, Debit, Prepaid};
    let cases = [
        ("4242424242424242", Visa, Credit, "US"),
        ("4000056655665556", Visa, Debit, "US"),
        ("5555555555554444", Mastercard, Credit, "US"),
        ("2223003122003222", Mastercard, Credit, "US"),
        ("5200828282828210", Mastercard, Debit, "US"),
        ("5105105105105100", Mastercard, Prepaid, "US"),
        ("378282246310005", Amex, Credit, "US"),
        ("371449635398431", Amex, Credit, "US"),
        ("6011111111111117", Discover, Credit, "US"),
        ("6011000990139424", Discover, Credit, "US"),
        ("6011981111111113", Discover, Debit, "US"),
        ("3056930009020004", Diners, Credit, "US"),
        ("36227206271667", Diners, Credit, "US"),
        ("6555900000604105", Discover, Credit, "KR"),
        ("3566002020360505", Jcb, Credit, "JP"),
        ("6200000000000005", Unionpay, Credit, "CN"),
        ("6200000000000047", Unionpay, Debit, "CN"),
        ("6205500000000000004", Unionpay, Credit, "CN"),
        ("4000002500001001", Visa, Credit, "FR"),
        ("5555552500001001", Mastercard, Credit, "FR"),
        ("4000050360000001", Visa, Debit, "AU"),
        ("5555050360000080", Mastercard, Debit, "AU"),
        ("4000051230000072", Visa, Debit, "US"),
        ("5200828282828897", Mastercard, Debit, "US"),
        ("5062210000000009", Unknown, Credit, "MX"),
        ("5200007840000022", Mastercard, Credit, "AE"),
        ("4000058260000005", Visa, Debit, "GB"),
        ("5555558265554449", Mastercard, Credit, "GB"),
        ("3530111333300000", Jcb, Credit, "JP"),
        ("4000057640000008", Visa, Debit, "TH"),
    ];
    for (digits, brand, funding, country) in cases {
        let profile = number(digits);
        assert_eq!((profile.brand, profile.funding, profile.country), (brand, funding, country), "{digits}");
    }
}

#[test]
fn co_branded_cards_have_two_networks() {
    assert_eq!(number("4000002500001001").networks(), ["cartes_bancaires", "visa"]);
    assert_eq!(number("5555552500001001").networks(), ["cartes_bancaires", "mastercard"]);
    assert_eq!(number("4000050360000001").networks(), ["eftpos_au", "visa"]);
    assert_eq!(number("5555050360000080").networks(), ["eftpos_au", "mastercard"]);
    assert_eq!(number("4242424242424242").networks(), ["visa"]);
}

#[test]
fn every_country_of_stripes_list_has_a_card_that_works() {
    let countries = "ar br ca cl co cr ec mx pa py pe uy ae at be bg by hr cy cz dk ee fi fr de gi gr hu ie it lv li lt \
                     lu mt nl no pl pt ro sa si sk es se ch gb au cn hk in jp my nz sg tw th us";
    for country in countries.split_whitespace() {
        let profile = number(named(country));
        assert_eq!(profile.country, country.to_uppercase());
        assert_eq!((profile.brand, profile.charge), (Brand::Visa, Verdict::Approved), "{country}");
    }
}

#[test]
fn the_country_of_a_number_is_the_one_it_is_written_in() {
    let by_number =
        [("040", "AT"), ("250", "FR"), ("276", "DE"), ("372", "IE"), ("380", "IT"), ("826", "GB"), ("840", "US")];
    for card in CARDS.iter().filter(|card| card.number.starts_with("40000")) {
        let written = by_number.iter().find(|(code, _)| *code == &card.number[6..9]);
        if let Some((_, country)) = written {
            assert_eq!(card.profile.country, *country, "{}", card.number);
        }
    }
}

#[test]
fn names_lead_to_stripes_numbers() {
    let cases = [
        ("visa", "4242424242424242"),
        ("us", "4242424242424242"),
        ("visa_debit", "4000056655665556"),
        ("mastercard", "5555555555554444"),
        ("mastercard_debit", "5200828282828210"),
        ("mastercard_prepaid", "5105105105105100"),
        ("amex", "371449635398431"),
        ("amex_threeDSecureNotSupported", "378282246310005"),
        ("discover", "6011111111111117"),
        ("diners", "3056930009020004"),
        ("jcb", "3566002020360505"),
        ("unionpay", "6200000000000005"),
        ("gb", "4000008260000000"),
        ("gb_debit", "4000058260000005"),
        ("gb_mastercard", "5555558265554449"),
        ("ae_mastercard", "5200007840000022"),
        ("th_credit", "4000007640000003"),
        ("th_debit", "4000057640000008"),
        ("domesticPricing", "4000000000000093"),
        ("visa_chargeDeclined", "4000000000000002"),
        ("chargeDeclined", "4000000000000002"),
        ("visa_chargeDeclinedInsufficientFunds", "4000000000009995"),
        ("visa_chargeDeclinedLostCard", "4000000000009987"),
        ("visa_chargeDeclinedStolenCard", "4000000000009979"),
        ("chargeDeclinedExpiredCard", "4000000000000069"),
        ("chargeDeclinedIncorrectCvc", "4000000000000127"),
        ("chargeDeclinedProcessingError", "4000000000000119"),
        ("visa_chargeDeclinedVelocityLimitExceeded", "4000000000006975"),
        ("chargeCustomerFail", "4000000000000341"),
        ("radarBlock", "4100000000000019"),
        ("riskLevelHighest", "4000000000004954"),
        ("riskLevelElevated", "4000000000009235"),
        ("cvcCheckFail", "4000000000000101"),
        ("avsZipFail", "4000000000000036"),
        ("avsLine1Fail", "4000000000000028"),
        ("avsFail", "4000000000000010"),
        ("avsUnchecked", "4000000000000044"),
        ("createDispute", "4000000000000259"),
        ("createDisputeProductNotReceived", "4000000000002685"),
        ("createDisputeInquiry", "4000000000001976"),
        ("createIssuerFraudRecord", "4000000000005423"),
        ("createMultipleDisputes", "4000000404000079"),
        ("createCe3EligibleDispute", "4000000404000038"),
        ("createComplianceDispute", "4000008400000779"),
        ("createMastercardComplianceDispute", "5105008400000002"),
        ("createAutoRepresentmentEligibleDispute", "4000000001000043"),
        ("pendingRefund", "4000000000007726"),
        ("refundFail", "4000000000005126"),
        ("bypassPending", "4000000000000077"),
        ("bypassPendingInternational", "4000003720000278"),
        ("authenticationRequiredOnSetup", "4000002500003155"),
        ("authenticationRequired", "4000002760003184"),
        ("authenticationRequiredSetupForOffSession", "4000003800000446"),
        ("authenticationRequiredChargeDeclinedInsufficientFunds", "4000008260003178"),
        ("threeDSecure2Required", "4000000000003220"),
        ("threeDSecureRequiredChargeDeclined", "4000008400001629"),
        ("threeDSecureRequiredProcessingError", "4000008400001280"),
        ("threeDSecureOptional", "4000000000003055"),
        ("threeDSecureOptionalProcessingError", "4000000000003097"),
        ("triggerNextRequirements", "4000000000004202"),
        ("visa_triggerNextRequirements", "4000000000004202"),
        ("visa_triggerVerification", "4000000000004202"),
        ("triggerChargeBlock", "4000000000004210"),
        ("triggerPayoutBlock", "4000000000004236"),
        ("visa_triggerTransferBlock", "4000000000004236"),
    ];
    for (name, digits) in cases {
        assert_eq!(named(name), digits, "{name}");
    }
}

#[test]
fn other_ids_lead_nowhere() {
    let ids = ["pm_card_", "pm_card_zz", "pm_1NabcXYZ", "visa", "", "tok_visa", "tok_visa_debit_us_transferSuccess"];
    for id in ids {
        assert!(find_payment_method(id).is_none(), "{id}");
    }
    for id in ["tok_", "tok_zz", "pm_card_visa", "", "tok_visa_debit_us_transferSuccess"] {
        assert!(find_token(id).is_none(), "{id}");
    }
}

#[test]
fn a_card_that_is_not_in_the_table_is_not_a_test_card() {
    for digits in ["4111111111111111", "5454545454545454"] {
        assert!(find_number(&CardNumber::parse(digits, "number").unwrap()).is_none(), "{digits}");
    }
    assert!(CardNumber::parse("4242424242424241", "number").is_err());
}

#[test]
fn ready_made_cards_are_good_for_a_year_and_have_a_security_code() {
    let now = Timestamp::parse("2026-11-23").unwrap();
    let visa = find_payment_method("pm_card_visa").unwrap();
    assert_eq!(visa.expiry(now), Expiry { month: 11, year: 2027 });
    assert_eq!(visa.cvc(), "123");
    assert_eq!(find_payment_method("pm_card_amex").unwrap().cvc(), "1234");
}

#[test]
fn risk_and_checks_are_stripes() {
    let pass = Checks {
        address_line1_check: Some(Check::Pass),
        address_postal_code_check: Some(Check::Pass),
        cvc_check: Some(Check::Pass),
    };
    let (fail, unavailable) = (Some(Check::Fail), Some(Check::Unavailable));
    let cases = [
        ("4242424242424242", RiskLevel::Normal, pass),
        ("4100000000000019", RiskLevel::Highest, pass),
        ("4000000000004954", RiskLevel::Highest, pass),
        ("4000000000009235", RiskLevel::Elevated, pass),
        ("4000000000000101", RiskLevel::Normal, Checks { cvc_check: fail, ..pass }),
        ("4000000000000036", RiskLevel::Normal, Checks { address_postal_code_check: fail, ..pass }),
        ("4000000000000028", RiskLevel::Normal, Checks { address_line1_check: fail, ..pass }),
        (
            "4000000000000010",
            RiskLevel::Normal,
            Checks { address_line1_check: fail, address_postal_code_check: fail, ..pass },
        ),
        (
            "4000000000000044",
            RiskLevel::Normal,
            Checks { address_line1_check: unavailable, address_postal_code_check: unavailable, ..pass },
        ),
        ("4000058400307872", RiskLevel::Elevated, Checks { cvc_check: fail, ..pass }),
        ("4000058400306072", RiskLevel::Elevated, Checks { address_postal_code_check: fail, ..pass }),
        ("4000008400000407", RiskLevel::Normal, pass),
        ("4000008400000159", RiskLevel::Normal, pass),
        ("4000008400001017", RiskLevel::Normal, pass),
        ("4001858821843804", RiskLevel::Normal, pass),
        ("4000008405600003", RiskLevel::Normal, pass),
        ("4000000000001208", RiskLevel::Normal, pass),
        ("4000000000003725", RiskLevel::Normal, pass),
    ];
    for (digits, risk_level, checks) in cases {
        let profile = number(digits);
        assert_eq!((profile.risk_level, profile.checks), (risk_level, checks), "{digits}");
    }
}

#[test]
fn what_follows_a_charge_is_stripes() {
    let dispute = |reason, feature| After::Dispute(Dispute { reason, inquiry: false, feature });
    let fraud = |feature| vec![dispute(Disputed::Fraudulent, Some(feature))];
    let cases = [
        ("4242424242424242", vec![]),
        ("4000000000000259", vec![dispute(Disputed::Fraudulent, None)]),
        ("4000000000002685", vec![dispute(Disputed::ProductNotReceived, None)]),
        (
            "4000000000001976",
            vec![After::Dispute(Dispute { reason: Disputed::Fraudulent, inquiry: true, feature: None })],
        ),
        ("4000000000005423", vec![After::EarlyFraudWarning]),
        ("4000000404000079", vec![dispute(Disputed::Fraudulent, None), dispute(Disputed::ProductNotReceived, None)]),
        ("4000000404000038", fraud(Feature::CompellingEvidence3)),
        ("4000008400000779", vec![dispute(Disputed::Noncompliant, Some(Feature::VisaCompliance))]),
        ("5105008400000002", vec![dispute(Disputed::Noncompliant, Some(Feature::MastercardCompliance))]),
        ("4000000001000043", fraud(Feature::SmartDispute)),
        ("4000000404004816", fraud(Feature::RapidDisputeResolution)),
        ("4000000404005649", fraud(Feature::CompellingEvidence3Block)),
        ("5105000300000018", fraud(Feature::EthocaAlert)),
        ("4000000000004202", vec![After::TriggerNextRequirements]),
        ("4000000000004210", vec![After::TriggerChargeBlock]),
        ("4000000000004236", vec![After::TriggerPayoutBlock]),
    ];
    for (digits, after) in cases {
        assert_eq!(number(digits).after, after, "{digits}");
    }
}

#[test]
fn refunds_and_availability_are_stripes() {
    let cases = [
        ("4242424242424242", RefundBehaviour::Succeeds, Funds::Pending),
        ("4000000000007726", RefundBehaviour::PendingThenSucceeds, Funds::Pending),
        ("4000000000005126", RefundBehaviour::SucceedsThenFails, Funds::Pending),
        ("4000000000000077", RefundBehaviour::Succeeds, Funds::Available),
        ("4000003720000278", RefundBehaviour::Succeeds, Funds::Available),
    ];
    for (digits, refund, funds) in cases {
        assert_eq!((number(digits).refund, number(digits).funds), (refund, funds), "{digits}");
    }
}
