//! Many payouts for the same money.

use std::thread::scope;

use super::*;

#[test]
fn of_64_payouts_racing_for_the_same_money_exactly_as_many_succeed_as_it_allows() {
    let shop = Shop::new(PayoutInterval::Manual, WORKS);
    shop.earn(&shop.seller, 10_000, None);
    let (api, seller) = (&shop.api, &shop.seller);
    let statuses: Vec<(u16, Json)> = scope(|threads| {
        let racers: Vec<_> = (0..64)
            .map(|_| {
                let handle = shop.runtime.handle();
                threads
                    .spawn(move || handle.block_on(call(api, seller, "POST", "/v1/payouts", "amount=900&currency=usd")))
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    let paid = statuses.iter().filter(|(status, _)| *status == 200).count();
    let short = statuses.iter().filter(|(_, answer)| answer["error"]["code"] == "balance_insufficient").count();
    assert_eq!((paid, short), (11, 53));
    assert_eq!(shop.available(&shop.seller), 100);
    assert_eq!(shop.payouts().len(), 11);
    shop.advance_to("2026-11-04T00:00:00Z");
    assert_eq!(shop.sum(ledger::OPERATOR, Bucket::Bank), 9_900);
}

#[test]
fn money_that_comes_while_a_run_decides_is_paid_by_it() {
    let shop = Shop::new(PayoutInterval::Daily, WORKS);
    shop.earn(&shop.seller, 5_000, None);
    let run = at("2026-11-03T01:00:00Z");
    shop.world.clock().advance_to(run);
    let mut comes = [30, 4].into_iter();
    let job = shop.as_("", |tx| tx.find_all::<Job>(None, &[Filter::Is("name", automatic_job())], 1)).unwrap().remove(0);
    shop.world
        .run_blocking(&Caller::account(""), Some(run), |tx| {
            crate::payouts::automatic::run(tx, &job)?;
            // Committed between what the run read and its own commit, which has to decide again.
            if let Some(net) = comes.next() {
                shop.earn(&shop.seller, net, None);
            }
            Ok(())
        })
        .unwrap();
    let payout = shop.payouts().pop().unwrap();
    assert_eq!((payout.amount, shop.available(&shop.seller)), (5_034, 0));
    assert_eq!(shop.settled(&payout.id).iter().map(|row| row.net).sum::<i64>(), 0);
}

fn automatic_job() -> store::Value {
    crate::payouts::automatic::PAY_OUT.into()
}

#[test]
fn an_automatic_payout_settles_exactly_what_it_pays_whatever_moves_meanwhile() {
    let shop = Shop::new(PayoutInterval::Daily, WORKS);
    shop.earn(&shop.seller, 50_000, Some("2026-11-03"));
    while shop.run_next_job(at("2026-11-03T00:30:00Z")) {}
    shop.world.clock().advance_to(at("2026-11-03T01:00:00Z"));
    scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                for step in 0..25 {
                    shop.earn(&shop.seller, 100 + step, None);
                    shop.lose(&shop.seller, 70 + step);
                }
            });
        }
        threads.spawn(|| while shop.run_next_job(at("2026-11-03T01:00:00Z")) {});
    });
    shop.audit();
    let payouts = shop.payouts();
    assert_eq!(payouts.len(), 1);
    let settled = shop.settled(&payouts[0].id);
    let others: i64 = settled.iter().filter(|row| row.kind != EntryType::Payout).map(|row| row.net).sum();
    assert_eq!(others, payouts[0].amount);
    assert_eq!(shop.available(&shop.seller), 50_000 + 100 * 30 - payouts[0].amount);
}
