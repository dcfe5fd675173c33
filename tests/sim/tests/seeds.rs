//! A few short worlds on every run, and proof that the simulator can fail.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is test code")]

use sim::simulation::{Options, Report};
use sim::{Bug, Storage};

fn run(options: &Options) -> Report {
    sim::run(options).unwrap_or_else(|failure| panic!("{failure}"))
}

#[test]
fn worlds_from_a_few_seeds_keep_their_books() {
    for seed in 1..=4 {
        run(&Options { audit_every: 100, ..Options::new(seed, 500) });
    }
}

#[test]
fn everything_that_is_asked_is_sometimes_done() {
    let mut tally = sim::Tally::default();
    for seed in 11..=13 {
        tally.add(&run(&Options { audit_every: 200, ..Options::new(seed, 800) }).tally);
    }
    let done = [
        ("payment", "200"),
        ("payment", "402"),
        ("payment", "400"),
        ("capture", "200"),
        ("cancellation", "200"),
        ("refund", "200"),
        ("refund", "400"),
        ("reversal", "200"),
        ("fee refund", "200"),
        ("transfer", "200"),
        ("transfer", "400"),
        ("transfer from a charge", "200"),
        ("payout", "200"),
        ("payout cancellation", "200"),
        ("account update", "200"),
        ("balance settings", "200"),
        ("external account", "200"),
        ("customer", "200"),
        ("webhook endpoint", "200"),
        ("automatic payout", "made"),
        ("automatic payout", "debit"),
        ("repeat", "200"),
        ("repeat with other parameters", "400"),
        ("crash", "done"),
        ("refunds at once", "200"),
        ("transfers at once", "400"),
        ("payments at once", "200"),
    ];
    for (what, outcome) in done {
        assert!(0 < tally.of(what, outcome), "{what} was never answered {outcome}:\n{tally}");
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let world = |seed| run(&Options { concurrency: false, audit_every: 400, ..Options::new(seed, 400) }).fingerprint;
    assert_eq!(world(21), world(21));
    assert_ne!(world(21), world(22));
}

#[test]
fn a_world_on_sqlite_keeps_its_books() {
    run(&Options { storage: Storage::Sqlite, audit_every: 100, ..Options::new(31, 250) });
}

#[test]
fn planted_bugs_are_noticed() {
    for bug in [Bug::DropsWrite, Bug::PostsTwice, Bug::LosesCommit, Bug::TearsCommit, Bug::ForgetsAnswer] {
        let options = |seed| Options { bug: Some((bug, 200)), ..Options::new(seed, 1_500) };
        // A bug shows only when a later step happens to look at what it touched: not in every world.
        let noticed = (41..=46).find_map(|seed| Some((seed, sim::run(&options(seed)).err()?)));
        let (seed, failure) = noticed.unwrap_or_else(|| panic!("{bug:?} was not noticed"));
        assert!(0 < failure.step && failure.step < 1_500, "{bug:?}: {failure}");
        assert!(failure.to_string().contains(&format!("make sim SEED={seed}")), "{failure}");
    }
}
