//! Deleting an account.
//!
//! A deleted account belongs to nobody: no key reaches it, by path or by `Stripe-Account`. Its document is kept, since
//! charges, transfers and balances name it and may still move; what was sealed of it is forgotten.
//!
//! In a live world the account's balances must be zero, and a full-dashboard account whose losses are the operator's cannot
//! be deleted: those rules come with live worlds. In a sandbox an account can be deleted at any time.

use kernel::Result;
use store::Tx;
use wire::{Deleted, NoParams, Path, Reply};

use crate::access;
use crate::change::VERIFY;
use crate::documents::Account;
use crate::events;

/// `DELETE /v1/accounts/{account}`
///
/// Events on the account: `account.application.deauthorized`.
pub(crate) fn delete(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<Deleted>> {
    let mut account = access::find_controlled(tx, path.id(), "delete")?;
    let platform = tx.load::<Account>(&account.account)?;
    let application = events::to_map(tx, &platform.private.application)?;
    tx.emit_object("account.application.deauthorized", &account.id, application, None)?;
    tx.unschedule(VERIFY, &account.id)?;
    let sealed = account.private.persons.iter().chain(account.private.external_accounts.iter().map(|e| &e.id));
    for id in sealed.chain([&account.id]) {
        tx.unseal_forever(id);
    }
    account.account.clear();
    account.private.deleted = true;
    account.charges_enabled = false;
    account.payouts_enabled = false;
    account.capabilities.clear();
    tx.put(&account)?;
    Deleted::reply(&account)
}
