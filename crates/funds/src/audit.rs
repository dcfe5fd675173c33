//! Checks of the whole book: see [`audit`].

mod documents;

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use kernel::{ApiError, Currency, Result};
use ledger::{Bucket, LedgerAccount, OPERATOR};
use store::{Document, PostingRow, Reader, Row, StoreResult, Value};

use crate::balance_transactions::BalanceTransaction;

/// Rows read at a time.
const PAGE: usize = 500;

/// Differences that a report tells in words.
const TOLD: usize = 20;

/// What an audit found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// Postings read.
    pub postings: usize,
    /// Ledger accounts compared with their postings.
    pub ledger_accounts: usize,
    /// Balance transactions compared with the postings that they show.
    pub balance_transactions: usize,
    /// Charges, refunds, transfers, fees and payouts compared with their balance transactions.
    pub documents: usize,
    /// How many differences there are.
    pub differences: usize,
    /// The first of them, as sentences.
    pub told: Vec<String>,
}

impl AuditReport {
    /// Whether everything agrees.
    pub fn is_clean(&self) -> bool {
        self.differences == 0
    }

    fn differ(&mut self, sentence: String) {
        self.differences += 1;
        if self.told.len() < TOLD {
            self.told.push(sentence);
        }
    }
}

impl fmt::Display for AuditReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Books: {} postings, {} ledger accounts, {} balance transactions, {} documents: ",
            self.postings, self.ledger_accounts, self.balance_transactions, self.documents
        )?;
        match self.differences {
            0 => return f.write_str("everything agrees."),
            1 => f.write_str("1 difference.")?,
            n => write!(f, "{n} differences.")?,
        }
        for sentence in &self.told {
            write!(f, "\n  {sentence}")?;
        }
        let untold = self.differences - self.told.len();
        if 0 < untold { write!(f, "\n  and {untold} more") } else { Ok(()) }
    }
}

/// Checks that
/// 1. every posting is sound, the balances of each currency add up to zero, and each ledger account's balance is the sum
///    of its postings;
/// 2. each balance transaction's net is what the postings that name it move, on its own account and in its own currency,
///    and every balance transaction that a posting names exists;
/// 3. per account and currency the balance transactions add up to what is pending and available;
/// 4. what documents say of money is what was booked: charges, refunds, transfers, application fees, payouts, and what of
///    them came back;
/// 5. what is in transit is what payouts under way say, what is kept back is what they keep, and what is reserved is what
///    platforms hold for their accounts;
/// 6. the balance transactions that an automatic payout settles are its account's, and add up to zero with its own.
///
/// It reads page by page; what it keeps in memory is a number per ledger account, one per document that was given back in
/// part, and one per automatic payout. What is read must stand still meanwhile: it is a snapshot, or nobody writes.
///
/// Errors: 503 or 500 when the store cannot be read.
pub fn audit(reader: &dyn Reader) -> Result<AuditReport> {
    let audited = run(reader);
    audited.map_err(|error| {
        tracing::error!(error = %error, "the audit cannot read the store: {error}");
        ApiError::unavailable()
    })
}

fn run(reader: &dyn Reader) -> StoreResult<AuditReport> {
    let mut report = AuditReport::default();
    let mut book = Book::default();
    let mut matcher = Matcher::new(reader);
    each_posting(reader, &mut report, &mut book, &mut matcher)?;
    matcher.finish(&mut report, &mut book)?;
    book.compare(reader, &mut report)?;
    documents::check(reader, &mut report, &mut book)?;
    Ok(report)
}

/// An account and one of its currencies.
type Purse = (String, Currency);

/// What the postings and the balance transactions add up to.
#[derive(Default)]
struct Book {
    balances: BTreeMap<String, i64>,
    nets: BTreeMap<Purse, i64>,
    /// What the balance transactions that a payout settles add up to, by payout, account and currency.
    settled: BTreeMap<(String, Purse), i64>,
}

impl Book {
    fn post(&mut self, posting: &ledger::Posting) {
        *self.balances.entry(posting.debit.to_string()).or_default() -= posting.amount;
        *self.balances.entry(posting.credit.to_string()).or_default() += posting.amount;
    }

    /// Holds what stands in a bucket, by account and currency, against what documents say that it is.
    fn compare_bucket(&self, report: &mut AuditReport, bucket: Bucket, said: BTreeMap<Purse, i64>) {
        let mut stands: BTreeMap<Purse, i64> = BTreeMap::new();
        for (name, balance) in &self.balances {
            if let Some(account) = LedgerAccount::parse(name).filter(|account| account.bucket == bucket) {
                *stands.entry((account.owner, account.currency)).or_default() += balance;
            }
        }
        for purse in stands.keys().chain(said.keys().filter(|purse| !stands.contains_key(*purse))) {
            let (stands, said) = (at(&stands, purse), at(&said, purse));
            if stands != said {
                let ((account, currency), bucket) = (purse, bucket.as_str());
                report.differ(format!("{account} has {stands} {currency} {bucket}, its documents say {said}."));
            }
        }
    }

