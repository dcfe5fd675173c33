//! A change of an account, from what it was to what it comes to: every endpoint that touches an account or its persons
//! goes through here, so that requirements, capabilities and events cannot be forgotten.

use std::collections::BTreeMap;

use kernel::{ApiError, Result, Timestamp};
use serde_json::json;
use store::{Doc, Job, Tx};

use crate::balance_settings::view;
use crate::capabilities;
use crate::documents::{Account, BalancePrivate, CapabilityStatus, PayoutInterval, Payouts};
use crate::events::{Before, to_map};
use crate::persons::Person;
use crate::requirements::{Assessment, Subject, assess};
use crate::{descriptor, external_accounts};

/// The job that ends the verification of what fails.
pub(crate) const VERIFY: &str = "verify_account";
/// The job that pays an account out, which the crate of payouts runs. Without a `run` it plans the next one.
pub const AUTOMATIC_PAYOUT: &str = "automatic_payout";
/// Seconds from giving a value to the end of its verification.
const VERIFICATION_TAKES: i64 = 5;

/// An account being changed.
pub(crate) struct Change {
    /// The account; change it, then [`Change::finish`].
    pub(crate) account: Doc<Account>,
    /// What it was; `None` when it is being made.
    before: Option<Before>,
    persons_before: BTreeMap<String, Before>,
    requested_before: BTreeMap<String, Timestamp>,
    statuses_before: BTreeMap<String, CapabilityStatus>,
    /// What of it balance settings show; `None` when it is being made.
    balance_before: Option<(Payouts, BalancePrivate)>,
}

impl Change {
    /// Starts to change an account.
    pub(crate) fn of(tx: &mut Tx, account: Doc<Account>) -> Result<Change> {
        let mut persons_before = BTreeMap::new();
        for id in &account.private.persons {
            let person = tx.load::<Person>(id)?;
            persons_before.insert(id.clone(), Before::of(tx, person.shown())?);
        }
        Ok(Change {
            before: Some(Before::of(tx, account.shown())?),
            persons_before,
            requested_before: account.private.requested.clone(),
            statuses_before: account.capabilities.clone(),
            balance_before: Some((account.settings.payouts.clone(), account.private.balance.clone())),
            account,
        })
    }

    /// Starts to fill in an account that this transaction made.
    pub(crate) fn creating(account: Doc<Account>) -> Change {
        Change {
            account,
            before: None,
            persons_before: BTreeMap::new(),
            requested_before: BTreeMap::new(),
            statuses_before: BTreeMap::new(),
            balance_before: None,
        }
    }

    /// Works out what the change comes to, writes the account and its persons, and tells what happened.
    ///
    /// Events on the account, as far as they apply: `person.created`, `person.updated`, `capability.updated`,
    /// `account.updated`, `balance_settings.updated`.
    pub(crate) fn finish(mut self, tx: &mut Tx) -> Result<Doc<Account>> {
        external_accounts::show(tx, &mut self.account)?;
        descriptor::fill(&mut self.account);
        let persons = persons_of(tx, &self.account)?;
        let (assessment, capability_events) = {
            let subject = subject(tx, &self.account, &persons);
            let assessment = assess(&subject);
            let events = self.changed_capabilities(tx, &subject, &assessment)?;
            (assessment, events)
        };
        self.await_verification(tx, &assessment)?;
        self.finish_persons(tx, persons, &assessment)?;
        write_assessment(&mut self.account, assessment);
        tx.put(&self.account)?;
        for object in capability_events {
            tx.emit_object("capability.updated", &self.account.id, object, None)?;
        }
        match &self.before {
            Some(before) => before.emit(tx, "account.updated", &self.account.id, self.account.shown())?,
            None => self.emit_opened(tx)?,
        }
        self.finish_balance_settings(tx)?;
        Ok(self.account)
    }

    /// Tells what balance settings show, when somebody changed it; and since money may be waiting for it that no payment
    /// wakes, has the next payout planned.
    fn finish_balance_settings(&mut self, tx: &mut Tx) -> Result<()> {
        let Some((payouts, balance)) = self.balance_before.take() else { return Ok(()) };
        let (mut before, mut private) = (self.account.shown().clone(), self.account.private.clone());
        before.settings.payouts = payouts;
        private.balance = balance;
        let (before, now) = (view(&before, &private), view(&self.account, &self.account.private));
        if before == now {
            return Ok(());
        }
        let id = self.account.id.clone();
        Before::of(tx, &before)?.emit(tx, "balance_settings.updated", &id, &now)?;
        if now.payments.payouts.schedule.interval == PayoutInterval::Manual {
            return Ok(());
        }
        let at_once = tx.now();
        tx.schedule_once(AUTOMATIC_PAYOUT, &id, at_once, json!({ "account": id }))
    }

