//! A new payment intent; confirmed in the same call when the caller says so.

use kernel::{ApiError, Metadata, MetadataPatch, Money, Patch, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use store::Tx;
use wire::{Path, Reply};

use super::amount_details::{AmountDetails, AmountDetailsParams};
use super::attempt::{Terms, attempt, check_sharing};
use super::confirm::MISSING_METHOD;
use super::method::{MethodData, check_excluded, check_types, set_customer, set_method};
use super::options::MethodOptionsParams;
use super::params::{
    AutomaticParams, OffSession, PaymentDetailsParams, TransferDataParams, check_descriptors, check_hash, check_texts,
    refuse,
};
use super::{
    AutomaticPaymentMethods, CaptureMethod, ConfirmationMethod, IntentState, MethodOptions, PaymentIntent,
    SetupFutureUsage, Status, amount,
};
use crate::address::ShippingParams;
use crate::customers;

use crate::text;

/// Parameters of `POST /v1/payment_intents`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePaymentIntent {
    /// What the payer is asked for, in minor units.
    amount: i64,
    /// The payer's currency.
    currency: String,
    /// The payment method types that are allowed.
    #[serde(default)]
    allowed_payment_method_types: Vec<String>,
    /// The parts of the amount.
    amount_details: Option<AmountDetailsParams>,
    /// What the platform earns.
    application_fee_amount: Option<i64>,
    /// Whether payment methods are chosen by settings.
    automatic_payment_methods: Option<AutomaticParams>,
    /// When the money is taken.
    capture_method: Option<CaptureMethod>,
    /// Whether it is confirmed in the same call.
    confirm: Option<bool>,
    /// Who may confirm it.
    confirmation_method: Option<ConfirmationMethod>,
    /// Not supported yet.
    confirmation_token: Option<String>,
    /// Who pays.
    customer: Option<String>,
    /// Not supported yet.
    customer_account: Option<String>,
    /// For people.
    #[serde(default)]
    description: Patch<String>,
    /// With `confirm`: an error in place of a next action.
    error_on_requires_action: Option<bool>,
    /// Payment method types that are excluded.
    #[serde(default)]
    excluded_payment_method_types: Patch<Vec<String>>,
    /// Not supported yet.
    hooks: Option<Json>,
    /// Not supported yet.
    mandate: Option<String>,
    /// Taken: cards need no mandate.
    #[serde(default)]
    mandate_data: Patch<Json>,
    /// The caller's own.
    #[serde(default)]
    metadata: Patch<MetadataPatch>,
    /// With `confirm`: whether the payer is away.
    off_session: Option<OffSession>,
    /// The connected account that settles in place of the platform.
    on_behalf_of: Option<String>,
    /// The caller's references.
    payment_details: Option<PaymentDetailsParams>,
    /// How the payer pays.
    payment_method: Option<String>,
    /// Not supported yet.
    payment_method_configuration: Option<String>,
    /// How the payer pays, in place of an id.
    payment_method_data: Option<MethodData>,
    /// Options by type of payment method.
    payment_method_options: Option<MethodOptionsParams>,
    /// The types with which it can be paid. Newer versions dropped it; the world's code still sends it.
    #[serde(default)]
    payment_method_types: Vec<String>,
    /// Taken: the sandbox's risk is told by the card.
    radar_options: Option<Json>,
    /// Where the receipt goes.
    #[serde(default)]
    receipt_email: Patch<String>,
    /// With `confirm`: where the payer goes after acting.
    return_url: Option<String>,
    /// Whether the payment method is kept for later payments.
    setup_future_usage: Option<SetupFutureUsage>,
    /// Where the goods go.
    #[serde(default)]
    shipping: Patch<ShippingParams>,
    /// Not supported for cards.
    statement_descriptor: Option<String>,
    /// What the payer's statement says behind the merchant's prefix.
    statement_descriptor_suffix: Option<String>,
    /// Makes it a destination payment.
    transfer_data: Option<TransferDataParams>,
    /// Groups it with transfers.
    transfer_group: Option<String>,
    /// With `confirm`: the next action is one for Stripe.js.
    use_stripe_sdk: Option<bool>,
}

