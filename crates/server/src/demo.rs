//! `kontor demo`: plays a small marketplace through the HTTP API, as any platform would.
//!
//! Five sellers, orders of all three charge types, refunds, a clock that moves, payouts; at the end a table of who earned
//! what, and the audit's verdict on the store.

use std::collections::HashMap;

use futures::StreamExt;
use futures::stream;
use indicatif::{ProgressBar, ProgressStyle};
use kernel::{Currency, Money, Rng};
use serde_json::Value;

use crate::audit;
use crate::client::{Client, Failure};
use crate::config::StoreConfig;

/// Requests under way at once.
const AT_ONCE: usize = 8;
/// The clock moves after each of this many parts of the orders.
const WEEKS: usize = 4;

const SELLERS: &[(&str, &str)] = &[
    ("Alma's Ceramics", "manual"),
    ("Brook & Sons Furniture", "daily"),
    ("Cora Knits", "weekly"),
    ("Delta Bikes", "daily"),
    ("Ezra's Records", "monthly"),
];

/// How an order is charged.
#[derive(Debug, Clone, Copy)]
enum Split {
    /// On the seller, with an application fee.
    Direct,
    /// On the platform, sent on to the seller.
    Destination,
    /// On the platform, with a transfer to each of two sellers.
    Separate,
}

#[derive(Debug, Clone)]
struct Order {
    number: usize,
    split: Split,
    seller: usize,
    amount: i64,
    card: &'static str,
    /// In hundredths: how much of it is refunded afterwards.
    refunded: i64,
}

#[derive(Debug, Default)]
struct Tally {
    orders: usize,
    declined: usize,
    charged: i64,
    refunded: i64,
}

/// Plays `orders` orders with this seed, then prints the table and the verdict.
///
/// Errors: what the server refused, in a sentence; a store that is not clean.
pub(crate) async fn run(client: &Client, store: &StoreConfig, orders: u32, seed: u64) -> Result<(), Failure> {
    let mut rng = Rng::seeded(seed);
    say!("Opening {} sellers", SELLERS.len());
    let mut sellers = Vec::new();
    for (number, (name, interval)) in SELLERS.iter().enumerate() {
        sellers.push(open_seller(client, number, name, interval).await?);
    }
    let orders: Vec<Order> = (0..orders as usize).map(|number| order(number, &mut rng)).collect();
    let bar = ProgressBar::new(orders.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} orders  {msg}") {
        bar.set_style(style);
    }
    let mut tally = Tally::default();
    for (week, part) in orders.chunks(orders.len().div_ceil(WEEKS).max(1)).enumerate() {
        bar.set_message(format!("week {}", week + 1));
        let mut placed =
            stream::iter(part.iter().map(|order| place(client, &sellers, order))).buffer_unordered(AT_ONCE);
        while let Some(result) = placed.next().await {
            tally.add(result?);
            bar.inc(1);
        }
        drop(placed);
        client.post("/kontor/v1/clock/advance", &[("seconds", "604800")], None).await?;
        pay_out(client, &sellers).await?;
    }
    client.post("/kontor/v1/clock/advance", &[("seconds", "604800")], None).await?;
    bar.finish_with_message("done");
    print_table(client, &sellers, &tally).await?;
    verdict(store)
}

impl Tally {
    fn add(&mut self, order: (bool, i64, i64)) {
        let (paid, charged, refunded) = order;
        self.orders += 1;
        self.declined += usize::from(!paid);
        self.charged += charged;
        self.refunded += refunded;
    }
}

fn order(number: usize, rng: &mut Rng) -> Order {
    let amount = i64::try_from(500 + rng.below(19_500)).unwrap_or(500);
    Order {
        number,
        split: match rng.below(10) {
            0..3 => Split::Direct,
            3..7 => Split::Destination,
            _ => Split::Separate,
        },
        seller: usize::try_from(rng.below(SELLERS.len() as u64)).unwrap_or(0),
        amount,
        card: match rng.below(20) {
            0 => "pm_card_visa_chargeDeclined",
            1 => "pm_card_visa_chargeDeclinedInsufficientFunds",
            2..5 => "pm_card_mastercard",
            5..7 => "pm_card_bypassPending",
            _ => "pm_card_visa",
        },
        refunded: match rng.below(12) {
            0 => 100,
            1 => 25,
            _ => 0,
        },
    }
}

