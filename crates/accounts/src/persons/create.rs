//! Adding a person to an account.

use kernel::{ApiError, Result};
use store::{Doc, Tx};
use wire::{Path, Reply};

use super::{Person, PersonParams, PersonPrivate, relationships};
use crate::access;
use crate::change::{Change, too_many};
use crate::documents::{Account, BusinessType};

/// How many persons an account can have.
const MOST: usize = 100;

/// `POST /v1/accounts/{account}/persons`
///
/// Limits: one person, who exists already, when `business_type` is `individual`; one representative; shares up to 100 %.
/// Events on the account: `person.created`, and what it comes to.
pub(crate) fn create(tx: &mut Tx, path: &Path, p: PersonParams) -> Result<Reply<Person>> {
    let account = access::find(tx, path.id())?;
    access::may_tell(tx, &account, "persons")?;
    if account.business_type == Some(BusinessType::Individual) {
        return Err(only_person());
    }
    if MOST <= account.private.persons.len() {
        return Err(too_many("persons", MOST, "account"));
    }
    let mut change = Change::of(tx, account)?;
    let mut person = add(tx, &mut change.account)?;
    p.apply(tx, &mut person, &change.account.country, "")?;
    relationships::check(tx, &change.account, &person)?;
    tx.put(&person)?;
    change.finish(tx)?;
    Ok(Reply::document(&person))
}

/// Adds a person of whom nothing is known yet.
pub(crate) fn add(tx: &mut Tx, account: &mut Doc<Account>) -> Result<Doc<Person>> {
    let shown = Person::new(tx.id("person"), &account.id, tx.now());
    account.private.persons.push(shown.id.clone());
    tx.create(&account.id.clone(), shown, PersonPrivate::default())
}

fn only_person() -> ApiError {
    ApiError::invalid(
        "account",
        "You cannot add persons to an account whose `business_type` is `individual`. Update `individual` of the account.",
    )
}
