//! Histories: many ask for the same few balances at once, through two processes on PostgreSQL, and what came of it must be
//! what some order one after the other would have given, with each request taking effect while it was under way.
//!
//! The balances have limits, so order shows: a debit that was granted needs an order in which there was enough, and one that
//! was refused an order in which there was not. Each key is sent twice now and then, through both processes at once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::{Answer, Ask, Client, text};
use crate::load::{Cast, Random};
use crate::running::Running;
use crate::server::Place;

const THREADS: u64 = 8;
const OPERATIONS: u64 = 60;
/// The account of those that have no name here.
const PLATFORM: &str = "platform";

/// Something that was asked, from when until when, and what it did.
struct Done {
    name: String,
    sent: Instant,
    answered: Instant,
    /// The account that must have had so much, if it was refused or granted for that.
    needs: Option<(String, i64)>,
    granted: bool,
    /// What it added to available balances.
    effects: Vec<(String, i64)>,
}

/// One thread: its two ways in, and what it did.
struct Actor<'a> {
    clients: [Client; 2],
    random: Random,
    prefix: String,
    sellers: &'a [String],
    /// Payments that can be refunded.
    paid: Vec<(String, i64)>,
    done: Vec<Done>,
}

/// Asks until the answer is one of the rules, not of the moment.
fn settled(client: &mut Client, ask: &Ask) -> Answer {
    loop {
        let answer = client.ask(ask).unwrap();
        if !matches!(answer.status, 409 | 429 | 503) {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

impl Actor<'_> {
    fn run(mut self) -> Vec<Done> {
        for number in 0..OPERATIONS {
            self.step(number);
        }
        self.done
    }

    fn step(&mut self, number: u64) {
        let name = format!("{}-{number}", self.prefix);
        let seller = self.sellers[self.random.below(self.sellers.len() as u64) as usize].clone();
        let amount = 100 + self.random.below(3_000) as i64;
        match self.random.below(10) {
            0..3 => {
                let form = format!(
                    "amount={amount}&currency=usd&payment_method=pm_card_bypassPending&confirm=true\
                     &payment_method_types[]=card&expand[]=latest_charge.balance_transaction"
                );
                let ask = Ask::post("/v1/payment_intents", form);
                let net = |intent: &Value| intent["latest_charge"]["balance_transaction"]["net"].as_i64().unwrap();
                let intent = self.ask(name, ask, None, |intent| vec![(PLATFORM.to_owned(), net(intent))]);
                self.paid.extend(intent.map(|intent| (text(&intent, "id"), amount)));
            }
            3..6 => {
                let form = format!("amount={amount}&currency=usd&destination={seller}");
                let effects = vec![(PLATFORM.to_owned(), -amount), (seller.clone(), amount)];
                let needs = Some((PLATFORM.to_owned(), amount));
                self.ask(name, Ask::post("/v1/transfers", form), needs, |_| effects);
            }
            6..9 => {
                let amount = amount * 2;
                let ask = Ask::post("/v1/payouts", format!("amount={amount}&currency=usd")).on(&seller);
                self.ask(name, ask, Some((seller.clone(), amount)), |_| vec![(seller, -amount)]);
            }
            _ => {
                let Some((intent, amount)) = self.paid.pop() else { return };
                let ask = Ask::post("/v1/refunds", format!("payment_intent={intent}"));
                self.ask(name, ask, None, |_| vec![(PLATFORM.to_owned(), -amount)]);
            }
        }
    }

    /// Asks, now and then through both ways at once; answers what was made.
    fn ask(
        &mut self,
        name: String,
        mut ask: Ask,
        needs: Option<(String, i64)>,
        effects: impl FnOnce(&Value) -> Vec<(String, i64)>,
    ) -> Option<Value> {
        ask.idempotency_key = Some(name.clone());
        let twice = self.random.below(3) == 0;
        let way = self.random.below(2) as usize;
        let [first, second] = &mut self.clients;
        let (one, other) = if way == 0 { (first, second) } else { (second, first) };
        let sent = Instant::now();
        let (answer, answered) = std::thread::scope(|scope| {
            let again = twice.then(|| scope.spawn(|| (settled(other, &ask), Instant::now())));
            let (answer, answered) = (settled(one, &ask), Instant::now());
            let Some((other, earlier)) = again.map(|again| again.join().unwrap()) else { return (answer, answered) };
            // A refusal for want of money is not remembered: either may be tried again and be granted.
            if answer.status == 200 && other.status == 200 {
                assert_eq!(answer, other, "one key, two answers");
            }
            let granted = if answer.status == 200 { answer } else { other };
            (granted, answered.max(earlier))
        });
        let granted = answer.status == 200;
        let json = answer.json();
        assert!(granted || (answer.status == 400 && needs.is_some()), "{ask:?}: {json:#}");
        let effects = if granted { effects(&json) } else { Vec::new() };
        self.done.push(Done { name, sent, answered, needs, granted, effects });
        granted.then_some(json)
    }
}

fn available(client: &mut Client, account: &str) -> i64 {
    let ask = Ask::get("/v1/balance");
    let balance = client.ok(&if account == PLATFORM { ask } else { ask.on(account) });
    balance["available"][0]["amount"].as_i64().unwrap()
}

/// The most or the least that an account can have had while an operation was under way.
fn bound(account: &str, at: &Done, history: &[Done], start: i64, most: bool) -> i64 {
    let mut sum = start;
    for other in history.iter().filter(|other| !std::ptr::eq(*other, at)) {
        let certainly_before = other.answered < at.sent;
        let possibly_before = other.sent < at.answered;
        for (_, effect) in other.effects.iter().filter(|(owner, _)| owner == account) {
            let counts = if (0 < *effect) == most { possibly_before } else { certainly_before };
            sum += if counts { *effect } else { 0 };
        }
    }
    sum
}

fn check(history: &[Done], start: &BTreeMap<String, i64>, end: &BTreeMap<String, i64>) {
    for done in history {
        let Some((account, amount)) = &done.needs else { continue };
        let bound = bound(account, done, history, start[account], done.granted);
        if done.granted {
            assert!(*amount <= bound, "{} took {amount} of {account}, which had {bound} at the most", done.name);
        } else {
            assert!(bound < *amount, "{} was refused {amount} of {account}, which had {bound} at least", done.name);
        }
    }
    for (account, before) in start {
        let moved: i64 = history.iter().flat_map(|done| &done.effects).filter(|e| e.0 == *account).map(|e| e.1).sum();
        assert_eq!(end[account], before + moved, "{account} has what was answered, each once");
        assert!(0 <= end[account], "{account} is overdrawn");
    }
}

fn history_on(place: &Place, processes: usize) {
    let servers: Vec<Running> = (0..processes).map(|_| Running::start(place)).collect();
    let client = |number: usize| servers[number % servers.len()].client();
    let mut first = client(0);
    let cast = Cast::of(&mut first);
    let accounts: Vec<String> = cast.sellers.iter().cloned().chain([PLATFORM.to_owned()]).collect();
    let balances = |client: &mut Client| -> BTreeMap<String, i64> {
        accounts.iter().map(|account| (account.clone(), available(client, account))).collect()
    };
    // Refunds find enough; whether payouts do depends on what came first.
    let funds =
        "amount=50000000&currency=usd&payment_method=pm_card_bypassPending&confirm=true&payment_method_types[]=card";
    first.ok(&Ask::post("/v1/payment_intents", funds));
    let start = balances(&mut first);
    let history: Vec<Done> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                let actor = Actor {
                    clients: [client(0), client(1)],
                    random: Random(number),
                    prefix: format!("history{number}"),
                    sellers: &cast.sellers,
                    paid: Vec::new(),
                    done: Vec::new(),
                };
                scope.spawn(|| actor.run())
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    for number in 0..processes {
        check(&history, &start, &balances(&mut client(number)));
    }
    let limited = history.iter().filter(|done| done.needs.is_some());
    let (granted, refused): (Vec<&Done>, Vec<&Done>) = limited.partition(|done| done.granted);
    println!("histories: {} operations, {} debits granted, {} refused", history.len(), granted.len(), refused.len());
    assert!(20 < granted.len() && 20 < refused.len(), "both must happen for the check to mean something");
    for server in servers {
        assert_eq!(server.stop().code(), Some(0));
    }
    assert!(place.audit());
}

#[test]
fn what_many_ask_of_one_process_has_an_order() {
    history_on(&Place::folder(), 1);
}

#[test]
fn what_many_ask_of_two_processes_has_an_order() {
    history_on(&Place::postgres(), 2);
}

/// A deposit of 100 that was answered, and then a debit of 60.
fn deposit_and_debit(granted: bool, start: i64) {
    let begun = Instant::now();
    let at = |ms| begun + Duration::from_millis(ms);
    let done = |sent, answered, needs, granted, effect: i64| Done {
        name: "a".to_owned(),
        sent: at(sent),
        answered: at(answered),
        needs,
        granted,
        effects: vec![("a".to_owned(), effect)],
    };
    let debit = if granted { -60 } else { 0 };
    let history = [done(0, 1, None, true, 100), done(2, 3, Some(("a".to_owned(), 60)), granted, debit)];
    let end = BTreeMap::from([("a".to_owned(), start + 100 + debit)]);
    check(&history, &BTreeMap::from([("a".to_owned(), start)]), &end);
}

#[test]
#[should_panic(expected = "was refused 60 of a, which had 100 at least")]
fn a_refusal_where_there_was_enough_has_no_order() {
    deposit_and_debit(true, 0);
    deposit_and_debit(false, 0);
}

#[test]
#[should_panic(expected = "took 60 of a, which had 50 at the most")]
fn a_debit_of_more_than_there_was_has_no_order() {
    deposit_and_debit(true, -50);
}
