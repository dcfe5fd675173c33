//! What an amount is made of, as the merchant tells it. Shown, and not added up.
//!
//! Deliberately absent: line items.

use kernel::{ApiError, Patch, Result, too_low};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::text;

/// What an amount is made of, in minor units of the intent's currency.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AmountDetails {
    /// Taken off already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount_amount: Option<i64>,
    /// For carrying the goods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<AmountShipping>,
    /// For the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<AmountTax>,
    /// For whoever served; card readers fill it in.
    #[serde(default)]
    pub tip: Tip,
}

/// What carrying the goods costs, and from where to where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AmountShipping {
    /// Minor units.
    pub amount: Option<i64>,
    /// Where they are sent from.
    pub from_postal_code: Option<String>,
    /// Where they are sent to.
    pub to_postal_code: Option<String>,
}

/// What the state gets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AmountTax {
    /// Minor units.
    pub total_tax_amount: Option<i64>,
}

/// Always empty: there are no card readers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tip {}

/// `amount_details` of a request.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AmountDetailsParams {
    /// Taken off already.
    discount_amount: Patch<i64>,
    /// Taken, without effect: the parts are not added up.
    enforce_arithmetic_validation: Option<bool>,
    /// Not supported yet.
    line_items: Patch<Json>,
    /// For carrying the goods.
    shipping: Patch<AmountShippingParams>,
    /// For the state.
    tax: Patch<AmountTaxParams>,
}

/// `amount_details[shipping]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AmountShippingParams {
    /// Minor units.
    amount: Patch<i64>,
    /// Where the goods are sent from.
    from_postal_code: Patch<String>,
    /// Where they are sent to.
    to_postal_code: Patch<String>,
}

/// `amount_details[tax]`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AmountTaxParams {
    /// Minor units.
    total_tax_amount: i64,
}

impl AmountDetailsParams {
    /// Writes what was given into `details`.
    ///
    /// Errors: 400 for amounts below 0, and for line items.
    pub(super) fn apply(self, details: &mut AmountDetails) -> Result<()> {
        if self.line_items.as_set().is_some() {
            return Err(ApiError::not_yet("amount_details[line_items]", "The parameter amount_details[line_items]"));
        }
        not_negative("amount_details[discount_amount]", self.discount_amount.as_set())?;
        self.discount_amount.apply(&mut details.discount_amount);
        match self.shipping {
            Patch::Set(shipping) => shipping.apply(details.shipping.get_or_insert_default())?,
            Patch::Clear => details.shipping = None,
            Patch::Absent => {}
        }
        match self.tax {
            Patch::Set(tax) => {
                not_negative("amount_details[tax][total_tax_amount]", Some(&tax.total_tax_amount))?;
                details.tax = Some(AmountTax { total_tax_amount: Some(tax.total_tax_amount) });
            }
            Patch::Clear => details.tax = None,
            Patch::Absent => {}
        }
        Ok(())
    }
}

impl AmountShippingParams {
    fn apply(self, shipping: &mut AmountShipping) -> Result<()> {
        not_negative("amount_details[shipping][amount]", self.amount.as_set())?;
        text::check_patch("amount_details[shipping][from_postal_code]", &self.from_postal_code, text::NAME)?;
        text::check_patch("amount_details[shipping][to_postal_code]", &self.to_postal_code, text::NAME)?;
        self.amount.apply(&mut shipping.amount);
        self.from_postal_code.apply(&mut shipping.from_postal_code);
        self.to_postal_code.apply(&mut shipping.to_postal_code);
        Ok(())
    }
}

fn not_negative(param: &str, amount: Option<&i64>) -> Result<()> {
    match amount {
        Some(amount) if *amount < 0 => Err(too_low(param, 0)),
        Some(_) | None => Ok(()),
    }
}