    /// What fails is being verified until the job has run; what no longer fails is forgotten.
    fn await_verification(&mut self, tx: &mut Tx, assessment: &Assessment) -> Result<()> {
        let failed = &mut self.account.private.failed;
        failed.retain(|id| assessment.failing.contains(id));
        if assessment.failing.len() == failed.len() {
            return Ok(());
        }
        let (id, due) = (self.account.id.clone(), tx.now().plus(VERIFICATION_TAKES));
        tx.schedule_once(VERIFY, &id, due, json!({ "account": id }))
    }

    fn finish_persons(&mut self, tx: &mut Tx, persons: Vec<Doc<Person>>, assessment: &Assessment) -> Result<()> {
        let individual = self.account.individual.take().map(|person| person.id);
        for mut person in persons {
            if let Some((requirements, status)) = assessment.persons.get(&person.id) {
                let changed = person.requirements != *requirements || person.verification.status != *status;
                if changed {
                    person.requirements = requirements.clone();
                    person.verification.status = *status;
                    tx.put(&person)?;
                }
            }
            match self.persons_before.get(&person.id) {
                Some(before) => before.emit(tx, "person.updated", &self.account.id, person.shown())?,
                None => tx.emit("person.created", &person)?,
            }
            if individual.as_deref() == Some(person.id.as_str()) {
                self.account.individual = Some(person.into_shown());
            }
        }
        Ok(())
    }

    /// The capabilities that were requested, given up, or have another status than before.
    fn changed_capabilities(
        &self,
        tx: &Tx,
        subject: &Subject,
        assessment: &Assessment,
    ) -> Result<Vec<serde_json::Map<String, serde_json::Value>>> {
        let now = &self.account.private.requested;
        let gone = self.requested_before.keys().filter(|name| !now.contains_key(*name));
        let is_changed = |name: &&String| {
            !self.requested_before.contains_key(*name)
                || self.statuses_before.get(*name) != assessment.capabilities.get(*name)
        };
        let names = now.keys().filter(is_changed).chain(gone);
        names.map(|name| to_map(tx, &capabilities::describe(subject, assessment, name))).collect()
    }

    /// An account that opens at once says so, for those who wait for it.
    fn emit_opened(&self, tx: &mut Tx) -> Result<()> {
        let mut closed = self.account.shown().clone();
        closed.charges_enabled = false;
        closed.payouts_enabled = false;
        closed.details_submitted = false;
        closed.capabilities.values_mut().for_each(|status| *status = CapabilityStatus::Inactive);
        Before::of(tx, &closed)?.emit(tx, "account.updated", &self.account.id, self.account.shown())
    }
}

/// The persons of an account, as this transaction leaves them.
pub(crate) fn persons_of(tx: &mut Tx, account: &Doc<Account>) -> Result<Vec<Doc<Person>>> {
    account.private.persons.iter().map(|id| tx.load::<Person>(id)).collect()
}

/// An account and its persons, to be assessed.
pub(crate) fn subject<'a>(tx: &Tx, account: &'a Doc<Account>, persons: &'a [Doc<Person>]) -> Subject<'a> {
    Subject {
        account: account.shown(),
        private: &account.private,
        persons: persons.iter().map(|person| (person.shown(), &person.private)).collect(),
        now: tx.now(),
        livemode: tx.livemode(),
    }
}

fn write_assessment(account: &mut Account, assessment: Assessment) {
    account.details_submitted |= assessment.details_given;
    account.charges_enabled = assessment.charges_enabled;
    account.payouts_enabled = assessment.payouts_enabled;
    account.capabilities = assessment.capabilities;
    account.requirements = assessment.requirements;
}

/// The job [`VERIFY`]: what fails has failed from now on.
pub(crate) fn verify(tx: &mut Tx, job: &Job) -> Result<()> {
    let Some(id) = job.payload.get("account").and_then(serde_json::Value::as_str) else {
        return Err(tx.bug(&format!("{} names no account", job.id)));
    };
    let account = tx.load::<Account>(id)?;
    if account.private.deleted {
        return Ok(());
    }
    let mut change = Change::of(tx, account)?;
    let persons = persons_of(tx, &change.account)?;
    let failing = assess(&subject(tx, &change.account, &persons)).failing;
    change.account.private.failed = failing;
    change.finish(tx).map(drop)
}

/// 400: nothing more of something bounded can be added.
pub(crate) fn too_many(what: &str, most: usize, param: &str) -> ApiError {
    ApiError::invalid(param, format!("An account can have up to {most} {what}."))
}
