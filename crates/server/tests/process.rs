//! The real process: start, stop, restart, kill.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "this is test code")]

mod server;

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use server::{Place, Server, kontor};

#[test]
fn a_server_starts_serves_and_stops_when_told() {
    let place = Place::folder();
    let server = Server::start(&place, &[]);
    assert_eq!(server.get("/healthz").0, 200);
    assert_eq!(server.get("/readyz").0, 200);
    assert!(server.get("/metrics").0 == 200);
    let (status, page) = server.get("/");
    assert_eq!(status, 200);
    assert!(page.contains("Kontor is running") && page.contains("data-testid=\"snippet\""), "{page}");
    let (status, openapi) = server.get("/openapi.json");
    assert!(status == 200 && openapi.contains("\"/v1/payment_intents\""));
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn a_restart_finds_everything_again() {
    let place = Place::folder();
    let first = Server::start(&place, &[]);
    let (status, paid) = first.pay("1500");
    assert_eq!(status, 200, "{paid}");
    let account = first.call("GET", "/v1/account", "").1;
    assert_eq!(first.stop().code(), Some(0));
    let second = Server::start(&place, &[]);
    assert_eq!(second.call("GET", "/v1/account", "").1, account);
    let id = server::text(&paid, "id");
    let (status, found) = second.call("GET", &format!("/v1/payment_intents/{id}"), "");
    assert_eq!((status, server::text(&found, "status")), (200, "succeeded".to_owned()));
    assert_eq!(second.stop().code(), Some(0));
    assert!(place.audit());
}

/// A payment that its payer must authenticate; answers its id and the page's path.
fn waiting_payment(server: &Server) -> (String, String) {
    let form = "amount=2000&currency=usd&payment_method=pm_card_threeDSecure2Required&confirm=true\
                &automatic_payment_methods[enabled]=true&return_url=http://shop.example/back?order=7";
    let (status, intent) = server.call("POST", "/v1/payment_intents", form);
    assert_eq!((status, server::text(&intent, "status")), (200, "requires_action".to_owned()), "{intent}");
    let page = server::text(&intent["next_action"]["redirect_to_url"], "url");
    (server::text(&intent, "id"), page.strip_prefix(&server.url).unwrap().to_owned())
}

#[test]
fn a_payer_authenticates_or_not_on_a_page_and_is_sent_back_to_the_shop() {
    let place = Place::folder();
    let server = Server::start(&place, &[]);
    for (outcome, redirect, status) in [
        ("complete", "redirect_status=succeeded", "succeeded"),
        ("fail", "redirect_status=failed", "requires_payment_method"),
    ] {
        let (id, page) = waiting_payment(&server);
        let (code, html) = server.get(&page);
        assert!(code == 200 && html.contains("$20.00") && html.contains("data-testid=\"3ds-complete\""), "{html}");
        let (path, token) = page.split_once("?token=").unwrap();
        let answer = server.submit(path, &format!("token={token}&outcome={outcome}"));
        let back =
            format!("location: http://shop.example/back?order=7&payment_intent={id}&payment_intent_client_secret=");
        assert!(answer.starts_with("HTTP/1.1 303") && answer.contains(&back) && answer.contains(redirect), "{answer}");
        let (_, intent) = server.call("GET", &format!("/v1/payment_intents/{id}"), "");
        assert_eq!(server::text(&intent, "status"), status);
        assert_eq!(server.get(&page).0, 404, "the link works once");
    }
    server.stop();
}

#[test]
fn files_are_their_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::folder();
    let server = Server::start(&place, &[]);
    for file in std::fs::read_dir(place.data()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", file.path().display());
    }
    let stored = std::fs::read(place.data().join("kontor.sqlite")).unwrap();
    let stored = String::from_utf8_lossy(&stored);
    assert!(!stored.contains(server::KEY), "the store has hashes of keys only");
    assert!(!stored.contains("000123456789"), "bank account numbers are encrypted");
    server.stop();
}

#[test]
fn a_taken_port_or_a_wrong_setting_is_one_clear_line_and_exit_code_2() {
    let place = Place::folder();
    let server = Server::start(&place, &[]);
    let other = Place::folder();
    let port = server.url.rsplit(':').next().unwrap();
    let cases: [(&[&str], &str); 4] = [
        (&["--listen", &format!("127.0.0.1:{port}")], "is taken"),
        (&["--listen", "nowhere"], "must be an IP address and a port"),
        (&["--country", "ZZ"], "cannot open a platform in the country ZZ"),
        (&["--config", "/nonexistent/kontor.toml"], "cannot be read"),
    ];
    for (arguments, expected) in cases {
        let output = kontor(&other).arg("serve").args(arguments).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(expected), "{arguments:?}: {error}");
        assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    }
    server.stop();
}