async fn open_seller(client: &Client, number: usize, name: &str, interval: &str) -> Result<String, Failure> {
    let email = format!("seller{number}@example.com");
    let mut form = vec![
        ("type", "custom"),
        ("country", "US"),
        ("email", &email),
        ("business_type", "individual"),
        ("business_profile[mcc]", "5734"),
        ("business_profile[name]", name),
        ("business_profile[product_description]", "Sold on the demo marketplace"),
        ("business_profile[support_phone]", "+14155550100"),
        ("capabilities[card_payments][requested]", "true"),
        ("capabilities[transfers][requested]", "true"),
        ("individual[first_name]", "Demo"),
        ("individual[last_name]", "Seller"),
        ("individual[email]", &email),
        ("individual[phone]", "+14155550100"),
        ("individual[dob][day]", "1"),
        ("individual[dob][month]", "1"),
        ("individual[dob][year]", "1902"),
        ("individual[ssn_last_4]", "0000"),
        ("individual[address][line1]", "address_full_match"),
        ("individual[address][city]", "San Francisco"),
        ("individual[address][state]", "CA"),
        ("individual[address][postal_code]", "94107"),
        ("individual[address][country]", "US"),
        ("settings[payments][statement_descriptor]", "DEMO MARKETPLACE"),
        ("settings[payouts][schedule][interval]", interval),
        ("tos_acceptance[date]", "1790000000"),
        ("tos_acceptance[ip]", "127.0.0.1"),
        ("external_account[object]", "bank_account"),
        ("external_account[country]", "US"),
        ("external_account[currency]", "usd"),
        ("external_account[routing_number]", "110000000"),
        ("external_account[account_number]", "000123456789"),
        ("metadata[made_by]", "kontor demo"),
    ];
    match interval {
        "weekly" => form.push(("settings[payouts][schedule][weekly_anchor]", "friday")),
        "monthly" => form.push(("settings[payouts][schedule][monthly_anchor]", "31")),
        _ => {}
    }
    let account = client.post("/v1/accounts", &form, None).await?;
    text(&account, "id")
}

fn text(value: &Value, field: &str) -> Result<String, Failure> {
    value[field].as_str().map(str::to_owned).ok_or_else(|| format!("an answer has no {field}"))
}

/// Places an order; answers whether it was paid, what was charged and what was refunded.
async fn place(client: &Client, sellers: &[String], order: &Order) -> Result<(bool, i64, i64), Failure> {
    let seller = &sellers[order.seller];
    let amount = order.amount.to_string();
    let fee = (order.amount / 10).to_string();
    let description = format!("Order {}", order.number + 1);
    let mut form = vec![
        ("amount", amount.as_str()),
        ("currency", "usd"),
        ("payment_method", order.card),
        ("confirm", "true"),
        ("automatic_payment_methods[enabled]", "true"),
        ("automatic_payment_methods[allow_redirects]", "never"),
        ("description", &description),
    ];
    let account = match order.split {
        Split::Direct => {
            form.push(("application_fee_amount", &fee));
            Some(seller.as_str())
        }
        Split::Destination => {
            form.push(("application_fee_amount", &fee));
            form.push(("transfer_data[destination]", seller));
            None
        }
        Split::Separate => None,
    };
    let (status, intent) =
        client.exchange("POST", "/v1/payment_intents", crate::client::encode(&form), account).await?;
    match status {
        200 => {}
        402 => return Ok((false, 0, 0)),
        _ => return Err(format!("an order was answered with {status}: {}", intent["error"]["message"])),
    }
    if let Split::Separate = order.split {
        share(client, sellers, order, &text(&intent, "latest_charge")?).await?;
    }
    let refunded = order.amount * order.refunded / 100;
    if 0 < refunded {
        refund(client, order, &text(&intent, "id")?, refunded, account).await?;
    }
    Ok((true, order.amount, refunded))
}

