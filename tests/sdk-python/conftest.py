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
    if on_postgres and not POSTGRES:
        pytest.skip("KONTOR_TEST_POSTGRES_URL is not set")
    running = Server(on_postgres)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def client(server):
    return server.stripe
