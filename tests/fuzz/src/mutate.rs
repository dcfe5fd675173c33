//! Small changes to an input.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A few changes of `base`, some of them with what is in `other` or among `words`.
pub(crate) fn mutate(rng: &mut ChaCha8Rng, base: &[u8], other: &[u8], words: &[Vec<u8>]) -> Vec<u8> {
    let mut input = base.to_vec();
    for _ in 0..rng.random_range(1..=4) {
        let at = rng.random_range(0..=input.len());
        match rng.random_range(0..10) {
            0 if at < input.len() => input[at] ^= 1 << rng.random_range(0..8),
            1 if at < input.len() => input[at] = rng.random(),
            2 => {
                let end = rng.random_range(at..=input.len());
                input.drain(at..end.min(at + 40));
            }
            3 => {
                let end = rng.random_range(at..=input.len()).min(at + 200);
                let part = input[at..end].to_vec();
                let times = if rng.random_bool(0.05) { 50 } else { 1 };
                let to = rng.random_range(0..=input.len());
                for _ in 0..times {
                    input.splice(to..to, part.iter().copied());
                }
            }
            4 if !other.is_empty() => {
                let from = rng.random_range(0..other.len());
                let to = rng.random_range(from..=other.len());
                input.splice(at..at, other[from..to].iter().copied());
            }
            5 => {
                input.truncate(at);
                let from = rng.random_range(0..=other.len());
                input.extend_from_slice(&other[from..]);
            }
            6 => replace_number(rng, &mut input, at),
            _ => {
                let word = &words[rng.random_range(0..words.len())];
                // In place of what is between two delimiters, or between two bytes.
                let end =
                    input[at..].iter().position(|b| b"&=[]/.\n?,\":{} ".contains(b)).map_or(input.len(), |n| at + n);
                let end = if rng.random_bool(0.5) { end } else { at };
                input.splice(at..end, word.iter().copied());
            }
        }
    }
    input
}

/// The digits around `at` become a number at some edge.
fn replace_number(rng: &mut ChaCha8Rng, input: &mut Vec<u8>, at: usize) {
    const EDGES: &[&str] = &[
        "0",
        "-1",
        "1",
        "49",
        "50",
        "99999999",
        "100000000",
        "2147483648",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "18446744073709551615",
        "1e308",
        "1793620800",
        "253402300800",
        "0.5",
        "1.0",
    ];
    let Some(start) = input[at..].iter().position(u8::is_ascii_digit).map(|n| at + n) else { return };
    let end = input[start..].iter().position(|b| !b.is_ascii_digit()).map_or(input.len(), |n| start + n);
    let edge = EDGES[rng.random_range(0..EDGES.len())];
    input.splice(start..end, edge.bytes());
}
