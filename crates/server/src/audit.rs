//! `kontor audit`: checks the whole store, also while a server writes to it.

use store::Reader;

use crate::config::{ConfigError, StoreConfig};
use crate::open;

/// Checks everything and prints the verdict; answers whether the store is clean.
pub(crate) fn run(config: &StoreConfig) -> Result<bool, ConfigError> {
    verdict(&*open::snapshot(config)?)
}

/// The same for a store that is open, or a backup.
pub(crate) fn verdict(reader: &dyn Reader) -> Result<bool, ConfigError> {
    let unreadable = |error: kernel::ApiError| ConfigError(format!("The store cannot be read: {error}"));
    let books = funds::audit::audit(reader).map_err(unreadable)?;
    let seals = workers::check_seals(reader).map_err(unreadable)?;
    say!("{books}");
    say!("{seals}");
    Ok(books.is_clean() && seals.is_clean())
}
