//! A platform rejects an account, or takes the rejection back.

use kernel::{ApiError, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Doc, Tx};
use wire::{NoParams, Path, Reply};

use crate::access;
use crate::change::Change;
use crate::documents::{Account, Liable, Rejection, RejectionReason};
use crate::words::words;

words! {
    /// What a rejection does to payouts.
    PayoutsAction {
        /// Nothing: the account is paid what it has.
        None = "none",
        /// They stop.
        Pause = "pause",
    }
}

/// Why an account is rejected.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RejectAccount {
    /// What becomes of payouts: they stop, unless it says otherwise.
    payouts_action: Option<PayoutsAction>,
    /// Why.
    reason: RejectionReason,
}

/// `POST /v1/accounts/{account}/reject`
///
/// Charges stop, and payouts unless `payouts_action` is `none`.
/// Limits: only accounts whose losses the platform bears.
/// Events on the account: `capability.updated`, `account.updated`.
pub(crate) fn reject(tx: &mut Tx, path: &Path, p: RejectAccount) -> Result<Reply<Account>> {
    let account = find_liable(tx, path.id(), "reject")?;
    let pauses_payouts = match p.payouts_action {
        None | Some(PayoutsAction::Pause) => true,
        Some(PayoutsAction::None) => false,
    };
    let mut change = Change::of(tx, account)?;
    change.account.private.rejection = Some(Rejection { reason: p.reason, pauses_payouts });
    change.finish(tx).map(|account| Reply::document(&account))
}

/// `POST /v1/accounts/{account}/unreject`: takes the platform's rejection back.
///
/// Events on the account: `capability.updated`, `account.updated`.
pub(crate) fn unreject(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<Account>> {
    let account = find_liable(tx, path.id(), "unreject")?;
    if account.private.rejection.is_none() {
        return Err(ApiError::invalid("account", "This account is not rejected by its platform."));
    }
    let mut change = Change::of(tx, account)?;
    change.account.private.rejection = None;
    change.finish(tx).map(|account| Reply::document(&account))
}

fn find_liable(tx: &mut Tx, id: &str, what: &str) -> Result<Doc<Account>> {
    let account = access::find_controlled(tx, id, what)?;
    match account.loss_liable() {
        Liable::Application => Ok(account),
        Liable::Stripe => Err(not_liable(what)),
    }
}

fn not_liable(what: &str) -> ApiError {
    ApiError::invalid(
        "account",
        format!(
            "You can only {what} accounts whose losses you are liable for (controller[losses][payments]=application)."
        ),
    )
}
