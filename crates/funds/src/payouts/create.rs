//! Paying out by hand.

use accounts::{Account, ExternalAccount, ExternalAccountStatus};
use kernel::{ApiError, Currency, Metadata, MetadataPatch, Money, Patch, Result};
use ledger::LedgerAccount;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tx;
use wire::{Path, Reply};

use super::book::{NewPayout, make};
use super::minimum::minimum;
use super::{Payout, PayoutMethod};
use crate::movement::LARGEST;

/// The longest statement descriptor.
const LONGEST_DESCRIPTOR: usize = 22;

/// Parameters of `POST /v1/payouts`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePayout {
    /// Minor units; at least the currency's minimum, at most what is available.
    pub amount: i64,
    /// One in which the account has an external account.
    pub currency: Currency,
    /// For people.
    pub description: Option<String>,
    /// An external account; the currency's default when not given.
    pub destination: Option<String>,
    /// The caller's own.
    #[serde(default)]
    pub metadata: Patch<MetadataPatch>,
    /// `standard`; `instant` is not supported yet.
    pub method: Option<PayoutMethod>,
    /// A payout method of the v2 API; not supported yet.
    pub payout_method: Option<String>,
    /// Which balance is paid out: `card`.
    pub source_type: Option<SourceType>,
    /// At most 22 characters.
    pub statement_descriptor: Option<String>,
}

/// How the money that is paid out came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceType {
    /// By bank debits.
    BankAccount,
    /// By cards, and by most other ways.
    Card,
    /// By FPX.
    Fpx,
}

/// Pays out some of what is available.
///
/// Errors: 400 for parameters out of range; `instant_payouts_unsupported`; `payouts_not_allowed`; no external account in
/// the currency; an external account to which a payout failed; `balance_insufficient`. Event: `payout.created`.
pub fn create(tx: &mut Tx, _: &Path, p: CreatePayout) -> Result<Reply<Payout>> {
    check(&p)?;
    let metadata = p.metadata.merge(&Metadata::new())?;
    let account_id = tx.account().to_owned();
    let account = accounts::load(tx, &account_id)?;
    if !account.payouts_enabled {
        return Err(payouts_not_allowed(&account));
    }
    let destination = destination(tx, &account, &p)?;
    let available = LedgerAccount::available(&account_id, p.currency);
    tx.require_at_least(available, 0, balance_insufficient());
    let payout = make(
        tx,
        NewPayout {
            account: &account_id,
            amount: p.amount,
            currency: p.currency,
            destination: &destination.id,
            automatic: false,
            description: p.description,
            metadata,
            original: None,
            statement_descriptor: p.statement_descriptor,
        },
    )?;
    Ok(Reply::document(&payout))
}

/// What can be told from the parameters alone.
fn check(p: &CreatePayout) -> Result<()> {
    if p.amount < 1 {
        return Err(not_positive());
    }
    if p.amount < minimum(p.currency) {
        return Err(amount_too_small(p.currency));
    }
    if LARGEST < p.amount {
        return Err(amount_too_large(p.currency));
    }
    if p.method == Some(PayoutMethod::Instant) {
        return Err(instant_payouts_unsupported());
    }
    if p.payout_method.is_some() {
        return Err(ApiError::not_yet("payout_method", "Paying out to a payout method of the v2 API"));
    }
    if p.source_type.is_some_and(|source| source != SourceType::Card) {
        return Err(source_type_unsupported());
    }
    if p.statement_descriptor.as_ref().is_some_and(|text| LONGEST_DESCRIPTOR < text.chars().count()) {
        return Err(descriptor_too_long());
    }
    Ok(())
}

fn destination(tx: &mut Tx, account: &Account, p: &CreatePayout) -> Result<ExternalAccount> {
    let found = match &p.destination {
        Some(id) => Some(accounts::external_account(tx, &account.id, id)?.into_shown()),
        None => accounts::default_external_account(account, p.currency).cloned(),
    };
    match found {
        Some(external) if external.currency != p.currency => Err(another_currency(&external, p.currency)),
        Some(external) if external.status == ExternalAccountStatus::Errored => Err(errored(&external)),
        Some(external) => Ok(external),
        None => Err(no_external_account(p.currency)),
    }
}

fn not_positive() -> ApiError {
    ApiError::invalid("amount", "This value must be greater than or equal to 1.").code("parameter_invalid_integer")
}

fn amount_too_small(currency: Currency) -> ApiError {
    let least = Money::new(minimum(currency), currency);
    ApiError::invalid("amount", format!("Amount must be at least {least}")).code("amount_too_small")
}

fn amount_too_large(currency: Currency) -> ApiError {
    let most = Money::new(LARGEST, currency);
    ApiError::invalid("amount", format!("Amount must be no more than {most}")).code("amount_too_large")
}

fn instant_payouts_unsupported() -> ApiError {
    ApiError::invalid(
        "method",
        "Instant payouts are not supported by this version of Kontor yet. Please use the standard method.",
    )
    .code("instant_payouts_unsupported")
}

fn source_type_unsupported() -> ApiError {
    ApiError::invalid(
        "source_type",
        "This account has no balance of this source type: in Kontor all money is in the card balance.",
    )
}

fn descriptor_too_long() -> ApiError {
    ApiError::invalid(
        "statement_descriptor",
        format!("The statement descriptor must be at most {LONGEST_DESCRIPTOR} characters."),
    )
}

fn payouts_not_allowed(account: &Account) -> ApiError {
    ApiError::bad_request(format!(
        "Payouts are not enabled for account {}. Its requirements say what is missing.",
        account.id
    ))
    .code("payouts_not_allowed")
}

fn no_external_account(currency: Currency) -> ApiError {
    ApiError::bad_request(format!("Sorry, you don't have any external accounts in that currency ({currency})."))
}

fn another_currency(external: &ExternalAccount, currency: Currency) -> ApiError {
    ApiError::invalid(
        "destination",
        format!("The external account {} is in {}, and cannot be paid in {currency}.", external.id, external.currency),
    )
}

fn errored(external: &ExternalAccount) -> ApiError {
    ApiError::invalid(
        "destination",
        format!(
            "The last payout to the external account {} failed. Update or replace it before paying out to it again.",
            external.id
        ),
    )
    .code("bank_account_unusable")
}

/// In test mode, Stripe says how to get available funds.
fn balance_insufficient() -> ApiError {
    ApiError::bad_request(
        "You have insufficient available funds in your Stripe account. Try adding funds directly to your available \
         balance by creating Charges using the 4000000000000077 test card. See: \
         https://stripe.com/docs/testing#available-balance",
    )
    .code("balance_insufficient")
}
