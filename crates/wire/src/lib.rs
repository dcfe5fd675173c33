//! Stripe's wire: forms, JSON, routes, keys, idempotency, expansion, lists, errors, OpenAPI.

pub mod params;
