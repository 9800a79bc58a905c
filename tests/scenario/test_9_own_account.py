"""One's own account: name, password, sessions, and two-factor with a standard authenticator, by the real time."""

import re

import pytest

from client import TIME, UUID_V7
from codes import Authenticator, other_than, scanned
from users import NEXT_PASSWORD, PASSWORD, SESSION, twice


@pytest.fixture(scope="module")
def mina(employ):
    return employ("Mina")


def change(session, current, password):
    return session.post("/v1/me/password", {"current_password": current, **twice(password)})


def test_ones_name_is_ones_own_to_change(mina):
    seen = mina.session.get("/v1/me").is_(200)
    reply = mina.session.having(if_match=seen.header("etag")).patch("/v1/me", {"username": "王小明"}).is_(200)
    me, before = reply.json, seen.json
    assert me.keys() == {"user", "teams", "session"} and me["teams"] == []
    assert me["user"]["username"] == "王小明" and me["user"]["version"] == before["user"]["version"] + 1
    assert (
        reply.header("etag") == f'"{me["user"]["version"]}"' and me["user"]["updated_at"] > before["user"]["updated_at"]
    )
    changed = {"username", "version", "updated_at"}
    assert all(me["user"][field] == before["user"][field] for field in before["user"].keys() - changed)
    assert mina.user == me["user"]
    mina.session.having(if_match=seen.header("etag")).patch("/v1/me", {"username": "Late"}).refused(
        412, "version_conflict"
    )


def test_nothing_else_of_oneself_is(mina):
    before = mina.user
    mina.session.patch("/v1/me", {"username": "a b"}).violates(("/username", "bad_format"))
    mina.session.patch("/v1/me", {"login": "other"}).violates(("/login", "immutable_field"), code="immutable_field")
    for field in (
        "type",
        "status",
        "email",
        "email_verified",
        "totp_enabled",
        "password",
        "user_id",
        "version",
        "teams",
    ):
        mina.session.patch("/v1/me", {field: "x"}).violates((f"/{field}", "unknown_field"), code="unknown_field")
    assert mina.user == before


def test_a_password_is_changed_by_who_knows_it_and_ends_the_other_sessions(employ):
    person = employ("Careful")
    other = person.sign_in()
    change(person.session, NEXT_PASSWORD, NEXT_PASSWORD).violates(("/current_password", "incorrect"))
    bad = {"current_password": PASSWORD, "password": "short", "password_confirmation": "other"}
    person.session.post("/v1/me/password", bad).violates(
        ("/password", "too_short"), ("/password_confirmation", "mismatch")
    )
    required = [(f"/{field}", "required") for field in bad]
    person.session.post("/v1/me/password", {}).violates(*required)
    for weak in ("password1234", f"brass-{person.login}-9"):
        change(person.session, PASSWORD, weak).violates(("/password", "weak_password"))
    other.get("/v1/me").is_(200)
    change(person.session, PASSWORD, NEXT_PASSWORD).is_(204)
    person.session.get("/v1/me").is_(200)
    other.get("/v1/me").refused(401, "unauthenticated")
    person.try_to_sign_in().refused(401, "invalid_credentials")
    person.password = NEXT_PASSWORD
    person.sign_in().get("/v1/me").is_(200)


def test_ones_sessions_are_listed_and_ended(employ, mina):
    person = employ("Everywhere")
    others = [person.sign_in() for _ in range(3)]
    listed = person.session.everything("/v1/me/sessions")
    assert all(session.keys() == SESSION and re.fullmatch(UUID_V7, session["session_id"]) for session in listed)
    assert all(
        re.fullmatch(TIME, session[moment])
        for session in listed
        for moment in ("created_at", "last_seen_at", "expires_at")
    )
    assert {session["user_agent"] for session in listed} == {"rollcall-scenario"}
    ids = lambda **query: [session["session_id"] for session in person.session.everything("/v1/me/sessions", **query)]
    own = [session["session_id"] for session in listed if session["current"]]
    assert own == [person.session.get("/v1/me").json["session"]["session_id"]]
    created = [session["created_at"] for session in listed]
    assert len(listed) == 4 and created == sorted(created, reverse=True), "newest first"
    assert ids(limit=1) == ids() == [session["session_id"] for session in listed]

    ended = others[0].get("/v1/me").json["session"]["session_id"]
    mina.session.delete(f"/v1/me/sessions/{ended}").refused(404, "not_found")
    for unknown in ("x", "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d22"):
        person.session.delete(f"/v1/me/sessions/{unknown}").refused(404, "not_found")
    others[0].get("/v1/me").is_(200)
    person.session.delete(f"/v1/me/sessions/{ended}").is_(204)
    others[0].get("/v1/me").refused(401, "unauthenticated")
    others[1].get("/v1/me").is_(200)
    person.session.delete("/v1/me/sessions").is_(204)
    for other in others[1:]:
        other.get("/v1/me").refused(401, "unauthenticated")
    assert ids() == own
    mina.session.get("/v1/me").is_(200)


