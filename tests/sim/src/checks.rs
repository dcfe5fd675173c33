//! What is compared.

use std::collections::BTreeMap;

use funds::balance_transactions::BalanceTransaction;
use serde_json::Value;
use store::{Cursor, Document, Filter, Job, ListQuery};

use crate::host::Ask;
use crate::simulation::{Got, Simulation};

type Checked = Result<(), String>;

/// Every answer has Stripe's shape; none says that we failed, except that the store did.
pub(crate) fn shape(ask: &Ask, got: &Got) -> Checked {
    let wrong = |why: &str| Err(format!("{why}: {} was answered {} {}", ask.told(), got.status, got.body));
    let error = &got.body["error"];
    let is_text = |field: &str| error[field].as_str().is_some_and(|text| !text.is_empty());
    match got.status {
        200 if got.body.is_object() && error.is_null() => Ok(()),
        200 => wrong("no object"),
        503 => Ok(()),
        500.. => wrong("we failed"),
        400 | 401 | 402 | 403 | 404 | 409 | 429 => {
            let known = ["invalid_request_error", "card_error", "idempotency_error", "api_error"];
            let kind = error["type"].as_str().unwrap_or_default();
            if !known.contains(&kind) || (kind == "card_error") != (got.status == 402) || !is_text("message") {
                return wrong("an error of another shape");
            }
            let needs_code = matches!(got.status, 402 | 403 | 409 | 429);
            if needs_code && !is_text("code") {
                return wrong("an error without a code");
            }
            Ok(())
        }
        _ => wrong("an unknown status"),
    }
}

fn balances(body: &Value, sums: &mut BTreeMap<String, i64>) {
    for field in ["available", "pending", "connect_reserved"] {
        for entry in body[field].as_array().into_iter().flatten() {
            let currency = entry["currency"].as_str().unwrap_or_default();
            *sums.entry(currency.to_owned()).or_default() += entry["amount"].as_i64().unwrap_or_default();
        }
    }
}

fn on(ask: Ask, simulation: &Simulation, account: &str) -> Ask {
    if account == simulation.host.platform { ask } else { ask.on(account) }
}

/// What an account has, by currency, as it is answered.
fn answered(simulation: &mut Simulation, account: &str) -> Result<BTreeMap<String, i64>, String> {
    let ask = on(Ask::get("/v1/balance"), simulation, account);
    let got = simulation.send_quietly(&ask)?;
    if got.status != 200 {
        return Err(format!("the balance of {account} is answered {} {}", got.status, got.body));
    }
    let mut sums = BTreeMap::new();
    balances(&got.body, &mut sums);
    Ok(sums)
}

fn compare(simulation: &mut Simulation, account: &str) -> Checked {
    let mut has = answered(simulation, account)?;
    for ((owner, currency), total) in &simulation.model.totals {
        if owner == account {
            let balance = has.remove(currency).unwrap_or(0);
            if balance != *total {
                return Err(format!("{account} has {balance} {currency} and must have {total}"));
            }
        }
    }
    match has.into_iter().find(|(_, balance)| *balance != 0) {
        Some((currency, balance)) => Err(format!("{account} has {balance} {currency} and must have none")),
        None => Ok(()),
    }
}

/// The balances that a step touched agree with the model; the platform's always.
pub(crate) fn touched(simulation: &mut Simulation) -> Checked {
    let mut accounts = std::mem::take(&mut simulation.touched);
    accounts.insert(simulation.host.platform.clone());
    for account in accounts {
        if simulation.model.holders.contains_key(&account) || account == simulation.host.platform {
            compare(simulation, &account)?;
        }
    }
    Ok(())
}

fn everybody(simulation: &Simulation) -> Vec<String> {
    let mut all: Vec<String> = simulation.model.holders.keys().cloned().collect();
    all.push(simulation.host.platform.clone());
    all
}

/// Everything that can be compared. `at_the_end` also reads every page of every list of balance transactions.
pub(crate) fn everything(simulation: &mut Simulation, at_the_end: bool) -> Checked {
    simulation.report.audits += 1;
    audit(simulation)?;
    trial_balance(simulation)?;
    for account in everybody(simulation) {
        compare(simulation, &account)?;
    }
    new_rows(simulation)?;
    rows_add_up(simulation)?;
    documents(simulation)?;
    jobs(simulation)?;
    if at_the_end {
        for account in everybody(simulation) {
            listed_rows_add_up(simulation, &account)?;
        }
    }
    Ok(())
}

fn audit(simulation: &Simulation) -> Checked {
    let reader = simulation.host.reader();
    let report = funds::audit::audit(reader).map_err(|error| format!("the audit fails: {error}"))?;
    if !report.is_clean() {
        return Err(format!("the audit is not clean: {report}"));
    }
    let seals = workers::check_seals(reader).map_err(|error| format!("the seals cannot be read: {error}"))?;
    if seals.is_clean() { Ok(()) } else { Err(format!("the seals are broken: {seals:?}")) }
}

