//! The first page: that Kontor runs, what is in it, and how a first payment is made.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kernel::Result;
use store::{Caller, Cursor, Document, Filter, ListQuery, Tx};

use crate::Web;
use crate::templates::Home;

/// `GET /`.
pub(crate) async fn show(State(web): State<Arc<Web>>) -> Response {
    match home(&web) {
        Ok(home) => web.page(StatusCode::OK, "home.html", &home),
        Err(error) => web.problem(&error),
    }
}

fn home(web: &Web) -> Result<Home> {
    let world = web.api.world();
    let platform = world.platforms().first().cloned().unwrap_or_default();
    let (accounts, payments, seller) = world.read(&Caller::account(&platform), |tx| {
        let accounts = tx.count(&all::<accounts::Account>(Some(&platform), &[Filter::Is("connected", true.into())]))?;
        let payments = tx.count(&all::<payments::PaymentIntent>(None, &[]))?;
        Ok((accounts, payments, first_seller(tx, &platform)?))
    })?;
    Ok(Home {
        version: env!("CARGO_PKG_VERSION"),
        api_version: kernel::API_VERSION,
        base_url: world.settings().base_url(),
        livemode: world.settings().livemode,
        now: world.now().rfc3339().replace('T', " ").replace('Z', " UTC"),
        platform,
        publishable_key: web.publishable_key.clone(),
        accounts,
        payments,
        seller,
        routes: web.api.routes().count(),
    })
}

fn all<D: Document>(account: Option<&str>, filters: &[Filter]) -> ListQuery {
    let (account, filters) = (account.map(str::to_owned), filters.to_vec());
    ListQuery { kind: D::KIND, account, filters, cursor: Cursor::Start, limit: 1 }
}

/// A connected account that can be paid, for the snippet.
fn first_seller(tx: &mut Tx, platform: &str) -> Result<Option<String>> {
    let connected = [Filter::Is("connected", true.into())];
    let sellers = tx.find_all::<accounts::Account>(Some(platform), &connected, 10)?;
    Ok(sellers.into_iter().find(|seller| seller.charges_enabled).map(|seller| seller.id.clone()))
}
