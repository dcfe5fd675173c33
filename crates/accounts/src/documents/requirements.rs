//! What must still be known, as it is shown of accounts, capabilities, persons and external accounts.

use kernel::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::words;

words! {
    /// What a requested capability is good for.
    CapabilityStatus {
        /// It works.
        Active = "active",
        /// It does not, see `requirements`.
        Inactive = "inactive",
        /// What was given is being verified.
        Pending = "pending",
    }
}

/// Something that can be given in place of something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alternative {
    /// What satisfies as well.
    pub alternative_fields_due: Vec<String>,
    /// What is due.
    pub original_fields_due: Vec<String>,
}

/// Why something that was given does not satisfy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct RequirementError {
    /// One of Stripe's codes.
    pub code: String,
    /// The same in a sentence.
    pub reason: String,
    /// What must be given again.
    pub requirement: String,
}

/// What must still be known of an account, or for one of its capabilities. Keys are sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Requirements {
    /// What can be given in place of something else.
    pub alternatives: Vec<Alternative>,
    /// When `currently_due` is too late; Kontor sets no deadlines yet.
    pub current_deadline: Option<Timestamp>,
    /// What must be given now, including what is past due.
    pub currently_due: Vec<String>,
    /// Why charges or payouts are off.
    pub disabled_reason: Option<String>,
    /// What was given and does not satisfy.
    pub errors: Vec<RequirementError>,
    /// What must be given some day, including what must be given now.
    pub eventually_due: Vec<String>,
    /// What is missing so that something is off already.
    pub past_due: Vec<String>,
    /// What was given and is being verified.
    pub pending_verification: Vec<String>,
}

/// The same of a person or an external account: without deadline and consequence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PartRequirements {
    /// What can be given in place of something else; persons only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alternatives: Option<Vec<Alternative>>,
    /// What must be given now.
    pub currently_due: Vec<String>,
    /// What was given and does not satisfy.
    pub errors: Vec<RequirementError>,
    /// What must be given some day; persons only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eventually_due: Option<Vec<String>>,
    /// What is missing so that something is off already.
    pub past_due: Vec<String>,
    /// What was given and is being verified.
    pub pending_verification: Vec<String>,
}

impl PartRequirements {
    /// Nothing is asked of a person.
    pub fn of_person() -> PartRequirements {
        PartRequirements {
            alternatives: Some(Vec::new()),
            eventually_due: Some(Vec::new()),
            ..PartRequirements::default()
        }
    }
}
