//! Making a customer.

use std::collections::BTreeMap;

use kernel::{ApiError, Metadata, MetadataPatch, Patch, Result, too_high, too_low};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use store::{Doc, Tx};
use wire::{Path, Reply};

use super::{CustomField, Customer, InvoiceSettings, RenderingOptions, TaxExempt, sources};
use crate::address::{AddressParams, ShippingParams};
use crate::sources::SourceParam;
use crate::{payment_methods, text};

/// Parameters of `POST /v1/customers`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CreateCustomer {
    /// Postal address.
    pub address: Patch<AddressParams>,
    /// Credit towards invoices; only 0 until there are invoices.
    pub balance: Option<i64>,
    /// The business's name.
    pub business_name: Patch<String>,
    /// Not supported yet.
    pub cash_balance: Option<Json>,
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
    /// `pm_…`, to be attached.
    pub payment_method: Option<String>,
    /// Phone.
    pub phone: Patch<String>,
    /// Languages, the preferred one first.
    pub preferred_locales: Patch<Vec<String>>,
    /// Where goods go.
    pub shipping: Patch<ShippingParams>,
    /// A token or a card's details: it becomes the customer's default source.
    pub(crate) source: Option<SourceParam>,
    /// Not supported yet.
    pub tax: Option<Json>,
    /// Whether taxes apply.
    pub tax_exempt: Patch<TaxExempt>,
    /// Not supported yet.
    pub tax_id_data: Option<Json>,
    /// Not supported.
    pub test_clock: Option<String>,
    /// Taken and without effect: cards are always asked for.
    pub validate: Option<bool>,
}

/// Defaults for invoices, as a request gives them.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InvoiceSettingsParams {
    /// Up to four fields printed on invoices.
    pub custom_fields: Patch<Vec<CustomField>>,
    /// `pm_…`, attached to the customer.
    pub default_payment_method: Patch<String>,
    /// Printed under invoices.
    pub footer: Patch<String>,
    /// How invoices look.
    pub rendering_options: Patch<RenderingOptionsParams>,
}

/// How invoices look, as a request gives it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RenderingOptionsParams {
    /// `exclude_tax` or `include_inclusive_tax`.
    pub amount_tax_display: Patch<AmountTaxDisplay>,
    /// The id of a template.
    pub template: Patch<String>,
}

/// Whether prices on invoices include tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AmountTaxDisplay {
    /// They do not.
    ExcludeTax,
    /// They do.
    IncludeInclusiveTax,
}

impl AmountTaxDisplay {
    fn as_str(self) -> &'static str {
        match self {
            AmountTaxDisplay::ExcludeTax => "exclude_tax",
            AmountTaxDisplay::IncludeInclusiveTax => "include_inclusive_tax",
        }
    }
}

/// Makes a customer, and attaches a payment method or a source when one is given.
///
/// Errors: what cannot be set; a payment method that cannot be attached, in which case no customer is made.
/// Events: `customer.created`, `payment_method.attached`, `customer.source.created`.
pub(super) fn create(tx: &mut Tx, _: &Path, p: CreateCustomer) -> Result<Reply<Customer>> {
    let mut customer = tx_customer(tx);
    refuse_what_is_not_there(&p)?;
    let (payment_method, invoice_settings, source) = (p.payment_method.clone(), p.invoice_settings, p.source);
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
    let account = tx.account().to_owned();
    let mut customer = tx.create(&account, customer, ())?;
    let attached = match &payment_method {
        Some(id) => Some(payment_methods::attach_named(tx, id, "payment_method", &customer)?),
        None => None,
    };
    if let Some(mut settings) = invoice_settings {
        // The caller knows the card that is being attached by the name it came with (`pm_card_visa`).
        if let (Some(attached), Some(default)) = (&attached, settings.default_payment_method.as_set())
            && payment_method.as_ref() == Some(default)
        {
            settings.default_payment_method = Patch::Set(attached.id.clone());
        }
        apply_invoice_settings(tx, &mut customer, settings)?;
        tx.put(&customer)?;
    }
    let source = source.map(|source| sources::add(tx, &mut customer, source)).transpose()?;
    if source.is_some() {
        tx.put(&customer)?;
    }
    tx.emit("customer.created", &customer)?;
    if let Some(attached) = &attached {
        tx.emit("payment_method.attached", attached)?;
    }
    if let Some(source) = &source {
        sources::tell_added(tx, source)?;
    }
    Ok(Reply::document(&customer))
}

