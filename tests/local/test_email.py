"""Password resets, changes of the email address, and the mail about both."""

from client import shape, without_request_id
from clock import MINUTE, advance, advance_past, ticking_time
from codes import wrong_code
from mails import begin_registration
from users import NEXT_PASSWORD, PASSWORD, new_user_body, password_fields

MINA, NEW = "mina@example.com", "mina@new.example"


def begin_reset(client, email, **named):
    """Requests a password reset, or a new code for the one that is named."""
    flow = client.post("/v1/password-resets", {"email": email, **named}).expect(202).json
    assert flow.keys() == {"reset_id", "expires_at", "resend_after"}
    return flow


def complete_reset(client, flow, code, **other):
    body = {"code": code, **password_fields(NEXT_PASSWORD), **other}
    return client.post(f"/v1/password-resets/{flow['reset_id']}/complete", body)


def reset_password(client, mailbox, email=MINA):
    """Requests and completes a reset."""
    complete_reset(client, begin_reset(client, email), mailbox.code(email)).expect(204)


def test_a_reset_ends_all_sessions_and_creates_none(client, mailbox, mina):
    other, notices = mina.sign_in(), len(mailbox.notices(MINA))
    flow = begin_reset(client, "MINA@Example.com")
    reply = complete_reset(client, flow, mailbox.code(MINA)).expect(204)
    assert reply.header("set-cookie") is None
    for session in (mina.session, other):
        session.get("/v1/me").expect_problem(401, "unauthenticated")
    mina.try_to_sign_in().expect_problem(401, "invalid_credentials")
    mina.password = NEXT_PASSWORD
    assert mina.sign_in().get("/v1/me").json["user"]["password_change_required"] is False
    mailbox.wait_for_pending()
    assert len(mailbox.notices(MINA)) > notices, "a notice about the reset"


def test_a_reset_succeeds_once_and_only_with_its_own_code(client, mailbox, mina):
    flow = begin_reset(client, MINA)
    code = mailbox.code(MINA)
    path = f"/v1/password-resets/{flow['reset_id']}/complete"
    client.post(path, {}).expect_violations(
        ("/code", "required"), ("/password", "required"), ("/password_confirmation", "required")
    )
    bad = {"code": "12", "password": "short", "password_confirmation": "other", "login": "mina"}
    violations = [
        ("/code", "bad_format"),
        ("/password", "too_short"),
        ("/password_confirmation", "mismatch"),
        ("/login", "unknown_field"),
    ]
    for _ in range(6):
        client.post(path, bad).expect_violations(*violations, code="unknown_field")
    complete_reset(client, flow, code, **password_fields("password1234")).expect_violations(
        ("/password", "weak_password")
    )
    complete_reset(client, flow, code, **password_fields("brass-mina.harbor-umbrella")).expect_violations(
        ("/password", "weak_password")
    )
    for _ in range(4):
        complete_reset(client, flow, wrong_code(code)).expect_problem(422, "verification_failed")
    mina.sign_in()
    complete_reset(client, flow, code).expect(204)
    complete_reset(client, flow, code, **password_fields(PASSWORD)).expect_problem(422, "verification_failed")
    mina.password = NEXT_PASSWORD
    mina.sign_in()


def test_a_reset_ends_after_five_wrong_codes(client, mailbox, mina):
    flow = begin_reset(client, MINA)
    code = mailbox.code(MINA)
    for _ in range(5):
        complete_reset(client, flow, wrong_code(code)).expect_problem(422, "verification_failed")
    advance(client, 2 * MINUTE)
    complete_reset(client, flow, code).expect_problem(422, "verification_failed")
    mina.sign_in()


def test_only_the_newest_reset_code_is_valid_and_it_expires_after_ten_minutes(client, mailbox, mina):
    flow = begin_reset(client, MINA)
    old = mailbox.code(MINA)
    advance_past(client, flow["resend_after"])
    again = begin_reset(client, MINA, reset_id=flow["reset_id"])
    assert again["reset_id"] == flow["reset_id"]
    fresh = mailbox.code(MINA, count=2)
    complete_reset(client, flow, old).expect_problem(422, "verification_failed")
    advance_past(client, again["expires_at"])
    complete_reset(client, again, fresh).expect_problem(422, "verification_failed")
    mina.sign_in()


