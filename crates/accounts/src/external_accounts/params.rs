//! An external account as callers give it: a token, or a hash.

use std::borrow::Cow;
use std::fmt;

use kernel::{ApiError, Country, Currency, Result};
use rails::banks::{BankDetails, BankNumbers, check, find_token};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use store::Tx;

use super::{BankAccountType, BankSecret, HolderType};
use crate::documents::Account;
use crate::tokens;
use crate::validate::name;
use crate::words::words;

words! {
    /// What kind of external account a hash is of.
    ExternalKind {
        /// A bank account.
        BankAccount = "bank_account",
        /// A debit card; not yet.
        Card = "card",
    }
}

/// A hash: a bank account, or a debit card, which Kontor cannot pay out to yet.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BankParams {
    object: ExternalKind,
    account_holder_name: Option<String>,
    account_holder_type: Option<HolderType>,
    account_number: Option<String>,
    account_type: Option<BankAccountType>,
    country: Option<String>,
    currency: Option<String>,
    routing_number: Option<String>,
    documents: Option<serde_json::Value>,
    // Of cards, so that they are refused as such and not by the first of these names.
    address_city: Option<String>,
    address_country: Option<String>,
    address_line1: Option<String>,
    address_line2: Option<String>,
    address_state: Option<String>,
    address_zip: Option<String>,
    cvc: Option<String>,
    default_for_currency: Option<bool>,
    exp_month: Option<String>,
    exp_year: Option<String>,
    metadata: Option<serde_json::Value>,
    name: Option<String>,
    number: Option<String>,
    token: Option<String>,
}

/// `external_account`.
#[derive(Clone)]
pub(crate) enum ExternalAccountParam {
    /// `btok_…`.
    Token(String),
    /// A hash.
    Hash(Box<BankParams>),
}

impl fmt::Debug for ExternalAccountParam {
    /// Without the numbers, which do not belong in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExternalAccountParam::Token(token) => write!(f, "Token({token})"),
            ExternalAccountParam::Hash(_) => f.write_str("Hash"),
        }
    }
}

impl<'de> Deserialize<'de> for ExternalAccountParam {
    /// An untagged enum would read the hash before it knew the types inside.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ExternalAccountParam, D::Error> {
        struct EitherVisitor;
        impl<'de> Visitor<'de> for EitherVisitor {
            type Value = ExternalAccountParam;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a token, or a hash of a bank account")
            }
            fn visit_str<E>(self, token: &str) -> Result<ExternalAccountParam, E> {
                Ok(ExternalAccountParam::Token(token.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ExternalAccountParam, A::Error> {
                let hash = BankParams::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ExternalAccountParam::Hash(Box::new(hash)))
            }
        }
        deserializer.deserialize_any(EitherVisitor)
    }
}

impl JsonSchema for ExternalAccountParam {
    fn schema_name() -> Cow<'static, str> {
        "ExternalAccountParam".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let hash = generator.subschema_for::<BankParams>();
        schemars::json_schema!({ "anyOf": [{ "type": "string" }, hash] })
    }
}

/// A bank account as it was read.
pub(crate) struct Given {
    pub(crate) details: BankDetails,
    pub(crate) secret: BankSecret,
    pub(crate) holder_name: Option<String>,
    pub(crate) holder_type: Option<HolderType>,
    pub(crate) account_type: Option<BankAccountType>,
}

/// The parameter's name, in all endpoints that take it.
const PARAM: &str = "external_account";

impl ExternalAccountParam {
    /// Reads the numbers for `account`; a token is used up.
    ///
    /// Errors: 400 for a debit card, an unknown token, numbers that are not test numbers, a currency that the bank's
    /// country does not have.
    pub(super) fn read(self, tx: &mut Tx, account: &Account) -> Result<Given> {
        match self {
            ExternalAccountParam::Token(token) => read_token(tx, token, &account.id),
            ExternalAccountParam::Hash(hash) => hash.read(&account.country),
        }
    }
}

fn read_token(tx: &mut Tx, token: String, account: &str) -> Result<Given> {
    if token.starts_with("tok_") {
        return Err(debit_card(PARAM));
    }
    let Some(details) = find_token(&token).filter(|_| !tx.livemode()) else {
        return tokens::spend_bank_account(tx, &token, account, PARAM);
    };
    let secret = BankSecret { account_number: None, token: Some(token) };
    Ok(Given { details, secret, holder_name: None, holder_type: None, account_type: None })
}

impl BankParams {
    fn read(self, home: &str) -> Result<Given> {
        match self.object {
            ExternalKind::Card => return Err(debit_card(PARAM)),
            ExternalKind::BankAccount => {}
        }
        if let Some(field) = self.field_of_a_card() {
            let param = name(PARAM, &[field]);
            return Err(
                ApiError::invalid(&param, format!("Received unknown parameter: {param}")).code("parameter_unknown")
            );
        }
        if self.documents.is_some() {
            return Err(ApiError::not_yet(&name(PARAM, &["documents"]), "A document"));
        }
        let country = self.country.as_deref().unwrap_or(home).to_ascii_uppercase();
        let currency = read_currency(self.currency.as_deref(), &country, &name(PARAM, &["currency"]))?;
        let Some(account_number) = self.account_number else {
            return Err(kernel::missing(&name(PARAM, &["account_number"])));
        };
        let numbers = BankNumbers {
            country: &country,
            currency,
            routing_number: self.routing_number.as_deref(),
            account_number: &account_number,
        };
        let details = check(&numbers, "bank_account")?;
        Ok(Given {
            details,
            secret: BankSecret { account_number: Some(account_number), token: None },
            holder_name: self.account_holder_name,
            holder_type: self.account_holder_type,
            account_type: self.account_type,
        })
    }

    fn field_of_a_card(&self) -> Option<&'static str> {
        let given = [
            ("address_city", self.address_city.is_some()),
            ("address_country", self.address_country.is_some()),
            ("address_line1", self.address_line1.is_some()),
            ("address_line2", self.address_line2.is_some()),
            ("address_state", self.address_state.is_some()),
            ("address_zip", self.address_zip.is_some()),
            ("cvc", self.cvc.is_some()),
            ("default_for_currency", self.default_for_currency.is_some()),
            ("exp_month", self.exp_month.is_some()),
            ("exp_year", self.exp_year.is_some()),
            ("metadata", self.metadata.is_some()),
            ("name", self.name.is_some()),
            ("number", self.number.is_some()),
            ("token", self.token.is_some()),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(field, _)| field)
    }
}

/// The currency of a bank account: its country's, or outside the United States one of those that banks keep for others.
/// The currency of a bank account: the one given, or its country's. `param` names it.
pub(crate) fn read_currency(given: Option<&str>, country: &str, param: &str) -> Result<Currency> {
    let home = Country::find(country).map(Country::default_currency);
    let Some(given) = given else {
        return home.ok_or_else(|| kernel::missing(param));
    };
    let Some(currency) = Currency::parse(given) else {
        let message = format!("Invalid currency: {}.", crate::validate::shown(given));
        return Err(ApiError::invalid(param, message));
    };
    let is_common = country != "US" && matches!(currency.code(), "eur" | "gbp" | "usd");
    if home.is_none_or(|home| home == currency) || is_common {
        return Ok(currency);
    }
    Err(ApiError::invalid(param, format!("Bank accounts in {country} cannot have the currency {currency}.")))
}

fn debit_card(param: &str) -> ApiError {
    ApiError::not_yet(param, "A debit card as an external account")
}
