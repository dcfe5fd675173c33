//! Accounts, persons, capabilities, requirements, external accounts.
