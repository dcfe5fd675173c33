//! A customer's sources: the cards that programs from before payment methods keep for it, one of them the default.

use kernel::{ApiError, MetadataPatch, Patch, Result, too_high, too_low};
use rails::cards::Expiry;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use store::{Doc, Filter, Tx};
use wire::{Deleted, Expander, List, NoParams, Path, Reply, Route, list_json};

use super::{Customer, existing};
use crate::payment_methods::{self, PaymentMethod};
use crate::sources::{self, Source, SourceParam, is_source};
use crate::text;

/// How many sources of a customer are looked at.
const MOST: usize = 100;
/// How many a customer shows when it is expanded.
const MOST_SHOWN: usize = 10;

/// Which sources.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ListSources {
    /// `card`; of bank accounts there are none.
    object: Option<SourceKind>,
    /// How many.
    limit: Option<i64>,
    /// After which.
    starting_after: Option<String>,
    /// Before which.
    ending_before: Option<String>,
}

/// What a source can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SourceKind {
    /// A bank account; not yet.
    BankAccount,
    /// A card.
    Card,
    /// A source of its own; not yet.
    Source,
}

/// Parameters of `POST /v1/customers/{customer}/sources`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateSource {
    /// A token, or a card's details.
    source: SourceParam,
    /// The caller's own.
    #[serde(default)]
    metadata: Patch<MetadataPatch>,
    /// Taken, without effect: cards are always asked for.
    #[allow(dead_code, reason = "taken, without effect")]
    validate: Option<bool>,
}

/// Parameters of `POST /v1/customers/{customer}/sources/{id}`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct UpdateSource {
    /// Of bank accounts.
    account_holder_name: Option<String>,
    /// Of bank accounts.
    account_holder_type: Option<String>,
    /// City.
    address_city: Patch<String>,
    /// Country.
    address_country: Patch<String>,
    /// Street and number.
    address_line1: Patch<String>,
    /// Flat, suite, unit.
    address_line2: Patch<String>,
    /// State or region.
    address_state: Patch<String>,
    /// Postal code.
    address_zip: Patch<String>,
    /// 1 to 12.
    exp_month: Option<i64>,
    /// Two or four digits.
    exp_year: Option<i64>,
    /// The caller's own.
    metadata: Patch<MetadataPatch>,
    /// Whose it is.
    name: Patch<String>,
    /// Of `src_…`.
    owner: Option<Json>,
}

/// Gives a customer a source; without a default it becomes that. The customer is changed, not written.
///
/// Errors: 402 for a card that its issuer declines.
pub(super) fn add(tx: &mut Tx, customer: &mut Doc<Customer>, source: SourceParam) -> Result<Doc<PaymentMethod>> {
    let mut method = sources::make(tx, source)?;
    payment_methods::attach_to(tx, &mut method, customer)?;
    if customer.default_source.is_none() {
        customer.default_source = Some(method.id.clone());
    }
    Ok(method)
}

/// Gives a customer a source in place of its default.
///
/// Events: `customer.source.deleted`, `payment_method.detached` of the one replaced.
pub(super) fn replace(tx: &mut Tx, customer: &mut Doc<Customer>, source: SourceParam) -> Result<Doc<PaymentMethod>> {
    let added = sources::make(tx, source)?;
    if let Some(replaced) = customer.default_source.take() {
        let mut replaced = tx.load::<PaymentMethod>(&replaced)?;
        remove(tx, &mut replaced)?;
    }
    let mut added = added;
    payment_methods::attach_to(tx, &mut added, customer)?;
    customer.default_source = Some(added.id.clone());
    Ok(added)
}

/// Makes one of a customer's sources its default. The customer is changed, not written.
///
/// Errors: 400 `resource_missing`.
pub(super) fn make_default(tx: &mut Tx, customer: &mut Doc<Customer>, id: &str) -> Result<()> {
    let source = sources::of_customer(tx, &customer.id, id, "default_source").map_err(|error| error.status(400))?;
    customer.default_source = Some(source.id.clone());
    Ok(())
}

/// Says that a customer has a new source.
///
/// Events: `customer.source.created`, `payment_method.attached`.
pub(super) fn tell_added(tx: &mut Tx, method: &Doc<PaymentMethod>) -> Result<()> {
    let shown = Source::json(tx, method.shown())?;
    tx.emit_object("customer.source.created", &method.account, shown, None)?;
    tx.emit("payment_method.attached", method)
}

/// Lets a source go. Events: `customer.source.deleted`, `payment_method.detached`.
fn remove(tx: &mut Tx, method: &mut Doc<PaymentMethod>) -> Result<()> {
    let shown = Source::json(tx, method.shown())?;
    tx.emit_object("customer.source.deleted", &method.account, shown, None)?;
    payment_methods::let_go(tx, method)
}

