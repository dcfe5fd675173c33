//! A small client that survives whatever happens to the server, over a connection that it keeps.

use std::io::{Error, Read, Result, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::server::KEY;

/// What was answered: the status and the very bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// A request.
#[derive(Debug, Clone)]
pub struct Ask {
    pub method: &'static str,
    pub path: String,
    pub form: String,
    /// The connected account that it is made for.
    pub account: Option<String>,
    pub idempotency_key: Option<String>,
}

impl Ask {
    pub fn get(path: impl Into<String>) -> Ask {
        Ask { method: "GET", path: path.into(), form: String::new(), account: None, idempotency_key: None }
    }

    pub fn post(path: impl Into<String>, form: impl Into<String>) -> Ask {
        Ask { method: "POST", path: path.into(), form: form.into(), account: None, idempotency_key: None }
    }

    pub fn on(mut self, account: &str) -> Ask {
        self.account = Some(account.to_owned());
        self
    }
}

/// A connection to one server.
pub struct Client {
    address: String,
    stream: Option<TcpStream>,
}

impl Client {
    pub fn new(url: &str) -> Client {
        Client { address: url.trim_start_matches("http://").to_owned(), stream: None }
    }

    /// Asks once. An error says nothing about whether it was done.
    pub fn ask(&mut self, ask: &Ask) -> Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(&self.address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(Duration::from_secs(60)))?;
                stream
            }
        };
        let mut request = format!(
            "{} {} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {KEY}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n",
            ask.method,
            ask.path,
            self.address,
            ask.form.len()
        );
        if let Some(account) = &ask.account {
            request.push_str(&format!("stripe-account: {account}\r\n"));
        }
        if let Some(key) = &ask.idempotency_key {
            request.push_str(&format!("idempotency-key: {key}\r\n"));
        }
        request.push_str("\r\n");
        request.push_str(&ask.form);
        stream.write_all(request.as_bytes())?;
        let answer = read_answer(&mut stream)?;
        self.stream = Some(stream);
        Ok(answer)
    }

    /// Asks where nothing may go wrong.
    #[track_caller]
    pub fn ok(&mut self, ask: &Ask) -> Value {
        let answer = self.ask(ask).unwrap();
        assert_eq!(answer.status, 200, "{ask:?}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    /// Every document of a list, newest first, until `enough` says so of a page.
    pub fn list(&mut self, path: &str, account: Option<&str>, enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        loop {
            let after = all.last().map_or(String::new(), |last| format!("&starting_after={}", text(last, "id")));
            let mut ask = Ask::get(format!("{path}?limit=100{after}"));
            ask.account = account.map(str::to_owned);
            let mut page = self.ok(&ask);
            let more = page["has_more"] == true;
            let Value::Array(page) = page["data"].take() else { panic!("{path} is no list") };
            let done = !more || enough(&page);
            all.extend(page);
            if done {
                return all;
            }
        }
    }
}

pub fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value:#}")).to_owned()
}

fn read_answer(stream: &mut TcpStream) -> Result<Answer> {
    let mut read = Vec::with_capacity(8_192);
    let head = loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        more(stream, &mut read)?;
    };
    let text = String::from_utf8_lossy(&read[..head]).to_lowercase();
    let broken = || Error::other("not an answer");
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")).ok_or_else(broken)?;
    let end = head + 4 + length.trim().parse::<usize>().map_err(|_| broken())?;
    while read.len() < end {
        more(stream, &mut read)?;
    }
    Ok(Answer { status, body: read[head + 4..end].to_vec() })
}

fn more(stream: &mut TcpStream, read: &mut Vec<u8>) -> Result<()> {
    let mut buffer = [0; 16_384];
    match stream.read(&mut buffer)? {
        0 => Err(Error::other("the connection ended")),
        n => {
            read.extend_from_slice(&buffer[..n]);
            Ok(())
        }
    }
}
