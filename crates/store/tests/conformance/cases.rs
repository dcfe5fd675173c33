//! What every engine must do, one case per promise.

use store::Verdict::{Committed, Conflict};
use store::{Cursor, Filter, Journal, PostingRow, Row, Value};

use crate::support::{Change, ENTRY, Store, THING, query, record, refused, row};

fn new() -> Change {
    Change::new()
}

pub fn a_document_is_made_changed_and_removed(store: &mut Store) {
    assert_eq!(store.commit([new().create("th_1")]), [Committed]);
    assert_eq!(store.reader.get(&THING, "th_1").unwrap().unwrap(), row("th_1", 1));
    assert_eq!(store.commit([new().update("th_1", 2)]), [Committed]);
    assert_eq!(store.reader.get(&THING, "th_1").unwrap().unwrap(), row("th_1", 2));
    assert_eq!(store.commit([new().delete("th_1", 3)]), [Committed]);
    assert_eq!(store.reader.get(&THING, "th_1").unwrap(), None);
    assert_eq!(store.commit([new().create("th_1")]), [Committed]);
    assert_eq!(store.reader.get(&ENTRY, "th_1").unwrap(), None);
}

pub fn several_documents_are_read_at_once(store: &mut Store) {
    store.commit([new().create("th_1"), new().create("th_2"), new().create("th_3")]);
    store.commit([new().update("th_2", 2), new().delete("th_3", 2)]);
    let mut rows = store.reader.get_many(&THING, &["th_2", "th_3", "th_9", "th_1"]).unwrap();
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(rows, [row("th_1", 1), row("th_2", 2)]);
    assert_eq!(store.reader.get_many(&ENTRY, &["th_1"]).unwrap(), []);
    assert_eq!(store.reader.get_many(&THING, &[]).unwrap(), []);
}

pub fn what_is_made_twice_or_changed_from_an_old_version_conflicts(store: &mut Store) {
    store.commit([new().create("th_1"), new().create("th_2")]);
    assert_eq!(store.commit([new().create("th_1"), new().create("th_3")]), [Conflict, Committed]);
    assert_eq!(store.commit([new().update("th_1", 3), new().update("th_2", 2)]), [Conflict, Committed]);
    assert_eq!(store.commit([new().update("th_2", 2)]), [Conflict]);
    assert_eq!(store.commit([new().delete("th_2", 2)]), [Conflict]);
    assert_eq!(store.commit([new().delete("th_9", 2)]), [Conflict]);
    assert_eq!((store.version("th_1"), store.version("th_2"), store.version("th_3")), (Some(1), Some(2), Some(1)));
}

pub fn what_was_read_must_not_have_changed(store: &mut Store) {
    store.commit([new().create("th_1")]);
    let reads = [
        new().read("th_1", 1).create("th_2"),
        new().read("th_1", 2).create("th_3"),
        new().read("th_1", 0).create("th_4"),
        new().read("th_9", 0).create("th_5"),
        new().read("th_9", 1).create("th_6"),
        // Made by this batch before.
        new().read("th_2", 0).create("th_7"),
        new().read("th_2", 1).create("th_8"),
    ];
    assert_eq!(store.commit(reads), [Committed, Conflict, Conflict, Committed, Conflict, Conflict, Committed]);
    assert_eq!(store.page(None, &[], Cursor::Start, 9), ["th_8", "th_5", "th_2", "th_1"]);
}

pub fn changesets_of_one_batch_see_the_ones_before_them(store: &mut Store) {
    let batch = [
        new().create("th_1"),
        new().create("th_1"),
        new().update("th_1", 2),
        new().update("th_1", 2),
        new().update("th_1", 3),
        new().create("th_2"),
        new().delete("th_2", 2),
        new().create("th_2"),
        new().create("th_3"),
        new().delete("th_3", 2),
    ];
    let verdicts = store.commit(batch);
    let ok = |n: usize| if n == 1 || n == 3 { Conflict } else { Committed };
    assert_eq!(verdicts.to_vec(), (0..10).map(ok).collect::<Vec<_>>());
    assert_eq!((store.version("th_1"), store.version("th_2"), store.version("th_3")), (Some(3), Some(1), None));
    // The same over a document that was there before the batch.
    assert_eq!(store.commit([new().delete("th_1", 4), new().create("th_1").read("th_1", 0)]), [Committed, Committed]);
    assert_eq!(store.reader.get(&THING, "th_1").unwrap().unwrap(), row("th_1", 1));
}