    fn compare(&self, reader: &dyn Reader, report: &mut AuditReport) -> StoreResult<()> {
        let mut totals: BTreeMap<Currency, i64> = BTreeMap::new();
        let mut purses: BTreeMap<Purse, i64> = BTreeMap::new();
        let (mut after, mut posted) = (String::new(), self.balances.clone());
        loop {
            let page = reader.scan_balances(&after, PAGE)?;
            let Some((last, _)) = page.last() else { break };
            after.clone_from(last);
            for (name, balance) in page {
                report.ledger_accounts += 1;
                let sum = posted.remove(&name).unwrap_or(0);
                if sum != balance {
                    report.differ(format!("The balance of {name} is {balance}, its postings add up to {sum}."));
                }
                let Some(account) = LedgerAccount::parse(&name) else {
                    report.differ(format!("{name} is no name of a ledger account."));
                    continue;
                };
                *totals.entry(account.currency).or_default() += balance;
                if is_shown(&account) {
                    *purses.entry((account.owner, account.currency)).or_default() += balance;
                }
            }
        }
        for (name, sum) in posted.into_iter().filter(|(_, sum)| *sum != 0) {
            report.differ(format!("The postings to {name} add up to {sum}, and it has no balance."));
        }
        for (currency, total) in totals.into_iter().filter(|(_, total)| *total != 0) {
            report.differ(format!("All balances in {currency} add up to {total} and not to 0."));
        }
        for purse in purses.keys().chain(self.nets.keys().filter(|purse| !purses.contains_key(*purse))) {
            let (stands, net) = (at(&purses, purse), at(&self.nets, purse));
            if stands != net {
                let (account, currency) = purse;
                report.differ(format!(
                    "{account} has {stands} {currency} pending and available, its balance transactions add up to {net}."
                ));
            }
        }
        Ok(())
    }
}

fn at(sums: &BTreeMap<Purse, i64>, purse: &Purse) -> i64 {
    sums.get(purse).copied().unwrap_or(0)
}

/// Whether balance transactions show what happens on it: what is pending and available of a merchant.
fn is_shown(account: &LedgerAccount) -> bool {
    match account.bucket {
        Bucket::Pending | Bucket::Available => account.owner != OPERATOR,
        Bucket::Reserved
        | Bucket::InTransit
        | Bucket::KeptBack
        | Bucket::Network
        | Bucket::Bank
        | Bucket::Fees
        | Bucket::Losses
        | Bucket::Conversion => false,
    }
}

fn each_posting(
    reader: &dyn Reader,
    report: &mut AuditReport,
    book: &mut Book,
    matcher: &mut Matcher,
) -> StoreResult<()> {
    let mut after = (0, -1);
    let mut batch: Option<i64> = None;
    loop {
        let page = reader.scan_postings(after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = (last.batch, last.position);
        for row in &page {
            if batch != Some(row.batch) {
                matcher.close_batch(report);
                batch = Some(row.batch);
            }
            report.postings += 1;
            check_posting(row, report);
            book.post(&row.posting);
            matcher.show(row, report);
        }
        matcher.follow(report, book)?;
    }
    matcher.close_batch(report);
    Ok(())
}

fn check_posting(row: &PostingRow, report: &mut AuditReport) {
    let place = format!("Posting {}.{}", row.batch, row.position);
    let posting = &row.posting;
    if !posting.is_sound() {
        report.differ(format!("{place} is not sound: {posting:?}"));
    }
    for (account, entry) in [(&posting.debit, &posting.debit_entry), (&posting.credit, &posting.credit_entry)] {
        if account.owner == OPERATOR && !entry.is_empty() {
            report.differ(format!("{place} says that {entry} shows the operator's side."));
        }
    }
}

/// What the postings of one batch show by one balance transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shown {
    purse: Purse,
    amount: i64,
}

/// Holds each balance transaction against the postings that name it.
///
/// Both are read in the order of time, so that only the few of which the other side was not read yet are kept: all postings
/// of a balance transaction are in one batch.
struct Matcher<'r> {
    reader: &'r dyn Reader,
    /// Of the batch that is being read.
    open: HashMap<String, Shown>,
    /// Of batches that were read whole, without their balance transaction so far.
    shown: HashMap<String, Shown>,
    /// Balance transactions without their postings so far.
    rows: HashMap<String, Shown>,
    /// Up to where the balance transactions were read.
    after: String,
    /// The newest one that a posting names.
    newest: String,
}