/// A payment method is no longer the customer's: it is no default, and the oldest source that is left takes the place of a
/// default source. The customer is changed, not written. Answers whether it was.
pub(crate) fn forget(tx: &mut Tx, customer: &mut Doc<Customer>, id: &str) -> Result<bool> {
    let settings = &mut customer.invoice_settings;
    let was_default_method = settings.default_payment_method.as_deref() == Some(id);
    if was_default_method {
        settings.default_payment_method = None;
    }
    let was_default_source = customer.default_source.as_deref() == Some(id);
    if was_default_source {
        let left = all(tx, customer)?;
        customer.default_source = left.iter().rev().map(|left| left.id.clone()).find(|left| left != id);
    }
    Ok(was_default_method || was_default_source)
}

/// The customer's sources, newest first.
fn all(tx: &mut Tx, customer: &Doc<Customer>) -> Result<Vec<Doc<PaymentMethod>>> {
    let theirs = [Filter::Is("customer", customer.id.as_str().into())];
    let account = customer.account.clone();
    let mut methods = tx.find_all::<PaymentMethod>(Some(&account), &theirs, MOST)?;
    methods.retain(|method| is_source(&method.id));
    Ok(methods)
}

fn list(tx: &mut Tx, path: &Path, p: ListSources) -> Result<Reply<List<Source>>> {
    let customer = existing(tx, path.id(), "customer")?;
    let limit = match p.limit {
        None => MOST_SHOWN,
        Some(limit) if limit < 1 => return Err(too_low("limit", 1)),
        Some(limit) if 100 < limit => return Err(too_high("limit", 100)),
        Some(limit) => usize::try_from(limit).unwrap_or(MOST_SHOWN),
    };
    let mut theirs = match p.object {
        None | Some(SourceKind::Card) => all(tx, &customer)?,
        Some(SourceKind::BankAccount | SourceKind::Source) => Vec::new(),
    };
    let place = |theirs: &[Doc<PaymentMethod>], id: &str, param: &str| {
        let found = theirs.iter().position(|source| source.id == id);
        found.ok_or_else(|| kernel::resource_missing("source", id, param))
    };
    let has_more = match (p.starting_after, p.ending_before) {
        (Some(_), Some(_)) => return Err(both_cursors()),
        (Some(after), None) => {
            let at = place(&theirs, &after, "starting_after")?;
            theirs.drain(..=at);
            limit < theirs.len()
        }
        (None, Some(before)) => {
            let at = place(&theirs, &before, "ending_before")?;
            theirs.truncate(at);
            let has_more = limit < theirs.len();
            theirs.drain(..at.saturating_sub(limit));
            has_more
        }
        (None, None) => limit < theirs.len(),
    };
    theirs.truncate(limit);
    page(tx, path.url(), &theirs, has_more).map(Reply::value)
}

fn page(tx: &Tx, url: &str, theirs: &[Doc<PaymentMethod>], has_more: bool) -> Result<Json> {
    let data = theirs.iter().map(|source| Source::json(tx, source.shown()).map(Json::Object)).collect::<Result<_>>()?;
    Ok(list_json(url, data, has_more))
}

fn both_cursors() -> ApiError {
    ApiError::invalid("ending_before", "You may only specify one of these parameters: starting_after, ending_before.")
        .code("parameters_exclusive")
}

/// Events: `customer.source.created`, `payment_method.attached`; `customer.updated` when it is the first.
fn create(tx: &mut Tx, path: &Path, p: CreateSource) -> Result<Reply<Source>> {
    let mut customer = existing(tx, path.id(), "customer")?;
    let mut added = add(tx, &mut customer, p.source)?;
    added.metadata = p.metadata.merge(&added.metadata)?;
    tx.put(&added)?;
    tell_added(tx, &added)?;
    tx.put(&customer)?;
    tx.emit_updated("customer.updated", &customer)?;
    Reply::made(&Source::of(added.shown()))
}

