//! Removing a person from an account.

use kernel::{ApiError, Result};
use store::Tx;
use wire::{Deleted, NoParams, Path, Reply};

use super::update::find;
use crate::access;
use crate::change::Change;
use crate::documents::BusinessType;

/// `DELETE /v1/accounts/{account}/persons/{person}`
///
/// Limits: neither the individual nor the representative.
/// Events on the account: `person.deleted`, and what it comes to.
pub(crate) fn delete(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<Deleted>> {
    let account = access::find(tx, path.id())?;
    let person = find(tx, &account.id, path.at(1))?;
    access::may_tell(tx, &account, "persons")?;
    if account.business_type == Some(BusinessType::Individual) || person.relationship.representative == Some(true) {
        return Err(is_representative());
    }
    let mut change = Change::of(tx, account)?;
    change.account.private.persons.retain(|id| *id != person.id);
    tx.emit("person.deleted", &person)?;
    tx.unseal_forever(&person.id);
    tx.delete(&person)?;
    change.finish(tx)?;
    Deleted::reply(&person)
}

fn is_representative() -> ApiError {
    ApiError::invalid("person", "You cannot delete the representative of an account. Make another person it first.")
}
