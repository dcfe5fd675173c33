//! Row by row what money does: the tables of money.md 2 and 3 and the scenarios of 17, on every engine, each followed by
//! the audit.

mod audit;
mod capture;
mod charges;
mod conversion;
mod fees;
mod races;
mod random;
mod refunds;
mod scenarios;
mod stage;
mod transfers;
mod waiting;
mod wire_api;
