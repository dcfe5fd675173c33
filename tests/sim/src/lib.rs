//! The simulator: a seeded marketplace that asks a whole Kontor for everything, at random, while the store fails, the
//! process dies and the clock jumps; and a second book that says what everybody must have.
//!
//! One driver decides everything from the seed, so the same seed and options take the same steps and get the same bytes
//! (without [`Options::concurrency`], whose batches may be committed in any order). After each step the balances that it
//! touched are compared; at intervals everything is: the audit, the seals, the trial balance, every balance against the
//! model and against its balance transactions, the invariants of the documents (money.md 0.4).
//!
//! | module | what is there |
//! |---|---|
//! | [`host`] | a Kontor that can be crashed and opened again |
//! | [`faulty`] | the engine that fails when told to |
//! | [`model`], [`arithmetic`] | the second book |
//! | [`market`] | what the platform remembers |
//! | [`simulation`] | asking, repeating, failing, comparing |
//! | `steps` | what is asked |
//! | `checks` | what is compared |
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is test code")]

pub mod arithmetic;
mod checks;
mod dice;
pub mod failure;
pub mod faulty;
pub mod host;
pub mod market;
pub mod model;
pub mod simulation;
mod steps;

pub use failure::{Failure, Tally};
pub use faulty::Bug;
pub use host::Storage;
pub use simulation::{Options, Report, run};
