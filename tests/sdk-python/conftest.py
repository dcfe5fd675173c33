import os

import pytest
from helpers import POSTGRES, Server


@pytest.fixture(scope="module")
def server():
    """One server for the tests of a file."""
    running = Server()
    yield running
    running.stop()


@pytest.fixture(scope="module", params=["SQLite", "PostgreSQL"])
def server_on_each_engine(request):
    on_postgres = request.param == "PostgreSQL"
    if on_postgres and os.environ.get("KONTOR_TEST_WITHOUT_POSTGRES") == "1":
        pytest.skip("left out by KONTOR_TEST_WITHOUT_POSTGRES")
    assert POSTGRES or not on_postgres, "KONTOR_TEST_POSTGRES_URL is not set: run this through scripts/with-postgres"
    running = Server(on_postgres)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def client(server):
    return server.stripe
