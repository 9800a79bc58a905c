"""The files of jobs: uploads and downloads by signed links over real sockets, and the folder that keeps them."""

import contextlib
import random
import socket
from urllib.parse import urlsplit

import pytest

from clock import DAY, advance, run_cleanup
from database import start_database
from links import BUCKET, derived_secret, follow, sign
from mails import wait_until
from server import PASSWORD, STOP_SECONDS

CONTENT = random.Random(1).randbytes(20_000_000)


def link(server, data, method, key="job/a.csv", **options):
    return sign(server.url, derived_secret(data), method, key, **options)


@contextlib.contextmanager
def half_an_upload(server, data):
    """A connection over which half of an object was sent and stored."""
    parts = urlsplit(link(server, data, "PUT"))
    head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 1000000\r\n\r\n"
    with socket.create_connection((parts.hostname, parts.port), timeout=STOP_SECONDS) as connection:
        connection.sendall(head.encode() + CONTENT[:500_000])
        wait_until("a file", lambda: stored(data), STOP_SECONDS)
        yield


def stored(data):
    return [path for path in (data / "jobs").rglob("*") if path.is_file()]


def test_a_large_upload_survives_a_crash(start, launch, tmp_path):
    data = tmp_path / "data"
    server = start(password=PASSWORD)
    assert follow("PUT", link(server, data, "PUT"), CONTENT)[0] == 200
    download = link(server, data, "GET")
    assert follow("GET", download) == (200, CONTENT)
    server.kill()
    server = launch("--listen", urlsplit(server.url).netloc, "--data", data).ready()
    assert follow("GET", download) == (200, CONTENT), "the link outlives the restart"


def test_a_lost_connection_leaves_no_part_of_an_upload(start, tmp_path):
    data = tmp_path / "data"
    server = start(password=PASSWORD)
    with half_an_upload(server, data):
        pass
    wait_until("no file", lambda: not stored(data), STOP_SECONDS)
    assert follow("GET", link(server, data, "GET"))[0] == 404


def test_what_a_killed_server_left_half_written_is_removed_at_the_next_start(start, tmp_path):
    data = tmp_path / "data"
    server = start(password=PASSWORD)
    with half_an_upload(server, data):
        server.kill()
    assert stored(data)
    start()
    assert not stored(data)


def test_files_are_removed_after_two_days(start, tmp_path):
    data = tmp_path / "data"
    server = start("--test-clock", password=PASSWORD)
    admin = server.admin()
    assert follow("PUT", link(server, data, "PUT"), b"old")[0] == 200
    advance(admin, 2 * DAY - 60)
    run_cleanup(admin)
    assert stored(data)
    advance(admin, 120)
    run_cleanup(admin)
    assert not stored(data)


def test_a_link_ends_by_the_clock_of_the_functions(start, tmp_path):
    data = tmp_path / "data"
    server = start("--test-clock", password=PASSWORD)
    upload = link(server, data, "PUT")
    assert follow("PUT", upload, b"new")[0] == 200
    now = advance(server.client, 901)
    assert follow("PUT", upload, b"late")[0] == 403
    assert follow("GET", link(server, data, "GET", now=now)) == (200, b"new")


def test_a_file_of_a_job_is_private(start, tmp_path):
    data = tmp_path / "data"
    server = start(password=PASSWORD, umask=0)
    assert follow("PUT", link(server, data, "PUT"), b"secret")[0] == 200
    assert (data / "jobs").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in stored(data)} == {0o600}


def test_the_database_command_serves_s3_for_signed_requests(launch, tmp_path):
    server, environment = start_database(launch, tmp_path / "data")
    url, key = environment["AWS_ENDPOINT_URL_S3"], environment["AWS_SECRET_ACCESS_KEY"]
    assert environment["JOBS_BUCKET"] == BUCKET
    assert follow("PUT", sign(url, key, "PUT", "a"), b"content")[0] == 200
    download = sign(url, key, "GET", "a")
    assert follow("GET", download) == (200, b"content")
    assert follow("GET", sign(url, "other", "GET", "a"))[0] == 403
    assert follow("GET", download.partition("?")[0])[0] == 403
    assert server.stop() == 0
    assert server.stderr == ""


@pytest.mark.parametrize("address", ["0.0.0.0:0", "192.0.2.1:8001"])
def test_the_s3_of_the_database_command_listens_on_loopback_only(launch, address):
    arguments = ["--listen", "127.0.0.1:0", "--objects-listen", address, "--memory"]
    assert "loopback" in launch("database", *arguments).start_error()
