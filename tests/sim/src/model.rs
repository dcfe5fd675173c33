//! What everybody must have, reckoned from what was answered.
//!
//! A second book, as simple as it can be: a running sum per account and currency. It never looks at Kontor's postings or
//! balance transactions; it hears of each successful request (and of what jobs did to a payout or a refund, by asking for
//! it), and reckons with the documented rules (money.md 2, 3, 5) in [`crate::arithmetic`].

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::arithmetic::{exchange, processing_fee, share};

/// Something that the model knows cannot be.
pub type Wrong = String;

/// What the model must know of an account.
#[derive(Debug, Clone, Default)]
pub struct Holder {
    /// The currencies in which it has external accounts: it settles in these, and in dollars otherwise.
    pub currencies: BTreeSet<String>,
    /// The platform pays the fees of its direct charges.
    pub platform_pays_fees: bool,
    /// The platform answers for what it cannot pay back.
    pub platform_is_liable: bool,
}

/// A captured charge.
#[derive(Debug, Clone)]
pub struct Sale {
    /// Whose charge it is.
    pub owner: String,
    /// The payer's currency.
    pub currency: String,
    /// What was taken.
    pub captured: i64,
    /// What was given back.
    pub refunded: i64,
    /// What waits for money to be given back.
    pub waiting: i64,
    /// The currency in which it was booked.
    pub settled_in: String,
    /// What was booked.
    pub settled: i64,
    /// The transfer of a destination charge.
    pub transfer: Option<String>,
    /// The platform's fee.
    pub fee: Option<String>,
    /// What was transferred of it.
    pub transferred: i64,
    refunded_with_fee: i64,
    refunded_with_transfer: i64,
}

/// A transfer.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Who sent it.
    pub sender: String,
    /// Who got it.
    pub receiver: String,
    /// What was sent.
    pub amount: i64,
    /// In which currency.
    pub currency: String,
    /// What came back.
    pub reversed: i64,
    /// The fee on a destination payment.
    pub fee: Option<String>,
    landed: i64,
    landed_in: String,
    landed_back: i64,
}

/// A platform's fee.
#[derive(Debug, Clone)]
pub struct Fee {
    /// Who paid it.
    pub payer: String,
    /// In the charge's currency.
    pub amount: i64,
    /// What was given back of it.
    pub refunded: i64,
    paid: i64,
    paid_in: String,
    paid_back: i64,
    earned: i64,
    earned_in: String,
    given_back: i64,
    reversed_with_fee: i64,
}

/// A refund that is not over.
#[derive(Debug, Clone)]
pub struct Back {
    /// Whose charge it gives back.
    pub owner: String,
    /// The charge.
    pub charge: String,
    /// In the charge's currency.
    pub amount: i64,
    /// It waits for money: nothing was booked.
    pub waits: bool,
    with_fee: bool,
    with_transfer: bool,
    /// The card takes no refunds, and says so a day later.
    fails_later: bool,
    taken: i64,
}

/// A payout that is not over.
#[derive(Debug, Clone)]
pub struct Paid {
    /// Who is paid.
    pub account: String,
    /// Negative when it brings money back.
    pub amount: i64,
    /// In which currency.
    pub currency: String,
}

/// A negative balance taken from a bank, which paid it.
#[derive(Debug, Clone)]
pub struct Debit {
    /// Who owed it.
    pub account: String,
    /// Minor units.
    pub amount: i64,
    /// In which currency.
    pub currency: String,
    /// Until when the platform's reserve stays although it was paid: three business days.
    pub until: i64,
}

