//! Who controls an account, who pays its fees, who bears its losses, who collects what must be known of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::words;

words! {
    /// Who pays the fees of processing direct charges.
    FeePayer {
        /// The account itself.
        Account = "account",
        /// The platform, at its own rates.
        Application = "application",
        /// The platform, as with `type: custom`.
        ApplicationCustom = "application_custom",
        /// The platform, as with `type: express`.
        ApplicationExpress = "application_express",
    }
}

impl FeePayer {
    /// Whether the platform pays.
    pub const fn is_platform(self) -> bool {
        match self {
            FeePayer::Account => false,
            FeePayer::Application | FeePayer::ApplicationCustom | FeePayer::ApplicationExpress => true,
        }
    }
}

words! {
    /// Who bears what an account cannot pay back.
    Liable {
        /// The platform.
        Application = "application",
        /// The operator of Kontor, in Stripe's place.
        Stripe = "stripe",
    }
}

words! {
    /// Who collects what must be known of an account.
    RequirementCollection {
        /// The platform, by the API.
        Application = "application",
        /// Kontor, by its hosted or embedded form.
        Stripe = "stripe",
    }
}

words! {
    /// Which dashboard the account's people use.
    DashboardType {
        /// The Express dashboard.
        Express = "express",
        /// The full dashboard.
        Full = "full",
        /// None: the platform's own pages.
        None = "none",
    }
}

words! {
    /// Who controls an account.
    ControllerType {
        /// The account itself.
        Account = "account",
        /// The platform that made it.
        Application = "application",
    }
}

/// Who pays the fees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fees {
    /// Who pays the fees of direct charges.
    pub payer: FeePayer,
}

/// Who bears the losses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Losses {
    /// Who bears a negative balance.
    pub payments: Liable,
}

/// Which dashboard there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dashboard {
    /// Which.
    #[serde(rename = "type")]
    pub kind: DashboardType,
}

/// Who controls an account. All but `type` is set when an application does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Controller {
    /// Who pays the fees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fees: Option<Fees>,
    /// Whether the platform that looks is the one that controls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_controller: Option<bool>,
    /// Who bears the losses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub losses: Option<Losses>,
    /// Who collects what must be known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement_collection: Option<RequirementCollection>,
    /// Which dashboard there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stripe_dashboard: Option<Dashboard>,
    /// Who controls it.
    #[serde(rename = "type")]
    pub kind: ControllerType,
}

impl Controller {
    /// An account that nobody else controls: a platform.
    pub fn own() -> Controller {
        Controller {
            fees: None,
            is_controller: None,
            losses: None,
            requirement_collection: None,
            stripe_dashboard: None,
            kind: ControllerType::Account,
        }
    }

    /// An account that a platform controls.
    pub fn application(
        payer: FeePayer,
        losses: Liable,
        requirements: RequirementCollection,
        dashboard: DashboardType,
    ) -> Controller {
        Controller {
            fees: Some(Fees { payer }),
            is_controller: Some(true),
            losses: Some(Losses { payments: losses }),
            requirement_collection: Some(requirements),
            stripe_dashboard: Some(Dashboard { kind: dashboard }),
            kind: ControllerType::Application,
        }
    }
}
