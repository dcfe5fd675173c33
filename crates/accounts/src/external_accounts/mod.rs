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
pub(crate) use params::{ExternalAccountParam, Given, read_currency};
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

#[cfg(test)]
mod tests {
    use rails::banks::{PayoutFailure, PayoutOutcome};
    use serde_json::{Value, json};
    use store::Caller;

    use crate::testing::{INDIVIDUAL, Platform, with};

    const BANK: &[(&str, &str)] = &[
        ("external_account[object]", "bank_account"),
        ("external_account[country]", "US"),
        ("external_account[currency]", "usd"),
        ("external_account[routing_number]", "110000000"),
        ("external_account[account_number]", "000111111116"),
    ];

    const EURO: &[(&str, &str)] = &[
        ("external_account[object]", "bank_account"),
        ("external_account[country]", "DE"),
        ("external_account[currency]", "eur"),
        ("external_account[account_number]", "DE89370400440532013000"),
    ];

    struct Seller {
        platform: Platform,
        id: String,
    }

    impl Seller {
        fn new() -> Seller {
            let platform = Platform::new();
            let id = platform.open(INDIVIDUAL);
            Seller { platform, id }
        }

        fn path(&self, id: &str) -> String {
            format!("/v1/accounts/{}/external_accounts{id}", self.id)
        }

        #[track_caller]
        fn add(&self, form: &[(&str, &str)]) -> String {
            self.platform.post(&self.path(""), form).ok()["id"].as_str().unwrap().to_owned()
        }

        fn first(&self) -> String {
            let account = self.platform.account(&self.id);
            account["external_accounts"]["data"][0]["id"].as_str().unwrap().to_owned()
        }

        /// Which are default, newest first.
        fn defaults(&self) -> Vec<(String, bool)> {
            let list = self.platform.get(&self.path("")).ok();
            let one = |e: &Value| (e["id"].as_str().unwrap().to_owned(), e["default_for_currency"] == true);
            let listed: Vec<_> = list["data"].as_array().unwrap().iter().map(one).collect();
            let account = self.platform.account(&self.id);
            let embedded: Vec<_> = account["external_accounts"]["data"].as_array().unwrap().iter().map(one).collect();
            assert_eq!(listed, embedded, "the account shows what the list shows");
            listed
        }

        fn outcome(&self, id: &str) -> PayoutOutcome {
            let caller = Caller::account(&self.id);
            self.platform.world.read(&caller, |tx| crate::payout_outcome(tx, id)).unwrap()
        }
    }

    #[test]
    fn a_bank_account_shows_every_field_of_the_api() {
        let seller = Seller::new();
        let form =
            with(BANK, &[("external_account[account_holder_name]", Some("Ada Baker")), ("metadata[a]", Some("1"))]);
        let bank = seller.platform.post(&seller.path(""), &form).ok();
        let nothing = json!({ "currently_due": [], "errors": [], "past_due": [], "pending_verification": [] });
        let expected = json!({
            "id": bank["id"], "object": "bank_account", "account": seller.id, "account_holder_name": "Ada Baker",
            "account_holder_type": null, "account_type": null, "available_payout_methods": ["standard", "instant"],
            "bank_name": "STRIPE TEST BANK", "country": "US", "currency": "usd", "default_for_currency": false,
            "fingerprint": bank["fingerprint"], "future_requirements": nothing, "last4": "1116",
            "metadata": { "a": "1" }, "requirements": nothing, "routing_number": "110000000", "status": "new",
        });
        assert_eq!(bank, expected);
        assert_eq!(seller.platform.get(&seller.path(&format!("/{}", bank["id"].as_str().unwrap()))).ok(), bank);
    }

