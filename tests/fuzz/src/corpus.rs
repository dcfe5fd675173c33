//! What the fuzzer starts from: valid inputs, and words of the language.

use crate::world;

/// Words that mean something somewhere.
pub(crate) fn words() -> Vec<Vec<u8>> {
    const WORDS: &[&str] = &[
        "amount",
        "currency",
        "usd",
        "jpy",
        "kwd",
        "eur",
        "xxx",
        "confirm",
        "true",
        "false",
        "",
        "null",
        "payment_method",
        "pm_card_visa",
        "pm_card_authenticationRequired",
        "pm_card_visa_chargeDeclined",
        "tok_visa",
        "capture_method",
        "manual",
        "automatic",
        "transfer_data[destination]",
        "transfer_data[amount]",
        "application_fee_amount",
        "on_behalf_of",
        "metadata[a]",
        "metadata[]",
        "metadata",
        "expand[]",
        "expand[0]",
        "data.",
        "latest_charge",
        "balance_transaction",
        "refunds",
        "limit",
        "starting_after",
        "ending_before",
        "created[gte]",
        "created",
        "created[lt]",
        "[0]",
        "[]",
        "[",
        "]",
        "[[",
        "%",
        "%00",
        "%ff",
        "%5B",
        "%5D",
        "+",
        "&",
        "=",
        "&&",
        "==",
        ";",
        "\0",
        "\u{feff}",
        "é",
        "\u{1f600}",
        "..",
        "../",
        "//",
        "/v1/",
        "/v2/",
        "?",
        "#",
        "a[b][c][d][e][f][g][h][i][j][k][l][m][n][o][p][q][r][s][t]",
        "Bearer ",
        "Basic ",
        "Digest ",
        "sk_test_",
        "pk_live_",
        "rk_",
        "acct_",
        "ch_",
        "pi_",
        "cus_",
        "evt_",
        "txn_",
        "key_",
        "authorization: ",
        "stripe-account: ",
        "stripe-context: ",
        "stripe-version: ",
        "idempotency-key: ",
        "content-type: ",
        "application/json",
        "application/x-www-form-urlencoded",
        "2026-10-28.endive",
        "http://",
        "https://",
        "localhost",
        "127.0.0.1",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "0x7f.1",
        "169.254.169.254",
        "@",
        ":0",
        ":65536",
        "user:pass@",
        "{",
        "}",
        "\"",
        "\\u0000",
        "\\ud800",
        "[{}]",
        "1e400",
        "-0",
        "GET\n",
        "POST\n",
        "DELETE\n",
        "PATCH\n",
        "\n",
        "\r\n",
        "t=1,v1=",
        "automatic_payment_methods[enabled]",
        "automatic_payment_methods[allow_redirects]",
        "never",
        "reason",
        "type",
        "card",
        "card[number]",
        "4242424242424242",
        "4000000000003220",
        "card[exp_month]",
        "card[exp_year]",
        "routing_number",
        "external_account",
        "individual[dob][day]",
        "individual[dob][month]",
        "individual[dob][year]",
        "tos_acceptance[date]",
        "2024-02-30",
        "9999999999999",
        "arrival_date[gte]",
        "query",
        "email:'a@example.com'",
        "types[]",
        "*",
        "client_secret",
    ];
    WORDS.iter().map(|word| word.as_bytes().to_vec()).chain(world::names()).collect()
}

/// Forms and queries.
pub(crate) fn forms() -> Vec<Vec<u8>> {
    [
        "amount=2000&currency=usd&payment_method=pm_card_visa&confirm=true&expand[]=latest_charge",
        "created[gte]=5&created[lt]=9&limit=3&starting_after=ch_1",
        "a[b][c]=1&a[b][d][]=2&a[b][d][]=3&e[0][x]=1&e[1][x]=2&f=&g[]=",
        "metadata[order]=6735&metadata[empty]=&description=caf%C3%A9+au+lait",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// JSON bodies.
pub(crate) fn json() -> Vec<Vec<u8>> {
    [r#"{"a":{"b":[1,2.5,-3e2,null,true,"x\u00e9"]},"c":"","d":[]}"#, r#"{"created":{"gte":5,"lt":9}}"#, "{}", ""]
        .map(|text| text.as_bytes().to_vec())
        .to_vec()
}

/// `Authorization` headers.
pub(crate) fn authorizations() -> Vec<Vec<u8>> {
    [
        format!("Bearer {}", harness::KEY),
        "Basic c2tfdGVzdF8xOg==".into(),
        "bearer  x".into(),
        "Basic".into(),
        String::new(),
    ]
    .map(String::into_bytes)
    .to_vec()
}

/// Webhook URLs.
pub(crate) fn urls() -> Vec<Vec<u8>> {
    [
        "https://example.com/hooks?x=1",
        "https://[2606:4700::1111]:8443/",
        "https://93.184.216.34/",
        "http://127.0.0.1:3000/webhook",
        "https://0x7f.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://localhost./",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// Paths of expansion.
pub(crate) fn expansions() -> Vec<Vec<u8>> {
    [
        "data.balance_transaction",
        "data.transfer.destination_payment.balance_transaction",
        "data.refunds.data.charge",
        "data.payment_method_details.card",
        "data.metadata.order",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// Filters of lists: the last segment of a path, `?`, a query.
pub(crate) fn filters() -> Vec<Vec<u8>> {
    [
        "charges?customer=cus_1&payment_intent=pi_1&transfer_group=a&limit=100",
        "events?type=charge.*&delivery_success=true&created[gt]=1",
        "events?types[]=charge.succeeded&types[]=payout.paid",
        "payouts?arrival_date[gte]=0&status=paid&destination=ba_1",
        "balance_transactions?type=charge&currency=usd&source=ch_1&payout=po_1",
        "customers?email=a@example.com",
        "customers/search?query=email:'a@example.com'&limit=3",
        "accounts?created[lte]=99999999999",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// Paths below `/v1/`, of every route.
pub(crate) fn paths() -> Vec<Vec<u8>> {
    let requests = world::requests().into_iter().map(|request| String::from_utf8(request).unwrap());
    let path = |request: String| Some(request.split_once("/v1/")?.1.split(['?', '\n']).next()?.as_bytes().to_vec());
    requests.filter_map(path).collect()
}

/// Whole requests: method, path with query, headers, an empty line, a body.
pub(crate) fn requests() -> Vec<Vec<u8>> {
    world::requests()
}
