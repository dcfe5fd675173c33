//! External accounts: added, made the default, deleted.

use super::Taken;
use super::sellers::NUMBERS;
use crate::host::Ask;
use crate::market::{Owned, remember};
use crate::simulation::Simulation;

/// Bank accounts in other currencies; the second of each pair fails.
const FOREIGN: &[&[(&str, &str)]] = &[
    &[("country", "DE"), ("currency", "eur"), ("account_number", "DE89370400440532013000")],
    &[("country", "DE"), ("currency", "eur"), ("account_number", "DE62370400440532013001")],
    &[("country", "GB"), ("currency", "gbp"), ("routing_number", "108800"), ("account_number", "00012345")],
    &[("country", "JP"), ("currency", "jpy"), ("routing_number", "1100000"), ("account_number", "0001234")],
];

/// What an account is now, for the model: its currencies may have changed.
fn look_again(simulation: &mut Simulation, account: &str) -> Taken {
    let got = simulation.send(&Ask::get(format!("/v1/accounts/{account}")))?;
    if !got.is_ok() {
        return Err(format!("{account} cannot be read: {}", got.body));
    }
    simulation.model.account(&got.body);
    Ok(())
}

/// A bank account more.
pub(super) fn add(simulation: &mut Simulation) -> Taken {
    let mut owners = simulation.market.sellers.clone();
    owners.push(simulation.host.platform.clone());
    let owner = simulation.dice.pick(&owners).clone();
    let mut ask =
        Ask::post(format!("/v1/accounts/{owner}/external_accounts")).with("external_account[object]", "bank_account");
    if simulation.dice.percent(60) {
        let bank = *simulation.dice.pick(FOREIGN);
        for (name, value) in bank {
            ask = ask.with(format!("external_account[{name}]"), value);
        }
    } else {
        let number = *simulation.dice.weighted(NUMBERS);
        ask = ask
            .with("external_account[country]", "US")
            .with("external_account[currency]", "usd")
            .with("external_account[routing_number]", "110000000")
            .with("external_account[account_number]", number);
    }
    if simulation.dice.percent(30) {
        ask = ask.with("default_for_currency", "true");
    }
    let got = simulation.ask("external account", ask)?;
    if got.is_ok() {
        remember(&mut simulation.market.banks, Owned { id: got.text("id").to_owned(), owner: owner.clone() });
        look_again(simulation, &owner)?;
    }
    Ok(())
}

/// A bank account changed or deleted.
pub(super) fn change(simulation: &mut Simulation) -> Taken {
    let banks = simulation.market.banks.clone();
    let Some(bank) = simulation.dice.recent(&banks).cloned() else { return Ok(()) };
    let path = format!("/v1/accounts/{}/external_accounts/{}", bank.owner, bank.id);
    let got = match simulation.dice.between(0, 2) {
        0 => simulation.ask("external account deletion", Ask::delete(path))?,
        1 => simulation.ask("external account update", Ask::post(path).with("default_for_currency", "true"))?,
        _ => simulation.ask("external account update", Ask::post(path).with("account_holder_name", "Ada Baker"))?,
    };
    if got.is_ok() { look_again(simulation, &bank.owner) } else { Ok(()) }
}
