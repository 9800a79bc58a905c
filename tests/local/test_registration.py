"""Registration with a mailed code: validation, and what the replies reveal about addresses and logins."""

import re

import pytest

from client import TIMESTAMP, UUID_V7, in_parallel, shape, without_request_id
from clock import DAY, MINUTE, advance
from codes import mailed_code, wrong_code
from mails import begin_registration, complete_registration, is_valid_code
from server import PASSWORD as ADMIN_PASSWORD
from users import PASSWORD, USER_FIELDS, new_user_body, password_fields

MINA = "mina@example.com"


def test_a_user_registers_with_a_mailed_code(client, mailbox):
    flow = begin_registration(client, MINA)
    assert re.fullmatch(UUID_V7, flow["registration_id"])
    assert re.fullmatch(TIMESTAMP, flow["expires_at"]) and re.fullmatch(TIMESTAMP, flow["resend_after"])
    code = mailbox.code(MINA)
    (mail,) = mailbox.mails(MINA)
    assert mail["to"] == MINA and mail["subject"] and code in mail["html"]
    assert re.fullmatch(TIMESTAMP, mail["sent_at"]) and mail["sent_at"] < flow["resend_after"] < flow["expires_at"]
    reply = complete_registration(client, flow, code, "Mina.Harbor", username="王小明").expect(201)
    assert reply.json.keys() == {"user"} and reply.header("set-cookie") is None, "registration does not sign in"
    assert reply.header("location"), f"{reply}"
    user = reply.json["user"]
    assert user.keys() == USER_FIELDS
    assert (user["username"], user["login"], user["type"], user["status"]) == (
        "王小明",
        "Mina.Harbor",
        "member",
        "enabled",
    )
    assert (user["email"], user["email_verified"], user["totp_enabled"]) == (MINA, True, False)
    assert (user["password_change_required"], user["last_login_at"], user["version"]) == (False, None, 1)
    mina = client.sign_in(PASSWORD, "mina.harbor")
    me = mina.get("/v1/me").expect(200).json
    assert (
        me["user"] == user | {"last_login_at": me["user"]["last_login_at"]}
        and me["user"]["last_login_at"] >= user["created_at"]
    )
    assert me["teams"] == [] and mina.get("/v1/apps").expect(200).json["items"] == []
    mina.get("/v1/users").expect_problem(404, "not_found")


def test_an_invalid_address_gets_no_mail(client, mailbox):
    client.post("/v1/registrations", {}).expect_violations(("/email", "required"))
    client.post("/v1/registrations", {"email": [MINA]}).expect_violations(("/email", "wrong_type"))
    client.post("/v1/registrations", {"email": MINA, "code": "1"}).expect_violations(
        ("/code", "unknown_field"), code="unknown_field"
    )
    client.post("/v1/registrations", b'{"email": "mina@example.com", "email": "zoe@example.com"}').expect_problem(
        400, "malformed_json"
    )
    client.post("/v1/registrations", {"email": "a" * 255}).expect_violations(("/email", "too_long"))
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
        client.post("/v1/registrations", {"email": email}).expect_violations(("/email", "bad_format"))
    mailbox.wait_for_pending()
    assert mailbox.mails(MINA) == mailbox.mails("zoe@example.com") == []


def test_all_violations_are_returned_at_once_and_do_not_count_as_wrong_codes(client, mailbox):
    flow = begin_registration(client, MINA)
    path = f"/v1/registrations/{flow['registration_id']}/complete"
    required = [
        (f"/{field}", "required") for field in ("code", "username", "login", "password", "password_confirmation")
    ]
    bad = {
        "code": "1234567",
        "username": "a  b",
        "login": "ab",
        "password": "short",
        "password_confirmation": "long",
        "invitation_code": "1234567x",
    }
    codes = ["bad_format", "bad_format", "too_short", "too_short", "mismatch", "bad_format"]
    violations = [(f"/{field}", code) for field, code in zip(bad, codes, strict=True)]
    for _ in range(3):
        client.post(path, {}).expect_violations(*required)
        client.post(path, bad).expect_violations(*violations)
        client.post(path, {**bad, "type": "super_admin"}).expect_violations(
            *violations, ("/type", "unknown_field"), code="unknown_field"
        )
    assert is_valid_code(client, flow, mailbox.code(MINA))


def test_each_field_is_validated(client):
    path = f"/v1/registrations/{begin_registration(client, MINA)['registration_id']}/complete"
    valid = {"code": "00000000", "username": "Mina", "login": "mina.harbor", **password_fields(PASSWORD)}
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
        client.post(path, valid | {field: value}).expect_violations((f"/{field}", code), code=top)


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
def test_a_weak_password_is_refused(client, mailbox, password, violation):
    """Weak means too short, too long, common, or derived from the login, the username or the address."""
    flow = begin_registration(client, "mina.kay@example.com")
    code = mailbox.code("mina.kay@example.com")
    complete_registration(
        client, flow, code, "mina.harbor", username="Kestrel", **password_fields(password)
    ).expect_violations(("/password", violation))
    complete_registration(client, flow, code, "mina.harbor", username="Kestrel").expect(201)


