//! Only tests: see `tests/shapes.rs`.
