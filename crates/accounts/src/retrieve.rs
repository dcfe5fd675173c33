//! Looking at accounts.

use kernel::Result;
use store::Tx;
use wire::{ListSpec, NoParams, Path, Reply};

use crate::access;
use crate::documents::Account;

/// `GET /v1/account`: the account acted on.
pub(crate) fn current(tx: &mut Tx, _: &Path, _: NoParams) -> Result<Reply<Account>> {
    let acting = tx.account().to_owned();
    let account = access::find(tx, &acting)?;
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{INDIVIDUAL, Platform};

    #[test]
    fn everybody_sees_the_own_account_and_a_platform_its_connected_ones() {
        let platform = Platform::new();
        let id = platform.open(INDIVIDUAL);
        assert_eq!(platform.get("/v1/account").ok()["id"], *platform.id);
        assert_eq!(platform.account(&platform.id)["id"], *platform.id);
        assert_eq!(platform.account(&id)["id"], *id);
        assert_eq!(platform.get_as(&id, "/v1/account").ok()["id"], *id);
        assert_eq!(platform.get_as(&id, &format!("/v1/accounts/{id}")).ok()["id"], *id);
    }

    #[test]
    fn a_foreign_and_an_unknown_account_answer_alike() {
        let platform = Platform::new();
        let (id, other) = (platform.open(INDIVIDUAL), platform.open(INDIVIDUAL));
        let unknown = platform.get("/v1/accounts/acct_nobody");
        assert_eq!(unknown.refused(), (403, "account_invalid", ""));
        assert_eq!(
            unknown.message(),
            "The provided key does not have access to account 'acct_nobody' (or that account does not exist). \
             Application access may have been revoked."
        );
        assert_eq!(platform.get_as(&id, &format!("/v1/accounts/{other}")).refused(), (403, "account_invalid", ""));
        assert_eq!(
            platform.get_as(&id, &format!("/v1/accounts/{}", platform.id)).refused(),
            (403, "account_invalid", "")
        );
    }

    #[test]
    fn the_list_has_connected_accounts_newest_first_without_the_platform() {
        let platform = Platform::new();
        let ids: Vec<String> = (0..3).map(|_| platform.open(&[("type", "standard")])).collect();
        let page = platform.get("/v1/accounts?limit=2").ok();
        assert_eq!((&page["data"][0]["id"], &page["data"][1]["id"]), (&json!(ids[2]), &json!(ids[1])));
        assert_eq!(page["has_more"], true);
        let next = platform.get(&format!("/v1/accounts?limit=2&starting_after={}", ids[1])).ok();
        assert_eq!(next["data"].as_array().unwrap().len(), 1);
        assert_eq!(next["has_more"], false);
        assert_eq!(platform.get_as(&ids[0], "/v1/accounts").ok()["data"], json!([]));
        let none = platform.get("/v1/accounts?created[gt]=1893456000").ok();
        assert_eq!(none["data"], json!([]));
    }
}
