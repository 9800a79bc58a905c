"""The local server as a process: how it starts, what it prints, what it keeps, and how it ends.

    ROLLCALL_BIN=target/debug/rollcall pytest tests/local

Every test starts its own servers, on ports that the system chooses, and ends them.
"""

import os
import sys
import types

import pytest

from mails import Mailbox
from server import PASSWORD, Server
from teams import found
from users import hire

sys.dont_write_bytecode = True


@pytest.fixture(scope="session")
def binary():
    path = os.environ.get("ROLLCALL_BIN")
    if not path or not os.access(path, os.X_OK):
        pytest.exit(f"ROLLCALL_BIN names the server's binary, and is {path!r}", returncode=4)
    return os.path.abspath(path)


@pytest.fixture
def launch(binary, tmp_path):
    """Starts the binary with these arguments; whatever still runs after the test is killed."""
    servers = []

    def launch(*arguments, **options):
        servers.append(Server(binary, tmp_path, len(servers), arguments, **options))
        return servers[-1]

    yield launch
    for server in servers:
        server.kill()


@pytest.fixture
def start(launch, tmp_path):
    """Starts a server on a free port, with its data in the test's directory, and waits until it listens."""

    def start(*arguments, password=None, **options):
        place = [] if "--memory" in arguments else ["--data", tmp_path / "data"]
        return launch("--listen", "127.0.0.1:0", *place, *arguments, password=password, **options).ready()

    return start


@pytest.fixture
def server(start):
    """A server of the test's own, in memory, whose clock can be moved."""
    return start("--memory", "--test-clock", password=PASSWORD)


@pytest.fixture
def client(server):
    return server.client


@pytest.fixture
def mailbox(server):
    return Mailbox(server.client)


@pytest.fixture(scope="module")
def office(binary, tmp_path_factory):
    """A server for a whole file, whose tests leave its clock alone."""
    directory = tmp_path_factory.mktemp("office")
    server = Server(binary, directory, 0, ["--listen", "127.0.0.1:0", "--memory", "--test-clock"], password=PASSWORD)
    yield server.ready()
    server.kill()


@pytest.fixture
def harbor(server):
    """A team on a server of the test's own: the platform's admin, the team's first admin, and the team."""
    admin = server.admin()
    owner = hire(admin, "Owner")
    return types.SimpleNamespace(admin=admin, owner=owner, team=found(admin, "Harbor", owner))
