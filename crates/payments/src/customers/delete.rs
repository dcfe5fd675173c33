//! Deleting a customer, for good.

use kernel::{Metadata, Result};
use store::{Filter, Tx};
use wire::{Deleted, NoParams, Path, Reply};

use super::{Customer, InvoiceSettings, TaxExempt, existing};
use crate::payment_methods::{self, PaymentMethod};

/// How many payment methods are let go with their customer. What is beyond stays behind, and cannot be used either:
/// whoever uses a payment method needs its customer.
const MOST_DETACHED: usize = 100;

/// Deletes a customer: its payment methods are detached, what was known of it is forgotten, and its id answers
/// `deleted: true` from then on.
///
/// Events: `payment_method.detached`, `customer.deleted`.
pub(super) fn delete(tx: &mut Tx, path: &Path, _: NoParams) -> Result<Reply<Deleted>> {
    let mut customer = existing(tx, path.id(), "id")?;
    let theirs = [Filter::Is("customer", customer.id.as_str().into())];
    let account = customer.account.clone();
    for listed in tx.find_all::<PaymentMethod>(Some(&account), &theirs, MOST_DETACHED)? {
        let mut payment_method = tx.load::<PaymentMethod>(&listed.id)?;
        payment_methods::let_go(tx, &mut payment_method)?;
    }
    tx.emit("customer.deleted", &customer)?;
    *customer = Customer {
        id: customer.id.clone(),
        object: customer.object.clone(),
        address: None,
        balance: 0,
        business_name: None,
        created: customer.created,
        currency: None,
        customer_account: None,
        default_source: None,
        delinquent: false,
        description: None,
        discount: None,
        email: None,
        individual_name: None,
        invoice_prefix: None,
        invoice_settings: InvoiceSettings::default(),
        livemode: customer.livemode,
        metadata: Metadata::new(),
        name: None,
        next_invoice_sequence: 1,
        phone: None,
        preferred_locales: Vec::new(),
        shipping: None,
        tax_exempt: TaxExempt::None,
        test_clock: None,
        deleted: true,
    };
    tx.put(&customer)?;
    Deleted::reply(&customer)
}
