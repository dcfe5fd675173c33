//! Looking at balance settings.

use kernel::Result;
use store::Tx;
use wire::{NoParams, Path, Reply};

use super::{BalanceSettings, view};
use crate::access;

/// `GET /v1/balance_settings`: of the account acted on.
pub(crate) fn retrieve(tx: &mut Tx, _: &Path, _: NoParams) -> Result<Reply<BalanceSettings>> {
    let acting = tx.account().to_owned();
    let account = access::find(tx, &acting)?;
    Reply::made(&view(&account, &account.private))
}
