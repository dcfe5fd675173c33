//! `POST /v1/charges`: the way of charging before payment intents.
//!
//! It charges a token, a card's details, or a source of a customer ([`crate::sources`]). Nothing can be shown to the payer on
//! this way, so a card that needs that is refused.
//!
//! Deliberately absent: debits of connected accounts.

use std::borrow::Cow;
use std::fmt;

use funds::charges::{Charge, ChargeOrder, Split, TransferOrder, approve, check_split, decline};
use kernel::{ApiError, ErrorType, Metadata, MetadataPatch, Money, Patch, Result, missing};
use rails::cards::{Answer, Ask, Checks, Decline, Reason, authorize};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use store::{Doc, Tx};
use wire::{Path, Reply, Route};

use crate::address::ShippingParams;
use crate::payment_intents::amount;
use crate::payment_methods::{PaymentMethod, RadarOptions, card};
use crate::sources::{self, Source, SourceParam};
use crate::{customers, text};

/// What the old way of charging takes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CreateCharge {
    /// Minor units.
    amount: Option<i64>,
    /// The older name of `application_fee_amount`.
    application_fee: Option<i64>,
    /// What the platform earns.
    application_fee_amount: Option<i64>,
    /// Captured at once; the default.
    capture: Option<bool>,
    /// Three letters.
    currency: Option<String>,
    /// Whose source is charged: its default, unless `source` names another.
    customer: Option<String>,
    /// For people.
    description: Patch<String>,
    /// The older way to say `transfer_data`.
    destination: Option<Destination>,
    /// The caller's own.
    metadata: Patch<MetadataPatch>,
    /// The connected account that settles in place of the platform.
    on_behalf_of: Option<String>,
    /// What the risk check gets to know; Kontor's needs nothing.
    radar_options: Option<RadarOptions>,
    /// Where the receipt goes.
    receipt_email: Patch<String>,
    /// Where the goods go.
    shipping: Option<ShippingParams>,
    /// What is charged: a token, a card's details, or with `customer` one of its sources.
    source: Option<SourceParam>,
    /// What the payer's statement says.
    statement_descriptor: Option<String>,
    /// What it says behind the prefix.
    statement_descriptor_suffix: Option<String>,
    /// Makes it a destination charge.
    transfer_data: Option<ChargeTransferData>,
    /// Groups charge and transfers.
    transfer_group: Option<String>,
}

/// The older way to say where a destination charge goes: an account's id, or a hash.
#[derive(Debug, Clone)]
struct Destination(OldDestination);

/// The hash of the older way.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OldDestination {
    /// The connected account.
    account: String,
    /// How much of it.
    amount: Option<i64>,
}

impl<'de> Deserialize<'de> for Destination {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Destination, D::Error> {
        struct EitherVisitor;
        impl<'de> Visitor<'de> for EitherVisitor {
            type Value = Destination;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an account's id, or a hash")
            }
            fn visit_str<E>(self, account: &str) -> Result<Destination, E> {
                Ok(Destination(OldDestination { account: account.to_owned(), amount: None }))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Destination, A::Error> {
                OldDestination::deserialize(MapAccessDeserializer::new(map)).map(Destination)
            }
        }
        deserializer.deserialize_any(EitherVisitor)
    }
}

impl JsonSchema for Destination {
    fn schema_name() -> Cow<'static, str> {
        "Destination".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let hash = generator.subschema_for::<OldDestination>();
        schemars::json_schema!({ "anyOf": [{ "type": "string" }, hash] })
    }
}

/// Where a destination charge goes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ChargeTransferData {
    /// How much of it.
    amount: Option<i64>,
    /// The transfer's description.
    description: Option<String>,
    /// The connected account.
    destination: String,
}

/// Charges a token, a card or a customer's source.
///
/// Errors: 402 for a card that is declined, with the failed charge; one that needs its payer, of which nothing is kept.
/// Events: `charge.succeeded` or `charge.failed`, with those of the transfer and the application fee.
fn create(tx: &mut Tx, _: &Path, mut p: CreateCharge) -> Result<Reply<Charge>> {
    let amount = p.amount.ok_or_else(|| missing("amount"))?;
    let currency = p.currency.as_deref().ok_or_else(|| missing("currency"))?;
    let money = Money::new(amount, amount::currency(currency)?);
    amount::check(money)?;
    p.check()?;
    let mut method = find_source(tx, p.customer.as_deref(), p.source.take())?;
    let order = order_of(tx, p, money, &method)?;
    check_split(
        tx,
        &Split {
            amount: money,
            application_fee_amount: order.application_fee_amount,
            transfer: order.transfer.as_ref(),
            on_behalf_of: order.on_behalf_of.as_deref(),
            transfer_group: order.transfer_group.as_deref(),
        },
    )?;
    let (answer, charge) = match ask(tx, &method, money)? {
        Answer::Approved(approval) => {
            note_use(tx, &mut method, approval.checks)?;
            (None, approve(tx, order, approval)?)
        }
        Answer::Declined(refusal) => {
            note_use(tx, &mut method, refusal.checks)?;
            let charge = decline(tx, order, &refusal)?;
            (Some(refusal.to_error().with("charge", charge.id.as_str())), charge)
        }
        Answer::AuthenticationRequired => return Err(needs_authentication()),
    };
    Ok(answer.map_or_else(|| Reply::document(&charge), Reply::refused))
}

