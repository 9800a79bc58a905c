"""Connections that send nothing or half a request: others are served, and each ends."""

import contextlib
import selectors
import socket
import time
from urllib.parse import urlsplit

import pytest

from server import PASSWORD

# The server's limit for a request's head is 10 s. A busy machine gets more.
END_SECONDS = 60

# More than the server keeps open from one network, and more than the files that it may open in these tests.
MANY = 300
FEW_FILES = ("prlimit", "--nofile=256:256")

HALF_A_HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Half: "
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def server(run_server):
    with run_server("--memory", password=PASSWORD) as server:
        yield server


def connect(server, first=b""):
    parts = urlsplit(server.url)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=END_SECONDS)
    connection.sendall(first)
    return connection


def wait_for_ends(connections, meanwhile=lambda: None):
    """Waits until the server has closed all of these connections. They may get a reply before."""
    deadline = time.monotonic() + END_SECONDS
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ)
        while selector.get_map():
            assert time.monotonic() < deadline, f"{len(selector.get_map())} connections are still open"
            for key, _ in selector.select(0.2):
                with contextlib.suppress(ConnectionResetError):
                    if key.fileobj.recv(65_536):
                        continue
                selector.unregister(key.fileobj)
            meanwhile()


def test_connections_that_send_no_whole_request_are_closed(server):
    with contextlib.ExitStack() as stack:
        starts = [b"", HALF_A_HEAD, REQUEST, REQUEST + HALF_A_HEAD]
        connections = [stack.enter_context(connect(server, start)) for start in starts]
        # The limit is on the whole head, not on the time between two bytes.
        byte_by_byte = stack.enter_context(connect(server, HALF_A_HEAD))

        def send_a_byte():
            with contextlib.suppress(OSError):
                byte_by_byte.sendall(b"x")

        wait_for_ends([*connections, byte_by_byte], send_a_byte)


def test_a_body_that_does_not_come_is_refused_and_its_connection_closed(server):
    head = b"POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
    with connect(server, head) as connection:
        reply = connection.recv(65_536)
        assert reply.startswith(b"HTTP/1.1 503 "), reply
        wait_for_ends([connection])


@pytest.mark.parametrize("start", [b"", HALF_A_HEAD, REQUEST], ids=["silent", "half a head", "idle"])
def test_many_waiting_connections_keep_nobody_from_being_served(run_server, start):
    with run_server("--memory", password=PASSWORD, under=FEW_FILES) as server, contextlib.ExitStack() as stack:
        waiting = [stack.enter_context(connect(server, start)) for _ in range(MANY)]
        client = server.client
        for _ in range(3):
            client.get("/healthz").expect(200)
        client.sign_in(PASSWORD).get("/v1/me").expect(200)
        assert len(waiting) == MANY


def test_many_requests_at_once_are_all_answered(server):
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(connect(server, REQUEST)) for _ in range(200)]
        for connection in connections:
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
