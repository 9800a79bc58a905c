"""`rollcall plan`, `apply` and `dump` when something is wrong: the file, a name in it, the caller, or the server."""

import socket

import pytest

from configuration import Operator, by_key, create_people
from shell import KEY, answer, answering
from users import create_person


@pytest.fixture
def operator(binary, tmp_path, server):
    return Operator(binary, tmp_path / "operator", server)


@pytest.mark.parametrize("command", [["plan"], ["plan", "--json"], ["apply", "--yes"]])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "rollcall.yaml: there is nothing in it"),
        ("teams:\n  - nam: Harbor\n", "rollcall.yaml:2:5: unknown field"),
        ("teams:\n  - name: [Harbor]\n", "rollcall.yaml:2:11: "),
        ("teams:\n  - name: Harbor\n  - name: harbor\n", "rollcall.yaml:3:5: "),
        ("teams:\n  - name: Harbor\n    roles:\n      - {name: A, permissions: [team.reed]}\n", "rollcall.yaml:4:9: "),
        ("webhooks:\n  - {url: https://a.example, secret: whsec_a}\n", "rollcall.yaml:2:"),
        ("teams: [\n", "rollcall.yaml:"),
    ],
)
def test_a_mistake_in_the_file_is_explained_before_anything_is_sent(shell_at, command, text, expected):
    with answering(lambda handler, request: answer(handler, 500)) as server:
        shell = shell_at(server)
        (shell.directory / "rollcall.yaml").write_text(text)
        finished = shell(*command, "rollcall.yaml").expect(1)
    assert f"\n{expected}" in finished.stderr and finished.out == b"", f"{finished}"
    assert server.seen == []


def test_a_file_that_cannot_be_read_is_explained(shell_at):
    with answering(lambda handler, request: answer(handler, 500)) as server:
        shell = shell_at(server)
        assert "no.yaml: it cannot be read" in shell("plan", "no.yaml").expect(1).stderr
        (shell.directory / "bytes.yaml").write_bytes(b"teams:\n  - name: \xff\n")
        assert "bytes.yaml: it cannot be read" in shell("plan", "bytes.yaml").expect(1).stderr
        assert "standard input:1:1: " in shell("plan", "-", stdin=b"tems: []").expect(1).stderr
    assert server.seen == []


@pytest.mark.parametrize("arguments", [["plan"], ["plan", "--jsn", "a"], ["apply", "--json", "a"], ["dump", "a"]])
def test_a_wrong_command_line_prints_no_difference(shell_at, arguments):
    with answering(lambda handler, request: answer(handler, 500)) as server:
        assert shell_at(server)(*arguments).expect(2).out == b""
    assert server.seen == []


def test_a_missing_server_has_its_exit_code(operator):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    operator.write("teams: []")
    for command in (["plan", "rollcall.yaml"], ["apply", "--yes", "rollcall.yaml"], ["dump"]):
        assert operator(*command, ROLLCALL_URL=url).expect(3).out == b""


def test_names_that_do_not_exist_are_reported_with_their_lines(operator):
    create_people(operator.admin, "jun")
    text = """teams:
  - name: Harbor
    members:
      - {login: nobody.here, role: admin}
      - {login: jun, role: Suport}
      - {login: admin, role: developer}
    service_accounts:
      - {login: harbor.bot, username: Jun, role: developer}
service_accounts:
  - {login: jun, username: Jun, type: service}
"""
    for command in (["plan"], ["apply", "--yes"]):
        stderr = operator(*command, text=text).expect(1).stderr
        for expected in (
            'rollcall.yaml:4:9: member "nobody.here" of team "Harbor": there is no user with this login',
            'rollcall.yaml:5:9: member "jun" of team "Harbor": there is no role "Suport" of team "Harbor"',
            'rollcall.yaml:6:9: member "admin" of team "Harbor": the user is a super_admin',
            'rollcall.yaml:10:5: service account "jun": the login belongs to another user',
        ):
            assert expected in stderr, stderr
    assert operator.admin.list_all("/v1/teams") == []


def test_objects_of_one_name_are_told_apart_by_nothing(operator):
    apps = [operator.admin.post("/v1/apps", {"name": "Chat"}).expect(201).json["app_id"] for _ in "ab"]
    refused = operator("plan", text="teams: []\napplications:\n  - name: Chat\n").expect(1)
    assert 'rollcall.yaml:3:5: application "Chat"' in refused.stderr
    assert all(app in refused.stderr for app in apps)
    dumped = operator("dump").expect(1)
    assert dumped.out == b"" and all(app in dumped.stderr for app in apps)
    assert operator.plan("applications:\n  - name: Other\n") == ["+ application Other"]


def test_only_admins_of_the_platform_see_all_of_it(operator):
    person = create_person(operator.admin, "Jun")
    token = {"ROLLCALL_KEY": person.session.headers["authorization"].removeprefix("Bearer ")}
    operator.write("teams: []")
    for command in (["plan", "rollcall.yaml"], ["apply", "--yes", "rollcall.yaml"], ["dump"]):
        assert "admin of the platform" in operator(*command, **token).expect(1).stderr


def test_a_key_without_the_scope_to_read_is_refused(operator):
    key = operator.admin.post(
        "/v1/me/keys",
        {"name": "Narrow", "scopes": ["team.read"], "expires_in_days": 1, "current_password": operator.password},
    ).expect(201)
    narrow = {"ROLLCALL_KEY": key.json["secret"]}
    assert operator("plan", text="teams: []", **narrow).expect(0)
    assert '"insufficient_scope"' in operator("plan", text="webhooks: []", **narrow).expect(1).stderr
    assert '"insufficient_scope"' in operator("dump", **narrow).expect(1).stderr


def test_the_key_is_never_printed(operator, shell_at):
    def reply(handler, request):
        handler.connection.shutdown(socket.SHUT_RDWR)

    key = by_key(operator)
    for command in (["dump"], ["plan", operator.write("teams: []")]):
        finished = operator(*command, **key)
        assert key["ROLLCALL_KEY"] not in finished.out.decode() + finished.stderr
    with answering(reply) as server:
        assert KEY not in shell_at(server)("dump", RUST_LOG="trace").expect(3).stderr
