//! A small client of the API, for the commands that talk to a running server.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// What went wrong, in a sentence.
pub(crate) type Failure = String;

/// Talks to one server with one key.
#[derive(Clone)]
pub(crate) struct Client {
    http: HttpClient<HttpConnector, Full<Bytes>>,
    base: String,
    key: String,
}

/// Parameters as the form has them: `("transfer_data[destination]", "acct_…")`.
pub(crate) type Form<'a> = &'a [(&'a str, &'a str)];

impl Client {
    pub(crate) fn new(base: &str, key: &str) -> Client {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Client {
            http: HttpClient::builder(TokioExecutor::new()).build(connector),
            base: base.trim_end_matches('/').to_owned(),
            key: key.to_owned(),
        }
    }

    pub(crate) async fn get(&self, path: &str, account: Option<&str>) -> Result<Value, Failure> {
        self.send("GET", path, String::new(), account).await
    }

    pub(crate) async fn post(&self, path: &str, form: Form<'_>, account: Option<&str>) -> Result<Value, Failure> {
        self.send("POST", path, encode(form), account).await
    }

    async fn send(&self, method: &str, path: &str, body: String, account: Option<&str>) -> Result<Value, Failure> {
        let (status, value) = self.exchange(method, path, body, account).await?;
        if (200..300).contains(&status) {
            return Ok(value);
        }
        let message = value["error"]["message"].as_str().unwrap_or("no message");
        Err(format!("{method} {path} answered {status}: {message}"))
    }

    /// The status and the body, whatever they are.
    pub(crate) async fn exchange(
        &self,
        method: &str,
        path: &str,
        body: String,
        account: Option<&str>,
    ) -> Result<(u16, Value), Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/x-www-form-urlencoded");
        if let Some(account) = account {
            request = request.header("stripe-account", account);
        }
        let request = request.body(Full::new(Bytes::from(body))).map_err(|error| error.to_string())?;
        let response = self
            .http
            .request(request)
            .await
            .map_err(|error| format!("{} does not answer: {error}. Is `kontor serve` running there?", self.base))?;
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        let value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok((status, value))
    }
}

/// A form's body.
pub(crate) fn encode(form: Form<'_>) -> String {
    let mut body = String::new();
    for (name, value) in form {
        if !body.is_empty() {
            body.push('&');
        }
        escape(name, &mut body);
        body.push('=');
        escape(value, &mut body);
    }
    body
}

fn escape(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~[]".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}
