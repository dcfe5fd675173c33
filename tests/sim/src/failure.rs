//! What a simulation found.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

/// How many of the last requests a failure tells.
const TOLD: usize = 40;

/// A run that went wrong.
#[derive(Debug)]
pub struct Failure {
    /// The seed of the world.
    pub seed: u64,
    /// In which step.
    pub step: u64,
    /// What was wrong.
    pub what: String,
    /// The last things that happened, oldest first.
    pub recent: Vec<String>,
    /// What else the run was told, as the command line has it.
    pub flags: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, step {}: {}", self.seed, self.step, self.what)?;
        writeln!(f, "the last things that happened:")?;
        for line in &self.recent {
            writeln!(f, "  {line}")?;
        }
        write!(f, "again: make sim SEED={} STEPS={}", self.seed, self.step)?;
        if self.flags.is_empty() { Ok(()) } else { write!(f, " ARGS=\"{}\"", self.flags.trim()) }
    }
}

impl std::error::Error for Failure {}

/// What happened lately.
#[derive(Debug, Default)]
pub struct Diary {
    lines: VecDeque<String>,
    is_loud: bool,
}

impl Diary {
    /// An empty one; a loud one prints each line as well.
    pub fn new(is_loud: bool) -> Diary {
        Diary { lines: VecDeque::new(), is_loud }
    }

    /// Notes a line.
    pub fn note(&mut self, line: String) {
        if self.is_loud {
            println!("{line}");
        }
        if TOLD == self.lines.len() {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// The last lines, oldest first.
    pub fn recent(&self) -> Vec<String> {
        self.lines.iter().cloned().collect()
    }
}

/// How often what was asked, and how often it was done.
#[derive(Debug, Default, Clone)]
pub struct Tally(pub BTreeMap<&'static str, BTreeMap<String, u64>>);

impl Tally {
    /// Counts an outcome.
    pub fn count(&mut self, what: &'static str, outcome: impl ToString) {
        *self.0.entry(what).or_default().entry(outcome.to_string()).or_default() += 1;
    }

    /// How often this was done.
    pub fn of(&self, what: &str, outcome: &str) -> u64 {
        self.0.get(what).and_then(|outcomes| outcomes.get(outcome)).copied().unwrap_or(0)
    }

    /// With another run's counts.
    pub fn add(&mut self, other: &Tally) {
        for (what, outcomes) in &other.0 {
            for (outcome, count) in outcomes {
                *self.0.entry(what).or_default().entry(outcome.clone()).or_default() += count;
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, outcomes) in &self.0 {
            let counts: Vec<String> = outcomes.iter().map(|(outcome, count)| format!("{outcome}: {count}")).collect();
            writeln!(f, "  {what:<28} {}", counts.join("  "))?;
        }
        Ok(())
    }
}
