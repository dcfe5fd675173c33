//! What the requests about payment intents have in common.

use funds::charges::PaymentData;
use kernel::{ApiError, MetadataPatch, Patch, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::amount_details::AmountDetailsParams;
use super::{AllowRedirects, PaymentDetails, PaymentIntent, TransferData};
use crate::address::ShippingParams;
use crate::text;

/// `automatic_payment_methods`.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AutomaticParams {
    /// Whether ones that send the payer elsewhere are among them.
    pub allow_redirects: Option<AllowRedirects>,
    /// Whether payment methods are chosen by settings.
    pub enabled: bool,
}

/// `transfer_data` of a new intent.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferDataParams {
    /// How much of it; without it, all.
    pub amount: Option<i64>,
    /// The transfer's description.
    #[serde(default)]
    pub description: Patch<String>,
    /// The connected account.
    pub destination: String,
    /// The transfer's metadata.
    #[serde(default)]
    pub metadata: Patch<MetadataPatch>,
    /// What the payment on the connected account says.
    pub payment_data: Option<PaymentDataParams>,
}

/// `transfer_data[payment_data]`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentDataParams {
    /// Its description.
    #[serde(default)]
    pub description: Patch<String>,
    /// Its metadata.
    #[serde(default)]
    pub metadata: Patch<MetadataPatch>,
}

impl PaymentDataParams {
    fn apply(self, data: &mut PaymentData) -> Result<()> {
        text::check_patch("transfer_data[payment_data][description]", &self.description, text::TEXT)?;
        self.description.apply(&mut data.description);
        data.metadata = self.metadata.merge(&data.metadata)?;
        Ok(())
    }
}

impl TransferDataParams {
    pub(super) fn into_data(self) -> Result<TransferData> {
        let mut data = TransferData {
            amount: None,
            description: None,
            destination: self.destination,
            metadata: None,
            payment_data: None,
        };
        let rest = TransferDataPatch {
            amount: self.amount,
            description: self.description,
            metadata: self.metadata,
            payment_data: self.payment_data,
        };
        rest.apply(&mut data)?;
        Ok(data)
    }
}

/// `transfer_data` of an intent that exists: its destination stays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferDataPatch {
    /// How much of it.
    pub amount: Option<i64>,
    /// The transfer's description.
    #[serde(default)]
    pub description: Patch<String>,
    /// The transfer's metadata.
    #[serde(default)]
    pub metadata: Patch<MetadataPatch>,
    /// What the payment on the connected account says.
    pub payment_data: Option<PaymentDataParams>,
}

impl TransferDataPatch {
    /// Writes what was given into an intent's `transfer_data`.
    pub(super) fn apply(self, data: &mut TransferData) -> Result<()> {
        data.amount = self.amount.or(data.amount);
        text::check_patch("transfer_data[description]", &self.description, text::TEXT)?;
        self.description.apply(&mut data.description);
        let metadata = self.metadata.merge(&data.metadata.take().unwrap_or_default())?;
        data.metadata = (!metadata.is_empty()).then_some(metadata);
        if let Some(given) = self.payment_data {
            given.apply(data.payment_data.get_or_insert_default())?;
        }
        Ok(())
    }
}

/// `transfer_data` of a capture.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferAmountParams {
    /// How much of it.
    pub amount: Option<i64>,
}

/// `payment_details`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PaymentDetailsParams {
    /// The customer's number at the merchant.
    pub customer_reference: Patch<String>,
    /// The order's number at the merchant.
    pub order_reference: Patch<String>,
}

impl PaymentDetailsParams {
    pub(super) fn apply(self, details: &mut Option<PaymentDetails>) -> Result<()> {
        text::check_patch("payment_details[customer_reference]", &self.customer_reference, text::NAME)?;
        text::check_patch("payment_details[order_reference]", &self.order_reference, text::NAME)?;
        let details = details.get_or_insert_default();
        self.customer_reference.apply(&mut details.customer_reference);
        self.order_reference.apply(&mut details.order_reference);
        Ok(())
    }
}

