"""Registering with nothing but a mailbox: every step, every refusal, and what a stranger is not told."""

import re

import pytest

from client import TIME, UUID_V7, in_parallel
from codes import mailed_code, other_than
from letters import DAY, MINUTE, advance, pass_by, shape
from mails import begin, complete
from server import PASSWORD as ADMIN_PASSWORD
from users import PASSWORD, USER, new_user, twice

MINA = "mina@example.com"


def is_right(client, begun, code):
    """Whether the code is the right one, found out without using it: nobody can have the login `admin`."""
    reply = complete(client, begun, code, "admin")
    if reply.status == 409:
        return reply.refused(409, "login_taken")
    return not reply.refused(422, "verification_failed")


def test_a_stranger_registers_by_a_mailed_code(client, mailbox):
    begun = begin(client, MINA)
    assert re.fullmatch(UUID_V7, begun["registration_id"])
    assert re.fullmatch(TIME, begun["expires_at"]) and re.fullmatch(TIME, begun["resend_after"])
    code = mailbox.code(MINA)
    (mail,) = mailbox.mails(MINA)
    assert mail["to"] == MINA and mail["subject"] and code in mail["html"]
    assert re.fullmatch(TIME, mail["sent_at"]) and mail["sent_at"] < begun["resend_after"] < begun["expires_at"]
    reply = complete(client, begun, code, "Mina.Harbor", username="王小明").is_(201)
    assert reply.json.keys() == {"user"} and reply.header("set-cookie") is None, "registering does not sign in"
    assert reply.header("location"), f"{reply}"
    user = reply.json["user"]
    assert user.keys() == USER
    assert (user["username"], user["login"], user["type"], user["status"]) == (
        "王小明",
        "Mina.Harbor",
        "member",
        "enabled",
    )
    assert (user["email"], user["email_verified"], user["totp_enabled"]) == (MINA, True, False)
    assert (user["password_change_required"], user["last_login_at"], user["version"]) == (False, None, 1)
    mina = client.sign_in(PASSWORD, "mina.harbor")
    me = mina.get("/v1/me").is_(200).json
    assert (
        me["user"] == user | {"last_login_at": me["user"]["last_login_at"]}
        and me["user"]["last_login_at"] >= user["created_at"]
    )
    assert me["teams"] == [] and mina.get("/v1/apps").is_(200).json["items"] == []
    mina.get("/v1/users").refused(404, "not_found")


def test_a_code_is_used_once_and_a_lost_reply_is_repeated(client, mailbox):
    begun = begin(client, MINA)
    code = mailbox.code(MINA)
    keyed = client.having(idempotency_key="register")
    first = complete(keyed, begun, code, "mina").is_(201)
    again = complete(keyed, begun, code, "mina").is_(201)
    assert again.header("idempotency-replayed") == "true" and again.body == first.body
    complete(client, begun, code, "mina").refused(422, "verification_failed")
    complete(client, begun, code, "zoe").refused(422, "verification_failed")


def test_what_is_no_address_gets_no_mail(client, mailbox):
    client.post("/v1/registrations", {}).violates(("/email", "required"))
    client.post("/v1/registrations", {"email": [MINA]}).violates(("/email", "wrong_type"))
    client.post("/v1/registrations", {"email": MINA, "code": "1"}).violates(
        ("/code", "unknown_field"), code="unknown_field"
    )
    client.post("/v1/registrations", b'{"email": "mina@example.com", "email": "zoe@example.com"}').refused(
        400, "malformed_json"
    )
    client.post("/v1/registrations", {"email": "a" * 255}).violates(("/email", "too_long"))
    bad = [
        "mina",
        "@example.com",
        "mina@",
        "a@b@c.example",
        '"mina"@example.com',
        f"{MINA},zoe@example.com",
        f"Mina <{MINA}>",
        "미나@example.com",
    ]
    bad += [
        f"{MINA}\r\nBcc: zoe@example.com",
        f"{MINA}\n",
        f" {MINA}",
        f"{MINA}\0",
        "mi na@example.com",
        "mina@exam\u200bple.com",
    ]
    for email in bad:
        client.post("/v1/registrations", {"email": email}).violates(("/email", "bad_format"))
    mailbox.settle()
    assert mailbox.mails(MINA) == mailbox.mails("zoe@example.com") == []


