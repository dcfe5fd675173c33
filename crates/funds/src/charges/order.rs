//! What the payments crate asks of a charge.

use kernel::{Metadata, Money};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{BillingDetails, PaymentMethodDetails};

/// A destination charge's transfer, to be made when the charge is captured (`transfer_data`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TransferOrder {
    /// The connected account that gets the money.
    pub destination: String,
    /// How much of the charge, in its currency; without it, all.
    #[serde(default)]
    pub amount: Option<i64>,
    /// The transfer's description.
    #[serde(default)]
    pub description: Option<String>,
    /// The transfer's metadata.
    #[serde(default)]
    pub metadata: Metadata,
    /// What the payment on the connected account says.
    #[serde(default)]
    pub payment_data: PaymentData,
}

/// What the destination payment on the connected account says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentData {
    /// Its description.
    #[serde(default)]
    pub description: Option<String>,
    /// Its metadata.
    #[serde(default)]
    pub metadata: Metadata,
}

/// A charge to be made, as far as the payer's side knows. It belongs to the account acted on.
#[derive(Debug, Clone)]
pub struct ChargeOrder {
    /// How much, and in which currency.
    pub amount: Money,
    /// The intent it is for.
    pub payment_intent: Option<String>,
    /// The customer who pays.
    pub customer: Option<String>,
    /// The payment method's id.
    pub payment_method: Option<String>,
    /// What is known of the card.
    pub payment_method_details: PaymentMethodDetails,
    /// The card as older programs read it, when it is one of theirs.
    pub source: Option<Json>,
    /// Who pays.
    pub billing_details: BillingDetails,
    /// For people.
    pub description: Option<String>,
    /// The charge's metadata.
    pub metadata: Metadata,
    /// What the payer's statement says, whole.
    pub statement_descriptor: Option<String>,
    /// What the payer's statement says behind the merchant's prefix.
    pub statement_descriptor_suffix: Option<String>,
    /// Where the receipt goes.
    pub receipt_email: Option<String>,
    /// Where the goods go; an object of Stripe's `shipping` shape.
    pub shipping: Option<Json>,
    /// The connected account that settles in place of the platform.
    pub on_behalf_of: Option<String>,
    /// Makes it a destination charge.
    pub transfer: Option<TransferOrder>,
    /// Groups charge and transfers.
    pub transfer_group: Option<String>,
    /// What the platform earns, in the charge's currency.
    pub application_fee_amount: Option<i64>,
    /// Where the card was issued: decides the processing fee.
    pub card_country: String,
    /// Captured at once; otherwise only authorised.
    pub capture: bool,
}

/// How a payment is to be shared out, to be checked before anything is charged.
#[derive(Debug, Clone, Copy)]
pub struct Split<'a> {
    /// How much is charged.
    pub amount: Money,
    /// `application_fee_amount`.
    pub application_fee_amount: Option<i64>,
    /// `transfer_data`.
    pub transfer: Option<&'a TransferOrder>,
    /// `on_behalf_of`.
    pub on_behalf_of: Option<&'a str>,
    /// `transfer_group`.
    pub transfer_group: Option<&'a str>,
}

/// What may be said when an authorised charge is captured.
#[derive(Debug, Clone, Default)]
pub struct CaptureOrder {
    /// How much of the authorised amount; without it, all. The rest is released.
    pub amount: Option<i64>,
    /// In place of the fee given before.
    pub application_fee_amount: Option<i64>,
    /// In place of `transfer_data[amount]` given before.
    pub transfer_amount: Option<i64>,
    /// In place of the one given before.
    pub statement_descriptor: Option<String>,
    /// In place of the one given before.
    pub statement_descriptor_suffix: Option<String>,
}
