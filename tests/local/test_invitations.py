"""Issuing, listing, reissuing and revoking invitations."""

import re
from datetime import datetime, timedelta

import pytest

from client import TIMESTAMP, UUID_V7
from teams import INVITATION_FIELDS, PRESETS, ROLE_FIELDS, UNKNOWN_ID, create_team
from users import RUN_ID, create_person


@pytest.fixture(scope="module")
def admin(shared_server):
    return shared_server.admin()


@pytest.fixture(scope="module")
def owner(admin):
    return create_person(admin, "Owner")


@pytest.fixture(scope="module")
def manager(admin):
    return create_person(admin, "Manager")


@pytest.fixture
def team(admin, owner, manager):
    team = create_team(admin, "Harbor", owner)
    team.add_member(admin, manager, "member_manager")
    yield team
    for person in (owner, manager):
        admin.delete(team.member_path(person)).expect(204)


def path_of(team, invitation):
    return f"{team.invitations}/{invitation['invitation_id']}"


def test_a_code_is_returned_only_when_it_is_issued(admin, team, owner):
    body = {"role_id": "developer", "login": f"Later.{RUN_ID}", "note": "the one with the bicycle 🚲"}
    issued = owner.session.post(team.invitations, body).expect(201)
    assert issued.json.keys() == {"invitation", "code"}
    invitation, code = issued.json["invitation"], issued.json["code"]
    assert (
        invitation.keys() == INVITATION_FIELDS
        and re.fullmatch(UUID_V7, invitation["invitation_id"])
        and re.fullmatch(r"\d{8}", code)
    )
    assert (issued.header("location"), issued.header("etag")) == (team.invitations, '"1"')
    assert (invitation["login"], invitation["note"], invitation["code_hint"]) == (
        body["login"],
        body["note"],
        code[-2:],
    )
    assert invitation["role"].keys() == ROLE_FIELDS and invitation["role"]["role_id"] == "developer"
    assert invitation["issued_by"] == {"user_id": owner.user_id, "username": owner.user["username"]}
    assert (invitation["status"], invitation["redeemed_by"], invitation["redeemed_at"], invitation["version"]) == (
        "live",
        None,
        None,
        1,
    )
    assert re.fullmatch(TIMESTAMP, invitation["expires_at"])
    created, expires = (datetime.fromisoformat(invitation[moment]) for moment in ("created_at", "expires_at"))
    assert expires - created == timedelta(hours=24)
    assert owner.session.list_all(team.invitations) == [invitation]
    for path in (
        team.invitations,
        f"{team.invitations}?status=live",
        f"/v1/audit?team_id={team.team_id}",
        team.path,
        team.members,
    ):
        assert code.encode() not in admin.get(path).expect(200).body


def test_missing_and_empty_fields_of_an_invitation_are_null(team, owner):
    for body in ({}, {"login": None, "note": None}, {"login": "", "note": ""}):
        invitation, _ = team.invite(owner.session, "reviewer", **body)
        assert (invitation["login"], invitation["note"]) == (None, None)


