//! One account never sees another's objects: a missing and a foreign id answer alike.

use harness::Sandbox;

#[test]
fn a_sellers_objects_are_not_the_platforms_and_the_other_way_round() {
    let sandbox = Sandbox::new(7);
    let (one, two) = (sandbox.seller(&[]), sandbox.seller(&[]));
    let customer = sandbox.post_as(&one, "/v1/customers", &[("email", "a@example.com")]).ok();
    let id = customer["id"].as_str().unwrap();
    let path = format!("/v1/customers/{id}");
    sandbox.get_as(&one, &path).ok();
    for foreign in [sandbox.get(&path), sandbox.get_as(&two, &path)] {
        let error = foreign.refused(404);
        assert_eq!(error["code"], "resource_missing");
        assert_eq!(error["message"], format!("No such customer: '{id}'"));
    }
    sandbox.post(&path, &[("name", "Mine now")]).refused(404);
    sandbox.delete(&path).refused(404);
    assert_eq!(sandbox.get_as(&two, "/v1/customers").ok()["data"].as_array().unwrap().len(), 0);
    sandbox.get(&format!("/v1/customers?starting_after={id}")).refused(404);
}
