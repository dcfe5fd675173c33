//! `expand[]`: ids replaced by what they name, to four levels, on objects, lists and creates alike.

use kernel::{ApiError, Result};
use serde_json::{Map, Value};
use store::Tx;

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
    let kind = object.get("object").and_then(Value::as_str).unwrap_or_default();
    if let Some(expander) = expanders.iter().find(|e| e.object == kind && e.field == *field) {
        let made = (expander.make)(tx, object)?;
        object.insert((*field).to_owned(), made);
    }
    match object.get_mut(*field) {
        None => Err(cannot_expand(path)),
        Some(Value::Array(items)) => items.iter_mut().try_for_each(|item| step(tx, expanders, item, rest, path)),
        Some(item) => step(tx, expanders, item, rest, path),
    }
}

fn step(tx: &mut Tx, expanders: &[Expander], item: &mut Value, rest: &[&str], path: &str) -> Result<()> {
    match item {
        Value::Null => Ok(()),
        Value::String(id) => {
            let kind = tx.kind_of(id).ok_or_else(|| cannot_expand(path))?;
            let Some(row) = tx.peek_row(kind, id)? else { return Ok(()) };
            *item = crate::api::present(tx, kind, &row)?;
            if rest.is_empty() { Ok(()) } else { walk(tx, expanders, item, rest, path) }
        }
        Value::Object(_) if rest.is_empty() => Ok(()),
        Value::Object(_) => walk(tx, expanders, item, rest, path),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => Err(cannot_expand(path)),
    }
}

fn cannot_expand(path: &str) -> ApiError {
    let shown: String = path.chars().take(200).collect();
    ApiError::invalid("expand", format!("This property cannot be expanded ({shown})."))
}
