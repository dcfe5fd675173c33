//! The judge: decides, in arrival order, which changesets of a batch still hold. Pure, and the same for all engines.
//!
//! A changeset that is refused or conflicts leaves no trace: the ones after it are judged as if it had never been there.

use std::collections::HashMap;
use std::sync::Arc;

use ledger::Otherwise;

use crate::{Changeset, Claim, Verdict, WriteKind};

/// What the store held of everything that a batch touches, and what it will hold after each changeset that was accepted.
#[derive(Debug, Default)]
pub struct Known {
    /// Version by table and id; documents that do not exist are left out.
    pub versions: HashMap<(&'static str, Arc<str>), i64>,
    /// Holder by claimed name; free names are left out.
    pub claims: HashMap<String, String>,
    /// Balance by ledger account name, of those with a limit; untouched ones may be left out.
    pub balances: HashMap<String, i64>,
    /// Idempotency records that exist, by scope and key.
    pub keys: HashMap<(String, String), ()>,
}

/// A verdict for each changeset, in order.
pub fn judge(known: &mut Known, changesets: &[Arc<Changeset>]) -> Vec<Verdict> {
    changesets.iter().map(|changeset| judge_one(known, changeset)).collect()
}

fn judge_one(known: &mut Known, changeset: &Changeset) -> Verdict {
    if let Some(record) = &changeset.idempotency
        && known.keys.contains_key(&(record.scope.clone(), record.key.clone()))
    {
        return Verdict::Conflict;
    }
    let version = |table: &'static str, id: &Arc<str>| known.versions.get(&(table, id.clone())).copied().unwrap_or(0);
    for read in &changeset.reads {
        if version(read.kind.table, &read.id) != read.version {
            return Verdict::Conflict;
        }
    }
    for write in &changeset.writes {
        let expected = match write.what {
            WriteKind::Create => 0,
            WriteKind::Update | WriteKind::Delete => write.row.version - 1,
        };
        if version(write.kind.table, &write.row.id) != expected {
            return Verdict::Conflict;
        }
    }
    for claim in &changeset.claims {
        let holds = match (claim, known.claims.get(claim.key())) {
            (Claim::Take { .. }, held) => held.is_none() || is_released(changeset, claim.key(), held),
            (Claim::Release { holder, .. }, Some(held)) => holder == held,
            (Claim::Release { .. }, None) => false,
        };
        if !holds {
            return Verdict::Conflict;
        }
    }
    if changeset.postings.iter().any(|posting| !posting.is_sound()) {
        return Verdict::Conflict;
    }
    let mut moved: HashMap<String, i64> = HashMap::new();
    for posting in &changeset.postings {
        *moved.entry(posting.debit.to_string()).or_default() -= posting.amount;
        *moved.entry(posting.credit.to_string()).or_default() += posting.amount;
    }
    for limit in &changeset.limits {
        let name = limit.account.to_string();
        // A sum that wrapped around would let through what is furthest out of bounds.
        let before = known.balances.get(&name).copied().unwrap_or(0);
        let balance = before.saturating_add(moved.get(&name).copied().unwrap_or(0));
        if !limit.holds(balance) {
            return match &limit.otherwise {
                Otherwise::Refuse(error) => Verdict::Refused(error.clone()),
                Otherwise::Retry => Verdict::Conflict,
            };
        }
    }
    accept(known, changeset, moved);
    Verdict::Committed
}

/// Whether the changeset itself releases a name that it takes: the order of its claims is theirs to choose.
fn is_released(changeset: &Changeset, key: &str, held: Option<&String>) -> bool {
    changeset.claims.iter().any(
        |claim| matches!(claim, Claim::Release { key: released, holder } if released == key && Some(holder) == held),
    )
}

fn accept(known: &mut Known, changeset: &Changeset, moved: HashMap<String, i64>) {
    for write in &changeset.writes {
        let key = (write.kind.table, write.row.id.clone());
        match write.what {
            WriteKind::Create | WriteKind::Update => known.versions.insert(key, write.row.version),
            WriteKind::Delete => known.versions.remove(&key),
        };
    }
    for claim in &changeset.claims {
        if let Claim::Release { key, .. } = claim {
            known.claims.remove(key);
        }
    }
    for claim in &changeset.claims {
        if let Claim::Take { key, holder } = claim {
            known.claims.insert(key.clone(), holder.clone());
        }
    }
    for (name, amount) in moved {
        if let Some(balance) = known.balances.get_mut(&name) {
            *balance += amount;
        } else {
            known.balances.insert(name, amount);
        }
    }
    if let Some(record) = &changeset.idempotency {
        known.keys.insert((record.scope.clone(), record.key.clone()), ());
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ApiError, Currency};
    use ledger::{Bound, Code, LedgerAccount, Limit, Posting};

    use super::*;

    #[test]
    fn a_balance_below_zero_less_the_largest_number_is_no_large_balance() {
        let account = |owner| LedgerAccount::available(owner, Currency::USD);
        let poor = account("acct_poor");
        let refusal = ApiError::bad_request("too little");
        let changeset = Changeset {
            postings: vec![Posting::new(Code::Transfer, poor.clone(), account("acct_other"), i64::MAX)],
            limits: vec![Limit {
                account: poor.clone(),
                bound: Bound::AtLeast(0),
                otherwise: Otherwise::Refuse(refusal.clone()),
            }],
            ..Changeset::default()
        };
        let mut known = Known { balances: [(poor.to_string(), -10)].into(), ..Known::default() };
        assert_eq!(judge(&mut known, &[Arc::new(changeset)]), [Verdict::Refused(refusal)]);
    }
}
