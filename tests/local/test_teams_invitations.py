"""Invitations: issued, shown without their code, issued anew, revoked, and capped."""

import re
from datetime import datetime, timedelta

import pytest

from client import TIME, UUID_V7
from teams import INVITATION, NOBODY, PRESETS, ROLE, found
from users import RUN, hire


@pytest.fixture(scope="module")
def admin(office):
    return office.admin()


@pytest.fixture(scope="module")
def owner(admin):
    return hire(admin, "Owner")


@pytest.fixture(scope="module")
def manager(admin):
    return hire(admin, "Manager")


@pytest.fixture
def team(admin, owner, manager):
    team = found(admin, "Harbor", owner)
    team.add(admin, manager, "member_manager")
    yield team
    for person in (owner, manager):
        admin.delete(team.member(person)).is_(204)


def path_of(team, invitation):
    return f"{team.invitations}/{invitation['invitation_id']}"


def test_a_code_is_shown_at_issue_and_never_again(admin, team, owner):
    body = {"role_id": "developer", "login": f"Later.{RUN}", "note": "the one with the bicycle 🚲"}
    issued = owner.session.post(team.invitations, body).is_(201)
    assert issued.json.keys() == {"invitation", "code"}
    invitation, code = issued.json["invitation"], issued.json["code"]
    assert (
        invitation.keys() == INVITATION
        and re.fullmatch(UUID_V7, invitation["invitation_id"])
        and re.fullmatch(r"\d{8}", code)
    )
    assert (issued.header("location"), issued.header("etag")) == (path_of(team, invitation), '"1"')
    assert (invitation["login"], invitation["note"], invitation["code_hint"]) == (
        body["login"],
        body["note"],
        code[-2:],
    )
    assert invitation["role"].keys() == ROLE and invitation["role"]["role_id"] == "developer"
    assert invitation["issued_by"] == {"user_id": owner.user_id, "username": owner.user["username"]}
    assert (invitation["status"], invitation["redeemed_by"], invitation["redeemed_at"], invitation["version"]) == (
        "live",
        None,
        None,
        1,
    )
    assert re.fullmatch(TIME, invitation["expires_at"])
    begun, over = (datetime.fromisoformat(invitation[moment]) for moment in ("created_at", "expires_at"))
    assert over - begun == timedelta(hours=24)
    assert owner.session.everything(team.invitations) == [invitation]
    for path in (
        team.invitations,
        f"{team.invitations}?status=live",
        f"/v1/audit?team_id={team.team_id}",
        team.path,
        team.members,
    ):
        assert code.encode() not in admin.get(path).is_(200).body


def test_what_is_not_said_of_an_invitation_is_null(team, owner):
    for body in ({}, {"login": None, "note": None}, {"login": "", "note": ""}):
        invitation, _ = team.invite(owner.session, "reviewer", **body)
        assert (invitation["login"], invitation["note"]) == (None, None)


@pytest.mark.parametrize(
    ("body", "violations"),
    [
        ({}, [("/role_id", "required")]),
        ({"role_id": NOBODY, "login": "ab"}, [("/role_id", "unknown_reference"), ("/login", "too_short")]),
        ({"role_id": "owner", "note": "a\nb"}, [("/role_id", "unknown_reference"), ("/note", "bad_format")]),
        (
            {"role_id": "developer", "login": "a b c", "note": "x" * 501},
            [("/login", "bad_format"), ("/note", "too_long")],
        ),
        (
            {"role_id": 7, "login": 7, "note": 7},
            [("/role_id", "wrong_type"), ("/login", "wrong_type"), ("/note", "wrong_type")],
        ),
        (
            {"role_id": "developer", "code": "12345678", "expires_at": "2030-01-01T00:00:00.000Z", "status": "live"},
            [("/code", "unknown_field"), ("/expires_at", "unknown_field"), ("/status", "unknown_field")],
        ),
    ],
)
def test_what_an_invitation_is_made_of_obeys_its_rules(team, owner, body, violations):
    top = "unknown_field" if violations[-1][1] == "unknown_field" else "validation_failed"
    owner.session.post(team.invitations, body).violates(*violations, code=top)
    assert owner.session.everything(team.invitations) == []


