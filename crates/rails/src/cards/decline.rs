//! How a network says no, and what a charge's `outcome` shows.

use kernel::ApiError;
use serde::Serialize;

use super::{Checks, ThreeDSecure};
use crate::words::words;

words! {
    /// Whether the network was asked, and what it said (Stripe, `outcome.network_status`).
    NetworkStatus {
        /// It approved.
        ApprovedByNetwork = "approved_by_network",
        /// It declined.
        DeclinedByNetwork = "declined_by_network",
        /// It was never asked.
        NotSentToNetwork = "not_sent_to_network",
        /// It approved, and the payment was taken back.
        ReversedAfterApproval = "reversed_after_approval",
    }
}

words! {
    /// How risky the payment looks (Stripe, `outcome.risk_level`).
    RiskLevel {
        /// Like most.
        Normal = "normal",
        /// Worth a look.
        Elevated = "elevated",
        /// Probably fraud.
        Highest = "highest",
        /// Not looked at.
        NotAssessed = "not_assessed",
        /// Looked at without result.
        Unknown = "unknown",
    }
}

impl RiskLevel {
    /// A score of the level's range: from 65 a payment is elevated, from 75 highest (Stripe, "risk evaluation").
    pub const fn score(self) -> Option<u8> {
        match self {
            RiskLevel::Normal => Some(21),
            RiskLevel::Elevated => Some(68),
            RiskLevel::Highest => Some(92),
            RiskLevel::NotAssessed | RiskLevel::Unknown => None,
        }
    }
}

words! {
    /// Who decided, and what (Stripe, `outcome.type`).
    OutcomeType {
        /// The network approved.
        Authorized = "authorized",
        /// Approved, and somebody should look at it.
        ManualReview = "manual_review",
        /// The bank that issued the card declined.
        IssuerDeclined = "issuer_declined",
        /// Blocked as too risky, before the network was asked.
        Blocked = "blocked",
        /// The request could not be sent to the network.
        Invalid = "invalid",
    }
}

words! {
    /// What to do about a decline (Stripe, `outcome.advice_code`).
    AdviceCode {
        /// Ask the payer whether the card's details are right.
        ConfirmCardData = "confirm_card_data",
        /// Do not try this card again.
        DoNotTryAgain = "do_not_try_again",
        /// The same card may work later.
        TryAgainLater = "try_again_later",
    }
}

/// A charge's `outcome`: what the network and the risk check said (Stripe, "Charge object").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// What to do about a decline.
    pub advice_code: Option<AdviceCode>,
    /// The network's own code for a decline, as in ISO 8583.
    pub network_decline_code: Option<&'static str>,
    /// Whether the network was asked, and what it said.
    pub network_status: NetworkStatus,
    /// Why it was declined or blocked.
    pub reason: Option<&'static str>,
    /// How risky the payment looks.
    pub risk_level: RiskLevel,
    /// The risk as a number up to 99.
    pub risk_score: Option<u8>,
    /// A sentence for the merchant, not for the payer.
    pub seller_message: &'static str,
    /// Who decided, and what.
    #[serde(rename = "type")]
    pub kind: OutcomeType,
}

impl Outcome {
    /// The outcome of a payment that went through.
    pub const fn approved(risk_level: RiskLevel) -> Outcome {
        Outcome {
            advice_code: None,
            network_decline_code: None,
            network_status: NetworkStatus::ApprovedByNetwork,
            reason: None,
            risk_level,
            risk_score: risk_level.score(),
            seller_message: "Payment complete.",
            kind: OutcomeType::Authorized,
        }
    }
}

/// A payment or a card that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decline {
    /// Why.
    pub reason: Reason,
    /// What was checked before it was refused.
    pub checks: Checks,
    /// How 3-D Secure went, when it was tried.
    pub three_d_secure: Option<ThreeDSecure>,
}

impl Decline {
    /// The error's `code` and the charge's `failure_code`.
    pub const fn code(&self) -> &'static str {
        self.reason.code()
    }

    /// The issuer's reason, where the code alone does not say it.
    pub const fn decline_code(&self) -> Option<&'static str> {
        self.reason.decline_code()
    }

    /// The sentence for the payer, the charge's `failure_message`.
    pub const fn message(&self) -> &'static str {
        self.reason.message()
    }

    /// What the charge shows.
    pub const fn outcome(&self) -> Outcome {
        self.reason.outcome()
    }

    /// The 402 that the caller gets; add `charge`, `payment_intent` and so on.
    pub fn to_error(&self) -> ApiError {
        let outcome = self.outcome();
        let mut error = ApiError::card(self.code(), self.message());
        if let Some(advice) = outcome.advice_code {
            error = error.with("advice_code", advice.as_str());
        }
        if let Some(decline_code) = self.decline_code() {
            error = error.with("decline_code", decline_code);
        }
        if let Some(network_code) = outcome.network_decline_code {
            error = error.with("network_decline_code", network_code);
        }
        error
    }
}