/// The second book.
#[derive(Debug, Default)]
pub struct Model {
    /// The platform.
    pub platform: String,
    /// Everybody who has money.
    pub holders: BTreeMap<String, Holder>,
    /// What everybody has: pending, available and reserved together.
    pub totals: BTreeMap<(String, String), i64>,
    /// Captured charges by id.
    pub sales: BTreeMap<String, Sale>,
    /// Transfers by id.
    pub transfers: BTreeMap<String, Sent>,
    /// Fees by id.
    pub fees: BTreeMap<String, Fee>,
    /// Refunds whose outcome is open.
    pub open_refunds: BTreeMap<String, Back>,
    /// Payouts whose outcome is open.
    pub open_payouts: BTreeMap<String, Paid>,
    /// Debits of banks that were paid.
    pub debits: Vec<Debit>,
    /// All payouts ever heard of.
    pub payouts: BTreeSet<String>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}

fn id_of(value: &Value) -> Option<String> {
    value.as_str().or_else(|| value["id"].as_str()).map(str::to_owned)
}

impl Model {
    fn add(&mut self, account: &str, currency: &str, amount: i64) {
        *self.totals.entry((account.to_owned(), currency.to_owned())).or_default() += amount;
    }

    fn settles_in(&self, account: &str, currency: &str) -> String {
        let holds = self.holders.get(account).is_some_and(|holder| holder.currencies.contains(currency));
        if holds { currency.to_owned() } else { "usd".to_owned() }
    }

    /// An account as it was answered.
    pub fn account(&mut self, account: &Value) {
        let controller = &account["controller"];
        let holder = Holder {
            currencies: account["external_accounts"]["data"]
                .as_array()
                .map(|all| all.iter().map(|external| text(&external["currency"])).collect())
                .unwrap_or_default(),
            // money.md 2.7: legacy Express and Custom accounts pay their own processing fees.
            platform_pays_fees: controller["fees"]["payer"] == "application",
            platform_is_liable: controller["losses"]["payments"] == "application",
        };
        self.holders.insert(text(&account["id"]), holder);
    }

    /// A charge that was captured, as it was answered right then.
    pub fn captured(&mut self, owner: &str, charge: &Value, foreign_card: bool) -> Result<(), Wrong> {
        let (id, currency, captured) =
            (text(&charge["id"]), text(&charge["currency"]), number(&charge["amount_captured"]));
        if charge["captured"] != true || captured < 1 || number(&charge["amount"]) < captured {
            return Err(format!("{id} is said to be captured: {charge}"));
        }
        if self.sales.contains_key(&id) {
            return Err(format!("{id} was captured twice"));
        }
        let merchant = charge["on_behalf_of"].as_str().unwrap_or(owner).to_owned();
        let settled_in = self.settles_in(&merchant, &currency);
        let settled = exchange(captured, &currency, &settled_in);
        self.add(owner, &settled_in, settled);

        let processing = processing_fee(settled, foreign_card, settled_in != currency);
        let is_direct = owner != self.platform;
        if is_direct && self.holders.get(owner).is_some_and(|holder| holder.platform_pays_fees) {
            let platform = self.platform.clone();
            let billed_in = self.settles_in(&platform, &settled_in);
            self.add(&platform, &billed_in, -exchange(processing, &settled_in, &billed_in));
        } else {
            self.add(owner, &settled_in, -processing);
        }

        let fee_amount = charge["application_fee_amount"].as_i64().unwrap_or(0).min(captured);
        let fee_id = id_of(&charge["application_fee"]);
        if (0 < fee_amount) != fee_id.is_some() {
            return Err(format!("{id} has a fee of {fee_amount} and the fee object {fee_id:?}"));
        }
        let mut sale = Sale {
            owner: owner.to_owned(),
            currency: currency.clone(),
            captured,
            refunded: 0,
            waiting: 0,
            settled_in: settled_in.clone(),
            settled,
            transfer: None,
            fee: fee_id.clone(),
            transferred: 0,
            refunded_with_fee: 0,
            refunded_with_transfer: 0,
        };
        if is_direct {
            if let Some(fee) = fee_id {
                self.collect(&fee, owner, fee_amount, &currency, &settled_in);
            }
        } else if let Some(receiver) = charge["transfer_data"]["destination"].as_str() {
            let part = match charge["transfer_data"]["amount"].as_i64() {
                Some(part) => exchange(part.min(captured), &currency, &settled_in),
                None => settled,
            };
            let Some(transfer) = id_of(&charge["transfer"]) else {
                return Err(format!("{id} goes to {receiver} and has no transfer"));
            };
            let landed_in = self.send(&transfer, owner, receiver, part, &settled_in);
            if let Some(fee) = fee_id {
                self.collect(&fee, receiver, fee_amount, &currency, &landed_in);
                if let Some(sent) = self.transfers.get_mut(&transfer) {
                    sent.fee = Some(fee);
                }
            }
            sale.transferred = part;
            sale.transfer = Some(transfer);
        }
        self.sales.insert(id, sale);
        Ok(())
    }

