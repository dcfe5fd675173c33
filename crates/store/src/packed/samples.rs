//! Samples: what documents of each kind look like.
//!
//! They were taken from the store of a sandbox that `kontor demo` had played in. A sample is part of what was packed with it,
//! so it is never changed and never leaves its place; a better one is added behind the last, and its kind's documents are
//! packed with it from then on.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a kind's documents look like.
#[derive(Debug)]
pub(crate) struct Sample {
    /// Its place in the list, from 1.
    pub number: u8,
    /// An event's beginning and end, private parts and documents, as they are stored.
    pub text: String,
}

/// What an event has around its document.
const EVENT: &str = include_str!("samples/event.txt");

macro_rules! samples {
    ($($table:literal),* $(,)?) => {
        [$(($table, include_str!(concat!("samples/", $table, ".txt")))),*]
    };
}

/// The kind's table and the sample, in the order of their numbers.
const ALL: [(&str, &str); 20] = samples![
    "charge",
    "balance_transaction",
    "payment_intent",
    "payment_method",
    "transfer",
    "application_fee",
    "refund",
    "transfer_reversal",
    "fee_refund",
    "payout",
    "account",
    "person",
    "bank_account",
    "customer",
    "token",
    "webhook_endpoint",
    "delivery",
    "job",
    "connect_reserve",
    "event",
];

static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| {
    let sample = |(number, (table, text)): (u8, &(&str, &str))| {
        let text = if *table == "event" { EVENT.to_owned() } else { format!("{EVENT}{text}") };
        Sample { number, text }
    };
    (1..).zip(&ALL).map(sample).collect()
});

static NEWEST: LazyLock<HashMap<&'static str, &'static Sample>> =
    LazyLock::new(|| ALL.iter().zip(SAMPLES.iter()).map(|((table, _), sample)| (*table, sample)).collect());

/// The newest sample of a kind; of one that has none, what events look like.
pub(crate) fn of(table: &str) -> Option<&'static Sample> {
    NEWEST.get(table).or_else(|| NEWEST.get("event")).copied()
}

/// The sample that something was packed with.
pub(crate) fn numbered(number: u8) -> Option<&'static Sample> {
    SAMPLES.get(usize::from(number).checked_sub(1)?)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn samples_are_what_they_were() {
        let mut hasher = Sha256::new();
        for sample in SAMPLES.iter() {
            hasher.update([sample.number]);
            hasher.update(&sample.text);
        }
        assert_eq!(hex::encode(&hasher.finalize()[..8]), "3cf7f31cfa83a955", "stores are packed with them");
    }
}
