//! Exactly once: the same key and parameters get the first answer again.
//!
//! What is remembered may hold more than the stored documents do, such as a webhook endpoint's secret, which is shown
//! once. So an answer that is not made of documents as they are stored, or is not an error, is remembered sealed.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use kernel::{ApiError, ErrorType, Result};
use store::{Caller, Tx, World};

use crate::params::Params;

/// The longest key (Stripe, "Idempotent requests").
const LONGEST: usize = 255;

/// What makes a request the same request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Repeatable {
    pub(crate) scope: String,
    pub(crate) key: String,
    pub(crate) request_hash: String,
}

impl Repeatable {
    pub(crate) fn new(world: &World, key: &str, caller: &Caller, path: &str, params: &Params) -> Result<Repeatable> {
        if LONGEST < key.chars().count() {
            return Err(ApiError::new(
                400,
                ErrorType::Idempotency,
                format!("Idempotency keys must be less than or equal to {LONGEST} characters."),
            ));
        }
        Ok(Repeatable {
            scope: format!("{}/{}", caller.key_account, caller.account),
            key: key.to_owned(),
            // Keyed, since parameters may be as easy to guess as a card's number.
            request_hash: hex::encode(&world.fingerprint(&[path.as_bytes(), params.canonical().as_bytes()])[..16]),
        })
    }

    /// The body of an answer as it is remembered.
    pub(crate) fn sealed(&self, tx: &Tx, body: &str) -> Result<Arc<str>> {
        tx.seal_text(&self.name(), body).map(|sealed| format!("{SEALED}{sealed}").into())
    }

    /// The body of an answer that was remembered.
    pub(crate) fn opened(&self, tx: &Tx, body: Arc<str>) -> Result<Arc<str>> {
        match body.strip_prefix(SEALED) {
            Some(sealed) => tx.unseal_text(&self.name(), sealed).map(Arc::from),
            None => Ok(body),
        }
    }

    /// What a body is sealed for: it cannot be opened as the answer to another request.
    fn name(&self) -> String {
        format!("idempotency {}/{}", self.scope, self.key)
    }
}

/// What a sealed body begins with. One in clear is JSON.
const SEALED: &str = "sealed ";

/// 400: the key was first used with other parameters.
pub(crate) fn other_parameters(key: &str) -> ApiError {
    ApiError::new(
        400,
        ErrorType::Idempotency,
        format!(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using \
             a key other than '{key}' if you meant to execute a different request."
        ),
    )
}

/// 409 `idempotency_key_in_use`.
fn in_use(key: &str) -> ApiError {
    ApiError::new(
        409,
        ErrorType::Idempotency,
        format!(
            "There is currently another in-progress request using this Idempotent Key (that probably means you submitted \
             twice, and the other request is still going through): {key}. Please try again later."
        ),
    )
    .code("idempotency_key_in_use")
}

/// The keys of requests that are being worked on in this process. Another process's are caught by the judge.
#[derive(Debug, Clone, Default)]
pub(crate) struct InFlight(Arc<Mutex<HashSet<(String, String)>>>);

impl InFlight {
    pub(crate) fn enter(&self, request: &Repeatable) -> Result<Guard> {
        let entry = (request.scope.clone(), request.key.clone());
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !keys.insert(entry.clone()) {
            return Err(in_use(&request.key));
        }
        Ok(Guard { keys: self.clone(), entry })
    }
}

/// Frees the key when the request is answered, or given up.
pub(crate) struct Guard {
    keys: InFlight,
    entry: (String, String),
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.keys.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.entry);
    }
}
