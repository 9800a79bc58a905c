"""Signing in and out, with bearer tokens and cookies."""

import re
from http.cookies import SimpleCookie

from client import TIMESTAMP, UUID_V7, Client, without_request_id
from users import SESSION_FIELDS, USER_FIELDS


def test_the_right_password_creates_a_session(anonymous, settings):
    reply = anonymous.post("/v1/login", {"login": "admin", "password": settings.password}).expect(200)
    assert {"user", "expires_at", "token"} <= reply.json.keys() <= {"user", "expires_at", "token", "device_token"}
    assert reply.header("set-cookie") is None, "a bearer session sets no cookie"
    user = reply.json["user"]
    assert user.keys() == USER_FIELDS, "no hash and no secret"
    assert (user["login"], user["type"], user["status"]) == ("admin", "super_admin", "enabled")
    assert re.fullmatch(UUID_V7, user["user_id"])
    assert re.fullmatch(TIMESTAMP, user["created_at"]) and re.fullmatch(TIMESTAMP, reply.json["expires_at"])
    assert user["last_login_at"] >= user["created_at"]
    assert settings.password.encode() not in reply.body


def test_logins_are_found_regardless_of_case_space_and_width(anonymous, settings):
    for login in ("ADMIN", " admin ", "ａｄｍｉｎ"):
        anonymous.post("/v1/login", {"login": login, "password": settings.password}).expect(200)


def test_a_wrong_password_and_an_unknown_login_get_the_same_reply(anonymous, settings):
    wrong = anonymous.post("/v1/login", {"login": "admin", "password": settings.password + "x"})
    unknown = anonymous.post("/v1/login", {"login": "nobody.at.all", "password": settings.password})
    impossible = anonymous.post("/v1/login", {"login": "no such\nlogin", "password": settings.password})
    for reply in (wrong, unknown, impossible):
        reply.expect_problem(401, "invalid_credentials")
    assert without_request_id(wrong) == without_request_id(unknown) == without_request_id(impossible)
    assert {name.lower() for name in wrong.headers} == {name.lower() for name in unknown.headers}


def test_the_fields_of_a_sign_in_are_validated(anonymous, settings):
    password = settings.password
    anonymous.post("/v1/login", {}).expect_violations(("/login", "required"), ("/password", "required"))
    anonymous.post("/v1/login", {"login": ["admin"], "password": 1}).expect_violations(
        ("/login", "wrong_type"), ("/password", "wrong_type")
    )
    odd = {"login": "admin", "password": password, "transport": "pigeon"}
    anonymous.post("/v1/login", odd).expect_violations(("/transport", "not_allowed"))
    anonymous.post("/v1/login", {"login": "admin", "password": password, "otp": "1"}).expect_violations(
        ("/otp", "unknown_field"), code="unknown_field"
    )


def test_me_returns_the_signed_in_user(admin):
    reply = admin.get("/v1/me").expect(200)
    me = reply.json
    assert me.keys() == {"user", "teams", "session"}
    assert me["user"].keys() == USER_FIELDS and me["session"].keys() == SESSION_FIELDS
    assert me["user"]["login"] == "admin" and me["teams"] == []
    assert me["session"]["current"] is True and me["session"]["user_agent"] == "rollcall-scenario"
    assert me["session"]["created_at"] <= me["session"]["last_seen_at"] < me["session"]["expires_at"]
    assert reply.header("etag") == f'"{me["user"]["version"]}"'


def test_logout_ends_only_its_own_session(admin, anonymous, settings):
    leaving = anonymous.sign_in(settings.password)
    leaving.get("/v1/me").expect(200)
    leaving.post("/v1/logout").expect(204)
    leaving.get("/v1/me").expect_problem(401, "unauthenticated")
    leaving.post("/v1/logout").expect_problem(401, "unauthenticated")
    admin.get("/v1/me").expect(200)


