//! All that the sandbox knows of one test card.

use serde::Serialize;

use super::{Brand, Given, Reason, RiskLevel};
use crate::words::words;

words! {
    /// What kind of account is behind a card (Stripe, `card.funding`).
    Funding {
        /// Credit.
        Credit = "credit",
        /// A bank account.
        Debit = "debit",
        /// Money paid in beforehand.
        Prepaid = "prepaid",
        /// Not known.
        Unknown = "unknown",
    }
}

words! {
    /// What the issuer said of a detail that was given (Stripe, `card.checks`).
    Check {
        /// It is right.
        Pass = "pass",
        /// It is wrong.
        Fail = "fail",
        /// The issuer does not check it.
        Unavailable = "unavailable",
        /// Nobody asked the issuer yet.
        Unchecked = "unchecked",
    }
}

/// What the issuer said of the details that were given; `None` where none was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Checks {
    /// The first line of the address.
    pub address_line1_check: Option<Check>,
    /// The postal code.
    pub address_postal_code_check: Option<Check>,
    /// The security code.
    pub cvc_check: Option<Check>,
}

/// Yes, or no and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Approved,
    /// No.
    Declined(Reason),
}

/// When a card wants its payer to authenticate (Stripe, "Testing", 3D Secure).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthenticationRule {
    /// Never asks. When asked to, the issuer acknowledges the attempt. Every card outside Stripe's 3-D Secure list.
    Unenrolled,
    /// Cannot: a payment goes on without.
    NotSupported,
    /// Asks when the merchant wants it.
    Optional,
    /// Breaks when the merchant wants it; the payment goes on without.
    OptionalBreaks,
    /// Always, however the card was set up.
    Always,
    /// Always while the payer is there; later only unless the card was set up for it.
    UnlessSetUp,
    /// While the payer is there; never later, as if the card had been set up.
    OnSessionOnly,
    /// Always, but the issuer needs nothing of the payer.
    Frictionless,
    /// Always, and it always breaks: payments are declined.
    Breaks,
}

/// When the money can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Funds {
    /// After the country's settlement delay.
    Pending,
    /// At once (`tok_bypassPending`).
    Available,
}

/// How refunds of the charge go (Stripe, "Testing", asynchronous refunds).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundBehaviour {
    /// At once.
    Succeeds,
    /// `pending` first, `succeeded` later.
    PendingThenSucceeds,
    /// `succeeded` first, `failed` later.
    SucceedsThenFails,
}

words! {
    /// What the payer's bank claims (Stripe, `dispute.reason`).
    DisputeReason {
        /// The payer did not make the payment.
        Fraudulent = "fraudulent",
        /// The goods did not come.
        ProductNotReceived = "product_not_received",
        /// The merchant broke the network's rules.
        Noncompliant = "noncompliant",
    }
}

/// What is special about a dispute (Stripe, "Testing", disputes and dispute prevention).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeFeature {
    /// Earlier payments of the same payer would win it (Visa CE 3.0).
    CompellingEvidence3,
    /// A Visa compliance case.
    VisaCompliance,
    /// A Mastercard compliance case.
    MastercardCompliance,
    /// Evidence can be put together automatically (Smart Disputes).
    SmartDispute,
    /// Would be settled before it opens, for merchants in Visa Rapid Dispute Resolution.
    RapidDisputeResolution,
    /// Would be blocked, for merchants in Verifi's order look-up.
    CompellingEvidence3Block,
    /// Would be announced before it opens, for merchants with Ethoca alerts.
    EthocaAlert,
}

/// A dispute that the payer's bank will open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dispute {
    /// What the bank claims.
    pub reason: DisputeReason,
    /// Only a question: no money moves, and the dispute starts as `warning_needs_response`.
    pub inquiry: bool,
    /// What is special about it.
    pub feature: Option<DisputeFeature>,
}

/// What follows a successful charge with the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// The payer's bank opens a dispute.
    Dispute(Dispute),
    /// The payer's bank reports fraud, without a dispute.
    EarlyFraudWarning,
    /// The account's eventually due requirements become due now.
    TriggerNextRequirements,
    /// The account may not charge until its due requirements are met.
    TriggerChargeBlock,
    /// The account may not be paid out until its due requirements are met.
    TriggerPayoutBlock,
}

