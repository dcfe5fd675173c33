//! A small world to test payouts and balances in: a platform, its sellers, money from nowhere, a clock and its jobs.

mod automatic;
mod debit;
mod kept_back;
mod manual;
mod races;
mod reserve;
mod reversal;

use accounts::{
    Account, AccountPrivate, Controller, DashboardType, ExternalAccount, FeePayer, Liable, NewPlatform, PayoutInterval,
    PayoutSchedule, RequirementCollection,
};
use kernel::{Currency, Result, Timestamp};
use ledger::{Bucket, Code, LedgerAccount, Posting};
use serde_json::{Value as Json, json};
use store::{Caller, Event, Filter, Job, Schema, Tx, World};

use std::sync::Arc;

use super::*;
use crate::balance_transactions::{BalanceTransaction, Entry, EntryType, standing};

pub(super) const WORKS: &str = "000123456789";
pub(super) const NO_ACCOUNT: &str = "000111111116";
const KEY: &str = "sk_test_0123456789abcdef";
const USD: Currency = Currency::USD;

/// A world whose clock stands at Monday, 2 November 2026, 12:00 UTC, with a platform and one seller.
pub(super) struct Shop {
    pub world: Arc<World>,
    api: wire::Api,
    runtime: tokio::runtime::Runtime,
    pub platform: String,
    pub seller: String,
}

impl Shop {
    /// The seller is paid by `interval`, to the bank account with this number.
    pub fn new(interval: PayoutInterval, account_number: &str) -> Shop {
        let kinds = [wire::kinds(), accounts::kinds(), crate::kinds()];
        let world = Arc::new(World::seeded(Schema::new(kinds.into_iter().flatten()), 7).unwrap());
        let new =
            NewPlatform { country: "US".into(), email: "platform@example.com".into(), display_name: "Market".into() };
        let made = world.run_blocking(&Caller::account(""), None, |tx| {
            let platform = accounts::create_platform(tx, &new)?;
            world.add_platform(tx, &platform.id);
            wire::create_key(tx, &platform.id, wire::KeyKind::Secret, KEY, None)?;
            Ok(platform)
        });
        let platform = made.unwrap().id.clone();
        let api =
            wire::ApiBuilder::default().routes(crate::routes()).expanders(crate::expanders()).build(world.clone());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let mut shop = Shop { world, api, runtime, platform, seller: String::new() };
        shop.seller = shop.open_seller(interval, account_number);
        shop
    }

    /// A connected account whose losses the platform bears.
    pub fn open_seller(&self, interval: PayoutInterval, account_number: &str) -> String {
        let bank = ("US", USD, account_number);
        self.as_(&self.platform, |tx| open_seller(tx, interval, bank)).unwrap()
    }

    pub fn as_<R>(&self, account: &str, rule: impl FnMut(&mut Tx) -> Result<R>) -> Result<R> {
        self.world.run_blocking(&Caller::account(account), None, rule)
    }

    /// Changes the seller as nobody could by the API.
    pub fn change(&self, change: impl Fn(&mut store::Doc<Account>)) {
        self.as_("", |tx| {
            let mut account = tx.load::<Account>(&self.seller)?;
            change(&mut account);
            tx.put(&account)
        })
        .unwrap();
    }

    /// How many runs of automatic payouts are planned, for everybody.
    pub fn planned_runs(&self) -> usize {
        let of_name = [Filter::Is("name", crate::payouts::automatic::PAY_OUT.into())];
        self.as_("", |tx| tx.find_all::<Job>(None, &of_name, 1_000)).unwrap().len()
    }

    /// Money of an account: available at once, or when it says.
    pub fn earn(&self, account: &str, net: i64, available_on: Option<&str>) {
        let available_on = available_on.map_or(self.world.now(), at);
        self.as_(account, |tx| earn(tx, account, net, available_on)).unwrap();
    }

    /// Money taken from what an account has available, whether it has any or not.
    pub fn lose(&self, account: &str, amount: i64) {
        self.as_(account, |tx| {
            let id = tx.id("txn");
            let available = LedgerAccount::available(account, USD);
            let network = LedgerAccount::operator(Bucket::Network, USD);
            tx.post(Posting::new(Code::Refund, available, network, amount).debit_shown_by(&id))?;
            Entry::new(account, EntryType::Refund, -amount, USD, tx.now()).record(tx, id).map(drop)
        })
        .unwrap();
    }

