//! Balance settings and `settings.payouts` of an account are one truth in two views.

use serde_json::{Value, json};

use crate::testing::{INDIVIDUAL, Platform, with};

const PATH: &str = "/v1/balance_settings";

fn settings(platform: &Platform, account: &str) -> Value {
    platform.get_as(account, PATH).ok()
}

fn payouts(platform: &Platform, account: &str) -> Value {
    platform.account(account)["settings"]["payouts"].clone()
}

/// The objects and earlier values of an account's events of a type, oldest first.
fn told(platform: &Platform, account: &str, kind: &str) -> Vec<(Value, Value)> {
    let events = platform.events(account).into_iter().filter(|event| event.kind == kind);
    events.map(|event| (json!(event.data.object), json!(event.data.previous_attributes))).collect()
}

#[test]
fn a_new_account_shows_what_its_country_and_its_controller_give_it() {
    let platform = Platform::new();
    let id = platform.open(INDIVIDUAL);
    let expected = json!({
        "object": "balance_settings",
        "payments": {
            "debit_negative_balances": false,
            "payouts": {
                "automatic_transfer_rules_by_currency": null,
                "minimum_balance_by_currency": null,
                "schedule": { "interval": "daily" },
                "statement_descriptor": null,
                "status": "enabled",
            },
            "settlement_timing": { "delay_days": 2, "start_of_day": null },
        },
    });
    assert_eq!(settings(&platform, &id), expected);
    let own = platform.get(PATH).ok();
    assert_eq!(own["payments"]["payouts"]["schedule"], json!({ "interval": "manual" }));
    assert_eq!(own["payments"]["debit_negative_balances"], true);
    let closed = platform.open(&with(INDIVIDUAL, &[("individual[phone]", None)]));
    assert_eq!(settings(&platform, &closed)["payments"]["payouts"]["status"], "disabled");
}

#[test]
fn what_balance_settings_change_the_account_shows() {
    let platform = Platform::new();
    let id = platform.open(INDIVIDUAL);
    let form = [
        ("payments[debit_negative_balances]", "true"),
        ("payments[payouts][schedule][interval]", "weekly"),
        ("payments[payouts][schedule][weekly_payout_days][0]", "friday"),
        ("payments[payouts][schedule][weekly_payout_days][1]", "monday"),
        ("payments[payouts][statement_descriptor]", "MARKET PAYOUT"),
        ("payments[payouts][minimum_balance_by_currency][usd]", "10000"),
        ("payments[payouts][minimum_balance_by_currency][eur]", "500"),
        ("payments[settlement_timing][delay_days_override]", "7"),
        ("payments[settlement_timing][start_of_day][hour]", "6"),
        ("payments[settlement_timing][start_of_day][minutes]", "30"),
        ("payments[settlement_timing][start_of_day][timezone]", "asia/singapore"),
    ];
    let changed = platform.post_as(&id, PATH, &form).ok();
    assert_eq!(
        changed["payments"],
        json!({
            "debit_negative_balances": true,
            "payouts": {
                "automatic_transfer_rules_by_currency": null,
                "minimum_balance_by_currency": { "usd": 10_000, "eur": 500 },
                "schedule": { "interval": "weekly", "weekly_payout_days": ["monday", "friday"] },
                "statement_descriptor": "MARKET PAYOUT",
                "status": "enabled",
            },
            "settlement_timing": {
                "delay_days": 7, "delay_days_override": 7,
                "start_of_day": { "hour": 6, "minutes": 30, "timezone": "Asia/Singapore" },
            },
        })
    );
    assert_eq!(settings(&platform, &id), changed);
    let shown = json!({
        "debit_negative_balances": true,
        "schedule": {
            "delay_days": 7, "interval": "weekly", "weekly_anchor": "monday",
            "weekly_payout_days": ["monday", "friday"],
        },
        "statement_descriptor": "MARKET PAYOUT",
    });
    assert_eq!(payouts(&platform, &id), shown);
}

