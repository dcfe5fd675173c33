//! Payment methods: cards, as a payer gave them.
//!
//! - The number and the security code are sealed ([`card::Secret`]); the security code is forgotten once it was used, the
//!   number once the payment method is good for nothing more. Ready-made test cards have published numbers: of them only
//!   the name is kept.
//! - Test ids (`pm_card_visa`) stand wherever a payment method's id does. Using one makes a new payment method of the
//!   account acted on, as Stripe does.
//! - A payment method that is not a customer's can be used for one payment, and one that was detached for none.
//!
//! Deliberately absent: types other than card, wallets, `customer_account`.

mod attach;
pub(crate) mod card;
mod create;
mod detach;
mod update;

use std::borrow::Cow;
use std::fmt;

use funds::charges::BillingDetails;
use kernel::{ApiError, Metadata, Result, Timestamp, resource_missing};
use rails::cards;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use store::{Column, Doc, Document, Kind, Tx, Value};
use wire::{ListSpec, NoParams, Path, Reply, Route};

pub use attach::Attach;
pub(crate) use attach::{attach_named, attach_to, keep};
pub use create::{CreatePaymentMethod, RadarOptions};
pub(crate) use create::{MethodParams, from_params, from_test_id, make_source};
pub(crate) use detach::let_go;
pub use update::UpdatePaymentMethod;

/// `GET /v1/payment_methods/{id}` (api/md/payment_method), of type `card`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentMethod {
    /// `pm_…`, or `card_…` when it is also a source.
    pub id: String,
    /// `payment_method`.
    pub object: String,
    /// Whether it may be shown to its customer again.
    pub allow_redisplay: AllowRedisplay,
    /// Who is billed.
    pub billing_details: BillingDetails,
    /// The card.
    pub card: Card,
    /// When it was made.
    pub created: Timestamp,
    /// Whose it is.
    pub customer: Option<String>,
    /// The account whose it is. Not supported yet.
    pub customer_account: Option<String>,
    /// Whether it exists in live mode.
    pub livemode: bool,
    /// The caller's own.
    pub metadata: Metadata,
    /// What `radar_options` said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub radar_options: Option<RadarOptions>,
    /// `card`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// A card, without what must not be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Card {
    /// `visa`, `mastercard` and so on.
    pub brand: String,
    /// What the issuer said of the details that were given.
    pub checks: Option<CardChecks>,
    /// Where it was issued.
    pub country: Option<String>,
    /// The brand to show: the network that the payer prefers, or the brand.
    pub display_brand: Option<String>,
    /// 1 to 12.
    pub exp_month: i64,
    /// Four digits.
    pub exp_year: i64,
    /// The same for the same number.
    pub fingerprint: Option<String>,
    /// `credit`, `debit`, `prepaid` or `unknown`.
    pub funding: String,
    /// The charge that it was made from. Always null: there are no card-present payments.
    pub generated_from: Option<String>,
    /// The last four digits.
    pub last4: String,
    /// The networks that can carry it.
    pub networks: Option<CardNetworks>,
    /// Whether the debit card's issuer is bound by the US fee cap.
    pub regulated_status: Option<String>,
    /// Whether 3-D Secure can be used.
    pub three_d_secure_usage: Option<ThreeDSecureUsage>,
    /// The wallet that it came from. Always null.
    pub wallet: Option<String>,
}

/// What the issuer said: `pass`, `fail`, `unavailable`, or `unchecked` before it was asked; null where nothing was given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CardChecks {
    /// The first line of the address.
    pub address_line1_check: Option<String>,
    /// The postal code.
    pub address_postal_code_check: Option<String>,
    /// The security code.
    pub cvc_check: Option<String>,
}

impl From<cards::Checks> for CardChecks {
    fn from(checks: cards::Checks) -> CardChecks {
        let word = |check: Option<cards::Check>| check.map(|check| check.as_str().to_owned());
        CardChecks {
            address_line1_check: word(checks.address_line1_check),
            address_postal_code_check: word(checks.address_postal_code_check),
            cvc_check: word(checks.cvc_check),
        }
    }
}

/// The networks that can carry a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CardNetworks {
    /// All of them.
    pub available: Vec<String>,
    /// The one that the payer prefers.
    pub preferred: Option<String>,
}

/// Whether 3-D Secure can be used with a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ThreeDSecureUsage {
    /// Whether it can.
    pub supported: bool,
}

/// Whether a payment method may be shown to its customer again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AllowRedisplay {
    /// Always.
    Always,
    /// Only where the customer looks after payment methods.
    Limited,
    /// Nobody said so.
    #[default]
    Unspecified,
}

impl AllowRedisplay {
    /// As on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            AllowRedisplay::Always => "always",
            AllowRedisplay::Limited => "limited",
            AllowRedisplay::Unspecified => "unspecified",
        }
    }
}

