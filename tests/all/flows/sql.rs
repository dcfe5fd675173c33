//! The queries of docs/sql.md, as they stand there.

use harness::{Engine, Sandbox};
use rusqlite::types::ValueRef;
use serde_json::Value as Json;

/// The SQL blocks of the page.
fn queries() -> Vec<String> {
    let page = include_str!("../../../docs/sql.md");
    let blocks = page.split("```sql\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().trim().trim_end_matches(';').to_owned()).collect()
}

/// A seller with a payment, a refund and a transfer, so that no query comes back empty.
fn story(sandbox: &Sandbox) {
    let seller = sandbox.seller(&[]);
    let form = [
        ("amount", "10000"),
        ("currency", "usd"),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
        ("automatic_payment_methods[enabled]", "true"),
        ("automatic_payment_methods[allow_redirects]", "never"),
        ("application_fee_amount", "1000"),
        ("transfer_data[destination]", &seller),
    ];
    let intent = sandbox.post("/v1/payment_intents", &form).ok();
    sandbox.post("/v1/refunds", &[("payment_intent", intent["id"].as_str().unwrap()), ("amount", "100")]).ok();
}

#[test]
fn there_are_five_queries() {
    assert_eq!(queries().len(), 5);
}

#[test]
fn each_query_finds_rows_on_sqlite() {
    let sandbox = Sandbox::on(Engine::Sqlite, 7);
    story(&sandbox);
    let store = rusqlite::Connection::open(sandbox.folder().unwrap().join("kontor.sqlite")).unwrap();
    for query in queries() {
        let count: i64 = store.query_row(&format!("SELECT count(*) FROM ({query})"), [], |row| row.get(0)).unwrap();
        assert!(0 < count, "{query}");
    }
}

#[test]
fn each_query_finds_rows_on_postgres() {
    let sandbox = Sandbox::on(Engine::Postgres, 7);
    story(&sandbox);
    let url = sandbox.database_url().unwrap().to_owned();
    sandbox.runtime().block_on(async {
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        for query in queries() {
            assert!(!client.query(&query, &[]).await.unwrap().is_empty(), "{query}");
        }
    });
}

/// What a column must hold of a field.
fn shows(value: ValueRef<'_>, field: &Json) -> bool {
    match value {
        ValueRef::Null => field.is_null(),
        ValueRef::Integer(n) => field.as_i64().or(field.as_bool().map(i64::from)) == Some(n),
        ValueRef::Real(n) => field.as_f64() == Some(n),
        ValueRef::Text(text) => match field {
            Json::String(string) => string.as_bytes() == text,
            object => serde_json::from_slice::<Json>(text).unwrap() == *object,
        },
        ValueRef::Blob(_) => false,
    }
}

#[test]
fn views_show_what_the_documents_say() {
    let sandbox = Sandbox::on(Engine::Sqlite, 8);
    story(&sandbox);
    sandbox.post("/v1/customers", &[("name", "Ann"), ("metadata[order]", "7")]).ok();
    sandbox.advance(10 * 86_400);
    let store = rusqlite::Connection::open(sandbox.folder().unwrap().join("kontor.sqlite")).unwrap();
    let world = sandbox.world();
    let mut compared = 0;
    for kind in &world.schema().kinds {
        let mut view = store.prepare(&format!("SELECT * FROM {}_view WHERE id = ?1", kind.table)).unwrap();
        let columns: Vec<String> = view.column_names().map(str::to_owned).collect();
        for row in world.reader().scan(kind, "", 1_000).unwrap() {
            let document: Json = serde_json::from_str(&row.data).unwrap();
            let mut rows = view.query([&*row.id]).unwrap();
            let shown = rows.next().unwrap().unwrap();
            // Whose a document is need not be among what it shows, and one that was not deleted does not say so.
            let other = |column: &str| ["account", "deleted", "object_id"].contains(&column);
            for (at, column) in columns.iter().enumerate().filter(|(_, column)| !other(column)) {
                let value = shown.get_ref(at).unwrap();
                assert!(shows(value, &document[column]), "{}.{column} is {value:?} for {document}", kind.table);
                compared += 1;
            }
        }
    }
    assert!(300 < compared, "{compared}");
}
