//! Connected accounts: opened, changed.

use super::Taken;
use crate::host::Ask;
use crate::simulation::Simulation;

/// How an account is controlled, and whether the platform tells everything about it.
struct Kind {
    form: &'static [(&'static str, &'static str)],
    is_platform_collected: bool,
}

const KINDS: &[(u64, Kind)] = &[
    (6, Kind { form: &[("type", "custom")], is_platform_collected: true }),
    (
        5,
        Kind {
            form: &[
                ("controller[fees][payer]", "application"),
                ("controller[losses][payments]", "application"),
                ("controller[requirement_collection]", "application"),
                ("controller[stripe_dashboard][type]", "none"),
            ],
            is_platform_collected: true,
        },
    ),
    (2, Kind { form: &[("type", "express")], is_platform_collected: false }),
    (2, Kind { form: &[("type", "standard")], is_platform_collected: false }),
    (
        2,
        Kind {
            form: &[
                ("controller[fees][payer]", "application"),
                ("controller[losses][payments]", "stripe"),
                ("controller[stripe_dashboard][type]", "none"),
            ],
            is_platform_collected: false,
        },
    ),
    (
        1,
        Kind {
            form: &[
                ("controller[fees][payer]", "application"),
                ("controller[losses][payments]", "application"),
                ("controller[stripe_dashboard][type]", "express"),
            ],
            is_platform_collected: false,
        },
    ),
];

const PERSON: &[(&str, &str)] = &[
    ("country", "US"),
    ("email", "seller@example.com"),
    ("business_type", "individual"),
    ("business_profile[mcc]", "5734"),
    ("business_profile[name]", "Seller"),
    ("business_profile[product_description]", "Things made by hand"),
    ("business_profile[support_phone]", "+14155550100"),
    ("capabilities[card_payments][requested]", "true"),
    ("capabilities[transfers][requested]", "true"),
    ("individual[first_name]", "Ada"),
    ("individual[last_name]", "Baker"),
    ("individual[email]", "seller@example.com"),
    ("individual[phone]", "+14155550100"),
    ("individual[dob][day]", "1"),
    ("individual[dob][month]", "1"),
    ("individual[dob][year]", "1902"),
    ("individual[ssn_last_4]", "0000"),
    ("individual[address][line1]", "address_full_match"),
    ("individual[address][city]", "San Francisco"),
    ("individual[address][state]", "CA"),
    ("individual[address][postal_code]", "94107"),
    ("individual[address][country]", "US"),
    ("settings[payments][statement_descriptor]", "HANDMADE THINGS"),
];

const TERMS: &[(&str, &str)] = &[("tos_acceptance[date]", "1790000000"), ("tos_acceptance[ip]", "127.0.0.1")];

const BANK: &[(&str, &str)] = &[
    ("external_account[object]", "bank_account"),
    ("external_account[country]", "US"),
    ("external_account[currency]", "usd"),
    ("external_account[routing_number]", "110000000"),
];

/// American account numbers: the first works, payouts to the others fail.
pub(super) const NUMBERS: &[(u64, &str)] = &[
    (10, "000123456789"),
    (2, "000111111113"),
    (2, "000111111116"),
    (1, "000222222227"),
    (1, "000333333335"),
    (1, "000444444440"),
];

/// Three to eight accounts; the first can do everything.
pub(super) fn settle_in(simulation: &mut Simulation) -> Taken {
    let platform = simulation.send(&Ask::get("/v1/account"))?;
    if !platform.is_ok() {
        return Err(format!("the platform cannot see itself: {}", platform.body));
    }
    simulation.model.account(&platform.body);
    let count = simulation.dice.between(3, 8);
    for number in 0..count {
        let kind = if number == 0 { &KINDS[0].1 } else { simulation.dice.weighted(KINDS) };
        let ask = form(simulation, kind, number == 0);
        let got = simulation.ask("account", ask.clone())?;
        if !got.is_ok() {
            return Err(format!("an account cannot be opened: {} {}", ask.told(), got.body));
        }
        opened(simulation, &got.body);
    }
    Ok(())
}

