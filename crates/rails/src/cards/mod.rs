//! Cards: numbers, what is known of them, and what their network answers.
//!
//! - [`CardNumber`], [`Expiry`] and [`check_cvc`] read what a payer typed, with Stripe's errors.
//! - [`find_payment_method`] and [`find_token`] know Stripe's test ids (`pm_card_visa`, `tok_visa`).
//! - [`admit`], [`attach`], [`verify`] and [`authorize`] are the questions to the network.
//!
//! Not here: fees, risk rules of the merchant's own, and what happens when a payer fails to authenticate. A rail says
//! that authentication is needed; the payment that asked shows the page and deals with the outcome.

mod authorize;
mod decline;
mod expiry;
mod number;
mod profile;
mod table;
mod three_d_secure;

pub use authorize::{
    Answer, Approval, Ask, Authentication, Given, RequestThreeDSecure, admit, attach, authorize, verify,
};
pub use decline::{AdviceCode, Decline, NetworkStatus, Outcome, OutcomeType, Reason, RiskLevel};
pub use expiry::{Expiry, check_cvc};
pub use number::{Brand, CardNumber};
pub use profile::{
    After, AuthenticationRule, Check, Checks, Dispute, DisputeFeature, DisputeReason, Funding, Funds, Profile,
    RefundBehaviour, Verdict,
};
pub use table::{TestCard, find_number, find_payment_method, find_token};
pub use three_d_secure::{AuthenticationFlow, ThreeDSecure, ThreeDSecureReason, ThreeDSecureResult};