def test_two_factor_is_bound_by_a_picture_and_asked_for(employ):
    person = employ("Binder")
    other, enrolled = person.sign_in(), person.enrol()
    assert enrolled.keys() == {"secret", "otpauth_uri", "qr_svg"}
    assert scanned(enrolled["qr_svg"]) == enrolled["otpauth_uri"]
    authenticator = Authenticator(enrolled["otpauth_uri"])
    assert authenticator.totp.secret == enrolled["secret"] and person.login in authenticator.totp.name
    person.sign_in()
    confirmed = person.session.post("/v1/me/totp/confirm", {"code": authenticator.code()}).is_(200).json
    assert len({*confirmed["recovery_codes"]}) == 10
    assert person.user["totp_enabled"] is True
    other.get("/v1/me").refused(401, "unauthenticated")
    person.session.post("/v1/me/totp", {"current_password": PASSWORD}).refused(409, "totp_enabled")

    mfa = person.try_to_sign_in().is_(200).json["mfa"]
    assert mfa["methods"] == ["totp", "recovery_code"] and re.fullmatch(TIME, mfa["expires_at"])
    other.as_bearer(mfa["ticket"]).get("/v1/me").refused(401, "unauthenticated")
    code = authenticator.code()
    person.second_step(ticket=mfa["ticket"], code=code[:5]).violates(("/code", "bad_format"))
    person.second_step(ticket=mfa["ticket"], code=other_than(code)).refused(401, "invalid_code")
    session = person.signed_in(person.second_step(ticket=mfa["ticket"], code=code))
    assert session.get("/v1/me").json["user"]["login"] == person.login
    person.second_step(code=code).refused(401, "invalid_code")


def test_a_recovery_code_takes_the_authenticators_place_once(employ):
    person = employ("Recovering")
    _, codes = person.bind()
    for code in codes[:2]:
        person.signed_in(person.second_step(recovery_code=code)).get("/v1/me").is_(200)
    person.second_step(recovery_code=codes[0]).refused(401, "invalid_code")
    reply = person.second_step(recovery_code=codes[2], transport="cookie").is_(200)
    assert "token" not in reply.json
    assert any(value.startswith("__Host-session=") for value in reply.headers.get_all("set-cookie"))


def test_two_factor_is_unbound_by_password_and_code(admin, employ):
    person = employ("Unbinder")
    authenticator, _ = person.bind()
    code = authenticator.code()
    unbind = lambda **body: person.session.delete("/v1/me/totp", {"current_password": PASSWORD, **body})
    unbind(code=other_than(code)).refused(422, "verification_failed")
    unbind(code=code, current_password=NEXT_PASSWORD).violates(("/current_password", "incorrect"))
    unbind(code=code).is_(204)
    assert person.user["totp_enabled"] is False
    person.sign_in().get("/v1/me").is_(200)
    assert admin.get(person.path).json["totp_enabled"] is False


def test_an_admin_unbinds_what_its_owner_has_lost(admin, employ):
    person = employ("Lost")
    person.bind()
    assert admin.get(person.path).json["totp_enabled"] is True
    admin.delete(f"{person.path}/totp").is_(204)
    person.session.get("/v1/me").refused(401, "unauthenticated")
    assert person.sign_in().get("/v1/me").json["user"]["totp_enabled"] is False
