//! The one generic way in: route, key, parameters, idempotency, the endpoint, its changeset, the bytes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use kernel::{ApiError, ErrorType, Result};
use serde_json::{Map, Value, json};
use store::{Caller, Idempotency, Kind, Origin, Row, Tx, World};

use crate::caller::{authenticate, presented_key, secret_key_required};
use crate::expand::{Expander, expand};
use crate::headers::Headers;
use crate::idempotency::{InFlight, Repeatable, other_parameters};
use crate::keys::hash_key;
use crate::list::Paging;
use crate::params::Params;
use crate::reply::Content;
use crate::route::{Access, Method, Path, Route};

/// A request, whole: in-process tests make it by hand, `http` from the network.
#[derive(Debug, Clone)]
pub struct Request {
    /// GET, POST or DELETE; others answer 404 as in Stripe.
    pub method: http::Method,
    /// Without the query.
    pub path: String,
    /// Without its `?`.
    pub query: String,
    /// As sent.
    pub headers: HeaderMap,
    /// As sent.
    pub body: Bytes,
}

/// An answer, whole.
#[derive(Debug, Clone)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// All headers but those of the connection.
    pub headers: HeaderMap,
    /// JSON.
    pub body: Bytes,
}

/// The API of one world.
pub struct Api {
    world: Arc<World>,
    routes: Router,
    expanders: Vec<Expander>,
    in_flight: InFlight,
    callers: CallerCache,
    /// Made when it is first asked for: it takes longer than opening a world.
    openapi: OnceLock<String>,
}

/// Collects the families' routes and expanders.
#[derive(Default)]
pub struct ApiBuilder {
    routes: Vec<Route>,
    expanders: Vec<Expander>,
}

impl ApiBuilder {
    /// With a family's routes.
    pub fn routes(mut self, routes: Vec<Route>) -> ApiBuilder {
        self.routes.extend(routes);
        self
    }

    /// With a family's fields that exist on expansion only.
    pub fn expanders(mut self, expanders: Vec<Expander>) -> ApiBuilder {
        self.expanders.extend(expanders);
        self
    }

    /// The API over a world.
    pub fn build(self, world: Arc<World>) -> Api {
        Api {
            world,
            routes: Router::new(self.routes),
            expanders: self.expanders,
            in_flight: InFlight::default(),
            callers: CallerCache::default(),
            openapi: OnceLock::new(),
        }
    }
}

/// What is known of a request before its endpoint runs, for the answer's headers and the log.
struct Asked {
    request_id: String,
    version: String,
    idempotency_key: Option<String>,
    account: Option<String>,
}

/// Bytes with their status; what a replay answers as well.
struct Answer {
    status: u16,
    body: Arc<str>,
    /// The request that is remembered under the idempotency key.
    original_request: Option<String>,
    is_replay: bool,
}

impl Answer {
    /// An answer that is not remembered.
    fn new(status: u16, body: Arc<str>) -> Answer {
        Answer { status, body, original_request: None, is_replay: false }
    }
}

/// What an endpoint answered, as bytes.
struct Rendered {
    status: u16,
    body: Arc<str>,
    /// It holds nothing but documents as they are stored, or an error: see [`crate::idempotency`].
    is_stored: bool,
}

impl Api {
    /// The world behind it.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// The routes, for completeness tests.
    pub fn routes(&self) -> impl Iterator<Item = &Route> {
        self.routes.routes.iter()
    }

    /// The OpenAPI document of the routes.
    pub fn openapi(&self) -> &str {
        self.openapi.get_or_init(|| crate::openapi::document(&self.routes.routes).to_string())
    }

    /// Answers a request. It never fails: what goes wrong is an answer.
    pub async fn handle(&self, request: Request) -> Response {
        let mut asked = Asked {
            request_id: format!("req_{}", self.world.secret(14)),
            version: kernel::API_VERSION.to_owned(),
            idempotency_key: None,
            account: None,
        };
        let answer = match self.answer(&request, &mut asked).await {
            Ok(answer) => answer,
            Err(error) => {
                let body = self.error_body(&error, &asked);
                Answer::new(error.http_status(), body.into())
            }
        };
        respond(&answer, &asked)
    }

