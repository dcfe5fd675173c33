//! An account's settings.

use kernel::{DAY, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::words;

words! {
    /// How often payouts are made by themselves.
    PayoutInterval {
        /// Only when asked for.
        Manual = "manual",
        /// Each business day.
        Daily = "daily",
        /// On days of the week.
        Weekly = "weekly",
        /// On days of the month.
        Monthly = "monthly",
    }
}

words! {
    /// A day of the week.
    Weekday {
        /// Monday.
        Monday = "monday",
        /// Tuesday.
        Tuesday = "tuesday",
        /// Wednesday.
        Wednesday = "wednesday",
        /// Thursday.
        Thursday = "thursday",
        /// Friday.
        Friday = "friday",
        /// Saturday.
        Saturday = "saturday",
        /// Sunday.
        Sunday = "sunday",
    }
}

words! {
    /// Whether a hosted page keeps how it was paid.
    PaymentMethodSave {
        /// Always.
        Always = "always",
        /// Never.
        Never = "never",
        /// When the payer agrees.
        Offer = "offer",
    }
}

/// When payouts are made by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PayoutSchedule {
    /// Days from a charge until its funds can be paid out.
    pub delay_days: i64,
    /// How often.
    pub interval: PayoutInterval,
    /// The first of `monthly_payout_days`, as older clients read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly_anchor: Option<i64>,
    /// Days of the month, 1 to 31; those past a month's end fall on its last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly_payout_days: Option<Vec<i64>>,
    /// The first of `weekly_payout_days`, as older clients read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekly_anchor: Option<Weekday>,
    /// Days of the week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekly_payout_days: Option<Vec<Weekday>>,
}

impl PayoutSchedule {
    /// Payouts of this interval, without days of week or month.
    pub fn new(interval: PayoutInterval, delay_days: i64) -> PayoutSchedule {
        PayoutSchedule {
            delay_days,
            interval,
            monthly_anchor: None,
            monthly_payout_days: None,
            weekly_anchor: None,
            weekly_payout_days: None,
        }
    }

    /// Whether payouts are made on the day of `at`, in UTC. Daily payouts leave weekends out.
    pub fn pays_out_on(&self, at: Timestamp) -> bool {
        match self.interval {
            PayoutInterval::Manual => false,
            PayoutInterval::Daily => !at.is_weekend(),
            PayoutInterval::Weekly => {
                let today = Weekday::of(at);
                let days = self.weekly_payout_days.as_deref().unwrap_or_default();
                days.contains(&today) || self.weekly_anchor == Some(today)
            }
            PayoutInterval::Monthly => {
                let (today, last) = (day_of_month(at), last_day_of_month(at));
                let days = self.monthly_payout_days.as_deref().unwrap_or_default();
                days.iter().chain(&self.monthly_anchor).any(|day| (*day).min(last) == today)
            }
        }
    }
}

impl Weekday {
    /// The weekday of a moment, in UTC. 1 January 1970 was a Thursday.
    pub fn of(at: Timestamp) -> Weekday {
        match at.0.div_euclid(DAY).rem_euclid(7) {
            0 => Weekday::Thursday,
            1 => Weekday::Friday,
            2 => Weekday::Saturday,
            3 => Weekday::Sunday,
            4 => Weekday::Monday,
            5 => Weekday::Tuesday,
            _ => Weekday::Wednesday,
        }
    }
}

fn day_of_month(at: Timestamp) -> i64 {
    i64::from(at.date().day())
}

fn last_day_of_month(at: Timestamp) -> i64 {
    let mut day = at;
    while at.date().month() == day.plus(DAY).date().month() {
        day = day.plus(DAY);
    }
    day_of_month(day)
}

/// How payouts are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Payouts {
    /// Whether a negative balance is taken from the external account.
    pub debit_negative_balances: bool,
    /// When.
    pub schedule: PayoutSchedule,
    /// What the bank's statement says.
    pub statement_descriptor: Option<String>,
}

/// What card statements say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Payments {
    /// The default of payments that say nothing else.
    pub statement_descriptor: Option<String>,
    /// In kana; Japan only.
    pub statement_descriptor_kana: Option<String>,
    /// In kanji; Japan only.
    pub statement_descriptor_kanji: Option<String>,
    /// The start in kana; Japan only.
    pub statement_descriptor_prefix_kana: Option<String>,
    /// The start in kanji; Japan only.
    pub statement_descriptor_prefix_kanji: Option<String>,
}

/// Which failed checks decline a card.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeclineOn {
    /// The postal code's.
    pub avs_failure: bool,
    /// The security code's.
    pub cvc_failure: bool,
}

