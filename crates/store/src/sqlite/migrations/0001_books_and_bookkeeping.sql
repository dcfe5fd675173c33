-- What a store has beside a table per kind of document. Ids, names and times are those of the documents; amounts are in
-- minor units; times are Unix seconds.

-- Immutable, two-sided, one currency each.
CREATE TABLE posting (
    batch INTEGER NOT NULL,
    position INTEGER NOT NULL,
    created INTEGER NOT NULL,
    code TEXT NOT NULL,
    debit TEXT NOT NULL,
    credit TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    debit_entry TEXT NOT NULL,
    credit_entry TEXT NOT NULL,
    PRIMARY KEY (batch, position)
) STRICT, WITHOUT ROWID;

-- The sum of a ledger account's postings: credits less debits.
CREATE TABLE balance (
    account TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL,
    owner TEXT NOT NULL,
    bucket TEXT NOT NULL,
    currency TEXT NOT NULL,
    available_on INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Names that at most one document holds.
CREATE TABLE claim (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Answers that a repeated request gets again.
CREATE TABLE idempotency (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    request_id TEXT NOT NULL,
    status INTEGER NOT NULL,
    created INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT;
CREATE INDEX idempotency_by_created ON idempotency (created);

-- Private data under authenticated encryption.
CREATE TABLE sealed (
    id TEXT NOT NULL PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

-- What was committed together: its events as a JSON array until they are dispatched, and the seal over its postings.
CREATE TABLE batch (
    id INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    events TEXT,
    postings INTEGER NOT NULL,
    seal INTEGER
) STRICT;
CREATE INDEX batch_undispatched ON batch (id) WHERE events IS NOT NULL;
CREATE INDEX batch_unsealed ON batch (id) WHERE seal IS NULL AND postings > 0;
CREATE INDEX batch_by_seal ON batch (seal) WHERE seal IS NOT NULL;
