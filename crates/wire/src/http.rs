//! The API on the network: one handler for all routes.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Request as HttpRequest, StatusCode};
use axum::response::Response as HttpResponse;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use kernel::{ApiError, ErrorType};

use crate::limits::{Gate, Reason};
use crate::{Api, Limits, Request, Response};

/// The largest body that is read.
const LARGEST_BODY: usize = 1 << 20;

/// How long a body may take to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(30);

/// The API behind its gate.
struct Guarded {
    api: Arc<Api>,
    gate: Gate,
}

/// A router that answers everything under `/v1` and `/v2`, and whatever no other route takes.
pub fn serve(api: Arc<Api>, limits: Limits) -> Router {
    let guarded = Arc::new(Guarded { api, gate: Gate::new(limits) });
    Router::new().route("/openapi.json", axum::routing::get(openapi)).fallback(handle).with_state(guarded)
}

async fn openapi(State(guarded): State<Arc<Guarded>>) -> HttpResponse {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    to_http(Response { status: 200, headers, body: Bytes::copy_from_slice(guarded.api.openapi().as_bytes()) })
}

#[expect(clippy::disallowed_methods, reason = "how long an answer took is the machine's time, not the world's")]
async fn handle(State(guarded): State<Arc<Guarded>>, request: HttpRequest<Body>) -> HttpResponse {
    let started = std::time::Instant::now();
    if request.method() == http::Method::OPTIONS {
        return preflight();
    }
    let method = request.method().clone();
    let response = answer(&guarded, request).await;
    let status = response.status.to_string();
    metrics::counter!("kontor_http_requests_total", "method" => method.to_string(), "status" => status).increment(1);
    metrics::histogram!("kontor_http_request_seconds").record(started.elapsed().as_secs_f64());
    to_http(response)
}

async fn answer(Guarded { api, gate }: &Guarded, request: HttpRequest<Body>) -> Response {
    let _passage = match gate.enter(key_hash(request.headers()), api.world().clock().now_ms()) {
        Ok(passage) => passage,
        Err(reason) => return over_limit(api, reason),
    };
    let (parts, body) = request.into_parts();
    match tokio::time::timeout(BODY_WITHIN, Limited::new(body, LARGEST_BODY).collect()).await {
        Ok(Ok(body)) => {
            let request = Request {
                method: parts.method,
                path: parts.uri.path().to_owned(),
                query: parts.uri.query().unwrap_or_default().to_owned(),
                headers: parts.headers,
                body: body.to_bytes(),
            };
            api.handle(request).await
        }
        Ok(Err(error)) => api.error_response(&unreadable(&*error)),
        Err(_) => api.error_response(&too_slow()),
    }
}

/// Whose rate a request counts against, before its key is known to be one.
fn key_hash(headers: &HeaderMap) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    headers.get("authorization").map(HeaderValue::as_bytes).hash(&mut hasher);
    hasher.finish()
}

fn over_limit(api: &Api, reason: Reason) -> Response {
    let mut response = api.error_response(&reason.error());
    response.headers.insert("stripe-rate-limited-reason", HeaderValue::from_static(reason.as_str()));
    response.headers.insert("retry-after", HeaderValue::from_static("1"));
    response
}

fn too_slow() -> ApiError {
    ApiError::new(408, ErrorType::InvalidRequest, "The request's body took too long to arrive.")
}

fn unreadable(error: &(dyn std::error::Error + Send + Sync + 'static)) -> ApiError {
    if error.is::<LengthLimitError>() {
        let message = format!("The request's body is too large: at most {LARGEST_BODY} bytes are read.");
        ApiError::new(413, ErrorType::InvalidRequest, message)
    } else {
        ApiError::bad_request("The request's body could not be read.")
    }
}

fn to_http(response: Response) -> HttpResponse {
    let mut http = HttpResponse::new(Body::from(response.body));
    *http.status_mut() = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *http.headers_mut() = response.headers;
    http
}

/// What a browser asks before it calls from a page of another origin (Stripe.js does).
fn preflight() -> HttpResponse {
    let mut http = HttpResponse::new(Body::empty());
    *http.status_mut() = StatusCode::NO_CONTENT;
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "GET, POST, DELETE, OPTIONS"),
        (
            "access-control-allow-headers",
            "authorization, content-type, idempotency-key, stripe-account, stripe-version",
        ),
        ("access-control-max-age", "300"),
    ] {
        http.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    http
}
