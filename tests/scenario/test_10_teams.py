"""A team: founded by the platform, filled by its first admin, renamed, left, and ended."""

import re

import pytest

from client import TIME, UUID_V7
from teams import MEMBER, NOBODY, PRESETS, ROLE, TEAM, Team, new_name, teams_of
from users import PASSWORD, new_user, twice


@pytest.fixture(scope="module")
def owner(employ):
    return employ("Owner")


@pytest.fixture(scope="module")
def mina(employ):
    return employ("Mina")


@pytest.fixture(scope="module")
def outsider(employ):
    return employ("Outsider")


@pytest.fixture(scope="module")
def team(admin, owner):
    """Founded by the platform's admin, who is not in it."""
    name = new_name("Harbor 항구")
    created = admin.post("/v1/teams", {"name": name, "admin_user_id": owner.user_id}).is_(201)
    body = created.json
    assert body.keys() == TEAM and re.fullmatch(UUID_V7, body["team_id"]) and re.fullmatch(TIME, body["created_at"])
    first = {"user_id": owner.user_id, "username": owner.user["username"]}
    assert (body["name"], body["admins"], body["version"], created.header("etag")) == (name, [first], 1, '"1"')
    team = Team(body["team_id"])
    assert created.header("location") == team.path and admin.get(team.path).json == body
    return team


def test_a_founded_team_is_its_first_admins(admin, team, owner, outsider):
    assert teams_of(owner) == {team.team_id: "admin"}
    assert [one["team_id"] for one in owner.session.everything("/v1/teams")] == [team.team_id]
    assert team.team_id in [one["team_id"] for one in admin.everything("/v1/teams", limit=100)]
    assert outsider.session.get("/v1/teams").is_(200).json == {"items": [], "next_cursor": None}
    assert [one["user_id"] for one in admin.everything("/v1/users", team_id=team.team_id)] == [owner.user_id]
    owner.session.post("/v1/teams", {"name": new_name("Mine")}).refused(403, "forbidden")
    admin.post("/v1/teams", {"name": admin.get(team.path).json["name"].upper()}).refused(409, "team_name_taken")
    admin.post("/v1/teams", {"name": "", "admin_user_id": NOBODY}).violates(
        ("/name", "too_short"), ("/admin_user_id", "unknown_reference")
    )


def test_its_name_is_changed_by_who_may(team, owner):
    name = new_name("Pier")
    renamed = owner.session.having(if_match='"1"').patch(team.path, {"name": name}).is_(200)
    assert (renamed.json["name"], renamed.json["version"], renamed.header("etag")) == (name, 2, '"2"')
    owner.session.having(if_match='"1"').patch(team.path, {"name": "Late"}).refused(412, "version_conflict")
    (membership,) = owner.session.get("/v1/me").json["teams"]
    assert membership["name"] == name


def test_members_come_by_id_by_login_and_new(stranger, team, owner, mina, employ):
    zoe = employ("Zoe")
    added = owner.session.post(team.members, {"user_id": mina.user_id, "role_id": "developer"}).is_(201)
    assert added.json["member"].keys() == MEMBER and added.header("location") == team.member(mina)
    owner.session.post(team.members, {"login": zoe.login.upper(), "role_id": "reviewer"}).is_(201)
    owner.session.post(team.members, {"login": zoe.login, "role_id": "operator"}).refused(409, "already_member")
    owner.session.post(team.members, {"login": "admin", "role_id": "operator"}).refused(409, "not_a_member")
    body = {name: value for name, value in new_user("Fresh").items() if name != "type"}
    made = owner.session.post(team.members, {"new_user": body, "role_id": "operator"}).is_(201).json
    given = made["generated_password"]
    fresh = stranger.sign_in(given, body["login"])
    fresh.get(team.path).refused(403, "password_change_required")
    fresh.post("/v1/me/password", {"current_password": given, **twice(PASSWORD)}).is_(204)
    assert fresh.get(team.path).is_(200) and made["member"]["role"]["role_id"] == "operator"
    assert team.logins(zoe.session) == [owner.login, mina.login, zoe.login, body["login"]]
    assert [one["login"] for one in zoe.session.everything(team.members, limit=3)] == team.logins(owner.session)


