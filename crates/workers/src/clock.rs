//! The clock of a sandbox can be moved: due jobs run in order, each at its own time, until the world has caught up.
//!
//! How far it was moved is a setting of the world, written in the same changesets as what the jobs do, so that a restart
//! finds the clock where the documents are. Other processes of the world read it again each second.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use http_body_util::{BodyExt, Limited};
use kernel::{ApiError, DAY, ErrorType, Result, Timestamp};
use serde_json::json;
use store::{Reader, StoreResult, Tx, World};
use wire::Api;
use wire::params::{Node, Params};

use crate::jobs::{JobHandlers, Jobs};

/// The setting that holds how far the clock was moved, in milliseconds: what to open a world's clock with.
pub const CLOCK_OFFSET: &str = "clock_offset_ms";
/// The furthest that the clock is moved at once.
const FURTHEST: i64 = 3_653 * DAY;
/// The largest body that is read.
const LARGEST_BODY: usize = 16 * 1024;

/// How far the world's clock was moved, in milliseconds.
fn stored_offset_ms(reader: &dyn Reader) -> StoreResult<i64> {
    Ok(reader.setting(CLOCK_OFFSET)?.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// Notes in the transaction how far the clock is moved, if the store does not know it yet.
pub(crate) fn note_offset(tx: &mut Tx, world: &World) {
    let offset = world.clock().offset_ms();
    if 0 < offset && stored_offset_ms(tx.reader()).is_ok_and(|stored| stored < offset) {
        tx.set(CLOCK_OFFSET, &offset.to_string());
    }
}

/// Lets the clock follow what another process of the world did with it.
pub(crate) fn follow(world: &World) -> StoreResult<()> {
    let stored = stored_offset_ms(world.reader())?;
    if world.clock().offset_ms() < stored {
        world.clock().set_offset_ms(stored);
    }
    Ok(())
}

/// Moves the clock of a sandbox forward to `to`, running every job that is due on the way at its own time. Answers the
/// moment that it is then.
///
/// Errors: 400 in a live world, for a moment that is not ahead, and for one more than ten years ahead; 503 when the store
/// cannot be written: the clock stands where it got to.
pub async fn advance(world: &Arc<World>, handlers: &JobHandlers, to: Timestamp) -> Result<Timestamp> {
    advance_with(&Jobs::new(world.clone(), handlers.clone()), to).await
}

/// The same beside a runner that takes turns with it.
async fn advance_with(jobs: &Jobs, to: Timestamp) -> Result<Timestamp> {
    let world = jobs.world();
    if world.settings().livemode {
        return Err(ApiError::bad_request("The clock of a live world cannot be moved."));
    }
    let now = world.now();
    if to <= now {
        return Err(ApiError::invalid("to", format!("The clock can only be moved forward: it is {now} already.")));
    }
    if now.plus(FURTHEST) < to {
        return Err(ApiError::invalid("to", "The clock can be moved by at most ten years at once."));
    }
    let done = jobs.run_and_move(to).await?;
    tracing::info!(jobs = done, "the clock was moved from {now} to {to}, and {done} jobs ran on the way");
    Ok(world.now())
}

struct ClockApi {
    api: Arc<Api>,
    jobs: Arc<Jobs>,
}

/// `GET /kontor/v1/clock` and `POST /kontor/v1/clock/advance`, for holders of a secret key.
pub(crate) fn clock_routes(api: Arc<Api>, jobs: Arc<Jobs>) -> Router {
    Router::new()
        .route("/kontor/v1/clock", get(show))
        .route("/kontor/v1/clock/advance", post(move_on))
        .with_state(Arc::new(ClockApi { api, jobs }))
}

async fn show(State(clock): State<Arc<ClockApi>>, headers: HeaderMap) -> Response {
    let answer = clock.check_key(&headers);
    clock.answer(answer)
}

async fn move_on(State(clock): State<Arc<ClockApi>>, request: Request<Body>) -> Response {
    let answer = clock.advance(request).await;
    clock.answer(answer)
}

impl ClockApi {
    fn check_key(&self, headers: &HeaderMap) -> Result<()> {
        if self.api.authenticate(headers)?.publishable {
            let message = "The clock cannot be used with a publishable API key. Please use a secret API key.";
            return Err(ApiError::new(401, ErrorType::InvalidRequest, message).code("secret_key_required"));
        }
        Ok(())
    }

    async fn advance(&self, request: Request<Body>) -> Result<()> {
        let (parts, body) = request.into_parts();
        self.check_key(&parts.headers)?;
        let body = Limited::new(body, LARGEST_BODY).collect().await;
        let body = body.map_err(|_| ApiError::bad_request("The request's body could not be read."))?.to_bytes();
        let content_type = parts.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_json = content_type.trim_start().to_ascii_lowercase().starts_with("application/json");
        let mut params = if is_json { Params::from_json(&body)? } else { Params::from_form(&body)? };
        params.merge(Params::from_query(parts.uri.query().unwrap_or_default())?)?;
        let to = target(params, self.jobs.world().now())?;
        // In a task of its own: a caller that goes away must not leave the clock between two jobs.
        let jobs = self.jobs.clone();
        match tokio::spawn(async move { advance_with(&jobs, to).await }).await {
            Ok(moved) => moved.map(drop),
            Err(error) => Err(self.jobs.world().bug(&format!("the clock could not be moved: {error}"))),
        }
    }

    fn answer(&self, answer: Result<()>) -> Response {
        match answer {
            Ok(()) => {
                let world = self.jobs.world();
                let clock = json!({
                    "object": "kontor.clock",
                    "now": world.now().0,
                    "offset": world.clock().offset_ms() / 1_000,
                    "livemode": world.settings().livemode,
                });
                let mut response = Response::new(Body::from(clock.to_string()));
                response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
                response.headers_mut().insert("cache-control", HeaderValue::from_static("no-cache, no-store"));
                response
            }
            Err(error) => {
                let error = self.api.error_response(&error);
                let mut response = Response::new(Body::from(error.body));
                *response.status_mut() = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
                *response.headers_mut() = error.headers;
                response
            }
        }
    }
}

/// The moment that `seconds` or `to` means: so much later than `now`, or Unix seconds, a date, an RFC 3339 moment.
fn target(mut params: Params, now: Timestamp) -> Result<Timestamp> {
    let seconds = params.take_as::<i64>("seconds")?;
    let to = params.take("to");
    if let Some(unknown) = params.names().next() {
        let message = format!("Received unknown parameter: {unknown}");
        return Err(ApiError::invalid(unknown, message).code("parameter_unknown"));
    }
    match (seconds, to) {
        (Some(seconds), None) if 0 < seconds => Ok(now.plus(seconds)),
        (Some(_), None) => {
            Err(ApiError::invalid("seconds", "The clock can only be moved forward, by 1 second or more."))
        }
        (None, Some(to)) => {
            let text = match &to {
                Node::Number(number) => number.to_string(),
                Node::String(text) => text.clone(),
                Node::Null | Node::Bool(_) | Node::List(_) | Node::Hash(_) => String::new(),
            };
            Timestamp::parse(text.trim()).ok_or_else(|| {
                let message = "Send Unix seconds, a date (2026-11-23) or an RFC 3339 moment (2026-11-23T12:00:00Z).";
                ApiError::invalid("to", format!("Invalid moment. {message}"))
            })
        }
        (Some(_), Some(_)) => {
            Err(ApiError::invalid("to", "You may only specify one of these parameters: seconds, to.")
                .code("parameters_exclusive"))
        }
        (None, None) => Err(ApiError::bad_request("Send how far to move the clock: seconds, or to.")
            .code("parameter_missing")
            .param("seconds")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_so_many_seconds_later_or_a_moment() {
        let at = |form: &str| target(Params::from_query(form).unwrap(), Timestamp(100)).map(|to| to.0);
        assert_eq!(at("seconds=60").unwrap(), 160);
        assert_eq!(at("to=1800000000").unwrap(), 1_800_000_000);
        assert_eq!(at("to=2026-11-23").unwrap() % DAY, 0);
        assert_eq!(at("to=2026-11-23T00:00:01Z").unwrap() % DAY, 1);
        let json = Params::from_json(br#"{"to": 1800000000}"#).unwrap();
        assert_eq!(target(json, Timestamp(0)).unwrap().0, 1_800_000_000);
        for bad in ["", "seconds=0", "seconds=-1", "seconds=x", "to=soon", "to=", "seconds=1&to=2", "days=1"] {
            assert_eq!(at(bad).unwrap_err().http_status(), 400, "{bad}");
        }
    }
}
