//! Reading an external account's numbers.

use kernel::{ApiError, Currency, Result};

use super::routing::Routing;
use super::{Ownership, PayoutFailure, PayoutOutcome};
use crate::fingerprint::fingerprint;

/// What every test account's bank is called.
const BANK_NAME: &str = "STRIPE TEST BANK";

/// An external account as given. It has no `Debug`, so that no log shows it.
#[derive(Clone, Copy)]
pub struct BankNumbers<'a> {
    /// Where the account is, two letters.
    pub country: &'a str,
    /// Its currency.
    pub currency: Currency,
    /// What names the bank, where the account number does not.
    pub routing_number: Option<&'a str>,
    /// The account number or IBAN.
    pub account_number: &'a str,
}

/// Where an external account leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankDetails {
    /// The bank.
    pub bank_name: &'static str,
    /// The last four characters of the account number, which may be shown.
    pub last4: String,
    /// What names the bank, with the dashes of its country.
    pub routing_number: Option<String>,
    /// Sixteen characters that are the same for the same account.
    pub fingerprint: String,
    /// Two upper-case letters.
    pub country: String,
    /// Its currency.
    pub currency: Currency,
    /// Whether it can be paid out to within minutes.
    pub instant_eligible: bool,
    /// How a payout to it ends.
    pub payout: PayoutOutcome,
    /// What a check of who owns it would find.
    pub ownership: Ownership,
}

/// Reads an external account's numbers; spaces and dashes in them do not matter.
///
/// `hash` names the parameter that holds them, for errors: `bank_account` gives `bank_account[account_number]`.
///
/// Errors: 400 `routing_number_invalid`; `account_number_invalid` for any number that is not a test number; a country
/// without test numbers.
pub fn check(numbers: &BankNumbers, hash: &str) -> Result<BankDetails> {
    let country = numbers.country.to_ascii_uppercase();
    let Some(form) = Form::of(&country) else {
        return Err(ApiError::not_yet(&format!("{hash}[country]"), format!("A bank account in {country}")));
    };
    let routing_number = form.routing().check(numbers.routing_number, &format!("{hash}[routing_number]"))?;
    let number: String =
        numbers.account_number.chars().filter(|c| !matches!(c, ' ' | '-')).take(40).collect::<String>().to_uppercase();
    let Some(test) = form.find(&country, &number) else {
        return Err(not_a_test_number(&form.example(&country), &format!("{hash}[account_number]")));
    };
    let named = format!("{country}/{}/{number}", routing_number.as_deref().unwrap_or_default());
    Ok(BankDetails {
        bank_name: BANK_NAME,
        last4: number.get(number.len() - 4..).unwrap_or_default().to_owned(),
        routing_number,
        fingerprint: fingerprint("bank", &named),
        instant_eligible: country == "US" && test.instant,
        country,
        currency: numbers.currency,
        payout: test.payout,
        ownership: test.ownership,
    })
}

/// The account behind a ready-made token: `btok_us_verified`, and with `_noAccount` and so on those that fail.
pub fn find_token(id: &str) -> Option<BankDetails> {
    let account_number = match id.strip_prefix("btok_us_verified")? {
        "" => "000123456789",
        "_noAccount" => "000111111116",
        "_accountClosed" => "000111111113",
        "_insufficientFunds" => "000222222227",
        "_debitNotAuthorized" => "000333333335",
        "_invalidCurrency" => "000444444440",
        _ => return None,
    };
    let numbers =
        BankNumbers { country: "US", currency: Currency::USD, routing_number: Some("110000000"), account_number };
    check(&numbers, "bank_account").ok()
}

/// What one test number says.
#[derive(Clone, Copy)]
struct Test {
    payout: PayoutOutcome,
    ownership: Ownership,
    instant: bool,
}

impl Test {
    const PAID: Test = Test { payout: PayoutOutcome::Paid, ownership: Ownership::NotChecked, instant: true };

    const fn fails(failure: PayoutFailure) -> Test {
        Test { payout: PayoutOutcome::Fails(failure), ..Test::PAID }
    }
}

