//! Two platforms in one world: no request of one, over the whole route table, reveals or changes anything of the other's.
//!
//! The requests come from the route table and its OpenAPI document, so that new routes are covered: every path parameter,
//! every text parameter of queries and forms, cursors, filters, `expand` and `Stripe-Account` are given every kind of id of
//! the stranger's. Three things are held: the answer is the one for an id that does not exist; nothing of the stranger's is
//! in it; afterwards the stranger's documents and balances are byte for byte what they were.

use std::collections::{BTreeMap, BTreeSet};

use harness::{Answer, KEY, Sandbox, answer, request, seller_form};
use http::Method;
use serde_json::Value;

const STRANGERS_KEY: &str = "sk_test_KontorInProcessTests00002";
/// In every text of the stranger's.
const MARK: &str = "Xanthippe";

/// One of the two, and what it has.
struct Party<'a> {
    sandbox: &'a Sandbox,
    key: &'static str,
    platform: String,
    mark: &'static str,
    seller: String,
}

impl<'a> Party<'a> {
    fn new(sandbox: &'a Sandbox, key: &'static str, platform: String, mark: &'static str) -> Party<'a> {
        let mut party = Party { sandbox, key, platform, mark, seller: String::new() };
        party.seller = party.open_seller();
        party.trade();
        party
    }

    fn ask(&self, method: Method, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let bearer = format!("Bearer {}", self.key);
        let headers: Vec<_> = headers.iter().copied().chain([("authorization", bearer.as_str())]).collect();
        answer(&self.sandbox.raw(request(method, path, form, &headers)))
    }

    #[track_caller]
    fn make(&self, path: &str, form: &[(&str, &str)]) -> String {
        self.make_as(&self.platform, path, form)
    }

    #[track_caller]
    fn make_as(&self, account: &str, path: &str, form: &[(&str, &str)]) -> String {
        let made = self.ask(Method::POST, path, form, &[("stripe-account", account)]).ok();
        made["id"].as_str().unwrap().to_owned()
    }

    fn open_seller(&self) -> String {
        let changes = [("business_profile[name]", self.mark), ("individual[first_name]", self.mark)];
        self.make("/v1/accounts", &seller_form(&changes))
    }

    /// At least one object of every kind.
    fn trade(&self) {
        let mark = self.mark;
        let (seller, on) = (self.seller.as_str(), [("automatic_payment_methods[enabled]", "true")]);
        let never = [("automatic_payment_methods[allow_redirects]", "never")];
        let pay = |more: &[(&str, &str)], account: &str| {
            let form = [("amount", "20000"), ("currency", "usd"), ("description", mark)];
            let form = [&form[..], &on[..], &never[..], more].concat();
            self.make_as(account, "/v1/payment_intents", &form)
        };
        for account in [self.platform.as_str(), seller] {
            let customer = self.make_as(account, "/v1/customers", &[("name", mark), ("metadata[who]", mark)]);
            self.make_as(account, "/v1/customers", &[("name", mark), ("source", "tok_visa")]);
            let card = [("type", "card"), ("card[token]", "tok_visa"), ("billing_details[name]", mark)];
            let method = self.make_as(account, "/v1/payment_methods", &card);
            let attach = format!("/v1/payment_methods/{method}/attach");
            self.make_as(account, &attach, &[("customer", &customer)]);
            pay(&[("customer", &customer), ("payment_method", &method)], account);
            let confirm = [("payment_method", "pm_card_bypassPending"), ("confirm", "true")];
            pay(&confirm, account);
            pay(&[("capture_method", "manual"), confirm[0], confirm[1]], account);
            let charge = self.make_as(
                account,
                "/v1/charges",
                &[("amount", "30000"), ("currency", "usd"), ("source", "tok_bypassPending"), ("description", mark)],
            );
            self.make_as(account, "/v1/refunds", &[("charge", &charge), ("amount", "500")]);
            self.make_as(account, "/v1/payouts", &[("amount", "700"), ("currency", "usd"), ("description", mark)]);
            let number = [("card[number]", "4242424242424242"), ("card[exp_month]", "12"), ("card[exp_year]", "2030")];
            self.make_as(account, "/v1/tokens", &number);
            let bank = [("bank_account[country]", "US"), ("bank_account[routing_number]", "110000000")];
            let bank = [&bank[..], &[("bank_account[account_number]", "000123456789")]].concat();
            self.make_as(account, "/v1/tokens", &bank);
            let url = format!("https://example.com/{mark}");
            let hook = [("url", url.as_str()), ("enabled_events[]", "*"), ("description", mark)];
            self.make_as(account, "/v1/webhook_endpoints", &hook);
        }
        let fee = [("application_fee_amount", "900"), ("payment_method", "pm_card_bypassPending"), ("confirm", "true")];
        pay(&fee, seller);
        pay(&[&fee[..], &[("transfer_data[destination]", seller)]].concat(), &self.platform);
        let transfer = [("amount", "1000"), ("currency", "usd"), ("destination", seller), ("description", mark)];
        let transfer = self.make("/v1/transfers", &transfer);
        self.make(&format!("/v1/transfers/{transfer}/reversals"), &[("amount", "100")]);
        let fees = self.ask(Method::GET, "/v1/application_fees", &[], &[]).ok();
        let fee = fees["data"][0]["id"].as_str().unwrap();
        self.make(&format!("/v1/application_fees/{fee}/refunds"), &[("amount", "10")]);
    }

    /// Everything that belongs to it or to its sellers: documents with their private parts, and balances.
    fn belongings(&self) -> Belongings {
        let reader = self.sandbox.world().reader();
        let owners = [self.platform.as_str(), self.seller.as_str()];
        let mut rows = BTreeMap::new();
        for kind in &self.sandbox.world().schema().kinds {
            for row in reader.scan(kind, "", 10_000).unwrap() {
                if owners.contains(&&*row.account) {
                    rows.insert(
                        row.id.to_string(),
                        (row.version, row.data.to_string(), row.private.map(|p| p.to_string())),
                    );
                }
            }
        }
        let balances = owners.iter().map(|owner| reader.balances(owner).unwrap()).collect();
        Belongings { rows, balances }
    }
}

#[derive(PartialEq)]
struct Belongings {
    rows: BTreeMap<String, (i64, String, Option<String>)>,
    balances: Vec<BTreeMap<String, i64>>,
}

impl Belongings {
    /// Ids, two of each prefix: what belongs to the platform and what belongs to its seller.
    fn ids(&self) -> Vec<String> {
        let mut by_prefix: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
        for id in self.rows.keys() {
            by_prefix.entry(id.split('_').next().unwrap()).or_default().push(id);
        }
        let ends = |ids: Vec<&String>| [ids[0].clone(), ids[ids.len() - 1].clone()];
        by_prefix.into_values().flat_map(ends).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// An id of the same form that nothing has.
fn nobodys(id: &str, filler: &str) -> String {
    let (prefix, body) = id.split_once('_').unwrap();
    format!("{prefix}_0{}", filler.repeat(body.len() - 1))
}

/// What may differ between two askings: ids that were just made, and the ids that were sent, now or before.
fn without_ids(answer: &Answer, asked: &str) -> (u16, String) {
    let text = answer.body.to_string();
    let mut out = String::new();
    let is_delimiter = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    for word in text.split_inclusive(is_delimiter) {
        let bare = word.trim_end_matches(is_delimiter);
        let has_body =
            |body: &str| 14 <= body.len() && body.bytes().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        // Messages show the start of what is too long.
        let is_start = 6 < bare.len() && asked.get(..bare.len()).is_some_and(|start| start.eq_ignore_ascii_case(bare));
        let is_id =
            is_start || bare.starts_with("req_") || bare.split_once('_').is_some_and(|(_, body)| has_body(body));
        out.push_str(if is_id { "ID" } else { bare });
        out.push_str(&word[bare.len()..]);
    }
    (answer.status, out)
}

struct Asker<'a> {
    own: &'a Party<'a>,
    strangers: &'a Belongings,
    sent: BTreeSet<String>,
    asked: usize,
}

impl Asker<'_> {
    /// Sends a request that names `id` somewhere, and the same with an id that nobody has.
    fn compare(&mut self, id: &str, send: impl Fn(&str) -> Answer, what: &dyn Fn() -> String) {
        self.asked += 1;
        let (nobodys, another) = (nobodys(id, "z"), nobodys(id, "y"));
        let before = send(&nobodys);
        let got = send(id);
        self.reveals_nothing(id, &got, what);
        let (missing, foreign) = (without_ids(&before, &nobodys), without_ids(&got, id));
        if missing == foreign || (missing.0, foreign.0) == (200, 200) {
            // What is made has its own numbers; that it says nothing of the stranger's was held above.
            return;
        }
        // A request that succeeds changes what the next one meets: what can be set only once is set now.
        let after = without_ids(&send(&another), &another);
        assert_eq!(after, foreign, "{}: {id} answers otherwise than {nobodys}", what());
    }

