//! Several processes on one store, and a store that goes away.

use std::sync::{Arc, Barrier};

use store::Verdict::{Committed, Conflict};
use store::{Engine, StoreError, Verdict};

use crate::support::{Change, Opener, Store, THING, account, batch, postgres, schema};

fn new() -> Change {
    Change::new()
}

pub fn another_process_sees_what_was_committed_and_conflicts_where_it_did_not_look(store: &mut Store) {
    let (reader, mut engine) = store.another();
    store.commit([new().create("th_1").take("a", "1").remember("k", "{}", 1).post("x", "acct_1", 10)]);
    assert_eq!(reader.get(&THING, "th_1").unwrap().unwrap().version, 1);
    let batches = batch([
        new().create("th_1"),
        new().create("th_2").take("a", "2"),
        new().create("th_3").remember("k", "{}", 1),
        new().create("th_4").read("th_1", 0),
        new().update("th_1", 2).read("th_1", 1),
        new().post("acct_1", "x", 10).at_least("acct_1", 0),
    ]);
    let verdicts = engine.commit(&batches).unwrap();
    assert_eq!(verdicts, [Conflict, Conflict, Conflict, Conflict, Committed, Committed]);
    assert_eq!(store.commit([new().update("th_1", 2)]), [Conflict]);
    assert_eq!(store.commit([new().update("th_1", 3)]), [Committed]);
    assert_eq!(store.balance("acct_1"), 0);
}

/// Commits until a changeset was judged on the newest state, as a rule does that runs again.
fn insist(engine: &mut dyn Engine, change: impl Fn() -> Change) -> Verdict {
    engine.commit(&batch([change()])).unwrap().remove(0)
}

pub fn of_many_that_want_the_same_money_name_or_id_one_wins(store: &mut Store) {
    const PROCESSES: usize = 4;
    const ROUNDS: usize = 12;
    store.commit([new().post("bank", "acct_1", 10 * i64::try_from(ROUNDS).unwrap())]);
    let barrier = Arc::new(Barrier::new(PROCESSES));
    let threads: Vec<_> = (0..PROCESSES)
        .map(|process| {
            let (_, mut engine) = store.another();
            let barrier = barrier.clone();
            std::thread::spawn(move || {
                let mut won = [0; 6];
                for round in 0..ROUNDS {
                    barrier.wait();
                    let (me, floor) = (format!("p{process}"), 10 * i64::try_from(ROUNDS - 1 - round).unwrap());
                    let wishes: [Box<dyn Fn() -> Change>; 6] = [
                        Box::new(|| new().create(&format!("th_{round}"))),
                        Box::new(|| new().take(&format!("name {round}"), &me)),
                        Box::new(|| new().remember(&format!("key {round}"), &me, 1)),
                        Box::new(|| new().post("acct_1", &me, 10).at_least("acct_1", floor)),
                        // Two documents, looked for and made in either order: whoever comes second sees the first.
                        Box::new(|| {
                            let [one, two] = if process % 2 == 0 { ["a", "b"] } else { ["b", "a"] };
                            let [one, two] = [one, two].map(|name| format!("th_{name}{round}"));
                            new().read(&one, 0).read(&two, 0).create(&two)
                        }),
                        // A balance that there was not before.
                        Box::new(|| new().post("bank", &format!("new {round}"), 1).exactly(&format!("new {round}"), 1)),
                    ];
                    for (won, wish) in won.iter_mut().zip(wishes) {
                        *won += i32::from(insist(&mut *engine, wish) == Committed);
                    }
                }
                won
            })
        })
        .collect();
    let won: Vec<[i32; 6]> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    let sums: [i32; 6] = std::array::from_fn(|at| won.iter().map(|won| won[at]).sum());
    assert_eq!(sums, [i32::try_from(ROUNDS).unwrap(); 6], "{won:?}");
    assert_eq!(store.balance("acct_1"), 0);
    let all = store.reader.scan_balances("", 100).unwrap();
    assert_eq!(all.iter().map(|(_, value)| value).sum::<i64>(), 0);
    assert_eq!(store.reader.balance(&account("new 3").to_string()).unwrap(), 1);
}