impl CreatePaymentIntent {
    fn check(&self) -> Result<()> {
        refuse(&[
            ("confirmation_token", self.confirmation_token.is_some()),
            ("customer_account", self.customer_account.is_some()),
            ("hooks", self.hooks.is_some()),
            ("mandate", self.mandate.is_some()),
            ("payment_method_configuration", self.payment_method_configuration.is_some()),
        ])?;
        check_texts(&[
            ("description", self.description.as_set(), text::TEXT),
            ("transfer_group", self.transfer_group.as_ref(), text::NAME),
        ])?;
        if let Some(email) = self.receipt_email.as_set() {
            text::check_email("receipt_email", email)?;
        }
        if let Some(url) = &self.return_url {
            text::check_url("return_url", url)?;
        }
        if let Some(shipping) = self.shipping.as_set() {
            shipping.check()?;
        }
        check_descriptors(self.statement_descriptor.as_ref(), self.statement_descriptor_suffix.as_ref())?;
        let hashes = [("mandate_data", self.mandate_data.as_set()), ("radar_options", self.radar_options.as_ref())];
        for (param, value) in hashes {
            value.map_or(Ok(()), |value| check_hash(param, value))?;
        }
        check_types("payment_method_types", &self.payment_method_types)?;
        check_types("allowed_payment_method_types", &self.allowed_payment_method_types)?;
        self.excluded_payment_method_types.as_set().map_or(Ok(()), |types| check_excluded(types))?;
        if !self.payment_method_types.is_empty() && self.automatic_payment_methods.is_some_and(|a| a.enabled) {
            return Err(types_and_automatic());
        }
        self.check_confirm_only()
    }

    /// What only means something when the intent is confirmed in the same call.
    fn check_confirm_only(&self) -> Result<()> {
        if self.confirm == Some(true) {
            return Ok(());
        }
        let only = [
            ("off_session", self.off_session.is_some()),
            ("error_on_requires_action", self.error_on_requires_action == Some(true)),
            ("return_url", self.return_url.is_some()),
        ];
        match only.iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((name, _)) => Err(ApiError::invalid(
                name,
                format!(
                    "The parameter `{name}` cannot be passed when creating a PaymentIntent unless `confirm` is set to true."
                ),
            )),
        }
    }
}

/// Makes a payment intent.
///
/// Errors: 400 for each wrong parameter, before anything is written; with `confirm`, those of confirming: a decline is a
/// 402 and the intent stays.
/// Events: `payment_intent.created`; with `confirm`, those of confirming.
pub(super) fn create(tx: &mut Tx, _: &Path, mut p: CreatePaymentIntent) -> Result<Reply<PaymentIntent>> {
    let money = Money::new(p.amount, amount::currency(&p.currency)?);
    amount::check(money)?;
    p.check()?;
    let confirm = p.confirm == Some(true);
    let terms = Terms {
        off_session: p.off_session.is_some_and(OffSession::is_off),
        error_on_requires_action: p.error_on_requires_action == Some(true),
        use_stripe_sdk: p.use_stripe_sdk == Some(true),
    };
    let (method_id, method_data) = (p.payment_method.take(), p.payment_method_data.take());
    let (customer, return_url) = (p.customer.take(), p.return_url.take());
    let shown = blank(tx, money, p)?;
    if !confirm {
        // The attempt checks it otherwise.
        check_sharing(tx, &shown)?;
    }
    let account = tx.account().to_owned();
    let mut intent = tx.create(&account, shown, IntentState { return_url, ..IntentState::default() })?;
    if let Some(customer) = customer {
        set_customer(tx, &mut intent, &customer)?;
    }
    let method_id = match method_id {
        None if confirm && method_data.is_none() => default_source(tx, intent.customer.as_deref())?,
        given => given,
    };
    let method = set_method(tx, &mut intent, method_id.as_ref(), method_data)?;
    if method.is_some() {
        intent.status = Status::RequiresConfirmation;
    }
    tx.put(&intent)?;
    tx.emit("payment_intent.created", &intent)?;
    if !confirm {
        return Ok(Reply::document(&intent));
    }
    let Some(method) = method else { return Err(missing_method()) };
    attempt(tx, intent, method, terms)
}

