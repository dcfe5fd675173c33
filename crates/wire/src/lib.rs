//! Stripe's wire: forms, JSON, routes, keys, idempotency, expansion, lists, errors, OpenAPI.
//!
//! A resource family describes its endpoints as [`Route`]s: plain functions `(&mut Tx, &Path, P) -> Result<Reply<T>>`.
//! [`Api`] is the one generic way in: route, key, parameters, idempotency, the function, the changeset, the bytes.

mod api;
mod caller;
mod expand;
mod headers;
mod http;
mod idempotency;
mod keys;
mod limits;
mod list;
mod openapi;
pub mod params;
mod reply;
mod route;

pub use api::{Api, ApiBuilder, Request, Response};
pub use expand::Expander;
pub use http::serve;
pub use keys::{ApiKey, KeyKind, create_key, find_key, hash_key, kinds, mask_key};
pub use limits::Limits;
pub use list::{List, ListSpec, embedded_list, list_json};
pub use params::CreatedRange;
pub use reply::{Deleted, Reply};
pub use route::{Access, Method, NoParams, Path, Route, delete, get, list, post, retrieve};
