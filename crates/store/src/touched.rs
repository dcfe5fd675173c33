//! What an engine looks up before it judges a batch, and what it writes afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ledger::LedgerAccount;

use crate::{Batch, Changeset, Verdict, WriteKind};

/// Whether what a changeset makes (documents that it did not look for, idempotency records) is taken to be new.
///
/// It nearly always is, and looking it up costs as much as writing it. So the first attempt trusts it, the table's primary
/// key catches the exception, and then the batch is judged again with everything looked up. So it is when a changeset is
/// refused, since it writes nothing that a key could catch: a request that was answered already must conflict, and not be
/// refused because the money is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    TakenForNew,
    LookedUp,
}

impl Made {
    /// Whether the verdicts may be others when everything is looked up, though nothing that exists is written.
    pub(crate) fn leaves_doubt(self, verdicts: &[Verdict]) -> bool {
        self == Made::TakenForNew && verdicts.iter().any(|verdict| matches!(verdict, Verdict::Refused(_)))
    }
}

/// The documents of one table that a batch touches.
#[derive(Debug, Default)]
pub(crate) struct Documents<'a> {
    /// In rising order.
    pub ids: BTreeSet<&'a Arc<str>>,
    /// Whether any of them is changed or removed; if not, they are only read or made.
    pub changed: bool,
}

/// Everything that the judge must know of the store for a batch, in rising order.
#[derive(Debug, Default)]
pub(crate) struct Touched<'a> {
    pub documents: BTreeMap<&'static str, Documents<'a>>,
    pub claims: BTreeSet<&'a str>,
    pub keys: BTreeSet<(&'a str, &'a str)>,
    /// Ledger accounts with a limit, by name.
    pub limited: BTreeSet<String>,
}

impl<'a> Touched<'a> {
    pub(crate) fn of(batch: &'a Batch, made: Made) -> Touched<'a> {
        let mut touched = Touched::default();
        for changeset in &batch.changesets {
            touched.add(changeset, made);
        }
        touched
    }

    fn add(&mut self, changeset: &'a Changeset, made: Made) {
        for read in &changeset.reads {
            self.documents.entry(read.kind.table).or_default().ids.insert(&read.id);
        }
        for write in &changeset.writes {
            let changed = write.what != WriteKind::Create;
            if changed || made == Made::LookedUp {
                let documents = self.documents.entry(write.kind.table).or_default();
                documents.ids.insert(&write.row.id);
                documents.changed |= changed;
            }
        }
        self.claims.extend(changeset.claims.iter().map(crate::Claim::key));
        if let (Some(record), Made::LookedUp) = (&changeset.idempotency, made) {
            self.keys.insert((&record.scope, &record.key));
        }
        self.limited.extend(changeset.limits.iter().map(|limit| limit.account.to_string()));
    }
}

/// The changesets of a batch that hold, in order.
pub(crate) fn accepted<'a>(batch: &'a Batch, verdicts: &'a [Verdict]) -> impl Iterator<Item = &'a Changeset> {
    batch
        .changesets
        .iter()
        .zip(verdicts)
        .filter(|(_, verdict)| **verdict == Verdict::Committed)
        .map(|(changeset, _)| &**changeset)
}

/// What changesets move on each ledger account, by account; those that end where they began are left in, so that an
/// account that was ever posted to is known.
pub(crate) fn moves<'a>(changesets: impl Iterator<Item = &'a Changeset>) -> BTreeMap<&'a LedgerAccount, i64> {
    let mut moves = BTreeMap::new();
    for posting in changesets.flat_map(|changeset| &changeset.postings) {
        *moves.entry(&posting.debit).or_default() -= posting.amount;
        *moves.entry(&posting.credit).or_default() += posting.amount;
    }
    moves
}
