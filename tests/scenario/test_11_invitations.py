"""Invitations: registration into a team, redemption by a member, and wrong codes.

A network may send twenty wrong codes an hour. This file sends five.
"""

import re

import pytest

from client import in_parallel
from mails import begin_registration, complete_registration
from teams import INVITATION_FIELDS, create_team, list_audit, redeem, teams_of
from users import PASSWORD, RUN_ID, Person


@pytest.fixture(scope="module")
def owner(new_person):
    return new_person("Owner")


@pytest.fixture(scope="module")
def team(admin, owner):
    team = create_team(admin, "Invited", owner)
    yield team
    admin.delete(team.path).expect(204)


@pytest.fixture(scope="module")
def mina(owner, mailbox):
    """A registered member who is in no team."""
    return mailbox.register(f"mina.{RUN_ID}@example.com", f"mina.{RUN_ID}")


def test_a_code_is_returned_once_and_listed_with_its_last_two_digits(team, owner):
    issued = owner.session.post(team.invitations, {"role_id": "developer", "note": "the new one"}).expect(201)
    invitation, code = issued.json["invitation"], issued.json["code"]
    assert (
        invitation.keys() == INVITATION_FIELDS and re.fullmatch(r"\d{8}", code) and invitation["code_hint"] == code[-2:]
    )
    assert (invitation["status"], invitation["note"], invitation["issued_by"]["user_id"]) == (
        "live",
        "the new one",
        owner.user_id,
    )
    listed = owner.session.get(team.invitations, status="live").expect(200)
    assert listed.json["items"] == [invitation] and code.encode() not in listed.body
    assert issued.header("location") == team.invitations
    path = f"{team.invitations}/{invitation['invitation_id']}"
    owner.session.delete(path).expect(204)
    owner.session.delete(path).expect(204)
    assert team.get_invitation(owner.session, invitation["invitation_id"])["status"] == "revoked"


def test_the_issuer_of_an_invitation_must_be_able_to_grant_its_role(admin, team, owner, new_person):
    manager, reviewer = new_person("Manager"), new_person("Reviewer")
    team.add_member(owner.session, manager, "member_manager")
    team.add_member(owner.session, reviewer, "reviewer")
    manager.session.post(team.invitations, {"role_id": "admin"}).expect_problem(403, "forbidden")
    reviewer.session.post(team.invitations, {"role_id": "reviewer"}).expect_problem(403, "forbidden")
    owner.session.post(team.invitations, {"role_id": "owner", "login": "x"}).expect_violations(
        ("/role_id", "unknown_reference"), ("/login", "too_short")
    )
    for session in (admin, owner.session, manager.session):
        invitation, _ = team.invite(session, "operator")
        session.delete(f"{team.invitations}/{invitation['invitation_id']}").expect(204)


def test_only_users_with_a_verified_address_redeem_codes(admin, team, owner, new_person):
    _, code = team.invite(owner.session, "developer")
    bare = new_person("Bare")
    redeem(bare.session, code).expect_problem(403, "email_not_verified")
    redeem(admin, code).expect_problem(403, "forbidden")
    assert teams_of(bare) == {}


def test_a_new_user_registers_into_the_team(anonymous, team, owner, mailbox):
    email, login = f"newcomer.{RUN_ID}@example.com", f"newcomer.{RUN_ID}"
    invitation, digits = team.invite(owner.session, "operator", login=login)
    flow = begin_registration(anonymous, email)
    mailed = mailbox.code(email)
    complete_registration(anonymous, flow, mailed, f"other.{RUN_ID}", invitation_code=digits).expect_problem(
        422, "invitation_invalid"
    )
    reply = complete_registration(anonymous, flow, mailed, login, invitation_code=digits).expect(201)
    newcomer = Person(anonymous.sign_in(PASSWORD, login), login, PASSWORD)
    assert teams_of(newcomer) == {team.team_id: "operator"} and newcomer.session.get(team.path).expect(200)
    after = team.get_invitation(owner.session, invitation["invitation_id"])
    assert (after["status"], after["redeemed_by"]["user_id"]) == ("redeemed", reply.json["user"]["user_id"])
    assert login in team.logins(owner.session)


def test_a_member_joins_with_a_reissued_code(team, owner, mina):
    before, old = team.invite(owner.session, "developer")
    fresh = owner.session.post(f"{team.invitations}/{before['invitation_id']}/reissue").expect(201).json
    redeem(mina.session, old).expect_problem(422, "invitation_invalid")
    redeem(mina.session, "1234567").expect_violations(("/code", "bad_format"))
    keyed = mina.session.with_headers(idempotency_key=f"join {RUN_ID}")
    joined, again = redeem(keyed, fresh["code"]).expect(200), redeem(keyed, fresh["code"]).expect(200)
    assert joined.json["team"]["team_id"] == team.team_id and joined.json["role"]["role_id"] == "developer"
    assert again.body == joined.body and again.header("idempotency-replayed") == "true"
    assert teams_of(mina) == {team.team_id: "developer"}
    states = {one["invitation_id"]: one["status"] for one in owner.session.list_all(team.invitations)}
    assert (states[before["invitation_id"]], states[fresh["invitation"]["invitation_id"]]) == ("revoked", "redeemed")
    owner.session.post(f"{team.invitations}/{fresh['invitation']['invitation_id']}/reissue").expect_problem(
        409, "invitation_ended"
    )


def test_a_member_of_the_team_does_not_use_up_its_code(team, owner, mina):
    invitation, code = team.invite(owner.session, "reviewer")
    redeem(mina.session, code).expect_problem(409, "already_member")
    assert team.get_invitation(owner.session, invitation["invitation_id"]) == invitation


def test_an_invitation_may_grant_a_custom_role(team, owner, mina):
    role_id = team.create_role(owner.session, "Release", "team.read", "audit.read")
    owner.session.delete(team.member_path(mina)).expect(204)
    invitation, code = team.invite(owner.session, role_id, login=mina.login.upper())
    owner.session.delete(f"{team.roles}/{role_id}").expect_problem(409, "role_in_use")
    assert redeem(mina.session, code).expect(200).json["role"]["permissions"] == ["team.read", "audit.read"]
    (record,) = list_audit(mina.session, target=invitation["invitation_id"], action="invitation.redeem")
    assert (record["actor"]["login"], record["before"]["status"], record["after"]["status"]) == (
        mina.login,
        "live",
        "redeemed",
    )
    assert code not in str(list_audit(mina.session))


def test_parallel_redemptions_of_a_code_add_one_member(team, owner, mailbox):
    rivals = [
        mailbox.register(f"rival.{number}.{RUN_ID}@example.com", f"rival.{number}.{RUN_ID}") for number in range(2)
    ]
    _, code = team.invite(owner.session, "developer")
    replies = in_parallel(2, lambda rival: redeem(rival.session, code), rivals)
    for reply in replies:
        assert reply.status == 200 or reply.code in ("invitation_invalid", "conflict"), f"{reply}"
    assert sum(reply.status == 200 for reply in replies) == 1 == sum(teams_of(rival) != {} for rival in rivals)


def test_the_code_of_a_demoted_issuer_is_invalid(team, owner, mailbox, new_person):
    manager = new_person("Demoted")
    team.add_member(owner.session, manager, "member_manager")
    _, code = team.invite(manager.session, "developer")
    owner.session.patch(team.member_path(manager), {"role_id": "developer"}).expect(200)
    late = mailbox.register(f"late.{RUN_ID}@example.com", f"late.{RUN_ID}")
    redeem(late.session, code).expect_problem(422, "invitation_invalid")
    assert teams_of(late) == {}
