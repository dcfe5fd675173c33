//! Stores to test, the kinds of documents in them, and short ways to write changesets.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kernel::{ApiError, Currency, Timestamp};
use ledger::{Bound, Code, LedgerAccount, Limit, Otherwise, Posting};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::backup::Location;
use store::{
    Batch, Changeset, Claim, Column, Cursor, Document, Engine, Filter, Idempotency, Journal, Kind, ListQuery, Memory,
    Read, Reader, Row, Schema, Settle, StoreResult, Value, Verdict, Write, WriteKind,
};

/// A document with a field of each sort.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Thing {
    pub id: String,
    pub label: Option<String>,
    pub amount: i64,
    pub open: Option<bool>,
    pub share: f64,
    pub state: State,
    pub created: Timestamp,
    pub currency: Option<Currency>,
    pub list: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// At rest.
    Idle,
    /// At work.
    Busy,
}

impl Document for Thing {
    const KIND: &'static Kind = &THING;
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

pub static THING: Kind = Kind::new::<Thing>(
    "thing",
    "thing",
    &["th"],
    &[Column::text("customer"), Column::int("due"), Column::text("type").unindexed()],
);

/// What a payout settles: its columns are part of the contract of [`Settle`].
pub static ENTRY: Kind = Kind::new::<Thing>(
    "balance_transaction",
    "balance_transaction",
    &["txn"],
    &[Column::text("currency").unindexed(), Column::int("available_on"), Column::text("payout")],
);

pub fn schema() -> Schema {
    Schema { kinds: vec![&THING, &ENTRY] }
}

// Stores

enum Place {
    Memory(Memory),
    Sqlite(Folder),
    Postgres(Database),
}

/// Where a store lies, for whoever opens it: as many processes as there are.
#[derive(Clone)]
pub struct Opener(Arc<Place>);

impl Opener {
    pub fn sqlite() -> Opener {
        Opener(Arc::new(Place::Sqlite(Folder::new())))
    }

    /// In a database of its own; `None` when it was said that there is no PostgreSQL.
    pub fn postgres() -> Option<Opener> {
        Database::new().map(|database| Opener(Arc::new(Place::Postgres(database))))
    }

    pub fn location(&self) -> Location {
        match &*self.0 {
            Place::Memory(_) => panic!("memory is nowhere"),
            Place::Sqlite(folder) => Location::Sqlite(folder.database.clone()),
            Place::Postgres(database) => Location::Postgres(database.url.clone()),
        }
    }

    pub fn open(&self, schema: &Schema) -> StoreResult<(Arc<dyn Reader>, Box<dyn Engine>)> {
        match &*self.0 {
            Place::Memory(memory) => Ok((Arc::new(memory.clone()), Box::new(memory.clone()))),
            Place::Sqlite(folder) => {
                let (reader, engine) = store::sqlite::open(&folder.database, schema, 2)?;
                Ok((reader, Box::new(engine)))
            }
            Place::Postgres(database) => {
                let (reader, engine) = store::postgres::open(&database.url, schema, 2)?;
                Ok((reader, Box::new(engine)))
            }
        }
    }
}

/// A store under test: its two sides, and where it lies.
pub struct Store {
    pub reader: Arc<dyn Reader>,
    pub engine: Box<dyn Engine>,
    pub opener: Opener,
}

impl Store {
    pub fn memory() -> Store {
        Store::at(Opener(Arc::new(Place::Memory(Memory::new()))))
    }

    pub fn sqlite() -> Store {
        Store::at(Opener::sqlite())
    }

    pub fn postgres() -> Option<Store> {
        Opener::postgres().map(Store::at)
    }

    pub fn at(opener: Opener) -> Store {
        let (reader, engine) = opener.open(&schema()).unwrap();
        Store { reader, engine, opener }
    }

    /// A second reader and engine on the same store, as another process has them.
    pub fn another(&self) -> (Arc<dyn Reader>, Box<dyn Engine>) {
        self.opener.open(&schema()).unwrap()
    }

    /// Opens it again with other kinds.
    pub fn open_with(&self, schema: &Schema) -> StoreResult<(Arc<dyn Reader>, Box<dyn Engine>)> {
        self.opener.open(schema)
    }

    /// Closes the store and opens it again.
    pub fn reopen(&mut self) {
        // What takes the old sides' place meanwhile.
        let nothing = Memory::new();
        (self.reader, self.engine) = (Arc::new(nothing.clone()), Box::new(nothing));
        (self.reader, self.engine) = self.another();
    }

