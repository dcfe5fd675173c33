//! Changing a payment method: a new expiry, another address.

use kernel::{ApiError, MetadataPatch, Patch, Result, missing};
use rails::cards::Expiry;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use store::{Doc, Tx};
use wire::{Path, Reply};

use super::card::{self, NetworksParams};
use super::{AllowRedisplay, PaymentMethod, existing};
use crate::address::BillingDetailsParams;

/// Parameters of `POST /v1/payment_methods/{payment_method}`. What is not given stays.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdatePaymentMethod {
    /// Whether it may be shown to its customer again.
    pub allow_redisplay: Option<AllowRedisplay>,
    /// Who is billed.
    pub billing_details: Option<BillingDetailsParams>,
    /// What may change of a card.
    pub card: Option<UpdateCard>,
    /// The caller's own.
    pub metadata: Patch<MetadataPatch>,
    /// For other types of payment methods.
    pub us_bank_account: Option<Json>,
}

/// What may change of a card.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateCard {
    /// 1 to 12.
    pub exp_month: Option<i64>,
    /// Two or four digits.
    pub exp_year: Option<i64>,
    /// What the payer prefers of a card with two networks.
    pub networks: Option<NetworksParams>,
}

/// Changes a customer's payment method.
///
/// Errors: a payment method without a customer.
/// Events: `payment_method.updated`, when something changed.
pub(super) fn update(tx: &mut Tx, path: &Path, p: UpdatePaymentMethod) -> Result<Reply<PaymentMethod>> {
    let mut payment_method = existing(tx, path.id(), "payment_method")?;
    if payment_method.customer.is_none() {
        return Err(not_saved());
    }
    if p.us_bank_account.is_some() {
        return Err(ApiError::invalid("us_bank_account", "You may only update us_bank_account of a us_bank_account."));
    }
    let before = payment_method.shown().clone();
    if let Some(billing) = p.billing_details {
        billing.check("billing_details")?;
        billing.apply(&mut payment_method.billing_details);
    }
    if let Some(changes) = p.card {
        update_card(tx, &mut payment_method, &changes)?;
    }
    if let Some(redisplay) = p.allow_redisplay {
        payment_method.allow_redisplay = redisplay;
    }
    payment_method.metadata = p.metadata.merge(&payment_method.metadata)?;
    if *payment_method.shown() != before {
        tx.put(&payment_method)?;
        tx.emit_updated("payment_method.updated", &payment_method)?;
    }
    Ok(Reply::document(&payment_method))
}

fn update_card(tx: &mut Tx, payment_method: &mut Doc<PaymentMethod>, p: &UpdateCard) -> Result<()> {
    match (p.exp_month, p.exp_year) {
        (None, None) => {}
        (Some(month), Some(year)) => {
            let expiry = Expiry::check(month, year, tx.now(), "card")?;
            payment_method.card.exp_month = expiry.month;
            payment_method.card.exp_year = expiry.year;
        }
        (Some(_), None) => return Err(missing("card[exp_year]")),
        (None, Some(_)) => return Err(missing("card[exp_month]")),
    }
    let Some(networks) = &p.networks else { return Ok(()) };
    let number = card::number(tx, payment_method)?;
    let profile = rails::cards::admit(&number).map_err(|decline| decline.to_error())?;
    let preferred = match networks.preferred {
        Patch::Absent => return Ok(()),
        Patch::Clear => None,
        Patch::Set(_) => card::preferred(Some(networks), profile, "card")?,
    };
    let brand = payment_method.card.brand.clone();
    payment_method.card.display_brand = Some(preferred.map_or(brand, |network| network.as_str().to_owned()));
    if let Some(networks) = &mut payment_method.card.networks {
        networks.preferred = preferred.map(|network| network.as_str().to_owned());
    }
    Ok(())
}

fn not_saved() -> ApiError {
    ApiError::bad_request("You must save this PaymentMethod to a customer before you can update it.")
}
