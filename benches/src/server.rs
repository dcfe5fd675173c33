//! The server under load: the real binary, in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::Failure;
use crate::load::read_answer;

pub(crate) const KEY: &str = "sk_test_KontorBenchmark0000000001";

/// Where the server keeps its store.
#[derive(Debug, Clone)]
pub(crate) enum Engine {
    Sqlite,
    /// A server on which a database can be made.
    Postgres(String),
}

impl Engine {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Engine::Sqlite => "SQLite",
            Engine::Postgres(_) => "PostgreSQL",
        }
    }
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    binary: PathBuf,
    pub(crate) address: String,
    pub(crate) folder: PathBuf,
    pub(crate) database_url: Option<String>,
    arguments: Vec<String>,
    /// From its start until it listened.
    pub(crate) took_to_start: Duration,
}

const DATABASE: &str = "kontor_bench";

impl Server {
    pub(crate) async fn start(binary: &Path, engine: &Engine) -> Result<Server, Failure> {
        Server::start_with(binary, engine, Vec::new()).await
    }

    /// Starts with further arguments.
    pub(crate) async fn start_with(binary: &Path, engine: &Engine, arguments: Vec<String>) -> Result<Server, Failure> {
        let folder = std::env::temp_dir().join(format!("kontor-bench-{}-{}", std::process::id(), engine.name()));
        std::fs::create_dir_all(&folder)?;
        let mut database_url = None;
        if let Engine::Postgres(server) = engine {
            let (base, _) = server.rsplit_once('/').ok_or("the PostgreSQL URL names no database")?;
            execute(server, &format!("DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")).await?;
            execute(server, &format!("CREATE DATABASE {DATABASE}")).await?;
            database_url = Some(format!("{base}/{DATABASE}"));
        }
        Server::run(binary, folder, database_url, arguments).await
    }

    /// Another server on the same database.
    pub(crate) async fn beside(&self) -> Result<Server, Failure> {
        Server::run(&self.binary, self.folder.clone(), self.database_url.clone(), self.arguments.clone()).await
    }

    /// Stops the server and starts it again on what it kept.
    pub(crate) async fn again(mut self) -> Result<Server, Failure> {
        self.end().await?;
        self.beside().await
    }

    async fn run(
        binary: &Path,
        folder: PathBuf,
        database_url: Option<String>,
        arguments: Vec<String>,
    ) -> Result<Server, Failure> {
        let started = Instant::now();
        let mut command = Command::new(binary);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "warn"])
            .args(&arguments)
            .env("KONTOR_DATA", &folder)
            .env("KONTOR_SECRET_KEY", KEY)
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        if let Some(url) = &database_url {
            command.env("KONTOR_DATABASE_URL", url);
        }
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", binary.display()))?;
        let output = child.stdout.take().ok_or("the server has no output")?;
        let mut lines = BufReader::new(output).lines();
        let address = loop {
            let line = lines.next_line().await?.ok_or("the server ended before it listened")?;
            if let Some((_, address)) = line.split_once("listening on http://") {
                break address.trim().to_owned();
            }
        };
        let took_to_start = started.elapsed();
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Server { child, binary: binary.to_owned(), address, folder, database_url, arguments, took_to_start })
    }

    /// Whether `kontor audit` finds everything right.
    pub(crate) async fn audit(&self) -> Result<(), Failure> {
        let mut command = Command::new(&self.binary);
        command.arg("audit").env("KONTOR_DATA", &self.folder);
        if let Some(url) = &self.database_url {
            command.env("KONTOR_DATABASE_URL", url);
        }
        let output = command.output().await?;
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        Err(format!("the books are not right after the load:\n{}", String::from_utf8_lossy(&said)).into())
    }

    /// One request on a connection of its own.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: &str) -> Result<Value, Failure> {
        let mut stream = TcpStream::connect(&self.address).await?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {KEY}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut buffer = Vec::new();
        let status = read_answer(&mut stream, &mut buffer).await?;
        let text = String::from_utf8_lossy(&buffer).into_owned();
        let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        if status != 200 {
            return Err(format!("{method} {path} answered {status}: {body}").into());
        }
        Ok(serde_json::from_str(body)?)
    }

    /// A complete destination charge with an application fee, created and confirmed in one call.
    pub(crate) async fn charge_form(&self) -> Result<String, Failure> {
        let accounts = self.ask("GET", "/v1/accounts?limit=1", "").await?;
        let seller = accounts["data"][0]["id"].as_str().ok_or("the server has no seller")?.to_owned();
        Ok(format!(
            "amount=2000&currency=usd&payment_method=pm_card_visa&confirm=true&application_fee_amount=200\
             &automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never\
             &transfer_data[destination]={seller}"
        ))
    }

    pub(crate) async fn one_charge(&self, form: &str) -> Result<String, Failure> {
        let intent = self.ask("POST", "/v1/payment_intents", form).await?;
        Ok(intent["id"].as_str().ok_or("a payment intent has no id")?.to_owned())
    }

    /// What the store takes on disk.
    pub(crate) async fn bytes_on_disk(&self) -> Result<f64, Failure> {
        match &self.database_url {
            None => Ok(std::fs::metadata(self.folder.join("kontor.sqlite"))?.len() as f64),
            Some(url) => {
                let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
                tokio::spawn(connection);
                let size: i64 = client.query_one("SELECT pg_database_size(current_database())", &[]).await?.get(0);
                Ok(size as f64)
            }
        }
    }

    /// Resident memory of the server.
    pub(crate) fn memory_mb(&self) -> f64 {
        let Some(id) = self.child.id() else { return 0.0 };
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.split_whitespace().next().and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1_024.0
    }

    async fn end(&mut self) -> Result<(), Failure> {
        if let Some(id) = self.child.id() {
            Command::new("kill").args(["-TERM", &id.to_string()]).status().await?;
        }
        self.child.wait().await?;
        Ok(())
    }

    /// Stops the server, and leaves what it kept to others.
    pub(crate) async fn leave(mut self) -> Result<(), Failure> {
        self.end().await
    }

    /// Stops the server and removes what it kept.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        self.end().await?;
        std::fs::remove_dir_all(&self.folder)?;
        Ok(())
    }

    /// Has `url` hear of events of this type; answers the endpoint's id.
    pub(crate) async fn subscribe(&self, url: &str, event: &str) -> Result<String, Failure> {
        let form = format!("url={}&enabled_events[]={event}", url.replace(':', "%3A").replace('/', "%2F"));
        let endpoint = self.ask("POST", "/v1/webhook_endpoints", &form).await?;
        Ok(endpoint["id"].as_str().ok_or("an endpoint has no id")?.to_owned())
    }

    pub(crate) async fn unsubscribe(&self, endpoint: &str) -> Result<(), Failure> {
        self.ask("DELETE", &format!("/v1/webhook_endpoints/{endpoint}"), "").await.map(drop)
    }
}

/// Runs statements on a PostgreSQL server.
pub(crate) async fn execute(url: &str, statements: &str) -> Result<(), Failure> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    let connection = tokio::spawn(connection);
    client.batch_execute(statements).await?;
    drop(client);
    connection.await??;
    Ok(())
}
