//! Backups and restores by command, beside a running server; stores of newer and older Kontors.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "this is test code")]

mod server;

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use server::{Place, Server, kontor, text};

/// What a command answered: its exit code and everything that it printed.
fn run(place: &Place, arguments: &[&str]) -> (Option<i32>, String) {
    let output = kontor(place).args(arguments).output().unwrap();
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code(), format!("{out}{error}"))
}

fn copy_key(from: &Place, to: &Place) {
    std::fs::copy(from.data().join("master.key"), to.data().join("master.key")).unwrap();
}

/// Takes payments on several connections while `work` goes on. Answers the ids of those that were answered before it began.
fn under_load(server: &Server, work: impl FnOnce()) -> Vec<String> {
    let done = AtomicBool::new(false);
    let before: Vec<String> = (0..20).map(|_| text(&server.pay("1500").1, "id")).collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    assert_eq!(server.pay("700").0, 200);
                }
            });
        }
        work();
        done.store(true, Ordering::Relaxed);
    });
    before
}

fn a_backup_under_load_is_whole_and_goes_into_either_engine(from: &Place) {
    let server = Server::start(from, &[]);
    let file = from.data().join("now.backup");
    let file = file.to_str().unwrap();
    let hook = "url=http://127.0.0.1:9/hook&enabled_events[]=payment_intent.succeeded";
    let (status, hook) = server.call("POST", "/v1/webhook_endpoints", hook);
    assert_eq!(status, 200, "{hook}");
    let before = under_load(&server, || {
        let (code, shown) = run(from, &["backup", file]);
        assert_eq!(code, Some(0), "{shown}");
        assert!(shown.contains("rows of") && shown.contains("NOT in it") && shown.contains("Seals:"), "{shown}");
    });
    let accounts = server.call("GET", "/v1/accounts?limit=100", "").1;
    server.stop();
    for to in [Place::folder(), Place::postgres()] {
        let (code, shown) = run(&to, &["restore", file]);
        assert!(code == Some(2) && shown.contains("not their master key"), "{shown}");
        copy_key(from, &to);
        let (code, shown) = run(&to, &["restore", file]);
        assert!(code == Some(0) && shown.contains("can be used"), "{shown}");
        assert!(to.audit());
        let server = Server::start(&to, &[]);
        for id in &before {
            let (status, found) = server.call("GET", &format!("/v1/payment_intents/{id}"), "");
            assert_eq!((status, text(&found, "status")), (200, "succeeded".to_owned()), "{id}");
        }
        for account in accounts["data"].as_array().unwrap() {
            let path = format!("/v1/accounts/{}", text(account, "id"));
            assert_eq!(server.call("GET", &path, "").0, 200);
        }
        let found = server.call("GET", "/v1/accounts?limit=100", "").1;
        assert_eq!(found["data"], accounts["data"], "starting adds nothing to a restored store");
        let path = format!("/v1/webhook_endpoints/{}", text(&hook, "id"));
        assert_eq!(server.call("GET", &path, "").0, 200);
        assert_eq!(server.pay("900").0, 200);
        server.stop();
        assert!(to.audit());
        let (code, shown) = run(&to, &["restore", file]);
        assert!(code == Some(2) && shown.contains("not empty"), "{shown}");
    }
}

#[test]
fn a_backup_under_load_is_whole_and_goes_into_either_engine_from_sqlite() {
    a_backup_under_load_is_whole_and_goes_into_either_engine(&Place::folder());
}

#[test]
fn a_backup_under_load_is_whole_and_goes_into_either_engine_from_postgres() {
    a_backup_under_load_is_whole_and_goes_into_either_engine(&Place::postgres());
}

