//! Pages of documents: `limit`, `starting_after`, `ending_before`, `has_more`, newest first.

use kernel::{ApiError, Result, too_high, too_low};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Cursor, Document, Filter, ListQuery, Tx};

use crate::CreatedRange;
use crate::params::Params;
use crate::reply::{Content, Reply};
use crate::route::Path;

/// Stripe's list envelope.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct List<T> {
    /// `list`.
    pub object: String,
    /// The page, newest first.
    pub data: Vec<T>,
    /// Whether there are more beyond the page.
    pub has_more: bool,
    /// Where the list is.
    pub url: String,
    /// How many there are in all, where Stripe says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_count: Option<i64>,
}

impl<T> List<T> {
    /// A list that is inside another object.
    pub fn new(url: &str, data: Vec<T>, has_more: bool) -> List<T> {
        List { object: "list".into(), data, has_more, url: url.to_owned(), total_count: None }
    }
}

/// Most objects that a list inside another object shows.
const EMBEDDED: usize = 10;

/// A list inside another object: the newest ten of `all`, which is newest first.
pub fn embedded_list<T>(url: &str, mut all: Vec<T>) -> List<T> {
    let has_more = EMBEDDED < all.len();
    all.truncate(EMBEDDED);
    List::new(url, all, has_more)
}

/// A list envelope around values.
pub fn list_json(url: &str, data: Vec<Value>, has_more: bool) -> Value {
    json!({ "object": "list", "data": data, "has_more": has_more, "url": url })
}

/// Which documents a list is of.
#[derive(Debug, Clone)]
pub struct ListSpec {
    /// Whose; `None` for everyone's, where `filters` keep others out.
    pub account: Option<String>,
    /// Conditions on indexed columns.
    pub filters: Vec<Filter>,
}

impl ListSpec {
    /// Everything that belongs to the account acted on.
    pub fn own(tx: &Tx) -> ListSpec {
        ListSpec { account: Some(tx.account().to_owned()), filters: Vec::new() }
    }

    /// Only those whose column has the value, when one is given.
    pub fn when<V: Into<store::Value>>(mut self, column: &'static str, value: Option<V>) -> ListSpec {
        if let Some(value) = value {
            self.filters.push(Filter::Is(column, value.into()));
        }
        self
    }

    /// Only those whose column is in the range, when one is given.
    pub fn within(mut self, column: &'static str, range: Option<CreatedRange>) -> ListSpec {
        let range = range.unwrap_or_default();
        let least = [range.gte, range.gt.map(|n| n.saturating_add(1))];
        let most = [range.lte, range.lt.map(|n| n.saturating_sub(1))];
        self.filters.extend(least.into_iter().flatten().map(|n| Filter::AtLeast(column, n)));
        self.filters.extend(most.into_iter().flatten().map(|n| Filter::AtMost(column, n)));
        self
    }
}

/// The parameters that every list takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Paging {
    limit: usize,
    cursor: Cursor,
    created: Option<CreatedRange>,
}

impl Paging {
    /// What a request that is no list has.
    pub(crate) fn none() -> Paging {
        Paging { limit: 10, cursor: Cursor::Start, created: None }
    }

    /// Takes the paging parameters off; `created` as well, where the list can be limited to a time.
    pub(crate) fn take(params: &mut Params, has_created: bool) -> Result<Paging> {
        let limit = params.take_as::<i64>("limit")?.unwrap_or(10);
        if limit < 1 {
            return Err(too_low("limit", 1));
        }
        if 100 < limit {
            return Err(too_high("limit", 100));
        }
        let after = params.take_as::<String>("starting_after")?;
        let before = params.take_as::<String>("ending_before")?;
        let cursor = match (after, before) {
            (None, None) => Cursor::Start,
            (Some(id), None) => Cursor::After(id),
            (None, Some(id)) => Cursor::Before(id),
            (Some(_), Some(_)) => {
                return Err(ApiError::invalid(
                    "ending_before",
                    "You may only specify one of these parameters: starting_after, ending_before.",
                )
                .code("parameters_exclusive"));
            }
        };
        let limit = usize::try_from(limit).unwrap_or(10);
        let created = if has_created { params.take_as("created")? } else { None };
        Ok(Paging { limit, cursor, created })
    }
}

pub(crate) fn run_list<D: Document>(tx: &mut Tx, path: &Path, spec: ListSpec, paging: &Paging) -> Result<Content> {
    let spec = spec.within("created", paging.created);
    let page = tx.list(&ListQuery {
        kind: D::KIND,
        account: spec.account,
        filters: spec.filters,
        cursor: paging.cursor.clone(),
        limit: paging.limit,
    })?;
    Ok(Reply::<List<D>>::page(path.url().to_owned(), D::KIND, page).content)
}
