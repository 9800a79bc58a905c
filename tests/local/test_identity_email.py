"""A forgotten password, another address, and the notices that go with them, by the mailbox."""

import pytest

from codes import other_than
from letters import MINUTE, advance, pass_by, shape, watch
from mails import begin
from users import NEXT_PASSWORD, PASSWORD, new_user, twice

MINA, NEW = "mina@example.com", "mina@new.example"


@pytest.fixture
def mina(mailbox):
    """Mina, registered and signed in; every mail about that has come."""
    mina = mailbox.register(MINA, "mina.harbor")
    mailbox.settle()
    return mina


def forget(client, email):
    """Asks for a code with which to choose another password."""
    begun = client.post("/v1/password-resets", {"email": email}).is_(202).json
    assert begun.keys() == {"reset_id", "expires_at", "resend_after"}
    return begun


def reset(client, begun, code, **other):
    body = {"code": code, **twice(NEXT_PASSWORD), **other}
    return client.post(f"/v1/password-resets/{begun['reset_id']}/complete", body)


def forget_and_reset(client, mailbox, email=MINA):
    """Goes through all of it: the second code of the address, after the one that it was registered with."""
    reset(client, forget(client, email), mailbox.code(email, count=2)).is_(204)


def test_a_reset_ends_every_session_and_begins_none(client, mailbox, mina):
    other, notices = mina.sign_in(), len(mailbox.notices(MINA))
    begun = forget(client, "MINA@Example.com")
    reply = reset(client, begun, mailbox.code(MINA, count=2)).is_(204)
    assert reply.header("set-cookie") is None
    for session in (mina.session, other):
        session.get("/v1/me").refused(401, "unauthenticated")
    mina.try_to_sign_in().refused(401, "invalid_credentials")
    mina.password = NEXT_PASSWORD
    assert mina.sign_in().get("/v1/me").json["user"]["password_change_required"] is False
    mailbox.settle()
    assert len(mailbox.notices(MINA)) > notices, "whoever did this, Mina is told"


