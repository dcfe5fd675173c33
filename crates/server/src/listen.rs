//! The listening side: connections are bounded in number, in what their heads may hold, and in how long they may take to
//! say it, so that slow or idle clients cannot use the server up.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// How long a request's head may take to arrive, and how long a connection may stay idle.
const HEAD_WITHIN: Duration = Duration::from_secs(75);
/// The largest head, and what is buffered of a body at once.
const LARGEST_HEAD: usize = 64 << 10;
/// The most header lines of a request.
const MOST_HEADERS: usize = 100;
/// How long the system rests when it gives no more connections (too many open files).
const REST: Duration = Duration::from_millis(100);

/// Serves `router` until `stop` is done, then lets what is in flight finish, at most for `farewell`.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    most_connections: usize,
    stop: impl Future<Output = ()>,
    farewell: Duration,
) {
    let places = Arc::new(Semaphore::new(most_connections));
    let connections = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS)
        .pipeline_flush(true);
    let mut stop = std::pin::pin!(stop);
    loop {
        // A place first: a full server leaves further connections in the system's queue.
        let place = tokio::select! {
            place = places.clone().acquire_owned() => place,
            () = &mut stop => break,
        };
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let (Ok((stream, _)), Ok(place)) = (stream, place) else {
            tokio::time::sleep(REST).await;
            continue;
        };
        set_nodelay(&stream);
        let service = TowerToHyperService::new(router.clone());
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("a connection ended early: {error}");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(farewell, connections.shutdown()).await.is_err() {
        tracing::warn!("some connections did not finish within {} s and are closed", farewell.as_secs());
    }
}

fn set_nodelay(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("a connection keeps its delay: {error}");
    }
}
