//! Charges: a payer's money, authorised and captured, and how it is shared out.
//!
//! A charge belongs to the account acted on. Acting for a connected account makes a **direct** charge (its `application`
//! is the platform's `ca_…`); with [`TransferOrder`] a platform makes a **destination** charge; without either the
//! platform keeps the money and may transfer parts later (**separate charges and transfers**).
//!
//! Decisions (money.md leaves them open, or we differ):
//! - All rows of a charge share one `available_on`: that of the account whose charge it is, or of `on_behalf_of`; at once
//!   when the card bypasses pending. A transfer or fee that comes from pending money is pending on both sides.
//! - An application fee above the charge is refused, direct or destination; at capture it is capped at what is captured.
//!   A fee of 0 is taken as none.
//! - A partial capture is one row of what was captured (16.9). `automatic_async` writes at once (16.10).
//! - Fees of direct charges whose payer is the application are a `stripe_fee` row on the platform, without a source (16.7).
//! - What a released authorisation shows is Stripe's: `refunded`, `amount_refunded` = `amount`, and a refund without a row.
//!
//! `POST /v1/charges` is in the crate above, `payments`, which knows cards and customers.
//!
//! Deliberately absent for now: disputes (a card that will be disputed simply succeeds).

mod approve;
mod book;
mod cancel;
mod capture;
mod decline;
mod details;
mod landed;
mod order;
mod routes;
mod split;

use kernel::{Currency, Metadata, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use store::{Column, Document, Kind, Value};

pub use approve::approve;
pub use cancel::{cancel_authorization, expire_authorization};
pub use capture::capture;
pub use decline::decline;
pub use details::{
    Address, BillingDetails, CardChecks, CardDetails, FeatureStatus, FraudDetails, InstallmentPlan, Installments,
    NetworkToken, Outcome, Overcapture, PaymentMethodDetails, StripeAccountDetails, ThreeDSecureDetails, Wallet,
};
pub use order::{CaptureOrder, ChargeOrder, PaymentData, Split, TransferOrder};
pub use split::check_split;

pub(crate) use approve::{digits, group_of};
pub(crate) use book::Booking;
pub(crate) use landed::{LandedFee, Landing, land};
pub(crate) use routes::{expanders, routes};

/// `GET /v1/charges/{charge}` (api/md/charge).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Charge {
    /// `ch_…` for card payments, `py_…` for transfers that landed.
    pub id: String,
    /// `charge`.
    pub object: String,
    /// What was asked of the payer, in minor units.
    pub amount: i64,
    /// What was taken: less than `amount` after a partial capture.
    pub amount_captured: i64,
    /// What was given back.
    pub amount_refunded: i64,
    /// The platform's application, for direct charges and for destination payments with a fee.
    pub application: Option<String>,
    /// The platform's fee.
    pub application_fee: Option<String>,
    /// The platform's fee, in minor units.
    pub application_fee_amount: Option<i64>,
    /// The row of the captured money.
    pub balance_transaction: Option<String>,
    /// Who paid.
    pub billing_details: BillingDetails,
    /// What the payer's statement says.
    pub calculated_statement_descriptor: Option<String>,
    /// Whether it was captured.
    pub captured: bool,
    /// When it was made.
    pub created: Timestamp,
    /// The payer's currency.
    pub currency: Currency,
    /// Who paid, when it is a known customer.
    pub customer: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// Whether it was disputed.
    pub disputed: bool,
    /// The row that takes the money back when a delayed payment fails.
    pub failure_balance_transaction: Option<String>,
    /// Why it failed.
    pub failure_code: Option<String>,
    /// Why it failed, for the payer.
    pub failure_message: Option<String>,
    /// What was reported as fraud.
    pub fraud_details: Option<FraudDetails>,
    /// Whether it happened in live mode.
    pub livemode: bool,
    /// The caller's own.
    pub metadata: Metadata,
    /// The connected account that settles in place of the platform.
    pub on_behalf_of: Option<String>,
    /// What the network and the risk check said.
    pub outcome: Option<Outcome>,
    /// Whether it succeeded, or was authorised.
    pub paid: bool,
    /// The intent it is for.
    pub payment_intent: Option<String>,
    /// The payment method.
    pub payment_method: Option<String>,
    /// How it was paid.
    pub payment_method_details: Option<PaymentMethodDetails>,
    /// Where the receipt goes.
    pub receipt_email: Option<String>,
    /// The number of the receipt, once one was sent.
    pub receipt_number: Option<String>,
    /// Where the receipt can be seen.
    pub receipt_url: Option<String>,
    /// Whether everything that was captured was given back.
    pub refunded: bool,
    /// The review that it waits for.
    pub review: Option<String>,
    /// Where the goods go.
    pub shipping: Option<Json>,
    /// The source of a charge made the old way.
    pub source: Option<Json>,
    /// For a transfer that landed: the transfer.
    pub source_transfer: Option<String>,
    /// What the payer's statement says, as given.
    pub statement_descriptor: Option<String>,
    /// What the payer's statement says behind the prefix, as given.
    pub statement_descriptor_suffix: Option<String>,
    /// `succeeded`, `pending` or `failed`.
    pub status: ChargeStatus,
    /// The transfer of a destination charge, once it is captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<String>,
    /// Where a destination charge goes.
    pub transfer_data: Option<TransferData>,
    /// Groups charge and transfers.
    pub transfer_group: Option<String>,
}

