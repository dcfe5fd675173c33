//! Routes as data: one table gives the router, the OpenAPI document, and the list of what is not there yet.

use kernel::{Result, resource_missing};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::{Document, Tx};

use crate::list::{Paging, run_list};
use crate::params::{Params, decode};
use crate::reply::{Content, Reply};
use crate::{List, ListSpec};

/// The methods of Stripe's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, changes, does.
    Post,
    /// Removes.
    Delete,
}

impl Method {
    /// In upper case.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Delete => "DELETE",
        }
    }
}

/// Which keys may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Secret keys only.
    Secret,
    /// Publishable keys as well; the endpoint checks client secrets.
    Publishable,
}

/// The values of a path's `{parameters}`, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path {
    pub(crate) values: Vec<String>,
    pub(crate) url: String,
}

impl Path {
    /// The value of the path parameter at `index`; empty when the path has fewer, which a route's own pattern excludes.
    pub fn at(&self, index: usize) -> &str {
        self.values.get(index).map_or("", String::as_str)
    }

    /// The value of the first path parameter.
    pub fn id(&self) -> &str {
        self.at(0)
    }

    /// The path as asked.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// A request without parameters.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

type Handler = Box<dyn Fn(&mut Tx, &Path, &Params, &Paging) -> Result<Content> + Send + Sync>;

/// One endpoint.
pub struct Route {
    /// Its method.
    pub method: Method,
    /// Its path as in Stripe's own description: `/v1/transfers/{transfer}/reversals`.
    pub path: &'static str,
    /// Its name in the SDKs: `transfers.createReversal`.
    pub id: &'static str,
    /// Which keys may call it.
    pub access: Access,
    /// Whether it answers pages: `limit`, `starting_after` and `ending_before` are taken.
    pub is_list: bool,
    /// Whether a list takes `created`, too.
    pub(crate) has_created: bool,
    pub(crate) handler: Handler,
    pub(crate) params_schema: fn(&mut SchemaGenerator) -> Schema,
    pub(crate) answer_schema: fn(&mut SchemaGenerator) -> Schema,
}

impl Route {
    /// The same route, open to publishable keys.
    pub fn publishable(mut self) -> Route {
        self.access = Access::Publishable;
        self
    }

    /// The same list, which cannot be limited to a time.
    pub fn without_created(mut self) -> Route {
        self.has_created = false;
        self
    }
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// An endpoint: what a request asks of a transaction.
pub type Endpoint<P, T> = fn(&mut Tx, &Path, P) -> Result<Reply<T>>;

fn route<P, T>(method: Method, path: &'static str, id: &'static str, endpoint: Endpoint<P, T>) -> Route
where
    P: DeserializeOwned + JsonSchema + 'static,
    T: JsonSchema + 'static,
{
    Route {
        method,
        path,
        id,
        access: Access::Secret,
        is_list: false,
        has_created: false,
        handler: Box::new(move |tx, path, params, _| Ok(endpoint(tx, path, decode(params)?)?.content)),
        params_schema: schema::<P>,
        answer_schema: schema::<T>,
    }
}

/// A route that reads.
pub fn get<P, T>(path: &'static str, id: &'static str, endpoint: Endpoint<P, T>) -> Route
where
    P: DeserializeOwned + JsonSchema + 'static,
    T: JsonSchema + 'static,
{
    route(Method::Get, path, id, endpoint)
}

/// A route that creates, changes or does.
pub fn post<P, T>(path: &'static str, id: &'static str, endpoint: Endpoint<P, T>) -> Route
where
    P: DeserializeOwned + JsonSchema + 'static,
    T: JsonSchema + 'static,
{
    route(Method::Post, path, id, endpoint)
}

/// A route that removes.
pub fn delete<P, T>(path: &'static str, id: &'static str, endpoint: Endpoint<P, T>) -> Route
where
    P: DeserializeOwned + JsonSchema + 'static,
    T: JsonSchema + 'static,
{
    route(Method::Delete, path, id, endpoint)
}

/// A route that answers the document named by its last path parameter, which messages call `param`: the stored text, when
/// the account acted on owns it.
pub fn retrieve<D: Document>(path: &'static str, id: &'static str, param: &'static str) -> Route {
    Route {
        method: Method::Get,
        path,
        id,
        access: Access::Secret,
        is_list: false,
        has_created: false,
        handler: Box::new(move |tx, path, params, _| {
            decode::<NoParams>(params)?;
            let id = path.values.last().map_or("", String::as_str);
            match tx.peek_row(D::KIND, id)? {
                Some(row) if &*row.account == tx.account() => Ok(Reply::<D>::stored(D::KIND, id).content),
                _ => Err(resource_missing(D::KIND.noun(), id, param)),
            }
        }),
        params_schema: schema::<NoParams>,
        answer_schema: schema::<D>,
    }
}

/// A route that answers a page of `D`, newest first. `spec` turns its filters into conditions; wire itself takes `limit`,
/// `starting_after`, `ending_before` and, unless [`Route::without_created`], `created`.
pub fn list<D: Document, P>(
    path: &'static str,
    id: &'static str,
    spec: fn(&mut Tx, &Path, P) -> Result<ListSpec>,
) -> Route
where
    P: DeserializeOwned + JsonSchema + 'static,
{
    Route {
        method: Method::Get,
        path,
        id,
        access: Access::Secret,
        is_list: true,
        has_created: true,
        handler: Box::new(move |tx, path, params, paging| {
            let spec = spec(tx, path, decode(params)?)?;
            run_list::<D>(tx, path, spec, paging)
        }),
        params_schema: schema::<P>,
        answer_schema: schema::<List<D>>,
    }
}
