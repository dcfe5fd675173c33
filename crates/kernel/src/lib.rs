//! Ids, money, time, randomness and errors: what every part of Kontor shares.
//!
//! Nothing here does I/O and nothing reads a clock by itself: time and randomness are values that are handed in, so
//! that the same request against the same world gives the same bytes.

mod country;
mod currency;
mod error;
mod ids;
mod metadata;
mod money;
mod patch;
mod time;
mod zone;

pub use country::Country;
pub use currency::Currency;
pub use error::{ApiError, ErrorType, Result, missing, resource_missing, too_high, too_low};
pub use ids::{Ids, Rng};
pub use metadata::{Metadata, MetadataPatch};
pub use money::{Money, prorate, round_half_up};
pub use patch::Patch;
pub use time::{DAY, HOUR, Timestamp};
pub use zone::Zone;

/// The API version that Kontor speaks, as sent in `Stripe-Version` and written into events.
pub const API_VERSION: &str = "2026-10-28.endive";
