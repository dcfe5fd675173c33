//! The seal of the book: committed postings are gathered, in commit order, under a Merkle root that names the seal before.
//!
//! Whoever keeps a root can later show that no posting under it, or under any seal before it, was changed, added or removed.
//! Each posting is a leaf: its batch, position and moment, then [`Posting::canonical`](ledger::Posting::canonical), each
//! field ended by a newline. The root of a seal is SHA-256 over the byte 2, the previous root (32 zeros for the first) and
//! the Merkle root (RFC 6962) over its leaves, batches in the order of their numbers.
//!
//! One seal at a time: two processes that seal at once make documents with the same id, and one of them starts over.

use std::fmt;
use std::sync::Arc;

use kernel::{ApiError, Result, Timestamp};
use ledger::{Proof, leaf_hash, merkle_root, prove, verify};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{
    Column, Cursor, Document, Filter, Journal, Kind, ListQuery, PostingRow, Reader, StoreError, StoreResult, Tx, Value,
    World,
};

use crate::nobody;

type Hash = [u8; 32];

/// Batches under one seal at the most.
const BATCHES: usize = 1_024;
/// No further batch is begun in a seal that has as many postings.
const POSTINGS: usize = 65_536;
/// Rows read at a time while checking.
const PAGE: usize = 1_000;
/// Faults that a report names; the first tells most.
const MOST_FAULTS: usize = 20;
/// The setting that holds the number of the newest seal.
const NEWEST: &str = "newest_seal";
/// What the first seal names as the one before.
const NOTHING: Hash = [0; 32];

/// A seal over a part of the book.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Seal {
    /// `seal_` and the number in twelve digits.
    pub id: String,
    /// `seal`.
    pub object: String,
    /// From 1, without gaps.
    pub number: i64,
    /// The root, in hex. It covers `previous`.
    pub root: String,
    /// The root of the seal before.
    pub previous: String,
    /// How many batches it covers.
    pub batches: i64,
    /// How many postings it covers.
    pub postings: i64,
    /// The lowest number of its batches.
    pub first_batch: i64,
    /// The highest. Batches in between may be under another seal, when several processes commit.
    pub last_batch: i64,
    /// When it was made.
    pub created: Timestamp,
}

impl Document for Seal {
    const KIND: &'static Kind = &Kind::new::<Seal>(
        "seal",
        "seal",
        &["seal"],
        &[Column::int("number"), Column::int("first_batch").unindexed(), Column::int("last_batch")],
    );
    type Private = ();
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, (): &()) -> Vec<Value> {
        vec![self.number.into(), self.first_batch.into(), self.last_batch.into()]
    }
}

fn seal_id(number: i64) -> String {
    format!("seal_{number:012}")
}

/// A posting with its place, as text that the seal covers.
fn covered_text(row: &PostingRow) -> String {
    format!("{}\n{}\n{}\n{}", row.batch, row.position, row.created, row.posting.canonical())
}

/// The leaves of postings.
fn leaves(rows: &[PostingRow]) -> Vec<Hash> {
    rows.iter().map(|row| leaf_hash(covered_text(row).as_bytes())).collect()
}

/// The root of a seal after `previous` over `merkle`.
fn seal_root(previous: &Hash, merkle: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([2]);
    hasher.update(previous);
    hasher.update(merkle);
    hasher.finalize().into()
}

fn from_hex(text: &str) -> Option<Hash> {
    hex::decode(text).ok()?.try_into().ok()
}

/// Seals everything that is under no seal yet. Answers how many seals were made.
///
/// Errors: 503 when the store cannot be read or written.
pub async fn seal_book(world: &Arc<World>) -> Result<usize> {
    let mut seals = 0;
    loop {
        let world = world.clone();
        // Reading and hashing many postings is no work for the threads that answer requests.
        let sealed = tokio::task::spawn_blocking({
            let world = world.clone();
            move || world.run_blocking(&nobody(), None, |tx| seal_once(tx, &world))
        });
        let sealed = sealed.await.map_err(|error| world.bug(&format!("sealing was stopped: {error}")))??;
        let Some(seal) = sealed else { return Ok(seals) };
        metrics::counter!("kontor_seals_total").increment(1);
        metrics::counter!("kontor_postings_sealed_total").increment(u64::try_from(seal.postings).unwrap_or(0));
        seals += 1;
    }
}

