//! `expand[]` on objects, lists and creates, and pagination.

use harness::Sandbox;

#[test]
fn ids_are_replaced_by_what_they_name_to_four_levels() {
    let sandbox = Sandbox::new(7);
    let seller = sandbox.seller(&[]);
    let form = [
        ("amount", "2000"),
        ("currency", "usd"),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
        ("automatic_payment_methods[enabled]", "true"),
        ("automatic_payment_methods[allow_redirects]", "never"),
        ("transfer_data[destination]", &seller),
        ("expand[]", "latest_charge.transfer.destination_payment.balance_transaction"),
        ("expand[]", "latest_charge.balance_transaction"),
    ];
    let intent = sandbox.post("/v1/payment_intents", &form).ok();
    let charge = &intent["latest_charge"];
    assert_eq!(charge["balance_transaction"]["fee"], 88);
    assert_eq!(charge["transfer"]["destination_payment"]["balance_transaction"]["net"], 2000);
    let list = sandbox.get("/v1/charges?expand[]=data.balance_transaction&expand[]=data.refunds").ok();
    assert_eq!(list["data"][0]["balance_transaction"]["net"], 1912);
    assert_eq!(list["data"][0]["refunds"]["object"], "list");
}

#[test]
fn what_cannot_be_expanded_is_refused() {
    let sandbox = Sandbox::new(7);
    sandbox.post("/v1/customers", &[("email", "a@example.com")]).ok();
    for path in ["data.email", "data.colour", "data.a.b.c.d.e"] {
        let error = sandbox.get(&format!("/v1/customers?expand[]={path}")).refused(400);
        assert_eq!(error["param"], "expand", "{error:#}");
    }
}

#[test]
fn pages_go_on_where_the_last_one_ended_in_both_directions() {
    let sandbox = Sandbox::new(7);
    let mut made: Vec<String> = (0..25)
        .map(|n| {
            sandbox.post("/v1/customers", &[("name", &format!("Customer {n}"))]).ok()["id"].as_str().unwrap().to_owned()
        })
        .collect();
    made.reverse();
    let ids = |page: &serde_json::Value| -> Vec<String> {
        page["data"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap().to_owned()).collect()
    };
    let first = sandbox.get("/v1/customers?limit=10").ok();
    let second = sandbox.get(&format!("/v1/customers?limit=10&starting_after={}", made[9])).ok();
    let third = sandbox.get(&format!("/v1/customers?limit=10&starting_after={}", made[19])).ok();
    assert_eq!([ids(&first), ids(&second), ids(&third)].concat(), made);
    assert_eq!((&first["has_more"], &third["has_more"]), (&true.into(), &false.into()));
    let back = sandbox.get(&format!("/v1/customers?limit=10&ending_before={}", made[20])).ok();
    assert_eq!((ids(&back), &back["has_more"]), (made[10..20].to_vec(), &true.into()));
}