def test_a_reset_happens_once_and_by_its_own_code(client, mailbox, mina):
    begun = forget(client, MINA)
    code = mailbox.code(MINA, count=2)
    path = f"/v1/password-resets/{begun['reset_id']}/complete"
    client.post(path, {}).violates(
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
        client.post(path, bad).violates(*violations, code="unknown_field")
    reset(client, begun, code, **twice("password1234")).violates(("/password", "weak_password"))
    reset(client, begun, code, **twice("brass-mina.harbor-umbrella")).violates(("/password", "weak_password"))
    for _ in range(4):
        reset(client, begun, other_than(code)).refused(422, "verification_failed")
    mina.sign_in()
    reset(client, begun, code).is_(204)
    reset(client, begun, code, **twice(PASSWORD)).refused(422, "verification_failed")
    mina.password = NEXT_PASSWORD
    mina.sign_in()


def test_five_wrong_codes_end_a_reset(client, mailbox, mina):
    begun = forget(client, MINA)
    code = mailbox.code(MINA, count=2)
    for _ in range(5):
        reset(client, begun, other_than(code)).refused(422, "verification_failed")
    advance(client, 2 * MINUTE)
    reset(client, begun, code).refused(422, "verification_failed")
    mina.sign_in()


def test_the_newest_code_of_a_reset_counts_for_ten_minutes(client, mailbox, mina):
    begun = forget(client, MINA)
    old = mailbox.code(MINA, count=2)
    assert forget(client, MINA) == begun
    pass_by(client, begun["resend_after"])
    again = forget(client, MINA)
    assert again["reset_id"] == begun["reset_id"]
    fresh = mailbox.code(MINA, count=3)
    reset(client, begun, old).refused(422, "verification_failed")
    pass_by(client, again["expires_at"])
    reset(client, again, fresh).refused(422, "verification_failed")
    mina.sign_in()


def test_an_address_that_is_nobodys_gets_the_same_reply_and_no_mail(server, client, mailbox, mina):
    """Nobody's is one, too, that somebody else typed and its owner never confirmed."""
    typed, nobodys = "typed@example.com", "nobody@example.com"
    server.admin().post("/v1/users", new_user("Typed", email=typed)).is_(201)
    replies = {email: client.post("/v1/password-resets", {"email": email}).is_(202) for email in (MINA, typed, nobodys)}
    assert shape(replies[MINA]) == shape(replies[typed]) == shape(replies[nobodys])
    for email, reply in replies.items():
        assert client.post("/v1/password-resets", {"email": email}).is_(202).body == reply.body, "within a minute"
    right = mailbox.code(MINA, count=2)
    refusals = [
        reset(client, reply.json, other_than(right)).refused(422, "verification_failed").json
        for reply in replies.values()
    ]
    assert [{**refusal, "request_id": 0} for refusal in refusals[1:]] == [{**refusals[0], "request_id": 0}] * 2
    mailbox.settle()
    assert mailbox.mails(typed) == mailbox.mails(nobodys) == []


def test_what_is_no_address_gets_no_reset(client):
    client.post("/v1/password-resets", {}).violates(("/email", "required"))
    client.post("/v1/password-resets", {"email": [MINA]}).violates(("/email", "wrong_type"))
    client.post("/v1/password-resets", {"email": f"{MINA}\r\nBcc: zoe@example.com"}).violates(("/email", "bad_format"))
    client.post("/v1/password-resets", {"email": MINA, "login": "mina"}).violates(
        ("/login", "unknown_field"), code="unknown_field"
    )


def test_a_reset_keeps_two_factor(client, mailbox, mina):
    authenticator, _ = mina.bind(watch(client))
    forget_and_reset(client, mailbox)
    mina.password = NEXT_PASSWORD
    session = mina.signed_in(mina.second_step(code=authenticator.code()))
    assert session.get("/v1/me").json["user"]["totp_enabled"] is True


def test_a_reset_leaves_a_disabled_user_disabled(server, client, mailbox, mina):
    server.admin().patch(mina.path, {"status": "disabled"}).is_(200)
    mina.session.get("/v1/me").refused(401, "unauthenticated")
    forget_and_reset(client, mailbox)
    mina.password = NEXT_PASSWORD
    mina.try_to_sign_in().refused(401, "invalid_credentials")
    server.admin().patch(mina.path, {"status": "enabled"}).is_(200)
    mina.sign_in()


def device_of(reply):
    return reply.is_(200).json["device_token"]


def test_a_sign_in_from_a_new_device_is_mailed_until_a_reset_makes_all_devices_new(client, mailbox, mina):
    device = device_of(mina.try_to_sign_in())
    mailbox.settle()
    known = len(mailbox.notices(MINA))
    mina.try_to_sign_in(device_token=device).is_(200)
    mailbox.settle()
    assert len(mailbox.notices(MINA)) == known
    mina.try_to_sign_in().is_(200)
    mailbox.notice(MINA, count=known + 1)
    forget_and_reset(client, mailbox)
    mina.password = NEXT_PASSWORD
    mailbox.settle()
    known = len(mailbox.notices(MINA))
    mina.try_to_sign_in(device_token=device).is_(200)
    mailbox.notice(MINA, count=known + 1)


def test_what_a_device_calls_itself_is_inert_in_its_mail(client, mailbox, mina):
    before = len(mailbox.notices(MINA))
    names = [
        "<img src=x onerror=alert(1)>",
        "12345678",
        "\t12345678\t",
        "</pre><script>alert(1)</script>",
        "=?utf-8?q?a?=",
    ]
    for number, name in enumerate(names, 1):
        client.having(user_agent=name).post("/v1/login", {"login": mina.login, "password": PASSWORD}).is_(200)
        notice = mailbox.notice(MINA, count=before + number)
        assert "<img src=x" not in notice["html"] and "<script" not in notice["html"]
    page = client.get("/mailbox").is_(200).body.decode("utf-8")
    assert "<img src=x" not in page and "<script" not in page


def change(mina, email, password=PASSWORD):
    return mina.session.post("/v1/me/email", {"email": email, "current_password": password})


def confirm(mina, code):
    return mina.session.post("/v1/me/email/confirm", {"code": code})


def test_a_new_address_is_confirmed_by_its_code_and_the_old_one_is_told(client, mailbox, mina):
    notices = len(mailbox.notices(MINA))
    change(mina, NEW).is_(202)
    code = mailbox.code(NEW)
    assert mina.user["email"] == MINA, "until the code is typed"
    confirm(mina, other_than(code)).refused(422, "verification_failed")
    reply = confirm(mina, code).is_(200)
    assert reply.json.keys() == {"user"}
    assert (reply.json["user"]["email"], reply.json["user"]["email_verified"]) == (NEW, True)
    assert mina.user == reply.json["user"]
    confirm(mina, code).refused(422, "verification_failed")
    forget(client, MINA)
    forget(client, NEW)
    mailbox.code(NEW, count=2)
    mailbox.settle()
    assert len(mailbox.notices(MINA)) > notices and len(mailbox.codes(MINA)) == 1, "told, and nobody's now"
    advance(client, MINUTE)
    begin(client, MINA)
    mailbox.code(MINA, count=2)


def test_who_changes_an_address_knows_the_password(mailbox, mina):
    change(mina, NEW, NEXT_PASSWORD).violates(("/current_password", "incorrect"))
    mina.session.delete("/v1/me/email", {"current_password": NEXT_PASSWORD}).violates(
        ("/current_password", "incorrect")
    )
    mina.session.post("/v1/me/email", {}).violates(("/email", "required"), ("/current_password", "required"))
    change(mina, "mina").violates(("/email", "bad_format"))
    confirm(mina, "1234567").violates(("/code", "bad_format"))
    mailbox.settle()
    assert mailbox.mails(NEW) == [] and mina.user["email"] == MINA


def test_somebodys_address_gives_the_same_reply_and_stays_theirs(mailbox, mina):
    zoe = mailbox.register("zoe@example.com", "zoe.harbor")
    free, taken = change(mina, NEW).is_(202), change(zoe, MINA).is_(202)
    assert shape(free) == shape(taken)
    code = mailbox.code(NEW)
    mailbox.settle()
    assert len(mailbox.codes(MINA)) == 1, "Zoe's code has not come to Mina, who might pass it on"
    confirm(zoe, code).refused(422, "verification_failed")
    assert zoe.user["email"] == "zoe@example.com"
    confirm(mina, code).is_(200)


def test_an_address_is_unbound_and_receives_nothing_more(client, mailbox, mina):
    mina.session.delete("/v1/me/email", {"current_password": PASSWORD}).is_(204)
    assert (mina.user["email"], mina.user["email_verified"]) == (None, False)
    forget(client, MINA)
    mailbox.settle()
    assert len(mailbox.codes(MINA)) == 1
    mina.sign_in()


def test_an_admin_unbinds_an_address_and_resets_a_password_and_its_owner_is_told_of_that(server, client, mailbox, mina):
    notices = len(mailbox.notices(MINA))
    given = (
        server.admin().post(f"{mina.path}/password", {"generate_password": True}).is_(200).json["generated_password"]
    )
    assert given not in mailbox.notice(MINA, count=notices + 1)["text"]
    mina.session.get("/v1/me").refused(401, "unauthenticated")
    server.admin().delete(f"{mina.path}/email").is_(204)
    assert server.admin().get(mina.path).json["email"] is None
    forget(client, MINA)
    mailbox.settle()
    assert len(mailbox.codes(MINA)) == 1


def test_the_use_of_a_recovery_code_is_mailed(client, mailbox, mina):
    authenticator, recovery_codes = mina.bind(watch(client))
    told = []
    for proof in ({"code": authenticator.code()}, {"recovery_code": recovery_codes[0]}):
        mailbox.settle()
        before = len(mailbox.notices(MINA))
        mina.second_step(**proof).is_(200)
        mailbox.settle()
        told.append(len(mailbox.notices(MINA)) - before)
    assert told[1] == told[0] + 1, "one more than of a sign-in by the authenticator"
    for mail in mailbox.mails(MINA):
        for secret in (authenticator.totp.secret, PASSWORD, *recovery_codes):
            assert secret not in mail["text"] + mail["html"] + mail["subject"]
