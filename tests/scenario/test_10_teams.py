"""The life of a team: created, filled with members, renamed, left and deleted."""

import re

import pytest

from client import TIMESTAMP, UUID_V7, without_request_id
from teams import MEMBER_FIELDS, PRESETS, ROLE_FIELDS, TEAM_FIELDS, UNKNOWN_ID, Team, new_name, teams_of
from users import PASSWORD, new_member_body, password_fields


@pytest.fixture(scope="module")
def owner(new_person):
    return new_person("Owner")


@pytest.fixture(scope="module")
def mina(new_person):
    return new_person("Mina")


@pytest.fixture(scope="module")
def outsider(new_person):
    return new_person("Outsider")


@pytest.fixture(scope="module")
def team(admin, owner):
    """A team that the platform's admin created without joining it."""
    name = new_name("Harbor 항구")
    created = admin.post("/v1/teams", {"name": name, "admin_user_id": owner.user_id}).expect(201)
    body = created.json
    assert (
        body.keys() == TEAM_FIELDS
        and re.fullmatch(UUID_V7, body["team_id"])
        and re.fullmatch(TIMESTAMP, body["created_at"])
    )
    first = {"user_id": owner.user_id, "username": owner.user["username"]}
    assert (body["name"], body["admins"], body["version"], created.header("etag")) == (name, [first], 1, '"1"')
    team = Team(body["team_id"])
    assert created.header("location") == team.path and admin.get(team.path).json == body
    return team


def test_a_new_team_belongs_to_its_first_admin(admin, team, owner, outsider):
    assert teams_of(owner) == {team.team_id: "admin"}
    assert [one["team_id"] for one in owner.session.list_all("/v1/teams")] == [team.team_id]
    assert team.team_id in [one["team_id"] for one in admin.list_all("/v1/teams", limit=100)]
    assert outsider.session.get("/v1/teams").expect(200).json == {"items": [], "next_cursor": None}
    assert [one["user_id"] for one in admin.list_all("/v1/users", team_id=team.team_id)] == [owner.user_id]
    owner.session.post("/v1/teams", {"name": new_name("Mine")}).expect_problem(403, "forbidden")
    admin.post("/v1/teams", {"name": admin.get(team.path).json["name"].upper()}).expect_problem(409, "team_name_taken")
    admin.post("/v1/teams", {"name": "", "admin_user_id": UNKNOWN_ID}).expect_violations(
        ("/name", "too_short"), ("/admin_user_id", "unknown_reference")
    )


def test_a_team_is_renamed_by_its_admin(team, owner):
    name = new_name("Pier")
    renamed = owner.session.with_headers(if_match='"1"').patch(team.path, {"name": name}).expect(200)
    assert (renamed.json["name"], renamed.json["version"], renamed.header("etag")) == (name, 2, '"2"')
    owner.session.with_headers(if_match='"1"').patch(team.path, {"name": "Late"}).expect_problem(
        412, "version_conflict"
    )
    (membership,) = owner.session.get("/v1/me").json["teams"]
    assert membership["name"] == name


def test_members_are_added_by_id_by_login_and_as_new_users(anonymous, team, owner, mina, new_person):
    zoe = new_person("Zoe")
    added = owner.session.post(team.members, {"user_id": mina.user_id, "role_id": "developer"}).expect(201)
    assert added.json["member"].keys() == MEMBER_FIELDS and added.header("location") == team.members
    owner.session.post(team.members, {"login": zoe.login.upper(), "role_id": "reviewer"}).expect(201)
    owner.session.post(team.members, {"login": zoe.login, "role_id": "operator"}).expect_problem(409, "already_member")
    owner.session.post(team.members, {"login": "admin", "role_id": "operator"}).expect_problem(409, "not_a_member")
    body = new_member_body("Fresh")
    made = owner.session.post(team.members, {"new_user": body, "role_id": "operator"}).expect(201).json
    given = made["generated_password"]
    fresh = anonymous.sign_in(given, body["login"])
    fresh.get(team.path).expect_problem(403, "password_change_required")
    fresh.post("/v1/me/password", {"current_password": given, **password_fields(PASSWORD)}).expect(204)
    assert fresh.get(team.path).expect(200) and made["member"]["role"]["role_id"] == "operator"
    assert team.logins(zoe.session) == [owner.login, mina.login, zoe.login, body["login"]]
    assert [one["login"] for one in zoe.session.list_all(team.members, limit=3)] == team.logins(owner.session)