/// The refusals that Stripe's test cards show (Stripe, "Testing", declined payments).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The bank gave no reason.
    GenericDecline,
    /// Not enough money on the account behind the card.
    InsufficientFunds,
    /// Reported lost; the payer is only told that it was declined.
    LostCard,
    /// Reported stolen; the payer is only told that it was declined.
    StolenCard,
    /// No longer good.
    ExpiredCard,
    /// The security code is wrong. Without a code there is nothing to be wrong.
    IncorrectCvc,
    /// Something broke on the way.
    ProcessingError,
    /// Used too often or for too much.
    CardVelocityExceeded,
    /// Blocked as too risky, before the network was asked.
    Blocked,
    /// The issuer wants the payer to authenticate, and the payer is not there.
    AuthenticationRequired,
    /// A real card, or none that we know, in a sandbox.
    TestModeLiveCard,
}

impl Reason {
    /// The error's `code`.
    pub const fn code(self) -> &'static str {
        match self {
            Reason::GenericDecline
            | Reason::InsufficientFunds
            | Reason::LostCard
            | Reason::StolenCard
            | Reason::CardVelocityExceeded
            | Reason::Blocked
            | Reason::TestModeLiveCard => "card_declined",
            Reason::ExpiredCard => "expired_card",
            Reason::IncorrectCvc => "incorrect_cvc",
            Reason::ProcessingError => "processing_error",
            Reason::AuthenticationRequired => "authentication_required",
        }
    }

    /// The issuer's reason, where the code alone does not say it.
    pub const fn decline_code(self) -> Option<&'static str> {
        match self {
            Reason::GenericDecline => Some("generic_decline"),
            Reason::InsufficientFunds => Some("insufficient_funds"),
            Reason::LostCard => Some("lost_card"),
            Reason::StolenCard => Some("stolen_card"),
            Reason::CardVelocityExceeded => Some("card_velocity_exceeded"),
            Reason::Blocked => Some("fraudulent"),
            Reason::AuthenticationRequired => Some("authentication_required"),
            Reason::TestModeLiveCard => Some("test_mode_live_card"),
            Reason::ExpiredCard | Reason::IncorrectCvc | Reason::ProcessingError => None,
        }
    }

    /// The sentence for the payer.
    pub const fn message(self) -> &'static str {
        match self {
            Reason::GenericDecline | Reason::LostCard | Reason::StolenCard | Reason::Blocked => {
                "Your card was declined."
            }
            Reason::InsufficientFunds => "Your card has insufficient funds.",
            Reason::ExpiredCard => "Your card has expired.",
            Reason::IncorrectCvc => "Your card's security code is incorrect.",
            Reason::ProcessingError => "An error occurred while processing your card. Try again in a little bit.",
            Reason::CardVelocityExceeded => {
                "Your card was declined for making repeated attempts too frequently or exceeding its amount limit."
            }
            Reason::AuthenticationRequired => "Your card was declined. This transaction requires authentication.",
            Reason::TestModeLiveCard => {
                "Your card was declined. Your request was in test mode, but used a non test card. For a list of valid \
                 test cards, visit: https://stripe.com/docs/testing."
            }
        }
    }

    /// What the charge shows.
    pub const fn outcome(self) -> Outcome {
        let (network_status, kind, risk_level) = match self {
            Reason::Blocked => (NetworkStatus::NotSentToNetwork, OutcomeType::Blocked, RiskLevel::Highest),
            Reason::TestModeLiveCard => (NetworkStatus::NotSentToNetwork, OutcomeType::Invalid, RiskLevel::NotAssessed),
            Reason::GenericDecline
            | Reason::InsufficientFunds
            | Reason::LostCard
            | Reason::StolenCard
            | Reason::ExpiredCard
            | Reason::IncorrectCvc
            | Reason::ProcessingError
            | Reason::CardVelocityExceeded
            | Reason::AuthenticationRequired => {
                (NetworkStatus::DeclinedByNetwork, OutcomeType::IssuerDeclined, RiskLevel::Normal)
            }
        };
        let (reason, seller_message) = self.told_to_the_merchant();
        let (advice_code, network_decline_code) = self.advice();
        Outcome {
            advice_code,
            network_decline_code,
            network_status,
            reason: Some(reason),
            risk_level,
            risk_score: risk_level.score(),
            seller_message,
            kind,
        }
    }

    const fn told_to_the_merchant(self) -> (&'static str, &'static str) {
        match self {
            Reason::GenericDecline => {
                ("generic_decline", "The bank did not return any further details with this decline.")
            }
            Reason::InsufficientFunds => {
                ("insufficient_funds", "The bank returned the decline code `insufficient_funds`.")
            }
            Reason::LostCard => ("lost_card", "The bank returned the decline code `lost_card`."),
            Reason::StolenCard => ("stolen_card", "The bank returned the decline code `stolen_card`."),
            Reason::ExpiredCard => ("expired_card", "The bank returned the decline code `expired_card`."),
            Reason::IncorrectCvc => ("incorrect_cvc", "The bank returned the decline code `incorrect_cvc`."),
            Reason::ProcessingError => ("processing_error", "The bank returned the decline code `processing_error`."),
            Reason::CardVelocityExceeded => {
                ("card_velocity_exceeded", "The bank returned the decline code `card_velocity_exceeded`.")
            }
            Reason::Blocked => ("highest_risk_level", "Stripe blocked this payment as too risky."),
            Reason::AuthenticationRequired => {
                ("authentication_required", "The bank returned the decline code `authentication_required`.")
            }
            Reason::TestModeLiveCard => ("test_mode_live_card", "The card is not a test card."),
        }
    }

    /// Stripe does not publish which advice its test cards carry; these follow its "advice codes" page, and the network
    /// codes are those of ISO 8583 that the networks use for each case.
    const fn advice(self) -> (Option<AdviceCode>, Option<&'static str>) {
        match self {
            Reason::GenericDecline => (Some(AdviceCode::TryAgainLater), Some("05")),
            Reason::InsufficientFunds => (Some(AdviceCode::TryAgainLater), Some("51")),
            Reason::LostCard => (Some(AdviceCode::DoNotTryAgain), Some("41")),
            Reason::StolenCard => (Some(AdviceCode::DoNotTryAgain), Some("43")),
            Reason::ExpiredCard => (Some(AdviceCode::ConfirmCardData), Some("54")),
            Reason::IncorrectCvc => (Some(AdviceCode::ConfirmCardData), Some("82")),
            Reason::ProcessingError => (Some(AdviceCode::TryAgainLater), Some("96")),
            Reason::CardVelocityExceeded => (Some(AdviceCode::TryAgainLater), Some("65")),
            Reason::AuthenticationRequired => (None, Some("1A")),
            Reason::Blocked | Reason::TestModeLiveCard => (None, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(reason: Reason) -> ApiError {
        Decline { reason, checks: Checks::default(), three_d_secure: None }.to_error()
    }

    #[test]
    fn each_refusal_is_stripes_error() {
        let cases = [
            (Reason::GenericDecline, "card_declined", Some("generic_decline"), "Your card was declined."),
            (
                Reason::InsufficientFunds,
                "card_declined",
                Some("insufficient_funds"),
                "Your card has insufficient funds.",
            ),
            (Reason::LostCard, "card_declined", Some("lost_card"), "Your card was declined."),
            (Reason::StolenCard, "card_declined", Some("stolen_card"), "Your card was declined."),
            (Reason::ExpiredCard, "expired_card", None, "Your card has expired."),
            (Reason::IncorrectCvc, "incorrect_cvc", None, "Your card's security code is incorrect."),
            (
                Reason::ProcessingError,
                "processing_error",
                None,
                "An error occurred while processing your card. Try again in a little bit.",
            ),
            (
                Reason::CardVelocityExceeded,
                "card_declined",
                Some("card_velocity_exceeded"),
                "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
            ),
            (Reason::Blocked, "card_declined", Some("fraudulent"), "Your card was declined."),
            (
                Reason::AuthenticationRequired,
                "authentication_required",
                Some("authentication_required"),
                "Your card was declined. This transaction requires authentication.",
            ),
        ];
        for (reason, code, decline_code, message) in cases {
            let error = error(reason);
            assert_eq!(error.http_status(), 402, "{reason:?}");
            assert_eq!(error.code_str(), Some(code), "{reason:?}");
            assert_eq!(error.detail("decline_code").and_then(|v| v.as_str()), decline_code, "{reason:?}");
            assert_eq!(error.message(), message, "{reason:?}");
        }
    }

    #[test]
    fn a_bank_that_says_nothing_more_is_quoted_as_such() {
        let outcome = Reason::GenericDecline.outcome();
        assert_eq!(outcome.network_status, NetworkStatus::DeclinedByNetwork);
        assert_eq!(outcome.kind, OutcomeType::IssuerDeclined);
        assert_eq!(outcome.reason, Some("generic_decline"));
        assert_eq!(outcome.seller_message, "The bank did not return any further details with this decline.");
    }

    #[test]
    fn a_blocked_payment_never_reached_the_network() {
        let outcome = Reason::Blocked.outcome();
        assert_eq!(outcome.network_status, NetworkStatus::NotSentToNetwork);
        assert_eq!(outcome.kind, OutcomeType::Blocked);
        assert_eq!(outcome.reason, Some("highest_risk_level"));
        assert_eq!(outcome.risk_level, RiskLevel::Highest);
        assert_eq!(outcome.network_decline_code, None);
    }
}
