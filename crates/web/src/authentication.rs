//! The page on which a payer authenticates a payment: in a sandbox, the payer's bank with two buttons.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{ApiError, Result};
use payments::authentication::{Outcome, Page, finish, page};
use serde::Deserialize;
use store::{Caller, Origin};

use crate::Web;
use crate::templates::{Authentication, Done};

/// What the link carries.
#[derive(Debug, Deserialize)]
pub(crate) struct Link {
    #[serde(default)]
    token: String,
}

/// What the payer decided.
#[derive(Debug, Deserialize)]
pub(crate) struct Decision {
    #[serde(default)]
    token: String,
    #[serde(default)]
    outcome: String,
}

/// `GET /kontor/3ds/{intent}`.
pub(crate) async fn show(
    State(web): State<Arc<Web>>,
    Path(intent): Path<String>,
    Query(link): Query<Link>,
) -> Response {
    let shown = web.api.world().read(&Caller::account(""), |tx| page(tx, &intent, &link.token));
    match shown {
        Ok(shown) => web.page(StatusCode::OK, "authentication.html", &context(shown, &intent, link.token)),
        Err(error) => web.problem(&error),
    }
}

fn context(page: Page, intent: &str, token: String) -> Authentication {
    Authentication {
        merchant: page.merchant,
        amount: page.amount,
        card: page.card,
        action: format!("/kontor/3ds/{intent}"),
        token,
    }
}

/// `POST /kontor/3ds/{intent}`: finishes the payment, and sends the payer back to the shop.
pub(crate) async fn decide(
    State(web): State<Arc<Web>>,
    Path(intent): Path<String>,
    Form(decision): Form<Decision>,
) -> Response {
    match finish_as(&web, &intent, &decision).await {
        Ok((_, Some(return_url))) => Redirect::to(&return_url).into_response(),
        Ok((succeeded, None)) => web.page(StatusCode::OK, "done.html", &Done { succeeded }),
        Err(error) => web.problem(&error),
    }
}

/// Whether the payment went on, and where the payer goes now.
async fn finish_as(web: &Web, intent: &str, decision: &Decision) -> Result<(bool, Option<String>)> {
    let outcome = match decision.outcome.as_str() {
        "complete" => Outcome::Completed,
        "fail" => Outcome::Failed,
        _ => return Err(ApiError::bad_request("Please choose one of the two buttons.")),
    };
    let return_url = web
        .api
        .world()
        .run(&Caller::account(""), &Origin::default(), |tx| finish(tx, intent, &decision.token, outcome))
        .await?;
    Ok((outcome == Outcome::Completed, return_url))
}
