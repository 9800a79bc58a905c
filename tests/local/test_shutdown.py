"""Graceful shutdown by a signal, and crashes by SIGKILL."""

import http.client
import json
import random
import signal
import socket
import threading
from urllib.parse import urlsplit

import pytest

from client import Client, segment
from mails import wait_until
from sample_accounts import account_bodies, expected_account
from server import PASSWORD, STOP_SECONDS

FIELDS = {*expected_account({"user_id": "mina", "type": "general"}), "created_at", "updated_at", "version"}
SIGNALS = [signal.SIGINT, signal.SIGTERM]


def connect(server):
    parts = urlsplit(server.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=STOP_SECONDS)


def is_port_closed(server):
    try:
        connect(server).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        # The connection was in the queue of the listener when it closed. The next attempt is refused.
        return False
    return False


@pytest.mark.parametrize("signal_number", SIGNALS)
def test_a_signal_stops_the_server_and_keeps_the_data(start, signal_number):
    server = start(password=PASSWORD)
    server.admin().post("/v1/apps", {"name": "Before"}).expect(201)
    assert server.stop(signal_number) == 0, f"{server}"
    assert is_port_closed(server)
    assert [app["name"] for app in start().admin().get("/v1/apps").json["items"]] == ["Before"]


@pytest.mark.parametrize("signal_number", SIGNALS)
def test_a_request_in_flight_is_completed(start, signal_number):
    server = start(password=PASSWORD)
    authorization, body = server.admin().headers["authorization"], json.dumps({"name": "In flight"}).encode()
    head = "POST /v1/apps HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
    with connect(server) as connection:
        connection.sendall(f"{head}Authorization: {authorization}\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        assert connection.recv(1_000).startswith(b"HTTP/1.1 100"), "the server reads the body"
        server.process.send_signal(signal_number)
        wait_until("closed port", lambda: is_port_closed(server), STOP_SECONDS)
        assert server.process.poll() is None, "the server waits for the request"
        connection.sendall(body)
        reply = b""
        while chunk := connection.recv(65_536):
            reply += chunk
    assert reply.startswith(b"HTTP/1.1 201 "), reply
    created = json.loads(reply.split(b"\r\n\r\n", 1)[1])
    assert created["name"] == "In flight"
    assert server.process.wait(STOP_SECONDS) == 0, f"{server}"
    assert start().admin().get(f"/v1/apps/{created['app_id']}").json == created


def test_idle_connections_do_not_delay_the_shutdown(start):
    server = start("--memory", password=PASSWORD)
    with connect(server) as idle, connect(server) as kept, connect(server) as stuck:
        kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert kept.recv(65_536).startswith(b"HTTP/1.1 200"), "a keep-alive connection"
        stuck.sendall(
            b"POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 99\r\nExpect: 100-continue\r\n\r\n"
        )
        assert stuck.recv(1_000).startswith(b"HTTP/1.1 100")
        assert idle.fileno() > 0
        assert server.stop() == 0, f"{server}"


def test_acknowledged_writes_and_no_others_survive_a_shutdown(start):
    """Requests that were not acknowledged have no effect."""
    server = start(password=PASSWORD)
    admin = server.admin()
    path = admin.post("/v1/apps", {"name": "Busy"}).expect(201).header("location")
    writers = Writers(admin, path, account_bodies()[:600])
    writers.wait_for(100)
    assert server.stop() == 0, f"{server}"
    writers.join()
    assert 100 <= len(writers.created) < 600, "stopped while the threads were writing"
    again = Client(start().url, {**admin.headers})
    there = {account["user_id"]: account for account in again.list_all(f"{path}/accounts", limit=100)}
    acknowledged = {user_id: writers.edited.get(user_id, [account])[0] for user_id, account in writers.created.items()}
    assert there == acknowledged


class Writers:
    """Threads that create accounts and edit some of them until the server is gone."""

    THREADS = 8

    def __init__(self, admin, path, bodies):
        self.admin, self.accounts = admin, f"{path}/accounts"
        self.waiting, self.lock = list(reversed(bodies)), threading.Lock()
        self.created, self.edited, self.sent, self.unexpected = {}, {}, {}, []
        self.threads = [threading.Thread(target=self.write) for _ in range(self.THREADS)]
        for thread in self.threads:
            thread.start()

    def write(self):
        while True:
            with self.lock:
                if not self.waiting:
                    return
                body = self.waiting.pop()
                self.sent[body["user_id"]] = body
            try:
                self.write_one(body)
            except (OSError, http.client.HTTPException):
                return  # The server has stopped before its reply was complete.
            except Exception as other:
                self.unexpected.append(other)
                return

    def write_one(self, body):
        user_id = body["user_id"]
        keyed = self.admin.with_headers(idempotency_key=f"k {user_id}")
        reply = keyed.post(self.accounts, body).expect(201)
        self.created[user_id] = reply.json
        if len(self.created) % 3 == 0:
            # Register the edit before the request: the server may stop after the commit and before the reply.
            self.edited[user_id] = [reply.json, None]
            patched = self.admin.patch(
                f"{self.accounts}/{segment(user_id)}", {"nickname": "edited", "level": 77}
            ).expect(200)
            self.edited[user_id] = [patched.json]

    def wait_for(self, count):
        """Waits until at least `count` accounts are created."""
        wait_until(f"{count} accounts", lambda: len(self.created) >= count, STOP_SECONDS * 3)

    def join(self):
        for thread in self.threads:
            thread.join(STOP_SECONDS)
            assert not thread.is_alive()
        assert not self.unexpected, self.unexpected


def is_complete(account):
    return account.keys() == FIELDS and account["version"] in (1, 2)


def is_edit_of(account, before):
    """Whether the account is the result of the edit in flight."""
    times = {"updated_at": account["updated_at"], "version": 2}
    return (
        account == before | {"nickname": "edited", "level": 77} | times
        and account["updated_at"] >= before["updated_at"]
    )


def test_acknowledged_writes_survive_a_crash(start):
    """After each of three crashes, acknowledged writes are complete and all others are either complete or absent."""
    server = start(password=PASSWORD)
    path = server.admin().post("/v1/apps", {"name": "Killed"}).expect(201).header("location")
    bodies, rng = account_bodies(), random.Random(1)
    everything = {}
    for attempt in range(3):
        admin = server.admin()
        writers = Writers(admin, path, bodies[attempt * 600 : (attempt + 1) * 600])
        wanted = rng.randint(60, 200)
        writers.wait_for(wanted)
        assert server.kill() == -9
        writers.join()
        assert wanted <= len(writers.created) < len(writers.sent) <= 600, "killed while the threads were writing"
        server = start()
        admin = Client(server.url, {**admin.headers})
        everything |= check_survived(admin, path, writers)
    listed = {account["user_id"]: account for account in admin.list_all(f"{path}/accounts", limit=100)}
    assert listed == everything, "accounts of earlier rounds are unchanged"


def check_survived(admin, path, writers):
    """Compares the accounts after a crash with the acknowledged writes. Returns the accounts of these writers."""
    accounts = f"{path}/accounts"
    listed = {account["user_id"]: account for account in admin.list_all(accounts, limit=100)}
    for user_id, body in writers.sent.items():
        reply = admin.get(f"{accounts}/{segment(user_id)}")
        if reply.status == 404:
            assert user_id not in writers.created and user_id not in listed, f"{user_id} was acknowledged and is lost"
            continue
        account = reply.expect(200).json
        assert is_complete(account) and listed[user_id] == account, f"{user_id}: {account}"
        first = writers.created.get(user_id)
        if first is None:
            times = {name: account[name] for name in ("created_at", "updated_at")}
            assert account == expected_account(body) | times | {"version": 1}, "committed without a reply"
        elif user_id not in writers.edited:
            assert account == first
        else:
            states = writers.edited[user_id]
            assert account == states[0] or (len(states) == 2 and is_edit_of(account, first)), f"{user_id}: {account}"
    admins = [user_id for user_id, account in listed.items() if account["type"] == "admin"]
    assert admin.get(path).json["admin_count"] == len(admins), "the counter matches the accounts"
    assert [account["user_id"] for account in admin.list_all(accounts, type="admin")] == sorted(admins)
    check_retries(admin, accounts, writers)
    return {
        account["user_id"]: account
        for account in admin.list_all(accounts, limit=100)
        if account["user_id"] in writers.sent
    }


def check_retries(admin, accounts, writers):
    """A retry with the same idempotency key succeeds, whether or not the first request was committed."""
    unanswered = [user_id for user_id in writers.sent if user_id not in writers.created]
    for user_id in [*unanswered, *list(writers.created)[-10:]]:
        body = writers.sent[user_id]
        was_committed = admin.get(f"{accounts}/{segment(user_id)}").status == 200
        reply = admin.with_headers(idempotency_key=f"k {user_id}").post(accounts, body).expect(201)
        assert (reply.header("idempotency-replayed") == "true") == was_committed, f"{reply}"
        assert expected_account(body).items() <= reply.json.items()
        if user_id in writers.created:
            assert reply.json == writers.created[user_id]
        admin.post(accounts, body).expect_problem(409, "account_exists")
