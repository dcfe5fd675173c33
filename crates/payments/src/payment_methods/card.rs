//! What a card is made from, and what is kept of it out of sight.

use funds::charges::{BillingDetails, CardDetails, PaymentMethodDetails};
use kernel::{ApiError, Result, missing};
use rails::cards::{self, CardNumber, Expiry, Given, Profile, TestCard};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Doc, Tx};

use super::{Card, CardChecks, CardNetworks, PaymentMethod, ThreeDSecureUsage};

/// A card as a request gives it: by number, or by token.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CardParams {
    /// The security code.
    pub cvc: Option<Digits>,
    /// 1 to 12.
    pub exp_month: Option<i64>,
    /// Two or four digits.
    pub exp_year: Option<i64>,
    /// What the payer prefers of a card with two networks.
    pub networks: Option<NetworksParams>,
    /// The number.
    pub number: Option<Digits>,
    /// `tok_…`, in place of everything else.
    pub token: Option<String>,
}

/// Text that never appears in debug output.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Digits(pub(crate) String);

impl std::fmt::Debug for Digits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digits(…)")
    }
}

/// What the payer prefers of a card with two networks.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NetworksParams {
    /// The network.
    pub preferred: kernel::Patch<Network>,
}

/// A network that can be preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// Cartes Bancaires.
    CartesBancaires,
    /// Mastercard.
    Mastercard,
    /// Visa.
    Visa,
}

impl Network {
    /// By its name on the wire.
    pub(crate) fn find(name: &str) -> Option<Network> {
        [Network::CartesBancaires, Network::Mastercard, Network::Visa]
            .into_iter()
            .find(|network| network.as_str() == name)
    }

    /// As on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Network::CartesBancaires => "cartes_bancaires",
            Network::Mastercard => "mastercard",
            Network::Visa => "visa",
        }
    }
}

/// What is sealed of a card, under the id of the payment method or token it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Secret {
    /// All digits.
    pub(crate) number: Digits,
    /// The security code, until it was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cvc: Option<Digits>,
}

impl Secret {
    /// The number, for the rail.
    pub(crate) fn number(&self) -> Result<CardNumber> {
        CardNumber::parse(&self.number.0, "card[number]")
    }
}

/// A card that may become a payment method or a token.
#[derive(Debug, Clone)]
pub(crate) struct NewCard {
    pub(crate) number: CardNumber,
    pub(crate) profile: &'static Profile,
    pub(crate) expiry: Expiry,
    pub(crate) cvc: Option<Digits>,
    pub(crate) preferred: Option<Network>,
}

impl NewCard {
    /// One of Stripe's ready-made cards.
    pub(crate) fn test(tx: &Tx, card: &'static TestCard) -> NewCard {
        NewCard {
            number: card.number(),
            profile: &card.profile,
            expiry: card.expiry(tx.now()),
            cvc: Some(Digits(card.cvc().to_owned())),
            preferred: None,
        }
    }

    /// A card by its number; `hash` is the bracketed name of the hash it came in.
    ///
    /// Errors: what is missing; 402 for a number, expiry or security code that cannot be, and for cards that the network
    /// does not take at all.
    pub(crate) fn typed(tx: &Tx, p: &CardParams, hash: &str) -> Result<NewCard> {
        let given = |name: &str| format!("{hash}[{name}]");
        let Some(number) = &p.number else { return Err(missing(&given("number"))) };
        let number = CardNumber::parse(&number.0, &given("number"))?;
        let month = p.exp_month.ok_or_else(|| missing(&given("exp_month")))?;
        let year = p.exp_year.ok_or_else(|| missing(&given("exp_year")))?;
        let expiry = Expiry::check(month, year, tx.now(), hash)?;
        if let Some(cvc) = &p.cvc {
            cards::check_cvc(&cvc.0, number.brand(), &given("cvc"))?;
        }
        let profile = cards::admit(&number).map_err(|decline| decline.to_error().param(&given("number")))?;
        let preferred = preferred(p.networks.as_ref(), profile, hash)?;
        Ok(NewCard { number, profile, expiry, cvc: p.cvc.clone(), preferred })
    }