def test_an_unknown_or_unverified_address_gets_the_same_reply_and_no_mail(server, client, mailbox, mina):
    unverified, unknown = "unverified@example.com", "unknown@example.com"
    server.admin().post("/v1/users", new_user_body("Unverified", email=unverified)).expect(201)
    replies = {
        email: client.post("/v1/password-resets", {"email": email}).expect(202) for email in (MINA, unverified, unknown)
    }
    assert shape(replies[MINA]) == shape(replies[unverified]) == shape(replies[unknown])
    for email, reply in replies.items():
        assert begin_reset(client, email)["reset_id"] != reply.json["reset_id"], "each request has a flow of its own"
    right = mailbox.code(MINA)
    refusals = [
        without_request_id(
            complete_reset(client, reply.json, wrong_code(right)).expect_problem(422, "verification_failed")
        )
        for reply in replies.values()
    ]
    assert refusals[0] == refusals[1] == refusals[2]
    mailbox.wait_for_pending()
    assert mailbox.mails(unverified) == mailbox.mails(unknown) == []


def test_a_reset_requires_a_valid_address(client):
    client.post("/v1/password-resets", {}).expect_violations(("/email", "required"))
    client.post("/v1/password-resets", {"email": [MINA]}).expect_violations(("/email", "wrong_type"))
    client.post("/v1/password-resets", {"email": f"{MINA}\r\nBcc: zoe@example.com"}).expect_violations(
        ("/email", "bad_format")
    )
    client.post("/v1/password-resets", {"email": MINA, "login": "mina"}).expect_violations(
        ("/login", "unknown_field"), code="unknown_field"
    )


def test_a_reset_keeps_two_factor(client, mailbox, mina):
    authenticator, _ = mina.enable_totp(ticking_time(client))
    reset_password(client, mailbox)
    mina.password = NEXT_PASSWORD
    session = mina.session_from(mina.second_step(code=authenticator.code()))
    assert session.get("/v1/me").json["user"]["totp_enabled"] is True


def test_a_reset_leaves_a_disabled_user_disabled(server, client, mailbox, mina):
    server.admin().patch(mina.path, {"status": "disabled"}).expect(200)
    mina.session.get("/v1/me").expect_problem(401, "unauthenticated")
    reset_password(client, mailbox)
    mina.password = NEXT_PASSWORD
    mina.try_to_sign_in().expect_problem(401, "invalid_credentials")
    server.admin().patch(mina.path, {"status": "enabled"}).expect(200)
    mina.sign_in()


def device_of(reply):
    return reply.expect(200).json["device_token"]


def test_a_sign_in_from_a_new_device_is_mailed_and_a_reset_forgets_known_devices(client, mailbox, mina):
    device = device_of(mina.try_to_sign_in())
    mailbox.wait_for_pending()
    known = len(mailbox.notices(MINA))
    mina.try_to_sign_in(device_token=device).expect(200)
    mailbox.wait_for_pending()
    assert len(mailbox.notices(MINA)) == known
    mina.try_to_sign_in().expect(200)
    mailbox.notice(MINA, count=known + 1)
    reset_password(client, mailbox)
    mina.password = NEXT_PASSWORD
    mailbox.wait_for_pending()
    known = len(mailbox.notices(MINA))
    mina.try_to_sign_in(device_token=device).expect(200)
    mailbox.notice(MINA, count=known + 1)


def test_the_name_of_a_device_is_escaped_in_mail(client, mailbox, mina):
    before = len(mailbox.notices(MINA))
    names = [
        "<img src=x onerror=alert(1)>",
        "12345678",
        "\t12345678\t",
        "</pre><script>alert(1)</script>",
        "=?utf-8?q?a?=",
    ]
    for number, name in enumerate(names, 1):
        client.with_headers(user_agent=name).post("/v1/login", {"login": mina.login, "password": PASSWORD}).expect(200)
        notice = mailbox.notice(MINA, count=before + number)
        assert "<img src=x" not in notice["html"] and "<script" not in notice["html"]
    page = client.get("/mailbox").expect(200).body.decode("utf-8")
    assert "<img src=x" not in page and "<script" not in page


def change_email(mina, email, password=PASSWORD):
    return mina.session.post("/v1/me/email", {"email": email, "current_password": password})


def confirm_email(mina, code):
    return mina.session.post("/v1/me/email/confirm", {"code": code})


