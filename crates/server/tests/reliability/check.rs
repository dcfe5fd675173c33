//! What must be true after a failure, whatever it was.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::{Ask, Client, text};
use crate::hooks::Hooks;
use crate::load::{Cast, Made, Operation};

/// What was looked at.
#[derive(Debug, Default, Clone, Copy)]
pub struct Seen {
    /// Operations that were answered and are there.
    pub answered: usize,
    /// Operations whose answer was lost, asked again.
    pub unanswered: usize,
    /// Those of them that had happened.
    pub had_happened: usize,
}

impl std::ops::AddAssign for Seen {
    fn add_assign(&mut self, other: Seen) {
        self.answered += other.answered;
        self.unanswered += other.unanswered;
        self.had_happened += other.had_happened;
    }
}

/// How often each operation whose name begins with `prefix` has had an effect.
fn effects(client: &mut Client, cast: &Cast, prefix: &str) -> HashMap<String, usize> {
    let mut lists: Vec<(&str, Option<&str>)> =
        vec![("/v1/payment_intents", None), ("/v1/refunds", None), ("/v1/transfers", None)];
    lists.extend(cast.sellers.iter().map(|seller| ("/v1/payouts", Some(seller.as_str()))));
    let mut counts = HashMap::new();
    let operation = |document: &Value| document["metadata"]["operation"].as_str().map(str::to_owned);
    let is_ours = |document: &Value| operation(document).is_some_and(|name| name.starts_with(prefix));
    for (path, account) in lists {
        for document in client.list(path, account, |page| !page.iter().any(is_ours)) {
            if is_ours(&document) {
                *counts.entry(operation(&document).unwrap()).or_default() += 1;
            }
        }
    }
    counts
}

/// Everything that was answered is there once and is answered again by the same bytes; everything that was not happens
/// once however often it is asked.
pub fn operations(client: &mut Client, cast: &Cast, prefix: &str, operations: &[Operation]) -> Seen {
    let mut seen = Seen::default();
    let before = effects(client, cast, prefix);
    for operation in operations.iter().filter(|operation| operation.is_kept()) {
        assert_eq!(before.get(&operation.name), Some(&1), "what was answered is there once: {operation:?}");
        let again = client.ask(&operation.ask).unwrap();
        assert_eq!(Some(&again), operation.answer.as_ref(), "{}", operation.name);
        seen.answered += 1;
    }
    for operation in operations.iter().filter(|operation| operation.answer.is_none()) {
        let happened = before.get(&operation.name).copied().unwrap_or(0);
        assert!(happened <= 1, "{operation:?}");
        let first = client.ask(&operation.ask).unwrap();
        assert!(matches!(first.status, 200 | 400 | 402), "{operation:?}: {first:?}");
        if first.status != 400 {
            assert_eq!(client.ask(&operation.ask).unwrap(), first);
        }
        seen.unanswered += 1;
        seen.had_happened += happened;
    }
    let after = effects(client, cast, prefix);
    for operation in operations {
        let count = after.get(&operation.name).copied().unwrap_or(0);
        let refused = operation.answer.as_ref().is_some_and(|answer| answer.status == 400);
        let expected = if refused { 0..=0 } else { 0..=1 };
        assert!(expected.contains(&count), "{count} effects of {operation:?}");
    }
    seen
}

/// The webhooks of all payments that succeeded arrive, however often the server was killed meanwhile.
pub fn webhooks(client: &mut Client, hooks: &Hooks, operations: &[Operation]) {
    let succeeded: Vec<String> = operations
        .iter()
        .filter(|operation| operation.made == Made::Payment)
        .filter_map(|operation| operation.answer.as_ref().filter(|answer| answer.status == 200))
        .map(|answer| text(&answer.json(), "id"))
        .collect();
    let begun = Instant::now();
    let mut moved = false;
    loop {
        let missing = hooks.missing(succeeded.iter());
        if missing.is_empty() {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "{} webhooks are missing: {missing:?}", missing.len());
        if !moved && Duration::from_secs(5) < begun.elapsed() {
            // What failed when the server was killed waits for its next attempt.
            client.ok(&Ask::post("/kontor/v1/clock/advance", "seconds=3600"));
            moved = true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Due jobs go on: ten days later every payout has arrived and nothing is pending.
pub fn jobs(client: &mut Client, cast: &Cast) {
    client.ok(&Ask::post("/kontor/v1/clock/advance", "seconds=864000"));
    for seller in &cast.sellers {
        for payout in client.list("/v1/payouts", Some(seller), |_| false) {
            assert_eq!(payout["status"], "paid", "{payout:#}");
        }
        let balance = client.ok(&Ask::get("/v1/balance").on(seller));
        for pending in balance["pending"].as_array().unwrap() {
            assert_eq!(pending["amount"], 0, "{balance:#}");
        }
    }
}
