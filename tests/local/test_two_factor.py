"""Two-factor authentication with TOTP codes and recovery codes, on a test clock."""

import base64

from client import in_parallel
from clock import HOUR, MINUTE, advance, advance_past, ticking_time
from codes import STEP_SECONDS, Authenticator, read_qr_code, step, wrong_code
from users import NEXT_PASSWORD, PASSWORD, create_person, password_fields


def test_two_factor_is_enabled_with_a_qr_code(server, client):
    mina = create_person(server.admin(), "Mina", login="mina=+,.@-_")
    other = mina.sign_in()
    enrolled = mina.begin_totp()
    assert enrolled.keys() == {"secret", "otpauth_uri", "qr_svg"}
    assert read_qr_code(enrolled["qr_svg"]) == enrolled["otpauth_uri"]
    authenticator = Authenticator(read_qr_code(enrolled["qr_svg"]), ticking_time(client))
    totp = authenticator.totp
    assert totp.secret == enrolled["secret"] and len(base64.b32decode(totp.secret)) == 20
    assert (totp.digits, totp.interval, totp.digest().name) == (6, STEP_SECONDS, "sha1"), (
        "what every authenticator supports"
    )
    assert (totp.name, totp.issuer) == (mina.login, "Rollcall")
    assert "token" in mina.try_to_sign_in().expect(200).json, "not enabled before a code confirms it"
    code = authenticator.code()
    mina.session.post("/v1/me/totp/confirm", {"code": wrong_code(code)}).expect_problem(422, "verification_failed")
    mina.session.post("/v1/me/totp/confirm", {"code": "12345"}).expect_violations(("/code", "bad_format"))
    assert mina.user["totp_enabled"] is False
    confirmed = mina.session.post("/v1/me/totp/confirm", {"code": code}).expect(200).json
    assert confirmed.keys() == {"recovery_codes"} and len({*confirmed["recovery_codes"]}) == 10
    assert all(sum(letter.isalnum() for letter in code) >= 26 for code in confirmed["recovery_codes"]), (
        "130 bits in base 32"
    )
    assert mina.user["totp_enabled"] is True, "the current session remains"
    other.get("/v1/me").expect_problem(401, "unauthenticated")
    mina.session.post("/v1/me/totp", {"current_password": PASSWORD}).expect_problem(409, "totp_enabled")


def test_the_second_step_creates_the_session(client, mina):
    authenticator, _ = mina.enable_totp(ticking_time(client))
    reply = mina.try_to_sign_in().expect(200)
    assert reply.header("set-cookie") is None and reply.json.keys() == {"mfa"}
    mfa = reply.json["mfa"]
    assert mfa.keys() == {"ticket", "expires_at", "methods"} and mfa["methods"] == ["totp", "recovery_code"]
    ticket = mfa["ticket"]
    client.as_bearer(ticket).get("/v1/me").expect_problem(401, "unauthenticated")
    client.as_cookie(ticket).get("/v1/me").expect_problem(401, "unauthenticated")
    code = authenticator.code()
    mina.second_step(ticket=ticket, code=wrong_code(code)).expect_problem(401, "invalid_code")
    reply = mina.second_step(ticket=ticket, code=code).expect(200)
    assert {"user", "expires_at", "token"} <= reply.json.keys() <= {"user", "expires_at", "token", "device_token"}
    assert mina.session_from(reply).get("/v1/me").json["user"]["login"] == mina.login
    mina.second_step(ticket=ticket, code=authenticator.code()).expect_problem(401, "invalid_code")
    mina.second_step(code=authenticator.code(), transport="bearer").expect(200)
    cookies = mina.second_step(code=authenticator.code(), transport="cookie").expect(200)
    assert "token" not in cookies.json and any(
        value.startswith("__Host-session=") for value in cookies.headers.get_all("set-cookie")
    )


