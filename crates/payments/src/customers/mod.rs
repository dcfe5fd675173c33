//! Customers: who pays, with the payment methods kept for them.
//!
//! - A deleted customer stays as an empty shell that only says so: other objects name it, and its id must not come to
//!   life again. It is in no list, and nothing can be done with it.
//! - The payment methods of a customer are documents of their own; [`crate::payment_methods`] attaches and detaches them.
//!
//! Deliberately absent: bank accounts, tax ids, credit balance, cash balance, test clocks, search.

mod create;
mod delete;
mod payment_methods;
mod sources;
mod update;

use funds::charges::Address;
use kernel::{ApiError, Currency, Metadata, Result, Timestamp, resource_missing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use store::{Column, Doc, Document, Kind, Tx, Value};
use wire::{ListSpec, NoParams, Path, Reply, Route};

use crate::address::Shipping;

pub use create::{CreateCustomer, InvoiceSettingsParams};
pub(crate) use sources::{expanders, forget};
pub use update::UpdateCustomer;

/// `GET /v1/customers/{id}` (api/md/customer).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Customer {
    /// `cus_…`.
    pub id: String,
    /// `customer`.
    pub object: String,
    /// Postal address.
    pub address: Option<Address>,
    /// Credit towards invoices, in minor units. Always 0: there are no invoices yet.
    pub balance: i64,
    /// The business's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_name: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// The currency of its invoices.
    pub currency: Option<Currency>,
    /// The account that stands for the customer. Not supported yet.
    pub customer_account: Option<String>,
    /// `card_…`: what is charged when nothing is said.
    pub default_source: Option<String>,
    /// Whether the latest invoice is unpaid.
    pub delinquent: bool,
    /// For people.
    pub description: Option<String>,
    /// Discounts come with coupons. Not supported yet.
    pub discount: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// The person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub individual_name: Option<String>,
    /// What invoice numbers start with.
    pub invoice_prefix: Option<String>,
    /// Defaults for invoices and subscriptions.
    pub invoice_settings: InvoiceSettings,
    /// Whether it exists in live mode.
    pub livemode: bool,
    /// The caller's own.
    pub metadata: Metadata,
    /// Full name or business name.
    pub name: Option<String>,
    /// The number that the next invoice gets.
    pub next_invoice_sequence: i64,
    /// Phone.
    pub phone: Option<String>,
    /// Languages, the preferred one first.
    pub preferred_locales: Vec<String>,
    /// Where goods go.
    pub shipping: Option<Shipping>,
    /// Whether taxes apply.
    pub tax_exempt: TaxExempt,
    /// The test clock it lives by. Not supported.
    pub test_clock: Option<String>,
    /// Only on what is left of a deleted customer.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deleted: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// Defaults for a customer's invoices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceSettings {
    /// Up to four fields printed on invoices.
    pub custom_fields: Option<Vec<CustomField>>,
    /// `pm_…`: what invoices and subscriptions are paid with.
    pub default_payment_method: Option<String>,
    /// Printed under invoices.
    pub footer: Option<String>,
    /// How invoices look.
    pub rendering_options: Option<RenderingOptions>,
}

/// A field printed on invoices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomField {
    /// Up to 40 characters.
    pub name: String,
    /// Up to 140 characters.
    pub value: String,
}

/// How invoices look.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RenderingOptions {
    /// `exclude_tax` or `include_inclusive_tax`.
    pub amount_tax_display: Option<String>,
    /// The id of a template.
    pub template: Option<String>,
}

/// Whether taxes apply to a customer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaxExempt {
    /// None apply.
    Exempt,
    /// They apply.
    #[default]
    None,
    /// The customer accounts for them.
    Reverse,
}

impl Document for Customer {
    const KIND: &'static Kind = &Kind {
        present: Some(present),
        ..Kind::new::<Customer>(
            "customer",
            "customer",
            &["cus"],
            &[Column::text("email"), Column::int("deleted").unindexed()],
        )
    };
    type Private = ();
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, (): &()) -> Vec<Value> {
        vec![(&self.email).into(), self.deleted.into()]
    }
}

/// Of a deleted customer only that it is deleted is shown, wherever it is named.
fn present(fields: &mut Map<String, Json>, _: Timestamp) {
    if fields.get("deleted").and_then(Json::as_bool) == Some(true) {
        fields.retain(|name, _| matches!(name.as_str(), "id" | "object" | "deleted"));
    }
}

/// A customer of the account acted on, named in a parameter of the request.
///
/// Errors: 400 `resource_missing` when there is none, or it is deleted.
pub fn named(tx: &mut Tx, id: &str, param: &str) -> Result<Doc<Customer>> {
    existing(tx, id, param).map_err(|error| error.status(400))
}

/// A customer of the account acted on, named in the path.
///
/// Errors: 404 `resource_missing` when there is none, or it is deleted.
pub(crate) fn existing(tx: &mut Tx, id: &str, param: &str) -> Result<Doc<Customer>> {
    let customer = tx.get::<Customer>(id, param)?;
    if customer.deleted {
        return Err(resource_missing("customer", id, param));
    }
    Ok(customer)
}

/// Filters of `GET /v1/customers`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListCustomers {
    /// Exactly this address.
    email: Option<String>,
    /// Not supported.
    test_clock: Option<String>,
}

fn list(tx: &mut Tx, _: &Path, p: ListCustomers) -> Result<ListSpec> {
    if p.test_clock.is_some() {
        return Err(ApiError::not_yet("test_clock", "Filtering by test clock"));
    }
    Ok(ListSpec::own(tx).when("deleted", Some(false)).when("email", p.email))
}

/// Parameters of searches.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read by nobody until searching is there")]
pub(crate) struct Search {
    /// `email:'ann@example.com'`.
    query: String,
    /// How many at the most.
    limit: Option<i64>,
    /// Where the page starts.
    page: Option<String>,
}

fn search(_: &mut Tx, _: &Path, _: Search) -> Result<Reply<Customer>> {
    Err(ApiError::not_yet("query", "Searching for customers"))
}

fn retrieve(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<Customer>> {
    match tx.peek::<Customer>(path.id())? {
        Some(customer) if customer.account == tx.account() => Ok(Reply::document(&customer)),
        Some(_) | None => Err(resource_missing("customer", path.id(), "id")),
    }
}

/// The endpoints of customers.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        wire::list::<Customer, ListCustomers>("/v1/customers", "customers.list", list),
        wire::post("/v1/customers", "customers.create", create::create),
        wire::get("/v1/customers/search", "customers.search", search),
        wire::get("/v1/customers/{customer}", "customers.retrieve", retrieve),
        wire::post("/v1/customers/{customer}", "customers.update", update::update),
        wire::delete("/v1/customers/{customer}", "customers.del", delete::delete),
        payment_methods::list_route(),
        wire::get(
            "/v1/customers/{customer}/payment_methods/{payment_method}",
            "customers.retrievePaymentMethod",
            payment_methods::retrieve,
        ),
    ]
    .into_iter()
    .chain(sources::routes())
    .collect()
}
