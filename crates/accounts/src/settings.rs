//! Changing an account's settings.

use std::borrow::Cow;
use std::fmt;

use kernel::{ApiError, Patch, Result, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use store::Doc;

use crate::address::{DeclarationParams, set_line, set_with};
use crate::documents::{
    Account, CardIssuing, Declaration, PaymentMethodSave, PayoutInterval, PayoutSchedule, TermsAcceptance, Weekday,
};
use crate::validate::{self, name};
use crate::{country_delay_days, descriptor};

/// `settings[payouts][schedule][delay_days]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DelayDays {
    /// As few as the country allows.
    Minimum,
    /// So many.
    Days(i64),
}

impl<'de> Deserialize<'de> for DelayDays {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<DelayDays, D::Error> {
        struct DelayVisitor;
        impl Visitor<'_> for DelayVisitor {
            type Value = DelayDays;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer, or minimum")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<DelayDays, E> {
                if text == "minimum" {
                    return Ok(DelayDays::Minimum);
                }
                text.parse()
                    .map(DelayDays::Days)
                    .map_err(|_| E::custom("Invalid integer: it must be a number of days, or minimum."))
            }
            fn visit_i64<E: Error>(self, days: i64) -> Result<DelayDays, E> {
                Ok(DelayDays::Days(days))
            }
            fn visit_u64<E: Error>(self, days: u64) -> Result<DelayDays, E> {
                i64::try_from(days).map(DelayDays::Days).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(DelayVisitor)
    }
}

impl JsonSchema for DelayDays {
    fn schema_name() -> Cow<'static, str> {
        "DelayDays".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "integer" }, { "type": "string", "enum": ["minimum"] }] })
    }
}

/// `settings[payouts][schedule]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleParams {
    pub(crate) delay_days: Option<DelayDays>,
    pub(crate) interval: Option<PayoutInterval>,
    pub(crate) monthly_anchor: Option<i64>,
    pub(crate) monthly_payout_days: Option<Vec<i64>>,
    pub(crate) weekly_anchor: Option<Weekday>,
    pub(crate) weekly_payout_days: Option<Vec<Weekday>>,
}

/// `settings[payouts]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayoutsParams {
    debit_negative_balances: Option<bool>,
    schedule: Option<ScheduleParams>,
    #[serde(default)]
    statement_descriptor: Patch<String>,
}

/// `settings[payments]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaymentsParams {
    #[serde(default)]
    statement_descriptor: Patch<String>,
    #[serde(default)]
    statement_descriptor_kana: Patch<String>,
    #[serde(default)]
    statement_descriptor_kanji: Patch<String>,
}

/// `settings[card_payments][decline_on]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeclineOnParams {
    avs_failure: Option<bool>,
    cvc_failure: Option<bool>,
}

/// `settings[card_payments]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardPaymentsParams {
    decline_on: Option<DeclineOnParams>,
    #[serde(default)]
    statement_descriptor_prefix: Patch<String>,
    #[serde(default)]
    statement_descriptor_prefix_kana: Patch<String>,
    #[serde(default)]
    statement_descriptor_prefix_kanji: Patch<String>,
}

/// `settings[branding]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BrandingParams {
    #[serde(default)]
    icon: Patch<String>,
    #[serde(default)]
    logo: Patch<String>,
    #[serde(default)]
    primary_color: Patch<String>,
    #[serde(default)]
    secondary_color: Patch<String>,
}

/// `settings[bacs_debit_payments]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BacsParams {
    #[serde(default)]
    display_name: Patch<String>,
}

/// `settings[card_issuing]` and `settings[treasury]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TermsParams {
    tos_acceptance: Option<DeclarationParams>,
}

/// `settings[invoices]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvoicesParams {
    #[serde(default)]
    default_account_tax_ids: Patch<Vec<String>>,
    hosted_payment_method_save: Option<PaymentMethodSave>,
}

/// `settings[sepa_debit_payments]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SepaParams {
    #[serde(default)]
    creditor_id: Patch<String>,
}

/// `settings`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsParams {
    bacs_debit_payments: Option<BacsParams>,
    branding: Option<BrandingParams>,
    card_issuing: Option<TermsParams>,
    card_payments: Option<CardPaymentsParams>,
    invoices: Option<InvoicesParams>,
    payments: Option<PaymentsParams>,
    payouts: Option<PayoutsParams>,
    paypay_payments: Option<serde_json::Value>,
    sepa_debit_payments: Option<SepaParams>,
    treasury: Option<TermsParams>,
}

