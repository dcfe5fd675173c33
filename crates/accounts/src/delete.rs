//! Deleting an account.
//!
//! A deleted account belongs to itself alone, and it has no key: nobody reaches it, by path or by `Stripe-Account`. Its
//! document is kept, since charges, transfers and balances name it and may still move; what was sealed of it is forgotten.
//! Which platform it had is still known ([`crate::platform_of`]).
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
    account.account = account.id.clone();
    account.private.deleted = true;
    account.charges_enabled = false;
    account.payouts_enabled = false;
    account.capabilities.clear();
    tx.put(&account)?;
    Deleted::reply(&account)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use store::Caller;

    use crate::testing::{INDIVIDUAL, Platform};

    #[test]
    fn a_deleted_account_is_gone_for_everybody_but_its_money() {
        let platform = Platform::new();
        let id = platform.open(INDIVIDUAL);
        let path = format!("/v1/accounts/{id}");
        assert_eq!(platform.delete(&path).ok(), json!({ "id": id, "object": "account", "deleted": true }));
        assert_eq!(platform.get(&path).refused(), (403, "account_invalid", ""));
        assert_eq!(platform.delete(&path).refused(), (403, "account_invalid", ""));
        assert_eq!(platform.get_as(&id, "/v1/account").refused(), (403, "account_invalid", ""));
        assert_eq!(platform.get("/v1/accounts").ok()["data"], json!([]));
        assert_eq!(platform.event_types(&id).last().unwrap(), "account.application.deauthorized");
        let caller = Caller::account(&platform.id);
        let read = platform.world.read(&caller, |tx| {
            assert!(crate::destination(tx, &id, "destination").is_err());
            assert_eq!(crate::platform_of(tx, &id)?.as_deref(), Some(&*platform.id));
            crate::load(tx, &id)
        });
        assert!(read.is_ok());
    }

    #[test]
    fn nobody_deletes_the_own_account() {
        let platform = Platform::new();
        let answer = platform.delete(&format!("/v1/accounts/{}", platform.id));
        assert_eq!(answer.refused(), (400, "", "account"));
        let id = platform.open(INDIVIDUAL);
        assert_eq!(platform.delete("/v1/accounts/acct_other").refused().0, 403);
        platform.account(&id);
    }
}
