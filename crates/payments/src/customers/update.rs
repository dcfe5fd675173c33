//! Changing a customer.

use kernel::{MetadataPatch, Patch, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use store::Tx;
use wire::{Path, Reply};

use super::create::{Details, InvoiceSettingsParams, apply_invoice_settings, refuse_balance, refuse_given};
use super::{Customer, TaxExempt, existing, sources};
use crate::address::{AddressParams, ShippingParams};
use crate::sources::SourceParam;

/// Parameters of `POST /v1/customers/{customer}`. What is not given stays.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateCustomer {
    /// Postal address, whole.
    pub address: Patch<AddressParams>,
    /// Credit towards invoices; only 0 until there are invoices.
    pub balance: Option<i64>,
    /// The business's name.
    pub business_name: Patch<String>,
    /// Not supported yet.
    pub cash_balance: Option<Json>,
    /// `card_…`: one of the customer's sources.
    pub default_source: Option<String>,
    /// For people.
    pub description: Patch<String>,
    /// E-mail address.
    pub email: Patch<String>,
    /// The person's name.
    pub individual_name: Patch<String>,
    /// What invoice numbers start with: 3 to 12 upper-case letters and digits.
    pub invoice_prefix: Option<String>,
    /// Defaults for invoices and subscriptions.
    pub invoice_settings: Option<InvoiceSettingsParams>,
    /// The caller's own.
    pub metadata: Patch<MetadataPatch>,
    /// Full name or business name.
    pub name: Patch<String>,
    /// The number that the next invoice gets.
    pub next_invoice_sequence: Option<i64>,
    /// Phone.
    pub phone: Patch<String>,
    /// Languages, the preferred one first.
    pub preferred_locales: Patch<Vec<String>>,
    /// Where goods go, whole.
    pub shipping: Patch<ShippingParams>,
    /// A token or a card's details: it takes the place of the default source.
    pub(crate) source: Option<SourceParam>,
    /// Not supported yet.
    pub tax: Option<Json>,
    /// Whether taxes apply.
    pub tax_exempt: Patch<TaxExempt>,
    /// Taken and without effect: cards are always asked for.
    pub validate: Option<bool>,
}

/// Changes a customer.
///
/// Events: `customer.updated`, when something changed; with a source, those of the one replaced and the new one.
pub(super) fn update(tx: &mut Tx, path: &Path, p: UpdateCustomer) -> Result<Reply<Customer>> {
    let mut customer = existing(tx, path.id(), "id")?;
    refuse_balance(p.balance)?;
    refuse_given("cash_balance", p.cash_balance.as_ref())?;
    refuse_given("tax", p.tax.as_ref())?;
    let before = customer.shown().clone();
    let details = Details {
        address: p.address,
        business_name: p.business_name,
        description: p.description,
        email: p.email,
        individual_name: p.individual_name,
        invoice_prefix: p.invoice_prefix,
        metadata: p.metadata,
        name: p.name,
        next_invoice_sequence: p.next_invoice_sequence,
        phone: p.phone,
        preferred_locales: p.preferred_locales,
        shipping: p.shipping,
        tax_exempt: p.tax_exempt,
    };
    details.apply(&mut customer)?;
    if let Some(settings) = p.invoice_settings {
        apply_invoice_settings(tx, &mut customer, settings)?;
    }
    let source = p.source.map(|source| sources::replace(tx, &mut customer, source)).transpose()?;
    if let Some(id) = &p.default_source {
        sources::make_default(tx, &mut customer, id)?;
    }
    if let Some(source) = &source {
        sources::tell_added(tx, source)?;
    }
    if *customer.shown() != before {
        tx.put(&customer)?;
        tx.emit_updated("customer.updated", &customer)?;
    }
    Ok(Reply::document(&customer))
}
