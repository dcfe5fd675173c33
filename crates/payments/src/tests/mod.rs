//! Payments through the API, in bytes: what a shop and its payers see.

mod authentication;
mod browser;
mod charges;
mod customers;
mod declines;
mod intents;
mod payment_methods;
mod shapes;
mod shop;
mod sources;
mod states;
mod tokens;
