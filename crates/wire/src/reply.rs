//! What an endpoint answers.

use std::marker::PhantomData;

use kernel::{ApiError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Doc, Document, Kind, Page};

/// What an endpoint that answers a `T` says. The type is for OpenAPI; the bytes are made after the endpoint, in its
/// transaction.
pub struct Reply<T> {
    pub(crate) content: Content,
    answers: PhantomData<fn() -> T>,
}

pub(crate) enum Content {
    /// A document, as the transaction leaves it.
    Stored(&'static Kind, String),
    /// Anything else.
    Json(Value),
    /// A page of documents.
    Page { url: String, kind: &'static Kind, page: Page },
    /// Written and remembered, but refused: a declined charge and its 402.
    Refused(ApiError),
}

impl<T> Reply<T> {
    /// A document, as the transaction leaves it.
    pub fn document<D: Document>(doc: &Doc<D>) -> Reply<T> {
        Reply::new(Content::Stored(D::KIND, doc.id().to_owned()))
    }

    /// What the transaction did is kept, and the caller gets this error, now and when the request is repeated.
    pub fn refused(error: ApiError) -> Reply<T> {
        Reply::new(Content::Refused(error))
    }

    /// A value made for this answer.
    pub fn value(value: Value) -> Reply<T> {
        Reply::new(Content::Json(value))
    }

    pub(crate) fn page(url: String, kind: &'static Kind, page: Page) -> Reply<T> {
        Reply::new(Content::Page { url, kind, page })
    }

    pub(crate) fn stored(kind: &'static Kind, id: &str) -> Reply<T> {
        Reply::new(Content::Stored(kind, id.to_owned()))
    }

    fn new(content: Content) -> Reply<T> {
        Reply { content, answers: PhantomData }
    }
}

impl<T: Serialize> Reply<T> {
    /// A value made for this answer.
    ///
    /// Errors: a 500 when it cannot be written as JSON.
    pub fn made(value: &T) -> Result<Reply<T>> {
        serde_json::to_value(value).map(Reply::value).map_err(|error| {
            tracing::error!("an answer cannot be written as JSON: {error}");
            ApiError::bug()
        })
    }
}

/// What a deletion answers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Deleted {
    /// The id of what is gone.
    pub id: String,
    /// Its `object` string.
    pub object: String,
    /// Always true.
    pub deleted: bool,
}

impl Deleted {
    /// Says that a document is gone.
    pub fn reply<D: Document>(doc: &Doc<D>) -> Result<Reply<Deleted>> {
        Reply::made(&Deleted { id: doc.id().to_owned(), object: D::KIND.object.to_owned(), deleted: true })
    }
}