    fn reveals_nothing(&self, asked: &str, got: &Answer, what: &dyn Fn() -> String) {
        let text = got.body.to_string();
        assert!(!text.contains(MARK), "{}: {asked} reveals {text}", what());
        for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            // The ids that are sent may come back later, as texts that the asker has written.
            let is_news = self.strangers.rows.contains_key(word) && !self.sent.contains(word);
            assert!(!is_news, "{}: {asked} reveals {word}", what());
        }
        assert_ne!(got.status, 500, "{}: {asked}: {text}", what());
    }
}

/// Text parameters of a schema, by their bracketed names; deeper than three names nothing is named by id.
fn texts(components: &Value, schema: &Value, name: &str, depth: usize, into: &mut Vec<String>) {
    let reference = schema["$ref"].as_str().and_then(|r| r.rsplit('/').next());
    let schema = reference.map_or(schema, |name| &components[name]);
    for choice in ["anyOf", "oneOf", "allOf"].iter().filter_map(|c| schema[*c].as_array()).flatten() {
        texts(components, choice, name, depth, into);
    }
    let is = |ty: &str| schema["type"] == ty || schema["type"].as_array().is_some_and(|t| t.contains(&ty.into()));
    if (is("string") && schema["enum"].is_null()) || (schema["type"].is_null() && schema["properties"].is_null()) {
        into.push(name.to_owned());
    }
    if is("array") {
        texts(components, &schema["items"], &format!("{name}[]"), depth, into);
    }
    if schema["additionalProperties"].is_object() {
        into.push(format!("{name}[who]"));
    }
    if depth < 3 {
        for (member, inner) in schema["properties"].as_object().into_iter().flatten() {
            let inner_name = if name.is_empty() { member.clone() } else { format!("{name}[{member}]") };
            texts(components, inner, &inner_name, depth + 1, into);
        }
    }
}

