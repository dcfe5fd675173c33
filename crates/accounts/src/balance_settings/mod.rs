//! `/v1/balance_settings`: how an account's balance is settled and paid out.
//!
//! It is no document of its own but another view of the account: what `settings.payouts` shows is read from there, and what
//! only this view shows is in the account's private part ([`BalancePrivate`](crate::BalancePrivate)). So whichever of the
//! two is changed, the other one shows it, and `change` tells of both.
//!
//! Not here yet: transferring balances to payout methods of the v2 API (`automatic_transfer_rules_by_currency`).

mod retrieve;
#[cfg(test)]
mod tests;
mod update;

use std::collections::BTreeMap;

use kernel::Currency;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use retrieve::retrieve;
pub(crate) use update::update;

use crate::country_delay_days;
use crate::documents::{Account, AccountPrivate, PayoutInterval, StartOfDay, Weekday};
use crate::words::words;

/// An account's balance settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BalanceSettings {
    /// `balance_settings`.
    pub object: String,
    /// Of the balance that payments make.
    pub payments: PaymentsBalance,
}

/// How the balance that payments make is settled and paid out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentsBalance {
    /// Whether a negative balance is taken from the external account.
    pub debit_negative_balances: bool,
    /// How it is paid out.
    pub payouts: BalancePayouts,
    /// When payments become available.
    pub settlement_timing: SettlementTiming,
}

/// How a balance is paid out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BalancePayouts {
    /// What is transferred to payout methods of the v2 API, by currency: nothing yet.
    pub automatic_transfer_rules_by_currency: Option<BTreeMap<Currency, Vec<AutomaticTransferRule>>>,
    /// What automatic payouts leave in the balance, in minor units.
    pub minimum_balance_by_currency: Option<BTreeMap<Currency, i64>>,
    /// When payouts are made by themselves.
    pub schedule: BalanceSchedule,
    /// What the bank's statement says.
    pub statement_descriptor: Option<String>,
    /// Whether the balance can be paid out.
    pub status: PayoutsStatus,
}

/// What is transferred to one payout method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AutomaticTransferRule {
    /// Where to.
    pub payout_method: String,
    /// The most, in minor units.
    pub transfer_up_to_amount: Option<i64>,
    /// How much.
    #[serde(rename = "type")]
    pub kind: TransferRuleType,
}

words! {
    /// How much an automatic transfer takes.
    TransferRuleType {
        /// Everything.
        TransferAll = "transfer_all",
        /// Everything up to an amount.
        TransferUpToAmount = "transfer_up_to_amount",
    }
}

words! {
    /// Whether a balance can be paid out.
    PayoutsStatus {
        /// It cannot.
        Disabled = "disabled",
        /// It can.
        Enabled = "enabled",
    }
}

/// When payouts are made by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BalanceSchedule {
    /// How often.
    pub interval: PayoutInterval,
    /// Days of the month, for `monthly`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly_payout_days: Option<Vec<i64>>,
    /// Days of the week, for `weekly`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekly_payout_days: Option<Vec<Weekday>>,
}

/// When payments become available.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SettlementTiming {
    /// Days from a charge until its funds are available.
    pub delay_days: i64,
    /// The same, when it was chosen and is not just the country's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_days_override: Option<i64>,
    /// When days begin; at midnight UTC when null.
    pub start_of_day: Option<StartOfDay>,
}

/// An account's balance settings.
pub(crate) fn view(account: &Account, private: &AccountPrivate) -> BalanceSettings {
    let (payouts, own) = (&account.settings.payouts, &private.balance);
    let (schedule, delay_days) = (&payouts.schedule, payouts.schedule.delay_days);
    let is_chosen = own.delay_days_chosen || delay_days != country_delay_days(account);
    let minimums = &own.minimum_balance_by_currency;
    BalanceSettings {
        object: "balance_settings".into(),
        payments: PaymentsBalance {
            debit_negative_balances: payouts.debit_negative_balances,
            payouts: BalancePayouts {
                automatic_transfer_rules_by_currency: None,
                minimum_balance_by_currency: (!minimums.is_empty()).then(|| minimums.clone()),
                schedule: BalanceSchedule {
                    interval: schedule.interval,
                    monthly_payout_days: schedule.monthly_payout_days.clone(),
                    weekly_payout_days: schedule.weekly_payout_days.clone(),
                },
                statement_descriptor: payouts.statement_descriptor.clone(),
                status: if account.payouts_enabled { PayoutsStatus::Enabled } else { PayoutsStatus::Disabled },
            },
            settlement_timing: SettlementTiming {
                delay_days,
                delay_days_override: is_chosen.then_some(delay_days),
                start_of_day: own.start_of_day.clone(),
            },
        },
    }
}
