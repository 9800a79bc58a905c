"""Two-factor with a standard authenticator, and everything that is refused to who has none; the clock is moved."""

import base64

import pytest

from client import in_parallel
from codes import STEP_SECONDS, Authenticator, other_than, scanned, step
from letters import HOUR, MINUTE, advance, pass_by, watch
from users import NEXT_PASSWORD, PASSWORD, hire, twice


@pytest.fixture
def mina(server):
    return hire(server.admin(), "Mina")


def test_two_factor_is_bound_by_a_picture(server, client):
    mina = hire(server.admin(), "Mina", login="mina=+,.@-_")
    other = mina.sign_in()
    enrolled = mina.enrol()
    assert enrolled.keys() == {"secret", "otpauth_uri", "qr_svg"}
    assert scanned(enrolled["qr_svg"]) == enrolled["otpauth_uri"]
    authenticator = Authenticator(scanned(enrolled["qr_svg"]), watch(client))
    totp = authenticator.totp
    assert totp.secret == enrolled["secret"] and len(base64.b32decode(totp.secret)) == 20
    assert (totp.digits, totp.interval, totp.digest().name) == (6, STEP_SECONDS, "sha1"), "what every authenticator can"
    assert (totp.name, totp.issuer) == (mina.login, "Rollcall")
    assert "token" in mina.try_to_sign_in().is_(200).json, "bound is what is confirmed"
    code = authenticator.code()
    mina.session.post("/v1/me/totp/confirm", {"code": other_than(code)}).refused(422, "verification_failed")
    mina.session.post("/v1/me/totp/confirm", {"code": "12345"}).violates(("/code", "bad_format"))
    assert mina.user["totp_enabled"] is False
    confirmed = mina.session.post("/v1/me/totp/confirm", {"code": code}).is_(200).json
    assert confirmed.keys() == {"recovery_codes"} and len({*confirmed["recovery_codes"]}) == 10
    assert all(sum(letter.isalnum() for letter in code) >= 26 for code in confirmed["recovery_codes"]), (
        "130 bits in base 32"
    )
    assert mina.user["totp_enabled"] is True, "the session that did it goes on"
    other.get("/v1/me").refused(401, "unauthenticated")
    mina.session.post("/v1/me/totp", {"current_password": PASSWORD}).refused(409, "totp_enabled")


def test_the_second_step_begins_the_session(client, mina):
    authenticator, _ = mina.bind(watch(client))
    begun = mina.try_to_sign_in().is_(200)
    assert begun.header("set-cookie") is None and begun.json.keys() == {"mfa"}
    mfa = begun.json["mfa"]
    assert mfa.keys() == {"ticket", "expires_at", "methods"} and mfa["methods"] == ["totp", "recovery_code"]
    ticket = mfa["ticket"]
    client.as_bearer(ticket).get("/v1/me").refused(401, "unauthenticated")
    client.as_cookie(ticket).get("/v1/me").refused(401, "unauthenticated")
    code = authenticator.code()
    mina.second_step(ticket=ticket, code=other_than(code)).refused(401, "invalid_code")
    reply = mina.second_step(ticket=ticket, code=code).is_(200)
    assert {"user", "expires_at", "token"} <= reply.json.keys() <= {"user", "expires_at", "token", "device_token"}
    assert mina.signed_in(reply).get("/v1/me").json["user"]["login"] == mina.login
    mina.second_step(ticket=ticket, code=authenticator.code()).refused(401, "invalid_code")
    mina.second_step(code=authenticator.code(), transport="bearer").is_(200)
    cookies = mina.second_step(code=authenticator.code(), transport="cookie").is_(200)
    assert "token" not in cookies.json and any(
        value.startswith("__Host-session=") for value in cookies.headers.get_all("set-cookie")
    )


def test_the_right_code_without_the_right_password_is_nothing(client, mina):
    authenticator, _ = mina.bind(watch(client))
    mina.try_to_sign_in(password=NEXT_PASSWORD).refused(401, "invalid_credentials")
    for ticket in ("", "x", mina.ticket()[:-1], mina.ticket() + "A", mina.session.headers["authorization"].split()[1]):
        reply = client.post("/v1/login/totp", {"ticket": ticket, "code": authenticator.code()})
        assert reply.code in ("invalid_code", "validation_failed"), f"{reply}"
    client.post("/v1/login/totp", {"code": "123456"}).violates(("/ticket", "required"))
    for proof in ({}, {"code": "123456", "recovery_code": "x"}):
        client.post("/v1/login/totp", {"ticket": mina.ticket(), **proof}).is_(422)
    for bad in ("12345", "1234567", "12345a", ""):
        mina.second_step(code=bad).violates(("/code", "bad_format"))


def test_a_step_is_accepted_once(client, mina):
    authenticator, _ = mina.bind(watch(client))
    mina.second_step(code=authenticator.at(authenticator.shown)).refused(401, "invalid_code")
    code = authenticator.code()
    mina.second_step(code=code).is_(200)
    mina.second_step(code=code).refused(401, "invalid_code")


def test_one_code_in_parallel_begins_one_session(client, mina):
    authenticator, _ = mina.bind(watch(client))
    tickets = [mina.ticket() for _ in range(8)]
    code = authenticator.code()
    replies = in_parallel(8, lambda ticket: mina.second_step(ticket=ticket, code=code), tickets)
    assert sum(reply.status == 200 for reply in replies) == 1
    for reply in replies:
        assert reply.status == 200 or reply.code in ("invalid_code", "too_many_attempts", "conflict"), f"{reply}"


