//! Payouts: an account's money on its way to its bank.
//!
//! ```text
//! pending ── the next business day ──► in_transit ── two business days after it was made ──► paid
//!    │ cancel (manual ones)                 └────────────────────────────────────────────► failed
//!    └──► canceled
//! ```
//!
//! A payout takes its money from what is available when it is made, and holds it in the account's ledger account
//! `in_transit` until the bank has it; a payout that fails or is cancelled gives it back by a balance transaction of its
//! own. A reversal is a second payout with a negative amount: it brings the money of a paid one back.
//!
//! Automatic payouts run at 01:00 UTC on the days of the account's schedule and pay all that is available but for the
//! minimum balance, so that the balance transactions they settle add up to exactly what they pay. Where the balance is
//! negative and the account lets it be debited, the run makes a payout of a negative amount instead, which takes the money
//! from the bank. See [`automatic`], [`kept_back`] and [`debit`].
//!
//! Not here yet: instant payouts, payouts to debit cards, currency conversion.

mod arrive;
pub mod automatic;
mod book;
mod cancel;
mod create;
mod debit;
mod kept_back;
mod list;
mod minimum;
mod reverse;
mod schedule;
#[cfg(test)]
mod tests;
mod update;

use kernel::{ApiError, Currency, Metadata, Result, Timestamp};
use rails::banks::PayoutFailure;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Column, Doc, Document, Job, Kind, Tx, Value};
use wire::{Route, post};

pub use arrive::fail;
pub use cancel::CancelPayout;
pub use create::CreatePayout;
pub use list::{ListPayouts, check_reconciled};
pub use reverse::ReversePayout;
pub use update::UpdatePayout;

/// `GET /v1/payouts/{payout}` (api/md/payout).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Payout {
    /// `po_…`.
    pub id: String,
    /// `payout`.
    pub object: String,
    /// Minor units of `currency`; negative when money comes from the bank.
    pub amount: i64,
    /// The application fee on an instant payout.
    pub application_fee: Option<String>,
    /// Its amount, in minor units.
    pub application_fee_amount: Option<i64>,
    /// When the money is expected at the bank: 00:00 UTC of that day.
    pub arrival_date: Timestamp,
    /// Whether a schedule made it.
    pub automatic: bool,
    /// The balance transaction that took its money (or, of a negative one, brought it).
    pub balance_transaction: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// The currency of `amount`.
    pub currency: Currency,
    /// For people.
    pub description: Option<String>,
    /// The external account.
    pub destination: Option<String>,
    /// The balance transaction that gave the money back when it failed or was cancelled.
    pub failure_balance_transaction: Option<String>,
    /// Why it failed: `no_account`, `account_closed` and so on.
    pub failure_code: Option<String>,
    /// The same in words.
    pub failure_message: Option<String>,
    /// Whether real money moves.
    pub livemode: bool,
    /// The caller's own.
    pub metadata: Metadata,
    /// How fast.
    pub method: PayoutMethod,
    /// The payout that this one reverses.
    pub original_payout: Option<String>,
    /// A payout method of the v2 API; always null here.
    pub payout_method: Option<String>,
    /// Whether the balance transactions that it pays can be listed.
    pub reconciliation_status: ReconciliationStatus,
    /// The payout that reverses this one.
    pub reversed_by: Option<String>,
    /// Which balance it pays: `card`.
    pub source_type: String,
    /// What the bank statement says.
    pub statement_descriptor: Option<String>,
    /// Where it is on its way.
    pub status: PayoutStatus,
    /// What banks find it by.
    pub trace_id: Option<TraceId>,
    /// What it is paid to.
    #[serde(rename = "type")]
    pub kind: PayoutType,
}

/// How fast a payout is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PayoutMethod {
    /// Within minutes.
    Instant,
    /// In business days.
    Standard,
}

/// Whether the balance transactions that a payout pays can be listed (`GET /v1/balance_transactions?payout=`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReconciliationStatus {
    /// They can.
    Completed,
    /// Not yet.
    InProgress,
    /// Never: the payout was not made by a schedule.
    NotApplicable,
}

/// Where a payout is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PayoutStatus {
    /// Made, and not handed to the bank yet.
    Pending,
    /// Handed to the bank.
    InTransit,
    /// Arrived.
    Paid,
    /// The bank sent it back.
    Failed,
    /// Cancelled before it was handed to the bank.
    Canceled,
}

