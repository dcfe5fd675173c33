"""Connected accounts: what they still owe us, their people and their bank accounts."""

import pytest
import stripe
from helpers import bank_account, seller


@pytest.fixture
def account(client):
    return client.v1.accounts.create(seller("Alice"))


def test_an_account_says_what_is_due_until_it_has_been_given(client):
    bare = seller("Alice")
    rest = {name: bare.pop(name) for name in ("individual", "external_account", "tos_acceptance")}
    account = client.v1.accounts.create(bare)
    assert not account.charges_enabled
    due = {"external_account", "individual.ssn_last_4", "tos_acceptance.date"}
    assert due <= set(account.requirements.currently_due)
    complete = client.v1.accounts.update(account.id, rest)
    assert (complete.charges_enabled, complete.payouts_enabled) == (True, True)


def test_an_account_is_listed_changed_and_deleted(client, account):
    changed = client.v1.accounts.update(account.id, {"metadata": {"tier": "gold"}})
    assert changed.metadata.to_dict() == {"tier": "gold"}
    assert account.id in [each.id for each in client.v1.accounts.list({"limit": 100}).data]
    assert client.v1.accounts.delete(account.id).deleted
    with pytest.raises(stripe.PermissionError):
        client.v1.accounts.retrieve(account.id)


def test_the_default_bank_account_moves_when_asked(client, account):
    banks, first = client.v1.accounts.external_accounts, account.external_accounts.data[0]
    assert (first.last4, first.default_for_currency) == ("6789", True)
    second = banks.create(account.id, {"external_account": bank_account("000111111116")})
    assert not second.default_for_currency
    banks.update(account.id, second.id, {"default_for_currency": True})
    assert banks.delete(account.id, first.id).deleted
    assert [each.id for each in banks.list(account.id).data] == [second.id]


def test_a_companys_people_are_added_changed_listed_and_removed(client):
    company = seller("Acme", business_type="company", company={"name": "Acme"})
    del company["individual"]
    account, people = client.v1.accounts.create(company), client.v1.accounts.persons
    person = people.create(account.id, {"first_name": "Jenny", "relationship": {"owner": True}})
    assert people.update(account.id, person.id, {"last_name": "Rosen"}).first_name == "Jenny"
    owners = people.list(account.id, {"relationship": {"owner": True}})
    assert [(owner.id, owner.last_name) for owner in owners.data] == [(person.id, "Rosen")]
    assert people.delete(account.id, person.id).deleted