fn seal_once(tx: &mut Tx, world: &World) -> Result<Option<Seal>> {
    let reader = tx.reader();
    let store = |error| world.store_error(&error);
    let mut batches = Vec::new();
    let mut rows = Vec::new();
    for batch in reader.unsealed(BATCHES).map_err(store)? {
        if POSTINGS <= rows.len() {
            break;
        }
        rows.extend(reader.postings_of(batch.id).map_err(store)?);
        batches.push(batch.id);
    }
    let (Some(first_batch), Some(last_batch)) = (batches.iter().min().copied(), batches.iter().max().copied()) else {
        return Ok(None);
    };
    // Whoever checks the seal reads its batches in the order of their numbers.
    batches.sort_unstable();
    rows.sort_by_key(|row| (row.batch, row.position));
    let newest = reader.setting(NEWEST).map_err(store)?.and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
    let previous = match newest {
        0 => NOTHING,
        _ => {
            let before = tx.load::<Seal>(&seal_id(newest))?;
            from_hex(&before.root).ok_or_else(|| tx.bug(&format!("the root of {} is no hash", before.id)))?
        }
    };
    let number = newest + 1;
    let seal = Seal {
        id: seal_id(number),
        object: "seal".into(),
        number,
        root: hex::encode(seal_root(&previous, &merkle_root(&leaves(&rows)))),
        previous: hex::encode(previous),
        batches: count(batches.len()),
        postings: count(rows.len()),
        first_batch,
        last_batch,
        created: tx.now(),
    };
    tx.set(NEWEST, &number.to_string());
    tx.journal(Journal::Sealed { number, batches });
    tx.create("", seal, ()).map(|seal| Some(seal.into_shown()))
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// What checking the seals came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SealReport {
    /// Seals checked.
    pub seals: i64,
    /// Postings under them.
    pub sealed_postings: i64,
    /// Postings that are under no seal yet.
    pub unsealed_postings: i64,
    /// The root of the newest seal: whoever notes it elsewhere can later tell whether anything before it was changed.
    pub newest_root: Option<String>,
    /// What is wrong; empty when all is well.
    pub faults: Vec<SealFault>,
}

/// Something that a seal does not agree with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SealFault {
    /// The number of the seal; 0 when it is about none.
    pub seal: i64,
    /// What is wrong.
    pub problem: String,
}

impl SealReport {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }
}

impl fmt::Display for SealReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SealReport { seals, sealed_postings, unsealed_postings, newest_root, faults } = self;
        let verdict = if faults.is_empty() { "whole" } else { "BROKEN" };
        write!(f, "Seals: {verdict}. {seals} over {sealed_postings} postings; {unsealed_postings} not sealed yet.")?;
        if let Some(root) = newest_root {
            write!(f, " Newest root: {root}")?;
        }
        for SealFault { seal, problem } in faults {
            write!(f, "\n  seal {seal}: {problem}")?;
        }
        Ok(())
    }
}

/// Checks every seal against the postings under it, and that every posting is in a batch. What is read must stand still
/// meanwhile.
///
/// Errors: 503 when the store cannot be read.
pub fn check_seals(reader: &dyn Reader) -> Result<SealReport> {
    check(reader).map_err(unreadable)
}

/// What the caller is told of a store that cannot be read; the reason goes to the log.
fn unreadable(error: StoreError) -> ApiError {
    tracing::error!(error = %error, "the seals cannot be read: {error}");
    ApiError::unavailable()
}

fn check(reader: &dyn Reader) -> StoreResult<SealReport> {
    let mut report = SealReport::default();
    let mut faults = Vec::new();
    let mut previous = NOTHING;
    let mut after = String::new();
    loop {
        let rows = reader.scan(Seal::KIND, &after, PAGE)?;
        for row in &rows {
            report.seals += 1;
            let Ok(seal) = serde_json::from_str::<Seal>(&row.data) else {
                faults.push(SealFault { seal: report.seals, problem: format!("{} cannot be read", row.id) });
                continue;
            };
            let postings = postings_under(reader, seal.number)?;
            report.sealed_postings += count(postings.len());
            let problem = check_seal(&seal, report.seals, &previous, &postings);
            faults.extend(problem.map(|problem| SealFault { seal: seal.number, problem }));
            // What the seal says is what the next one covers: one fault is told once.
            previous = from_hex(&seal.root).unwrap_or(NOTHING);
            report.newest_root = Some(seal.root);
        }
        match rows.last() {
            Some(last) if rows.len() == PAGE => after = last.id.to_string(),
            _ => break,
        }
    }
    let newest = reader.setting(NEWEST)?.and_then(|text| text.parse().ok()).unwrap_or(0);
    if newest != report.seals {
        let problem = format!("{newest} seals were made, and there are {}", report.seals);
        faults.push(SealFault { seal: 0, problem });
    }
    report.unsealed_postings = reader.unsealed(usize::MAX >> 1)?.iter().map(|batch| batch.postings).sum();
    let (all, in_batches) = (count_postings(reader)?, report.sealed_postings + report.unsealed_postings);
    if all != in_batches {
        let problem = format!("the book has {all} postings, of which {in_batches} are in a batch");
        faults.push(SealFault { seal: 0, problem });
    }
    faults.truncate(MOST_FAULTS);
    report.faults = faults;
    Ok(report)
}

