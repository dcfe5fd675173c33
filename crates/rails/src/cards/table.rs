//! Stripe's test cards (Stripe, "Testing" and "Testing Stripe Connect").
//!
//! Each name in a row is known as a payment method (`pm_card_` before it) and as a token (`tok_` before it). Where Stripe
//! gives a number without a name, the row has none. The issuing country is the one that Stripe names; where it names none,
//! the one whose ISO 3166-1 number stands in digits 7 to 9, as in all the others, and the United States where that is none.
//!
//! Deliberately absent: `4242424242424241`, which is no card because it fails the Luhn check, and debit cards that are
//! there to be paid out to.

use kernel::Timestamp;

use super::profile::Profile;
use super::{
    After, AuthenticationRule as Rule, Brand, CardNumber, Check, Dispute, DisputeFeature, DisputeReason, Expiry,
    Reason, RefundBehaviour, RiskLevel,
};

/// One of Stripe's test cards.
#[derive(Clone, Copy)]
pub struct TestCard {
    number: &'static str,
    names: &'static [&'static str],
    /// All that is known of it.
    pub profile: Profile,
}

impl TestCard {
    /// Its number.
    pub fn number(&self) -> CardNumber {
        CardNumber::known(self.number)
    }

    /// The security code that its ready-made payment method was given.
    pub const fn cvc(&self) -> &'static str {
        match self.profile.brand {
            Brand::Amex => "1234",
            Brand::Visa
            | Brand::Mastercard
            | Brand::Discover
            | Brand::Diners
            | Brand::Jcb
            | Brand::Unionpay
            | Brand::EftposAu
            | Brand::Unknown => "123",
        }
    }

    /// Until when its ready-made payment method is good.
    pub fn expiry(&self, now: Timestamp) -> Expiry {
        Expiry::in_a_year(now)
    }
}

/// The card behind a ready-made payment method: `pm_card_visa`, `pm_card_gb`.
pub fn find_payment_method(id: &str) -> Option<&'static TestCard> {
    find_name(id.strip_prefix("pm_card_")?)
}

/// The card behind a ready-made token: `tok_visa`, `tok_bypassPending`.
pub fn find_token(id: &str) -> Option<&'static TestCard> {
    find_name(id.strip_prefix("tok_")?)
}

/// What is known of a number; `None` when it is not one of Stripe's test cards.
pub fn find_number(number: &CardNumber) -> Option<&'static Profile> {
    CARDS.iter().find(|card| card.number == number.digits()).map(|card| &card.profile)
}

fn find_name(name: &str) -> Option<&'static TestCard> {
    CARDS.iter().find(|card| card.names.contains(&name))
}

