//! A small world to move money in: a platform, its sellers, cards, a clock with its jobs, the audit.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use accounts::{
    Account, AccountPrivate, CapabilityStatus, Controller, DashboardType, FeePayer, Liable, NewPlatform,
    PayoutInterval, PayoutSchedule, RequirementCollection,
};
use kernel::{ApiError, Currency, DAY, Metadata, Money, Result, Rng, Timestamp};
use ledger::Bucket;
use rails::cards::{Answer, Approval, Ask, CardNumber, authorize};
use store::{Caller, Clock, Document, Event, Filter, Job, Schema, Tx, Vault, World, WorldSettings};

use crate::application_fees::ApplicationFee;
use crate::balance_transactions::BalanceTransaction;
use crate::charges::{
    BillingDetails, CardDetails, Charge, ChargeOrder, PaymentMethodDetails, Split, TransferOrder, approve, check_split,
};
use crate::refunds::{self, CreateRefund, Refund};
use crate::transfers::{self, CreateTransfer, Transfer};

pub const USD: Currency = Currency::USD;
pub const VISA: &str = "4242424242424242";
pub const BYPASS: &str = "4000000000000077";
pub const PENDING_REFUND: &str = "4000000000007726";
pub const FAILING_REFUND: &str = "4000000000005126";
/// Monday, 2 November 2026, 12:00 UTC.
const START: Timestamp = Timestamp(1_793_620_800);

/// Runs a test in memory, on SQLite and on PostgreSQL.
///
/// PostgreSQL is never left out silently: without `KONTOR_TEST_POSTGRES_URL` the test fails, unless
/// `KONTOR_TEST_WITHOUT_POSTGRES=1` says that this is wanted.
pub fn on_every_engine(test: fn(&Stage)) {
    test(&Stage::new(World::seeded(schema(), 7).unwrap()));
    let folder = Folder::new();
    let (reader, engine) = store::sqlite::open(&folder.0.join("kontor.sqlite"), &schema(), 2).unwrap();
    test(&Stage::new(world(reader, engine)));
    if std::env::var_os("KONTOR_TEST_WITHOUT_POSTGRES").is_some() {
        eprintln!("PostgreSQL is left out, as KONTOR_TEST_WITHOUT_POSTGRES asks");
        return;
    }
    let database = Database::new();
    let (reader, engine) = store::postgres::open(&database.url, &schema(), 2).unwrap();
    test(&Stage::new(world(reader, engine)));
}

/// Runs a test on the memory engine alone: for rules that do not touch what engines do.
pub fn on_memory(test: impl FnOnce(&Stage)) {
    test(&Stage::new(World::seeded(schema(), 7).unwrap()));
}

fn schema() -> Schema {
    Schema::new([wire::kinds(), accounts::kinds(), crate::kinds()].into_iter().flatten())
}

fn world(reader: Arc<dyn store::Reader>, engine: impl store::Engine) -> World {
    let settings = WorldSettings::sandbox("http://127.0.0.1:4242");
    World::open(reader, engine, schema(), Clock::manual(START), Rng::seeded(7), Vault::new([7; 32]), settings).unwrap()
}

static NAMES: AtomicU64 = AtomicU64::new(0);

fn unique_name() -> String {
    format!("kontor_funds_{}_{}", std::process::id(), NAMES.fetch_add(1, Ordering::Relaxed))
}

struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let path = std::env::temp_dir().join(unique_name());
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A database of its own on the server named by `KONTOR_TEST_POSTGRES_URL`.
struct Database {
    server: String,
    name: String,
    url: String,
}

