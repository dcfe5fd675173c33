//! `kontor audit`: checks the whole store.

use workers::SealReport;

use crate::config::{ConfigError, StoreConfig};
use crate::open;

/// Checks everything and prints the verdict; answers whether the store is clean.
pub(crate) fn run(config: &StoreConfig) -> Result<bool, ConfigError> {
    let reader = open::reader(config)?;
    let unreadable = |error: kernel::ApiError| ConfigError(format!("The store cannot be read: {error}"));
    let books = funds::audit::audit(&*reader).map_err(unreadable)?;
    let seals = workers::check_seals(&*reader).map_err(unreadable)?;
    println!("{books}");
    print_seals(&seals);
    Ok(books.is_clean() && seals.faults.is_empty())
}

fn print_seals(report: &SealReport) {
    println!(
        "Seals: {} over {} postings, {} postings not sealed yet.",
        report.seals, report.sealed_postings, report.unsealed_postings
    );
    if let Some(root) = &report.newest_root {
        println!("Newest root: {root}");
    }
    for fault in &report.faults {
        println!("  seal {}: {}", fault.seal, fault.problem);
    }
}
