//! `GET /v1/balance`, and the connect reserve of money.md 5.6 and 8.3.

use super::*;

fn amounts(shown: &Json) -> Vec<(String, i64)> {
    let list = shown.as_array().unwrap();
    list.iter().map(|a| (a["currency"].as_str().unwrap().to_owned(), a["amount"].as_i64().unwrap())).collect()
}

fn usd(amount: i64) -> Vec<(String, i64)> {
    vec![("usd".into(), amount)]
}

#[test]
fn a_fresh_account_shows_its_currency_with_zero() {
    let shop = Shop::new(PayoutInterval::Manual, WORKS);
    let (_, platform) = shop.call(&shop.platform, "GET", "/v1/balance", "");
    let nothing = json!({ "amount": 0, "currency": "usd", "source_types": { "card": 0 } });
    assert_eq!(
        platform,
        json!({
            "object": "balance", "available": [nothing], "connect_reserved": [{ "amount": 0, "currency": "usd" }],
            "instant_available": [nothing], "livemode": false, "pending": [nothing],
        })
    );
    let seller: Json = shop.ok("GET", "/v1/balance", "");
    assert!(seller.get("connect_reserved").is_none());
}

#[test]
fn money_is_pending_until_its_day_and_then_available_with_an_event() {
    let shop = Shop::new(PayoutInterval::Manual, WORKS);
    shop.earn(&shop.seller, 818, Some("2026-11-04"));
    shop.earn(&shop.seller, 82, Some("2026-11-05"));
    let before: Json = shop.ok("GET", "/v1/balance", "");
    assert_eq!((amounts(&before["available"]), amounts(&before["pending"])), (usd(0), usd(900)));
    shop.advance_to("2026-11-04T00:00:00Z");
    let after: Json = shop.ok("GET", "/v1/balance", "");
    assert_eq!((amounts(&after["available"]), amounts(&after["pending"])), (usd(818), usd(82)));
    let events = shop.as_("", |tx| tx.find_all::<Event>(Some(&shop.seller), &[], 10)).unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0].kind.as_str(), events[0].shown().account.as_deref()),
        ("balance.available", Some(shop.seller.as_str()))
    );
    assert_eq!(Json::Object(events[0].data.object.clone()), after);
}

#[test]
fn what_could_be_paid_within_minutes_is_expanded_for_connected_accounts_only() {
    let shop = Shop::new(PayoutInterval::Manual, WORKS);
    shop.earn(&shop.seller, 500, None);
    let expanded: Json = shop.ok("GET", "/v1/balance", "expand[]=instant_available.net_available");
    let net = &expanded["instant_available"][0]["net_available"][0];
    assert_eq!((&net["amount"], &net["source_types"]["card"]), (&json!(500), &json!(500)));
    assert!(net["destination"].as_str().unwrap().starts_with("ba_"));
    let (status, error) = shop.call(&shop.platform, "GET", "/v1/balance", "expand[]=instant_available.net_available");
    assert_eq!((status, &error["error"]["param"]), (400, &json!("expand")));
}

#[test]
fn a_platform_keeps_what_a_connected_account_owes_and_gets_it_back() {
    // Scenario S7 of money.md 17, with the platform's own fee left out.
    let shop = Shop::new(PayoutInterval::Manual, WORKS);
    shop.earn(&shop.platform, 20_000, None);
    shop.lose(&shop.seller, 6_500);
    shop.settle_down();
    assert_eq!((shop.available(&shop.seller), shop.available(&shop.platform)), (-6_500, 13_500));
    let (_, balance) = shop.call(&shop.platform, "GET", "/v1/balance", "");
    assert_eq!(amounts(&balance["connect_reserved"]), usd(6_500));
    let last = shop.rows(&shop.platform).pop().unwrap();
    assert_eq!(last, ("reserve_transaction".into(), -6_500, -6_500, "connect_reserved_funds".into()));

    shop.as_(&shop.platform, |tx| {
        let (sent, landed) = (tx.id("txn"), tx.id("txn"));
        let (from, to) = (LedgerAccount::available(&shop.platform, USD), LedgerAccount::available(&shop.seller, USD));
        tx.post(Posting::new(Code::Transfer, from, to, 10_000).debit_shown_by(&sent).credit_shown_by(&landed))?;
        Entry::new(&shop.platform, EntryType::Transfer, -10_000, USD, tx.now()).record(tx, sent)?;
        Entry::new(&shop.seller, EntryType::Payment, 10_000, USD, tx.now()).record(tx, landed).map(drop)
    })
    .unwrap();
    shop.settle_down();
    assert_eq!((shop.available(&shop.seller), shop.available(&shop.platform)), (3_500, 10_000));
    assert_eq!(shop.sum(&shop.platform, Bucket::Reserved), 0);
    let last = shop.rows(&shop.platform).pop().unwrap();
    assert_eq!(last, ("reserve_transaction".into(), 6_500, 6_500, "connect_reserved_funds".into()));
}

