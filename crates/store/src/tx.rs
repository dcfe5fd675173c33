//! A transaction: all that a rule may use.
//!
//! Synchronous, no I/O but through it, no clock but [`Tx::now`], no ids but [`Tx::id`]. Every document read is remembered
//! with its version; nothing leaves the process before the changeset is committed.

use std::collections::HashMap;
use std::sync::Arc;

use kernel::{API_VERSION, ApiError, Result, Timestamp, resource_missing};
use ledger::{Bound, LedgerAccount, Limit, Otherwise, Posting};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::recent::{Loaded, Recent, decode};
use crate::{
    Changeset, Claim, Column, Cursor, Doc, Document, Filter, Idempotency, Journal, Kind, ListQuery, Read, Reader, Row,
    Settle, StoreError, Value, World, Write, WriteKind,
};

/// Who asks, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account that the key belongs to.
    pub key_account: String,
    /// The account acted on: the same, or a connected account named by `Stripe-Account`.
    pub account: String,
    /// The key may only do what a browser may: a publishable key.
    pub publishable: bool,
}

impl Caller {
    /// The holder of a secret key, acting for itself.
    pub fn account(id: &str) -> Caller {
        Caller { key_account: id.to_owned(), account: id.to_owned(), publishable: false }
    }

    /// A platform acting for a connected account.
    pub fn for_connected(platform: &str, account: &str) -> Caller {
        Caller { key_account: platform.to_owned(), account: account.to_owned(), publishable: false }
    }

    /// A platform's key used for one of its connected accounts.
    pub fn is_connect(&self) -> bool {
        self.key_account != self.account
    }
}

/// What a transaction belongs to: shown in events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The request's id, when a request is the origin.
    pub request: Option<String>,
    /// Its idempotency key, when it had one.
    pub idempotency_key: Option<String>,
}

/// Something that happened, as Stripe shows it. `pending_webhooks` is counted when it is shown or sent.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// `evt_…`.
    pub id: String,
    /// `event`.
    pub object: String,
    /// The connected account whose event it is; only for those.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The version in which `data` is written.
    pub api_version: Option<String>,
    /// When it happened.
    pub created: Timestamp,
    /// The object, as it was then, and what it was before.
    pub data: EventData,
    /// Whether it happened in live mode.
    pub livemode: bool,
    /// Deliveries that have not succeeded yet.
    pub pending_webhooks: i64,
    /// The request that caused it; null when none did.
    pub request: Option<EventRequest>,
    /// What happened: `charge.succeeded`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// What an event is about.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EventData {
    /// The object at that moment.
    pub object: Map<String, Json>,
    /// For `…updated`: the changed fields' earlier values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_attributes: Option<Map<String, Json>>,
}

/// The request that caused an event.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EventRequest {
    /// `req_…`, or null when it was automatic.
    pub id: Option<String>,
    /// The request's idempotency key.
    pub idempotency_key: Option<String>,
}

impl Document for Event {
    const KIND: &'static Kind = &Kind {
        shows_fields: false,
        ..Kind::new::<Event>(
            "event",
            "event",
            &["evt"],
            &[Column::text("type").unindexed(), Column::text("object_id").unindexed()],
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
        vec![(&self.kind).into(), self.data.object.get("id").and_then(Json::as_str).into()]
    }
}

/// Something to be done at a moment. Its handler runs as a transaction that also removes it: exactly once.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Job {
    /// `job_…`.
    pub id: String,
    /// Which handler: `mature_pending`, `pay_out`.
    pub name: String,
    /// When it is due.
    pub due: Timestamp,
    /// When it was scheduled.
    pub created: Timestamp,
    /// What the handler needs.
    pub payload: Json,
    /// How often it has failed.
    #[serde(default)]
    pub attempts: u32,
}

impl Document for Job {
    const KIND: &'static Kind =
        &Kind::new::<Job>("job", "job", &["job"], &[Column::int("due"), Column::text("name").unindexed()]);
    type Private = ();
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, (): &()) -> Vec<Value> {
        vec![self.due.into(), (&self.name).into()]
    }
}

/// The id of a job of which there must be only one at a time.
pub fn job(name: &str, key: &str) -> String {
    format!("job_{name}:{key}")
}

/// A page of documents.
#[derive(Debug, Clone)]
pub struct Page {
    /// Newest first.
    pub rows: Vec<Row>,
    /// Whether there are more beyond it.
    pub has_more: bool,
}

