"""Starts that fail, and their error messages."""

import socket

import pytest

from server import PASSWORD


def test_a_second_server_on_the_same_data_is_refused(start, launch, tmp_path):
    first = start(password=PASSWORD)
    admin = first.admin()
    app = admin.post("/v1/apps", {"name": "First"}).expect(201).header("location")
    for command in (["--listen", "127.0.0.1:0"], ["database", "--listen", "127.0.0.1:0"]):
        message = launch(*command, "--data", tmp_path / "data").start_error(seconds=5)
        assert str(tmp_path / "data") in message and "in use" in message, message
    admin.get(app).expect(200)
    assert first.kill() == -9
    assert start().admin().get(app).json["name"] == "First", "no stale lock after a crash"


def test_a_taken_port_is_reported(launch, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for command in ([], ["database"]):
            message = launch(*command, "--listen", address, "--data", tmp_path / "data").start_error(seconds=5)
            assert address in message and "in use" in message, message
    assert not (tmp_path / "data").exists(), "no data directory is created"


def test_two_servers_with_separate_data_are_independent(launch, tmp_path):
    servers = [
        launch("--listen", "127.0.0.1:0", "--data", tmp_path / name, password=PASSWORD) for name in ("one", "two")
    ]
    one, two = (server.ready().admin() for server in servers)
    app = one.post("/v1/apps", {"name": "One"}).expect(201).header("location")
    two.get(app).expect_problem(404, "not_found")
    two.anonymous().with_headers(**one.headers).get("/v1/me").expect_problem(401, "unauthenticated")


@pytest.mark.parametrize("origin", [None, "", "http://rollcall.example", "rollcall.example", "https://"])
def test_an_https_origin_is_required_beyond_loopback(launch, origin):
    environment = {} if origin is None else {"PUBLIC_ORIGIN": origin}
    for address in ("0.0.0.0:0", "[::]:0"):
        message = launch("--listen", address, "--memory", environment=environment).start_error()
        assert "PUBLIC_ORIGIN" in message and "https://" in message, message


@pytest.mark.parametrize(
    "origin",
    ["https://rollcall.example/", "https://rollcall.example/console", "https://user@rollcall.example", "ftp://a"],
)
def test_the_public_origin_must_be_an_origin(launch, origin):
    message = launch("--listen", "127.0.0.1:0", "--memory", environment={"PUBLIC_ORIGIN": origin}).start_error()
    assert "PUBLIC_ORIGIN" in message, message


@pytest.mark.parametrize("password", [PASSWORD + "\n", "correct-horse\tbattery-staple-7"])
def test_an_admin_password_that_nobody_can_type_is_explained(launch, password):
    message = launch("--listen", "127.0.0.1:0", "--memory", password=password).start_error()
    assert "ADMIN_PASSWORD" in message and "control characters" in message and password not in message, message


def test_an_unusable_data_directory_is_reported(launch, tmp_path):
    (tmp_path / "file").write_text("not a directory")
    message = launch("--listen", "127.0.0.1:0", "--data", tmp_path / "file").start_error()
    assert str(tmp_path / "file") in message, message


def test_the_database_has_no_authentication_so_it_listens_on_loopback_only(launch):
    for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:8000"):
        message = launch("database", "--listen", address, "--memory").start_error()
        assert "loopback" in message, message


@pytest.mark.parametrize(
    "arguments", [["--seed", "x"], ["--seed", "-1"], ["--listen", "here"], ["--nonsense"], ["--memory", "--data", "x"]]
)
def test_an_invalid_option_is_explained(launch, arguments):
    server = launch(*arguments)
    assert server.process.wait(5) == 2, f"{server}"
    assert "Usage" in server.stderr or "--help" in server.stderr, f"{server}"
