//! What a charge says of its payer, of how it was paid, and of what the network answered.

use kernel::Timestamp;
use rails::cards;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A postal address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Address {
    /// City, district, suburb, town or village.
    pub city: Option<String>,
    /// Two letters.
    pub country: Option<String>,
    /// Street, house number, post box.
    pub line1: Option<String>,
    /// Apartment, floor, unit.
    pub line2: Option<String>,
    /// ZIP or postal code.
    pub postal_code: Option<String>,
    /// State, county, province or region.
    pub state: Option<String>,
}

impl Address {
    /// An address as documents show it: an empty one, in which every line is null.
    pub fn empty() -> Address {
        Address::default()
    }
}

/// Who paid, as given at the time of the payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BillingDetails {
    /// The billing address.
    pub address: Option<Address>,
    /// E-mail address.
    pub email: Option<String>,
    /// Full name.
    pub name: Option<String>,
    /// Telephone number, with its extension.
    pub phone: Option<String>,
    /// The payer's tax number, where a payment method asks for it.
    pub tax_id: Option<String>,
}

impl Default for BillingDetails {
    fn default() -> BillingDetails {
        BillingDetails { address: Some(Address::empty()), email: None, name: None, phone: None, tax_id: None }
    }
}

/// How a charge was paid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentMethodDetails {
    /// By card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<CardDetails>,
    /// By a transfer between accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stripe_account: Option<StripeAccountDetails>,
    /// `card` or `stripe_account`: which of the fields is there.
    #[serde(rename = "type")]
    pub kind: String,
}

impl PaymentMethodDetails {
    /// A card payment.
    pub fn card(card: CardDetails) -> PaymentMethodDetails {
        PaymentMethodDetails { card: Some(card), stripe_account: None, kind: "card".into() }
    }

    /// A transfer that landed.
    pub fn stripe_account() -> PaymentMethodDetails {
        PaymentMethodDetails {
            card: None,
            stripe_account: Some(StripeAccountDetails {}),
            kind: "stripe_account".into(),
        }
    }
}

/// Stripe shows nothing more of a transfer that landed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StripeAccountDetails {}

/// The card of a charge. What the network says (`amount_authorized`, `checks`, `three_d_secure` and the references) is
/// filled in when the charge is approved or declined; the caller gives what is known of the card.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CardDetails {
    /// What the network authorised, in minor units.
    pub amount_authorized: Option<i64>,
    /// The issuer's code for the authorisation.
    pub authorization_code: Option<String>,
    /// `visa`, `mastercard` and so on.
    pub brand: Option<String>,
    /// Until when an authorised charge must be captured; only while it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture_before: Option<Timestamp>,
    /// What the issuer said of the details that were given.
    pub checks: Option<CardChecks>,
    /// Where the card was issued.
    pub country: Option<String>,
    /// The electronic commerce indicator, for wallets and network tokens.
    pub electronic_commerce_indicator: Option<String>,
    /// Month of expiry.
    pub exp_month: i64,
    /// Year of expiry, four digits.
    pub exp_year: i64,
    /// Whether the authorisation lasts longer than usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_authorization: Option<FeatureStatus>,
    /// The same for the same card number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// `credit`, `debit`, `prepaid` or `unknown`.
    pub funding: Option<String>,
    /// Whether more can be authorised later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incremental_authorization: Option<FeatureStatus>,
    /// The instalment plan.
    pub installments: Option<Installments>,
    /// The last four digits.
    pub last4: Option<String>,
    /// The mandate under which the card was charged.
    pub mandate: Option<String>,
    /// Whether it can be captured in several parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multicapture: Option<FeatureStatus>,
    /// The network that carried the payment.
    pub network: Option<String>,
    /// Whether a network token stood in for the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_token: Option<NetworkToken>,
    /// The network's reference of the payment.
    pub network_transaction_id: Option<String>,
    /// Whether more than the authorised amount can be captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overcapture: Option<Overcapture>,
    /// Whether the debit card's issuer is bound by the US fee cap.
    pub regulated_status: Option<String>,
    /// What the card was set up for by this payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup_credential_usage: Option<String>,
    /// For what a stored card was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored_credential_usage: Option<String>,
    /// How 3-D Secure went, when it was tried.
    pub three_d_secure: Option<ThreeDSecureDetails>,
    /// Links this payment to an earlier one at the network.
    pub transaction_link_id: Option<String>,
    /// The wallet that the card came from.
    pub wallet: Option<Wallet>,
}

/// What the issuer said: `pass`, `fail`, `unavailable` or `unchecked`; null where nothing was given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CardChecks {
    /// The first line of the address.
    pub address_line1_check: Option<String>,
    /// The postal code.
    pub address_postal_code_check: Option<String>,
    /// The security code.
    pub cvc_check: Option<String>,
}

