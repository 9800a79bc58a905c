"""Registering into a team: user and membership together, or neither."""

import pytest

from client import in_parallel
from codes import other_than
from letters import DAY, MINUTE, advance
from mails import begin, complete
from teams import audited, teams_of
from users import PASSWORD, Person

MINA = "mina@example.com"


@pytest.fixture
def begun(client):
    return begin(client, MINA)


@pytest.fixture
def code(begun, mailbox):
    """The mailed one."""
    return mailbox.code(MINA)


def registered(client, login):
    return Person(client.sign_in(PASSWORD, login), login, PASSWORD)


def nobody_came(harbor):
    return (
        harbor.team.logins(harbor.admin) == [harbor.owner.login]
        and harbor.admin.everything("/v1/users", q="mina") == []
    )


def test_who_registers_with_a_code_is_a_member_at_once(client, harbor, begun, code):
    team = harbor.team
    invitation, digits = team.invite(harbor.owner.session, "operator")
    reply = complete(client, begun, code, "mina", invitation_code=digits).is_(201)
    assert reply.json.keys() == {"user"} and reply.header("set-cookie") is None
    user = reply.json["user"]
    assert (user["type"], user["email_verified"], user["version"]) == ("member", True, 1)
    mina = registered(client, "mina")
    assert teams_of(mina) == {team.team_id: "operator"} and mina.session.get(team.path).is_(200)
    after = team.invitation(harbor.owner.session, invitation["invitation_id"])
    assert (after["status"], after["redeemed_by"]) == ("redeemed", {"user_id": user["user_id"], "username": "mina"})
    records = {record["action"]: record for record in audited(harbor.admin, actor=user["user_id"])}
    assert records.keys() >= {"user.register", "invitation.redeem"}
    assert (
        records["user.register"]["request_id"]
        == records["invitation.redeem"]["request_id"]
        == reply.header("x-request-id")
    )
    assert records["invitation.redeem"]["team_id"] == team.team_id and digits not in str(records)


def test_no_code_is_no_membership(client, harbor, begun, code):
    complete(client, begun, code, "mina", invitation_code=None).is_(201)
    assert teams_of(registered(client, "mina")) == {}


def test_a_refused_invitation_changes_nothing_and_costs_no_mailed_try(client, harbor, begun, code):
    team, session = harbor.team, harbor.owner.session
    invitation, digits = team.invite(session, "developer")
    _, foreign = team.invite(session, "developer", login="somebody.else")
    over, old = team.invite(session, "developer")
    session.delete(f"{team.invitations}/{over['invitation_id']}").is_(204)
    for wrong in (other_than(digits), foreign, old) * 2:
        complete(client, begun, code, "mina", invitation_code=wrong).refused(422, "invitation_invalid")
    assert nobody_came(harbor)
    complete(client, begun, code, "mina", invitation_code=digits).is_(201)
    assert team.invitation(session, invitation["invitation_id"])["status"] == "redeemed"


def test_another_refusal_leaves_the_invitation_alone(client, harbor, begun, code):
    invitation, digits = harbor.team.invite(harbor.owner.session, "developer")
    for _ in range(6):
        complete(client, begun, code, "admin", invitation_code=digits).refused(409, "login_taken")
    complete(client, begun, other_than(code), "mina", invitation_code=digits).refused(422, "verification_failed")
    complete(client, begun, code, "mi", username="Mina", invitation_code=digits).violates(("/login", "too_short"))
    complete(client, begun, code, "mina", invitation_code=digits[:7]).violates(("/invitation_code", "bad_format"))
    assert (
        nobody_came(harbor) and harbor.team.invitation(harbor.owner.session, invitation["invitation_id"]) == invitation
    )
    complete(client, begun, code, "mina", invitation_code=digits).is_(201)


def test_a_wrong_mailed_code_says_nothing_of_the_invitation(client, harbor, begun, code):
    _, digits = harbor.team.invite(harbor.owner.session, "developer")
    wrong = other_than(code)
    replies = [
        complete(client, begun, wrong, "mina", invitation_code=one).refused(422, "verification_failed")
        for one in (digits, other_than(digits))
    ]
    assert {**replies[0].json, "request_id": 0} == {**replies[1].json, "request_id": 0}


def test_a_bound_code_is_for_who_registers_that_login(client, harbor, begun, code):
    _, digits = harbor.team.invite(harbor.owner.session, "developer", login="Mina.Harbor")
    complete(client, begun, code, "mina", invitation_code=digits).refused(422, "invitation_invalid")
    complete(client, begun, code, "mina.harbor", invitation_code=digits).is_(201)
    assert teams_of(registered(client, "mina.harbor")) == {harbor.team.team_id: "developer"}


def test_ten_wrong_invitations_shut_the_address_and_not_its_registration(client, harbor, begun, code):
    _, digits = harbor.team.invite(harbor.owner.session, "developer")
    wrong = digits
    for _ in range(10):
        wrong = other_than(wrong)
        complete(client, begun, code, "mina", invitation_code=wrong).refused(422, "invitation_invalid")
    refused = complete(client, begun, code, "mina", invitation_code=digits).refused(429, "too_many_attempts")
    assert int(refused.header("retry-after")) > DAY - 5 * MINUTE and nobody_came(harbor)
    complete(client, begun, code, "mina").is_(201)
    assert teams_of(registered(client, "mina")) == {}


def test_an_invitation_that_ran_out_is_refused(client, harbor, mailbox):
    _, digits = harbor.team.invite(harbor.owner.session, "developer")
    advance(client, DAY + 1)
    begun = begin(client, MINA)
    code = mailbox.code(MINA)
    complete(client, begun, code, "mina", invitation_code=digits).refused(422, "invitation_invalid")
    complete(client, begun, code, "mina").is_(201)


def test_one_invitation_takes_one_of_many_who_register(client, harbor, mailbox):
    emails = [f"rival-{number}@example.com" for number in range(5)]
    flows = [begin(client, email) for email in emails]
    rivals = [
        (flow, mailbox.code(email), f"mina.{number}")
        for number, (flow, email) in enumerate(zip(flows, emails, strict=True))
    ]
    _, digits = harbor.team.invite(harbor.owner.session, "developer")
    replies = in_parallel(5, lambda rival: complete(client, *rival, invitation_code=digits), rivals)
    for rival, reply in zip(rivals, replies, strict=True):
        if reply.status != 201:
            assert reply.code in ("invitation_invalid", "conflict"), f"{reply}"
            complete(client, *rival).is_(201)
    (winner,) = [rival[2] for rival, reply in zip(rivals, replies, strict=True) if reply.status == 201]
    assert harbor.team.logins(harbor.admin) == [harbor.owner.login, winner]
    assert len(harbor.admin.everything("/v1/users", q="mina.")) == len(rivals)


def test_a_key_repeats_the_registration_into_the_team(client, harbor, begun, code):
    _, digits = harbor.team.invite(harbor.owner.session, "developer")
    keyed = client.having(idempotency_key="register")
    first, again = (complete(keyed, begun, code, "mina", invitation_code=digits).is_(201) for _ in range(2))
    assert again.body == first.body and again.header("idempotency-replayed") == "true"
    assert harbor.team.logins(harbor.admin) == [harbor.owner.login, "mina"]
