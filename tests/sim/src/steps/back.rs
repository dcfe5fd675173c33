//! Money given back: refunds, reversals of transfers, refunds of fees.

use super::Taken;
use super::payments::of;
use crate::host::Ask;
use crate::market::{Owned, remember};
use crate::simulation::{Got, Simulation};

/// All of it, a part, or more than there is.
pub(super) fn part(simulation: &mut Simulation, left: i64) -> Option<i64> {
    let dice = &mut simulation.dice;
    match dice.between(0, 19) {
        0..=6 => None,
        7 => Some(left),
        8..=17 => Some(dice.between(1, left.max(1))),
        18 => Some(left + dice.between(1, 500)),
        _ => Some(dice.extreme()),
    }
}

/// A refund of a sale, ready to be sent.
pub(super) fn refund_of(simulation: &mut Simulation, charge: &str) -> Option<Ask> {
    let sale = simulation.model.sales.get(charge)?.clone();
    let mut ask = Ask::post("/v1/refunds").with("charge", charge);
    if let Some(amount) = part(simulation, sale.captured - sale.refunded) {
        ask = ask.with("amount", amount);
    }
    let dice = &mut simulation.dice;
    let with_transfer = if sale.transfer.is_some() { dice.percent(60) } else { dice.one_in(30) };
    if with_transfer {
        ask = ask.with("reverse_transfer", "true");
    }
    let with_fee = if sale.fee.is_some() { dice.percent(60) } else { dice.one_in(30) };
    if with_fee {
        ask = ask.with("refund_application_fee", "true");
    }
    if dice.percent(20) {
        ask = ask.with("reason", *dice.pick(&["duplicate", "fraudulent", "requested_by_customer"]));
    }
    Some(of(simulation, &sale.owner, ask))
}

/// What a refund came to.
pub(super) fn refunded(simulation: &mut Simulation, ask: &Ask, got: &Got) -> Taken {
    if !got.is_ok() {
        return Ok(());
    }
    let charge = got.text("charge").to_owned();
    let is_asked = |name: &str| ask.value(name) == Some("true");
    let (with_fee, with_transfer) = (is_asked("refund_application_fee"), is_asked("reverse_transfer"));
    let fails_later = simulation.market.cards.get(&charge).is_some_and(|card| card.refunds_fail);
    if let Some(asked) = ask.value("amount")
        && got.body["amount"].as_i64() != asked.parse().ok()
    {
        return Err(format!("{asked} was asked for and {} refunded", got.body["amount"]));
    }
    simulation.model.refunded(&got.body, with_fee, with_transfer, fails_later)?;
    if let Some(sale) = simulation.model.sales.get(&charge).cloned() {
        let sent = sale.transfer.and_then(|id| simulation.model.transfers.get(&id));
        simulation.touched.extend(sent.map(|sent| sent.receiver.clone()));
        let refund = Owned { id: got.text("id").to_owned(), owner: sale.owner.clone() };
        simulation.market.seen(&refund.id, &refund.owner);
        remember(&mut simulation.market.refunds, refund);
        simulation.touched.insert(sale.owner);
    }
    Ok(())
}

/// A refund, with what was shared out or without.
pub(super) fn refund(simulation: &mut Simulation) -> Taken {
    let sales = simulation.market.sales.clone();
    let Some(charge) = simulation.dice.recent(&sales) else { return Ok(()) };
    let Some(ask) = refund_of(simulation, charge) else { return Ok(()) };
    let got = simulation.ask("refund", ask.clone())?;
    let waits = got.body["pending_reason"] == "insufficient_funds";
    if waits {
        simulation.report.tally.count("refund", "waits");
    }
    refunded(simulation, &ask, &got)
}

/// A transfer, or a part, brought back.
pub(super) fn reverse(simulation: &mut Simulation) -> Taken {
    let transfers = simulation.market.transfers.clone();
    let Some(id) = simulation.dice.recent(&transfers).cloned() else { return Ok(()) };
    let Some(sent) = simulation.model.transfers.get(&id).cloned() else { return Ok(()) };
    let mut ask = Ask::post(format!("/v1/transfers/{id}/reversals"));
    if let Some(amount) = part(simulation, sent.amount - sent.reversed) {
        ask = ask.with("amount", amount);
    }
    let with_fee = if sent.fee.is_some() { simulation.dice.percent(60) } else { simulation.dice.one_in(30) };
    if with_fee {
        ask = ask.with("refund_application_fee", "true");
    }
    let ask = of(simulation, &sent.sender, ask);
    let got = simulation.ask("reversal", ask)?;
    if !got.is_ok() {
        return Ok(());
    }
    simulation.model.reversed(&got.body, with_fee)?;
    simulation.touched.extend([sent.sender, sent.receiver]);
    Ok(())
}

/// A fee, or a part, given back by itself.
pub(super) fn refund_fee(simulation: &mut Simulation) -> Taken {
    let fees = simulation.market.fees.clone();
    let Some(id) = simulation.dice.recent(&fees).cloned() else { return Ok(()) };
    let Some(fee) = simulation.model.fees.get(&id).cloned() else { return Ok(()) };
    let mut ask = Ask::post(format!("/v1/application_fees/{id}/refunds"));
    if let Some(amount) = part(simulation, fee.amount - fee.refunded) {
        ask = ask.with("amount", amount);
    }
    let got = simulation.ask("fee refund", ask)?;
    if got.is_ok() {
        simulation.model.fee_refunded(&got.body)?;
        simulation.touched.insert(fee.payer);
    }
    Ok(())
}