    /// A request with the platform's key for one of its accounts: the status and the answer.
    pub fn call(&self, account: &str, method: &str, path: &str, form: &str) -> (u16, Json) {
        self.runtime.block_on(call(&self.api, account, method, path, form))
    }

    /// A request that must succeed, for the seller.
    pub fn ok<T: serde::de::DeserializeOwned>(&self, method: &str, path: &str, form: &str) -> T {
        let (status, answer) = self.call(&self.seller, method, path, form);
        assert_eq!(status, 200, "{answer}");
        serde_json::from_value(answer).unwrap()
    }

    /// A request that must be refused, for the seller: its status, code, parameter and message.
    pub fn refused(&self, method: &str, path: &str, form: &str) -> (u16, String, String, String) {
        let (status, answer) = self.call(&self.seller, method, path, form);
        assert_ne!(status, 200, "{answer}");
        let field = |name: &str| answer["error"][name].as_str().unwrap_or_default().to_owned();
        (status, field("code"), field("param"), field("message"))
    }

    /// A payout by hand of so many US cents.
    pub fn pay_out(&self, amount: i64) -> Payout {
        self.ok("POST", "/v1/payouts", &format!("amount={amount}&currency=usd"))
    }

    /// What the seller's payouts are, newest first.
    pub fn payouts(&self) -> Vec<Payout> {
        let found = self.as_(&self.seller, |tx| tx.find_all::<Payout>(Some(&self.seller), &[], 1_000)).unwrap();
        found.into_iter().map(store::Doc::into_shown).collect()
    }

    pub fn payout(&self, id: &str) -> Payout {
        self.as_(&self.seller, |tx| tx.load::<Payout>(id)).unwrap().into_shown()
    }

    /// An account's balance transactions, oldest first: type, amount, net, category, status of the source.
    pub fn rows(&self, account: &str) -> Vec<(String, i64, i64, String)> {
        self.entries(account)
            .into_iter()
            .map(|row| (row.kind.as_str().into(), row.amount, row.net, row.reporting_category))
            .collect()
    }

    pub fn entries(&self, account: &str) -> Vec<BalanceTransaction> {
        let found = self.as_(account, |tx| tx.find_all::<BalanceTransaction>(Some(account), &[], 10_000)).unwrap();
        found.into_iter().rev().map(store::Doc::into_shown).collect()
    }

    /// The balance transactions that a payout settled.
    pub fn settled(&self, payout: &str) -> Vec<BalanceTransaction> {
        let of_payout = [Filter::Is("payout", payout.into())];
        let found =
            self.as_(&self.seller, |tx| tx.find_all::<BalanceTransaction>(Some(&self.seller), &of_payout, 10_000));
        found.unwrap().into_iter().map(store::Doc::into_shown).collect()
    }

    pub fn available(&self, account: &str) -> i64 {
        self.sum(account, Bucket::Available)
    }

    pub fn sum(&self, account: &str, bucket: Bucket) -> i64 {
        let found = self.as_(account, |tx| crate::balance::totals(tx, account, bucket)).unwrap();
        found.iter().filter(|(currency, _)| *currency == USD).map(|(_, sum)| sum).sum()
    }

    /// The types of an account's events, oldest first.
    pub fn events(&self, account: &str) -> Vec<String> {
        let found = self.as_(account, |tx| tx.find_all::<Event>(Some(account), &[], 1_000)).unwrap();
        found.iter().rev().map(|event| event.kind.clone()).collect()
    }

    /// Moves the clock, with every due job at its own time, and then holds the book to what it must always be.
    pub fn advance_to(&self, to: &str) {
        let to = at(to);
        while self.run_next_job(to) {}
        self.world.clock().advance_to(to);
        self.audit();
    }

    /// Runs what is due now.
    pub fn settle_down(&self) {
        self.advance_to(&self.world.now().rfc3339());
    }

