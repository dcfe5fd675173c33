//! Bringing the money of a paid payout back from the bank.

use kernel::{ApiError, DAY, Metadata, MetadataPatch, Patch, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tx;
use wire::{Path, Reply};

use super::book::{NewPayout, make};
use super::{Payout, PayoutMethod, PayoutStatus, PayoutType, unexpected_state};

/// How long after its arrival a payout can be reversed.
const REVERSIBLE_DAYS: i64 = 90;

/// Parameters of `POST /v1/payouts/{payout}/reverse`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReversePayout {
    /// Of the payout that reverses.
    #[serde(default)]
    pub metadata: Patch<MetadataPatch>,
}

/// Makes a second payout with the negative amount, which debits the bank account that was paid (money.md 5.3). What it
/// brings is pending until it arrives.
///
/// Limits: connected accounts' standard payouts to banks in the US and Canada, paid less than 90 days ago, once.
/// Events: `payout.created` for the second, `payout.updated` for the first.
pub fn reverse(tx: &mut Tx, path: &Path, p: ReversePayout) -> Result<Reply<Payout>> {
    let mut original = tx.get::<Payout>(path.id(), "payout")?;
    check_payout(tx, &original)?;
    let account_id = original.account.clone();
    let account = accounts::load(tx, &account_id)?;
    if !account.is_connected() {
        return Err(not_connected());
    }
    let destination = original.destination.clone().unwrap_or_default();
    let external = accounts::external_account(tx, &account_id, &destination)?;
    if !matches!(external.country.as_str(), "US" | "CA") {
        return Err(country_unsupported(&external.country));
    }
    let metadata = p.metadata.merge(&Metadata::new())?;
    let reversal = make(
        tx,
        NewPayout {
            account: &account_id,
            amount: -original.amount,
            currency: original.currency,
            destination: &destination,
            automatic: false,
            description: None,
            metadata,
            original: Some(original.id.clone()),
            statement_descriptor: None,
        },
    )?;
    original.reversed_by = Some(reversal.id.clone());
    tx.emit_updated("payout.updated", &original)?;
    tx.put(&original)?;
    Ok(Reply::document(&reversal))
}

fn check_payout(tx: &Tx, payout: &Payout) -> Result<()> {
    if payout.amount < 0 {
        return Err(is_a_reversal(payout));
    }
    if payout.reversed_by.is_some() {
        return Err(already_reversed(payout));
    }
    if payout.status != PayoutStatus::Paid {
        return Err(not_paid(payout));
    }
    if payout.method != PayoutMethod::Standard || payout.kind != PayoutType::BankAccount {
        return Err(not_a_standard_bank_payout(payout));
    }
    if payout.arrival_date.plus(REVERSIBLE_DAYS * DAY) < tx.now() {
        return Err(too_late(payout));
    }
    Ok(())
}

fn is_a_reversal(payout: &Payout) -> ApiError {
    unexpected_state(format!("Payout {} brings money from the bank and cannot be reversed.", payout.id))
}

fn already_reversed(payout: &Payout) -> ApiError {
    unexpected_state(format!("Payout {} has already been reversed.", payout.id))
}

fn not_paid(payout: &Payout) -> ApiError {
    unexpected_state(format!(
        "Payout {} has a status of {}. Only paid payouts can be reversed; a pending one can be canceled.",
        payout.id,
        payout.status.as_str()
    ))
}

fn not_a_standard_bank_payout(payout: &Payout) -> ApiError {
    unexpected_state(format!("Payout {} cannot be reversed: only standard payouts to bank accounts can.", payout.id))
}

fn too_late(payout: &Payout) -> ApiError {
    unexpected_state(format!(
        "Payout {} arrived more than {REVERSIBLE_DAYS} days ago and can no longer be reversed.",
        payout.id
    ))
}

fn not_connected() -> ApiError {
    unexpected_state("Only payouts of connected accounts can be reversed.".into())
}

fn country_unsupported(country: &str) -> ApiError {
    unexpected_state(format!(
        "Payouts to banks in {country} cannot be reversed: only those to banks in the US and Canada can."
    ))
}
