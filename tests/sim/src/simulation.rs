//! The driver: one step after the other, each request with its faults, its repetitions and its checks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use serde_json::Value;
use wire::Response;

use crate::dice::Dice;
use crate::failure::{Diary, Failure, Tally};
use crate::faulty::{Bug, Fault, Faults};
use crate::host::{Ask, Host, Storage};
use crate::market::Market;
use crate::model::Model;
use crate::{checks, steps};

/// How a world is simulated.
#[derive(Debug, Clone)]
pub struct Options {
    /// Decides everything.
    pub seed: u64,
    /// How many steps.
    pub steps: u64,
    /// Where the world is kept.
    pub storage: Storage,
    /// Whether some steps ask several things at once: then a run may not replay exactly.
    pub concurrency: bool,
    /// Whether the store fails and the process dies.
    pub faults: bool,
    /// How many steps there are between the checks of everything; they become rarer as the world grows.
    pub audit_every: u64,
    /// A bug to be found, and after how many commits it strikes.
    pub bug: Option<(Bug, u64)>,
    /// Whether everything that happens is printed.
    pub trace: bool,
}

impl Options {
    /// The usual way.
    pub fn new(seed: u64, steps: u64) -> Options {
        Options {
            seed,
            steps,
            storage: Storage::Memory,
            concurrency: true,
            faults: true,
            audit_every: 50,
            bug: None,
            trace: false,
        }
    }

    fn flags(&self) -> String {
        let mut flags = String::new();
        let mut say = |said: bool, flag: &str| {
            if said {
                flags.push_str(flag);
            }
        };
        say(!self.concurrency, " --no-concurrency");
        say(!self.faults, " --no-faults");
        say(self.storage == Storage::Sqlite, " --engine sqlite");
        say(matches!(self.storage, Storage::Postgres(_)), " --engine postgres");
        if self.audit_every != 50 {
            flags.push_str(&format!(" --audit-every {}", self.audit_every));
        }
        flags
    }
}

/// What a run without a failure did.
#[derive(Debug, Default, Clone)]
pub struct Report {
    /// Steps taken.
    pub steps: u64,
    /// Requests sent, repetitions included.
    pub requests: u64,
    /// Changesets committed.
    pub commits: u64,
    /// How often everything was checked.
    pub audits: u64,
    /// Conflicts injected.
    pub conflicts: u64,
    /// Failures injected.
    pub failures: u64,
    /// Crashes.
    pub crashes: u64,
    /// What was asked, and how it went.
    pub tally: Tally,
    /// A number that is the same for the same bytes.
    pub fingerprint: u64,
}

/// An answer, decoded.
#[derive(Debug, Clone)]
pub struct Got {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// The body as it came.
    pub bytes: Bytes,
    /// Whether it came from memory.
    pub is_replay: bool,
}

impl Got {
    fn of(response: &Response) -> Result<Got, String> {
        let body = serde_json::from_slice(&response.body).map_err(|error| format!("an answer is no JSON: {error}"))?;
        let is_replay = response.headers.get("idempotent-replayed").is_some();
        Ok(Got { status: response.status, body, bytes: response.body.clone(), is_replay })
    }

    /// Whether it was done.
    pub fn is_ok(&self) -> bool {
        self.status == 200
    }

    /// A field that is text; empty when it is not.
    pub fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_default()
    }
}

/// A request that was answered for good, to be repeated some day.
pub(crate) struct Past {
    pub(crate) ask: Ask,
    status: u16,
    bytes: Bytes,
    pub(crate) at: i64,
}

/// How many answers are kept to be asked for again.
const PASTS: usize = 300;
/// How long Kontor remembers an answer; an hour less, so that no repetition is too late by a moment.
pub(crate) const REMEMBERED: i64 = 23 * 3_600;

