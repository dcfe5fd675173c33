//! Payments through the API, in bytes: what a shop and its payers see. Each file asks one kind of question.

mod amounts;
mod authentication;
mod browser;
mod capture;
mod charges;
mod connect;
mod customers;
mod declines;
mod events;
mod intents;
mod keeping;
mod parameters;
mod payment_methods;
mod shapes;
mod shop;
mod sources;
mod states;
mod three_d_secure;
mod tokens;