    #[test]
    fn each_currency_has_one_default_the_first_until_another_is_made_it() {
        let seller = Seller::new();
        let first = seller.first();
        let second = seller.add(BANK);
        assert_eq!(seller.defaults(), [(second.clone(), false), (first.clone(), true)]);
        let euro = seller.add(EURO);
        assert_eq!(seller.defaults()[0], (euro.clone(), true));
        seller.platform.post(&seller.path(&format!("/{second}")), &[("default_for_currency", "true")]).ok();
        let now = [(euro.clone(), true), (second.clone(), true), (first.clone(), false)];
        assert_eq!(seller.defaults(), now);
        let third = seller.add(&with(BANK, &[("default_for_currency", Some("true"))]));
        assert_eq!(seller.defaults(), [(third, true), (euro, true), (second, false), (first, false)]);
    }

    #[test]
    fn the_default_of_the_default_currency_stays_until_another_is_it() {
        let seller = Seller::new();
        let (first, second) = (seller.first(), seller.add(BANK));
        let refused = seller.platform.delete(&seller.path(&format!("/{first}")));
        assert_eq!(refused.refused(), (400, "", "id"));
        assert!(
            refused.message().starts_with("You cannot delete the default external account for your default currency.")
        );
        let unset = seller.platform.post(&seller.path(&format!("/{first}")), &[("default_for_currency", "false")]);
        assert_eq!(unset.refused(), (400, "", "default_for_currency"));
        let deleted = seller.platform.delete(&seller.path(&format!("/{second}"))).ok();
        assert_eq!(deleted, json!({ "id": second, "object": "bank_account", "currency": "usd", "deleted": true }));
        assert_eq!(seller.defaults(), [(first, true)]);
    }

    #[test]
    fn when_another_currencys_default_goes_the_oldest_left_takes_its_place() {
        let seller = Seller::new();
        let (euro, next) = (seller.add(EURO), seller.add(EURO));
        seller.platform.delete(&seller.path(&format!("/{euro}"))).ok();
        assert_eq!(seller.defaults()[0], (next.clone(), true));
        seller.platform.delete(&seller.path(&format!("/{next}"))).ok();
        assert_eq!(seller.defaults().len(), 1);
    }

    #[test]
    fn an_external_account_given_with_the_account_replaces_the_default() {
        let seller = Seller::new();
        let first = seller.first();
        let account = seller.platform.post(&format!("/v1/accounts/{}", seller.id), BANK).ok();
        let data = account["external_accounts"]["data"].as_array().unwrap();
        assert_eq!(data.len(), 1);
        assert_ne!(data[0]["id"], *first);
        assert_eq!(data[0]["default_for_currency"], true);
        let types = seller.platform.event_types(&seller.id);
        assert!(types.contains(&"account.external_account.deleted".into()));
        let cleared = seller.platform.post(&format!("/v1/accounts/{}", seller.id), &[("external_account", "")]).ok();
        assert_eq!(cleared["external_accounts"]["total_count"], 0);
        assert_eq!(cleared["payouts_enabled"], false);
    }

    #[test]
    fn a_payouts_outcome_follows_from_the_sealed_number_or_the_token() {
        let seller = Seller::new();
        assert_eq!(seller.outcome(&seller.first()), PayoutOutcome::Paid);
        assert_eq!(seller.outcome(&seller.add(BANK)), PayoutOutcome::Fails(PayoutFailure::NoAccount));
        let token = seller.add(&[("external_account", "btok_us_verified_accountClosed")]);
        assert_eq!(seller.outcome(&token), PayoutOutcome::Fails(PayoutFailure::AccountClosed));
    }

    #[test]
    fn an_errored_account_is_new_again_once_it_is_updated() {
        let seller = Seller::new();
        let bank = seller.first();
        let caller = Caller::account("");
        let marked = seller
            .platform
            .world
            .run_blocking(&caller, None, |tx| crate::mark_external_account_errored(tx, &seller.id, &bank));
        marked.unwrap();
        let account = seller.platform.account(&seller.id);
        assert_eq!(account["external_accounts"]["data"][0]["status"], "errored");
        let types = seller.platform.event_types(&seller.id);
        assert_eq!(types[types.len() - 2..], ["account.external_account.updated", "account.updated"]);
        let updated = seller.platform.post(&seller.path(&format!("/{bank}")), &[]).ok();
        assert_eq!(updated["status"], "new");
        assert_eq!(seller.platform.account(&seller.id)["external_accounts"]["data"][0]["status"], "new");
    }