impl Database {
    fn new() -> Database {
        let server = std::env::var("KONTOR_TEST_POSTGRES_URL")
            .expect("KONTOR_TEST_POSTGRES_URL is not set: run this through scripts/with-postgres");
        let name = unique_name();
        postgres(&server, &format!("CREATE DATABASE {name}"));
        let (before, _) = server.rsplit_once('/').unwrap();
        Database { url: format!("{before}/{name}"), server, name }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        postgres(&self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

fn postgres(url: &str, sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(sql).await.unwrap();
    });
}

/// How a seller is set up.
#[derive(Clone, Copy)]
pub struct Seller {
    pub payer: FeePayer,
    pub losses: Liable,
    pub debits_negative: bool,
    pub currency: Currency,
    pub country: &'static str,
}

impl Seller {
    /// Its platform answers for its losses, and its balance may go below zero.
    pub const LIABLE_PLATFORM: Seller = Seller {
        payer: FeePayer::Account,
        losses: Liable::Application,
        debits_negative: true,
        currency: USD,
        country: "US",
    };
    /// Nobody answers for its losses but Kontor.
    pub const STANDARD: Seller = Seller { losses: Liable::Stripe, ..Seller::LIABLE_PLATFORM };
    /// The platform pays the fees of its direct charges.
    pub const PLATFORM_PAYS: Seller = Seller { payer: FeePayer::Application, ..Seller::LIABLE_PLATFORM };
    /// Its balance does not go below zero for refunds.
    pub const NEVER_BELOW_ZERO: Seller = Seller { debits_negative: false, ..Seller::LIABLE_PLATFORM };
    /// In Germany, with a balance in euros.
    pub const GERMAN: Seller = Seller { currency: Currency::EUR, country: "DE", ..Seller::LIABLE_PLATFORM };
}

pub struct Stage {
    pub world: Arc<World>,
    pub platform: String,
    pub application: String,
}

impl Stage {
    fn new(world: World) -> Stage {
        let new = NewPlatform { country: "US".into(), email: "p@example.com".into(), display_name: "Market".into() };
        let platform = world.run_blocking(&Caller::account(""), None, |tx| {
            let platform = accounts::create_platform(tx, &new)?;
            world.add_platform(tx, &platform.id);
            Ok(platform)
        });
        let platform = platform.unwrap();
        let application = platform.private.application.clone().unwrap().id;
        Stage { platform: platform.id.clone(), application, world: Arc::new(world) }
    }

    pub fn run<R>(&self, caller: &Caller, rule: impl FnMut(&mut Tx) -> Result<R>) -> Result<R> {
        self.world.run_blocking(caller, None, rule)
    }

    pub fn platform(&self) -> Caller {
        Caller::account(&self.platform)
    }

    /// The platform acting for a seller.
    pub fn on(&self, seller: &str) -> Caller {
        Caller::for_connected(&self.platform, seller)
    }

    pub fn seller(&self, how: Seller) -> String {
        let made = self.run(&self.platform(), |tx| {
            let mut shown = tx.load::<Account>(&self.platform)?.into_shown();
            shown.id = tx.id("acct");
            shown.email = Some("seller@example.com".into());
            shown.country = how.country.into();
            shown.default_currency = how.currency;
            let (custom, none) = (RequirementCollection::Application, DashboardType::None);
            shown.controller = Controller::application(how.payer, how.losses, custom, none);
            shown.external_accounts.data.clear();
            shown.capabilities = ["card_payments", "transfers"].map(|c| (c.into(), CapabilityStatus::Active)).into();
            shown.settings.payouts.schedule = PayoutSchedule::new(PayoutInterval::Manual, 2);
            shown.settings.payouts.debit_negative_balances = how.debits_negative;
            let private = AccountPrivate { platform: Some(self.platform.clone()), ..AccountPrivate::default() };
            tx.create(&self.platform, shown, private)
        });
        made.unwrap().id.clone()
    }

    pub fn change_account(&self, id: &str, change: fn(&mut Account)) {
        self.run(&self.platform(), |tx| {
            let mut account = tx.load::<Account>(id)?;
            change(&mut account);
            tx.put(&account)
        })
        .unwrap();
    }

    // Doing

    /// Charges a card as `caller`, as the payments crate does: first the split is checked.
    pub fn try_charge(&self, caller: &Caller, number: &str, order: &ChargeOrder) -> Result<Charge> {
        let approval = approval(number, order.amount);
        self.run(caller, |tx| {
            check_split(tx, &split_of(order))?;
            approve(tx, order.clone(), approval)
        })
        .map(store::Doc::into_shown)
    }

    pub fn charge_with(&self, caller: &Caller, number: &str, order: &ChargeOrder) -> Charge {
        self.try_charge(caller, number, order).unwrap()
    }

    pub fn charge(&self, caller: &Caller, order: &ChargeOrder) -> Charge {
        self.charge_with(caller, VISA, order)
    }

    pub fn try_refund(&self, caller: &Caller, refund: &CreateRefund) -> Result<Refund> {
        self.run(caller, |tx| refunds::create(tx, refund.clone())).map(store::Doc::into_shown)
    }

    pub fn refund(&self, caller: &Caller, refund: &CreateRefund) -> Refund {
        self.try_refund(caller, refund).unwrap()
    }

    pub fn try_transfer(&self, caller: &Caller, transfer: &CreateTransfer) -> Result<Transfer> {
        self.run(caller, |tx| transfers::create(tx, transfer.clone())).map(store::Doc::into_shown)
    }

