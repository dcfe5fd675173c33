//! Whether and how a payer pays: customers, payment methods, tokens, payment intents, and the ways before them: sources and
//! charges of sources.
//!
//! This crate decides; `funds` moves the money and `rails` speaks for the card networks. A card's number and security
//! code are sealed under the id of what they belong to and appear in no document, message or log.

pub mod address;
mod charges;
pub mod customers;
pub mod payment_intents;
pub mod payment_methods;
mod sources;
#[cfg(test)]
mod tests;
mod text;
pub mod tokens;

pub use payment_intents::{PaymentIntent, authentication};

use kernel::Result;
use store::{Document, Job, Kind, Tx};
use wire::{Expander, Route};

/// The kinds of documents kept here.
pub fn kinds() -> Vec<&'static Kind> {
    vec![
        customers::Customer::KIND,
        payment_methods::PaymentMethod::KIND,
        tokens::Token::KIND,
        payment_intents::PaymentIntent::KIND,
    ]
}

/// The endpoints.
pub fn routes() -> Vec<Route> {
    let families = [
        customers::routes(),
        payment_methods::routes(),
        tokens::routes(),
        payment_intents::routes(),
        charges::routes(),
    ];
    families.into_iter().flatten().collect()
}

/// Fields that exist on expansion only.
pub fn expanders() -> Vec<Expander> {
    customers::expanders()
}

/// What does a job's work.
pub type JobHandler = fn(&mut Tx, &Job) -> Result<()>;

/// The jobs, by name.
pub fn jobs() -> Vec<(&'static str, JobHandler)> {
    vec![(payment_intents::EXPIRE, payment_intents::expire)]
}
