//! How much may be asked for (money.md 11.1 and 11.2).

use super::shop::Shop;

fn refusal(shop: &Shop, amount: &str, currency: &str) -> Option<(String, String)> {
    let answer = shop.try_intent(&[("amount", amount), ("currency", currency)]);
    (answer.status != 200).then(|| {
        let (status, code, param) = answer.refused();
        assert_eq!(status, 400);
        (code.to_owned(), param.to_owned())
    })
}

#[test]
fn each_currency_has_its_smallest_payment() {
    let shop = Shop::open();
    let least = [
        ("usd", 50),
        ("aed", 200),
        ("aud", 50),
        ("brl", 50),
        ("cad", 50),
        ("chf", 50),
        ("czk", 1500),
        ("dkk", 250),
        ("eur", 50),
        ("gbp", 30),
        ("hkd", 400),
        ("huf", 17500),
        ("inr", 50),
        ("jpy", 50),
        ("krw", 50),
        ("mxn", 1000),
        ("myr", 200),
        ("nok", 300),
        ("nzd", 50),
        ("pln", 200),
        ("ron", 200),
        ("sek", 300),
        ("sgd", 50),
        ("thb", 1000),
    ];
    for (currency, amount) in least {
        assert_eq!(refusal(&shop, &amount.to_string(), currency), None, "{currency}");
        let below = refusal(&shop, &(amount - 1).to_string(), currency);
        assert_eq!(below, Some(("amount_too_small".into(), "amount".into())), "{currency}");
    }
}

#[test]
fn amounts_are_whole_positive_and_have_eight_digits() {
    let shop = Shop::open();
    assert_eq!(refusal(&shop, "99999999", "usd"), None);
    assert_eq!(refusal(&shop, "100000000", "usd"), Some(("amount_too_large".into(), "amount".into())));
    for wrong in ["0", "-5", "1.5", "ten", "99999999999999999999"] {
        let (code, param) = refusal(&shop, wrong, "usd").unwrap();
        assert_eq!((&*code, &*param), ("parameter_invalid_integer", "amount"), "{wrong}");
    }
    assert_eq!(refusal(&shop, "", "usd").unwrap().1, "amount");
}

#[test]
fn the_amount_is_checked_again_when_it_changes() {
    let shop = Shop::open();
    let intent = shop.card_intent(&[]);
    assert_eq!(shop.act(&intent, "", &[("amount", "49")]).refused(), (400, "amount_too_small", "amount"));
    let small_in_yen = shop.act(&shop.card_intent(&[("amount", "60")]), "", &[("currency", "huf")]);
    assert_eq!(small_in_yen.refused(), (400, "amount_too_small", "amount"));
    assert_eq!(shop.act(&intent, "", &[("currency", "EUR")]).ok()["currency"], "eur");
}

#[test]
fn currencies_are_named_in_either_case_and_must_exist() {
    let shop = Shop::open();
    assert_eq!(shop.card_intent(&[("currency", "USD")])["currency"], "usd");
    for wrong in ["xxx", "us", "dollar"] {
        assert_eq!(refusal(&shop, "2000", wrong).unwrap().1, "currency", "{wrong}");
    }
}
