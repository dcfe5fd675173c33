//! The questions to a card network, and its answers.

use kernel::Money;

use super::{
    After, AuthenticationFlow, AuthenticationRule, CardNumber, Checks, Decline, Funds, Outcome, Profile, Reason,
    RefundBehaviour, ThreeDSecure, Verdict, find_number,
};

/// Which details came with the card, and so can be checked. A check of what was not given cannot fail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Given {
    /// The security code.
    pub cvc: bool,
    /// The first line of the address.
    pub address_line1: bool,
    /// The postal code.
    pub address_postal_code: bool,
}

/// How far the payer's authentication has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Authentication {
    /// Nobody asked for it yet.
    #[default]
    NotDone,
    /// The payer passed.
    Succeeded,
    /// The payer failed. The caller refuses the payment itself (`payment_intent_authentication_failure`); a card that
    /// needs authentication still answers that it does.
    Failed,
}

/// How much the merchant wants authentication (Stripe, `payment_method_options.card.request_three_d_secure`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RequestThreeDSecure {
    /// Only when the card needs it.
    #[default]
    Automatic,
    /// Whenever the card can.
    Any,
    /// Whenever the card can, and with a question to the payer.
    Challenge,
}

/// A payment, as the network is asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// How much. The sandbox approves any amount.
    pub amount: Money,
    /// Which details came with the card.
    pub given: Given,
    /// The payer is not there.
    pub off_session: bool,
    /// The card was set up for payments without the payer, with any authentication it needed.
    pub set_up_off_session: bool,
    /// How far the payer's authentication has come.
    pub authentication: Authentication,
    /// How much the merchant wants authentication.
    pub request_three_d_secure: RequestThreeDSecure,
}

impl Ask {
    /// A first payment with the payer there: nothing given but the card.
    pub const fn new(amount: Money) -> Ask {
        Ask {
            amount,
            given: Given { cvc: false, address_line1: false, address_postal_code: false },
            off_session: false,
            set_up_off_session: false,
            authentication: Authentication::NotDone,
            request_three_d_secure: RequestThreeDSecure::Automatic,
        }
    }
}

/// What the network answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Approved(Approval),
    /// No.
    Declined(Decline),
    /// The payer must authenticate first: show the page, then ask again with the result.
    AuthenticationRequired,
}

/// A yes, and what will come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approval {
    /// What the charge shows. How risky it looks is in here; blocking risky payments is the merchant's rules' business.
    pub outcome: Outcome,
    /// What the issuer said of the details that were given.
    pub checks: Checks,
    /// How 3-D Secure went, when it was tried.
    pub three_d_secure: Option<ThreeDSecure>,
    /// When the money can be used.
    pub funds: Funds,
    /// How refunds will go.
    pub refund: RefundBehaviour,
    /// What follows the charge.
    pub after: &'static [After],
}

/// May this card be taken at all? Ask when a payment method or token is made from a number.
///
/// Errors: a sandbox refuses cards that are not test cards, as Stripe does: 402 `card_declined`, `test_mode_live_card`.
pub fn admit(card: &CardNumber) -> Result<&'static Profile, Decline> {
    find_number(card).ok_or(Decline {
        reason: Reason::TestModeLiveCard,
        checks: Checks::default(),
        three_d_secure: None,
    })
}

/// Is this card good enough to be kept for a customer? The issuer is asked without an amount and without the payer.
///
/// Errors: cards that their issuer declines cannot be kept (Stripe, "Testing", declined payments).
pub fn attach(card: &CardNumber, given: Given) -> Result<Checks, Decline> {
    let profile = admit(card)?;
    let checks = profile.checks(given);
    match refusal(profile.attach, given) {
        Some(reason) => Err(Decline { reason, checks, three_d_secure: None }),
        None => Ok(checks),
    }
}

