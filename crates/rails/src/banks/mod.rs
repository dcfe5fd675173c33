//! Bank accounts that money is paid out to.
//!
//! [`check`] reads an external account's numbers and says where they lead: in a sandbox only Stripe's test numbers lead
//! anywhere, and each says how a payout to it ends (Stripe, "Testing Stripe Connect", bank numbers). [`find_token`] knows
//! the ready-made accounts (`btok_us_verified`).
//!
//! Not here: which currencies a country's accounts may have, which belongs to the country's rules; and debit cards as
//! external accounts, which do not exist yet: no token finds one.

mod account;
mod outcome;
mod routing;

pub use account::{BankDetails, BankNumbers, check, find_token};
pub use outcome::{Ownership, PayoutFailure, PayoutOutcome};
