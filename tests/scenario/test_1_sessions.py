"""Signing in and out, by both transports."""

import re
from http.cookies import SimpleCookie

from client import TIME, UUID_V7, Client

USER = """
    user_id username login type status email email_verified totp_enabled password_change_required created_at updated_at
    last_login_at version
""".split()
SESSION = "session_id created_at last_seen_at expires_at address user_agent current".split()


def test_the_right_password_begins_a_session(stranger, settings):
    reply = stranger.post("/v1/login", {"login": "admin", "password": settings.password}).is_(200)
    assert {"user", "expires_at", "token"} <= reply.json.keys() <= {"user", "expires_at", "token", "device_token"}
    assert reply.header("set-cookie") is None, "a bearer session sets no cookie"
    user = reply.json["user"]
    assert user.keys() == {*USER}, "never a hash or a secret"
    assert (user["login"], user["type"], user["status"]) == ("admin", "super_admin", "enabled")
    assert re.fullmatch(UUID_V7, user["user_id"])
    assert re.fullmatch(TIME, user["created_at"]) and re.fullmatch(TIME, reply.json["expires_at"])
    assert user["last_login_at"] >= user["created_at"]
    assert settings.password.encode() not in reply.body


def test_the_login_is_looked_up_whatever_its_case_and_space(stranger, settings):
    for login in ("ADMIN", " admin ", "ａｄｍｉｎ"):
        stranger.post("/v1/login", {"login": login, "password": settings.password}).is_(200)


def test_wrong_and_unknown_get_the_same_answer(stranger, settings):
    wrong = stranger.post("/v1/login", {"login": "admin", "password": settings.password + "x"})
    unknown = stranger.post("/v1/login", {"login": "nobody.at.all", "password": settings.password})
    impossible = stranger.post("/v1/login", {"login": "no such\nlogin", "password": settings.password})
    for reply in (wrong, unknown, impossible):
        reply.refused(401, "invalid_credentials")
    shapes = [{**reply.json, "request_id": None} for reply in (wrong, unknown, impossible)]
    assert shapes[0] == shapes[1] == shapes[2]
    assert {name.lower() for name in wrong.headers} == {name.lower() for name in unknown.headers}


def test_what_is_typed_to_sign_in_obeys_its_rules(stranger, settings):
    password = settings.password
    stranger.post("/v1/login", {}).violates(("/login", "required"), ("/password", "required"))
    stranger.post("/v1/login", {"login": ["admin"], "password": 1}).violates(
        ("/login", "wrong_type"), ("/password", "wrong_type")
    )
    odd = {"login": "admin", "password": password, "transport": "pigeon"}
    stranger.post("/v1/login", odd).violates(("/transport", "not_allowed"))
    stranger.post("/v1/login", {"login": "admin", "password": password, "otp": "1"}).violates(
        ("/otp", "unknown_field"), code="unknown_field"
    )


def test_me_is_who_signed_in(admin):
    reply = admin.get("/v1/me").is_(200)
    me = reply.json
    assert me.keys() == {"user", "teams", "session"}
    assert me["user"].keys() == {*USER} and me["session"].keys() == {*SESSION}
    assert me["user"]["login"] == "admin" and me["teams"] == []
    assert me["session"]["current"] is True and me["session"]["user_agent"] == "rollcall-scenario"
    assert me["session"]["created_at"] <= me["session"]["last_seen_at"] < me["session"]["expires_at"]
    assert reply.header("etag") == f'"{me["user"]["version"]}"'


def test_logout_ends_its_session_and_no_other(admin, stranger, settings):
    leaving = stranger.sign_in(settings.password)
    leaving.get("/v1/me").is_(200)
    leaving.post("/v1/logout").is_(204)
    leaving.get("/v1/me").refused(401, "unauthenticated")
    leaving.post("/v1/logout").refused(401, "unauthenticated")
    admin.get("/v1/me").is_(200)


