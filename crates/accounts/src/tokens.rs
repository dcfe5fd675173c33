//! Tokens of what payees tell: a bank account's number or a social security number, sent ahead by their browser and used
//! once in place of the number.
//!
//! A token belongs to the account that it was made on. It can be used by that account, and for the connected account that
//! it was made on. What it stands for is sealed under its id and forgotten once it was used.

use kernel::{ApiError, Currency, Result, Timestamp, missing, resource_missing};
use rails::banks::{BankDetails, BankNumbers, check};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Doc, Document, Kind, Tx, Value};

use crate::external_accounts::{BankAccountType, BankSecret, ExternalAccountStatus, Given, HolderType, read_currency};
use crate::validate;

/// `GET /v1/tokens/{token}` (api/md/token), for a bank account or personally identifiable information.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PayeeToken {
    /// `btok_…` or `pii_…`.
    pub id: String,
    /// `token`.
    pub object: String,
    /// The bank account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_account: Option<TokenBankAccount>,
    /// Where it was made from. Not known.
    pub client_ip: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// Whether it exists in live mode.
    pub livemode: bool,
    /// `bank_account` or `pii`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it was used.
    pub used: bool,
}

/// A token's bank account, without what only an account's own has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenBankAccount {
    /// `ba_…`.
    pub id: String,
    /// `bank_account`.
    pub object: String,
    /// Whose bank account it is.
    pub account_holder_name: Option<String>,
    /// A company's or a person's.
    pub account_holder_type: Option<HolderType>,
    /// The bank's kind of account.
    pub account_type: Option<BankAccountType>,
    /// The bank.
    pub bank_name: Option<String>,
    /// Where it is, two upper-case letters.
    pub country: String,
    /// Its currency.
    pub currency: Currency,
    /// The same for the same bank account.
    pub fingerprint: Option<String>,
    /// The last four characters of its number, which is sealed.
    pub last4: String,
    /// What names the bank.
    pub routing_number: Option<String>,
    /// How good it is: `new`.
    pub status: ExternalAccountStatus,
}

impl Document for PayeeToken {
    const KIND: &'static Kind = &Kind::new::<PayeeToken>("token", "payee_token", &["btok", "pii"], &[]);
    type Private = ();
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, (): &()) -> Vec<Value> {
        Vec::new()
    }
}

/// What is sealed of a token: the number that it stands for.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Secret {
    account_number: Option<String>,
    id_number: Option<String>,
}

/// `bank_account` of `POST /v1/tokens`. It has no `Debug` of its number.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BankAccountParams {
    account_holder_name: Option<String>,
    account_holder_type: Option<HolderType>,
    account_number: Option<String>,
    account_type: Option<BankAccountType>,
    country: Option<String>,
    currency: Option<String>,
    /// Not supported yet.
    payment_method: Option<String>,
    routing_number: Option<String>,
}

impl std::fmt::Debug for BankAccountParams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BankAccountParams(…)")
    }
}

/// `pii` of `POST /v1/tokens`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PiiParams {
    id_number: Option<String>,
}

impl std::fmt::Debug for PiiParams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PiiParams(…)")
    }
}

/// Makes a token of a bank account.
///
/// Errors: what is missing; numbers that are not test numbers; a currency that the bank's country does not have.
pub fn tokenize_bank_account(tx: &mut Tx, p: BankAccountParams) -> Result<Doc<PayeeToken>> {
    let at = |field: &str| validate::name("bank_account", &[field]);
    if p.payment_method.is_some() {
        let param = at("payment_method");
        return Err(ApiError::not_yet(&param, format!("The parameter {param}")));
    }
    let country = validate::country(&p.country.ok_or_else(|| missing(&at("country")))?, &at("country"))?;
    let currency = read_currency(p.currency.as_deref(), &country, &at("currency"))?;
    let account_number = p.account_number.ok_or_else(|| missing(&at("account_number")))?;
    let holder = p.account_holder_name.map(|text| validate::line(&text, &at("account_holder_name"))).transpose()?;
    let numbers = BankNumbers {
        country: &country,
        currency,
        routing_number: p.routing_number.as_deref(),
        account_number: &account_number,
    };
    let details = check(&numbers, "bank_account")?;
    let bank_account = TokenBankAccount {
        id: tx.id("ba"),
        object: "bank_account".into(),
        account_holder_name: holder,
        account_holder_type: p.account_holder_type,
        account_type: p.account_type,
        bank_name: Some(details.bank_name.into()),
        country: details.country,
        currency,
        fingerprint: Some(details.fingerprint),
        last4: details.last4,
        routing_number: details.routing_number,
        status: ExternalAccountStatus::New,
    };
    let secret = Secret { account_number: Some(account_number), id_number: None };
    make(tx, "btok", "bank_account", Some(bank_account), &secret)
}

