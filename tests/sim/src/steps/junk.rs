//! Reads of all kinds, and requests that must be refused.

use super::Taken;
use super::payments::of;
use crate::host::Ask;
use crate::market::Owned;
use crate::simulation::Simulation;

/// Where an object is, by its prefix.
fn path_of(id: &str) -> Option<String> {
    let collection = match id.split_once('_')?.0 {
        "acct" => "accounts",
        "ch" | "py" => "charges",
        "cus" => "customers",
        "fee" => "application_fees",
        "pi" => "payment_intents",
        "po" => "payouts",
        "re" | "pyr" => "refunds",
        "tr" => "transfers",
        _ => return None,
    };
    Some(format!("/v1/{collection}/{id}"))
}

const LISTS: &[&str] = &[
    "accounts",
    "application_fees",
    "balance_transactions",
    "charges",
    "customers",
    "events",
    "payment_intents",
    "payouts",
    "refunds",
    "transfers",
    "webhook_endpoints",
];

/// One object, or one page.
pub(super) fn read(simulation: &mut Simulation) -> Taken {
    let everything = simulation.market.everything.clone();
    if simulation.dice.percent(60)
        && let Some(known) = simulation.dice.recent(&everything)
        && let Some(path) = path_of(&known.id)
    {
        let ask = of(simulation, &known.owner, Ask::get(path));
        let got = simulation.ask("read", ask.clone())?;
        if got.is_ok() && got.text("id") != known.id {
            return Err(format!("{} was answered {}", ask.told(), got.body));
        }
        if !got.is_ok() && !known.id.starts_with("cus") {
            return Err(format!("{} is gone: {}", known.id, got.body));
        }
        return Ok(());
    }
    let list = *simulation.dice.pick(LISTS);
    let limit = simulation.dice.between(1, 100);
    let created = simulation.host.now().0 - simulation.dice.between(0, 300_000);
    let mut path = format!("/v1/{list}?limit={limit}");
    if simulation.dice.percent(30) && list != "webhook_endpoints" {
        path.push_str(&format!("&created[gte]={created}"));
    }
    let mut ask = Ask::get(path);
    if simulation.dice.percent(40) && list != "accounts" && list != "webhook_endpoints" {
        let sellers = simulation.market.sellers.clone();
        let seller: &String = simulation.dice.pick(&sellers);
        ask = ask.on(seller);
    }
    let got = simulation.ask("list", ask.clone())?;
    if !got.is_ok() {
        return Err(format!("{} was answered {} {}", ask.told(), got.status, got.body));
    }
    newest_first(&ask, &got.body)
}

fn newest_first(ask: &Ask, body: &serde_json::Value) -> Taken {
    let created: Vec<i64> =
        body["data"].as_array().into_iter().flatten().filter_map(|object| object["created"].as_i64()).collect();
    if created.is_sorted_by(|newer, older| older <= newer) {
        Ok(())
    } else {
        Err(format!("{} is not newest first: {created:?}", ask.told()))
    }
}

/// A request that must be refused, and must leave nothing behind.
pub(super) fn refused(simulation: &mut Simulation) -> Taken {
    let sellers = simulation.market.sellers.clone();
    let everything = simulation.market.everything.clone();
    let platform = simulation.host.platform.clone();
    let nobody = Owned { id: "ch_nothing".to_owned(), owner: platform.clone() };
    let known = simulation.dice.recent(&everything).cloned().unwrap_or(nobody);
    let seller = simulation.dice.pick(&sellers).clone();
    let word = simulation.dice.word(6);
    let amount = simulation.dice.amount();
    let pay = || Ask::post("/v1/payment_intents").with("amount", amount).with("currency", "usd");
    let ask = match simulation.dice.between(0, 19) {
        0 => Ask::get(format!("/v1/charges/ch_{word}")),
        1 => Ask::post("/v1/refunds").with("charge", format!("ch_{word}")),
        2 => Ask::post("/v1/refunds").with("amount", amount),
        3 => pay().with("colour", "red"),
        4 => pay().with("application_fee_amount", amount / 2),
        5 => Ask::post("/v1/payment_intents").with("amount", "ten").with("currency", "usd"),
        6 => Ask::post("/v1/payment_intents").with("amount", amount),
        7 => pay().with("transfer_data[destination]", format!("acct_{word}")),
        8 => pay()
            .with("transfer_data[destination]", &seller)
            .with("transfer_data[amount]", 10)
            .with("application_fee_amount", 10),
        9 => pay().with("transfer_data[destination]", &seller).on(&seller),
        10 => Ask::post("/v1/transfers").with("amount", amount).with("currency", "usd"),
        11 => Ask::post("/v1/transfers").with("amount", -amount).with("currency", "usd").with("destination", &seller),
        12 => Ask::post("/v1/transfers").with("amount", amount).with("currency", "xyz").with("destination", &seller),
        13 => {
            Ask::post("/v1/transfers").with("amount", i64::MAX / 2).with("currency", "usd").with("destination", &seller)
        }
        14 => Ask::post("/v1/payouts").with("amount", 99_999_999_999_i64).with("currency", "usd").on(&seller),
        15 => Ask::get(format!("/v1/charges?limit={}", simulation.dice.between(101, 1_000))),
        16 => Ask::get("/v1/balance").on(&format!("acct_{word}")),
        17 => Ask::post(format!("/v1/{word}")),
        18 => foreign(&known, &platform, &seller),
        _ => Ask::post(format!("/v1/payouts/po_{word}/cancel")).on(&seller),
    };
    let got = simulation.ask("refused", ask.clone())?;
    if got.is_ok() { Err(format!("{} was not refused: {}", ask.told(), got.body)) } else { Ok(()) }
}

/// Somebody else's object.
fn foreign(known: &Owned, platform: &str, seller: &str) -> Ask {
    let path = path_of(&known.id).unwrap_or_else(|| "/v1/charges/ch_nothing".to_owned());
    // A seller's own account, and accounts that the platform may see, are no strangers.
    if known.id.starts_with("acct") {
        return Ask::get("/v1/charges/ch_nothing");
    }
    match (known.owner == platform, known.owner == seller) {
        (true, _) => Ask::get(path).on(seller),
        (false, false) => Ask::get(path).on(seller),
        (false, true) => Ask::get(path),
    }
}