/// A transaction of one request, or of one job.
pub struct Tx<'w> {
    world: &'w World,
    caller: Caller,
    origin: Origin,
    now: Timestamp,
    changes: Changeset,
    /// What was read, as it was then: a document is the same throughout a transaction.
    reads: HashMap<Arc<str>, (&'static Kind, Option<Arc<Loaded>>)>,
    writes: HashMap<Arc<str>, usize>,
    /// What was looked up for later, with those that do not exist: see [`Tx::prefetch`].
    fetched: HashMap<Arc<str>, (&'static Kind, Option<Row>)>,
    source: Source<'w>,
    relies_on_recent: bool,
}

/// Where a transaction finds the documents that it decides by.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source<'w> {
    /// In the store.
    Store,
    /// In the store, and whoever comes later may know what was found there.
    StoreFor(&'w Recent),
    /// Among those seen lately, if possible.
    Recent(&'w Recent),
}

impl<'w> Tx<'w> {
    pub(crate) fn new(world: &'w World, caller: Caller, origin: Origin, now: Timestamp, source: Source<'w>) -> Tx<'w> {
        Tx {
            world,
            caller,
            origin,
            now,
            changes: Changeset::default(),
            reads: HashMap::new(),
            writes: HashMap::new(),
            fetched: HashMap::new(),
            source,
            relies_on_recent: false,
        }
    }

    /// Whether something was found among the documents seen lately that only a commit shows to be current.
    pub(crate) fn relies_on_recent(&self) -> bool {
        self.relies_on_recent
    }

    pub(crate) fn changes(&self) -> &Changeset {
        &self.changes
    }

    pub(crate) fn into_changes(self) -> Changeset {
        self.changes
    }

    // Who and when

    /// The moment of this transaction, in the world's time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The account acted on.
    pub fn account(&self) -> &str {
        &self.caller.account
    }

    /// Who asks, and for whom.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The world's settings.
    pub fn world(&self) -> &'w crate::WorldSettings {
        self.world.settings()
    }

    /// Whether real money moves.
    pub fn livemode(&self) -> bool {
        self.world.settings().livemode
    }

    /// From here on acts for another account: for what goes on in the name of whoever began it, without their key.
    pub fn act_for(&mut self, caller: Caller) {
        self.caller = caller;
    }

    /// What this transaction belongs to.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// A new id with this prefix (`ch`). Ids grow with time.
    pub fn id(&self, prefix: &str) -> String {
        self.world.id(prefix)
    }

    /// `length` unpredictable base-62 characters: client secrets, link tokens.
    pub fn secret(&self, length: usize) -> String {
        self.world.secret(length)
    }

    // Reading

    /// A document by its id, whoever's it is; `None` when there is none.
    ///
    /// Use [`Tx::get`] for ids that come from the caller.
    pub fn find<T: Document>(&mut self, id: &str) -> Result<Option<Doc<T>>> {
        self.find_loaded(T::KIND, id)?.map(|loaded| loaded.document()).transpose()
    }

    /// A document that must exist, whoever's it is, since another document refers to it.
    ///
    /// Errors: a 500 when it does not exist, since then the store is damaged.
    pub fn load<T: Document>(&mut self, id: &str) -> Result<Doc<T>> {
        match self.find(id)? {
            Some(doc) => Ok(doc),
            None => Err(self.world.bug(&format!("{} {id} is referred to and does not exist", T::KIND.object))),
        }
    }

    /// A document of the account acted on, named by the caller in `param`.
    ///
    /// Errors: 404 `resource_missing`, the same for one that does not exist and for somebody else's.
    pub fn get<T: Document>(&mut self, id: &str, param: &str) -> Result<Doc<T>> {
        match self.find::<T>(id)? {
            Some(doc) if doc.account == self.caller.account => Ok(doc),
            _ => Err(resource_missing(T::KIND.noun(), id, param)),
        }
    }

    /// A document as stored, remembered as read.
    pub fn find_row(&mut self, kind: &'static Kind, id: &str) -> Result<Option<Row>> {
        Ok(self.find_loaded(kind, id)?.map(|loaded| loaded.row.clone()))
    }

    fn find_loaded(&mut self, kind: &'static Kind, id: &str) -> Result<Option<Arc<Loaded>>> {
        if let Some(&at) = self.writes.get(id) {
            let write = &self.changes.writes[at];
            if write.kind == kind {
                let is_there = write.what != WriteKind::Delete;
                return Ok(is_there.then(|| Arc::new(Loaded::new(kind, write.row.clone()))));
            }
        }
        match self.reads.get(id) {
            Some((known, loaded)) if *known == kind => return Ok(loaded.clone()),
            // Callers may ask for a bank account by the id of an account: an id is of one kind only.
            Some((_, Some(_))) => return Ok(None),
            Some((_, None)) | None => {}
        }
        let loaded = self.fetch(kind, id)?;
        let id: Arc<str> = id.into();
        let version = loaded.as_ref().map_or(0, |loaded| loaded.row.version);
        self.changes.reads.push(Read { kind, id: id.clone(), version });
        self.reads.insert(id, (kind, loaded.clone()));
        Ok(loaded)
    }

    fn fetch(&mut self, kind: &'static Kind, id: &str) -> Result<Option<Arc<Loaded>>> {
        if let Source::Recent(recent) = self.source
            && let Some(loaded) = recent.get(kind, id)
        {
            self.relies_on_recent = true;
            return Ok(Some(loaded));
        }
        let loaded = self.peek_row(kind, id)?.map(|row| Arc::new(Loaded::new(kind, row)));
        if let Source::Recent(recent) | Source::StoreFor(recent) = self.source {
            recent.saw(kind, id, loaded.as_ref());
        }
        Ok(loaded)
    }

    /// A document as stored (or as this transaction leaves it), without remembering that it was read: for showing it, not
    /// for deciding.
    pub fn peek_row(&self, kind: &'static Kind, id: &str) -> Result<Option<Row>> {
        if let Some(&at) = self.writes.get(id) {
            let write = &self.changes.writes[at];
            return Ok((write.kind == kind && write.what != WriteKind::Delete).then(|| write.row.clone()));
        }
        if let Some((_, row)) = self.fetched.get(id).filter(|(fetched, _)| *fetched == kind) {
            return Ok(row.clone());
        }
        if !is_plausible_id(id) {
            return Ok(None);
        }
        self.store(self.world.reader().get(kind, id))
    }

    /// Looks up documents of a kind that are going to be asked for, all at once. None of them counts as read by that.
    pub fn prefetch<'i>(&mut self, kind: &'static Kind, ids: impl IntoIterator<Item = &'i str>) -> Result<()> {
        let is_new = |id: &&str| is_plausible_id(id) && !self.fetched.contains_key(*id);
        let ids: Vec<&str> = ids.into_iter().filter(is_new).collect();
        let found = self.store(self.world.reader().get_many(kind, &ids))?;
        self.fetched.extend(ids.into_iter().map(|id| (Arc::from(id), (kind, None))));
        self.keep(kind, found);
        Ok(())
    }

    /// Documents of a kind that were listed and are going to be asked for: they are not looked up again. None of them
    /// counts as read by that.
    pub fn keep(&mut self, kind: &'static Kind, rows: impl IntoIterator<Item = Row>) {
        self.fetched.extend(rows.into_iter().map(|row| (row.id.clone(), (kind, Some(row)))));
    }

    /// A document without remembering that it was read: for showing it, not for deciding.
    pub fn peek<T: Document>(&self, id: &str) -> Result<Option<Doc<T>>> {
        self.peek_row(T::KIND, id)?.map(|row| decode(&row)).transpose()
    }

    /// A page of documents as they are committed; what this transaction does is not in it, and lists are not remembered as
    /// read: a rule over a list needs a claim.
    ///
    /// Errors: 404 `resource_missing` when the cursor's document is not one of `query.account`'s.
    pub fn list(&self, query: &ListQuery) -> Result<Page> {
        match &query.cursor {
            Cursor::Start => {}
            Cursor::After(id) => self.check_cursor(query, id, "starting_after")?,
            Cursor::Before(id) => self.check_cursor(query, id, "ending_before")?,
        }
        let asked = ListQuery { limit: query.limit + 1, ..query.clone() };
        let mut rows = self.store(self.world.reader().list(&asked))?;
        let has_more = query.limit < rows.len();
        if has_more {
            match query.cursor {
                Cursor::Start | Cursor::After(_) => rows.truncate(query.limit),
                Cursor::Before(_) => drop(rows.remove(0)),
            }
        }
        Ok(Page { rows, has_more })
    }

    fn check_cursor(&self, query: &ListQuery, id: &str, param: &str) -> Result<()> {
        let row = self.peek_row(query.kind, id)?;
        match row {
            Some(row) if query.account.as_deref().is_none_or(|account| account == &*row.account) => Ok(()),
            _ => Err(resource_missing(query.kind.noun(), id, param)),
        }
    }

    /// Documents of a kind that match, newest first, decoded. See [`Tx::list`] on what lists are good for.
    pub fn find_all<T: Document>(
        &mut self,
        account: Option<&str>,
        filters: &[Filter],
        limit: usize,
    ) -> Result<Vec<Doc<T>>> {
        let query = ListQuery {
            kind: T::KIND,
            account: account.map(str::to_owned),
            filters: filters.to_vec(),
            cursor: Cursor::Start,
            limit,
        };
        let page = self.list(&query)?;
        page.rows.iter().map(decode).collect()
    }

    /// How many documents match.
    pub fn count(&self, query: &ListQuery) -> Result<i64> {
        self.store(self.world.reader().count(query))
    }

    /// The committed balance of a ledger account. Balances change between here and the commit: whoever decides by one
    /// states a limit as well.
    pub fn balance(&self, account: &LedgerAccount) -> Result<i64> {
        self.store(self.world.reader().balance(&account.to_string()))
    }

    /// All ledger accounts of an owner with their committed balances.
    pub fn balances(&self, owner: &str) -> Result<Vec<(LedgerAccount, i64)>> {
        let balances = self.store(self.world.reader().balances(owner))?;
        Ok(balances.into_iter().filter_map(|(name, value)| Some((LedgerAccount::parse(&name)?, value))).collect())
    }

    /// The store's reading side: for workers and reports. What it answers is not remembered as read.
    pub fn reader(&self) -> &'w dyn Reader {
        self.world.reader()
    }

    /// The kind whose ids start with the prefix of `id`.
    pub fn kind_of(&self, id: &str) -> Option<&'static Kind> {
        self.world.schema().kind_of(id)
    }

    // Writing

    /// Makes a document of `account`.
    pub fn create<T: Document>(&mut self, account: &str, shown: T, private: T::Private) -> Result<Doc<T>> {
        let doc = Doc { account: account.to_owned(), version: 1, private, shown, before: Arc::from("{}") };
        self.write(&doc, WriteKind::Create, 1)?;
        Ok(doc)
    }

    /// Writes a changed document. It must have been read, or made, by this transaction.
    pub fn put<T: Document>(&mut self, doc: &Doc<T>) -> Result<()> {
        let (what, version) = match self.written(doc.id()) {
            Some(write) if write.what == WriteKind::Create => (WriteKind::Create, 1),
            Some(write) => (WriteKind::Update, write.row.version),
            None => (WriteKind::Update, doc.version + 1),
        };
        self.write(doc, what, version)
    }

    fn written(&self, id: &str) -> Option<&Write> {
        self.writes.get(id).map(|&at| &self.changes.writes[at])
    }

    /// Removes a document that was there before this transaction.
    pub fn delete<T: Document>(&mut self, doc: &Doc<T>) -> Result<()> {
        let version = match self.written(doc.id()) {
            Some(write) if write.what == WriteKind::Create => {
                return Err(self.world.bug("a transaction deletes what it made"));
            }
            Some(write) => write.row.version,
            None => doc.version + 1,
        };
        self.write(doc, WriteKind::Delete, version)
    }

    fn write<T: Document>(&mut self, doc: &Doc<T>, what: WriteKind, version: i64) -> Result<()> {
        let id: Arc<str> = doc.id().into();
        let private = encode(&doc.private).ok().filter(|json| json != "null" && json != "{}");
        let row = Row {
            id: id.clone(),
            account: doc.account.as_str().into(),
            created: doc.created().0,
            version,
            data: self.encode(&doc.shown)?.into(),
            private: private.map(Into::into),
            columns: doc.columns(&doc.private),
        };
        let write = Write { kind: T::KIND, what, row, packed: None };
        match self.writes.get(&id) {
            Some(&at) => self.changes.writes[at] = write,
            None => {
                self.writes.insert(id, self.changes.writes.len());
                self.changes.writes.push(write);
            }
        }
        Ok(())
    }

    /// Takes a name that at most one document may hold. A conflict when it is held: check [`Tx::claim_holder`] first to
    /// answer better.
    pub fn claim(&mut self, key: &str, holder: &str) {
        self.changes.claims.push(Claim::Take { key: key.to_owned(), holder: holder.to_owned() });
    }

    /// Releases a name that `holder` holds.
    pub fn release(&mut self, key: &str, holder: &str) {
        self.changes.claims.push(Claim::Release { key: key.to_owned(), holder: holder.to_owned() });
    }

    /// Who holds a name.
    pub fn claim_holder(&self, key: &str) -> Result<Option<String>> {
        self.store(self.world.reader().claim(key))
    }

    /// Moves money.
    pub fn post(&mut self, posting: Posting) -> Result<()> {
        if !posting.is_sound() {
            return Err(self.world.bug(&format!("an unsound posting: {posting:?}")));
        }
        self.changes.postings.push(posting);
        Ok(())
    }

    /// After this transaction's postings `account` must have at least `floor`, or the request is refused with `error`.
    pub fn require_at_least(&mut self, account: LedgerAccount, floor: i64, error: ApiError) {
        let (bound, otherwise) = (Bound::AtLeast(floor), Otherwise::Refuse(error));
        self.changes.limits.push(Limit { account, bound, otherwise });
    }

    /// The rule runs again when, after this transaction's postings, `account` is not within `bound`.
    pub fn retry_unless(&mut self, account: LedgerAccount, bound: Bound) {
        self.changes.limits.push(Limit { account, bound, otherwise: Otherwise::Retry });
    }

    /// What this transaction itself moves on `account`, so far.
    pub fn moved(&self, account: &LedgerAccount) -> i64 {
        self.changes
            .postings
            .iter()
            .map(|p| i64::from(p.credit == *account) * p.amount - i64::from(p.debit == *account) * p.amount)
            .sum()
    }

    /// Lets a payout settle everything of an account and currency that is available by now and not settled yet.
    pub fn settle(&mut self, settle: Settle) {
        self.changes.settle.push(settle);
    }

    /// Says that something happened to `doc`, as it is now, on its owner's account.
    pub fn emit<T: Document>(&mut self, kind: &str, doc: &Doc<T>) -> Result<()> {
        let object = self.to_map(&doc.shown)?;
        self.emit_object(kind, &doc.account, object, None)
    }

    /// Says that `doc` changed: `previous_attributes` tells what it was when it was read. Nothing is said when nothing
    /// changed.
    pub fn emit_updated<T: Document>(&mut self, kind: &str, doc: &Doc<T>) -> Result<()> {
        let object = self.to_map(&doc.shown)?;
        let before: Map<String, Json> = serde_json::from_str(&doc.before).unwrap_or_default();
        let previous = previous_attributes(&before, &object);
        if previous.is_empty() {
            return Ok(());
        }
        self.emit_object(kind, &doc.account, object, Some(previous))
    }

    /// Says that something happened to an object that is no document (a balance).
    pub fn emit_object(
        &mut self,
        kind: &str,
        account: &str,
        object: Map<String, Json>,
        previous_attributes: Option<Map<String, Json>>,
    ) -> Result<()> {
        let id = self.id("evt");
        let connected = !self.world.is_platform(account);
        let event = Event {
            id: id.clone(),
            object: "event".into(),
            account: connected.then(|| account.to_owned()),
            api_version: Some(API_VERSION.into()),
            created: self.now,
            data: EventData { object, previous_attributes },
            livemode: self.livemode(),
            pending_webhooks: 0,
            request: Some(EventRequest {
                id: self.origin.request.clone(),
                idempotency_key: self.origin.idempotency_key.clone(),
            }),
            kind: kind.to_owned(),
        };
        self.create(account, event, ())?;
        self.changes.events.push(id.into());
        Ok(())
    }

    /// Schedules a job with a new id.
    pub fn schedule(&mut self, name: &str, due: Timestamp, payload: Json) -> Result<()> {
        let id = self.id("job");
        self.create_job(id, name, due, payload)
    }

    /// Schedules the only job of this name and key; when there is one already, it stays as it is.
    pub fn schedule_once(&mut self, name: &str, key: &str, due: Timestamp, payload: Json) -> Result<()> {
        let id = job(name, key);
        if self.find_row(Job::KIND, &id)?.is_some() {
            return Ok(());
        }
        self.create_job(id, name, due, payload)
    }

    /// Removes the only job of this name and key, when there is one.
    pub fn unschedule(&mut self, name: &str, key: &str) -> Result<()> {
        match self.find::<Job>(&job(name, key))? {
            Some(job) => self.delete(&job),
            None => Ok(()),
        }
    }

    fn create_job(&mut self, id: String, name: &str, due: Timestamp, payload: Json) -> Result<()> {
        let job = Job { id, name: name.to_owned(), due, created: self.now, payload, attempts: 0 };
        self.create("", job, ()).map(drop)
    }

    /// Seals private data of the object `id`, in place of what was there.
    pub fn seal<T: Serialize>(&mut self, id: &str, private: &T) -> Result<()> {
        let plain = self.encode(private)?;
        let sealed = self.world.seal(id, plain.as_bytes())?;
        self.changes.sealed.push((id.to_owned(), Some(sealed)));
        Ok(())
    }

    /// Opens the private data of the object `id`.
    pub fn unseal<T: DeserializeOwned>(&self, id: &str) -> Result<Option<T>> {
        let pending = self.changes.sealed.iter().rev().find(|(sealed, _)| sealed == id).map(|(_, data)| data.clone());
        let sealed = match pending {
            Some(data) => data,
            None => self.store(self.world.reader().sealed(id))?,
        };
        let Some(sealed) = sealed else { return Ok(None) };
        let plain = self.world.unseal(id, &sealed)?;
        serde_json::from_slice(&plain).map(Some).map_err(|error| self.world.bug(&format!("sealed {id}: {error}")))
    }

    /// Forgets the private data of the object `id`.
    pub fn unseal_forever(&mut self, id: &str) {
        self.changes.sealed.push((id.to_owned(), None));
    }

    /// Seals `plain` under `name` as text, for what is kept beside the sealed data of objects.
    pub fn seal_text(&self, name: &str, plain: &str) -> Result<String> {
        self.world.seal(name, plain.as_bytes()).map(hex::encode)
    }

    /// Opens what [`Tx::seal_text`] sealed under this name.
    pub fn unseal_text(&self, name: &str, sealed: &str) -> Result<String> {
        let sealed = hex::decode(sealed).map_err(|error| self.world.bug(&format!("{name}: {error}")))?;
        let plain = self.world.unseal(name, &sealed)?;
        String::from_utf8(plain).map_err(|error| self.world.bug(&format!("{name}: {error}")))
    }

    /// Remembers the answer to this request.
    pub fn remember(&mut self, record: Idempotency) {
        self.changes.idempotency = Some(record);
    }

    /// Sets a setting of the world.
    pub fn set(&mut self, name: &str, value: &str) {
        self.changes.settings.push((name.to_owned(), value.to_owned()));
    }

    /// Notes what a worker has done with earlier batches.
    pub fn journal(&mut self, entry: Journal) {
        self.changes.journal.push(entry);
    }

    // Rendering

    /// An object as JSON text.
    pub fn encode<T: Serialize>(&self, value: &T) -> Result<String> {
        encode(value).map_err(|error| self.world.bug(&format!("a document cannot be written as JSON: {error}")))
    }

    fn to_map<T: Serialize>(&self, value: &T) -> Result<Map<String, Json>> {
        match serde_json::to_value(value) {
            Ok(Json::Object(map)) => Ok(map),
            _ => Err(self.world.bug("a document is not a JSON object")),
        }
    }

    fn store<T>(&self, result: Result<T, StoreError>) -> Result<T> {
        result.map_err(|error| self.world.store_error(&error))
    }

    /// A bug of ours: logged here once, told to the caller without its text.
    pub fn bug(&self, what: &str) -> ApiError {
        self.world.bug(what)
    }
}

fn encode<T: Serialize>(value: &T) -> serde_json::Result<String> {
    serde_json::to_string(value)
}

/// Ids that the store can have: printable ASCII of a bounded length. Others are not looked up.
fn is_plausible_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 255 && id.bytes().all(|b| b.is_ascii_graphic())
}

/// The fields of `now` that were different `before`, with their earlier values; inside hashes only what changed
/// (Stripe, "Event object").
fn previous_attributes(before: &Map<String, Json>, now: &Map<String, Json>) -> Map<String, Json> {
    let mut previous = Map::new();
    for (field, value) in now {
        match (before.get(field), value) {
            (Some(old), new) if old == new => {}
            (Some(Json::Object(old)), Json::Object(new)) if !old.is_empty() => {
                let inner = previous_attributes(old, new);
                if !inner.is_empty() {
                    previous.insert(field.clone(), Json::Object(inner));
                }
            }
            (Some(old), _) => drop(previous.insert(field.clone(), old.clone())),
            (None, _) => drop(previous.insert(field.clone(), Json::Null)),
        }
    }
    for (field, old) in before {
        if !now.contains_key(field) {
            previous.insert(field.clone(), old.clone());
        }
    }
    previous
}
