//! What happens by itself: the clock moves and jobs run, events are dispatched, the book is sealed, the process dies.

use super::Taken;
use super::payments::of;
use crate::checks;
use crate::faulty::Rates;
use crate::host::Ask;
use crate::market::{Owned, remember};
use crate::simulation::Simulation;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Moves the clock, with jobs that may fail for lack of a store and processes that may die on the way, and then asks what
/// became of everything that was open.
pub(super) fn advance(simulation: &mut Simulation) -> Taken {
    let dice = &mut simulation.dice;
    let seconds = match dice.between(0, 19) {
        0..=6 => dice.between(1, HOUR),
        7..=14 => dice.between(HOUR, DAY),
        15..=18 => dice.between(DAY, 4 * DAY),
        _ => dice.between(4 * DAY, 12 * DAY),
    };
    let since = simulation.host.now();
    let to = since.plus(seconds);
    simulation.diary.note(format!("the clock moves from {since} to {to}"));
    if simulation.options.faults && simulation.dice.percent(40) {
        simulation.faults.set_rates(Rates { conflict: 60, before: 25, after: 25 });
    }
    let mut tries = 0;
    while simulation.host.now() < to {
        let injected = simulation.faults.injected().failures();
        match simulation.host.advance(to) {
            Ok(_) => {}
            Err(error) if error.http_status() == 503 && injected < simulation.faults.injected().failures() => {
                simulation.diary.note(format!("the store failed at {}", simulation.host.now()));
                if simulation.dice.percent(30) {
                    simulation.crash()?;
                }
            }
            Err(error) => return Err(format!("the clock cannot be moved: {error}")),
        }
        tries += 1;
        if tries == 30 {
            simulation.faults.set_rates(Rates::default());
        }
        if 60 < tries {
            return Err("the clock cannot be moved".to_owned());
        }
    }
    simulation.faults.set_rates(Rates::default());
    simulation.report.tally.count("clock moved", if seconds < DAY { "hours" } else { "days" });
    catch_up(simulation)
}

/// Runs what is due, and tells the model what jobs did.
pub(super) fn catch_up(simulation: &mut Simulation) -> Taken {
    // A clock that was moved while the store failed may stand before jobs that were not run.
    let last = simulation.host.now().plus(1);
    simulation.host.advance(last).map_err(|error| format!("the clock cannot be moved: {error}"))?;
    simulation.forget_answers();
    // A job that was due before a crash is dated back to when it was due.
    let looked_until = std::mem::replace(&mut simulation.looked_until, simulation.host.now().0);
    look_around(simulation, looked_until)?;
    checks::reserves(simulation)
}

/// Tells the model what jobs did: payouts made and ended, refunds that went on.
fn look_around(simulation: &mut Simulation, since: i64) -> Taken {
    let accounts: Vec<String> = simulation.model.holders.keys().cloned().collect();
    for account in &accounts {
        new_payouts(simulation, account, since)?;
    }
    let payouts: Vec<(String, String)> =
        simulation.model.open_payouts.iter().map(|(id, paid)| (id.clone(), paid.account.clone())).collect();
    for (id, account) in payouts {
        let ask = of(simulation, &account, Ask::get(format!("/v1/payouts/{id}")));
        let got = simulation.send_quietly(&ask)?;
        simulation.model.payout_now(&got.body)?;
    }
    let refunds: Vec<(String, String)> =
        simulation.model.open_refunds.iter().map(|(id, back)| (id.clone(), back.owner.clone())).collect();
    for (id, owner) in refunds {
        let ask = of(simulation, &owner, Ask::get(format!("/v1/refunds/{id}")));
        let got = simulation.send_quietly(&ask)?;
        simulation.model.refund_now(&got.body)?;
    }
    simulation.touched.extend(accounts);
    Ok(())
}