    /// A fee of `amount` of `currency`, taken from money of `payer` in `paid_in`.
    fn collect(&mut self, id: &str, payer: &str, amount: i64, currency: &str, paid_in: &str) {
        let platform = self.platform.clone();
        let paid = exchange(amount, currency, paid_in);
        let earned_in = self.settles_in(&platform, paid_in);
        let earned = exchange(paid, paid_in, &earned_in);
        self.add(payer, paid_in, -paid);
        self.add(&platform, &earned_in, earned);
        let fee = Fee {
            payer: payer.to_owned(),
            amount,
            refunded: 0,
            paid,
            paid_in: paid_in.to_owned(),
            paid_back: 0,
            earned,
            earned_in,
            given_back: 0,
            reversed_with_fee: 0,
        };
        self.fees.insert(id.to_owned(), fee);
    }

    /// Money sent; the currency in which it landed.
    fn send(&mut self, id: &str, sender: &str, receiver: &str, amount: i64, currency: &str) -> String {
        let landed_in = self.settles_in(receiver, currency);
        let landed = exchange(amount, currency, &landed_in);
        self.add(sender, currency, -amount);
        self.add(receiver, &landed_in, landed);
        let sent = Sent {
            sender: sender.to_owned(),
            receiver: receiver.to_owned(),
            amount,
            currency: currency.to_owned(),
            reversed: 0,
            fee: None,
            landed,
            landed_in: landed_in.clone(),
            landed_back: 0,
        };
        self.transfers.insert(id.to_owned(), sent);
        landed_in
    }

    /// A transfer made by itself or from a charge.
    pub fn transferred(&mut self, sender: &str, transfer: &Value) -> Result<(), Wrong> {
        let (id, amount) = (text(&transfer["id"]), number(&transfer["amount"]));
        if let Some(charge) = transfer["source_transaction"].as_str() {
            let Some(sale) = self.sales.get_mut(charge) else {
                return Err(format!("{id} takes money of {charge}, which was not captured"));
            };
            sale.transferred += amount;
            if sale.settled < sale.transferred {
                return Err(format!(
                    "{} was transferred of {charge}, which settled {}",
                    sale.transferred, sale.settled
                ));
            }
        }
        self.send(&id, sender, &text(&transfer["destination"]), amount, &text(&transfer["currency"]));
        Ok(())
    }

    /// A transfer, or a part, brought back by itself.
    pub fn reversed(&mut self, reversal: &Value, with_fee: bool) -> Result<(), Wrong> {
        self.bring_back(&text(&reversal["transfer"]), number(&reversal["amount"]), with_fee)
    }

