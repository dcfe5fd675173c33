//! `payment_method_options[card]`: what is asked of card payments.

use std::borrow::Cow;
use std::fmt;

use kernel::{ApiError, Patch, Result};
use schemars::JsonSchema;
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value as Json};

use super::SetupFutureUsage;
use crate::payment_methods::TYPES;

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
    pub network: Option<CardNetwork>,
    /// When 3-D Secure is asked for.
    pub request_three_d_secure: Option<RequestThreeDSecure>,
    /// Whether the security code is to be asked for again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_cvc_recollection: Option<bool>,
    /// What the card's details are being stored for, as the merchant tells the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup_credential_usage: Option<CredentialUsage>,
    /// Whether cards are kept, whatever the intent says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup_future_usage: Option<UsageOrNone>,
    /// What the card's stored details are being used for, as the merchant tells the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored_credential_usage: Option<CredentialUsage>,
}

/// Why a merchant stores a card's details, or charges stored ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CredentialUsage {
    /// For parts of one purchase.
    Installment,
    /// At fixed times.
    Recurring,
    /// When there is something to pay.
    Unscheduled,
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

/// A card network that can be preferred (api/md/payment_intent, E9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "names that stand for themselves")]
pub enum CardNetwork {
    Amex,
    CartesBancaires,
    Diners,
    Discover,
    EftposAu,
    Girocard,
    Interac,
    Jcb,
    Link,
    Mastercard,
    Unionpay,
    Unknown,
    Visa,
}

/// `payment_method_options` of a request. Options for other types than cards are taken and have no effect: those types
/// cannot be used yet.
#[derive(Debug, Clone, Default, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct MethodOptionsParams {
    /// For cards.
    pub card: Patch<CardOptionsParams>,
}

impl<'de> Deserialize<'de> for MethodOptionsParams {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MethodOptionsParams, D::Error> {
        deserializer.deserialize_struct("MethodOptionsParams", TYPES, OptionsVisitor)
    }
}

struct OptionsVisitor;

impl<'de> Visitor<'de> for OptionsVisitor {
    type Value = MethodOptionsParams;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a hash of options by type of payment method")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<MethodOptionsParams, A::Error> {
        let mut options = MethodOptionsParams::default();
        while let Some(kind) = map.next_key::<Cow<'de, str>>()? {
            match &*kind {
                "card" => options.card = map.next_value()?,
                other if TYPES.contains(&other) || other == "card_present" || other == "interac_present" => {
                    map.next_value::<IgnoredAny>()?;
                }
                unknown => return Err(A::Error::unknown_field(unknown, TYPES)),
            }
        }
        Ok(options)
    }
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
    pub network: Option<CardNetwork>,
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
    /// What the card's details are being stored for.
    pub setup_credential_usage: Option<CredentialUsage>,
    /// Whether the card is kept, whatever the intent says.
    pub setup_future_usage: Patch<UsageOrNone>,
    /// Taken, without effect: for Japanese cards.
    pub statement_descriptor_suffix_kana: Patch<String>,
    /// Taken, without effect: for Japanese cards.
    pub statement_descriptor_suffix_kanji: Patch<String>,
    /// What the card's stored details are being used for.
    pub stored_credential_usage: Option<CredentialUsage>,
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

impl UsageOrNone {
    /// What the card is kept for.
    pub(super) fn usage(self) -> Option<SetupFutureUsage> {
        match self {
            UsageOrNone::None => None,
            UsageOrNone::OffSession => Some(SetupFutureUsage::OffSession),
            UsageOrNone::OnSession => Some(SetupFutureUsage::OnSession),
        }
    }
}

impl MethodOptionsParams {
    /// Whether it says when the money is taken.
    pub(super) fn has_capture_method(&self) -> bool {
        self.card.as_set().is_some_and(|card| !card.capture_method.is_absent())
    }

    /// Writes what was given over `options`.
    ///
    /// Errors: 400 for what is not supported yet, by its name.
    pub(super) fn apply(self, options: &mut Option<MethodOptions>) -> Result<()> {
        let card = match self.card {
            Patch::Absent => return Ok(()),
            Patch::Clear => {
                options.get_or_insert_default().card = Some(CardOptions::default());
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
        if let Some(network) = card.network {
            shown.network = Some(network);
        }
        shown.request_three_d_secure = card.request_three_d_secure.or(shown.request_three_d_secure);
        shown.require_cvc_recollection = card.require_cvc_recollection.or(shown.require_cvc_recollection);
        shown.setup_credential_usage = card.setup_credential_usage.or(shown.setup_credential_usage);
        card.setup_future_usage.apply(&mut shown.setup_future_usage);
        shown.stored_credential_usage = card.stored_credential_usage.or(shown.stored_credential_usage);
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
