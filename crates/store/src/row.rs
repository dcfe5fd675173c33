//! A document as the engines hold it.

use std::sync::Arc;

use crate::Value;

/// One row of a kind's table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The document's id.
    pub id: Arc<str>,
    /// The account whose it is.
    pub account: Arc<str>,
    /// When it was made, in Unix seconds.
    pub created: i64,
    /// 1 when created, and one more with each update.
    pub version: i64,
    /// The document's JSON, as served.
    pub data: Arc<str>,
    /// The private part's JSON, when there is one.
    pub private: Option<Arc<str>>,
    /// The indexed columns' values, in the kind's order. Readers may leave them out.
    pub columns: Vec<Value>,
}
