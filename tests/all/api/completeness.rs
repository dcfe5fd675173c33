//! Every route is described, guarded, and named like Stripe's own.

use std::collections::BTreeSet;

use harness::Sandbox;
use http::Method;
use wire::Access;

#[test]
fn every_route_refuses_a_request_without_a_key() {
    let sandbox = Sandbox::new(7);
    for route in sandbox.api.routes() {
        let method = Method::from_bytes(route.method.as_str().as_bytes()).unwrap();
        let path = route.path.replace(['{', '}'], "");
        let answer = sandbox.send(method, &path, &[], &[("authorization", "Bearer sk_test_unknown")]);
        assert_eq!(answer.status, 401, "{} {}", route.method.as_str(), route.path);
    }
}

#[test]
fn only_these_routes_are_open_to_browsers() {
    let sandbox = Sandbox::new(7);
    let open: BTreeSet<&str> = sandbox.api.routes().filter(|r| r.access == Access::Publishable).map(|r| r.id).collect();
    for id in &open {
        let known = ["paymentIntents.", "paymentMethods.create", "tokens."];
        assert!(
            known.iter().any(|prefix| id.starts_with(prefix)),
            "{id} is open to publishable keys: is it meant to be?"
        );
    }
}

#[test]
fn every_route_is_in_the_openapi_document_once() {
    let sandbox = Sandbox::new(7);
    let document: serde_json::Value = serde_json::from_str(sandbox.api.openapi()).unwrap();
    let mut ids = BTreeSet::new();
    for route in sandbox.api.routes() {
        let operation = &document["paths"][route.path][route.method.as_str().to_ascii_lowercase()];
        assert_eq!(operation["operationId"], route.id, "{}", route.path);
        assert!(ids.insert(route.id), "{} is there twice", route.id);
    }
}

#[test]
fn an_unknown_object_is_missing_on_every_route_that_names_one() {
    let sandbox = Sandbox::new(7);
    for route in sandbox.api.routes().filter(|route| route.path.contains('{')) {
        let method = Method::from_bytes(route.method.as_str().as_bytes()).unwrap();
        let path = route.path.replace(['{', '}'], "");
        let answer = sandbox.send(method, &path, &[], &[]);
        assert!(
            (400..500).contains(&answer.status),
            "{} {} answered {}: {:#}",
            route.method.as_str(),
            route.path,
            answer.status,
            answer.body
        );
    }
}
