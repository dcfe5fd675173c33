//! All chance of a simulation, from its seed.

use kernel::Rng;

/// A seeded source of decisions.
#[derive(Debug, Clone)]
pub struct Dice(Rng);

impl Dice {
    /// The same seed gives the same decisions.
    pub fn seeded(seed: u64) -> Dice {
        Dice(Rng::seeded(seed))
    }

    /// Another source, independent of what this one decides later.
    pub fn fork(&mut self) -> Dice {
        Dice::seeded(self.0.next_u64())
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// True in `percent` of a hundred cases.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.0.below(100) < percent
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.0.below(n) == 0
    }

    /// From `least` to `most`, both included.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        let width = most.saturating_sub(least).max(0).unsigned_abs() + 1;
        least + i64::try_from(self.0.below(width)).unwrap_or(0)
    }

    /// An index below `length`; 0 for an empty one.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.0.below(length.max(1) as u64)).unwrap_or(0)
    }

    /// One of these, which must not be empty.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.index(from.len())]
    }

    /// One of these; `None` of none. Later ones are likelier: what is new is asked about most.
    pub fn recent<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() {
            return None;
        }
        let reach = if self.percent(70) { from.len().min(12) } else { from.len() };
        from.get(from.len() - 1 - self.index(reach))
    }

    /// One of these by weight.
    pub fn weighted<'a, T>(&mut self, from: &'a [(u64, T)]) -> &'a T {
        let total: u64 = from.iter().map(|(weight, _)| weight).sum();
        let mut at = self.0.below(total);
        for (weight, what) in from {
            if at < *weight {
                return what;
            }
            at -= weight;
        }
        &from[0].1
    }

    /// An amount in minor units: mostly everyday ones, now and then a tiny, round or huge one.
    pub fn amount(&mut self) -> i64 {
        match self.0.below(20) {
            0 => self.between(50, 60),
            1 => self.between(1, 9) * 10_000,
            2 => self.between(1_000_000, 20_000_000),
            _ => self.between(100, 50_000),
        }
    }

    /// A number at the edge of what can be written, or beyond what is sensible.
    pub fn extreme(&mut self) -> i64 {
        *self.pick(&[i64::MIN, -1, 0, 1, 99_999_999, 100_000_000, 99_999_999_999, i64::MAX / 2, i64::MAX - 1, i64::MAX])
    }

    /// Letters and digits.
    pub fn word(&mut self, length: usize) -> String {
        self.0.base62(length)
    }
}
