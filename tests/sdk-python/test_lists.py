"""Lists are read page by page, newest first; what an object refers to comes along when asked for."""

import pytest
import stripe
from helpers import payment


@pytest.fixture(scope="module")
def newest_first(client):
    created = [client.v1.customers.create({"name": f"Customer {n}"}).id for n in range(1, 26)]
    return created[::-1]


@pytest.fixture(scope="module")
def paid(client):
    return client.v1.payment_intents.create(payment(100_00))


def ids(objects):
    return [each.id for each in objects]


@pytest.mark.parametrize("limit", [1, 10, 25, 100])
def test_a_list_is_read_to_its_end_newest_first_whatever_the_page_size(client, newest_first, limit):
    assert ids(client.v1.customers.list({"limit": limit}).auto_paging_iter()) == newest_first


def test_a_page_has_ten_entries_when_none_are_asked_for(client, newest_first):
    page = client.v1.customers.list()
    assert ids(page.data) == newest_first[:10]
    assert (page.object, page.url, page.has_more) == ("list", "/v1/customers", True)


def test_a_page_goes_on_after_an_entry_and_ends(client, newest_first):
    page = client.v1.customers.list({"limit": 10, "starting_after": newest_first[19]})
    assert (ids(page.data), page.has_more) == (newest_first[20:], False)


def test_a_page_goes_back_before_an_entry(client, newest_first):
    page = client.v1.customers.list({"limit": 10, "ending_before": newest_first[20]})
    assert (ids(page.data), page.has_more) == (newest_first[10:20], True)


def test_a_list_is_read_backwards_oldest_first(client, newest_first):
    backwards = client.v1.customers.list({"limit": 10, "ending_before": newest_first[24]})
    assert ids(backwards.auto_paging_iter()) == newest_first[23::-1]


def test_expand_brings_the_charge_and_its_balance_transaction_along(client, paid):
    expand = {"expand": ["latest_charge.balance_transaction"]}
    charge = client.v1.payment_intents.retrieve(paid.id, expand).latest_charge
    assert (charge.object, charge.balance_transaction.net) == ("charge", 96_80)


def test_expand_works_on_the_entries_of_a_list(client, paid):
    page = client.v1.payment_intents.list({"expand": ["data.latest_charge.balance_transaction"]})
    assert page.data[0].latest_charge.balance_transaction.fee == 3_20


def test_expand_refuses_a_field_that_cannot_be(client, paid):
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.retrieve(paid.id, {"expand": ["amount"]})
