//! Bytes for everything that reads what strangers send: targets that hold an invariant over any bytes, and a driver that
//! changes known inputs until one breaks it.
//!
//! It runs on the stable toolchain and measures no coverage. Instead each target says what it did with an input (a status
//! and an error's code and parameter, the shape of a tree), and an input that made it do something new is kept and changed
//! further.
//!
//! A finding panics; the driver prints the input and how to play it again. Each one becomes a test in `tests/regressions.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "this is test code")]

mod corpus;
mod driver;
mod mutate;
mod targets;
mod world;

pub use driver::{Finding, Report, play, run};
pub use targets::{Target, find, targets};
