//! The endpoints, in bytes.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::stage::*;

const KEY: &str = "sk_test_0123456789abcdef";

struct Wire {
    api: wire::Api,
    runtime: tokio::runtime::Runtime,
}

impl Wire {
    fn new(stage: &Stage) -> Wire {
        stage
            .run(&stage.platform(), |tx| wire::create_key(tx, &stage.platform, wire::KeyKind::Secret, KEY, None))
            .unwrap();
        let builder = wire::ApiBuilder::default().routes(crate::routes()).expanders(crate::expanders());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Wire { api: builder.build(Arc::clone(&stage.world)), runtime }
    }

    fn ask(&self, method: &str, path: &str, form: &str) -> (u16, Json) {
        let mut headers = http::HeaderMap::new();
        headers.insert("authorization", format!("Bearer {KEY}").parse().unwrap());
        headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
        let (query, body) = if method == "GET" { (form, "") } else { ("", form) };
        let request = wire::Request {
            method: method.parse().unwrap(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: bytes::Bytes::copy_from_slice(body.as_bytes()),
        };
        let response = self.runtime.block_on(self.api.handle(request));
        (response.status, serde_json::from_slice(&response.body).unwrap())
    }

    fn ok(&self, method: &str, path: &str, form: &str) -> Json {
        let (status, answer) = self.ask(method, path, form);
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    fn ids(&self, path: &str, form: &str) -> Vec<String> {
        let list = self.ok("GET", path, form);
        list["data"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn charges_are_listed_by_their_filters_changed_and_expanded() {
    on_every_engine(|stage| {
        let wire = Wire::new(stage);
        let [one, two] = ["one", "two"].map(|group| {
            let order = crate::charges::ChargeOrder { transfer_group: Some(group.into()), ..order(1_000) };
            stage.charge(&stage.platform(), &order).id
        });
        assert_eq!(sorted(wire.ids("/v1/charges", "")), sorted(vec![two.clone(), one.clone()]));
        assert_eq!(wire.ids("/v1/charges", "transfer_group=one"), [one.as_str()]);
        assert_eq!(wire.ids("/v1/charges", "customer=cus_1"), [""; 0]);
        let path = format!("/v1/charges/{one}");
        let changed = wire.ok("POST", &path, "description=Order+7&metadata[a]=1&fraud_details[user_report]=safe");
        assert_eq!(changed["fraud_details"], json!({ "user_report": "safe" }));
        let refund = wire.ok("POST", "/v1/refunds", &format!("charge={one}&amount=300&reason=duplicate"));
        let shown = wire.ok("GET", &path, "expand[]=refunds&expand[]=balance_transaction");
        assert_eq!(shown["refunds"]["data"][0]["id"], refund["id"]);
        assert_eq!(shown["balance_transaction"]["net"], 941);
        assert_eq!(wire.ids(&format!("{path}/refunds"), "").len(), 1);
        let (status, error) = wire.ask("GET", "/v1/charges/ch_none", "");
        assert_eq!((status, &error["error"]["code"]), (404, &json!("resource_missing")));
        stage.audit();
    });
}

#[test]
fn refunds_are_listed_changed_and_not_cancelled() {
    on_every_engine(|stage| {
        let wire = Wire::new(stage);
        let charge = stage.charge(&stage.platform(), &order(1_000)).id;
        let refund = wire.ok("POST", &format!("/v1/charges/{charge}/refunds"), "amount=300");
        let id = refund["id"].as_str().unwrap();
        assert_eq!((&refund["status"], &refund["currency"]), (&json!("succeeded"), &json!("usd")));
        assert!(refund.get("failure_reason").is_none() && refund.get("pending_reason").is_none());
        assert_eq!(wire.ids("/v1/refunds", &format!("charge={charge}")), [id]);
        let changed = wire.ok("POST", &format!("/v1/refunds/{id}"), "metadata[a]=1");
        assert_eq!(changed["metadata"], json!({ "a": "1" }));
        let (status, error) = wire.ask("POST", &format!("/v1/refunds/{id}/cancel"), "");
        assert_eq!((status, &error["error"]["param"]), (400, &json!("refund")));
        let (status, error) = wire.ask("POST", "/v1/refunds", &format!("charge={charge}&reason=boredom"));
        assert_eq!((status, &error["error"]["param"]), (400, &json!("reason")));
    });
}

#[test]
fn transfers_and_their_reversals_are_listed_and_changed() {
    on_every_engine(|stage| {
        let wire = Wire::new(stage);
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        stage.fund(10_000);
        let form = format!("amount=4000&currency=usd&destination={seller}&metadata[a]=1&transfer_group=g");
        let transfer = wire.ok("POST", "/v1/transfers", &form);
        let path = format!("/v1/transfers/{}", transfer["id"].as_str().unwrap());
        assert_eq!(
            transfer["reversals"],
            json!({
                "object": "list", "data": [], "has_more": false, "url": format!("{path}/reversals"), "total_count": 0,
            })
        );
        assert_eq!(wire.ids("/v1/transfers", &format!("destination={seller}&transfer_group=g")).len(), 1);
        let reversal = wire.ok("POST", &format!("{path}/reversals"), "amount=1000");
        let one = format!("{path}/reversals/{}", reversal["id"].as_str().unwrap());
        wire.ok("POST", &one, "metadata[why]=wrong");
        assert_eq!(wire.ok("GET", &one, "")["metadata"], json!({ "why": "wrong" }));
        let shown = wire.ok("GET", &path, "expand[]=destination_payment");
        assert_eq!(shown["reversals"]["data"][0]["metadata"], json!({ "why": "wrong" }));
        assert_eq!(shown["destination_payment"]["amount_refunded"], 1_000);
        assert_eq!(wire.ids(&format!("{path}/reversals"), "").len(), 1);
        let changed = wire.ok("POST", &path, "description=Rent&metadata[a]=");
        assert_eq!((&changed["description"], &changed["metadata"]), (&json!("Rent"), &json!({})));
        assert_eq!(stage.events(&stage.platform).last().map(String::as_str), Some("transfer.updated"));
        stage.audit();
    });
}

#[test]
fn application_fees_are_listed_and_given_back() {
    on_every_engine(|stage| {
        let wire = Wire::new(stage);
        let seller = stage.seller(Seller::LIABLE_PLATFORM);
        let charge = stage.charge(&stage.on(&seller), &with_fee(1_000, 123));
        let id = charge.application_fee.unwrap();
        assert_eq!(wire.ids("/v1/application_fees", &format!("charge={}", charge.id)), [id.as_str()]);
        let path = format!("/v1/application_fees/{id}");
        let refund = wire.ok("POST", &format!("{path}/refunds"), "amount=23&metadata[a]=1");
        let one = format!("{path}/refunds/{}", refund["id"].as_str().unwrap());
        assert_eq!(wire.ok("POST", &one, "metadata[b]=2")["metadata"], json!({ "a": "1", "b": "2" }));
        assert_eq!(wire.ok("GET", &one, "")["fee"], json!(id));
        let fee = wire.ok("POST", &format!("{path}/refund"), "");
        assert_eq!((&fee["amount_refunded"], &fee["refunded"]), (&json!(123), &json!(true)));
        assert_eq!(wire.ids(&format!("{path}/refunds"), "").len(), 2);
        stage.audit();
    });
}

#[test]
fn balance_transactions_are_listed_by_their_filters() {
    on_every_engine(|stage| {
        let wire = Wire::new(stage);
        let charge = stage.charge(&stage.platform(), &order(1_000));
        stage.refund(&stage.platform(), &refund_of(&charge, Some(300)));
        let row = charge.balance_transaction.unwrap();
        assert_eq!(wire.ids("/v1/balance_transactions", "").len(), 2);
        assert_eq!(wire.ids("/v1/balance_transactions", "type=charge&currency=usd"), [row.as_str()]);
        assert_eq!(wire.ids("/v1/balance/history", &format!("source={}", charge.id)), [row.as_str()]);
        let (status, error) = wire.ask("GET", "/v1/balance_transactions", "payout=po_none");
        assert_eq!((status, &error["error"]["param"]), (404, &json!("payout")));
        let path = format!("/v1/balance_transactions/{row}");
        assert_eq!(wire.ok("GET", &path, "")["status"], "pending");
        stage.mature();
        let shown = wire.ok("GET", &path, "expand[]=source");
        assert_eq!((&shown["status"], &shown["source"]["id"]), (&json!("available"), &json!(charge.id)));
    });
}