/// May this card be charged later? The payer is there, so any authentication that the card needs is done now.
pub fn verify(card: &CardNumber, ask: &Ask) -> Answer {
    let ask = Ask { off_session: false, ..*ask };
    match admit(card) {
        Ok(profile) => decide(&Profile { charge: profile.attach, after: &[], ..*profile }, &ask),
        Err(decline) => Answer::Declined(decline),
    }
}

/// May this amount be charged now?
pub fn authorize(card: &CardNumber, ask: &Ask) -> Answer {
    match admit(card) {
        Ok(profile) => decide(profile, ask),
        Err(decline) => Answer::Declined(decline),
    }
}

/// Authentication comes before the issuer's verdict: a card without money is only told so to a payer who proved to own it.
fn decide(profile: &Profile, ask: &Ask) -> Answer {
    let checks = profile.checks(ask.given);
    let three_d_secure = match authenticate(profile, ask) {
        Step::Proceed(three_d_secure) => three_d_secure,
        Step::Challenge => return Answer::AuthenticationRequired,
        Step::Refuse(reason, three_d_secure) => return Answer::Declined(Decline { reason, checks, three_d_secure }),
    };
    if let Some(reason) = refusal(profile.charge, ask.given) {
        return Answer::Declined(Decline { reason, checks, three_d_secure });
    }
    Answer::Approved(Approval {
        outcome: Outcome::approved(profile.risk_level),
        checks,
        three_d_secure,
        funds: profile.funds,
        refund: profile.refund,
        after: profile.after,
    })
}

/// A security code that was not given cannot be wrong (Stripe, "Testing", declined payments).
fn refusal(verdict: Verdict, given: Given) -> Option<Reason> {
    match verdict {
        Verdict::Approved => None,
        Verdict::Declined(Reason::IncorrectCvc) if !given.cvc => None,
        Verdict::Declined(reason) => Some(reason),
    }
}

enum Step {
    Proceed(Option<ThreeDSecure>),
    Challenge,
    Refuse(Reason, Option<ThreeDSecure>),
}

fn authenticate(profile: &Profile, ask: &Ask) -> Step {
    let challenged = ThreeDSecure::authenticated(profile.brand, AuthenticationFlow::Challenge);
    let frictionless = ThreeDSecure::authenticated(profile.brand, AuthenticationFlow::Frictionless);
    let wanted = !ask.off_session && ask.request_three_d_secure != RequestThreeDSecure::Automatic;
    let passed = ask.authentication == Authentication::Succeeded;
    match profile.authentication {
        AuthenticationRule::Breaks => Step::Refuse(Reason::GenericDecline, Some(ThreeDSecure::processing_error())),
        AuthenticationRule::Frictionless => Step::Proceed(Some(frictionless)),
        _ if passed => Step::Proceed(Some(challenged)),
        AuthenticationRule::Always => challenge(ask),
        AuthenticationRule::UnlessSetUp if ask.off_session && ask.set_up_off_session => Step::Proceed(None),
        AuthenticationRule::UnlessSetUp => challenge(ask),
        AuthenticationRule::OnSessionOnly if ask.off_session => Step::Proceed(None),
        AuthenticationRule::OnSessionOnly => Step::Challenge,
        AuthenticationRule::Optional if wanted => Step::Challenge,
        AuthenticationRule::OptionalBreaks if wanted => Step::Proceed(Some(ThreeDSecure::processing_error())),
        AuthenticationRule::Unenrolled if wanted => {
            Step::Proceed(Some(ThreeDSecure::attempt_acknowledged(profile.brand)))
        }
        AuthenticationRule::NotSupported if wanted => Step::Proceed(Some(ThreeDSecure::not_supported())),
        AuthenticationRule::Optional
        | AuthenticationRule::OptionalBreaks
        | AuthenticationRule::Unenrolled
        | AuthenticationRule::NotSupported => Step::Proceed(None),
    }
}

/// Where the payer is not there to be asked, the issuer declines.
fn challenge(ask: &Ask) -> Step {
    if ask.off_session { Step::Refuse(Reason::AuthenticationRequired, None) } else { Step::Challenge }
}

#[cfg(test)]
mod tests;
