//! Accepting the services agreement.

use kernel::{ApiError, Patch, Result, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::address::set_line;
use crate::documents::Account;
use crate::validate;

/// `tos_acceptance`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TosParams {
    /// When, in Unix seconds.
    date: Option<i64>,
    /// From which address.
    ip: Option<String>,
    /// `full`, or `recipient` for an account that only receives transfers from abroad.
    service_agreement: Option<String>,
    /// By which browser.
    #[serde(default)]
    user_agent: Patch<String>,
}

impl TosParams {
    /// Writes what is given.
    ///
    /// Errors: 400 for an account whose own people must accept it themselves; for the recipient agreement, which is for
    /// accounts abroad.
    pub(crate) fn apply(self, account: &mut Account, now: Timestamp) -> Result<()> {
        let accepts = self.date.is_some() || self.ip.is_some() || self.user_agent.as_set().is_some();
        if accepts && account.is_connected() && !account.is_platform_collected() {
            return Err(not_on_behalf());
        }
        if let Some(agreement) = self.service_agreement {
            check_agreement(&agreement, &account.country)?;
            account.tos_acceptance.service_agreement = Some(agreement);
        }
        if let Some(date) = self.date {
            account.tos_acceptance.date = Some(validate::agreed_at(date, now, "tos_acceptance[date]")?);
        }
        if let Some(ip) = self.ip {
            account.tos_acceptance.ip = Some(validate::ip(&ip, "tos_acceptance[ip]")?);
        }
        set_line(&mut account.tos_acceptance.user_agent, self.user_agent, "tos_acceptance[user_agent]")
    }
}

fn check_agreement(agreement: &str, country: &str) -> Result<()> {
    let message = match agreement {
        "full" => return Ok(()),
        "recipient" => format!(
            "The recipient ToS agreement is not supported for platforms in {country} creating accounts in {country}."
        ),
        _ => "Invalid service_agreement: must be one of full or recipient".to_owned(),
    };
    Err(ApiError::invalid("tos_acceptance[service_agreement]", message))
}

fn not_on_behalf() -> ApiError {
    ApiError::invalid(
        "tos_acceptance",
        "You cannot accept the Terms of Service on behalf of accounts where controller[requirement_collection]=stripe, \
         which includes Standard and Express accounts.",
    )
}
