//! What a browser may do: it has the publishable key and one intent's client secret.

use http::Method;
use serde_json::Value;

use crate::stage::{Stage, VISA, id};

const POST: Method = Method::POST;

struct Shop {
    stage: Stage,
    intent: Value,
}

impl Shop {
    fn new(changes: &[(&str, &str)]) -> Shop {
        let stage = Stage::new();
        let intent = stage.intent(changes);
        Shop { stage, intent }
    }

    fn path(&self, operation: &str) -> String {
        format!("/v1/payment_intents/{}{operation}", id(&self.intent))
    }

    fn secret(&self) -> &str {
        self.intent["client_secret"].as_str().unwrap()
    }

    fn confirm(&self, form: &[(&str, &str)]) -> crate::stage::Answer {
        let form = [&[("client_secret", self.secret())], form].concat();
        self.stage.browse(POST, &self.path("/confirm"), &form)
    }
}

#[test]
fn the_payer_may_agree_to_more_use_of_the_card_but_not_to_less() {
    let shop = Shop::new(&[("setup_future_usage", "off_session")]);
    for less in ["on_session", ""] {
        let refused = shop.confirm(&[("payment_method", VISA), ("setup_future_usage", less)]);
        assert_eq!(refused.refused(), (400, "payment_intent_invalid_parameter", "setup_future_usage"));
    }
    let shop = Shop::new(&[("setup_future_usage", "on_session")]);
    let paid = shop.confirm(&[("payment_method", VISA), ("setup_future_usage", "off_session")]).ok();
    assert_eq!(paid["setup_future_usage"], "off_session");
}

#[test]
fn an_intent_confirmed_by_hand_is_the_servers_to_confirm() {
    let shop = Shop::new(&[("confirmation_method", "manual")]);
    assert_eq!(shop.confirm(&[("payment_method", VISA)]).status, 400);
    assert_eq!(shop.stage.act(&shop.intent, "confirm", &[("payment_method", VISA)]).ok()["status"], "succeeded");
}

#[test]
fn the_secret_key_checks_a_secret_when_it_is_given_one() {
    let shop = Shop::new(&[]);
    let wrong = shop.stage.act(&shop.intent, "confirm", &[("client_secret", "x"), ("payment_method", VISA)]);
    assert_eq!(wrong.refused().2, "client_secret");
}
