//! `POST /v1/transfers`: sending money by itself, or from a charge.

use accounts::Account;
use kernel::{ApiError, Currency, Metadata, MetadataPatch, Money, Patch, Result, Timestamp, missing, too_low};
use ledger::LedgerAccount;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Doc, Tx};
use wire::{Path, Reply};

use super::{Order, Transfer, send};
use crate::balance::mature_until;
use crate::charges::{Charge, PaymentData, group_of};
use crate::movement::LARGEST;

/// What a transfer takes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTransfer {
    /// Minor units; without it, the whole of `source_transaction`.
    pub amount: Option<i64>,
    /// Three letters.
    pub currency: Currency,
    /// The account that gets it.
    pub destination: String,
    /// For people.
    pub description: Option<String>,
    /// The caller's own.
    #[serde(default)]
    pub metadata: Patch<MetadataPatch>,
    /// A charge whose money it is.
    pub source_transaction: Option<String>,
    /// Which part of the balance: `card`.
    pub source_type: Option<SourceType>,
    /// Groups charge and transfers.
    pub transfer_group: Option<String>,
}

/// Which part of the balance, by how the money came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceType {
    /// By bank debit.
    BankAccount,
    /// By card.
    Card,
    /// By FPX.
    Fpx,
}

/// Sends money to a connected account, or from one to its platform.
///
/// Limits: available money; from a charge, its amount less what was transferred of it before.
/// Events: `transfer.created`; on the receiver `payment.created`.
pub(super) fn endpoint(tx: &mut Tx, _: &Path, p: CreateTransfer) -> Result<Reply<Transfer>> {
    create(tx, p).map(|transfer| Reply::document(&transfer))
}

/// See [`endpoint`].
pub fn create(tx: &mut Tx, p: CreateTransfer) -> Result<Doc<Transfer>> {
    if p.amount.is_some_and(|amount| amount < 1) {
        return Err(too_low("amount", 1));
    }
    if p.amount.is_some_and(|amount| LARGEST < amount) {
        return Err(amount_too_large(p.currency));
    }
    let metadata = p.metadata.merge(&Metadata::new())?;
    let sender = accounts::load(tx, tx.account().to_owned().as_str())?;
    let destination = destination(tx, &sender, &p.destination)?;
    let part = match &p.source_transaction {
        Some(charge) => from_charge(tx, charge, &p)?,
        None => from_balance(tx, &p)?,
    };
    if part.needs_available {
        let available = LedgerAccount::available(&sender.id, part.amount.currency);
        if tx.balance(&available)? < part.amount.amount {
            // What is due by now counts, whether its job had its turn or not.
            let now = tx.now();
            mature_until(tx, &sender.id, part.amount.currency, now)?;
        }
        let error = if tx.livemode() { insufficient_live() } else { insufficient_sandbox() };
        tx.require_at_least(available, 0, error);
    }
    let order = Order {
        sender: &sender,
        destination: &destination,
        amount: part.amount,
        available_on: part.available_on,
        description: p.description,
        metadata,
        source_transaction: p.source_transaction,
        transfer_group: part.transfer_group,
        payment_data: PaymentData::default(),
        application_fee: None,
    };
    send(tx, order).map(|sent| sent.transfer)
}

/// Where a transfer takes its money.
struct Part {
    amount: Money,
    available_on: Timestamp,
    transfer_group: Option<String>,
    needs_available: bool,
}

fn destination(tx: &mut Tx, sender: &Doc<Account>, id: &str) -> Result<Doc<Account>> {
    let account = accounts::destination(tx, id, "destination")?;
    if sender.is_connected() && account.id != sender.account {
        return Err(ApiError::invalid("destination", format!("No such destination: '{id}'")).code("resource_missing"));
    }
    Ok(account)
}