/// Sends parts of a charge to two sellers.
async fn share(client: &Client, sellers: &[String], order: &Order, charge: &str) -> Result<(), Failure> {
    let other = (order.seller + 1) % sellers.len();
    for (seller, percent) in [(order.seller, 60), (other, 25)] {
        let amount = (order.amount * percent / 100).to_string();
        let form = [
            ("amount", amount.as_str()),
            ("currency", "usd"),
            ("destination", &sellers[seller]),
            ("source_transaction", charge),
        ];
        client.post("/v1/transfers", &form, None).await?;
    }
    Ok(())
}

async fn refund(
    client: &Client,
    order: &Order,
    intent: &str,
    amount: i64,
    account: Option<&str>,
) -> Result<(), Failure> {
    let amount = amount.to_string();
    let mut form = vec![("payment_intent", intent), ("amount", amount.as_str())];
    match order.split {
        Split::Direct => form.push(("refund_application_fee", "true")),
        Split::Destination => {
            form.push(("refund_application_fee", "true"));
            form.push(("reverse_transfer", "true"));
        }
        Split::Separate => {}
    }
    client.post("/v1/refunds", &form, account).await.map(drop)
}

/// Pays the sellers out whose payouts the platform makes by hand.
async fn pay_out(client: &Client, sellers: &[String]) -> Result<(), Failure> {
    for (seller, (_, interval)) in sellers.iter().zip(SELLERS) {
        let balance = client.get("/v1/balance", Some(seller)).await?;
        let available = balance["available"][0]["amount"].as_i64().unwrap_or(0);
        if *interval == "manual" && 0 < available {
            let amount = available.to_string();
            client.post("/v1/payouts", &[("amount", amount.as_str()), ("currency", "usd")], Some(seller)).await?;
        }
    }
    Ok(())
}

async fn print_table(client: &Client, sellers: &[String], tally: &Tally) -> Result<(), Failure> {
    let usd = |amount: i64| Money::new(amount, Currency::USD).to_string();
    say!();
    say!(
        "{} orders, {} of them declined; {} charged, {} refunded",
        tally.orders,
        tally.declined,
        usd(tally.charged),
        usd(tally.refunded)
    );
    say!();
    say!("{:<24} {:>14} {:>14} {:>14}", "", "paid out", "available", "pending");
    for (seller, (name, _)) in sellers.iter().zip(SELLERS) {
        let line = standing(client, Some(seller)).await?;
        say!("{name:<24} {:>14} {:>14} {:>14}", usd(line.paid), usd(line.available), usd(line.pending));
    }
    let line = standing(client, None).await?;
    say!("{:<24} {:>14} {:>14} {:>14}", "The platform", usd(line.paid), usd(line.available), usd(line.pending));
    say!();
    Ok(())
}

struct Standing {
    paid: i64,
    available: i64,
    pending: i64,
}

async fn standing(client: &Client, account: Option<&str>) -> Result<Standing, Failure> {
    let balance = client.get("/v1/balance", account).await?;
    let sum = |field: &str| balance[field].as_array().into_iter().flatten().filter_map(|b| b["amount"].as_i64()).sum();
    let mut by_status: HashMap<String, i64> = HashMap::new();
    let mut after = String::new();
    loop {
        let page = client.get(&format!("/v1/payouts?limit=100{after}"), account).await?;
        for payout in page["data"].as_array().into_iter().flatten() {
            let status = payout["status"].as_str().unwrap_or_default().to_owned();
            *by_status.entry(status).or_default() += payout["amount"].as_i64().unwrap_or(0);
            after = format!("&starting_after={}", payout["id"].as_str().unwrap_or_default());
        }
        if page["has_more"] != true {
            break;
        }
    }
    let paid = ["pending", "in_transit", "paid"].iter().filter_map(|status| by_status.get(*status)).sum();
    Ok(Standing { paid, available: sum("available"), pending: sum("pending") })
}

fn verdict(store: &StoreConfig) -> Result<(), Failure> {
    match audit::run(store) {
        Ok(true) => Ok(()),
        Ok(false) => Err("the audit found differences".into()),
        Err(error) => Err(error.to_string()),
    }
}
