//! `POST /v1/charges`: the way of charging before payment intents.
//!
//! It takes Stripe's ready-made test tokens (`tok_visa`), as the tests of older programs use them. Tokens made from a
//! card, customers' default sources and debits of connected accounts are not there: payment intents do all but the last.

use kernel::{ApiError, Currency, Metadata, MetadataPatch, Money, Patch, Result, missing, too_low};
use rails::cards::{Answer, Ask, Given, TestCard, authorize, find_token};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tx;
use wire::{Path, Reply};

use super::routes::{Shipping, check_customer};
use super::{
    BillingDetails, CardDetails, Charge, ChargeOrder, PaymentMethodDetails, Split, TransferOrder, approve, check_split,
    decline,
};

/// What the old way of charging takes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCharge {
    /// Minor units.
    pub amount: Option<i64>,
    /// The older name of `application_fee_amount`.
    pub application_fee: Option<i64>,
    /// What the platform earns.
    pub application_fee_amount: Option<i64>,
    /// Captured at once; the default.
    pub capture: Option<bool>,
    /// Three letters.
    pub currency: Option<Currency>,
    /// Whose default source is charged.
    pub customer: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// The older way to say `transfer_data`.
    pub destination: Option<OldDestination>,
    /// The caller's own.
    #[serde(default)]
    pub metadata: Patch<MetadataPatch>,
    /// The connected account that settles in place of the platform.
    pub on_behalf_of: Option<String>,
    /// What the risk check gets to know; Kontor's needs nothing.
    pub radar_options: Option<RadarOptions>,
    /// Where the receipt goes.
    pub receipt_email: Option<String>,
    /// Where the goods go.
    pub shipping: Option<Shipping>,
    /// What is charged: a token.
    pub source: Option<String>,
    /// What the payer's statement says.
    pub statement_descriptor: Option<String>,
    /// What it says behind the prefix.
    pub statement_descriptor_suffix: Option<String>,
    /// Makes it a destination charge.
    pub transfer_data: Option<ChargeTransferData>,
    /// Groups charge and transfers.
    pub transfer_group: Option<String>,
}

/// The older way to say where a destination charge goes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OldDestination {
    /// The connected account.
    pub account: String,
    /// How much of it.
    pub amount: Option<i64>,
}

/// Where a destination charge goes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChargeTransferData {
    /// How much of it.
    pub amount: Option<i64>,
    /// The transfer's description.
    pub description: Option<String>,
    /// The connected account.
    pub destination: String,
}

/// What the risk check gets to know.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RadarOptions {
    /// The payer's session.
    pub session: Option<String>,
}

/// The most that can be charged: eight digits of minor units (Stripe, "supported currencies").
const MOST: i64 = 99_999_999;

/// Charges a token.
///
/// Events: `charge.succeeded` or `charge.failed`, with those of the transfer and the application fee.
pub(super) fn endpoint(tx: &mut Tx, _: &Path, p: CreateCharge) -> Result<Reply<Charge>> {
    let amount = check_amount(&p)?;
    let card = find_card(&p)?;
    let order = order_of(tx, p, amount, card)?;
    check_split(
        tx,
        &Split {
            amount,
            application_fee_amount: order.application_fee_amount,
            transfer: order.transfer.as_ref(),
            on_behalf_of: order.on_behalf_of.as_deref(),
            transfer_group: order.transfer_group.as_deref(),
        },
    )?;
    let given = Given { cvc: true, ..Given::default() };
    match authorize(&card.number(), &Ask { given, ..Ask::new(amount) }) {
        Answer::Approved(approval) => approve(tx, order, approval).map(|charge| Reply::document(&charge)),
        Answer::Declined(refusal) => {
            let charge = decline(tx, order, &refusal)?;
            Ok(Reply::refused(refusal.to_error().with("charge", charge.id.as_str())))
        }
        Answer::AuthenticationRequired => Err(needs_authentication()),
    }
}

fn check_amount(p: &CreateCharge) -> Result<Money> {
    let amount = p.amount.ok_or_else(|| missing("amount"))?;
    let currency = p.currency.ok_or_else(|| missing("currency"))?;
    let least = currency.minimum_charge();
    if amount < 1 {
        return Err(too_low("amount", 1));
    }
    if amount < least {
        let least = Money::new(least, currency);
        return Err(ApiError::invalid("amount", format!("Amount must be at least {least}")).code("amount_too_small"));
    }
    if MOST < amount {
        let most = Money::new(MOST, currency);
        return Err(ApiError::invalid("amount", format!("Amount must be no more than {most}")).code("amount_too_large"));
    }
    Ok(Money::new(amount, currency))
}

fn find_card(p: &CreateCharge) -> Result<&'static TestCard> {
    let Some(source) = &p.source else {
        return Err(match &p.customer {
            Some(_) => ApiError::not_yet("customer", "Charging a customer's default source by POST /v1/charges"),
            None => ApiError::bad_request("Must provide source or customer."),
        });
    };
    find_token(source).ok_or_else(|| {
        ApiError::not_yet("source", "Charging a source other than a test token (tok_visa) by POST /v1/charges")
    })
}

fn order_of(tx: &mut Tx, p: CreateCharge, amount: Money, card: &TestCard) -> Result<ChargeOrder> {
    if let Some(customer) = &p.customer {
        check_customer(tx, customer)?;
    }
    let metadata = p.metadata.merge(&Metadata::new())?;
    let shipping = p.shipping.map(serde_json::to_value).transpose().map_err(|error| tx.bug(&error.to_string()))?;
    let transfer = p.transfer_data.map(|data| TransferOrder {
        destination: data.destination,
        amount: data.amount,
        description: data.description,
        ..TransferOrder::default()
    });
    let old = p.destination.map(|old| TransferOrder {
        destination: old.account,
        amount: old.amount,
        ..TransferOrder::default()
    });
    Ok(ChargeOrder {
        amount,
        payment_intent: None,
        customer: p.customer,
        payment_method: None,
        payment_method_details: PaymentMethodDetails::card(details(tx, card)),
        billing_details: BillingDetails::default(),
        description: p.description,
        metadata,
        statement_descriptor: p.statement_descriptor,
        statement_descriptor_suffix: p.statement_descriptor_suffix,
        receipt_email: p.receipt_email,
        shipping,
        on_behalf_of: p.on_behalf_of,
        transfer: transfer.or(old),
        transfer_group: p.transfer_group,
        application_fee_amount: p.application_fee_amount.or(p.application_fee),
        card_country: card.profile.country.to_owned(),
        capture: p.capture.unwrap_or(true),
    })
}

fn details(tx: &Tx, card: &TestCard) -> CardDetails {
    let (number, expiry, brand) = (card.number(), card.expiry(tx.now()), card.profile.brand.as_str());
    CardDetails {
        brand: Some(brand.to_owned()),
        country: Some(card.profile.country.to_owned()),
        exp_month: expiry.month,
        exp_year: expiry.year,
        fingerprint: Some(number.fingerprint()),
        funding: Some(card.profile.funding.as_str().to_owned()),
        last4: Some(number.last4().to_owned()),
        network: Some(brand.to_owned()),
        ..CardDetails::default()
    }
}

/// Nothing can be shown to the payer on this way.
fn needs_authentication() -> ApiError {
    ApiError::card("authentication_required", "Your card was declined. This transaction requires authentication.")
        .with("decline_code", "authentication_required")
}
