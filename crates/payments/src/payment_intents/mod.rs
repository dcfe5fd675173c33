//! Payment intents: one payment of a payer, from the wish to the money.
//!
//! ```text
//! requires_payment_method ─► requires_confirmation ─► requires_action ─► succeeded | requires_capture
//!          ▲                                                │                       │
//!          └──────────── an attempt that failed ────────────┘                       └─► succeeded
//! every state but succeeded ─► canceled
//! ```
//!
//! This module decides whether and how a payer pays; `funds` books what was paid. An attempt that the card network
//! declines is written and remembered: the caller gets its 402, and the intent can be tried again.
//!
//! Deliberately absent for now: payment methods other than cards, `confirmation_token`, `increment_authorization`,
//! `apply_customer_balance`, `verify_microdeposits` and search, which answer that they are not supported yet.

pub(crate) mod amount;
mod amount_details;
mod attempt;
pub mod authentication;
mod cancel;
mod capture;
mod confirm;
mod create;
mod method;
mod options;
mod params;
mod read;
mod unsupported;
mod update;

use funds::charges::TransferOrder;
use kernel::{Currency, Metadata, Money, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use store::{Column, Document, Kind, Value};
use wire::Route;

pub use amount_details::{AmountDetails, AmountShipping, AmountTax, Tip};
pub use cancel::{EXPIRE, expire};
pub use options::{CardOptions, MethodOptions, RequestThreeDSecure};

use crate::address::Shipping;

/// `GET /v1/payment_intents/{intent}` (api/md/payment_intent).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentIntent {
    /// `pi_…`.
    pub id: String,
    /// `payment_intent`.
    pub object: String,
    /// The payment method types that the caller allowed.
    pub allowed_payment_method_types: Option<Vec<String>>,
    /// What the payer is asked for, in minor units.
    pub amount: i64,
    /// What is authorised and can be captured.
    pub amount_capturable: i64,
    /// The parts of the amount, as the caller told them.
    #[serde(default)]
    pub amount_details: AmountDetails,
    /// What was captured.
    pub amount_received: i64,
    /// The platform's application, for direct payments.
    pub application: Option<String>,
    /// What the platform earns.
    pub application_fee_amount: Option<i64>,
    /// Whether payment methods are chosen by settings.
    pub automatic_payment_methods: Option<AutomaticPaymentMethods>,
    /// When it was canceled.
    pub canceled_at: Option<Timestamp>,
    /// Why it was canceled.
    pub cancellation_reason: Option<CancellationReason>,
    /// When the money is taken.
    pub capture_method: CaptureMethod,
    /// What a browser may see and confirm this intent with.
    pub client_secret: Option<String>,
    /// Who may confirm it.
    pub confirmation_method: ConfirmationMethod,
    /// When it was made.
    pub created: Timestamp,
    /// The payer's currency.
    pub currency: Currency,
    /// Who pays.
    pub customer: Option<String>,
    /// The account that pays. Not supported yet.
    pub customer_account: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// The payment method types that the caller excluded.
    pub excluded_payment_method_types: Option<Vec<String>>,
    /// Why the last attempt failed.
    pub last_payment_error: Option<Map<String, Json>>,
    /// The charge of the last attempt.
    pub latest_charge: Option<String>,
    /// Whether real money moves.
    pub livemode: bool,
    /// Always null: there are no managed payments.
    pub managed_payments: Option<Map<String, Json>>,
    /// The caller's own.
    pub metadata: Metadata,
    /// What the payer must do.
    pub next_action: Option<NextAction>,
    /// The connected account that settles in place of the platform.
    pub on_behalf_of: Option<String>,
    /// The caller's references.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_details: Option<PaymentDetails>,
    /// How the payer pays.
    pub payment_method: Option<String>,
    /// Always null: there are no payment method configurations.
    pub payment_method_configuration_details: Option<Map<String, Json>>,
    /// Options by type of payment method.
    pub payment_method_options: Option<MethodOptions>,
    /// The types with which it can be paid.
    pub payment_method_types: Vec<String>,
    /// Always null: there are no payment records.
    pub payment_record: Option<String>,
    /// Always null: cards are answered at once.
    pub processing: Option<Map<String, Json>>,
    /// Where the receipt goes.
    pub receipt_email: Option<String>,
    /// Always null: there are no reviews.
    pub review: Option<String>,
    /// Whether the payment method is kept for later payments.
    pub setup_future_usage: Option<SetupFutureUsage>,
    /// Where the goods go.
    pub shipping: Option<Shipping>,
    /// Always null: sources are gone.
    pub source: Option<String>,
    /// What the payer's statement says, whole.
    pub statement_descriptor: Option<String>,
    /// What the payer's statement says behind the merchant's prefix.
    pub statement_descriptor_suffix: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// Makes it a destination payment.
    pub transfer_data: Option<TransferData>,
    /// Groups it with transfers.
    pub transfer_group: Option<String>,
}

/// Where an intent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody can go back.
    Canceled,
    /// The payer must authenticate.
    RequiresAction,
    /// Authorised: the money can be captured.
    RequiresCapture,
    /// A payment method is there.
    RequiresConfirmation,
    /// New, or the last attempt failed.
    RequiresPaymentMethod,
    /// Paid.
    Succeeded,
}

