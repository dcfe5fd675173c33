//! Looking at the persons of an account.

use kernel::Result;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tx;
use wire::{ListSpec, NoParams, Path, Reply};

use super::Person;
use super::update::find;
use crate::access;

/// Which persons.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RelationshipFilter {
    authorizer: Option<bool>,
    director: Option<bool>,
    executive: Option<bool>,
    legal_guardian: Option<bool>,
    owner: Option<bool>,
    representative: Option<bool>,
}

/// The filters of a list of persons.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListPersons {
    relationship: Option<RelationshipFilter>,
}

/// `GET /v1/accounts/{account}/persons`
pub(crate) fn list(tx: &mut Tx, path: &Path, p: ListPersons) -> Result<ListSpec> {
    let account = access::find(tx, path.id())?;
    let filter = p.relationship.unwrap_or_default();
    let spec = ListSpec { account: Some(account.id.clone()), filters: Vec::new() };
    Ok(spec
        .when("authorizer", filter.authorizer)
        .when("director", filter.director)
        .when("executive", filter.executive)
        .when("legal_guardian", filter.legal_guardian)
        .when("owner", filter.owner)
        .when("representative", filter.representative))
}

/// `GET /v1/accounts/{account}/persons/{person}`
pub(crate) fn retrieve(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<Person>> {
    let account = access::find(tx, path.id())?;
    let person = find(tx, &account.id, path.at(1))?;
    Ok(Reply::document(&person))
}
