//! `kontor-fuzz [--seconds N] [--seed N] [--target NAME] [--input HEX]`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "this is test code")]

use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1)).cloned();
    let seconds: u64 = option("--seconds").map_or(10, |text| text.parse().expect("--seconds takes a number"));
    let seed: u64 = option("--seed").map_or_else(
        || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs(),
        |text| text.parse().expect("--seed takes a number"),
    );
    let chosen = option("--target");
    let targets = fuzz::targets().iter().filter(|target| chosen.as_deref().is_none_or(|name| name == target.name));
    if let Some(input) = option("--input") {
        let input = hex::decode(input).expect("--input takes hex");
        targets.for_each(|target| fuzz::play(target, &input));
        return ExitCode::SUCCESS;
    }
    println!("seed {seed}, {seconds} s for each target");
    let mut all_well = true;
    for target in targets {
        let report = fuzz::run(target, seed, Duration::from_secs(seconds));
        println!("{report}");
        all_well &= report.finding.is_none();
    }
    if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