#[test]
fn processes_that_touch_the_same_things_in_other_orders_all_get_through() {
    for store in [Some(Store::sqlite()), Store::postgres()].into_iter().flatten() {
        let mut store = store;
        store.commit([new().create("th_1").create("th_2").create("txn_1").create("txn_2")]);
        let threads: Vec<_> = [false, true]
            .map(|turned| {
                let (_, mut engine) = store.another();
                std::thread::spawn(move || {
                    for round in 0..40 {
                        let ids = if turned {
                            ["txn_2", "th_2", "txn_1", "th_1"]
                        } else {
                            ["th_1", "txn_1", "th_2", "txn_2"]
                        };
                        let read = ids.iter().fold(new(), |change, id| change.read(id, 1));
                        let (from, to) = if turned { ("a", "b") } else { ("b", "a") };
                        let pay = new().post(from, to, 1).at_least(from, -1_000).post(to, "c", 1);
                        let make = new().create(&format!("th_{turned}_{round}"));
                        let write = new().update(ids[round % 4], 9);
                        let verdicts = engine.commit(&batch([read, pay, make, write])).unwrap();
                        assert_eq!(verdicts, [Committed, Committed, Committed, Conflict]);
                    }
                })
            })
            .into_iter()
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(store.balance("c"), 80);
    }
}

#[test]
fn processes_may_start_on_an_empty_store_at_once() {
    for opener in [Some(Opener::sqlite()), Opener::postgres()].into_iter().flatten() {
        let barrier = Arc::new(Barrier::new(3));
        let threads = [0, 1, 2].map(|process| {
            let (opener, barrier) = (opener.clone(), barrier.clone());
            std::thread::spawn(move || {
                barrier.wait();
                let (_, mut engine) = opener.open(&schema()).unwrap();
                engine.commit(&batch([new().create(&format!("th_{process}"))])).unwrap()
            })
        });
        for thread in threads {
            assert_eq!(thread.join().unwrap(), [Committed]);
        }
    }
}

#[test]
fn a_lost_connection_is_made_again() {
    let Some(mut store) = Store::postgres() else { return };
    for round in 0..5 {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        postgres(store.url(), cut).unwrap();
        assert_eq!(store.commit([new().create(&format!("th_{round}"))]), [Committed]);
        postgres(store.url(), cut).unwrap();
        assert_eq!(store.version(&format!("th_{round}")), Some(1));
    }
}

#[test]
fn whatever_was_answered_while_connections_are_cut_is_true() {
    let Some(store) = Store::postgres() else { return };
    let url = store.url().to_owned();
    let (_, mut engine) = store.another();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                postgres(&url, cut).unwrap();
            }
        });
        let mut committed = 0;
        for round in 0..300 {
            let id = format!("th_{round}");
            match engine.commit(&batch([new().create(&id).post("a", "b", 1)])) {
                Ok(verdicts) => {
                    assert_eq!(verdicts, [Committed], "{round}");
                    committed += 1;
                }
                Err(StoreError::Unavailable(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(0 < committed);
        let (reader, _) = loop {
            // The last cut may still be under way.
            if let Ok(opened) = store.open_with(&schema()) {
                break opened;
            }
        };
        let there = reader.scan(&THING, "", 1_000).unwrap().len();
        assert_eq!(there, committed);
        assert_eq!(usize::try_from(reader.balance(&account("b").to_string()).unwrap()).unwrap(), committed);
    });
}

#[test]
fn readers_are_welcome_on_any_thread() {
    let Some(mut store) = Store::postgres() else { return };
    store.commit([new().create("th_1")]);
    let reader = store.reader.clone();
    let read = move || assert!(reader.get(&THING, "th_1").unwrap().is_some());
    let (one, two) = (read.clone(), read.clone());
    let many = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    many.block_on(async {
        one();
        let task = || {
            let read = two.clone();
            tokio::spawn(async move { read() })
        };
        let tasks: Vec<_> = (0..32).map(|_| task()).collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async { read() });
}
