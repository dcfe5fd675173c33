//! More than a server takes: the excess is refused quickly and clearly, and slow, idle and oversized clients do not keep
//! the others from being served.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "this is test code")]

mod server;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use server::{KEY, Place, Server};

/// An answer as it came over the wire.
struct Raw {
    status: u16,
    head: String,
    body: String,
}

impl Raw {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    fn error(&self) -> Value {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body));
        assert!(body["error"]["type"].is_string() && body["error"]["message"].is_string(), "{body}");
        body["error"].clone()
    }
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// Whatever the server answers, until it closes the connection.
fn read(stream: &mut TcpStream) -> Option<Raw> {
    let mut bytes = Vec::new();
    // A server that refuses a body closes while it is still being sent: what was read before that counts.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Raw { status, head: head.to_owned(), body: body.to_owned() })
}

fn head(method: &str, path: &str, more: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {KEY}\r\nconnection: close\r\n{more}\r\n"
    )
}

fn ask(server: &Server, method: &str, path: &str, more: &str, body: &[u8]) -> Option<Raw> {
    let mut stream = connect(server);
    let _ = stream.write_all(head(method, path, more).as_bytes()).and_then(|()| stream.write_all(body));
    read(&mut stream)
}

fn pay(server: &Server) -> Raw {
    let form = "amount=2000&currency=usd&payment_method=pm_card_visa&confirm=true&automatic_payment_methods[enabled]=true\
                &automatic_payment_methods[allow_redirects]=never";
    let more = format!("content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n", form.len());
    ask(server, "POST", "/v1/payment_intents", &more, form.as_bytes()).unwrap()
}

#[track_caller]
fn assert_rate_limited(answer: &Raw, reason: &str) {
    assert_eq!(answer.status, 429, "{}", answer.body);
    assert_eq!(answer.header("stripe-rate-limited-reason"), Some(reason), "{}", answer.head);
    assert!(answer.header("retry-after").is_some_and(|after| after.parse::<u32>().is_ok()), "{}", answer.head);
    assert_eq!(answer.header("stripe-should-retry"), Some("true"), "{}", answer.head);
    assert!(answer.header("request-id").is_some(), "{}", answer.head);
    assert_eq!(answer.error()["code"], "rate_limit");
}

#[test]
fn what_is_over_the_rate_is_told_to_come_back_and_may() {
    let place = Place::folder();
    let server = Server::start(&place, &["--most-per-second", "5"]);
    let answers: Vec<Raw> = (0..40).map(|_| ask(&server, "GET", "/v1/balance", "", b"").unwrap()).collect();
    let (fine, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert!(5 <= fine.len() && !refused.is_empty(), "{} of 40 passed", fine.len());
    refused.iter().for_each(|answer| assert_rate_limited(answer, "global-rate"));
    // Another key has its own rate: it is unknown, and is told so.
    assert_eq!(server.call_with("sk_test_SomebodyElse0000000000001", "GET", "/v1/balance", "").0, 401);
    std::thread::sleep(Duration::from_millis(1_100));
    assert_eq!(ask(&server, "GET", "/v1/balance", "", b"").unwrap().status, 200);
    server.stop();
}

#[test]
fn what_is_too_much_at_once_is_refused_and_the_rest_is_done() {
    let place = Place::folder();
    let server = Server::start(&place, &["--most-in-flight", "2"]);
    // Two requests that never send their body stay in flight: a server that asks for the body has let them in.
    let more = "content-type: application/x-www-form-urlencoded\r\ncontent-length: 50\r\nexpect: 100-continue\r\n";
    let waiting: Vec<TcpStream> = (0..2)
        .map(|_| {
            let mut stream = connect(&server);
            stream.write_all(head("POST", "/v1/customers", more).as_bytes()).unwrap();
            let mut asked = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
            stream.read_exact(&mut asked).unwrap();
            assert_eq!(String::from_utf8_lossy(&asked), "HTTP/1.1 100 Continue\r\n\r\n");
            stream
        })
        .collect();
    assert_rate_limited(&pay(&server), "global-concurrency");
    drop(waiting);
    let (mut paid, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        let clients: Vec<_> =
            (0..16).map(|_| scope.spawn(|| (0..5).map(|_| pay(&server)).collect::<Vec<_>>())).collect();
        for answer in clients.into_iter().flat_map(|client| client.join().unwrap()) {
            if answer.status == 200 {
                paid += 1;
            } else {
                assert_rate_limited(&answer, "global-concurrency");
                refused += 1;
            }
        }
    });
    assert!(0 < paid, "none of {refused} passed");
    let list = server.call("GET", "/v1/payment_intents?limit=100", "").1;
    let succeeded = list["data"].as_array().unwrap().iter().filter(|intent| intent["status"] == "succeeded").count();
    assert_eq!(paid, succeeded, "who was refused has not paid, and who was told so has");
    server.stop();
    assert!(place.audit());
}

