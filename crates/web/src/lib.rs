//! Pages for people, served beside the API.
//!
//! Server-rendered HTML from runtime templates with typed contexts, one stylesheet, no JavaScript build step. A template
//! is strict about what is undefined, and a test renders each with its sample.

mod authentication;
mod home;
mod templates;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use kernel::ApiError;
use wire::Api;

use crate::templates::Templates;

/// What the pages share.
struct Web {
    api: Arc<Api>,
    publishable_key: String,
    templates: Templates,
}

/// All pages. `publishable_key` is shown on the first page, for a sandbox's developer.
pub fn routes(api: Arc<Api>, publishable_key: &str) -> Router {
    let web = Arc::new(Web { api, publishable_key: publishable_key.to_owned(), templates: Templates::new() });
    Router::new()
        .route("/", get(home::show))
        .route("/kontor/3ds/{intent}", get(authentication::show).post(authentication::decide))
        .route("/assets/kontor.css", get(stylesheet))
        .with_state(web)
}

async fn stylesheet() -> impl IntoResponse {
    (
        [("content-type", "text/css; charset=utf-8"), ("cache-control", "max-age=300")],
        include_str!("../assets/kontor.css"),
    )
}

impl Web {
    /// A page with the headers that keep it from being framed, sniffed or made to load anything from elsewhere.
    fn page<T: serde::Serialize>(&self, status: StatusCode, template: &'static str, context: &T) -> Response {
        match self.templates.render(template, context) {
            Ok(html) => (status, security_headers(), Html(html)).into_response(),
            Err(error) => {
                tracing::error!("the page {template} cannot be shown: {error:#}");
                (StatusCode::INTERNAL_SERVER_ERROR, "This page cannot be shown. The reason has been logged.")
                    .into_response()
            }
        }
    }

    fn problem(&self, error: &ApiError) -> Response {
        let status = StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.page(status, "problem.html", &templates::Problem { message: error.message().to_owned() })
    }
}

fn security_headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (
            "content-security-policy",
            "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action *; frame-ancestors 'self'; base-uri 'none'",
        ),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
}
