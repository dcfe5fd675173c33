//! From what is missing to what is due, what is active and what is on.

use std::collections::{BTreeMap, BTreeSet};

use super::checks::{self, LISTED};
use super::{Failure, Family, Need, Serves, Subject, When, united_states};
use crate::documents::{Alternative, CapabilityStatus, PartRequirements, RequirementError, Requirements};
use crate::persons::VerificationStatus;

/// What an account's state comes to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Assessment {
    /// The requested capabilities.
    pub(crate) capabilities: BTreeMap<String, CapabilityStatus>,
    /// The account's.
    pub(crate) requirements: Requirements,
    pub(crate) charges_enabled: bool,
    pub(crate) payouts_enabled: bool,
    /// Whether nothing of what is asked for at first is missing.
    pub(crate) details_given: bool,
    /// Each person's requirements, and how far their verification is.
    pub(crate) persons: BTreeMap<String, (PartRequirements, VerificationStatus)>,
    /// All that fails, by [`Failure::id`].
    pub(crate) failing: BTreeSet<String>,
    needs: Vec<Need>,
    failures: Vec<Failure>,
    /// Why nothing works, whatever is due.
    stopped: Option<&'static str>,
    is_full_dashboard: bool,
}

/// Says what an account's state comes to.
pub(crate) fn assess(subject: &Subject) -> Assessment {
    let (needs, failures) = if subject.private.ready_made {
        (Vec::new(), Vec::new())
    } else {
        (united_states::needs(subject), checks::failures(subject))
    };
    let failing: BTreeSet<String> = failures.iter().map(Failure::id).collect();
    let mut assessment = Assessment {
        capabilities: BTreeMap::new(),
        requirements: Requirements::default(),
        charges_enabled: false,
        payouts_enabled: false,
        details_given: needs.iter().all(|need| need.when == When::Eventually),
        persons: BTreeMap::new(),
        failing,
        needs,
        failures,
        stopped: None,
        is_full_dashboard: united_states::is_full_dashboard(subject.account),
    };
    assessment.stopped = assessment.stop(subject);
    assessment.set_capabilities(subject);
    assessment.set_switches(subject);
    assessment.set_requirements(subject);
    assessment.set_persons(subject);
    assessment
}

