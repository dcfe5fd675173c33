//! A random mixture of requests, each with an idempotency key and an operation's name in its metadata, and what was
//! answered to each.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::client::{Answer, Ask, Client, text};

/// A small source of randomness: the same seed gives the same requests.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, most: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % most
    }
}

/// What an operation makes: where to look for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    Payment,
    Refund,
    Transfer,
    Payout,
}

/// A request and what was answered, if anything was.
#[derive(Debug, Clone)]
pub struct Operation {
    pub name: String,
    pub made: Made,
    pub ask: Ask,
    pub answer: Option<Answer>,
}

impl Operation {
    /// Whether it was answered by something that is kept: success, or a refusal that is replayed.
    pub fn is_kept(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| matches!(answer.status, 200 | 402))
    }
}

/// Whom the operations are about.
#[derive(Debug, Clone)]
pub struct Cast {
    /// Connected accounts whose payouts are made by hand.
    pub sellers: Vec<String>,
}

impl Cast {
    /// The two sellers of the first start.
    pub fn of(client: &mut Client) -> Cast {
        let accounts = client.list("/v1/accounts", None, |_| false);
        let sellers: Vec<String> = accounts.iter().map(|account| text(account, "id")).collect();
        for seller in &sellers {
            let manual = "settings[payouts][schedule][interval]=manual";
            client.ok(&Ask::post(format!("/v1/accounts/{seller}"), manual));
        }
        assert!(!sellers.is_empty());
        Cast { sellers }
    }
}

/// How a worker goes on when a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    /// The server was killed: the worker ends.
    End,
    /// Something behind the server is away: the same request again, with the same key, until it is answered.
    Retry,
}

/// Tells the workers to stop when it goes: also when something failed meanwhile, since they are waited for.
pub struct StopAtEnd<'a>(pub &'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Asks one thing after the other until it is told to stop.
pub struct Worker<'a> {
    pub client: Client,
    pub cast: &'a Cast,
    pub random: Random,
    /// What the names of its operations begin with.
    pub prefix: String,
    pub after_failure: AfterFailure,
    pub stop: &'a AtomicBool,
}

impl Worker<'_> {
    /// Answers everything that was asked.
    pub fn run(mut self) -> Vec<Operation> {
        let mut operations: Vec<Operation> = Vec::new();
        let mut paid: Vec<(String, u64)> = Vec::new();
        while !self.stop.load(Ordering::Relaxed) {
            let mut operation = self.next(operations.len(), &mut paid);
            operation.answer = self.ask(&operation.ask);
            let ended = operation.answer.is_none();
            if let (Made::Payment, Some(answer)) = (operation.made, &operation.answer)
                && answer.status == 200
            {
                let intent = answer.json();
                paid.push((text(&intent, "id"), intent["amount"].as_u64().unwrap()));
            }
            operations.push(operation);
            if ended {
                break;
            }
        }
        operations
    }

    /// `None` when nobody knows what became of it.
    fn ask(&mut self, ask: &Ask) -> Option<Answer> {
        loop {
            match (self.client.ask(ask), self.after_failure) {
                (Ok(answer), AfterFailure::End) => return Some(answer),
                (Ok(answer), AfterFailure::Retry) if !matches!(answer.status, 409 | 429 | 503) => return Some(answer),
                (Err(_), AfterFailure::End) => return None,
                (_, AfterFailure::Retry) if self.stop.load(Ordering::Relaxed) => return None,
                (_, AfterFailure::Retry) => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    fn next(&mut self, number: usize, paid: &mut Vec<(String, u64)>) -> Operation {
        let name = format!("{}-{number}", self.prefix);
        let seller = &self.cast.sellers[self.random.below(self.cast.sellers.len() as u64) as usize];
        let amount = 500 + self.random.below(20_000);
        let (made, mut ask) = match self.random.below(100) {
            0..20 if !paid.is_empty() => {
                let at = self.random.below(paid.len() as u64) as usize;
                let (intent, left) = &mut paid[at];
                let part = 1 + self.random.below((*left).max(1));
                let form = format!("payment_intent={intent}&amount={part}");
                *left = left.saturating_sub(part);
                let ask = Ask::post("/v1/refunds", form);
                if *left == 0 {
                    paid.swap_remove(at);
                }
                (Made::Refund, ask)
            }
            20..30 => {
                let form = format!("amount={}&currency=usd&destination={seller}", 1 + amount / 40);
                (Made::Transfer, Ask::post("/v1/transfers", form))
            }
            30..36 => {
                let form = format!("amount={}&currency=usd", 1 + amount / 100);
                (Made::Payout, Ask::post("/v1/payouts", form).on(seller))
            }
            chance => {
                let card = match chance {
                    36..42 => "pm_card_chargeDeclined",
                    42..65 => "pm_card_bypassPending",
                    _ => "pm_card_visa",
                };
                let mut form = format!(
                    "amount={amount}&currency=usd&payment_method={card}&confirm=true\
                     &automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never"
                );
                if !(20..70).contains(&chance) {
                    form.push_str(&format!("&application_fee_amount=50&transfer_data[destination]={seller}"));
                }
                (Made::Payment, Ask::post("/v1/payment_intents", form))
            }
        };
        ask.form.push_str(&format!("&metadata[operation]={name}"));
        ask.idempotency_key = Some(name.clone());
        Operation { name, made, ask, answer: None }
    }
}