impl From<cards::Checks> for CardChecks {
    fn from(checks: cards::Checks) -> CardChecks {
        let text = |check: Option<cards::Check>| check.map(|check| check.as_str().to_owned());
        CardChecks {
            address_line1_check: text(checks.address_line1_check),
            address_postal_code_check: text(checks.address_postal_code_check),
            cvc_check: text(checks.cvc_check),
        }
    }
}

/// Whether a feature of the authorisation can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FeatureStatus {
    /// `available` or `unavailable`; for extended authorisations `enabled` or `disabled`.
    pub status: String,
}

impl FeatureStatus {
    /// A status by its word.
    pub fn new(status: &str) -> FeatureStatus {
        FeatureStatus { status: status.to_owned() }
    }
}

/// An instalment plan; Kontor offers none yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Installments {
    /// The plan that the payer chose.
    pub plan: Option<InstallmentPlan>,
}

/// In how many parts, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InstallmentPlan {
    /// How many parts.
    pub count: Option<i64>,
    /// `month`.
    pub interval: Option<String>,
    /// `fixed_count`, `bonus` or `revolving`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Whether a network token stood in for the card's number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NetworkToken {
    /// Whether one did.
    pub used: bool,
}

/// Whether more than the authorised amount can be captured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Overcapture {
    /// The most that can be captured, in minor units.
    pub maximum_amount_capturable: i64,
    /// `available` or `unavailable`.
    pub status: String,
}

/// How 3-D Secure went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ThreeDSecureDetails {
    /// `challenge` or `frictionless`.
    pub authentication_flow: Option<String>,
    /// How far liability moved to the issuer.
    pub electronic_commerce_indicator: Option<String>,
    /// The exemption that was asked for.
    pub exemption_indicator: Option<String>,
    /// `authenticated`, `failed` and so on.
    pub result: Option<String>,
    /// Why it ended so.
    pub result_reason: Option<String>,
    /// The authentication's own id.
    pub transaction_id: Option<String>,
    /// The version of the protocol.
    pub version: Option<String>,
}

impl ThreeDSecureDetails {
    /// What the network said, with the id that the caller made for it.
    pub fn new(outcome: cards::ThreeDSecure, transaction_id: String) -> ThreeDSecureDetails {
        ThreeDSecureDetails {
            authentication_flow: outcome.authentication_flow.map(|flow| flow.as_str().to_owned()),
            electronic_commerce_indicator: outcome.electronic_commerce_indicator.map(str::to_owned),
            exemption_indicator: None,
            result: Some(outcome.result.as_str().to_owned()),
            result_reason: outcome.result_reason.map(|reason| reason.as_str().to_owned()),
            transaction_id: Some(transaction_id),
            version: outcome.version.map(str::to_owned),
        }
    }
}

/// The wallet that a card came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Wallet {
    /// The last four digits of the number that the wallet used.
    pub dynamic_last4: Option<String>,
    /// `apple_pay`, `google_pay` and so on.
    #[serde(rename = "type")]
    pub kind: String,
}

/// What the network and the risk check said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// `confirm_card_data`, `do_not_try_again` or `try_again_later`.
    pub advice_code: Option<String>,
    /// The network's own advice.
    pub network_advice_code: Option<String>,
    /// The network's own code for a decline.
    pub network_decline_code: Option<String>,
    /// `approved_by_network`, `declined_by_network`, `not_sent_to_network` or `reversed_after_approval`.
    pub network_status: Option<String>,
    /// Why it was declined or blocked.
    pub reason: Option<String>,
    /// `normal`, `elevated`, `highest`, `not_assessed` or `unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_level: Option<String>,
    /// The risk as a number up to 99.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_score: Option<i64>,
    /// A sentence for the merchant.
    pub seller_message: Option<String>,
    /// `authorized`, `manual_review`, `issuer_declined`, `blocked` or `invalid`.
    #[serde(rename = "type")]
    pub kind: String,
}

impl From<cards::Outcome> for Outcome {
    fn from(outcome: cards::Outcome) -> Outcome {
        Outcome {
            advice_code: outcome.advice_code.map(|code| code.as_str().to_owned()),
            network_advice_code: None,
            network_decline_code: outcome.network_decline_code.map(str::to_owned),
            network_status: Some(outcome.network_status.as_str().to_owned()),
            reason: outcome.reason.map(str::to_owned),
            risk_level: Some(outcome.risk_level.as_str().to_owned()),
            risk_score: outcome.risk_score.map(i64::from),
            seller_message: Some(outcome.seller_message.to_owned()),
            kind: outcome.kind.as_str().to_owned(),
        }
    }
}

/// What was reported as fraud; empty when nothing was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FraudDetails {
    /// `fraudulent`, when Kontor thinks so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stripe_report: Option<String>,
    /// `fraudulent` or `safe`, as the merchant reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_report: Option<String>,
}
