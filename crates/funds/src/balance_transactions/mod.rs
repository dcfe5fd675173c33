//! Balance transactions: what an account sees of the book.
//!
//! A balance transaction is made by [`Entry::record`], beside the postings that move its money; each posting names the
//! balance transaction that shows it, on each side. `net` is always the sum of those postings, and the audit proves it.
//! Never changed once made: `status` is told from `available_on` when it is shown.

mod routes;

use kernel::{Currency, Result, Timestamp};
use ledger::LedgerAccount;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use store::{Column, Doc, Document, Kind, Tx, Value};

pub(crate) use routes::routes;

/// `GET /v1/balance_transactions/{id}` (api/md/balance_transaction).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BalanceTransaction {
    /// `txn_…`.
    pub id: String,
    /// `balance_transaction`.
    pub object: String,
    /// Gross, in minor units of `currency`: positive for credits.
    pub amount: i64,
    /// When the net amount becomes available.
    pub available_on: Timestamp,
    /// Which balance moved: `payments`.
    pub balance_type: String,
    /// When it was made.
    pub created: Timestamp,
    /// The settlement currency of this row.
    pub currency: Currency,
    /// For people.
    pub description: Option<String>,
    /// When a conversion happened: the source amount times this rate is `amount`.
    pub exchange_rate: Option<f64>,
    /// The sum of `fee_details`; positive when charged.
    pub fee: i64,
    /// What `fee` is made of.
    pub fee_details: Vec<FeeDetail>,
    /// `amount` less `fee`.
    pub net: i64,
    /// Groups rows in reports.
    pub reporting_category: String,
    /// What it is about: a charge, a refund, a transfer.
    pub source: Option<String>,
    /// `pending` until `available_on`, then `available`.
    pub status: String,
    /// What kind of row it is.
    #[serde(rename = "type")]
    pub kind: EntryType,
}

/// One part of a fee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FeeDetail {
    /// Minor units of `currency`; negative when given back.
    pub amount: i64,
    /// The application (`ca_…`) that earns an application fee.
    pub application: Option<String>,
    /// The row's currency.
    pub currency: Currency,
    /// For people.
    pub description: Option<String>,
    /// `stripe_fee` or `application_fee`.
    #[serde(rename = "type")]
    pub kind: FeeType,
}

impl FeeDetail {
    /// The operator's fee for processing a payment.
    pub fn processing(amount: i64, currency: Currency) -> FeeDetail {
        FeeDetail {
            amount,
            application: None,
            currency,
            description: Some("Stripe processing fees".into()),
            kind: FeeType::StripeFee,
        }
    }

    /// A platform's fee.
    pub fn application(amount: i64, currency: Currency, application: &str, platform_name: &str) -> FeeDetail {
        FeeDetail {
            amount,
            application: Some(application.to_owned()),
            currency,
            description: Some(format!("{platform_name} application fee")),
            kind: FeeType::ApplicationFee,
        }
    }
}

/// Who earns a fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeeType {
    /// The operator of this Kontor.
    StripeFee,
    /// A platform.
    ApplicationFee,
}

/// The `type` of a balance transaction (money.md 1.2), of those that Kontor makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryType {
    /// A correction: a dispute, or a fee refunded apart from its charge.
    Adjustment,
    /// A platform's fee, earned.
    ApplicationFee,
    /// A platform's fee, given back.
    ApplicationFeeRefund,
    /// A card payment.
    Charge,
    /// Another payment, or a transfer that landed.
    Payment,
    /// The refund of a `payment`.
    PaymentRefund,
    /// To the bank.
    Payout,
    /// A payout cancelled.
    PayoutCancel,
    /// A payout that the bank refused.
    PayoutFailure,
    /// What an automatic payout leaves in the balance, kept back while it is made.
    PayoutMinimumBalanceHold,
    /// The same, back in the balance.
    PayoutMinimumBalanceRelease,
    /// The refund of a `charge`.
    Refund,
    /// A refund that did not reach the payer.
    RefundFailure,
    /// Into or out of a platform's reserve for its connected accounts.
    ReserveTransaction,
    /// The operator's fee, billed by itself.
    StripeFee,
    /// To a connected account.
    Transfer,
    /// A transfer brought back.
    TransferRefund,
}