    pub fn path(&self) -> &Path {
        match &*self.opener.0 {
            Place::Sqlite(folder) => &folder.database,
            Place::Memory(_) | Place::Postgres(_) => panic!("only SQLite has a file"),
        }
    }

    pub fn url(&self) -> &str {
        match &*self.opener.0 {
            Place::Postgres(database) => &database.url,
            Place::Memory(_) | Place::Sqlite(_) => panic!("only PostgreSQL has an address"),
        }
    }

    /// Runs statements beside the engine.
    pub fn execute(&self, sql: &str) {
        match &*self.opener.0 {
            Place::Memory(_) => panic!("memory has no SQL"),
            Place::Sqlite(folder) => rusqlite::Connection::open(&folder.database).unwrap().execute_batch(sql).unwrap(),
            Place::Postgres(database) => postgres(&database.url, sql).unwrap(),
        }
    }

    /// Commits one batch.
    pub fn commit<const N: usize>(&mut self, changes: [Change; N]) -> [Verdict; N] {
        self.try_commit(changes).unwrap()
    }

    pub fn try_commit<const N: usize>(&mut self, changes: [Change; N]) -> StoreResult<[Verdict; N]> {
        let verdicts = self.engine.commit(&batch(changes))?;
        Ok(verdicts.try_into().unwrap())
    }

    pub fn version(&self, id: &str) -> Option<i64> {
        self.reader.get(kind_of(id), id).unwrap().map(|row| row.version)
    }

    pub fn balance(&self, owner: &str) -> i64 {
        self.reader.balance(&account(owner).to_string()).unwrap()
    }

