//! The server: command line, configuration and wiring.