#[test]
fn the_clock_and_the_keys_can_be_seen_and_changed_by_command() {
    let place = Place::folder();
    let server = Server::start(&place, &[]);
    let run = |arguments: &[&str]| {
        let output = kontor(&place).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let now = |text: &str| -> i64 { text.split(['(', ')']).nth(1).unwrap().parse().unwrap() };
    let before = now(&run(&["clock", "show"]).1);
    let (code, after, error) = run(&["clock", "advance", "3d"]);
    assert_eq!(code, Some(0), "{error}");
    assert!((before + 259_200..before + 259_300).contains(&now(&after)), "{after}");
    assert_eq!(run(&["clock", "advance", "backwards"]).0, Some(1));

    let key = run(&["keys", "create", "--name", "for a test"]).1.trim().to_owned();
    assert_eq!(server.call_with(&key, "GET", "/v1/balance", "").0, 200);
    assert_eq!(run(&["keys", "revoke", &key]).0, Some(0));
    let deadline = Instant::now() + Duration::from_secs(10);
    while server.call_with(&key, "GET", "/v1/balance", "").0 != 401 {
        assert!(Instant::now() < deadline, "a revoked key is refused within seconds");
        std::thread::yield_now();
    }
    assert!(run(&["keys", "list"]).1.contains("sk_test_****"));
    assert!(run(&["fees"]).1.contains("2.90 %"));
    server.stop();
}

fn the_demo_ends_with_a_clean_audit(place: &Place) {
    let server = Server::start(place, &[]);
    let output = kontor(place).args(["demo", "--orders", "60"]).output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{shown}{}", String::from_utf8_lossy(&output.stderr));
    assert!(shown.contains("60 orders") && shown.contains("The platform"), "{shown}");
    assert_eq!(server.stop().code(), Some(0));
    assert!(place.audit());
}

#[test]
fn the_demo_ends_with_a_clean_audit_on_sqlite() {
    the_demo_ends_with_a_clean_audit(&Place::folder());
}

#[test]
fn the_demo_ends_with_a_clean_audit_on_postgres() {
    the_demo_ends_with_a_clean_audit(&Place::postgres());
}

fn an_audit_finds_a_store_right_that_is_being_written(place: &Place) {
    let server = Server::start(place, &[]);
    // Enough to be read for a while.
    let mut demo = kontor(place);
    assert!(demo.args(["demo", "--orders", "300"]).stdout(std::process::Stdio::null()).status().unwrap().success());
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Acquire) {
                    assert_eq!(server.pay("1700").0, 200);
                }
            });
        }
        let audits: Vec<bool> = (0..6).map(|_| place.audit()).collect();
        is_over.store(true, Ordering::Release);
        assert_eq!(audits, [true; 6]);
    });
    server.stop();
}

#[test]
fn an_audit_finds_a_store_right_that_is_being_written_on_sqlite() {
    an_audit_finds_a_store_right_that_is_being_written(&Place::folder());
}

#[test]
fn an_audit_finds_a_store_right_that_is_being_written_on_postgres() {
    an_audit_finds_a_store_right_that_is_being_written(&Place::postgres());
}

/// Kills the server in the middle of the demo and of payments whose answers are kept, and looks for all of them afterwards.
fn nothing_that_was_answered_is_lost_by_a_kill(place: &Place) {
    for round in 0..3_u64 {
        let server = Server::start(place, &[]);
        let mut demo = kontor(place);
        demo.args(["demo", "--orders", "5000", "--seed", &round.to_string()]);
        let mut demo = demo.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        let until = Instant::now() + Duration::from_millis(700 + 400 * round);
        let mut answered = Vec::new();
        while Instant::now() < until {
            let (status, paid) = server.pay("1200");
            assert_eq!(status, 200, "{paid}");
            answered.push(server::text(&paid, "id"));
        }
        server.kill();
        demo.wait().unwrap();
        assert!(!answered.is_empty());
        assert!(place.audit(), "after kill {round}");
        let server = Server::start(place, &[]);
        for id in &answered {
            let (status, found) = server.call("GET", &format!("/v1/payment_intents/{id}"), "");
            assert_eq!((status, server::text(&found, "status")), (200, "succeeded".to_owned()), "{id}");
        }
        assert_eq!(server.stop().code(), Some(0));
        assert!(place.audit());
    }
}

#[test]
fn nothing_that_was_answered_is_lost_by_a_kill_on_sqlite() {
    nothing_that_was_answered_is_lost_by_a_kill(&Place::folder());
}

#[test]
fn nothing_that_was_answered_is_lost_by_a_kill_on_postgres() {
    nothing_that_was_answered_is_lost_by_a_kill(&Place::postgres());
}

#[test]
fn help_explains_every_setting() {
    let output = Command::new(env!("CARGO_BIN_EXE_kontor")).args(["serve", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for setting in ["--listen", "--data", "--database-url", "--country", "--config", "--master-key", "--log-format"] {
        assert!(help.contains(setting), "{setting}: {help}");
    }
    for variable in ["KONTOR_LISTEN", "KONTOR_DATA", "KONTOR_DATABASE_URL", "KONTOR_SECRET_KEY"] {
        assert!(help.contains(variable), "{variable}");
    }
}
