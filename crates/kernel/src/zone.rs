//! Time zones, from the table that is built in: no machine knows others.

use jiff::civil::Time;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::{HOUR, Timestamp};

/// A time zone of the IANA table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Finds a zone by its name in any case: `America/New_York`.
    pub fn find(name: &str) -> Option<Zone> {
        TimeZoneDatabase::bundled().get(name).ok().map(Zone)
    }

    /// Its name as the table writes it.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("Etc/UTC")
    }

    /// The day that `moment` belongs to where days begin `after_midnight` seconds after the zone's midnight: 00:00 UTC of
    /// that date.
    pub fn day_of(&self, moment: Timestamp, after_midnight: i64) -> Timestamp {
        let local = jiff::Timestamp::from_second(moment.0).unwrap_or_default().to_zoned(self.0.clone()).datetime();
        let since_midnight = seconds_of(local.time());
        let date =
            Timestamp(local.date().at(0, 0, 0, 0).to_zoned(TimeZone::UTC).map_or(0, |day| day.timestamp().as_second()));
        if since_midnight < after_midnight { date.plus(-24 * HOUR) } else { date }
    }
}

fn seconds_of(time: Time) -> i64 {
    i64::from(time.hour()) * HOUR + i64::from(time.minute()) * 60 + i64::from(time.second())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn zones_are_found_by_name_in_any_case_and_others_are_not() {
        assert_eq!(Zone::find("asia/singapore").unwrap().name(), "Asia/Singapore");
        assert_eq!(Zone::find("Etc/UTC").unwrap().name(), "Etc/UTC");
        assert_eq!(Zone::find("Atlantis/Capital"), None);
        assert_eq!(Zone::find(""), None);
    }

    #[test]
    fn a_day_begins_where_the_zone_says_and_when_it_is_told_to() {
        let cases = [
            ("Etc/UTC", 0, "2026-11-03T00:00:00Z", "2026-11-03"),
            // Singapore is eight hours ahead.
            ("Asia/Singapore", 0, "2026-11-02T15:59:59Z", "2026-11-02"),
            ("Asia/Singapore", 0, "2026-11-02T16:00:00Z", "2026-11-03"),
            ("Asia/Singapore", 6, "2026-11-02T21:59:59Z", "2026-11-02"),
            ("Asia/Singapore", 6, "2026-11-02T22:00:00Z", "2026-11-03"),
            // New York is four hours behind in October, five in November.
            ("America/New_York", 0, "2026-10-30T04:00:00Z", "2026-10-30"),
            ("America/New_York", 0, "2026-11-03T04:00:00Z", "2026-11-02"),
        ];
        for (zone, hour, moment, day) in cases {
            assert_eq!(Zone::find(zone).unwrap().day_of(at(moment), hour * HOUR), at(day), "{zone} {hour} {moment}");
        }
    }
}
