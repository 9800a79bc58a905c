"""Registration with an invitation code: user and membership are created together or not at all."""

import pytest

from client import in_parallel, without_request_id
from clock import DAY, MINUTE, advance
from codes import wrong_code
from mails import begin_registration, complete_registration
from teams import list_audit, teams_of
from users import PASSWORD, Person

NOAH = "noah@example.com"


@pytest.fixture
def flow(client):
    return begin_registration(client, NOAH)


@pytest.fixture
def code(flow, mailbox):
    """The mailed code of the registration."""
    return mailbox.code(NOAH)


def sign_in(client, login):
    return Person(client.sign_in(PASSWORD, login), login, PASSWORD)


def nobody_registered(harbor):
    return (
        harbor.team.logins(harbor.admin) == [harbor.owner.login] and harbor.admin.list_all("/v1/users", q="noah") == []
    )


def test_a_registration_with_an_invitation_joins_the_team(client, harbor, flow, code):
    team = harbor.team
    invitation, digits = team.invite(harbor.owner.session, "operator")
    reply = complete_registration(client, flow, code, "noah", invitation_code=digits).expect(201)
    assert reply.json.keys() == {"user"} and reply.header("set-cookie") is None
    user = reply.json["user"]
    assert (user["type"], user["email_verified"], user["version"]) == ("member", True, 1)
    noah = sign_in(client, "noah")
    assert teams_of(noah) == {team.team_id: "operator"} and noah.session.get(team.path).expect(200)
    after = team.get_invitation(harbor.owner.session, invitation["invitation_id"])
    assert (after["status"], after["redeemed_by"]) == ("redeemed", {"user_id": user["user_id"], "username": "noah"})
    records = {record["action"]: record for record in list_audit(harbor.admin, actor=user["user_id"])}
    assert records.keys() >= {"user.register", "invitation.redeem"}
    assert (
        records["user.register"]["request_id"]
        == records["invitation.redeem"]["request_id"]
        == reply.header("x-request-id")
    )
    assert records["invitation.redeem"]["team_id"] == team.team_id and digits not in str(records)


def test_a_registration_without_an_invitation_joins_no_team(client, harbor, flow, code):
    complete_registration(client, flow, code, "noah", invitation_code=None).expect(201)
    assert teams_of(sign_in(client, "noah")) == {}


def test_a_refused_invitation_changes_nothing_and_does_not_use_up_the_mailed_code(client, harbor, flow, code):
    team, session = harbor.team, harbor.owner.session
    invitation, digits = team.invite(session, "developer")
    _, foreign = team.invite(session, "developer", login="somebody.else")
    revoked, old = team.invite(session, "developer")
    session.delete(f"{team.invitations}/{revoked['invitation_id']}").expect(204)
    for wrong in (wrong_code(digits), foreign, old) * 2:
        complete_registration(client, flow, code, "noah", invitation_code=wrong).expect_problem(
            422, "invitation_invalid"
        )
    assert nobody_registered(harbor)
    complete_registration(client, flow, code, "noah", invitation_code=digits).expect(201)
    assert team.get_invitation(session, invitation["invitation_id"])["status"] == "redeemed"


def test_other_errors_do_not_use_up_the_invitation(client, harbor, flow, code):
    invitation, digits = harbor.team.invite(harbor.owner.session, "developer")
    for _ in range(6):
        complete_registration(client, flow, code, "admin", invitation_code=digits).expect_problem(409, "login_taken")
    complete_registration(client, flow, wrong_code(code), "noah", invitation_code=digits).expect_problem(
        422, "verification_failed"
    )
    complete_registration(client, flow, code, "mi", username="Noah", invitation_code=digits).expect_violations(
        ("/login", "too_short")
    )
    complete_registration(client, flow, code, "noah", invitation_code=digits[:7]).expect_violations(
        ("/invitation_code", "bad_format")
    )
    assert (
        nobody_registered(harbor)
        and harbor.team.get_invitation(harbor.owner.session, invitation["invitation_id"]) == invitation
    )
    complete_registration(client, flow, code, "noah", invitation_code=digits).expect(201)


