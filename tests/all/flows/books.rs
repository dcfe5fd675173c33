//! What the API shows of a platform and its sellers, as small tables that tests compare.

use std::cell::RefCell;
use std::collections::BTreeSet;

use harness::Sandbox;
use serde_json::Value;

/// A reader of rows and events that remembers what it has shown, so that a test sees what each step added.
pub struct Books<'a> {
    sandbox: &'a Sandbox,
    accounts: Vec<(&'static str, Option<String>)>,
    shown: RefCell<BTreeSet<String>>,
}

impl<'a> Books<'a> {
    /// Opens the books of the platform and of sellers by name; what is there already is not shown.
    pub fn open(sandbox: &'a Sandbox, sellers: &[(&'static str, &str)]) -> Books<'a> {
        let mut accounts = vec![("platform", None)];
        accounts.extend(sellers.iter().map(|(name, id)| (*name, Some((*id).to_owned()))));
        let books = Books { sandbox, accounts, shown: RefCell::default() };
        books.rows();
        books.events();
        books
    }

    /// The rows that were added, oldest first within each account:
    /// account, type, amount, fee, net, reporting category, kind of source, details of the fee.
    pub fn rows(&self) -> String {
        self.each("/v1/balance_transactions?limit=100", |name, row| {
            let amount = |field: &str| row[field].as_i64().unwrap();
            assert_eq!(amount("net"), amount("amount") - amount("fee"), "{row:#}");
            let details = row["fee_details"].as_array().unwrap();
            assert_eq!(details.iter().map(|detail| detail["amount"].as_i64().unwrap()).sum::<i64>(), amount("fee"));
            let fees: Vec<String> =
                details.iter().map(|detail| format!("{}={}", text(&detail["type"]), detail["amount"])).collect();
            [
                name.to_owned(),
                text(&row["type"]).to_owned(),
                amount("amount").to_string(),
                amount("fee").to_string(),
                amount("net").to_string(),
                text(&row["reporting_category"]).to_owned(),
                row["source"].as_str().map_or("-", prefix).to_owned(),
                fees.join(" "),
            ]
            .join(" ")
        })
    }

    /// The events that were added, oldest first within each account: account, type, kind of object.
    ///
    /// A connected account's events name it, the platform's own do not.
    pub fn events(&self) -> String {
        self.each("/v1/events?limit=100", |name, event| {
            match self.accounts.iter().find(|(known, _)| *known == name).unwrap() {
                (_, Some(account)) => assert_eq!(event["account"], account.as_str(), "{event:#}"),
                (_, None) => assert_eq!(event.get("account"), None, "{event:#}"),
            }
            let object = &event["data"]["object"];
            format!("{name} {} {}", text(&event["type"]), object["id"].as_str().map_or(text(&object["object"]), prefix))
        })
    }

    /// Available and pending money of every account in turn, in US cents.
    pub fn balances(&self) -> Vec<(i64, i64)> {
        self.accounts.iter().map(|(_, account)| self.sandbox.balance(account.as_deref())).collect()
    }

    /// Available and pending money of every account together, in US cents.
    pub fn sums(&self) -> Vec<i64> {
        self.balances().into_iter().map(|(available, pending)| available + pending).collect()
    }

    fn each(&self, path: &str, show: impl Fn(&str, &Value) -> String) -> String {
        let mut lines = Vec::new();
        for (name, account) in &self.accounts {
            let list = match account {
                Some(account) => self.sandbox.get_as(account, path),
                None => self.sandbox.get(path),
            };
            let list = list.ok();
            assert_eq!(list["has_more"], false, "{name} has more than one page of {path}");
            for entry in list["data"].as_array().unwrap().iter().rev() {
                if self.shown.borrow_mut().insert(text(&entry["id"]).to_owned()) {
                    lines.push(show(name, entry).trim().to_owned());
                }
            }
        }
        lines.join("\n")
    }
}

/// Fails unless two tables have the same words in the same lines.
#[track_caller]
pub fn same(found: &str, expected: &str) {
    let words = |table: &str| -> Vec<String> {
        let lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.filter(|line| !line.is_empty()).collect()
    };
    assert!(words(found) == words(expected), "found\n{found}\n\nexpected\n{expected}");
}

/// Fails unless two tables have the same lines, in any order: for what one request does at once.
#[track_caller]
pub fn same_set(found: &str, expected: &str) {
    let sorted = |table: &str| {
        let mut lines: Vec<&str> = table.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        lines.sort_unstable();
        lines.join("\n")
    };
    same(&sorted(found), &sorted(expected));
}

/// Takes a card payment in US cents, on the platform or directly on a seller.
#[track_caller]
pub fn pay(sandbox: &Sandbox, account: Option<&str>, amount: &str, more: &[(&str, &str)]) -> Value {
    let mut form = vec![
        ("amount", amount),
        ("currency", "usd"),
        ("confirm", "true"),
        ("automatic_payment_methods[enabled]", "true"),
        ("automatic_payment_methods[allow_redirects]", "never"),
    ];
    if !more.iter().any(|(name, _)| *name == "payment_method") {
        form.push(("payment_method", "pm_card_visa"));
    }
    form.extend_from_slice(more);
    match account {
        Some(account) => sandbox.post_as(account, "/v1/payment_intents", &form).ok(),
        None => sandbox.post("/v1/payment_intents", &form).ok(),
    }
}

/// The text of a field that has one.
#[track_caller]
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn prefix(id: &str) -> &str {
    id.split('_').next().unwrap()
}
