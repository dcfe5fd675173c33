//! Kills the server at random moments under load, round after round.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::check::{self, Seen};
use crate::client::{Ask, Client};
use crate::hooks::Hooks;
use crate::load::{AfterFailure, Cast, Operation, Random, StopAtEnd, Worker};
use crate::running::{Running, serve};
use crate::server::Place;

/// Connections that ask at once.
const WORKERS: u64 = 8;
/// Rounds after which a new store begins, so that an audit stays short.
const ROUNDS_OF_A_STORE: usize = 20;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

/// When the server is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// Some time under load.
    Loaded,
    /// When a log that a long read kept from being copied has just been let go.
    Checkpoint,
    /// A few times while it starts, when it makes or checks tables.
    Starting,
}

fn moment(place: &Place, random: &mut Random) -> Moment {
    match random.below(10) {
        0..2 if place.database_url().is_none() => Moment::Checkpoint,
        2..4 => Moment::Starting,
        _ => Moment::Loaded,
    }
}

/// Kills a server while it starts: on an empty place during its very first start.
fn kill_while_starting(place: &Place, random: &mut Random) -> usize {
    let kills = 1 + random.below(3) as usize;
    for _ in 0..kills {
        let mut child = serve(place).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(random.below(400)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    kills
}

/// Takes the note away that says that all tables, indexes and views are there: the next start makes them again.
fn forget_definition(place: &Place) {
    place.execute("DELETE FROM meta WHERE name = 'schema_definition'");
}

/// Holds a read open, so that the log grows and cannot be copied into the store's file.
fn hold_the_log(place: &Place) -> Option<rusqlite::Connection> {
    if place.database_url().is_some() {
        return None;
    }
    let connection = rusqlite::Connection::open(place.data().join("kontor.sqlite")).unwrap();
    connection.execute_batch("BEGIN; SELECT count(*) FROM meta").unwrap();
    Some(connection)
}

/// Asks from several connections, moves the clock now and then, and kills the server. Answers everything that was asked.
fn load_and_kill(
    place: &Place,
    server: Running,
    cast: &Cast,
    name: &str,
    at: Moment,
    random: &mut Random,
) -> Vec<Operation> {
    let stop = AtomicBool::new(false);
    let held = if at == Moment::Checkpoint { hold_the_log(place) } else { None };
    let seeds: Vec<u64> = (0..WORKERS).map(|_| random.below(u64::MAX)).collect();
    std::thread::scope(|scope| {
        let workers: Vec<_> = seeds
            .into_iter()
            .enumerate()
            .map(|(number, seed)| {
                let (client, random) = (server.client(), Random(seed));
                let prefix = format!("{name}-{number}");
                let worker = Worker { client, cast, random, prefix, after_failure: AfterFailure::End, stop: &stop };
                scope.spawn(|| worker.run())
            })
            .collect();
        let mut clock = server.client();
        let stop = &stop;
        let mut moves = Random(random.below(u64::MAX));
        scope.spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(100 + moves.below(300)));
                let form = format!("seconds={}", 1 + moves.below(3_000));
                if clock.ask(&Ask::post("/kontor/v1/clock/advance", form)).is_err() {
                    return;
                }
            }
        });
        let end = StopAtEnd(stop);
        std::thread::sleep(Duration::from_millis(50 + random.below(1_500)));
        drop(held);
        std::thread::sleep(Duration::from_micros(random.below(40_000)));
        assert!(server.kill(), "the server ran until it was killed");
        drop(end);
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    })
}

fn prepare(client: &mut Client, hooks: &Hooks) -> Cast {
    let form = format!("url={}&enabled_events[]=payment_intent.succeeded", hooks.url);
    client.ok(&Ask::post("/v1/webhook_endpoints", form));
    Cast::of(client)
}

/// Runs the rounds, and prints what was done and seen.
fn survive(engine: &str, new_place: fn() -> Place) {
    let rounds = setting("KONTOR_CRASH_ROUNDS", 5) as usize;
    let seed = setting("KONTOR_CRASH_SEED", u64::from(std::process::id()));
    println!("{engine}: {rounds} rounds, KONTOR_CRASH_SEED={seed}");
    let mut random = Random(seed);
    let begun = Instant::now();
    let (mut seen, mut kills, mut starts, mut checkpoints) = (Seen::default(), 0, 0, 0);
    let mut events = (0, 0);
    for first in (0..rounds).step_by(ROUNDS_OF_A_STORE) {
        let (place, hooks) = (new_place(), Hooks::listen());
        starts += kill_while_starting(&place, &mut random);
        let mut server = Running::start(&place);
        let cast = prepare(&mut server.client(), &hooks);
        for round in first..rounds.min(first + ROUNDS_OF_A_STORE) {
            let (name, at) = (format!("r{round}"), moment(&place, &mut random));
            let operations = load_and_kill(&place, server, &cast, &name, at, &mut random);
            kills += 1;
            checkpoints += usize::from(at == Moment::Checkpoint);
            if at == Moment::Starting {
                forget_definition(&place);
                starts += kill_while_starting(&place, &mut random);
            }
            assert!(place.audit(), "round {round}, {at:?}");
            server = Running::start(&place);
            let mut client = server.client();
            seen += check::operations(&mut client, &cast, &format!("{name}-"), &operations);
            check::webhooks(&mut client, &hooks, &operations);
        }
        check::jobs(&mut server.client(), &cast);
        assert_eq!(server.stop().code(), Some(0));
        assert!(place.audit());
        let (got, repeated) = hooks.counts();
        events = (events.0 + got, events.1 + repeated);
        // After each store, so that a run that is cut short has said what it saw.
        println!(
            "{engine}: {kills} kills under load ({checkpoints} at a checkpoint), {starts} while starting; {} answered \
             writes found and replayed byte for byte, {} unanswered ones asked again of which {} had happened, none \
             twice; {} events delivered, {} more than once; every audit clean; {} s",
            seen.answered,
            seen.unanswered,
            seen.had_happened,
            events.0,
            events.1,
            begun.elapsed().as_secs()
        );
    }
    assert!(0 < seen.answered);
}

#[test]
fn nothing_answered_is_lost_and_nothing_happens_twice_on_sqlite() {
    survive("sqlite", Place::folder);
}

#[test]
fn nothing_answered_is_lost_and_nothing_happens_twice_on_postgres() {
    survive("postgres", Place::postgres);
}
