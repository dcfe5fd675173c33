//! What is asked of accounts in the United States (Stripe, "Required verification information").

use super::{Holder, Need, Serves, Subject, When};
use crate::documents::{Account, Address, BusinessType, Company, Dashboard, DashboardType, Liable, Structure};
use crate::persons::Person;

/// All keys that are missing.
pub(super) fn needs(subject: &Subject) -> Vec<Need> {
    let mut needs = Needs(Vec::new());
    if is_full_dashboard(subject.account) {
        needs.of_full_dashboard(subject.account);
        return needs.0;
    }
    needs.of_account(subject.account);
    match subject.account.business_type {
        None => needs.of_nobody_yet(),
        Some(BusinessType::Individual) => needs.of_individual(subject),
        Some(BusinessType::Company | BusinessType::NonProfit | BusinessType::GovernmentEntity) => {
            needs.of_company(subject);
        }
    }
    needs.0
}

/// Whether Kontor's form asks the account's people for everything, so that the API lists only where it begins.
pub(super) fn is_full_dashboard(account: &Account) -> bool {
    account.controller.stripe_dashboard == Some(Dashboard { kind: DashboardType::Full })
}

/// Whether something can be given in place of the website.
pub(super) fn website_or_description(account: &Account) -> bool {
    !is_full_dashboard(account)
        && account.business_profile.url.is_none()
        && account.business_profile.product_description.is_none()
}

const ADDRESS: [&str; 4] = ["address.city", "address.line1", "address.postal_code", "address.state"];
const DOB: [&str; 3] = ["dob.day", "dob.month", "dob.year"];
const NAME: [&str; 2] = ["first_name", "last_name"];

struct Needs(Vec<Need>);

impl Needs {
    fn add(&mut self, holder: &Holder, field: &str, serves: Serves, when: When) {
        self.0.push(Need { holder: holder.clone(), field: field.to_owned(), serves, when });
    }

    fn now(&mut self, is_there: bool, field: &str, serves: Serves) {
        if !is_there {
            self.add(&Holder::Account, field, serves, When::Now);
        }
    }

    fn of_full_dashboard(&mut self, account: &Account) {
        let profile = &account.business_profile;
        self.now(profile.product_description.is_some(), "business_profile.product_description", Serves::Account);
        self.now(profile.support_phone.is_some(), "business_profile.support_phone", Serves::Account);
        self.now(profile.url.is_some(), "business_profile.url", Serves::Account);
        self.of_terms_and_payouts(account);
    }

    fn of_terms_and_payouts(&mut self, account: &Account) {
        self.now(!account.external_accounts.data.is_empty(), "external_account", Serves::Payouts);
        self.now(account.tos_acceptance.date.is_some(), "tos_acceptance.date", Serves::Account);
        self.now(account.tos_acceptance.ip.is_some(), "tos_acceptance.ip", Serves::Account);
    }

    fn of_account(&mut self, account: &Account) {
        let profile = &account.business_profile;
        self.now(account.business_type.is_some(), "business_type", Serves::Account);
        self.now(profile.mcc.is_some(), "business_profile.mcc", Serves::Account);
        self.now(!website_or_description(account), "business_profile.url", Serves::Account);
        self.of_terms_and_payouts(account);
        self.now(account.statement_descriptor().is_some(), "settings.payments.statement_descriptor", Serves::Payments);
        let has_no_dashboard = account.controller.stripe_dashboard == Some(Dashboard { kind: DashboardType::None });
        if has_no_dashboard && account.loss_liable() == Liable::Stripe {
            self.now(profile.support_phone.is_some(), "business_profile.support_phone", Serves::Payments);
        }
    }

    /// Before the business type is known, the keys are those of a representative.
    fn of_nobody_yet(&mut self) {
        let holder = Holder::Role("representative");
        NAME.iter().for_each(|field| self.add(&holder, field, Serves::Account, When::Now));
        DOB.iter().for_each(|field| self.add(&holder, field, Serves::Capabilities, When::Now));
        self.add(&holder, "email", Serves::Payments, When::Now);
    }

    fn of_individual(&mut self, subject: &Subject) {
        let id = subject.account.individual.as_ref().map(|person| person.id.as_str());
        let Some((person, _)) = subject.persons.iter().find(|(person, _)| Some(person.id.as_str()) == id) else {
            return self.of_nobody_yet();
        };
        let holder = Holder::Individual(person.id.clone());
        self.of_person(&holder, &Known::of(person), Serves::Payments);
    }

    fn of_company(&mut self, subject: &Subject) {
        let nothing = Company::default();
        let company = subject.account.company.as_ref().unwrap_or(&nothing);
        for field in missing_of_address(&company.address) {
            self.now(false, &format!("company.{field}"), Serves::Capabilities);
        }
        self.now(company.name.is_some(), "company.name", Serves::Capabilities);
        self.now(company.phone.is_some(), "company.phone", Serves::Capabilities);
        self.now(company.tax_id_provided, "company.tax_id", Serves::Capabilities);
        self.of_representative(subject, company);
        if has_owners(subject.account.business_type, company.structure) {
            self.of_owners(subject, company);
        }
    }

