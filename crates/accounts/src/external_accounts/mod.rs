//! External accounts: the bank accounts that payouts go to.
//!
//! There is one default per currency: the first of its currency, until another is made it. All of them are decided by the
//! account's document, which lists them and is read and written with each change, so two requests cannot make two defaults.
//!
//! Not here yet: debit cards.

mod add;
mod delete;
mod list;
mod params;
mod update;

use kernel::{Currency, Metadata, Result, Timestamp, resource_missing};
use rails::banks::{BankDetails, BankNumbers, Ownership, PayoutOutcome, check, find_token};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Column, Doc, Document, Kind, Tx, Value};

use crate::documents::{Account, PartRequirements};
use crate::events::Before;
use crate::words::words;

pub(crate) use add::{create, replace};
pub(crate) use delete::{delete, remove};
pub(crate) use list::{list, retrieve};
pub(crate) use params::ExternalAccountParam;
pub(crate) use update::update;

words! {
    /// How good an external account is.
    ExternalAccountStatus {
        /// A payout to it failed: automatic payouts stop until it is updated.
        Errored = "errored",
        /// Nothing is known against it.
        New = "new",
        /// Its numbers are right.
        Validated = "validated",
        /// Whose it is could not be shown.
        VerificationFailed = "verification_failed",
        /// Its owner was verified.
        Verified = "verified",
    }
}

words! {
    /// How quickly money can get there.
    PayoutMethod {
        /// In days.
        Standard = "standard",
        /// In minutes.
        Instant = "instant",
    }
}

words! {
    /// Whose bank account it is.
    HolderType {
        /// A company's.
        Company = "company",
        /// A person's.
        Individual = "individual",
    }
}

words! {
    /// The bank's kind of account.
    BankAccountType {
        /// A checking account.
        Checking = "checking",
        /// Japan: an ordinary account.
        Futsu = "futsu",
        /// A savings account.
        Savings = "savings",
        /// Japan: a current account.
        Toza = "toza",
    }
}

/// A bank account that payouts go to. The owner of the document is the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExternalAccount {
    /// `ba_…`.
    pub id: String,
    /// `bank_account`.
    pub object: String,
    /// The account whose payouts go there.
    pub account: Option<String>,
    /// Whose bank account it is.
    pub account_holder_name: Option<String>,
    /// A company's or a person's.
    pub account_holder_type: Option<HolderType>,
    /// The bank's kind of account.
    pub account_type: Option<BankAccountType>,
    /// How quickly money can get there.
    pub available_payout_methods: Vec<PayoutMethod>,
    /// The bank.
    pub bank_name: Option<String>,
    /// Where it is, two upper-case letters.
    pub country: String,
    /// Its currency.
    pub currency: Currency,
    /// Whether payouts of its currency go there.
    pub default_for_currency: bool,
    /// The same for the same bank account.
    pub fingerprint: Option<String>,
    /// What will have to be known; Kontor announces nothing yet.
    pub future_requirements: PartRequirements,
    /// The last four characters of its number, which is sealed.
    pub last4: String,
    /// The platform's own notes.
    pub metadata: Metadata,
    /// What must still be known.
    pub requirements: PartRequirements,
    /// What names the bank.
    pub routing_number: Option<String>,
    /// How good it is.
    pub status: ExternalAccountStatus,
}

impl Document for ExternalAccount {
    const KIND: &'static Kind =
        &Kind::new::<ExternalAccount>("bank_account", "bank_account", &["ba"], &[Column::text("object").unindexed()]);
    type Private = ();
    fn id(&self) -> &str {
        &self.id
    }
    /// Stripe does not show when it was added; ids carry their moment.
    fn created(&self) -> Timestamp {
        moment_of_id(&self.id)
    }
    fn columns(&self, (): &()) -> Vec<Value> {
        vec![(&self.object).into()]
    }
}

/// The moment at which an id was made: the first eight base-62 characters of its body, in milliseconds.
fn moment_of_id(id: &str) -> Timestamp {
    let body = id.rsplit_once('_').map_or(id, |(_, body)| body);
    let milliseconds = body.bytes().take(8).fold(0_i64, |sum, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            b'a'..=b'z' => byte - b'a' + 36,
            _ => 0,
        };
        sum * 62 + i64::from(digit)
    });
    Timestamp(milliseconds / 1_000)
}

/// Which bank account it is, as the rail reads it.
pub(crate) fn from_details(id: String, account: &str, details: &BankDetails) -> ExternalAccount {
    let mut available_payout_methods = vec![PayoutMethod::Standard];
    if details.instant_eligible {
        available_payout_methods.push(PayoutMethod::Instant);
    }
    let mut requirements = PartRequirements::default();
    let (mut status, documents) = (ExternalAccountStatus::New, "documents.bank_account_ownership_verification.files");
    match details.ownership {
        Ownership::NotChecked => {}
        Ownership::Passes => status = ExternalAccountStatus::Verified,
        Ownership::AsksForDocuments => {
            status = ExternalAccountStatus::VerificationFailed;
            requirements.currently_due.push(documents.into());
            requirements.past_due.push(documents.into());
        }
    }
    ExternalAccount {
        id,
        object: "bank_account".into(),
        account: Some(account.to_owned()),
        account_holder_name: None,
        account_holder_type: None,
        account_type: None,
        available_payout_methods,
        bank_name: Some(details.bank_name.into()),
        country: details.country.clone(),
        currency: details.currency,
        default_for_currency: false,
        fingerprint: Some(details.fingerprint.clone()),
        future_requirements: PartRequirements::default(),
        last4: details.last4.clone(),
        metadata: Metadata::new(),
        requirements,
        routing_number: details.routing_number.clone(),
        status,
    }
}

