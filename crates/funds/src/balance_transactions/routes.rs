//! The endpoints of balance transactions.

use kernel::{Currency, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tx;
use wire::{ListSpec, Path, Route, list, retrieve};

use super::BalanceTransaction;

/// Which balance transactions.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListBalanceTransactions {
    /// Only those in this currency.
    pub currency: Option<Currency>,
    /// Only what this automatic payout paid.
    pub payout: Option<String>,
    /// Only those about this object.
    pub source: Option<String>,
    /// Only those of this type.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// The endpoints, and the names that they had before.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        list::<BalanceTransaction, ListBalanceTransactions>(
            "/v1/balance_transactions",
            "balanceTransactions.list",
            list_rows,
        ),
        retrieve::<BalanceTransaction>("/v1/balance_transactions/{id}", "balanceTransactions.retrieve", "id"),
        list::<BalanceTransaction, ListBalanceTransactions>("/v1/balance/history", "balance.listHistory", list_rows),
        retrieve::<BalanceTransaction>("/v1/balance/history/{id}", "balance.retrieveHistory", "id"),
    ]
}

fn list_rows(tx: &mut Tx, _: &Path, p: ListBalanceTransactions) -> Result<ListSpec> {
    if let Some(payout) = &p.payout {
        crate::payouts::check_reconciled(tx, payout)?;
    }
    let own = ListSpec::own(tx);
    Ok(own
        .when("currency", p.currency.map(|currency| currency.code()))
        .when("payout", p.payout)
        .when("source", p.source)
        .when("type", p.kind))
}