/// How cards are taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CardPayments {
    /// Which failed checks decline a card.
    pub decline_on: DeclineOn,
    /// What stands before a payment's own suffix.
    pub statement_descriptor_prefix: Option<String>,
    /// In kana; Japan only.
    pub statement_descriptor_prefix_kana: Option<String>,
    /// In kanji; Japan only.
    pub statement_descriptor_prefix_kanji: Option<String>,
}

/// How hosted pages look.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Branding {
    /// The icon's file.
    pub icon: Option<String>,
    /// The logo's file.
    pub logo: Option<String>,
    /// `#` and six hexadecimal digits.
    pub primary_color: Option<String>,
    /// `#` and six hexadecimal digits.
    pub secondary_color: Option<String>,
}

/// When and from where terms were accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TermsAcceptance {
    /// When.
    pub date: Option<Timestamp>,
    /// From which address.
    pub ip: Option<String>,
    /// By which browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// The terms of issuing cards, or of financial accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CardIssuing {
    /// When they were accepted.
    pub tos_acceptance: TermsAcceptance,
}

/// What Bacs debits say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BacsDebit {
    /// The name on the payer's statement.
    pub display_name: Option<String>,
    /// The service user number.
    pub service_user_number: Option<String>,
}

/// What SEPA debits say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SepaDebit {
    /// The creditor identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creditor_id: Option<String>,
}

/// How dashboards show the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DisplaySettings {
    /// Its name there.
    pub display_name: Option<String>,
    /// Its time zone there.
    pub timezone: Option<String>,
}

/// How invoices are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invoices {
    /// The tax ids on them.
    pub default_account_tax_ids: Option<Vec<String>>,
    /// Whether hosted invoices keep how they were paid.
    pub hosted_payment_method_save: Option<PaymentMethodSave>,
}

/// An account's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Settings {
    /// What Bacs debits say.
    pub bacs_debit_payments: BacsDebit,
    /// How hosted pages look.
    pub branding: Branding,
    /// The terms of issuing cards.
    pub card_issuing: CardIssuing,
    /// How cards are taken.
    pub card_payments: CardPayments,
    /// How dashboards show the account.
    pub dashboard: DisplaySettings,
    /// How invoices are made.
    pub invoices: Invoices,
    /// What card statements say.
    pub payments: Payments,
    /// How payouts are made.
    pub payouts: Payouts,
    /// What SEPA debits say.
    pub sepa_debit_payments: SepaDebit,
    /// The terms of financial accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treasury: Option<CardIssuing>,
}

impl Settings {
    /// A new account's settings.
    pub fn new(schedule: PayoutSchedule, debit_negative_balances: bool) -> Settings {
        Settings {
            bacs_debit_payments: BacsDebit::default(),
            branding: Branding::default(),
            card_issuing: CardIssuing::default(),
            card_payments: CardPayments::default(),
            dashboard: DisplaySettings { display_name: None, timezone: Some("Etc/UTC".into()) },
            invoices: Invoices {
                default_account_tax_ids: None,
                hosted_payment_method_save: Some(PaymentMethodSave::Always),
            },
            payments: Payments::default(),
            payouts: Payouts { debit_negative_balances, schedule, statement_descriptor: None },
            sepa_debit_payments: SepaDebit::default(),
            treasury: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_weekday_is_that_of_the_calendar() {
        // 2026-11-20 is a Friday.
        assert_eq!(Weekday::of(on("2026-11-20T23:59:59Z")), Weekday::Friday);
        assert_eq!(Weekday::of(on("2026-11-21")), Weekday::Saturday);
        assert_eq!(Weekday::of(on("1970-01-01")), Weekday::Thursday);
    }

    #[test]
    fn a_schedule_says_on_which_days_it_pays() {
        let daily = PayoutSchedule::new(PayoutInterval::Daily, 2);
        assert!(daily.pays_out_on(on("2026-11-20")) && !daily.pays_out_on(on("2026-11-21")));
        let manual = PayoutSchedule::new(PayoutInterval::Manual, 2);
        assert!(!manual.pays_out_on(on("2026-11-20")));
        let weekly = PayoutSchedule {
            weekly_anchor: Some(Weekday::Friday),
            weekly_payout_days: Some(vec![Weekday::Friday]),
            ..PayoutSchedule::new(PayoutInterval::Weekly, 2)
        };
        assert!(weekly.pays_out_on(on("2026-11-20")) && !weekly.pays_out_on(on("2026-11-19")));
        let monthly = PayoutSchedule {
            monthly_payout_days: Some(vec![15, 31]),
            ..PayoutSchedule::new(PayoutInterval::Monthly, 2)
        };
        let days = ["2026-11-15", "2026-11-30", "2026-11-29", "2027-02-28", "2027-01-31", "2027-01-30"];
        let expected = [true, true, false, true, true, false];
        assert_eq!(days.map(|day| monthly.pays_out_on(on(day))), expected);
    }
}
