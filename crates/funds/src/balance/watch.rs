//! What follows when an available balance moves: a platform's reserve, and the debit of what is owed.

use accounts::Account;
use kernel::{Currency, Result};
use ledger::LedgerAccount;
use store::Tx;

use super::reserve;
use crate::payouts::automatic;

/// Sees to it that what depends on the balance of `account`, which moves by `change`, follows it: when it falls below zero,
/// its platform's reserve and its next automatic payout, which debits the bank where that is allowed; when it rises, a
/// reserve that may be given back.
///
/// Called for every balance transaction that is available at once and for all that matures; others need not. Two debits
/// at the same moment that only together take an account below zero are noticed with its next movement.
pub fn watch(tx: &mut Tx, account: &str, currency: Currency, change: i64) -> Result<()> {
    if 0 <= change {
        return if reserve::is_held(tx, account, currency)? { reserve::follow(tx, account, currency) } else { Ok(()) };
    }
    let available = LedgerAccount::available(account, currency);
    // The posting may be among those moved or still to come: the jobs look again.
    if 0 <= tx.balance(&available)? + tx.moved(&available) + change {
        return Ok(());
    }
    let Some(found) = tx.peek::<Account>(account)? else { return Ok(()) };
    if reserve::answering_platform(&found).is_some() {
        reserve::follow(tx, account, currency)?;
    }
    if automatic::may_debit(&found) { automatic::plan(tx, account) } else { Ok(()) }
}