pub fn a_claim_has_one_holder(store: &mut Store) {
    assert_eq!(store.commit([new().take("a", "1"), new().take("a", "2")]), [Committed, Conflict]);
    assert_eq!(store.commit([new().take("a", "2")]), [Conflict]);
    assert_eq!(store.commit([new().release("a", "2")]), [Conflict]);
    assert_eq!(store.commit([new().release("b", "1")]), [Conflict]);
    // Taking comes before releasing in the changeset, and still it is a swap.
    assert_eq!(store.commit([new().take("a", "2").release("a", "1")]), [Committed]);
    assert_eq!(store.reader.claim("a").unwrap().as_deref(), Some("2"));
    let batch = [new().release("a", "2"), new().release("a", "2"), new().take("a", "3")];
    assert_eq!(store.commit(batch), [Committed, Conflict, Committed]);
    assert_eq!(store.reader.claim("a").unwrap().as_deref(), Some("3"));
    store.commit([new().release("a", "3")]);
    assert_eq!(store.reader.claim("a").unwrap(), None);
}

pub fn limits_are_checked_in_arrival_order(store: &mut Store) {
    store.commit([new().post("bank", "acct_1", 100)]);
    let batch = [
        new().post("acct_1", "acct_2", 60).at_least("acct_1", 0),
        new().post("acct_1", "acct_2", 60).at_least("acct_1", 0),
        new().post("acct_1", "acct_2", 60).at_least_or_retry("acct_1", 0),
        new().post("acct_1", "acct_2", 40).at_least("acct_1", 0),
        new().post("acct_2", "acct_3", 100).exactly_or_retry("acct_2", 0),
        new().post("acct_3", "acct_4", 1).exactly("acct_3", 100),
        new().post("acct_5", "acct_4", 1).at_least("acct_5", 0),
        new().post("acct_5", "acct_4", 1).at_least("acct_5", -1),
    ];
    let verdicts = store.commit(batch);
    assert_eq!(verdicts, [Committed, refused(), Conflict, Committed, Committed, refused(), refused(), Committed]);
    assert_eq!(store.commit([new().post("acct_3", "acct_4", 101).at_least("acct_3", 0)]), [refused()]);
    let balances = ["bank", "acct_1", "acct_2", "acct_3", "acct_4", "acct_5"].map(|owner| store.balance(owner));
    assert_eq!(balances, [-100, 0, 0, 100, 1, -1]);
}

pub fn what_is_refused_leaves_no_trace(store: &mut Store) {
    store.commit([new().create("th_1")]);
    let full = |id: &str| {
        let change = new().create(id).take(id, id).post("acct_1", "acct_2", 5).event("evt_1");
        change.remember(id, "{}", 7).seal(id, Some(b"x")).set(id, "x")
    };
    let batch = [full("th_2").at_least("acct_1", 0), full("th_3").read("th_1", 9), new().create("th_4")];
    assert_eq!(store.commit(batch), [refused(), Conflict, Committed]);
    for id in ["th_2", "th_3"] {
        assert_eq!(store.version(id), None);
        assert_eq!(store.reader.claim(id).unwrap(), None);
        assert_eq!(store.reader.idempotency("acct_1/test", id).unwrap(), None);
        assert_eq!(store.reader.sealed(id).unwrap(), None);
        assert_eq!(store.reader.setting(id).unwrap(), None);
    }
    assert!(store.reader.scan_balances("", 9).unwrap().is_empty());
    assert!(store.reader.scan_postings((0, -1), 9).unwrap().is_empty());
    assert!(store.reader.undispatched(9).unwrap().is_empty());
    assert_eq!(store.version("th_4"), Some(1));
}

