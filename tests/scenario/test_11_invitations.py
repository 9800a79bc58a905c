"""Invitations: a stranger registers into a team, a member joins one, and wrong codes are refused.

A network has twenty wrong tries an hour, and waits for its end after that. This file takes five of them.
"""

import re

import pytest

from client import in_parallel
from mails import begin, complete
from teams import INVITATION, audited, found, redeem, teams_of
from users import PASSWORD, RUN, Person


@pytest.fixture(scope="module")
def owner(employ):
    return employ("Owner")


@pytest.fixture(scope="module")
def team(admin, owner):
    team = found(admin, "Invited", owner)
    yield team
    admin.delete(team.path).is_(204)


@pytest.fixture(scope="module")
def mina(owner, mailbox):
    """A member who registered, and is in no team."""
    return mailbox.register(f"mina.{RUN}@example.com", f"mina.{RUN}")


def test_a_code_is_shown_once_and_listed_by_its_last_two_digits(team, owner):
    issued = owner.session.post(team.invitations, {"role_id": "developer", "note": "the new one"}).is_(201)
    invitation, code = issued.json["invitation"], issued.json["code"]
    assert invitation.keys() == INVITATION and re.fullmatch(r"\d{8}", code) and invitation["code_hint"] == code[-2:]
    assert (invitation["status"], invitation["note"], invitation["issued_by"]["user_id"]) == (
        "live",
        "the new one",
        owner.user_id,
    )
    listed = owner.session.get(team.invitations, status="live").is_(200)
    assert listed.json["items"] == [invitation] and code.encode() not in listed.body
    owner.session.delete(issued.header("location")).is_(204)
    owner.session.delete(issued.header("location")).is_(204)
    assert team.invitation(owner.session, invitation["invitation_id"])["status"] == "revoked"


def test_an_invitation_is_for_a_role_that_its_issuer_may_grant(admin, team, owner, employ):
    manager, reviewer = employ("Manager"), employ("Reviewer")
    team.add(owner.session, manager, "member_manager")
    team.add(owner.session, reviewer, "reviewer")
    manager.session.post(team.invitations, {"role_id": "admin"}).refused(403, "forbidden")
    reviewer.session.post(team.invitations, {"role_id": "reviewer"}).refused(403, "forbidden")
    owner.session.post(team.invitations, {"role_id": "owner", "login": "x"}).violates(
        ("/role_id", "unknown_reference"), ("/login", "too_short")
    )
    for session in (admin, owner.session, manager.session):
        invitation, _ = team.invite(session, "operator")
        session.delete(f"{team.invitations}/{invitation['invitation_id']}").is_(204)


def test_only_who_proved_an_address_joins(admin, team, owner, employ):
    _, code = team.invite(owner.session, "developer")
    bare = employ("Bare")
    redeem(bare.session, code).refused(403, "email_not_verified")
    redeem(admin, code).refused(403, "forbidden")
    assert teams_of(bare) == {}


def test_a_stranger_registers_into_the_team(stranger, team, owner, mailbox):
    email, login = f"newcomer.{RUN}@example.com", f"newcomer.{RUN}"
    invitation, digits = team.invite(owner.session, "operator", login=login)
    begun = begin(stranger, email)
    mailed = mailbox.code(email)
    complete(stranger, begun, mailed, f"other.{RUN}", invitation_code=digits).refused(422, "invitation_invalid")
    reply = complete(stranger, begun, mailed, login, invitation_code=digits).is_(201)
    newcomer = Person(stranger.sign_in(PASSWORD, login), login, PASSWORD)
    assert teams_of(newcomer) == {team.team_id: "operator"} and newcomer.session.get(team.path).is_(200)
    after = team.invitation(owner.session, invitation["invitation_id"])
    assert (after["status"], after["redeemed_by"]["user_id"]) == ("redeemed", reply.json["user"]["user_id"])
    assert login in team.logins(owner.session)


def test_a_member_joins_by_a_code_that_was_issued_anew(team, owner, mina):
    before, old = team.invite(owner.session, "developer")
    fresh = owner.session.post(f"{team.invitations}/{before['invitation_id']}/reissue").is_(201).json
    redeem(mina.session, old).refused(422, "invitation_invalid")
    redeem(mina.session, "1234567").violates(("/code", "bad_format"))
    keyed = mina.session.having(idempotency_key=f"join {RUN}")
    joined, again = redeem(keyed, fresh["code"]).is_(200), redeem(keyed, fresh["code"]).is_(200)
    assert joined.json["team"]["team_id"] == team.team_id and joined.json["role"]["role_id"] == "developer"
    assert again.body == joined.body and again.header("idempotency-replayed") == "true"
    assert teams_of(mina) == {team.team_id: "developer"}
    states = {one["invitation_id"]: one["status"] for one in owner.session.everything(team.invitations)}
    assert (states[before["invitation_id"]], states[fresh["invitation"]["invitation_id"]]) == ("revoked", "redeemed")
    owner.session.post(f"{team.invitations}/{fresh['invitation']['invitation_id']}/reissue").refused(
        409, "invitation_ended"
    )


def test_who_is_in_already_hears_so(team, owner, mina):
    invitation, code = team.invite(owner.session, "reviewer")
    redeem(mina.session, code).refused(409, "already_member")
    assert team.invitation(owner.session, invitation["invitation_id"]) == invitation


def test_an_invitation_into_a_role_of_the_teams_own(team, owner, mina):
    role_id = team.role(owner.session, "Release", "team.read", "audit.read")
    owner.session.delete(team.member(mina)).is_(204)
    invitation, code = team.invite(owner.session, role_id, login=mina.login.upper())
    owner.session.delete(f"{team.roles}/{role_id}").refused(409, "role_in_use")
    assert redeem(mina.session, code).is_(200).json["role"]["permissions"] == ["team.read", "audit.read"]
    (record,) = audited(mina.session, target=invitation["invitation_id"], action="invitation.redeem")
    assert (record["actor"]["login"], record["before"]["status"], record["after"]["status"]) == (
        mina.login,
        "live",
        "redeemed",
    )
    assert code not in str(audited(mina.session))


def test_one_code_in_parallel_makes_one_member(team, owner, mailbox):
    rivals = [mailbox.register(f"rival.{number}.{RUN}@example.com", f"rival.{number}.{RUN}") for number in range(2)]
    _, code = team.invite(owner.session, "developer")
    replies = in_parallel(2, lambda rival: redeem(rival.session, code), rivals)
    for reply in replies:
        assert reply.status == 200 or reply.code in ("invitation_invalid", "conflict"), f"{reply}"
    assert sum(reply.status == 200 for reply in replies) == 1 == sum(teams_of(rival) != {} for rival in rivals)


def test_a_demoted_issuers_code_is_good_for_nothing(team, owner, mailbox, employ):
    manager = employ("Demoted")
    team.add(owner.session, manager, "member_manager")
    _, code = team.invite(manager.session, "developer")
    owner.session.patch(team.member(manager), {"role_id": "developer"}).is_(200)
    late = mailbox.register(f"late.{RUN}@example.com", f"late.{RUN}")
    redeem(late.session, code).refused(422, "invitation_invalid")
    assert teams_of(late) == {}
