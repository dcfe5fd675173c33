//! Refunds: a captured payment, or a part, given back to the payer.
//!
//! Money (money.md 3): the charge's account pays, from where the charge's money stands: its pending day while that has
//! not come, afterwards what is available. `reverse_transfer` and `refund_application_fee` bring back the proportional
//! part of the transfer and of the fee in the same transaction, half up, and exactly the rest with the last part.
//!
//! When the charge's money has matured and the account has too little, an account whose `debit_negative_balances` is set
//! goes below zero; any other's refund waits: `pending`, `insufficient_funds`, no row, and nothing counted in the charge's
//! `amount_refunded`. Waiting refunds are processed first come, first served whenever money arrives.
//!
//! A refund that fails later gives its money back to the account that paid it; a transfer or fee that it brought back
//! stays where it is (money.md 3.4).
//!
//! The same document on a connected account (`pyr_…`) is what a transfer reversal shows there.

mod cancel;
mod create;
mod make;
mod outcome;
mod process;
mod routes;

use kernel::{Currency, Metadata, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Column, Document, Kind, Value};

pub use create::{CreateRefund, create};
pub use outcome::{REFUND_FAILS, REFUND_SUCCEEDS};
pub use process::{PROCESS_WAITING, process_pending};

pub(crate) use make::{Returned, release, returned};
pub(crate) use routes::{jobs, list_of, routes};

/// `GET /v1/refunds/{refund}` (api/md/refund).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Refund {
    /// `re_…` for refunds of `ch_…`, `pyr_…` for those of `py_…`.
    pub id: String,
    /// `refund`.
    pub object: String,
    /// What is given back, in minor units.
    pub amount: i64,
    /// The row that it made; null while it waits, and for released authorisations.
    pub balance_transaction: Option<String>,
    /// What it refunds.
    pub charge: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// The charge's currency.
    pub currency: Currency,
    /// The customer who had paid.
    pub customer: Option<String>,
    /// The account that acted as customer.
    pub customer_account: Option<String>,
    /// Where the money goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_details: Option<DestinationDetails>,
    /// The row that brought the money back after a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_balance_transaction: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// Where instructions go, for payment methods that need them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions_email: Option<String>,
    /// The caller's own.
    pub metadata: Option<Metadata>,
    /// The intent of the charge.
    pub payment_intent: Option<String>,
    /// The payment method of the charge.
    pub payment_method: Option<String>,
    /// Why it is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_reason: Option<PendingReason>,
    /// Why it was made.
    pub reason: Option<RefundReason>,
    /// The number of the receipt, once one was sent.
    pub receipt_number: Option<String>,
    /// On a connected account: the transfer reversal that made it.
    pub source_transfer_reversal: Option<String>,
    /// How it goes.
    pub status: RefundStatus,
    /// The transfer reversal that it made.
    pub transfer_reversal: Option<String>,
}

/// How a refund goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Called off; the money is back.
    Canceled,
    /// Did not reach the payer; the money is back.
    Failed,
    /// Not certain yet, or waiting for money.
    Pending,
    /// The payer has to say where the money shall go.
    RequiresAction,
    /// Done.
    Succeeded,
}

impl RefundStatus {
    /// As on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            RefundStatus::Canceled => "canceled",
            RefundStatus::Failed => "failed",
            RefundStatus::Pending => "pending",
            RefundStatus::RequiresAction => "requires_action",
            RefundStatus::Succeeded => "succeeded",
        }
    }
}

/// Why a refund is pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PendingReason {
    /// The charge itself is not certain yet.
    ChargePending,
    /// The account has too little: it waits.
    InsufficientFunds,
    /// The network is at work.
    Processing,
}

/// Why a refund was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundReason {
    /// The payer was charged twice.
    Duplicate,
    /// The authorisation was not captured in time; never given by a caller.
    ExpiredUncapturedCharge,
    /// The payment was fraud.
    Fraudulent,
    /// The payer asked for it.
    RequestedByCustomer,
}

/// Where a refund goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DestinationDetails {
    /// To a card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<CardDestination>,
    /// `card`: which of the fields is there.
    #[serde(rename = "type")]
    pub kind: String,
}

/// How the refund reaches a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CardDestination {
    /// The network's reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// `available`, `pending` or `unavailable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_status: Option<String>,
    /// What kind of reference it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_type: Option<String>,
    /// `refund`, `reversal` (the charge never shows on the statement) or `pending`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Working state of a refund.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RefundState {
    /// Waits for money in this currency, that of the charge's balance transaction.
    pub(crate) waiting: Option<Currency>,
    /// What was asked for, to be done when the money is there.
    pub(crate) refund_application_fee: bool,
    /// What was asked for, to be done when the money is there.
    pub(crate) reverse_transfer: bool,
}

impl Document for Refund {
    const KIND: &'static Kind = &Kind::new::<Refund>(
        "refund",
        "refund",
        &["re", "pyr"],
        &[
            Column::text("charge"),
            Column::text("payment_intent"),
            Column::text("status").unindexed(),
            Column::text("waiting"),
        ],
    );
    type Private = RefundState;
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, state: &RefundState) -> Vec<Value> {
        vec![
            (&self.charge).into(),
            (&self.payment_intent).into(),
            self.status.as_str().into(),
            state.waiting.map(|currency| currency.code().to_owned()).into(),
        ]
    }
}
