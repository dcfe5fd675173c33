//! Inputs that once broke something, each named after what must hold.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "this is test code")]

#[test]
fn a_number_in_json_is_written_as_it_was_read() {
    fuzz::play(fuzz::find("json"), br#"{"a":[1,2.5,-3e49]}"#);
}