def test_every_violation_is_told_at_once_and_costs_no_try(client, mailbox):
    begun = begin(client, MINA)
    path = f"/v1/registrations/{begun['registration_id']}/complete"
    required = [
        (f"/{field}", "required") for field in ("code", "username", "login", "password", "password_confirmation")
    ]
    bad = {
        "code": "1234567",
        "username": "a b c",
        "login": "ab",
        "password": "short",
        "password_confirmation": "long",
        "invitation_code": "1234567x",
    }
    codes = ["bad_format", "bad_format", "too_short", "too_short", "mismatch", "bad_format"]
    violations = [(f"/{field}", code) for field, code in zip(bad, codes, strict=True)]
    for _ in range(3):
        client.post(path, {}).violates(*required)
        client.post(path, bad).violates(*violations)
        client.post(path, {**bad, "type": "super_admin"}).violates(
            *violations, ("/type", "unknown_field"), code="unknown_field"
        )
    form = lambda **other: {"code": "00000000", "username": "Mina", "login": "mina.harbor", **twice(PASSWORD), **other}
    for field, value, code in [
        ("code", "123456789", "bad_format"),
        ("code", "1234 567", "bad_format"),
        ("code", 12345678, "wrong_type"),
        ("username", "m" * 65, "too_long"),
        ("username", "Mina<b>", "bad_format"),
        ("login", "m" * 65, "too_long"),
        ("login", "王小明", "bad_format"),
        ("password_confirmation", PASSWORD.upper(), "mismatch"),
        ("email_verified", True, "unknown_field"),
        ("email", MINA, "unknown_field"),
    ]:
        top = "unknown_field" if code == "unknown_field" else "validation_failed"
        client.post(path, form(**{field: value})).violates((f"/{field}", code), code=top)
    code = mailbox.code(MINA)
    assert is_right(client, begun, code)