/// All ledger accounts of a currency together have nothing.
fn trial_balance(simulation: &Simulation) -> Checked {
    let (mut sums, mut after): (BTreeMap<String, i64>, _) = (BTreeMap::new(), String::new());
    loop {
        let page = simulation.host.reader().scan_balances(&after, 1_000).map_err(|error| error.to_string())?;
        let Some((last, _)) = page.last() else { break };
        after.clone_from(last);
        for (name, balance) in page {
            let currency = name.split(':').nth(2).unwrap_or_default().to_owned();
            *sums.entry(currency).or_default() += balance;
        }
    }
    match sums.into_iter().find(|(_, sum)| *sum != 0) {
        Some((currency, sum)) => Err(format!("all balances in {currency} add up to {sum}")),
        None => Ok(()),
    }
}

/// Reads the balance transactions made since the last time, and adds them up by account and currency.
fn new_rows(simulation: &mut Simulation) -> Checked {
    loop {
        let after = simulation.seen_until.clone();
        let page = simulation.host.reader().scan(BalanceTransaction::KIND, &after, 1_000);
        let page = page.map_err(|error| error.to_string())?;
        let Some(last) = page.last() else { return Ok(()) };
        simulation.seen_until = last.id.to_string();
        for row in &page {
            let shown: Value = serde_json::from_str(&row.data).map_err(|error| error.to_string())?;
            check_row(&shown)?;
            let currency = shown["currency"].as_str().unwrap_or_default().to_owned();
            let net = shown["net"].as_i64().unwrap_or_default();
            *simulation.nets.entry((row.account.to_string(), currency)).or_default() += net;
        }
    }
}

/// money.md 0.4, 1.
fn check_row(row: &Value) -> Checked {
    let number = |field: &str| row[field].as_i64();
    let fees: i64 = row["fee_details"].as_array().into_iter().flatten().filter_map(|fee| fee["amount"].as_i64()).sum();
    let agrees = number("fee") == Some(fees)
        && number("net") == number("amount").map(|amount| amount - fees)
        && row["balance_type"] == "payments";
    if agrees { Ok(()) } else { Err(format!("a balance transaction does not add up: {row}")) }
}

/// money.md 0.4, 2: what is pending and available is the sum of the rows.
fn rows_add_up(simulation: &mut Simulation) -> Checked {
    for account in everybody(simulation) {
        let ask = on(Ask::get("/v1/balance"), simulation, &account);
        let got = simulation.send_quietly(&ask)?;
        let mut has = BTreeMap::new();
        for field in ["available", "pending"] {
            for entry in got.body[field].as_array().into_iter().flatten() {
                let currency = entry["currency"].as_str().unwrap_or_default().to_owned();
                *has.entry(currency).or_insert(0) += entry["amount"].as_i64().unwrap_or_default();
            }
        }
        for ((_, currency), net) in simulation.nets.iter().filter(|((owner, _), _)| *owner == account) {
            let balance = has.remove(currency).unwrap_or(0);
            if balance != *net {
                return Err(format!("{account} has {balance} {currency} and rows of {net}"));
            }
        }
        if let Some((currency, balance)) = has.into_iter().find(|(_, balance)| *balance != 0) {
            return Err(format!("{account} has {balance} {currency} and no rows"));
        }
    }
    Ok(())
}

/// The same by the pages that anybody can ask for.
fn listed_rows_add_up(simulation: &mut Simulation, account: &str) -> Checked {
    let mut sums: BTreeMap<(String, String), i64> = BTreeMap::new();
    for row in pages(simulation, account, "/v1/balance_transactions")? {
        let currency = row["currency"].as_str().unwrap_or_default().to_owned();
        *sums.entry((account.to_owned(), currency)).or_default() += row["net"].as_i64().unwrap_or_default();
    }
    for (purse, sum) in sums {
        let known = simulation.nets.get(&purse).copied().unwrap_or(0);
        if known != sum {
            return Err(format!("the listed rows of {purse:?} add up to {sum}, all rows to {known}"));
        }
    }
    Ok(())
}

fn pages(simulation: &mut Simulation, account: &str, path: &str) -> Result<Vec<Value>, String> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let ask = on(Ask::get(format!("{path}?limit=100{after}")), simulation, account);
        let got = simulation.send_quietly(&ask)?;
        if got.status != 200 {
            return Err(format!("{} was answered {} {}", ask.told(), got.status, got.body));
        }
        let data = got.body["data"].as_array().cloned().unwrap_or_default();
        let last = data.last().and_then(|last| last["id"].as_str()).map(str::to_owned);
        all.extend(data);
        match last {
            Some(last) if got.body["has_more"] == true => after = format!("&starting_after={last}"),
            _ => return Ok(all),
        }
    }
}

