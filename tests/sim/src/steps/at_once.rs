//! Several requests at once. Who wins is not decided here, so what is compared does not depend on it.

use super::Taken;
use super::moving::{available, paid_out, transferred};
use super::payments::{answered, confirmation, of, order};
use crate::host::Ask;
use crate::simulation::Simulation;

pub(super) fn take(simulation: &mut Simulation) -> Taken {
    match simulation.dice.between(0, 5) {
        0 => same_payment(simulation),
        1 => refunds(simulation),
        2 => transfers(simulation),
        3 => payouts(simulation),
        4 => while_jobs_run(simulation),
        _ => payments(simulation),
    }
}

/// One payment, sent several times with one key: it is done once, and whoever hears of it hears the same.
fn same_payment(simulation: &mut Simulation) -> Taken {
    let (ask, owner, card) = order(simulation);
    let mut ask = confirmation(ask, card).with("confirm", "true").with("payment_method_types[]", "card");
    ask.key = Some(simulation.new_key());
    let copies = usize::try_from(simulation.dice.between(2, 12)).unwrap_or(2);
    let before = simulation.faults.committed();
    let mut all = simulation.ask_at_once("same payment at once", &vec![ask.clone(); copies])?;
    all.push(simulation.send(&ask)?);
    let written = simulation.faults.committed() - before;
    let last = all.last().cloned().ok_or("no answer")?;
    if 1 < written {
        return Err(format!("one payment sent {copies} times wrote {written} changesets"));
    }
    if last.status == 200 || last.status == 402 {
        for got in &all {
            if got.status != 409 && (got.status, &got.bytes) != (last.status, &last.bytes) {
                return Err(format!("one payment was answered {} {} and {}", got.status, got.body, last.body));
            }
        }
    }
    answered(simulation, &owner, card, &last)
}

/// Several refunds of one charge: together never more than was captured.
fn refunds(simulation: &mut Simulation) -> Taken {
    let sales = simulation.market.sales.clone();
    let Some(charge) = simulation.dice.recent(&sales).cloned() else { return Ok(()) };
    let Some(sale) = simulation.model.sales.get(&charge).cloned() else { return Ok(()) };
    let count = simulation.dice.between(2, 8);
    let amount = simulation.dice.between(1, sale.captured);
    let mut asks = Vec::new();
    for _ in 0..count {
        let ask = Ask::post("/v1/refunds").with("charge", &charge).with("amount", amount);
        asks.push(of(simulation, &sale.owner, ask));
    }
    let all = simulation.ask_at_once("refunds at once", &asks)?;
    for (ask, got) in asks.iter().zip(&all) {
        super::back::refunded(simulation, ask, got)?;
    }
    simulation.touched.insert(sale.owner);
    Ok(())
}

/// Several transfers of one balance: together never more than there was.
fn transfers(simulation: &mut Simulation) -> Taken {
    let (sellers, platform) = (simulation.market.sellers.clone(), simulation.host.platform.clone());
    let has = available(simulation, &platform, "usd")?;
    let count = simulation.dice.between(2, 12);
    let amount = (has / simulation.dice.between(1, count)).max(1);
    let mut asks = Vec::new();
    for _ in 0..count {
        let seller = simulation.dice.pick(&sellers).clone();
        let ask = Ask::post("/v1/transfers").with("amount", amount).with("currency", "usd").with("destination", seller);
        asks.push(ask);
    }
    let all = simulation.ask_at_once("transfers at once", &asks)?;
    for got in &all {
        transferred(simulation, &platform, got)?;
    }
    check_not_overdrawn(simulation, &platform, has)
}

/// Several payouts of one balance.
fn payouts(simulation: &mut Simulation) -> Taken {
    let sellers = simulation.market.sellers.clone();
    let seller = simulation.dice.pick(&sellers).clone();
    let has = available(simulation, &seller, "usd")?;
    let count = simulation.dice.between(2, 8);
    let amount = (has / simulation.dice.between(1, count)).max(1);
    let ask = Ask::post("/v1/payouts").with("amount", amount).with("currency", "usd").on(&seller);
    let asks = vec![ask; usize::try_from(count).unwrap_or(2)];
    let all = simulation.ask_at_once("payouts at once", &asks)?;
    for got in &all {
        paid_out(simulation, &seller, got)?;
    }
    check_not_overdrawn(simulation, &seller, has)
}

/// Payments of several people, captured at once: they do not wait for each other.
fn payments(simulation: &mut Simulation) -> Taken {
    let count = simulation.dice.between(2, 10);
    let mut orders = Vec::new();
    for _ in 0..count {
        let (ask, owner, card) = order(simulation);
        let ask = confirmation(ask, card).with("confirm", "true").with("payment_method_types[]", "card");
        orders.push((ask, owner, card));
    }
    let asks: Vec<Ask> = orders.iter().map(|(ask, _, _)| ask.clone()).collect();
    let all = simulation.ask_at_once("payments at once", &asks)?;
    for ((_, owner, card), got) in orders.iter().zip(&all) {
        answered(simulation, owner, *card, got)?;
    }
    Ok(())
}

/// Payments, refunds and transfers while jobs make money available, pay it out and hear from banks.
fn while_jobs_run(simulation: &mut Simulation) -> Taken {
    let platform = simulation.host.platform.clone();
    let sales = simulation.market.sales.clone();
    let mut asks = Vec::new();
    let mut orders = Vec::new();
    for _ in 0..simulation.dice.between(2, 8) {
        let (ask, owner, card) = order(simulation);
        asks.push(confirmation(ask, card).with("confirm", "true").with("payment_method_types[]", "card"));
        orders.push((owner, card));
    }
    // Each charge once: what a second refund of it comes to depends on which was first.
    let mut charges: Vec<String> = Vec::new();
    for _ in 0..simulation.dice.between(0, 5) {
        charges.extend(simulation.dice.recent(&sales).cloned());
    }
    charges.sort();
    charges.dedup();
    for charge in &charges {
        let Some(sale) = simulation.model.sales.get(charge).cloned() else { continue };
        let amount = simulation.dice.between(1, sale.captured);
        let ask = Ask::post("/v1/refunds").with("charge", charge).with("amount", amount);
        asks.push(of(simulation, &sale.owner, ask));
    }
    let refunds = asks.len() - orders.len();
    let sellers = simulation.market.sellers.clone();
    for _ in 0..simulation.dice.between(0, 5) {
        let seller = simulation.dice.pick(&sellers).clone();
        let amount = simulation.dice.between(1, 5_000);
        asks.push(
            Ask::post("/v1/transfers").with("amount", amount).with("currency", "usd").with("destination", seller),
        );
    }
    let to = simulation.host.now().plus(simulation.dice.between(3_600, 3 * 86_400));
    let all = simulation.ask_while_jobs_run("while jobs run", &asks, to)?;
    for (at, (ask, got)) in asks.iter().zip(&all).enumerate() {
        match orders.get(at) {
            Some((owner, card)) => answered(simulation, owner, *card, got)?,
            None if at < orders.len() + refunds => super::back::refunded(simulation, ask, got)?,
            None => transferred(simulation, &platform, got)?,
        }
    }
    super::time::catch_up(simulation)
}

fn check_not_overdrawn(simulation: &mut Simulation, account: &str, had: i64) -> Taken {
    let has = available(simulation, account, "usd")?;
    if has < 0 && 0 <= had { Err(format!("{account} had {had} and spent it to {has}")) } else { Ok(()) }
}