    async fn answer(&self, request: &Request, asked: &mut Asked) -> Result<Answer> {
        let headers = Headers::read(&request.headers)?;
        asked.version.clone_from(&headers.version);
        asked.idempotency_key.clone_from(&headers.idempotency_key);
        let found = Method::of(&request.method).and_then(|method| self.routes.find(method, &request.path));
        let Some((route, path)) = found else { return Err(self.unrecognized(request, &headers)) };
        let caller = self.caller(&headers)?;
        if caller.publishable && route.access == Access::Secret {
            return Err(secret_key_required());
        }
        asked.account = caller.is_connect().then(|| caller.account.clone());
        let mut params = read_params(route, request, &headers)?;
        let canonical = params.clone();
        let expand = params.take_as::<Vec<String>>("expand")?.unwrap_or_default();
        let paging = if route.is_list { Paging::take(&mut params, route.has_created)? } else { Paging::none() };
        let call = Call { route, path: &path, params: &params, paging: &paging, expand: &expand };
        match (route.method, &headers.idempotency_key) {
            (Method::Get, _) => {
                let rendered = self.world.read(&caller, |tx| self.run(tx, &call, asked))?;
                Ok(Answer::new(rendered.status, rendered.body))
            }
            (Method::Post, Some(key)) => {
                let repeatable = Repeatable::new(&self.world, key, &caller, &request.path, &canonical)?;
                self.run_once(&caller, &repeatable, &call, asked).await
            }
            (Method::Post | Method::Delete, _) => {
                let rendered = self.world.run(&caller, &asked.origin(), |tx| self.run(tx, &call, asked)).await?;
                Ok(Answer::new(rendered.status, rendered.body))
            }
        }
    }

    /// Runs a request with an idempotency key: the first time for real, then from memory.
    async fn run_once(&self, caller: &Caller, once: &Repeatable, call: &Call<'_>, asked: &Asked) -> Result<Answer> {
        let _guard = self.in_flight.enter(once)?;
        let origin = asked.origin();
        self.world
            .run(caller, &origin, |tx| {
                let known = tx.reader().idempotency(&once.scope, &once.key);
                if let Some(record) = known.map_err(|error| self.world.store_error(&error))? {
                    return replay(tx, record, once);
                }
                let Rendered { status, body, is_stored } = self.run(tx, call, asked)?;
                let remembered = if is_stored { body.clone() } else { once.sealed(tx, &body)? };
                tx.remember(Idempotency {
                    scope: once.scope.clone(),
                    key: once.key.clone(),
                    request_hash: once.request_hash.clone(),
                    request_id: asked.request_id.clone(),
                    status,
                    body: remembered,
                    created: tx.now().0,
                    packed: None,
                });
                Ok(Answer { status, body, original_request: Some(asked.request_id.clone()), is_replay: false })
            })
            .await
    }

    /// Runs the endpoint and renders what it answers, in its transaction.
    fn run(&self, tx: &mut Tx, call: &Call, asked: &Asked) -> Result<Rendered> {
        let content = (call.route.handler)(tx, call.path, call.params, call.paging)?;
        if let Content::Refused(error) = content {
            let body = self.error_body(&error, asked).into();
            return Ok(Rendered { status: error.http_status(), body, is_stored: true });
        }
        let is_stored = !matches!(content, Content::Json(_));
        if call.expand.is_empty() {
            return Ok(Rendered { status: 200, body: render(tx, content)?, is_stored });
        }
        let mut value = to_value(tx, content)?;
        expand(tx, &self.expanders, &mut value, call.expand)?;
        Ok(Rendered { status: 200, body: value.to_string().into(), is_stored })
    }

    /// Who asks, by the request's headers. Known keys are remembered for a moment, so that reading costs no look-up.
    fn caller(&self, headers: &Headers) -> Result<Caller> {
        let key = presented_key(headers.authorization.as_deref())?;
        let entry = (hash_key(&key), headers.account.clone());
        let now = self.world.clock().now_ms();
        if let Some(caller) = self.callers.get(&entry, now) {
            return Ok(caller);
        }
        let nobody = Caller { key_account: String::new(), account: String::new(), publishable: false };
        let caller = self.world.read(&nobody, |tx| authenticate(tx, &key, headers.account.as_deref()))?;
        self.callers.put(entry, caller.clone(), now);
        Ok(caller)
    }

    /// Who asks, for handlers beside the route table.
    ///
    /// Errors: as for any request: no key, an unknown one, a foreign account.
    pub fn authenticate(&self, headers: &HeaderMap) -> Result<Caller> {
        self.caller(&Headers::read(headers)?)
    }

    fn unrecognized(&self, request: &Request, headers: &Headers) -> ApiError {
        if let Err(error) = self.caller(headers) {
            return error;
        }
        let path: String = request.path.chars().take(200).collect();
        ApiError::new(
            404,
            ErrorType::InvalidRequest,
            format!(
                "Unrecognized request URL ({}: {path}). Please see https://stripe.com/docs or we can help at \
                 https://support.stripe.com/.",
                request.method
            ),
        )
    }

    fn error_body(&self, error: &ApiError, asked: &Asked) -> String {
        let mut body = error.to_value();
        if let Value::Object(fields) = &mut body
            && error.http_status() != 401
        {
            let url = format!("{}/logs/{}", self.world.settings().base_url(), asked.request_id);
            fields.insert("request_log_url".into(), url.into());
        }
        pretty(&json!({ "error": body }))
    }

