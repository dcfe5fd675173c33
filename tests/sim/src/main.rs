//! `kontor-sim`: simulates worlds from seeds, and says how to see a failure again.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
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
    /// Worlds, with the seeds that follow.
    #[arg(long, default_value_t = 1)]
    worlds: u64,
    /// How many worlds are simulated at the same time.
    #[arg(long, default_value_t = 1)]
    at_once: usize,
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
    let (next, total) = (AtomicU64::new(0), Mutex::new((Report::default(), Tally::default())));
    let began = Instant::now();
    let failed = std::thread::scope(|scope| {
        let simulate = || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if arguments.worlds <= number {
                    return false;
                }
                if let Err(failure) = one_world(&arguments, storage.clone(), first.wrapping_add(number), &total) {
                    println!("FAILED: {failure}");
                    next.store(arguments.worlds, Ordering::Relaxed);
                    return true;
                }
            }
        };
        let threads: Vec<_> = (0..arguments.at_once).map(|_| scope.spawn(simulate)).collect();
        // One that panicked has said so.
        threads.into_iter().any(|thread| thread.join().unwrap_or(true))
    });
    if failed {
        return ExitCode::FAILURE;
    }
    let (total, tally) = total.into_inner().unwrap_or_else(PoisonError::into_inner);
    if 1 < arguments.worlds {
        println!("all {} worlds, {}", arguments.worlds, told(&total, began.elapsed().as_secs_f64()));
    }
    if arguments.tally {
        println!("what was asked, and the answers:\n{tally}");
    }
    ExitCode::SUCCESS
}

#[expect(clippy::disallowed_methods, reason = "how quick it is is the machine's time")]
fn one_world(arguments: &Arguments, storage: Storage, seed: u64, total: &Mutex<(Report, Tally)>) -> Result<(), String> {
    let options = Options {
        storage,
        concurrency: !arguments.no_concurrency,
        faults: !arguments.no_faults,
        audit_every: arguments.audit_every,
        trace: arguments.trace,
        ..Options::new(seed, arguments.steps)
    };
    let began = Instant::now();
    let report = sim::run(&options).map_err(|failure| failure.to_string())?;
    println!("seed {seed}: {}", told(&report, began.elapsed().as_secs_f64()));
    let mut guard = total.lock().unwrap_or_else(PoisonError::into_inner);
    let (total, tally) = &mut *guard;
    tally.add(&report.tally);
    total.steps += report.steps;
    total.requests += report.requests;
    total.commits += report.commits;
    total.audits += report.audits;
    total.conflicts += report.conflicts;
    total.failures += report.failures;
    total.crashes += report.crashes;
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a rate, for people")]
fn told(report: &Report, seconds: f64) -> String {
    format!(
        "{} steps in {seconds:.1} s ({:.0}/s): {} requests, {} commits, {} checks of everything; {} conflicts, {} \
         failures, {} crashes; nothing lost",
        report.steps,
        report.steps as f64 / seconds,
        report.requests,
        report.commits,
        report.audits,
        report.conflicts,
        report.failures,
        report.crashes,
    )
}