def test_roles_are_listed_presets_first(team, mina):
    listed = mina.session.list_all(team.roles)
    assert {role["role_id"]: role["permissions"] for role in listed} == PRESETS and all(
        role.keys() == ROLE_FIELDS for role in listed
    )
    assert mina.session.get(f"{team.roles}/operator").expect(200).json == listed[4]


def test_a_new_role_applies_to_the_next_request(team, owner, mina):
    mina.session.get(team.invitations).expect_problem(403, "forbidden")
    owner.session.patch(team.member_path(mina), {"role_id": "member_manager"}).expect(200)
    assert mina.session.get(team.invitations).expect(200).json["items"] == []
    for person, role_id in [(mina, "admin"), (mina, "reviewer"), (owner, "reviewer")]:
        mina.session.patch(team.member_path(person), {"role_id": role_id}).expect_problem(403, "forbidden")
    mina.session.delete(team.member_path(owner)).expect_problem(403, "forbidden")
    owner.session.patch(team.member_path(owner), {"role_id": "developer"}).expect_problem(403, "forbidden")


def test_other_users_cannot_tell_that_the_team_exists(team, owner, outsider):
    missing = outsider.session.get(f"/v1/teams/{UNKNOWN_ID}").expect_problem(404, "not_found")
    for path in (team.path, team.members, team.roles, f"{team.roles}/admin", team.invitations):
        reply = outsider.session.get(path).expect_problem(404, "not_found")
        assert without_request_id(reply) == without_request_id(missing)
    outsider.session.patch(team.path, {"name": "Forged"}).expect_problem(404, "not_found")
    outsider.session.post(team.members, {"user_id": outsider.user_id, "role_id": "admin"}).expect_problem(
        404, "not_found"
    )
    outsider.session.delete(team.member_path(owner)).expect_problem(404, "not_found")
    outsider.session.get("/v1/audit").expect_problem(404, "not_found")


def test_members_leave_but_not_the_last_admin(admin, team, owner, mina):
    mina.session.delete(team.member_path(mina)).expect(204)
    assert teams_of(mina) == {}
    mina.session.get(team.path).expect_problem(404, "not_found")
    owner.session.delete(team.member_path(owner)).expect_problem(409, "last_team_admin")
    team.add_member(owner.session, mina, "admin")
    owner.session.delete(team.member_path(owner)).expect(204)
    mina.session.delete(team.member_path(mina)).expect_problem(409, "last_team_admin")
    admin.delete(team.member_path(mina)).expect(204)
    assert admin.get(team.path).json["admins"] == [] and len(team.logins(admin)) == 2
    team.add_member(admin, owner, "admin")


def test_a_deleted_or_promoted_user_leaves_their_teams(admin, team, owner, new_person):
    gone, promoted = new_person("Gone"), new_person("Promoted")
    role_id = team.create_role(owner.session, "Own", "team.read")
    team.add_member(owner.session, gone, role_id)
    team.add_member(owner.session, promoted, "admin")
    admin.delete(gone.path).expect(204)
    admin.patch(promoted.path, {"type": "platform_admin"}).expect(200)
    assert not {gone.login, promoted.login} & {*team.logins(owner.session)}
    assert [one["user_id"] for one in admin.get(team.path).json["admins"]] == [owner.user_id]
    owner.session.delete(f"{team.roles}/{role_id}").expect(204)
    assert promoted.sign_in().get(team.path).expect(200), "platform admins see all teams"


def test_only_a_platform_admin_deletes_a_team_without_applications(admin, team, owner):
    app = team.create_app(owner.session)
    owner.session.delete(team.path).expect_problem(403, "forbidden")
    admin.delete(team.path).expect_problem(409, "team_not_empty")
    owner.session.delete(app).expect(204)
    name = admin.get(team.path).json["name"]
    admin.delete(team.path).expect(204)
    for session in (admin, owner.session):
        session.get(team.path).expect_problem(404, "not_found")
    assert teams_of(owner) == {}
    again = admin.post("/v1/teams", {"name": name}).expect(201).header("location")
    admin.delete(again).expect(204)
