use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::harness::{KEY, Sandbox};

const BEGINNING: i64 = 1_793_620_800;

async fn ask(router: &Router, request: http::request::Builder, body: &str) -> (StatusCode, Value) {
    let response = router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let status = response.status();
    (status, serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_is_shown_and_moved_over_http() {
    let sandbox = Sandbox::new().await;
    let workers = sandbox.work();
    let router = workers.clock_routes(sandbox.api.clone());
    let key = format!("Bearer {KEY}");
    let shown = || Request::get("/kontor/v1/clock").header("authorization", &key);
    let moved = || Request::post("/kontor/v1/clock/advance").header("authorization", &key);

    let (status, clock) = ask(&router, shown(), "").await;
    assert_eq!(status, 200);
    assert_eq!(clock, json!({"object": "kontor.clock", "now": BEGINNING, "offset": 0, "livemode": false}));
    let (_, clock) = ask(&router, moved(), "seconds=60").await;
    assert_eq!(clock["now"], BEGINNING + 60);
    let body = format!(r#"{{"to": {}}}"#, BEGINNING + 120);
    let (_, clock) = ask(&router, moved().header("content-type", "application/json"), &body).await;
    assert_eq!(clock["now"], BEGINNING + 120);
    let (_, clock) = ask(&router, moved(), "to=2026-11-03").await;
    assert_eq!(clock["now"], BEGINNING + 43_200);

    for (body, param) in [
        ("seconds=-5", "seconds"),
        ("to=2026-11-01", "to"),
        ("seconds=999999999", "to"),
        ("to=soon", "to"),
        ("days=1", "days"),
    ] {
        let (status, error) = ask(&router, moved(), body).await;
        assert_eq!((status, &error["error"]["param"]), (StatusCode::BAD_REQUEST, &json!(param)), "{body}");
    }
    let (status, _) = ask(&router, Request::get("/kontor/v1/clock"), "").await;
    assert_eq!(status, 401);
    workers.stop().await;
}

#[tokio::test]
async fn a_moved_clock_is_found_moved_after_a_restart() {
    let kinds = || store::Schema::new(workers::kinds());
    let (engine, settings) = (store::Memory::new(), store::WorldSettings::sandbox("http://127.0.0.1:4242"));
    let open = |offset| {
        let (clock, vault) = (store::Clock::real(offset), store::Vault::new([7; 32]));
        let reader = std::sync::Arc::new(engine.clone());
        let rng = kernel::Rng::seeded(1);
        let world = store::World::open(reader, engine.clone(), kinds(), clock, rng, vault, settings.clone()).unwrap();
        std::sync::Arc::new(world)
    };
    let world = open(0);
    let to = world.now().plus(3 * kernel::DAY);
    workers::advance(&world, &workers::JobHandlers::new(), to).await.unwrap();
    let offset: i64 = world.reader().setting(workers::CLOCK_OFFSET).unwrap().unwrap().parse().unwrap();
    assert!((3 * kernel::DAY * 1_000 - offset).abs() < 10_000, "{offset}");
    assert!(to <= open(offset).now());
}
