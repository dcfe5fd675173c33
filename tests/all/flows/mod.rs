//! Stories of more than one request.

mod marketplace;
mod races;
mod sql;
