//! A database that goes away under load: 503 meanwhile, and nothing that was answered is missing afterwards.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::check::{self, Seen};
use crate::client::Ask;
use crate::cluster::{Cluster, url};
use crate::disk::is_unavailable;
use crate::load::{AfterFailure, Cast, Operation, Random, StopAtEnd, Worker};
use crate::running::{Running, serve};
use crate::server::{Place, kontor};

const WORKERS: u64 = 6;

fn start(place: &Place, url: &str) -> Running {
    let mut command = serve(place);
    command.env("KONTOR_DATABASE_URL", url);
    Running::by(command)
}

fn audit(place: &Place, url: &str) {
    let output = kontor(place).arg("audit").env("KONTOR_DATABASE_URL", url).output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{shown}{}", String::from_utf8_lossy(&output.stderr));
}

/// Asks from several connections, each request until it is answered, while `meanwhile` goes on. Answers what was asked,
/// and how often 503 was answered to somebody who only looked.
fn under_load(server: &Running, cast: &Cast, name: &str, meanwhile: impl FnOnce()) -> (Vec<Operation>, usize) {
    let (stop, unavailable) = (AtomicBool::new(false), AtomicUsize::new(0));
    let operations = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|number| {
                let (client, random, prefix) = (server.client(), Random(number), format!("{name}-{number}"));
                let worker = Worker { client, cast, random, prefix, after_failure: AfterFailure::Retry, stop: &stop };
                scope.spawn(|| worker.run())
            })
            .collect();
        scope.spawn(|| {
            let mut client = server.client();
            while !stop.load(Ordering::Relaxed) {
                let answer = client.ask(&Ask::get("/v1/balance")).unwrap();
                assert!(matches!(answer.status, 200 | 503), "{answer:?}");
                unavailable.fetch_add(usize::from(is_unavailable(&answer)), Ordering::Relaxed);
                assert_eq!(client.ask(&Ask::get("/healthz")).map_or(200, |answer| answer.status), 200);
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        let end = StopAtEnd(&stop);
        meanwhile();
        drop(end);
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    (operations, unavailable.into_inner())
}

/// Waits until a payment is taken again.
fn wait_until_taken(server: &Running) -> Duration {
    let begun = Instant::now();
    let mut client = server.client();
    loop {
        let form = "name=somebody";
        let answer = client.ask(&Ask::post("/v1/customers", form)).unwrap();
        if answer.status == 200 {
            return begun.elapsed();
        }
        assert!(is_unavailable(&answer), "{answer:?}");
        assert!(begun.elapsed() < Duration::from_secs(60), "the database is back and nothing is taken");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_database_that_is_killed_and_started_again_loses_nothing_that_was_answered() {
    let (cluster, place) = (Cluster::primary(""), Place::folder());
    let url = url(&[&cluster]);
    let server = start(&place, &url);
    let cast = Cast::of(&mut server.client());
    let mut seen = Seen::default();
    for round in 0..3 {
        let name = format!("away{round}");
        let (operations, unavailable) = under_load(&server, &cast, &name, || {
            std::thread::sleep(Duration::from_millis(700));
            cluster.kill();
            std::thread::sleep(Duration::from_millis(1_500));
            cluster.start();
            let waited = wait_until_taken(&server);
            println!("database: taken again after {} ms", waited.as_millis());
            std::thread::sleep(Duration::from_millis(500));
        });
        assert!(0 < unavailable, "a lost database is 503");
        seen += check::operations(&mut server.client(), &cast, &format!("{name}-"), &operations);
    }
    check::jobs(&mut server.client(), &cast);
    println!("database: killed 3 times, {} answered writes found and replayed", seen.answered);
    assert_eq!(server.stop().code(), Some(0));
    audit(&place, &url);
}

#[test]
fn a_standby_that_takes_over_has_everything_that_was_answered() {
    // Only here: a standby that inherited it would wait for a standby of its own.
    let primary = Cluster::primary("-c synchronous_standby_names=standby -c synchronous_commit=on");
    let standby = primary.standby();
    let begun = Instant::now();
    while primary.ask("SELECT count(*)::text FROM pg_stat_replication WHERE sync_state = 'sync'") != "1" {
        assert!(begun.elapsed() < Duration::from_secs(30), "the standby does not follow");
        std::thread::sleep(Duration::from_millis(20));
    }
    let (url, place) = (url(&[&primary, &standby]), Place::folder());
    let server = start(&place, &url);
    let cast = Cast::of(&mut server.client());
    let (operations, unavailable) = under_load(&server, &cast, "failover", || {
        std::thread::sleep(Duration::from_millis(2_000));
        primary.kill();
        standby.promote();
        let waited = wait_until_taken(&server);
        println!("failover: taken again {} ms after the promotion", waited.as_millis());
        std::thread::sleep(Duration::from_millis(1_000));
    });
    let seen = check::operations(&mut server.client(), &cast, "failover-", &operations);
    check::jobs(&mut server.client(), &cast);
    println!(
        "failover: {} answered writes found and replayed on the promoted standby; 503 {unavailable} times meanwhile",
        seen.answered
    );
    assert!(100 < seen.answered);
    assert_eq!(server.stop().code(), Some(0));
    audit(&place, &url);
}