/// Makes a token of a social security number. Whether it is one is asked when it is used.
pub fn tokenize_pii(tx: &mut Tx, p: PiiParams) -> Result<Doc<PayeeToken>> {
    let param = validate::name("pii", &["id_number"]);
    let number = validate::line(&p.id_number.ok_or_else(|| missing(&param))?, &param)?;
    make(tx, "pii", "pii", None, &Secret { account_number: None, id_number: Some(number) })
}

fn make(
    tx: &mut Tx,
    prefix: &str,
    kind: &str,
    bank_account: Option<TokenBankAccount>,
    secret: &Secret,
) -> Result<Doc<PayeeToken>> {
    let token = PayeeToken {
        id: tx.id(prefix),
        object: "token".into(),
        bank_account,
        client_ip: None,
        created: tx.now(),
        livemode: tx.livemode(),
        kind: kind.into(),
        used: false,
    };
    tx.seal(&token.id, secret)?;
    let account = tx.account().to_owned();
    tx.create(&account, token, ())
}

/// Uses a token of a bank account for `account`.
///
/// Errors: 400 `resource_missing`; `token_already_used`.
pub(crate) fn spend_bank_account(tx: &mut Tx, id: &str, account: &str, param: &str) -> Result<Given> {
    let (token, secret) = spend(tx, id, account, param)?;
    let (Some(bank), Some(account_number)) = (token.bank_account, secret.account_number) else {
        return Err(no_such(id, param));
    };
    let numbers = BankNumbers {
        country: &bank.country,
        currency: bank.currency,
        routing_number: bank.routing_number.as_deref(),
        account_number: &account_number,
    };
    let details: BankDetails = check(&numbers, "bank_account")?;
    Ok(Given {
        details,
        secret: BankSecret { account_number: Some(account_number), token: None },
        holder_name: bank.account_holder_name,
        holder_type: bank.account_holder_type,
        account_type: bank.account_type,
    })
}

/// Uses a token of a social security number for a person of `account`: the number.
///
/// Errors: 400 `resource_missing`; `token_already_used`.
pub(crate) fn spend_id_number(tx: &mut Tx, id: &str, account: &str, param: &str) -> Result<String> {
    let (_, secret) = spend(tx, id, account, param)?;
    secret.id_number.ok_or_else(|| no_such(id, param))
}

fn spend(tx: &mut Tx, id: &str, account: &str, param: &str) -> Result<(PayeeToken, Secret)> {
    let mut token = match tx.find::<PayeeToken>(id)? {
        Some(token) if token.account == tx.account() || token.account == account => token,
        Some(_) | None => return Err(no_such(id, param)),
    };
    if token.used {
        return Err(already_used(id, param));
    }
    let Some(secret) = tx.unseal::<Secret>(id)? else {
        return Err(tx.bug(&format!("what {id} stands for is not there")));
    };
    token.used = true;
    tx.put(&token)?;
    tx.unseal_forever(id);
    Ok((token.into_shown(), secret))
}

fn no_such(id: &str, param: &str) -> ApiError {
    resource_missing("token", &validate::shown(id), param).status(400)
}

fn already_used(id: &str, param: &str) -> ApiError {
    ApiError::invalid(param, format!("You cannot use a Stripe token more than once: {id}.")).code("token_already_used")
}