impl PayoutStatus {
    /// As on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            PayoutStatus::Pending => "pending",
            PayoutStatus::InTransit => "in_transit",
            PayoutStatus::Paid => "paid",
            PayoutStatus::Failed => "failed",
            PayoutStatus::Canceled => "canceled",
        }
    }
}

/// What banks find a payout by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TraceId {
    /// `pending` until the payout ended, then `supported` when there is one, or `unsupported`.
    pub status: String,
    /// The trace number.
    pub value: Option<String>,
}

impl TraceId {
    fn pending() -> TraceId {
        TraceId { status: "pending".into(), value: None }
    }

    fn unsupported() -> TraceId {
        TraceId { status: "unsupported".into(), value: None }
    }

    /// Fifteen digits, as ACH trace numbers have.
    fn assigned(tx: &Tx) -> TraceId {
        let digits = tx.secret(15).bytes().map(|byte| char::from(b'0' + byte % 10)).collect();
        TraceId { status: "supported".into(), value: Some(digits) }
    }
}

/// What a payout is paid to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PayoutType {
    /// A bank account.
    BankAccount,
    /// A debit card.
    Card,
}

/// What is kept of a payout and never shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PayoutPrivate {
    /// What the sandbox's bank said when it was handed the payout: why it will fail, if it will.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<PayoutFailure>,
    /// What is kept back until the balance transactions of this automatic payout are told, in minor units.
    #[serde(skip_serializing_if = "is_zero")]
    pub kept_back: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(amount: &i64) -> bool {
    *amount == 0
}

impl Document for Payout {
    const KIND: &'static Kind = &Kind::new::<Payout>(
        "payout",
        "payout",
        &["po"],
        &[
            Column::text("status").unindexed(),
            Column::text("destination"),
            Column::int("arrival_date").unindexed(),
            Column::int("automatic").unindexed(),
            Column::int("amount").unindexed(),
            Column::text("currency").unindexed(),
        ],
    );
    type Private = PayoutPrivate;
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, _: &PayoutPrivate) -> Vec<Value> {
        vec![
            self.status.as_str().into(),
            (&self.destination).into(),
            self.arrival_date.into(),
            self.automatic.into(),
            self.amount.into(),
            self.currency.code().into(),
        ]
    }
}

/// The job that hands a payout to the bank.
pub const SUBMIT: &str = "submit_payout";
/// The job that hears from the bank how a payout ended.
pub const ARRIVE: &str = "arrive_payout";
/// The job after which an automatic payout's balance transactions can be listed.
pub const RECONCILE: &str = "reconcile_payout";

/// The kinds of documents of this family.
pub fn kinds() -> Vec<&'static Kind> {
    vec![Payout::KIND]
}

/// The endpoints of this family.
pub fn routes() -> Vec<Route> {
    vec![
        wire::list::<Payout, ListPayouts>("/v1/payouts", "payouts.list", list::list),
        post("/v1/payouts", "payouts.create", create::create),
        wire::retrieve::<Payout>("/v1/payouts/{payout}", "payouts.retrieve", "payout"),
        post("/v1/payouts/{payout}", "payouts.update", update::update),
        post("/v1/payouts/{payout}/cancel", "payouts.cancel", cancel::cancel),
        post("/v1/payouts/{payout}/reverse", "payouts.reverse", reverse::reverse),
    ]
}

/// What a job runs.
pub type JobHandler = fn(&mut Tx, &Job) -> Result<()>;

/// The jobs of this family.
pub fn jobs() -> Vec<(&'static str, JobHandler)> {
    vec![
        (SUBMIT, arrive::submit),
        (ARRIVE, arrive::arrive),
        (RECONCILE, list::reconcile),
        (automatic::PAY_OUT, automatic::run),
    ]
}

#[derive(Debug, Serialize, Deserialize)]
struct About {
    payout: String,
}

/// Schedules a job about one payout.
fn schedule(tx: &mut Tx, name: &str, payout: &str, due: Timestamp) -> Result<()> {
    tx.schedule_once(name, payout, due, json!(About { payout: payout.to_owned() }))
}

/// The payout that a job is about.
fn subject(tx: &mut Tx, job: &Job) -> Result<Doc<Payout>> {
    match serde_json::from_value::<About>(job.payload.clone()) {
        Ok(about) => tx.load(&about.payout),
        Err(error) => Err(tx.bug(&format!("{}: the payload cannot be read: {error}", job.id))),
    }
}

/// 400 on the path's `payout`: what was asked does not go with where it is on its way.
fn unexpected_state(message: String) -> ApiError {
    ApiError::invalid("payout", message)
}