    /// The ids on a page of things.
    pub fn page(&self, account: Option<&str>, filters: &[Filter], cursor: Cursor, limit: usize) -> Vec<String> {
        let query = query(account, filters, cursor, limit);
        self.reader.list(&query).unwrap().iter().map(|row| row.id.to_string()).collect()
    }
}

pub fn query(account: Option<&str>, filters: &[Filter], cursor: Cursor, limit: usize) -> ListQuery {
    ListQuery { kind: &THING, account: account.map(str::to_owned), filters: filters.to_vec(), cursor, limit }
}

pub fn batch<const N: usize>(changes: [Change; N]) -> Batch {
    Batch { changesets: changes.into_iter().map(|change| Arc::new(change.0)).collect(), at: 1_000 }
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

pub fn unique_name() -> String {
    format!("kontor_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// A folder that is gone with the test.
struct Folder {
    path: PathBuf,
    database: PathBuf,
}

impl Folder {
    fn new() -> Folder {
        let path = std::env::temp_dir().join(unique_name());
        std::fs::create_dir(&path).unwrap();
        Folder { database: path.join("kontor.db"), path }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// A database that is gone with the test.
struct Database {
    server: String,
    name: String,
    url: String,
}

impl Database {
    fn new() -> Option<Database> {
        let Ok(server) = std::env::var("KONTOR_TEST_POSTGRES_URL") else {
            assert_eq!(
                std::env::var("KONTOR_TEST_WITHOUT_POSTGRES").as_deref(),
                Ok("1"),
                "run this by scripts/with-postgres, or set KONTOR_TEST_WITHOUT_POSTGRES=1 to leave PostgreSQL out"
            );
            eprintln!("left out: KONTOR_TEST_WITHOUT_POSTGRES=1 says that there is no PostgreSQL");
            return None;
        };
        let name = unique_name();
        postgres(&server, &format!("CREATE DATABASE {name}")).unwrap();
        let (before, _) = server.rsplit_once('/').unwrap();
        Some(Database { url: format!("{before}/{name}"), server, name })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = postgres(&self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

pub fn postgres(url: &str, sql: &str) -> Result<(), tokio_postgres::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        client.batch_execute(sql).await
    })
}

// Changesets

pub fn kind_of(id: &str) -> &'static Kind {
    if id.starts_with("txn") { &ENTRY } else { &THING }
}

pub fn account(owner: &str) -> LedgerAccount {
    LedgerAccount::available(owner, Currency::USD)
}

/// A thing of `acct_1`; the number behind the last underscore of its id is when it was made.
pub fn row(id: &str, version: i64) -> Row {
    let created = id.rsplit('_').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    // Order and spacing of its own: what is stored must come back byte for byte.
    let data = format!(
        r#"{{"id": "{id}","version":{version}, "label":"Ä","amount":{created},"open":true,"share":0.5,"state":"busy","created":{created},"list":[]}}"#
    );
    let columns = match kind_of(id).table {
        "thing" => vec![Value::Null, Value::Null, Value::Null],
        _ => vec!["usd".into(), created.into(), Value::Null],
    };
    Row {
        id: id.into(),
        account: "acct_1".into(),
        created,
        version,
        data: data.into(),
        private: (version % 2 == 0).then(|| r#"{"secret": 1}"#.into()),
        columns,
    }
}

/// A changeset in the making.
#[derive(Debug, Default, Clone)]
pub struct Change(pub Changeset);

impl Change {
    pub fn new() -> Change {
        Change::default()
    }

    fn write(mut self, what: WriteKind, row: Row) -> Change {
        self.0.writes.push(Write { kind: kind_of(&row.id), what, row, packed: None });
        self
    }

    pub fn create(self, id: &str) -> Change {
        self.write(WriteKind::Create, row(id, 1))
    }

    pub fn create_row(self, row: Row) -> Change {
        self.write(WriteKind::Create, row)
    }

    /// Makes `version` out of the one before.
    pub fn update(self, id: &str, version: i64) -> Change {
        self.write(WriteKind::Update, row(id, version))
    }

    /// Removes a document whose version is the one before `version`.
    pub fn delete(self, id: &str, version: i64) -> Change {
        self.write(WriteKind::Delete, row(id, version))
    }

    pub fn read(mut self, id: &str, version: i64) -> Change {
        self.0.reads.push(Read { kind: kind_of(id), id: id.into(), version });
        self
    }

    pub fn take(mut self, key: &str, holder: &str) -> Change {
        self.0.claims.push(Claim::Take { key: key.into(), holder: holder.into() });
        self
    }

    pub fn release(mut self, key: &str, holder: &str) -> Change {
        self.0.claims.push(Claim::Release { key: key.into(), holder: holder.into() });
        self
    }

    pub fn post(mut self, from: &str, to: &str, amount: i64) -> Change {
        self.0.postings.push(Posting::new(Code::Transfer, account(from), account(to), amount).debit_shown_by("txn_1"));
        self
    }

    fn limit(mut self, owner: &str, bound: Bound, otherwise: Otherwise) -> Change {
        self.0.limits.push(Limit { account: account(owner), bound, otherwise });
        self
    }

    pub fn at_least(self, owner: &str, floor: i64) -> Change {
        self.limit(owner, Bound::AtLeast(floor), Otherwise::Refuse(refusal()))
    }

    pub fn at_least_or_retry(self, owner: &str, floor: i64) -> Change {
        self.limit(owner, Bound::AtLeast(floor), Otherwise::Retry)
    }

    pub fn exactly_or_retry(self, owner: &str, value: i64) -> Change {
        self.limit(owner, Bound::Exactly(value), Otherwise::Retry)
    }

    pub fn exactly(self, owner: &str, value: i64) -> Change {
        self.limit(owner, Bound::Exactly(value), Otherwise::Refuse(refusal()))
    }

    pub fn event(mut self, id: &str) -> Change {
        self.0.events.push(id.into());
        self
    }

    pub fn remember(mut self, key: &str, body: &str, created: i64) -> Change {
        self.0.idempotency = Some(record(key, body, created));
        self
    }

    pub fn seal(mut self, id: &str, data: Option<&[u8]>) -> Change {
        self.0.sealed.push((id.into(), data.map(<[u8]>::to_vec)));
        self
    }

    pub fn set(mut self, name: &str, value: &str) -> Change {
        self.0.settings.push((name.into(), value.into()));
        self
    }

    pub fn journal(mut self, entry: Journal) -> Change {
        self.0.journal.push(entry);
        self
    }

    pub fn settle(mut self, until: i64, payout: &str) -> Change {
        let (account, currency) = ("acct_1".into(), "usd".into());
        self.0.settle.push(Settle { account, currency, until, payout: payout.into() });
        self
    }
}

pub fn record(key: &str, body: &str, created: i64) -> Idempotency {
    Idempotency {
        scope: "acct_1/test".into(),
        key: key.into(),
        request_hash: "h".into(),
        request_id: "req_1".into(),
        status: 402,
        body: body.into(),
        created,
        packed: None,
    }
}

pub fn refusal() -> ApiError {
    ApiError::invalid("amount", "There is not enough.")
}

pub fn refused() -> Verdict {
    Verdict::Refused(refusal())
}
