"""The commands of the shell when something is wrong: the command line, the address, the key, or the server."""

import socket

import pytest

from shell import KEY, answer, answering


def test_a_refusal_is_printed_as_the_problem_that_it_is(shell):
    unknown = "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21"
    shell("api", "get_app", "--app-id", unknown).expect_problem("not_found")
    shell("api", "create_app").expect_problem("validation_failed")
    shell("api", "get_me", ROLLCALL_KEY="wrong").expect_problem("unauthenticated")


def test_a_call_without_a_key_says_where_to_put_one(shell):
    finished = shell("api", "get_me", ROLLCALL_KEY="").expect(1)
    assert '"unauthenticated"' in finished.stderr and "ROLLCALL_KEY" in finished.stderr, f"{finished}"
    assert shell("api", "check_health", ROLLCALL_KEY="").expect(0).json == {"status": "ok"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nonsense"], "nonsense"),
        (["api"], "OPERATION"),
        (["api", "list_app"], "list_apps"),
        (["api", "list_accounts", "--app-id", "a", "--user-id-prefx", "a"], "--user-id-prefix"),
        (["api", "get_app"], "--app-id"),
        (["api", "get_app", "--app-id", ".."], "part of the path"),
        (["api", "get_app", "--app-id", ""], "part of the path"),
        (["api", "list_apps", "--limit", "many"], "a whole number"),
        (["api", "list_apps", "--limit", "1", "--limit", "2"], "--limit"),
        (["api", "create_role", "--team-id", "a", "--permissions", "team.read"], "a list as JSON"),
        (["export", "a", "--formt", "csv"], "--format"),
        (["export", "a", "--gzip", "yes"], "true or false"),
        (["export"], "<APP>"),
        (["import", "a"], "<FILE>"),
        (["import", "a", "no.csv"], "no.csv"),
        (["import", "a", "."], "no regular file"),
        (["import", "a", "b", "--on-existng", "skip"], "--on-existing"),
        (["jobs", "a", "b", "--kind", "export"], "--kind"),
        (["jobs", "a", "--stats", "failed"], "--status"),
    ],
)
def test_a_wrong_command_line_is_explained_before_anything_is_sent(shell_at, arguments, expected):
    with answering(lambda handler, request: answer(handler, 500)) as server:
        finished = shell_at(server)(*arguments).expect(2)
    assert expected in finished.stderr and finished.out == b"", f"{finished}"
    assert server.seen == []


@pytest.mark.parametrize(
    "url", ["rollcall.example", "ftp://rollcall.example", "https://rollcall.example/v1", "https://a@b"]
)
def test_an_address_that_is_no_origin_is_explained(shell, url):
    assert "ROLLCALL_URL" in shell("api", "check_health", ROLLCALL_URL=url).expect(2).stderr


@pytest.mark.parametrize("url", ["http://rollcall.example", "http://192.0.2.1:3000", "http://localhost.example"])
def test_plain_http_beyond_this_machine_is_refused(shell, url):
    assert "https" in shell("api", "check_health", ROLLCALL_URL=url).expect(1).stderr


def test_an_address_that_is_no_text_is_explained(shell):
    assert "ROLLCALL_URL" in shell("api", "check_health", ROLLCALL_URL="http://\udcff").expect(2).stderr


def test_a_missing_server_has_its_exit_code(shell):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    for command in (["api", "list_apps"], ["export", "a"], ["jobs"], ["api", "check_health"]):
        finished = shell(*command, ROLLCALL_URL=url).expect(3)
        assert "refused" in finished.stderr and finished.out == b"", f"{finished}"


@pytest.mark.parametrize(
    ("status", "content_type"), [(200, "text/html"), (502, "text/html"), (302, "text/html"), (404, "application/json")]
)
def test_an_answer_of_something_else_is_no_server(shell_at, status, content_type):
    def reply(handler, request):
        answer(handler, status, b"<html>", content_type, location="http://127.0.0.1:1/")

    for operation in (["list_apps"], ["delete_app", "--app-id", "a"]):
        with answering(reply) as server:
            finished = shell_at(server)("api", *operation).expect(3)
        assert "is not Rollcall" in finished.stderr and len(server.seen) == 1, f"{finished}"


