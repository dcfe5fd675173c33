"""What is refused arrives as the SDK's own exception classes, with the fields that applications branch on."""

import helpers
import pytest
import stripe
from helpers import acting_for, balance, payment, seller


def refused(exception, request, **fields):
    """Runs what must be refused and answers the exception, once its fields are right."""
    with pytest.raises(exception) as raised:
        request()
    for name, value in fields.items():
        assert getattr(raised.value, name) == value, name
    return raised.value


def pay(client, card):
    return lambda: client.v1.payment_intents.create(payment(20_00, payment_method=card))


@pytest.mark.parametrize(
    "card, decline_code, message",
    [
        ("pm_card_visa_chargeDeclined", "generic_decline", "Your card was declined."),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds", "Your card has insufficient funds."),
        ("pm_card_visa_chargeDeclinedLostCard", "lost_card", "Your card was declined."),
        ("pm_card_visa_chargeDeclinedStolenCard", "stolen_card", "Your card was declined."),
    ],
)
def test_a_decline_is_a_card_error_with_the_payment_it_is_about(client, card, decline_code, message):
    e = refused(stripe.CardError, pay(client, card), http_status=402, code="card_declined", user_message=message)
    assert (e.error.type, e.error.decline_code) == ("card_error", decline_code)
    assert e.error.payment_intent.status == "requires_payment_method"
    assert client.v1.charges.retrieve(e.error.charge).status == "failed"


@pytest.mark.parametrize(
    "card, code",
    [
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error"),
    ],
)
def test_a_card_that_is_at_fault_is_told_by_a_code_of_its_own(client, card, code):
    refused(stripe.CardError, pay(client, card), http_status=402, code=code)


def test_a_decline_moves_no_money(client):
    assert balance(client) == (0, 0)


def test_a_decline_can_be_followed_by_a_card_that_is_not(client):
    declined = refused(stripe.CardError, pay(client, "pm_card_visa_chargeDeclined")).error.payment_intent
    paid = client.v1.payment_intents.confirm(declined.id, {"payment_method": "pm_card_visa"})
    assert paid.status == "succeeded"


def test_what_does_not_exist_is_named_with_404(client):
    e = refused(
        stripe.InvalidRequestError,
        lambda: client.v1.payment_intents.retrieve("pi_missing"),
        http_status=404,
        code="resource_missing",
        user_message="No such payment_intent: 'pi_missing'",
    )
    assert e.request_id.startswith("req_")


@pytest.mark.parametrize(
    "params, code, param",
    [
        ({"amount": 20_00, "currency": "usd", "ammount": 1}, "parameter_unknown", "ammount"),
        (
            {"amount": 20_00, "currency": "usd", "transfer_data": {"destinatoin": "acct_1"}},
            "parameter_unknown",
            "transfer_data[destinatoin]",
        ),
        ({"currency": "usd"}, "parameter_missing", "amount"),
        ({"amount": "abc", "currency": "usd"}, "parameter_invalid_integer", "amount"),
        ({"amount": 49, "currency": "usd"}, "amount_too_small", "amount"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(client, params, code, param):
    request = lambda: client.v1.payment_intents.create(params)  # noqa: E731
    refused(stripe.InvalidRequestError, request, http_status=400, code=code, param=param)


def test_a_transfer_of_more_than_there_is_is_refused(client):
    account = client.v1.accounts.create(seller("Alice"))
    transfer = {"amount": 1_000_000_00, "currency": "usd", "destination": account.id}
    refused(stripe.InvalidRequestError, lambda: client.v1.transfers.create(transfer), code="balance_insufficient")


def test_a_second_refund_of_the_same_money_is_refused(client):
    refund = {"charge": client.v1.payment_intents.create(payment(20_00)).latest_charge}
    client.v1.refunds.create(refund)
    refused(stripe.InvalidRequestError, lambda: client.v1.refunds.create(refund), code="charge_already_refunded")


def test_a_wrong_key_is_an_authentication_error(server):
    stranger = helpers.client(server.url, "sk_test_SomebodyElsesKey00000001")
    e = refused(stripe.AuthenticationError, stranger.v1.balance.retrieve, http_status=401)
    assert "SomebodyElses" not in str(e), "the key is not repeated in full"


def test_an_account_that_is_not_ours_is_a_permission_error(client):
    elsewhere = acting_for("acct_1000000000000000")
    request = lambda: client.v1.balance.retrieve(options=elsewhere)  # noqa: E731
    refused(stripe.PermissionError, request, http_status=403)


def test_another_accounts_objects_cannot_be_found(client):
    account = client.v1.accounts.create(seller("Bob"))
    customer = client.v1.customers.create({"name": "Ann"})
    request = lambda: client.v1.customers.retrieve(customer.id, options=acting_for(account.id))  # noqa: E731
    refused(stripe.InvalidRequestError, request, http_status=404, code="resource_missing")