def test_a_taken_address_gets_the_same_reply_and_a_mail_without_a_code(client, mailbox):
    mailbox.register("Mina.Park@Example.com", "mina.park")
    mailbox.wait_for_pending()
    before = len(mailbox.notices("Mina.Park@Example.com"))
    advance(client, MINUTE + 1)
    known = client.post("/v1/registrations", {"email": "MINA.PARK@example.COM"}).expect(202)
    unknown = client.post("/v1/registrations", {"email": "zoe.park@example.com"}).expect(202)
    assert shape(known) == shape(unknown)
    notice = mailbox.notice("Mina.Park@Example.com", count=before + 1)
    assert notice["to"] == "Mina.Park@Example.com", "mail is sent to the spelling that was registered"
    assert mailed_code(notice["text"]) is None
    code = mailbox.code("zoe.park@example.com")
    wrong = complete_registration(client, unknown.json, wrong_code(code), "zoe.park").expect_problem(
        422, "verification_failed"
    )
    for number in range(4):
        reply = complete_registration(client, known.json, f"{number:08}", f"mina.{number}").expect_problem(
            422, "verification_failed"
        )
        assert without_request_id(reply) == without_request_id(wrong)
    mailbox.wait_for_pending()
    assert len(mailbox.codes("Mina.Park@Example.com")) == 1, "only the code of the registration"


def test_an_unverified_address_can_still_be_registered_by_its_owner(server, client, mailbox):
    typed = server.admin().post("/v1/users", new_user_body("Typed", email=MINA)).expect(201).json["user"]
    assert (typed["email"], typed["email_verified"]) == (MINA, False)
    mina = mailbox.register(MINA, "mina.harbor")
    assert (mina.user["email"], mina.user["email_verified"]) == (MINA, True)
    after = server.admin().get(f"/v1/users/{typed['user_id']}").expect(200).json
    assert after["email_verified"] is False


def test_a_network_that_asks_again_gets_two_mails_an_hour_for_an_address(client, mailbox):
    mailbox.register("known@example.com", "known.person")
    advance(client, DAY + 1)
    mailbox.wait_for_pending()
    before = {email: len(mailbox.mails(email)) for email in (MINA, "known@example.com")}
    for email in before:
        for _ in range(2):
            advance(client, MINUTE + 1)
            begin_registration(client, email)
        advance(client, MINUTE + 1)
        refused = client.post("/v1/registrations", {"email": email}).expect_problem(429, "too_many_requests")
        assert int(refused.header("retry-after")) >= 1
    mailbox.wait_for_pending()
    assert {email: len(mailbox.mails(email)) - count for email, count in before.items()} == dict.fromkeys(before, 2)
    advance(client, DAY + 1)
    for email in before:
        begin_registration(client, email)
    advance(client, MINUTE + 1)
    assert is_valid_code(client, begin_registration(client, MINA), mailbox.code(MINA, count=4))


def test_a_forged_host_header_does_not_reach_the_mail(client, mailbox):
    poisoned = client.with_headers(host="evil.example", x_forwarded_host="evil.example", forwarded="host=evil.example")
    begin_registration(poisoned, MINA)
    mailbox.code(MINA)
    (mail,) = mailbox.mails(MINA)
    assert "evil.example" not in "".join(mail.values())


def test_parallel_registrations_of_a_login_succeed_once_and_the_others_can_choose_another(client, mailbox):
    emails = [f"rival-{number}@example.com" for number in range(8)]
    flows = [begin_registration(client, email) for email in emails]
    codes = [mailbox.code(email) for email in emails]
    replies = in_parallel(
        8, lambda pair: complete_registration(client, *pair, "the.only"), zip(flows, codes, strict=True)
    )
    assert sorted(reply.status for reply in replies) == [201] + [409] * 7
    for flow, code, reply in zip(flows, codes, replies, strict=True):
        if reply.status == 409:
            assert reply.code in ("login_taken", "conflict"), f"{reply}"
            complete_registration(client, flow, code, f"rival.{code}").expect(201)
    client.sign_in(PASSWORD, "the.only")


def test_registration_can_be_switched_off(start):
    server = start("--memory", password=ADMIN_PASSWORD, environment={"REGISTRATION": "off"})
    server.client.post("/v1/registrations", {"email": MINA}).expect_problem(403, "registration_closed")
    given = server.admin().post("/v1/users", new_user_body("Hired")).expect(201).json
    server.client.sign_in(given["generated_password"], given["user"]["login"])