    /// A company's representative; must own or run it, but for public companies.
    fn of_representative(&mut self, subject: &Subject, company: &Company) {
        let found = subject.persons.iter().find(|(person, _)| person.relationship.representative == Some(true));
        let (holder, known) = match found {
            Some((person, _)) => (Holder::Person(person.id.clone()), Known::of(person)),
            None => (Holder::Role("representative"), Known::nothing()),
        };
        self.of_person(&holder, &known, Serves::Capabilities);
        let relationship = found.map(|(person, _)| &person.relationship);
        if relationship.is_none_or(|r| r.title.is_none()) {
            self.add(&holder, "relationship.title", Serves::Capabilities, When::Now);
        }
        let runs_it = relationship.is_some_and(|r| r.executive == Some(true) || r.owner == Some(true));
        if !runs_it && !is_public(company.structure) {
            self.add(&holder, "relationship.executive", Serves::Capabilities, When::Now);
        }
    }

    /// Those who own a quarter or more. `owners_provided` says that all are named, even when there is none.
    fn of_owners(&mut self, subject: &Subject, company: &Company) {
        self.now(company.owners_provided, "company.owners_provided", Serves::Capabilities);
        let owners = subject.persons.iter().filter(|(person, _)| person.relationship.owner == Some(true));
        let mut none = true;
        for (person, _) in owners {
            none = false;
            if person.relationship.representative != Some(true) {
                self.of_owner(&Holder::Person(person.id.clone()), &Known::of(person));
            }
        }
        if none && !company.owners_provided {
            self.of_owner(&Holder::Role("owners"), &Known::nothing());
        }
    }

    fn of_owner(&mut self, holder: &Holder, known: &Known) {
        for field in &known.missing {
            let when = if NAME.contains(field) || *field == "email" { When::Now } else { When::Eventually };
            self.add(holder, field, Serves::Capabilities, when);
        }
    }

    /// `contact` says what e-mail address, telephone and social security number serve now: who only receives transfers
    /// owes them later.
    fn of_person(&mut self, holder: &Holder, known: &Known, contact: Serves) {
        for field in &known.missing {
            if NAME.contains(field) {
                self.add(holder, field, Serves::Account, When::Now);
            } else if DOB.contains(field) || ADDRESS.contains(field) {
                self.add(holder, field, Serves::Capabilities, When::Now);
            } else {
                self.add(holder, field, contact, When::Now);
                self.add(holder, field, Serves::Capabilities, When::Eventually);
            }
        }
        if !known.has_id_number {
            self.add(holder, "id_number", Serves::Capabilities, When::Eventually);
        }
    }
}

/// What is known of somebody.
struct Known {
    missing: Vec<&'static str>,
    has_id_number: bool,
}

impl Known {
    fn nothing() -> Known {
        let rest = ["email", "phone", "ssn_last_4"];
        Known { missing: ADDRESS.into_iter().chain(DOB).chain(NAME).chain(rest).collect(), has_id_number: false }
    }

    fn of(person: &Person) -> Known {
        let mut missing = missing_of_address(&person.address);
        let mut need = |is_there: bool, field: &'static str| {
            if !is_there {
                missing.push(field);
            }
        };
        need(person.dob.day.is_some(), "dob.day");
        need(person.dob.month.is_some(), "dob.month");
        need(person.dob.year.is_some(), "dob.year");
        need(person.first_name.is_some(), "first_name");
        need(person.last_name.is_some(), "last_name");
        need(person.email.is_some(), "email");
        need(person.phone.is_some(), "phone");
        need(person.ssn_last_4_provided, "ssn_last_4");
        Known { missing, has_id_number: person.id_number_provided }
    }
}

fn missing_of_address(address: &Address) -> Vec<&'static str> {
    let parts = [&address.city, &address.line1, &address.postal_code, &address.state];
    ADDRESS.into_iter().zip(parts).filter(|(_, part)| part.is_none()).map(|(field, _)| field).collect()
}

fn is_public(structure: Option<Structure>) -> bool {
    matches!(structure, Some(Structure::PublicCorporation | Structure::PublicPartnership | Structure::PublicCompany))
}

/// Whether a company's owners must be named. Without a structure it is taken for a private one.
fn has_owners(business_type: Option<BusinessType>, structure: Option<Structure>) -> bool {
    business_type == Some(BusinessType::Company)
        && !is_public(structure)
        && structure != Some(Structure::SoleProprietorship)
        && structure != Some(Structure::UnincorporatedAssociation)
}
