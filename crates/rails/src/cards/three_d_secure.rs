//! How an authentication by 3-D Secure went.

use serde::Serialize;

use super::Brand;
use crate::words::words;

words! {
    /// Whether the payer had to do something (Stripe, `three_d_secure.authentication_flow`).
    AuthenticationFlow {
        /// The payer answered the issuer's question.
        Challenge = "challenge",
        /// The issuer was content without one.
        Frictionless = "frictionless",
    }
}

words! {
    /// How it ended (Stripe, `three_d_secure.result`).
    ThreeDSecureResult {
        /// The payer was authenticated.
        Authenticated = "authenticated",
        /// The issuer does not authenticate this card, and says so with proof.
        AttemptAcknowledged = "attempt_acknowledged",
        /// The payer failed.
        Failed = "failed",
        /// The card or its network cannot do it.
        NotSupported = "not_supported",
        /// It could not be done because something broke.
        ProcessingError = "processing_error",
    }
}

words! {
    /// Why it ended so (Stripe, `three_d_secure.result_reason`).
    ThreeDSecureReason {
        /// The network does not offer it for this card.
        NetworkNotSupported = "network_not_supported",
        /// The other side did not keep to the protocol.
        ProtocolError = "protocol_error",
        /// The issuer or the payer said no.
        Rejected = "rejected",
    }
}

/// A charge's `payment_method_details.card.three_d_secure`, but for the transaction id, which the caller makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ThreeDSecure {
    /// Whether the payer had to do something.
    pub authentication_flow: Option<AuthenticationFlow>,
    /// The electronic commerce indicator: how far liability moves to the issuer, as the network writes it.
    pub electronic_commerce_indicator: Option<&'static str>,
    /// How it ended.
    pub result: ThreeDSecureResult,
    /// Why it ended so.
    pub result_reason: Option<ThreeDSecureReason>,
    /// The version of the protocol.
    pub version: Option<&'static str>,
}

const VERSION: Option<&str> = Some("2.2.0");

impl ThreeDSecure {
    /// The payer was authenticated.
    pub const fn authenticated(brand: Brand, flow: AuthenticationFlow) -> ThreeDSecure {
        ThreeDSecure {
            authentication_flow: Some(flow),
            electronic_commerce_indicator: Some(indicator(brand, "02", "05")),
            result: ThreeDSecureResult::Authenticated,
            result_reason: None,
            version: VERSION,
        }
    }

    /// The issuer does not authenticate this card. Stripe's test cards outside its 3-D Secure list answer so.
    pub const fn attempt_acknowledged(brand: Brand) -> ThreeDSecure {
        ThreeDSecure {
            authentication_flow: None,
            electronic_commerce_indicator: Some(indicator(brand, "01", "06")),
            result: ThreeDSecureResult::AttemptAcknowledged,
            result_reason: None,
            version: VERSION,
        }
    }

    /// The payer failed, or the caller gave up: for the charge of a payment whose authentication did not succeed.
    pub const fn failed() -> ThreeDSecure {
        ThreeDSecure {
            authentication_flow: Some(AuthenticationFlow::Challenge),
            electronic_commerce_indicator: None,
            result: ThreeDSecureResult::Failed,
            result_reason: Some(ThreeDSecureReason::Rejected),
            version: VERSION,
        }
    }

    /// The card cannot do it.
    pub const fn not_supported() -> ThreeDSecure {
        ThreeDSecure {
            authentication_flow: None,
            electronic_commerce_indicator: None,
            result: ThreeDSecureResult::NotSupported,
            result_reason: Some(ThreeDSecureReason::NetworkNotSupported),
            version: None,
        }
    }

    /// The look-up broke.
    pub const fn processing_error() -> ThreeDSecure {
        ThreeDSecure {
            authentication_flow: None,
            electronic_commerce_indicator: None,
            result: ThreeDSecureResult::ProcessingError,
            result_reason: Some(ThreeDSecureReason::ProtocolError),
            version: VERSION,
        }
    }
}

/// Mastercard counts its indicators from 00, the others from 05.
const fn indicator(brand: Brand, mastercard: &'static str, others: &'static str) -> &'static str {
    match brand {
        Brand::Mastercard => mastercard,
        Brand::Visa
        | Brand::Amex
        | Brand::Discover
        | Brand::Diners
        | Brand::Jcb
        | Brand::Unionpay
        | Brand::EftposAu
        | Brand::Unknown => others,
    }
}
