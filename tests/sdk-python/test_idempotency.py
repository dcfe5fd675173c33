"""A request sent twice under one key happens once."""

import pytest
import stripe
from helpers import balance, payment


def test_the_same_key_gets_the_same_bytes_and_the_word_that_it_is_a_replay(client):
    under_key = {"idempotency_key": "order-1"}
    once = client.v1.payment_intents.create(payment(100_00), under_key).last_response
    again = client.v1.payment_intents.create(payment(100_00), under_key).last_response
    assert again.body == once.body
    assert "idempotent-replayed" not in once.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] == once.request_id
    assert balance(client) == (96_80, 0)


def test_the_same_key_with_other_parameters_is_an_idempotency_error(client):
    under_key = {"idempotency_key": "customer-1"}
    client.v1.customers.create({"name": "Ann"}, under_key)
    with pytest.raises(stripe.IdempotencyError) as raised:
        client.v1.customers.create({"name": "Ben"}, under_key)
    assert (raised.value.http_status, raised.value.error.type) == (400, "idempotency_error")


def test_a_decline_is_replayed_as_the_same_decline(client):
    bodies = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as raised:
            declined = payment(20_00, payment_method="pm_card_visa_chargeDeclined")
            client.v1.payment_intents.create(declined, {"idempotency_key": "order-2"})
        bodies.append(raised.value.http_body)
    assert bodies[0] == bodies[1]
    assert raised.value.headers["idempotent-replayed"] == "true"
