"""Errors: the order of checks, malformed bodies, violations, and unknown objects."""

import json

import pytest

from client import segment, without_request_id

NO_APP = "/v1/apps/019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d22"
LIMIT = 64 * 1024


@pytest.fixture(scope="module")
def app(admin):
    """An application with one account, `a`."""
    path = admin.post("/v1/apps", {"name": "Refusals"}).expect(201).header("location")
    admin.post(f"{path}/accounts", {"user_id": "a", "type": "general"}).expect(201)
    return path


def raw(client, content_type="application/json"):
    return client.with_headers(content_type=content_type)


def test_an_unknown_path_is_404_before_any_other_check(admin, anonymous):
    for path in (
        "/v1/",
        "/v1/appz",
        "/v1/apps/",
        "/v1/apps/x/y/z",
        "/v1/me/nothing",
        "/v1/apps/x/accounts/y/admin/z",
        "/v1/index.php",
    ):
        for client in (anonymous, admin, admin.as_cookie("x"), anonymous.as_bearer("x")):
            client.get(path).expect_problem(404, "not_found")
        anonymous.post(path, b"x" * (LIMIT + 1)).expect_problem(404, "not_found")


def test_a_wrong_method_is_405_before_any_other_check(admin, anonymous, app):
    for method, path in [
        ("PUT", "/v1/apps"),
        ("DELETE", "/v1/apps"),
        ("PATCH", "/v1/apps"),
        ("POST", app),
        ("PUT", app),
        ("GET", f"{app}/deletion-lock"),
        ("POST", f"{app}/deletion-lock"),
        ("DELETE", f"{app}/accounts"),
        ("PUT", f"{app}/accounts/a"),
        ("DELETE", f"{app}/accounts/a"),
        ("POST", f"{app}/accounts/a/admin"),
        ("GET", f"{app}/accounts/a/admin"),
        ("GET", f"{app}/account-deletions"),
        ("GET", f"{app}/export-selection"),
        ("POST", f"{app}/accounts/a/export"),
        ("GET", "/v1/login"),
        ("DELETE", "/v1/login"),
        ("GET", "/v1/logout"),
        ("POST", "/v1/me"),
        ("POST", "/healthz"),
        ("DELETE", "/v1/openapi.json"),
    ]:
        for client in (anonymous, admin, admin.as_cookie("x")):
            refused = client.send(method, path).expect_problem(405, "method_not_allowed")
            allowed = [name.strip() for name in (refused.header("allow") or "").split(",") if name.strip()]
            assert allowed and method not in allowed, f"{refused}: RFC 9110 requires Allow with every 405"


def test_checks_run_in_a_fixed_order(admin, session, anonymous, app):
    """Each request fails two consecutive checks, and the reply reports the first."""
    huge, accounts = b"{" + b" " * LIMIT, f"{app}/accounts"
    token = session.headers["authorization"].removeprefix("Bearer ")
    cross = anonymous.as_cookie(token).with_headers(origin="https://evil.example")
    stale = admin.with_headers(if_match='"77"')
    admin.as_cookie("x").post(accounts, huge).expect_problem(400, "ambiguous_credentials")
    anonymous.as_bearer("x").post(accounts, huge).expect_problem(401, "unauthenticated")
    anonymous.as_cookie("x").with_headers(origin="https://evil.example").post(accounts, {}).expect_problem(
        401, "unauthenticated"
    )
    cross.post(accounts, huge).expect_problem(403, "cross_site_request")
    raw(admin, "text/plain").post(accounts, huge).expect_problem(413, "payload_too_large")
    raw(admin, "text/plain").post(accounts, b"{").expect_problem(415, "unsupported_media_type")
    admin.post(f"{NO_APP}/accounts", b"{").expect_problem(400, "malformed_json")
    admin.post(f"{NO_APP}/accounts", {"user_id": "a/b"}).expect_problem(404, "not_found")
    admin.patch(f"{NO_APP}/accounts/a", {"type": "admin"}).expect_problem(404, "not_found")
    stale.patch(f"{app}/accounts/a", {"level": -1}).expect_violations(("/level", "out_of_range"))
    stale.delete(app).expect_problem(412, "version_conflict")
    stale.put(f"{app}/deletion-lock", {"locked": False}).expect_violations(("/risks_acknowledged", "required"))
    stale.put(f"{app}/deletion-lock", {"locked": True}).expect_problem(412, "version_conflict")
    admin.post(f"{app}/account-deletions", {"user_ids": []}).expect_violations(("/user_ids", "too_short"))
    admin.post(f"{app}/account-deletions", {"user_ids": ["a"]}).expect_problem(409, "account_deletion_locked")


def test_a_body_has_at_most_64_kib(admin, app):
    padded = lambda user_id, size: json.dumps({"user_id": user_id, "type": "general"}).encode().ljust(size)
    admin.post(f"{app}/accounts", padded("fits", LIMIT)).expect(201)
    admin.post(f"{app}/accounts", padded("fits.not", LIMIT + 1)).expect_problem(413, "payload_too_large")
    admin.get(f"{app}/accounts/fits.not").expect_problem(404, "not_found")