#[test]
fn what_an_account_update_changes_balance_settings_show() {
    let platform = Platform::new();
    let id = platform.open(INDIVIDUAL);
    let form = [
        ("settings[payouts][debit_negative_balances]", "true"),
        ("settings[payouts][schedule][interval]", "monthly"),
        ("settings[payouts][schedule][monthly_anchor]", "31"),
        ("settings[payouts][schedule][delay_days]", "5"),
        ("settings[payouts][statement_descriptor]", "MARKET"),
    ];
    platform.post(&format!("/v1/accounts/{id}"), &form).ok();
    let payments = settings(&platform, &id)["payments"].clone();
    assert_eq!(payments["debit_negative_balances"], true);
    assert_eq!(payments["payouts"]["schedule"], json!({ "interval": "monthly", "monthly_payout_days": [31] }));
    assert_eq!(payments["payouts"]["statement_descriptor"], "MARKET");
    assert_eq!(payments["settlement_timing"]["delay_days_override"], 5);
    platform.post(&format!("/v1/accounts/{id}"), &[("settings[payouts][schedule][delay_days]", "minimum")]).ok();
    let timing = settings(&platform, &id)["payments"]["settlement_timing"].clone();
    assert_eq!(timing, json!({ "delay_days": 2, "start_of_day": null }));
}

#[test]
fn either_way_both_events_say_what_changed_and_none_when_nothing_did() {
    let platform = Platform::new();
    let id = platform.open(INDIVIDUAL);
    assert_eq!(told(&platform, &id, "balance_settings.updated").len(), 0);
    let weekly = [
        ("payments[payouts][schedule][interval]", "weekly"),
        ("payments[payouts][schedule][weekly_payout_days][]", "friday"),
    ];
    let now = platform.post_as(&id, PATH, &weekly).ok();
    let earlier =
        json!({ "payments": { "payouts": { "schedule": { "interval": "daily", "weekly_payout_days": null } } } });
    assert_eq!(told(&platform, &id, "balance_settings.updated"), [(now, earlier)]);
    let accounts = told(&platform, &id, "account.updated");
    assert_eq!(accounts.last().unwrap().1["settings"]["payouts"]["schedule"]["interval"], "daily");

    let before = platform.event_types(&id).len();
    platform.post_as(&id, PATH, &weekly).ok();
    platform.post_as(&id, PATH, &[]).ok();
    platform.post(&format!("/v1/accounts/{id}"), &[("settings[payouts][schedule][interval]", "weekly")]).ok();
    assert_eq!(platform.event_types(&id).len(), before);

    // What the account does not show is no change of it.
    platform.post_as(&id, PATH, &[("payments[payouts][minimum_balance_by_currency][usd]", "100")]).ok();
    assert_eq!(platform.event_types(&id)[before..], ["balance_settings.updated"]);
    platform.post(&format!("/v1/accounts/{id}"), &[("settings[payouts][schedule][delay_days]", "9")]).ok();
    assert_eq!(platform.event_types(&id)[before + 1..], ["account.updated", "balance_settings.updated"]);
    let last = told(&platform, &id, "balance_settings.updated").pop().unwrap().1;
    let earlier = json!({ "payments": { "settlement_timing": { "delay_days": 2, "delay_days_override": null } } });
    assert_eq!(last, earlier);
    platform.post(&format!("/v1/accounts/{id}"), &[("metadata[a]", "b")]).ok();
    assert_eq!(told(&platform, &id, "balance_settings.updated").len(), 3);
}

#[test]
fn minimum_balances_are_merged_by_currency_and_unset_one_by_one_or_all_at_once() {
    let platform = Platform::new();
    let id = platform.open(INDIVIDUAL);
    let at = "payments[payouts][minimum_balance_by_currency]";
    let set = |currency: &str, value: &str| {
        let name = if currency.is_empty() { at.to_owned() } else { format!("{at}[{currency}]") };
        let changed = platform.post_as(&id, PATH, &[(&name, value)]).ok();
        changed["payments"]["payouts"]["minimum_balance_by_currency"].clone()
    };
    assert_eq!(set("usd", "100"), json!({ "usd": 100 }));
    assert_eq!(set("EUR", "5"), json!({ "usd": 100, "eur": 5 }));
    assert_eq!(set("usd", "0"), json!({ "usd": 0, "eur": 5 }));
    assert_eq!(set("usd", ""), json!({ "eur": 5 }));
    assert_eq!(set("eur", ""), json!(null));
    assert_eq!(set("gbp", "7"), json!({ "gbp": 7 }));
    assert_eq!(set("", ""), json!(null));
}