    /// An error as an answer, for handlers beside the route table.
    pub fn error_response(&self, error: &ApiError) -> Response {
        let asked = Asked {
            request_id: format!("req_{}", self.world.secret(14)),
            version: kernel::API_VERSION.to_owned(),
            idempotency_key: None,
            account: None,
        };
        let body = self.error_body(error, &asked);
        respond(&Answer::new(error.http_status(), body.into()), &asked)
    }
}

/// What a request asks of its endpoint.
struct Call<'a> {
    route: &'a Route,
    path: &'a Path,
    params: &'a Params,
    paging: &'a Paging,
    expand: &'a [String],
}

impl Asked {
    fn origin(&self) -> Origin {
        Origin { request: Some(self.request_id.clone()), idempotency_key: self.idempotency_key.clone() }
    }
}

impl Method {
    fn of(method: &http::Method) -> Option<Method> {
        match method.as_str() {
            "GET" => Some(Method::Get),
            "POST" => Some(Method::Post),
            "DELETE" => Some(Method::Delete),
            _ => None,
        }
    }
}

fn replay(tx: &Tx, record: Idempotency, once: &Repeatable) -> Result<Answer> {
    if record.request_hash != once.request_hash {
        return Err(other_parameters(&once.key));
    }
    let body = once.opened(tx, record.body)?;
    Ok(Answer { status: record.status, body, original_request: Some(record.request_id), is_replay: true })
}

fn pretty(value: &Value) -> String {
    format!("{value:#}")
}

/// Parameters come in the query of GET and DELETE, and in the body of POST (and of DELETE, as some clients send them).
fn read_params(route: &Route, request: &Request, headers: &Headers) -> Result<Params> {
    let mut params = Params::from_query(&request.query)?;
    if route.method == Method::Get || request.body.is_empty() {
        return Ok(params);
    }
    let content_type = headers.content_type.as_deref().unwrap_or("application/x-www-form-urlencoded");
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    let is_v1 = route.path.starts_with("/v1/");
    if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        params.merge(Params::from_form(&request.body)?)?;
    } else if kind.eq_ignore_ascii_case("application/json") && !is_v1 {
        params.merge(Params::from_json(&request.body)?)?;
    } else {
        let wanted = if is_v1 { "application/x-www-form-urlencoded" } else { "application/json" };
        return Err(ApiError::bad_request(format!(
            "Invalid request (check that your POST content type is {wanted}). If you have any questions, we can help at \
             https://support.stripe.com/."
        )));
    }
    Ok(params)
}

/// A stored document as it is shown now.
pub(crate) fn present(tx: &Tx, kind: &'static Kind, row: &Row) -> Result<Value> {
    let mut value: Value = serde_json::from_str(&row.data).map_err(|error| tx.bug(&format!("{}: {error}", row.id)))?;
    if let (Some(present), Value::Object(fields)) = (kind.present, &mut value) {
        present(fields, tx.now());
    }
    Ok(value)
}

/// The same as text: the stored one, when nothing depends on the time.
fn present_text(tx: &Tx, kind: &'static Kind, row: &Row) -> Result<Arc<str>> {
    if kind.present.is_none() {
        return Ok(row.data.clone());
    }
    present(tx, kind, row).map(|value| value.to_string().into())
}

fn stored(tx: &Tx, kind: &'static Kind, id: &str) -> Result<Row> {
    tx.peek_row(kind, id)?.ok_or_else(|| tx.bug(&format!("an answer shows {id}, which does not exist")))
}

fn render(tx: &Tx, content: Content) -> Result<Arc<str>> {
    match content {
        Content::Stored(kind, id) => present_text(tx, kind, &stored(tx, kind, &id)?),
        Content::Page { url, kind, page } => {
            let mut text = String::with_capacity(64 + page.rows.iter().map(|row| row.data.len() + 1).sum::<usize>());
            text.push_str("{\"object\":\"list\",\"data\":[");
            for (i, row) in page.rows.iter().enumerate() {
                if 0 < i {
                    text.push(',');
                }
                text.push_str(&present_text(tx, kind, row)?);
            }
            text.push_str(&format!("],\"has_more\":{},\"url\":{}}}", page.has_more, json!(url)));
            Ok(text.into())
        }
        Content::Json(_) | Content::Refused(_) => Ok(to_value(tx, content)?.to_string().into()),
    }
}

