"""The API document says of every field which values the server takes, null and "" among them, and its examples hold."""

import pytest

import api_document
from client import segment
from server import PASSWORD

# Values of every type, and at the edges of numbers.
VALUES = [None, "", "x", 0, 1, -1, 4294967295, 4294967296, True, [], {}]

# Only a member with a verified address gets as far as the body.
REFUSED_BEFORE_THE_BODY = ["redeem_invitation"]

# What else these take depends on the kind of the job.
WITH_A_KIND = ["create_job", "start_job"]


@pytest.fixture(scope="module")
def admin(run_server):
    with run_server("--memory", password=PASSWORD) as server:
        yield server.admin()


@pytest.fixture(scope="module")
def ids(admin):
    """What the parameters of paths name."""
    app = admin.post("/v1/apps", {"name": "App"}).expect(201).json["app_id"]
    admin.post(f"/v1/apps/{app}/accounts", {"user_id": "mina", "type": "general"}).expect(201)
    team = admin.post("/v1/teams", {"name": "Northwind"}).expect(201).json["team_id"]
    person = {"username": "Mina", "login": "mina", "generate_password": True}
    member = admin.post(f"/v1/teams/{team}/members", {"new_user": person, "role_id": "developer"}).expect(201).json
    role = admin.post(f"/v1/teams/{team}/roles", {"name": "Custom", "permissions": ["team.read"]}).expect(201).json
    job = admin.post(f"/v1/apps/{app}/jobs", {"kind": "import"}).expect(201).json["job_id"]
    robot = {"new_user": {"username": "Robot", "login": "robot", "type": "service"}, "role_id": "developer"}
    service = admin.post(f"/v1/teams/{team}/members", robot).expect(201).json["member"]["user_id"]
    key = {"name": "Key", "scopes": ["read"], "expires_in_days": 1, "current_password": PASSWORD}
    own_key, service_key = (
        admin.post(f"{owner}/keys", key).expect(201).json["key"]["key_id"]
        for owner in ["/v1/me", f"/v1/users/{service}"]
    )
    hook = admin.post("/v1/webhooks", {"url": "https://hooks.example.com/"}).expect(201).json["webhook"]["webhook_id"]
    flow = "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21"
    return {
        "app_id": app,
        "team_id": team,
        "user_id": member["member"]["user_id"],
        "role_id": role["role_id"],
        "job_id": job,
        "service_id": service,
        "own_key_id": own_key,
        "service_key_id": service_key,
        "webhook_id": hook,
        "registration_id": flow,
        "reset_id": flow,
    }


def bodies():
    """Each operation with a JSON body: method, path and the body's schema."""
    for path, item in api_document.document()["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content and operation["operationId"] not in REFUSED_BEFORE_THE_BODY + WITH_A_KIND:
                yield pytest.param(method, path, content["application/json"]["schema"], id=operation["operationId"])


def resolved(schema):
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    return resolved(api_document.document()["components"]["schemas"][name]) if name else schema


def fields(schema):
    """The fields of a body, each with its schemas: one, or one in each alternative that has the field."""
    found = {}
    for part in map(resolved, resolved(schema).get("oneOf", [schema])):
        for name, property in part["properties"].items():
            found.setdefault(name, []).append(property)
    return found


@pytest.mark.parametrize(("method", "path", "schema"), bodies())
def test_a_field_takes_the_values_that_the_document_says(admin, ids, method, path, schema):
    values = dict(ids)
    if "/accounts/" in path:
        values["user_id"] = "mina"
    if "/keys" in path:
        values["user_id"] = ids["service_id"]
        values["key_id"] = ids["own_key_id" if path.startswith("/v1/me/") else "service_key_id"]
    for name, value in values.items():
        path = path.replace("{" + name + "}", segment(value))
    alternatives = len(resolved(schema).get("oneOf", [schema]))
    for name, schemas in fields(schema).items():
        for value in VALUES:
            if value is None and len(schemas) < alternatives:
                continue  # A choice that is null counts as not chosen, which the document need not say.
            # The unknown field has the request refused in any case, so that nothing changes.
            reply = admin.send(method.upper(), path, {name: value, "surprise": 0}).expect_problem(422, "unknown_field")
            pointers = [error["pointer"] for error in reply.json["errors"]]
            is_taken = not any(pointer == f"/{name}" or pointer.startswith(f"/{name}/") for pointer in pointers)
            is_documented = any(api_document.validator(schema).is_valid(value) for schema in schemas)
            assert is_taken == is_documented, f"{method} {path}: {name} = {value!r}: {reply}"


def examples(value, place=""):
    """Every schema with examples, and its place."""
    if isinstance(value, dict):
        if isinstance(value.get("examples"), list):
            yield pytest.param(value, id=place)
        for name, inner in value.items():
            yield from examples(inner, f"{place}/{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from examples(inner, f"{place}/{index}")


@pytest.mark.parametrize("schema", examples(api_document.document()))
def test_an_example_is_valid(schema):
    for example in schema["examples"]:
        api_document.validator(schema).validate(example)