/// How a country's accounts are numbered.
enum Form {
    /// So many digits, of which the test numbers share the end.
    Local { routing: Routing, digits: usize },
    /// So many digits, and one test number that works and is like none of another country.
    LocalWith { digits: usize, works: &'static str },
    /// IBAN.
    Iban,
}

/// Countries whose accounts have an IBAN: the European Union, the other members of SEPA that accounts can be in, and the
/// Emirates.
const IBAN_COUNTRIES: &[&str] = &[
    "AE", "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GI", "GR", "HR", "HU", "IE", "IS",
    "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
];

impl Form {
    fn of(country: &str) -> Option<Form> {
        let local = |routing, digits| Some(Form::Local { routing, digits });
        match country {
            "US" => local(Routing::Aba, 12),
            "GB" => local(Routing::Digits("000000"), 8),
            "AU" => local(Routing::Digits("000000"), 9),
            "CA" => local(Routing::Digits("00000-000"), 12),
            "BR" => local(Routing::Digits("000-0000"), 12),
            "JP" => local(Routing::Digits("0000000"), 7),
            "SG" => local(Routing::Digits("0000-000"), 9),
            "HK" => local(Routing::Digits("000-000"), 9),
            "IN" => local(Routing::Ifsc, 12),
            "MY" | "TH" => local(Routing::Any, 12),
            "NZ" => Some(Form::LocalWith { digits: 16, works: "1100000000000010" }),
            "MX" => Some(Form::LocalWith { digits: 18, works: "000000001234567897" }),
            "AR" => Some(Form::LocalWith { digits: 22, works: "0110000600000000000000" }),
            _ if IBAN_COUNTRIES.contains(&country) => Some(Form::Iban),
            _ => None,
        }
    }

    fn routing(&self) -> Routing {
        match self {
            Form::Local { routing, .. } => *routing,
            Form::LocalWith { .. } | Form::Iban => Routing::None,
        }
    }

    /// A number that works, for the error's advice.
    fn example(&self, country: &str) -> String {
        match self {
            Form::Local { digits, .. } => working(*digits),
            Form::LocalWith { works, .. } => (*works).to_owned(),
            Form::Iban => format!("{country}89{IBAN_STEM}0"),
        }
    }

