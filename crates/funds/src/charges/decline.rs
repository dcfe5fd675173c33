//! A charge that the network declined.

use kernel::Result;
use rails::cards::Decline;
use store::{Doc, Tx};

use super::approve::{blank, card_of, complete};
use super::{Charge, ChargeOrder, ThreeDSecureDetails};

/// Makes a failed charge: nothing is booked, and the refusal stays on record.
///
/// Events: `charge.failed`.
pub fn decline(tx: &mut Tx, order: ChargeOrder, decline: &Decline) -> Result<Doc<Charge>> {
    let own = accounts::load(tx, tx.account().to_owned().as_str())?;
    let amount = order.amount.amount;
    let (mut charge, state) = blank(tx, &own, order)?;
    charge.failure_code = Some(decline.code().into());
    charge.failure_message = Some(decline.message().into());
    charge.outcome = Some(decline.outcome().into());
    let transaction_id = super::approve::digits(tx, 15);
    if let Some(card) = card_of(&mut charge) {
        complete(card, decline.checks.into(), amount);
        let three_d_secure = decline.three_d_secure.map(|outcome| ThreeDSecureDetails::new(outcome, transaction_id));
        card.three_d_secure = three_d_secure.or(card.three_d_secure.take());
    }
    let charge = tx.create(&own.id, charge, state)?;
    tx.emit("charge.failed", &charge)?;
    Ok(charge)
}