fn retrieve(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<Source>> {
    let customer = existing(tx, path.id(), "customer")?;
    let source = sources::of_customer(tx, &customer.id, path.at(1), "id")?;
    Reply::made(&Source::of(source.shown()))
}

/// Events: `customer.source.updated`, `payment_method.updated`, when something changed.
fn update(tx: &mut Tx, path: &Path, p: UpdateSource) -> Result<Reply<Source>> {
    let customer = existing(tx, path.id(), "customer")?;
    let mut source = sources::of_customer(tx, &customer.id, path.at(1), "id")?;
    let others = [
        ("account_holder_name", p.account_holder_name.is_some()),
        ("account_holder_type", p.account_holder_type.is_some()),
        ("owner", p.owner.is_some()),
    ];
    if let Some((field, _)) = others.iter().find(|(_, given)| *given) {
        return Err(ApiError::invalid(field, format!("You cannot set `{field}` on a card.")));
    }
    let before = source.shown().clone();
    let month = p.exp_month.unwrap_or(source.card.exp_month);
    let year = p.exp_year.unwrap_or(source.card.exp_year);
    if p.exp_month.is_some() || p.exp_year.is_some() {
        let expiry = Expiry::check(month, year, tx.now(), "card").map_err(without_hash)?;
        source.card.exp_month = expiry.month;
        source.card.exp_year = expiry.year;
    }
    source.metadata = p.metadata.merge(&source.metadata)?;
    text::check_patch("name", &p.name, text::TEXT)?;
    p.name.apply(&mut source.billing_details.name);
    let mut address = source.billing_details.address.clone().unwrap_or_default();
    for (param, given, line) in [
        ("address_city", p.address_city, &mut address.city),
        ("address_country", p.address_country, &mut address.country),
        ("address_line1", p.address_line1, &mut address.line1),
        ("address_line2", p.address_line2, &mut address.line2),
        ("address_state", p.address_state, &mut address.state),
        ("address_zip", p.address_zip, &mut address.postal_code),
    ] {
        text::check_patch(param, &given, text::TEXT)?;
        given.apply(line);
    }
    source.billing_details.address = Some(address);
    if *source.shown() != before {
        tx.put(&source)?;
        let shown = Source::json(tx, source.shown())?;
        let was = Source::json(tx, &before)?;
        let changed: Map<String, Json> =
            was.into_iter().filter(|(name, value)| shown.get(name) != Some(value)).collect();
        tx.emit_object("customer.source.updated", &customer.account, shown, Some(changed))?;
        tx.emit_updated("payment_method.updated", &source)?;
    }
    Reply::made(&Source::of(source.shown()))
}

/// The parameters of a source are in no hash.
fn without_hash(error: ApiError) -> ApiError {
    let param = error.param_str().and_then(|param| param.strip_prefix("card[")?.strip_suffix(']')).map(str::to_owned);
    match param {
        Some(param) => error.param(&param),
        None => error,
    }
}

/// Events: `customer.source.deleted`, `payment_method.detached`; `customer.updated` when it was the default.
fn delete(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<Deleted>> {
    let mut customer = existing(tx, path.id(), "customer")?;
    let mut source = sources::of_customer(tx, &customer.id, path.at(1), "id")?;
    let id = source.id.clone();
    remove(tx, &mut source)?;
    if forget(tx, &mut customer, &id)? {
        tx.put(&customer)?;
        tx.emit_updated("customer.updated", &customer)?;
    }
    Reply::made(&Deleted { id, object: "card".into(), deleted: true })
}

/// The endpoints.
pub(super) fn routes() -> Vec<Route> {
    const ALL: &str = "/v1/customers/{customer}/sources";
    const ONE: &str = "/v1/customers/{customer}/sources/{id}";
    vec![
        wire::get(ALL, "customers.listSources", list),
        wire::post(ALL, "customers.createSource", create),
        wire::get(ONE, "customers.retrieveSource", retrieve),
        wire::post(ONE, "customers.updateSource", update),
        wire::delete(ONE, "customers.deleteSource", delete),
    ]
}

/// What a customer shows when it is asked for: its sources, and lists of what there is none of yet.
pub(crate) fn expanders() -> Vec<Expander> {
    vec![
        Expander { object: "customer", field: "default_source", make: default_of },
        Expander { object: "customer", field: "sources", make: sources_of },
        Expander {
            object: "customer",
            field: "subscriptions",
            make: |_, customer| Ok(none(customer, "subscriptions")),
        },
        Expander { object: "customer", field: "tax_ids", make: |_, customer| Ok(none(customer, "tax_ids")) },
    ]
}

fn url_of(customer: &Map<String, Json>, what: &str) -> String {
    format!("/v1/customers/{}/{what}", customer.get("id").and_then(Json::as_str).unwrap_or_default())
}

fn none(customer: &Map<String, Json>, what: &str) -> Json {
    list_json(&url_of(customer, what), Vec::new(), false)
}

fn default_of(tx: &mut Tx, customer: &Map<String, Json>) -> Result<Json> {
    let Some(id) = customer.get("default_source").and_then(Json::as_str) else { return Ok(Json::Null) };
    let method = tx.load::<PaymentMethod>(id)?;
    Source::json(tx, method.shown()).map(Json::Object)
}

fn sources_of(tx: &mut Tx, shown: &Map<String, Json>) -> Result<Json> {
    let id = shown.get("id").and_then(Json::as_str).unwrap_or_default();
    let customer = tx.load::<Customer>(id)?;
    let theirs = if customer.deleted { Vec::new() } else { all(tx, &customer)? };
    let first = theirs.get(..MOST_SHOWN).unwrap_or(&theirs);
    page(tx, &url_of(shown, "sources"), first, MOST_SHOWN < theirs.len())
}
