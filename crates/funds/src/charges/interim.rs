//! The interface of charges; the rules follow.

use kernel::Result;
use rails::cards::{Approval, Decline};
use store::{Doc, Tx};

use super::{CaptureOrder, Charge, ChargeOrder, Split};

/// Whether a payment may be shared out so.
pub fn check_split(tx: &mut Tx, _: &Split) -> Result<()> {
    Err(tx.bug("not written yet"))
}

/// Makes a charge that the network approved; captured and booked when the order says so.
pub fn approve(tx: &mut Tx, _: ChargeOrder, _: Approval) -> Result<Doc<Charge>> {
    Err(tx.bug("not written yet"))
}

/// Makes a failed charge.
pub fn decline(tx: &mut Tx, _: ChargeOrder, _: &Decline) -> Result<Doc<Charge>> {
    Err(tx.bug("not written yet"))
}

/// Captures an authorised charge.
pub fn capture(tx: &mut Tx, _: &mut Doc<Charge>, _: CaptureOrder) -> Result<()> {
    Err(tx.bug("not written yet"))
}

/// Gives up an authorisation that the merchant no longer wants.
pub fn cancel_authorization(tx: &mut Tx, _: &mut Doc<Charge>) -> Result<()> {
    Err(tx.bug("not written yet"))
}

/// Gives up an authorisation that was not captured in time.
pub fn expire_authorization(tx: &mut Tx, _: &mut Doc<Charge>) -> Result<()> {
    Err(tx.bug("not written yet"))
}
