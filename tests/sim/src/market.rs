//! What the simulated platform remembers, to ask about later.

use std::collections::BTreeMap;

/// A test card: its ready-made payment method and what it does.
#[derive(Debug, Clone, Copy)]
pub struct Card {
    /// `pm_card_…`.
    pub name: &'static str,
    /// Not issued in the United States.
    pub is_foreign: bool,
    /// Refunds come back after a day.
    pub refunds_fail: bool,
}

const fn card(name: &'static str, is_foreign: bool, refunds_fail: bool) -> Card {
    Card { name, is_foreign, refunds_fail }
}

/// Cards by how often they are used; what a card does is Kontor's to know.
pub const CARDS: &[(u64, Card)] = &[
    (20, card("pm_card_visa", false, false)),
    (8, card("pm_card_mastercard", false, false)),
    (30, card("pm_card_bypassPending", false, false)),
    (4, card("pm_card_de", true, false)),
    (3, card("pm_card_gb", true, false)),
    (2, card("pm_card_jp", true, false)),
    (6, card("pm_card_pendingRefund", false, false)),
    (6, card("pm_card_refundFail", false, true)),
    (3, card("pm_card_visa_chargeDeclined", false, false)),
    (2, card("pm_card_visa_chargeDeclinedInsufficientFunds", false, false)),
    (1, card("pm_card_visa_chargeDeclinedLostCard", false, false)),
    (1, card("pm_card_chargeDeclinedExpiredCard", false, false)),
    (1, card("pm_card_chargeDeclinedProcessingError", false, false)),
    (1, card("pm_card_chargeCustomerFail", false, false)),
    (1, card("pm_card_radarBlock", false, false)),
    (2, card("pm_card_authenticationRequired", false, false)),
    (1, card("pm_card_threeDSecure2Required", false, false)),
];

/// A payment intent that is not over.
#[derive(Debug, Clone)]
pub struct Intent {
    /// `pi_…`.
    pub id: String,
    /// Whose it is.
    pub owner: String,
    /// Its amount.
    pub amount: i64,
    /// The card that it was made with.
    pub card: Card,
    /// Whether it waits for its capture.
    pub is_authorised: bool,
    /// The charge that is authorised.
    pub charge: Option<String>,
}

/// Something with an owner.
#[derive(Debug, Clone)]
pub struct Owned {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub owner: String,
}

/// Most that is remembered of one kind.
const MOST: usize = 400;

/// What the platform remembers.
#[derive(Debug, Default)]
pub struct Market {
    /// Connected accounts.
    pub sellers: Vec<String>,
    /// Captured charges.
    pub sales: Vec<String>,
    /// The cards of captured charges.
    pub cards: BTreeMap<String, Card>,
    /// Intents that are not over.
    pub intents: Vec<Intent>,
    /// Transfers.
    pub transfers: Vec<String>,
    /// Fees.
    pub fees: Vec<String>,
    /// Refunds.
    pub refunds: Vec<Owned>,
    /// Payouts.
    pub payouts: Vec<Owned>,
    /// Customers.
    pub customers: Vec<Owned>,
    /// Webhook endpoints.
    pub endpoints: Vec<String>,
    /// External accounts.
    pub banks: Vec<Owned>,
    /// Things of all kinds, for questions about them.
    pub everything: Vec<Owned>,
}

/// Remembers something, and forgets the oldest of its kind when there is too much.
pub fn remember<T>(list: &mut Vec<T>, what: T) {
    if MOST <= list.len() {
        list.drain(..MOST / 4);
    }
    list.push(what);
}

impl Market {
    /// Remembers that something exists.
    pub fn seen(&mut self, id: &str, owner: &str) {
        remember(&mut self.everything, Owned { id: id.to_owned(), owner: owner.to_owned() });
    }
}