def test_a_code_is_refused_without_a_valid_ticket(client, mina):
    authenticator, _ = mina.enable_totp(ticking_time(client))
    mina.try_to_sign_in(password=NEXT_PASSWORD).expect_problem(401, "invalid_credentials")
    for ticket in (
        "",
        "x",
        mina.mfa_ticket()[:-1],
        mina.mfa_ticket() + "A",
        mina.session.headers["authorization"].split()[1],
    ):
        reply = client.post("/v1/login/totp", {"ticket": ticket, "code": authenticator.code()})
        assert reply.code in ("invalid_code", "validation_failed"), f"{reply}"
    client.post("/v1/login/totp", {"code": "123456"}).expect_violations(("/ticket", "required"))
    for proof in ({}, {"code": "123456", "recovery_code": "x"}):
        client.post("/v1/login/totp", {"ticket": mina.mfa_ticket(), **proof}).expect(422)
    for bad in ("12345", "1234567", "12345a", ""):
        mina.second_step(code=bad).expect_violations(("/code", "bad_format"))


def test_a_totp_code_is_accepted_once(client, mina):
    authenticator, _ = mina.enable_totp(ticking_time(client))
    mina.second_step(code=authenticator.at(authenticator.last_step)).expect_problem(401, "invalid_code")
    code = authenticator.code()
    mina.second_step(code=code).expect(200)
    mina.second_step(code=code).expect_problem(401, "invalid_code")


def test_parallel_uses_of_a_totp_code_create_one_session(client, mina):
    authenticator, _ = mina.enable_totp(ticking_time(client))
    tickets = [mina.mfa_ticket() for _ in range(8)]
    code = authenticator.code()
    replies = in_parallel(8, lambda ticket: mina.second_step(ticket=ticket, code=code), tickets)
    assert sum(reply.status == 200 for reply in replies) == 1
    for reply in replies:
        assert reply.status == 200 or reply.code in ("invalid_code", "too_many_attempts", "conflict"), f"{reply}"


def test_a_code_may_be_one_step_off_but_not_two(client, mina):
    authenticator, _ = mina.enable_totp(ticking_time(client))
    now = advance(client, 10 * MINUTE).timestamp()
    # Start ten seconds into a step, which leaves twenty seconds for the sign-ins.
    now = advance(client, STEP_SECONDS - int(now % STEP_SECONDS) + 10).timestamp()
    for offset, status in [(-3, 401), (-2, 401), (2, 401), (3, 401), (-1, 200), (0, 200), (1, 200)]:
        mina.second_step(code=authenticator.at(step(now) + offset)).expect(status)


def test_a_ticket_ends_after_five_wrong_codes(client, mina):
    authenticator, _ = mina.enable_totp(ticking_time(client))
    ticket, code = mina.mfa_ticket(), authenticator.code()
    for _ in range(5):
        mina.second_step(ticket=ticket, code=wrong_code(code)).expect_problem(401, "invalid_code")
    advance(client, 2 * MINUTE)
    mina.second_step(ticket=ticket, code=authenticator.code()).expect_problem(401, "invalid_code")
    advance(client, 2 * MINUTE)
    mina.second_step(code=authenticator.code()).expect(200)


def test_a_ticket_expires(client, mina):
    authenticator, _ = mina.enable_totp(ticking_time(client))
    mfa = mina.try_to_sign_in().expect(200).json["mfa"]
    advance_past(client, mfa["expires_at"])
    mina.second_step(ticket=mfa["ticket"], code=authenticator.code()).expect_problem(401, "invalid_code")


def test_each_recovery_code_is_valid_once_and_for_its_user_only(server, client, mina):
    zoe = create_person(server.admin(), "Zoe")
    _, codes = mina.enable_totp(ticking_time(client))
    _, of_zoe = zoe.enable_totp(ticking_time(client))
    mina.second_step(recovery_code=of_zoe[0]).expect_problem(401, "invalid_code")
    for code in codes:
        advance(client, MINUTE)
        assert (
            mina.session_from(mina.second_step(recovery_code=code)).get("/v1/me").json["user"]["totp_enabled"] is True
        )
        mina.second_step(recovery_code=code).expect_problem(401, "invalid_code")
    zoe.second_step(recovery_code=of_zoe[0]).expect(200)