def test_a_wrong_mailed_code_does_not_reveal_whether_the_invitation_is_valid(client, harbor, flow, code):
    _, digits = harbor.team.invite(harbor.owner.session, "developer")
    wrong = wrong_code(code)
    replies = [
        complete_registration(client, flow, wrong, "noah", invitation_code=one).expect_problem(
            422, "verification_failed"
        )
        for one in (digits, wrong_code(digits))
    ]
    assert without_request_id(replies[0]) == without_request_id(replies[1])


def test_a_bound_code_requires_a_registration_of_that_login(client, harbor, flow, code):
    _, digits = harbor.team.invite(harbor.owner.session, "developer", login="Noah.Harbor")
    complete_registration(client, flow, code, "noah", invitation_code=digits).expect_problem(422, "invitation_invalid")
    complete_registration(client, flow, code, "noah.harbor", invitation_code=digits).expect(201)
    assert teams_of(sign_in(client, "noah.harbor")) == {harbor.team.team_id: "developer"}


def test_ten_wrong_invitations_throttle_invitations_but_not_the_registration(client, harbor, flow, code):
    _, digits = harbor.team.invite(harbor.owner.session, "developer")
    wrong = digits
    for _ in range(10):
        wrong = wrong_code(wrong)
        complete_registration(client, flow, code, "noah", invitation_code=wrong).expect_problem(
            422, "invitation_invalid"
        )
    refused = complete_registration(client, flow, code, "noah", invitation_code=digits).expect_problem(
        429, "too_many_attempts"
    )
    assert int(refused.header("retry-after")) > DAY - 5 * MINUTE and nobody_registered(harbor)
    complete_registration(client, flow, code, "noah").expect(201)
    assert teams_of(sign_in(client, "noah")) == {}


def test_an_expired_invitation_is_refused(client, harbor, mailbox):
    _, digits = harbor.team.invite(harbor.owner.session, "developer")
    advance(client, DAY + 1)
    flow = begin_registration(client, NOAH)
    code = mailbox.code(NOAH)
    complete_registration(client, flow, code, "noah", invitation_code=digits).expect_problem(422, "invitation_invalid")
    complete_registration(client, flow, code, "noah").expect(201)


def test_parallel_registrations_with_an_invitation_add_one_member(client, harbor, mailbox):
    emails = [f"rival-{number}@example.com" for number in range(5)]
    flows = [begin_registration(client, email) for email in emails]
    rivals = [
        (flow, mailbox.code(email), f"noah.{number}")
        for number, (flow, email) in enumerate(zip(flows, emails, strict=True))
    ]
    _, digits = harbor.team.invite(harbor.owner.session, "developer")
    replies = in_parallel(5, lambda rival: complete_registration(client, *rival, invitation_code=digits), rivals)
    for rival, reply in zip(rivals, replies, strict=True):
        if reply.status != 201:
            assert reply.code in ("invitation_invalid", "conflict"), f"{reply}"
            complete_registration(client, *rival).expect(201)
    (winner,) = [rival[2] for rival, reply in zip(rivals, replies, strict=True) if reply.status == 201]
    assert harbor.team.logins(harbor.admin) == [harbor.owner.login, winner]
    assert len(harbor.admin.list_all("/v1/users", q="noah.")) == len(rivals)


def test_an_idempotency_key_replays_the_registration(client, harbor, flow, code):
    _, digits = harbor.team.invite(harbor.owner.session, "developer")
    keyed = client.with_headers(idempotency_key="register")
    first, again = (
        complete_registration(keyed, flow, code, "noah", invitation_code=digits).expect(201) for _ in range(2)
    )
    assert again.body == first.body and again.header("idempotency-replayed") == "true"
    assert harbor.team.logins(harbor.admin) == [harbor.owner.login, "noah"]
