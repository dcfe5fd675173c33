//! Lists of events. Not wire's generic list, since what is shown is counted, and `delivery_success` is no column.

use kernel::{ApiError, Result, too_high, too_low};
use store::{Cursor, Document, Event, Filter, ListQuery, Row, Tx};
use wire::{List, ListSpec, Path, Reply};

use super::{ListEvents, matching_types, oldest, pending_webhooks, show};

/// The most types in one `types[]` (Stripe, "List all events").
const MOST_TYPES: usize = 20;
/// With `delivery_success` events are looked through in pages of this size.
const LOOK_THROUGH: usize = 100;
/// At most this many pages for one answer; a client goes on where it ended.
const MOST_PAGES: usize = 50;

/// The events of the account acted on within the last thirty days, newest first.
///
/// Errors: a type that there is not; `type` and `types` at once; more than 20 types; a cursor that is none.
pub(super) fn list(tx: &mut Tx, path: &Path, p: ListEvents) -> Result<Reply<List<Event>>> {
    let limit = page_size(p.limit)?;
    let cursor = cursor(&p)?;
    let mut spec = ListSpec::own(tx).within("created", p.created);
    spec.filters.push(Filter::AtLeast("created", oldest(tx).0 + 1));
    spec.filters.extend(wanted_types(&p)?);
    let query = ListQuery { kind: Event::KIND, account: spec.account, filters: spec.filters, cursor, limit };
    let (rows, has_more) = match p.delivery_success {
        None => {
            let page = tx.list(&query)?;
            (page.rows, page.has_more)
        }
        Some(success) => look_through(tx, query, success)?,
    };
    let data = show(tx, &rows)?;
    Ok(Reply::value(wire::list_json(path.url(), data, has_more)))
}

/// A page of the events whose deliveries have all succeeded, or of those with one that has not.
fn look_through(tx: &Tx, query: ListQuery, success: bool) -> Result<(Vec<Row>, bool)> {
    let wanted = query.limit;
    let backwards = matches!(query.cursor, Cursor::Before(_));
    let mut query = ListQuery { limit: LOOK_THROUGH, ..query };
    let mut found: Vec<Row> = Vec::new();
    let mut has_more = true;
    for _ in 0..MOST_PAGES {
        let mut page = tx.list(&query)?;
        has_more = page.has_more;
        let pending = pending_webhooks(tx, page.rows.iter().map(|row| &*row.id))?;
        // Walk away from the cursor: from a page before it the oldest event comes first.
        if backwards {
            page.rows.reverse();
        }
        let Some(last) = page.rows.last().map(|row| row.id.to_string()) else { break };
        query.cursor = if backwards { Cursor::Before(last) } else { Cursor::After(last) };
        found.extend(page.rows.into_iter().filter(|row| pending.contains_key(&*row.id) != success));
        if !has_more || wanted < found.len() {
            break;
        }
    }
    has_more |= wanted < found.len();
    found.truncate(wanted);
    if backwards {
        found.reverse();
    }
    Ok((found, has_more))
}

fn page_size(limit: Option<i64>) -> Result<usize> {
    let limit = limit.unwrap_or(10);
    match limit {
        1..=100 => Ok(usize::try_from(limit).unwrap_or(10)),
        ..=0 => Err(too_low("limit", 1)),
        101.. => Err(too_high("limit", 100)),
    }
}

fn cursor(p: &ListEvents) -> Result<Cursor> {
    match (&p.starting_after, &p.ending_before) {
        (None, None) => Ok(Cursor::Start),
        (Some(id), None) => Ok(Cursor::After(id.clone())),
        (None, Some(id)) => Ok(Cursor::Before(id.clone())),
        (Some(_), Some(_)) => Err(exclusive("ending_before", "starting_after, ending_before")),
    }
}

/// The condition that `type` or `types` states.
fn wanted_types(p: &ListEvents) -> Result<Option<Filter>> {
    let (given, name) = match (&p.kind, &p.types) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err(exclusive("types", "type, types")),
        (Some(kind), None) => (std::slice::from_ref(kind), "type"),
        (None, Some(types)) => (types.as_slice(), "types"),
    };
    if MOST_TYPES < given.len() {
        return Err(ApiError::invalid("types", format!("You can list up to {MOST_TYPES} types in one request.")));
    }
    let mut wanted = Vec::new();
    for (at, filter) in given.iter().enumerate() {
        let types = matching_types(filter);
        if types.is_empty() {
            let name = if p.types.is_some() { format!("{name}[{at}]") } else { name.to_owned() };
            return Err(unknown_type(&name, filter));
        }
        wanted.extend(types.into_iter().map(|name| store::Value::Text(name.to_owned())));
    }
    Ok(Some(Filter::OneOf("type", wanted)))
}

fn unknown_type(param: &str, given: &str) -> ApiError {
    let given: String = given.chars().take(100).collect();
    ApiError::invalid(param, format!("Invalid {param}: '{given}' is not a type of event."))
}

fn exclusive(param: &str, names: &str) -> ApiError {
    ApiError::invalid(param, format!("You may only specify one of these parameters: {names}."))
        .code("parameters_exclusive")
}
