//! `make bench`: how fast Kontor is, as ratios to raw references measured in the same run.
//!
//! Absolute figures drift with the machine and with what else runs on it, so each round measures the reference and Kontor
//! one after the other, and the table gives the minimum, median and maximum over the rounds.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the machine's clock")]

mod load;
mod raw;
mod report;
mod server;

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::load::{Job, Measured, run_load};
use crate::report::Report;
use crate::server::{Engine, Server};

/// What went wrong, in a sentence.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, Parser)]
struct Options {
    /// Rounds over which minimum, median and maximum are taken
    #[arg(long, default_value_t = 5)]
    rounds: usize,

    /// Seconds that each measurement takes
    #[arg(long, default_value_t = 4)]
    seconds: u64,

    /// Only SQLite
    #[arg(long)]
    sqlite_only: bool,

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
        one_engine(options, engine, &mut report).await?;
    }
    Ok(report)
}

/// Measures one engine: the raw rate for the rows that a charge writes, and Kontor beside it.
async fn one_engine(options: &Options, engine: &Engine, report: &mut Report) -> Result<(), Failure> {
    let span = Duration::from_secs(options.seconds);
    let server = Server::start(&options.kontor, engine).await?;
    let name = engine.name();
    let charge = server.charge_form().await?;
    let intent = server.one_charge(&charge).await?;
    run_load(&server.address, &Job::post("/v1/payment_intents", &charge), 16, Duration::from_secs(1)).await?;
    let sample = raw::sample(engine, &server).await?;
    eprintln!("{name}: a destination charge writes {:.1} rows and {:.0} bytes", sample.rows(), sample.bytes());
    report.note(&format!("{name}: rows per destination charge"), sample.rows());
    report.note(&format!("{name}: bytes per destination charge, as written"), sample.bytes());
    for round in 0..options.rounds {
        eprintln!("{name}: round {} of {}", round + 1, options.rounds);
        let fdatasync = raw::fdatasync(&server.folder, span.min(Duration::from_secs(2)))?;
        report.add(&format!("{name}: fdatasync of 4 KB, per second"), fdatasync, None);
        let raw = raw::measure(engine, &server, &sample, span).await?;
        let reference = format!("{name}: raw engine, same rows, 64 per commit");
        report.add(&reference, raw, None);
        for connections in [64, 16, 1] {
            let job = Job::post("/v1/payment_intents", &charge);
            let measured = run_load(&server.address, &job, connections, span).await?;
            refuse_errors(&measured)?;
            let what = format!("{name}: destination charges, {connections} connections");
            report.add(&what, measured.rate(), (connections == 64).then_some((reference.as_str(), raw)));
            report.add(&format!("{what}, p50 ms"), measured.percentile(50.0), None);
            report.add(&format!("{what}, p99 ms"), measured.percentile(99.0), None);
        }
        for (what, path) in [
            ("reads of one payment intent", format!("/v1/payment_intents/{intent}")),
            ("lists of 100 payment intents", "/v1/payment_intents?limit=100".to_owned()),
        ] {
            let measured = run_load(&server.address, &Job::get(&path), 64, span.min(Duration::from_secs(2))).await?;
            refuse_errors(&measured)?;
            report.add(&format!("{name}: {what}, 64 connections"), measured.rate(), None);
        }
    }
    report.note(&format!("{name}: memory after the run, MB"), server.memory_mb());
    server.stop().await
}

fn refuse_errors(measured: &Measured) -> Result<(), Failure> {
    if measured.errors == 0 {
        return Ok(());
    }
    Err(format!("{} requests were not answered with 200; the first: {}", measured.errors, measured.first_error).into())
}
