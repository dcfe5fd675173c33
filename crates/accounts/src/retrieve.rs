//! Looking at accounts.

use kernel::Result;
use store::Tx;
use wire::{ListSpec, NoParams, Path, Reply};

use crate::access;
use crate::documents::Account;

/// `GET /v1/account`: the account acted on.
pub(crate) fn current(tx: &mut Tx, _: &Path, _: NoParams) -> Result<Reply<Account>> {
    let account = access::find(tx, &tx.account().to_owned())?;
    Ok(Reply::document(&account))
}

/// `GET /v1/accounts/{account}`
pub(crate) fn retrieve(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<Account>> {
    let account = access::find(tx, path.id())?;
    Ok(Reply::document(&account))
}

/// `GET /v1/accounts`: those connected to the account acted on, without itself.
pub(crate) fn list(tx: &mut Tx, _: &Path, _: NoParams) -> Result<ListSpec> {
    Ok(ListSpec::own(tx).when("connected", Some(true)))
}
