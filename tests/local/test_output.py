"""What the server writes to its output and its log."""

import base64
import hashlib
import re

import pytest

from client import UUID_V7
from database import dynamodb, printed_environment, start_database
from server import PASSWORD
from users import create_person


def test_a_fresh_start_has_nothing_to_warn_of(start):
    server = start(password=PASSWORD)
    assert server.stop() == 0
    assert server.stderr == ""


def test_there_are_no_colours_in_a_file(start, tmp_path):
    server = start("--seed", 3, password=PASSWORD, environment={"RUST_LOG": "trace"})
    server.admin().get("/v1/me").expect(200)
    assert server.stop() == 0
    assert "\x1b" not in server.stdout + server.stderr


def test_no_secret_is_logged_at_any_level(start):
    server = start(password=PASSWORD, environment={"RUST_LOG": "trace"})
    admin = server.admin()
    create_person(admin, "Mina")
    admin.post("/v1/me/totp", {"current_password": PASSWORD}).expect(201)
    token = admin.headers["authorization"].removeprefix("Bearer ")
    assert server.stop() == 0
    log = server.stdout + server.stderr
    assert "argon2" not in log and PASSWORD not in log
    assert token not in log
    for secret in secrets_in(token):
        assert secret not in log, "a part of a token or its hash"


def test_each_request_leaves_one_line(start):
    server = start(password=PASSWORD)
    admin = server.admin()
    key = admin.by_key(PASSWORD)
    missing = "/v1/apps/019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21"
    replies = [admin.get("/v1/me"), key.get(missing), server.client.get("/v1/me"), server.client.get("/nowhere")]
    assert server.stop() == 0
    lines = {reply: lines_of(server.stderr, reply) for reply in replies}
    assert all(len(found) == 1 for found in lines.values()), f"{lines}\n{server.stderr}"
    me, app, anonymous, nowhere = (found[0] for found in lines.values())
    assert re.match(r"\S+Z +INFO", me) and 'method="GET" route="/v1/me" status=200' in me, me
    assert re.search(rf"user_id={UUID_V7} outcome=\"success\"", me), me
    assert 'route="/v1/apps/{app_id}" status=404' in app and 'outcome="not_found"' in app, app
    assert re.search(rf"user_id={UUID_V7} key_id={UUID_V7}", app), app
    assert "status=401" in anonymous and "user_id" not in anonymous, anonymous
    assert 'route="" status=404' in nowhere, nowhere


def lines_of(log, reply):
    """The lines of the request log about a request."""
    return [line for line in log.splitlines() if "rollcall::request" in line and reply.header("x-request-id") in line]


def test_a_line_of_the_security_log_names_the_network(start):
    server = start(password=PASSWORD)
    server.client.post("/v1/login", {"login": "admin", "password": "wrong"}).expect(401)
    assert server.stop() == 0
    [line] = [line for line in server.stderr.splitlines() if "rollcall::security" in line]
    assert 'network="127.0.0.1"' in line


def secrets_in(token):
    """Texts by which a session's secret or its hash could be recognised."""
    decoded = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    secret = decoded[-32:]
    for value in (secret, hashlib.sha256(secret).digest()):
        yield value.hex()
        yield base64.b64encode(value).decode().rstrip("=")
        yield base64.urlsafe_b64encode(value).decode().rstrip("=")


@pytest.mark.parametrize("name", ["data", "it's data; $HOME"])
def test_the_database_prints_an_environment_to_paste(launch, tmp_path, name):
    server, environment = start_database(launch, name)
    exports = [line for line in server.stdout.splitlines() if line.startswith("export ")]
    assert len(exports) == 8 and all(re.fullmatch(r"export [A-Z0-9_]+='.*'", line) for line in exports), server.stdout
    assert environment == printed_environment(server.stdout)
    assert environment["MASTER_KEY_FILE"] == str(tmp_path / name / "master-key.json"), "an absolute path"
    assert server.stop() == 0


def test_refused_conditions_are_no_warnings(launch, tmp_path):
    """Functions that run beside the database ask it for conditions that may fail."""
    server, environment = start_database(launch, tmp_path / "data")
    item = {"TableName": environment["TABLE_NAME"], "Item": {"pk": {"S": "a"}, "sk": {"S": "a"}}}
    once = item | {"ConditionExpression": "attribute_not_exists(pk)"}
    dynamodb(environment, "PutItem", once)
    with pytest.raises(AssertionError, match="ConditionalCheckFailed"):
        dynamodb(environment, "PutItem", once)
    assert server.stop() == 0
    assert server.stderr == ""
