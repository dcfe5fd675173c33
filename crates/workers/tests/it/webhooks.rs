use serde_json::json;
use sha2::{Digest, Sha256};

use crate::harness::{PLATFORM, Receiver, SELLER, Sandbox, dead_receiver, emit, eventually};

/// HMAC-SHA256 as RFC 2104 has it, apart from the code that is tested.
fn hmac(key: &str, message: &str) -> String {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key.as_bytes());
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    hex::encode(Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_delivered_signed() {
    let sandbox = Sandbox::new().await;
    let receiver = Receiver::start().await;
    let (endpoint, secret) = sandbox.endpoint(&format!("url={}&enabled_events[]=charge.succeeded", receiver.url)).await;
    let workers = sandbox.work();
    let event = sandbox.emit(PLATFORM, "charge.succeeded").await;

    let got = receiver.wait_for(1).await.remove(0);
    let body = got.event();
    assert_eq!((&body["id"], &body["type"]), (&json!(event), &json!("charge.succeeded")));
    assert_eq!(body["pending_webhooks"], 1);
    assert_eq!(got.header("content-type"), "application/json; charset=utf-8");
    assert!(got.header("user-agent").starts_with("Kontor/"));

    let signature = got.header("stripe-signature");
    let (t, v1) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    assert_eq!(v1, hmac(&secret, &format!("{t}.{}", got.body)));
    assert!(sandbox.world.now().0 <= t.parse().unwrap());

    eventually(|| (sandbox.delivery(&event, &endpoint)?["status"] == "succeeded").then_some(())).await;
    assert_eq!(sandbox.get(&format!("/v1/events/{event}")).await.ok()["pending_webhooks"], 0);
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_delivery_is_tried_again_when_the_clock_moves() {
    let sandbox = Sandbox::new().await;
    let receiver = Receiver::start().await;
    // A redirect is a failure, too, and is not followed.
    receiver.will_answer([500, 302]);
    let (endpoint, _) = sandbox.endpoint(&format!("url={}&enabled_events[]=*", receiver.url)).await;
    let workers = sandbox.work();
    let event = sandbox.emit(PLATFORM, "charge.succeeded").await;
    let attempts = async |n| eventually(|| (attempts(&sandbox, &event, &endpoint) == n).then_some(())).await;

    receiver.wait_for(1).await;
    attempts(1).await;
    assert_eq!(sandbox.get(&format!("/v1/events/{event}")).await.ok()["pending_webhooks"], 1);
    sandbox.advance(5 * 60);
    receiver.wait_for(2).await;
    attempts(2).await;
    assert_eq!(sandbox.delivery(&event, &endpoint).unwrap()["last_status"], 302);
    sandbox.advance(30 * 60);
    let got = receiver.wait_for(3).await;
    attempts(3).await;
    assert_eq!(sandbox.delivery(&event, &endpoint).unwrap()["status"], "succeeded");
    assert!(got.iter().all(|got| got.event()["id"] == event.as_str()));
    workers.stop().await;
    assert_eq!(receiver.got().len(), 3);
}

fn attempts(sandbox: &Sandbox, event: &str, endpoint: &str) -> i64 {
    sandbox.delivery(event, endpoint).map_or(0, |delivery| delivery["attempts"].as_i64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_given_up_after_the_last_retry() {
    let sandbox = Sandbox::new().await;
    let receiver = Receiver::start().await;
    receiver.will_answer([500; 10]);
    let (endpoint, _) = sandbox.endpoint(&format!("url={}&enabled_events[]=*", receiver.url)).await;
    let workers = sandbox.work();
    let event = sandbox.emit(PLATFORM, "charge.succeeded").await;
    for n in 1..=4 {
        eventually(|| (attempts(&sandbox, &event, &endpoint) == n).then_some(())).await;
        sandbox.advance(2 * 3_600);
    }
    let delivery = sandbox.delivery(&event, &endpoint).unwrap();
    assert_eq!((&delivery["status"], delivery.get("due")), (&json!("failed"), None));
    assert_eq!(sandbox.get("/v1/events?delivery_success=false").await.ok()["data"][0]["id"], event.as_str());
    workers.stop().await;
    assert_eq!(receiver.got().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_endpoint_does_not_delay_another() {
    let sandbox = Sandbox::new().await;
    let receiver = Receiver::start().await;
    let (dead, held) = dead_receiver().await;
    for url in [&dead, &receiver.url] {
        sandbox.endpoint(&format!("url={url}&enabled_events[]=*")).await;
    }
    let workers = sandbox.work();
    for _ in 0..20 {
        sandbox.run(|tx| (0..50).try_for_each(|_| emit(tx, PLATFORM, "charge.succeeded"))).await;
    }
    // The dead one takes ten seconds for each of the few that are under way to it.
    receiver.wait_for(1_000).await;
    held.abort();
    drop(workers);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_beyond_what_memory_holds_is_delivered_whole_and_once() {
    let sandbox = Sandbox::new().await;
    let receiver = Receiver::start().await;
    sandbox.endpoint(&format!("url={}&enabled_events[]=*", receiver.url)).await;
    for _ in 0..6 {
        sandbox.run(|tx| (0..500).try_for_each(|_| emit(tx, PLATFORM, "charge.succeeded"))).await;
    }
    let workers = sandbox.work();
    receiver.wait_for(3_000).await;
    workers.stop().await;
    assert_eq!(receiver.got().len(), 3_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_disabled_endpoint_is_sent_when_it_is_enabled_again() {
    let sandbox = Sandbox::new().await;
    let receiver = Receiver::start().await;
    let (endpoint, _) = sandbox.endpoint(&format!("url={}&enabled_events[]=*", receiver.url)).await;
    let event = sandbox.emit(PLATFORM, "charge.succeeded").await;
    let path = format!("/v1/webhook_endpoints/{endpoint}");
    // As if a process had put the delivery off and died.
    let workers = sandbox.work();
    receiver.wait_for(1).await;
    workers.stop().await;
    sandbox.post(&path, "disabled=true").await.ok();
    let put_off = |tx: &mut store::Tx| {
        let id = sandbox.delivery(&event, &endpoint).unwrap()["id"].as_str().unwrap().to_owned();
        let mut delivery = tx.find::<workers::Delivery>(&id)?.unwrap();
        (delivery.status, delivery.waiting) = (workers::DeliveryStatus::Pending, true);
        tx.put(&delivery)
    };
    sandbox.run(put_off).await;
    let workers = sandbox.work();
    sandbox.post(&path, "disabled=false").await.ok();
    receiver.wait_for(2).await;
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connected_accounts_events_go_to_connect_endpoints_of_their_platform_and_to_their_own() {
    let sandbox = Sandbox::new().await;
    let (own, connect, sellers) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
    sandbox.endpoint(&format!("url={}&enabled_events[]=*", own.url)).await;
    let made =
        sandbox.post("/v1/webhook_endpoints", &format!("url={}&enabled_events[]=*&connect=true", connect.url)).await;
    assert!(made.ok()["application"].as_str().unwrap().starts_with("ca_"));
    let form = format!("url={}&enabled_events[]=*", sellers.url);
    sandbox.send(http::Method::POST, "/v1/webhook_endpoints", &form, Some(SELLER)).await.ok();
    let workers = sandbox.work();

    let of_platform = sandbox.emit(PLATFORM, "transfer.created").await;
    let of_seller = sandbox.emit(SELLER, "payout.paid").await;
    let ids = |receiver: &Receiver| -> Vec<String> {
        receiver.got().iter().map(|got| got.event()["id"].as_str().unwrap().to_owned()).collect()
    };
    own.wait_for(1).await;
    assert_eq!(sellers.wait_for(1).await[0].event().get("account"), None);
    let heard = connect.wait_for(1).await[0].event();
    assert_eq!((&heard["account"], &heard["pending_webhooks"]), (&json!(SELLER), &json!(2)));
    workers.stop().await;
    assert_eq!(ids(&own), [of_platform]);
    assert_eq!(ids(&connect), ids(&sellers));
    assert_eq!(ids(&sellers), [of_seller]);
}

#[tokio::test(flavor = "multi_thread")]
async fn disabled_deleted_and_uninterested_endpoints_get_nothing() {
    let sandbox = Sandbox::new().await;
    let (heard, silent) = (Receiver::start().await, Receiver::start().await);
    let (disabled, _) = sandbox.endpoint(&format!("url={}&enabled_events[]=*", silent.url)).await;
    let (deleted, _) = sandbox.endpoint(&format!("url={}&enabled_events[]=*", silent.url)).await;
    sandbox.endpoint(&format!("url={}&enabled_events[]=payout.paid", silent.url)).await;
    let workers = sandbox.work();
    sandbox.post(&format!("/v1/webhook_endpoints/{disabled}"), "disabled=true").await.ok();
    sandbox.send(http::Method::DELETE, &format!("/v1/webhook_endpoints/{deleted}"), "", None).await.ok();
    sandbox.endpoint(&format!("url={}&enabled_events[]=charge.succeeded", heard.url)).await;
    sandbox.emit(PLATFORM, "charge.succeeded").await;
    assert_eq!(heard.wait_for(1).await[0].event()["pending_webhooks"], 1);
    workers.stop().await;
    assert_eq!(silent.got().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_waits_for_an_endpoint_that_is_disabled_meanwhile_no_longer() {
    let sandbox = Sandbox::new().await;
    let receiver = Receiver::start().await;
    receiver.will_answer([500]);
    let (endpoint, _) = sandbox.endpoint(&format!("url={}&enabled_events[]=*", receiver.url)).await;
    let workers = sandbox.work();
    let event = sandbox.emit(PLATFORM, "charge.succeeded").await;
    eventually(|| (attempts(&sandbox, &event, &endpoint) == 1).then_some(())).await;
    sandbox.post(&format!("/v1/webhook_endpoints/{endpoint}"), "disabled=true").await.ok();
    sandbox.advance(300);
    eventually(|| (sandbox.delivery(&event, &endpoint)?["status"] == "failed").then_some(())).await;
    workers.stop().await;
    assert_eq!(receiver.got().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_can_be_sent_again_to_an_endpoint_that_had_it() {
    let sandbox = Sandbox::new().await;
    let (one, other) = (Receiver::start().await, Receiver::start().await);
    let (first, _) = sandbox.endpoint(&format!("url={}&enabled_events[]=*", one.url)).await;
    sandbox.endpoint(&format!("url={}&enabled_events[]=*", other.url)).await;
    let workers = sandbox.work();
    let event = sandbox.emit(PLATFORM, "charge.succeeded").await;
    other.wait_for(1).await;
    eventually(|| (sandbox.delivery(&event, &first)?["status"] == "succeeded").then_some(())).await;
    let again = sandbox.post(&format!("/v1/events/{event}/retry"), &format!("webhook_endpoint={first}")).await.ok();
    assert_eq!(again["id"], event.as_str());
    one.wait_for(2).await;
    let path = format!("/v1/events/{event}/retry");
    sandbox.post(&path, "for_stripecli=true").await.ok();
    sandbox.post(&path, "webhook_endpoint=we_none").await.refused(404);
    sandbox.post("/v1/events/evt_none/retry", "").await.refused(404);
    workers.stop().await;
    assert_eq!((one.got().len(), other.got().len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_deliver_each_event_once() {
    let sandbox = Sandbox::new().await;
    let receiver = Receiver::start().await;
    sandbox.endpoint(&format!("url={}&enabled_events[]=*", receiver.url)).await;
    let (one, other) = (sandbox.work(), sandbox.work());
    for _ in 0..20 {
        sandbox.run(|tx| (0..5).try_for_each(|_| emit(tx, PLATFORM, "charge.succeeded"))).await;
    }
    receiver.wait_for(100).await;
    one.stop().await;
    other.stop().await;
    let mut ids: Vec<_> = receiver.got().iter().map(|got| got.event()["id"].to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), receiver.got().len()), (100, 100));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_sent_before_a_stop_is_sent_after_the_next_start() {
    let sandbox = Sandbox::new().await;
    let receiver = Receiver::start().await;
    sandbox.endpoint(&format!("url={}&enabled_events[]=*", receiver.url)).await;
    let workers = sandbox.work();
    for _ in 0..100 {
        sandbox.run(|tx| emit(tx, PLATFORM, "charge.succeeded")).await;
    }
    workers.stop().await;
    let workers = sandbox.work();
    receiver.wait_for(100).await;
    workers.stop().await;
    assert_eq!(receiver.got().len(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_endpoints_events_are_dispatched_to_nobody() {
    let sandbox = Sandbox::new().await;
    let workers = sandbox.work();
    let event = sandbox.emit(PLATFORM, "charge.succeeded").await;
    eventually(|| sandbox.world.reader().undispatched(1).unwrap().is_empty().then_some(())).await;
    // An endpoint that is made later does not hear of what was before.
    let receiver = Receiver::start().await;
    let (endpoint, _) = sandbox.endpoint(&format!("url={}&enabled_events[]=*", receiver.url)).await;
    sandbox.emit(PLATFORM, "payout.paid").await;
    assert_eq!(receiver.wait_for(1).await[0].event()["type"], "payout.paid");
    assert_eq!(sandbox.delivery(&event, &endpoint), None);
    workers.stop().await;
}