@pytest.mark.parametrize(
    ("body", "violations"),
    [
        ({}, [("/role_id", "required")]),
        ({"role_id": UNKNOWN_ID, "login": "ab"}, [("/role_id", "unknown_reference"), ("/login", "too_short")]),
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
def test_the_fields_of_an_invitation_are_validated(team, owner, body, violations):
    top = "unknown_field" if violations[-1][1] == "unknown_field" else "validation_failed"
    owner.session.post(team.invitations, body).expect_violations(*violations, code=top)
    assert owner.session.list_all(team.invitations) == []


@pytest.mark.parametrize("role_id", [role_id for role_id in PRESETS if role_id not in ("admin", "member_manager")])
def test_invitations_require_the_permission_to_manage_members(admin, team, owner, role_id):
    person = create_person(admin, "Person")
    team.add_member(admin, person, role_id)
    invitation, _ = team.invite(owner.session, "reviewer")
    for method, path, body in [
        ("GET", team.invitations, None),
        ("POST", team.invitations, {"role_id": "reviewer"}),
        ("POST", team.invitations, {"role_id": 7}),
        ("DELETE", path_of(team, invitation), None),
        ("POST", path_of(team, invitation) + "/reissue", None),
    ]:
        person.session.send(method, path, body).expect_problem(403, "forbidden")
    assert owner.session.list_all(team.invitations) == [invitation]


def test_a_member_manager_handles_only_invitations_to_roles_they_may_grant(team, owner, manager):
    above, _ = team.invite(owner.session, "admin")
    manager.session.post(team.invitations, {"role_id": "admin"}).expect_problem(403, "forbidden")
    manager.session.post(team.invitations, {"role_id": "admin", "login": 7}).expect_problem(403, "forbidden")
    manager.session.delete(path_of(team, above)).expect_problem(403, "forbidden")
    manager.session.post(path_of(team, above) + "/reissue").expect_problem(403, "forbidden")
    assert team.get_invitation(manager.session, above["invitation_id"])["status"] == "live"
    for role_id in [*PRESETS][1:]:
        invitation, _ = team.invite(owner.session, role_id)
        fresh = manager.session.post(path_of(team, invitation) + "/reissue").expect(201).json["invitation"]
        manager.session.delete(path_of(team, fresh)).expect(204)


def test_invitations_are_listed_newest_first_by_status(team, owner):
    session = owner.session
    made = [team.invite(session, role_id)[0] for role_id in ("developer", "operator", "reviewer", "developer")]
    session.delete(path_of(team, made[1])).expect(204)
    ids = lambda **query: [one["invitation_id"] for one in session.list_all(team.invitations, **query)]
    expected = [one["invitation_id"] for one in reversed(made)]
    assert ids() == ids(limit=1) == ids(limit=3) == expected
    assert ids(status="live") == ids(status="live", limit=1) == [expected[0], expected[1], expected[3]]
    assert ids(status="revoked", limit=1) == [expected[2]] and ids(status="redeemed") == ids(status="expired") == []
    session.get(team.invitations, status="gone").expect_violations(("status", "not_allowed"))
    session.get(team.invitations, role_id="developer").expect_violations(
        ("role_id", "unknown_field"), code="unknown_field"
    )


def test_a_reissue_is_a_new_invitation_with_the_same_fields(team, owner):
    before, old = team.invite(owner.session, "operator", login=f"later.{RUN_ID}", note="twice")
    reply = owner.session.post(path_of(team, before) + "/reissue").expect(201)
    after, code = reply.json["invitation"], reply.json["code"]
    assert (
        after["invitation_id"] != before["invitation_id"]
        and code != old
        and reply.header("location") == team.invitations
    )
    same = ("team_id", "role", "login", "note", "issued_by", "status", "version")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert after["created_at"] > before["created_at"] and after["code_hint"] == code[-2:]
    assert team.get_invitation(owner.session, before["invitation_id"]) == before | {"status": "revoked", "version": 2}
    owner.session.post(path_of(team, before) + "/reissue").expect_problem(409, "invitation_ended")
    for unknown in (UNKNOWN_ID, "x"):
        owner.session.post(f"{team.invitations}/{unknown}/reissue").expect_problem(404, "not_found")
        owner.session.delete(f"{team.invitations}/{unknown}").expect_problem(404, "not_found")


def test_revoking_is_idempotent(team, owner):
    invitation, _ = team.invite(owner.session, "operator")
    path = path_of(team, invitation)
    owner.session.with_headers(if_match='"2"').delete(path).expect_problem(412, "version_conflict")
    owner.session.with_headers(if_match='"1"').delete(path).expect(204)
    owner.session.delete(path).expect(204)
    assert team.get_invitation(owner.session, invitation["invitation_id"]) == invitation | {
        "status": "revoked",
        "version": 2,
    }


def test_an_idempotency_key_replays_the_code(team, owner):
    keyed, body = owner.session.with_headers(idempotency_key=f"invite {team.team_id}"), {"role_id": "developer"}
    first, again = keyed.post(team.invitations, body).expect(201), keyed.post(team.invitations, body).expect(201)
    assert again.body == first.body and again.header("idempotency-replayed") == "true"
    keyed.post(team.invitations, {"role_id": "operator"}).expect_problem(422, "idempotency_mismatch")
    reissue = path_of(team, first.json["invitation"]) + "/reissue"
    first, again = keyed.post(reissue).expect(201), keyed.post(reissue).expect(201)
    assert again.body == first.body and len(owner.session.list_all(team.invitations)) == 2
