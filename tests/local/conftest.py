"""Tests of the local server as a process: start, output, stored data, and shutdown.

    ROLLCALL_BIN=target/debug/rollcall pytest tests/local

The tests start the servers they need on free ports, and stop them.
"""

import contextlib
import os
import pathlib
import shutil
import sys
import tempfile
import types

import pytest

from clock import run_cleanup
from mails import Mailbox
from server import PASSWORD, Server
from shell import KEY, Shell
from teams import create_team
from users import create_person

sys.dont_write_bytecode = True


@pytest.fixture(scope="session")
def binary():
    path = os.environ.get("ROLLCALL_BIN")
    if not path or not os.access(path, os.X_OK):
        pytest.exit(f"ROLLCALL_BIN must name the server binary, not {path!r}", returncode=4)
    return os.path.abspath(path)


@pytest.fixture(scope="session")
def run_server(binary, tmp_path_factory):
    """Runs a server on a free port while a `with` block lasts, started by the command `under` if there is one."""

    @contextlib.contextmanager
    def run_server(*arguments, password=None, under=()):
        server = Server(
            [*under, binary],
            tmp_path_factory.mktemp("server"),
            0,
            ["--listen", "127.0.0.1:0", *arguments],
            password=password,
        )
        try:
            yield server.ready()
        finally:
            server.stop()

    return run_server


@pytest.fixture
def launch(binary, tmp_path):
    """Starts the binary with the given arguments. After the test, kills what still runs."""
    servers = []

    def launch(*arguments, **options):
        servers.append(Server([binary], tmp_path, len(servers), arguments, **options))
        return servers[-1]

    yield launch
    for server in servers:
        server.kill()


@pytest.fixture
def start(launch, tmp_path):
    """Starts a server on a free port and waits until it is ready. By default its data is in the test's directory."""

    def start(*arguments, password=None, **options):
        place = [] if {"--memory", "--data"} & {*arguments} else ["--data", tmp_path / "data"]
        return launch("--listen", "127.0.0.1:0", *place, *arguments, password=password, **options).ready()

    return start


@pytest.fixture(scope="session")
def memory_directory():
    """A directory in memory if the system has one. SQLite waits for a disk at every commit."""
    shared_memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(prefix="rollcall-", dir=shared_memory) as directory:
        yield pathlib.Path(directory)


@pytest.fixture(scope="session")
def admin_data(run_server, memory_directory):
    """A data directory with the platform's admin only.

    A cleanup runs before the server stops, because stopping it during the cleanup of its start would leave the lease of
    that cleanup in the data.
    """
    data = memory_directory / "admin"
    with run_server("--data", data, "--test-clock", password=PASSWORD) as server:
        run_cleanup(server.client)
        return data


@pytest.fixture(scope="module")
def harbor_data(request, run_server, admin_data, memory_directory):
    """A data directory with a team, its first admin `owner`, and the registered user `mina`; all are signed in.

    Signing in and creating users is slow, because passwords are hashed, so a file does this once.
    """
    # One worker may do this twice for a file, if another has done tests of it in between.
    directory = tempfile.mkdtemp(prefix=request.module.__name__, dir=memory_directory)
    data = shutil.copytree(admin_data, directory, dirs_exist_ok=True)
    with run_server("--data", data, "--test-clock") as server:
        run_cleanup(server.client)
        admin = server.admin()
        owner = create_person(admin, "Owner")
        mina = Mailbox(server.client).register("mina@example.com", "mina.harbor")
        return types.SimpleNamespace(
            data=data, admin=admin, owner=owner, mina=mina, team=create_team(admin, "Harbor", owner)
        )


@pytest.fixture
def server(request, start, memory_directory):
    """A server for one test, with a clock that the test can move and a copy of the data that its fixtures need."""
    if {"harbor", "mina"} & {*request.fixturenames}:
        data = request.getfixturevalue("harbor_data").data
    else:
        data = request.getfixturevalue("admin_data")
    with tempfile.TemporaryDirectory(dir=memory_directory) as directory:
        server = start("--test-clock", "--data", shutil.copytree(data, pathlib.Path(directory) / "data"))
        yield server
        server.kill()


@pytest.fixture
def harbor(server, harbor_data):
    """A team, its first admin `owner` and the platform's admin, on the server of the test."""
    admin, owner = harbor_data.admin.at(server.url), harbor_data.owner.at(server.url)
    return types.SimpleNamespace(admin=admin, owner=owner, team=harbor_data.team)


@pytest.fixture
def mina(server, harbor_data):
    """A registered member with a verified address who is in no team, on the server of the test."""
    return harbor_data.mina.at(server.url)


@pytest.fixture
def client(server):
    return server.client


@pytest.fixture
def mailbox(server):
    return Mailbox(server.client)


@pytest.fixture(scope="module")
def shared_server(run_server):
    """A server for all tests of a file. They do not move its clock."""
    with run_server("--memory", "--test-clock", password=PASSWORD) as server:
        yield server


@pytest.fixture(scope="module")
def token(shared_server):
    """The token of a session of the platform's admin."""
    return shared_server.admin().headers["authorization"].removeprefix("Bearer ")


@pytest.fixture
def shell(binary, tmp_path, shared_server, token):
    """The commands that call a server, with the token of the platform's admin."""
    return Shell(binary, tmp_path, shared_server.url, token)


@pytest.fixture
def shell_at(binary, tmp_path):
    """The commands, for a server of the test's own."""
    return lambda server: Shell(binary, tmp_path, server.url, KEY)
