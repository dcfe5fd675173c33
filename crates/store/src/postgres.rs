//! The PostgreSQL engine.

use std::sync::Arc;

use crate::{Memory, Reader, Schema, StoreError, StoreResult};

/// Not there yet.
///
/// # Errors
/// Always.
pub fn open(_url: &str, _schema: &Schema, _readers: usize) -> StoreResult<(Arc<dyn Reader>, Memory)> {
    Err(StoreError::Unavailable("this Kontor has no PostgreSQL yet".to_owned()))
}
