//! Where money enters or leaves: card networks and banks.
//!
//! A rail answers questions, and Kontor's rules act on the answers. There are few questions:
//!
//! | question | asked of | answer |
//! |---|---|---|
//! | may this card be taken at all? | [`cards::admit`] | its profile, or a decline |
//! | is this card good enough to be kept? | [`cards::attach`] | the checks, or a decline |
//! | may it be charged later? | [`cards::verify`] | approved, declined, or the payer must authenticate |
//! | may this amount be charged now? | [`cards::authorize`] | the same |
//! | where does this bank account lead? | [`banks::check`] | its details, and how a payout to it ends |
//!
//! What lives here is the rail of sandbox worlds: a pure function of Stripe's test data ("Testing", "Testing Stripe
//! Connect"). It does no I/O, reads no clock and draws no random numbers, so a payment on it is one commit and the same
//! request always ends the same way. What a network would do later (a dispute, a refund that fails) is part of the
//! answer, in [`cards::Approval::after`] and [`cards::Approval::refund`]; the caller schedules it on the world's clock.
//!
//! An adapter for a real acquirer or bank answers the same questions with the same types, from a worker and never
//! between read and commit. There is deliberately no trait yet: it comes with the second rail, when its shape is known.
//!
//! Card and account numbers pass through here as values. No error and no `Debug` output of this crate contains one.

pub mod banks;
pub mod cards;
mod fingerprint;
mod words;
