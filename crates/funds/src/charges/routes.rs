//! The endpoints of charges.

use kernel::{ApiError, MetadataPatch, Patch, Result, resource_missing};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use store::Tx;
use wire::{Expander, ListSpec, Path, Reply, Route, get, list, post, retrieve};

use super::{CaptureOrder, Charge, FraudDetails, capture};
use crate::refunds;

/// Which charges.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListCharges {
    /// Only this customer's.
    pub customer: Option<String>,
    /// Only this intent's.
    pub payment_intent: Option<String>,
    /// Only those of this group.
    pub transfer_group: Option<String>,
}

/// What can be changed of a charge.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateCharge {
    /// Whose it is, when it is nobody's yet.
    pub customer: Option<String>,
    /// For people.
    #[serde(default)]
    pub description: Patch<String>,
    /// What the merchant reports as fraud.
    pub fraud_details: Option<ReportedFraud>,
    /// The caller's own.
    #[serde(default)]
    pub metadata: Patch<MetadataPatch>,
    /// Where the receipt goes.
    #[serde(default)]
    pub receipt_email: Patch<String>,
    /// Where the goods go.
    pub shipping: Option<Shipping>,
    /// Groups charge and transfers, when it has none yet.
    pub transfer_group: Option<String>,
}

/// What the merchant reports.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportedFraud {
    /// `fraudulent` or `safe`; an empty string takes it back.
    #[serde(default)]
    pub user_report: Patch<UserReport>,
}

/// What the merchant thinks of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserReport {
    /// It is fraud.
    Fraudulent,
    /// It is not.
    Safe,
}

/// Where the goods go.
#[derive(Debug, Clone, Deserialize, serde::Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shipping {
    /// The address.
    pub address: ShippingAddress,
    /// Who brings them.
    pub carrier: Option<String>,
    /// Whose name is on them.
    pub name: String,
    /// The receiver's telephone number.
    pub phone: Option<String>,
    /// What the carrier finds them by.
    pub tracking_number: Option<String>,
}

/// A shipping address.
#[derive(Debug, Clone, Default, Deserialize, serde::Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShippingAddress {
    /// City, district, suburb, town or village.
    pub city: Option<String>,
    /// Two letters.
    pub country: Option<String>,
    /// Street, house number, post box.
    pub line1: Option<String>,
    /// Apartment, floor, unit.
    pub line2: Option<String>,
    /// ZIP or postal code.
    pub postal_code: Option<String>,
    /// State, county, province or region.
    pub state: Option<String>,
}

/// What a capture takes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaptureCharge {
    /// How much of the authorised amount; without it, all.
    pub amount: Option<i64>,
    /// The older name of `application_fee_amount`.
    pub application_fee: Option<i64>,
    /// In place of the fee given before.
    pub application_fee_amount: Option<i64>,
    /// Where the receipt goes.
    pub receipt_email: Option<String>,
    /// In place of the one given before.
    pub statement_descriptor: Option<String>,
    /// In place of the one given before.
    pub statement_descriptor_suffix: Option<String>,
    /// In place of the amount given before.
    pub transfer_data: Option<CaptureTransfer>,
    /// Groups charge and transfers, when it has none yet.
    pub transfer_group: Option<String>,
}

/// A destination charge's transfer, told anew.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaptureTransfer {
    /// How much of the charge.
    pub amount: Option<i64>,
}

/// The endpoints.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        list::<Charge, ListCharges>("/v1/charges", "charges.list", list_charges),
        get("/v1/charges/search", "charges.search", search),
        retrieve::<Charge>("/v1/charges/{charge}", "charges.retrieve", "id"),
        post("/v1/charges/{charge}", "charges.update", update),
        post("/v1/charges/{charge}/capture", "charges.capture", capture_charge),
    ]
}

/// `refunds` exists on expansion only (since Stripe's 2022-11-15).
pub(crate) fn expanders() -> Vec<Expander> {
    vec![Expander { object: "charge", field: "refunds", make: refunds::list_of }]
}

/// Parameters of `GET /v1/charges/search`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "the answer does not depend on them")]
pub struct SearchCharges {
    /// How many.
    limit: Option<i64>,
    /// Which page.
    page: Option<String>,
    /// What is looked for.
    query: Option<String>,
}

