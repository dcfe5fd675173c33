//! What happens on the page on which a payer authenticates a payment. The page itself is `web`'s.

use kernel::{ApiError, ErrorType, Result};
use rails::cards::{Answer, Authentication};
use store::{Caller, Doc, Tx};

use super::attempt::{approve, ask, check_ready, decline_attempt, end_attempt, fail};
use super::{ConfirmationMethod, PaymentIntent, Status};
use crate::payment_methods::PaymentMethod;

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Who asks for the money.
    pub merchant: String,
    /// How much: `$20.00`.
    pub amount: String,
    /// From which card: `Visa •••• 3184`.
    pub card: String,
}

/// What the payer decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Authenticated.
    Completed,
    /// Not authenticated.
    Failed,
}

/// What the page of an intent shows.
///
/// Errors: 404 for a link that is wrong, or was used.
pub fn page(tx: &mut Tx, intent: &str, token: &str) -> Result<Page> {
    let intent = waiting(tx, intent, token)?;
    let method = method_of(tx, &intent)?;
    let merchant = accounts::load(tx, intent.on_behalf_of.as_ref().unwrap_or(&intent.account))?;
    let brand = &method.card.brand;
    let brand = brand.get(..1).map_or(String::new(), str::to_uppercase) + brand.get(1..).unwrap_or_default();
    Ok(Page {
        merchant: merchant.display_name(),
        amount: intent.money().to_string(),
        card: format!("{brand} •••• {}", method.card.last4),
    })
}

/// Finishes the payment as the payer decided. Answers where the payer goes now, when the merchant said so.
///
/// Errors: 404 for a link that is wrong, or was used.
/// Events: those of an attempt.
pub fn finish(tx: &mut Tx, intent: &str, token: &str, outcome: Outcome) -> Result<Option<String>> {
    let mut intent = waiting(tx, intent, token)?;
    let method = method_of(tx, &intent)?;
    let account = intent.account.clone();
    let caller = caller_of(tx, &account)?;
    tx.act_for(caller);
    match outcome {
        Outcome::Failed => fail(tx, &mut intent, &method, &not_authenticated(), None)?,
        Outcome::Completed if intent.confirmation_method == ConfirmationMethod::Manual => {
            end_attempt(&mut intent);
            intent.private.authenticated = true;
            intent.status = Status::RequiresConfirmation;
            tx.put(&intent)?;
        }
        Outcome::Completed => go_on(tx, &mut intent, method)?,
    }
    Ok(intent.private.return_url.as_ref().map(|url| back(url, &intent)))
}

/// The payer was away for a while: the payment method may have been detached since, or an account closed. Nobody is there
/// to be told, so what would be refused ends the attempt.
fn go_on(tx: &mut Tx, intent: &mut Doc<PaymentIntent>, method: Doc<PaymentMethod>) -> Result<()> {
    if let Err(error) = check_ready(tx, intent, &method) {
        return if error.http_status() < 500 { fail(tx, intent, &method, &error, None) } else { Err(error) };
    }
    match ask(tx, intent, &method, false, Authentication::Succeeded)? {
        Answer::Approved(approval) => approve(tx, intent, method, approval),
        Answer::Declined(decline) => decline_attempt(tx, intent, method, &decline).map(drop),
        Answer::AuthenticationRequired => fail(tx, intent, &method, &not_authenticated(), None),
    }
}

/// An intent whose payer is on the page.
fn waiting(tx: &mut Tx, intent: &str, token: &str) -> Result<Doc<PaymentIntent>> {
    let found = tx.find::<PaymentIntent>(intent)?;
    let matches = |intent: &Doc<PaymentIntent>| {
        intent.status == Status::RequiresAction && !token.is_empty() && intent.private.token.as_deref() == Some(token)
    };
    found.filter(matches).ok_or_else(|| {
        ApiError::new(404, ErrorType::InvalidRequest, "This link has been used already, or was never right.")
    })
}

fn method_of(tx: &mut Tx, intent: &Doc<PaymentIntent>) -> Result<Doc<PaymentMethod>> {
    match &intent.payment_method {
        Some(id) => tx.load::<PaymentMethod>(&id.clone()),
        None => Err(tx.bug(&format!("{}: the payer acts without a payment method", intent.id))),
    }
}

/// The payment goes on as the account that began it.
fn caller_of(tx: &mut Tx, account: &str) -> Result<Caller> {
    let account = accounts::load(tx, account)?;
    let owner = account.account.clone();
    Ok(if account.is_connected() { Caller::for_connected(&owner, &account.id) } else { Caller::account(&account.id) })
}

/// The shop's page, told how it went.
fn back(url: &str, intent: &PaymentIntent) -> String {
    let status = match intent.status {
        Status::RequiresPaymentMethod | Status::Canceled => "failed",
        Status::Succeeded | Status::RequiresCapture | Status::RequiresConfirmation | Status::RequiresAction => {
            "succeeded"
        }
    };
    let (before, fragment) = url.split_once('#').map_or((url, None), |(before, fragment)| (before, Some(fragment)));
    let joint = if before.contains('?') { '&' } else { '?' };
    let secret = intent.client_secret.as_deref().unwrap_or_default();
    let mut back = format!(
        "{before}{joint}payment_intent={}&payment_intent_client_secret={secret}&redirect_status={status}",
        intent.id
    );
    if let Some(fragment) = fragment {
        back.push('#');
        back.push_str(fragment);
    }
    back
}

/// Why an attempt failed when the payer did not authenticate (Stripe, "error codes").
fn not_authenticated() -> ApiError {
    ApiError::bad_request(
        "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to          attempt to fulfill this PaymentIntent again.",
    )
    .code("payment_intent_authentication_failure")
}
