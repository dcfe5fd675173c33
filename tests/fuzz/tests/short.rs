//! A short run of every target, over a fresh seed each day's worth of runs: the long ones are `make fuzz`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "this is test code")]

use std::time::Duration;

#[test]
fn no_bytes_break_anything_for_some_seconds() {
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    println!("seed {seed}");
    for target in fuzz::targets() {
        let report = fuzz::run(target, seed, Duration::from_secs(2));
        println!("{report}");
        assert!(report.finding.is_none(), "{report}");
        assert!(0 < report.tried);
    }
}
