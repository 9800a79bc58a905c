"""Starts that must not succeed, and what they say."""

import socket

import pytest

from server import PASSWORD


def test_a_second_copy_on_the_same_data_is_told_so(start, launch, tmp_path):
    first = start(password=PASSWORD)
    admin = first.admin()
    app = admin.post("/v1/apps", {"name": "First"}).is_(201).header("location")
    for command in (["--listen", "127.0.0.1:0"], ["database", "--listen", "127.0.0.1:0"]):
        sentence = launch(*command, "--data", tmp_path / "data").refusal(seconds=5)
        assert str(tmp_path / "data") in sentence and "in use" in sentence, sentence
    admin.get(app).is_(200)
    assert first.kill() == -9
    assert start().admin().get(app).json["name"] == "First", "no stale lock after a crash"


def test_a_taken_port_is_told_so(launch, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for command in ([], ["database"]):
            sentence = launch(*command, "--listen", address, "--data", tmp_path / "data").refusal(seconds=5)
            assert address in sentence and "taken" in sentence, sentence
    assert not (tmp_path / "data").exists(), "and nothing was begun"


def test_two_copies_with_their_own_data_run_side_by_side(launch, tmp_path):
    servers = [
        launch("--listen", "127.0.0.1:0", "--data", tmp_path / name, password=PASSWORD) for name in ("one", "two")
    ]
    one, two = (server.ready().admin() for server in servers)
    app = one.post("/v1/apps", {"name": "One"}).is_(201).header("location")
    two.get(app).refused(404, "not_found")
    two.stranger().having(**one.headers).get("/v1/me").refused(401, "unauthenticated")


@pytest.mark.parametrize("origin", [None, "", "http://rollcall.example", "rollcall.example", "https://"])
def test_beyond_loopback_it_takes_an_https_origin(launch, origin):
    environment = {} if origin is None else {"PUBLIC_ORIGIN": origin}
    for address in ("0.0.0.0:0", "[::]:0"):
        sentence = launch("--listen", address, "--memory", environment=environment).refusal()
        assert "PUBLIC_ORIGIN" in sentence and "https://" in sentence, sentence


@pytest.mark.parametrize(
    "origin",
    ["https://rollcall.example/", "https://rollcall.example/console", "https://user@rollcall.example", "ftp://a"],
)
def test_an_origin_is_an_origin(launch, origin):
    sentence = launch("--listen", "127.0.0.1:0", "--memory", environment={"PUBLIC_ORIGIN": origin}).refusal()
    assert "PUBLIC_ORIGIN" in sentence, sentence


def test_data_that_cannot_be_written_is_told_so(launch, tmp_path):
    (tmp_path / "file").write_text("not a directory")
    sentence = launch("--listen", "127.0.0.1:0", "--data", tmp_path / "file").refusal()
    assert str(tmp_path / "file") in sentence, sentence


def test_a_database_asks_nobody_so_it_stays_on_loopback(launch):
    for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:8000"):
        sentence = launch("database", "--listen", address, "--memory").refusal()
        assert "loopback" in sentence, sentence


@pytest.mark.parametrize(
    "arguments", [["--seed", "x"], ["--seed", "-1"], ["--listen", "here"], ["--nonsense"], ["--memory", "--data", "x"]]
)
def test_a_wrong_option_is_explained(launch, arguments):
    server = launch(*arguments)
    assert server.process.wait(5) == 2, f"{server}"
    assert "Usage" in server.complained or "--help" in server.complained, f"{server}"
