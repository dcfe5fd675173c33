//! `expand[]`: ids replaced by what they name, to four levels, on objects, lists and creates alike.

use kernel::{ApiError, Result};
use serde_json::{Map, Value};
use store::{Row, Tx};

/// A field that exists only when it is asked for (`refunds` of a charge), or is made when asked for.
pub struct Expander {
    /// The `object` that has the field.
    pub object: &'static str,
    /// The field.
    pub field: &'static str,
    /// Makes its value from the object around it.
    pub make: fn(&mut Tx, &Map<String, Value>) -> Result<Value>,
}

/// The most levels (Stripe, "Expanding responses").
const DEEPEST: usize = 4;
/// The most paths in one request.
const MOST: usize = 20;

/// The fields whose text names another object and may be replaced by it (api/md, "expandable", of the objects that there
/// are). A field that is not here is never looked up: callers choose what descriptions and metadata say, and could name
/// anything there.
const EXPANDABLE: &[&str] = &[
    "account",
    "application",
    "application_fee",
    "balance_transaction",
    "charge",
    "customer",
    "default_payment_method",
    "default_source",
    "destination",
    "destination_payment",
    "destination_payment_refund",
    "failure_balance_transaction",
    "fee",
    "latest_charge",
    "mandate",
    "on_behalf_of",
    "original_payout",
    "originating_transaction",
    "payment_intent",
    "payment_method",
    "reversed_by",
    "setup_attempt",
    "setup_intent",
    "source",
    "source_refund",
    "source_transaction",
    "source_transfer",
    "source_transfer_reversal",
    "transfer",
    "transfer_reversal",
];

/// What a browser may see through an intent that it has the secret of.
const EXPANDABLE_IN_BROWSERS: &[&str] = &["payment_method"];

/// The member of every object whose names and values are the caller's own.
const CALLERS_OWN: &str = "metadata";

/// Expands every path in `value`.
pub(crate) fn expand(tx: &mut Tx, expanders: &[Expander], value: &mut Value, paths: &[String]) -> Result<()> {
    if MOST < paths.len() {
        return Err(ApiError::invalid("expand", format!("You can expand at most {MOST} properties in one request.")));
    }
    for path in paths {
        let segments: Vec<&str> = path.split('.').collect();
        let levels = segments.iter().filter(|segment| **segment != "data").count();
        if DEEPEST < levels {
            return Err(ApiError::invalid(
                "expand",
                format!("You cannot expand more than {DEEPEST} levels of a property. Please reduce: {path}"),
            ));
        }
        walk(tx, expanders, value, &segments, path)?;
    }
    Ok(())
}

fn walk(tx: &mut Tx, expanders: &[Expander], value: &mut Value, segments: &[&str], path: &str) -> Result<()> {
    let Some((field, rest)) = segments.split_first() else { return Ok(()) };
    let Value::Object(object) = value else { return Err(cannot_expand(path)) };
    if *field == CALLERS_OWN {
        return Err(cannot_expand(path));
    }
    let kind = object.get("object").and_then(Value::as_str).unwrap_or_default();
    if let Some(expander) = expanders.iter().find(|e| e.object == kind && e.field == *field) {
        if tx.caller().publishable {
            return Err(cannot_expand(path));
        }
        let made = (expander.make)(tx, object)?;
        object.insert((*field).to_owned(), made);
    }
    let to = Rest { field, segments: rest, path };
    match object.get_mut(*field) {
        None => Err(cannot_expand(path)),
        Some(Value::Array(items)) => items.iter_mut().try_for_each(|item| step(tx, expanders, item, &to)),
        Some(item) => step(tx, expanders, item, &to),
    }
}

/// What is left of a path, below a field.
struct Rest<'a> {
    field: &'a str,
    segments: &'a [&'a str],
    path: &'a str,
}

fn step(tx: &mut Tx, expanders: &[Expander], item: &mut Value, to: &Rest<'_>) -> Result<()> {
    match item {
        Value::Null => Ok(()),
        Value::String(id) => {
            let names = if tx.caller().publishable { EXPANDABLE_IN_BROWSERS } else { EXPANDABLE };
            let kind = tx.kind_of(id).filter(|_| names.contains(&to.field)).ok_or_else(|| cannot_expand(to.path))?;
            let Some(row) = tx.peek_row(kind, id)? else { return Ok(()) };
            if !is_visible(tx, &row)? {
                return Ok(());
            }
            *item = crate::api::present(tx, kind, &row)?;
            if to.segments.is_empty() { Ok(()) } else { walk(tx, expanders, item, to.segments, to.path) }
        }
        Value::Object(_) if to.segments.is_empty() => Ok(()),
        Value::Object(_) => walk(tx, expanders, item, to.segments, to.path),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => Err(cannot_expand(to.path)),
    }
}

/// Whether a document is the caller's, or of an account of the same platform: the charge of a seller behind a transfer.
/// Any other stays an id, as if it did not exist.
fn is_visible(tx: &Tx, row: &Row) -> Result<bool> {
    let owner = &*row.account;
    Ok(owner == tx.account() || platform(tx, owner)? == platform(tx, &tx.caller().key_account)?)
}

/// Whose account an account is; a platform is its own.
fn platform(tx: &Tx, account: &str) -> Result<String> {
    let row = tx.kind_of(account).map(|kind| tx.peek_row(kind, account)).transpose()?.flatten();
    Ok(row.map_or_else(|| account.to_owned(), |row| row.account.to_string()))
}

fn cannot_expand(path: &str) -> ApiError {
    let shown: String = path.chars().take(200).collect();
    ApiError::invalid("expand", format!("This property cannot be expanded ({shown})."))
}