/// What a form must have to get past its own checks, where a route has such.
fn base(route: &str) -> &'static [(&'static str, &'static str)] {
    const PAY: &[(&str, &str)] = &[("amount", "2000"), ("currency", "usd")];
    match route {
        "paymentIntents.create" | "payouts.create" | "transfers.create" => PAY,
        "charges.create" => &[("amount", "2000"), ("currency", "usd"), ("source", "tok_visa")],
        "paymentMethods.create" => &[("type", "card"), ("card[token]", "tok_visa")],
        "webhookEndpoints.create" => &[("url", "https://example.com"), ("enabled_events[]", "*")],
        "accounts.create" => &[("type", "custom"), ("country", "US")],
        "accounts.reject" => &[("reason", "other")],
        _ => &[],
    }
}

fn fill(path: &str, ids: &[&str]) -> String {
    let mut ids = ids.iter();
    let fill =
        |segment: &str| if segment.starts_with('{') { ids.next().unwrap().to_string() } else { segment.to_owned() };
    path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

#[test]
fn no_request_of_one_platform_reveals_or_changes_anything_of_anothers() {
    let sandbox = Sandbox::new(7);
    let second = sandbox.another_platform(STRANGERS_KEY);
    let own = Party::new(&sandbox, KEY, sandbox.platform.clone(), "Own");
    let stranger = Party::new(&sandbox, STRANGERS_KEY, second, MARK);
    let before = stranger.belongings();
    let (foreign, mine) = (before.ids(), own.belongings().ids());
    assert!(25 <= foreign.len(), "the stranger has too little to lose: {foreign:?}");
    let document: Value = serde_json::from_str(sandbox.api.openapi()).unwrap();
    let components = &document["components"]["schemas"];
    let mut asker = Asker { own: &own, strangers: &before, sent: before.ids().into_iter().collect(), asked: 0 };

    for route in sandbox.api.routes() {
        let what = |part: &str| format!("{} {} {part}", route.method.as_str(), route.path);
        let method = Method::from_bytes(route.method.as_str().as_bytes()).unwrap();
        let holes = route.path.matches('{').count();
        // Named in the path: in every place, with what is one's own in the others.
        let reachable = own_id(&own, route.path, &mine);
        for id in foreign.iter().filter(|_| 0 < holes) {
            let form = if method == Method::POST { base(route.id) } else { &[] };
            for hole in 0..holes {
                let send = |id: &str| {
                    let mut ids = vec![reachable.as_str(); holes];
                    ids[hole] = id;
                    own.ask(method.clone(), &fill(route.path, &ids), form, &[])
                };
                asker.compare(id, send, &|| what("by path"));
            }
            let all = |id: &str| own.ask(method.clone(), &fill(route.path, &vec![id; holes]), form, &[]);
            asker.compare(id, all, &|| what("by path, all the same"));
            let as_seller = [("stripe-account", own.seller.as_str())];
            let as_seller = |id: &str| own.ask(method.clone(), &fill(route.path, &vec![id; holes]), form, &as_seller);
            asker.compare(id, as_seller, &|| what("by path, as a seller"));
        }
        // By whose account is acted on.
        for id in [&stranger.platform, &stranger.seller] {
            let path = fill(route.path, &vec![mine[0].as_str(); holes]);
            for header in ["stripe-account", "stripe-context"] {
                let send = |id: &str| own.ask(method.clone(), &path, base(route.id), &[(header, id)]);
                asker.compare(id, send, &|| what(header));
            }
        }
        if method == Method::DELETE {
            continue;
        }
        // In every text parameter.
        let operation = &document["paths"][route.path][route.method.as_str().to_ascii_lowercase()];
        let mut names = Vec::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten().filter(|p| p["in"] == "query") {
            texts(components, &parameter["schema"], parameter["name"].as_str().unwrap(), 0, &mut names);
        }
        let body = &operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"];
        if body.is_object() {
            texts(components, body, "", 0, &mut names);
        }
        names.sort();
        names.dedup();
        let path = fill(route.path, &vec![reachable.as_str(); holes]);
        for (at, name) in names.iter().enumerate() {
            // Whole families of parameters take no ids: of those, some each.
            let every = if name.contains('[') { 23 } else { 2 };
            for id in foreign.iter().skip(at % every).step_by(every) {
                let send = |id: &str| {
                    if method == Method::GET {
                        own.ask(Method::GET, &format!("{path}?{name}={id}"), &[], &[])
                    } else {
                        let kept = base(route.id).iter().filter(|(known, _)| known != name);
                        let form: Vec<_> = kept.copied().chain([(name.as_str(), id)]).collect();
                        own.ask(Method::POST, &path, &form, &[])
                    }
                };
                asker.compare(id, send, &|| what(name));
            }
        }
    }
    assert!(before == stranger.belongings(), "something of the stranger's was changed");
    println!("{} comparisons", asker.asked);
    assert!(10_000 < asker.asked, "only {} comparisons were made", asker.asked);
    sandbox.audit();
}

/// What of one's own the first parameter of the path finds, or anything.
fn own_id(own: &Party<'_>, path: &str, mine: &[String]) -> String {
    let Some(first) = path.split('/').position(|segment| segment.starts_with('{')) else { return mine[0].clone() };
    let parent = path.split('/').take(first + 1).collect::<Vec<_>>().join("/");
    let found = mine.iter().find(|id| own.ask(Method::GET, &fill(&parent, &[id]), &[], &[]).status == 200);
    found.unwrap_or(&mine[0]).clone()
}

#[test]
fn what_a_platform_writes_into_its_own_texts_is_never_looked_up() {
    let sandbox = Sandbox::new(7);
    let second = sandbox.another_platform(STRANGERS_KEY);
    let own = Party::new(&sandbox, KEY, sandbox.platform.clone(), "Own");
    let stranger = Party::new(&sandbox, STRANGERS_KEY, second, MARK);
    let belongings = stranger.belongings();
    let hash = wire::hash_key(STRANGERS_KEY);
    let asker = Asker { own: &own, strangers: &belongings, sent: belongings.ids().into_iter().collect(), asked: 0 };
    for id in belongings.ids().iter().chain([&hash]) {
        let form = [
            ("description", id.as_str()),
            ("name", id),
            ("metadata[customer]", id),
            ("metadata[object]", "charge"),
            ("metadata[destination]", id),
        ];
        let customer = asker.own.make("/v1/customers", &form);
        for path in ["description", "name", "metadata.customer", "metadata.destination", "metadata"] {
            for url in
                [format!("/v1/customers/{customer}?expand[]={path}"), format!("/v1/customers?expand[]=data.{path}")]
            {
                let got = own.ask(Method::GET, &url, &[], &[]);
                asker.reveals_nothing(id, &got, &|| url.clone());
                assert_eq!(got.status, 400, "{url}: {:#}", got.body);
            }
        }
    }
}

/// The account is read on the way to its bank accounts; what was read was once taken for a bank account.
#[test]
fn an_id_of_another_kind_is_missing() {
    let sandbox = Sandbox::new(7);
    let seller = sandbox.seller(&[]);
    for path in ["external_accounts", "bank_accounts", "persons"] {
        let path = format!("/v1/accounts/{seller}/{path}/{seller}");
        for answer in [sandbox.get(&path), sandbox.post(&path, &[]), sandbox.delete(&path)] {
            assert_eq!(answer.refused(404)["code"], "resource_missing", "{path}");
        }
    }
}
