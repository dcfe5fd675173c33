//! The load: keep-alive connections that each send a request as soon as the last is answered. As lean as it can be, since it
//! runs on the same two cores as the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Failure;
use crate::server::KEY;

/// What every connection asks, again and again.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    method: &'static str,
    path: String,
    body: String,
}

impl Job {
    pub(crate) fn post(path: &str, body: &str) -> Job {
        Job { method: "POST", path: path.to_owned(), body: body.to_owned() }
    }

    pub(crate) fn get(path: &str) -> Job {
        Job { method: "GET", path: path.to_owned(), body: String::new() }
    }

    /// The bytes of the request; a POST has an idempotency key of its own, as the SDKs send it.
    fn bytes(&self, number: u64) -> Vec<u8> {
        let key = match self.method {
            "POST" => format!("idempotency-key: bench-{}-{number}\r\n", std::process::id()),
            _ => String::new(),
        };
        format!(
            "{} {} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {KEY}\r\n{key}\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{}",
            self.method,
            self.path,
            self.body.len(),
            self.body
        )
        .into_bytes()
    }
}

/// What came of a load.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    latencies_us: Vec<u32>,
    seconds: f64,
    /// Answered 429.
    pub(crate) refused: u64,
    /// Answered neither 200 nor 429.
    pub(crate) errors: u64,
    pub(crate) first_error: String,
}

impl Measured {
    /// How many requests were answered with 200.
    pub(crate) fn count(&self) -> u64 {
        self.latencies_us.len() as u64
    }

    pub(crate) fn rate(&self) -> f64 {
        self.latencies_us.len() as f64 / self.seconds
    }

    pub(crate) fn refused_rate(&self) -> f64 {
        self.refused as f64 / self.seconds
    }

    /// In milliseconds.
    pub(crate) fn percentile(&self, percent: f64) -> f64 {
        let last = self.latencies_us.len().saturating_sub(1);
        let at = (last as f64 * percent / 100.0).round() as usize;
        self.latencies_us.get(at).map_or(0.0, |us| f64::from(*us) / 1_000.0)
    }
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Runs the load for `span`, each connection as fast as it is answered.
pub(crate) async fn run_load(
    address: &str,
    job: &Job,
    connections: usize,
    span: Duration,
) -> Result<Measured, Failure> {
    run_paced(address, job, connections, span, None).await
}

/// Runs the load for `span`, at most `rate` requests per second over all connections.
pub(crate) async fn run_paced(
    address: &str,
    job: &Job,
    connections: usize,
    span: Duration,
    rate: Option<f64>,
) -> Result<Measured, Failure> {
    let started = Instant::now();
    let until = started + span;
    let job = Arc::new(job.clone());
    let pause = rate.map(|rate| Duration::from_secs_f64(connections as f64 / rate));
    let tasks: Vec<_> = (0..connections)
        .map(|number| {
            // Paced connections take turns, rather than all asking at the same moment.
            let pace = pause.map(|pause| (started + pause.mul_f64(number as f64 / connections as f64), pause));
            tokio::spawn(one_connection(address.to_owned(), job.clone(), until, pace))
        })
        .collect();
    let mut all = Measured::default();
    for task in tasks {
        let part = task.await??;
        all.latencies_us.extend(part.latencies_us);
        all.refused += part.refused;
        all.errors += part.errors;
        if all.first_error.is_empty() {
            all.first_error = part.first_error;
        }
    }
    all.seconds = started.elapsed().as_secs_f64();
    all.latencies_us.sort_unstable();
    Ok(all)
}

async fn one_connection(
    address: String,
    job: Arc<Job>,
    until: Instant,
    mut pace: Option<(Instant, Duration)>,
) -> Result<Measured, Failure> {
    let mut stream = TcpStream::connect(&address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(1 << 16);
    let mut measured = Measured::default();
    while Instant::now() < until {
        if let Some((next, pause)) = &mut pace {
            tokio::time::sleep_until((*next).into()).await;
            *next += *pause;
        }
        let request = job.bytes(NUMBER.fetch_add(1, Ordering::Relaxed));
        let sent = Instant::now();
        stream.write_all(&request).await?;
        let status = read_answer(&mut stream, &mut buffer).await?;
        match status {
            200 => measured.latencies_us.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX)),
            429 => measured.refused += 1,
            _ => measured.errors += 1,
        }
        if status != 200 && measured.first_error.is_empty() {
            measured.first_error = String::from_utf8_lossy(&buffer).into_owned();
        }
    }
    Ok(measured)
}

/// Reads one answer whole into `buffer`; answers its status.
pub(crate) async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<u16, Failure> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err("the server closed the connection".into());
        }
        let Some(head_end) = buffer.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&buffer[..head_end])?;
        let status = head.get(9..12).ok_or("an answer without a status")?.parse()?;
        let length: usize = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").map(|n| n.trim().to_owned()))
            .ok_or("an answer without a length")?
            .parse()?;
        while buffer.len() < head_end + 4 + length {
            if stream.read_buf(buffer).await? == 0 {
                return Err("the server closed the connection".into());
            }
        }
        return Ok(status);
    }
}
