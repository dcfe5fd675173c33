//! The wire: bytes in, bytes out.

mod bad_input;
mod completeness;
mod expansion;
mod idempotency;
mod isolation;
mod shapes;
mod strangers;
mod tokens;