fn from_balance(tx: &Tx, p: &CreateTransfer) -> Result<Part> {
    let amount = p.amount.ok_or_else(|| missing("amount"))?;
    if p.source_type.is_some_and(|source| source != SourceType::Card) {
        return Err(if tx.livemode() { insufficient_live() } else { insufficient_sandbox() });
    }
    Ok(Part {
        amount: Money::new(amount, p.currency),
        available_on: tx.now(),
        transfer_group: p.transfer_group.clone(),
        needs_available: true,
    })
}

/// Money of one charge: it moves as pending while the charge is, and all transfers together never exceed it.
fn from_charge(tx: &mut Tx, id: &str, p: &CreateTransfer) -> Result<Part> {
    let mut charge = tx.get::<Charge>(id, "source_transaction")?;
    let Some(booking) = charge.private.booking.clone() else { return Err(not_captured(id)) };
    if p.source_type.is_some_and(|source| source != SourceType::Card) {
        return Err(other_source_type());
    }
    if p.currency != booking.currency {
        return Err(other_currency(p.currency, booking.currency));
    }
    let amount = p.amount.unwrap_or(booking.amount);
    let left = booking.amount - charge.private.transferred;
    if left < amount {
        return Err(above_charge(Money::new(amount, booking.currency), Money::new(left, booking.currency), id));
    }
    let group = match (&charge.transfer_group, &p.transfer_group) {
        (Some(own), Some(given)) if own != given => return Err(other_group(own)),
        (Some(own), _) => own.clone(),
        (None, Some(given)) => given.clone(),
        (None, None) => group_of(charge.payment_intent.as_deref().unwrap_or(id)),
    };
    charge.private.transferred += amount;
    charge.transfer_group = Some(group.clone());
    tx.put(&charge)?;
    Ok(Part {
        amount: Money::new(amount, booking.currency),
        available_on: booking.available_on,
        transfer_group: Some(group),
        needs_available: booking.available_on <= tx.now(),
    })
}

fn amount_too_large(currency: Currency) -> ApiError {
    let most = Money::new(LARGEST, currency);
    ApiError::invalid("amount", format!("Amount must be no more than {most}")).code("amount_too_large")
}

/// Stripe's words in a sandbox.
pub(crate) fn insufficient_sandbox() -> ApiError {
    ApiError::bad_request(
        "You have insufficient available funds in your Stripe account. Try adding funds directly to your available balance \
         by creating Charges using the 4000000000000077 test card. See: \
         https://stripe.com/docs/testing#available-balance",
    )
    .code("balance_insufficient")
}

fn insufficient_live() -> ApiError {
    ApiError::bad_request(
        "You have insufficient funds in your Stripe account. One likely reason you have insufficient funds is that your \
         funds are automatically being paid out; try enabling manual payouts by going to \
         https://dashboard.stripe.com/account/payouts.",
    )
    .code("balance_insufficient")
}

fn not_captured(charge: &str) -> ApiError {
    ApiError::invalid(
        "source_transaction",
        format!("Cannot use charge {charge} as source_transaction: it has not succeeded or is not captured."),
    )
}

fn other_source_type() -> ApiError {
    ApiError::invalid(
        "source_type",
        "The source_type of a transfer with a source_transaction must be that of the charge: card.",
    )
    .code("transfer_source_balance_parameters_mismatch")
}

fn other_currency(asked: Currency, settled: Currency) -> ApiError {
    ApiError::invalid(
        "currency",
        format!(
            "The currency of source_transaction's balance transaction ({settled}) must be the same as the transfer \
             currency ({asked})."
        ),
    )
}

fn above_charge(asked: Money, left: Money, charge: &str) -> ApiError {
    ApiError::invalid(
        "amount",
        format!(
            "Cannot use source_transaction {charge} to transfer {asked}: only {left} of the charge's amount has not been \
             transferred yet."
        ),
    )
}

fn other_group(own: &str) -> ApiError {
    ApiError::invalid(
        "transfer_group",
        format!("The transfer_group must be that of the source_transaction ('{own}'), or be left out."),
    )
}