pub fn an_answer_is_remembered_once(store: &mut Store) {
    let batch = [
        new().create("th_1").remember("k1", r#"{"a": "ü"}"#, 5),
        new().create("th_2").remember("k1", "{}", 5),
        new().create("th_3").remember("k2", "{}", 6),
    ];
    assert_eq!(store.commit(batch), [Committed, Conflict, Committed]);
    assert_eq!(
        store.commit([new().create("th_4").remember("k1", "{}", 5), new().create("th_5")]),
        [Conflict, Committed]
    );
    let found = store.reader.idempotency("acct_1/test", "k1").unwrap();
    assert_eq!(found, Some(record("k1", r#"{"a": "ü"}"#, 5)));
    assert_eq!(store.reader.idempotency("acct_2/test", "k1").unwrap(), None);
    assert_eq!(store.version("th_4"), None);
}

pub fn old_answers_are_forgotten_by_and_by(store: &mut Store) {
    for at in 1..=5 {
        store.commit([new().remember(&format!("k{at}"), "{}", at)]);
    }
    assert_eq!(store.reader.prune_idempotency(4, 2).unwrap(), 2);
    assert_eq!(store.reader.prune_idempotency(4, 2).unwrap(), 1);
    assert_eq!(store.reader.prune_idempotency(4, 2).unwrap(), 0);
    assert_eq!(store.reader.idempotency("acct_1/test", "k3").unwrap(), None);
    assert!(store.reader.idempotency("acct_1/test", "k4").unwrap().is_some());
    assert_eq!(store.commit([new().remember("k3", "{}", 9)]), [Committed]);
}

pub fn a_request_that_was_answered_conflicts_even_when_the_money_is_spent(store: &mut Store) {
    let pay = || new().post("acct_1", "acct_2", 5).at_least("acct_1", -5).remember("k1", "{}", 5);
    assert_eq!(store.commit([pay()]), [Committed]);
    assert_eq!(store.commit([pay(), pay().remember("k2", "{}", 5)]), [Conflict, refused()]);
}

/// A thing with its account, time and columns.
fn thing(id: &str, account: &str, created: i64, columns: [Value; 3]) -> Row {
    Row { account: account.into(), created, columns: columns.to_vec(), ..row(id, 1) }
}

/// Two accounts' things; three of them made in the same second, and ids whose order a language would change.
fn fill(store: &mut Store) {
    let things = [
        thing("th_a", "acct_1", 10, ["cus_1".into(), 5.into(), "x".into()]),
        thing("th_B", "acct_1", 20, ["cus_1".into(), 6.into(), "y".into()]),
        thing("th_b", "acct_1", 20, ["cus_2".into(), Value::Null, "x".into()]),
        thing("th_C", "acct_1", 20, [Value::Null, 8.into(), Value::Null]),
        thing("th_d", "acct_1", 30, ["cus_1".into(), 9.into(), "z".into()]),
        thing("th_e", "acct_2", 25, ["cus_1".into(), 5.into(), "x".into()]),
    ];
    let change = things.into_iter().fold(new(), Change::create_row);
    assert_eq!(store.commit([change]), [Committed]);
}

pub fn lists_are_newest_first_and_ties_go_by_id(store: &mut Store) {
    fill(store);
    let page = |account, cursor, limit| store.page(account, &[], cursor, limit);
    let (one, after, before) =
        (Some("acct_1"), |id: &str| Cursor::After(id.into()), |id: &str| Cursor::Before(id.into()));
    assert_eq!(page(one, Cursor::Start, 9), ["th_d", "th_b", "th_C", "th_B", "th_a"]);
    assert_eq!(page(None, Cursor::Start, 9), ["th_d", "th_e", "th_b", "th_C", "th_B", "th_a"]);
    assert_eq!(page(one, Cursor::Start, 2), ["th_d", "th_b"]);
    assert_eq!(page(one, after("th_b"), 2), ["th_C", "th_B"]);
    assert_eq!(page(one, after("th_a"), 2), [""; 0]);
    assert_eq!(page(one, before("th_a"), 2), ["th_C", "th_B"]);
    assert_eq!(page(one, before("th_B"), 9), ["th_d", "th_b", "th_C"]);
    assert_eq!(page(one, before("th_d"), 9), [""; 0]);
    // Another account's document is a place as well; one that does not exist is none.
    assert_eq!(page(one, after("th_e"), 1), ["th_b"]);
    assert_eq!(page(one, after("th_no"), 9), [""; 0]);
    assert_eq!(page(one, before("th_no"), 9), [""; 0]);
    assert_eq!(page(one, Cursor::Start, 0), [""; 0]);
}

pub fn filters_narrow_lists_and_counts(store: &mut Store) {
    fill(store);
    let is = |column, value: Value| Filter::Is(column, value);
    let cases: [(Option<&str>, Vec<Filter>, &[&str]); 14] = [
        (Some("acct_1"), vec![is("customer", "cus_1".into())], &["th_d", "th_B", "th_a"]),
        (None, vec![is("customer", "cus_1".into())], &["th_d", "th_e", "th_B", "th_a"]),
        (Some("acct_1"), vec![is("customer", Value::Null)], &["th_C"]),
        (Some("acct_1"), vec![is("type", "x".into()), is("customer", "cus_1".into())], &["th_a"]),
        (None, vec![Filter::AtMost("due", 6)], &["th_e", "th_B", "th_a"]),
        (None, vec![Filter::AtLeast("due", 6), Filter::AtMost("due", 8)], &["th_C", "th_B"]),
        (None, vec![Filter::AtLeast("created", 25)], &["th_d", "th_e"]),
        (None, vec![is("created", 20.into()), is("type", "y".into())], &["th_B"]),
        (None, vec![Filter::OneOf("type", vec!["y".into(), "z".into()])], &["th_d", "th_B"]),
        (None, vec![Filter::OneOf("customer", vec!["cus_2".into(), Value::Null])], &["th_b", "th_C"]),
        (None, vec![Filter::OneOf("due", vec![5.into(), 9.into()])], &["th_d", "th_e", "th_a"]),
        (None, vec![Filter::OneOf("due", vec![])], &[]),
        // Another type than the column's equals nothing; a column that there is not is never set.
        (None, vec![is("due", "5".into())], &[]),
        (Some("acct_2"), vec![is("nothing", Value::Null)], &["th_e"]),
    ];
    for (account, filters, expected) in cases {
        assert_eq!(store.page(account, &filters, Cursor::Start, 9), expected, "{filters:?}");
        let count = store.reader.count(&query(account, &filters, Cursor::After("th_B".into()), 1)).unwrap();
        assert_eq!(count, i64::try_from(expected.len()).unwrap(), "{filters:?}");
    }
    let customers = [is("customer", "cus_1".into())];
    assert_eq!(store.page(Some("acct_1"), &customers, Cursor::After("th_d".into()), 1), ["th_B"]);
    assert_eq!(store.page(Some("acct_1"), &customers, Cursor::Before("th_a".into()), 1), ["th_B"]);
}

pub fn scans_go_by_id(store: &mut Store) {
    fill(store);
    let scan = |after: &str, limit| {
        let rows = store.reader.scan(&THING, after, limit).unwrap();
        rows.iter().map(|row| row.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(scan("", 9), ["th_B", "th_C", "th_a", "th_b", "th_d", "th_e"]);
    assert_eq!(scan("th_C", 2), ["th_a", "th_b"]);
    assert_eq!(store.reader.scan(&THING, "th_d", 1).unwrap()[0].columns, ["cus_1".into(), 5.into(), "x".into()]);
}

pub fn balances_are_the_sums_of_postings(store: &mut Store) {
    store.commit([new().post("acct_1", "acct_2", 5), new().post("acct_2", "acct_1", 7).post("acct_1", "acct_10", 2)]);
    store.commit([new().post("acct_1", "acct_2", 1)]);
    let name = |owner: &str| format!("{owner}:available:usd");
    assert_eq!(store.balance("acct_1"), -1);
    assert_eq!(store.balance("acct_9"), 0);
    assert_eq!(store.reader.balances("acct_1").unwrap().into_iter().collect::<Vec<_>>(), [(name("acct_1"), -1)]);
    assert!(store.reader.balances("acct").unwrap().is_empty());
    let all = store.reader.scan_balances("", 9).unwrap();
    assert_eq!(all, [(name("acct_10"), 2), (name("acct_1"), -1), (name("acct_2"), -1)].to_vec());
    assert_eq!(store.reader.scan_balances(&name("acct_10"), 1).unwrap(), [(name("acct_1"), -1)]);
}

pub fn postings_keep_their_place_in_the_book(store: &mut Store) {
    let [first, second, third] = [("a", "b", 1), ("b", "c", 2), ("c", "d", 3)].map(|(f, t, n)| new().post(f, t, n));
    store.commit([first.clone(), second.clone()]);
    store.commit([third.clone()]);
    let book = store.reader.scan_postings((0, -1), 9).unwrap();
    let expected: Vec<_> = [first, second, third].iter().flat_map(|change| change.0.postings.clone()).collect();
    assert_eq!(book.iter().map(|row| row.posting.clone()).collect::<Vec<_>>(), expected);
    assert_eq!(book.iter().map(|row| row.position).collect::<Vec<_>>(), [0, 1, 0]);
    assert!(book[0].batch == book[1].batch && book[1].batch < book[2].batch);
    assert_eq!(book[0].created, 1_000);
    let place = |row: &PostingRow| (row.batch, row.position);
    assert_eq!(store.reader.scan_postings(place(&book[0]), 1).unwrap(), book[1..2]);
    assert_eq!(store.reader.postings_of(book[0].batch).unwrap(), book[..2]);
}

pub fn batches_wait_until_they_are_dispatched_and_sealed(store: &mut Store) {
    store.commit([new().create("th_1").event("evt_1").event("evt_2"), new().create("th_2").event("evt_3")]);
    store.commit([new().post("a", "b", 1), new().post("a", "b", 1)]);
    store.commit([new().create("th_3")]);
    store.commit([new().post("a", "b", 1).create("th_4").event("evt_4")]);
    let waiting = store.reader.undispatched(9).unwrap();
    assert_eq!(waiting.iter().map(|row| row.events.join(" ")).collect::<Vec<_>>(), ["evt_1 evt_2 evt_3", "evt_4"]);
    assert_eq!(store.reader.undispatched(1).unwrap(), waiting[..1]);
    let unsealed = store.reader.unsealed(9).unwrap();
    assert_eq!(unsealed.iter().map(|row| row.postings).collect::<Vec<_>>(), [2, 1]);

    store.commit([new().journal(Journal::Dispatched(vec![waiting[0].id]))]);
    assert_eq!(store.reader.undispatched(9).unwrap(), waiting[1..]);
    let batches = unsealed.iter().map(|row| row.id).collect::<Vec<_>>();
    store.commit([new().journal(Journal::Sealed { number: 1, batches: batches.clone() })]);
    assert!(store.reader.unsealed(9).unwrap().is_empty());
    let sealed = store.reader.sealed_batches(1).unwrap();
    assert_eq!(sealed.iter().map(|row| row.id).collect::<Vec<_>>(), batches);
    assert_eq!(sealed.iter().map(|row| row.seal).collect::<Vec<_>>(), [Some(1), Some(1)]);
    assert!(store.reader.sealed_batches(2).unwrap().is_empty());
}

pub fn a_payout_settles_what_is_available_and_not_settled(store: &mut Store) {
    let foreign = Row { account: "acct_2".into(), ..row("txn_c_10", 1) };
    let euros = Row { columns: vec!["eur".into(), 10.into(), Value::Null], ..row("txn_d_10", 1) };
    let entries = new().create("txn_a_10").create("txn_b_20").create_row(foreign).create_row(euros);
    // What comes after the payout in the same batch is not the payout's.
    let batch = [entries, new().settle(10, "po_1"), new().create("txn_e_10"), new().settle(20, "po_2")];
    assert_eq!(store.commit(batch), [Committed, Committed, Committed, Committed]);
    store.commit([new().create("txn_f_10")]);
    let settled = |id: &str| store.reader.get(&ENTRY, id).unwrap().unwrap().columns[2].clone();
    let [po_1, po_2] = ["po_1", "po_2"].map(|id| Value::Text(id.to_owned()));
    let ids = ["txn_a_10", "txn_b_20", "txn_c_10", "txn_d_10", "txn_e_10", "txn_f_10"];
    assert_eq!(ids.map(settled), [po_1, po_2.clone(), Value::Null, Value::Null, po_2, Value::Null]);
    assert_eq!(store.version("txn_a_10"), Some(1));
}

pub fn sealed_data_and_settings_are_kept_as_last_written(store: &mut Store) {
    store.commit([new().seal("ba_1", Some(b"\x00\xff")).set("clock", "1"), new().set("clock", "2")]);
    assert_eq!(store.reader.sealed("ba_1").unwrap().as_deref(), Some(&b"\x00\xff"[..]));
    assert_eq!(store.reader.setting("clock").unwrap().as_deref(), Some("2"));
    store.commit([new().seal("ba_1", Some(b"y")), new().set("clock", "3").set("clock", "4")]);
    assert_eq!(store.reader.sealed("ba_1").unwrap().as_deref(), Some(&b"y"[..]));
    store.commit([new().seal("ba_1", None).seal("ba_2", Some(b"z"))]);
    assert_eq!(store.reader.sealed("ba_1").unwrap(), None);
    assert_eq!(store.reader.sealed("ba_2").unwrap().as_deref(), Some(&b"z"[..]));
    assert_eq!(store.reader.setting("clock").unwrap().as_deref(), Some("4"));
    assert_eq!(store.reader.setting("colour").unwrap(), None);
}

pub fn an_empty_batch_and_an_empty_changeset_are_fine(store: &mut Store) {
    assert_eq!(store.commit([]), []);
    assert_eq!(store.commit([new(), new().create("th_1")]), [Committed, Committed]);
}
