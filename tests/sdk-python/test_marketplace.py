"""A marketplace's first day: two sellers, two payments, a refund, a payout, and the webhooks that tell of them."""

from types import SimpleNamespace

import pytest
import stripe
from helpers import Receiver, acting_for, assert_rows_add_up, balance, payment, rows, seller


@pytest.fixture(scope="module")
def market(server_on_each_engine):
    """The marketplace as the day goes on: each test adds to what the ones before it did."""
    server, receiver = server_on_each_engine, Receiver()
    endpoints = server.stripe.v1.webhook_endpoints
    yield SimpleNamespace(
        server=server,
        v1=server.stripe.v1,
        receiver=receiver,
        own=endpoints.create({"url": receiver.url("/own"), "enabled_events": ["*"]}),
        connect=endpoints.create({"url": receiver.url("/connect"), "enabled_events": ["*"], "connect": True}),
    )
    receiver.stop()


def test_opens_two_sellers_who_can_charge_and_be_paid_out_at_once(market):
    market.alice = market.v1.accounts.create(seller("Alice"))
    market.bob = market.v1.accounts.create(seller("Bob"))
    for account in (market.alice, market.bob):
        assert (account.charges_enabled, account.payouts_enabled, account.details_submitted) == (True, True, True)
        assert account.capabilities.to_dict() == {"card_payments": "active", "transfers": "active"}
        assert account.requirements.currently_due == []


def test_takes_a_payment_for_a_seller_and_keeps_a_fee(market):
    market.order = market.v1.payment_intents.create(
        payment(100_00, transfer_data={"destination": market.alice.id}, application_fee_amount=10_00)
    )
    assert (market.order.status, market.order.amount_received) == ("succeeded", 100_00)
    # 100.00 - 3.20 processing - 100.00 transferred + 10.00 fee; the seller has the rest.
    assert balance(market.server.stripe) == (6_80, 0)
    assert balance(market.server.stripe, market.alice.id) == (90_00, 0)


def test_splits_another_payment_between_both_sellers(market):
    cart = market.v1.payment_intents.create(
        payment(200_00, payment_method="pm_card_visa", transfer_group="cart_1")
    )
    for account, amount in ((market.alice, 80_00), (market.bob, 60_00)):
        share = {"amount": amount, "currency": "usd", "source_transaction": cart.latest_charge}
        transfer = market.v1.transfers.create({**share, "destination": account.id})
        assert transfer.transfer_group == "cart_1"
    # 200.00 - 6.10 processing - 140.00 transferred, none of it available yet.
    assert balance(market.server.stripe) == (6_80, 53_90)
    assert balance(market.server.stripe, market.alice.id) == (90_00, 80_00)
    assert balance(market.server.stripe, market.bob.id) == (0, 60_00)


def test_refunds_a_part_of_which_the_seller_and_the_fee_give_back_their_share(market):
    refund = market.v1.refunds.create(
        {
            "payment_intent": market.order.id,
            "amount": 30_00,
            "reverse_transfer": True,
            "refund_application_fee": True,
        }
    )
    assert refund.status == "succeeded"
    assert refund.transfer_reversal.startswith("trr_")
    charge = market.v1.charges.retrieve(market.order.latest_charge)
    assert (charge.amount_refunded, charge.refunded) == (30_00, False)
    assert balance(market.server.stripe) == (3_80, 53_90)
    assert balance(market.server.stripe, market.alice.id) == (63_00, 80_00)


def test_pays_a_seller_out_once_the_clock_has_moved(market):
    as_seller = acting_for(market.alice.id)
    payout = market.v1.payouts.create({"amount": 50_00, "currency": "usd"}, as_seller)
    assert (payout.status, payout.automatic) == ("pending", False)
    assert balance(market.server.stripe, market.alice.id) == (13_00, 80_00)

    before = market.server.clock()
    assert before + 10 * 86_400 <= market.server.advance_clock(days=10)
    assert market.v1.payouts.retrieve(payout.id, options=as_seller).status == "paid"
    assert balance(market.server.stripe, market.alice.id) == (93_00, 0)
    assert balance(market.server.stripe, market.bob.id) == (60_00, 0)


def test_has_a_row_for_every_movement_and_rows_that_add_up_to_the_balances(market):
    platform = [row for row in rows(market.server.stripe) if row[0] != "payout"]
    assert platform == [
        ("application_fee", 10_00, 0, 10_00),
        ("application_fee_refund", -3_00, 0, -3_00),
        ("charge", 100_00, 3_20, 96_80),
        ("charge", 200_00, 6_10, 193_90),
        ("refund", -30_00, 0, -30_00),
        ("transfer", -100_00, 0, -100_00),
        ("transfer", -80_00, 0, -80_00),
        ("transfer", -60_00, 0, -60_00),
        ("transfer_refund", 30_00, 0, 30_00),
    ]
    assert rows(market.server.stripe, market.alice.id) == [
        ("payment", 80_00, 0, 80_00),
        ("payment", 100_00, 10_00, 90_00),
        ("payment_refund", -30_00, -3_00, -27_00),
        ("payout", -50_00, 0, -50_00),
    ]
    assert rows(market.server.stripe, market.bob.id) == [("payment", 60_00, 0, 60_00)]
    for account in (None, market.alice.id, market.bob.id):
        assert_rows_add_up(market.server.stripe, account)


@pytest.mark.parametrize(
    "type",
    [
        "payment_intent.succeeded",
        "charge.succeeded",
        "transfer.created",
        "application_fee.created",
        "charge.refunded",
    ],
)
def test_hears_of_its_own_payments_signed_on_its_own_endpoint(market, type):
    body, signature = market.receiver.first("/own", type)
    event = stripe.Webhook.construct_event(body, signature, market.own.secret)
    assert event.api_version == "2026-10-28.endive"
    assert "account" not in event


@pytest.mark.parametrize("type", ["payout.created", "payout.paid"])
def test_hears_of_its_sellers_signed_and_with_their_account_on_the_connect_endpoint(market, type):
    body, signature = market.receiver.first("/connect", type)
    event = stripe.Webhook.construct_event(body, signature, market.connect.secret)
    assert event.account == market.alice.id
    assert event.data.object.amount == 50_00


def test_keeps_the_two_endpoints_apart(market):
    assert all("account" not in event for event in market.receiver.events("/own"))
    assert all(event["account"] for event in market.receiver.events("/connect"))


def test_sends_nothing_that_verifies_with_another_secret_or_another_body(market):
    body, signature = market.receiver.first("/own", "charge.succeeded")
    for text, secret in ((body, market.connect.secret), (body.replace("evt_", "evt_0"), market.own.secret)):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(text, signature, secret)


def test_can_read_back_what_it_was_told(market):
    told = next(event for event in market.receiver.events("/connect") if event["type"] == "payout.paid")
    event = market.v1.events.retrieve(told["id"], options=acting_for(market.alice.id))
    assert (event.id, event.type) == (told["id"], "payout.paid")