@pytest.mark.parametrize(
    ("password", "violation"),
    [
        ("brass-lamp9", "too_short"),
        ("b" * 257, "too_long"),
        ("password1234", "weak_password"),
        ("aaaaaaaaaaaa", "weak_password"),
        ("qwertyuiop123", "weak_password"),
        ("brass-mina.harbor-umbrella", "weak_password"),
        ("brass-kestrel-9-umbrella", "weak_password"),
        ("brass-MINA.KAY-umbrella", "weak_password"),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused(client, mailbox, password, violation):
    """Too common, or made of the login, the username or the address."""
    begun = begin(client, "mina.kay@example.com")
    code = mailbox.code("mina.kay@example.com")
    complete(client, begun, code, "mina.harbor", username="Kestrel", **twice(password)).violates(
        ("/password", violation)
    )
    complete(client, begun, code, "mina.harbor", username="Kestrel").is_(201)


def test_a_wrong_code_is_told_and_the_right_one_still_counts(client, mailbox):
    begun = begin(client, MINA)
    code = mailbox.code(MINA)
    for _ in range(4):
        complete(client, begun, other_than(code), "mina").refused(422, "verification_failed")
    client.post("/v1/login", {"login": "mina", "password": PASSWORD}).refused(401, "invalid_credentials")
    complete(client, begun, code, "mina").is_(201)


def test_five_wrong_codes_end_it_and_a_fresh_code_brings_no_fresh_tries(client, mailbox):
    begun = begin(client, MINA)
    code = mailbox.code(MINA)
    for _ in range(3):
        complete(client, begun, other_than(code), "mina").refused(422, "verification_failed")
    pass_by(client, begun["resend_after"])
    assert begin(client, MINA)["registration_id"] == begun["registration_id"]
    code = mailbox.code(MINA, count=2)
    for _ in range(2):
        complete(client, begun, other_than(code), "mina").refused(422, "verification_failed")
    advance(client, MINUTE)
    complete(client, begun, code, "mina").refused(422, "verification_failed")


def test_a_right_code_followed_by_a_refusal_gives_the_try_back(client, mailbox):
    begun = begin(client, MINA)
    code = mailbox.code(MINA)
    for _ in range(4):
        complete(client, begun, other_than(code), "mina").refused(422, "verification_failed")
    for _ in range(6):
        complete(client, begun, code, "ADMIN").refused(409, "login_taken")
    for _ in range(3):
        complete(client, begun, code, "mina", invitation_code="00000000").refused(422, "invitation_invalid")
    client.post("/v1/login", {"login": "mina", "password": PASSWORD}).refused(401, "invalid_credentials")
    complete(client, begun, code, "mina").is_(201)


def test_a_code_is_good_for_ten_minutes(client, mailbox):
    begun = begin(client, MINA)
    code = mailbox.code(MINA)
    advance(client, 10 * MINUTE - 15)
    assert is_right(client, begun, code)
    pass_by(client, begun["expires_at"])
    complete(client, begun, code, "mina").refused(422, "verification_failed")
    anew = begin(client, MINA)
    assert anew["registration_id"] != begun["registration_id"]
    assert is_right(client, anew, mailbox.code(MINA, count=2))


def test_within_a_minute_the_reply_is_the_same_and_no_mail_is_sent(client, mailbox):
    first = client.post("/v1/registrations", {"email": MINA}).is_(202)
    code = mailbox.code(MINA)
    for email in (MINA, MINA.upper()):
        assert client.post("/v1/registrations", {"email": email}).is_(202).body == first.body
    mailbox.settle()
    assert len(mailbox.mails(MINA)) == 1 and is_right(client, first.json, code)


def test_after_a_minute_a_fresh_code_takes_the_place_of_the_old_one(client, mailbox):
    begun = begin(client, MINA)
    old = mailbox.code(MINA)
    advance(client, MINUTE + 1)
    again = begin(client, MINA)
    assert again["registration_id"] == begun["registration_id"] and again["resend_after"] > begun["resend_after"]
    fresh = mailbox.code(MINA, count=2)
    assert fresh != old and not is_right(client, begun, old)
    complete(client, again, fresh, "mina").is_(201)


def test_a_step_that_was_not_taken_is_a_wrong_code(client, mailbox):
    never = {"registration_id": "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d22"}
    complete(client, never, "00000000", "mina").refused(422, "verification_failed")
    begun, other = begin(client, MINA), begin(client, "zoe@example.com")
    code, of_other = mailbox.code(MINA), mailbox.code("zoe@example.com")
    if code != of_other:
        complete(client, begun, of_other, "mina").refused(422, "verification_failed")
    reset = client.post("/v1/password-resets", {"email": MINA}).is_(202).json
    complete(client, {"registration_id": reset["reset_id"]}, code, "mina").refused(422, "verification_failed")
    resetting = {"code": code, **twice(PASSWORD)}
    client.post(f"/v1/password-resets/{begun['registration_id']}/complete", resetting).refused(
        422, "verification_failed"
    )
    assert is_right(client, begun, code) and is_right(client, other, of_other)


def test_an_address_that_is_somebodys_gets_the_same_reply_and_a_mail_without_a_code(client, mailbox):
    mailbox.register("Mina.Park@Example.com", "mina.park")
    mailbox.settle()
    before = len(mailbox.notices("Mina.Park@Example.com"))
    advance(client, MINUTE + 1)
    known = client.post("/v1/registrations", {"email": "MINA.PARK@example.COM"}).is_(202)
    unknown = client.post("/v1/registrations", {"email": "zoe.park@example.com"}).is_(202)
    assert shape(known) == shape(unknown)
    notice = mailbox.notice("Mina.Park@Example.com", count=before + 1)
    assert notice["to"] == "Mina.Park@Example.com", "mail goes to the spelling that its owner gave"
    assert mailed_code(notice["text"]) is None
    assert client.post("/v1/registrations", {"email": "mina.park@example.com"}).is_(202).body == known.body
    code = mailbox.code("zoe.park@example.com")
    wrong = complete(client, unknown.json, other_than(code), "zoe.park").refused(422, "verification_failed")
    for number in range(4):
        reply = complete(client, known.json, f"{number:08}", f"mina.{number}").refused(422, "verification_failed")
        assert {**reply.json, "request_id": 0} == {**wrong.json, "request_id": 0}
    mailbox.settle()
    assert len(mailbox.codes("Mina.Park@Example.com")) == 1, "the one that it was registered with"


def test_an_address_that_somebody_else_typed_is_still_its_owners(server, client, mailbox):
    typed = server.admin().post("/v1/users", new_user("Typed", email=MINA)).is_(201).json["user"]
    assert (typed["email"], typed["email_verified"]) == (MINA, False)
    mina = mailbox.register(MINA, "mina.harbor")
    assert (mina.user["email"], mina.user["email_verified"]) == (MINA, True)
    after = server.admin().get(f"/v1/users/{typed['user_id']}").is_(200).json
    assert after["email_verified"] is False


def test_an_address_gets_five_mails_a_day_for_one_who_asks(client, mailbox):
    mailbox.register("known@example.com", "known.person")
    advance(client, DAY + 1)
    mailbox.settle()
    before = {email: len(mailbox.mails(email)) for email in (MINA, "known@example.com")}
    for email in before:
        for _ in range(5):
            advance(client, MINUTE + 1)
            begin(client, email)
        advance(client, MINUTE + 1)
        refused = client.post("/v1/registrations", {"email": email}).refused(429, "too_many_requests")
        assert int(refused.header("retry-after")) >= 1
    mailbox.settle()
    assert {email: len(mailbox.mails(email)) - count for email, count in before.items()} == dict.fromkeys(before, 5)
    advance(client, DAY + 1)
    for email in before:
        begin(client, email)
    assert is_right(client, begin(client, MINA), mailbox.code(MINA, count=6))


def test_a_poisoned_host_is_in_no_mail(client, mailbox):
    poisoned = client.having(host="evil.example", x_forwarded_host="evil.example", forwarded="host=evil.example")
    begin(poisoned, MINA)
    mailbox.code(MINA)
    (mail,) = mailbox.mails(MINA)
    assert "evil.example" not in "".join(mail.values())


def test_one_login_is_registered_once_and_who_was_late_takes_another(client, mailbox):
    emails = [f"late-{number}@example.com" for number in range(8)]
    begun = [begin(client, email) for email in emails]
    codes = [mailbox.code(email) for email in emails]
    replies = in_parallel(8, lambda one: complete(client, *one, "the.only"), zip(begun, codes, strict=True))
    assert sorted(reply.status for reply in replies) == [201] + [409] * 7
    for flow, code, reply in zip(begun, codes, replies, strict=True):
        if reply.status == 409:
            assert reply.code in ("login_taken", "conflict"), f"{reply}"
            complete(client, flow, code, f"late.{code}").is_(201)
    client.sign_in(PASSWORD, "the.only")


def test_one_code_in_parallel_makes_one_user(client, mailbox):
    begun = begin(client, MINA)
    code = mailbox.code(MINA)
    replies = in_parallel(8, lambda number: complete(client, begun, code, f"mina.{number}"), range(8))
    assert sum(reply.status == 201 for reply in replies) == 1
    for number, reply in enumerate(replies):
        if reply.status == 201:
            client.sign_in(PASSWORD, f"mina.{number}")
        else:
            assert reply.code in ("verification_failed", "conflict", "too_many_attempts"), f"{reply}"


def test_an_address_is_verified_by_one_of_two_who_try(client, mailbox):
    """Registering with it, and changing to it, at the same time."""
    zoe = mailbox.register("zoe@example.com", "zoe.harbor")
    begun = begin(client, MINA)
    registering = mailbox.code(MINA)
    zoe.session.post("/v1/me/email", {"email": MINA, "current_password": PASSWORD}).is_(202)
    mailbox.code(MINA, count=2)
    (changing,) = [code for code in mailbox.codes(MINA) if code != registering]
    both = [
        lambda: complete(client, begun, registering, "mina"),
        lambda: zoe.session.post("/v1/me/email/confirm", {"code": changing}),
    ]
    registered, changed = in_parallel(2, lambda action: action(), both)
    assert sorted((registered.status < 300, changed.status < 300)) == [False, True], f"{registered}\n{changed}"
    loser = changed if registered.status == 201 else registered
    assert loser.status in (409, 422), f"{loser}"
    assert (zoe.user["email"] == MINA) == (changed.status == 200)


def test_registration_can_be_switched_off(start):
    server = start("--memory", password=ADMIN_PASSWORD, environment={"REGISTRATION": "off"})
    server.client.post("/v1/registrations", {"email": MINA}).refused(403, "registration_closed")
    given = server.admin().post("/v1/users", new_user("Hired")).is_(201).json
    server.client.sign_in(given["generated_password"], given["user"]["login"])