impl SettingsParams {
    /// Writes what is given.
    pub(crate) fn apply(self, account: &mut Doc<Account>, now: Timestamp) -> Result<()> {
        if self.paypay_payments.is_some() {
            return Err(ApiError::not_yet("settings[paypay_payments]", "PayPay"));
        }
        if let Some(bacs) = self.bacs_debit_payments {
            let param = "settings[bacs_debit_payments][display_name]";
            set_line(&mut account.settings.bacs_debit_payments.display_name, bacs.display_name, param)?;
        }
        if let Some(branding) = self.branding {
            branding.apply(account)?;
        }
        if let Some(terms) = self.card_issuing {
            terms.apply(&mut account.settings.card_issuing, now, "settings[card_issuing][tos_acceptance]")?;
        }
        if let Some(cards) = self.card_payments {
            cards.apply(account)?;
        }
        if let Some(invoices) = self.invoices {
            let settings = &mut account.settings.invoices;
            invoices.default_account_tax_ids.apply(&mut settings.default_account_tax_ids);
            settings.hosted_payment_method_save =
                invoices.hosted_payment_method_save.or(settings.hosted_payment_method_save);
        }
        if let Some(payments) = self.payments {
            payments.apply(account)?;
        }
        if let Some(payouts) = self.payouts {
            payouts.apply(account)?;
        }
        if let Some(sepa) = self.sepa_debit_payments {
            let param = "settings[sepa_debit_payments][creditor_id]";
            set_line(&mut account.settings.sepa_debit_payments.creditor_id, sepa.creditor_id, param)?;
        }
        if let Some(terms) = self.treasury {
            let treasury = account.settings.treasury.get_or_insert_default();
            terms.apply(treasury, now, "settings[treasury][tos_acceptance]")?;
        }
        Ok(())
    }
}

impl BrandingParams {
    fn apply(self, account: &mut Account) -> Result<()> {
        let at = |field: &str| name("settings[branding]", &[field]);
        let branding = &mut account.settings.branding;
        set_line(&mut branding.icon, self.icon, &at("icon"))?;
        set_line(&mut branding.logo, self.logo, &at("logo"))?;
        set_with(&mut branding.primary_color, self.primary_color, |c| validate::color(c, &at("primary_color")))?;
        set_with(&mut branding.secondary_color, self.secondary_color, |c| validate::color(c, &at("secondary_color")))
    }
}

impl TermsParams {
    fn apply(self, terms: &mut CardIssuing, now: Timestamp, param: &str) -> Result<()> {
        let Some(declaration) = self.tos_acceptance else { return Ok(()) };
        let was = &terms.tos_acceptance;
        let mut into = Some(Declaration { date: was.date, ip: was.ip.clone(), user_agent: was.user_agent.clone() });
        declaration.apply(&mut into, now, param)?;
        let Declaration { date, ip, user_agent } = into.unwrap_or_default();
        terms.tos_acceptance = TermsAcceptance { date, ip, user_agent };
        Ok(())
    }
}

impl CardPaymentsParams {
    fn apply(self, account: &mut Account) -> Result<()> {
        let at = |field: &str| name("settings[card_payments]", &[field]);
        let cards = &mut account.settings.card_payments;
        if let Some(decline_on) = self.decline_on {
            cards.decline_on.avs_failure = decline_on.avs_failure.unwrap_or(cards.decline_on.avs_failure);
            cards.decline_on.cvc_failure = decline_on.cvc_failure.unwrap_or(cards.decline_on.cvc_failure);
        }
        set_with(&mut cards.statement_descriptor_prefix, self.statement_descriptor_prefix, |text| {
            descriptor::check_prefix(text, &at("statement_descriptor_prefix"))
        })?;
        let (kana, kanji) = (self.statement_descriptor_prefix_kana, self.statement_descriptor_prefix_kanji);
        set_line(&mut cards.statement_descriptor_prefix_kana, kana, &at("statement_descriptor_prefix_kana"))?;
        set_line(&mut cards.statement_descriptor_prefix_kanji, kanji, &at("statement_descriptor_prefix_kanji"))
    }
}