    fn bring_back(&mut self, id: &str, amount: i64, with_fee: bool) -> Result<(), Wrong> {
        let Some(sent) = self.transfers.get_mut(id) else { return Err(format!("{id} is not known")) };
        let taken = share(sent.landed, amount, sent.amount, sent.reversed, sent.landed_back);
        sent.landed_back += taken;
        sent.reversed += amount;
        if sent.amount < sent.reversed {
            return Err(format!("{} was brought back of {id}, which sent {}", sent.reversed, sent.amount));
        }
        let sent = sent.clone();
        self.add(&sent.receiver, &sent.landed_in, -taken);
        self.add(&sent.sender, &sent.currency, amount);
        if let Some(fee) = sent.fee.filter(|_| with_fee)
            && let Some(known) = self.fees.get_mut(&fee)
        {
            let back = share(known.amount, amount, sent.amount, known.reversed_with_fee, known.refunded);
            known.reversed_with_fee += amount;
            if 0 < back {
                self.give_fee_back(&fee, back)?;
            }
        }
        Ok(())
    }

    /// A fee, or a part, given back by itself.
    pub fn fee_refunded(&mut self, refund: &Value) -> Result<(), Wrong> {
        self.give_fee_back(&text(&refund["fee"]), number(&refund["amount"]))
    }

    fn give_fee_back(&mut self, id: &str, amount: i64) -> Result<(), Wrong> {
        let Some(fee) = self.fees.get_mut(id) else { return Err(format!("{id} is not known")) };
        let given = share(fee.earned, amount, fee.amount, fee.refunded, fee.given_back);
        let back = share(fee.paid, amount, fee.amount, fee.refunded, fee.paid_back);
        fee.given_back += given;
        fee.paid_back += back;
        fee.refunded += amount;
        if fee.amount < fee.refunded {
            return Err(format!("{} was given back of {id}, which is {}", fee.refunded, fee.amount));
        }
        let (fee, platform) = (fee.clone(), self.platform.clone());
        self.add(&platform, &fee.earned_in, -given);
        self.add(&fee.payer, &fee.paid_in, back);
        Ok(())
    }

    /// A refund as it was answered right after it was made.
    pub fn refunded(
        &mut self,
        refund: &Value,
        with_fee: bool,
        with_transfer: bool,
        fails_later: bool,
    ) -> Result<(), Wrong> {
        let (id, charge, amount) = (text(&refund["id"]), text(&refund["charge"]), number(&refund["amount"]));
        let Some(sale) = self.sales.get_mut(&charge) else {
            return Err(format!("{id} refunds {charge}, which was not captured"));
        };
        let waits = refund["pending_reason"] == "insufficient_funds";
        let owner = sale.owner.clone();
        let mut back =
            Back { owner, charge: charge.clone(), amount, waits, with_fee, with_transfer, fails_later, taken: 0 };
        if waits {
            sale.waiting += amount;
            self.check_refunds(&charge)?;
        } else {
            back.taken = self.pay_back(&back)?;
        }
        let status = refund["status"].as_str().unwrap_or_default();
        match (status, waits, fails_later) {
            ("pending", _, _) | ("succeeded", false, true) => drop(self.open_refunds.insert(id, back)),
            ("succeeded", false, false) => {}
            _ => return Err(format!("{id} begins as {status}: {refund}")),
        }
        Ok(())
    }

    fn check_refunds(&self, charge: &str) -> Result<(), Wrong> {
        match self.sales.get(charge) {
            Some(sale) if sale.captured < sale.refunded + sale.waiting => Err(format!(
                "{} of {charge} was refunded and {} waits, of {} captured",
                sale.refunded, sale.waiting, sale.captured
            )),
            _ => Ok(()),
        }
    }