    fn find(&self, country: &str, number: &str) -> Option<Test> {
        match self {
            Form::Local { digits, .. } if number == working(*digits) => Some(Test::PAID),
            // In Britain a sort code makes an account, but its accounts also have an IBAN.
            Form::Local { .. } if country == "GB" && number.starts_with("GB") => find_iban(country, number),
            Form::Local { digits, .. } => find_ownership(country, number).or_else(|| find_by_end(number, *digits)),
            Form::LocalWith { works, .. } if number == *works => Some(Test::PAID),
            Form::LocalWith { digits, .. } => find_by_end(number, *digits),
            Form::Iban => find_iban(country, number),
        }
    }
}

/// `000123456789`, shortened from the right to the country's digits.
fn working(digits: usize) -> String {
    "000123456789".chars().take(digits).collect()
}

/// The ends of the numbers that fail, the same in every country (Stripe, "Testing Stripe Connect").
const ENDS: &[(&str, Test)] = &[
    ("111111116", Test::fails(PayoutFailure::NoAccount)),
    ("111111113", Test::fails(PayoutFailure::AccountClosed)),
    ("222222227", Test::fails(PayoutFailure::InsufficientFunds)),
    ("333333335", Test::fails(PayoutFailure::DebitNotAuthorized)),
    ("444444440", Test::fails(PayoutFailure::InvalidCurrency)),
    ("888888883", Test { instant: false, ..Test::PAID }),
];

/// Where the country's numbers are shorter than an end, they are the end of that; where longer, anything may stand before.
fn find_by_end(number: &str, digits: usize) -> Option<Test> {
    if number.len() != digits || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    ENDS.iter().find(|(end, _)| number.ends_with(end) || end.ends_with(number)).map(|(_, test)| *test)
}

/// In the United States and India two numbers show how the check of the owner goes.
fn find_ownership(country: &str, number: &str) -> Option<Test> {
    match (country, number) {
        ("US" | "IN", "000999999991") => Some(Test { ownership: Ownership::Passes, ..Test::PAID }),
        ("US" | "IN", "000999999992") => Some(Test { ownership: Ownership::AsksForDocuments, ..Test::PAID }),
        _ => None,
    }
}

/// All test IBANs but for the country, the check digits (any are taken) and the last digit.
const IBAN_STEM: &str = "37040044053201300";

/// IBANs in a country's own form that also lead somewhere. Payouts use those of Austria, Belgium and the Emirates; the
/// others are Stripe's SEPA debit numbers that work, which people try first.
const OWN_IBANS: &[(&str, Test)] = &[
    ("AE070331234567890123456", Test::PAID),
    ("AT611904300234573201", Test::PAID),
    ("AT861904300235473202", Test::fails(PayoutFailure::NoAccount)),
    ("BE62510007547061", Test::PAID),
    ("BE68539007547034", Test::fails(PayoutFailure::NoAccount)),
    ("CH9300762011623852957", Test::PAID),
    ("EE382200221020145685", Test::PAID),
    ("ES0700120345030000067890", Test::PAID),
    ("FI2112345600000785", Test::PAID),
    ("FR1420041010050500013M02606", Test::PAID),
    ("GB82WEST12345698765432", Test::PAID),
    ("GI60MPFS599327643783385", Test::PAID),
    ("HR7624020064583467589", Test::PAID),
    ("IE29AIBK93115212345678", Test::PAID),
    ("LI0508800636123378777", Test::PAID),
    ("LT121000011101001000", Test::PAID),
    ("LU280019400644750000", Test::PAID),
    ("NL39RABO0300065264", Test::PAID),
    ("NO9386011117947", Test::PAID),
    ("PT50000201231234567890154", Test::PAID),
    ("SE3550000000054910000003", Test::PAID),
];

fn find_iban(country: &str, number: &str) -> Option<Test> {
    let rest = number.strip_prefix(country)?;
    if let Some((_, test)) = OWN_IBANS.iter().find(|(own, _)| *own == number) {
        return Some(*test);
    }
    let (check_digits, account) = rest.split_at_checked(2)?;
    if !check_digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match account.strip_prefix(IBAN_STEM)? {
        "0" => Some(Test::PAID),
        "1" => Some(Test::fails(PayoutFailure::NoAccount)),
        "2" => Some(Test::fails(PayoutFailure::AccountClosed)),
        "3" => Some(Test::fails(PayoutFailure::InsufficientFunds)),
        "4" => Some(Test::fails(PayoutFailure::DebitNotAuthorized)),
        "5" => Some(Test::fails(PayoutFailure::InvalidCurrency)),
        _ => None,
    }
}

fn not_a_test_number(example: &str, param: &str) -> ApiError {
    ApiError::invalid(
        param,
        format!(
            "You must use a test bank account number in test mode. Try {example} or see more options at \
             https://stripe.com/docs/connect/testing#account-numbers."
        ),
    )
    .code("account_number_invalid")
}

#[cfg(test)]
mod tests {
    use super::*;
    use PayoutFailure::{AccountClosed, DebitNotAuthorized, InsufficientFunds, InvalidCurrency, NoAccount};

    fn read(country: &str, routing_number: Option<&str>, account_number: &str) -> Result<BankDetails> {
        let currency = Currency::USD;
        check(&BankNumbers { country, currency, routing_number, account_number }, "bank_account")
    }

    fn payout(country: &str, routing: &str, account: &str) -> PayoutOutcome {
        let routing = Some(routing).filter(|r| !r.is_empty());
        read(country, routing, account).unwrap_or_else(|e| panic!("{country} {account}: {e}")).payout
    }

    /// Country, routing number, the number that works, those that fail: in the order of `FAILURES`.
    const LOCAL: &[(&str, &str, &str, [&str; 5])] = &[
        (
            "US",
            "110000000",
            "000123456789",
            ["000111111116", "000111111113", "000222222227", "000333333335", "000444444440"],
        ),
        ("GB", "108800", "00012345", ["11111116", "11111113", "22222227", "33333335", "44444440"]),
        ("AU", "110000", "000123456", ["111111116", "111111113", "222222227", "333333335", "444444440"]),
        (
            "CA",
            "11000-000",
            "000123456789",
            ["000111111116", "000111111113", "000222222227", "000333333335", "000444444440"],
        ),
        (
            "BR",
            "110-0000",
            "000123456789",
            ["000111111116", "000111111113", "000222222227", "000333333335", "000444444440"],
        ),
        ("JP", "1100000", "0001234", ["1111116", "1111113", "2222227", "3333335", "4444440"]),
        ("SG", "1100-000", "000123456", ["111111116", "111111113", "222222227", "333333335", "444444440"]),
        ("HK", "110-000", "000123-456", ["111111-116", "111111-113", "222222-227", "333333-335", "444444-440"]),
        (
            "IN",
            "HDFC0004051",
            "000123456789",
            ["000111111116", "000111111113", "000222222227", "000333333335", "000444444440"],
        ),
        (
            "NZ",
            "",
            "1100000000000010",
            ["1100000111111116", "1100000111111113", "1100000222222227", "1100000333333335", "1100000444444440"],
        ),
        (
            "MX",
            "",
            "000000001234567897",
            [
                "000000000111111116",
                "000000000111111113",
                "000000000222222227",
                "000000000333333335",
                "000000000444444440",
            ],
        ),
        (
            "AR",
            "",
            "0110000600000000000000",
            [
                "0110000600000111111116",
                "0110000600000111111113",
                "0110000600000222222227",
                "0110000600000333333335",
                "0110000600000444444440",
            ],
        ),
        (
            "TH",
            "999-9999",
            "000123456789",
            ["000111111116", "000111111113", "000222222227", "000333333335", "000444444440"],
        ),
        (
            "MY",
            "TESTMYKL",
            "000123456789",
            ["000111111116", "000111111113", "000222222227", "000333333335", "000444444440"],
        ),
    ];

