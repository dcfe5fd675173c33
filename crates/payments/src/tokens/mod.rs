//! Tokens: cards sent ahead, to be used once in place of their numbers. Those of payees (bank accounts, social security
//! numbers) are the crate `accounts`', which uses them; they share these endpoints.
//!
//! Test tokens (`tok_visa`) need not be made and can be used any number of times.
//!
//! Deliberately absent: tokens for accounts, persons and security codes.

mod create;

use accounts::PayeeToken;
use funds::charges::{Address, BillingDetails};
use kernel::{ApiError, Metadata, Result, Timestamp, resource_missing};
use rails::cards::{self, Brand, Expiry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Document, Kind, Tx, Value};
use wire::{NoParams, Path, Reply, Route};

use crate::payment_methods::Card;
use crate::payment_methods::card::{Network, NewCard, Secret};

pub(crate) use create::read_card;
pub use create::{CardObject, CreateToken, TokenCardParams};

/// `GET /v1/tokens/{token}` (api/md/token), for a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Token {
    /// `tok_…`.
    pub id: String,
    /// `token`.
    pub object: String,
    /// The card.
    pub card: TokenCard,
    /// Where it was made from. Not known.
    pub client_ip: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// Whether it exists in live mode.
    pub livemode: bool,
    /// `card`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it was used.
    pub used: bool,
}

/// A token's card, in the shape of Stripe's older card object (api/md/card).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenCard {
    /// `card_…`.
    pub id: String,
    /// `card`.
    pub object: String,
    /// City.
    pub address_city: Option<String>,
    /// Country.
    pub address_country: Option<String>,
    /// Street and number.
    pub address_line1: Option<String>,
    /// `unchecked` when a first line was given.
    pub address_line1_check: Option<String>,
    /// Flat, suite, unit.
    pub address_line2: Option<String>,
    /// State or region.
    pub address_state: Option<String>,
    /// Postal code.
    pub address_zip: Option<String>,
    /// `unchecked` when a postal code was given.
    pub address_zip_check: Option<String>,
    /// In words: `Visa`, `American Express`.
    pub brand: String,
    /// Where it was issued.
    pub country: Option<String>,
    /// `unchecked` when a security code was given.
    pub cvc_check: Option<String>,
    /// The last four digits that a wallet used. Always null.
    pub dynamic_last4: Option<String>,
    /// 1 to 12.
    pub exp_month: i64,
    /// Four digits.
    pub exp_year: i64,
    /// The same for the same number.
    pub fingerprint: Option<String>,
    /// `credit`, `debit`, `prepaid` or `unknown`.
    pub funding: String,
    /// The last four digits.
    pub last4: String,
    /// Always empty.
    pub metadata: Metadata,
    /// Whose it is.
    pub name: Option<String>,
    /// The network that the payer prefers.
    pub networks: TokenNetworks,
    /// Whether the debit card's issuer is bound by the US fee cap.
    pub regulated_status: Option<String>,
    /// The wallet that it came from. Always null.
    pub tokenization_method: Option<String>,
}

/// The network that the payer prefers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenNetworks {
    /// `cartes_bancaires`, `mastercard` or `visa`.
    pub preferred: Option<Network>,
}

impl TokenCard {
    /// A card in the older shape.
    pub(crate) fn of(id: String, card: &Card, billing: &BillingDetails, metadata: Metadata) -> TokenCard {
        let address = billing.address.clone().unwrap_or_default();
        let checks = card.checks.clone().unwrap_or_default();
        let preferred = card.networks.as_ref().and_then(|networks| networks.preferred.as_deref());
        TokenCard {
            id,
            object: "card".into(),
            address_city: address.city,
            address_country: address.country,
            address_line1: address.line1,
            address_line1_check: checks.address_line1_check,
            address_line2: address.line2,
            address_state: address.state,
            address_zip: address.postal_code,
            address_zip_check: checks.address_postal_code_check,
            brand: brand_in_words(&card.brand).into(),
            country: card.country.clone(),
            cvc_check: checks.cvc_check,
            dynamic_last4: None,
            exp_month: card.exp_month,
            exp_year: card.exp_year,
            fingerprint: card.fingerprint.clone(),
            funding: card.funding.clone(),
            last4: card.last4.clone(),
            metadata,
            name: billing.name.clone(),
            networks: TokenNetworks { preferred: preferred.and_then(Network::find) },
            regulated_status: card.regulated_status.clone(),
            tokenization_method: None,
        }
    }
}