/// The latest documents agree with the model, and with themselves (money.md 0.4, 4 to 7).
fn documents(simulation: &mut Simulation) -> Checked {
    let sales: Vec<(String, String, i64, i64)> = simulation
        .model
        .sales
        .iter()
        .rev()
        .take(20)
        .map(|(id, sale)| (id.clone(), sale.owner.clone(), sale.captured, sale.refunded))
        .collect();
    for (id, owner, captured, refunded) in sales {
        let charge = fetch(simulation, &owner, &format!("/v1/charges/{id}"))?;
        let expected = (Some(captured), Some(refunded), Some(captured == refunded));
        let shown =
            (charge["amount_captured"].as_i64(), charge["amount_refunded"].as_i64(), charge["refunded"].as_bool());
        if shown != expected || charge["amount"].as_i64() < Some(captured) {
            return Err(format!("{id} must have (captured, refunded) {expected:?}: {charge}"));
        }
    }
    let transfers: Vec<(String, String, i64, i64)> = simulation
        .model
        .transfers
        .iter()
        .rev()
        .take(20)
        .map(|(id, sent)| (id.clone(), sent.sender.clone(), sent.amount, sent.reversed))
        .collect();
    for (id, sender, amount, reversed) in transfers {
        let transfer = fetch(simulation, &sender, &format!("/v1/transfers/{id}"))?;
        let expected = (Some(amount), Some(reversed), Some(amount == reversed));
        let shown = (transfer["amount"].as_i64(), transfer["amount_reversed"].as_i64(), transfer["reversed"].as_bool());
        if shown != expected {
            return Err(format!("{id} must have (amount, reversed) {expected:?}: {transfer}"));
        }
    }
    let fees: Vec<(String, i64, i64)> =
        simulation.model.fees.iter().rev().take(20).map(|(id, fee)| (id.clone(), fee.amount, fee.refunded)).collect();
    let platform = simulation.host.platform.clone();
    for (id, amount, refunded) in fees {
        let fee = fetch(simulation, &platform, &format!("/v1/application_fees/{id}"))?;
        let expected = (Some(amount), Some(refunded), Some(amount == refunded));
        let shown = (fee["amount"].as_i64(), fee["amount_refunded"].as_i64(), fee["refunded"].as_bool());
        if shown != expected {
            return Err(format!("{id} must have (amount, refunded) {expected:?}: {fee}"));
        }
    }
    Ok(())
}

fn fetch(simulation: &mut Simulation, account: &str, path: &str) -> Result<Value, String> {
    let ask = on(Ask::get(path), simulation, account);
    let got = simulation.send_quietly(&ask)?;
    if got.status == 200 {
        Ok(got.body)
    } else {
        Err(format!("{} was answered {} {}", ask.told(), got.status, got.body))
    }
}

/// No job failed: the store's failures leave a job as it was.
fn jobs(simulation: &Simulation) -> Checked {
    let mut after = String::new();
    loop {
        let page = simulation.host.reader().scan(Job::KIND, &after, 1_000).map_err(|error| error.to_string())?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id.to_string();
        for row in &page {
            if !row.data.contains("\"attempts\":0") {
                return Err(format!("a job failed: {}", row.data));
            }
        }
    }
}

/// What a platform keeps for its sellers is what they owe, and what their banks paid of it within three business days, once
/// all that is due was done.
pub(crate) fn reserves(simulation: &mut Simulation) -> Checked {
    let due = ListQuery {
        kind: Job::KIND,
        account: None,
        filters: vec![Filter::AtMost("due", simulation.host.now().0)],
        cursor: Cursor::Start,
        limit: 1,
    };
    let due = simulation.host.reader().list(&due).map_err(|error| error.to_string())?;
    if let Some(job) = due.first() {
        return Err(format!("a job is due and was not run: {}", job.data));
    }
    let liable: Vec<String> = simulation
        .model
        .holders
        .iter()
        .filter(|(_, holder)| holder.platform_is_liable)
        .map(|(id, _)| id.clone())
        .collect();
    let mut owed: BTreeMap<String, i64> = BTreeMap::new();
    let now = simulation.host.now().0;
    simulation.model.debits.retain(|debit| now < debit.until);
    for debit in simulation.model.debits.iter().filter(|debit| liable.contains(&debit.account)) {
        *owed.entry(debit.currency.clone()).or_default() += debit.amount;
    }
    for account in liable {
        let ask = Ask::get("/v1/balance").on(&account);
        let got = simulation.send_quietly(&ask)?;
        for entry in got.body["available"].as_array().into_iter().flatten() {
            let below = (-entry["amount"].as_i64().unwrap_or_default()).max(0);
            *owed.entry(entry["currency"].as_str().unwrap_or_default().to_owned()).or_default() += below;
        }
    }
    let got = simulation.send_quietly(&Ask::get("/v1/balance"))?;
    let mut kept: BTreeMap<String, i64> = BTreeMap::new();
    for entry in got.body["connect_reserved"].as_array().into_iter().flatten() {
        let currency = entry["currency"].as_str().unwrap_or_default().to_owned();
        kept.insert(currency, entry["amount"].as_i64().unwrap_or_default());
    }
    for (currency, owed) in owed {
        let kept = kept.remove(&currency).unwrap_or(0);
        if kept != owed {
            return Err(format!("the platform keeps {kept} {currency} for what its sellers owe, which is {owed}"));
        }
    }
    match kept.into_iter().find(|(_, kept)| *kept != 0) {
        Some((currency, kept)) => Err(format!("the platform keeps {kept} {currency} and nobody owes any")),
        None => Ok(()),
    }
}
