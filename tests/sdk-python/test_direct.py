"""Direct charges: the seller is the merchant, the platform takes a fee."""

import pytest
import stripe
from helpers import acting_for, assert_rows_add_up, balance, payment, rows, seller


@pytest.fixture(scope="module")
def alice(client):
    return client.v1.accounts.create(seller("Alice")).id


@pytest.fixture(scope="module")
def sale(client, alice):
    return client.v1.payment_intents.create(payment(100_00, application_fee_amount=5_00), acting_for(alice))


def test_the_seller_bears_the_processing_fee_and_the_platforms(client, alice, sale):
    assert sale.status == "succeeded"
    assert rows(client, alice) == [("charge", 100_00, 8_20, 91_80)]
    assert rows(client) == [("application_fee", 5_00, 0, 5_00)]
    assert (balance(client, alice), balance(client)) == ((91_80, 0), (5_00, 0))


def test_a_refunded_part_takes_its_share_of_the_fee_along(client, alice, sale):
    refund = {"payment_intent": sale.id, "amount": 40_00, "refund_application_fee": True}
    assert client.v1.refunds.create(refund, acting_for(alice)).status == "succeeded"
    (fee,) = client.v1.application_fees.list({"charge": sale.latest_charge}).data
    assert (fee.account, fee.amount_refunded, fee.refunded) == (alice, 2_00, False)
    # 91.80 - 40.00 + 2.00 of the fee; the processing fee stays spent.
    assert (balance(client, alice), balance(client)) == ((53_80, 0), (3_00, 0))


def test_the_sellers_charge_is_not_the_platforms(client, alice, sale):
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.charges.retrieve(sale.latest_charge)
    assert client.v1.charges.retrieve(sale.latest_charge, options=acting_for(alice)).amount == 100_00


def test_the_rows_add_up_on_both_sides(client, alice, sale):
    assert_rows_add_up(client)
    assert_rows_add_up(client, alice)


def test_a_payer_whose_bank_asks_for_it_is_sent_to_a_page_of_ours(client, server):
    asked = client.v1.payment_intents.create(
        {
            "amount": 100_00,
            "currency": "usd",
            "payment_method": "pm_card_authenticationRequired",
            "confirm": True,
            "return_url": "https://shop.example/thanks",
        }
    )
    assert (asked.status, asked.next_action.type) == ("requires_action", "redirect_to_url")
    assert asked.next_action.redirect_to_url.url.startswith(server.url)
