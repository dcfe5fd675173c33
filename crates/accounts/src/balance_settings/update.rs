//! Changing balance settings.

use std::collections::BTreeMap;

use kernel::{ApiError, Currency, Patch, Result, Zone, missing, too_high, too_low};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Doc, Tx};
use wire::{Path, Reply};

use super::{BalanceSettings, TransferRuleType, view};
use crate::change::Change;
use crate::country_delay_days;
use crate::documents::{Account, BalancePrivate, PayoutInterval, StartOfDay, Weekday};
use crate::settings::{self, View, check_delay};
use crate::validate::name;
use crate::{access, validate};

const PAYOUTS: &str = "payments[payouts]";
const TIMING: &str = "payments[settlement_timing]";

/// The most that a balance can be kept at, in minor units.
const LARGEST_MINIMUM: i64 = 99_999_999_999;

/// What of balance settings can be changed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateBalanceSettings {
    /// Of the balance that payments make.
    payments: Option<PaymentsParams>,
}

/// `payments`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaymentsParams {
    /// Whether a negative balance is taken from the external account.
    debit_negative_balances: Option<bool>,
    /// How it is paid out.
    payouts: Option<PayoutsParams>,
    /// When payments become available.
    settlement_timing: Option<TimingParams>,
}

/// `payments[payouts]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayoutsParams {
    /// Transfers to payout methods of the v2 API; not yet.
    #[serde(default)]
    automatic_transfer_rules_by_currency: Patch<BTreeMap<Currency, Patch<Vec<TransferRuleParams>>>>,
    /// What automatic payouts leave, in minor units; a currency, or all of them, can be unset.
    #[serde(default)]
    minimum_balance_by_currency: Patch<BTreeMap<Currency, Patch<i64>>>,
    /// When payouts are made by themselves.
    schedule: Option<ScheduleParams>,
    /// What the bank's statement says: at most 22 characters.
    statement_descriptor: Option<String>,
}

/// `payments[payouts][automatic_transfer_rules_by_currency]`, one rule of one currency.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "rules are read, so that bad ones are told from those that cannot be followed yet")]
pub(crate) struct TransferRuleParams {
    payout_method: String,
    transfer_up_to_amount: Option<i64>,
    #[serde(rename = "type")]
    kind: TransferRuleType,
}

/// `payments[payouts][schedule]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleParams {
    interval: Option<PayoutInterval>,
    monthly_payout_days: Option<Vec<i64>>,
    weekly_payout_days: Option<Vec<BusinessDay>>,
}

/// A day on which banks work.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum BusinessDay {
    Friday,
    Monday,
    Thursday,
    Tuesday,
    Wednesday,
}

impl From<BusinessDay> for Weekday {
    fn from(day: BusinessDay) -> Weekday {
        match day {
            BusinessDay::Monday => Weekday::Monday,
            BusinessDay::Tuesday => Weekday::Tuesday,
            BusinessDay::Wednesday => Weekday::Wednesday,
            BusinessDay::Thursday => Weekday::Thursday,
            BusinessDay::Friday => Weekday::Friday,
        }
    }
}

/// `payments[settlement_timing]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimingParams {
    /// Days until funds are available; unset for the country's.
    #[serde(default)]
    delay_days_override: Patch<i64>,
    /// When days begin; unset for midnight UTC.
    #[serde(default)]
    start_of_day: Patch<StartOfDayParams>,
}

/// `payments[settlement_timing][start_of_day]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartOfDayParams {
    /// 0 to 23.
    hour: Option<i64>,
    /// 0 or 30.
    minutes: Option<i64>,
    /// A name of the IANA table.
    timezone: Option<String>,
}

/// `POST /v1/balance_settings`: of the account acted on.
///
/// A platform may change those of accounts without a full dashboard; the others are their own people's to change.
/// Events on the account: `balance_settings.updated`, and `account.updated` for what the account itself shows.
pub(crate) fn update(tx: &mut Tx, _: &Path, p: UpdateBalanceSettings) -> Result<Reply<BalanceSettings>> {
    let acting = tx.account().to_owned();
    let account = access::find(tx, &acting)?;
    access::may_set_payouts(tx, &account)?;
    let mut change = Change::of(tx, account)?;
    if let Some(payments) = p.payments {
        payments.apply(&mut change.account)?;
    }
    let account = change.finish(tx)?;
    Reply::made(&view(&account, &account.private))
}

impl PaymentsParams {
    fn apply(self, account: &mut Doc<Account>) -> Result<()> {
        if let Some(debits) = self.debit_negative_balances {
            account.settings.payouts.debit_negative_balances = debits;
        }
        if let Some(payouts) = self.payouts {
            payouts.apply(account)?;
        }
        if let Some(timing) = self.settlement_timing {
            timing.apply(account)?;
        }
        Ok(())
    }
}

