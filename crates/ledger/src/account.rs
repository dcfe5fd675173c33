//! The chart of accounts.

use std::fmt;

use kernel::{Currency, Timestamp};

/// The owner of the ledger accounts that belong to whoever runs this Kontor.
pub const OPERATOR: &str = "operator";

/// What a ledger account holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// Of a merchant: settles at the ledger account's `available_on`.
    Pending,
    /// Of a merchant: can be spent.
    Available,
    /// Of a merchant: set aside against losses.
    Reserved,
    /// Of a merchant: on its way to the bank.
    InTransit,
    /// Of a merchant: kept back while an automatic payout is made, so that the payout leaves a minimum balance.
    KeptBack,
    /// The operator's: owed by acquirers and card networks.
    Network,
    /// The operator's: in the bank.
    Bank,
    /// The operator's: processing fees earned.
    Fees,
    /// The operator's: losses borne.
    Losses,
    /// The operator's: one currency exchanged for another.
    Conversion,
}

impl Bucket {
    const ALL: [Bucket; 10] = [
        Bucket::Pending,
        Bucket::Available,
        Bucket::Reserved,
        Bucket::InTransit,
        Bucket::KeptBack,
        Bucket::Network,
        Bucket::Bank,
        Bucket::Fees,
        Bucket::Losses,
        Bucket::Conversion,
    ];

    /// As in ledger account names and SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Bucket::Pending => "pending",
            Bucket::Available => "available",
            Bucket::Reserved => "reserved",
            Bucket::InTransit => "in_transit",
            Bucket::KeptBack => "kept_back",
            Bucket::Network => "network",
            Bucket::Bank => "bank",
            Bucket::Fees => "fees",
            Bucket::Losses => "losses",
            Bucket::Conversion => "conversion",
        }
    }
}

/// One ledger account: an owner, a bucket, a currency, and for pending money the day on which it becomes available.
///
/// A pending account per day makes maturing one posting per day and currency, however many charges there were.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LedgerAccount {
    /// `acct_…`, or [`OPERATOR`].
    pub owner: String,
    /// What it holds.
    pub bucket: Bucket,
    /// Its only currency.
    pub currency: Currency,
    /// For [`Bucket::Pending`]: when its money becomes available. Otherwise zero.
    pub available_on: Timestamp,
}

impl LedgerAccount {
    fn new(owner: &str, bucket: Bucket, currency: Currency) -> LedgerAccount {
        LedgerAccount { owner: owner.to_owned(), bucket, currency, available_on: Timestamp(0) }
    }

    /// Money of `owner` that can be spent.
    pub fn available(owner: &str, currency: Currency) -> LedgerAccount {
        LedgerAccount::new(owner, Bucket::Available, currency)
    }

    /// Money of `owner` that becomes available on `available_on`.
    pub fn pending(owner: &str, currency: Currency, available_on: Timestamp) -> LedgerAccount {
        LedgerAccount { available_on, ..LedgerAccount::new(owner, Bucket::Pending, currency) }
    }

    /// Money of `owner` set aside against the negative balances of accounts it answers for.
    pub fn reserved(owner: &str, currency: Currency) -> LedgerAccount {
        LedgerAccount::new(owner, Bucket::Reserved, currency)
    }

    /// Money of `owner` on its way to the bank.
    pub fn in_transit(owner: &str, currency: Currency) -> LedgerAccount {
        LedgerAccount::new(owner, Bucket::InTransit, currency)
    }

    /// Money of `owner` kept back while an automatic payout is made.
    pub fn kept_back(owner: &str, currency: Currency) -> LedgerAccount {
        LedgerAccount::new(owner, Bucket::KeptBack, currency)
    }

    /// An account of the operator.
    pub fn operator(bucket: Bucket, currency: Currency) -> LedgerAccount {
        LedgerAccount::new(OPERATOR, bucket, currency)
    }

    /// Reads the name that [`Display`](fmt::Display) writes.
    pub fn parse(name: &str) -> Option<LedgerAccount> {
        let mut parts = name.split(':');
        let owner = parts.next()?.to_owned();
        let bucket = parts.next()?;
        let bucket = Bucket::ALL.into_iter().find(|b| b.as_str() == bucket)?;
        let currency = Currency::parse(parts.next()?)?;
        let available_on = match parts.next() {
            Some(seconds) => Timestamp(seconds.parse().ok()?),
            None => Timestamp(0),
        };
        Some(LedgerAccount { owner, bucket, currency, available_on })
    }
}

impl fmt::Display for LedgerAccount {
    /// `acct_1:available:usd`, `acct_1:pending:usd:1790000000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.owner, self.bucket.as_str(), self.currency)?;
        if self.bucket == Bucket::Pending {
            write!(f, ":{}", self.available_on.0)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_be_read_back() {
        for bucket in Bucket::ALL {
            let account = LedgerAccount {
                available_on: Timestamp(if bucket == Bucket::Pending { 1_790_000_000 } else { 0 }),
                ..LedgerAccount::new("acct_1", bucket, Currency::USD)
            };
            assert_eq!(LedgerAccount::parse(&account.to_string()), Some(account));
        }
        assert_eq!(LedgerAccount::parse("acct_1:wishes:usd"), None);
    }
}
