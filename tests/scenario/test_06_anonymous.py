"""Every operation of the OpenAPI document that is not public requires a session."""

import json

import pytest

from client import segment

METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
PARTS = {"app_id": "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d22", "user_id": "mina"}
USED_OPERATIONS = """
    POST /v1/login · POST /v1/logout · GET /v1/me · GET /v1/apps · POST /v1/apps · GET /v1/apps/{} · PATCH /v1/apps/{} ·
    DELETE /v1/apps/{} · PUT /v1/apps/{}/deletion-lock · GET /v1/apps/{}/accounts · POST /v1/apps/{}/accounts ·
    GET /v1/apps/{}/accounts/{} · PATCH /v1/apps/{}/accounts/{} · PUT /v1/apps/{}/accounts/{}/admin ·
    DELETE /v1/apps/{}/accounts/{}/admin · POST /v1/apps/{}/account-deletions · GET /v1/apps/{}/accounts/{}/export ·
    POST /v1/apps/{}/export-selection · GET /healthz · GET /v1/openapi.json · GET /v1/teams · POST /v1/teams ·
    GET /v1/teams/{} · PATCH /v1/teams/{} · DELETE /v1/teams/{} · GET /v1/teams/{}/members · POST /v1/teams/{}/members ·
    PATCH /v1/teams/{}/members/{} · DELETE /v1/teams/{}/members/{} · GET /v1/teams/{}/roles · POST /v1/teams/{}/roles ·
    GET /v1/teams/{}/roles/{} · PATCH /v1/teams/{}/roles/{} · DELETE /v1/teams/{}/roles/{} ·
    GET /v1/teams/{}/invitations · POST /v1/teams/{}/invitations · POST /v1/teams/{}/invitations/{}/reissue ·
    DELETE /v1/teams/{}/invitations/{} · POST /v1/invitations/redeem · GET /v1/audit · POST /v1/registrations ·
    POST /v1/registrations/{}/complete · GET /v1/events · GET /v1/webhooks · POST /v1/webhooks · GET /v1/webhooks/{} ·
    PATCH /v1/webhooks/{} · DELETE /v1/webhooks/{} · POST /v1/webhooks/{}/rotate · POST /v1/webhooks/{}/test ·
    POST /v1/webhooks/{}/resend · GET /v1/webhooks/{}/deliveries
"""


@pytest.fixture(scope="module")
def document(anonymous):
    return anonymous.get("/v1/openapi.json").expect(200).json


@pytest.fixture(scope="module")
def operations(document):
    return [
        (method.upper(), path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def without_parameter_names(path):
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


def test_the_document_contains_every_operation_of_the_scenario(document, operations):
    major, minor, *_ = document["openapi"].split(".")
    assert (int(major), int(minor)) >= (3, 1)
    named = {f"{method} {without_parameter_names(path)}" for method, path, _ in operations}
    assert {" ".join(one.split()) for one in USED_OPERATIONS.split("·")} <= named


def test_only_sign_in_registration_and_health_are_public(operations):
    public = {f"{method} {path}" for method, path, operation in operations if "public" in operation.get("tags", [])}
    assert {"POST /v1/login", "GET /healthz", "GET /v1/openapi.json"} <= public
    for operation in public:
        path = operation.split()[1]
        is_open = path in ("/v1/login", "/v1/login/totp", "/healthz", "/v1/openapi.json")
        assert is_open or path.startswith(("/v1/registrations", "/v1/password-resets")), f"{operation} is public"


def test_other_operations_require_a_session(operations, anonymous, populated_app, report_progress):
    report_progress(f"trying {len(operations)} operations without a session")
    real = PARTS | {"app_id": populated_app.path.split("/")[-1]}
    for method, path, operation in operations:
        if "public" in operation.get("tags", []):
            continue
        for parts in (PARTS, real):
            filled = path
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path":
                    value = parts.get(parameter["name"], PARTS["app_id"])
                    filled = filled.replace("{" + parameter["name"] + "}", segment(value))
            assert "{" not in filled, f"{path} has undocumented parameters"
            body = {} if method in ("POST", "PUT", "PATCH") else None
            for client in (anonymous, anonymous.as_bearer("A" * 86), anonymous.as_cookie("A" * 86)):
                client.send(method, filled, body).expect_problem(401, "unauthenticated")


def test_the_document_declares_which_operations_need_a_session(document, operations):
    schemes = document["components"]["securitySchemes"]
    assert any(scheme.get("scheme") == "bearer" for scheme in schemes.values()), json.dumps(schemes)
    for method, path, operation in operations:
        required = operation.get("security", document.get("security", []))
        is_public = "public" in operation.get("tags", [])
        assert bool([one for one in required if one]) != is_public, f"{method} {path} requires {required}"
