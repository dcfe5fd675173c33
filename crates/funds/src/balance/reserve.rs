//! The connect reserve: what a platform keeps for the negative balances of connected accounts that it answers for.
//!
//! Per platform and currency it is the sum, over those accounts, of what each is below zero; an account that is above does
//! not offset another (money.md 8.3). It moves from the platform's available balance to its reserved one, shown by a
//! balance transaction, and back when the account recovers, even if that takes the platform below zero. When it recovers
//! because its bank was debited, the same amount stays for some days: see [`keep_reserve`].
//!
//! Every movement of an available balance passes [`super::watch`]; where it concerns a reserve a job follows that
//! compares what is held with what should be, so that many debits of one account need not wait for its platform.
//!
//! Not here yet: taking the money for good after 180 days (`connect_collection_transfer`).

use accounts::{Account, Liable};
use kernel::{Currency, Result, Timestamp};
use ledger::{Bound, Code, LedgerAccount, Posting};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Column, Doc, Document, Job, Kind, Tx, Value};

use crate::balance_transactions::{Entry, EntryType};

/// The job that brings a reserve in line with the balance it is for.
pub const CONNECT_RESERVE: &str = "connect_reserve";

/// What is held for one connected account in one currency; its owner is the platform. Never shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectReserve {
    /// `cres_`, the connected account and the currency.
    pub id: String,
    /// `connect_reserve`.
    pub object: String,
    /// What is held, in minor units.
    pub amount: i64,
    /// The connected account that is below zero.
    pub connected_account: String,
    /// When it was first held.
    pub created: Timestamp,
    /// Its currency.
    pub currency: Currency,
    /// What of `amount` stays for debits of the account's bank that arrived lately.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<Kept>,
}

/// What stays in reserve for a debit that may still come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kept {
    /// The payout that debited the bank.
    pub payout: String,
    /// Minor units.
    pub amount: i64,
    /// When it can be given back.
    pub until: Timestamp,
}

impl Document for ConnectReserve {
    const KIND: &'static Kind = &Kind::new::<ConnectReserve>(
        "connect_reserve",
        "connect_reserve",
        &["cres"],
        &[Column::text("connected_account"), Column::text("currency").unindexed(), Column::int("amount").unindexed()],
    );
    type Private = ();
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, (): &()) -> Vec<Value> {
        vec![(&self.connected_account).into(), self.currency.code().into(), self.amount.into()]
    }
}

/// The `source` of a balance transaction that moves money into or out of the reserve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReserveTransaction {
    /// `rtx_…`.
    pub id: String,
    /// `reserve_transaction`.
    pub object: String,
    /// As on the balance transaction: negative when money is set aside.
    pub amount: i64,
    /// Its currency.
    pub currency: Currency,
    /// For people.
    pub description: Option<String>,
}

impl Document for ReserveTransaction {
    const KIND: &'static Kind =
        &Kind::new::<ReserveTransaction>("reserve_transaction", "reserve_transaction", &["rtx"], &[]);
    type Private = ();
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        Timestamp::default()
    }
    fn columns(&self, (): &()) -> Vec<Value> {
        Vec::new()
    }
}

pub(super) fn kinds() -> Vec<&'static Kind> {
    vec![ConnectReserve::KIND, ReserveTransaction::KIND]
}

#[derive(Debug, Serialize, Deserialize)]
struct Watched {
    account: String,
    currency: Currency,
}

/// Whether anything is held for an account.
pub(super) fn is_held(tx: &mut Tx, account: &str, currency: Currency) -> Result<bool> {
    Ok(tx.find::<ConnectReserve>(&reserve_id(account, currency))?.is_some_and(|held| 0 < held.amount))
}

/// Has the reserve for an account brought in line with its balance.
pub(super) fn follow(tx: &mut Tx, account: &str, currency: Currency) -> Result<()> {
    let now = tx.now();
    let payload = json!(Watched { account: account.to_owned(), currency });
    tx.schedule_once(CONNECT_RESERVE, &format!("{account}:{currency}"), now, payload)
}

/// The job that [`follow`] schedules. What it posts is the platform's and wakes no job of this key: one job of a key at a
/// time is enough, since it looks at the balance as it is when it is committed.
pub(super) fn run(tx: &mut Tx, job: &Job) -> Result<()> {
    match serde_json::from_value::<Watched>(job.payload.clone()) {
        Ok(watched) => reconcile_reserve(tx, &watched.account, watched.currency),
        Err(error) => Err(tx.bug(&format!("{}: the payload cannot be read: {error}", job.id))),
    }
}

