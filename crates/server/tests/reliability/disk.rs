//! A full disk: writes are answered 503 and change nothing, reads go on, and it is over when there is room again.

use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use crate::check;
use crate::client::{Answer, Ask};
use crate::load::{AfterFailure, Cast, Made, Operation, Random, Worker};
use crate::running::{Running, serve};
use crate::server::Place;

fn payment(name: &str) -> Ask {
    let form = format!(
        "amount=1500&currency=usd&payment_method=pm_card_visa&confirm=true&automatic_payment_methods[enabled]=true\
         &automatic_payment_methods[allow_redirects]=never&metadata[operation]={name}"
    );
    Ask { idempotency_key: Some(name.to_owned()), ..Ask::post("/v1/payment_intents", form) }
}

pub fn is_unavailable(answer: &Answer) -> bool {
    let error = &answer.json()["error"];
    let has_shape = error["type"] == "api_error" && error["message"].is_string();
    assert!(answer.status != 503 || has_shape, "{}", String::from_utf8_lossy(&answer.body));
    answer.status == 503
}

/// Fills the disk by `fill`, makes room again by `free`, each while the server runs.
fn a_full_disk_passes(place: &Place, server: Running, fill: impl FnOnce(), free: impl FnOnce()) {
    let mut client = server.client();
    let cast = Cast::of(&mut client);
    let stop = AtomicBool::new(false);
    let mut operations: Vec<Operation> = Vec::new();
    let mut pay = |client: &mut crate::client::Client, name: String| {
        let ask = payment(&name);
        let answer = client.ask(&ask).unwrap();
        let is_full = is_unavailable(&answer);
        assert!(is_full || answer.status == 200, "{answer:?}");
        let answer = (!is_full).then_some(answer);
        operations.push(Operation { name, made: Made::Payment, ask, answer });
        is_full
    };
    for number in 0..20 {
        assert!(!pay(&mut client, format!("full-before-{number}")));
    }
    fill();
    let mut refused = 0;
    for number in 0..5_000 {
        refused += usize::from(pay(&mut client, format!("full-{number}")));
        if 20 < refused {
            break;
        }
    }
    assert!(20 < refused, "the disk was never full");
    // Whatever was written before is still read.
    assert_eq!(client.ask(&Ask::get("/v1/payment_intents?limit=3")).unwrap().status, 200);
    free();
    let begun = Instant::now();
    let mut number = 0;
    while pay(&mut client, format!("full-after-{number}")) {
        assert!(begun.elapsed() < Duration::from_secs(20), "there is room again, and nothing is taken");
        std::thread::sleep(Duration::from_millis(50));
        number += 1;
    }
    let (random, prefix) = (Random(7), "full-worker".to_owned());
    let worked = std::thread::scope(|scope| {
        let (client, stop, cast) = (server.client(), &stop, &cast);
        let worker = Worker { client, cast, random, prefix, after_failure: AfterFailure::End, stop };
        let worker = scope.spawn(|| worker.run());
        std::thread::sleep(Duration::from_millis(300));
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        worker.join().unwrap()
    });
    operations.extend(worked);
    assert!(server.kill());
    assert!(place.audit());
    let server = Running::start(place);
    let seen = check::operations(&mut server.client(), &cast, "full-", &operations);
    assert_eq!(seen.had_happened, 0, "a write that was answered 503 did not happen");
    assert!(20 < seen.answered && 20 < seen.unanswered);
    server.stop();
    assert!(place.audit());
}

/// By the process's own limit for the size of a file: it needs no rights, and can be lifted while the process runs.
#[test]
fn a_file_that_must_not_grow_is_unavailable_until_it_may() {
    let place = Place::folder();
    let command = serve(&place);
    // The signal that comes with the error would end the process; what is ignored stays so in what is started.
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null());
    let server = Running::by(shell);
    let pid = server.pid();
    let log = place.data().join("kontor.sqlite-wal");
    a_full_disk_passes(
        &place,
        server,
        || {
            limit(pid, &(log.metadata().unwrap().len() + (200 << 10)).to_string());
        },
        || limit(pid, "unlimited"),
    );
}

fn limit(pid: u32, bytes: &str) {
    let arguments = ["--pid", &pid.to_string(), &format!("--fsize={bytes}:unlimited")];
    assert!(Command::new("prlimit").args(arguments).status().unwrap().success());
}

/// A small filesystem of our own, for those who may mount one.
struct Small<'a>(&'a std::path::Path);

impl<'a> Small<'a> {
    fn mount(folder: &'a std::path::Path) -> Option<Small<'a>> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=128m", "none"]).arg(folder).stderr(std::process::Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then_some(Small(folder))
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[test]
fn a_full_filesystem_is_unavailable_until_there_is_room() {
    let place = Place::folder();
    let Some(_small) = Small::mount(place.data()) else {
        eprintln!("left out: a filesystem can be mounted by root only; the other test of a full disk needs no rights");
        return;
    };
    let server = Running::start(&place);
    let ballast = place.data().join("ballast");
    a_full_disk_passes(
        &place,
        server,
        || {
            use std::io::Write;
            let mut file = std::fs::File::create(&ballast).unwrap();
            while file.write_all(&[7; 4_096]).is_ok() {}
        },
        || std::fs::remove_file(&ballast).unwrap(),
    );
}