#[test]
fn a_backup_has_the_master_key_only_when_told() {
    let from = Place::folder();
    Server::start(&from, &[]).stop();
    let (plain, keyed) = (from.data().join("plain.backup"), from.data().join("keyed.backup"));
    let (plain, keyed) = (plain.to_str().unwrap(), keyed.to_str().unwrap());
    assert_eq!(run(&from, &["backup", plain]).0, Some(0));
    let (code, shown) = run(&from, &["backup", keyed, "--with-master-key"]);
    assert!(code == Some(0) && shown.contains("The master key is in it"), "{shown}");
    let key = std::fs::read(from.data().join("master.key")).unwrap();
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let contains = |file: &str, what: &[u8]| std::fs::read(file).unwrap().windows(what.len()).any(|w| w == what);
    assert!(contains(keyed, hex.as_bytes()) && !contains(plain, hex.as_bytes()) && !contains(plain, &key));

    let other = Place::folder();
    std::fs::write(other.data().join("master.key"), [9; 32]).unwrap();
    for file in [plain, keyed] {
        let (code, shown) = run(&other, &["restore", file]);
        assert!(code == Some(2) && shown.contains("is not the one"), "{shown}");
    }
    let to = Place::folder();
    assert_eq!(run(&to, &["restore", keyed]).0, Some(0));
    assert_eq!(std::fs::read(to.data().join("master.key")).unwrap(), key);
}

#[test]
fn an_interrupted_restore_leaves_a_store_that_does_not_start() {
    let from = Place::folder();
    let server = Server::start(&from, &[]);
    let demo = kontor(&from).args(["demo", "--orders", "200"]).stdout(Stdio::null()).status().unwrap();
    assert!(demo.success());
    server.stop();
    let file = from.data().join("now.backup");
    let file = file.to_str().unwrap();
    assert_eq!(run(&from, &["backup", file]).0, Some(0));
    for attempt in 0.. {
        assert!(attempt < 20, "a restore is always quicker than we are");
        let to = Place::folder();
        copy_key(&from, &to);
        let mut restore = kontor(&to).args(["restore", file]).stdout(Stdio::null()).spawn().unwrap();
        let store = to.data().join("kontor.sqlite-wal");
        while !store.metadata().is_ok_and(|log| 100_000 < log.len()) && restore.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        restore.kill().unwrap();
        if restore.wait().unwrap().success() {
            continue;
        }
        for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["audit"], &["restore", file]] {
            let (code, shown) = run(&to, command);
            assert!(code == Some(2) && shown.contains("restore incomplete"), "{shown}");
            assert_eq!(shown.trim_end().lines().count(), 1, "{shown}");
        }
        return;
    }
}

#[test]
fn a_store_of_a_newer_kontor_is_refused_in_one_clear_line() {
    for place in [Place::folder(), Place::postgres()] {
        Server::start(&place, &[]).stop();
        place.execute("UPDATE meta SET value = '900' WHERE name = 'schema_version'");
        let file = place.data().join("now.backup");
        for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["audit"], &["backup", file.to_str().unwrap()]] {
            let (code, shown) = run(&place, command);
            assert!(code == Some(2) && shown.contains("a newer Kontor") && shown.contains("900"), "{shown}");
            assert_eq!(shown.trim_end().lines().count(), 1, "{shown}");
        }
        assert!(!file.exists());
        place.execute("UPDATE meta SET value = '1' WHERE name = 'schema_version'");
        Server::start(&place, &[]).stop();
        assert!(place.audit());
    }
}

#[test]
fn a_store_is_not_opened_with_another_master_key() {
    for place in [Place::folder(), Place::postgres()] {
        Server::start(&place, &[]).stop();
        let key = place.data().join("master.key");
        let right = std::fs::read(&key).unwrap();
        std::fs::remove_file(&key).unwrap();
        let (code, shown) = run(&place, &["serve", "--listen", "127.0.0.1:0"]);
        assert!(code == Some(2) && shown.contains("The master key is not the one"), "{shown}");
        assert!(!key.exists(), "no key is made that is good for nothing");
        std::fs::write(&key, right).unwrap();
        Server::start(&place, &[]).stop();
    }
}