impl Assessment {
    /// A rejection, or a list that the person may be on.
    fn stop(&self, subject: &Subject) -> Option<&'static str> {
        if let Some(rejection) = &subject.private.rejection {
            return Some(rejection.reason.disabled_reason());
        }
        let is_listed = |f: &&Failure| f.code == LISTED && subject.private.failed.contains(&f.id());
        self.failures.iter().find(is_listed).map(|_| "listed")
    }

    fn set_capabilities(&mut self, subject: &Subject) {
        let requested = subject.private.requested.keys();
        let mut statuses: BTreeMap<String, CapabilityStatus> =
            requested.map(|name| (name.clone(), self.status_of(subject, name))).collect();
        // Card payments and transfers are on and off together, but where the sandbox lets transfers in early.
        let linked = ["card_payments", "transfers"];
        let worst = linked.iter().filter_map(|name| statuses.get(*name)).max_by_key(|status| rank(**status)).copied();
        if let Some(worst) = worst
            && !self.is_let_in_early(subject)
        {
            for name in linked {
                if let Some(status) = statuses.get_mut(name) {
                    *status = worst;
                }
            }
        }
        self.capabilities = statuses;
    }

    /// A full-dashboard account in a sandbox takes transfers before its people went through Kontor's form.
    fn is_let_in_early(&self, subject: &Subject) -> bool {
        self.is_full_dashboard && !subject.livemode && self.stopped.is_none()
    }

    /// What a capability's status is, or would be if it were requested.
    fn status_of(&self, subject: &Subject, capability: &str) -> CapabilityStatus {
        let family = Family::of(capability);
        if self.stopped.is_some() || is_inactive_by_test(subject) {
            return CapabilityStatus::Inactive;
        }
        if subject.private.ready_made || (family == Family::Transfers && self.is_let_in_early(subject)) {
            return CapabilityStatus::Active;
        }
        let lists = Lists::of(self, subject, |serves| family.needs(serves));
        if !lists.currently_due.is_empty() {
            CapabilityStatus::Inactive
        } else if !lists.pending_verification.is_empty() {
            CapabilityStatus::Pending
        } else {
            CapabilityStatus::Active
        }
    }

    fn set_switches(&mut self, subject: &Subject) {
        let is_active = |status: &CapabilityStatus| *status == CapabilityStatus::Active;
        let takes_payments = |name: &&String| Family::of(name) == Family::Payments;
        let payments: Vec<&String> = self.capabilities.keys().filter(takes_payments).collect();
        self.charges_enabled = if payments.is_empty() {
            self.capabilities.get("transfers").is_some_and(is_active)
        } else {
            payments.iter().any(|name| self.capabilities.get(*name).is_some_and(is_active))
        };
        let lists = Lists::of(self, subject, asked_of_account(subject));
        let is_complete = lists.currently_due.is_empty()
            && lists.pending_verification.is_empty()
            && !subject.account.external_accounts.data.is_empty();
        let is_stopped = match &subject.private.rejection {
            Some(rejection) => rejection.pauses_payouts,
            None => self.stopped.is_some() || !self.capabilities.values().any(is_active),
        };
        self.payouts_enabled = is_complete && !is_stopped;
    }

    /// What the account is asked for: the union over its capabilities, and what payouts need.
    fn set_requirements(&mut self, subject: &Subject) {
        let lists = Lists::of(self, subject, asked_of_account(subject));
        let disabled_reason = self.disabled_reason(subject, &lists);
        self.requirements =
            lists.into_requirements(disabled_reason, self.alternatives(subject), self.is_full_dashboard);
    }

    fn disabled_reason(&self, subject: &Subject, lists: &Lists) -> Option<&'static str> {
        if self.stopped.is_some() {
            return self.stopped;
        }
        if self.charges_enabled && self.payouts_enabled {
            return None;
        }
        if !lists.currently_due.is_empty() {
            Some("requirements.past_due")
        } else if !lists.pending_verification.is_empty() {
            Some("requirements.pending_verification")
        } else if subject.private.requested.is_empty() {
            Some("action_required.requested_capabilities")
        } else {
            Some("other")
        }
    }

    fn alternatives(&self, subject: &Subject) -> Vec<Alternative> {
        let is_open = !subject.private.ready_made && united_states::website_or_description(subject.account);
        let website = Alternative {
            alternative_fields_due: vec!["business_profile.product_description".into()],
            original_fields_due: vec!["business_profile.url".into()],
        };
        if is_open { vec![website] } else { Vec::new() }
    }

    /// What one capability is asked for, requested or not: its status and requirements.
    pub(crate) fn capability(&self, subject: &Subject, name: &str) -> (CapabilityStatus, Requirements) {
        let status = self.capabilities.get(name).copied().unwrap_or_else(|| self.status_of(subject, name));
        let family = Family::of(name);
        let lists = Lists::of(self, subject, |serves| family.needs(serves));
        let disabled_reason = match status {
            CapabilityStatus::Active => None,
            CapabilityStatus::Pending => Some("pending.review"),
            CapabilityStatus::Inactive if subject.private.rejection.is_some() => Some("rejected.other"),
            CapabilityStatus::Inactive if self.stopped.is_some() => Some("other"),
            CapabilityStatus::Inactive if is_inactive_by_test(subject) => Some("paused.inactivity"),
            CapabilityStatus::Inactive => Some("requirements.fields_needed"),
        };
        let needs_website = lists.currently_due.contains("business_profile.url");
        let alternatives = if needs_website { self.alternatives(subject) } else { Vec::new() };
        (status, lists.into_requirements(disabled_reason, alternatives, self.is_full_dashboard))
    }

    fn set_persons(&mut self, subject: &Subject) {
        for (person, _) in &subject.persons {
            let lists = Lists::of_person(self, subject, &person.id, asked_of_account(subject));
            let status = if !lists.pending_verification.is_empty() {
                VerificationStatus::Pending
            } else if lists.currently_due.is_empty() && !self.is_full_dashboard && self.stopped != Some("listed") {
                VerificationStatus::Verified
            } else {
                VerificationStatus::Unverified
            };
            self.persons.insert(person.id.clone(), (lists.into_part(), status));
        }
    }
}