impl PaymentsParams {
    fn apply(self, account: &mut Account) -> Result<()> {
        let at = |field: &str| name("settings[payments]", &[field]);
        let payments = &mut account.settings.payments;
        set_with(&mut payments.statement_descriptor, self.statement_descriptor, |text| {
            descriptor::check(text, &at("statement_descriptor"))
        })?;
        let (kana, kanji) = (self.statement_descriptor_kana, self.statement_descriptor_kanji);
        set_line(&mut payments.statement_descriptor_kana, kana, &at("statement_descriptor_kana"))?;
        set_line(&mut payments.statement_descriptor_kanji, kanji, &at("statement_descriptor_kanji"))
    }
}

/// Most characters of what a bank's statement says of a payout.
pub(crate) const LONGEST_PAYOUT_DESCRIPTOR: usize = 22;

impl PayoutsParams {
    fn apply(self, account: &mut Doc<Account>) -> Result<()> {
        if let Some(schedule) = self.schedule {
            match schedule.delay_days {
                None => {}
                Some(DelayDays::Minimum) => account.private.balance.delay_days_chosen = false,
                Some(DelayDays::Days(_)) => account.private.balance.delay_days_chosen = true,
            }
            let least = country_delay_days(account);
            let new = schedule.read(account.payout_schedule(), least, View::Account)?;
            account.settings.payouts.schedule = new;
        }
        let payouts = &mut account.settings.payouts;
        payouts.debit_negative_balances = self.debit_negative_balances.unwrap_or(payouts.debit_negative_balances);
        set_with(&mut payouts.statement_descriptor, self.statement_descriptor, |text| {
            validate::text(text, LONGEST_PAYOUT_DESCRIPTOR, "settings[payouts][statement_descriptor]")
        })
    }
}

/// Where a schedule is being changed, for the names in errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// `settings[payouts]` of an account.
    Account,
    /// `/v1/balance_settings`, which has no anchors.
    BalanceSettings,
}

impl View {
    /// The bracketed name of a field of the schedule.
    fn at(self, field: &str) -> String {
        match self {
            View::Account => name("settings[payouts][schedule]", &[field]),
            View::BalanceSettings => name("payments[payouts][schedule]", &[field]),
        }
    }

    /// The field that says on which days of the week or month.
    fn days(self, interval: &str) -> String {
        match self {
            View::Account => format!("{interval}_anchor"),
            View::BalanceSettings => format!("{interval}_payout_days"),
        }
    }
}

/// Most days that payouts can be delayed.
const LONGEST_DELAY: i64 = 31;

impl ScheduleParams {
    /// What the schedule becomes. `least` is the fewest days that the country allows.
    pub(crate) fn read(self, was: &PayoutSchedule, least: i64, view: View) -> Result<PayoutSchedule> {
        let interval = self.interval.unwrap_or(was.interval);
        let delay_days = match self.delay_days {
            None => was.delay_days,
            Some(DelayDays::Minimum) => least,
            Some(DelayDays::Days(days)) => check_delay(days, least, "delay_days", &view.at("delay_days"))?,
        };
        let mut schedule = PayoutSchedule::new(interval, delay_days);
        let (weekly, monthly) = (self.weekly(), self.monthly(view)?);
        match interval {
            PayoutInterval::Manual | PayoutInterval::Daily => {
                refuse_days("weekly", weekly.is_some(), interval, view)?;
                refuse_days("monthly", monthly.is_some(), interval, view)?;
            }
            PayoutInterval::Weekly => {
                refuse_days("monthly", monthly.is_some(), interval, view)?;
                let days =
                    weekly.or_else(|| was.weekly_payout_days.clone()).ok_or_else(|| days_missing("weekly", view))?;
                schedule.weekly_anchor = days.first().copied();
                schedule.weekly_payout_days = Some(days);
            }
            PayoutInterval::Monthly => {
                refuse_days("weekly", weekly.is_some(), interval, view)?;
                let days =
                    monthly.or_else(|| was.monthly_payout_days.clone()).ok_or_else(|| days_missing("monthly", view))?;
                schedule.monthly_anchor = days.first().copied();
                schedule.monthly_payout_days = Some(days);
            }
        }
        Ok(schedule)
    }

