"""The caller's own account: name, password, sessions and two-factor, on the real clock."""

import re

import pytest

from client import TIMESTAMP, UUID_V7
from codes import Authenticator, read_qr_code, wrong_code
from users import NEXT_PASSWORD, PASSWORD, SESSION_FIELDS, password_fields


@pytest.fixture(scope="module")
def mina(new_person):
    return new_person("Mina")


def change_password(session, current, password):
    return session.post("/v1/me/password", {"current_password": current, **password_fields(password)})


def test_users_change_their_own_username(mina):
    seen = mina.session.get("/v1/me").expect(200)
    reply = mina.session.with_headers(if_match=seen.header("etag")).patch("/v1/me", {"username": "王小明"}).expect(200)
    me, before = reply.json, seen.json
    assert me.keys() == {"user", "teams", "session"} and me["teams"] == []
    assert me["user"]["username"] == "王小明" and me["user"]["version"] == before["user"]["version"] + 1
    assert (
        reply.header("etag") == f'"{me["user"]["version"]}"' and me["user"]["updated_at"] > before["user"]["updated_at"]
    )
    changed = {"username", "version", "updated_at"}
    assert all(me["user"][field] == before["user"][field] for field in before["user"].keys() - changed)
    assert mina.user == me["user"]
    mina.session.with_headers(if_match=seen.header("etag")).patch("/v1/me", {"username": "Late"}).expect_problem(
        412, "version_conflict"
    )


def test_users_change_nothing_else_of_their_own_account(mina):
    before = mina.user
    mina.session.patch("/v1/me", {"username": "a  b"}).expect_violations(("/username", "bad_format"))
    mina.session.patch("/v1/me", {"login": "other"}).expect_violations(
        ("/login", "immutable_field"), code="immutable_field"
    )
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
        mina.session.patch("/v1/me", {field: "x"}).expect_violations(
            (f"/{field}", "unknown_field"), code="unknown_field"
        )
    assert mina.user == before


def test_a_password_change_requires_the_current_one_and_ends_other_sessions(new_person):
    person = new_person("Careful")
    other = person.sign_in()
    change_password(person.session, NEXT_PASSWORD, NEXT_PASSWORD).expect_violations(("/current_password", "incorrect"))
    bad = {"current_password": PASSWORD, "password": "short", "password_confirmation": "other"}
    person.session.post("/v1/me/password", bad).expect_violations(
        ("/password", "too_short"), ("/password_confirmation", "mismatch")
    )
    required = [(f"/{field}", "required") for field in bad]
    person.session.post("/v1/me/password", {}).expect_violations(*required)
    for weak in ("password1234", f"brass-{person.login}-9"):
        change_password(person.session, PASSWORD, weak).expect_violations(("/password", "weak_password"))
    other.get("/v1/me").expect(200)
    change_password(person.session, PASSWORD, NEXT_PASSWORD).expect(204)
    person.session.get("/v1/me").expect(200)
    other.get("/v1/me").expect_problem(401, "unauthenticated")
    person.try_to_sign_in().expect_problem(401, "invalid_credentials")
    person.password = NEXT_PASSWORD
    person.sign_in().get("/v1/me").expect(200)


def test_users_list_and_end_their_sessions(new_person, mina):
    person = new_person("Everywhere")
    others = [person.sign_in() for _ in range(3)]
    listed = person.session.list_all("/v1/me/sessions")
    assert all(session.keys() == SESSION_FIELDS and re.fullmatch(UUID_V7, session["session_id"]) for session in listed)
    assert all(
        re.fullmatch(TIMESTAMP, session[moment])
        for session in listed
        for moment in ("created_at", "last_seen_at", "expires_at")
    )
    assert {session["user_agent"] for session in listed} == {"rollcall-scenario"}
    ids = lambda **query: [session["session_id"] for session in person.session.list_all("/v1/me/sessions", **query)]
    own = [session["session_id"] for session in listed if session["current"]]
    assert own == [person.session.get("/v1/me").json["session"]["session_id"]]
    created = [session["created_at"] for session in listed]
    assert len(listed) == 4 and created == sorted(created, reverse=True), "newest first"
    assert ids(limit=1) == ids() == [session["session_id"] for session in listed]

    ended = others[0].get("/v1/me").json["session"]["session_id"]
    mina.session.delete(f"/v1/me/sessions/{ended}").expect_problem(404, "not_found")
    for unknown in ("x", "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d22"):
        person.session.delete(f"/v1/me/sessions/{unknown}").expect_problem(404, "not_found")
    others[0].get("/v1/me").expect(200)
    person.session.delete(f"/v1/me/sessions/{ended}").expect(204)
    others[0].get("/v1/me").expect_problem(401, "unauthenticated")
    others[1].get("/v1/me").expect(200)
    person.session.delete("/v1/me/sessions").expect(204)
    for other in others[1:]:
        other.get("/v1/me").expect_problem(401, "unauthenticated")
    assert ids() == own
    mina.session.get("/v1/me").expect(200)