fn tx_customer(tx: &Tx) -> Customer {
    Customer {
        id: tx.id("cus"),
        object: "customer".into(),
        address: None,
        balance: 0,
        business_name: None,
        created: tx.now(),
        currency: None,
        customer_account: None,
        default_source: None,
        delinquent: false,
        description: None,
        discount: None,
        email: None,
        individual_name: None,
        invoice_prefix: Some(tx.secret(8).to_ascii_uppercase()),
        invoice_settings: InvoiceSettings::default(),
        livemode: tx.livemode(),
        metadata: Metadata::new(),
        name: None,
        next_invoice_sequence: 1,
        phone: None,
        preferred_locales: Vec::new(),
        shipping: None,
        tax_exempt: TaxExempt::None,
        test_clock: None,
        deleted: false,
    }
}

fn refuse_what_is_not_there(p: &CreateCustomer) -> Result<()> {
    refuse_balance(p.balance)?;
    refuse_given("cash_balance", p.cash_balance.as_ref())?;
    refuse_given("tax", p.tax.as_ref())?;
    refuse_given("tax_id_data", p.tax_id_data.as_ref())?;
    match &p.test_clock {
        Some(_) => Err(ApiError::not_yet("test_clock", "The parameter test_clock")),
        None => Ok(()),
    }
}

/// A credit balance without invoices would be a promise that nothing keeps.
pub(super) fn refuse_balance(balance: Option<i64>) -> Result<()> {
    match balance {
        None | Some(0) => Ok(()),
        Some(_) => Err(ApiError::not_yet("balance", "A customer's credit balance")),
    }
}

pub(super) fn refuse_given(param: &str, value: Option<&Json>) -> Result<()> {
    match value {
        None => Ok(()),
        Some(_) => Err(ApiError::not_yet(param, format!("The parameter {param}"))),
    }
}

/// What both making and changing a customer can set.
#[derive(Debug, Default)]
pub(super) struct Details {
    pub(super) address: Patch<AddressParams>,
    pub(super) business_name: Patch<String>,
    pub(super) description: Patch<String>,
    pub(super) email: Patch<String>,
    pub(super) individual_name: Patch<String>,
    pub(super) invoice_prefix: Option<String>,
    pub(super) metadata: Patch<MetadataPatch>,
    pub(super) name: Patch<String>,
    pub(super) next_invoice_sequence: Option<i64>,
    pub(super) phone: Patch<String>,
    pub(super) preferred_locales: Patch<Vec<String>>,
    pub(super) shipping: Patch<ShippingParams>,
    pub(super) tax_exempt: Patch<TaxExempt>,
}

impl Details {
    /// Checks what was given and writes it into `customer`.
    pub(super) fn apply(self, customer: &mut Customer) -> Result<()> {
        self.check()?;
        match self.address {
            Patch::Set(address) => customer.address = Some(address.into_address()),
            Patch::Clear => customer.address = None,
            Patch::Absent => {}
        }
        match self.shipping {
            Patch::Set(shipping) => customer.shipping = Some(shipping.into_shipping()),
            Patch::Clear => customer.shipping = None,
            Patch::Absent => {}
        }
        match self.preferred_locales {
            Patch::Set(locales) => customer.preferred_locales = locales,
            Patch::Clear => customer.preferred_locales.clear(),
            Patch::Absent => {}
        }
        match self.tax_exempt {
            Patch::Set(exempt) => customer.tax_exempt = exempt,
            Patch::Clear => customer.tax_exempt = TaxExempt::None,
            Patch::Absent => {}
        }
        self.business_name.apply(&mut customer.business_name);
        self.description.apply(&mut customer.description);
        self.email.apply(&mut customer.email);
        self.individual_name.apply(&mut customer.individual_name);
        self.name.apply(&mut customer.name);
        self.phone.apply(&mut customer.phone);
        if let Some(prefix) = self.invoice_prefix {
            customer.invoice_prefix = Some(prefix);
        }
        if let Some(next) = self.next_invoice_sequence {
            customer.next_invoice_sequence = next;
        }
        customer.metadata = self.metadata.merge(&customer.metadata)?;
        Ok(())
    }

