//! A receiver of webhooks: answers each with 200 and counts those that are signed; or never answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::Failure;

/// A listening receiver; it stops when it is dropped.
pub(crate) struct Receiver {
    pub(crate) url: String,
    count: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Receiver {
    /// One that answers at once.
    pub(crate) async fn quick() -> Result<Receiver, Failure> {
        Receiver::start(true).await
    }

    /// One that takes connections and never answers.
    pub(crate) async fn dead() -> Result<Receiver, Failure> {
        Receiver::start(false).await
    }

    async fn start(answers: bool) -> Result<Receiver, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        let count = Arc::new(AtomicU64::new(0));
        let counted = count.clone();
        let task = tokio::spawn(async move {
            // Connections that nobody answers, kept open.
            let mut held = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                if answers {
                    tokio::spawn(answer(stream, counted.clone()));
                } else {
                    held.push(stream);
                }
            }
        });
        Ok(Receiver { url, count, task })
    }

    /// Signed deliveries so far.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(mut stream: TcpStream, count: Arc<AtomicU64>) {
    let mut buffer = Vec::with_capacity(1 << 14);
    while let Some(signed) = read_request(&mut stream, &mut buffer).await {
        count.fetch_add(u64::from(signed), Ordering::Relaxed);
        if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.is_err() {
            return;
        }
    }
}

/// Reads one request; answers whether it is signed. `None` when there is no more.
async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<bool> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
        let Some(head_end) = buffer.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&buffer[..head_end]).to_ascii_lowercase();
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name).map(|v| v.trim().to_owned()));
        let length: usize = header("content-length:")?.parse().ok()?;
        let signed = header("stripe-signature:").is_some_and(|value| value.contains("v1="));
        while buffer.len() < head_end + 4 + length {
            if stream.read_buf(buffer).await.ok()? == 0 {
                return None;
            }
        }
        return Some(signed);
    }
}
