"""The scenario: black-box tests of the HTTP API that run against any deployment.

    ADMIN_PASSWORD=… pytest tests/scenario --url http://127.0.0.1:3000

The files run in the order of their numbers. Files 0 to 7 share one new application, which file 7 deletes. The others
create console users and delete them at the end of the file. Each file also runs alone. The scenario needs only the API
and the password of `admin`. Tests with a mailed code also need to read the deployment's mail, and are skipped if they
cannot.
"""

import functools
import os
import sys
import time
import types

import pytest

from client import PatientClient, in_parallel, segment
from mails import Mailbox, Maildir
from people import people, shown
from users import RUN, hire

sys.dont_write_bytecode = True


def pytest_addoption(parser):
    group = parser.getgroup("rollcall")
    group.addoption("--url", default=os.environ.get("ROLLCALL_URL"), help="the deployment's origin (or ROLLCALL_URL)")
    group.addoption(
        "--origin", default=os.environ.get("PUBLIC_ORIGIN"), help="its PUBLIC_ORIGIN, where it is not --url"
    )
    group.addoption("--maildir", help="where its mails are kept, unless it shows them itself")
    group.addoption("--threads", type=int, default=8, help="requests at once")


def pytest_collection_modifyitems(items):
    """By the files' numbers: 10 comes after 9."""
    items.sort(key=lambda item: int(item.path.name.split("_")[1]))


@pytest.fixture(scope="session")
def settings(pytestconfig):
    """Where the deployment is, who may sign in, and how hard to push."""
    url, password = pytestconfig.getoption("--url"), os.environ.get("ADMIN_PASSWORD")
    if not url or not password:
        pytest.exit("the scenario takes --url (or ROLLCALL_URL) and, in the environment, ADMIN_PASSWORD", returncode=4)
    origin = pytestconfig.getoption("--origin") or url.rstrip("/")
    return types.SimpleNamespace(url=url, password=password, origin=origin, threads=pytestconfig.getoption("--threads"))


@pytest.fixture(scope="session")
def stranger(settings):
    return PatientClient(settings.url)


@pytest.fixture(scope="session")
def admin(stranger, settings):
    """A session of the super admin."""
    return stranger.sign_in(settings.password)


@pytest.fixture(scope="session")
def mailbox(stranger, pytestconfig):
    """The mails that the deployment sends."""
    if directory := pytestconfig.getoption("--maildir"):
        return Maildir(stranger, directory)
    if stranger.get("/_local/mails").status != 200:
        pytest.skip("where the deployment's mails go is not known: --maildir")
    return Mailbox(stranger)


@pytest.fixture(scope="module")
def employ(admin):
    """Hires console users; those who are left leave with the file."""
    yield functools.partial(hire, admin)
    for user in admin.everything("/v1/users", q=RUN, limit=100):
        admin.delete(f"/v1/users/{user['user_id']}").is_(204)


@pytest.fixture(scope="session")
def say():
    """Prints how far the scenario is, and when."""
    began = time.monotonic()
    return lambda text: print(f"\n    {time.monotonic() - began:6.1f} s  {text}", end="", flush=True)


@pytest.fixture(scope="session")
def directory(admin, settings, say):
    """A new application full of people: its path, and every account as the API last showed it."""
    app = admin.post("/v1/apps", {"name": f"Scenario {time.strftime('%d %b %H:%M:%S')}"}).is_(201).json
    path = f"/v1/apps/{app['app_id']}"
    bodies = people()
    say(f"creating {len(bodies)} accounts in {path}")

    def create(numbered):
        index, body = numbered
        if index % 500 == 499:
            say(f"{index + 1} accounts")
        if index % 20:
            return admin.post(f"{path}/accounts", body).is_(201)
        return create_twice(admin, f"{path}/accounts", body)

    replies = in_parallel(settings.threads, create, enumerate(bodies))
    accounts = {}
    for body, reply in zip(bodies, replies, strict=True):
        check_created(path, body, reply)
        accounts[body["user_id"]] = reply.json
    return types.SimpleNamespace(path=path, bodies=bodies, accounts=accounts)


def create_twice(admin, path, body):
    """Creates with a key and does so again: the reply is repeated to the byte, the effect is not."""
    keyed = admin.having(idempotency_key=f"create {body['user_id']}")
    first, again = keyed.post(path, body).is_(201), keyed.post(path, body).is_(201)
    assert first.header("idempotency-replayed") is None, f"{first}"
    assert again.header("idempotency-replayed") == "true", f"{again}"
    assert again.body == first.body
    for name in ("etag", "location", "content-type"):
        assert again.header(name) == first.header(name), f"{again}: another {name}"
    return first


def check_created(path, body, reply):
    account = reply.json
    assert account["created_at"] == account["updated_at"]
    times = {name: account[name] for name in ("created_at", "updated_at")}
    assert account == shown(body) | times | {"version": 1}, f"{reply}"
    assert reply.header("etag") == '"1"', f"{reply}"
    at = f"{path}/accounts/"
    assert reply.header("location") in (at + body["user_id"], at + segment(body["user_id"])), f"{reply}"