/// A world being simulated.
pub(crate) struct Simulation {
    pub(crate) options: Options,
    pub(crate) dice: Dice,
    pub(crate) host: Host,
    pub(crate) faults: Faults,
    pub(crate) market: Market,
    pub(crate) model: Model,
    pub(crate) diary: Diary,
    pub(crate) report: Report,
    pub(crate) touched: BTreeSet<String>,
    /// The newest balance transaction that was added up.
    pub(crate) seen_until: String,
    /// When it was last asked what jobs did.
    pub(crate) looked_until: i64,
    /// What the balance transactions of each account and currency add up to.
    pub(crate) nets: BTreeMap<(String, String), i64>,
    past: VecDeque<Past>,
    keys: u64,
}

/// Simulates a world.
///
/// # Errors
/// What was wrong, with the seed that shows it again.
pub fn run(options: &Options) -> Result<Report, Box<Failure>> {
    let fail =
        |step, what, recent| Box::new(Failure { seed: options.seed, step, what, recent, flags: options.flags() });
    let mut simulation = Simulation::new(options).map_err(|what| fail(0, what, Vec::new()))?;
    for step in 1..=options.steps {
        simulation.report.steps = step;
        // A panic in Kontor is a finding like any other.
        let taken = catch_unwind(AssertUnwindSafe(|| simulation.step(step)));
        let taken = taken.unwrap_or_else(|panic| Err(format!("a panic: {}", told(&*panic))));
        taken.map_err(|what| fail(step, what, simulation.diary.recent()))?;
    }
    let last = catch_unwind(AssertUnwindSafe(|| checks::everything(&mut simulation, true)));
    let last = last.unwrap_or_else(|panic| Err(format!("a panic: {}", told(&*panic))));
    last.map_err(|what| fail(options.steps, what, simulation.diary.recent()))?;
    Ok(simulation.finish())
}

fn told(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("without words").to_owned()
}

impl Simulation {
    fn new(options: &Options) -> Result<Simulation, String> {
        let mut dice = Dice::seeded(options.seed);
        let faults = Faults::new(dice.fork());
        let host = Host::new(&options.storage, options.seed, faults.clone()).map_err(|error| error.to_string())?;
        let model = Model { platform: host.platform.clone(), ..Model::default() };
        let mut simulation = Simulation {
            options: options.clone(),
            dice,
            host,
            faults,
            market: Market::default(),
            model,
            diary: Diary::new(options.trace),
            report: Report::default(),
            touched: BTreeSet::new(),
            seen_until: String::new(),
            looked_until: 0,
            nets: BTreeMap::new(),
            past: VecDeque::new(),
            keys: 0,
        };
        steps::settle_in(&mut simulation)?;
        if let Some((bug, after)) = options.bug {
            simulation.faults.plant(bug, after);
        }
        Ok(simulation)
    }

    fn step(&mut self, step: u64) -> Result<(), String> {
        self.touched.clear();
        steps::take(self)?;
        checks::touched(self)?;
        if self.is_audit_due(step) {
            checks::everything(self, false)?;
        }
        Ok(())
    }

    /// At each interval while the world is small, and later each time that it grew by a tenth.
    fn is_audit_due(&self, step: u64) -> bool {
        let every = self.options.audit_every.max(1);
        let interval = every.max(step / 10 / every * every);
        step.is_multiple_of(interval)
    }

    fn finish(self) -> Report {
        let injected = self.faults.injected();
        let mut report = self.report;
        report.commits = self.faults.committed();
        report.conflicts = injected.conflicts;
        report.failures = injected.failures();
        report.crashes = self.host.opened() - 1;
        report
    }

    /// A key that was not used before.
    pub(crate) fn new_key(&mut self) -> String {
        self.keys += 1;
        format!("key-{}-{}", self.keys, self.dice.word(6))
    }

    /// Asks once, without faults.
    pub(crate) fn send(&mut self, ask: &Ask) -> Result<Got, String> {
        let response = self.host.send(ask);
        let got = Got::of(&response)?;
        self.note(ask, &got);
        checks::shape(ask, &got)?;
        Ok(got)
    }