#[test]
fn accounts_above_zero_do_not_offset_those_below() {
    let shop = Shop::new(PayoutInterval::Manual, WORKS);
    let others = [-2_000, 3_000].map(|net| (shop.open_seller(PayoutInterval::Manual, WORKS), net));
    shop.lose(&shop.seller, 5_000);
    for (account, net) in &others {
        if *net < 0 { shop.lose(account, -net) } else { shop.earn(account, *net, None) }
    }
    shop.settle_down();
    assert_eq!(shop.sum(&shop.platform, Bucket::Reserved), 7_000);
    assert_eq!(shop.available(&shop.platform), -7_000);
}

#[test]
fn a_reserve_follows_the_balance_and_doing_it_twice_does_nothing() {
    let shop = Shop::new(PayoutInterval::Manual, WORKS);
    shop.lose(&shop.seller, 500);
    shop.settle_down();
    shop.lose(&shop.seller, 200);
    shop.settle_down();
    assert_eq!(shop.sum(&shop.platform, Bucket::Reserved), 700);
    let rows = shop.rows(&shop.platform).len();
    shop.as_("", |tx| crate::balance::reconcile_reserve(tx, &shop.seller, USD)).unwrap();
    assert_eq!(shop.rows(&shop.platform).len(), rows);
    // Money that matures frees it.
    shop.earn(&shop.seller, 600, Some("2026-11-03"));
    shop.advance_to("2026-11-03T00:00:00Z");
    assert_eq!(shop.sum(&shop.platform, Bucket::Reserved), 100);
    let reserve = shop.entries(&shop.platform).pop().unwrap();
    let source = reserve.source.unwrap();
    let found = shop.as_("", |tx| tx.load::<crate::balance::ReserveTransaction>(&source)).unwrap();
    assert_eq!((found.amount, found.object.as_str()), (600, "reserve_transaction"));
}

#[test]
fn an_account_that_the_operator_answers_for_has_no_reserve() {
    let shop = Shop::new(PayoutInterval::Manual, WORKS);
    shop.as_("", |tx| {
        let mut account = tx.load::<Account>(&shop.seller)?;
        account.controller.losses = Some(accounts::Losses { payments: Liable::Stripe });
        tx.put(&account)
    })
    .unwrap();
    shop.lose(&shop.seller, 500);
    shop.lose(&shop.platform, 500);
    shop.settle_down();
    assert_eq!(shop.sum(&shop.platform, Bucket::Reserved), 0);
}

#[test]
fn a_debt_that_grows_while_its_reserve_is_made_is_reserved_whole() {
    let shop = Shop::new(PayoutInterval::Manual, WORKS);
    shop.lose(&shop.seller, 500);
    // The job is due and another one of its key is not scheduled: it sees both debts.
    shop.lose(&shop.seller, 200);
    shop.settle_down();
    assert_eq!(shop.sum(&shop.platform, Bucket::Reserved), 700);

    // The balance moves between the job's look and its commit: it looks again, while its row still stands.
    shop.lose(&shop.seller, 10);
    let mut is_first = true;
    let job = store::job(crate::balance::CONNECT_RESERVE, &format!("{}:usd", shop.seller));
    shop.as_("", |tx| {
        let job = tx.load::<Job>(&job)?;
        let (_, handler) = crate::jobs().into_iter().find(|(name, _)| *name == job.name).unwrap();
        handler(tx, &job)?;
        if std::mem::take(&mut is_first) {
            shop.lose(&shop.seller, 1_000);
        }
        tx.delete(&job)
    })
    .unwrap();
    shop.settle_down();
    assert_eq!(shop.sum(&shop.platform, Bucket::Reserved), 1_710);
}