fn search(_: &mut Tx, _: &Path, _: SearchCharges) -> Result<Reply<Charge>> {
    Err(ApiError::not_yet("query", "Searching for charges"))
}

fn list_charges(tx: &mut Tx, _: &Path, p: ListCharges) -> Result<ListSpec> {
    let own = ListSpec::own(tx);
    Ok(own
        .when("customer", p.customer)
        .when("payment_intent", p.payment_intent)
        .when("transfer_group", p.transfer_group))
}

/// A charge may name a customer of the account that makes it. Customers are made above this crate, so that only their kind
/// is known here.
///
/// Errors: 404 `resource_missing`, the same for one that does not exist and for somebody else's.
fn check_customer(tx: &mut Tx, id: &str) -> Result<()> {
    let kind = tx.kind_of(id).filter(|kind| kind.object == "customer");
    let row = kind.map(|kind| tx.find_row(kind, id)).transpose()?.flatten();
    if row.is_some_and(|row| *row.account == *tx.account()) {
        return Ok(());
    }
    Err(resource_missing("customer", id, "customer"))
}

/// Events: `charge.updated`.
fn update(tx: &mut Tx, path: &Path, p: UpdateCharge) -> Result<Reply<Charge>> {
    let mut charge = tx.get::<Charge>(path.id(), "charge")?;
    if let Some(customer) = p.customer {
        if charge.customer.as_ref().is_some_and(|own| *own != customer) {
            return Err(ApiError::invalid("customer", "The customer of a charge cannot be changed once it is set."));
        }
        check_customer(tx, &customer)?;
        charge.customer = Some(customer);
    }
    if let Some(group) = p.transfer_group {
        set_group(&mut charge, group)?;
    }
    if let Some(reported) = p.fraud_details {
        let details = charge.fraud_details.get_or_insert_with(FraudDetails::default);
        match reported.user_report {
            Patch::Absent => {}
            Patch::Clear => details.user_report = None,
            Patch::Set(UserReport::Fraudulent) => details.user_report = Some("fraudulent".into()),
            Patch::Set(UserReport::Safe) => details.user_report = Some("safe".into()),
        }
    }
    if let Some(shipping) = p.shipping {
        let json: Json = serde_json::to_value(shipping).map_err(|error| tx.bug(&error.to_string()))?;
        charge.shipping = Some(json);
    }
    charge.metadata = p.metadata.merge(&charge.metadata)?;
    p.description.apply(&mut charge.description);
    p.receipt_email.apply(&mut charge.receipt_email);
    tx.emit_updated("charge.updated", &charge)?;
    tx.put(&charge)?;
    Ok(Reply::document(&charge))
}

/// A group can be given once: transfers may have been made with it.
fn set_group(charge: &mut Charge, group: String) -> Result<()> {
    if charge.transfer_group.as_ref().is_some_and(|own| *own != group) {
        return Err(ApiError::invalid(
            "transfer_group",
            "The transfer_group of a charge cannot be changed once it is set.",
        ));
    }
    charge.transfer_group = Some(group);
    Ok(())
}

fn capture_charge(tx: &mut Tx, path: &Path, p: CaptureCharge) -> Result<Reply<Charge>> {
    let mut charge = tx.get::<Charge>(path.id(), "charge")?;
    if let Some(intent) = &charge.payment_intent {
        return Err(belongs_to_intent(&charge.id, intent));
    }
    if let Some(group) = p.transfer_group {
        set_group(&mut charge, group)?;
    }
    if p.receipt_email.is_some() {
        charge.receipt_email = p.receipt_email;
    }
    let order = CaptureOrder {
        amount: p.amount,
        application_fee_amount: p.application_fee_amount.or(p.application_fee),
        transfer_amount: p.transfer_data.and_then(|data| data.amount),
        statement_descriptor: p.statement_descriptor,
        statement_descriptor_suffix: p.statement_descriptor_suffix,
    };
    let captured = capture(tx, &mut charge, order);
    captured.map_err(|error| match error.param_str() {
        Some("amount_to_capture") => error.param("amount"),
        _ => error,
    })?;
    Ok(Reply::document(&charge))
}

fn belongs_to_intent(charge: &str, intent: &str) -> ApiError {
    ApiError::invalid(
        "charge",
        format!("Charge {charge} belongs to PaymentIntent {intent}. Capture the PaymentIntent instead."),
    )
}
