//! Forms and query strings with Stripe's brackets.
//!
//! `a[b]=x` is a hash, `a[]=x` a list, and `a[][b]=x` a list of hashes in which a name that comes again begins the next
//! element. `a[0]=x` stays a hash here: only the type that it decodes into tells a list from a hash with such names.
//! A value given twice: the last one counts.

use std::collections::BTreeMap;

use kernel::{ApiError, Result};

use super::{
    DEEPEST, LONGEST_NAME, MOST_NAMES, Node, name_empty, name_too_long, name_with_null_character,
    refuse_null_character, shown, too_deep, too_many,
};

/// One bracket of a name.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Segment<'a> {
    /// `a` or `[a]`
    Name(&'a str),
    /// `[]`
    Next,
}

/// Reads a body or a query string.
pub(super) fn parse(input: &[u8]) -> Result<BTreeMap<String, Node>> {
    let mut root = Node::Hash(BTreeMap::new());
    let mut pairs = 0;
    for pair in input.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        pairs += 1;
        if MOST_NAMES < pairs {
            return Err(too_many());
        }
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = unescape(halves.next().unwrap_or_default()).ok_or_else(name_not_utf8)?;
        let segments = segments(&name)?;
        let value = unescape(halves.next().unwrap_or_default()).ok_or_else(|| value_not_utf8(&name))?;
        refuse_null_character(&value, &name)?;
        place(&mut root, &segments, value).map_err(|Conflict| two_shapes(&name))?;
    }
    match root {
        Node::Hash(hash) => Ok(hash),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) | Node::List(_) => Err(ApiError::bug()),
    }
}

/// Undoes `+` and `%41`; `None` when the result is not UTF-8, where `form_urlencoded` would put replacement characters.
/// A `%` without two digits stands for itself, as there.
fn unescape(escaped: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped;
    loop {
        rest = match rest {
            [] => return String::from_utf8(bytes).ok(),
            [b'%', high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(hex_digit(*high) << 4 | hex_digit(*low));
                tail
            }
            [byte, tail @ ..] => {
                bytes.push(if *byte == b'+' { b' ' } else { *byte });
                tail
            }
        };
    }
}

fn hex_digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => 0,
    }
}

/// Splits `a[b][]` into its brackets.
fn segments(name: &str) -> Result<Vec<Segment<'_>>> {
    if LONGEST_NAME < name.len() {
        return Err(name_too_long(name));
    }
    if name.contains('\0') {
        return Err(name_with_null_character());
    }
    let (first, mut rest) = name.split_at(name.find('[').unwrap_or(name.len()));
    if first.is_empty() {
        return Err(name_empty());
    }
    if first.contains(']') {
        return Err(malformed(name));
    }
    let mut segments = vec![Segment::Name(first)];
    while !rest.is_empty() {
        let (inner, tail) =
            rest.strip_prefix('[').and_then(|inner| inner.split_once(']')).ok_or_else(|| malformed(name))?;
        if inner.contains('[') {
            return Err(malformed(name));
        }
        let segment = if inner.is_empty() { Segment::Next } else { Segment::Name(inner) };
        if segment == Segment::Next && segments.last() == Some(&Segment::Next) {
            // Nothing would say which of the outer elements is meant.
            return Err(malformed(name));
        }
        segments.push(segment);
        rest = tail;
    }
    if DEEPEST < segments.len() {
        return Err(too_deep(first));
    }
    Ok(segments)
}

/// The name already stands for another shape.
struct Conflict;

