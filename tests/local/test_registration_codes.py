"""The mailed code of a registration: when it is valid, how often it may be wrong, and when it is replaced."""

from client import in_parallel
from clock import MINUTE, advance, advance_past
from codes import wrong_code
from mails import begin_registration, complete_registration, is_valid_code
from users import PASSWORD, password_fields

MINA = "mina@example.com"


def test_a_code_is_used_once_and_an_idempotency_key_replays_the_reply(client, mailbox):
    flow = begin_registration(client, MINA)
    code = mailbox.code(MINA)
    keyed = client.with_headers(idempotency_key="register")
    first = complete_registration(keyed, flow, code, "mina").expect(201)
    again = complete_registration(keyed, flow, code, "mina").expect(201)
    assert again.header("idempotency-replayed") == "true" and again.body == first.body
    complete_registration(client, flow, code, "mina").expect_problem(422, "verification_failed")
    complete_registration(client, flow, code, "zoe").expect_problem(422, "verification_failed")


def test_the_right_code_is_accepted_after_wrong_ones(client, mailbox):
    flow = begin_registration(client, MINA)
    code = mailbox.code(MINA)
    for _ in range(4):
        complete_registration(client, flow, wrong_code(code), "mina").expect_problem(422, "verification_failed")
    client.post("/v1/login", {"login": "mina", "password": PASSWORD}).expect_problem(401, "invalid_credentials")
    complete_registration(client, flow, code, "mina").expect(201)


def test_a_registration_ends_after_five_wrong_codes_even_with_a_new_code(client, mailbox):
    flow = begin_registration(client, MINA)
    code = mailbox.code(MINA)
    for _ in range(3):
        complete_registration(client, flow, wrong_code(code), "mina").expect_problem(422, "verification_failed")
    advance_past(client, flow["resend_after"])
    again = begin_registration(client, MINA, registration_id=flow["registration_id"])
    assert again["registration_id"] == flow["registration_id"]
    code = mailbox.code(MINA, count=2)
    for _ in range(2):
        complete_registration(client, flow, wrong_code(code), "mina").expect_problem(422, "verification_failed")
    advance(client, MINUTE)
    complete_registration(client, flow, code, "mina").expect_problem(422, "verification_failed")


def test_a_right_code_with_another_error_does_not_count_as_an_attempt(client, mailbox):
    flow = begin_registration(client, MINA)
    code = mailbox.code(MINA)
    for _ in range(4):
        complete_registration(client, flow, wrong_code(code), "mina").expect_problem(422, "verification_failed")
    for _ in range(6):
        complete_registration(client, flow, code, "ADMIN").expect_problem(409, "login_taken")
    for _ in range(3):
        complete_registration(client, flow, code, "mina", invitation_code="00000000").expect_problem(
            422, "invitation_invalid"
        )
    client.post("/v1/login", {"login": "mina", "password": PASSWORD}).expect_problem(401, "invalid_credentials")
    complete_registration(client, flow, code, "mina").expect(201)


def test_a_code_expires_after_ten_minutes(client, mailbox):
    flow = begin_registration(client, MINA)
    code = mailbox.code(MINA)
    advance(client, 10 * MINUTE - 15)
    assert is_valid_code(client, flow, code)
    advance_past(client, flow["expires_at"])
    complete_registration(client, flow, code, "mina").expect_problem(422, "verification_failed")
    fresh = begin_registration(client, MINA)
    assert fresh["registration_id"] != flow["registration_id"]
    assert is_valid_code(client, fresh, mailbox.code(MINA, count=2))


def test_a_mail_requested_within_a_minute_is_sent_when_the_minute_is_over(client, mailbox):
    first = begin_registration(client, MINA)
    code = mailbox.code(MINA)
    second = begin_registration(client, MINA.upper())
    assert second["registration_id"] != first["registration_id"]
    mailbox.wait_for_pending()
    assert len(mailbox.mails(MINA)) == 1 and is_valid_code(client, first, code)
    advance_past(client, first["resend_after"])
    assert is_valid_code(client, second, mailbox.code(MINA, count=2))


def test_after_a_minute_a_new_code_replaces_the_old_one(client, mailbox):
    flow = begin_registration(client, MINA)
    old = mailbox.code(MINA)
    advance(client, MINUTE + 1)
    again = begin_registration(client, MINA, registration_id=flow["registration_id"])
    assert again["registration_id"] == flow["registration_id"] and again["resend_after"] > flow["resend_after"]
    fresh = mailbox.code(MINA, count=2)
    assert fresh != old and not is_valid_code(client, flow, old)
    complete_registration(client, again, fresh, "mina").expect(201)


def test_the_code_of_another_flow_is_a_wrong_code(client, mailbox):
    never = {"registration_id": "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d22"}
    complete_registration(client, never, "00000000", "mina").expect_problem(422, "verification_failed")
    flow, other = begin_registration(client, MINA), begin_registration(client, "zoe@example.com")
    code, of_other = mailbox.code(MINA), mailbox.code("zoe@example.com")
    if code != of_other:
        complete_registration(client, flow, of_other, "mina").expect_problem(422, "verification_failed")
    reset = client.post("/v1/password-resets", {"email": MINA}).expect(202).json
    complete_registration(client, {"registration_id": reset["reset_id"]}, code, "mina").expect_problem(
        422, "verification_failed"
    )
    resetting = {"code": code, **password_fields(PASSWORD)}
    client.post(f"/v1/password-resets/{flow['registration_id']}/complete", resetting).expect_problem(
        422, "verification_failed"
    )
    assert is_valid_code(client, flow, code) and is_valid_code(client, other, of_other)


def test_parallel_uses_of_a_code_create_one_user(client, mailbox):
    flow = begin_registration(client, MINA)
    code = mailbox.code(MINA)
    replies = in_parallel(8, lambda number: complete_registration(client, flow, code, f"mina.{number}"), range(8))
    assert sum(reply.status == 201 for reply in replies) == 1
    for number, reply in enumerate(replies):
        if reply.status == 201:
            client.sign_in(PASSWORD, f"mina.{number}")
        else:
            assert reply.code in ("verification_failed", "conflict", "too_many_attempts"), f"{reply}"


def test_two_parallel_flows_verify_an_address_once(client, mailbox):
    """One flow registers with the address, the other changes an account to it."""
    zoe = mailbox.register("zoe@example.com", "zoe.harbor")
    flow = begin_registration(client, MINA)
    registering = mailbox.code(MINA)
    zoe.session.post("/v1/me/email", {"email": MINA, "current_password": PASSWORD}).expect(202)
    mailbox.code(MINA, count=2)
    (changing,) = [code for code in mailbox.codes(MINA) if code != registering]
    both = [
        lambda: complete_registration(client, flow, registering, "mina"),
        lambda: zoe.session.post("/v1/me/email/confirm", {"code": changing}),
    ]
    registered, changed = in_parallel(2, lambda action: action(), both)
    assert sorted((registered.status < 300, changed.status < 300)) == [False, True], f"{registered}\n{changed}"
    loser = changed if registered.status == 201 else registered
    assert loser.status in (409, 422), f"{loser}"
    assert (zoe.user["email"] == MINA) == (changed.status == 200)