impl Status {
    /// As on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Canceled => "canceled",
            Status::RequiresAction => "requires_action",
            Status::RequiresCapture => "requires_capture",
            Status::RequiresConfirmation => "requires_confirmation",
            Status::RequiresPaymentMethod => "requires_payment_method",
            Status::Succeeded => "succeeded",
        }
    }
}

/// When the money is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaptureMethod {
    /// With the payment.
    Automatic,
    /// With the payment; Stripe may book it a little later. Kontor books it at once.
    #[default]
    AutomaticAsync,
    /// When the merchant says so.
    Manual,
}

/// Who may confirm an intent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmationMethod {
    /// Server or browser; after the payer acted it goes on by itself.
    #[default]
    Automatic,
    /// The server only, and once more after the payer acted.
    Manual,
}

/// Why an intent was canceled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancellationReason {
    /// The payer went away.
    Abandoned,
    /// Its authorisation was not captured in time. Set by Kontor only.
    Automatic,
    /// Made twice.
    Duplicate,
    /// Not meant.
    Fraudulent,
    /// The payer wished it.
    RequestedByCustomer,
}

/// Whether a payment method is kept for later payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SetupFutureUsage {
    /// Also for payments without the payer.
    OffSession,
    /// For payments with the payer.
    OnSession,
}

/// Whether payment methods are chosen by settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AutomaticPaymentMethods {
    /// Whether ones that send the payer elsewhere are among them.
    pub allow_redirects: AllowRedirects,
    /// Whether they are.
    pub enabled: bool,
}

/// Whether payment methods that send the payer elsewhere are allowed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AllowRedirects {
    /// They are; a `return_url` is needed to confirm.
    #[default]
    Always,
    /// They are not.
    Never,
}

/// What the payer must do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NextAction {
    /// A page to be visited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_to_url: Option<RedirectToUrl>,
    /// For Stripe.js.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_stripe_sdk: Option<Map<String, Json>>,
    /// `redirect_to_url` or `use_stripe_sdk`: which of the fields is there.
    #[serde(rename = "type")]
    pub kind: String,
}

/// A page to be visited, and where it leads back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RedirectToUrl {
    /// The shop's page.
    pub return_url: Option<String>,
    /// The page to be visited.
    pub url: Option<String>,
}

/// The caller's references.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentDetails {
    /// The customer's number at the merchant.
    pub customer_reference: Option<String>,
    /// The order's number at the merchant.
    pub order_reference: Option<String>,
}

/// Where the money goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TransferData {
    /// How much of it; without it, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// The transfer's description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The connected account.
    pub destination: String,
    /// The transfer's metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    /// What the payment on the connected account says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_data: Option<funds::charges::PaymentData>,
}

impl TransferData {
    /// What is ordered of `funds`.
    pub(crate) fn order(&self) -> TransferOrder {
        TransferOrder {
            destination: self.destination.clone(),
            amount: self.amount,
            description: self.description.clone(),
            metadata: self.metadata.clone().unwrap_or_default(),
            payment_data: self.payment_data.clone().unwrap_or_default(),
        }
    }
}

/// Working state of an intent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IntentState {
    /// Where the payer goes after acting.
    pub(crate) return_url: Option<String>,
    /// What the link of the authentication page carries; gone once it was used.
    pub(crate) token: Option<String>,
    /// The payer has authenticated, and the server must confirm again.
    pub(crate) authenticated: bool,
}

impl Document for PaymentIntent {
    const KIND: &'static Kind =
        &Kind::new::<PaymentIntent>("payment_intent", "payment_intent", &["pi"], &[Column::text("customer")]);
    type Private = IntentState;
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, _: &IntentState) -> Vec<Value> {
        vec![(&self.customer).into()]
    }
}

impl PaymentIntent {
    /// What the payer is asked for.
    pub fn money(&self) -> Money {
        Money::new(self.amount, self.currency)
    }
}

/// The endpoints of payment intents.
pub(crate) fn routes() -> Vec<Route> {
    let one = "/v1/payment_intents/{intent}";
    vec![
        wire::list::<PaymentIntent, read::ListIntents>("/v1/payment_intents", "paymentIntents.list", read::list),
        wire::post("/v1/payment_intents", "paymentIntents.create", create::create),
        wire::get("/v1/payment_intents/search", "paymentIntents.search", unsupported::search),
        wire::get(one, "paymentIntents.retrieve", read::retrieve).publishable(),
        wire::post(one, "paymentIntents.update", update::update),
        wire::post("/v1/payment_intents/{intent}/confirm", "paymentIntents.confirm", confirm::confirm).publishable(),
        wire::post("/v1/payment_intents/{intent}/capture", "paymentIntents.capture", capture::capture),
        wire::post("/v1/payment_intents/{intent}/cancel", "paymentIntents.cancel", cancel::cancel),
        wire::get(
            "/v1/payment_intents/{intent}/amount_details_line_items",
            "paymentIntents.listAmountDetailsLineItems",
            unsupported::line_items,
        ),
        wire::post(
            "/v1/payment_intents/{intent}/increment_authorization",
            "paymentIntents.incrementAuthorization",
            unsupported::increment_authorization,
        ),
        wire::post(
            "/v1/payment_intents/{intent}/apply_customer_balance",
            "paymentIntents.applyCustomerBalance",
            unsupported::apply_customer_balance,
        ),
        wire::post(
            "/v1/payment_intents/{intent}/verify_microdeposits",
            "paymentIntents.verifyMicrodeposits",
            unsupported::verify_microdeposits,
        ),
    ]
}
