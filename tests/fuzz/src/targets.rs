//! What is fuzzed, and what must hold whatever the bytes are.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use harness::{KEY, Sandbox};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;
use wire::params::{Node, Params};
use wire::{CreatedRange, Request, Response};

use crate::{corpus, world};

/// What a target makes of an input: panics when its invariant is broken, and else says which way it went.
pub(crate) type Judge = Box<dyn FnMut(&[u8]) -> u64>;

/// Something that reads what strangers send.
pub struct Target {
    /// What it is called.
    pub name: &'static str,
    /// Makes it, with a world of its own where it needs one.
    pub(crate) make: fn() -> Judge,
    /// What it starts from.
    pub(crate) corpus: fn() -> Vec<Vec<u8>>,
    /// After how many inputs its world is made again, so that it does not grow.
    pub(crate) worlds_last: u64,
}

/// All targets.
pub fn targets() -> &'static [Target] {
    const fn pure(name: &'static str, make: fn() -> Judge, corpus: fn() -> Vec<Vec<u8>>) -> Target {
        Target { name, make, corpus, worlds_last: u64::MAX }
    }
    const fn asking(name: &'static str, make: fn() -> Judge, corpus: fn() -> Vec<Vec<u8>>) -> Target {
        Target { name, make, corpus, worlds_last: 20_000 }
    }
    const TARGETS: &[Target] = &[
        pure("forms", || Box::new(forms), corpus::forms),
        pure("json", || Box::new(json), corpus::json),
        pure("signatures", || Box::new(signatures), corpus::json),
        asking("authorizations", authorizations, corpus::authorizations),
        asking("urls", urls, corpus::urls),
        asking("expansions", expansions, corpus::expansions),
        asking("filters", filters, corpus::filters),
        asking("paths", paths, corpus::paths),
        asking("requests", requests, corpus::requests),
    ];
    TARGETS
}

/// A target by its name.
pub fn find(name: &str) -> &'static Target {
    targets().iter().find(|target| target.name == name).expect("a target of this name")
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// What is read can be written canonically, the same each time, and read again as JSON.
fn forms(input: &[u8]) -> u64 {
    tree(Params::from_form(input))
}

fn json(input: &[u8]) -> u64 {
    tree(Params::from_json(input))
}

fn tree(params: kernel::Result<Params>) -> u64 {
    let mut params = match params {
        Ok(params) => params,
        Err(error) => {
            assert_eq!(error.http_status(), 400, "{error}");
            return hash((error.code_str(), error.param_str().map(str::len)));
        }
    };
    let canonical = params.canonical();
    let again = Params::from_json(canonical.as_bytes()).expect("what is written canonically can be read");
    assert_eq!(again.canonical(), canonical);
    let names: Vec<String> = params.names().map(str::to_owned).collect();
    let shapes: Vec<u64> = names.iter().filter_map(|name| params.get(name)).map(|node| shape(node, 0)).collect();
    for name in &names {
        let node = params.get(name).cloned();
        let mut other = params.clone();
        let texts = other.take_as::<Vec<String>>(name);
        assert_eq!(params.get(name).cloned(), node);
        if let Err(error) = texts {
            assert_eq!(error.http_status(), 400, "{error}");
        }
        if let Err(error) = params.take_as::<CreatedRange>(name) {
            assert_eq!(error.http_status(), 400, "{error}");
        }
    }
    hash(shapes)
}

fn shape(node: &Node, depth: u64) -> u64 {
    match node {
        Node::Null => 1,
        Node::Bool(_) => 2,
        Node::Number(_) => 3,
        Node::String(text) => 4 + u64::from(text.is_empty()),
        Node::List(items) => hash((depth, items.iter().take(3).map(|item| shape(item, depth + 1)).collect::<Vec<_>>())),
        Node::Hash(members) => {
            hash((6, members.values().take(3).map(|item| shape(item, depth + 1)).collect::<Vec<_>>()))
        }
    }
}

/// A signature is hex of 32 bytes, the same for the same, another one for another body, secret or time.
fn signatures(input: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(input);
    let (secret, body) = text.split_once('"').unwrap_or(("whsec_x", &text));
    let t = i64::try_from(input.len()).unwrap() - 3;
    let header = workers::signature_header(secret, t, body);
    let (time, signature) = header.split_once(",v1=").expect("a header has two parts");
    assert_eq!(time, format!("t={t}"));
    assert!(signature.len() == 64 && signature.bytes().all(|b| b.is_ascii_hexdigit()), "{header}");
    assert_eq!(signature, workers::sign(secret, t, body));
    assert_ne!(signature, workers::sign(secret, t, &format!("{body} ")));
    assert_ne!(signature, workers::sign(secret, t + 1, body));
    assert_ne!(signature, workers::sign(&format!("{secret}x"), t, body));
    HeaderValue::from_str(&header).expect("a header has no control characters");
    hash(input.len() / 16)
}

/// Never a 5xx; every refusal in Stripe's shape; every answer JSON; and no answer shows what is private.
fn check(response: &Response) -> u64 {
    let body: Value = serde_json::from_slice(&response.body).expect("every answer is JSON");
    assert!(response.status < 500, "{} {body}", response.status);
    assert!(response.headers.get("request-id").is_some(), "an answer has its request's id");
    if response.status < 400 {
        assert_eq!(response.status, 200);
        return hash((200, body["object"].as_str(), body.as_object().map(serde_json::Map::len)));
    }
    let error = &body["error"];
    let ty = error["type"].as_str();
    let known = ["api_error", "card_error", "idempotency_error", "invalid_request_error"];
    assert!(ty.is_some_and(|ty| known.contains(&ty)), "{body}");
    let message = error["message"].as_str().unwrap_or_default();
    assert!(!message.is_empty() && message.len() < 20_000, "{} bytes of message", message.len());
    let start: String = message.chars().take_while(|c| !c.is_ascii_digit() && *c != '\'').take(40).collect();
    hash((
        response.status,
        error["code"].as_str(),
        error["param"].as_str().map(|p| p.chars().take(40).collect::<String>()),
        start,
    ))
}