def test_two_factor_is_enabled_with_a_qr_code_and_required_to_sign_in(new_person):
    person = new_person("Enabler")
    other, enrolled = person.sign_in(), person.begin_totp()
    assert enrolled.keys() == {"secret", "otpauth_uri", "qr_svg"}
    assert read_qr_code(enrolled["qr_svg"]) == enrolled["otpauth_uri"]
    authenticator = Authenticator(enrolled["otpauth_uri"])
    assert authenticator.totp.secret == enrolled["secret"] and person.login in authenticator.totp.name
    person.sign_in()
    confirmed = person.session.post("/v1/me/totp/confirm", {"code": authenticator.code()}).expect(200).json
    assert len({*confirmed["recovery_codes"]}) == 10
    assert person.user["totp_enabled"] is True
    other.get("/v1/me").expect_problem(401, "unauthenticated")
    person.session.post("/v1/me/totp", {"current_password": PASSWORD}).expect_problem(409, "totp_enabled")

    mfa = person.try_to_sign_in().expect(200).json["mfa"]
    assert mfa["methods"] == ["totp", "recovery_code"] and re.fullmatch(TIMESTAMP, mfa["expires_at"])
    other.as_bearer(mfa["ticket"]).get("/v1/me").expect_problem(401, "unauthenticated")
    code = authenticator.code()
    person.second_step(ticket=mfa["ticket"], code=code[:5]).expect_violations(("/code", "bad_format"))
    person.second_step(ticket=mfa["ticket"], code=wrong_code(code)).expect_problem(401, "invalid_code")
    session = person.session_from(person.second_step(ticket=mfa["ticket"], code=code))
    assert session.get("/v1/me").json["user"]["login"] == person.login
    person.second_step(code=code).expect_problem(401, "invalid_code")


def test_each_recovery_code_replaces_a_totp_code_once(new_person):
    person = new_person("Recovering")
    _, codes = person.enable_totp()
    for code in codes[:2]:
        person.session_from(person.second_step(recovery_code=code)).get("/v1/me").expect(200)
    person.second_step(recovery_code=codes[0]).expect_problem(401, "invalid_code")
    reply = person.second_step(recovery_code=codes[2], transport="cookie").expect(200)
    assert "token" not in reply.json
    assert any(value.startswith("__Host-session=") for value in reply.headers.get_all("set-cookie"))


def test_two_factor_is_disabled_with_password_and_code(admin, new_person):
    person = new_person("Disabler")
    authenticator, _ = person.enable_totp()
    code = authenticator.code()
    disable = lambda **body: person.session.delete("/v1/me/totp", {"current_password": PASSWORD, **body})
    disable(code=wrong_code(code)).expect_problem(422, "verification_failed")
    disable(code=code, current_password=NEXT_PASSWORD).expect_violations(("/current_password", "incorrect"))
    disable(code=code).expect(204)
    assert person.user["totp_enabled"] is False
    person.sign_in().get("/v1/me").expect(200)
    assert admin.get(person.path).json["totp_enabled"] is False


def test_an_admin_disables_the_two_factor_of_a_user(admin, new_person):
    person = new_person("Lost")
    person.enable_totp()
    assert admin.get(person.path).json["totp_enabled"] is True
    admin.delete(f"{person.path}/totp").expect(204)
    person.session.get("/v1/me").expect_problem(401, "unauthenticated")
    assert person.sign_in().get("/v1/me").json["user"]["totp_enabled"] is False