impl EntryType {
    /// As on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            EntryType::Adjustment => "adjustment",
            EntryType::ApplicationFee => "application_fee",
            EntryType::ApplicationFeeRefund => "application_fee_refund",
            EntryType::Charge => "charge",
            EntryType::Payment => "payment",
            EntryType::PaymentRefund => "payment_refund",
            EntryType::Payout => "payout",
            EntryType::PayoutCancel => "payout_cancel",
            EntryType::PayoutFailure => "payout_failure",
            EntryType::PayoutMinimumBalanceHold => "payout_minimum_balance_hold",
            EntryType::PayoutMinimumBalanceRelease => "payout_minimum_balance_release",
            EntryType::Refund => "refund",
            EntryType::RefundFailure => "refund_failure",
            EntryType::ReserveTransaction => "reserve_transaction",
            EntryType::StripeFee => "stripe_fee",
            EntryType::Transfer => "transfer",
            EntryType::TransferRefund => "transfer_refund",
        }
    }

    /// The `reporting_category` of rows of this type (Stripe, "reporting categories"; money.md 1.3).
    pub fn reporting_category(self) -> &'static str {
        match self {
            EntryType::Adjustment | EntryType::StripeFee => "fee",
            EntryType::ApplicationFee => "platform_earning",
            EntryType::ApplicationFeeRefund => "platform_earning_refund",
            EntryType::Charge | EntryType::Payment => "charge",
            EntryType::PaymentRefund | EntryType::Refund => "refund",
            EntryType::Payout => "payout",
            EntryType::PayoutCancel | EntryType::PayoutFailure => "payout_reversal",
            EntryType::PayoutMinimumBalanceHold => "payout_minimum_balance_hold",
            EntryType::PayoutMinimumBalanceRelease => "payout_minimum_balance_release",
            EntryType::RefundFailure => "refund_failure",
            EntryType::ReserveTransaction => "connect_reserved_funds",
            EntryType::Transfer => "transfer",
            EntryType::TransferRefund => "transfer_reversal",
        }
    }
}

impl Document for BalanceTransaction {
    /// The first three columns are what [`store::Settle`] works on.
    const KIND: &'static Kind = &Kind {
        present: Some(present),
        ..Kind::new::<BalanceTransaction>(
            "balance_transaction",
            "balance_transaction",
            &["txn"],
            &[
                Column::text("currency").unindexed(),
                Column::int("available_on").unindexed(),
                Column::text("payout"),
                Column::text("source"),
                Column::text("type").unindexed(),
                Column::int("net").unindexed(),
            ],
        )
    };
    type Private = ();
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, (): &()) -> Vec<Value> {
        vec![
            self.currency.code().into(),
            self.available_on.into(),
            Value::Null,
            (&self.source).into(),
            self.kind.as_str().into(),
            self.net.into(),
        ]
    }
}

/// `status` changes with the time alone.
fn present(fields: &mut Map<String, Json>, now: Timestamp) {
    if fields.get("available_on").and_then(Json::as_i64).is_some_and(|at| at <= now.0) {
        fields.insert("status".into(), "available".into());
    }
}

/// A balance transaction to be made.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// Whose balance moves.
    pub account: &'a str,
    /// What kind of row it is.
    pub kind: EntryType,
    /// Gross; positive for credits.
    pub amount: i64,
    /// The settlement currency.
    pub currency: Currency,
    /// What is taken off (or, negative, given back).
    pub fees: Vec<FeeDetail>,
    /// The id of what it is about.
    pub source: Option<&'a str>,
    /// For people.
    pub description: Option<String>,
    /// When the net amount is available: at once for debits.
    pub available_on: Timestamp,
    /// The rate, when `amount` was converted.
    pub exchange_rate: Option<f64>,
}

impl<'a> Entry<'a> {
    /// A row of `amount`, available at `available_on`, without fees.
    pub fn new(
        account: &'a str,
        kind: EntryType,
        amount: i64,
        currency: Currency,
        available_on: Timestamp,
    ) -> Entry<'a> {
        Entry {
            account,
            kind,
            amount,
            currency,
            fees: Vec::new(),
            source: None,
            description: None,
            available_on,
            exchange_rate: None,
        }
    }

    /// Makes the balance transaction, with an id made beforehand (`tx.id("txn")`), since the postings name it.
    ///
    /// When it is pending, the job that makes it available is scheduled: one per account, currency and day. When it brings
    /// money at once, the account's next automatic payout is.
    pub fn record(self, tx: &mut Tx, id: String) -> Result<Doc<BalanceTransaction>> {
        let fee = self.fees.iter().map(|fee| fee.amount).sum::<i64>();
        let now = tx.now();
        let is_pending = now < self.available_on;
        if is_pending {
            crate::balance::schedule_maturity(tx, self.account, self.currency, self.available_on)?;
        } else {
            crate::balance::watch(tx, self.account, self.currency, self.amount - fee)?;
        }
        if !is_pending && fee < self.amount {
            crate::payouts::automatic::plan(tx, self.account)?;
            crate::refunds::process_pending(tx, self.account, self.currency)?;
        }
        let shown = BalanceTransaction {
            id,
            object: "balance_transaction".into(),
            amount: self.amount,
            available_on: self.available_on,
            balance_type: "payments".into(),
            created: now,
            currency: self.currency,
            description: self.description,
            exchange_rate: self.exchange_rate,
            fee,
            fee_details: self.fees,
            net: self.amount - fee,
            reporting_category: self.kind.reporting_category().into(),
            source: self.source.map(str::to_owned),
            status: if is_pending { "pending".into() } else { "available".into() },
            kind: self.kind,
        };
        tx.create(self.account, shown, ())
    }
}

/// The ledger account in which money of `account` that is available on `available_on` stands now.
pub fn standing(tx: &Tx, account: &str, currency: Currency, available_on: Timestamp) -> LedgerAccount {
    if tx.now() < available_on {
        LedgerAccount::pending(account, currency, available_on)
    } else {
        LedgerAccount::available(account, currency)
    }
}