/// Working state of a payment method.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PaymentMethodState {
    /// A security code came with it.
    pub(crate) cvc_given: bool,
    /// The security code is still sealed: nobody has used it yet.
    pub(crate) cvc_kept: bool,
    /// The payer agreed to payments without them, with any authentication that the card needed.
    pub(crate) set_up_off_session: bool,
    /// Used for a payment without being a customer's, or detached: good for nothing more.
    pub(crate) used_up: bool,
    /// The test id that it was made from: nothing is sealed then.
    pub(crate) test_id: Option<String>,
}

impl Document for PaymentMethod {
    const KIND: &'static Kind = &Kind::new::<PaymentMethod>(
        "payment_method",
        "payment_method",
        &["pm", "card"],
        &[Column::text("customer"), Column::text("type").unindexed(), Column::text("allow_redisplay").unindexed()],
    );
    type Private = PaymentMethodState;
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, _: &PaymentMethodState) -> Vec<Value> {
        vec![(&self.customer).into(), (&self.kind).into(), self.allow_redisplay.as_str().into()]
    }
}

/// 404: Stripe calls the resource by its class name here.
pub(crate) fn no_such(id: &str, param: &str) -> ApiError {
    resource_missing("PaymentMethod", id, param)
}

/// A payment method of the account acted on, named in a parameter of the request. A test id makes a new one.
///
/// Errors: 400 `resource_missing`.
pub(crate) fn named(tx: &mut Tx, id: &str, param: &str) -> Result<Doc<PaymentMethod>> {
    existing(tx, id, param).map_err(|error| if error.http_status() == 404 { error.status(400) } else { error })
}

/// A payment method of the account acted on, named in the path. A test id makes a new one.
///
/// Errors: 404 `resource_missing`.
fn existing(tx: &mut Tx, id: &str, param: &str) -> Result<Doc<PaymentMethod>> {
    if is_test_id(tx, id) {
        return from_test_id(tx, id);
    }
    match tx.find::<PaymentMethod>(id)? {
        Some(found) if found.account == tx.account() => Ok(found),
        Some(_) | None => Err(no_such(id, param)),
    }
}

/// Whether this names one of Stripe's ready-made cards, which only sandboxes know.
pub(crate) fn is_test_id(tx: &Tx, id: &str) -> bool {
    !tx.livemode() && cards::find_payment_method(id).is_some()
}

/// 400 unless the payment method is this customer's.
pub(crate) fn check_belongs(
    tx: &mut Tx,
    id: &str,
    customer: &Doc<crate::customers::Customer>,
    param: &str,
) -> Result<()> {
    match tx.find::<PaymentMethod>(id)? {
        Some(found) if found.account == customer.account && found.customer.as_ref() == Some(&customer.id) => Ok(()),
        Some(found) if found.account == customer.account => Err(not_the_customers(id, param)),
        Some(_) | None if is_test_id(tx, id) => Err(not_the_customers(id, param)),
        Some(_) | None => Err(no_such(id, param).status(400)),
    }
}

fn not_the_customers(id: &str, param: &str) -> ApiError {
    let message = format!(
        "The customer does not have a payment method with the ID {id}. The payment method must be attached to the customer."
    );
    ApiError::invalid(param, message).code("resource_missing")
}

/// 400: it was used without being a customer's, or detached.
pub(crate) fn used_up() -> ApiError {
    ApiError::bad_request(
        "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a \
         connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use \
         a PaymentMethod multiple times, you must attach it to a Customer first.",
    )
}

/// The hashes of other types than cards, in a request that makes a payment method. Flattened into its struct, this gets all
/// names that the struct does not have, and refuses those that Stripe does not know.
#[derive(Debug, Default)]
pub(crate) struct OtherTypes(Option<String>);

impl OtherTypes {
    /// 400 when one was given.
    pub(crate) fn refuse(&self, name: impl Fn(&str) -> String) -> Result<()> {
        let Some(other) = &self.0 else { return Ok(()) };
        let message = format!("You must provide only parameters of type card, not {other}.");
        Err(ApiError::invalid(&name(other), message))
    }
}

impl<'de> Deserialize<'de> for OtherTypes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<OtherTypes, D::Error> {
        deserializer.deserialize_map(OtherTypesVisitor)
    }
}

/// Sees the members that the struct around it does not have.
struct OtherTypesVisitor;

impl<'de> Visitor<'de> for OtherTypesVisitor {
    type Value = OtherTypes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hashes by type of payment method")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OtherTypes, A::Error> {
        let mut given = None;
        while let Some((name, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
            if !TYPES.contains(&name.as_str()) && name != "interac_present" {
                return Err(A::Error::unknown_field(&name, KNOWN));
            }
            given.get_or_insert(name);
        }
        Ok(OtherTypes(given))
    }
}

