//! Which combinations of responsibilities an account can be opened with.

use kernel::{ApiError, Result};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::documents::{AccountType, Controller, DashboardType, FeePayer, Liable, RequirementCollection};
use crate::words::words;

words! {
    /// Who is to pay the fees.
    FeePayerParam {
        /// The account itself.
        Account = "account",
        /// The platform.
        Application = "application",
    }
}

words! {
    /// How an account is opened in the older way.
    AccountTypeParam {
        /// Without a dashboard; the platform collects requirements.
        Custom = "custom",
        /// With the Express dashboard.
        Express = "express",
        /// With the full dashboard.
        Standard = "standard",
    }
}

/// Who is to pay the fees.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeesParams {
    payer: Option<FeePayerParam>,
}

/// Who is to bear the losses.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LossesParams {
    payments: Option<Liable>,
}

/// Which dashboard there is to be.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DashboardParams {
    #[serde(rename = "type")]
    kind: Option<DashboardType>,
}

/// `controller`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ControllerParams {
    fees: Option<FeesParams>,
    losses: Option<LossesParams>,
    requirement_collection: Option<RequirementCollection>,
    stripe_dashboard: Option<DashboardParams>,
}

/// How an account is to be controlled: by `type`, or by `controller`, whose parts default to a full-dashboard account.
///
/// Errors: 400 for both, and for a combination that does not exist.
pub(crate) fn read(
    kind: Option<AccountTypeParam>,
    controller: Option<ControllerParams>,
) -> Result<(AccountType, Controller)> {
    match (kind, controller) {
        (Some(_), Some(_)) => Err(both()),
        (Some(kind), None) => Ok(of_type(kind)),
        (None, controller) => of_hash(controller.unwrap_or_default()).map(|controller| (AccountType::None, controller)),
    }
}

fn of_type(kind: AccountTypeParam) -> (AccountType, Controller) {
    use RequirementCollection as Collection;
    match kind {
        AccountTypeParam::Standard => (
            AccountType::Standard,
            Controller::application(FeePayer::Account, Liable::Stripe, Collection::Stripe, DashboardType::Full),
        ),
        AccountTypeParam::Express => (
            AccountType::Express,
            Controller::application(
                FeePayer::ApplicationExpress,
                Liable::Application,
                Collection::Stripe,
                DashboardType::Express,
            ),
        ),
        AccountTypeParam::Custom => (
            AccountType::Custom,
            Controller::application(
                FeePayer::ApplicationCustom,
                Liable::Application,
                Collection::Application,
                DashboardType::None,
            ),
        ),
    }
}

fn of_hash(p: ControllerParams) -> Result<Controller> {
    let payer = p.fees.and_then(|fees| fees.payer).unwrap_or(FeePayerParam::Account);
    let losses = p.losses.and_then(|losses| losses.payments).unwrap_or(Liable::Stripe);
    let collection = p.requirement_collection.unwrap_or(RequirementCollection::Stripe);
    let dashboard = p.stripe_dashboard.and_then(|dashboard| dashboard.kind).unwrap_or(DashboardType::Full);
    check(payer, losses, collection, dashboard)?;
    let payer = match payer {
        FeePayerParam::Account => FeePayer::Account,
        FeePayerParam::Application => FeePayer::Application,
    };
    Ok(Controller::application(payer, losses, collection, dashboard))
}

/// Express accounts whose losses are the operator's come with Stripe's version 2026-11-18; Kontor speaks an earlier one.
fn check(
    payer: FeePayerParam,
    losses: Liable,
    collection: RequirementCollection,
    dashboard: DashboardType,
) -> Result<()> {
    use {DashboardType as D, FeePayerParam as F, Liable as L, RequirementCollection as R};
    match (payer, losses, collection, dashboard) {
        (F::Account, L::Application, _, _) => Err(refused(
            "controller[losses][payments]",
            "The platform can only be liable for an account's losses when it pays the account's fees: \
             controller[losses][payments]=application requires controller[fees][payer]=application.",
        )),
        (_, L::Stripe, R::Application, _) | (_, _, R::Application, D::Express | D::Full) => Err(refused(
            "controller[requirement_collection]",
            "The platform can only collect requirements when it is liable for losses and the account has no dashboard: \
             controller[requirement_collection]=application requires controller[losses][payments]=application and \
             controller[stripe_dashboard][type]=none.",
        )),
        (_, L::Stripe, R::Stripe, D::Express) => Err(refused(
            "controller[stripe_dashboard][type]",
            "This account configuration is not supported: controller[stripe_dashboard][type]=express requires \
             controller[fees][payer]=application and controller[losses][payments]=application.",
        )),
        (F::Account | F::Application, L::Stripe, R::Stripe, D::Full | D::None)
        | (F::Application, L::Application, R::Stripe, D::Full | D::Express | D::None)
        | (F::Application, L::Application, R::Application, D::None) => Ok(()),
    }
}

fn both() -> ApiError {
    ApiError::invalid("controller", "You may only specify one of these parameters: type, controller.")
        .code("parameters_exclusive")
}

fn refused(param: &str, message: &str) -> ApiError {
    ApiError::invalid(param, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_these_combinations_exist() {
        use {DashboardType as D, FeePayerParam as F, Liable as L, RequirementCollection as R};
        let allowed = [
            (F::Account, L::Stripe, R::Stripe, D::Full),
            (F::Application, L::Stripe, R::Stripe, D::Full),
            (F::Application, L::Application, R::Stripe, D::Full),
            (F::Application, L::Application, R::Stripe, D::Express),
            (F::Application, L::Stripe, R::Stripe, D::None),
            (F::Account, L::Stripe, R::Stripe, D::None),
            (F::Application, L::Application, R::Stripe, D::None),
            (F::Application, L::Application, R::Application, D::None),
        ];
        let mut found = 0;
        for payer in [F::Account, F::Application] {
            for losses in [L::Stripe, L::Application] {
                for collection in [R::Stripe, R::Application] {
                    for dashboard in [D::Full, D::Express, D::None] {
                        let is_allowed = allowed.contains(&(payer, losses, collection, dashboard));
                        let result = check(payer, losses, collection, dashboard);
                        assert_eq!(result.is_ok(), is_allowed, "{payer} {losses} {collection} {dashboard}");
                        found += usize::from(is_allowed);
                    }
                }
            }
        }
        assert_eq!(found, allowed.len());
    }

    #[test]
    fn an_empty_controller_is_a_full_dashboard_account() {
        let (kind, controller) = read(None, None).unwrap();
        assert_eq!(kind, AccountType::None);
        let (_, standard) = of_type(AccountTypeParam::Standard);
        assert_eq!(controller, standard);
    }

    #[test]
    fn type_and_controller_exclude_each_other() {
        let error = read(Some(AccountTypeParam::Custom), Some(ControllerParams::default())).unwrap_err();
        assert_eq!(error.code_str(), Some("parameters_exclusive"));
    }
}