    const FAILURES: [PayoutFailure; 5] =
        [NoAccount, AccountClosed, InsufficientFunds, DebitNotAuthorized, InvalidCurrency];

    #[test]
    fn each_countrys_test_numbers_are_paid_or_fail_as_stripe_lists_them() {
        for (country, routing, works, fail) in LOCAL {
            assert_eq!(payout(country, routing, works), PayoutOutcome::Paid, "{country}");
            for (account, failure) in fail.iter().zip(FAILURES) {
                assert_eq!(payout(country, routing, account), PayoutOutcome::Fails(failure), "{country} {account}");
            }
        }
    }

    #[test]
    fn test_ibans_work_for_every_iban_country_whatever_their_check_digits() {
        for country in IBAN_COUNTRIES.iter().chain(&["GB"]) {
            let routing = if *country == "GB" { "108800" } else { "" };
            assert_eq!(payout(country, routing, &format!("{country}89370400440532013000")), PayoutOutcome::Paid);
            for (digit, failure) in (1..).zip(FAILURES) {
                for check_digits in ["89", "62", "00"] {
                    let iban = format!("{country}{check_digits}37040044053201300{digit}");
                    assert_eq!(payout(country, routing, &iban), PayoutOutcome::Fails(failure), "{iban}");
                }
            }
        }
    }

    #[test]
    fn ibans_in_a_countrys_own_form_work_too() {
        for (iban, test) in OWN_IBANS {
            let country = &iban[..2];
            let routing = if country == "GB" { "108800" } else { "" };
            assert_eq!(payout(country, routing, iban), test.payout, "{iban}");
        }
        assert_eq!(payout("FR", "", "fr14 2004 1010 0505 0001 3m02 606"), PayoutOutcome::Paid);
        assert_eq!(payout("AT", "", "AT861904300235473202"), PayoutOutcome::Fails(NoAccount));
    }

    #[test]
    fn only_american_accounts_are_paid_within_minutes_and_one_of_them_is_not() {
        let instant = |country, routing, account| read(country, routing, account).unwrap().instant_eligible;
        assert!(instant("US", Some("110000000"), "000123456789"));
        assert!(!instant("US", Some("110000000"), "000888888883"));
        assert!(!instant("GB", Some("108800"), "00012345"));
        assert!(!instant("DE", None, "DE89370400440532013000"));
        assert_eq!(payout("US", "110000000", "000888888883"), PayoutOutcome::Paid);
        assert_eq!(payout("GB", "108800", "88888883"), PayoutOutcome::Paid);
        assert_eq!(payout("AU", "110000", "888888883"), PayoutOutcome::Paid);
    }

    #[test]
    fn two_numbers_show_how_the_check_of_the_owner_goes() {
        let ownership = |country, routing, account| read(country, Some(routing), account).map(|d| d.ownership);
        for (country, routing) in [("US", "110000000"), ("IN", "HDFC0004051")] {
            assert_eq!(ownership(country, routing, "000999999991"), Ok(Ownership::Passes));
            assert_eq!(ownership(country, routing, "000999999992"), Ok(Ownership::AsksForDocuments));
            assert_eq!(ownership(country, routing, "000123456789"), Ok(Ownership::NotChecked));
        }
        assert!(ownership("CA", "11000-000", "000999999991").is_err());
    }

