//! Taking a platform's fee out of a connected account's payment.

use accounts::Account;
use kernel::{Currency, Money, Result, Timestamp};
use ledger::Code;
use store::{Doc, Tx};
use wire::List;

use super::{ApplicationFee, FeeSource, FeeState};
use crate::balance_transactions::{Entry, EntryType, FeeDetail, standing};
use crate::conversion::{convert, rate};
use crate::movement::{End, pay};

/// A fee to be taken.
pub(crate) struct Collection<'a> {
    /// In the charge's currency.
    pub(crate) amount: Money,
    /// The connected account.
    pub(crate) payer: &'a Doc<Account>,
    /// The currency of the payment's row, out of which it is paid.
    pub(crate) payer_currency: Currency,
    /// When the payment's money is available.
    pub(crate) payer_available_on: Timestamp,
    /// The payment's row.
    pub(crate) payer_entry: &'a str,
    /// Who earns it.
    pub(crate) platform: &'a Doc<Account>,
    /// When the platform's share is available.
    pub(crate) available_on: Timestamp,
    /// The connected account's charge or payment.
    pub(crate) charge: &'a str,
    /// The platform's charge, for destination charges.
    pub(crate) originating_transaction: Option<&'a str>,
}

/// Takes a fee. The payer's row shows the answered detail among its fees.
///
/// Events: on the platform `application_fee.created`.
pub(crate) fn collect(tx: &mut Tx, collection: Collection) -> Result<(Doc<ApplicationFee>, FeeDetail)> {
    let Collection { amount, payer, platform, .. } = collection;
    let Some(application) = platform.private.application.clone() else {
        return Err(tx.bug(&format!("{} earns a fee and has no application", platform.id)));
    };
    let (id, entry) = (tx.id("fee"), tx.id("txn"));
    let paid = Money::new(convert(amount, collection.payer_currency)?, collection.payer_currency);
    let earned_currency = platform.settlement_currency(paid.currency);
    // Both ends are told from the fee itself: a fee that comes home to its own currency is not rounded twice.
    let earned = Money::new(convert(amount, earned_currency)?, earned_currency);
    let from = standing(tx, &payer.id, paid.currency, collection.payer_available_on);
    let to = standing(tx, &platform.id, earned.currency, collection.available_on);
    let from = End::new(from, paid.amount, collection.payer_entry);
    pay(tx, Code::ApplicationFee, from, End::new(to, earned.amount, &entry))?;
    let name = application.name.clone().unwrap_or_else(|| platform.display_name());
    let who = payer.email.as_ref().map_or_else(|| payer.id.clone(), |email| format!("{email} ({})", payer.id));
    let row = Entry {
        source: Some(&id),
        description: Some(format!("Application fee from application {name} for {who}")),
        exchange_rate: rate(amount.currency, earned.currency),
        ..Entry::new(&platform.id, EntryType::ApplicationFee, earned.amount, earned.currency, collection.available_on)
    };
    row.record(tx, entry.clone())?;
    let fee = ApplicationFee {
        id: id.clone(),
        object: "application_fee".into(),
        account: payer.id.clone(),
        amount: amount.amount,
        amount_refunded: 0,
        application: application.id.clone(),
        balance_transaction: Some(entry),
        charge: collection.charge.to_owned(),
        created: tx.now(),
        currency: amount.currency,
        fee_source: Some(FeeSource { charge: Some(collection.charge.to_owned()), payout: None, kind: "charge".into() }),
        livemode: tx.livemode(),
        originating_transaction: collection.originating_transaction.map(str::to_owned),
        refunded: false,
        refunds: List {
            total_count: Some(0),
            ..List::new(&format!("/v1/application_fees/{id}/refunds"), vec![], false)
        },
    };
    let state = FeeState {
        paid_on: collection.payer_available_on,
        earned_on: collection.available_on,
        paid: paid.amount,
        paid_currency: Some(paid.currency),
        paid_back: 0,
        earned: earned.amount,
        earned_currency: Some(earned.currency),
        given_back: 0,
        reversed_with_fee: 0,
    };
    let fee = tx.create(&platform.id, fee, state)?;
    tx.emit("application_fee.created", &fee)?;
    let detail = FeeDetail::application(paid.amount, paid.currency, &application.id, &platform.display_name());
    Ok((fee, detail))
}