/// Brings what a platform holds for a connected account in line with the account's balance and with what is kept for debits
/// of its bank. Doing it twice does nothing.
pub fn reconcile_reserve(tx: &mut Tx, account: &str, currency: Currency) -> Result<()> {
    let found = accounts::load(tx, account)?;
    let Some(platform) = answering_platform(&found) else { return Ok(()) };
    let available = LedgerAccount::available(account, currency);
    let balance = tx.balance(&available)? + tx.moved(&available);
    tx.retry_unless(available, Bound::Exactly(balance));
    let mut reserve = held_for(tx, &platform, account, currency)?;
    let now = tx.now();
    let before = reserve.kept.len();
    reserve.kept.retain(|kept| now < kept.until);
    let wanted = (-balance).max(0) + reserve.kept.iter().map(|kept| kept.amount).sum::<i64>();
    let more = wanted - reserve.amount;
    if more == 0 && before == reserve.kept.len() {
        return Ok(());
    }
    reserve.amount = wanted;
    tx.put(&reserve)?;
    if more == 0 {
        return Ok(());
    }
    set_aside(tx, &platform, account, more, currency)
}

/// Keeps `amount` in reserve until a moment, although the bank account of `account` paid it: the debit may come back.
pub(crate) fn keep_reserve(
    tx: &mut Tx,
    account: &str,
    currency: Currency,
    payout: &str,
    amount: i64,
    until: Timestamp,
) -> Result<()> {
    let found = accounts::load(tx, account)?;
    let Some(platform) = answering_platform(&found) else { return Ok(()) };
    let mut reserve = held_for(tx, &platform, account, currency)?;
    reserve.kept.push(Kept { payout: payout.to_owned(), amount, until });
    tx.put(&reserve)?;
    tx.schedule(CONNECT_RESERVE, until, json!(Watched { account: account.to_owned(), currency }))?;
    reconcile_reserve(tx, account, currency)
}

/// Keeps nothing more for a debit that came back: what is owed is in the balance again.
pub(crate) fn drop_kept(tx: &mut Tx, account: &str, currency: Currency, payout: &str) -> Result<()> {
    let Some(mut reserve) = tx.find::<ConnectReserve>(&reserve_id(account, currency))? else { return Ok(()) };
    let before = reserve.kept.len();
    reserve.kept.retain(|kept| kept.payout != payout);
    if reserve.kept.len() == before {
        return Ok(());
    }
    tx.put(&reserve)?;
    follow(tx, account, currency)
}

/// Moves `more` (back, when negative) from the platform's available balance to its reserved one.
fn set_aside(tx: &mut Tx, platform: &str, account: &str, more: i64, currency: Currency) -> Result<()> {
    let (entry, id) = (tx.id("txn"), tx.id("rtx"));
    let available = LedgerAccount::available(platform, currency);
    let reserved = LedgerAccount::reserved(platform, currency);
    tx.post(if 0 < more {
        Posting::new(Code::ConnectReserve, available, reserved, more).debit_shown_by(&entry)
    } else {
        Posting::new(Code::ConnectReserve, reserved, available, -more).credit_shown_by(&entry)
    })?;
    let description = Some(format!("Connect reserve for {account}"));
    let row = Entry {
        source: Some(&id),
        description: description.clone(),
        ..Entry::new(platform, EntryType::ReserveTransaction, -more, currency, tx.now())
    };
    row.record(tx, entry)?;
    let shown = ReserveTransaction {
        id: id.clone(),
        object: "reserve_transaction".into(),
        amount: -more,
        currency,
        description,
    };
    tx.create(platform, shown, ()).map(drop)
}

fn held_for(tx: &mut Tx, platform: &str, account: &str, currency: Currency) -> Result<Doc<ConnectReserve>> {
    let id = reserve_id(account, currency);
    if let Some(reserve) = tx.find(&id)? {
        return Ok(reserve);
    }
    let reserve = ConnectReserve {
        id,
        object: "connect_reserve".into(),
        amount: 0,
        connected_account: account.to_owned(),
        created: tx.now(),
        currency,
        kept: Vec::new(),
    };
    tx.create(platform, reserve, ())
}

fn reserve_id(account: &str, currency: Currency) -> String {
    format!("cres_{account}:{currency}")
}

/// The platform that answers for what the account cannot pay back, when one does.
pub(super) fn answering_platform(account: &Doc<Account>) -> Option<String> {
    match account.loss_liable() {
        Liable::Application => account.private.platform.clone(),
        Liable::Stripe => None,
    }
}
