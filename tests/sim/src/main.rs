//! `kontor-sim`: simulates worlds from seeds, and says how to see a failure again.

use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use sim::simulation::{Options, Report};
use sim::{Storage, Tally};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    Memory,
    Sqlite,
    Postgres,
}

/// Simulates a marketplace on Kontor, with failures, and checks its books after every step.
#[derive(Debug, Parser)]
#[command(name = "kontor-sim")]
struct Arguments {
    /// Decides everything; a fresh one when not given.
    #[arg(long)]
    seed: Option<u64>,
    /// Steps in each world.
    #[arg(long, default_value_t = 20_000)]
    steps: u64,
    /// Worlds, one after the other, with the seeds that follow.
    #[arg(long, default_value_t = 1)]
    worlds: u64,
    /// Where the worlds are kept.
    #[arg(long, value_enum, default_value_t = Engine::Memory)]
    engine: Engine,
    /// An empty database, for `--engine postgres`.
    #[arg(long, env = "KONTOR_SIM_DATABASE_URL")]
    database_url: Option<String>,
    /// Asks one thing at a time, so that the run replays exactly.
    #[arg(long)]
    no_concurrency: bool,
    /// Injects no failures and no crashes.
    #[arg(long)]
    no_faults: bool,
    /// Steps between the checks of everything, while the world is small.
    #[arg(long, default_value_t = 50)]
    audit_every: u64,
    /// Prints everything that happens.
    #[arg(long)]
    trace: bool,
    /// Prints what Kontor logs.
    #[arg(long)]
    log: bool,
    /// Prints what was asked and how it went.
    #[arg(long)]
    tally: bool,
}

fn fresh_seed() -> u64 {
    use rand::TryRng;
    let mut bytes = [0; 4];
    let filled = rand::rngs::SysRng.try_fill_bytes(&mut bytes);
    if filled.is_err() {
        eprintln!("The system gives no randomness: the seed is 1.");
        return 1;
    }
    u64::from(u32::from_le_bytes(bytes))
}

fn storage(arguments: &Arguments) -> Result<Storage, String> {
    match (arguments.engine, &arguments.database_url) {
        (Engine::Memory, _) => Ok(Storage::Memory),
        (Engine::Sqlite, _) => Ok(Storage::Sqlite),
        (Engine::Postgres, Some(url)) if arguments.worlds == 1 => Ok(Storage::Postgres(url.clone())),
        (Engine::Postgres, Some(_)) => Err("A PostgreSQL database takes one world: --worlds 1.".to_owned()),
        (Engine::Postgres, None) => Err("--engine postgres needs --database-url, an empty database.".to_owned()),
    }
}

#[expect(clippy::disallowed_methods, reason = "how quick it is is the machine's time")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.log {
        tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    }
    let storage = match storage(&arguments) {
        Ok(storage) => storage,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::from(2);
        }
    };
    let first = arguments.seed.unwrap_or_else(fresh_seed);
    let (mut total, mut tally) = (Report::default(), Tally::default());
    let began = Instant::now();
    for seed in (0..arguments.worlds).map(|number| first.wrapping_add(number)) {
        let options = Options {
            storage: storage.clone(),
            concurrency: !arguments.no_concurrency,
            faults: !arguments.no_faults,
            audit_every: arguments.audit_every,
            trace: arguments.trace,
            ..Options::new(seed, arguments.steps)
        };
        println!("seed {seed}: {} steps", arguments.steps);
        let world_began = Instant::now();
        match sim::run(&options) {
            Ok(report) => {
                tell(&report, world_began.elapsed().as_secs_f64());
                tally.add(&report.tally);
                total.steps += report.steps;
                total.requests += report.requests;
                total.commits += report.commits;
                total.audits += report.audits;
                total.conflicts += report.conflicts;
                total.failures += report.failures;
                total.crashes += report.crashes;
            }
            Err(failure) => {
                println!("FAILED: {failure}");
                return ExitCode::FAILURE;
            }
        }
    }
    if 1 < arguments.worlds {
        println!("all {} worlds:", arguments.worlds);
        tell(&total, began.elapsed().as_secs_f64());
    }
    if arguments.tally {
        println!("what was asked, and the answers:\n{tally}");
    }
    ExitCode::SUCCESS
}

#[expect(clippy::cast_precision_loss, reason = "a rate, for people")]
fn tell(report: &Report, seconds: f64) {
    println!(
        "  {} steps in {seconds:.1} s ({:.0}/s): {} requests, {} commits, {} checks of everything; {} conflicts, {} \
         failures, {} crashes; nothing lost",
        report.steps,
        report.steps as f64 / seconds,
        report.requests,
        report.commits,
        report.audits,
        report.conflicts,
        report.failures,
        report.crashes,
    );
}