#[test]
fn a_delay_and_a_start_of_day_can_be_chosen_and_given_up() {
    let platform = Platform::new();
    let id = platform.open(INDIVIDUAL);
    let set = |field: &str, value: &str| {
        let name = format!("payments[settlement_timing]{field}");
        platform.post_as(&id, PATH, &[(&name, value)]).ok()["payments"]["settlement_timing"].clone()
    };
    // Chosen is chosen, were it the country's own.
    assert_eq!(
        set("[delay_days_override]", "2"),
        json!({ "delay_days": 2, "delay_days_override": 2, "start_of_day": null })
    );
    assert_eq!(set("[delay_days_override]", "31")["delay_days"], 31);
    assert_eq!(set("[delay_days_override]", ""), json!({ "delay_days": 2, "start_of_day": null }));
    let midnight = json!({ "hour": 0, "minutes": 0, "timezone": "America/New_York" });
    assert_eq!(set("[start_of_day][timezone]", "America/New_York")["start_of_day"], midnight);
    let one = json!({ "hour": 1, "minutes": 0, "timezone": "America/New_York" });
    assert_eq!(set("[start_of_day][hour]", "1")["start_of_day"], one);
    assert_eq!(set("[start_of_day]", "")["start_of_day"], json!(null));
}

#[test]
fn bad_values_are_refused_by_name_and_change_nothing() {
    let platform = Platform::new();
    let id = platform.open(INDIVIDUAL);
    let before = settings(&platform, &id);
    let long = "A".repeat(23);
    let cases: [(&str, &str, &str, &str); 19] = [
        ("[payouts][schedule][interval]", "hourly", "", "[payouts][schedule][interval]"),
        ("[payouts][schedule][interval]", "weekly", "parameter_missing", "[payouts][schedule][weekly_payout_days]"),
        ("[payouts][schedule][interval]", "monthly", "parameter_missing", "[payouts][schedule][monthly_payout_days]"),
        ("[payouts][schedule][weekly_payout_days][0]", "sunday", "", "[payouts][schedule][weekly_payout_days][0]"),
        ("[payouts][schedule][weekly_payout_days][0]", "friday", "", "[payouts][schedule][weekly_payout_days]"),
        ("[payouts][schedule][monthly_payout_days][0]", "32", "", "[payouts][schedule][monthly_payout_days]"),
        ("[payouts][schedule][weekly_anchor]", "friday", "parameter_unknown", "[payouts][schedule][weekly_anchor]"),
        ("[payouts][statement_descriptor]", &long, "", "[payouts][statement_descriptor]"),
        ("[payouts][statement_descriptor]", "", "parameter_invalid_empty", "[payouts][statement_descriptor]"),
        (
            "[payouts][minimum_balance_by_currency][usd]",
            "-1",
            "parameter_invalid_integer",
            "[payouts][minimum_balance_by_currency][usd]",
        ),
        (
            "[payouts][minimum_balance_by_currency][usd]",
            "1.5",
            "parameter_invalid_integer",
            "[payouts][minimum_balance_by_currency][usd]",
        ),
        ("[payouts][minimum_balance_by_currency][xxq]", "1", "", "[payouts][minimum_balance_by_currency][xxq]"),
        (
            "[payouts][automatic_transfer_rules_by_currency][usd][0][type]",
            "transfer_all",
            "parameter_missing",
            "[payouts][automatic_transfer_rules_by_currency][usd][0][payout_method]",
        ),
        ("[settlement_timing][delay_days_override]", "1", "", "[settlement_timing][delay_days_override]"),
        ("[settlement_timing][delay_days_override]", "32", "", "[settlement_timing][delay_days_override]"),
        (
            "[settlement_timing][start_of_day][hour]",
            "3",
            "parameter_missing",
            "[settlement_timing][start_of_day][timezone]",
        ),
        ("[settlement_timing][start_of_day][timezone]", "Atlantis", "", "[settlement_timing][start_of_day][timezone]"),
        ("[debit_negative_balances]", "maybe", "", "[debit_negative_balances]"),
        ("[payout]", "x", "parameter_unknown", "[payout]"),
    ];
    for (field, value, code, param) in cases {
        let refused = platform.post_as(&id, PATH, &[(&format!("payments{field}"), value)]);
        assert_eq!(refused.refused(), (400, code, format!("payments{param}").as_str()), "{field} {value}");
    }
    let rule = "payments[payouts][automatic_transfer_rules_by_currency][usd][0]";
    let form = [(format!("{rule}[type]"), "transfer_all"), (format!("{rule}[payout_method]"), "fa_1")];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let refused = platform.post_as(&id, PATH, &form);
    assert!(refused.message().contains("not supported by this version of Kontor yet"), "{refused:?}");
    for (hour, minutes) in [("24", "0"), ("-1", "0"), ("3", "15")] {
        let at = |field: &str| format!("payments[settlement_timing][start_of_day][{field}]");
        let form = [(at("hour"), hour), (at("minutes"), minutes), (at("timezone"), "Etc/UTC")];
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        assert_eq!(platform.post_as(&id, PATH, &form).refused().1, "parameter_invalid_integer");
    }
    assert_eq!(settings(&platform, &id), before);
    // Rules that say nothing are no rules.
    platform.post_as(&id, PATH, &[("payments[payouts][automatic_transfer_rules_by_currency]", "")]).ok();
    platform.post_as(&id, PATH, &[("payments[payouts][automatic_transfer_rules_by_currency][usd]", "")]).ok();
    assert_eq!(settings(&platform, &id), before);
}

