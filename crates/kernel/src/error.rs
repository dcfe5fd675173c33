//! Errors in Stripe's shape.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value, json};

/// What a fallible rule answers.
pub type Result<T, E = ApiError> = std::result::Result<T, E>;

/// The `type` of an error (Stripe, "Errors").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorType {
    /// Ours: a bug, or a store that cannot be reached.
    Api,
    /// The card was refused.
    Card,
    /// An idempotency key was used wrongly.
    Idempotency,
    /// The request is at fault.
    InvalidRequest,
}

impl ErrorType {
    /// As on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorType::Api => "api_error",
            ErrorType::Card => "card_error",
            ErrorType::Idempotency => "idempotency_error",
            ErrorType::InvalidRequest => "invalid_request_error",
        }
    }
}

/// An error as the caller gets it: HTTP status, `type`, `code`, `param` and a message that says what to do.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError(Box<Inner>);

#[derive(Debug, Clone, PartialEq)]
struct Inner {
    status: u16,
    kind: ErrorType,
    code: Option<Cow<'static, str>>,
    message: String,
    param: Option<String>,
    details: Map<String, Value>,
}

impl ApiError {
    /// An error of any kind; see the other constructors for the usual ones.
    pub fn new(status: u16, kind: ErrorType, message: impl Into<String>) -> ApiError {
        ApiError(Box::new(Inner {
            status,
            kind,
            code: None,
            message: message.into(),
            param: None,
            details: Map::new(),
        }))
    }

    /// 400 `invalid_request_error` about one parameter, by its whole bracketed name.
    pub fn invalid(param: &str, message: impl Into<String>) -> ApiError {
        ApiError::new(400, ErrorType::InvalidRequest, message).param(param)
    }

    /// 400 `invalid_request_error` that is not about one parameter.
    pub fn bad_request(message: impl Into<String>) -> ApiError {
        ApiError::new(400, ErrorType::InvalidRequest, message)
    }

    /// 402 `card_error`.
    pub fn card(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> ApiError {
        ApiError::new(402, ErrorType::Card, message).code(code)
    }

    /// 400: what was asked exists in Stripe but Kontor cannot do it yet. `what` starts the sentence.
    pub fn not_yet(param: &str, what: impl fmt::Display) -> ApiError {
        ApiError::invalid(param, format!("{what} is not supported by this version of Kontor yet."))
    }

    /// 500 `api_error`: a bug of ours. The text for the log never reaches the caller.
    pub fn bug() -> ApiError {
        ApiError::new(500, ErrorType::Api, "An unknown error occurred. It has been logged; please report it.")
    }

    /// 503 `api_error`: the store cannot be reached or cannot be written now.
    pub fn unavailable() -> ApiError {
        ApiError::new(
            503,
            ErrorType::Api,
            "The store cannot take this request right now, and nothing was changed. Please retry in a moment.",
        )
    }

    /// 409: another request holds what this one needs, after several attempts.
    pub fn lock_timeout() -> ApiError {
        ApiError::new(
            429,
            ErrorType::InvalidRequest,
            "This object cannot be accessed right now because another API request or Stripe process is currently \
             accessing it. If you see this error intermittently, retry the request.",
        )
        .code("lock_timeout")
    }

    /// Sets the machine-readable `code`.
    pub fn code(mut self, code: impl Into<Cow<'static, str>>) -> ApiError {
        self.0.code = Some(code.into());
        self
    }

    /// Sets the parameter at fault, by its whole bracketed name (`transfer_data[destination]`).
    pub fn param(mut self, param: &str) -> ApiError {
        self.0.param = Some(param.to_owned());
        self
    }

    /// Sets the HTTP status.
    pub fn status(mut self, status: u16) -> ApiError {
        self.0.status = status;
        self
    }

    /// Adds another field of the error object: `decline_code`, `charge`, `payment_intent` and so on.
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> ApiError {
        self.0.details.insert(field.to_owned(), value.into());
        self
    }

    /// The HTTP status.
    pub fn http_status(&self) -> u16 {
        self.0.status
    }

    /// The `type`.
    pub fn kind(&self) -> ErrorType {
        self.0.kind
    }

    /// The `code`, when it has one.
    pub fn code_str(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The parameter at fault, when one is.
    pub fn param_str(&self) -> Option<&str> {
        self.0.param.as_deref()
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Another field of the error object.
    pub fn detail(&self, field: &str) -> Option<&Value> {
        self.0.details.get(field)
    }

    /// The `error` object as on the wire, without the envelope and without `request_log_url`, which `wire` adds.
    pub fn to_value(&self) -> Value {
        let inner = &*self.0;
        let mut error = Map::new();
        if let Some(code) = &inner.code {
            error.insert("code".into(), json!(code));
            error.insert(
                "doc_url".into(),
                json!(format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-"))),
            );
        }
        for (field, value) in &inner.details {
            error.insert(field.clone(), value.clone());
        }
        error.insert("message".into(), json!(inner.message));
        if let Some(param) = &inner.param {
            error.insert("param".into(), json!(param));
        }
        error.insert("type".into(), json!(inner.kind.as_str()));
        Value::Object(error)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for ApiError {}

/// 400 `parameter_missing`.
pub fn missing(param: &str) -> ApiError {
    ApiError::invalid(param, format!("Missing required param: {param}.")).code("parameter_missing")
}

/// 400 `parameter_invalid_integer`: a number below the least that the parameter takes.
pub fn too_low(param: &str, least: i64) -> ApiError {
    ApiError::invalid(param, format!("This value must be greater than or equal to {least}."))
        .code("parameter_invalid_integer")
}

/// 400 `parameter_invalid_integer`: a number above the most that the parameter takes.
pub fn too_high(param: &str, most: i64) -> ApiError {
    ApiError::invalid(param, format!("This value must be less than or equal to {most}."))
        .code("parameter_invalid_integer")
}

/// 404 `resource_missing`: the same for an object that does not exist and for one of somebody else.
///
/// `noun` is the resource in words (`charge`), `param` the parameter that named it.
pub fn resource_missing(noun: &str, id: &str, param: &str) -> ApiError {
    // Most names keep their underscores in Stripe's sentences; these do not.
    let noun = match noun {
        "balance_transaction" => "balance transaction",
        "webhook_endpoint" => "webhook endpoint",
        other => other,
    };
    ApiError::invalid(param, format!("No such {noun}: '{id}'")).status(404).code("resource_missing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_stripes_shape() {
        let error = resource_missing("charge", "ch_1", "id").to_value();
        assert_eq!(
            error,
            json!({
                "code": "resource_missing", "doc_url": "https://stripe.com/docs/error-codes/resource-missing",
                "message": "No such charge: 'ch_1'", "param": "id", "type": "invalid_request_error",
            })
        );
    }
}