@pytest.mark.parametrize("role_id", [role_id for role_id in PRESETS if role_id not in ("admin", "member_manager")])
def test_who_does_not_manage_members_sees_no_invitation(admin, team, owner, role_id):
    person = hire(admin, "Person")
    team.add(admin, person, role_id)
    invitation, _ = team.invite(owner.session, "reviewer")
    for method, path, body in [
        ("GET", team.invitations, None),
        ("POST", team.invitations, {"role_id": "reviewer"}),
        ("POST", team.invitations, {"role_id": 7}),
        ("DELETE", path_of(team, invitation), None),
        ("POST", path_of(team, invitation) + "/reissue", None),
    ]:
        person.session.send(method, path, body).refused(403, "forbidden")
    assert owner.session.everything(team.invitations) == [invitation]


def test_a_member_manager_invites_revokes_and_reissues_up_to_its_bound(team, owner, manager):
    above, _ = team.invite(owner.session, "admin")
    manager.session.post(team.invitations, {"role_id": "admin"}).refused(403, "forbidden")
    manager.session.post(team.invitations, {"role_id": "admin", "login": 7}).refused(403, "forbidden")
    manager.session.delete(path_of(team, above)).refused(403, "forbidden")
    manager.session.post(path_of(team, above) + "/reissue").refused(403, "forbidden")
    assert team.invitation(manager.session, above["invitation_id"])["status"] == "live"
    for role_id in [*PRESETS][1:]:
        invitation, _ = team.invite(owner.session, role_id)
        fresh = manager.session.post(path_of(team, invitation) + "/reissue").is_(201).json["invitation"]
        manager.session.delete(path_of(team, fresh)).is_(204)


def test_invitations_are_listed_newest_first_by_status(team, owner):
    session = owner.session
    made = [team.invite(session, role_id)[0] for role_id in ("developer", "operator", "reviewer", "developer")]
    session.delete(path_of(team, made[1])).is_(204)
    ids = lambda **query: [one["invitation_id"] for one in session.everything(team.invitations, **query)]
    expected = [one["invitation_id"] for one in reversed(made)]
    assert ids() == ids(limit=1) == ids(limit=3) == expected
    assert ids(status="live") == ids(status="live", limit=1) == [expected[0], expected[1], expected[3]]
    assert ids(status="revoked", limit=1) == [expected[2]] and ids(status="redeemed") == ids(status="expired") == []
    session.get(team.invitations, status="gone").violates(("status", "not_allowed"))
    session.get(team.invitations, role_id="developer").violates(("role_id", "unknown_field"), code="unknown_field")


def test_issued_anew_it_is_another_invitation_for_the_same(team, owner):
    before, old = team.invite(owner.session, "operator", login=f"later.{RUN}", note="twice")
    reply = owner.session.post(path_of(team, before) + "/reissue").is_(201)
    after, code = reply.json["invitation"], reply.json["code"]
    assert (
        after["invitation_id"] != before["invitation_id"]
        and code != old
        and reply.header("location") == path_of(team, after)
    )
    same = ("team_id", "role", "login", "note", "issued_by", "status", "version")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert after["created_at"] > before["created_at"] and after["code_hint"] == code[-2:]
    assert team.invitation(owner.session, before["invitation_id"]) == before | {"status": "revoked", "version": 2}
    owner.session.post(path_of(team, before) + "/reissue").refused(409, "invitation_ended")
    for unknown in (NOBODY, "x"):
        owner.session.post(f"{team.invitations}/{unknown}/reissue").refused(404, "not_found")
        owner.session.delete(f"{team.invitations}/{unknown}").refused(404, "not_found")


def test_revoked_twice_is_revoked_once(team, owner):
    invitation, _ = team.invite(owner.session, "operator")
    path = path_of(team, invitation)
    owner.session.having(if_match='"2"').delete(path).refused(412, "version_conflict")
    owner.session.having(if_match='"1"').delete(path).is_(204)
    owner.session.delete(path).is_(204)
    assert team.invitation(owner.session, invitation["invitation_id"]) == invitation | {
        "status": "revoked",
        "version": 2,
    }


def test_a_key_repeats_the_code(team, owner):
    keyed, body = owner.session.having(idempotency_key=f"invite {team.team_id}"), {"role_id": "developer"}
    first, again = keyed.post(team.invitations, body).is_(201), keyed.post(team.invitations, body).is_(201)
    assert again.body == first.body and again.header("idempotency-replayed") == "true"
    keyed.post(team.invitations, {"role_id": "operator"}).refused(422, "idempotency_mismatch")
    reissue = f"{first.header('location')}/reissue"
    first, again = keyed.post(reissue).is_(201), keyed.post(reissue).is_(201)
    assert again.body == first.body and len(owner.session.everything(team.invitations)) == 2
