//! Stories of more than one request.

mod balance_settings;
mod books;
mod charge_types;
mod events;
mod liability;
mod marketplace;
mod payouts;
mod races;
mod regressions;
mod sql;
