//! The decoder, seen from the parameter structs of handlers.

use std::borrow::Cow;
use std::collections::BTreeMap;

use kernel::{Currency, MetadataPatch, Patch, Timestamp};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    amount: i64,
    currency: Option<Currency>,
    capture_method: Option<CaptureMethod>,
    confirm: Option<bool>,
    #[serde(default)]
    description: Patch<String>,
    #[serde(default)]
    metadata: Patch<MetadataPatch>,
    transfer_data: Option<TransferData>,
    #[serde(default)]
    expand: Vec<String>,
    #[serde(default)]
    statement_descriptors: Patch<Vec<String>>,
    line_items: Option<Vec<LineItem>>,
    rates: Option<BTreeMap<Currency, u32>>,
    exchange_rate: Option<f64>,
    available_on: Option<Timestamp>,
    small: Option<u8>,
    pair: Option<(i64, i64)>,
    free: Option<Value>,
    #[serde(default)]
    application_fee: Patch<u64>,
    name: Option<Cow<'static, str>>,
    choice: Option<Choice>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CaptureMethod {
    Automatic,
    AutomaticAsync,
    Manual,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct TransferData {
    destination: String,
    amount: Option<i64>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct LineItem {
    price: String,
    quantity: Option<u32>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Choice {
    Text(String),
    Item(LineItem),
}

fn form(query: &str) -> Result<Create> {
    decode(&Params::from_query(query).unwrap())
}

fn json_body(body: &Value) -> Result<Create> {
    decode(&Params::from_value(body.clone()).unwrap())
}

fn one(amount: i64) -> Create {
    Create { amount, ..Create::default() }
}

#[test]
fn a_form_becomes_a_struct() {
    let read = form(
        "amount=-5&currency=USD&capture_method=automatic_async&confirm=true&description=&metadata[a]=1&metadata[b]=\
         &transfer_data[destination]=acct_1&expand[]=x&expand[]=y&statement_descriptors=&line_items[0][price]=p\
         &line_items[10][price]=r&line_items[2][price]=q&line_items[2][quantity]=2&rates[eur]=7&exchange_rate=-1.5e3\
         &available_on=99&small=255&pair[0]=1&pair[1]=2&free[a][0]=x&free[b]=1&application_fee=0&name=N&choice=c",
    )
    .unwrap();
    let item = |price: &str, quantity| LineItem { price: price.into(), quantity };
    let metadata = [("a".into(), Patch::Set("1".into())), ("b".into(), Patch::Clear)];
    assert_eq!(
        read,
        Create {
            amount: -5,
            currency: Some(Currency::USD),
            capture_method: Some(CaptureMethod::AutomaticAsync),
            confirm: Some(true),
            description: Patch::Clear,
            metadata: Patch::Set(MetadataPatch(metadata.into())),
            transfer_data: Some(TransferData { destination: "acct_1".into(), amount: None }),
            expand: vec!["x".into(), "y".into()],
            statement_descriptors: Patch::Clear,
            line_items: Some(vec![item("p", None), item("q", Some(2)), item("r", None)]),
            rates: Some([(Currency::EUR, 7)].into()),
            exchange_rate: Some(-1500.0),
            available_on: Some(Timestamp(99)),
            small: Some(255),
            pair: Some((1, 2)),
            free: Some(json!({"a": ["x"], "b": "1"})),
            application_fee: Patch::Set(0),
            name: Some("N".into()),
            choice: Some(Choice::Text("c".into())),
        }
    );
}

#[test]
fn json_becomes_the_same_struct() {
    let read = json_body(&json!({
        "amount": 5, "confirm": false, "description": "d", "metadata": null, "transfer_data": null, "expand": ["x"],
        "line_items": [{"price": "p", "quantity": 3}], "exchange_rate": 2, "currency": null, "application_fee": "",
        "free": {"0": [1, null, true]}, "choice": {"price": "p"}, "statement_descriptors": [],
    }))
    .unwrap();
    assert_eq!(
        read,
        Create {
            confirm: Some(false),
            description: Patch::Set("d".into()),
            metadata: Patch::Clear,
            expand: vec!["x".into()],
            line_items: Some(vec![LineItem { price: "p".into(), quantity: Some(3) }]),
            exchange_rate: Some(2.0),
            application_fee: Patch::Clear,
            free: Some(json!({"0": [1, null, true]})),
            choice: Some(Choice::Item(LineItem { price: "p".into(), quantity: None })),
            statement_descriptors: Patch::Set(Vec::new()),
            ..one(5)
        }
    );
}

#[test]
fn what_is_not_given_stays_absent_and_null_empties_lists() {
    assert_eq!(form("amount=1").unwrap(), one(1));
    assert_eq!(json_body(&json!({"amount": 1, "expand": null, "small": null})).unwrap(), one(1));
}

const INTEGER: Option<&str> = Some("parameter_invalid_integer");
const MISSING: Option<&str> = Some("parameter_missing");
const UNKNOWN: Option<&str> = Some("parameter_unknown");
const METHODS: &str = "Invalid capture_method: must be one of automatic, automatic_async, or manual";

#[test]
fn a_form_is_refused_by_name_with_stripes_code_and_message() {
    for (query, message, code, param) in [
        ("amount=1&foo=2", "Received unknown parameter: foo", UNKNOWN, "foo"),
        ("amount=1&foo[a]=2", "Received unknown parameter: foo", UNKNOWN, "foo"),
        ("amount=1&foo=2&bar=3", "Received unknown parameters: bar, foo", UNKNOWN, "bar"),
        (
            "transfer_data[foo]=2&amount=1",
            "Received unknown parameter: transfer_data[foo]",
            UNKNOWN,
            "transfer_data[foo]",
        ),
        (
            "amount=1&line_items[0][price]=p&line_items[0][x]=1",
            "Received unknown parameter: line_items[0][x]",
            UNKNOWN,
            "line_items[0][x]",
        ),
        ("", "Missing required param: amount.", MISSING, "amount"),
        (
            "amount=1&transfer_data[amount]=1",
            "Missing required param: transfer_data[destination].",
            MISSING,
            "transfer_data[destination]",
        ),
        (
            "amount=1&line_items[][quantity]=1",
            "Missing required param: line_items[0][price].",
            MISSING,
            "line_items[0][price]",
        ),
        ("amount=abc", "Invalid integer: abc", INTEGER, "amount"),
        ("amount=10.5", "Invalid integer: 10.5", INTEGER, "amount"),
        ("amount=%2B1", "Invalid integer: +1", INTEGER, "amount"),
        ("amount=+1", "Invalid integer:  1", INTEGER, "amount"),
        ("amount=0x1", "Invalid integer: 0x1", INTEGER, "amount"),
        ("amount=-", "Invalid integer: -", INTEGER, "amount"),
        ("amount=9223372036854775808", "Invalid integer: 9223372036854775808", INTEGER, "amount"),
        ("amount[a]=b", "Invalid integer: {\"a\":\"b\"}", INTEGER, "amount"),
        ("amount=1&small=256", "Invalid integer: 256", INTEGER, "small"),
        ("amount=1&small=-1", "This value must be greater than or equal to 0.", INTEGER, "small"),
        ("amount=1&transfer_data[amount]=x", "Invalid integer: x", INTEGER, "transfer_data[amount]"),
        ("amount=1&pair[]=1&pair[]=x", "Invalid integer: x", INTEGER, "pair[1]"),
        ("amount=1&pair[4]=1&pair[5]=x", "Invalid integer: x", INTEGER, "pair[5]"),
        ("amount=1&rates[usd]=x", "Invalid integer: x", INTEGER, "rates[usd]"),
        ("amount=1&confirm=yes", "Invalid boolean: yes", None, "confirm"),
        ("amount=1&confirm=True", "Invalid boolean: True", None, "confirm"),
        ("amount=1&exchange_rate=inf", "Invalid number: inf", None, "exchange_rate"),
        ("amount=1&exchange_rate=1e999", "Invalid number: 1e999", None, "exchange_rate"),
        ("amount=1&description[a]=b", "Invalid string: {\"a\":\"b\"}", None, "description"),
        ("amount=1&expand[0][a]=b", "Invalid string: {\"a\":\"b\"}", None, "expand[0]"),
        ("amount=1&transfer_data=x", "Invalid object", None, "transfer_data"),
        ("amount=1&metadata=x", "Invalid object", None, "metadata"),
        ("amount=1&line_items[]=x", "Invalid object", None, "line_items[0]"),
        ("amount=1&expand=x", "Invalid array", None, "expand"),
        ("amount=1&expand[a]=x", "Invalid array", None, "expand"),
        ("amount=1&expand[00]=x", "Invalid array", None, "expand"),
        ("amount=1&pair[]=1&pair[]=2&pair[]=3", "Invalid array", None, "pair"),
        ("amount=1&capture_method=later", METHODS, None, "capture_method"),
        ("amount=1&capture_method[]=manual", "Invalid string: [\"manual\"]", None, "capture_method"),
        ("amount=1&currency=xxx", "Invalid currency: xxx.", None, "currency"),
        ("amount=1&rates[xxx]=1", "Invalid currency: xxx.", None, "rates[xxx]"),
    ] {
        let error = form(query).unwrap_err();
        assert_eq!((error.message(), error.code_str(), error.param_str()), (message, code, Some(param)), "{query}");
        assert_eq!((error.http_status(), error.kind().as_str()), (400, "invalid_request_error"), "{query}");
    }
}

#[test]
fn json_is_refused_by_name_with_stripes_code_and_message() {
    for (body, message, code, param) in [
        (json!({"amount": 10.5}), "Invalid integer: 10.5", INTEGER, "amount"),
        (json!({"amount": true}), "Invalid integer: true", INTEGER, "amount"),
        (json!({"amount": u64::MAX}), "Invalid integer: 18446744073709551615", INTEGER, "amount"),
        (json!({"amount": null}), "Missing required param: amount.", MISSING, "amount"),
        (json!({"amount": 1, "description": 5}), "Invalid string: 5", None, "description"),
        (json!({"amount": 1, "expand": [null]}), "Missing required param: expand[0].", MISSING, "expand[0]"),
        (json!({"amount": 1, "expand": {"0": "x"}}), "Invalid array", None, "expand"),
        (json!({"amount": 1, "confirm": 1}), "Invalid boolean: 1", None, "confirm"),
        (json!({"amount": 1, "transfer_data": []}), "Invalid object", None, "transfer_data"),
        (json!({"amount": 1, "capture_method": "x"}), METHODS, None, "capture_method"),
        (
            json!({"amount": 1, "choice": 5}),
            "Invalid value: it has none of the forms that this parameter can have.",
            None,
            "choice",
        ),
    ] {
        let error = json_body(&body).unwrap_err();
        assert_eq!((error.message(), error.code_str(), error.param_str()), (message, code, Some(param)), "{body}");
    }
}

#[test]
fn an_empty_string_is_refused_where_nothing_can_be_unset() {
    for (query, param) in [
        ("amount=", "amount"),
        ("amount=1&currency=", "currency"),
        ("amount=1&confirm=", "confirm"),
        ("amount=1&capture_method=", "capture_method"),
        ("amount=1&transfer_data=", "transfer_data"),
        ("amount=1&transfer_data[destination]=", "transfer_data[destination]"),
        ("amount=1&transfer_data[destination]=a&transfer_data[amount]=", "transfer_data[amount]"),
        ("amount=1&expand=", "expand"),
        ("amount=1&expand[]=", "expand[0]"),
        ("amount=1&line_items=", "line_items"),
        ("amount=1&rates[usd]=", "rates[usd]"),
        ("amount=1&exchange_rate=", "exchange_rate"),
    ] {
        let error = form(query).unwrap_err();
        let message = format!(
            "You passed an empty string for '{param}'. We assume empty values are an attempt to unset a parameter; \
             however '{param}' cannot be unset. You should remove '{param}' from your request or supply a non-empty \
             value."
        );
        assert_eq!(
            (error.message(), error.code_str(), error.param_str()),
            (message.as_str(), Some("parameter_invalid_empty"), Some(param)),
            "{query}"
        );
    }
}

#[test]
fn a_handler_without_parameters_refuses_any() {
    assert!(decode::<()>(&Params::default()).is_ok());
    let error = decode::<()>(&Params::from_query("b=1&a=2").unwrap()).unwrap_err();
    assert_eq!(error.message(), "Received unknown parameters: a, b");
}

#[test]
fn a_long_value_is_not_repeated_whole() {
    let error = form(&format!("amount={}", "é".repeat(5_000))).unwrap_err();
    assert_eq!(error.message(), format!("Invalid integer: {}...", "é".repeat(200)));
}

#[test]
fn wires_own_parameters_are_taken_off_before_the_rest_is_decoded() {
    let mut params = Params::from_query("amount=1&limit=3&expand[0]=a&expand[1]=b&starting_after=x").unwrap();
    assert_eq!(params.get("starting_after").and_then(Node::as_str), Some("x"));
    assert_eq!(params.take("starting_after"), Some(Node::String("x".into())));
    assert_eq!(params.take_as::<Vec<String>>("expand").unwrap(), Some(vec!["a".into(), "b".into()]));
    assert_eq!(params.take_as::<u32>("limit").unwrap(), Some(3));
    assert_eq!(params.take_as::<u32>("limit").unwrap(), None);
    assert_eq!(decode::<Create>(&params).unwrap(), one(1));
}

#[test]
fn the_order_of_names_does_not_change_the_canonical_text_but_values_and_order_of_lists_do() {
    let canonical = |query: &str| Params::from_query(query).unwrap().canonical();
    assert_eq!(canonical("a[x]=1&b=2&a[y]=3"), canonical("b=2&a[y]=3&a[x]=1"));
    assert_eq!(canonical("b=2&a[]=x"), r#"{"a":["x"],"b":"2"}"#);
    assert_ne!(canonical("a[]=1&a[]=2"), canonical("a[]=2&a[]=1"));
    assert_ne!(canonical("a=1%26b%3D2"), canonical("a=1&b=2"));
    assert_ne!(canonical("a[b]=1"), canonical("a=%7B%22b%22:1%7D"));
}

#[test]
fn a_name_in_both_the_url_and_the_body_is_refused() {
    let mut params = Params::from_query("a=1").unwrap();
    params.merge(Params::from_query("b=2").unwrap()).unwrap();
    assert_eq!(params.names().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(params.merge(Params::from_query("a=3").unwrap()).unwrap_err().param_str(), Some("a"));
}

#[test]
fn values_stay_out_of_the_debug_text() {
    let params = Params::from_query("number=4242424242424242&cvc=123").unwrap();
    assert_eq!(format!("{params:?}"), r#"Params["cvc", "number"]"#);
}

proptest! {
    #[test]
    fn integers_are_read_as_written(number: i64) {
        prop_assert_eq!(form(&format!("amount={number}")).unwrap(), one(number));
        prop_assert_eq!(json_body(&json!({ "amount": number })).unwrap(), one(number));
    }

    #[test]
    fn no_parameters_make_the_decoder_panic(
        names in prop::collection::vec(
            "(amount|metadata|expand|line_items|pair|rates|choice|free)(\\[[01a]?\\]){0,3}=[01a]{0,2}", 0..6),
    ) {
        if let Ok(params) = Params::from_query(&names.join("&")) {
            let _ = decode::<Create>(&params);
        }
    }
}
