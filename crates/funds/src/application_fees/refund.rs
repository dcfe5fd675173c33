//! Giving a fee, or a part, back to the connected account.

use kernel::{ApiError, Metadata, MetadataPatch, Money, Patch, Result, prorate, resource_missing, too_low};
use ledger::Code;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Doc, Tx};
use wire::{NoParams, Path, Reply};

use super::{ApplicationFee, FeeRefund};
use crate::balance_transactions::{Entry, EntryType, FeeDetail, standing};
use crate::movement::{End, pay};

/// How many refunds a fee shows.
const SHOWN: usize = 10;

/// What a fee refund takes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundFee {
    /// In the fee's currency; without it, all that is left.
    pub amount: Option<i64>,
    /// The caller's own.
    #[serde(default)]
    pub metadata: Patch<MetadataPatch>,
}

/// What can be changed of a fee refund.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateFeeRefund {
    /// The caller's own.
    #[serde(default)]
    pub metadata: Patch<MetadataPatch>,
}

/// Gives a fee back by itself: an adjustment on the connected account (money.md 3.3 (d)).
///
/// Limits: at most what has not been given back yet.
/// Events: `application_fee.refunded`.
pub(super) fn endpoint(tx: &mut Tx, path: &Path, p: RefundFee) -> Result<Reply<FeeRefund>> {
    let id = path.id().to_owned();
    refund(tx, &id, p).map(|refund| Reply::document(&refund))
}

/// The old way, which answers the fee.
pub(super) fn legacy(tx: &mut Tx, path: &Path, p: RefundFee) -> Result<Reply<ApplicationFee>> {
    let id = path.id().to_owned();
    refund(tx, &id, p)?;
    let fee = tx.get::<ApplicationFee>(&id, "id")?;
    Ok(Reply::document(&fee))
}

/// See [`endpoint`].
pub fn refund(tx: &mut Tx, id: &str, p: RefundFee) -> Result<Doc<FeeRefund>> {
    let mut fee = tx.get::<ApplicationFee>(id, "id")?;
    let left = fee.amount - fee.amount_refunded;
    if left == 0 {
        return Err(already_refunded(id));
    }
    let amount = p.amount.unwrap_or(left);
    if amount < 1 {
        return Err(too_low("amount", 1));
    }
    if left < amount {
        let money = |amount| Money::new(amount, fee.currency);
        return Err(amount_too_large(money(amount), money(left)));
    }
    let metadata = p.metadata.merge(&Metadata::new())?;
    let entry = tx.id("txn");
    let (account, paid_on) = (fee.shown().account.clone(), fee.private.paid_on.max(tx.now()));
    let (given, detail) = give_back(tx, &mut fee, amount, metadata, &entry)?;
    let row = Entry {
        source: Some(given.id.as_str()),
        description: detail.description,
        ..Entry::new(&account, EntryType::Adjustment, -detail.amount, detail.currency, paid_on)
    };
    row.record(tx, entry)?;
    Ok(given)
}

/// Gives `amount` of a fee back, at most what is left of it. `entry` is the connected account's row that shows it: the
/// caller records it, with the answered detail among its fees or as its amount.
///
/// Events: `application_fee.refunded`.
pub(crate) fn give_back(
    tx: &mut Tx,
    fee: &mut Doc<ApplicationFee>,
    amount: i64,
    metadata: Metadata,
    entry: &str,
) -> Result<(Doc<FeeRefund>, FeeDetail)> {
    let (id, own_entry) = (tx.id("fr"), tx.id("txn"));
    let (platform, payer) = (fee.account.clone(), fee.shown().account.clone());
    let state = fee.private.clone();
    let share = |whole, taken| prorate(whole, amount, fee.amount, fee.amount_refunded, taken);
    let (given, back) = (share(state.earned, state.given_back), share(state.paid, state.paid_back));
    let earned_currency = state.earned_currency.unwrap_or(fee.currency);
    let paid_currency = state.paid_currency.unwrap_or(fee.currency);
    let earned_on = state.earned_on.max(tx.now());
    let from = standing(tx, &platform, earned_currency, earned_on);
    let to = standing(tx, &payer, paid_currency, state.paid_on);
    pay(tx, Code::ApplicationFeeRefund, End::new(from, given, &own_entry), End::new(to, back, entry))?;
    let row = Entry {
        source: Some(&id),
        description: Some(format!("Refund of application fee {}", fee.id)),
        ..Entry::new(&platform, EntryType::ApplicationFeeRefund, -given, earned_currency, earned_on)
    };
    row.record(tx, own_entry.clone())?;
    let refund = FeeRefund {
        id,
        object: "fee_refund".into(),
        amount,
        balance_transaction: Some(own_entry),
        created: tx.now(),
        currency: fee.currency,
        fee: fee.id.clone(),
        metadata: Some(metadata),
    };
    fee.amount_refunded += amount;
    fee.refunded = fee.amount_refunded == fee.amount;
    fee.private.given_back += given;
    fee.private.paid_back += back;
    show(fee, &refund);
    tx.put(fee)?;
    tx.emit("application_fee.refunded", fee)?;
    let application = accounts::load(tx, &platform)?;
    let detail = FeeDetail::application(-back, paid_currency, &fee.application, &application.display_name());
    let refund = tx.create(&platform, refund, ())?;
    Ok((refund, detail))
}

/// The newest ten are shown in the fee itself.
fn show(fee: &mut ApplicationFee, refund: &FeeRefund) {
    let list = &mut fee.refunds;
    list.data.insert(0, refund.clone());
    list.has_more = list.has_more || SHOWN < list.data.len();
    list.data.truncate(SHOWN);
    list.total_count = list.total_count.map(|count| count + 1);
}

/// Events: `application_fee.refund.updated`.
pub(super) fn update(tx: &mut Tx, path: &Path, p: UpdateFeeRefund) -> Result<Reply<FeeRefund>> {
    let mut refund = find(tx, path)?;
    let before = refund.metadata.clone().unwrap_or_default();
    refund.metadata = Some(p.metadata.merge(&before)?);
    tx.emit_updated("application_fee.refund.updated", &refund)?;
    tx.put(&refund)?;
    let mut fee = tx.load::<ApplicationFee>(&refund.fee)?;
    if let Some(shown) = fee.refunds.data.iter_mut().find(|shown| shown.id == refund.id) {
        shown.metadata.clone_from(&refund.metadata);
        tx.put(&fee)?;
    }
    Ok(Reply::document(&refund))
}

pub(super) fn retrieve(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<FeeRefund>> {
    find(tx, path).map(|refund| Reply::document(&refund))
}

/// The refund of a path's second parameter, when it is one of the fee of the first.
fn find(tx: &mut Tx, path: &Path) -> Result<Doc<FeeRefund>> {
    tx.get::<ApplicationFee>(path.at(0), "fee")?;
    let refund = tx.get::<FeeRefund>(path.at(1), "id")?;
    if refund.fee != path.at(0) {
        return Err(resource_missing("fee_refund", path.at(1), "id"));
    }
    Ok(refund)
}

fn already_refunded(id: &str) -> ApiError {
    ApiError::bad_request(format!("Application fee {id} has already been refunded."))
}

fn amount_too_large(asked: Money, left: Money) -> ApiError {
    ApiError::invalid("amount", format!("Refund amount ({asked}) is greater than unrefunded amount on fee ({left})"))
}
