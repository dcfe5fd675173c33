//! Double-entry bookkeeping: chart of accounts, postings, limits, balance arithmetic.
