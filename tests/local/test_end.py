"""Ends: asked for by a signal, with requests in flight, and without being asked."""

import http.client
import json
import random
import signal
import socket
import threading
from urllib.parse import urlsplit

import pytest

from client import Client, segment
from mails import until
from people import people, shown
from server import PASSWORD, STOP_SECONDS

FIELDS = {*shown({"user_id": "mina", "type": "general"}), "created_at", "updated_at", "version"}
SIGNALS = [signal.SIGINT, signal.SIGTERM]


def connected(server):
    parts = urlsplit(server.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=STOP_SECONDS)


def is_closed(server):
    try:
        connected(server).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize("how", SIGNALS)
def test_a_signal_ends_it_gracefully(start, how):
    server = start(password=PASSWORD)
    server.admin().post("/v1/apps", {"name": "Before"}).is_(201)
    assert server.stop(how) == 0, f"{server}"
    assert is_closed(server)
    assert [app["name"] for app in start().admin().get("/v1/apps").json["items"]] == ["Before"]


@pytest.mark.parametrize("how", SIGNALS)
def test_a_request_in_flight_is_answered(start, how):
    server = start(password=PASSWORD)
    authorization, body = server.admin().headers["authorization"], json.dumps({"name": "In flight"}).encode()
    head = "POST /v1/apps HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
    with connected(server) as connection:
        connection.sendall(f"{head}Authorization: {authorization}\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        assert connection.recv(1_000).startswith(b"HTTP/1.1 100"), "the server has begun to read the body"
        server.process.send_signal(how)
        until("closed port", lambda: is_closed(server), STOP_SECONDS)
        assert server.process.poll() is None, "it waits for the request"
        connection.sendall(body)
        reply = b""
        while chunk := connection.recv(65_536):
            reply += chunk
    assert reply.startswith(b"HTTP/1.1 201 "), reply
    created = json.loads(reply.split(b"\r\n\r\n", 1)[1])
    assert created["name"] == "In flight"
    assert server.process.wait(STOP_SECONDS) == 0, f"{server}"
    assert start().admin().get(f"/v1/apps/{created['app_id']}").json == created


def test_who_says_nothing_does_not_keep_it_alive(start):
    server = start("--memory", password=PASSWORD)
    with connected(server) as idle, connected(server) as kept, connected(server) as stuck:
        kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert kept.recv(65_536).startswith(b"HTTP/1.1 200"), "and is kept open for the next request"
        stuck.sendall(
            b"POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 99\r\nExpect: 100-continue\r\n\r\n"
        )
        assert stuck.recv(1_000).startswith(b"HTTP/1.1 100")
        assert idle.fileno() > 0
        assert server.stop() == 0, f"{server}"


def test_many_requests_in_flight_are_answered_or_were_never_taken(start):
    """What was answered is so after the restart, and what was not answered has not happened."""
    server = start(password=PASSWORD)
    admin = server.admin()
    path = admin.post("/v1/apps", {"name": "Busy"}).is_(201).header("location")
    writers = Writers(admin, path, people()[:600])
    writers.wait_for(100)
    assert server.stop() == 0, f"{server}"
    writers.join()
    assert 100 <= len(writers.created) < 600, "it was stopped in the middle"
    again = Client(start().url, {**admin.headers})
    there = {account["user_id"]: account for account in again.everything(f"{path}/accounts", limit=100)}
    answered = {user_id: writers.edited.get(user_id, [account])[0] for user_id, account in writers.created.items()}
    assert there == answered


class Writers:
    """Threads that create accounts, edit some of them and make some admins, until the server is gone."""

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
                return  # The server is gone, or was before its reply was whole.
            except Exception as other:
                self.unexpected.append(other)
                return

    def write_one(self, body):
        user_id = body["user_id"]
        keyed = self.admin.having(idempotency_key=f"k {user_id}")
        reply = keyed.post(self.accounts, body).is_(201)
        self.created[user_id] = reply.json
        if len(self.created) % 3 == 0:
            # Noted before it is known: the reply may be what the end cuts off.
            self.edited[user_id] = [reply.json, None]
            patched = self.admin.patch(f"{self.accounts}/{segment(user_id)}", {"nickname": "edited", "level": 77}).is_(
                200
            )
            self.edited[user_id] = [patched.json]

    def wait_for(self, count):
        """Waits until so many accounts are created."""
        until(f"{count} accounts", lambda: len(self.created) >= count, STOP_SECONDS * 3)

    def join(self):
        for thread in self.threads:
            thread.join(STOP_SECONDS)
            assert not thread.is_alive()
        assert not self.unexpected, self.unexpected


def is_whole(account):
    return account.keys() == FIELDS and account["version"] in (1, 2)


def is_edit_of(account, before):
    """The edit that was under way, whole."""
    times = {"updated_at": account["updated_at"], "version": 2}
    return (
        account == before | {"nickname": "edited", "level": 77} | times
        and account["updated_at"] >= before["updated_at"]
    )


def test_a_kill_in_the_middle_of_writes_loses_nothing_that_was_answered(start):
    """After each of three crashes, acknowledged writes are complete and all others are either complete or absent."""
    server = start(password=PASSWORD)
    path = server.admin().post("/v1/apps", {"name": "Killed"}).is_(201).header("location")
    bodies, chance = people(), random.Random(1)
    everything = {}
    for attempt in range(3):
        admin = server.admin()
        writers = Writers(admin, path, bodies[attempt * 600 : (attempt + 1) * 600])
        wanted = chance.randint(60, 200)
        writers.wait_for(wanted)
        assert server.kill() == -9
        writers.join()
        assert wanted <= len(writers.created) < len(writers.sent) <= 600, "it was killed in the middle"
        server = start()
        admin = Client(server.url, {**admin.headers})
        everything |= check_survived(admin, path, writers)
    listed = {account["user_id"]: account for account in admin.everything(f"{path}/accounts", limit=100)}
    assert listed == everything, "and the earlier rounds are as they were"


def check_survived(admin, path, writers):
    """Compares what is there after a crash with what was answered before; returns what is there of these writers."""
    accounts = f"{path}/accounts"
    listed = {account["user_id"]: account for account in admin.everything(accounts, limit=100)}
    for user_id, body in writers.sent.items():
        reply = admin.get(f"{accounts}/{segment(user_id)}")
        if reply.status == 404:
            assert user_id not in writers.created and user_id not in listed, f"{user_id} was answered 201 and is lost"
            continue
        account = reply.is_(200).json
        assert is_whole(account) and listed[user_id] == account, f"{user_id}: {account}"
        first = writers.created.get(user_id)
        if first is None:
            times = {name: account[name] for name in ("created_at", "updated_at")}
            assert account == shown(body) | times | {"version": 1}, "committed, though its answer was cut off"
        elif user_id not in writers.edited:
            assert account == first
        else:
            states = writers.edited[user_id]
            assert account == states[0] or (len(states) == 2 and is_edit_of(account, first)), f"{user_id}: {account}"
    admins = [user_id for user_id, account in listed.items() if account["type"] == "admin"]
    assert admin.get(path).json["admin_count"] == len(admins), "no half admin"
    assert [account["user_id"] for account in admin.everything(accounts, type="admin")] == sorted(admins)
    check_retries(admin, accounts, writers)
    return {
        account["user_id"]: account
        for account in admin.everything(accounts, limit=100)
        if account["user_id"] in writers.sent
    }


def check_retries(admin, accounts, writers):
    """Sending again with the same key converges, whether the first try was answered, committed, or neither."""
    unanswered = [user_id for user_id in writers.sent if user_id not in writers.created]
    for user_id in [*unanswered, *list(writers.created)[-10:]]:
        body = writers.sent[user_id]
        was_there = admin.get(f"{accounts}/{segment(user_id)}").status == 200
        reply = admin.having(idempotency_key=f"k {user_id}").post(accounts, body).is_(201)
        assert (reply.header("idempotency-replayed") == "true") == was_there, f"{reply}"
        assert shown(body).items() <= reply.json.items()
        if user_id in writers.created:
            assert reply.json == writers.created[user_id]
        admin.post(accounts, body).refused(409, "account_exists")