impl<'r> Matcher<'r> {
    fn new(reader: &'r dyn Reader) -> Matcher<'r> {
        Matcher {
            reader,
            open: HashMap::new(),
            shown: HashMap::new(),
            rows: HashMap::new(),
            after: String::new(),
            newest: String::new(),
        }
    }

    fn show(&mut self, row: &PostingRow, report: &mut AuditReport) {
        let posting = &row.posting;
        let sides = [
            (&posting.debit, &posting.debit_entry, -posting.amount),
            (&posting.credit, &posting.credit_entry, posting.amount),
        ];
        for (account, entry, amount) in sides.into_iter().filter(|(_, entry, _)| !entry.is_empty()) {
            let purse = (account.owner.clone(), account.currency);
            let shown = self.open.entry(entry.clone()).or_insert_with(|| Shown { purse: purse.clone(), amount: 0 });
            if shown.purse != purse {
                report.differ(format!("{entry} shows postings of more than one account or currency."));
            }
            shown.amount += amount;
            if self.newest < *entry {
                self.newest.clone_from(entry);
            }
        }
    }

    fn close_batch(&mut self, report: &mut AuditReport) {
        for (entry, shown) in self.open.drain() {
            match self.rows.remove(&entry) {
                Some(row) => compare(&entry, &row, &shown, report),
                None => {
                    if self.shown.insert(entry.clone(), shown).is_some() {
                        report.differ(format!("{entry} is named by postings of more than one batch."));
                    }
                }
            }
        }
    }

    /// Reads balance transactions up to the newest that a posting named.
    fn follow(&mut self, report: &mut AuditReport, book: &mut Book) -> StoreResult<()> {
        while self.after < self.newest {
            if !self.read_page(report, book)? {
                break;
            }
        }
        Ok(())
    }

    fn read_page(&mut self, report: &mut AuditReport, book: &mut Book) -> StoreResult<bool> {
        let page = self.reader.scan(BalanceTransaction::KIND, &self.after, PAGE)?;
        let Some(last) = page.last() else { return Ok(false) };
        self.after = last.id.to_string();
        for row in &page {
            let Ok(entry) = serde_json::from_str::<BalanceTransaction>(&row.data) else {
                report.differ(format!("{} cannot be read.", row.id));
                continue;
            };
            report.balance_transactions += 1;
            check_arithmetic(&entry, report);
            let purse = (row.account.to_string(), entry.currency);
            *book.nets.entry(purse.clone()).or_default() += entry.net;
            if let Some(payout) = settled_by(row) {
                *book.settled.entry((payout.to_owned(), purse.clone())).or_default() += entry.net;
            }
            let row = Shown { purse, amount: entry.net };
            match self.shown.remove(&entry.id) {
                Some(shown) => compare(&entry.id, &row, &shown, report),
                None => drop(self.rows.insert(entry.id, row)),
            }
        }
        Ok(true)
    }

    /// Reads what is left of the balance transactions; what then has no other side is a difference.
    fn finish(&mut self, report: &mut AuditReport, book: &mut Book) -> StoreResult<()> {
        while self.read_page(report, book)? {}
        let mut lonely: Vec<&String> = self.shown.keys().collect();
        lonely.sort();
        for entry in lonely {
            report.differ(format!("{entry} is named by a posting and does not exist."));
        }
        let mut unmoved: Vec<(&String, &Shown)> = self.rows.iter().filter(|(_, row)| row.amount != 0).collect();
        unmoved.sort_by_key(|(entry, _)| *entry);
        for (entry, row) in unmoved {
            report.differ(format!("{entry} has a net of {} and no posting names it.", row.amount));
        }
        Ok(())
    }
}

/// The payout that settles a balance transaction: only the column knows.
fn settled_by(row: &Row) -> Option<&str> {
    let place = BalanceTransaction::KIND.columns.iter().position(|column| column.name == "payout")?;
    match row.columns.get(place) {
        Some(Value::Text(payout)) => Some(payout),
        Some(Value::Int(_) | Value::Null) | None => None,
    }
}

fn check_arithmetic(entry: &BalanceTransaction, report: &mut AuditReport) {
    let fees: i64 = entry.fee_details.iter().map(|detail| detail.amount).sum();
    if entry.fee != fees {
        report.differ(format!("{} has a fee of {} made of {fees}.", entry.id, entry.fee));
    }
    if entry.net != entry.amount - entry.fee {
        report.differ(format!("{}: {} less {} is not {}.", entry.id, entry.amount, entry.fee, entry.net));
    }
}

fn compare(entry: &str, row: &Shown, shown: &Shown, report: &mut AuditReport) {
    if row.purse != shown.purse {
        let ((owner, currency), (other, in_other)) = (&row.purse, &shown.purse);
        report.differ(format!("{entry} is {owner}'s in {currency} and shows postings of {other} in {in_other}."));
    }
    if row.amount != shown.amount {
        report.differ(format!("{entry} has a net of {}, its postings move {}.", row.amount, shown.amount));
    }
}
