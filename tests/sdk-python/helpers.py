"""What the tests share: a server of their own, a receiver of webhooks, test data, and looks at the books."""

import atexit
import json
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import threading
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import stripe

KEY = "sk_test_KontorPythonSuite00000001"
REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("KONTOR_BIN", str(REPOSITORY / "target/debug/kontor"))
POSTGRES = os.environ.get("KONTOR_TEST_POSTGRES_URL")
PATIENCE_SECONDS = 30
DAY = 86_400

# A proxy for the outside world must not get what we send to ourselves.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"


class Server:
    """`kontor serve` on a free port with an empty store; `stop` ends it and wipes the store."""

    def __init__(self, on_postgres=False):
        if not os.access(BINARY, os.X_OK):
            raise FileNotFoundError(f"no server at {BINARY}: build it with `cargo build -p kontor`")
        self.data = tempfile.mkdtemp(prefix="kontor-python-")
        self.database = fresh_database() if on_postgres else None
        # Without the settings a developer may have for a server of theirs.
        env = {name: value for name, value in os.environ.items() if not name.startswith("KONTOR_")}
        env["KONTOR_SECRET_KEY"] = KEY
        if self.database:
            env["KONTOR_DATABASE_URL"] = database_url(self.database)
        self.process = subprocess.Popen(
            [BINARY, "serve", "--listen", "127.0.0.1:0", "--data", self.data],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        atexit.register(self.process.kill)
        self.log = []
        self.url = None
        self.told = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        if not self.told.wait(PATIENCE_SECONDS) or self.url is None:
            self.process.kill()
            self._wipe()
            raise RuntimeError(f"the server does not listen:\n{''.join(self.log)}")
        assert urllib.request.urlopen(f"{self.url}/healthz").status == 200
        self.stripe = client(self.url)

    def _read(self):
        """Reads to the end, or a full pipe would block the server."""
        for line in self.process.stdout:
            self.log.append(line)
            if self.url is None and (found := re.search(r"listening on (http://127\.0\.0\.1:\d+)", line)):
                self.url = found[1]
                self.told.set()
        self.told.set()

    def stop(self):
        self.process.terminate()
        try:
            ended = self.process.wait(PATIENCE_SECONDS)
        finally:
            self.process.kill()
            self.process.wait()
            atexit.unregister(self.process.kill)
            self._wipe()
        assert ended == 0, f"told to stop, the server ends with exit code 0:\n{''.join(self.log)}"

    def _wipe(self):
        shutil.rmtree(self.data)
        if self.database:
            sql(f"drop database {self.database}")

    def advance_clock(self, days):
        """Moves the world's clock; answers once every job that fell due has run."""
        form = urllib.parse.urlencode({"seconds": days * DAY}).encode()
        return self._ours("/kontor/v1/clock/advance", form)["now"]

    def clock(self):
        """The world's time, in Unix seconds."""
        return self._ours("/kontor/v1/clock")["now"]

    def _ours(self, path, form=None):
        request = urllib.request.Request(self.url + path, data=form, headers={"Authorization": f"Bearer {KEY}"})
        with urllib.request.urlopen(request) as response:
            return json.load(response)


class Receiver:
    """A local HTTP server that keeps what is posted to each path, as an application's webhook endpoints would."""

    def __init__(self):
        self.deliveries = []
        self.arrived = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                with receiver.arrived:
                    receiver.deliveries.append((self.path, body, self.headers["Stripe-Signature"]))
                    receiver.arrived.notify_all()
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def events(self, path):
        return [json.loads(body) for to, body, _ in self.deliveries if to == path]

    def first(self, path, type):
        """Body and signature of the first event of a type, whether it has arrived or is still to come."""

        def found():
            return next(((b, s) for to, b, s in self.deliveries if to == path and json.loads(b)["type"] == type), None)

        with self.arrived:
            assert self.arrived.wait_for(found, PATIENCE_SECONDS), (
                f"no {type} at {path}; there are {[event['type'] for event in self.events(path)]}"
            )
            return found()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def client(url, key=KEY):
    """The official client, pointed at our server."""
    return stripe.StripeClient(key, base_addresses={"api": url})


def seller(name, **more):
    """A custom account given everything: it can charge and be paid out at once, when it asks to."""
    email = f"{name.lower()}@example.com"
    return {
        "type": "custom",
        "country": "US",
        "email": email,
        "business_type": "individual",
        "capabilities": {"card_payments": {"requested": True}, "transfers": {"requested": True}},
        "business_profile": {"name": f"{name}'s shop", "mcc": "5734", "url": "https://accessible.stripe.com"},
        "individual": {
            "first_name": name,
            "last_name": "Seller",
            "email": email,
            "phone": "0000000000",
            "dob": {"day": 1, "month": 1, "year": 1901},
            "address": {
                "line1": "address_full_match",
                "city": "San Francisco",
                "state": "CA",
                "postal_code": "94107",
                "country": "US",
            },
            "ssn_last_4": "0000",
        },
        "external_account": bank_account(),
        "settings": {
            "payments": {"statement_descriptor": f"{name} shop"},
            "payouts": {"schedule": {"interval": "manual"}},
        },
        "tos_acceptance": {"date": 1_700_000_000, "ip": "127.0.0.1"},
        **more,
    }


def bank_account(account_number="000123456789"):
    return {
        "object": "bank_account",
        "country": "US",
        "currency": "usd",
        "routing_number": "110000000",
        "account_number": account_number,
    }


def payment(amount, **more):
    """A card payment confirmed in one call. `pm_card_bypassPending` makes its money available at once."""
    return {
        "amount": amount,
        "currency": "usd",
        "payment_method": "pm_card_bypassPending",
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "confirm": True,
        **more,
    }


def acting_for(account):
    """Request options: as the connected account, or as the platform itself."""
    return {"stripe_account": account} if account else {}


def balance(client, account=None):
    """What an account has in cents: (available, pending)."""
    shown = client.v1.balance.retrieve(options=acting_for(account))
    return dollars(shown.available), dollars(shown.pending)


def dollars(amounts):
    return sum(entry.amount for entry in amounts if entry.currency == "usd")


def balance_transactions(client, account=None):
    return list(client.v1.balance_transactions.list({"limit": 100}, acting_for(account)).auto_paging_iter())


def rows(client, account=None):
    """An account's balance transactions, sorted: (type, amount, fee, net)."""
    return sorted((row.type, row.amount, row.fee, row.net) for row in balance_transactions(client, account))


def assert_rows_add_up(client, account=None):
    """The books hold: the rows of an account add up to its balance, and each row to its net."""
    all_rows = balance_transactions(client, account)
    assert sum(row.net for row in all_rows) == sum(balance(client, account))
    for row in all_rows:
        assert row.net == row.amount - row.fee, row.id
        assert row.fee == sum(part.amount for part in row.fee_details), row.id


def fresh_database():
    name = f"kontor_python_{secrets.token_hex(6)}"
    sql(f"create database {name}")
    return name


def database_url(name):
    return urllib.parse.urlparse(POSTGRES)._replace(path=f"/{name}").geturl()


def sql(statement):
    subprocess.run(["psql", POSTGRES, "--no-psqlrc", "--quiet", "--command", statement], check=True)