impl JsonSchema for OtherTypes {
    fn schema_name() -> Cow<'static, str> {
        "OtherTypes".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let others = TYPES.iter().filter(|name| **name != "card");
        let properties: serde_json::Map<String, serde_json::Value> = others
            .map(|name| {
                ((*name).to_owned(), serde_json::json!({ "type": "object", "description": "Not supported yet." }))
            })
            .collect();
        schemars::json_schema!({ "type": "object", "properties": properties })
    }
}

/// The names that are known beside those of other types, so that all others can be told at once.
const KNOWN: &[&str] =
    &["allow_redisplay", "billing_details", "card", "customer", "metadata", "payment_method", "radar_options", "type"];

/// All types that Stripe knows (api/md/payment_method, E1).
pub(crate) const TYPES: &[&str] = &[
    "acss_debit",
    "affirm",
    "afterpay_clearpay",
    "alipay",
    "alma",
    "amazon_pay",
    "au_becs_debit",
    "bacs_debit",
    "bancontact",
    "billie",
    "bizum",
    "blik",
    "boleto",
    "card",
    "cashapp",
    "crypto",
    "custom",
    "customer_balance",
    "eps",
    "fpx",
    "giropay",
    "grabpay",
    "ideal",
    "kakao_pay",
    "klarna",
    "konbini",
    "kr_card",
    "link",
    "mb_way",
    "mobilepay",
    "multibanco",
    "naver_pay",
    "nz_bank_account",
    "oxxo",
    "p24",
    "pay_by_bank",
    "payco",
    "paynow",
    "paypal",
    "paypay",
    "payto",
    "pix",
    "promptpay",
    "revolut_pay",
    "samsung_pay",
    "satispay",
    "scalapay",
    "sepa_debit",
    "sequra",
    "sofort",
    "sunbit",
    "swish",
    "twint",
    "upi",
    "us_bank_account",
    "wechat_pay",
    "zip",
];

/// 400 for a type that Stripe does not know.
pub(crate) fn check_type(param: &str, kind: &str) -> Result<()> {
    if TYPES.contains(&kind) {
        return Ok(());
    }
    Err(ApiError::invalid(param, format!("Invalid {param}: must be one of {}", TYPES.join(", "))))
}

/// 400 for a type that Kontor cannot take, as well.
pub(crate) fn check_supported_type(param: &str, kind: &str) -> Result<()> {
    check_type(param, kind)?;
    if kind == "card" {
        return Ok(());
    }
    Err(ApiError::not_yet(param, format!("The payment method type {kind}")))
}

/// Filters of `GET /v1/payment_methods`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPaymentMethods {
    /// Only those that may be shown again in this way.
    allow_redisplay: Option<AllowRedisplay>,
    /// Only this customer's.
    customer: Option<String>,
    /// Not supported yet.
    customer_account: Option<String>,
    /// Only those of this type.
    #[serde(rename = "type")]
    kind: Option<String>,
}

fn list(tx: &mut Tx, _: &Path, p: ListPaymentMethods) -> Result<ListSpec> {
    if p.customer_account.is_some() {
        return Err(ApiError::not_yet("customer_account", "The parameter customer_account"));
    }
    if let Some(kind) = &p.kind {
        check_type("type", kind)?;
    }
    if let Some(customer) = &p.customer {
        crate::customers::named(tx, customer, "customer")?;
    }
    Ok(ListSpec::own(tx)
        .when("customer", p.customer)
        .when("type", p.kind)
        .when("allow_redisplay", p.allow_redisplay.map(AllowRedisplay::as_str)))
}

/// A test id answers what using it would make, under the id that was asked for.
fn retrieve(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<PaymentMethod>> {
    let id = path.id();
    if is_test_id(tx, id) {
        let made = from_test_id(tx, id)?.into_shown();
        return Reply::made(&PaymentMethod { id: id.to_owned(), ..made });
    }
    match tx.peek::<PaymentMethod>(id)? {
        Some(found) if found.account == tx.account() => Ok(Reply::document(&found)),
        Some(_) | None => Err(no_such(id, "payment_method")),
    }
}

/// The endpoints of payment methods.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        wire::list::<PaymentMethod, ListPaymentMethods>("/v1/payment_methods", "paymentMethods.list", list)
            .without_created(),
        wire::post("/v1/payment_methods", "paymentMethods.create", create::create).publishable(),
        wire::get("/v1/payment_methods/{payment_method}", "paymentMethods.retrieve", retrieve),
        wire::post("/v1/payment_methods/{payment_method}", "paymentMethods.update", update::update),
        wire::post("/v1/payment_methods/{payment_method}/attach", "paymentMethods.attach", attach::attach),
        wire::post("/v1/payment_methods/{payment_method}/detach", "paymentMethods.detach", detach::detach),
    ]
}
