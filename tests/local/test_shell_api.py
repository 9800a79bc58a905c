"""`rollcall api`: every operation of the API document can be called with every field."""

import json
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

import api_document
from server import PASSWORD
from shell import KEY, answer, answering


def resolved(schema):
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    return resolved(api_document.document()["components"]["schemas"][name]) if name else schema


def sample(schema):
    """A value that the schema takes."""
    if "const" in schema:
        return schema["const"]
    schema = resolved(schema)
    kinds = schema.get("type", [])
    kind = kinds if isinstance(kinds, str) else next(iter(kinds), None)
    if "examples" in schema or "enum" in schema:
        return (schema.get("examples") or schema["enum"])[0]
    if "oneOf" in schema or "anyOf" in schema:
        return sample((schema.get("oneOf") or schema["anyOf"])[0])
    if kind == "object":
        return {name: sample(property) for name, property in schema.get("properties", {}).items()}
    values = {"string": "a text with ünicode", "integer": schema.get("minimum", 1), "boolean": True}
    return [sample(schema["items"])] if kind == "array" else values[kind]


def calls():
    """Each operation and, if its body is one of several, each of them."""
    for path, item in api_document.document()["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {})
            body = content.get("application/json", {}).get("schema")
            for number, alternative in enumerate(resolved(body or {}).get("oneOf", [body])):
                name = operation["operationId"] + (f"-{number}" if number else "")
                yield pytest.param(method, path, operation, alternative, id=name)


def written(value):
    return value if isinstance(value, str) else json.dumps(value)


@pytest.mark.parametrize(("method", "path", "operation", "body"), list(calls()))
def test_every_operation_is_called_with_every_field(shell_at, method, path, operation, body):
    members = sample(body) if body else None
    given = dict(members or {})
    query, headers = [], {}
    for parameter in operation.get("parameters", []):
        name, value = parameter["name"], "a-key" if parameter["in"] == "header" else sample(parameter["schema"])
        given[name] = value
        match parameter["in"]:
            case "path":
                path = path.replace("{" + name + "}", quote(value, safe=""))
            case "query":
                query.append((name, written(value)))
            case "header":
                headers[name] = value
    status, reply = next(item for item in operation["responses"].items() if item[0].startswith("2"))
    media_type = next(iter(reply.get("content", [])), "")
    content = {"an": "answer"} if media_type == "application/json" else media_type.encode()
    options = [
        word
        for position, (name, value) in enumerate(given.items())
        for word in ("--" + name.lower().replace("_", "_-"[position % 2]), written(value))
    ]
    with answering(lambda handler, request: answer(handler, int(status), content, media_type)) as server:
        shell = shell_at(server)
        finished = shell("api", operation["operationId"], *options).expect(0)
    assert finished.stderr == "" and (finished.json if isinstance(content, dict) else finished.out) == content
    (request,) = server.seen
    assert (request.method, urlsplit(request.path).path) == (method.upper(), path)
    assert parse_qsl(urlsplit(request.path).query) == query
    assert {name: request.headers[name] for name in headers} == headers
    is_public = operation["security"] == []
    assert request.headers["authorization"] == (None if is_public else f"Bearer {KEY}")
    if body:
        assert request.headers["content-type"] == "application/json" and request.json == members
        api_document.validator(body).validate(members)
    else:
        assert request.body == b""


def test_the_help_lists_every_operation_and_its_fields(shell):
    listed = shell("api", "--help", ROLLCALL_URL="").expect(0).out.decode()
    for item in api_document.document()["paths"].values():
        for operation in item.values():
            assert f"  {operation['operationId']} " in listed and operation["summary"].rstrip(".") in listed
    assert "ROLLCALL_KEY" in listed and "Exit codes" in listed
    fields = shell("api", "create_user", "--help").expect(0).out.decode()
    for part in ("--username <TEXT>", "--generate-password", "BOOLEAN", "--idempotency-key", "platform_admin"):
        assert part in fields, fields


def test_the_main_story_is_told_in_commands(shell):
    app = shell("api", "create_app", "--name", "Harbor").expect(0).json
    named = ["--app-id", app["app_id"]]
    account = ["--user_id", "mina!&=+;:..", "--type", "general", "--level", "7", "--nickname", "Mina"]
    assert shell("api", "create_account", *named, *account).expect(0).json["level"] == 7
    named += ["--user-id", "mina!&=+;:.."]
    changed = shell("api", "update_account", *named, "--nickname", "", "--gender", "null", "--if-match", '"1"').expect(
        0
    )
    assert changed.json["nickname"] is None and changed.json["version"] == 2
    shell("api", "update_account", *named, "--level", "8", "--if-match", '"1"').expect_problem("version_conflict")
    exported = shell("api", "export_account", *named, "--format", "csv").expect(0)
    assert exported.out.startswith(b"\xef\xbb\xbf") and b"mina!&=+;:.." in exported.out
    (listed,) = (
        shell("api", "list_accounts", *named[:2], "--user-id-prefix", "mina", "--limit", "1").expect(0).json["items"]
    )
    assert listed["user_id"] == "mina!&=+;:.."
    locked = ["--locked", "false", "--risks-acknowledged"]
    assert shell("api", "set_deletion_lock", *named[:2], *locked).expect(0).out
    deleted = shell("api", "delete_accounts", *named[:2], "--user-ids", '["mina!&=+;:.."]').expect(0)
    assert deleted.json
    assert shell("api", "delete_app", *named[:2]).expect(0).out == b""


def test_a_repeated_idempotency_key_gets_the_same_reply(shell):
    first, second = (
        shell("api", "create_app", "--name", "Once", "--idempotency-key", "k").expect(0).json for _ in "ab"
    )
    assert first == second


def test_a_body_is_read_from_a_file_or_the_standard_input(shell):
    body = json.dumps({"login": "admin", "password": PASSWORD}).encode()
    assert shell("api", "sign_in", "--body", "-", stdin=body).expect(0).json["token"]
    (shell.directory / "body.json").write_bytes(body)
    assert shell("api", "sign_in", "--body", "body.json").expect(0).json["token"]
    assert "not JSON" in shell("api", "sign_in", "--body", "-", stdin=b"{").expect(2).stderr
    assert "no.json" in shell("api", "sign_in", "--body", "no.json").expect(2).stderr
    assert "--login" in shell("api", "sign_in", "--body", "-", "--login", "admin").expect(2).stderr


def test_a_reader_that_closes_the_output_early_gets_no_error(shell):
    process = shell.start("api", "get_api_document")
    process.stdout.close()
    assert process.wait(60) == 0 and process.stderr.read() == b""
