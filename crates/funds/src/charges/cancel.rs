//! Giving up an authorisation: nothing was taken, so nothing is booked. Stripe still shows it as a refund.

use kernel::{ApiError, Result};
use store::{Doc, Tx};

use super::Charge;
use super::approve::card_of;
use crate::refunds::{self, RefundReason};

/// Gives up an authorisation that the merchant no longer wants.
///
/// Errors: 400 when it was captured or given up already.
/// Events: `charge.refunded`.
pub fn cancel_authorization(tx: &mut Tx, charge: &mut Doc<Charge>) -> Result<()> {
    release(tx, charge, None)?;
    tx.emit("charge.refunded", charge)
}

/// Gives up an authorisation that was not captured in time.
///
/// Errors: as [`cancel_authorization`].
/// Events: `charge.expired`, `charge.refunded`.
pub fn expire_authorization(tx: &mut Tx, charge: &mut Doc<Charge>) -> Result<()> {
    release(tx, charge, Some(RefundReason::ExpiredUncapturedCharge))?;
    tx.emit("charge.expired", charge)?;
    tx.emit("charge.refunded", charge)
}

fn release(tx: &mut Tx, charge: &mut Doc<Charge>, reason: Option<RefundReason>) -> Result<()> {
    if charge.captured || charge.private.released || !charge.paid {
        let message = format!("Charge {} has no authorization that could be released.", charge.id);
        return Err(ApiError::bad_request(message));
    }
    charge.private.released = true;
    charge.amount_refunded = charge.amount;
    charge.refunded = true;
    if let Some(card) = card_of(charge) {
        card.capture_before = None;
    }
    refunds::release(tx, charge, reason)?;
    tx.put(charge)
}