fn opened(simulation: &mut Simulation, account: &serde_json::Value) {
    let id = account["id"].as_str().unwrap_or_default().to_owned();
    simulation.model.account(account);
    simulation.market.seen(&id, &simulation.host.platform.clone());
    if let Some(bank) = account["external_accounts"]["data"][0]["id"].as_str() {
        let bank = crate::market::Owned { id: bank.to_owned(), owner: id.clone() };
        crate::market::remember(&mut simulation.market.banks, bank);
    }
    simulation.market.sellers.push(id);
}

fn form(simulation: &mut Simulation, kind: &Kind, works: bool) -> Ask {
    let mut ask = Ask::post("/v1/accounts").with_all(kind.form).with_all(PERSON);
    if kind.is_platform_collected {
        ask = ask.with_all(TERMS);
    }
    if works || simulation.dice.percent(90) {
        let number = if works { NUMBERS[0].1 } else { *simulation.dice.weighted(NUMBERS) };
        ask = ask.with_all(BANK).with("external_account[account_number]", number);
    }
    if kind.is_platform_collected && simulation.dice.percent(40) {
        ask = ask.with("settings[payouts][debit_negative_balances]", true);
    }
    schedule(simulation, ask)
}

fn schedule(simulation: &mut Simulation, ask: Ask) -> Ask {
    let prefix = "settings[payouts][schedule]";
    match simulation.dice.between(0, 6) {
        0 | 1 => ask.with(format!("{prefix}[interval]"), "manual"),
        2..=4 => ask.with(format!("{prefix}[interval]"), "daily"),
        5 => {
            let day = *simulation.dice.pick(&["monday", "tuesday", "wednesday", "thursday", "friday"]);
            ask.with(format!("{prefix}[interval]"), "weekly").with(format!("{prefix}[weekly_anchor]"), day)
        }
        _ => {
            let day = simulation.dice.between(1, 31);
            ask.with(format!("{prefix}[interval]"), "monthly").with(format!("{prefix}[monthly_anchor]"), day)
        }
    }
}

/// One more account, while there are few.
pub(super) fn open(simulation: &mut Simulation) -> Taken {
    if 10 < simulation.market.sellers.len() {
        return Ok(());
    }
    let kind = simulation.dice.weighted(KINDS);
    let ask = form(simulation, kind, false);
    let got = simulation.ask("account", ask)?;
    if got.is_ok() {
        opened(simulation, &got.body);
    }
    Ok(())
}

/// A minimum balance, debits of the bank, another schedule: the other view of the same.
fn balance_settings(simulation: &mut Simulation, seller: &str) -> Taken {
    let mut ask = Ask::post("/v1/balance_settings").on(seller);
    let prefix = "payments[payouts]";
    match simulation.dice.between(0, 4) {
        0 | 1 => {
            let minimum = simulation.dice.between(0, 5_000);
            ask = ask.with(format!("{prefix}[minimum_balance_by_currency][usd]"), minimum);
        }
        2 => ask = ask.with(format!("{prefix}[minimum_balance_by_currency]"), ""),
        3 => ask = ask.with("payments[debit_negative_balances]", simulation.dice.percent(70)),
        _ => {
            let interval = *simulation.dice.pick(&["daily", "daily", "manual"]);
            ask = ask.with(format!("{prefix}[schedule][interval]"), interval);
        }
    }
    simulation.ask("balance settings", ask).map(drop)
}

/// Another schedule, another bank account, or something that money does not see.
pub(super) fn update(simulation: &mut Simulation) -> Taken {
    let sellers = simulation.market.sellers.clone();
    let seller = simulation.dice.pick(&sellers).clone();
    let mut ask = Ask::post(format!("/v1/accounts/{seller}"));
    match simulation.dice.between(0, 11) {
        10 | 11 => return balance_settings(simulation, &seller),
        0..=3 => ask = schedule(simulation, ask),
        4..=6 => {
            let number = *simulation.dice.weighted(NUMBERS);
            ask = ask.with_all(BANK).with("external_account[account_number]", number);
        }
        7 => {
            let debits = simulation.dice.percent(50);
            ask = ask.with("settings[payouts][debit_negative_balances]", debits);
        }
        8 => {
            let days = simulation.dice.between(2, 10);
            ask = ask.with("settings[payouts][schedule][delay_days]", days);
        }
        _ => ask = ask.with("metadata[word]", simulation.dice.word(8)),
    }
    let got = simulation.ask("account update", ask)?;
    if got.is_ok() {
        simulation.model.account(&got.body);
    }
    Ok(())
}
