//! Sources: cards as programs from before payment methods name them.
//!
//! A source is a payment method whose id begins with `card_`. It is shown as an older card object under its customer and on
//! its charges, and as a payment method everywhere else; it can be paid with in either way.
//!
//! Deliberately absent: bank accounts of customers, and `src_…`.

use std::borrow::Cow;
use std::fmt;

use funds::charges::{Address, BillingDetails};
use kernel::{ApiError, Result, resource_missing};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value as Json};
use store::{Doc, Tx};

use crate::payment_methods::{self, PaymentMethod};
use crate::tokens::{TokenCard, TokenCardParams, read_card, spend};

/// A source as it is shown (api/md/card).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Source {
    #[serde(flatten)]
    card: TokenCard,
    /// Whose it is.
    customer: Option<String>,
}

impl Source {
    /// How a payment method that is a source is shown.
    pub(crate) fn of(method: &PaymentMethod) -> Source {
        let card = TokenCard::of(method.id.clone(), &method.card, &method.billing_details, method.metadata.clone());
        Source { card, customer: method.customer.clone() }
    }

    /// The same as JSON.
    pub(crate) fn json(tx: &Tx, method: &PaymentMethod) -> Result<Map<String, Json>> {
        match serde_json::to_value(Source::of(method)) {
            Ok(Json::Object(fields)) => Ok(fields),
            Ok(_) | Err(_) => Err(tx.bug("a card cannot be written as JSON")),
        }
    }
}

/// Whether an id is a source's.
pub(crate) fn is_source(id: &str) -> bool {
    id.starts_with("card_")
}

/// `source` of a request: a token, the id of a source, or a card's details.
#[derive(Clone)]
pub(crate) enum SourceParam {
    /// `tok_…`, `card_…`.
    Id(String),
    /// A card's number and what belongs to it.
    Card(Box<TokenCardParams>),
}

impl fmt::Debug for SourceParam {
    /// Without the number, which does not belong in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceParam::Id(id) => write!(f, "Id({id})"),
            SourceParam::Card(_) => f.write_str("Card"),
        }
    }
}

impl<'de> Deserialize<'de> for SourceParam {
    /// An untagged enum would read the hash before it knew the types inside.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SourceParam, D::Error> {
        struct EitherVisitor;
        impl<'de> Visitor<'de> for EitherVisitor {
            type Value = SourceParam;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a token, or a hash of a card")
            }
            fn visit_str<E>(self, id: &str) -> Result<SourceParam, E> {
                Ok(SourceParam::Id(id.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SourceParam, A::Error> {
                let card = TokenCardParams::deserialize(MapAccessDeserializer::new(map))?;
                Ok(SourceParam::Card(Box::new(card)))
            }
        }
        deserializer.deserialize_any(EitherVisitor)
    }
}

impl JsonSchema for SourceParam {
    fn schema_name() -> Cow<'static, str> {
        "SourceParam".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let hash = generator.subschema_for::<TokenCardParams>();
        schemars::json_schema!({ "anyOf": [{ "type": "string" }, hash] })
    }
}

/// Makes a source of a token, which is used up, or of a card's details. It is nobody's yet.
///
/// Errors: 400 `resource_missing`, `token_already_used`; an empty string; 402 for a card that cannot be.
pub(crate) fn make(tx: &mut Tx, source: SourceParam) -> Result<Doc<PaymentMethod>> {
    const PARAM: &str = "source";
    let (card, billing) = match source {
        SourceParam::Id(id) if id.is_empty() => return Err(empty()),
        SourceParam::Id(id) if id.starts_with("acct_") => {
            return Err(ApiError::not_yet(PARAM, "Debiting a connected account"));
        }
        SourceParam::Id(id) if id.starts_with("btok_") => {
            return Err(ApiError::not_yet(PARAM, "Paying by bank account"));
        }
        SourceParam::Id(id) => {
            let mut billing = BillingDetails { address: Some(Address::empty()), ..BillingDetails::default() };
            let card = spend(tx, &id, PARAM, &mut billing)?;
            (card, billing)
        }
        SourceParam::Card(card) => read_card(tx, *card, PARAM)?,
    };
    payment_methods::make_source(tx, &card, billing)
}

fn empty() -> ApiError {
    ApiError::invalid(
        "source",
        "You passed an empty string for 'source'. We assume empty values are an attempt to unset a parameter; however \
         'source' cannot be unset. You should remove 'source' from your request or supply a non-empty value.",
    )
    .code("parameter_invalid_empty")
}

/// A customer's source, by its id.
///
/// Errors: 404 `resource_missing`.
pub(crate) fn of_customer(tx: &mut Tx, customer: &str, id: &str, param: &str) -> Result<Doc<PaymentMethod>> {
    match tx.find::<PaymentMethod>(id)? {
        Some(found)
            if is_source(id) && found.account == tx.account() && found.customer.as_deref() == Some(customer) =>
        {
            Ok(found)
        }
        Some(_) | None => Err(resource_missing("source", &id.chars().take(100).collect::<String>(), param)),
    }
}