def test_a_new_address_is_confirmed_by_a_code_and_the_old_one_gets_a_notice(client, mailbox, mina):
    notices = len(mailbox.notices(MINA))
    change_email(mina, NEW).expect(202)
    code = mailbox.code(NEW)
    assert mina.user["email"] == MINA, "not yet confirmed"
    confirm_email(mina, wrong_code(code)).expect_problem(422, "verification_failed")
    reply = confirm_email(mina, code).expect(200)
    assert reply.json.keys() == {"user"}
    assert (reply.json["user"]["email"], reply.json["user"]["email_verified"]) == (NEW, True)
    assert mina.user == reply.json["user"]
    confirm_email(mina, code).expect_problem(422, "verification_failed")
    begin_reset(client, MINA)
    begin_reset(client, NEW)
    mailbox.code(NEW, count=2)
    mailbox.wait_for_pending()
    assert len(mailbox.notices(MINA)) > notices and mailbox.codes(MINA) == [], "a notice, but no reset code"
    advance(client, MINUTE)
    begin_registration(client, MINA)
    mailbox.code(MINA)


def test_a_change_of_address_requires_the_password(mailbox, mina):
    change_email(mina, NEW, NEXT_PASSWORD).expect_violations(("/current_password", "incorrect"))
    mina.session.delete("/v1/me/email", {"current_password": NEXT_PASSWORD}).expect_violations(
        ("/current_password", "incorrect")
    )
    mina.session.post("/v1/me/email", {}).expect_violations(("/email", "required"), ("/current_password", "required"))
    change_email(mina, "mina").expect_violations(("/email", "bad_format"))
    confirm_email(mina, "1234567").expect_violations(("/code", "bad_format"))
    mailbox.wait_for_pending()
    assert mailbox.mails(NEW) == [] and mina.user["email"] == MINA


def test_a_taken_address_gets_the_same_reply_and_is_not_changed(mailbox, mina):
    zoe = mailbox.register("zoe@example.com", "zoe.harbor")
    free, taken = change_email(mina, NEW).expect(202), change_email(zoe, MINA).expect(202)
    assert shape(free) == shape(taken)
    code = mailbox.code(NEW)
    mailbox.wait_for_pending()
    assert mailbox.codes(MINA) == [], "Mina gets no code for Zoe's request"
    confirm_email(zoe, code).expect_problem(422, "verification_failed")
    assert zoe.user["email"] == "zoe@example.com"
    confirm_email(mina, code).expect(200)


def test_a_removed_address_receives_no_more_mail(client, mailbox, mina):
    mina.session.delete("/v1/me/email", {"current_password": PASSWORD}).expect(204)
    assert (mina.user["email"], mina.user["email_verified"]) == (None, False)
    begin_reset(client, MINA)
    mailbox.wait_for_pending()
    assert mailbox.codes(MINA) == []
    mina.sign_in()


def test_a_user_gets_a_notice_when_an_admin_resets_their_password_or_removes_their_address(
    server, client, mailbox, mina
):
    notices = len(mailbox.notices(MINA))
    given = (
        server.admin().post(f"{mina.path}/password", {"generate_password": True}).expect(200).json["generated_password"]
    )
    assert given not in mailbox.notice(MINA, count=notices + 1)["text"]
    mina.session.get("/v1/me").expect_problem(401, "unauthenticated")
    server.admin().delete(f"{mina.path}/email").expect(204)
    assert server.admin().get(mina.path).json["email"] is None
    begin_reset(client, MINA)
    mailbox.wait_for_pending()
    assert mailbox.codes(MINA) == []


def test_the_use_of_a_recovery_code_is_reported_by_mail(client, mailbox, mina):
    authenticator, recovery_codes = mina.enable_totp(ticking_time(client))
    notices = []
    for proof in ({"code": authenticator.code()}, {"recovery_code": recovery_codes[0]}):
        mailbox.wait_for_pending()
        before = len(mailbox.notices(MINA))
        mina.second_step(**proof).expect(200)
        mailbox.wait_for_pending()
        notices.append(len(mailbox.notices(MINA)) - before)
    assert notices[1] == notices[0] + 1, "one more than a sign-in with a TOTP code"
    for mail in mailbox.mails(MINA):
        for secret in (authenticator.totp.secret, PASSWORD, *recovery_codes):
            assert secret not in mail["text"] + mail["html"] + mail["subject"]
