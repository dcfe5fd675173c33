//! Making a token.

use accounts::{BankAccountParams, PiiParams};
use funds::charges::{Address, BillingDetails};
use kernel::{ApiError, Metadata, Patch, Result, missing};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use store::{Doc, Tx};
use wire::{Path, Reply};

use super::{AnyToken, Token, TokenCard};
use crate::payment_methods::card::{CardParams, Digits, NetworksParams, NewCard};
use crate::text;

/// Parameters of `POST /v1/tokens`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CreateToken {
    /// Not supported yet.
    pub account: Option<Json>,
    /// The bank account that payouts are to go to.
    pub bank_account: Option<BankAccountParams>,
    /// The card.
    pub card: Option<TokenCardParams>,
    /// Not supported: clone a payment method instead.
    pub customer: Option<String>,
    /// Not supported yet.
    pub cvc_update: Option<Json>,
    /// Not supported yet.
    pub person: Option<Json>,
    /// A social security number.
    pub pii: Option<PiiParams>,
}

/// A card as `POST /v1/tokens` takes it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TokenCardParams {
    /// `card`, where the hash could also be something else (`source`).
    pub object: Option<CardObject>,
    /// City.
    pub address_city: Patch<String>,
    /// Country.
    pub address_country: Patch<String>,
    /// Street and number.
    pub address_line1: Patch<String>,
    /// Flat, suite, unit.
    pub address_line2: Patch<String>,
    /// State or region.
    pub address_state: Patch<String>,
    /// Postal code.
    pub address_zip: Patch<String>,
    /// For debit cards that are paid out to.
    pub currency: Option<String>,
    /// The security code.
    pub cvc: Option<Digits>,
    /// 1 to 12.
    pub exp_month: Option<i64>,
    /// Two or four digits.
    pub exp_year: Option<i64>,
    /// Whose it is.
    pub name: Patch<String>,
    /// What the payer prefers of a card with two networks.
    pub networks: Option<NetworksParams>,
    /// The number.
    pub number: Option<Digits>,
}

/// The only thing that the details of a card can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CardObject {
    /// A card.
    Card,
}

/// Makes a token.
///
/// Errors: none or several things to make it of; 402 for a card that cannot be; what else Stripe makes tokens of.
pub(super) fn create(tx: &mut Tx, _: &Path, p: CreateToken) -> Result<Reply<AnyToken>> {
    refuse_what_is_not_there(&p)?;
    match (p.card, p.bank_account, p.pii) {
        (Some(card), None, None) => tokenize_card(tx, card).map(|token| Reply::document(&token)),
        (None, Some(bank), None) => accounts::tokenize_bank_account(tx, bank).map(|token| Reply::document(&token)),
        (None, None, Some(pii)) => accounts::tokenize_pii(tx, pii).map(|token| Reply::document(&token)),
        (None, None, None) => Err(missing("card")),
        (card, bank, _) => Err(several(card.is_some(), bank.is_some())),
    }
}

fn several(has_card: bool, has_bank_account: bool) -> ApiError {
    let param = if has_card && has_bank_account { "bank_account" } else { "pii" };
    ApiError::invalid(param, "You may only specify one of these parameters: card, bank_account, pii.")
        .code("parameters_exclusive")
}

/// Reads a card's details; `hash` is the name of the parameter that holds them.
///
/// Errors: what is missing; 402 for a card that cannot be.
pub(crate) fn read_card(tx: &Tx, card: TokenCardParams, hash: &str) -> Result<(NewCard, BillingDetails)> {
    if card.currency.is_some() {
        return Err(ApiError::not_yet(&format!("{hash}[currency]"), "Paying out to a card"));
    }
    for (name, value) in texts(&card) {
        text::check_patch(&format!("{hash}[{name}]"), value, text::TEXT)?;
    }
    let typed = CardParams {
        cvc: card.cvc,
        exp_month: card.exp_month,
        exp_year: card.exp_year,
        networks: card.networks,
        number: card.number,
        token: None,
    };
    let new_card = NewCard::typed(tx, &typed, hash)?;
    let address = Address {
        city: card.address_city.set(),
        country: card.address_country.set(),
        line1: card.address_line1.set(),
        line2: card.address_line2.set(),
        postal_code: card.address_zip.set(),
        state: card.address_state.set(),
    };
    Ok((new_card, BillingDetails { address: Some(address), name: card.name.set(), ..BillingDetails::default() }))
}

fn tokenize_card(tx: &mut Tx, card: TokenCardParams) -> Result<Doc<Token>> {
    let (new_card, billing) = read_card(tx, card, "card")?;
    let shown = Token {
        id: tx.id("tok"),
        object: "token".into(),
        card: TokenCard::of(tx.id("card"), &new_card.shown(&billing), &billing, Metadata::new()),
        client_ip: None,
        created: tx.now(),
        livemode: tx.livemode(),
        kind: "card".into(),
        used: false,
    };
    tx.seal(&shown.id, &new_card.secret())?;
    let account = tx.account().to_owned();
    tx.create(&account, shown, ())
}

fn refuse_what_is_not_there(p: &CreateToken) -> Result<()> {
    let others = [("account", &p.account), ("cvc_update", &p.cvc_update), ("person", &p.person)];
    if let Some((name, _)) = others.into_iter().find(|(_, value)| value.is_some()) {
        return Err(ApiError::not_yet(name, format!("Making a token of {name}")));
    }
    match &p.customer {
        Some(_) => Err(ApiError::not_yet("customer", "Making a token from a customer's card")),
        None => Ok(()),
    }
}

fn texts(p: &TokenCardParams) -> [(&'static str, &Patch<String>); 7] {
    [
        ("address_city", &p.address_city),
        ("address_country", &p.address_country),
        ("address_line1", &p.address_line1),
        ("address_line2", &p.address_line2),
        ("address_state", &p.address_state),
        ("address_zip", &p.address_zip),
        ("name", &p.name),
    ]
}