def cookie_session(anonymous, settings, **headers):
    body = {"login": "admin", "password": settings.password, "transport": "cookie"}
    reply = anonymous.with_headers(**headers).post("/v1/login", body).expect(200)
    assert "token" not in reply.json, "the token is only in the cookie"
    for value in reply.headers.get_all("set-cookie"):
        (cookie,) = SimpleCookie(value).values()
        assert cookie.key.startswith("__Host-") and cookie["secure"] and cookie["httponly"]
        assert (cookie["samesite"].lower(), cookie["path"], cookie["domain"]) == ("lax", "/", "")
        if cookie.key == "__Host-session":
            return cookie.value
    raise AssertionError(f"{reply}: no session cookie")


def test_a_cookie_carries_a_session(anonymous, settings):
    token = cookie_session(anonymous, settings, origin=settings.origin)
    browser = anonymous.as_cookie(token)
    assert browser.get("/v1/me").expect(200).json["user"]["login"] == "admin"
    assert anonymous.with_headers(cookie=f"theme=dark; __Host-session={token}; a=b").get("/v1/me").expect(200)
    ended = browser.with_headers(origin=settings.origin).post("/v1/logout").expect(204)
    (cookie,) = SimpleCookie(ended.header("set-cookie")).values()
    assert cookie.key == "__Host-session" and cookie.value == "", "the cookie is deleted"
    browser.get("/v1/me").expect_problem(401, "unauthenticated")


def test_cross_site_requests_with_the_cookie_are_refused(anonymous, settings):
    browser = anonymous.as_cookie(cookie_session(anonymous, settings))
    name = {"name": "Forged"}
    before = [app["app_id"] for app in browser.list_all("/v1/apps")]
    for foreign in (
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site", "origin": settings.origin},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": settings.origin + ".evil.example"},
        {"origin": settings.origin.replace("://", "://evil.")},
    ):
        browser.with_headers(**foreign).post("/v1/apps", name).expect_problem(403, "cross_site_request")
        browser.with_headers(**foreign).post("/v1/logout").expect_problem(403, "cross_site_request")
        signing_in = {"login": "admin", "password": settings.password, "transport": "cookie"}
        refused = (
            anonymous.with_headers(**foreign).post("/v1/login", signing_in).expect_problem(403, "cross_site_request")
        )
        assert refused.header("set-cookie") is None
        browser.with_headers(**foreign).get("/v1/me").expect(200)
    assert [app["app_id"] for app in browser.list_all("/v1/apps")] == before


def test_same_origin_requests_and_other_clients_may_use_the_cookie(anonymous, settings):
    own = ({}, {"origin": settings.origin}, {"sec_fetch_site": "same-origin"}, {"sec_fetch_site": "none"})
    for headers in own:
        browser = anonymous.as_cookie(cookie_session(anonymous, settings, **headers))
        browser.with_headers(**headers).post("/v1/logout").expect(204)


def test_a_bearer_token_may_come_from_any_origin(admin):
    """Other sites cannot make a browser send the token, so its origin does not matter."""
    foreign = admin.with_headers(origin="https://evil.example", sec_fetch_site="cross-site")
    foreign.post("/v1/apps", {}).expect_violations(("/name", "required"))


def test_a_cookie_together_with_a_bearer_token_is_refused(admin, anonymous, settings):
    token = cookie_session(anonymous, settings)
    admin.as_cookie(token).get("/v1/me").expect_problem(400, "ambiguous_credentials")
    anonymous.as_cookie("x").as_bearer("y").get("/v1/me").expect_problem(400, "ambiguous_credentials")


def test_a_modified_token_is_refused(admin, anonymous):
    token = admin.headers["authorization"].removeprefix("Bearer ")
    flipped = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    for bad in (token[:-1], token + "A", token[1:], flipped, token.swapcase(), "", " ", "null", token + " " + token):
        anonymous.as_bearer(bad).get("/v1/me").expect_problem(401, "unauthenticated")
        anonymous.as_cookie(bad).get("/v1/me").expect_problem(401, "unauthenticated")
    for header in (token, f"Basic {token}", f"Bearer: {token}"):
        Client(anonymous.url, {"authorization": header}).get("/v1/me").expect_problem(401, "unauthenticated")
    Client(anonymous.url, {"authorization": f"bearer {token}"}).get("/v1/me").expect(200)
