//! Anything, in any order: whatever is asked, nothing breaks and the audit holds.

use kernel::{Currency, DAY, HOUR, Money, Result, Rng};

use super::stage::*;
use crate::application_fees::{ApplicationFee, RefundFee};
use crate::charges::{CaptureOrder, Charge, ChargeOrder, cancel_authorization, capture};
use crate::refunds::CreateRefund;
use crate::transfers::{ReverseTransfer, Transfer};

const STEPS: usize = 400;

struct Play<'s> {
    stage: &'s Stage,
    rng: Rng,
    sellers: Vec<String>,
    granted: usize,
}

#[test]
fn whatever_is_asked_the_books_agree() {
    for seed in [1, 2, 3, 4, 5, 6] {
        on_memory(|stage| {
            let sellers = [
                Seller::LIABLE_PLATFORM,
                Seller::STANDARD,
                Seller::PLATFORM_PAYS,
                Seller::NEVER_BELOW_ZERO,
                Seller::GERMAN,
            ];
            let sellers = sellers.map(|how| stage.seller(how)).to_vec();
            let mut play = Play { stage, rng: Rng::seeded(seed), sellers, granted: 0 };
            for step in 0..STEPS {
                play.step(seed, step);
                if step % 20 == 0 {
                    stage.audit();
                }
            }
            stage.mature();
            stage.audit();
            assert!(STEPS / 4 < play.granted, "seed {seed}: only {} of {STEPS} were granted", play.granted);
        });
    }
}

impl Play<'_> {
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.rng.below(bound as u64)).unwrap()
    }

    fn amount(&mut self, most: i64) -> i64 {
        1 + i64::try_from(self.rng.below(most.unsigned_abs())).unwrap()
    }

    fn flip(&mut self) -> bool {
        self.below(2) == 0
    }

    fn some(&mut self, most: i64) -> Option<i64> {
        self.flip().then(|| self.amount(most))
    }

    fn seller(&mut self) -> String {
        let at = self.below(self.sellers.len());
        self.sellers[at].clone()
    }

    /// One of the newest thirty.
    fn any<T: store::Document>(&mut self) -> Option<store::Doc<T>> {
        let found = self.stage.run(&self.stage.platform(), |tx| tx.find_all::<T>(None, &[], 30)).unwrap();
        let at = self.below(found.len().max(1));
        found.into_iter().nth(at)
    }

    fn step(&mut self, seed: u64, step: usize) {
        let asked = match self.below(10) {
            0..=2 => self.charge(),
            3..=4 => self.refund(),
            5 => self.transfer(),
            6 => self.reverse(),
            7 => self.give_fee_back(),
            8 => self.capture(),
            _ => {
                let hours = self.amount(40);
                self.stage.advance(hours * HOUR);
                if self.below(10) == 0 {
                    self.stage.advance(7 * DAY);
                }
                Ok(())
            }
        };
        match asked {
            Ok(()) => self.granted += 1,
            Err(error) => {
                let status = error.http_status();
                assert!((400..500).contains(&status) && status != 429, "seed {seed}, step {step}: {error}");
            }
        }
    }

    fn charge(&mut self) -> Result<()> {
        let seller = self.seller();
        let currency = ["usd", "eur", "jpy", "gbp"][self.below(4)];
        let amount = Money::new(self.amount(20_000), Currency::parse(currency).unwrap());
        let card_country = if self.flip() { "US" } else { "FR" };
        let number = [VISA, BYPASS, PENDING_REFUND, FAILING_REFUND][self.below(4)];
        let base = ChargeOrder { amount, card_country: card_country.into(), capture: self.below(4) != 0, ..order(0) };
        let (caller, order) = match self.below(4) {
            0 => (self.stage.platform(), base),
            1 => {
                let fee = self.some(amount.amount);
                (self.stage.on(&seller), ChargeOrder { application_fee_amount: fee, ..base })
            }
            2 => {
                let fee = self.some(amount.amount);
                let on_behalf_of = self.flip().then(|| seller.clone());
                let transfer = to(&seller, None);
                (self.stage.platform(), ChargeOrder { application_fee_amount: fee, on_behalf_of, transfer, ..base })
            }
            _ => {
                let part = self.some(amount.amount);
                (self.stage.platform(), ChargeOrder { transfer: to(&seller, part), ..base })
            }
        };
        self.stage.try_charge(&caller, number, &order).map(drop)
    }

    fn refund(&mut self) -> Result<()> {
        let Some(charge) = self.any::<Charge>() else { return Ok(()) };
        let amount = self.some(charge.amount);
        let refund = CreateRefund {
            refund_application_fee: Some(self.flip()),
            reverse_transfer: Some(self.flip()),
            ..refund_of(&charge, amount)
        };
        let caller = store::Caller::for_connected(&self.stage.platform, &charge.account);
        self.stage.try_refund(&caller, &refund).map(drop)
    }

    fn transfer(&mut self) -> Result<()> {
        let seller = self.seller();
        let amount = self.amount(3_000);
        let transfer = match (self.flip(), self.any::<Charge>()) {
            (true, Some(charge)) => transfer_from(&charge, &seller, amount),
            _ => transfer_to(&seller, amount),
        };
        if self.below(4) == 0 {
            let back = transfer_to(&self.stage.platform, amount);
            return self.stage.try_transfer(&self.stage.on(&seller), &back).map(drop);
        }
        self.stage.try_transfer(&self.stage.platform(), &transfer).map(drop)
    }

    fn reverse(&mut self) -> Result<()> {
        let Some(transfer) = self.any::<Transfer>() else { return Ok(()) };
        let amount = self.some(transfer.amount);
        let fee = self.below(3) == 0;
        let reversal = ReverseTransfer { amount, refund_application_fee: Some(fee), ..ReverseTransfer::default() };
        let caller = store::Caller::account(&transfer.account);
        self.stage.run(&caller, |tx| crate::transfers::reverse(tx, &transfer.id, reversal.clone())).map(drop)
    }

    fn give_fee_back(&mut self) -> Result<()> {
        let Some(fee) = self.any::<ApplicationFee>() else { return Ok(()) };
        let asked = RefundFee { amount: self.some(fee.amount), ..RefundFee::default() };
        let refund = |tx: &mut store::Tx| crate::application_fees::refund(tx, &fee.id, asked.clone());
        self.stage.run(&self.stage.platform(), refund).map(drop)
    }

    fn capture(&mut self) -> Result<()> {
        let Some(charge) = self.any::<Charge>() else { return Ok(()) };
        let order = CaptureOrder { amount: self.some(charge.amount), ..CaptureOrder::default() };
        let gives_up = self.below(4) == 0;
        let caller = store::Caller::account(&charge.account);
        self.stage.run(&caller, |tx| {
            let mut charge = tx.load::<Charge>(&charge.id)?;
            if gives_up { cancel_authorization(tx, &mut charge) } else { capture(tx, &mut charge, order.clone()) }
        })
    }
}
