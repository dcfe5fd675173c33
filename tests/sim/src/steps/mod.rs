//! What is asked, step by step.

mod at_once;
mod back;
mod banks;
mod junk;
mod moving;
mod payments;
mod people;
mod sellers;
mod time;

use crate::simulation::Simulation;

/// What a step comes to.
pub(crate) type Taken = Result<(), String>;

type Step = fn(&mut Simulation) -> Taken;

/// A marketplace before its first payment.
pub(crate) fn settle_in(simulation: &mut Simulation) -> Taken {
    sellers::settle_in(simulation)
}

/// The steps by how often they are taken.
const STEPS: &[(u64, Step)] = &[
    (300, payments::pay),
    (45, payments::capture),
    (18, payments::cancel),
    (15, payments::confirm_again),
    (110, back::refund),
    (50, back::reverse),
    (35, back::refund_fee),
    (70, moving::transfer),
    (35, moving::transfer_from_charge),
    (40, moving::pay_out),
    (12, moving::cancel_payout),
    (12, moving::reverse_payout),
    (40, time::advance),
    (12, time::dispatch),
    (6, time::seal),
    (2, time::prune),
    (6, time::crash),
    (5, sellers::open),
    (18, sellers::update),
    (12, banks::add),
    (6, banks::change),
    (12, people::customer),
    (8, people::webhook_endpoint),
    (45, junk::read),
    (55, junk::refused),
    (40, repeat),
];

/// Takes a step.
pub(crate) fn take(simulation: &mut Simulation) -> Taken {
    if simulation.options.concurrency && simulation.dice.percent(3) {
        return at_once::take(simulation);
    }
    let step = *simulation.dice.weighted(STEPS);
    step(simulation)
}

fn repeat(simulation: &mut Simulation) -> Taken {
    simulation.repeat()
}
