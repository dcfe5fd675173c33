//! What is promised when things break: a server that is killed, a disk that is full, a database that goes away.
//!
//! `make crash ROUNDS=200` runs the long version of the kills; docs/reliability.md has what came of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "this is test code")]

mod check;
mod client;
mod cluster;
mod crash;
mod database;
mod disk;
mod histories;
mod hooks;
mod load;
mod running;
#[path = "../server/mod.rs"]
mod server;
