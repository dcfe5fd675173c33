//! When automatic payouts run.
//!
//! At 01:00 UTC of each day on which the account's schedule pays: an hour after midnight, when money becomes available.

use accounts::PayoutSchedule;
use kernel::{DAY, HOUR, Timestamp};

/// How long after midnight (UTC) automatic payouts run.
const AFTER_MIDNIGHT: i64 = HOUR;

/// No schedule leaves a longer gap than a month.
const LONGEST_GAP_DAYS: i64 = 32;

/// The first run of a schedule after `moment`; none when payouts are manual.
pub(super) fn next_run(schedule: &PayoutSchedule, moment: Timestamp) -> Option<Timestamp> {
    let first = next_run_of_any(moment);
    (0..LONGEST_GAP_DAYS).map(|days| first.plus(days * DAY)).find(|run| schedule.pays_out_on(*run))
}

/// The first moment after `moment` at which automatic payouts of some schedule run.
pub(super) fn next_run_of_any(moment: Timestamp) -> Timestamp {
    let today = moment.midnight().plus(AFTER_MIDNIGHT);
    if moment < today { today } else { today.plus(DAY) }
}

#[cfg(test)]
mod tests {
    use accounts::{PayoutInterval, Weekday};

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn every(interval: PayoutInterval) -> PayoutSchedule {
        PayoutSchedule::new(interval, 2)
    }

    fn weekly(days: &[Weekday]) -> PayoutSchedule {
        PayoutSchedule { weekly_payout_days: Some(days.to_vec()), ..every(PayoutInterval::Weekly) }
    }

    fn monthly(days: &[i64]) -> PayoutSchedule {
        PayoutSchedule { monthly_payout_days: Some(days.to_vec()), ..every(PayoutInterval::Monthly) }
    }

    /// The four runs after a moment, as `month-day`.
    fn runs(schedule: &PayoutSchedule, from: &str) -> Vec<String> {
        let mut moment = at(from);
        let mut runs = Vec::new();
        while let Some(run) = next_run(schedule, moment).filter(|_| runs.len() < 4) {
            let text = run.rfc3339();
            assert!(text.ends_with("T01:00:00Z"));
            runs.push(text[5..10].to_owned());
            moment = run;
        }
        runs
    }

    #[test]
    fn runs_follow_the_schedule() {
        // 2026-11-02 is a Monday; 2028 has a 29 February.
        let cases: [(PayoutSchedule, &str, &[&str]); 11] = [
            (every(PayoutInterval::Manual), "2026-11-02T12:00:00Z", &[]),
            (every(PayoutInterval::Daily), "2026-11-02T12:00:00Z", &["11-03", "11-04", "11-05", "11-06"]),
            (every(PayoutInterval::Daily), "2026-11-05T00:00:00Z", &["11-05", "11-06", "11-09", "11-10"]),
            (weekly(&[Weekday::Monday]), "2026-11-02T00:00:00Z", &["11-02", "11-09", "11-16", "11-23"]),
            (
                weekly(&[Weekday::Friday, Weekday::Tuesday]),
                "2026-11-02T12:00:00Z",
                &["11-03", "11-06", "11-10", "11-13"],
            ),
            (weekly(&[Weekday::Sunday]), "2026-11-08T01:00:00Z", &["11-15", "11-22", "11-29", "12-06"]),
            (monthly(&[1]), "2026-11-02T12:00:00Z", &["12-01", "01-01", "02-01", "03-01"]),
            (monthly(&[31]), "2026-11-30T01:00:00Z", &["12-31", "01-31", "02-28", "03-31"]),
            (monthly(&[29]), "2028-01-30T00:00:00Z", &["02-29", "03-29", "04-29", "05-29"]),
            (monthly(&[15, 30]), "2027-01-31T00:00:00Z", &["02-15", "02-28", "03-15", "03-30"]),
            (weekly(&[]), "2026-11-02T12:00:00Z", &[]),
        ];
        for (schedule, from, expected) in cases {
            assert_eq!(runs(&schedule, from), expected, "{schedule:?} from {from}");
        }
    }

    #[test]
    fn a_run_is_after_the_midnight_at_which_money_becomes_available() {
        assert_eq!(next_run_of_any(at("2026-11-04")), at("2026-11-04T01:00:00Z"));
        assert_eq!(next_run_of_any(at("2026-11-04T01:00:00Z")), at("2026-11-05T01:00:00Z"));
    }
}
