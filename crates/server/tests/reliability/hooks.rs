//! A receiver of webhooks that outlives the servers, and counts what it gets.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

/// How often each event came, and for which object.
#[derive(Clone)]
pub struct Hooks {
    pub url: String,
    got: Arc<Mutex<Got>>,
}

#[derive(Default)]
struct Got {
    events: HashMap<String, usize>,
    objects: HashMap<String, String>,
}

impl Hooks {
    pub fn listen() -> Hooks {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let hooks = Hooks { url, got: Arc::default() };
        let receiver = hooks.clone();
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let receiver = receiver.clone();
                std::thread::spawn(move || receiver.serve(stream));
            }
        });
        hooks
    }

    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        stream.set_read_timeout(Some(Duration::from_secs(120))).ok()?;
        let mut read = Vec::new();
        loop {
            let mut buffer = [0; 16_384];
            let whole = read.windows(4).position(|window| window == b"\r\n\r\n").and_then(|head| {
                let text = String::from_utf8_lossy(&read[..head]).to_lowercase();
                let length = text.lines().find_map(|line| line.strip_prefix("content-length:"))?;
                let end = head + 4 + length.trim().parse::<usize>().ok()?;
                (end <= read.len()).then_some((head + 4, end))
            });
            if let Some((start, end)) = whole {
                self.note(&read[start..end]);
                read.drain(..end);
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok()?;
                continue;
            }
            match stream.read(&mut buffer).ok()? {
                0 => return None,
                n => read.extend_from_slice(&buffer[..n]),
            }
        }
    }

    fn note(&self, body: &[u8]) {
        let event: Value = serde_json::from_slice(body).unwrap();
        let mut got = self.got.lock().unwrap();
        let id = event["id"].as_str().unwrap().to_owned();
        let object = event["data"]["object"]["id"].as_str().unwrap_or_default().to_owned();
        got.objects.insert(object, id.clone());
        *got.events.entry(id).or_default() += 1;
    }

    /// Those of these objects that no event came for.
    pub fn missing<'a>(&self, objects: impl Iterator<Item = &'a String>) -> Vec<&'a String> {
        let got = self.got.lock().unwrap();
        objects.filter(|object| !got.objects.contains_key(*object)).collect()
    }

    /// How many events came, and how many of them more than once.
    pub fn counts(&self) -> (usize, usize) {
        let got = self.got.lock().unwrap();
        (got.events.len(), got.events.values().filter(|count| 1 < **count).count())
    }
}