    pub fn transfer(&self, transfer: &CreateTransfer) -> Transfer {
        self.try_transfer(&self.platform(), transfer).unwrap()
    }

    /// Money on the platform that is available at once.
    pub fn fund(&self, amount: i64) -> Charge {
        self.charge_with(&self.platform(), BYPASS, &order(amount))
    }

    // Time

    /// Moves the clock until everything pending is available, and runs what is due on the way.
    pub fn mature(&self) {
        self.advance(10 * DAY);
    }

    pub fn advance(&self, seconds: i64) {
        let to = self.world.now().plus(seconds);
        while self.run_next_job(to) {}
        self.world.clock().advance_to(to);
    }

    fn run_next_job(&self, to: Timestamp) -> bool {
        let nobody = Caller::account("");
        let due = self.run(&nobody, |tx| tx.find_all::<Job>(None, &[Filter::AtMost("due", to.0)], 1_000)).unwrap();
        let Some(job) = due.into_iter().min_by_key(|job| (job.due, job.id.clone())) else { return false };
        self.world.clock().advance_to(job.due);
        let (_, handler) = crate::jobs().into_iter().find(|(name, _)| *name == job.name).unwrap();
        let done = self.world.run_blocking(&nobody, Some(job.due), |tx| {
            let Some(job) = tx.find::<Job>(&job.id)? else { return Ok(()) };
            handler(tx, &job)?;
            tx.delete(&job)
        });
        done.unwrap_or_else(|error| panic!("{}: {error}", job.name));
        true
    }

    // Looking

    pub fn find<T: Document>(&self, id: &str) -> T {
        self.run(&self.platform(), |tx| tx.load::<T>(id)).unwrap().into_shown()
    }

    pub fn fee_of(&self, charge: &Charge) -> ApplicationFee {
        self.find(charge.application_fee.as_deref().unwrap())
    }

    pub fn transfer_of(&self, charge: &Charge) -> Transfer {
        self.find(charge.transfer.as_deref().unwrap())
    }

    pub fn entries(&self, account: &str) -> Vec<BalanceTransaction> {
        let found = self.run(&self.platform(), |tx| tx.find_all::<BalanceTransaction>(Some(account), &[], 1_000));
        let mut entries: Vec<_> = found.unwrap().into_iter().map(store::Doc::into_shown).collect();
        entries.sort_by(|a, b| a.id.cmp(&b.id));
        entries
    }

    /// An account's rows in the order of their ids, one line each:
    /// `charge 1000 - 182 = 818 (charge, ch): application_fee 123 + stripe_fee 59`.
    pub fn rows(&self, account: &str) -> Vec<String> {
        self.entries(account).iter().map(row).collect()
    }

    /// The rows that were added since `before`.
    pub fn rows_since(&self, account: &str, before: usize) -> Vec<String> {
        self.rows(account).split_off(before)
    }

    pub fn available(&self, account: &str) -> i64 {
        self.sum(account, Bucket::Available, USD)
    }

    pub fn pending(&self, account: &str) -> i64 {
        self.sum(account, Bucket::Pending, USD)
    }

    /// Available and pending money.
    pub fn total(&self, account: &str) -> i64 {
        self.available(account) + self.pending(account)
    }

    pub fn sum(&self, account: &str, bucket: Bucket, currency: Currency) -> i64 {
        let totals = self.run(&self.platform(), |tx| crate::balance::totals(tx, account, bucket)).unwrap();
        totals.iter().filter(|(of, _)| *of == currency).map(|(_, sum)| sum).sum()
    }

    /// The types of an account's events, oldest first.
    pub fn events(&self, account: &str) -> Vec<String> {
        let mut found = self.run(&self.platform(), |tx| tx.find_all::<Event>(Some(account), &[], 1_000)).unwrap();
        found.sort_by(|a, b| a.id.cmp(&b.id));
        found.iter().map(|event| event.kind.clone()).collect()
    }

