//! Opening stores: again, by a newer schema, by an older Kontor.

use store::Verdict::Committed;
use store::{Column, Cursor, Filter, Kind, Row, Schema, StoreError, Value};

use crate::support::{Change, ENTRY, Store, THING, Thing, row, schema};

fn new() -> Change {
    Change::new()
}

pub fn everything_is_there_when_a_store_is_opened_again(store: &mut Store) {
    let change = new().create("th_1").take("a", "1").post("acct_1", "acct_2", 5).event("evt_1");
    assert_eq!(store.commit([change.remember("k", "{}", 1).seal("s", Some(b"x")).set("clock", "1")]), [Committed]);
    let waiting = store.reader.undispatched(9).unwrap();
    for _ in 0..2 {
        store.reopen();
        assert_eq!(store.reader.get(&THING, "th_1").unwrap(), Some(row("th_1", 1)));
        assert_eq!(store.reader.claim("a").unwrap().as_deref(), Some("1"));
        assert_eq!(store.balance("acct_2"), 5);
        assert_eq!(store.reader.undispatched(9).unwrap(), waiting);
        assert_eq!(store.reader.scan_postings((0, -1), 9).unwrap().len(), 1);
        assert!(store.reader.idempotency("acct_1/test", "k").unwrap().is_some());
        assert_eq!(store.reader.sealed("s").unwrap().as_deref(), Some(&b"x"[..]));
        assert_eq!(store.reader.setting("clock").unwrap().as_deref(), Some("1"));
    }
    assert_eq!(store.commit([new().update("th_1", 2).post("acct_1", "acct_2", 1)]), [Committed]);
    let book = store.reader.scan_postings((0, -1), 9).unwrap();
    assert!(book[0].batch < book[1].batch);
}

fn stores() -> impl Iterator<Item = Store> {
    [Some(Store::sqlite()), Store::postgres()].into_iter().flatten()
}

#[test]
fn a_store_of_a_newer_kontor_is_refused_and_left_alone() {
    for mut store in stores() {
        store.commit([new().create("th_1")]);
        store.execute("UPDATE meta SET value = '900' WHERE name = 'schema_version'");
        let error = store.open_with(&schema()).err().unwrap();
        assert!(matches!(&error, StoreError::Newer(text) if text.contains("900")), "{error}");
        store.execute("UPDATE meta SET value = '1' WHERE name = 'schema_version'");
        store.reopen();
        assert_eq!(store.version("th_1"), Some(1));
    }
}

#[test]
fn a_database_that_is_not_kontors_is_refused() {
    for store in stores() {
        store.execute("DROP TABLE meta");
        let error = store.open_with(&schema()).err().unwrap();
        assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
    }
}

static WIDER: Kind = Kind::new::<Thing>(
    "thing",
    "thing",
    &["th"],
    &[Column::text("colour"), Column::text("customer"), Column::int("due"), Column::text("type").unindexed()],
);
static ANOTHER: Kind = Kind::new::<Thing>("wish", "wish", &["wi"], &[]);

#[test]
fn a_kind_that_gains_a_column_keeps_its_documents_and_a_new_kind_gets_its_table() {
    for mut store in stores() {
        store.commit([new().create("th_1")]);
        let wider = Schema { kinds: vec![&WIDER, &ENTRY, &ANOTHER] };
        for _ in 0..2 {
            let (reader, _) = store.open_with(&wider).unwrap();
            let found = reader.get(&WIDER, "th_1").unwrap().unwrap();
            assert_eq!(found, Row { columns: vec![Value::Null; 4], ..row("th_1", 1) });
            assert_eq!(reader.get(&ANOTHER, "wi_1").unwrap(), None);
        }
        // The older Kontor goes on beside it.
        assert_eq!(store.commit([new().update("th_1", 2), new().create("th_2")]), [Committed, Committed]);
        let due = [Filter::Is("due", Value::Null)];
        assert_eq!(store.page(None, &due, Cursor::Start, 9), ["th_2", "th_1"]);
    }
}

#[test]
fn people_with_sql_find_a_view_for_each_kind() {
    let columns = r#""id", "account", "label", "amount" + 1, "share" * 2, "state", "created", "currency""#;
    // A field that is not what it should be ends the statement with an error.
    let shown = format!("SELECT CASE WHEN \"open\" THEN 1 END, {columns} FROM thing_view");
    for mut store in stores() {
        store.commit([new().create("th_1_7")]);
        store.execute(
            "CREATE TABLE shown (a integer, b text, c text, d text, e integer, f real, g text, h integer, i text)",
        );
        store.execute(&format!("INSERT INTO shown {shown}"));
        let expected = "a = 1 AND b = 'th_1_7' AND c = 'acct_1' AND d = 'Ä' AND e = 8 AND f = 1.0 AND g = 'busy' AND h = 7 AND i IS NULL";
        // Dividing by how many rows are as expected.
        store.execute("CREATE TABLE proof (one integer NOT NULL CHECK (one = 1))");
        store.execute(&format!("INSERT INTO proof SELECT count(*) FROM shown WHERE {expected}"));
    }
}

#[cfg(unix)]
#[test]
fn the_file_its_log_and_its_index_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let mut store = Store::sqlite();
    store.commit([new().create("th_1")]);
    let files: Vec<_> = std::fs::read_dir(store.path().parent().unwrap()).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(files.len(), 3);
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
    }
}

#[test]
fn a_store_that_cannot_be_opened_says_why() {
    let text = |result: Result<_, StoreError>| result.map(|_: (_, _)| ()).unwrap_err().to_string();
    let nowhere = std::path::Path::new("/nowhere/kontor.db");
    assert!(text(store::sqlite::open(nowhere, &schema(), 1)).contains("/nowhere/kontor.db"));
    let postgres = |url: &str| store::postgres::open(url, &schema(), 1).map(|_| ()).unwrap_err();
    assert!(matches!(postgres("postgres://nobody@127.0.0.1:1/none"), StoreError::Unavailable(_)));
    assert!(postgres("postgres://x@127.0.0.1/x?sslmode=require").to_string().contains("sslmode"));
    assert!(matches!(postgres("not an address"), StoreError::Unavailable(_)));
}
