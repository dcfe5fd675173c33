//! Changing what is known of a person.

use kernel::{Result, resource_missing};
use store::{Doc, Tx};
use wire::{Path, Reply};

use super::{Person, PersonParams, relationships};
use crate::access;
use crate::change::Change;

/// `POST /v1/accounts/{account}/persons/{person}`
///
/// Events on the account: `person.updated`, and what it comes to.
pub(crate) fn update(tx: &mut Tx, path: &Path, p: PersonParams) -> Result<Reply<Person>> {
    let account = access::find(tx, path.id())?;
    let mut person = find(tx, &account.id, path.at(1))?;
    access::may_tell(tx, &account, "persons")?;
    let change = Change::of(tx, account)?;
    p.apply(tx, &mut person, &change.account.country, "")?;
    relationships::check(tx, &change.account, &person)?;
    tx.put(&person)?;
    change.finish(tx)?;
    Ok(Reply::document(&person))
}

/// A person of the account.
///
/// Errors: 404 `resource_missing`, the same for one that does not exist and for another account's.
pub(super) fn find(tx: &mut Tx, account: &str, id: &str) -> Result<Doc<Person>> {
    match tx.find::<Person>(id)? {
        Some(person) if person.account == account => Ok(person),
        _ => Err(resource_missing("person", id, "person")),
    }
}