const fn card(number: &'static str, names: &'static [&'static str], profile: Profile) -> TestCard {
    TestCard { number, names, profile }
}

const fn of(brand: Brand, country: &'static str) -> Profile {
    Profile::of(brand, country)
}

const fn visa(country: &'static str) -> Profile {
    Profile::of(Brand::Visa, country)
}

const fn mastercard(country: &'static str) -> Profile {
    Profile::of(Brand::Mastercard, country)
}

const fn dispute(reason: DisputeReason, feature: Option<DisputeFeature>) -> After {
    After::Dispute(Dispute { reason, inquiry: false, feature })
}

const FRAUDULENT: &[After] = &[dispute(DisputeReason::Fraudulent, None)];
const NOT_RECEIVED: &[After] = &[dispute(DisputeReason::ProductNotReceived, None)];
const INQUIRY: &[After] =
    &[After::Dispute(Dispute { reason: DisputeReason::Fraudulent, inquiry: true, feature: None })];
const SEVERAL: &[After] = &[dispute(DisputeReason::Fraudulent, None), dispute(DisputeReason::ProductNotReceived, None)];
const COMPELLING_EVIDENCE: &[After] = &[dispute(DisputeReason::Fraudulent, Some(DisputeFeature::CompellingEvidence3))];
const VISA_COMPLIANCE: &[After] = &[dispute(DisputeReason::Noncompliant, Some(DisputeFeature::VisaCompliance))];
const MASTERCARD_COMPLIANCE: &[After] =
    &[dispute(DisputeReason::Noncompliant, Some(DisputeFeature::MastercardCompliance))];
const SMART: &[After] = &[dispute(DisputeReason::Fraudulent, Some(DisputeFeature::SmartDispute))];
const RAPID_RESOLUTION: &[After] = &[dispute(DisputeReason::Fraudulent, Some(DisputeFeature::RapidDisputeResolution))];
const EVIDENCE_BLOCK: &[After] = &[dispute(DisputeReason::Fraudulent, Some(DisputeFeature::CompellingEvidence3Block))];
const ETHOCA: &[After] = &[dispute(DisputeReason::Fraudulent, Some(DisputeFeature::EthocaAlert))];

static CARDS: &[TestCard] = &[
    // By brand.
    card("4242424242424242", &["visa", "us"], visa("US")),
    card("4000056655665556", &["visa_debit"], visa("US").debit()),
    card("5555555555554444", &["mastercard"], mastercard("US")),
    card("2223003122003222", &[], mastercard("US")),
    card("5200828282828210", &["mastercard_debit"], mastercard("US").debit()),
    card("5105105105105100", &["mastercard_prepaid"], mastercard("US").prepaid()),
    card(
        "378282246310005",
        &["amex_threeDSecureNotSupported"],
        of(Brand::Amex, "US").authenticates(Rule::NotSupported),
    ),
    card("371449635398431", &["amex"], of(Brand::Amex, "US")),
    card("6011111111111117", &["discover"], of(Brand::Discover, "US")),
    card("6011000990139424", &[], of(Brand::Discover, "US")),
    card("6011981111111113", &[], of(Brand::Discover, "US").debit()),
    card("3056930009020004", &["diners"], of(Brand::Diners, "US")),
    card("36227206271667", &[], of(Brand::Diners, "US")),
    // BCcard and DinaCard are carried by Discover.
    card("6555900000604105", &[], of(Brand::Discover, "KR")),
    card("3566002020360505", &["jcb"], of(Brand::Jcb, "JP")),
    card("6200000000000005", &["unionpay"], of(Brand::Unionpay, "CN")),
    card("6200000000000047", &[], of(Brand::Unionpay, "CN").debit()),
    card("6205500000000000004", &[], of(Brand::Unionpay, "CN")),
    // Co-branded, and health accounts.
    card("4000002500001001", &["visa_cartesBancaires"], visa("FR").also_on("cartes_bancaires")),
    card("5555552500001001", &["mastercard_cartesBancaires"], mastercard("FR").also_on("cartes_bancaires")),
    card("4000050360000001", &["visa_debit_eftposAuCoBranded"], visa("AU").debit().also_on("eftpos_au")),
    card("5555050360000080", &["mastercard_debit_eftposAuCoBranded"], mastercard("AU").debit().also_on("eftpos_au")),
    card("4000051230000072", &["debit_visaFsaProductCode", "debit_visaHsaProductCode"], visa("US").debit()),
    card("5200828282828897", &["mastercard_debit_mastercardFsaProductCode"], mastercard("US").debit()),
    // By country.
    card("4000000320000021", &["ar"], visa("AR")),
    card("4000000760000002", &["br"], visa("BR")),
    card("4000001240000000", &["ca"], visa("CA")),
    card("4000001520000001", &["cl"], visa("CL")),
    card("4000001700000003", &["co"], visa("CO")),
    card("4000001880000005", &["cr"], visa("CR")),
    card("4000002180000000", &["ec"], visa("EC")),
    card("4000004840008001", &["mx"], visa("MX")),
    card("5062210000000009", &[], of(Brand::Unknown, "MX")),
    card("4000005910000000", &["pa"], visa("PA")),
    card("4000006000000066", &["py"], visa("PY")),
    card("4000006040000068", &["pe"], visa("PE")),
    card("4000008580000003", &["uy"], visa("UY")),
    card("4000007840000001", &["ae"], visa("AE")),
    card("5200007840000022", &["ae_mastercard"], mastercard("AE")),
    card("4000000400000008", &["at"], visa("AT")),
    card("4000000560000004", &["be"], visa("BE")),
    card("4000001000000000", &["bg"], visa("BG")),
    card("4000001120000005", &["by"], visa("BY")),
    card("4000001910000009", &["hr"], visa("HR")),
    card("4000001960000008", &["cy"], visa("CY")),
    card("4000002030000002", &["cz"], visa("CZ")),
    card("4000002080000001", &["dk"], visa("DK")),
    card("4000002330000009", &["ee"], visa("EE")),
    card("4000002460000001", &["fi"], visa("FI")),
    card("4000002500000003", &["fr"], visa("FR")),
    card("4000002760000016", &["de"], visa("DE")),
    card("4000002920000005", &["gi"], visa("GI")),
    card("4000003000000030", &["gr"], visa("GR")),
    card("4000003480000005", &["hu"], visa("HU")),
    card("4000003720000005", &["ie"], visa("IE")),
    card("4000003800000008", &["it"], visa("IT")),
    card("4000004280000005", &["lv"], visa("LV")),
    card("4000004380000004", &["li"], visa("LI")),
    card("4000004400000000", &["lt"], visa("LT")),
    card("4000004420000006", &["lu"], visa("LU")),
    card("4000004700000007", &["mt"], visa("MT")),
    card("4000005280000002", &["nl"], visa("NL")),
    card("4000005780000007", &["no"], visa("NO")),
    card("4000006160000005", &["pl"], visa("PL")),
    card("4000006200000007", &["pt"], visa("PT")),
    card("4000006420000001", &["ro"], visa("RO")),
    card("4000006820000007", &["sa"], visa("SA")),
    card("4000007050000006", &["si"], visa("SI")),
    card("4000007030000001", &["sk"], visa("SK")),
    card("4000007240000007", &["es"], visa("ES")),
    card("4000007520000008", &["se"], visa("SE")),
    card("4000007560000009", &["ch"], visa("CH")),
    card("4000008260000000", &["gb"], visa("GB")),
    card("4000058260000005", &["gb_debit"], visa("GB").debit()),
    card("5555558265554449", &["gb_mastercard"], mastercard("GB")),
    card("4000000360000006", &["au"], visa("AU")),
    card("4000001560000002", &["cn"], visa("CN")),
    card("4000003440000004", &["hk"], visa("HK")),
    card("4000003560000008", &["in"], visa("IN")),
    card("4000003920000003", &["jp"], visa("JP")),
    card("3530111333300000", &[], of(Brand::Jcb, "JP")),
    card("4000004580000002", &["my"], visa("MY")),
    card("4000005540000008", &["nz"], visa("NZ")),
    card("4000007020000003", &["sg"], visa("SG")),
    card("4000001580000008", &["tw"], visa("TW")),
    card("4000007640000003", &["th", "th_credit"], visa("TH")),
    card("4000057640000008", &["th_debit"], visa("TH").debit()),
    card("4000000000000093", &["domesticPricing"], visa("US")),
    // Declines. Names exist with and without the brand.
    card("4000000000000002", &["chargeDeclined", "visa_chargeDeclined"], visa("US").declines(Reason::GenericDecline)),
    card(
        "4000000000009995",
        &["chargeDeclinedInsufficientFunds", "visa_chargeDeclinedInsufficientFunds"],
        visa("US").declines(Reason::InsufficientFunds),
    ),
    card(
        "4000000000009987",
        &["chargeDeclinedLostCard", "visa_chargeDeclinedLostCard"],
        visa("US").declines(Reason::LostCard),
    ),
    card(
        "4000000000009979",
        &["chargeDeclinedStolenCard", "visa_chargeDeclinedStolenCard"],
        visa("US").declines(Reason::StolenCard),
    ),
    card(
        "4000000000000069",
        &["chargeDeclinedExpiredCard", "visa_chargeDeclinedExpiredCard"],
        visa("US").declines(Reason::ExpiredCard),
    ),
    card(
        "4000000000000127",
        &["chargeDeclinedIncorrectCvc", "visa_chargeDeclinedIncorrectCvc"],
        visa("US").declines(Reason::IncorrectCvc),
    ),
    card(
        "4000000000000119",
        &["chargeDeclinedProcessingError", "visa_chargeDeclinedProcessingError"],
        visa("US").declines(Reason::ProcessingError),
    ),
    card(
        "4000000000006975",
        &["chargeDeclinedVelocityLimitExceeded", "visa_chargeDeclinedVelocityLimitExceeded"],
        visa("US").declines(Reason::CardVelocityExceeded),
    ),
    card(
        "4000000000000341",
        &["chargeCustomerFail", "visa_chargeCustomerFail"],
        visa("US").declines_charges(Reason::GenericDecline),
    ),
    // Risk and checks. The scores behind some are Stripe's own; without rules on them they are ordinary payments.
    card(
        "4100000000000019",
        &["radarBlock", "chargeDeclinedFraudulent", "visa_chargeDeclinedFraudulent"],
        visa("US").risk(RiskLevel::Highest).declines_charges(Reason::Blocked),
    ),
    card("4000000000004954", &["riskLevelHighest"], visa("US").risk(RiskLevel::Highest)),
    card("4000000000009235", &["riskLevelElevated"], visa("US").risk(RiskLevel::Elevated)),
    card("4000008400000407", &["highFraudDisputeScore"], visa("US")),
    card("4000008400000159", &["highEfwScore"], visa("US")),
    card("4000008400001017", &["radarDynamicRiskThreshold"], visa("US")),
    card("4001858821843804", &[], visa("US")),
    card("4000008405600003", &["adaptive3dsChallenge"], visa("US").authenticates(Rule::Optional)),
    card("4000000000000101", &["cvcCheckFail"], visa("US").cvc_check(Check::Fail)),
    card("4000000000000036", &["avsZipFail"], visa("US").postal_code_check(Check::Fail)),
    card(
        "4000058400307872",
        &["cvcCheckFailElevatedRisk"],
        visa("US").debit().risk(RiskLevel::Elevated).cvc_check(Check::Fail),
    ),
    card(
        "4000058400306072",
        &["avsZipFailElevatedRisk"],
        visa("US").debit().risk(RiskLevel::Elevated).postal_code_check(Check::Fail),
    ),
    card("4000000000000028", &["avsLine1Fail"], visa("US").line1_check(Check::Fail)),
    card("4000000000000010", &["avsFail"], visa("US").line1_check(Check::Fail).postal_code_check(Check::Fail)),
    card(
        "4000000000000044",
        &["avsUnchecked"],
        visa("US").line1_check(Check::Unavailable).postal_code_check(Check::Unavailable),
    ),
    // Disputes.
    card("4000000000000259", &["createDispute"], visa("US").then(FRAUDULENT)),
    card("4000000000002685", &["createDisputeProductNotReceived"], visa("US").then(NOT_RECEIVED)),
    card("4000000000001976", &["createDisputeInquiry"], visa("US").then(INQUIRY)),
    card("4000000000005423", &["createIssuerFraudRecord"], visa("US").then(&[After::EarlyFraudWarning])),
    card("4000000404000079", &["createMultipleDisputes"], visa("AT").then(SEVERAL)),
    card("4000000404000038", &["createCe3EligibleDispute"], visa("AT").then(COMPELLING_EVIDENCE)),
    card("4000008400000779", &["createComplianceDispute"], visa("US").then(VISA_COMPLIANCE)),
    card("5105008400000002", &["createMastercardComplianceDispute"], mastercard("US").then(MASTERCARD_COMPLIANCE)),
    card("4000000001000043", &["createAutoRepresentmentEligibleDispute"], visa("US").then(SMART)),
    card("4000000404004816", &["createRapidDisputeResolutionDispute"], visa("AT").then(RAPID_RESOLUTION)),
    card("4000000404005649", &["createCe3BlockDispute"], visa("AT").then(EVIDENCE_BLOCK)),
    card("5105000300000018", &["createEthocaAlert"], mastercard("US").then(ETHOCA)),
    // Refunds, and funds that are available at once.
    card("4000000000007726", &["pendingRefund"], visa("US").refunds(RefundBehaviour::PendingThenSucceeds)),
    card("4000000000005126", &["refundFail"], visa("US").refunds(RefundBehaviour::SucceedsThenFails)),
    card("4000000000000077", &["bypassPending"], visa("US").available_at_once()),
    card("4000003720000278", &["bypassPendingInternational"], visa("IE").available_at_once()),
    // 3-D Secure.
    card("4000002500003155", &["authenticationRequiredOnSetup"], visa("FR").authenticates(Rule::UnlessSetUp)),
    card("4000002760003184", &["authenticationRequired"], visa("DE").authenticates(Rule::Always)),
    card(
        "4000003800000446",
        &["authenticationRequiredSetupForOffSession"],
        visa("IT").authenticates(Rule::OnSessionOnly),
    ),
    card(
        "4000008260003178",
        &["authenticationRequiredChargeDeclinedInsufficientFunds"],
        visa("GB").authenticates(Rule::OnSessionOnly).declines_charges(Reason::InsufficientFunds),
    ),
    card("4000000000003220", &["threeDSecure2Required"], visa("IE").authenticates(Rule::Always)),
    card("4000008400000027", &[], visa("US").authenticates(Rule::Always)),
    card(
        "4000008400001629",
        &["threeDSecureRequiredChargeDeclined"],
        visa("US").authenticates(Rule::Always).declines_charges(Reason::GenericDecline),
    ),
    card("4000008400001280", &["threeDSecureRequiredProcessingError"], visa("US").authenticates(Rule::Breaks)),
    card("4000000000003055", &["threeDSecureOptional"], visa("US").authenticates(Rule::Optional)),
    card("4000000000003097", &["threeDSecureOptionalProcessingError"], visa("US").authenticates(Rule::OptionalBreaks)),
    card("4000000032200000", &[], visa("US").authenticates(Rule::Frictionless)),
    card("4000582600000094", &[], visa("GB").authenticates(Rule::Always)),
    card("4000582600000045", &[], visa("GB").authenticates(Rule::Always)),
    card("4000582600000102", &[], visa("GB").authenticates(Rule::Always)),
    card("4000582600000110", &[], visa("GB").authenticates(Rule::Always)),
    // With a captcha in Stripe's own forms.
    card("4000000000001208", &[], visa("US")),
    card("4000000000003725", &[], visa("US")),
    // Connect: what a charge on a connected account triggers. The older names are still sent.
    card(
        "4000000000004202",
        &["triggerNextRequirements", "visa_triggerNextRequirements", "visa_triggerVerification"],
        visa("US").then(&[After::TriggerNextRequirements]),
    ),
    card(
        "4000000000004210",
        &["triggerChargeBlock", "visa_triggerChargeBlock"],
        visa("US").then(&[After::TriggerChargeBlock]),
    ),
    card(
        "4000000000004236",
        &["triggerPayoutBlock", "visa_triggerPayoutBlock", "visa_triggerTransferBlock"],
        visa("US").then(&[After::TriggerPayoutBlock]),
    ),
];

#[cfg(test)]
mod tests;
