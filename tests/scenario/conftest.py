"""The scenario: black-box tests of the HTTP API that run against any deployment.

    ADMIN_PASSWORD=… pytest tests/scenario --url http://127.0.0.1:3000

The files run in the order of their numbers. Files 0 to 7 share one new application, which file 7 deletes. The others
create console users and delete them at the end of the file. Each file also runs alone, except 15: it checks the events
that the others caused. The scenario needs only the API and the password of `admin`. Tests with a mailed code also need
to read the deployment's mail, and are skipped if they cannot. With `--by-key`, files 2 to 5, 7 and 13 to 15 run with
API keys in place of sessions.
"""

import functools
import os
import sys
import time
import types

import pytest

from client import RetryingClient, in_parallel, segment
from mails import Mailbox, Maildir
from sample_accounts import account_bodies, expected_account
from users import RUN_ID, create_person

sys.dont_write_bytecode = True


def pytest_addoption(parser):
    group = parser.getgroup("rollcall")
    group.addoption("--url", default=os.environ.get("ROLLCALL_URL"), help="the deployment's origin (or ROLLCALL_URL)")
    group.addoption("--origin", default=os.environ.get("PUBLIC_ORIGIN"), help="its PUBLIC_ORIGIN, if it is not --url")
    group.addoption("--maildir", help="the Maildir with its mail, unless it is a local server")
    group.addoption("--threads", type=int, default=8, help="concurrent requests")
    group.addoption("--by-key", action="store_true", help="use API keys in place of sessions")


@pytest.fixture(scope="session")
def settings(pytestconfig):
    """The deployment, the password of its admin and the number of concurrent requests."""
    url, password = pytestconfig.getoption("--url"), os.environ.get("ADMIN_PASSWORD")
    if not url or not password:
        pytest.exit("the scenario needs --url (or ROLLCALL_URL) and ADMIN_PASSWORD", returncode=4)
    origin = pytestconfig.getoption("--origin") or url.rstrip("/")
    return types.SimpleNamespace(url=url, password=password, origin=origin, threads=pytestconfig.getoption("--threads"))


@pytest.fixture(scope="session")
def anonymous(settings):
    return RetryingClient(settings.url)


@pytest.fixture(scope="session")
def session(anonymous, settings):
    """A session of the super admin."""
    return anonymous.sign_in(settings.password)


@pytest.fixture(scope="session")
def identified(pytestconfig):
    """Takes a session and the password of its user. Returns the session or, with `--by-key`, a client with a key."""
    by_key = pytestconfig.getoption("--by-key")
    return lambda session, password: session.by_key(password) if by_key else session


@pytest.fixture(scope="session")
def admin(session, settings, identified):
    """The super admin."""
    return identified(session, settings.password)


@pytest.fixture(scope="session")
def mailbox(anonymous, pytestconfig):
    """The mail that the deployment sends."""
    if directory := pytestconfig.getoption("--maildir"):
        return Maildir(anonymous, directory)
    if anonymous.get("/_local/mails").status != 200:
        pytest.skip("cannot read the mail of this deployment without --maildir")
    return Mailbox(anonymous)


@pytest.fixture(scope="module")
def new_person(session):
    """Creates console users, and deletes them at the end of the file."""
    yield functools.partial(create_person, session)
    for user in session.list_all("/v1/users", q=RUN_ID, limit=100):
        session.delete(f"/v1/users/{user['user_id']}").expect(204)


@pytest.fixture(scope="session")
def report_progress():
    """Prints progress messages with the elapsed time."""
    began = time.monotonic()
    return lambda text: print(f"\n    {time.monotonic() - began:6.1f} s  {text}", end="", flush=True)


@pytest.fixture(scope="session")
def populated_app(admin, settings, report_progress):
    """A new application with 2,000 accounts: its path, the request bodies, and the latest reply for each account."""
    app = admin.post("/v1/apps", {"name": f"Scenario {time.strftime('%d %b %H:%M:%S')}"}).expect(201).json
    path = f"/v1/apps/{app['app_id']}"
    bodies = account_bodies()
    report_progress(f"creating {len(bodies)} accounts in {path}")

    def create(numbered):
        index, body = numbered
        if index % 500 == 499:
            report_progress(f"{index + 1} accounts")
        if index % 20:
            return admin.post(f"{path}/accounts", body).expect(201)
        return create_twice(admin, f"{path}/accounts", body)

    replies = in_parallel(settings.threads, create, enumerate(bodies))
    accounts = {}
    for body, reply in zip(bodies, replies, strict=True):
        check_created(path, body, reply)
        accounts[body["user_id"]] = reply.json
    return types.SimpleNamespace(path=path, bodies=bodies, accounts=accounts)


def create_twice(admin, path, body):
    """Creates an account twice with one idempotency key: the second reply is a replay of the first."""
    keyed = admin.with_headers(idempotency_key=f"create {body['user_id']}")
    first, again = keyed.post(path, body).expect(201), keyed.post(path, body).expect(201)
    assert first.header("idempotency-replayed") is None, f"{first}"
    assert again.header("idempotency-replayed") == "true", f"{again}"
    assert again.body == first.body
    for name in ("etag", "location", "content-type"):
        assert again.header(name) == first.header(name), f"{again}: {name} differs"
    return first


def check_created(path, body, reply):
    account = reply.json
    assert account["created_at"] == account["updated_at"]
    times = {name: account[name] for name in ("created_at", "updated_at")}
    assert account == expected_account(body) | times | {"version": 1}, f"{reply}"
    assert reply.header("etag") == '"1"', f"{reply}"
    prefix = f"{path}/accounts/"
    assert reply.header("location") in (prefix + body["user_id"], prefix + segment(body["user_id"])), f"{reply}"