fn ask(sandbox: &Sandbox, method: Method, path: &str, query: &str, body: &[u8]) -> Response {
    let mut request = harness::request(method, "/", &[], &[]);
    (request.path, request.query) = (path.to_owned(), query.to_owned());
    request.body = Bytes::copy_from_slice(body);
    sandbox.raw(request)
}

fn authorizations() -> Judge {
    let sandbox = world::sandbox();
    Box::new(move |input| {
        let Ok(value) = HeaderValue::from_bytes(input) else { return 0 };
        let mut request = harness::request(Method::GET, "/v1/balance", &[], &[]);
        request.headers.insert("authorization", value);
        let response = sandbox.raw(request);
        let text = String::from_utf8_lossy(&response.body);
        assert!(!text.contains(KEY), "a key is never repeated");
        check(&response)
    })
}

/// What a live world accepts is https and no address of a private network, as the standard library sees it.
fn urls() -> Judge {
    let sandbox = world::sandbox();
    Box::new(move |input| {
        let Ok(url) = std::str::from_utf8(input) else { return 0 };
        let form = format!("enabled_events[]=*&url={}", percent(url));
        let response = ask(&sandbox, Method::POST, "/v1/webhook_endpoints", "", form.as_bytes());
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        if let Some(id) = body["id"].as_str() {
            assert_eq!(body["url"], url);
            assert!(url[..4].eq_ignore_ascii_case("http") && !url.contains(['\n', '\r', ' ', '\0']), "{url:?}");
            ask(&sandbox, Method::DELETE, &format!("/v1/webhook_endpoints/{id}"), "", b"");
        }
        let checked = workers::check_url(url, true);
        if checked.is_ok() {
            let rest = url.get("https://".len()..).expect("a live world takes https only");
            assert!(url[..8].eq_ignore_ascii_case("https://"), "{url:?}");
            let authority = rest.split(['/', '?', '#']).next().unwrap();
            let host = authority
                .strip_prefix('[')
                .map_or_else(|| authority.split(':').next().unwrap(), |v6| v6.split(']').next().unwrap());
            assert!(!host.eq_ignore_ascii_case("localhost"), "{url:?}");
            if let Ok(address) = host.parse::<IpAddr>() {
                assert!(is_outside(address), "{url:?}");
            }
        }
        hash((check(&response), checked.map_err(|error| error.message().to_owned()).err()))
    })
}

/// By the standard library's own words for addresses, as far as it has them.
fn is_outside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            !(v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_multicast())
        }
        IpAddr::V6(v6) => {
            let mapped = v6.to_ipv4_mapped().is_none_or(|v4| is_outside(IpAddr::V4(v4)));
            mapped
                && !(v6.is_loopback()
                    || v6.is_unspecified()
                    || v6.is_unique_local()
                    || v6.is_unicast_link_local()
                    || v6.is_multicast())
        }
    }
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

fn expansions() -> Judge {
    let sandbox = world::sandbox();
    Box::new(move |input| {
        let text = String::from_utf8_lossy(input);
        let query: Vec<String> = text.split('\n').map(|path| format!("expand[]={}", percent(path))).collect();
        let query = query.join("&");
        let lists =
            ["charges", "transfers", "balance_transactions", "payment_intents", "refunds", "payouts", "customers"];
        let signatures = lists.map(|list| check(&ask(&sandbox, Method::GET, &format!("/v1/{list}"), &query, b"")));
        hash(signatures)
    })
}

fn filters() -> Judge {
    let sandbox = world::sandbox();
    Box::new(move |input| {
        let text = String::from_utf8_lossy(input);
        let (list, query) = text.split_once('?').unwrap_or(("charges", &text));
        check(&ask(&sandbox, Method::GET, &format!("/v1/{list}"), query, b""))
    })
}

fn paths() -> Judge {
    let sandbox = world::sandbox();
    Box::new(move |input| {
        let path = String::from_utf8_lossy(input);
        let signatures = [Method::GET, Method::POST, Method::DELETE]
            .map(|method| check(&ask(&sandbox, method, &format!("/v1/{path}"), "", b"")));
        hash(signatures)
    })
}

/// A whole request, as whoever has a key may send it: `METHOD path?query`, headers, an empty line, the body. It gets the
/// same answer when it reads and is asked again, and afterwards the books still agree now and then.
fn requests() -> Judge {
    let sandbox = Arc::new(world::sandbox());
    let mut asked = 0_u64;
    Box::new(move |input| {
        let Some(request) = read_request(input) else { return 0 };
        asked += 1;
        if asked.is_multiple_of(2_000) {
            sandbox.audit();
        }
        check(&sandbox.raw(request))
    })
}

fn read_request(input: &[u8]) -> Option<Request> {
    let head_ends = input.windows(2).position(|pair| pair == b"\n\n")?;
    let (head, body) = (std::str::from_utf8(&input[..head_ends]).ok()?, &input[head_ends + 2..]);
    let mut lines = head.split('\n');
    let (method, path) = lines.next()?.split_once(' ')?;
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_str(&format!("Bearer {KEY}")).ok()?);
    for line in lines.take(20) {
        let (name, value) = line.split_once(": ")?;
        headers.insert(HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?);
    }
    Some(Request {
        method: Method::from_bytes(method.as_bytes()).ok()?,
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: Bytes::copy_from_slice(body),
    })
}
