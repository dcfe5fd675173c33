//! The server: command line, configuration and wiring.
//!
//! Everything that Kontor does is in the crates above this one; here it is put together: a store, a world, the route
//! table, the workers and the pages behind one address, and the commands around them.

/// Prints a line to standard output. Whoever read it through a pipe may have read enough and gone: that is no failure.
macro_rules! say {
    ($($line:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($line)*);
    }};
}

mod audit;
mod backup;
pub mod cli;
mod client;
mod clock;
mod config;
mod demo;
mod fees;
mod keys;
mod listen;
mod open;
mod seed;
mod serve;
mod telemetry;

pub use open::{api, job_handlers, schema};
