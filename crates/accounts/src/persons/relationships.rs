//! What the persons of one account may be to it together.

use kernel::{ApiError, Result};
use store::{Doc, Tx};

use super::Person;
use crate::documents::Account;
use crate::validate::name;

/// Checks `person`, as it is about to be, against the other persons of the account.
///
/// Errors: 400 for a second representative, a second legal guardian or authorizer, a guardian without or as the
/// representative, an owner of nothing, or shares over 100 %.
pub(super) fn check(tx: &mut Tx, account: &Doc<Account>, person: &Doc<Person>) -> Result<()> {
    let mut others = Vec::new();
    for id in account.private.persons.iter().filter(|id| **id != person.id) {
        others.push(tx.load::<Person>(id)?.into_shown());
    }
    let mine = &person.relationship;
    let is = |flag: Option<bool>| flag == Some(true);
    if is(mine.representative) && others.iter().any(|other| is(other.relationship.representative)) {
        return Err(refused(
            "representative",
            "An account can have only one representative. Update that person instead.",
        ));
    }
    if is(mine.authorizer) && others.iter().any(|other| is(other.relationship.authorizer)) {
        return Err(refused("authorizer", "An account can have only one authorizer. Update that person instead."));
    }
    if is(mine.authorizer) && is(mine.representative) {
        return Err(refused("authorizer", "The authorizer cannot be the representative."));
    }
    if is(mine.legal_guardian) {
        check_guardian(person, &others)?;
    }
    if is(mine.owner) && mine.percent_ownership.is_some_and(|percent| percent <= 0.0) {
        return Err(refused("percent_ownership", "An owner must own more than 0 percent."));
    }
    let shares: f64 = others
        .iter()
        .map(|other| &other.relationship)
        .chain([mine])
        .filter(|relationship| is(relationship.owner))
        .filter_map(|relationship| relationship.percent_ownership)
        .sum();
    if 100.0 < shares {
        let message =
            format!("The persons of an account cannot own more than 100 percent together; this would be {shares}.");
        return Err(refused("percent_ownership", &message));
    }
    Ok(())
}

fn check_guardian(person: &Person, others: &[Person]) -> Result<()> {
    let is = |flag: Option<bool>| flag == Some(true);
    if is(person.relationship.representative) {
        return Err(refused("legal_guardian", "The legal guardian cannot be the representative."));
    }
    if others.iter().any(|other| is(other.relationship.legal_guardian)) {
        return Err(refused(
            "legal_guardian",
            "An account can have only one legal guardian. Update that person instead.",
        ));
    }
    if !others.iter().any(|other| is(other.relationship.representative)) {
        return Err(refused("legal_guardian", "A legal guardian needs a representative. Create that person first."));
    }
    Ok(())
}

fn refused(field: &str, message: &str) -> ApiError {
    ApiError::invalid(&name("relationship", &[field]), message)
}