    pub fn audit(&self) {
        let report = crate::audit::audit(self.world.reader()).unwrap();
        assert!(report.is_clean(), "{report}");
        assert!(0 < report.postings || self.entries(&self.platform).is_empty());
    }
}

fn row(entry: &BalanceTransaction) -> String {
    let source = entry.source.as_deref().map_or("none", |id| id.split('_').next().unwrap());
    let mut line = format!(
        "{} {} - {} = {} ({}, {source})",
        entry.kind.as_str(),
        entry.amount,
        entry.fee,
        entry.net,
        entry.reporting_category
    );
    let fees: Vec<String> = entry
        .fee_details
        .iter()
        .map(|detail| {
            let kind = serde_json::to_value(detail.kind).unwrap();
            format!("{} {}", kind.as_str().unwrap(), detail.amount)
        })
        .collect();
    if !fees.is_empty() {
        line.push_str(": ");
        line.push_str(&fees.join(" + "));
    }
    line
}

pub fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

pub fn usd(amount: i64) -> Money {
    Money::new(amount, USD)
}

pub fn approval(number: &str, amount: Money) -> Approval {
    let number = CardNumber::parse(number, "number").unwrap();
    match authorize(&number, &Ask::new(amount)) {
        Answer::Approved(approval) => approval,
        other => panic!("{other:?}"),
    }
}

fn split_of(order: &ChargeOrder) -> Split<'_> {
    Split {
        amount: order.amount,
        application_fee_amount: order.application_fee_amount,
        transfer: order.transfer.as_ref(),
        on_behalf_of: order.on_behalf_of.as_deref(),
        transfer_group: order.transfer_group.as_deref(),
    }
}

/// A payment in US cents by an American card, captured at once.
pub fn order(amount: i64) -> ChargeOrder {
    let card = CardDetails {
        brand: Some("visa".into()),
        country: Some("US".into()),
        exp_month: 11,
        exp_year: 2027,
        funding: Some("credit".into()),
        last4: Some("4242".into()),
        network: Some("visa".into()),
        ..CardDetails::default()
    };
    ChargeOrder {
        amount: usd(amount),
        payment_intent: None,
        customer: None,
        payment_method: Some("pm_1".into()),
        payment_method_details: PaymentMethodDetails::card(card),
        source: None,
        billing_details: BillingDetails::default(),
        description: None,
        metadata: Metadata::new(),
        statement_descriptor: None,
        statement_descriptor_suffix: None,
        receipt_email: None,
        shipping: None,
        on_behalf_of: None,
        transfer: None,
        transfer_group: None,
        application_fee_amount: None,
        card_country: "US".into(),
        capture: true,
    }
}

pub fn with_fee(amount: i64, fee: i64) -> ChargeOrder {
    ChargeOrder { application_fee_amount: Some(fee), ..order(amount) }
}

pub fn to(destination: &str, amount: Option<i64>) -> Option<TransferOrder> {
    Some(TransferOrder { destination: destination.into(), amount, ..TransferOrder::default() })
}

/// A destination charge with a fee.
pub fn destination(amount: i64, fee: i64, destination: &str) -> ChargeOrder {
    ChargeOrder { transfer: to(destination, None), ..with_fee(amount, fee) }
}

/// A destination charge of which only a part goes out.
pub fn destination_part(amount: i64, part: i64, destination: &str) -> ChargeOrder {
    ChargeOrder { transfer: to(destination, Some(part)), ..order(amount) }
}

pub fn refund_of(charge: &Charge, amount: Option<i64>) -> CreateRefund {
    CreateRefund { charge: Some(charge.id.clone()), amount, ..CreateRefund::default() }
}

/// A refund with its part of the fee.
pub fn refund_with_fee(charge: &Charge, amount: Option<i64>) -> CreateRefund {
    CreateRefund { refund_application_fee: Some(true), ..refund_of(charge, amount) }
}

/// A refund with its part of the transfer.
pub fn refund_reversing(charge: &Charge, amount: Option<i64>) -> CreateRefund {
    CreateRefund { reverse_transfer: Some(true), ..refund_of(charge, amount) }
}

/// A refund with its part of the transfer and of the fee.
pub fn refund_all(charge: &Charge, amount: Option<i64>) -> CreateRefund {
    CreateRefund { refund_application_fee: Some(true), ..refund_reversing(charge, amount) }
}

pub fn transfer_to(destination: &str, amount: i64) -> CreateTransfer {
    CreateTransfer {
        amount: Some(amount),
        currency: USD,
        destination: destination.into(),
        description: None,
        metadata: kernel::Patch::Absent,
        source_transaction: None,
        source_type: None,
        transfer_group: None,
    }
}

pub fn transfer_from(charge: &Charge, destination: &str, amount: i64) -> CreateTransfer {
    CreateTransfer { source_transaction: Some(charge.id.clone()), ..transfer_to(destination, amount) }
}

/// A refusal's status, code and parameter.
pub fn told<T: std::fmt::Debug>(refused: Result<T, ApiError>) -> (u16, String, String) {
    let error = refused.unwrap_err();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    (error.http_status(), text(error.code_str()), text(error.param_str()))
}

pub fn refused(code: &str, param: &str) -> (u16, String, String) {
    (400, code.into(), param.into())
}