def test_parallel_uses_of_a_recovery_code_create_one_session(client, mina):
    _, codes = mina.enable_totp(ticking_time(client))
    tickets = [mina.mfa_ticket() for _ in range(5)]
    replies = in_parallel(5, lambda ticket: mina.second_step(ticket=ticket, recovery_code=codes[0]), tickets)
    assert sum(reply.status == 200 for reply in replies) == 1


def test_two_factor_is_disabled_with_password_and_code(client, mina):
    authenticator, codes = mina.enable_totp(ticking_time(client))
    other = mina.session_from(mina.second_step(code=authenticator.code()))
    disable = lambda **body: mina.session.delete("/v1/me/totp", {"current_password": PASSWORD, **body})
    disable().expect_violations(("/code", "required"))
    code = authenticator.code()
    disable(code=code, current_password=NEXT_PASSWORD).expect_violations(("/current_password", "incorrect"))
    disable(code=wrong_code(code)).expect_problem(422, "verification_failed")
    assert mina.user["totp_enabled"] is True
    disable(code=authenticator.code()).expect(204)
    assert mina.user["totp_enabled"] is False
    other.get("/v1/me").expect_problem(401, "unauthenticated")
    mina.sign_in()
    again, _ = mina.enable_totp(ticking_time(client))
    assert again.totp.secret != authenticator.totp.secret
    mina.second_step(recovery_code=codes[0]).expect_problem(401, "invalid_code")
    mina.second_step(code=authenticator.code()).expect_problem(401, "invalid_code")
    mina.second_step(code=again.code()).expect(200)


def test_enabling_requires_the_password_and_the_newest_secret_counts(client, mina):
    mina.session.post("/v1/me/totp", {"current_password": NEXT_PASSWORD}).expect_violations(
        ("/current_password", "incorrect")
    )
    mina.session.post("/v1/me/totp", {}).expect_violations(("/current_password", "required"))
    first, second = (Authenticator(mina.begin_totp()["otpauth_uri"], ticking_time(client)) for _ in range(2))
    mina.session.post("/v1/me/totp/confirm", {"code": first.code()}).expect_problem(422, "verification_failed")
    mina.session.post("/v1/me/totp/confirm", {"code": second.code()}).expect(200)


def test_an_admin_disables_the_two_factor_of_a_user(server, client, mina):
    mina.enable_totp(ticking_time(client))
    server.admin().delete(f"{mina.path}/totp").expect(204)
    mina.session.get("/v1/me").expect_problem(401, "unauthenticated")
    assert mina.sign_in().get("/v1/me").json["user"]["totp_enabled"] is False


def test_a_new_password_keeps_two_factor(client, mina):
    authenticator, _ = mina.enable_totp(ticking_time(client))
    mina.session.post("/v1/me/password", {"current_password": PASSWORD, **password_fields(NEXT_PASSWORD)}).expect(204)
    mina.password = NEXT_PASSWORD
    mina.second_step(code=authenticator.code()).expect(200)


def test_a_disabled_user_is_refused_before_and_after_the_first_step(server, client, mina):
    authenticator, codes = mina.enable_totp(ticking_time(client))
    tickets = [mina.mfa_ticket(), mina.mfa_ticket()]
    server.admin().patch(mina.path, {"status": "disabled"}).expect(200)
    mina.second_step(ticket=tickets[0], code=authenticator.code()).expect(401)
    mina.second_step(ticket=tickets[1], recovery_code=codes[0]).expect(401)
    mina.try_to_sign_in().expect_problem(401, "invalid_credentials")


def test_an_idle_session_of_a_member_expires_after_an_hour(client, mina):
    session = mina.sign_in()
    advance(client, HOUR - MINUTE - 10)
    session.get("/v1/me").expect(200)
    advance(client, HOUR)
    session.get("/v1/me").expect_problem(401, "unauthenticated")
