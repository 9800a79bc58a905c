"""Joining a team by a code: once, by who may, and with one answer for whatever is wrong with it."""

import pytest

from client import in_parallel
from codes import other_than
from letters import shape
from teams import PRESETS, ROLE, TEAM, found, redeem, teams_of
from users import hire, new_user

MINA = "mina@example.com"


@pytest.fixture
def mina(mailbox):
    """A member with an address of her own."""
    return mailbox.register(MINA, "mina.harbor")


def refused_alike(*replies):
    """Whether nothing tells these refusals apart but their request."""
    first = replies[0].refused(422, "invitation_invalid")
    for reply in replies[1:]:
        assert shape(reply) == shape(first) and {**reply.json, "request_id": 0} == {**first.json, "request_id": 0}


@pytest.mark.parametrize("role_id", PRESETS)
def test_a_code_makes_a_member_once(harbor, mina, role_id):
    team, session = harbor.team, harbor.owner.session
    invitation, code = team.invite(session, role_id)
    joined = redeem(mina.session, code).is_(200).json
    assert joined.keys() == {"team", "role"} and joined["team"].keys() == TEAM and joined["role"].keys() == ROLE
    assert joined["role"]["permissions"] == PRESETS[role_id] and joined["team"] == harbor.admin.get(team.path).json
    assert teams_of(mina) == {team.team_id: role_id} and team.logins(session) == [harbor.owner.login, mina.login]
    after = team.invitation(session, invitation["invitation_id"])
    redeemed = {"status": "redeemed", "redeemed_by": {"user_id": mina.user_id, "username": "mina.harbor"}, "version": 2}
    assert (
        after == invitation | redeemed | {"redeemed_at": after["redeemed_at"]}
        and after["redeemed_at"] >= after["created_at"]
    )
    assert session.everything(team.invitations, status="redeemed") == [after]
    redeem(mina.session, code).refused(422, "invitation_invalid")
    path = f"{team.invitations}/{invitation['invitation_id']}"
    session.delete(path).refused(409, "invitation_ended")
    session.post(f"{path}/reissue").refused(409, "invitation_ended")
    mina.session.delete(team.member(mina)).is_(204)
    redeem(mina.session, code).refused(422, "invitation_invalid")
    assert teams_of(mina) == {}


def test_what_is_no_code_costs_no_try(harbor, mina):
    for _ in range(2):
        for code in ("1234567", "123456789", "1234567a", "１２３４５６７８", " 1234567", "+1234567", ""):
            redeem(mina.session, code).violates(("/code", "bad_format"))
        redeem(mina.session, 12345678).violates(("/code", "wrong_type"))
        mina.session.post("/v1/invitations/redeem", {}).violates(("/code", "required"))
        mina.session.post("/v1/invitations/redeem", {"code": "12345678", "team_id": "x"}).violates(
            ("/team_id", "unknown_field"), code="unknown_field"
        )
    _, code = harbor.team.invite(harbor.owner.session, "developer")
    redeem(mina.session, code).is_(200)


def test_wrong_used_revoked_and_foreign_codes_get_one_answer(harbor, mailbox, mina):
    team, session = harbor.team, harbor.owner.session
    zoe = mailbox.register("zoe@example.com", "zoe.harbor")
    _, used = team.invite(session, "developer")
    revoked, old = team.invite(session, "developer")
    reissued, before = team.invite(session, "developer")
    _, foreign = team.invite(session, "developer", login="somebody.else")
    redeem(zoe.session, used).is_(200)
    session.delete(f"{team.invitations}/{revoked['invitation_id']}").is_(204)
    fresh = session.post(f"{team.invitations}/{reissued['invitation_id']}/reissue").is_(201).json["code"]
    refused_alike(
        *(redeem(mina.session, code) for code in (other_than(fresh), used, old, before, foreign)),
        redeem(zoe.session, used),
    )
    redeem(mina.session, fresh).is_(200)


def test_a_bound_code_is_for_its_login_alone(harbor, mailbox, mina):
    _, code = harbor.team.invite(harbor.owner.session, "operator", login="MINA.Harbor")
    zoe = mailbox.register("zoe@example.com", "zoe.harbor")
    redeem(zoe.session, code).refused(422, "invitation_invalid")
    assert redeem(mina.session, code).is_(200).json["role"]["role_id"] == "operator"
    assert teams_of(zoe) == {}


def test_only_members_with_an_address_of_their_own_join(server, harbor):
    _, code = harbor.team.invite(harbor.owner.session, "developer")
    typed = hire(harbor.admin, "Typed", email="typed@example.com")
    for person in (hire(harbor.admin, "Bare"), typed):
        redeem(person.session, code).refused(403, "email_not_verified")
        redeem(person.session, "x").refused(403, "email_not_verified")
    kay = hire(harbor.admin, "Kay", type="platform_admin")
    for session in (kay.session, harbor.admin):
        redeem(session, code).refused(403, "forbidden")
    server.client.post("/v1/invitations/redeem", {"code": code}).refused(401, "unauthenticated")
    given = harbor.admin.post("/v1/users", new_user("Fresh")).is_(201).json
    redeem(server.client.sign_in(given["generated_password"], given["user"]["login"]), code).refused(
        403, "password_change_required"
    )
    assert harbor.team.logins(harbor.admin) == [harbor.owner.login]