/// What a request says about the parts of the amount, the order and its shipping.
pub(super) fn apply_details(
    intent: &mut PaymentIntent,
    amount: Patch<AmountDetailsParams>,
    payment: Patch<PaymentDetailsParams>,
    shipping: Patch<ShippingParams>,
) -> Result<()> {
    match amount {
        Patch::Set(details) => details.apply(&mut intent.amount_details)?,
        Patch::Clear => intent.amount_details = Default::default(),
        Patch::Absent => {}
    }
    match payment {
        Patch::Set(details) => details.apply(&mut intent.payment_details)?,
        Patch::Clear => intent.payment_details = None,
        Patch::Absent => {}
    }
    match shipping {
        Patch::Set(shipping) => intent.shipping = Some(shipping.into_shipping()),
        Patch::Clear => intent.shipping = None,
        Patch::Absent => {}
    }
    Ok(())
}

/// `off_session`: `true`, `false`, or why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OffSession {
    /// Without the payer, once.
    OneOff,
    /// Without the payer, again and again.
    Recurring,
    /// Without the payer.
    True,
    /// With the payer.
    False,
}

impl OffSession {
    pub(super) fn is_off(self) -> bool {
        self != OffSession::False
    }
}

/// Refuses parameters that cannot have an effect yet, by their names.
pub(super) fn refuse(unsupported: &[(&str, bool)]) -> Result<()> {
    match unsupported.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((name, _)) => Err(ApiError::not_yet(name, format!("The parameter {name}"))),
    }
}

/// The longest statement descriptor (Stripe, "Statement descriptors").
const LONGEST_DESCRIPTOR: usize = 22;

/// Whether a payer's statement can say this behind the merchant's prefix: up to 22 characters, none of `<>\'"*`.
///
/// Errors: 400 on either parameter. A whole descriptor cannot be given for cards, and cards are all there is.
pub(super) fn check_descriptors(whole: Option<&String>, suffix: Option<&String>) -> Result<()> {
    if whole.is_some() {
        return Err(no_whole_descriptor());
    }
    let Some(text) = suffix else { return Ok(()) };
    let param = "statement_descriptor_suffix";
    if LONGEST_DESCRIPTOR < text.chars().count() {
        let message = format!("The statement descriptor suffix must be at most {LONGEST_DESCRIPTOR} characters.");
        return Err(ApiError::invalid(param, message));
    }
    if text.contains(['<', '>', '\\', '\'', '"', '*']) || !text.is_ascii() || text.chars().any(char::is_control) {
        let message = "The statement descriptor suffix can only have Latin characters and none of these: < > \\ ' \" *";
        return Err(ApiError::invalid(param, message));
    }
    if !text.chars().any(|c| c.is_ascii_alphanumeric()) {
        return Err(ApiError::invalid(
            param,
            "The statement descriptor suffix must contain at least one letter or digit.",
        ));
    }
    Ok(())
}

fn no_whole_descriptor() -> ApiError {
    ApiError::invalid(
        "statement_descriptor",
        "The `statement_descriptor` parameter is no longer supported for a PaymentIntent that supports the \
         payment_method_type `card`. To continue supporting payment_method_type `card`, please pass in \
         `statement_descriptor_suffix` or remove the `statement_descriptor` parameter altogether.",
    )
}

/// Free text of the caller.
pub(super) fn check_texts(texts: &[(&str, Option<&String>, usize)]) -> Result<()> {
    texts.iter().try_for_each(|(param, value, most)| text::check_given(param, *value, *most))
}

/// A hash that is taken without effect.
pub(super) fn check_hash(param: &str, value: &Json) -> Result<()> {
    if value.is_object() { Ok(()) } else { Err(no_hash(param)) }
}

fn no_hash(param: &str) -> ApiError {
    ApiError::invalid(param, "Invalid object")
}