    /// Asks without noting it: for what is compared.
    pub(crate) fn send_quietly(&mut self, ask: &Ask) -> Result<Got, String> {
        let got = Got::of(&self.host.send(ask))?;
        checks::shape(ask, &got)?;
        Ok(got)
    }

    fn note(&mut self, ask: &Ask, got: &Got) {
        self.report.requests += 1;
        for byte in got.bytes.iter().chain(&got.status.to_le_bytes()) {
            // FNV-1a: any change of any byte changes it.
            self.report.fingerprint = (self.report.fingerprint ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let outcome = match got.body["id"].as_str().or_else(|| got.body["error"]["message"].as_str()) {
            Some(told) => told.chars().take(160).collect::<String>(),
            None => String::new(),
        };
        let status = got.body["status"].as_str().unwrap_or_default();
        let replay = if got.is_replay { " (replay)" } else { "" };
        self.diary.note(format!("{} → {}{replay} {outcome} {status}", ask.told(), got.status));
    }

    /// Asks, as a client that does not give up: the store may fail and the process may die on the way, and the answer is the
    /// one of the request that was done, once.
    pub(crate) fn ask(&mut self, what: &'static str, mut ask: Ask) -> Result<Got, String> {
        let is_post = ask.method == http::Method::POST;
        if is_post && ask.key.is_none() && self.dice.percent(70) {
            ask.key = Some(self.new_key());
        }
        let plan = self.plan_faults(&ask);
        let (before, injected) = (self.faults.committed(), self.faults.injected());
        self.faults.plan(&plan);
        let mut got = self.send(&ask)?;
        let mut tries = 0;
        while got.status == 503 {
            if self.faults.injected().failures() == injected.failures() {
                return Err(format!("503 without a fault: {}", got.body));
            }
            let was_written = before < self.faults.committed();
            if self.dice.percent(30) {
                self.crash()?;
            }
            tries += 1;
            if 5 < tries {
                return Err("a request fails for ever".to_owned());
            }
            got = self.send(&ask)?;
            if was_written && !got.is_replay {
                return Err(format!("{} was written, its answer got lost, and it was done again", ask.told()));
            }
        }
        self.faults.plan(&[]);
        let written = self.faults.committed() - before;
        self.check_effect(&ask, &got, written)?;
        self.report.tally.count(what, got.status);
        if let Some(account) = &ask.account {
            self.touched.insert(account.clone());
        }
        self.keep(ask, &got);
        Ok(got)
    }

    /// What is refused leaves no trace, and what is done is done once.
    fn check_effect(&self, ask: &Ask, got: &Got, written: u64) -> Result<(), String> {
        let most = u64::from(got.status == 200 || got.status == 402);
        if most < written || (ask.method == http::Method::GET && 0 < written) {
            return Err(format!("{} was answered {} and wrote {written} changesets", ask.told(), got.status));
        }
        Ok(())
    }

    fn plan_faults(&mut self, ask: &Ask) -> Vec<Fault> {
        if !self.options.faults || ask.method == http::Method::GET || !self.dice.percent(15) {
            return Vec::new();
        }
        let conflicts = usize::try_from(self.dice.between(0, 3)).unwrap_or(0);
        let mut plan = vec![Fault::Conflict; conflicts];
        let is_repeatable = ask.key.is_some();
        // Without a key nobody can know whether it was done: such a client meets failures before writing only.
        match self.dice.between(0, 3) {
            0 => plan.push(Fault::Before),
            1 if is_repeatable => plan.push(Fault::After),
            2 if is_repeatable => plan.extend([Fault::Before, Fault::Conflict, Fault::After]),
            _ => {}
        }
        // What was planned ends here: the repetition after a failed one is not to meet a later plan's faults.
        plan.push(Fault::None);
        plan
    }

    pub(crate) fn crash(&mut self) -> Result<(), String> {
        self.diary.note(format!("the process dies and comes back; it was {}", self.host.now()));
        self.host.crash().map_err(|error| format!("the world cannot be opened again: {error}"))
    }

    /// Keeps an answer that is remembered: what was done, and what was refused after it was written.
    fn keep(&mut self, ask: Ask, got: &Got) {
        if ask.key.is_none() || !(got.status == 200 || got.status == 402) {
            return;
        }
        if PASTS <= self.past.len() {
            let at = self.dice.index(self.past.len());
            self.past.remove(at);
        }
        self.past.push_back(Past { ask, status: got.status, bytes: got.bytes.clone(), at: self.host.now().0 });
    }

    /// Asks again what was answered before.
    pub(crate) fn repeat(&mut self) -> Result<(), String> {
        let limit = self.host.now().0 - REMEMBERED;
        self.past.retain(|past| limit < past.at);
        if self.past.is_empty() {
            return Ok(());
        }
        let at = self.dice.index(self.past.len());
        let (mut ask, status, bytes) = {
            let past = &self.past[at];
            (past.ask.clone(), past.status, past.bytes.clone())
        };
        let before = self.faults.committed();
        let is_changed = self.dice.percent(25);
        if is_changed {
            ask.form.push(("metadata[other]".to_owned(), self.dice.word(5)));
        }
        let got = self.send(&ask)?;
        if before != self.faults.committed() {
            return Err(format!("a repetition of {} wrote something", ask.told()));
        }
        if is_changed {
            self.report.tally.count("repeat with other parameters", got.status);
            if got.status != 400 || got.body["error"]["type"] != "idempotency_error" {
                return Err(format!("a key with other parameters was answered {}: {}", got.status, got.body));
            }
            return Ok(());
        }
        self.report.tally.count("repeat", got.status);
        if (got.status, &got.bytes) != (status, &bytes) || !got.is_replay {
            let (was, is) = (String::from_utf8_lossy(&bytes), String::from_utf8_lossy(&got.bytes));
            return Err(format!("{} was answered {status} {was} and is now answered {} {is}", ask.told(), got.status));
        }
        Ok(())
    }

    /// Asks several things at once. What was done is answered 200; the others are refused or told to wait.
    pub(crate) fn ask_at_once(&mut self, what: &'static str, asks: &[Ask]) -> Result<Vec<Got>, String> {
        self.faults.plan(&[]);
        if self.options.faults && self.dice.percent(20) {
            self.faults.plan(&[Fault::Conflict, Fault::None]);
        }
        let responses = self.host.send_all(asks);
        self.faults.plan(&[]);
        self.read_all(what, asks, &responses)
    }

    /// Asks several things at once while jobs run.
    pub(crate) fn ask_while_jobs_run(
        &mut self,
        what: &'static str,
        asks: &[Ask],
        to: kernel::Timestamp,
    ) -> Result<Vec<Got>, String> {
        self.diary.note(format!("the clock moves to {to} while this is asked:"));
        let (responses, moved) = self.host.send_all_while_advancing(asks, to);
        moved.map_err(|error| format!("the clock cannot be moved: {error}"))?;
        self.read_all(what, asks, &responses)
    }

    fn read_all(&mut self, what: &'static str, asks: &[Ask], responses: &[Response]) -> Result<Vec<Got>, String> {
        let mut all = Vec::new();
        for (ask, response) in asks.iter().zip(responses) {
            let got = Got::of(response)?;
            self.note(ask, &got);
            checks::shape(ask, &got)?;
            if got.status == 503 {
                return Err(format!("503 without a fault: {}", got.body));
            }
            self.report.tally.count(what, got.status);
            all.push(got);
        }
        Ok(all)
    }

    /// Forgets answers that Kontor may forget.
    pub(crate) fn forget_answers(&mut self) {
        let limit = self.host.now().0 - REMEMBERED;
        self.past.retain(|past| limit < past.at);
    }
}