def test_a_body_requires_the_content_type_json(admin, app):
    body = b'{"user_id": "typed", "type": "general"}'
    for content_type in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "text/json",
        "",
    ):
        raw(admin, content_type).post(f"{app}/accounts", body).expect_problem(415, "unsupported_media_type")
    raw(admin, "Application/JSON; charset=UTF-8").post(f"{app}/accounts", body).expect(201)


def test_what_is_not_one_json_value_is_malformed(admin, app):
    nested = lambda levels: b"[" * levels + b"]" * levels
    for body in [
        b"{",
        b"",
        b" ",
        b"{}{}",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"level": NaN}',
        b'{"level": Infinity}',
        b'{"level": 01}',
        b"\xef\xbb\xbf{}",
        b'{"user_id": "a", "user_id": "b"}',
        b'{"x": {"a": 1, "\\u0061": 2}}',
        b'{"nickname": "\\ud800"}',
        b'{"nickname": "a\nb"}',
        b"// {}",
        nested(17),
        nested(10_000),
        b'{"a":' * 10_000,
    ]:
        admin.post(f"{app}/accounts", body).expect_problem(400, "malformed_json")
    admin.post(f"{app}/accounts", b'{"x":' + nested(15) + b"}").expect_problem(422, "unknown_field")
    for body in ([], "text", 1, True, None):
        admin.post(f"{app}/accounts", json.dumps(body).encode()).expect_violations(("", "wrong_type"))


def test_json_escapes_are_decoded(admin, app):
    body = (
        b'{"\\u0075ser_id": "esc", "type": "general", "nickname": "\\ud83d\\udc69\\u200d\\ud83d\\ude80 \\u738b\\u202e"}'
    )
    assert admin.post(f"{app}/accounts", body).expect(201).json["nickname"] == "👩\u200d🚀 王\u202e"


def test_all_violations_are_returned_at_once(admin, app):
    body = {
        "user_id": "a" * 33,
        "type": "owner",
        "nickname": "x" * 501,
        "photo_url": "//a/b",
        "gender": 1,
        "birth_date": "1899-12-31",
        "location": "a\0b",
        "whats_up": "a\tb",
        "friend_verification": "maybe",
        "language": -1,
        "message_settings": 2**32,
        "friending": "",
        "level": 1.0,
        "role": "1",
        "version": 1,
    }
    codes = """
        too_long not_allowed too_long bad_format wrong_type out_of_range bad_format bad_format not_allowed out_of_range
        out_of_range not_allowed wrong_type wrong_type unknown_field
    """.split()
    expected = zip((f"/{field}" for field in body), codes, strict=True)
    admin.post(f"{app}/accounts", body).expect_violations(*expected, code="unknown_field")
    admin.post(f"{app}/accounts", {}).expect_violations(("/user_id", "required"), ("/type", "required"))
    admin.post(f"{app}/accounts", b'{"user_id":"n","type":"general","level":1e3}').expect_violations(
        ("/level", "wrong_type")
    )


def test_ids_and_names_are_validated(admin, app):
    for bad, code in [
        ("", "too_short"),
        (".", "bad_format"),
        ("..", "bad_format"),
        ("a/b", "bad_format"),
        ("a%2Fb", "bad_format"),
        ("é", "bad_format"),
    ]:
        admin.post(f"{app}/accounts", {"user_id": bad, "type": "general"}).expect_violations(("/user_id", code))
    for name, code in [
        ("", "too_short"),
        ("   ", "too_short"),
        ("x" * 65, "too_long"),
        ("a\nb", "bad_format"),
        (None, "required"),
        (7, "wrong_type"),
    ]:
        admin.post("/v1/apps", {"name": name}).expect_violations(("/name", code))
    assert admin.post("/v1/apps", {"name": "항" * 64}).expect(201)
    nowhere = {"name": "x", "team_id": "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d22"}
    admin.post("/v1/apps", nowhere).expect_violations(("/team_id", "unknown_reference"))


def test_a_malformed_id_is_not_found(admin, app):
    missing = admin.get(NO_APP).expect_problem(404, "not_found")
    ids = [
        "x",
        "0",
        app.split("/")[-1].upper(),
        app.split("/")[-1] + "0",
        app.split("/")[-1].replace("-", ""),
        "{app_id}",
        "%00",
        "..%2f",
    ]
    for bad in ids:
        reply = admin.get(f"/v1/apps/{bad}").expect_problem(404, "not_found")
        assert without_request_id(reply) == without_request_id(missing)
    for bad in ("nobody", "a" * 33, segment("a/b"), segment("é"), "%00", "a%20b", segment("a\nb")):
        admin.get(f"{app}/accounts/{bad}").expect_problem(404, "not_found")
        admin.patch(f"{app}/accounts/{bad}", {"level": 1}).expect_problem(404, "not_found")
    admin.get(f"{NO_APP}/accounts").expect_problem(404, "not_found")
    admin.post(f"{NO_APP}/account-deletions", {"user_ids": ["a"]}).expect_problem(404, "not_found")
    admin.post(f"{NO_APP}/export-selection", {"user_ids": ["a"], "format": "csv"}).expect_problem(404, "not_found")