/// What names a bank account, as it is sealed.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct BankSecret {
    /// The account number, when it was given.
    pub(crate) account_number: Option<String>,
    /// The ready-made token, when that was given.
    pub(crate) token: Option<String>,
}

impl BankSecret {
    /// Where payouts to `account` lead.
    fn outcome(&self, account: &ExternalAccount) -> Result<Option<PayoutOutcome>> {
        if let Some(token) = &self.token {
            return Ok(find_token(token).map(|details| details.payout));
        }
        let Some(account_number) = &self.account_number else { return Ok(None) };
        let numbers = BankNumbers {
            country: &account.country,
            currency: account.currency,
            routing_number: account.routing_number.as_deref(),
            account_number,
        };
        check(&numbers, "bank_account").map(|details| Some(details.payout))
    }
}

/// How a payout to an external account ends, by its sealed numbers.
///
/// Errors: a 500 when the external account, or what was sealed of it, is not there.
pub fn payout_outcome(tx: &mut Tx, external_account_id: &str) -> Result<PayoutOutcome> {
    let external = tx.load::<ExternalAccount>(external_account_id)?;
    let secret: BankSecret = tx.unseal(external_account_id)?.unwrap_or_default();
    match secret.outcome(&external)? {
        Some(outcome) => Ok(outcome),
        None => Err(tx.bug(&format!("the numbers of {external_account_id} are not there"))),
    }
}

/// The account's default for a currency: where its payouts go.
pub fn default_external_account(account: &Account, currency: Currency) -> Option<&ExternalAccount> {
    account
        .external_accounts
        .data
        .iter()
        .find(|external| external.default_for_currency && external.currency == currency)
}

/// An external account of `account`, named by the caller as a payout's `destination`.
///
/// Errors: 404 `resource_missing`, the same for one that does not exist and for another account's.
pub fn external_account(tx: &mut Tx, account: &str, id: &str) -> Result<Doc<ExternalAccount>> {
    find_of(tx, account, id, "destination")
}

/// The same, named by the caller in `param`.
pub(crate) fn find_of(tx: &mut Tx, account: &str, id: &str, param: &str) -> Result<Doc<ExternalAccount>> {
    match tx.find::<ExternalAccount>(id)? {
        Some(external) if external.account == account => Ok(external),
        _ => Err(resource_missing("external account", id, param)),
    }
}

/// Notes that a payout to an external account failed: automatic payouts stop until it is updated or replaced.
///
/// Events on the account: `account.external_account.updated`, `account.updated`.
pub fn mark_external_account_errored(tx: &mut Tx, account_id: &str, external_account_id: &str) -> Result<()> {
    let Some(mut external) = tx.find::<ExternalAccount>(external_account_id)? else { return Ok(()) };
    if external.account != account_id || external.status == ExternalAccountStatus::Errored {
        return Ok(());
    }
    external.status = ExternalAccountStatus::Errored;
    tx.emit_updated("account.external_account.updated", &external)?;
    tx.put(&external)?;
    let mut account = tx.load::<Account>(account_id)?;
    let before = Before::of(tx, account.shown())?;
    show(tx, &mut account)?;
    before.emit(tx, "account.updated", account_id, account.shown())?;
    tx.put(&account)
}

/// How many external accounts an account can have.
pub(crate) const MOST: usize = 100;
/// How many the account itself shows.
const MOST_SHOWN: usize = 10;

/// Writes into the account's own list what its external accounts are now: the newest ten, the defaults before others.
pub(crate) fn show(tx: &mut Tx, account: &mut Doc<Account>) -> Result<()> {
    let all = &account.private.external_accounts;
    let total = all.len();
    let mut ids: Vec<String> = all.iter().rev().filter(|e| e.default_for_currency).map(|e| e.id.clone()).collect();
    ids.extend(all.iter().rev().filter(|e| !e.default_for_currency).map(|e| e.id.clone()));
    ids.truncate(MOST_SHOWN);
    ids.sort_by(|a, b| b.cmp(a));
    let mut shown = Vec::with_capacity(ids.len());
    for id in &ids {
        shown.push(tx.load::<ExternalAccount>(id)?.into_shown());
    }
    let list = &mut account.external_accounts;
    list.data = shown;
    list.has_more = MOST_SHOWN < total;
    list.total_count = i64::try_from(total).ok();
    Ok(())
}

/// The bank account of each country that always works in a sandbox: routing number and account number.
pub(crate) fn test_numbers(country: &str) -> (Option<&'static str>, String) {
    match country {
        "US" => (Some("110000000"), "000123456789".into()),
        "GB" => (Some("108800"), "00012345".into()),
        "AU" => (Some("110000"), "000123456".into()),
        "CA" => (Some("11000-000"), "000123456789".into()),
        "NZ" => (None, "1100000000000010".into()),
        iban => (None, format!("{iban}89370400440532013000")),
    }
}
