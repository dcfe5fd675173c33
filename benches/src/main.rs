//! `make bench`: how fast Kontor is, as ratios to raw references measured in the same run.
//!
//! Absolute figures drift with the machine and with what else runs on it, so each round measures the reference and Kontor
//! one after the other, and the table gives the minimum, median and maximum over the rounds.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the machine's clock")]

mod load;
mod raw;
mod receiver;
mod report;
mod server;
mod steps;

use std::path::PathBuf;

use clap::Parser;

use crate::load::Measured;
use crate::report::Report;
use crate::server::Engine;

/// What went wrong, in a sentence.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, Parser)]
struct Options {
    /// Rounds over which minimum, median and maximum are taken
    #[arg(long, default_value_t = 5)]
    rounds: usize,

    /// Seconds that each measurement takes
    #[arg(long, default_value_t = 3)]
    seconds: u64,

    /// Only SQLite
    #[arg(long)]
    sqlite_only: bool,

    /// Also fill a store with this many charges, and measure it beside one of 10,000
    #[arg(long)]
    fill: Option<u64>,

    /// Where the figures are written as JSON
    #[arg(long, default_value = "target/bench.json")]
    json: PathBuf,

    /// Figures of an earlier run to compare with
    #[arg(long)]
    compare: Option<PathBuf>,

    /// The server
    #[arg(long, default_value = "target/release/kontor")]
    kontor: PathBuf,
}

fn main() -> Result<(), Failure> {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let report = runtime.block_on(measure(&options))?;
    print!("{report}");
    if let Some(earlier) = &options.compare {
        print!("{}", report.compared_with(&Report::read(earlier)?));
    }
    report.write(&options.json)?;
    println!("\nwritten to {}", options.json.display());
    Ok(())
}

async fn measure(options: &Options) -> Result<Report, Failure> {
    let mut report = Report::default();
    let mut engines = vec![Engine::Sqlite];
    if !options.sqlite_only {
        let url = std::env::var("KONTOR_TEST_POSTGRES_URL")
            .map_err(|_| "KONTOR_TEST_POSTGRES_URL is not set: run `make bench`, or ask for --sqlite-only")?;
        engines.push(Engine::Postgres(url));
    }
    for engine in &engines {
        steps::one_engine(options, engine, &mut report).await?;
        steps::overload(options, engine, &mut report).await?;
        if let Some(charges) = options.fill {
            steps::large_store(options, engine, charges, &mut report).await?;
        }
    }
    Ok(report)
}

fn refuse_errors(measured: &Measured) -> Result<(), Failure> {
    let refused = measured.errors + measured.refused;
    if refused == 0 {
        return Ok(());
    }
    Err(format!("{refused} requests were not answered with 200; the first: {}", measured.first_error).into())
}
