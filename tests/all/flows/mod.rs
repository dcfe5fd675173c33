//! Stories of more than one request.

mod books;
mod charge_types;
mod events;
mod marketplace;
mod payouts;
mod races;
mod regressions;
mod sql;
