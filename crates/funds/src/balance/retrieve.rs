//! `GET /v1/balance`.

use std::collections::{BTreeMap, BTreeSet};

use accounts::{Account, ExternalAccount, PayoutMethod};
use kernel::{ApiError, Currency, Result};
use ledger::{Bucket, LedgerAccount};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use store::Tx;
use wire::{Expander, NoParams, Path, Reply};

/// An account's money (api/md/balance).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Balance {
    /// `balance`.
    pub object: String,
    /// What can be spent now, by currency; below zero when the account owes.
    pub available: Vec<BalanceAmount>,
    /// Platforms only: what is kept for the negative balances of connected accounts that the platform answers for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_reserved: Option<Vec<BalanceAmount>>,
    /// What could be paid out within minutes, when the account has an external account that takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instant_available: Option<Vec<InstantAmount>>,
    /// Whether it is real money.
    pub livemode: bool,
    /// What becomes available on a later day.
    pub pending: Vec<BalanceAmount>,
}

/// Money in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BalanceAmount {
    /// Minor units.
    pub amount: i64,
    /// Its currency.
    pub currency: Currency,
    /// How it came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_types: Option<SourceTypes>,
}

/// Money by how it came in. In Kontor all money is in the card balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceTypes {
    /// By cards and most other ways.
    pub card: i64,
}

/// Money that could be paid out within minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InstantAmount {
    /// Minor units.
    pub amount: i64,
    /// Its currency.
    pub currency: Currency,
    /// By destination, after the platform's fee: connected accounts only, and only when expanded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub net_available: Option<Vec<NetAvailable>>,
    /// How it came in.
    pub source_types: SourceTypes,
}

/// What an external account could get within minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NetAvailable {
    /// Minor units.
    pub amount: i64,
    /// The external account.
    pub destination: String,
    /// How it came in.
    pub source_types: SourceTypes,
}

/// The balance of the account acted on.
pub(super) fn retrieve(tx: &mut Tx, _: &Path, _: NoParams) -> Result<Reply<Balance>> {
    let account = tx.account().to_owned();
    Reply::made(&balance_of(tx, &account)?)
}

/// Says on `account` that there is more available than before.
pub(super) fn emit_available(tx: &mut Tx, account: &str) -> Result<()> {
    match serde_json::to_value(balance_of(tx, account)?) {
        Ok(Json::Object(balance)) => tx.emit_object("balance.available", account, balance, None),
        Ok(_) | Err(_) => Err(tx.bug("a balance is not a JSON object")),
    }
}

/// What an account has, this transaction's own postings included.
fn balance_of(tx: &Tx, id: &str) -> Result<Balance> {
    let account = tx.peek::<Account>(id)?;
    let held = Held::read(tx, id, account.as_ref().map(|account| account.default_currency))?;
    let amounts = |bucket| {
        let shown = |currency: &Currency| BalanceAmount::new(held.of(bucket, *currency), *currency);
        held.currencies.iter().map(shown).collect::<Vec<_>>()
    };
    let is_platform = account.as_ref().is_some_and(|account| !account.is_connected());
    let reserved =
        || amounts(Bucket::Reserved).into_iter().map(|a| BalanceAmount { source_types: None, ..a }).collect();
    let instant = account.as_ref().map(|account| instantly(account, &held)).filter(|list| !list.is_empty());
    Ok(Balance {
        object: "balance".into(),
        available: amounts(Bucket::Available),
        connect_reserved: is_platform.then(reserved),
        instant_available: instant,
        livemode: tx.livemode(),
        pending: amounts(Bucket::Pending),
    })
}

/// The sums that a balance shows.
struct Held {
    /// The account's own first, then by code.
    currencies: Vec<Currency>,
    sums: BTreeMap<(Bucket, Currency), i64>,
}

impl Held {
    fn read(tx: &Tx, account: &str, own: Option<Currency>) -> Result<Held> {
        let mut all: BTreeMap<LedgerAccount, i64> = tx.balances(account)?.into_iter().collect();
        let known: BTreeSet<Currency> = all.keys().map(|ledger_account| ledger_account.currency).collect();
        for currency in &known {
            all.entry(LedgerAccount::available(account, *currency)).or_insert(0);
        }
        let mut sums = BTreeMap::new();
        for (ledger_account, balance) in all {
            let sum = sums.entry((ledger_account.bucket, ledger_account.currency)).or_insert(0);
            *sum += balance + tx.moved(&ledger_account);
        }
        let others = known.into_iter().filter(|currency| Some(*currency) != own);
        Ok(Held { currencies: own.into_iter().chain(others).collect(), sums })
    }

    fn of(&self, bucket: Bucket, currency: Currency) -> i64 {
        self.sums.get(&(bucket, currency)).copied().unwrap_or(0)
    }
}

impl BalanceAmount {
    fn new(amount: i64, currency: Currency) -> BalanceAmount {
        BalanceAmount { amount, currency, source_types: Some(SourceTypes { card: amount }) }
    }
}

fn instantly(account: &Account, held: &Held) -> Vec<InstantAmount> {
    let is_reachable = |currency: &Currency| takes_instant_payouts(account, *currency).next().is_some();
    let shown = |currency: Currency| {
        let amount = held.of(Bucket::Available, currency).max(0);
        InstantAmount { amount, currency, net_available: None, source_types: SourceTypes { card: amount } }
    };
    held.currencies.iter().copied().filter(is_reachable).map(shown).collect()
}

fn takes_instant_payouts(account: &Account, currency: Currency) -> impl Iterator<Item = &ExternalAccount> {
    let takes = move |external: &&ExternalAccount| {
        external.currency == currency && external.available_payout_methods.contains(&PayoutMethod::Instant)
    };
    account.external_accounts.data.iter().filter(takes)
}

/// `instant_available.net_available`, and `instant_available` itself for accounts that have none.
pub(super) fn expanders() -> Vec<Expander> {
    vec![
        Expander { object: "balance", field: "instant_available", make: expand_instant_available },
        // The hashes in `instant_available` have no `object`.
        Expander { object: "", field: "net_available", make: expand_net_available },
    ]
}

fn expand_instant_available(_: &mut Tx, balance: &Map<String, Json>) -> Result<Json> {
    Ok(balance.get("instant_available").cloned().unwrap_or_else(|| json!([])))
}

fn expand_net_available(tx: &mut Tx, instant: &Map<String, Json>) -> Result<Json> {
    let id = tx.account().to_owned();
    let Some(account) = tx.peek::<Account>(&id)?.filter(|account| account.is_connected()) else {
        return Err(platform_has_no_net());
    };
    let currency = instant.get("currency").and_then(Json::as_str).and_then(Currency::parse);
    let amount = instant.get("amount").and_then(Json::as_i64).unwrap_or(0);
    let net = |external: &ExternalAccount| NetAvailable {
        amount,
        destination: external.id.clone(),
        source_types: SourceTypes { card: amount },
    };
    let all: Vec<NetAvailable> =
        currency.map(|currency| takes_instant_payouts(&account, currency).map(net).collect()).unwrap_or_default();
    Ok(json!(all))
}

fn platform_has_no_net() -> ApiError {
    ApiError::invalid(
        "expand",
        "This property cannot be expanded (instant_available.net_available): only connected accounts have it.",
    )
}
