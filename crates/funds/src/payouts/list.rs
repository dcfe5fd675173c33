//! Listing payouts, and which balance transactions a payout has paid.

use kernel::{ApiError, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Job, Tx};
use wire::{CreatedRange, ListSpec, Path};

use super::{Payout, ReconciliationStatus, kept_back, subject};

/// Filters of `GET /v1/payouts`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPayouts {
    /// Expected at the bank then.
    pub arrival_date: Option<CreatedRange>,
    /// Paid to this external account.
    pub destination: Option<String>,
    /// `pending`, `in_transit`, `paid`, `failed` or `canceled`.
    pub status: Option<String>,
}

/// The account's payouts, newest first.
pub fn list(tx: &mut Tx, _: &Path, p: ListPayouts) -> Result<ListSpec> {
    Ok(ListSpec::own(tx)
        .within("arrival_date", p.arrival_date)
        .when("destination", p.destination)
        .when("status", p.status))
}

/// Says whether `GET /v1/balance_transactions?payout=` can be answered for this payout of the account acted on.
///
/// Errors: 404; 400 for a manual payout, which cannot be tied to what it paid; 400 `payout_reconciliation_not_ready`.
pub fn check_reconciled(tx: &mut Tx, payout: &str) -> Result<()> {
    let payout = tx.get::<Payout>(payout, "payout")?;
    match payout.reconciliation_status {
        ReconciliationStatus::Completed => Ok(()),
        ReconciliationStatus::InProgress => Err(not_ready(&payout)),
        ReconciliationStatus::NotApplicable => Err(manual()),
    }
}

/// The job by which an automatic payout's balance transactions can be listed: they are tied to it as it is made, in one
/// statement, however many there are. What it left in the balance is there again. Event: `payout.reconciliation_completed`.
pub(super) fn reconcile(tx: &mut Tx, job: &Job) -> Result<()> {
    let mut payout = subject(tx, job)?;
    payout.reconciliation_status = ReconciliationStatus::Completed;
    kept_back::release(tx, &mut payout)?;
    tx.emit("payout.reconciliation_completed", &payout)?;
    tx.put(&payout)
}

fn not_ready(payout: &Payout) -> ApiError {
    ApiError::invalid(
        "payout",
        format!("The balance transactions of payout {} are not ready yet. Please try again in a moment.", payout.id),
    )
    .code("payout_reconciliation_not_ready")
}

fn manual() -> ApiError {
    ApiError::invalid("payout", "Balance transaction history can only be filtered on automatic payouts, not manual.")
}