def test_who_is_in_already_hears_so_and_the_code_stays(harbor, mailbox, mina):
    team, session = harbor.team, harbor.owner.session
    team.add(session, mina, "reviewer")
    invitation, code = team.invite(session, "developer")
    for _ in range(2):
        redeem(mina.session, code).refused(409, "already_member")
    assert team.invitation(session, invitation["invitation_id"]) == invitation and teams_of(mina) == {
        team.team_id: "reviewer"
    }
    _, foreign = team.invite(session, "developer", login="somebody.else")
    redeem(mina.session, foreign).refused(422, "invitation_invalid")
    redeem(mailbox.register("zoe@example.com", "zoe.harbor").session, code).is_(200)


def test_who_is_in_20_teams_is_told_before_any_try(harbor, mina):
    _, code = harbor.team.invite(harbor.owner.session, "developer")
    teams = [found(harbor.admin, f"Many{number}", mina) for number in range(20)]
    for tried in [code, other_than(code)] * 6:
        redeem(mina.session, tried).refused(409, "too_many_teams")
    harbor.admin.delete(teams[3].member(mina)).is_(204)
    redeem(mina.session, code).is_(200)


def demote(harbor, issuer, role_id):
    harbor.admin.patch(harbor.team.member(issuer), {"role_id": "developer"}).is_(200)


def remove(harbor, issuer, role_id):
    harbor.admin.delete(harbor.team.member(issuer)).is_(204)


def disable(harbor, issuer, role_id):
    harbor.admin.patch(issuer.path, {"status": "disabled"}).is_(200)


def delete(harbor, issuer, role_id):
    harbor.admin.delete(issuer.path).is_(204)


def promote(harbor, issuer, role_id):
    harbor.admin.patch(issuer.path, {"type": "platform_admin"}).is_(200)


def narrow(harbor, issuer, role_id):
    harbor.admin.patch(f"{harbor.team.roles}/{role_id}", {"permissions": ["team.read", "roles.manage"]}).is_(200)


def end_the_team(harbor, issuer, role_id):
    harbor.admin.delete(harbor.team.path).is_(204)


@pytest.mark.parametrize(
    ("happens", "joins"),
    [(what, what is promote) for what in (demote, remove, disable, delete, promote, narrow, end_the_team)],
)
def test_whoever_issued_a_code_must_still_be_one_who_may(harbor, mina, happens, joins):
    """Promoted, an issuer may grant anything; anything else that took the right away takes the code with it."""
    team, issuer = harbor.team, hire(harbor.admin, "Issuer")
    role_id = team.role(harbor.admin, "Inviting", "team.read", "members.manage")
    team.add(harbor.admin, issuer, role_id)
    _, code = team.invite(issuer.session, "developer")
    happens(harbor, issuer, role_id)
    if joins:
        redeem(mina.session, code).is_(200)
    else:
        refused_alike(redeem(mina.session, code), redeem(mina.session, other_than(code)))
        assert teams_of(mina) == {}


def test_a_role_that_grew_beyond_its_issuer_is_not_given(harbor, mina):
    team, manager = harbor.team, hire(harbor.admin, "Manager")
    team.add(harbor.admin, manager, "member_manager")
    role_id = team.role(harbor.admin, "Growing", "team.read")
    _, code = team.invite(manager.session, role_id)
    harbor.admin.patch(f"{team.roles}/{role_id}", {"permissions": ["accounts.delete", "audit.read"]}).is_(200)
    redeem(mina.session, code).refused(422, "invitation_invalid")
    harbor.admin.patch(f"{team.roles}/{role_id}", {"permissions": ["team.read", "audit.read"]}).is_(200)
    assert redeem(mina.session, code).is_(200).json["role"]["permissions"] == ["team.read", "audit.read"], (
        "the role as it is now"
    )


def test_one_code_in_parallel_makes_one_member(harbor, mailbox):
    people = [mailbox.register(f"rival-{number}@example.com", f"rival.{number}") for number in range(5)]
    invitation, code = harbor.team.invite(harbor.owner.session, "developer")
    tries = [person.session for person in people for _ in range(3)]
    replies = in_parallel(8, lambda session: redeem(session, code), tries)
    for reply in replies:
        assert reply.status == 200 or reply.code in ("invitation_invalid", "already_member", "conflict"), f"{reply}"
    assert sum(reply.status == 200 for reply in replies) == 1
    (winner,) = [person for person in people if teams_of(person)]
    assert harbor.team.logins(harbor.admin) == [harbor.owner.login, winner.login]
    assert harbor.team.invitation(harbor.admin, invitation["invitation_id"])["redeemed_by"]["user_id"] == winner.user_id


def test_a_lost_reply_is_repeated_and_restores_nothing(harbor, mina):
    team = harbor.team
    _, code = team.invite(harbor.owner.session, "developer")
    keyed = mina.session.having(idempotency_key="join")
    first, again = redeem(keyed, code).is_(200), redeem(keyed, code).is_(200)
    assert again.body == first.body and again.header("idempotency-replayed") == "true"
    harbor.owner.session.delete(team.member(mina)).is_(204)
    assert redeem(keyed, code).is_(200).body == first.body and teams_of(mina) == {}
    redeem(mina.session, code).refused(422, "invitation_invalid")
    _, fresh = team.invite(harbor.owner.session, "reviewer")
    redeem(keyed, fresh).refused(422, "idempotency_mismatch")
    assert redeem(mina.session, fresh).is_(200) and teams_of(mina) == {team.team_id: "reviewer"}