    /// What may be shown of it. What was given has not been checked yet.
    pub(crate) fn shown(&self, billing: &BillingDetails) -> Card {
        let brand = self.number.brand().as_str();
        let unchecked = |given: bool| given.then(|| "unchecked".to_owned());
        let given = given(self.cvc.is_some(), billing);
        Card {
            brand: brand.into(),
            checks: Some(CardChecks {
                address_line1_check: unchecked(given.address_line1),
                address_postal_code_check: unchecked(given.address_postal_code),
                cvc_check: unchecked(given.cvc),
            }),
            country: Some(self.profile.country.into()),
            display_brand: Some(self.preferred.map_or(brand, Network::as_str).into()),
            exp_month: self.expiry.month,
            exp_year: self.expiry.year,
            fingerprint: Some(self.number.fingerprint()),
            funding: self.profile.funding.as_str().into(),
            generated_from: None,
            last4: self.number.last4().into(),
            networks: Some(CardNetworks {
                available: self.profile.networks().into_iter().map(str::to_owned).collect(),
                preferred: self.preferred.map(|network| network.as_str().into()),
            }),
            regulated_status: Some("unregulated".into()),
            three_d_secure_usage: Some(ThreeDSecureUsage {
                supported: self.profile.authentication != cards::AuthenticationRule::NotSupported,
            }),
            wallet: None,
        }
    }

    pub(crate) fn secret(&self) -> Secret {
        Secret { number: Digits(self.number.digits().to_owned()), cvc: self.cvc.clone() }
    }
}

/// The network that the payer prefers, when the card has it.
pub(super) fn preferred(p: Option<&NetworksParams>, profile: &Profile, hash: &str) -> Result<Option<Network>> {
    let Some(network) = p.and_then(|p| p.preferred.as_set().copied()) else { return Ok(None) };
    if profile.networks().contains(&network.as_str()) {
        return Ok(Some(network));
    }
    let message = format!("The card does not support the preferred network: {}.", network.as_str());
    Err(ApiError::invalid(&format!("{hash}[networks][preferred]"), message))
}

/// Which details came with a card.
pub(crate) fn given(cvc: bool, billing: &BillingDetails) -> Given {
    let address = billing.address.as_ref();
    Given {
        cvc,
        address_line1: address.is_some_and(|address| address.line1.is_some()),
        address_postal_code: address.is_some_and(|address| address.postal_code.is_some()),
    }
}

impl PaymentMethod {
    /// How a charge shows that it was paid with this.
    pub(crate) fn details(&self) -> PaymentMethodDetails {
        let card = &self.card;
        let network = card.networks.as_ref().and_then(|networks| networks.preferred.clone());
        PaymentMethodDetails::card(CardDetails {
            brand: Some(card.brand.clone()),
            country: card.country.clone(),
            exp_month: card.exp_month,
            exp_year: card.exp_year,
            fingerprint: card.fingerprint.clone(),
            funding: Some(card.funding.clone()),
            last4: Some(card.last4.clone()),
            network: Some(network.unwrap_or_else(|| card.brand.clone())),
            regulated_status: card.regulated_status.clone(),
            ..CardDetails::default()
        })
    }

    /// Until when it is good.
    pub(crate) fn expiry(&self) -> Expiry {
        Expiry { month: self.card.exp_month, year: self.card.exp_year }
    }
}

/// The number of a payment method, for the rail.
pub(crate) fn number(tx: &Tx, payment_method: &Doc<PaymentMethod>) -> Result<CardNumber> {
    if let Some(card) = payment_method.private.test_id.as_deref().and_then(cards::find_payment_method) {
        return Ok(card.number());
    }
    match tx.unseal::<Secret>(&payment_method.id)? {
        Some(secret) => secret.number(),
        None => Err(tx.bug(&format!("{}: the card's number is not there", payment_method.id))),
    }
}

/// Which details came with a payment method.
pub(crate) fn given_with(payment_method: &Doc<PaymentMethod>) -> Given {
    given(payment_method.private.cvc_given, &payment_method.billing_details)
}

/// Says that a payment method is good for nothing more, and forgets the card's number. The payment method is changed, not
/// written.
pub(crate) fn use_up(tx: &mut Tx, payment_method: &mut Doc<PaymentMethod>) {
    payment_method.private.used_up = true;
    payment_method.private.cvc_kept = false;
    if payment_method.private.test_id.is_none() {
        let id = payment_method.id.clone();
        tx.unseal_forever(&id);
    }
}

/// Notes what the issuer said of the details, and forgets the security code: it may be used once (PCI DSS 3.3.1). The
/// payment method is changed, not written.
///
/// Answers whether anything changed.
pub(crate) fn note_checks(tx: &mut Tx, payment_method: &mut Doc<PaymentMethod>, checks: cards::Checks) -> Result<bool> {
    let checks = Some(CardChecks::from(checks));
    let mut changed = payment_method.card.checks != checks;
    if changed {
        payment_method.card.checks = checks;
    }
    if payment_method.private.cvc_kept {
        if let Some(secret) = tx.unseal::<Secret>(&payment_method.id)? {
            let id = payment_method.id.clone();
            tx.seal(&id, &Secret { cvc: None, ..secret })?;
        }
        payment_method.private.cvc_kept = false;
        changed = true;
    }
    Ok(changed)
}