fn new_payouts(simulation: &mut Simulation, account: &str, since: i64) -> Taken {
    let mut after = String::new();
    loop {
        let path = format!("/v1/payouts?limit=100&created[gte]={since}{after}");
        let ask = of(simulation, account, Ask::get(path));
        let got = simulation.send_quietly(&ask)?;
        if !got.is_ok() {
            return Err(format!("the payouts of {account} are answered {}", got.body));
        }
        let page = got.body["data"].as_array().cloned().unwrap_or_default();
        for payout in &page {
            let id = payout["id"].as_str().unwrap_or_default();
            if simulation.model.payouts.contains(id) {
                continue;
            }
            if payout["automatic"] != true {
                return Err(format!("nobody asked for this payout: {payout}"));
            }
            simulation.model.paid_out(account, payout)?;
            remember(&mut simulation.market.payouts, Owned { id: id.to_owned(), owner: account.to_owned() });
            let debits = payout["amount"].as_i64().is_some_and(|amount| amount < 0);
            simulation.report.tally.count("automatic payout", if debits { "debit" } else { "made" });
            settled(simulation, account, payout)?;
        }
        match page.last().and_then(|last| last["id"].as_str()) {
            Some(last) if got.body["has_more"] == true => after = format!("&starting_after={last}"),
            _ => return Ok(()),
        }
    }
}

/// The rows that an automatic payout settles, its own among them, add up to nothing.
fn settled(simulation: &mut Simulation, account: &str, payout: &serde_json::Value) -> Taken {
    if payout["reconciliation_status"] != "completed" {
        return Ok(());
    }
    let id = payout["id"].as_str().unwrap_or_default();
    let (mut sum, mut after) = (0, String::new());
    loop {
        let ask = of(simulation, account, Ask::get(format!("/v1/balance_transactions?limit=100&payout={id}{after}")));
        let got = simulation.send_quietly(&ask)?;
        if !got.is_ok() {
            return Err(format!("the rows of {id} are answered {}", got.body));
        }
        let page = got.body["data"].as_array().cloned().unwrap_or_default();
        sum += page.iter().filter_map(|row| row["net"].as_i64()).sum::<i64>();
        match page.last().and_then(|last| last["id"].as_str()) {
            Some(last) if got.body["has_more"] == true => after = format!("&starting_after={last}"),
            _ => break,
        }
    }
    if sum == 0 { Ok(()) } else { Err(format!("the rows that {id} settles add up to {sum} with its own: {payout}")) }
}

/// Events become deliveries.
pub(super) fn dispatch(simulation: &mut Simulation) -> Taken {
    work(simulation, "dispatch", |simulation| simulation.host.dispatch().map(drop))
}

/// The book is sealed.
pub(super) fn seal(simulation: &mut Simulation) -> Taken {
    work(simulation, "seal", |simulation| simulation.host.seal())
}

/// What is old is forgotten.
pub(super) fn prune(simulation: &mut Simulation) -> Taken {
    simulation.forget_answers();
    work(simulation, "prune", |simulation| simulation.host.prune().map(drop))
}

/// Does a worker's work until it succeeds.
fn work(
    simulation: &mut Simulation,
    what: &'static str,
    mut worker: impl FnMut(&mut Simulation) -> kernel::Result<()>,
) -> Taken {
    if simulation.options.faults && simulation.dice.percent(30) {
        simulation.faults.set_rates(Rates { conflict: 100, before: 100, after: 100 });
    }
    for attempt in 0..20 {
        let injected = simulation.faults.injected().failures();
        match worker(simulation) {
            Ok(()) => {
                simulation.faults.set_rates(Rates::default());
                simulation.report.tally.count(what, "done");
                return Ok(());
            }
            Err(error) if error.http_status() == 503 && injected < simulation.faults.injected().failures() => {
                if attempt == 10 {
                    simulation.faults.set_rates(Rates::default());
                }
            }
            Err(error) => return Err(format!("{what}: {error}")),
        }
    }
    Err(format!("{what} fails for ever"))
}

/// The process dies for no reason.
pub(super) fn crash(simulation: &mut Simulation) -> Taken {
    if !simulation.options.faults {
        return Ok(());
    }
    simulation.report.tally.count("crash", "done");
    simulation.crash()
}