/// What is wrong with one seal, whose place in the row of seals is `place`.
fn check_seal(seal: &Seal, place: i64, previous: &Hash, postings: &[PostingRow]) -> Option<String> {
    let root = hex::encode(seal_root(previous, &merkle_root(&leaves(postings))));
    if seal.number != place || seal.id != seal_id(place) {
        Some(format!("it stands where seal {place} should be"))
    } else if seal.previous != hex::encode(previous) {
        Some("it does not name the root of the seal before it".into())
    } else if seal.postings != count(postings.len()) {
        Some(format!("it covers {} postings, and {} are there", seal.postings, postings.len()))
    } else if seal.root != root {
        Some(format!("its root is {}, and its postings give {root}: one of them was changed", seal.root))
    } else {
        None
    }
}

fn postings_under(reader: &dyn Reader, seal: i64) -> StoreResult<Vec<PostingRow>> {
    let mut rows = Vec::new();
    for batch in reader.sealed_batches(seal)? {
        rows.extend(reader.postings_of(batch.id)?);
    }
    rows.sort_by_key(|row| (row.batch, row.position));
    Ok(rows)
}

fn count_postings(reader: &dyn Reader) -> StoreResult<i64> {
    let mut all = 0;
    let mut after = (i64::MIN, i64::MIN);
    loop {
        let rows = reader.scan_postings(after, PAGE)?;
        all += count(rows.len());
        match rows.last() {
            Some(last) if rows.len() == PAGE => after = (last.batch, last.position),
            _ => return Ok(all),
        }
    }
}

/// That one posting is under a seal: enough to check without the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostingProof {
    /// `kontor.posting_proof`.
    pub object: String,
    /// How to check it, in words.
    pub method: String,
    /// The batch that the posting was committed in.
    pub batch: i64,
    /// Its place within the batch.
    pub position: i64,
    /// When it was committed, in Unix seconds of the world.
    pub created: i64,
    /// Why money moved.
    pub code: String,
    /// Whose balance fell.
    pub debit: String,
    /// Whose balance rose.
    pub credit: String,
    /// By how much, in minor units of the currency that both accounts name.
    pub amount: i64,
    /// The balance transaction that shows the debit; empty when none does.
    pub debit_entry: String,
    /// The balance transaction that shows the credit; empty when none does.
    pub credit_entry: String,
    /// The posting's place among the leaves of the seal, from 0.
    pub index: usize,
    /// How many leaves the seal has.
    pub size: usize,
    /// The hashes beside the way from the leaf to the Merkle root, lowest first, in hex.
    pub path: Vec<String>,
    /// The Merkle root, in hex.
    pub merkle_root: String,
    /// The number of the seal.
    pub seal: i64,
    /// The root of the seal before, in hex.
    pub previous: String,
    /// The root of the seal, in hex: what to compare with what was noted elsewhere.
    pub root: String,
}

const METHOD: &str = "leaf = SHA-256(0x00 || batch, position, created, code, debit, credit, amount, debit_entry and \
     credit_entry, each followed by a newline). merkle_root = RFC 6962 audit path of the leaf at `index` of `size`, with \
     node = SHA-256(0x01 || left || right). root = SHA-256(0x02 || previous || merkle_root).";

/// A proof for the posting at a place in the book; `None` when there is none, or when it is under no seal yet.
///
/// Errors: 503 when the store cannot be read.
pub fn prove_posting(reader: &dyn Reader, batch: i64, position: i64) -> Result<Option<PostingProof>> {
    proof_of(reader, batch, position).map_err(unreadable)
}

fn proof_of(reader: &dyn Reader, batch: i64, position: i64) -> StoreResult<Option<PostingProof>> {
    let Some(seal) = seal_over(reader, batch)? else { return Ok(None) };
    let rows = postings_under(reader, seal.number)?;
    let Some(index) = rows.iter().position(|row| (row.batch, row.position) == (batch, position)) else {
        return Ok(None);
    };
    let leaves = leaves(&rows);
    let Some(proof) = prove(&leaves, index) else { return Ok(None) };
    let PostingRow { posting, created, .. } = &rows[index];
    Ok(Some(PostingProof {
        object: "kontor.posting_proof".into(),
        method: METHOD.into(),
        batch,
        position,
        created: *created,
        code: posting.code.as_str().into(),
        debit: posting.debit.to_string(),
        credit: posting.credit.to_string(),
        amount: posting.amount,
        debit_entry: posting.debit_entry.clone(),
        credit_entry: posting.credit_entry.clone(),
        index,
        size: proof.size,
        path: proof.path.iter().map(hex::encode).collect(),
        merkle_root: hex::encode(merkle_root(&leaves)),
        seal: seal.number,
        previous: seal.previous,
        root: seal.root,
    }))
}

