//! `payment_method_options[card]`: what is asked of card payments.

use kernel::{ApiError, Patch, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::SetupFutureUsage;

/// Options by type of payment method, as shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MethodOptions {
    /// For cards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<CardOptions>,
}

/// What is asked of card payments, as shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CardOptions {
    /// `manual`, when cards are captured by hand whatever the intent says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture_method: Option<String>,
    /// Always null: there are no instalments.
    pub installments: Option<Map<String, Json>>,
    /// Always null: there are no Indian mandates.
    pub mandate_options: Option<Map<String, Json>>,
    /// The network that the payer prefers.
    pub network: Option<String>,
    /// When 3-D Secure is asked for.
    pub request_three_d_secure: Option<RequestThreeDSecure>,
    /// Whether cards are kept, whatever the intent says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup_future_usage: Option<SetupFutureUsage>,
}

/// When 3-D Secure is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestThreeDSecure {
    /// Whenever the card can.
    Any,
    /// When the card or the rules need it.
    #[default]
    Automatic,
    /// Whenever the card can, with a challenge.
    Challenge,
}

impl From<RequestThreeDSecure> for rails::cards::RequestThreeDSecure {
    fn from(request: RequestThreeDSecure) -> rails::cards::RequestThreeDSecure {
        match request {
            RequestThreeDSecure::Any => rails::cards::RequestThreeDSecure::Any,
            RequestThreeDSecure::Automatic => rails::cards::RequestThreeDSecure::Automatic,
            RequestThreeDSecure::Challenge => rails::cards::RequestThreeDSecure::Challenge,
        }
    }
}

/// `payment_method_options` of a request. Options for other types than cards are taken and have no effect: those types
/// cannot be used yet.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MethodOptionsParams {
    /// For cards.
    pub card: Patch<CardOptionsParams>,
}

/// `payment_method_options[card]` of a request.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CardOptionsParams {
    /// `manual` only.
    pub capture_method: Patch<ManualCapture>,
    /// Not supported yet.
    pub cvc_token: Option<String>,
    /// Not supported yet.
    pub installments: Option<Json>,
    /// Not supported yet.
    pub mandate_options: Option<Json>,
    /// Whether the card's details came by mail or telephone. Not supported yet.
    pub moto: Option<bool>,
    /// The network that the payer prefers.
    pub network: Option<String>,
    /// Taken: authorisations are never extended.
    pub request_extended_authorization: Option<IfAvailable>,
    /// Taken: authorisations are never incremented.
    pub request_incremental_authorization: Option<IfAvailable>,
    /// Taken: there is one capture.
    pub request_multicapture: Option<IfAvailable>,
    /// Taken: no more than the authorised amount can be captured.
    pub request_overcapture: Option<IfAvailable>,
    /// When 3-D Secure is asked for.
    pub request_three_d_secure: Option<RequestThreeDSecure>,
    /// Taken, without effect.
    pub require_cvc_recollection: Option<bool>,
    /// Whether the card is kept, whatever the intent says.
    pub setup_future_usage: Patch<UsageOrNone>,
    /// Taken, without effect: for Japanese cards.
    pub statement_descriptor_suffix_kana: Patch<String>,
    /// Taken, without effect: for Japanese cards.
    pub statement_descriptor_suffix_kanji: Patch<String>,
    /// Not supported yet.
    pub three_d_secure: Option<Json>,
}

/// Whether a feature is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IfAvailable {
    /// When the card can.
    IfAvailable,
    /// Not.
    Never,
}

/// Cards can be captured by hand, whatever the intent says; not the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ManualCapture {
    /// By hand.
    Manual,
}

/// Whether a card is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UsageOrNone {
    /// It is not.
    None,
    /// Also for payments without the payer.
    OffSession,
    /// For payments with the payer.
    OnSession,
}

impl MethodOptionsParams {
    /// Writes what was given over `options`.
    ///
    /// Errors: 400 for what is not supported yet, by its name.
    pub(super) fn apply(self, options: &mut Option<MethodOptions>) -> Result<()> {
        let card = match self.card {
            Patch::Absent => return Ok(()),
            Patch::Clear => {
                if let Some(options) = options {
                    options.card = None;
                }
                return Ok(());
            }
            Patch::Set(card) => card,
        };
        card.refuse_unsupported()?;
        let shown = options.get_or_insert_default().card.get_or_insert_default();
        match card.capture_method {
            Patch::Set(ManualCapture::Manual) => shown.capture_method = Some("manual".into()),
            Patch::Clear => shown.capture_method = None,
            Patch::Absent => {}
        }
        shown.network = card.network.or(shown.network.take());
        shown.request_three_d_secure = card.request_three_d_secure.or(shown.request_three_d_secure);
        match card.setup_future_usage {
            Patch::Set(UsageOrNone::OffSession) => shown.setup_future_usage = Some(SetupFutureUsage::OffSession),
            Patch::Set(UsageOrNone::OnSession) => shown.setup_future_usage = Some(SetupFutureUsage::OnSession),
            Patch::Set(UsageOrNone::None) | Patch::Clear => shown.setup_future_usage = None,
            Patch::Absent => {}
        }
        Ok(())
    }
}

impl CardOptionsParams {
    fn refuse_unsupported(&self) -> Result<()> {
        let unsupported = [
            ("cvc_token", self.cvc_token.is_some()),
            ("installments", self.installments.is_some()),
            ("mandate_options", self.mandate_options.is_some()),
            ("moto", self.moto == Some(true)),
            ("three_d_secure", self.three_d_secure.is_some()),
        ];
        match unsupported.iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((name, _)) => {
                let param = format!("payment_method_options[card][{name}]");
                Err(ApiError::not_yet(&param, format!("The parameter {param}")))
            }
        }
    }
}
