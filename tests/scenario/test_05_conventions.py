"""Conventions of all routes: queries, cursors, If-Match, and headers of replies."""

import pytest

from client import Client


@pytest.fixture(scope="module")
def app(admin):
    """An application with one account, `a`."""
    path = admin.post("/v1/apps", {"name": "Conventions"}).expect(201).header("location")
    admin.post(f"{path}/accounts", {"user_id": "a", "type": "general"}).expect(201)
    return path


def test_the_query_of_a_list_is_validated(admin, app):
    for path in ("/v1/apps", f"{app}/accounts"):
        for limit in ("0", "-1", "101", "2147483648", "1.0", "x", "", "٣"):
            refused = admin.get(path, limit=limit).expect_problem(422, "validation_failed")
            assert [error["parameter"] for error in refused.json["errors"]] == ["limit"]
        assert [
            e["parameter"]
            for e in admin.get(f"{path}?limit=1&limit=1").expect_problem(422, "validation_failed").json["errors"]
        ] == ["limit"]
        admin.get(path, order="desc").expect_violations(("order", "unknown_field"), code="unknown_field")
        both = admin.get(path, order="desc", limit=0).expect_problem(422, "unknown_field")
        assert sorted(error["parameter"] for error in both.json["errors"]) == ["limit", "order"]
    admin.get(f"{app}/accounts", type="owner").expect_violations(("type", "not_allowed"))


def test_a_cursor_is_valid_only_for_its_list_and_filters(admin, populated_app, app):
    path = f"{populated_app.path}/accounts"
    cursor = admin.get(path, limit=1, type="general").json["next_cursor"]
    assert admin.get(path, type="general", cursor=cursor).expect(200).json["items"]
    assert admin.get(path, type="general", cursor=cursor, limit=7).expect(200).json["items"]
    flipped = cursor[:-5] + ("A" if cursor[-5] != "A" else "B") + cursor[-4:]
    for other, query in [
        (path, {}),
        (path, {"type": "admin"}),
        (path, {"type": "general", "user_id_prefix": "a"}),
        (f"{app}/accounts", {"type": "general"}),
        ("/v1/apps", {}),
    ]:
        admin.get(other, cursor=cursor, **query).expect_problem(400, "invalid_cursor")
    for bad in (flipped, cursor[:-1], cursor + "A", "", "null", "%", "eyJhIjoxfQ"):
        admin.get(path, type="general", cursor=bad).expect_problem(400, "invalid_cursor")


def test_if_match_must_contain_the_current_version(admin, app):
    path = f"{app}/accounts/a"
    version = admin.get(path).json["version"]
    level = lambda tag, value: admin.with_headers(if_match=tag).patch(path, {"level": value})
    assert level(f'"{version}"', version).expect(200).header("etag") == f'"{version + 1}"'
    for stale in (f'"{version}"', f'W/"{version + 1}"', '"x"', f'"{version}", "{version + 2}"', '"0"'):
        level(stale, 0).expect_problem(412, "version_conflict")
    for broken in (str(version + 1), f'"{version + 1}', "x"):
        level(broken, 0).expect_problem(400, "invalid_if_match")
    assert admin.get(path).json["version"] == version + 1
    level("*", version + 2).expect(200)
    level(f'"0", "{version + 2}"', version + 3).expect(200)
    admin.with_headers(if_match='"1"').put(f"{path}/admin").expect_problem(412, "version_conflict")
    admin.with_headers(if_match='"1"').delete(f"{path}/admin").expect_problem(412, "version_conflict")
    assert admin.get(path).json["type"] == "general"


def test_replies_have_content_type_and_request_id(admin, anonymous):
    assert anonymous.get("/healthz").expect(200).json == {"status": "ok"}
    for reply in (anonymous.get("/healthz"), admin.get("/v1/me"), anonymous.get("/v1/openapi.json")):
        assert reply.header("content-type").split(";")[0] == "application/json", f"{reply}"
    ids = {admin.get("/v1/me").header("x-request-id") for _ in range(20)}
    assert len(ids) == 20
    chosen = "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d99"
    assert admin.with_headers(x_request_id=chosen).get("/v1/me").header("x-request-id") != chosen, (
        "the server chooses the request id"
    )
    assert anonymous.get("/v1/me").header("www-authenticate"), "RFC 9110 requires WWW-Authenticate with every 401"


def test_forged_forwarding_headers_are_ignored(session, anonymous, settings):
    for header in (
        {"x_forwarded_for": "1.2.3.4"},
        {"x_forwarded_host": "evil.example"},
        {"forwarded": "for=1.2.3.4;host=evil.example"},
    ):
        me = session.with_headers(**header).get("/v1/me").expect(200)
        assert b"evil.example" not in me.body and me.json["session"]["address"] != "1.2.3.4"
        body = {"login": "admin", "password": settings.password}
        token = anonymous.with_headers(**header).post("/v1/login", body).expect(200).json["token"]
        me = Client(anonymous.url).as_bearer(token).get("/v1/me").expect(200)
        assert me.json["session"]["address"] != "1.2.3.4"
