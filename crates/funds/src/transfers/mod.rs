//! Transfers: money from one account to another, and reversals, which bring it back.
//!
//! A transfer belongs to the sender. On the receiver it shows as a payment (`py_…`), and a reversal as its refund
//! (`pyr_…`).
//!
//! Decisions:
//! - Without a source charge the money comes from what is available, and never from below zero. With one it moves where
//!   the charge's money stands: pending to pending on the charge's day, whatever the balance; once the charge has matured
//!   it needs available money like any other.
//! - A reversal debits the receiver where the transfer's money stands. When the platform is liable for the receiver's
//!   losses the receiver may go below zero; otherwise it may not, and the whole request is refused.
//! - What is transferred in a currency that the receiver does not settle in is converted on the receiver's side.
//! - A connected account may transfer to its own platform and to nobody else (money.md 2.6, the way used in practice).
//! - All money is of the source type `card`; `bank_account` and `fpx` balances are 0.

mod create;
mod order;
mod reverse;
mod routes;
mod update;

use kernel::{Currency, Metadata, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Column, Document, Kind, Value};
use wire::List;

pub use create::{CreateTransfer, SourceType, create};
pub use reverse::{ReverseTransfer, reverse};

pub(crate) use order::{Order, send};
pub(crate) use reverse::{Reversal, bring_back};
pub(crate) use routes::routes;

/// `GET /v1/transfers/{transfer}` (api/md/transfer).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Transfer {
    /// `tr_…`.
    pub id: String,
    /// `transfer`.
    pub object: String,
    /// What was sent, in minor units.
    pub amount: i64,
    /// What was brought back.
    pub amount_reversed: i64,
    /// The sender's row.
    pub balance_transaction: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// The sender's currency.
    pub currency: Currency,
    /// For people.
    pub description: Option<String>,
    /// Who gets it.
    pub destination: Option<String>,
    /// The payment that it is on the receiver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_payment: Option<String>,
    /// Whether it happened in live mode.
    pub livemode: bool,
    /// The caller's own.
    pub metadata: Metadata,
    /// The newest ten reversals.
    pub reversals: List<TransferReversal>,
    /// Whether all of it was brought back.
    pub reversed: bool,
    /// The charge whose money it is.
    pub source_transaction: Option<String>,
    /// Which part of the balance it came from: `card`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_type: Option<String>,
    /// Groups charge and transfers.
    pub transfer_group: Option<String>,
}

/// Working state of a transfer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TransferState {
    /// When the sender's money was, or would have been, available.
    pub(crate) sent_on: Timestamp,
    /// When the receiver's money became, or becomes, available.
    pub(crate) landed_on: Timestamp,
    /// What the receiver got, in its own currency.
    pub(crate) landed: i64,
    /// The receiver's currency.
    pub(crate) landed_currency: Option<Currency>,
    /// What of it was taken from the receiver again.
    pub(crate) landed_reversed: i64,
}

impl Document for Transfer {
    const KIND: &'static Kind = &Kind::new::<Transfer>(
        "transfer",
        "transfer",
        &["tr"],
        &[
            Column::text("destination"),
            Column::text("transfer_group"),
            Column::text("source_transaction").unindexed(),
            Column::text("currency").unindexed(),
            Column::int("amount").unindexed(),
        ],
    );
    type Private = TransferState;
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, _: &TransferState) -> Vec<Value> {
        vec![
            (&self.destination).into(),
            (&self.transfer_group).into(),
            (&self.source_transaction).into(),
            self.currency.code().into(),
            self.amount.into(),
        ]
    }
}

/// `GET /v1/transfers/{transfer}/reversals/{id}` (api/md/transfer_reversal).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TransferReversal {
    /// `trr_…`.
    pub id: String,
    /// `transfer_reversal`.
    pub object: String,
    /// What was brought back, in the transfer's currency.
    pub amount: i64,
    /// The sender's row.
    pub balance_transaction: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// The transfer's currency.
    pub currency: Currency,
    /// The refund that it is on the receiver.
    pub destination_payment_refund: Option<String>,
    /// The caller's own.
    pub metadata: Option<Metadata>,
    /// The refund that brought it back (`reverse_transfer`).
    pub source_refund: Option<String>,
    /// What was reversed.
    pub transfer: String,
}

impl Document for TransferReversal {
    const KIND: &'static Kind = &Kind::new::<TransferReversal>(
        "transfer_reversal",
        "transfer_reversal",
        &["trr"],
        &[Column::text("transfer"), Column::int("amount").unindexed()],
    );
    type Private = ();
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, (): &()) -> Vec<Value> {
        vec![(&self.transfer).into(), self.amount.into()]
    }
}
