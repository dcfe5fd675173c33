//! Sending one delivery: signed, bounded in time and bytes, to addresses that the world may send to.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use sha2::Sha256;
use tower::Service;

use crate::address::{is_public, literal};

/// How long an endpoint may take to answer, connecting included.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How much of an answer's body is read, and for how long, only so that the connection can be used again.
const MOST_READ: usize = 64 * 1024;
const READ_FOR: Duration = Duration::from_secs(1);
/// Idle connections kept to each endpoint, and for how long.
const IDLE_KEPT: usize = 64;
const IDLE_FOR: Duration = Duration::from_secs(20);
const USER_AGENT: &str = concat!("Kontor/", env!("CARGO_PKG_VERSION"), " (+webhooks)");

type HttpClient = Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>;

/// Makes requests to endpoints; redirects are not followed.
pub(super) struct Sender {
    client: Result<HttpClient, rustls::Error>,
    public_only: bool,
}

impl Sender {
    /// A sender of a live world connects to public addresses by TLS only. Without TLS, which no build of ours is, every
    /// delivery fails and says so.
    pub(super) fn new(livemode: bool) -> Sender {
        Sender { client: client(livemode), public_only: livemode }
    }

    /// Sends a body and answers the HTTP status.
    ///
    /// # Errors
    /// What went wrong, in words, when there was no answer.
    pub(super) async fn send(&self, url: &str, signature: &str, body: String) -> Result<u16, String> {
        match tokio::time::timeout(TIMEOUT, self.exchange(url, signature, body)).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("The endpoint did not answer within {} seconds.", TIMEOUT.as_secs())),
        }
    }

    async fn exchange(&self, url: &str, signature: &str, body: String) -> Result<u16, String> {
        let client = self.client.as_ref().map_err(|error| format!("TLS cannot be used: {error}."))?;
        let uri: Uri = url.parse().map_err(|_| "The endpoint's URL is not valid.".to_owned())?;
        // Addresses that are spelt out are never resolved, so the resolver does not see them.
        let spelt_out = uri.host().and_then(literal);
        if self.public_only && spelt_out.is_some_and(|address| !is_public(address)) {
            return Err(NOT_PUBLIC.to_owned());
        }
        let request = Request::post(uri)
            .header("content-type", "application/json; charset=utf-8")
            .header("user-agent", USER_AGENT)
            .header("accept", "*/*; q=0.5, application/xml")
            .header("cache-control", "no-cache")
            .header("stripe-signature", signature)
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| format!("The request could not be made: {error}."))?;
        let answer = client.request(request).await.map_err(|error| reason(&error))?;
        let status = answer.status().as_u16();
        // The status is the answer; the body is read off so that the connection can be used again, or it is closed.
        let _ = tokio::time::timeout(READ_FOR, Limited::new(answer.into_body(), MOST_READ).collect()).await;
        Ok(status)
    }
}

fn client(livemode: bool) -> Result<HttpClient, rustls::Error> {
    let mut connector = HttpConnector::new_with_resolver(Resolver { public_only: livemode });
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(TIMEOUT));
    let tls = HttpsConnectorBuilder::new().with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())?;
    let tls = if livemode { tls.https_only() } else { tls.https_or_http() };
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_FOR)
        .pool_max_idle_per_host(IDLE_KEPT)
        .build(tls.enable_http1().wrap_connector(connector)))
}

const NOT_PUBLIC: &str = "The endpoint's address is not a public one.";

/// The innermost reasons of an error: the outer ones say only that there is one.
fn reason(error: &hyper_util::client::legacy::Error) -> String {
    let mut reasons = vec![error.to_string()];
    let mut inner = std::error::Error::source(error);
    while let Some(error) = inner {
        reasons.push(error.to_string());
        inner = error.source();
    }
    reasons.dedup();
    reasons.join(": ")
}

/// Looks names up and, in a live world, keeps only public addresses. The connection is made to what was looked at, so that
/// a name cannot be pointed elsewhere in between.
#[derive(Clone)]
struct Resolver {
    public_only: bool,
}

type Addresses = std::vec::IntoIter<SocketAddr>;

impl Service<Name> for Resolver {
    type Response = Addresses;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = std::io::Result<Addresses>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let public_only = self.public_only;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<_> = found.filter(|address| !public_only || is_public(address.ip())).collect();
            if allowed.is_empty() {
                return Err(std::io::Error::other(NOT_PUBLIC));
            }
            Ok(allowed.into_iter())
        })
    }
}

/// The signature of a body sent at `t`: HMAC-SHA256 with the endpoint's secret over `t.body`, in hex.
pub fn sign(secret: &str, t: i64, body: &str) -> String {
    // A key of any length is one; the type says otherwise because other MACs are choosy.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(t.to_string().as_bytes());
    mac.update(b".");
    mac.update(body.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// The `Stripe-Signature` header of a body sent at `t`.
pub fn signature_header(secret: &str, t: i64, body: &str) -> String {
    format!("t={t},v1={}", sign(secret, t, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_other_hmac_code_says() {
        // openssl dgst -sha256 -hmac whsec_test over `1700000000.{"id":"evt_1"}`
        let expected = "c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925";
        assert_eq!(sign("whsec_test", 1_700_000_000, r#"{"id":"evt_1"}"#), expected);
    }

    #[tokio::test]
    async fn a_live_world_sends_nothing_to_this_machine_however_it_is_named() {
        let sender = Sender::new(true);
        for url in ["https://127.0.0.1:1/", "https://[::1]:1/", "https://localhost:1/", "https://[::ffff:10.0.0.1]:1/"]
        {
            let error = sender.send(url, "t=1,v1=0", "{}".into()).await.unwrap_err();
            assert!(error.contains("not a public one"), "{url}: {error}");
        }
        let error = sender.send("http://8.8.8.8:1/", "t=1,v1=0", "{}".into()).await.unwrap_err();
        assert!(error.to_lowercase().contains("scheme"), "{error}");
    }
}