/// What a customer from before payment methods pays with when nothing is said (Stripe, `payment_method`).
fn default_source(tx: &mut Tx, customer: Option<&str>) -> Result<Option<String>> {
    let Some(customer) = customer else { return Ok(None) };
    Ok(customers::named(tx, customer, "customer")?.default_source.clone())
}

fn blank(tx: &mut Tx, money: Money, p: CreatePaymentIntent) -> Result<PaymentIntent> {
    let id = tx.id("pi");
    let application = match tx.caller().is_connect() {
        true => {
            let platform = tx.caller().key_account.clone();
            Some(accounts::application(tx, &platform)?.id)
        }
        false => None,
    };
    let automatic = match (p.automatic_payment_methods, p.payment_method_types.is_empty()) {
        (Some(given), _) => Some(AutomaticPaymentMethods {
            allow_redirects: given.allow_redirects.unwrap_or_default(),
            enabled: given.enabled,
        })
        .filter(|automatic| automatic.enabled),
        // Default since 2023-08-16.
        (None, true) => Some(AutomaticPaymentMethods { allow_redirects: Default::default(), enabled: true }),
        (None, false) => None,
    };
    let types = if p.payment_method_types.is_empty() { vec!["card".to_owned()] } else { p.payment_method_types };
    let mut payment_method_options = None;
    if let Some(options) = p.payment_method_options {
        options.apply(&mut payment_method_options)?;
    }
    let card_options = payment_method_options.get_or_insert_with(MethodOptions::default).card.get_or_insert_default();
    card_options.request_three_d_secure.get_or_insert_default();
    let mut payment_details = None;
    if let Some(details) = p.payment_details {
        details.apply(&mut payment_details)?;
    }
    let mut amount_details = AmountDetails::default();
    if let Some(details) = p.amount_details {
        details.apply(&mut amount_details)?;
    }
    let secret = format!("{id}_secret_{}", tx.secret(25));
    Ok(PaymentIntent {
        id,
        object: "payment_intent".into(),
        allowed_payment_method_types: Some(p.allowed_payment_method_types).filter(|types| !types.is_empty()),
        amount: money.amount,
        amount_capturable: 0,
        amount_details,
        amount_received: 0,
        application,
        application_fee_amount: p.application_fee_amount,
        automatic_payment_methods: automatic,
        canceled_at: None,
        cancellation_reason: None,
        capture_method: p.capture_method.unwrap_or_default(),
        client_secret: Some(secret),
        confirmation_method: p.confirmation_method.unwrap_or_default(),
        created: tx.now(),
        currency: money.currency,
        customer: None,
        customer_account: None,
        description: p.description.set(),
        excluded_payment_method_types: p.excluded_payment_method_types.set().filter(|types| !types.is_empty()),
        last_payment_error: None,
        latest_charge: None,
        livemode: tx.livemode(),
        managed_payments: None,
        metadata: p.metadata.merge(&Metadata::new())?,
        next_action: None,
        on_behalf_of: p.on_behalf_of,
        payment_details,
        payment_method: None,
        payment_method_configuration_details: None,
        payment_method_options,
        payment_method_types: types,
        payment_record: None,
        processing: None,
        receipt_email: p.receipt_email.set(),
        review: None,
        setup_future_usage: p.setup_future_usage,
        shipping: p.shipping.set().map(ShippingParams::into_shipping),
        source: None,
        statement_descriptor: None,
        statement_descriptor_suffix: p.statement_descriptor_suffix,
        status: Status::RequiresPaymentMethod,
        transfer_data: p.transfer_data.map(TransferDataParams::into_data).transpose()?,
        transfer_group: p.transfer_group,
    })
}

fn types_and_automatic() -> ApiError {
    ApiError::invalid(
        "payment_method_types",
        "You may only specify one of these parameters: automatic_payment_methods[enabled], payment_method_types.",
    )
    .code("parameters_exclusive")
}

/// 400: confirmed without a payment method.
fn missing_method() -> ApiError {
    ApiError::bad_request(MISSING_METHOD).code("payment_intent_unexpected_state")
}