def cookie_session(stranger, settings, **headers):
    body = {"login": "admin", "password": settings.password, "transport": "cookie"}
    reply = stranger.having(**headers).post("/v1/login", body).is_(200)
    assert "token" not in reply.json, "the token stands in the cookie only"
    for value in reply.headers.get_all("set-cookie"):
        (cookie,) = SimpleCookie(value).values()
        assert cookie.key.startswith("__Host-") and cookie["secure"] and cookie["httponly"]
        assert (cookie["samesite"].lower(), cookie["path"], cookie["domain"]) == ("lax", "/", "")
        if cookie.key == "__Host-session":
            return cookie.value
    raise AssertionError(f"{reply}: no session cookie")


def test_a_cookie_is_a_session_too(stranger, settings):
    token = cookie_session(stranger, settings, origin=settings.origin)
    browser = stranger.as_cookie(token)
    assert browser.get("/v1/me").is_(200).json["user"]["login"] == "admin"
    assert stranger.having(cookie=f"theme=dark; __Host-session={token}; a=b").get("/v1/me").is_(200)
    ended = browser.having(origin=settings.origin).post("/v1/logout").is_(204)
    (cookie,) = SimpleCookie(ended.header("set-cookie")).values()
    assert cookie.key == "__Host-session" and cookie.value == "", "the browser is told to forget it"
    browser.get("/v1/me").refused(401, "unauthenticated")


def test_another_sites_page_changes_nothing_with_the_cookie(stranger, settings):
    browser = stranger.as_cookie(cookie_session(stranger, settings))
    name = {"name": "Forged"}
    before = [app["app_id"] for app in browser.everything("/v1/apps")]
    for foreign in (
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site", "origin": settings.origin},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": settings.origin + ".evil.example"},
        {"origin": settings.origin.replace("://", "://evil.")},
    ):
        browser.having(**foreign).post("/v1/apps", name).refused(403, "cross_site_request")
        browser.having(**foreign).post("/v1/logout").refused(403, "cross_site_request")
        signing_in = {"login": "admin", "password": settings.password, "transport": "cookie"}
        refused = stranger.having(**foreign).post("/v1/login", signing_in).refused(403, "cross_site_request")
        assert refused.header("set-cookie") is None
        browser.having(**foreign).get("/v1/me").is_(200)
    assert [app["app_id"] for app in browser.everything("/v1/apps")] == before


def test_our_own_page_and_no_browser_at_all_may_use_the_cookie(stranger, settings):
    own = ({}, {"origin": settings.origin}, {"sec_fetch_site": "same-origin"}, {"sec_fetch_site": "none"})
    for headers in own:
        browser = stranger.as_cookie(cookie_session(stranger, settings, **headers))
        browser.having(**headers).post("/v1/logout").is_(204)


def test_a_bearer_token_is_nothing_a_page_can_steal(admin):
    """What other sites cannot make a browser send needs no origin."""
    foreign = admin.having(origin="https://evil.example", sec_fetch_site="cross-site")
    foreign.post("/v1/apps", {}).violates(("/name", "required"))


def test_both_transports_at_once_are_refused(admin, stranger, settings):
    token = cookie_session(stranger, settings)
    admin.as_cookie(token).get("/v1/me").refused(400, "ambiguous_credentials")
    stranger.as_cookie("x").as_bearer("y").get("/v1/me").refused(400, "ambiguous_credentials")


def test_only_the_whole_token_is_one(admin, stranger):
    token = admin.headers["authorization"].removeprefix("Bearer ")
    flipped = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    for bad in (token[:-1], token + "A", token[1:], flipped, token.swapcase(), "", " ", "null", token + " " + token):
        stranger.as_bearer(bad).get("/v1/me").refused(401, "unauthenticated")
        stranger.as_cookie(bad).get("/v1/me").refused(401, "unauthenticated")
    for header in (token, f"Basic {token}", f"Bearer: {token}"):
        Client(stranger.url, {"authorization": header}).get("/v1/me").refused(401, "unauthenticated")
    Client(stranger.url, {"authorization": f"bearer {token}"}).get("/v1/me").is_(200)
