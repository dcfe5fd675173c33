//! Payments of all three kinds: made, captured, cancelled, tried again.

use serde_json::Value;

use super::Taken;
use crate::arithmetic::CODES;
use crate::host::Ask;
use crate::market::{CARDS, Card, Intent, remember};
use crate::simulation::{Got, Simulation};

const CURRENCIES: [(u64, &str); 4] = [(75, CODES[0]), (10, CODES[1]), (8, CODES[2]), (7, CODES[3])];

/// Puts an ask on its owner's account.
pub(super) fn of(simulation: &Simulation, owner: &str, ask: Ask) -> Ask {
    if owner == simulation.host.platform { ask } else { ask.on(owner) }
}

/// A payment that asks for a card, ready to be sent; what it says besides is decided by chance.
pub(super) fn order(simulation: &mut Simulation) -> (Ask, String, Card) {
    let sellers = simulation.market.sellers.clone();
    let dice = &mut simulation.dice;
    let (amount, currency) = (dice.amount(), *dice.weighted(&CURRENCIES));
    let asked = if dice.one_in(100) { dice.extreme() } else { amount };
    let card = *dice.weighted(CARDS);
    let seller = dice.pick(&sellers).clone();
    let mut ask = Ask::post("/v1/payment_intents").with("amount", asked).with("currency", currency);
    let part = |dice: &mut crate::dice::Dice| match dice.between(0, 79) {
        0 => dice.extreme(),
        1 | 2 => amount + dice.between(1, 500),
        _ => dice.between(1, amount),
    };
    let owner = if dice.percent(40) {
        if dice.percent(65) {
            ask = ask.with("application_fee_amount", part(dice));
        }
        seller
    } else {
        match dice.between(0, 9) {
            0..=2 => {}
            3..=5 => {
                ask = ask.with("transfer_data[destination]", &seller).with("application_fee_amount", part(dice));
            }
            6..=7 => {
                ask = ask.with("transfer_data[destination]", &seller).with("transfer_data[amount]", part(dice));
            }
            8 => ask = ask.with("transfer_data[destination]", &seller),
            _ => {
                ask = ask.with("transfer_group", dice.word(5));
            }
        }
        if dice.percent(20) {
            ask = ask.with("on_behalf_of", &seller);
        }
        simulation.host.platform.clone()
    };
    let dice = &mut simulation.dice;
    if dice.percent(25) {
        ask = ask.with("capture_method", "manual");
    }
    if dice.percent(20) {
        ask = ask.with("description", dice.word(8));
    }
    if dice.percent(20) {
        ask = ask.with("metadata[order]", dice.word(4));
    }
    let own = simulation.market.customers.iter().rev().find(|customer| customer.owner == owner).cloned();
    if let Some(customer) = own
        && simulation.dice.percent(25)
    {
        ask = ask.with("customer", customer.id);
    }
    let ask = of(simulation, &owner, ask);
    (ask, owner, card)
}

/// What confirms it, in the same request or in one of its own.
pub(super) fn confirmation(ask: Ask, card: Card) -> Ask {
    ask.with("payment_method", card.name).with("expand[]", "latest_charge")
}

/// A payment, in one request or in two.
pub(super) fn pay(simulation: &mut Simulation) -> Taken {
    let (ask, owner, card) = order(simulation);
    let ask = ask
        .with("automatic_payment_methods[enabled]", "true")
        .with("automatic_payment_methods[allow_redirects]", "never");
    if simulation.dice.percent(85) {
        let got = simulation.ask("payment", confirmation(ask, card).with("confirm", "true"))?;
        return answered(simulation, &owner, card, &got);
    }
    let got = simulation.ask("payment intent", ask)?;
    if !got.is_ok() {
        return Ok(());
    }
    let confirm = Ask::post(format!("/v1/payment_intents/{}/confirm", got.text("id")));
    let confirm = of(simulation, &owner, confirmation(confirm, card));
    let got = simulation.ask("confirmation", confirm)?;
    answered(simulation, &owner, card, &got)
}

/// What a confirmed payment came to.
pub(super) fn answered(simulation: &mut Simulation, owner: &str, card: Card, got: &Got) -> Taken {
    // Another refusal than the card's leaves the payment as it was.
    let intent = match got.status {
        200 => &got.body,
        402 => &got.body["error"]["payment_intent"],
        _ => return Ok(()),
    };
    let Some(id) = intent["id"].as_str() else { return Err(format!("a payment without its intent: {}", got.body)) };
    simulation.market.intents.retain(|known| known.id != id);
    simulation.market.seen(id, owner);
    let charge = &intent["latest_charge"];
    let open = |is_authorised| Intent {
        id: id.to_owned(),
        owner: owner.to_owned(),
        amount: intent["amount"].as_i64().unwrap_or_default(),
        card,
        is_authorised,
        charge: charge["id"].as_str().map(str::to_owned),
    };
    match intent["status"].as_str().unwrap_or_default() {
        "succeeded" if got.is_ok() => sold(simulation, owner, card, charge),
        "requires_capture" if got.is_ok() => {
            remember(&mut simulation.market.intents, open(true));
            Ok(())
        }
        "requires_action" | "requires_payment_method" | "requires_confirmation" => {
            remember(&mut simulation.market.intents, open(false));
            Ok(())
        }
        "canceled" => Ok(()),
        status => Err(format!("a payment is answered {} and is {status}: {}", got.status, got.body)),
    }
}