def test_a_clock_that_is_a_step_off_is_forgiven_and_two_steps_are_not(client, mina):
    authenticator, _ = mina.bind(watch(client))
    now = advance(client, 10 * MINUTE).timestamp()
    # Ten seconds into a step: twenty are left for six sign-ins.
    now = advance(client, STEP_SECONDS - int(now % STEP_SECONDS) + 10).timestamp()
    for offset, status in [(-3, 401), (-2, 401), (2, 401), (3, 401), (-1, 200), (0, 200), (1, 200)]:
        mina.second_step(code=authenticator.at(step(now) + offset)).is_(status)


def test_five_wrong_codes_end_a_ticket(client, mina):
    authenticator, _ = mina.bind(watch(client))
    ticket, code = mina.ticket(), authenticator.code()
    for _ in range(5):
        mina.second_step(ticket=ticket, code=other_than(code)).refused(401, "invalid_code")
    advance(client, 2 * MINUTE)
    mina.second_step(ticket=ticket, code=authenticator.code()).refused(401, "invalid_code")
    advance(client, 2 * MINUTE)
    mina.second_step(code=authenticator.code()).is_(200)


def test_a_ticket_ends_by_the_clock(client, mina):
    authenticator, _ = mina.bind(watch(client))
    mfa = mina.try_to_sign_in().is_(200).json["mfa"]
    pass_by(client, mfa["expires_at"])
    mina.second_step(ticket=mfa["ticket"], code=authenticator.code()).refused(401, "invalid_code")


def test_each_recovery_code_is_good_once_and_for_one_person(server, client, mina):
    zoe = hire(server.admin(), "Zoe")
    _, codes = mina.bind(watch(client))
    _, of_zoe = zoe.bind(watch(client))
    mina.second_step(recovery_code=of_zoe[0]).refused(401, "invalid_code")
    for code in codes:
        advance(client, MINUTE)
        assert mina.signed_in(mina.second_step(recovery_code=code)).get("/v1/me").json["user"]["totp_enabled"] is True
        mina.second_step(recovery_code=code).refused(401, "invalid_code")
    zoe.second_step(recovery_code=of_zoe[0]).is_(200)


def test_one_recovery_code_in_parallel_begins_one_session(client, mina):
    _, codes = mina.bind(watch(client))
    tickets = [mina.ticket() for _ in range(5)]
    replies = in_parallel(5, lambda ticket: mina.second_step(ticket=ticket, recovery_code=codes[0]), tickets)
    assert sum(reply.status == 200 for reply in replies) == 1


def test_two_factor_is_unbound_by_password_and_code(client, mina):
    authenticator, codes = mina.bind(watch(client))
    other = mina.signed_in(mina.second_step(code=authenticator.code()))
    unbind = lambda **body: mina.session.delete("/v1/me/totp", {"current_password": PASSWORD, **body})
    unbind().violates(("/code", "required"))
    code = authenticator.code()
    unbind(code=code, current_password=NEXT_PASSWORD).violates(("/current_password", "incorrect"))
    unbind(code=other_than(code)).refused(422, "verification_failed")
    assert mina.user["totp_enabled"] is True
    unbind(code=authenticator.code()).is_(204)
    assert mina.user["totp_enabled"] is False
    other.get("/v1/me").refused(401, "unauthenticated")
    mina.sign_in()
    again, _ = mina.bind(watch(client))
    assert again.totp.secret != authenticator.totp.secret
    mina.second_step(recovery_code=codes[0]).refused(401, "invalid_code")
    mina.second_step(code=authenticator.code()).refused(401, "invalid_code")
    mina.second_step(code=again.code()).is_(200)


def test_who_binds_knows_the_password_and_the_last_picture_counts(client, mina):
    mina.session.post("/v1/me/totp", {"current_password": NEXT_PASSWORD}).violates(("/current_password", "incorrect"))
    mina.session.post("/v1/me/totp", {}).violates(("/current_password", "required"))
    first, second = (Authenticator(mina.enrol()["otpauth_uri"], watch(client)) for _ in range(2))
    mina.session.post("/v1/me/totp/confirm", {"code": first.code()}).refused(422, "verification_failed")
    mina.session.post("/v1/me/totp/confirm", {"code": second.code()}).is_(200)


def test_an_admin_unbinds_what_its_owner_has_lost(server, client, mina):
    mina.bind(watch(client))
    server.admin().delete(f"{mina.path}/totp").is_(204)
    mina.session.get("/v1/me").refused(401, "unauthenticated")
    assert mina.sign_in().get("/v1/me").json["user"]["totp_enabled"] is False


def test_another_password_keeps_two_factor(client, mina):
    authenticator, _ = mina.bind(watch(client))
    mina.session.post("/v1/me/password", {"current_password": PASSWORD, **twice(NEXT_PASSWORD)}).is_(204)
    mina.password = NEXT_PASSWORD
    mina.second_step(code=authenticator.code()).is_(200)


def test_a_disabled_user_is_refused_before_and_after_the_first_step(server, client, mina):
    authenticator, codes = mina.bind(watch(client))
    tickets = [mina.ticket(), mina.ticket()]
    server.admin().patch(mina.path, {"status": "disabled"}).is_(200)
    mina.second_step(ticket=tickets[0], code=authenticator.code()).is_(401)
    mina.second_step(ticket=tickets[1], recovery_code=codes[0]).is_(401)
    mina.try_to_sign_in().refused(401, "invalid_credentials")


def test_a_members_session_rests_for_an_hour_at_most(client, mina):
    advance(client, HOUR - MINUTE - 10)
    mina.session.get("/v1/me").is_(200)
    advance(client, HOUR)
    mina.session.get("/v1/me").refused(401, "unauthenticated")
