//! The queries of docs/sql.md, as they stand there.

use harness::{Engine, Sandbox};

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
