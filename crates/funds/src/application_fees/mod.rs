//! Application fees: what a platform earns on a connected account's payment, and what it gives back of it.
//!
//! A fee belongs to the platform. It has no row of its own on the connected account: it is in the `fee` of the payment's
//! row there; given back together with a refund it is a negative `fee` of the refund's row; given back by itself it is an
//! `adjustment` of category `fee` (money.md 3.3 (d), decided in 16.1).
//!
//! The fee's currency is the charge's. A platform gets it in the connected account's settlement currency, or in its own
//! when it holds none of that.

mod collect;
mod refund;
mod routes;

use kernel::{Currency, Metadata, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Column, Document, Kind, Value};
use wire::List;

pub use refund::{RefundFee, refund};

pub(crate) use collect::{Collection, collect};
pub(crate) use refund::give_back;
pub(crate) use routes::routes;

/// `GET /v1/application_fees/{id}` (api/md/application_fee).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ApplicationFee {
    /// `fee_…`.
    pub id: String,
    /// `application_fee`.
    pub object: String,
    /// The connected account that pays it.
    pub account: String,
    /// Minor units of `currency`.
    pub amount: i64,
    /// What was given back.
    pub amount_refunded: i64,
    /// The platform's `ca_…`.
    pub application: String,
    /// The platform's row.
    pub balance_transaction: Option<String>,
    /// The connected account's charge or destination payment.
    pub charge: String,
    /// When it was made.
    pub created: Timestamp,
    /// The charge's currency.
    pub currency: Currency,
    /// What it was earned on.
    pub fee_source: Option<FeeSource>,
    /// Whether it happened in live mode.
    pub livemode: bool,
    /// For destination charges: the platform's charge.
    pub originating_transaction: Option<String>,
    /// Whether all of it was given back.
    pub refunded: bool,
    /// The newest ten refunds.
    pub refunds: List<FeeRefund>,
}

/// What a fee was earned on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FeeSource {
    /// A charge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge: Option<String>,
    /// A payout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payout: Option<String>,
    /// `charge` or `payout`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Working state of a fee.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FeeState {
    /// When the connected account's money was, or would have been, available.
    pub(crate) paid_on: Timestamp,
    /// When the platform's money became, or becomes, available.
    pub(crate) earned_on: Timestamp,
    /// What the connected account paid, in its settlement currency.
    pub(crate) paid: i64,
    /// The connected account's settlement currency.
    pub(crate) paid_currency: Option<Currency>,
    /// What of it the connected account got back.
    pub(crate) paid_back: i64,
    /// What the platform got, in its own settlement currency.
    pub(crate) earned: i64,
    /// The platform's settlement currency.
    pub(crate) earned_currency: Option<Currency>,
    /// What of it the platform gave back.
    pub(crate) given_back: i64,
    /// How much of a destination charge's transfer was reversed together with the fee.
    pub(crate) reversed_with_fee: i64,
}

impl Document for ApplicationFee {
    const KIND: &'static Kind = &Kind::new::<ApplicationFee>(
        "application_fee",
        "application_fee",
        &["fee"],
        &[
            Column::text("charge"),
            Column::text("paid_by").unindexed(),
            Column::text("currency").unindexed(),
            Column::int("amount").unindexed(),
        ],
    );
    type Private = FeeState;
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, _: &FeeState) -> Vec<Value> {
        vec![(&self.charge).into(), (&self.account).into(), self.currency.code().into(), self.amount.into()]
    }
}

/// `GET /v1/application_fees/{fee}/refunds/{id}` (api/md/fee_refund).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FeeRefund {
    /// `fr_…`.
    pub id: String,
    /// `fee_refund`.
    pub object: String,
    /// Minor units of `currency`.
    pub amount: i64,
    /// The platform's row.
    pub balance_transaction: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// The fee's currency.
    pub currency: Currency,
    /// The fee.
    pub fee: String,
    /// The caller's own.
    pub metadata: Option<Metadata>,
}

impl Document for FeeRefund {
    const KIND: &'static Kind = &Kind::new::<FeeRefund>(
        "fee_refund",
        "fee_refund",
        &["fr"],
        &[Column::text("fee"), Column::int("amount").unindexed()],
    );
    type Private = ();
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, (): &()) -> Vec<Value> {
        vec![(&self.fee).into(), self.amount.into()]
    }
}
