//! Overload is refused before latency collapses: a bound on requests in flight, and a rate for each account.
//!
//! Both are off unless configured, so that test suites against a sandbox never meet them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use kernel::{ApiError, ErrorType};

/// What a server takes at the most. `None` is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests worked on at once.
    pub in_flight: Option<usize>,
    /// Requests per second and key.
    pub per_second: Option<u32>,
}

/// Why a request was refused (`Stripe-Rate-Limited-Reason`; money.md 14.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Too many at once.
    GlobalConcurrency,
    /// Too many in a second.
    GlobalRate,
}

impl Reason {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Reason::GlobalConcurrency => "global-concurrency",
            Reason::GlobalRate => "global-rate",
        }
    }

    pub(crate) fn error(self) -> ApiError {
        let message = "Request rate limit exceeded. Please retry in a moment; see https://stripe.com/docs/rate-limits.";
        ApiError::new(429, ErrorType::InvalidRequest, message).code("rate_limit")
    }
}

/// Accounts whose rates are remembered at the most: beyond it all start again with a full bucket.
const MOST_BUCKETS: usize = 100_000;

/// The gate that every request passes.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    limits: Limits,
    in_flight: Arc<AtomicUsize>,
    buckets: Mutex<HashMap<u64, Bucket>>,
}

/// A token bucket: it holds a second's worth, and fills as time goes.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at_ms: i64,
}

/// Counts a request as in flight until it is dropped.
#[derive(Debug)]
pub(crate) struct Passage(Arc<AtomicUsize>);

impl Drop for Passage {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Gate {
    pub(crate) fn new(limits: Limits) -> Gate {
        Gate { limits, ..Gate::default() }
    }

    /// Lets a request of the key with this hash in, or says why not.
    pub(crate) fn enter(&self, key_hash: u64, now_ms: i64) -> Result<Passage, Reason> {
        let passage = Passage(self.in_flight.clone());
        let others = self.in_flight.fetch_add(1, Ordering::AcqRel);
        if self.limits.in_flight.is_some_and(|most| most <= others) {
            return Err(Reason::GlobalConcurrency);
        }
        match self.limits.per_second {
            Some(rate) if !self.take(key_hash, f64::from(rate), now_ms) => Err(Reason::GlobalRate),
            _ => Ok(passage),
        }
    }

    fn take(&self, key_hash: u64, rate: f64, now_ms: i64) -> bool {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if MOST_BUCKETS <= buckets.len() {
            buckets.clear();
        }
        let bucket = buckets.entry(key_hash).or_insert(Bucket { tokens: rate, at_ms: now_ms });
        let passed = (now_ms - bucket.at_ms).max(0) as f64 / 1_000.0;
        bucket.tokens = (bucket.tokens + passed * rate).min(rate);
        bucket.at_ms = now_ms;
        if bucket.tokens < 1.0 {
            return false;
        }
        bucket.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_are_in_flight_at_once() {
        let gate = Gate::new(Limits { in_flight: Some(2), per_second: None });
        let (one, two) = (gate.enter(1, 0).unwrap(), gate.enter(2, 0).unwrap());
        assert_eq!(gate.enter(3, 0).unwrap_err(), Reason::GlobalConcurrency);
        drop(one);
        assert!(gate.enter(3, 0).is_ok());
        drop(two);
    }

    #[test]
    fn each_key_has_its_own_rate_and_gets_it_back_with_time() {
        let gate = Gate::new(Limits { in_flight: None, per_second: Some(3) });
        let passed = |key, now| gate.enter(key, now).is_ok();
        assert_eq!([passed(1, 0), passed(1, 0), passed(1, 0), passed(1, 0)], [true, true, true, false]);
        assert!(passed(2, 0), "another key is not affected");
        assert!(!passed(1, 300));
        assert!(passed(1, 700));
    }

    #[test]
    fn without_limits_everything_passes() {
        let gate = Gate::new(Limits::default());
        let held: Vec<_> = (0..10_000).map(|_| gate.enter(1, 0)).collect();
        assert!(held.iter().all(Result::is_ok));
    }
}
