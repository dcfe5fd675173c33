//! `POST /v1/refunds/{refund}/cancel`. Only a refund that waits for the payer's bank details can be called off, and card
//! refunds never do, so for now the answer is always Stripe's refusal.

use kernel::{ApiError, Result};
use store::Tx;
use wire::{NoParams, Path, Reply};

use super::{Refund, RefundStatus};

pub(super) fn endpoint(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<Refund>> {
    let refund = tx.get::<Refund>(path.id(), "refund")?;
    Err(match refund.status {
        RefundStatus::RequiresAction => ApiError::not_yet("refund", "Cancelling a refund that waits for the payer"),
        status => not_cancelable(&refund.id, status),
    })
}

pub(super) fn expire(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<Refund>> {
    let refund = tx.get::<Refund>(path.id(), "refund")?;
    Err(match refund.status {
        RefundStatus::RequiresAction => ApiError::not_yet("refund", "Expiring a refund that waits for the payer"),
        status => ApiError::invalid(
            "refund",
            format!(
                "Refund {} has status {}; only one with status requires_action can expire.",
                refund.id,
                status.as_str()
            ),
        ),
    })
}

fn not_cancelable(id: &str, status: RefundStatus) -> ApiError {
    ApiError::invalid(
        "refund",
        format!(
            "You cannot cancel refund {id} because it has a status of {}. Only a refund with one of the following \
             statuses may be canceled: requires_action.",
            status.as_str()
        ),
    )
}