#[test]
fn whoever_has_a_full_dashboard_sets_this_there() {
    let platform = Platform::new();
    let id = platform.open(&[("type", "standard")]);
    let form = [("payments[payouts][schedule][interval]", "manual")];
    assert_eq!(platform.post_as(&id, PATH, &form).refused().1, "oauth_not_supported");
    settings(&platform, &id);
    let express = platform.open(&[("type", "express")]);
    platform.post_as(&express, PATH, &form).ok();
    platform.post(PATH, &[("payments[payouts][schedule][interval]", "daily")]).ok();
    assert_eq!(platform.account(&platform.id)["settings"]["payouts"]["schedule"]["interval"], "daily");
}

#[test]
fn days_that_begin_elsewhere_shift_when_funds_are_available() {
    let platform = Platform::new();
    let id = platform.open(INDIVIDUAL);
    let form = [("payments[settlement_timing][start_of_day][timezone]", "Asia/Singapore")];
    platform.post_as(&id, PATH, &form).ok();
    let account = platform.world.read(&store::Caller::account(&platform.id), |tx| crate::load(tx, &id)).unwrap();
    let at = |text: &str| kernel::Timestamp::parse(text).unwrap();
    // Monday's evening in UTC is Tuesday in Singapore.
    assert_eq!(crate::available_on(&account, at("2026-11-02T15:59:59Z")), at("2026-11-04"));
    assert_eq!(crate::available_on(&account, at("2026-11-02T16:00:00Z")), at("2026-11-05"));
}

#[test]
fn the_next_payout_is_planned_when_something_of_payouts_changed_and_they_are_automatic() {
    let platform = Platform::new();
    let id = platform.open(&with(INDIVIDUAL, &[("settings[payouts][schedule][interval]", Some("manual"))]));
    let planned = || {
        let caller = store::Caller::account(&platform.id);
        let job = store::job(crate::AUTOMATIC_PAYOUT, &id);
        platform.world.read(&caller, |tx| tx.find::<store::Job>(&job)).unwrap().is_some()
    };
    platform.post_as(&id, PATH, &[("payments[payouts][statement_descriptor]", "X")]).ok();
    assert!(!planned());
    platform.post_as(&id, PATH, &[("payments[payouts][schedule][interval]", "daily")]).ok();
    assert!(planned());
}