/// The seal over a batch.
fn seal_over(reader: &dyn Reader, batch: i64) -> StoreResult<Option<Seal>> {
    let mut query = ListQuery {
        kind: Seal::KIND,
        account: None,
        filters: vec![Filter::AtMost("first_batch", batch), Filter::AtLeast("last_batch", batch)],
        cursor: Cursor::Start,
        limit: PAGE,
    };
    loop {
        let rows = reader.list(&query)?;
        for row in &rows {
            let Ok(seal) = serde_json::from_str::<Seal>(&row.data) else { continue };
            if reader.sealed_batches(seal.number)?.iter().any(|sealed| sealed.id == batch) {
                return Ok(Some(seal));
            }
        }
        match rows.last() {
            Some(last) if rows.len() == PAGE => query.cursor = Cursor::After(last.id.to_string()),
            _ => return Ok(None),
        }
    }
}

/// Whether a proof shows that its posting is under its root. It needs nothing but the proof.
pub fn verify_proof(proof: &PostingProof) -> bool {
    let PostingProof { batch, position, created, code, debit, credit, amount, debit_entry, credit_entry, .. } = proof;
    let text =
        format!("{batch}\n{position}\n{created}\n{code}\n{debit}\n{credit}\n{amount}\n{debit_entry}\n{credit_entry}\n");
    let path: Option<Vec<Hash>> = proof.path.iter().map(|hash| from_hex(hash)).collect();
    let hashes = (path, from_hex(&proof.merkle_root), from_hex(&proof.previous), from_hex(&proof.root));
    let (Some(path), Some(merkle), Some(previous), Some(root)) = hashes else { return false };
    let steps = Proof { index: proof.index, size: proof.size, path };
    verify(&merkle, &leaf_hash(text.as_bytes()), &steps) && seal_root(&previous, &merkle) == root
}

#[cfg(test)]
mod tests {
    use kernel::Currency;
    use ledger::{Bucket, Code, LedgerAccount, Posting};

    use super::*;

    fn book(postings: i64) -> Vec<PostingRow> {
        let posting = |amount| {
            let seller = LedgerAccount::available("acct_1", Currency::USD);
            Posting::new(Code::Charge, LedgerAccount::operator(Bucket::Network, Currency::USD), seller, amount)
        };
        (0..postings)
            .map(|n| PostingRow { batch: n / 3, position: n % 3, created: 7, posting: posting(n + 1) })
            .collect()
    }

    fn seal(number: i64, previous: &Hash, rows: &[PostingRow]) -> Seal {
        Seal {
            id: seal_id(number),
            object: "seal".into(),
            number,
            root: hex::encode(seal_root(previous, &merkle_root(&leaves(rows)))),
            previous: hex::encode(previous),
            batches: 1,
            postings: count(rows.len()),
            first_batch: 0,
            last_batch: 9,
            created: Timestamp(0),
        }
    }

    #[test]
    fn a_seal_agrees_with_its_own_postings_only() {
        let rows = book(8);
        let seal = seal(1, &NOTHING, &rows);
        assert_eq!(check_seal(&seal, 1, &NOTHING, &rows), None);
        let edits: [fn(&mut Vec<PostingRow>); 7] = [
            |rows| rows[3].posting.amount += 1,
            |rows| rows[3].posting.credit.owner = "acct_2".into(),
            |rows| rows[3].posting.code = Code::Adjustment,
            |rows| rows[3].posting.debit_entry = "txn_1".into(),
            |rows| rows[3].created += 1,
            |rows| rows.swap(0, 1),
            |rows| drop(rows.pop()),
        ];
        for (n, edit) in edits.into_iter().enumerate() {
            let mut edited = rows.clone();
            edit(&mut edited);
            assert!(check_seal(&seal, 1, &NOTHING, &edited).is_some(), "edit {n} went unnoticed");
        }
    }

    #[test]
    fn a_seal_stands_in_its_place_after_the_one_it_names() {
        let rows = book(2);
        let second = seal(2, &[9; 32], &rows);
        assert_eq!(check_seal(&second, 2, &[9; 32], &rows), None);
        assert!(check_seal(&second, 2, &NOTHING, &rows).is_some());
        assert!(check_seal(&second, 3, &[9; 32], &rows).is_some());
    }
}