    fn weekly(&self) -> Option<Vec<Weekday>> {
        let mut days = self.weekly_payout_days.clone().or_else(|| self.weekly_anchor.map(|day| vec![day]))?;
        days.sort();
        days.dedup();
        (!days.is_empty()).then_some(days)
    }

    fn monthly(&self, view: View) -> Result<Option<Vec<i64>>> {
        let given = self.monthly_payout_days.clone().or_else(|| self.monthly_anchor.map(|day| vec![day]));
        let Some(mut days) = given else { return Ok(None) };
        if days.iter().any(|day| !(1..=31).contains(day)) {
            let field = if self.monthly_payout_days.is_some() { "monthly_payout_days" } else { "monthly_anchor" };
            return Err(ApiError::invalid(&view.at(field), "A day of the month must be from 1 to 31."));
        }
        days.sort_unstable();
        days.dedup();
        Ok((!days.is_empty()).then_some(days))
    }
}

/// Days that somebody chooses until funds are available. `least` is the fewest that the country allows.
pub(crate) fn check_delay(days: i64, least: i64, field: &str, param: &str) -> Result<i64> {
    if (least..=LONGEST_DELAY).contains(&days) {
        return Ok(days);
    }
    let message =
        format!("You cannot set `{field}` to {days} for this account: it must be from {least} to {LONGEST_DELAY}.");
    Err(ApiError::invalid(param, message))
}

fn refuse_days(of: &str, given: bool, interval: PayoutInterval, view: View) -> Result<()> {
    if !given {
        return Ok(());
    }
    let field = view.days(of);
    let message = format!("You cannot set `{field}` when `interval` is `{interval}`.");
    Err(ApiError::invalid(&view.at(&field), message))
}

fn days_missing(interval: &str, view: View) -> ApiError {
    let field = view.days(interval);
    let ways = match view {
        View::Account => format!("`{interval}_anchor` or `{interval}_payout_days`"),
        View::BalanceSettings => format!("`{field}`"),
    };
    let message = format!("You must set {ways} when `interval` is `{interval}`.");
    ApiError::invalid(&view.at(&field), message).code("parameter_missing")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(params: ScheduleParams) -> Result<PayoutSchedule> {
        params.read(&PayoutSchedule::new(PayoutInterval::Daily, 2), 2, View::Account)
    }

    #[test]
    fn a_weekly_schedule_shows_its_days_in_both_forms() {
        let weekly = ScheduleParams {
            interval: Some(PayoutInterval::Weekly),
            weekly_payout_days: Some(vec![Weekday::Friday, Weekday::Monday, Weekday::Friday]),
            ..ScheduleParams::default()
        };
        let schedule = read(weekly).unwrap();
        assert_eq!(schedule.weekly_anchor, Some(Weekday::Monday));
        assert_eq!(schedule.weekly_payout_days, Some(vec![Weekday::Monday, Weekday::Friday]));
    }

    #[test]
    fn anchors_must_fit_the_interval() {
        let interval = |interval| ScheduleParams { interval: Some(interval), ..ScheduleParams::default() };
        let param = |params: ScheduleParams| read(params).unwrap_err().param_str().map(str::to_owned);
        assert_eq!(
            param(interval(PayoutInterval::Weekly)).as_deref(),
            Some("settings[payouts][schedule][weekly_anchor]")
        );
        let monthly = interval(PayoutInterval::Monthly);
        assert_eq!(param(monthly.clone()).as_deref(), Some("settings[payouts][schedule][monthly_anchor]"));
        assert!(read(ScheduleParams { monthly_anchor: Some(31), ..monthly.clone() }).is_ok());
        assert!(read(ScheduleParams { monthly_anchor: Some(32), ..monthly }).is_err());
        let daily = interval(PayoutInterval::Daily);
        assert!(read(ScheduleParams { weekly_anchor: Some(Weekday::Monday), ..daily }).is_err());
    }

    #[test]
    fn payouts_can_be_delayed_but_not_hastened() {
        let delay = |days| read(ScheduleParams { delay_days: Some(days), ..ScheduleParams::default() });
        assert_eq!(delay(DelayDays::Minimum).unwrap().delay_days, 2);
        assert_eq!(delay(DelayDays::Days(14)).unwrap().delay_days, 14);
        assert!(delay(DelayDays::Days(1)).is_err());
        assert!(delay(DelayDays::Days(32)).is_err());
    }
}
