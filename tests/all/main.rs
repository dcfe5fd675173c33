//! Tests of the whole.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is test code")]

mod api;
mod flows;