    /// Books a refund; what it took from the charge's account.
    fn pay_back(&mut self, back: &Back) -> Result<i64, Wrong> {
        let Some(sale) = self.sales.get_mut(&back.charge) else { return Err(format!("{} is not known", back.charge)) };
        sale.refunded += back.amount;
        let before = sale.clone();
        if back.with_transfer {
            sale.refunded_with_transfer += back.amount;
        } else if back.with_fee {
            sale.refunded_with_fee += back.amount;
        }
        self.check_refunds(&back.charge)?;
        let taken = exchange(back.amount, &before.currency, &before.settled_in);
        self.add(&before.owner, &before.settled_in, -taken);
        if back.with_transfer {
            let known = before.transfer.as_ref().and_then(|id| Some((id.clone(), self.transfers.get(id)?.clone())));
            let Some((id, sent)) = known else { return Err(format!("{} has no transfer", back.charge)) };
            let part = share(sent.amount, back.amount, before.captured, before.refunded_with_transfer, sent.reversed);
            if 0 < part {
                self.bring_back(&id, part, back.with_fee)?;
            }
        } else if back.with_fee {
            let known = before.fee.as_ref().and_then(|id| Some((id.clone(), self.fees.get(id)?.clone())));
            let Some((id, fee)) = known else { return Err(format!("{} has no fee", back.charge)) };
            let part = share(fee.amount, back.amount, before.captured, before.refunded_with_fee, fee.refunded);
            if 0 < part {
                self.give_fee_back(&id, part)?;
            }
        }
        Ok(taken)
    }

    /// A refund whose outcome was open, as it is now.
    pub fn refund_now(&mut self, refund: &Value) -> Result<(), Wrong> {
        let id = text(&refund["id"]);
        let Some(mut back) = self.open_refunds.get(&id).cloned() else { return Err(format!("{id} is not known")) };
        let waits = refund["pending_reason"] == "insufficient_funds";
        if back.waits && !waits {
            back.waits = false;
            if let Some(sale) = self.sales.get_mut(&back.charge) {
                sale.waiting -= back.amount;
            }
            back.taken = self.pay_back(&back)?;
            self.open_refunds.insert(id.clone(), back.clone());
        }
        match refund["status"].as_str().unwrap_or_default() {
            "pending" => {}
            "succeeded" if back.fails_later => {}
            "succeeded" => drop(self.open_refunds.remove(&id)),
            "failed" => {
                let Some(sale) = self.sales.get_mut(&back.charge) else {
                    return Err(format!("{} is not known", back.charge));
                };
                sale.refunded -= back.amount;
                let (owner, currency) = (sale.owner.clone(), sale.settled_in.clone());
                self.add(&owner, &currency, back.taken);
                self.open_refunds.remove(&id);
            }
            _ => return Err(format!("{id} became {refund}")),
        }
        Ok(())
    }

    /// A payout as it was answered first, made by hand or found after the clock moved.
    pub fn paid_out(&mut self, account: &str, payout: &Value) -> Result<(), Wrong> {
        let id = text(&payout["id"]);
        if !self.payouts.insert(id.clone()) {
            return Err(format!("{id} was made twice"));
        }
        let paid = Paid {
            account: account.to_owned(),
            amount: number(&payout["amount"]),
            currency: text(&payout["currency"]),
        };
        self.add(account, &paid.currency, -paid.amount);
        self.open_payouts.insert(id, paid);
        self.payout_now(payout)
    }

    /// A payout as it is now.
    pub fn payout_now(&mut self, payout: &Value) -> Result<(), Wrong> {
        let id = text(&payout["id"]);
        let Some(paid) = self.open_payouts.get(&id).cloned() else {
            return Err(format!("{id} is over and became {payout}"));
        };
        if number(&payout["amount"]) != paid.amount {
            return Err(format!("{id} was of {} and is of {}", paid.amount, payout["amount"]));
        }
        match payout["status"].as_str().unwrap_or_default() {
            "pending" | "in_transit" => {}
            "paid" => {
                if paid.amount < 0 && payout["automatic"] == true {
                    let until = kernel::Timestamp(number(&payout["arrival_date"])).business_days_later(3).0;
                    let (account, currency) = (paid.account.clone(), paid.currency.clone());
                    self.debits.push(Debit { account, amount: -paid.amount, currency, until });
                }
                self.open_payouts.remove(&id);
            }
            "failed" | "canceled" => {
                self.add(&paid.account, &paid.currency, paid.amount);
                self.open_payouts.remove(&id);
            }
            status => return Err(format!("{id} became {status}")),
        }
        Ok(())
    }
}
