//! The sealing of the book.
