//! The audit of a store: to come with the engines.
