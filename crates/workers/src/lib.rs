//! What happens beside the requests: webhooks are dispatched and delivered, due jobs run, the clock moves, the book is
//! sealed, what is old is pruned. And the two resources that belong to it: events and webhook endpoints.
//!
//! Workers are reconcilers: woken by a commit or by a timer, they recompute from the store what there is to do. What they
//! do is one changeset as everything else, so that a crash leaves nothing half done. Between several processes of one world
//! a [lease](lease) spares double work; that nothing is done twice is seen to by versions and by names that only one
//! document can have.

mod address;
mod clock;
mod deliver;
mod delivery;
mod dispatch;
mod endpoints;
pub mod events;
mod jobs;
mod lease;
mod prune;
mod sealer;
pub mod webhook_endpoints;
mod workers;

pub use clock::{CLOCK_OFFSET, advance};
pub use deliver::{sign, signature_header};
pub use delivery::{Delivery, DeliveryStatus};
pub use dispatch::Dispatcher;
pub use jobs::{JobHandler, JobHandlers};
pub use prune::prune;
pub use sealer::{PostingProof, Seal, SealFault, SealReport, check_seals, prove_posting, seal_book, verify_proof};
pub use webhook_endpoints::{WebhookEndpoint, check_url};
pub use workers::{Options, Workers};

/// The kinds of documents kept here.
pub fn kinds() -> Vec<&'static store::Kind> {
    use store::Document;
    vec![WebhookEndpoint::KIND, Delivery::KIND, Seal::KIND, lease::Lease::KIND]
}

/// The routes answered here.
pub fn routes() -> Vec<wire::Route> {
    let mut routes = events::routes();
    routes.extend(webhook_endpoints::routes());
    routes
}

/// Who the workers are in their transactions: nobody's account.
fn nobody() -> store::Caller {
    store::Caller::account("")
}