/// All facts of one test card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// Whose card it is.
    pub brand: Brand,
    /// What kind of account is behind it.
    pub funding: Funding,
    /// Where it was issued, two upper-case letters.
    pub country: &'static str,
    /// A second network that can carry it: `cartes_bancaires` or `eftpos_au`.
    pub co_network: Option<&'static str>,
    /// How risky payments with it look.
    pub risk_level: RiskLevel,
    /// What the issuer says of each detail, if it is given.
    pub checks: Checks,
    /// Whether it can be kept for a customer.
    pub attach: Verdict,
    /// Whether it can be charged, once any authentication is done.
    pub charge: Verdict,
    /// When it wants its payer to authenticate.
    pub authentication: AuthenticationRule,
    /// When the money can be used.
    pub funds: Funds,
    /// How refunds go.
    pub refund: RefundBehaviour,
    /// What follows a successful charge.
    pub after: &'static [After],
}

impl Profile {
    /// The networks that can carry the card, as in `card.networks.available`.
    pub fn networks(&self) -> Vec<&'static str> {
        self.co_network.into_iter().chain([self.brand.as_str()]).collect()
    }

    /// What the issuer says of the details that were given.
    pub const fn checks(&self, given: Given) -> Checks {
        let Checks { address_line1_check, address_postal_code_check, cvc_check } = self.checks;
        Checks {
            address_line1_check: if given.address_line1 { address_line1_check } else { None },
            address_postal_code_check: if given.address_postal_code { address_postal_code_check } else { None },
            cvc_check: if given.cvc { cvc_check } else { None },
        }
    }

    /// A credit card that always works.
    pub(super) const fn of(brand: Brand, country: &'static str) -> Profile {
        Profile {
            brand,
            funding: Funding::Credit,
            country,
            co_network: None,
            risk_level: RiskLevel::Normal,
            checks: Checks {
                address_line1_check: Some(Check::Pass),
                address_postal_code_check: Some(Check::Pass),
                cvc_check: Some(Check::Pass),
            },
            attach: Verdict::Approved,
            charge: Verdict::Approved,
            authentication: AuthenticationRule::Unenrolled,
            funds: Funds::Pending,
            refund: RefundBehaviour::Succeeds,
            after: &[],
        }
    }

    pub(super) const fn debit(mut self) -> Profile {
        self.funding = Funding::Debit;
        self
    }

    pub(super) const fn prepaid(mut self) -> Profile {
        self.funding = Funding::Prepaid;
        self
    }

    pub(super) const fn also_on(mut self, network: &'static str) -> Profile {
        self.co_network = Some(network);
        self
    }

    /// Declined by its issuer, and so neither to be kept nor charged.
    pub(super) const fn declines(mut self, reason: Reason) -> Profile {
        self.attach = Verdict::Declined(reason);
        self.declines_charges(reason)
    }

    /// Can be kept, but not charged.
    pub(super) const fn declines_charges(mut self, reason: Reason) -> Profile {
        if let Reason::IncorrectCvc = reason {
            self.checks.cvc_check = Some(Check::Fail);
        }
        self.charge = Verdict::Declined(reason);
        self
    }

    pub(super) const fn risk(mut self, level: RiskLevel) -> Profile {
        self.risk_level = level;
        self
    }

    pub(super) const fn cvc_check(mut self, check: Check) -> Profile {
        self.checks.cvc_check = Some(check);
        self
    }

    pub(super) const fn line1_check(mut self, check: Check) -> Profile {
        self.checks.address_line1_check = Some(check);
        self
    }

    pub(super) const fn postal_code_check(mut self, check: Check) -> Profile {
        self.checks.address_postal_code_check = Some(check);
        self
    }

    pub(super) const fn authenticates(mut self, rule: AuthenticationRule) -> Profile {
        self.authentication = rule;
        self
    }

    pub(super) const fn available_at_once(mut self) -> Profile {
        self.funds = Funds::Available;
        self
    }

    pub(super) const fn refunds(mut self, behaviour: RefundBehaviour) -> Profile {
        self.refund = behaviour;
        self
    }

    pub(super) const fn then(mut self, after: &'static [After]) -> Profile {
        self.after = after;
        self
    }
}
