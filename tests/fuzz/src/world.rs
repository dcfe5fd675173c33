//! A world with something of everything in it, made the same each time, and requests over its whole route table.

use std::collections::BTreeSet;

use harness::{Sandbox, seller_form};

/// The seed of every world here.
const SEED: u64 = 7;

/// A sandbox with a seller, payments of most kinds, and what comes of them.
pub(crate) fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new(SEED);
    let seller = sandbox.post("/v1/accounts", &seller_form(&[])).ok();
    let seller = seller["id"].as_str().unwrap().to_owned();
    let customer = sandbox.post("/v1/customers", &[("email", "a@example.com"), ("metadata[order]", "6735")]).ok();
    let customer = customer["id"].as_str().unwrap();
    let automatic =
        [("automatic_payment_methods[enabled]", "true"), ("automatic_payment_methods[allow_redirects]", "never")];
    let pay = |more: &[(&str, &str)]| {
        let form = [&[("amount", "20000"), ("currency", "usd")][..], &automatic, more].concat();
        sandbox.post("/v1/payment_intents", &form).ok()
    };
    let now = [("payment_method", "pm_card_bypassPending"), ("confirm", "true")];
    pay(&[("customer", customer)]);
    pay(&[("capture_method", "manual"), now[0], now[1]]);
    let routed = [("transfer_data[destination]", seller.as_str()), ("application_fee_amount", "900")];
    let paid = pay(&[&routed[..], &now].concat());
    let plain = pay(&now);
    sandbox.post("/v1/refunds", &[("charge", plain["latest_charge"].as_str().unwrap()), ("amount", "500")]).ok();
    sandbox.post("/v1/refunds", &[("charge", paid["latest_charge"].as_str().unwrap()), ("amount", "500")]).ok();
    let transfer = [("amount", "1000"), ("currency", "usd"), ("destination", seller.as_str())];
    let transfer = sandbox.post("/v1/transfers", &transfer).ok();
    let path = format!("/v1/transfers/{}/reversals", transfer["id"].as_str().unwrap());
    sandbox.post(&path, &[("amount", "100")]).ok();
    sandbox.post("/v1/payouts", &[("amount", "700"), ("currency", "usd")]).ok();
    sandbox.post("/v1/webhook_endpoints", &[("url", "https://example.com"), ("enabled_events[]", "*")]).ok();
    sandbox
}

/// Ids of what is in the world, two of each kind.
pub(crate) fn names() -> Vec<Vec<u8>> {
    let sandbox = sandbox();
    let world = sandbox.world();
    let rows = world.schema().kinds.iter().flat_map(|kind| world.reader().scan(kind, "", 2).unwrap());
    rows.map(|row| row.id.as_bytes().to_vec()).collect()
}

/// A request of each route, with ids and parameters that it may know.
pub(crate) fn requests() -> Vec<Vec<u8>> {
    let sandbox = sandbox();
    let ids: Vec<String> = names().into_iter().map(|id| String::from_utf8(id).unwrap()).collect();
    let mut requests = BTreeSet::new();
    for route in sandbox.api.routes() {
        let mut path = Vec::new();
        for segment in route.path.split('/') {
            let name = segment.trim_matches(['{', '}']);
            let fits = |id: &&String| world_knows(&sandbox, id, name, route.path);
            let id = ids.iter().find(fits).or(ids.first()).unwrap();
            path.push(if segment.starts_with('{') { id.as_str() } else { segment });
        }
        let body = match route.id {
            "paymentIntents.create" => "amount=2000&currency=usd&payment_method=pm_card_visa&confirm=true",
            "charges.create" => "amount=2000&currency=usd&source=tok_visa",
            "accounts.create" => "type=custom&country=US&business_type=individual&individual[dob][day]=1",
            "transfers.create" => "amount=100&currency=usd&destination=acct_1",
            "payouts.create" => "amount=100&currency=usd",
            "tokens.create" => "card[number]=4242424242424242&card[exp_month]=12&card[exp_year]=2030",
            _ => "metadata[a]=b&amount=1",
        };
        let body = if route.method == wire::Method::Post { body } else { "" };
        let method = route.method.as_str();
        requests.insert(format!("{method} {}\n\n{body}", path.join("/")));
        requests.insert(format!("{method} {}?expand[]=data\nidempotency-key: a\n\n{body}", path.join("/")));
    }
    requests.into_iter().map(String::into_bytes).collect()
}

/// Whether an object with this id is one that the route's parameter means, by the resource before it.
fn world_knows(sandbox: &Sandbox, id: &str, parameter: &str, path: &str) -> bool {
    let Some(kind) = sandbox.world().schema().kind_of(id) else { return false };
    kind.object == parameter || path.contains(&format!("/{}s/{{{parameter}}}", kind.object))
}