def test_a_proxy_of_the_environment_sees_nothing_of_this_machine(shell_at):
    with answering(lambda handler, request: answer(handler, 200, {"status": "ok"})) as server:
        shell = shell_at(server)
        proxies = {"http_proxy": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"}
        assert shell("api", "check_health", **proxies).expect(0).json == {"status": "ok"}


PROBLEM = {"code": "unavailable", "detail": "later"}


def unavailable(handler, status=503, seconds=1):
    answer(handler, status, PROBLEM, "application/problem+json", retry_after=seconds)


@pytest.mark.parametrize(
    ("status", "operation"),
    [(503, ["list_apps"]), (503, ["create_app", "--name", "a"]), (429, ["sign_in", "--login", "a", "--password", "b"])],
)
def test_a_call_is_repeated_when_the_server_asks_for_it(shell_at, status, operation):
    def reply(handler, request):
        if len(server.seen) == 1:
            unavailable(handler, status)
        else:
            answer(handler, 201 if operation[0] == "create_app" else 200, {"an": "answer"})

    with answering(reply) as server:
        assert shell_at(server)("api", *operation).expect(0).json == {"an": "answer"}
    first, second = server.seen
    assert (first.path, first.body, first.headers["idempotency-key"]) == (
        second.path,
        second.body,
        second.headers["idempotency-key"],
    )
    assert (first.headers["idempotency-key"] is not None) == (operation[0] == "create_app")


@pytest.mark.parametrize(
    ("status", "seconds", "operation"),
    [
        (503, 1, ["delete_app", "--app-id", "a"]),
        (503, 1, ["sign_in", "--login", "a", "--password", "b"]),
        (429, 900, ["list_apps"]),
    ],
)
def test_a_call_that_could_act_twice_or_wait_for_long_is_not_repeated(shell_at, status, seconds, operation):
    with answering(lambda handler, request: unavailable(handler, status, seconds)) as server:
        shell_at(server)("api", *operation).expect_problem("unavailable")
    assert len(server.seen) == 1


def test_the_key_is_read_from_a_private_file(shell, token):
    shell.environment.pop("ROLLCALL_KEY")
    shell.write_key(token + "\n")
    assert shell("api", "get_me").expect(0).json["user"]["login"] == "admin"
    shell("api", "get_me", ROLLCALL_KEY="wrong").expect_problem("unauthenticated")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o602, 0o660, 0o700, 0o777])
def test_a_key_file_that_others_may_use_is_refused(shell_at, mode):
    with answering(lambda handler, request: answer(handler, 200, {})) as server:
        shell = shell_at(server)
        shell.environment.pop("ROLLCALL_KEY")
        path = shell.write_key(KEY, mode)
        finished = shell("api", "get_me").expect(1)
        assert f"chmod 600 '{path}'" in finished.stderr and KEY not in finished.stderr, f"{finished}"
        assert server.seen == []
        path.chmod(0o600)
        shell("api", "get_me").expect(0)


def test_a_key_file_that_is_none_is_explained(shell):
    shell.environment.pop("ROLLCALL_KEY")
    path = shell.write_key("\n")
    assert "is empty" in shell("api", "get_me").expect(2).stderr
    path.unlink()
    path.mkdir()
    assert str(path) in shell("api", "get_me").expect(1).stderr


@pytest.mark.parametrize("key", ["a\nb", "a\x01b", "a\udcffb"], ids=["line feed", "control", "bytes"])
def test_a_key_with_impossible_characters_is_explained_without_it(shell, key):
    finished = shell("api", "get_me", ROLLCALL_KEY=key).expect(2)
    assert "ROLLCALL_KEY" in finished.stderr and key[:1] + "\n" not in finished.stderr, f"{finished}"


def test_the_key_is_never_printed(shell_at):
    def reply(handler, request):
        handler.connection.shutdown(socket.SHUT_RDWR)

    with answering(reply) as server:
        shell = shell_at(server)
        for arguments in (["api", "get_me"], ["api", "get_me", "--help"], ["jobs"], ["--help"], ["export", "a"]):
            finished = shell(*arguments, RUST_LOG="trace", RUST_BACKTRACE="1")
            assert finished.code in (0, 3) and KEY not in finished.stderr + finished.out.decode(), f"{finished}"
