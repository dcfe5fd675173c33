//! Customers and webhook endpoints.

use super::Taken;
use crate::host::Ask;
use crate::market::{Owned, remember};
use crate::simulation::Simulation;

/// A customer made, changed or deleted, of the platform or of a seller.
pub(super) fn customer(simulation: &mut Simulation) -> Taken {
    let customers = simulation.market.customers.clone();
    let known = simulation.dice.recent(&customers).cloned();
    let on = |ask: Ask, simulation: &Simulation, owner: &str| {
        if owner == simulation.host.platform { ask } else { ask.on(owner) }
    };
    match (simulation.dice.between(0, 3), known) {
        (0, Some(known)) => {
            let ask = on(Ask::delete(format!("/v1/customers/{}", known.id)), simulation, &known.owner);
            simulation.ask("customer deletion", ask)?;
            simulation.market.customers.retain(|customer| customer.id != known.id);
        }
        (1, Some(known)) => {
            let ask = Ask::post(format!("/v1/customers/{}", known.id)).with("metadata[a]", simulation.dice.word(4));
            let ask = on(ask, simulation, &known.owner);
            simulation.ask("customer update", ask)?;
        }
        (2, Some(known)) => {
            let ask = Ask::post("/v1/payment_methods/pm_card_visa/attach").with("customer", &known.id);
            let ask = on(ask, simulation, &known.owner);
            simulation.ask("attachment", ask)?;
        }
        _ => {
            let sellers = simulation.market.sellers.clone();
            let owner = if simulation.dice.percent(60) {
                simulation.host.platform.clone()
            } else {
                simulation.dice.pick(&sellers).clone()
            };
            let ask =
                Ask::post("/v1/customers").with("name", simulation.dice.word(6)).with("email", "payer@example.com");
            let ask = on(ask, simulation, &owner);
            let got = simulation.ask("customer", ask)?;
            if got.is_ok() {
                simulation.market.seen(got.text("id"), &owner);
                remember(&mut simulation.market.customers, Owned { id: got.text("id").to_owned(), owner });
            }
        }
    }
    Ok(())
}

/// An endpoint that nobody listens at: made, disabled, enabled, deleted.
pub(super) fn webhook_endpoint(simulation: &mut Simulation) -> Taken {
    let endpoints = simulation.market.endpoints.clone();
    let known = simulation.dice.recent(&endpoints).cloned();
    match (simulation.dice.between(0, 3), known) {
        (0, Some(known)) => {
            let disabled = simulation.dice.percent(50);
            let ask = Ask::post(format!("/v1/webhook_endpoints/{known}")).with("disabled", disabled);
            simulation.ask("webhook endpoint update", ask)?;
        }
        (1, Some(known)) => {
            simulation.ask("webhook endpoint deletion", Ask::delete(format!("/v1/webhook_endpoints/{known}")))?;
            simulation.market.endpoints.retain(|endpoint| *endpoint != known);
        }
        _ if endpoints.len() < 5 => {
            let ask = Ask::post("/v1/webhook_endpoints")
                .with("url", "http://127.0.0.1:9/hook")
                .with(
                    "enabled_events[]",
                    *simulation.dice.pick(&["*", "charge.succeeded", "payout.paid", "charge.refunded"]),
                )
                .with("connect", simulation.dice.percent(50));
            let got = simulation.ask("webhook endpoint", ask)?;
            if got.is_ok() {
                simulation.market.endpoints.push(got.text("id").to_owned());
            }
        }
        _ => {}
    }
    Ok(())
}
