//! The workers on a seeded world in memory, with receivers that really listen.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is test code")]

mod clock;
mod harness;
mod jobs;
mod resources;
mod seals;
mod webhooks;