/// How a charge went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChargeStatus {
    /// Declined, or failed later.
    Failed,
    /// Not certain yet.
    Pending,
    /// Authorised or captured.
    Succeeded,
}

/// Where a destination charge goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TransferData {
    /// How much of it; null for all.
    pub amount: Option<i64>,
    /// The connected account.
    pub destination: String,
}

/// How refunds of a charge will go, as its card's network said when it was approved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefundMode {
    #[default]
    Succeeds,
    PendingThenSucceeds,
    SucceedsThenFails,
}

/// Working state of a charge.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ChargeState {
    /// How its refunds will go.
    pub(crate) refund_mode: RefundMode,
    /// The money is available as soon as it is captured.
    pub(crate) bypasses_pending: bool,
    /// Where the card was issued.
    pub(crate) card_country: String,
    /// The transfer to be made at capture.
    pub(crate) transfer: Option<TransferOrder>,
    /// What was booked at capture.
    pub(crate) booking: Option<Booking>,
    /// Refunds that wait for money: not given back yet, and not to be given back twice.
    pub(crate) waiting: i64,
    /// How much of the charge was refunded together with its application fee.
    pub(crate) refunded_with_fee: i64,
    /// How much of the charge was refunded together with its transfer.
    pub(crate) refunded_with_transfer: i64,
    /// The sum of the transfers made from this charge, in its balance transaction's currency.
    pub(crate) transferred: i64,
    /// The authorisation was given up.
    pub(crate) released: bool,
}

impl Document for Charge {
    const KIND: &'static Kind = &Kind::new::<Charge>(
        "charge",
        "charge",
        &["ch", "py"],
        &[
            Column::text("payment_intent"),
            Column::text("customer"),
            Column::text("transfer_group"),
            Column::text("status").unindexed(),
            Column::text("currency").unindexed(),
            Column::int("amount").unindexed(),
        ],
    );
    type Private = ChargeState;
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, _: &ChargeState) -> Vec<Value> {
        let status = match self.status {
            ChargeStatus::Failed => "failed",
            ChargeStatus::Pending => "pending",
            ChargeStatus::Succeeded => "succeeded",
        };
        vec![
            (&self.payment_intent).into(),
            (&self.customer).into(),
            (&self.transfer_group).into(),
            status.into(),
            self.currency.code().into(),
            self.amount.into(),
        ]
    }
}