    #[test]
    fn ownership_is_shown_by_two_test_numbers() {
        let seller = Seller::new();
        let passes = seller.add(&with(BANK, &[("external_account[account_number]", Some("000999999991"))]));
        let asks = seller.add(&with(BANK, &[("external_account[account_number]", Some("000999999992"))]));
        let get = |id: &str| seller.platform.get(&seller.path(&format!("/{id}"))).ok();
        assert_eq!(get(&passes)["status"], "verified");
        assert_eq!(get(&asks)["status"], "verification_failed");
        assert_eq!(get(&asks)["requirements"]["currently_due"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn what_is_no_bank_account_is_refused() {
        let seller = Seller::new();
        let cases = [
            (&[][..], (400, "parameter_missing", "external_account")),
            (
                &[("external_account[object]", "card"), ("external_account[number]", "4000056655665556")],
                (400, "", "external_account"),
            ),
            (&[("external_account[object]", "house")], (400, "", "external_account[object]")),
            (
                &[("external_account[object]", "bank_account"), ("external_account[foo]", "1")],
                (400, "parameter_unknown", "external_account[foo]"),
            ),
            (
                &[("external_account[object]", "bank_account"), ("external_account[cvc]", "1")],
                (400, "parameter_unknown", "external_account[cvc]"),
            ),
            (
                &[("external_account[object]", "bank_account")],
                (400, "parameter_missing", "external_account[account_number]"),
            ),
        ];
        for (form, expected) in cases {
            assert_eq!(seller.platform.post(&seller.path(""), form).refused(), expected, "{form:?}");
        }
        let gbp = with(BANK, &[("external_account[currency]", Some("gbp"))]);
        assert_eq!(seller.platform.post(&seller.path(""), &gbp).refused().2, "external_account[currency]");
        assert_eq!(seller.platform.get(&seller.path("/ba_nobody")).refused(), (404, "resource_missing", "id"));
        assert_eq!(seller.platform.get(&seller.path("?object=card")).ok()["data"], json!([]));
        let card = seller.platform.post(&seller.path(&format!("/{}", seller.first())), &[("exp_year", "2030")]);
        assert_eq!(card.refused(), (400, "", "exp_year"));
    }

    #[test]
    fn other_accounts_manage_their_external_accounts_themselves() {
        let platform = Platform::new();
        let id = platform.open(&[("type", "express"), ("external_account", "btok_us_verified")]);
        let path = format!("/v1/accounts/{id}/external_accounts");
        let bank = platform.get(&path).ok()["data"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(platform.post(&path, BANK).refused(), (403, "oauth_not_supported", ""));
        assert_eq!(platform.delete(&format!("{path}/{bank}")).refused().0, 403);
        platform.post(&format!("{path}/{bank}"), &[("metadata[a]", "1")]).ok();
        let update = [("account_holder_name", "X")];
        assert_eq!(platform.post(&format!("{path}/{bank}"), &update).refused(), (403, "oauth_not_supported", ""));
    }

    #[test]
    fn old_clients_find_bank_accounts_under_their_old_path() {
        let seller = Seller::new();
        let old = seller.platform.get(&format!("/v1/accounts/{}/bank_accounts", seller.id)).ok();
        assert_eq!(old["data"][0]["id"], *seller.first());
    }

    #[test]
    fn an_account_shows_ten_of_many_with_the_default_among_them() {
        let seller = Seller::new();
        let first = seller.first();
        for _ in 0..11 {
            seller.add(BANK);
        }
        let list = &seller.platform.account(&seller.id)["external_accounts"];
        assert_eq!(list["data"].as_array().unwrap().len(), 10);
        assert_eq!((&list["has_more"], &list["total_count"]), (&json!(true), &json!(12)));
        assert_eq!(list["data"][9]["id"], *first);
    }
}
