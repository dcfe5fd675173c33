//! Opening an account.

use std::collections::BTreeMap;

use kernel::{Country, Metadata, Timestamp};
use wire::List;

use crate::documents::{
    Account, AccountType, BusinessProfile, Controller, DashboardType, PayoutInterval, PayoutSchedule,
    RequirementCollection, Requirements, Settings, TosAcceptance,
};

/// An account of which nothing is known yet.
pub(crate) fn blank(
    id: String,
    country: &Country,
    kind: AccountType,
    controller: Controller,
    created: Timestamp,
) -> Account {
    let is_platform_collected = controller.requirement_collection == Some(RequirementCollection::Application);
    let is_express = controller.stripe_dashboard.as_ref().is_some_and(|d| d.kind == DashboardType::Express);
    let schedule = PayoutSchedule::new(PayoutInterval::Daily, country.delay_days);
    let mut external_accounts = List::new(&format!("/v1/accounts/{id}/external_accounts"), Vec::new(), false);
    external_accounts.total_count = Some(0);
    let login_links = is_express.then(|| {
        let mut links = List::new(&format!("/v1/accounts/{id}/login_links"), Vec::new(), false);
        links.total_count = Some(0);
        links
    });
    Account {
        id,
        object: "account".into(),
        business_profile: BusinessProfile::default(),
        business_type: None,
        capabilities: BTreeMap::new(),
        charges_enabled: false,
        company: None,
        controller,
        country: country.code.to_owned(),
        created,
        default_currency: country.default_currency(),
        details_submitted: false,
        email: None,
        external_accounts,
        future_requirements: Requirements::default(),
        individual: None,
        login_links,
        metadata: Metadata::new(),
        payouts_enabled: false,
        requirements: Requirements::default(),
        settings: Settings::new(schedule, !is_platform_collected),
        tos_acceptance: TosAcceptance::default(),
        kind,
    }
}