fn sold(simulation: &mut Simulation, owner: &str, card: Card, charge: &Value) -> Taken {
    let Some(id) = charge["id"].as_str() else { return Err(format!("a payment without a charge: {charge}")) };
    simulation.model.captured(owner, charge, card.is_foreign)?;
    remember(&mut simulation.market.sales, id.to_owned());
    simulation.market.cards.insert(id.to_owned(), card);
    simulation.market.seen(id, owner);
    simulation.touched.insert(owner.to_owned());
    if let Some(sale) = simulation.model.sales.get(id).cloned() {
        let platform = simulation.host.platform.clone();
        if let Some(fee) = sale.fee {
            simulation.market.seen(&fee, &platform);
            remember(&mut simulation.market.fees, fee);
        }
        if let Some(transfer) = sale.transfer {
            simulation.touched.extend(simulation.model.transfers.get(&transfer).map(|sent| sent.receiver.clone()));
            simulation.market.seen(&transfer, &platform);
            remember(&mut simulation.market.transfers, transfer);
        }
    }
    Ok(())
}

fn open_intent(simulation: &mut Simulation, is_authorised: bool) -> Option<Intent> {
    let fitting: Vec<Intent> =
        simulation.market.intents.iter().filter(|intent| intent.is_authorised == is_authorised).cloned().collect();
    simulation.dice.recent(&fitting).cloned()
}

/// The capture of an authorised payment, whole, in part, or of too much.
pub(super) fn capture(simulation: &mut Simulation) -> Taken {
    let Some(intent) = open_intent(simulation, true) else { return pay(simulation) };
    let dice = &mut simulation.dice;
    let part = match dice.between(0, 9) {
        0..=4 => None,
        5..=8 => Some(dice.between(1, intent.amount)),
        _ if dice.percent(30) => Some(dice.extreme()),
        _ => Some(intent.amount + dice.between(1, 1_000)),
    };
    let by_charge = dice.one_in(8);
    let mut ask = match &intent.charge {
        Some(charge) if by_charge => {
            let ask = Ask::post(format!("/v1/charges/{charge}/capture"));
            part.map_or(ask.clone(), |part| ask.with("amount", part))
        }
        _ => {
            let ask = Ask::post(format!("/v1/payment_intents/{}/capture", intent.id)).with("expand[]", "latest_charge");
            part.map_or(ask.clone(), |part| ask.with("amount_to_capture", part))
        }
    };
    if simulation.dice.one_in(6) {
        ask = ask.with("application_fee_amount", simulation.dice.between(1, intent.amount));
    }
    let ask = of(simulation, &intent.owner, ask);
    let is_charge = ask.path.starts_with("/v1/charges/");
    let got = simulation.ask(if is_charge { "charge capture" } else { "capture" }, ask)?;
    if !got.is_ok() {
        if got.body["error"]["code"] == "payment_intent_unexpected_state" {
            // The authorisation expired.
            simulation.market.intents.retain(|known| known.id != intent.id);
        }
        return Ok(());
    }
    simulation.market.intents.retain(|known| known.id != intent.id);
    let charge = if is_charge { &got.body } else { &got.body["latest_charge"] };
    sold(simulation, &intent.owner, intent.card, charge)
}

/// An open payment is cancelled.
pub(super) fn cancel(simulation: &mut Simulation) -> Taken {
    let is_authorised = simulation.dice.percent(60);
    let Some(intent) = open_intent(simulation, is_authorised) else { return Ok(()) };
    let ask = of(simulation, &intent.owner, Ask::post(format!("/v1/payment_intents/{}/cancel", intent.id)));
    simulation.ask("cancellation", ask)?;
    simulation.market.intents.retain(|known| known.id != intent.id);
    simulation.touched.insert(intent.owner);
    Ok(())
}

/// A payment that was declined is tried with another card.
pub(super) fn confirm_again(simulation: &mut Simulation) -> Taken {
    let Some(intent) = open_intent(simulation, false) else { return pay(simulation) };
    let card = *simulation.dice.weighted(CARDS);
    let ask = confirmation(Ask::post(format!("/v1/payment_intents/{}/confirm", intent.id)), card);
    let ask = of(simulation, &intent.owner, ask);
    let got = simulation.ask("another confirmation", ask)?;
    answered(simulation, &intent.owner, card, &got)
}
