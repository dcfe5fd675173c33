//! Transfers and payouts.

use super::Taken;
use super::back::part;
use super::payments::of;
use crate::host::Ask;
use crate::market::{Owned, remember};
use crate::simulation::{Got, Simulation};

/// What an account can spend of a currency.
pub(super) fn available(simulation: &mut Simulation, account: &str, currency: &str) -> Result<i64, String> {
    let ask = of(simulation, account, Ask::get("/v1/balance"));
    let got = simulation.send_quietly(&ask)?;
    let entries = got.body["available"].as_array().into_iter().flatten();
    Ok(entries.filter(|entry| entry["currency"] == currency).filter_map(|entry| entry["amount"].as_i64()).sum())
}

fn currency_of(simulation: &mut Simulation) -> &'static str {
    const CURRENCIES: [(u64, &str); 4] = [(85, "usd"), (7, "eur"), (5, "gbp"), (3, "jpy")];
    let currency: &&'static str = simulation.dice.weighted(&CURRENCIES);
    currency
}

/// What a transfer came to: nobody without money can have sent it.
pub(super) fn transferred(simulation: &mut Simulation, sender: &str, got: &Got) -> Taken {
    if !got.is_ok() {
        return Ok(());
    }
    simulation.model.transferred(sender, &got.body)?;
    let id = got.text("id").to_owned();
    simulation.market.seen(&id, sender);
    remember(&mut simulation.market.transfers, id);
    simulation.touched.extend([sender.to_owned(), got.text("destination").to_owned()]);
    Ok(())
}

/// Money sent from what is available: to a seller, or from one to the platform.
pub(super) fn transfer(simulation: &mut Simulation) -> Taken {
    let (sellers, platform) = (simulation.market.sellers.clone(), simulation.host.platform.clone());
    let seller = simulation.dice.pick(&sellers).clone();
    let (sender, receiver) = if simulation.dice.percent(85) { (platform, seller) } else { (seller, platform) };
    let currency = currency_of(simulation);
    let has = available(simulation, &sender, currency)?;
    let amount = match simulation.dice.between(0, 9) {
        0 => has.max(1),
        1 if simulation.dice.percent(30) => simulation.dice.extreme(),
        1 => has.max(0) + simulation.dice.between(1, 1_000),
        _ => simulation.dice.between(1, (has / 4).max(100)),
    };
    let ask =
        Ask::post("/v1/transfers").with("amount", amount).with("currency", currency).with("destination", &receiver);
    let ask = of(simulation, &sender, ask);
    let got = simulation.ask("transfer", ask)?;
    check_spending(&got, amount, has)?;
    transferred(simulation, &sender, &got)
}

/// Spending is possible exactly as far as there is money.
fn check_spending(got: &Got, amount: i64, has: i64) -> Taken {
    let is_refused = got.body["error"]["code"] == "balance_insufficient";
    if got.is_ok() && has < amount {
        return Err(format!("{amount} of {has} were spent: {}", got.body));
    }
    if is_refused && amount <= has {
        return Err(format!("{amount} of {has} cannot be spent: {}", got.body));
    }
    Ok(())
}

/// Money of one charge, sent while it may still be pending.
pub(super) fn transfer_from_charge(simulation: &mut Simulation) -> Taken {
    let platform = simulation.host.platform.clone();
    let own: Vec<String> = simulation
        .market
        .sales
        .iter()
        .filter(|id| simulation.model.sales.get(*id).is_some_and(|sale| sale.owner == platform))
        .cloned()
        .collect();
    let Some(charge) = simulation.dice.recent(&own).cloned() else { return Ok(()) };
    let Some(sale) = simulation.model.sales.get(&charge).cloned() else { return Ok(()) };
    let sellers = simulation.market.sellers.clone();
    let seller = simulation.dice.pick(&sellers).clone();
    let currency =
        if simulation.dice.percent(95) { sale.settled_in.clone() } else { currency_of(simulation).to_owned() };
    let mut ask = Ask::post("/v1/transfers")
        .with("currency", currency)
        .with("destination", &seller)
        .with("source_transaction", &charge);
    if let Some(amount) = part(simulation, sale.settled - sale.transferred) {
        ask = ask.with("amount", amount);
    }
    let got = simulation.ask("transfer from a charge", ask)?;
    transferred(simulation, &platform, &got)
}

/// A payout by hand.
pub(super) fn pay_out(simulation: &mut Simulation) -> Taken {
    let (sellers, platform) = (simulation.market.sellers.clone(), simulation.host.platform.clone());
    let account = if simulation.dice.percent(85) { simulation.dice.pick(&sellers).clone() } else { platform };
    let currency = currency_of(simulation);
    let has = available(simulation, &account, currency)?;
    let amount = match simulation.dice.between(0, 9) {
        0..=2 => has.max(1),
        3 if simulation.dice.percent(30) => simulation.dice.extreme(),
        3 => has.max(0) + simulation.dice.between(1, 1_000),
        _ => simulation.dice.between(1, has.max(100)),
    };
    let ask = Ask::post("/v1/payouts").with("amount", amount).with("currency", currency);
    let ask = of(simulation, &account, ask);
    let got = simulation.ask("payout", ask)?;
    check_spending(&got, amount, has)?;
    paid_out(simulation, &account, &got)
}

/// What a payout came to.
pub(super) fn paid_out(simulation: &mut Simulation, account: &str, got: &Got) -> Taken {
    if !got.is_ok() {
        return Ok(());
    }
    simulation.model.paid_out(account, &got.body)?;
    let payout = Owned { id: got.text("id").to_owned(), owner: account.to_owned() };
    simulation.market.seen(&payout.id, account);
    remember(&mut simulation.market.payouts, payout);
    simulation.touched.insert(account.to_owned());
    Ok(())
}

fn some_payout(simulation: &mut Simulation) -> Option<Owned> {
    let payouts = simulation.market.payouts.clone();
    simulation.dice.recent(&payouts).cloned()
}

/// A payout called off, if it still can be.
pub(super) fn cancel_payout(simulation: &mut Simulation) -> Taken {
    let Some(payout) = some_payout(simulation) else { return Ok(()) };
    let ask = of(simulation, &payout.owner, Ask::post(format!("/v1/payouts/{}/cancel", payout.id)));
    let got = simulation.ask("payout cancellation", ask)?;
    if got.is_ok() {
        simulation.model.payout_now(&got.body)?;
        simulation.touched.insert(payout.owner);
    }
    Ok(())
}

/// A payout brought back from the bank, if it can be.
pub(super) fn reverse_payout(simulation: &mut Simulation) -> Taken {
    let Some(payout) = some_payout(simulation) else { return Ok(()) };
    let ask = of(simulation, &payout.owner, Ask::post(format!("/v1/payouts/{}/reverse", payout.id)));
    let got = simulation.ask("payout reversal", ask)?;
    paid_out(simulation, &payout.owner, &got)
}