    fn check(&self) -> Result<()> {
        if let Patch::Set(address) = &self.address {
            address.check("address")?;
        }
        if let Patch::Set(shipping) = &self.shipping {
            shipping.check()?;
        }
        if let Patch::Set(email) = &self.email {
            text::check_email("email", email)?;
        }
        text::check_patch("business_name", &self.business_name, text::NAME)?;
        text::check_patch("description", &self.description, text::TEXT)?;
        text::check_patch("individual_name", &self.individual_name, text::NAME)?;
        text::check_patch("name", &self.name, text::NAME)?;
        text::check_patch("phone", &self.phone, text::NAME)?;
        if let Some(locales) = self.preferred_locales.as_set() {
            for (i, locale) in locales.iter().enumerate() {
                text::check(&format!("preferred_locales[{i}]"), locale, text::NAME)?;
            }
        }
        match &self.invoice_prefix {
            Some(prefix) if !is_invoice_prefix(prefix) => return Err(not_an_invoice_prefix()),
            Some(_) | None => {}
        }
        match self.next_invoice_sequence {
            Some(next) if next < 1 => Err(too_low("next_invoice_sequence", 1)),
            Some(next) if 1_000_000_000 < next => Err(too_high("next_invoice_sequence", 1_000_000_000)),
            Some(_) | None => Ok(()),
        }
    }
}

fn is_invoice_prefix(prefix: &str) -> bool {
    (3..=12).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn not_an_invoice_prefix() -> ApiError {
    ApiError::invalid("invoice_prefix", "Invoice prefixes must be 3 to 12 uppercase letters or numbers.")
}

/// Writes what was given into the customer's invoice settings.
///
/// Errors: a default payment method that is not the customer's.
pub(super) fn apply_invoice_settings(
    tx: &mut Tx,
    customer: &mut Doc<Customer>,
    p: InvoiceSettingsParams,
) -> Result<()> {
    check_custom_fields(&p.custom_fields)?;
    text::check_patch("invoice_settings[footer]", &p.footer, text::TEXT)?;
    if let Patch::Set(id) = &p.default_payment_method {
        payment_methods::check_belongs(tx, id, customer, "invoice_settings[default_payment_method]")?;
    }
    let settings = &mut customer.invoice_settings;
    p.custom_fields.apply(&mut settings.custom_fields);
    p.default_payment_method.apply(&mut settings.default_payment_method);
    p.footer.apply(&mut settings.footer);
    match p.rendering_options {
        Patch::Set(options) => {
            let now = settings.rendering_options.get_or_insert_with(RenderingOptions::default);
            match options.amount_tax_display {
                Patch::Set(display) => now.amount_tax_display = Some(display.as_str().into()),
                Patch::Clear => now.amount_tax_display = None,
                Patch::Absent => {}
            }
            options.template.apply(&mut now.template);
        }
        Patch::Clear => settings.rendering_options = None,
        Patch::Absent => {}
    }
    Ok(())
}

fn check_custom_fields(fields: &Patch<Vec<CustomField>>) -> Result<()> {
    const MOST: usize = 4;
    let param = "invoice_settings[custom_fields]";
    let Some(fields) = fields.as_set() else { return Ok(()) };
    if MOST < fields.len() {
        return Err(ApiError::invalid(param, format!("You can specify up to {MOST} custom fields.")));
    }
    let mut seen = BTreeMap::new();
    for (i, field) in fields.iter().enumerate() {
        text::check(&format!("{param}[{i}][name]"), &field.name, 40)?;
        text::check(&format!("{param}[{i}][value]"), &field.value, 140)?;
        if seen.insert(&field.name, i).is_some() {
            return Err(ApiError::invalid(param, format!("The custom field '{}' is given twice.", field.name)));
        }
    }
    Ok(())
}
