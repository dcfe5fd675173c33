//! Taking payments through the API, in-process: each file asks one kind of question.
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod amounts;
mod browsers;
mod capture;
mod connect;
mod customers;
mod declines;
mod events;
mod parameters;
mod stage;
mod states;
mod three_d_secure;
