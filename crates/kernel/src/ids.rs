//! Ids: Stripe's prefixes and a time-ordered body, so that inserts append.

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A seeded source of randomness, handed in wherever something must be unpredictable or unique.
#[derive(Debug, Clone)]
pub struct Rng(ChaCha12Rng);

impl Rng {
    /// The same seed gives the same sequence: for tests and simulation.
    pub fn seeded(seed: u64) -> Rng {
        Rng(ChaCha12Rng::seed_from_u64(seed))
    }

    /// Seeded by the caller's own entropy (the operating system's, in the server).
    pub fn from_entropy(seed: [u8; 32]) -> Rng {
        Rng(ChaCha12Rng::from_seed(seed))
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Fills `buffer` with random bytes.
    pub fn fill(&mut self, buffer: &mut [u8]) {
        self.0.fill_bytes(buffer);
    }

    /// A uniform number below `bound`, which must be positive. The bias of the modulo is below 2⁻³² for small bounds.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next_u64() % bound.max(1)
    }

    /// `length` random base-62 characters.
    pub fn base62(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(BASE62[self.below(62) as usize])).collect()
    }
}

/// The maker of ids of one world: `prefix_` and 24 base-62 characters, the first 8 of them the time in milliseconds, the
/// next 3 a counter within it, the rest random.
#[derive(Debug)]
pub struct Ids {
    last_ms: i64,
    counter: u64,
}

impl Ids {
    /// A maker that has given no id yet.
    pub fn new() -> Ids {
        Ids { last_ms: 0, counter: 0 }
    }

    /// A new id. Ids of one maker grow, whatever the clock does: a clock that stands or goes back is not followed.
    pub fn next(&mut self, prefix: &str, now_ms: i64, rng: &mut Rng) -> String {
        if self.last_ms < now_ms {
            self.last_ms = now_ms;
            self.counter = 0;
        } else {
            self.counter += 1;
            if self.counter == 62_u64.pow(3) {
                self.last_ms += 1;
                self.counter = 0;
            }
        }
        let mut id = String::with_capacity(prefix.len() + 25);
        id.push_str(prefix);
        id.push('_');
        push_base62(&mut id, self.last_ms.unsigned_abs(), 8);
        push_base62(&mut id, self.counter, 3);
        let mut random = [rng.next_u64(), rng.next_u64()];
        for i in 0..13 {
            let word = &mut random[i % 2];
            id.push(char::from(BASE62[(*word % 62) as usize]));
            *word /= 62;
        }
        id
    }
}

impl Default for Ids {
    fn default() -> Ids {
        Ids::new()
    }
}

fn push_base62(out: &mut String, mut n: u64, width: usize) {
    let mut digits = [b'0'; 11];
    for slot in digits[..width].iter_mut().rev() {
        *slot = BASE62[(n % 62) as usize];
        n /= 62;
    }
    out.extend(digits[..width].iter().map(|&b| char::from(b)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_even_when_the_clock_stands_or_goes_back() {
        let (mut ids, mut rng) = (Ids::new(), Rng::seeded(1));
        let mut last = String::new();
        for now in [5, 5, 5, 4, 6, 6, 2_000_000_000_000, 7] {
            let id = ids.next("ch", now, &mut rng);
            assert!(last < id, "{last} is not before {id}");
            assert_eq!(id.len(), 27);
            last = id;
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let make = || Ids::new().next("acct", 1, &mut Rng::seeded(7));
        assert_eq!(make(), make());
    }
}