impl CreateCharge {
    fn check(&self) -> Result<()> {
        if let Some(email) = self.receipt_email.as_set() {
            text::check_email("receipt_email", email)?;
        }
        text::check_patch("description", &self.description, text::TEXT)?;
        text::check_given("transfer_group", self.transfer_group.as_ref(), text::NAME)?;
        text::check_given("statement_descriptor", self.statement_descriptor.as_ref(), 22)?;
        text::check_given("statement_descriptor_suffix", self.statement_descriptor_suffix.as_ref(), 22)?;
        match &self.shipping {
            Some(shipping) => shipping.check(),
            None => Ok(()),
        }
    }
}

/// What is charged. A customer is charged by one of its own sources, as in Stripe.
fn find_source(tx: &mut Tx, customer: Option<&str>, source: Option<SourceParam>) -> Result<Doc<PaymentMethod>> {
    let Some(customer) = customer else {
        let source = source.ok_or_else(|| ApiError::bad_request("Must provide source or customer."))?;
        return sources::make(tx, source);
    };
    let customer = customers::named(tx, customer, "customer")?;
    let id = match source {
        Some(SourceParam::Id(id)) => id,
        Some(SourceParam::Card(_)) => return Err(not_linked(&customer.id, "given")),
        None => customer.default_source.clone().ok_or_else(no_active_card)?,
    };
    let found = sources::of_customer(tx, &customer.id, &id, "source");
    found.map_err(|_| not_linked(&customer.id, &format!("with ID {}", id.chars().take(100).collect::<String>())))
}

fn order_of(tx: &Tx, p: CreateCharge, amount: Money, method: &Doc<PaymentMethod>) -> Result<ChargeOrder> {
    let bug = |error: serde_json::Error| tx.bug(&error.to_string());
    let shipping = p.shipping.map(|given| serde_json::to_value(given.into_shipping())).transpose().map_err(bug)?;
    let transfer = p.transfer_data.map(|data| TransferOrder {
        destination: data.destination,
        amount: data.amount,
        description: data.description,
        ..TransferOrder::default()
    });
    let old = p.destination.map(|Destination(old)| TransferOrder {
        destination: old.account,
        amount: old.amount,
        ..TransferOrder::default()
    });
    Ok(ChargeOrder {
        amount,
        payment_intent: None,
        customer: p.customer,
        payment_method: Some(method.id.clone()),
        payment_method_details: method.details(),
        source: Some(Source::json(tx, method.shown())?.into()),
        billing_details: method.billing_details.clone(),
        description: p.description.set(),
        metadata: p.metadata.merge(&Metadata::new())?,
        statement_descriptor: p.statement_descriptor,
        statement_descriptor_suffix: p.statement_descriptor_suffix,
        receipt_email: p.receipt_email.set(),
        shipping,
        on_behalf_of: p.on_behalf_of,
        transfer: transfer.or(old),
        transfer_group: p.transfer_group,
        application_fee_amount: p.application_fee_amount.or(p.application_fee),
        card_country: method.card.country.clone().unwrap_or_default(),
        capture: p.capture.unwrap_or(true),
    })
}

fn ask(tx: &Tx, method: &Doc<PaymentMethod>, amount: Money) -> Result<Answer> {
    if method.expiry().is_past(tx.now()) {
        let checks = Checks::default();
        return Ok(Answer::Declined(Decline { reason: Reason::ExpiredCard, checks, three_d_secure: None }));
    }
    let number = card::number(tx, method)?;
    Ok(authorize(&number, &Ask { given: card::given_with(method), ..Ask::new(amount) }))
}

/// A card that is nobody's was good for this once.
fn note_use(tx: &mut Tx, method: &mut Doc<PaymentMethod>, checks: Checks) -> Result<()> {
    let mut changed = card::note_checks(tx, method, checks)?;
    if method.customer.is_none() {
        card::use_up(tx, method);
        changed = true;
    }
    if changed { tx.put(method) } else { Ok(()) }
}

fn not_linked(customer: &str, which: &str) -> ApiError {
    ApiError::invalid("source", format!("Customer {customer} does not have a linked source {which}.")).code("missing")
}

fn no_active_card() -> ApiError {
    ApiError::new(402, ErrorType::Card, "Cannot charge a customer that has no active card.")
        .code("missing")
        .param("card")
}

/// Nothing can be shown to the payer on this way.
fn needs_authentication() -> ApiError {
    ApiError::card("authentication_required", "Your card was declined. This transaction requires authentication.")
        .with("decline_code", "authentication_required")
}

/// The endpoint; the others of charges are `funds`'.
pub(crate) fn routes() -> Vec<Route> {
    vec![wire::post("/v1/charges", "charges.create", create)]
}