fn place(node: &mut Node, segments: &[Segment<'_>], value: String) -> Result<(), Conflict> {
    let Some((segment, rest)) = segments.split_first() else {
        let Node::String(text) = node else { return Err(Conflict) };
        *text = value;
        return Ok(());
    };
    match (segment, node) {
        (Segment::Name(name), Node::Hash(hash)) => {
            place(hash.entry((*name).to_owned()).or_insert_with(|| empty(rest)), rest, value)
        }
        (Segment::Next, Node::List(list)) => {
            if let Some(last @ Node::Hash(_)) = list.last_mut()
                && !rest.is_empty()
                && !is_taken(last, rest)
            {
                return place(last, rest, value);
            }
            let mut element = empty(rest);
            place(&mut element, rest, value)?;
            list.push(element);
            Ok(())
        }
        (Segment::Name(_) | Segment::Next, _) => Err(Conflict),
    }
}

/// What a name that goes on with `rest` stands for.
fn empty(rest: &[Segment<'_>]) -> Node {
    match rest.first() {
        None => Node::String(String::new()),
        Some(Segment::Name(_)) => Node::Hash(BTreeMap::new()),
        Some(Segment::Next) => Node::List(Vec::new()),
    }
}

/// Whether this element of a list has the name already. A list inside it takes any number of values.
fn is_taken(node: &Node, segments: &[Segment<'_>]) -> bool {
    match segments.split_first() {
        None => true,
        Some((Segment::Next, _)) => false,
        Some((Segment::Name(name), rest)) => {
            node.as_hash().and_then(|hash| hash.get(*name)).is_some_and(|child| is_taken(child, rest))
        }
    }
}

fn malformed(name: &str) -> ApiError {
    ApiError::bad_request(format!(
        "Invalid parameter name: '{}'. Nested names are written in brackets, as in a[b][c] or a[][b].",
        shown(name)
    ))
}

fn two_shapes(name: &str) -> ApiError {
    ApiError::invalid(
        name,
        format!(
            "Invalid parameters: '{}' conflicts with another parameter of the request. A parameter can be only one of a \
             value, an array and a hash.",
            shown(name)
        ),
    )
}

fn name_not_utf8() -> ApiError {
    ApiError::bad_request("Invalid parameter name: it is not valid UTF-8.")
}

fn value_not_utf8(name: &str) -> ApiError {
    ApiError::invalid(name, "Invalid string: it is not valid UTF-8.")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::params::{Params, decode};

    fn tree(form: &str) -> Value {
        Node::Hash(parse(form.as_bytes()).unwrap()).to_value()
    }

    #[test]
    fn brackets_make_hashes_and_lists() {
        for (form, expected) in [
            ("", json!({})),
            ("&&a=1&", json!({"a": "1"})),
            ("a", json!({"a": ""})),
            ("a=b=c", json!({"a": "b=c"})),
            ("a=1&a=2", json!({"a": "2"})),
            ("a%5Bb%5D=x+y%21", json!({"a": {"b": "x y!"}})),
            ("a=100%&b=%4", json!({"a": "100%", "b": "%4"})),
            ("a[]=x&a[]=y", json!({"a": ["x", "y"]})),
            ("a[0]=x&a[1]=y", json!({"a": {"0": "x", "1": "y"}})),
            ("a[0][b]=c", json!({"a": {"0": {"b": "c"}}})),
            ("a[b][]=c", json!({"a": {"b": ["c"]}})),
            ("a[][b]=1&a[][c]=2&a[][b]=3", json!({"a": [{"b": "1", "c": "2"}, {"b": "3"}]})),
            ("a[][b][c]=1&a[][b][d]=2&a[][b][c]=3", json!({"a": [{"b": {"c": "1", "d": "2"}}, {"b": {"c": "3"}}]})),
            ("a[][b][]=1&a[][b][]=2", json!({"a": [{"b": ["1", "2"]}]})),
            ("m[a.b c]=%C3%A9", json!({"m": {"a.b c": "é"}})),
        ] {
            assert_eq!(tree(form), expected, "{form}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_the_reason() {
        let deepest = format!("a{}=1", "[b]".repeat(DEEPEST));
        let longest = format!("{}=1", "a".repeat(LONGEST_NAME + 1));
        let most = "a[]=1&".repeat(MOST_NAMES + 1);
        for (form, reason, param) in [
            ("a=1&a[b]=2", "'a[b]' conflicts", Some("a[b]")),
            ("a[b]=1&a=2", "'a' conflicts", Some("a")),
            ("a[b]=1&a[]=2", "'a[]' conflicts", Some("a[]")),
            ("a[]=1&a[0]=2", "'a[0]' conflicts", Some("a[0]")),
            ("a[][b]=1&a[][b][c]=2", "'a[][b][c]' conflicts", Some("a[][b][c]")),
            ("a[b=1", "'a[b'", None),
            ("a]=1", "'a]'", None),
            ("a[b]c=1", "'a[b]c'", None),
            ("a[[b]]=1", "'a[[b]]'", None),
            ("a[b]]=1", "'a[b]]'", None),
            ("a[][]=1", "'a[][]'", None),
            ("=1", "cannot be empty", None),
            ("[a]=1", "cannot be empty", None),
            ("a=%FF", "not valid UTF-8", Some("a")),
            ("%FF=a", "not valid UTF-8", None),
            ("a=b%00c", "null character", Some("a")),
            ("a%00=b", "null character", None),
            (&deepest, "20 levels", Some("a")),
            (&longest, "1000 bytes", None),
            (&most, "up to 5000", None),
        ] {
            let error = parse(form.as_bytes()).unwrap_err();
            assert!(error.message().contains(reason), "{form}: {error}");
            assert_eq!((error.http_status(), error.param_str()), (400, param), "{form}");
        }
    }

    #[test]
    fn the_bounds_themselves_are_allowed() {
        assert!(parse(format!("a{}=1", "[b]".repeat(DEEPEST - 1)).as_bytes()).is_ok());
        assert!(parse(format!("{}=1", "a".repeat(LONGEST_NAME)).as_bytes()).is_ok());
        assert!(parse("a[]=1&".repeat(MOST_NAMES).as_bytes()).is_ok());
    }

    /// As stripe-node writes it: lists by index, and nothing at all for empty lists and hashes.
    fn encode(value: &Value, name: &str, form: &mut form_urlencoded::Serializer<'_, String>) {
        match value {
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(i, v)| encode(v, &format!("{name}[{i}]"), form));
            }
            Value::Object(hash) => hash.iter().for_each(|(k, v)| encode(v, &format!("{name}[{k}]"), form)),
            Value::String(text) => {
                form.append_pair(name, text);
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let text = proptest::string::string_regex("[^\\x00]{0,8}").unwrap().prop_map(Value::String);
        text.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..4).prop_map(Value::Array),
                prop::collection::btree_map("[a-zé +&=%.]{1,6}", inner, 1..4).prop_map(|h| json!(h)),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn no_brackets_make_it_panic(form in "([ab=&0%]|\\[|\\]|\\[\\]){0,60}") {
            if let Ok(params) = Params::from_query(&form) {
                let _ = decode::<Value>(&params);
            }
        }

        #[test]
        fn what_an_sdk_encodes_is_read_back(hash in prop::collection::btree_map("[a-z_ &=%é]{1,6}", values(), 0..5)) {
            let mut form = form_urlencoded::Serializer::new(String::new());
            hash.iter().for_each(|(name, value)| encode(value, name, &mut form));
            let params = Params::from_query(&form.finish()).unwrap();
            prop_assert_eq!(decode::<Value>(&params).unwrap(), json!(hash));
        }

        #[test]
        fn escapes_are_undone_as_by_form_urlencoded(text in "[a-z%+0-9A-Fé]{0,20}") {
            let expected = form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| name.into_owned());
            match unescape(text.as_bytes()) {
                Some(read) => prop_assert_eq!(read, expected.unwrap_or_default()),
                None => prop_assert!(expected.is_some_and(|text| text.contains(char::REPLACEMENT_CHARACTER)), "not UTF-8"),
            }
        }
    }
}
