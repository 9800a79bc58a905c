"""Redeeming an invitation code: who may, how often, and the single error for every invalid code."""

import pytest

from client import in_parallel, shape, without_request_id
from codes import wrong_code
from teams import PRESETS, ROLE_FIELDS, TEAM_FIELDS, create_team, redeem, teams_of
from users import create_person, new_user_body


def expect_same_refusal(*replies):
    """Asserts that only their request id distinguishes these refusals."""
    first = replies[0].expect_problem(422, "invitation_invalid")
    for reply in replies[1:]:
        assert shape(reply) == shape(first) and without_request_id(reply) == without_request_id(first)


@pytest.mark.parametrize("role_id", PRESETS)
def test_a_code_is_redeemed_once(harbor, mina, role_id):
    team, session = harbor.team, harbor.owner.session
    invitation, code = team.invite(session, role_id)
    joined = redeem(mina.session, code).expect(200).json
    assert (
        joined.keys() == {"team", "role"}
        and joined["team"].keys() == TEAM_FIELDS
        and joined["role"].keys() == ROLE_FIELDS
    )
    assert joined["role"]["permissions"] == PRESETS[role_id] and joined["team"] == harbor.admin.get(team.path).json
    assert teams_of(mina) == {team.team_id: role_id} and team.logins(session) == [harbor.owner.login, mina.login]
    after = team.get_invitation(session, invitation["invitation_id"])
    redeemed = {"status": "redeemed", "redeemed_by": {"user_id": mina.user_id, "username": "mina.harbor"}, "version": 2}
    assert (
        after == invitation | redeemed | {"redeemed_at": after["redeemed_at"]}
        and after["redeemed_at"] >= after["created_at"]
    )
    assert session.list_all(team.invitations, status="redeemed") == [after]
    redeem(mina.session, code).expect_problem(422, "invitation_invalid")
    path = f"{team.invitations}/{invitation['invitation_id']}"
    session.delete(path).expect_problem(409, "invitation_ended")
    session.post(f"{path}/reissue").expect_problem(409, "invitation_ended")
    mina.session.delete(team.member_path(mina)).expect(204)
    redeem(mina.session, code).expect_problem(422, "invitation_invalid")
    assert teams_of(mina) == {}


def test_malformed_codes_do_not_count_as_wrong(harbor, mina):
    for _ in range(2):
        for code in ("1234567", "123456789", "1234567a", "１２３４５６７", " 1234567", "+1234567", ""):
            redeem(mina.session, code).expect_violations(("/code", "bad_format"))
        redeem(mina.session, 12345678).expect_violations(("/code", "wrong_type"))
        mina.session.post("/v1/invitations/redeem", {}).expect_violations(("/code", "required"))
        mina.session.post("/v1/invitations/redeem", {"code": "12345678", "team_id": "x"}).expect_violations(
            ("/team_id", "unknown_field"), code="unknown_field"
        )
    _, code = harbor.team.invite(harbor.owner.session, "developer")
    redeem(mina.session, code).expect(200)


def test_wrong_used_revoked_and_foreign_codes_get_the_same_reply(harbor, mailbox, mina):
    team, session = harbor.team, harbor.owner.session
    zoe = mailbox.register("zoe@example.com", "zoe.harbor")
    _, used = team.invite(session, "developer")
    revoked, old = team.invite(session, "developer")
    reissued, before = team.invite(session, "developer")
    _, foreign = team.invite(session, "developer", login="somebody.else")
    redeem(zoe.session, used).expect(200)
    session.delete(f"{team.invitations}/{revoked['invitation_id']}").expect(204)
    fresh = session.post(f"{team.invitations}/{reissued['invitation_id']}/reissue").expect(201).json["code"]
    expect_same_refusal(
        *(redeem(mina.session, code) for code in (wrong_code(fresh), used, old, before, foreign)),
        redeem(zoe.session, used),
    )
    redeem(mina.session, fresh).expect(200)


def test_a_bound_code_is_valid_for_its_login_only(harbor, mailbox, mina):
    _, code = harbor.team.invite(harbor.owner.session, "operator", login="MINA.Harbor")
    zoe = mailbox.register("zoe@example.com", "zoe.harbor")
    redeem(zoe.session, code).expect_problem(422, "invitation_invalid")
    assert redeem(mina.session, code).expect(200).json["role"]["role_id"] == "operator"
    assert teams_of(zoe) == {}


def test_only_members_with_a_verified_address_redeem_codes(server, harbor):
    _, code = harbor.team.invite(harbor.owner.session, "developer")
    typed = create_person(harbor.admin, "Typed", email="typed@example.com")
    for person in (create_person(harbor.admin, "Bare"), typed):
        redeem(person.session, code).expect_problem(403, "email_not_verified")
        redeem(person.session, "x").expect_problem(403, "email_not_verified")
    kay = create_person(harbor.admin, "Kay", type="platform_admin")
    for session in (kay.session, harbor.admin):
        redeem(session, code).expect_problem(403, "forbidden")
    server.client.post("/v1/invitations/redeem", {"code": code}).expect_problem(401, "unauthenticated")
    given = harbor.admin.post("/v1/users", new_user_body("Fresh")).expect(201).json
    redeem(server.client.sign_in(given["generated_password"], given["user"]["login"]), code).expect_problem(
        403, "password_change_required"
    )
    assert harbor.team.logins(harbor.admin) == [harbor.owner.login]


