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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{INDIVIDUAL, Platform};

    #[test]
    fn a_rejection_stops_charges_and_payouts_until_it_is_taken_back() {
        let cases = [
            ("fraud_other", "rejected.platform_fraud"),
            ("fraud_payment_method_tester", "rejected.platform_fraud"),
            ("terms_of_service", "rejected.platform_terms_of_service"),
            ("credit", "rejected.platform_other"),
            ("other", "rejected.platform_other"),
        ];
        let platform = Platform::new();
        let id = platform.open(INDIVIDUAL);
        for (reason, disabled_reason) in cases {
            let account = platform.post(&format!("/v1/accounts/{id}/reject"), &[("reason", reason)]).ok();
            assert_eq!(account["requirements"]["disabled_reason"], disabled_reason);
            assert_eq!((&account["charges_enabled"], &account["payouts_enabled"]), (&json!(false), &json!(false)));
            assert_eq!(account["capabilities"], json!({ "card_payments": "inactive", "transfers": "inactive" }));
            let account = platform.post(&format!("/v1/accounts/{id}/unreject"), &[]).ok();
            assert_eq!(account["requirements"]["disabled_reason"], json!(null));
            assert_eq!((&account["charges_enabled"], &account["payouts_enabled"]), (&json!(true), &json!(true)));
        }
        let types = platform.event_types(&id);
        assert_eq!(types[types.len() - 3..], ["capability.updated", "capability.updated", "account.updated"]);
    }

    #[test]
    fn a_rejected_account_may_still_be_paid_what_it_has() {
        let platform = Platform::new();
        let id = platform.open(INDIVIDUAL);
        let form = [("reason", "other"), ("payouts_action", "none")];
        let account = platform.post(&format!("/v1/accounts/{id}/reject"), &form).ok();
        assert_eq!((&account["charges_enabled"], &account["payouts_enabled"]), (&json!(false), &json!(true)));
    }

    #[test]
    fn only_accounts_whose_losses_the_platform_bears_are_rejected() {
        let platform = Platform::new();
        let standard = platform.open(&[("type", "standard")]);
        let custom = platform.open(INDIVIDUAL);
        let reject = |id: &str, reason| platform.post(&format!("/v1/accounts/{id}/reject"), &[("reason", reason)]);
        assert_eq!(reject(&standard, "other").refused(), (400, "", "account"));
        assert_eq!(reject(&custom, "fraud").refused(), (400, "", "reason"));
        assert_eq!(reject(&platform.id, "other").refused(), (400, "", "account"));
        assert_eq!(platform.post(&format!("/v1/accounts/{custom}/unreject"), &[]).refused(), (400, "", "account"));
        assert_eq!(platform.post(&format!("/v1/accounts/{custom}/reject"), &[]).refused().1, "parameter_missing");
    }
}
