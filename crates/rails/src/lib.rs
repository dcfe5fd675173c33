//! Where money enters or leaves: card networks and banks.