impl PayoutsParams {
    fn apply(self, account: &mut Doc<Account>) -> Result<()> {
        refuse_rules(&self.automatic_transfer_rules_by_currency)?;
        set_minimums(&mut account.private.balance, self.minimum_balance_by_currency)?;
        if let Some(schedule) = self.schedule {
            let asked = settings::ScheduleParams {
                interval: schedule.interval,
                monthly_payout_days: schedule.monthly_payout_days,
                weekly_payout_days: schedule
                    .weekly_payout_days
                    .map(|days| days.into_iter().map(Weekday::from).collect()),
                ..settings::ScheduleParams::default()
            };
            let least = country_delay_days(account);
            account.settings.payouts.schedule = asked.read(account.payout_schedule(), least, View::BalanceSettings)?;
        }
        if let Some(text) = self.statement_descriptor {
            let param = name(PAYOUTS, &["statement_descriptor"]);
            let text = validate::text(&text, settings::LONGEST_PAYOUT_DESCRIPTOR, &param)?;
            account.settings.payouts.statement_descriptor = Some(text);
        }
        Ok(())
    }
}

fn refuse_rules(rules: &Patch<BTreeMap<Currency, Patch<Vec<TransferRuleParams>>>>) -> Result<()> {
    let has_one = |rules: &Patch<Vec<TransferRuleParams>>| rules.as_set().is_some_and(|rules| !rules.is_empty());
    match rules.as_set().into_iter().flatten().find(|(_, rules)| has_one(rules)) {
        None => Ok(()),
        Some((currency, _)) => {
            let param = name(PAYOUTS, &["automatic_transfer_rules_by_currency", currency.code()]);
            Err(ApiError::not_yet(&param, "Transferring a balance to a payout method of the v2 API"))
        }
    }
}

fn set_minimums(balance: &mut BalancePrivate, minimums: Patch<BTreeMap<Currency, Patch<i64>>>) -> Result<()> {
    let minimums = match minimums {
        Patch::Absent => return Ok(()),
        Patch::Clear => {
            balance.minimum_balance_by_currency.clear();
            return Ok(());
        }
        Patch::Set(minimums) => minimums,
    };
    for (currency, minimum) in minimums {
        match minimum {
            Patch::Absent => {}
            Patch::Clear => drop(balance.minimum_balance_by_currency.remove(&currency)),
            Patch::Set(amount) => {
                check_minimum(amount, currency)?;
                balance.minimum_balance_by_currency.insert(currency, amount);
            }
        }
    }
    Ok(())
}

fn check_minimum(amount: i64, currency: Currency) -> Result<()> {
    let param = name(PAYOUTS, &["minimum_balance_by_currency", currency.code()]);
    if amount < 0 {
        return Err(too_low(&param, 0));
    }
    if LARGEST_MINIMUM < amount {
        return Err(too_high(&param, LARGEST_MINIMUM));
    }
    Ok(())
}

impl TimingParams {
    fn apply(self, account: &mut Doc<Account>) -> Result<()> {
        let least = country_delay_days(account);
        match self.delay_days_override {
            Patch::Absent => {}
            Patch::Clear => {
                account.settings.payouts.schedule.delay_days = least;
                account.private.balance.delay_days_chosen = false;
            }
            Patch::Set(days) => {
                let param = name(TIMING, &["delay_days_override"]);
                account.settings.payouts.schedule.delay_days = check_delay(days, least, "delay_days_override", &param)?;
                account.private.balance.delay_days_chosen = true;
            }
        }
        let own = &mut account.private.balance.start_of_day;
        match self.start_of_day {
            Patch::Absent => {}
            Patch::Clear => *own = None,
            Patch::Set(start) => *own = Some(start.read(own.as_ref())?),
        }
        Ok(())
    }
}

impl StartOfDayParams {
    /// What is not given stays as it was, or is midnight.
    fn read(self, was: Option<&StartOfDay>) -> Result<StartOfDay> {
        let at = |field| name(TIMING, &["start_of_day", field]);
        let hour = self.hour.unwrap_or_else(|| was.map_or(0, |was| was.hour));
        if !(0..24).contains(&hour) {
            return Err(
                ApiError::invalid(&at("hour"), "An hour must be from 0 to 23.").code("parameter_invalid_integer")
            );
        }
        let minutes = self.minutes.unwrap_or_else(|| was.map_or(0, |was| was.minutes));
        if minutes != 0 && minutes != 30 {
            return Err(ApiError::invalid(&at("minutes"), "A day can begin at 0 or 30 minutes past the hour.")
                .code("parameter_invalid_integer"));
        }
        let timezone = match (self.timezone, was) {
            (Some(given), _) => match Zone::find(&given) {
                Some(zone) => zone.name().to_owned(),
                None => {
                    return Err(ApiError::invalid(
                        &at("timezone"),
                        "Unknown time zone: it must be a name of the IANA \
                                    database, such as America/New_York.",
                    ));
                }
            },
            (None, Some(was)) => was.timezone.clone(),
            (None, None) => return Err(missing(&at("timezone"))),
        };
        Ok(StartOfDay { hour, minutes, timezone })
    }
}