def test_a_member_of_the_team_does_not_use_up_its_code(harbor, mailbox, mina):
    team, session = harbor.team, harbor.owner.session
    team.add_member(session, mina, "reviewer")
    invitation, code = team.invite(session, "developer")
    for _ in range(2):
        redeem(mina.session, code).expect_problem(409, "already_member")
    assert team.get_invitation(session, invitation["invitation_id"]) == invitation and teams_of(mina) == {
        team.team_id: "reviewer"
    }
    _, foreign = team.invite(session, "developer", login="somebody.else")
    redeem(mina.session, foreign).expect_problem(422, "invitation_invalid")
    redeem(mailbox.register("zoe@example.com", "zoe.harbor").session, code).expect(200)


def test_a_user_in_20_teams_is_refused_before_the_code_is_checked(harbor, mina):
    _, code = harbor.team.invite(harbor.owner.session, "developer")
    teams = [create_team(harbor.admin, f"Many{number}", mina) for number in range(20)]
    for tried in [code, wrong_code(code)] * 6:
        redeem(mina.session, tried).expect_problem(409, "too_many_teams")
    harbor.admin.delete(teams[3].member_path(mina)).expect(204)
    redeem(mina.session, code).expect(200)


def demote(harbor, issuer, role_id):
    harbor.admin.patch(harbor.team.member_path(issuer), {"role_id": "developer"}).expect(200)


def remove(harbor, issuer, role_id):
    harbor.admin.delete(harbor.team.member_path(issuer)).expect(204)


def disable(harbor, issuer, role_id):
    harbor.admin.patch(issuer.path, {"status": "disabled"}).expect(200)


def delete(harbor, issuer, role_id):
    harbor.admin.delete(issuer.path).expect(204)


def promote(harbor, issuer, role_id):
    harbor.admin.patch(issuer.path, {"type": "platform_admin"}).expect(200)


def reduce_role(harbor, issuer, role_id):
    harbor.admin.patch(f"{harbor.team.roles}/{role_id}", {"permissions": ["team.read", "roles.manage"]}).expect(200)


def delete_team(harbor, issuer, role_id):
    harbor.admin.delete(harbor.team.path).expect(204)


@pytest.mark.parametrize(
    ("happens", "joins"),
    [(what, what is promote) for what in (demote, remove, disable, delete, promote, reduce_role, delete_team)],
)
def test_a_code_is_valid_only_while_its_issuer_may_grant_the_role(harbor, mina, happens, joins):
    """A platform admin may grant any role, so a promotion keeps the code valid."""
    team, issuer = harbor.team, create_person(harbor.admin, "Issuer")
    role_id = team.create_role(harbor.admin, "Inviting", "team.read", "members.manage")
    team.add_member(harbor.admin, issuer, role_id)
    _, code = team.invite(issuer.session, "developer")
    happens(harbor, issuer, role_id)
    if joins:
        redeem(mina.session, code).expect(200)
    else:
        expect_same_refusal(redeem(mina.session, code), redeem(mina.session, wrong_code(code)))
        assert teams_of(mina) == {}


def test_a_role_with_more_permissions_than_its_issuer_may_grant_is_not_redeemed(harbor, mina):
    team, manager = harbor.team, create_person(harbor.admin, "Manager")
    team.add_member(harbor.admin, manager, "member_manager")
    role_id = team.create_role(harbor.admin, "Growing", "team.read")
    _, code = team.invite(manager.session, role_id)
    harbor.admin.patch(f"{team.roles}/{role_id}", {"permissions": ["accounts.delete", "audit.read"]}).expect(200)
    redeem(mina.session, code).expect_problem(422, "invitation_invalid")
    harbor.admin.patch(f"{team.roles}/{role_id}", {"permissions": ["team.read", "audit.read"]}).expect(200)
    assert redeem(mina.session, code).expect(200).json["role"]["permissions"] == ["team.read", "audit.read"], (
        "the role's current permissions"
    )


def test_parallel_redemptions_of_a_code_add_one_member(harbor, mailbox):
    people = [mailbox.register(f"rival-{number}@example.com", f"rival.{number}") for number in range(5)]
    invitation, code = harbor.team.invite(harbor.owner.session, "developer")
    tries = [person.session for person in people for _ in range(3)]
    replies = in_parallel(8, lambda session: redeem(session, code), tries)
    for reply in replies:
        assert reply.status == 200 or reply.code in ("invitation_invalid", "already_member", "conflict"), f"{reply}"
    assert sum(reply.status == 200 for reply in replies) == 1
    (winner,) = [person for person in people if teams_of(person)]
    assert harbor.team.logins(harbor.admin) == [harbor.owner.login, winner.login]
    assert (
        harbor.team.get_invitation(harbor.admin, invitation["invitation_id"])["redeemed_by"]["user_id"]
        == winner.user_id
    )


def test_an_idempotency_key_replays_a_redemption_without_a_second_effect(harbor, mina):
    team = harbor.team
    _, code = team.invite(harbor.owner.session, "developer")
    keyed = mina.session.with_headers(idempotency_key="join")
    first, again = redeem(keyed, code).expect(200), redeem(keyed, code).expect(200)
    assert again.body == first.body and again.header("idempotency-replayed") == "true"
    harbor.owner.session.delete(team.member_path(mina)).expect(204)
    assert redeem(keyed, code).expect(200).body == first.body and teams_of(mina) == {}
    redeem(mina.session, code).expect_problem(422, "invitation_invalid")
    _, fresh = team.invite(harbor.owner.session, "reviewer")
    redeem(keyed, fresh).expect_problem(422, "idempotency_mismatch")
    assert redeem(mina.session, fresh).expect(200) and teams_of(mina) == {team.team_id: "reviewer"}
