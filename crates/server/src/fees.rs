//! `kontor fees`: the price list.

use funds::pricing::PRICES;

/// Prints what processing costs, by country of the account that settles.
pub(crate) fn print() {
    say!("What Kontor takes for processing a card payment, by the country of the account that settles it:\n");
    say!(
        "{:<12} {:<9} {:>9} {:>14} {:>12} {:>7}",
        "country",
        "currency",
        "domestic",
        "international",
        "conversion",
        "fixed"
    );
    for price in PRICES {
        say!(
            "{:<12} {:<9} {:>9} {:>14} {:>12} {:>7}",
            price.country,
            price.currency,
            percent(price.domestic_basis_points),
            percent(price.international_basis_points),
            format!("+{}", percent(price.conversion_basis_points)),
            format!("{}.{:02}", price.fixed / 100, price.fixed % 100),
        );
    }
    say!(
        "\nThe percentage is of the payment in its settlement currency, rounded half up; the fixed part comes on top."
    );
}

fn percent(basis_points: i64) -> String {
    format!("{}.{:02} %", basis_points / 100, basis_points % 100)
}
