//! Runs a target for a time, keeps the inputs that made it do something new, and catches what it finds.

use std::collections::HashSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::corpus;
use crate::mutate::mutate;
use crate::targets::Target;

/// The longest input.
const LONGEST: usize = 8 << 10;
/// Most inputs that are kept to be changed further.
const MOST_KEPT: usize = 4_000;

/// An input that broke a target's invariant.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The input.
    pub input: Vec<u8>,
    /// What the target said.
    pub message: String,
}

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Report {
    /// Which target.
    pub target: &'static str,
    /// How many inputs were tried.
    pub tried: u64,
    /// How many of them did something new.
    pub kept: usize,
    /// How long it took.
    pub took: Duration,
    /// What was found: the run ends with it.
    pub finding: Option<Finding>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.took.as_secs_f64();
        write!(f, "{:<14} {:>9} inputs, {:>5} ways, {seconds:.0} s", self.target, self.tried, self.kept)?;
        let Some(finding) = &self.finding else { return Ok(()) };
        write!(
            f,
            "\n  FOUND {}\n  with  {:?}\n  again with --target {} --input {}",
            finding.message,
            String::from_utf8_lossy(&finding.input),
            self.target,
            hex::encode(&finding.input)
        )
    }
}

/// One input, by itself: panics as the target does.
pub fn play(target: &Target, input: &[u8]) {
    (target.make)()(input);
}

/// Tries inputs until the time is over or something is found.
pub fn run(target: &Target, seed: u64, time: Duration) -> Report {
    let started = Instant::now();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut corpus: Vec<Vec<u8>> = (target.corpus)();
    let words = corpus::words();
    let mut known = HashSet::new();
    let mut report = Report { target: target.name, tried: 0, kept: 0, took: Duration::ZERO, finding: None };
    let mut judge = (target.make)();
    let mut fresh = corpus.clone().into_iter();
    while started.elapsed() < time {
        let input = fresh.next().unwrap_or_else(|| {
            // What came last is often the most promising.
            let from = if rng.random_bool(0.3) { corpus.len().saturating_sub(50) } else { 0 };
            let base = &corpus[rng.random_range(from..corpus.len())];
            let other = &corpus[rng.random_range(0..corpus.len())];
            let mut input = mutate(&mut rng, base, other, &words);
            input.truncate(LONGEST);
            input
        });
        report.tried += 1;
        if report.tried.is_multiple_of(target.worlds_last) {
            judge = (target.make)();
        }
        match catch_unwind(AssertUnwindSafe(|| judge(&input))) {
            Ok(signature) if known.insert(signature) => {
                report.kept += 1;
                if corpus.len() < MOST_KEPT {
                    corpus.push(input);
                }
            }
            Ok(_) => {}
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let message = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                report.finding = Some(Finding { input, message: message.unwrap_or_default() });
                break;
            }
        }
    }
    report.took = started.elapsed();
    report
}
