-- What a store has beside a table per kind of document. Ids, names and times are those of the documents; amounts are in
-- minor units; times are Unix seconds.

-- Immutable, two-sided, one currency each.
CREATE TABLE posting (
    batch bigint NOT NULL,
    position bigint NOT NULL,
    created bigint NOT NULL,
    code text COLLATE "C" NOT NULL,
    debit text COLLATE "C" NOT NULL,
    credit text COLLATE "C" NOT NULL,
    amount bigint NOT NULL,
    currency text COLLATE "C" NOT NULL,
    debit_entry text COLLATE "C" NOT NULL,
    credit_entry text COLLATE "C" NOT NULL,
    PRIMARY KEY (batch, position)
);

-- The sum of a ledger account's postings: credits less debits.
CREATE TABLE balance (
    account text COLLATE "C" NOT NULL PRIMARY KEY,
    value bigint NOT NULL,
    owner text COLLATE "C" NOT NULL,
    bucket text COLLATE "C" NOT NULL,
    currency text COLLATE "C" NOT NULL,
    available_on bigint NOT NULL
);

-- Names that at most one document holds.
CREATE TABLE claim (
    name text COLLATE "C" NOT NULL PRIMARY KEY,
    holder text COLLATE "C" NOT NULL
);

-- Answers that a repeated request gets again.
CREATE TABLE idempotency (
    scope text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    request_hash text COLLATE "C" NOT NULL,
    request_id text COLLATE "C" NOT NULL,
    status bigint NOT NULL,
    created bigint NOT NULL,
    body text COLLATE "C" NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_by_created ON idempotency (created);

-- Private data under authenticated encryption.
CREATE TABLE sealed (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    data bytea NOT NULL
);

-- What was committed together: its events as a JSON array until they are dispatched, and the seal over its postings.
CREATE TABLE batch (
    id bigint NOT NULL PRIMARY KEY,
    at bigint NOT NULL,
    events text COLLATE "C",
    postings bigint NOT NULL,
    seal bigint
);
CREATE INDEX batch_undispatched ON batch (id) WHERE events IS NOT NULL;
CREATE INDEX batch_unsealed ON batch (id) WHERE seal IS NULL AND postings > 0;
CREATE INDEX batch_by_seal ON batch (seal) WHERE seal IS NOT NULL;

-- Numbers of batches. Batches of several processes may commit out of order, and numbers of batches that were not written
-- stay unused.
CREATE SEQUENCE batch_number;
