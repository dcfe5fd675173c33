//! Events of accounts happen on the account itself, while its document belongs to its platform.

use kernel::Result;
use serde::Serialize;
use serde_json::{Map, Value};
use store::Tx;

/// An object of an account as it was before a change, to tell what the change changed.
pub(crate) struct Before(Map<String, Value>);

impl Before {
    /// The object as it is now.
    pub(crate) fn of<T: Serialize>(tx: &Tx, object: &T) -> Result<Before> {
        to_map(tx, object).map(Before)
    }

    /// Says on `account` that the object changed; nothing when nothing did.
    pub(crate) fn emit<T: Serialize>(&self, tx: &mut Tx, event: &str, account: &str, object: &T) -> Result<()> {
        let now = to_map(tx, object)?;
        let previous = previous_attributes(&self.0, &now);
        if previous.is_empty() {
            return Ok(());
        }
        tx.emit_object(event, account, now, Some(previous))
    }
}

/// A value as the object of an event.
pub(crate) fn to_map<T: Serialize>(tx: &Tx, value: &T) -> Result<Map<String, Value>> {
    match serde_json::to_value(value) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) | Err(_) => Err(tx.bug("an event's object cannot be written as a JSON object")),
    }
}

/// The fields of `now` that were different `before`, with their earlier values; inside hashes only what changed.
fn previous_attributes(before: &Map<String, Value>, now: &Map<String, Value>) -> Map<String, Value> {
    let mut previous = Map::new();
    for (field, value) in now {
        match (before.get(field), value) {
            (Some(old), new) if old == new => {}
            (Some(Value::Object(old)), Value::Object(new)) if !old.is_empty() => {
                previous.insert(field.clone(), Value::Object(previous_attributes(old, new)));
            }
            (Some(old), _) => drop(previous.insert(field.clone(), old.clone())),
            (None, _) => drop(previous.insert(field.clone(), Value::Null)),
        }
    }
    for (field, old) in before.iter().filter(|(field, _)| !now.contains_key(*field)) {
        previous.insert(field.clone(), old.clone());
    }
    previous
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_changed_is_told_with_its_earlier_value() {
        let map = |value: Value| value.as_object().cloned().unwrap();
        let before = map(json!({"a": 1, "same": true, "h": {"x": 1, "y": 2}, "gone": "g"}));
        let now = map(json!({"a": 2, "same": true, "h": {"x": 1, "y": 3}, "new": 1}));
        let previous = previous_attributes(&before, &now);
        assert_eq!(Value::Object(previous), json!({"a": 1, "h": {"y": 2}, "new": null, "gone": "g"}));
    }
}
