//! Starts the real binary in a place of its own and talks to it over a plain connection.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;

/// The secret key of every server that these tests start.
pub const KEY: &str = "sk_test_KontorProcessTests0000001";

static NEXT: AtomicU64 = AtomicU64::new(1);

/// Where a server keeps its things: a temporary folder, and a database when it is on PostgreSQL. Both go away with it.
pub struct Place {
    folder: PathBuf,
    database: Option<String>,
}

impl Place {
    pub fn folder() -> Place {
        let name = format!("kontor-process-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Place { folder, database: None }
    }

    pub fn postgres() -> Place {
        let mut place = Place::folder();
        let name = format!("kontor_process_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        execute(&format!("CREATE DATABASE {name}"));
        place.database = Some(name);
        place
    }

    pub fn data(&self) -> &Path {
        &self.folder
    }

    /// Where its database is, when it has one.
    pub fn database_url(&self) -> Option<String> {
        let server = std::env::var("KONTOR_TEST_POSTGRES_URL").ok()?;
        let (base, _) = server.rsplit_once('/')?;
        self.database.as_ref().map(|name| format!("{base}/{name}"))
    }

    /// Runs a statement beside Kontor.
    pub fn execute(&self, statement: &str) {
        match self.database_url() {
            Some(url) => execute_on(&url, statement),
            None => {
                let file = self.folder.join("kontor.sqlite");
                rusqlite::Connection::open(file).unwrap().execute_batch(statement).unwrap();
            }
        }
    }

    /// Whether `kontor audit` finds the store clean.
    pub fn audit(&self) -> bool {
        let output = kontor(self).arg("audit").output().unwrap();
        let clean = output.status.code() == Some(0);
        if !clean {
            eprintln!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        }
        clean
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(name) = &self.database {
            execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn execute(statement: &str) {
    let url = std::env::var("KONTOR_TEST_POSTGRES_URL")
        .expect("KONTOR_TEST_POSTGRES_URL is not set: run this through scripts/with-postgres");
    execute_on(&url, statement);
}

fn execute_on(url: &str, statement: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        client.batch_execute(statement).await.unwrap();
        drop(client);
        let _ = connection.await;
    });
}

/// The binary, told where its things are and nothing else. `KONTOR_BIN` names another than the one just built.
pub fn kontor(place: &Place) -> Command {
    let binary = std::env::var("KONTOR_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_kontor").to_owned());
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KONTOR_")) {
        command.env_remove(name);
    }
    command.env("KONTOR_DATA", &place.folder);
    if let Some(url) = place.database_url() {
        command.env("KONTOR_DATABASE_URL", url);
    }
    command
}

/// Waits until a started server says where it listens; what it says afterwards is read and left.
pub fn listening(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = loop {
        let line = lines.next().expect("the server says where it listens").unwrap();
        if let Some((_, url)) = line.split_once("listening on ") {
            break url.trim().to_owned();
        }
    };
    std::thread::spawn(move || lines.count());
    url
}

/// A running server.
pub struct Server {
    child: Option<Child>,
    pub url: String,
}

impl Server {
    pub fn start(place: &Place, arguments: &[&str]) -> Server {
        let mut child = kontor(place)
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "warn"])
            .args(arguments)
            .env("KONTOR_SECRET_KEY", KEY)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let url = listening(&mut child);
        Server { child: Some(child), url }
    }

    /// SIGTERM, then its exit.
    pub fn stop(mut self) -> ExitStatus {
        let mut child = self.child.take().unwrap();
        assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
        child.wait().unwrap()
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub fn get(&self, path: &str) -> (u16, String) {
        exchange(&self.url, KEY, "GET", path, "")
    }

    /// Submits a page's form, as a browser does; answers head and body.
    pub fn submit(&self, path: &str, form: &str) -> String {
        whole_exchange(&self.url, "", "POST", path, form)
    }

    pub fn call(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        self.call_with(KEY, method, path, body)
    }

    pub fn call_with(&self, key: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
        let (status, body) = exchange(&self.url, key, method, path, body);
        (status, serde_json::from_str(&body).unwrap())
    }

    /// A payment of the platform.
    pub fn pay(&self, amount: &str) -> (u16, Value) {
        let form = format!(
            "amount={amount}&currency=usd&payment_method=pm_card_visa&confirm=true&automatic_payment_methods[enabled]=true\
             &automatic_payment_methods[allow_redirects]=never"
        );
        self.call("POST", "/v1/payment_intents", &form)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A text field of an answer.
pub fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value:#}")).to_owned()
}

/// One request on a connection of its own.
fn exchange(url: &str, key: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    let answer = whole_exchange(url, key, method, path, body);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

fn whole_exchange(url: &str, key: &str, method: &str, path: &str, body: &str) -> String {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}