fn to_value(tx: &Tx, content: Content) -> Result<Value> {
    match content {
        Content::Stored(kind, id) => present(tx, kind, &stored(tx, kind, &id)?),
        Content::Json(value) => Ok(value),
        Content::Page { url, kind, page } => {
            let data = page.rows.iter().map(|row| present(tx, kind, row)).collect::<Result<Vec<_>>>()?;
            Ok(crate::list::list_json(&url, data, page.has_more))
        }
        Content::Refused(error) => Ok(Value::Object(Map::from_iter([("error".to_owned(), error.to_value())]))),
    }
}

fn respond(answer: &Answer, asked: &Asked) -> Response {
    let mut headers = HeaderMap::with_capacity(10);
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set("content-type", "application/json");
    set("cache-control", "no-cache, no-store");
    set("access-control-allow-origin", "*");
    set("request-id", &asked.request_id);
    set("stripe-version", &asked.version);
    if let Some(key) = &asked.idempotency_key {
        set("idempotency-key", key);
    }
    if let Some(account) = &asked.account {
        set("stripe-account", account);
    }
    if let Some(original) = &answer.original_request {
        set("original-request", original);
    }
    if answer.is_replay {
        set("idempotent-replayed", "true");
    }
    match answer.status {
        401 => set("www-authenticate", "Bearer realm=\"Stripe\""),
        409 | 429 => set("stripe-should-retry", "true"),
        503 => {
            set("stripe-should-retry", "true");
            set("retry-after", "1");
        }
        400..=499 => set("stripe-should-retry", "false"),
        _ => {}
    }
    Response { status: answer.status, headers, body: Bytes::copy_from_slice(answer.body.as_bytes()) }
}

/// Finds routes: by method and number of segments, fixed segments before parameters.
struct Router {
    routes: Vec<Route>,
    by_shape: HashMap<(Method, usize), Vec<usize>>,
}

impl Router {
    fn new(routes: Vec<Route>) -> Router {
        let mut by_shape: HashMap<(Method, usize), Vec<usize>> = HashMap::new();
        for (at, route) in routes.iter().enumerate() {
            by_shape.entry((route.method, route.path.split('/').count())).or_default().push(at);
        }
        let parameters = |at: &usize| routes[*at].path.matches('{').count();
        for shape in by_shape.values_mut() {
            shape.sort_by_key(parameters);
        }
        Router { routes, by_shape }
    }

    fn find(&self, method: Method, path: &str) -> Option<(&Route, Path)> {
        let asked: Vec<&str> = path.split('/').collect();
        for &at in self.by_shape.get(&(method, asked.len()))? {
            if let Some(values) = matches(self.routes[at].path, &asked) {
                return Some((&self.routes[at], Path { values, url: path.to_owned() }));
            }
        }
        None
    }
}

/// The values of the pattern's parameters, when the path fits it.
fn matches(pattern: &str, asked: &[&str]) -> Option<Vec<String>> {
    let mut values = Vec::new();
    for (wanted, got) in pattern.split('/').zip(asked) {
        if wanted.starts_with('{') {
            if got.is_empty() {
                return None;
            }
            values.push(percent_decode(got)?);
        } else if wanted != *got {
            return None;
        }
    }
    Some(values)
}

/// A path segment without its percent escapes; `None` when it is not UTF-8.
fn percent_decode(segment: &str) -> Option<String> {
    if !segment.contains('%') {
        return Some(segment.to_owned());
    }
    let bytes = segment.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = segment.get(at + 1..at + 3).filter(|_| byte == b'%');
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(decoded) => {
                out.push(decoded);
                at += 3;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok()
}

/// Callers by key and account, for a moment: a revoked key, or an account that left, is noticed within it.
#[derive(Default)]
struct CallerCache(Mutex<HashMap<Presented, (Caller, i64)>>);

/// A key's hash and the account that was named beside it.
type Presented = (String, Option<String>);

const CALLERS_KEPT: usize = 10_000;
const CALLER_KEPT_MS: i64 = 1_000;

impl CallerCache {
    fn get(&self, entry: &Presented, now_ms: i64) -> Option<Caller> {
        let callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (caller, until) = callers.get(entry)?;
        (now_ms < *until).then(|| caller.clone())
    }

    fn put(&self, entry: Presented, caller: Caller, now_ms: i64) {
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if CALLERS_KEPT <= callers.len() {
            callers.clear();
        }
        callers.insert(entry, (caller, now_ms + CALLER_KEPT_MS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_matched_with_fixed_segments_first() {
        assert_eq!(matches("/v1/charges/{charge}", &["", "v1", "charges", "ch_1"]), Some(vec!["ch_1".to_owned()]));
        assert_eq!(matches("/v1/charges/{charge}", &["", "v1", "charges", ""]), None);
        assert_eq!(percent_decode("a%20b%zz%"), Some("a b%zz%".to_owned()));
        assert_eq!(percent_decode("%ff"), None);
    }
}