    fn run_next_job(&self, to: Timestamp) -> bool {
        let due = self.as_("", |tx| tx.find_all::<Job>(None, &[Filter::AtMost("due", to.0)], 10_000)).unwrap();
        let Some(job) = due.into_iter().min_by_key(|job| (job.due, job.id.clone())) else { return false };
        self.world.clock().advance_to(job.due);
        let (_, handler) = crate::jobs().into_iter().find(|(name, _)| *name == job.name).unwrap();
        let done = self.world.run_blocking(&Caller::account(""), Some(job.due), |tx| {
            let Some(job) = tx.find::<Job>(&job.id)? else { return Ok(()) };
            handler(tx, &job)?;
            tx.delete(&job)
        });
        // A job that lost too many races comes back, as the runner's do.
        assert!(done.as_ref().err().is_none_or(|error| error.code_str() == Some("lock_timeout")), "{done:?}");
        true
    }

    /// Holds the whole book to what it must always be.
    pub fn audit(&self) {
        let report = crate::audit::audit(self.world.reader()).unwrap();
        assert!(report.is_clean(), "{report}");
    }
}

pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub(super) fn earn(tx: &mut Tx, account: &str, net: i64, available_on: Timestamp) -> Result<()> {
    let id = tx.id("txn");
    let network = LedgerAccount::operator(Bucket::Network, USD);
    let credit = standing(tx, account, USD, available_on);
    tx.post(Posting::new(Code::Charge, network, credit, net).credit_shown_by(&id))?;
    Entry::new(account, EntryType::Charge, net, USD, available_on).record(tx, id).map(drop)
}

fn open_seller(tx: &mut Tx, interval: PayoutInterval, bank: (&str, Currency, &str)) -> Result<String> {
    let platform = tx.account().to_owned();
    let (id, controller) = (
        tx.id("acct"),
        Controller::application(
            FeePayer::Account,
            Liable::Application,
            RequirementCollection::Application,
            DashboardType::None,
        ),
    );
    let mut shown: Account = tx.load::<Account>(&platform)?.into_shown();
    shown.id.clone_from(&id);
    shown.controller = controller;
    shown.external_accounts.data.clear();
    shown.settings.payouts.schedule = PayoutSchedule::new(interval, 2);
    shown.settings.payouts.debit_negative_balances = false;
    let private = AccountPrivate { platform: Some(platform.clone()), ..AccountPrivate::default() };
    tx.create(&platform, shown, private)?;
    add_bank_account(tx, &id, bank)?;
    Ok(id)
}

/// Gives an account a new default bank account in place of what it had.
pub(super) fn add_bank_account(
    tx: &mut Tx,
    account: &str,
    (country, currency, number): (&str, Currency, &str),
) -> Result<String> {
    let mut account = tx.load::<Account>(account)?;
    let platform = account.account.clone();
    let template = tx.load::<Account>(&platform)?.external_accounts.data[0].clone();
    let bank = ExternalAccount {
        id: tx.id("ba"),
        account: Some(account.id.clone()),
        country: country.into(),
        currency,
        default_for_currency: true,
        ..template
    };
    tx.seal(&bank.id, &json!({ "account_number": number }))?;
    let id = bank.id.clone();
    let listed = accounts::ExternalRef { id: id.clone(), currency, default_for_currency: true };
    account.private.external_accounts.retain(|other| other.currency != currency);
    account.private.external_accounts.push(listed);
    account.external_accounts.data.retain(|other| other.currency != currency);
    account.external_accounts.data.push(bank.clone());
    tx.create(&account.id.clone(), bank, Default::default())?;
    tx.put(&account)?;
    Ok(id)
}

/// Answers a request in-process.
pub(super) async fn call(api: &wire::Api, account: &str, method: &str, path: &str, form: &str) -> (u16, Json) {
    let mut headers = http::HeaderMap::new();
    headers.insert("authorization", format!("Bearer {KEY}").parse().unwrap());
    headers.insert("stripe-account", account.parse().unwrap());
    headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
    let (query, body) = if method == "GET" { (form, "") } else { ("", form) };
    let request = wire::Request {
        method: method.parse().unwrap(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: bytes::Bytes::copy_from_slice(body.as_bytes()),
    };
    let response = api.handle(request).await;
    (response.status, serde_json::from_slice(&response.body).unwrap())
}
