//! How much may be asked for.

use std::sync::LazyLock;

use kernel::{ApiError, Currency, Money, Result, too_low};

/// The most in minor units: eight digits, and more where the unit is small (Stripe, "minimum and maximum charge amounts").
fn most(currency: Currency) -> i64 {
    match currency.code() {
        "idr" => 999_999_999_999,
        "cop" => 9_999_999_999,
        "inr" => 999_999_999,
        _ => 99_999_999,
    }
}

/// A currency by its code, in either case.
///
/// Errors: 400 on `currency`.
pub(crate) fn currency(code: &str) -> Result<Currency> {
    Currency::parse(code).ok_or_else(|| {
        let shown: String = code.chars().take(20).collect();
        let known = KNOWN.join(", ");
        let message = format!("Invalid currency: {shown}. Stripe currently supports these currencies: {known}");
        ApiError::invalid("currency", message)
    })
}

/// Every currency that can be charged, for the message that lists them; US dollars first, as Stripe has it.
static KNOWN: LazyLock<Vec<String>> = LazyLock::new(|| {
    let letters = || (b'a'..=b'z').map(char::from);
    let codes =
        letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| String::from_iter([a, b, c]))));
    let known = codes.filter(|code| code != "usd" && Currency::parse(code).is_some());
    std::iter::once("usd".to_owned()).chain(known).collect()
});

/// Whether so much may be asked for.
///
/// Errors: 400 `amount_too_small`, `amount_too_large`, `parameter_invalid_integer`; in currencies with three decimals the
/// last digit must be 0, and in those that have lost theirs both (Stripe, "Supported currencies", special cases).
pub(crate) fn check(money: Money) -> Result<()> {
    let Money { amount, currency } = money;
    let minimum = currency.minimum_charge();
    if amount < 1 {
        return Err(too_low("amount", 1));
    }
    if amount < minimum {
        let least = Money::new(minimum, currency).to_string();
        let least = if least.ends_with(currency.code()) { least } else { format!("{least} {currency}") };
        return Err(ApiError::invalid("amount", format!("Amount must be at least {least}")).code("amount_too_small"));
    }
    if most(currency) < amount {
        let most = Money::new(most(currency), currency);
        return Err(ApiError::invalid("amount", format!("Amount must be no more than {most}")).code("amount_too_large"));
    }
    if currency.exponent() == 3 && amount % 10 != 0 {
        return Err(ApiError::invalid(
            "amount",
            format!(
                "Amounts in {currency} have three decimals, the last of which must be 0: {amount} is not a multiple of 10."
            ),
        ));
    }
    if matches!(currency.code(), "isk" | "ugx") && amount % 100 != 0 {
        return Err(ApiError::invalid(
            "amount",
            format!(
                "Amounts in {currency} are sent with two decimals that must be 00: {amount} is not a multiple of 100."
            ),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_bounds_by_currency() {
        let code = |amount, currency: &str| {
            check(Money::new(amount, Currency::parse(currency).unwrap())).err().map(|e| e.code_str().map(str::to_owned))
        };
        assert_eq!(code(50, "usd"), None);
        assert_eq!(code(49, "usd"), Some(Some("amount_too_small".into())));
        assert_eq!(code(49, "jpy"), Some(Some("amount_too_small".into())));
        assert_eq!(code(-1, "usd"), Some(Some("parameter_invalid_integer".into())));
        assert_eq!(code(100_000_000, "usd"), Some(Some("amount_too_large".into())));
        assert_eq!(code(1_001, "kwd"), Some(None));
        assert_eq!(code(1_010, "kwd"), None);
        assert_eq!(code(1_050, "isk"), Some(None));
        assert_eq!(code(1_100, "isk"), None);
        assert_eq!(code(999_999_999, "inr"), None);
        assert_eq!(code(1_000_000_000, "inr"), Some(Some("amount_too_large".into())));
        assert_eq!(code(9_999_999_999, "cop"), None);
        assert_eq!(code(999_999_999_999, "idr"), None);
    }

    #[test]
    fn an_unknown_currency_is_told_which_there_are() {
        let error = currency("xxx").unwrap_err();
        assert_eq!(error.param_str(), Some("currency"));
        let start = "Invalid currency: xxx. Stripe currently supports these currencies: usd, aed, afn, ";
        assert!(error.message().starts_with(start) && error.message().ends_with(", zar, zmw"), "{error}");
        assert_eq!(currency("EUR"), Ok(Currency::EUR));
    }

    #[test]
    fn the_smallest_amount_is_named_in_its_currency() {
        let message = check(Money::new(1, Currency::USD)).unwrap_err().message().to_owned();
        assert_eq!(message, "Amount must be at least $0.50 usd");
    }
}