#[test]
fn without_limits_nobody_is_refused() {
    let place = Place::folder();
    let server = Server::start(&place, &[]);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..16).map(|_| scope.spawn(|| (0..5).all(|_| pay(&server).status == 200))).collect();
        assert!(clients.into_iter().all(|client| client.join().unwrap()));
    });
    server.stop();
}

#[test]
fn a_body_that_is_too_large_is_refused_in_stripes_words() {
    let place = Place::folder();
    let server = Server::start(&place, &[]);
    let body = vec![b'a'; 2 << 20];
    let more = format!("content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n", body.len());
    let answer = ask(&server, "POST", "/v1/customers", &more, &body).expect("an answer before the connection closes");
    assert_eq!(answer.status, 413);
    assert_eq!(answer.error()["type"], "invalid_request_error");
    // The same without saying how long it is.
    let mut stream = connect(&server);
    let more = "content-type: application/x-www-form-urlencoded\r\ntransfer-encoding: chunked\r\n";
    let _ = stream.write_all(head("POST", "/v1/customers", more).as_bytes());
    for chunk in body.chunks(64 << 10) {
        let _ = stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes());
        let _ = stream.write_all(chunk).and_then(|()| stream.write_all(b"\r\n"));
    }
    let _ = stream.write_all(b"0\r\n\r\n");
    assert!(read(&mut stream).is_none_or(|answer| answer.status == 413));
    assert_eq!(pay(&server).status, 200);
    server.stop();
}

#[test]
fn huge_heads_are_refused_and_nobody_else_notices() {
    let place = Place::folder();
    let server = Server::start(&place, &[]);
    let long = format!("x-long: {}\r\n", "a".repeat(256 << 10));
    let many: String = (0..1_000).map(|n| format!("x-{n}: a\r\n")).collect();
    let path = format!("/v1/charges?transfer_group={}", "a".repeat(256 << 10));
    for (path, more) in [("/v1/balance", long.as_str()), ("/v1/balance", &many), (&path, "")] {
        // Either a refusal, or the connection is closed on whoever still sends.
        if let Some(answer) = ask(&server, "GET", path, more, b"") {
            assert!([400, 414, 431].contains(&answer.status), "{}", answer.head);
        }
    }
    assert_eq!(pay(&server).status, 200);
    server.stop();
}

#[test]
fn slow_and_idle_clients_do_not_keep_others_from_being_served() {
    let place = Place::folder();
    let server = Server::start(&place, &[]);
    let mut idle: Vec<TcpStream> = (0..200).map(|_| connect(&server)).collect();
    let mut slow: Vec<TcpStream> = (0..100).map(|_| connect(&server)).collect();
    let begun =
        head("POST", "/v1/customers", "content-type: application/x-www-form-urlencoded\r\ncontent-length: 9999\r\n");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for byte in begun.bytes().cycle() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                for stream in &mut slow {
                    let _ = stream.write_all(&[byte]);
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let started = Instant::now();
        for _ in 0..30 {
            assert_eq!(pay(&server).status, 200);
        }
        let took = started.elapsed();
        stop.store(true, Ordering::Relaxed);
        assert!(took < Duration::from_secs(30), "30 payments took {took:?}");
    });
    // A connection that was idle until now still works.
    idle[0].write_all(head("GET", "/v1/balance", "").as_bytes()).unwrap();
    assert_eq!(read(&mut idle[0]).unwrap().status, 200);
    server.kill();
    assert!(place.audit());
}

#[test]
fn a_full_server_lets_the_next_in_when_somebody_leaves() {
    let place = Place::folder();
    let server = Server::start(&place, &["--most-connections", "8"]);
    let held: Vec<TcpStream> = (0..8).map(|_| connect(&server)).collect();
    let mut next = connect(&server);
    next.write_all(head("GET", "/v1/balance", "").as_bytes()).unwrap();
    next.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(next.read(&mut [0; 1]).is_err(), "all places are taken");
    drop(held);
    next.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    assert_eq!(read(&mut next).unwrap().status, 200);
    server.stop();
}