    #[test]
    fn a_number_that_is_not_for_testing_is_refused_with_advice_and_not_repeated() {
        let error = read("US", Some("110000000"), "123456789012").unwrap_err();
        assert_eq!(error.http_status(), 400);
        assert_eq!(error.code_str(), Some("account_number_invalid"));
        assert_eq!(error.param_str(), Some("bank_account[account_number]"));
        assert_eq!(
            error.message(),
            "You must use a test bank account number in test mode. Try 000123456789 or see more options at \
             https://stripe.com/docs/connect/testing#account-numbers."
        );
        let advice = read("FR", None, "FR7630006000011234567890189").unwrap_err();
        assert!(advice.message().contains("Try FR89370400440532013000 or"));
    }

    #[test]
    fn numbers_of_another_form_or_country_are_refused() {
        let refused = |country, routing, account| {
            let code = read(country, routing, account).unwrap_err().code_str().map(str::to_owned);
            assert_eq!(code.as_deref(), Some("account_number_invalid"), "{country} {account}");
        };
        refused("US", Some("110000000"), "00111111116");
        refused("US", Some("110000000"), "");
        refused("US", Some("110000000"), "DE89370400440532013000");
        refused("US", Some("110000000"), "abc111111116");
        refused("GB", Some("108800"), "6");
        refused("DE", None, "FR89370400440532013000");
        refused("DE", None, "DE89370400440532013006");
        refused("DE", None, "DE8é370400440532013000");
        refused("DE", None, "DE");
        refused("JP", Some("1100000"), "1111119");
    }

    #[test]
    fn a_bad_routing_number_is_named_before_the_account_number() {
        let error = read("US", Some("110000001"), "nonsense").unwrap_err();
        assert_eq!(error.code_str(), Some("routing_number_invalid"));
        assert_eq!(error.param_str(), Some("bank_account[routing_number]"));
        assert_eq!(read("US", None, "000123456789").unwrap_err().code_str(), Some("parameter_missing"));
        assert_eq!(read("ZZ", None, "000123456789").unwrap_err().param_str(), Some("bank_account[country]"));
    }

    #[test]
    fn details_are_what_stripe_shows() {
        let details = read("us", Some("110000000"), "000123456789").unwrap();
        assert_eq!(details.bank_name, "STRIPE TEST BANK");
        assert_eq!(details.last4, "6789");
        assert_eq!(details.routing_number.as_deref(), Some("110000000"));
        assert_eq!(details.country, "US");
        let german = read("DE", None, "DE89 3704 0044 0532 0130 00").unwrap();
        assert_eq!((german.last4.as_str(), german.routing_number), ("3000", None));
        assert_ne!(details.fingerprint, german.fingerprint);
        assert_eq!(details.fingerprint, read("US", Some("110000000"), "000-123456789").unwrap().fingerprint);
    }

    #[test]
    fn tokens_lead_to_american_accounts_that_are_paid_or_fail() {
        let cases = [
            ("btok_us_verified", PayoutOutcome::Paid),
            ("btok_us_verified_noAccount", PayoutOutcome::Fails(NoAccount)),
            ("btok_us_verified_accountClosed", PayoutOutcome::Fails(AccountClosed)),
            ("btok_us_verified_insufficientFunds", PayoutOutcome::Fails(InsufficientFunds)),
            ("btok_us_verified_debitNotAuthorized", PayoutOutcome::Fails(DebitNotAuthorized)),
            ("btok_us_verified_invalidCurrency", PayoutOutcome::Fails(InvalidCurrency)),
        ];
        for (token, outcome) in cases {
            assert_eq!(find_token(token).map(|d| d.payout), Some(outcome), "{token}");
        }
    }

    #[test]
    fn debit_cards_cannot_be_paid_out_to_yet() {
        for token in ["tok_visa_debit_us_transferSuccess", "btok_us_verified_other", "btok_", ""] {
            assert_eq!(find_token(token), None, "{token}");
        }
    }

    #[test]
    fn each_failure_has_stripes_code_and_sentence() {
        for failure in FAILURES {
            assert!(failure.message().ends_with(['.', ')']), "{failure}");
        }
        assert_eq!(NoAccount.as_str(), "no_account");
        assert_eq!(AccountClosed.message(), "The bank account has been closed.");
    }
}
