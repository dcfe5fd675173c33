//! Time: Unix seconds on the wire; business days and calendars by `jiff`, in UTC.

use std::fmt;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Seconds in an hour.
pub const HOUR: i64 = 3_600;
/// Seconds in a day.
pub const DAY: i64 = 86_400;

/// A moment, in whole Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The moment `seconds` later (earlier when negative).
    pub const fn plus(self, seconds: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(seconds))
    }

    /// 00:00 UTC of the same day.
    pub const fn midnight(self) -> Timestamp {
        Timestamp(self.0 - self.0.rem_euclid(DAY))
    }

    /// 00:00 UTC of the day that is `days` business days (Monday to Friday) later. A weekend counts as the Monday after
    /// it (Stripe, "payout speed").
    pub fn business_days_later(self, days: i64) -> Timestamp {
        let mut day = self.midnight();
        while day.is_weekend() {
            day = day.plus(DAY);
        }
        for _ in 0..days {
            day = day.plus(DAY);
            while day.is_weekend() {
                day = day.plus(DAY);
            }
        }
        day
    }

    /// 00:00 UTC of the day that is `days` calendar days later.
    pub const fn days_later(self, days: i64) -> Timestamp {
        self.midnight().plus(days * DAY)
    }

    /// Whether the day is a Saturday or Sunday, in UTC.
    pub fn is_weekend(self) -> bool {
        matches!(self.weekday(), Weekday::Saturday | Weekday::Sunday)
    }

    /// The day of the week, in UTC.
    pub fn weekday(self) -> Weekday {
        self.date().weekday()
    }

    /// The civil date, in UTC.
    pub fn date(self) -> Date {
        jiff::Timestamp::from_second(self.0).unwrap_or_default().to_zoned(TimeZone::UTC).date()
    }

    /// RFC 3339, in UTC, to the second: `2026-11-23T00:00:00Z`.
    pub fn rfc3339(self) -> String {
        jiff::Timestamp::from_second(self.0).unwrap_or_default().to_string()
    }

    /// Reads Unix seconds, a date (`2026-11-23`, midnight UTC) or an RFC 3339 moment.
    pub fn parse(text: &str) -> Option<Timestamp> {
        if let Ok(seconds) = text.parse::<i64>() {
            return Some(Timestamp(seconds));
        }
        if let Ok(moment) = text.parse::<jiff::Timestamp>() {
            return Some(Timestamp(moment.as_second()));
        }
        let date = text.parse::<Date>().ok()?;
        Some(Timestamp(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn business_days_skip_weekends_and_start_from_the_monday_after_one() {
        // 2026-11-20 is a Friday.
        assert_eq!(at("2026-11-20T15:00:00Z").business_days_later(2), at("2026-11-24"));
        assert_eq!(at("2026-11-21T15:00:00Z").business_days_later(2), at("2026-11-25"));
        assert_eq!(at("2026-11-23T15:00:00Z").business_days_later(2), at("2026-11-25"));
    }

    #[test]
    fn moments_are_read_as_seconds_dates_or_rfc_3339() {
        assert_eq!(Timestamp::parse("1700000000"), Some(Timestamp(1_700_000_000)));
        assert_eq!(at("2026-11-23").0 % DAY, 0);
        assert_eq!(Timestamp::parse("tomorrow"), None);
        assert_eq!(at("2026-11-23").rfc3339(), "2026-11-23T00:00:00Z");
    }
}