/// The older card object writes brands as people do.
fn brand_in_words(brand: &str) -> &'static str {
    let known = [
        (Brand::Visa, "Visa"),
        (Brand::Mastercard, "MasterCard"),
        (Brand::Amex, "American Express"),
        (Brand::Discover, "Discover"),
        (Brand::Diners, "Diners Club"),
        (Brand::Jcb, "JCB"),
        (Brand::Unionpay, "UnionPay"),
        (Brand::EftposAu, "Eftpos Australia"),
    ];
    known.into_iter().find(|(known, _)| known.as_str() == brand).map_or("Unknown", |(_, words)| words)
}

impl Document for Token {
    const KIND: &'static Kind = &Kind::new::<Token>("token", "token", &["tok"], &[]);
    type Private = ();
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, (): &()) -> Vec<Value> {
        Vec::new()
    }
}

/// Uses a token: the card behind it. Who is billed is filled in from the token where the request says nothing.
///
/// Errors: 400 `resource_missing`; `token_already_used`.
pub(crate) fn spend(tx: &mut Tx, id: &str, param: &str, billing: &mut BillingDetails) -> Result<NewCard> {
    if let Some(test_card) = cards::find_token(id)
        && !tx.livemode()
    {
        return Ok(NewCard::test(tx, test_card));
    }
    let mut token = match tx.find::<Token>(id)? {
        Some(token) if token.account == tx.account() => token,
        Some(_) | None => return Err(resource_missing("token", id, param).status(400)),
    };
    if token.used {
        return Err(already_used(id, param));
    }
    let Some(secret) = tx.unseal::<Secret>(id)? else {
        return Err(tx.bug(&format!("{id}: the card's number is not there")));
    };
    let number = secret.number()?;
    let profile = cards::admit(&number).map_err(|decline| decline.to_error().param(param))?;
    let card = &token.card;
    if billing.name.is_none() {
        billing.name.clone_from(&card.name);
    }
    let address = billing.address.get_or_insert_with(Address::empty);
    if *address == Address::empty() {
        *address = Address {
            city: card.address_city.clone(),
            country: card.address_country.clone(),
            line1: card.address_line1.clone(),
            line2: card.address_line2.clone(),
            postal_code: card.address_zip.clone(),
            state: card.address_state.clone(),
        };
    }
    let expiry = Expiry { month: card.exp_month, year: card.exp_year };
    let new_card = NewCard { number, profile, expiry, cvc: secret.cvc, preferred: card.networks.preferred };
    token.used = true;
    tx.put(&token)?;
    tx.unseal_forever(id);
    Ok(new_card)
}

fn already_used(id: &str, param: &str) -> ApiError {
    ApiError::invalid(param, format!("You cannot use a Stripe token more than once: {id}.")).code("token_already_used")
}

/// What the endpoints of tokens answer.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes answers, which are documents of either kind")]
pub(crate) enum AnyToken {
    /// Of a card.
    Card(Box<Token>),
    /// Of a bank account or a social security number.
    Payee(Box<PayeeToken>),
}

fn retrieve(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<AnyToken>> {
    let id = path.id();
    if let Some(token) = tx.peek::<Token>(id)?.filter(|token| token.account == tx.account()) {
        return Ok(Reply::document(&token));
    }
    match tx.peek::<PayeeToken>(id)? {
        Some(token) if token.account == tx.account() => Ok(Reply::document(&token)),
        Some(_) | None => Err(resource_missing("token", id, "token")),
    }
}

/// The endpoints of tokens.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        wire::post("/v1/tokens", "tokens.create", create::create).publishable(),
        wire::get("/v1/tokens/{token}", "tokens.retrieve", retrieve),
    ]
}