def test_roles_are_listed_presets_first(team, mina):
    listed = mina.session.everything(team.roles)
    assert {role["role_id"]: role["permissions"] for role in listed} == PRESETS and all(
        role.keys() == ROLE for role in listed
    )
    assert mina.session.get(f"{team.roles}/operator").is_(200).json == listed[4]


def test_another_role_counts_at_the_next_request(team, owner, mina):
    mina.session.get(team.invitations).refused(403, "forbidden")
    owner.session.patch(team.member(mina), {"role_id": "member_manager"}).is_(200)
    assert mina.session.get(team.invitations).is_(200).json["items"] == []
    for person, role_id in [(mina, "admin"), (mina, "reviewer"), (owner, "reviewer")]:
        mina.session.patch(team.member(person), {"role_id": role_id}).refused(403, "forbidden")
    mina.session.delete(team.member(owner)).refused(403, "forbidden")
    owner.session.patch(team.member(owner), {"role_id": "developer"}).refused(403, "forbidden")


def test_who_is_not_in_it_does_not_learn_that_it_is_there(team, owner, outsider):
    missing = outsider.session.get(f"/v1/teams/{NOBODY}").refused(404, "not_found").json
    for path in (team.path, team.members, team.roles, f"{team.roles}/admin", team.invitations):
        reply = outsider.session.get(path).refused(404, "not_found")
        assert {**reply.json, "request_id": 0} == {**missing, "request_id": 0}
    outsider.session.patch(team.path, {"name": "Forged"}).refused(404, "not_found")
    outsider.session.post(team.members, {"user_id": outsider.user_id, "role_id": "admin"}).refused(404, "not_found")
    outsider.session.delete(team.member(owner)).refused(404, "not_found")
    outsider.session.get("/v1/audit").refused(404, "not_found")


def test_members_leave_and_the_last_admin_stays(admin, team, owner, mina):
    mina.session.delete(team.member(mina)).is_(204)
    assert teams_of(mina) == {}
    mina.session.get(team.path).refused(404, "not_found")
    owner.session.delete(team.member(owner)).refused(409, "last_team_admin")
    team.add(owner.session, mina, "admin")
    owner.session.delete(team.member(owner)).is_(204)
    mina.session.delete(team.member(mina)).refused(409, "last_team_admin")
    admin.delete(team.member(mina)).is_(204)
    assert admin.get(team.path).json["admins"] == [] and len(team.logins(admin)) == 2
    team.add(admin, owner, "admin")


def test_who_is_deleted_or_promoted_is_in_no_team(admin, team, owner, employ):
    gone, risen = employ("Gone"), employ("Risen")
    role_id = team.role(owner.session, "Own", "team.read")
    team.add(owner.session, gone, role_id)
    team.add(owner.session, risen, "admin")
    admin.delete(gone.path).is_(204)
    admin.patch(risen.path, {"type": "platform_admin"}).is_(200)
    assert not {gone.login, risen.login} & {*team.logins(owner.session)}
    assert [one["user_id"] for one in admin.get(team.path).json["admins"]] == [owner.user_id]
    owner.session.delete(f"{team.roles}/{role_id}").is_(204)
    assert risen.sign_in().get(team.path).is_(200), "who runs the platform sees all teams"


def test_it_is_ended_by_the_platform_alone_and_only_without_applications(admin, team, owner):
    app = team.app(owner.session)
    owner.session.delete(team.path).refused(403, "forbidden")
    admin.delete(team.path).refused(409, "team_not_empty")
    owner.session.delete(app).is_(204)
    name = admin.get(team.path).json["name"]
    admin.delete(team.path).is_(204)
    for session in (admin, owner.session):
        session.get(team.path).refused(404, "not_found")
    assert teams_of(owner) == {}
    again = admin.post("/v1/teams", {"name": name}).is_(201).header("location")
    admin.delete(again).is_(204)
