//! Several want the same money at once.

use super::stage::*;
use crate::charges::Charge;

/// Runs `ask` as often as `times` at once, and answers how many were granted.
fn at_once(times: usize, ask: impl Fn() -> bool + Sync) -> usize {
    let gate = std::sync::Barrier::new(times);
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..times)
            .map(|_| {
                scope.spawn(|| {
                    gate.wait();
                    ask()
                })
            })
            .collect();
        asked.into_iter().map(|one| usize::from(one.join().unwrap())).sum()
    })
}

#[test]
fn of_two_refunds_of_the_whole_charge_one_wins() {
    on_every_engine(|stage| {
        let charge = stage.charge(&stage.platform(), &order(1_000));
        let won = at_once(2, || stage.try_refund(&stage.platform(), &refund_of(&charge, None)).is_ok());
        assert_eq!(won, 1);
        assert_eq!(stage.find::<Charge>(&charge.id).amount_refunded, 1_000);
        assert_eq!(stage.total(&stage.platform), -59);
        stage.audit();
    });
}

#[test]
fn transfers_never_take_more_than_there_is() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        stage.fund(1_000);
        let won = at_once(16, || stage.try_transfer(&stage.platform(), &transfer_to(&seller, 200)).is_ok());
        assert_eq!(won, 4);
        assert_eq!((stage.available(&stage.platform), stage.available(&seller)), (141, 800));
        stage.audit();
    });
}

#[test]
fn transfers_of_one_charge_never_exceed_it() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let charge = stage.charge(&stage.platform(), &order(1_000));
        let won = at_once(8, || stage.try_transfer(&stage.platform(), &transfer_from(&charge, &seller, 300)).is_ok());
        assert_eq!(won, 3);
        assert_eq!(stage.pending(&seller), 900);
        stage.audit();
    });
}

#[test]
fn a_refund_and_the_money_that_it_waits_for_find_each_other() {
    on_every_engine(|stage| {
        let seller = stage.seller(Seller::NEVER_BELOW_ZERO);
        let charge = stage.charge(&stage.on(&seller), &order(1_000));
        stage.mature();
        stage.try_transfer(&stage.on(&seller), &transfer_to(&stage.platform, 941)).unwrap();
        stage.fund(10_000);
        std::thread::scope(|scope| {
            scope.spawn(|| stage.refund(&stage.on(&seller), &refund_of(&charge, None)));
            scope.spawn(|| stage.transfer(&transfer_to(&seller, 1_000)));
        });
        // At the latest a day later, when the refund looks for itself.
        stage.advance(2 * kernel::DAY);
        assert!(stage.find::<Charge>(&charge.id).refunded);
        assert_eq!(stage.available(&seller), 0);
        stage.audit();
    });
}