/// Which keys the account is asked for: those of its requested capabilities, and what payouts need.
fn asked_of_account(subject: &Subject) -> impl Fn(Serves) -> bool {
    let families: Vec<Family> = subject.private.requested.keys().map(|name| Family::of(name)).collect();
    move |serves| match serves {
        Serves::Account | Serves::Payouts => true,
        Serves::Capabilities | Serves::Payments => families.iter().any(|family| family.needs(serves)),
    }
}

/// `https://inactivity.stripe.com` shows what becomes of capabilities that nobody uses.
fn is_inactive_by_test(subject: &Subject) -> bool {
    subject.account.business_profile.url.as_deref().and_then(checks::test_website) == Some("inactivity")
}

fn rank(status: CapabilityStatus) -> u8 {
    match status {
        CapabilityStatus::Active => 0,
        CapabilityStatus::Pending => 1,
        CapabilityStatus::Inactive => 2,
    }
}

/// The lists of keys, each sorted and without doubles.
#[derive(Default)]
struct Lists {
    currently_due: BTreeSet<String>,
    eventually_due: BTreeSet<String>,
    pending_verification: BTreeSet<String>,
    errors: BTreeSet<RequirementError>,
}

impl Lists {
    /// As the account and its capabilities show them.
    fn of(assessment: &Assessment, subject: &Subject, is_asked: impl Fn(Serves) -> bool) -> Lists {
        let mut lists = Lists::default();
        for need in assessment.needs.iter().filter(|need| is_asked(need.serves)) {
            lists.add_need(need, need.holder.key(&need.field));
        }
        for failure in assessment.failures.iter().filter(|failure| is_asked(failure.serves)) {
            lists.add_failure(subject, failure, |field| failure.holder.key(field));
        }
        lists
    }

    /// As a person shows them: without the person's own prefix.
    fn of_person(assessment: &Assessment, subject: &Subject, person: &str, is_asked: impl Fn(Serves) -> bool) -> Lists {
        let mut lists = Lists::default();
        let is_whose = |holder: &super::Holder| holder.person() == Some(person);
        for need in assessment.needs.iter().filter(|need| is_asked(need.serves) && is_whose(&need.holder)) {
            lists.add_need(need, need.field.clone());
        }
        for failure in assessment.failures.iter().filter(|f| is_asked(f.serves) && is_whose(&f.holder)) {
            lists.add_failure(subject, failure, str::to_owned);
        }
        lists
    }

    fn add_need(&mut self, need: &Need, key: String) {
        match need.when {
            When::Now => drop(self.currently_due.insert(key)),
            When::Eventually => drop(self.eventually_due.insert(key)),
        }
    }

    fn add_failure(&mut self, subject: &Subject, failure: &Failure, key: impl Fn(&str) -> String) {
        let keys = failure.fields.iter().map(|field| key(field));
        if !subject.private.failed.contains(&failure.id()) {
            self.pending_verification.extend(keys);
            return;
        }
        if failure.code == LISTED {
            return;
        }
        self.currently_due.extend(keys);
        self.errors.insert(RequirementError {
            code: failure.code.into(),
            reason: failure.reason.into(),
            requirement: key(failure.fields.first().unwrap_or(&"")),
        });
    }

    fn into_requirements(
        mut self,
        disabled_reason: Option<&'static str>,
        alternatives: Vec<Alternative>,
        is_full_dashboard: bool,
    ) -> Requirements {
        self.eventually_due.extend(self.currently_due.iter().cloned());
        let currently_due = sorted(self.currently_due);
        Requirements {
            alternatives,
            current_deadline: None,
            past_due: if is_full_dashboard { Vec::new() } else { currently_due.clone() },
            currently_due,
            disabled_reason: disabled_reason.map(str::to_owned),
            errors: self.errors.into_iter().collect(),
            eventually_due: sorted(self.eventually_due),
            pending_verification: sorted(self.pending_verification),
        }
    }

    fn into_part(mut self) -> PartRequirements {
        self.eventually_due.extend(self.currently_due.iter().cloned());
        let currently_due = sorted(self.currently_due);
        PartRequirements {
            alternatives: Some(Vec::new()),
            past_due: currently_due.clone(),
            currently_due,
            errors: self.errors.into_iter().collect(),
            eventually_due: Some(sorted(self.eventually_due)),
            pending_verification: sorted(self.pending_verification),
        }
    }
}

fn sorted(keys: BTreeSet<String>) -> Vec<String> {
    keys.into_iter().collect()
}
