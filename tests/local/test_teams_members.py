"""Members of a team: adding, changing roles, leaving and removing."""

import itertools
import re

import pytest

from client import TIMESTAMP, in_parallel
from teams import MEMBER_FIELDS, PRESETS, UNKNOWN_ID, create_team, teams_of
from users import PASSWORD, create_person, new_member_body, password_fields


@pytest.fixture(scope="module")
def admin(shared_server):
    return shared_server.admin()


@pytest.fixture(scope="module")
def people(admin):
    """Five users who are in no team between the tests."""
    return [create_person(admin, name) for name in ("Ada", "Ben", "Cho", "Dee", "Eva")]


@pytest.fixture
def team(admin, people):
    """A team with the first of the users as its admin. All users leave it after the test."""
    team = create_team(admin, "Harbor", people[0])
    yield team
    for person in people:
        if team.team_id in teams_of(person):
            admin.delete(team.member_path(person)).expect(204)


def test_a_member_is_added_by_id_or_by_login(admin, team, people):
    ada, ben, cho, *_ = people
    added = ada.session.post(team.members, {"user_id": ben.user_id, "role_id": "developer"}).expect(201)
    assert added.json.keys() == {"member"} and added.header("etag") == '"1"'
    assert added.header("location") == team.members
    member = added.json["member"]
    assert member.keys() == MEMBER_FIELDS and member["role"]["permissions"] == PRESETS["developer"]
    assert (member["user_id"], member["login"], member["username"]) == (ben.user_id, ben.login, ben.user["username"])
    assert (member["status"], member["version"]) == ("enabled", 1) and re.fullmatch(TIMESTAMP, member["joined_at"])
    other = (
        ada.session.post(team.members, {"login": f" {cho.login.upper()} ".strip(), "role_id": "reviewer"})
        .expect(201)
        .json["member"]
    )
    assert (other["user_id"], other["login"]) == (cho.user_id, cho.login)
    assert teams_of(ben) == {team.team_id: "developer"} and teams_of(cho) == {team.team_id: "reviewer"}
    assert [one["user_id"] for one in admin.list_all("/v1/users", team_id=team.team_id)] == sorted(
        one.user_id for one in (ada, ben, cho)
    )


def test_a_new_user_is_created_in_the_team(team, people):
    ada = people[0]
    body = new_member_body("Fresh", email="fresh@example.com")
    made = ada.session.post(team.members, {"new_user": body, "role_id": "operator"}).expect(201)
    assert made.json.keys() == {"member", "generated_password"} and made.json["member"].keys() == MEMBER_FIELDS
    login, given = made.json["member"]["login"], made.json["generated_password"]
    assert login == body["login"] and made.json["member"]["role"]["role_id"] == "operator"
    session = ada.session.anonymous().sign_in(given, login)
    session.get("/v1/apps").expect_problem(403, "password_change_required")
    session.get("/v1/teams").expect_problem(403, "password_change_required")
    session.post("/v1/me/password", {"current_password": given, **password_fields(PASSWORD)}).expect(204)
    me = session.get("/v1/me").expect(200).json
    assert me["user"]["type"] == "member" and me["user"]["email_verified"] is False
    assert (
        [one["team_id"] for one in me["teams"]]
        == [team.team_id]
        == [one["team_id"] for one in session.list_all("/v1/teams")]
    )
    typed = {**body, "login": f"{login}.2", "password": PASSWORD}
    del typed["generate_password"]
    reply = ada.session.post(team.members, {"new_user": typed, "role_id": "operator"}).expect(201)
    assert reply.json.keys() == {"member"} and PASSWORD.encode() not in reply.body
    ada.session.anonymous().sign_in(PASSWORD, typed["login"]).get("/v1/teams").expect_problem(
        403, "password_change_required"
    )
    ada.session.post(team.members, {"new_user": body, "role_id": "operator"}).expect_problem(409, "login_taken")
    ada.session.post(team.members, {"new_user": {**body, "type": "member"}, "role_id": "operator"}).expect_violations(
        ("/new_user/type", "unknown_field"), code="unknown_field"
    )


@pytest.mark.parametrize(
    ("body", "violations"),
    [
        ({}, [("/user_id", "required"), ("/role_id", "required")]),
        ({"role_id": "developer"}, [("/user_id", "required")]),
        ({"user_id": UNKNOWN_ID, "role_id": "developer"}, [("/user_id", "unknown_reference")]),
        ({"login": "nobody.at.all", "role_id": "developer"}, [("/login", "unknown_reference")]),
        (
            {"user_id": UNKNOWN_ID, "role_id": UNKNOWN_ID},
            [("/user_id", "unknown_reference"), ("/role_id", "unknown_reference")],
        ),
        (
            {"login": "nobody.at.all", "role_id": "owner"},
            [("/login", "unknown_reference"), ("/role_id", "unknown_reference")],
        ),
        ({"user_id": 7, "role_id": 7}, [("/user_id", "wrong_type"), ("/role_id", "wrong_type")]),
        (
            {"new_user": {}, "role_id": "developer"},
            [(f"/new_user/{name}", "required") for name in ("username", "login", "password")],
        ),
        ({"new_user": "Mina", "role_id": "developer"}, [("/new_user", "wrong_type")]),
        (
            {"new_user": {"username": "a  b", "login": "ab", "password": "short"}, "role_id": "developer"},
            [
                ("/new_user/username", "bad_format"),
                ("/new_user/login", "too_short"),
                ("/new_user/password", "too_short"),
            ],
        ),
    ],
)
def test_all_violations_of_a_new_member_are_returned_at_once(team, people, body, violations):
    people[0].session.post(team.members, body).expect_violations(*violations)
    assert team.logins(people[0].session) == [people[0].login]


def test_exactly_one_of_three_fields_names_the_new_member(team, people):
    ada, ben, cho, *_ = people
    both = {"user_id": ben.user_id, "login": cho.login, "role_id": "developer"}
    ada.session.post(team.members, both).expect_violations(("/login", "not_allowed"))
    ada.session.post(
        team.members, {"user_id": None, "login": cho.login, "new_user": None, "role_id": "developer"}
    ).expect(201)
    for field in ("joined_at", "status", "version", "team_id"):
        body = {"user_id": ben.user_id, "role_id": "developer", field: "x"}
        ada.session.post(team.members, body).expect_violations((f"/{field}", "unknown_field"), code="unknown_field")
    assert teams_of(ben) == {}


def test_members_and_platform_admins_are_not_added(admin, team, people):
    ada, ben, *_ = people
    team.add_member(ada.session, ben, "developer")
    ada.session.post(team.members, {"user_id": ben.user_id, "role_id": "reviewer"}).expect_problem(
        409, "already_member"
    )
    assert teams_of(ben) == {team.team_id: "developer"}
    kay = create_person(admin, "Kay", type="platform_admin")
    for body in ({"user_id": kay.user_id}, {"login": kay.login}, {"login": "admin"}):
        ada.session.post(team.members, {**body, "role_id": "developer"}).expect_problem(409, "not_a_member")
    assert team.logins(ada.session) == [ada.login, ben.login]


def test_members_are_listed_in_order_of_joining(admin, team, people):
    ada, ben, cho, dee, _ = people
    for person in (dee, ben, cho):
        team.add_member(admin, person, "developer")
    order = [ada.login, dee.login, ben.login, cho.login]
    for session in (admin, ada.session, ben.session):
        assert team.logins(session) == order == [one["login"] for one in session.list_all(team.members, limit=1)]
    admin.patch(team.member_path(dee), {"role_id": "reviewer"}).expect(200)
    admin.patch(cho.path, {"status": "disabled"}).expect(200)
    listed = admin.list_all(team.members)
    assert [one["login"] for one in listed] == order and all(one.keys() == MEMBER_FIELDS for one in listed)
    assert [one["status"] for one in listed] == ["enabled", "enabled", "enabled", "disabled"]
    assert [one["role"]["role_id"] for one in listed] == ["admin", "reviewer", "developer", "developer"]
    admin.patch(cho.path, {"status": "enabled"}).expect(200)
    cho.session = cho.sign_in()
    admin.get(team.members, role_id="developer").expect_violations(("role_id", "unknown_field"), code="unknown_field")


def test_a_role_is_changed_by_those_who_may_grant_it_but_not_ones_own(team, people):
    ada, ben, cho, *_ = people
    before = team.add_member(ada.session, ben, "developer")
    edited = (
        ada.session.with_headers(if_match='"1"').patch(team.member_path(ben), {"role_id": "member_manager"}).expect(200)
    )
    assert edited.json == before | {"role": edited.json["role"], "version": 2} and edited.header("etag") == '"2"'
    assert edited.json["role"]["permissions"] == PRESETS["member_manager"]
    ada.session.with_headers(if_match='"1"').patch(team.member_path(ben), {"role_id": "reviewer"}).expect_problem(
        412, "version_conflict"
    )
    ada.session.with_headers(if_match='"1"').delete(team.member_path(ben)).expect_problem(412, "version_conflict")
    team.add_member(ben.session, cho, "operator")
    for person, role_id in [(ada, "reviewer"), (ben, "admin"), (ben, "reviewer")]:
        person.session.patch(team.member_path(person), {"role_id": role_id}).expect_problem(403, "forbidden")
    ben.session.patch(team.member_path(ada), {"role_id": "reviewer"}).expect_problem(403, "forbidden")
    ben.session.patch(team.member_path(cho), {"role_id": "admin"}).expect_problem(403, "forbidden")
    ben.session.delete(team.member_path(ada)).expect_problem(403, "forbidden")
    cho.session.patch(team.member_path(ben), {"role_id": "reviewer"}).expect_problem(403, "forbidden")
    cho.session.delete(team.member_path(ben)).expect_problem(403, "forbidden")
    ada.session.patch(team.member_path(cho), {"role_id": UNKNOWN_ID}).expect_violations(
        ("/role_id", "unknown_reference")
    )
    ada.session.patch(team.member_path(cho), {}).expect_violations(("/role_id", "required"))
    ada.session.patch(team.member_path(cho), {"role_id": "reviewer", "status": "x"}).expect_violations(
        ("/status", "unknown_field"), code="unknown_field"
    )
    for unknown in (people[3].user_id, UNKNOWN_ID, "x"):
        ada.session.patch(f"{team.members}/{unknown}", {"role_id": "reviewer"}).expect_problem(404, "not_found")
        ada.session.delete(f"{team.members}/{unknown}").expect_problem(404, "not_found")
    assert teams_of(ada) == {team.team_id: "admin"} and teams_of(ben) == {team.team_id: "member_manager"}


@pytest.mark.parametrize("role_id", PRESETS)
def test_a_member_of_any_role_leaves(admin, team, people, role_id):
    ada, ben, *_ = people
    team.add_member(admin, ben, role_id)
    ben.session.delete(team.member_path(ben)).expect(204)
    assert teams_of(ben) == {} and team.logins(ada.session) == [ada.login]
    ben.session.get(team.path).expect_problem(404, "not_found")
    ben.session.delete(team.member_path(ben)).expect_problem(404, "not_found")


def test_only_a_platform_admin_removes_the_last_admin(admin, team, people):
    ada, ben, *_ = people
    team.add_member(admin, ben, "admin")
    assert [one["user_id"] for one in admin.get(team.path).json["admins"]] == sorted([ada.user_id, ben.user_id])
    ada.session.delete(team.member_path(ada)).expect(204)
    ben.session.delete(team.member_path(ben)).expect_problem(409, "last_team_admin")
    ben.session.patch(team.member_path(ben), {"role_id": "reviewer"}).expect_problem(403, "forbidden")
    team.add_member(ben.session, ada, "developer")
    ben.session.delete(team.member_path(ben)).expect_problem(409, "last_team_admin")
    assert (
        admin.patch(team.member_path(ben), {"role_id": "developer"}).expect(200).json["role"]["role_id"] == "developer"
    )
    assert admin.get(team.path).json["admins"] == []
    admin.patch(team.member_path(ada), {"role_id": "admin"}).expect(200)
    admin.delete(team.member_path(ada)).expect(204)
    assert admin.get(team.path).json["admins"] == [] and team.logins(admin) == [ben.login]


def test_one_admin_remains_when_two_leave_or_remove_each_other(admin, team, people):
    ada, ben, *_ = people
    for targets in [(ada, ben), (ben, ada)]:
        if team.team_id not in teams_of(ben):
            team.add_member(admin, ben, "admin")
        replies = in_parallel(
            2, lambda pair: pair[0].session.delete(team.member_path(pair[1])), zip((ada, ben), targets, strict=True)
        )
        for reply in replies:
            assert reply.status == 204 or reply.code in ("last_team_admin", "forbidden", "not_found", "conflict"), (
                f"{reply}"
            )
        left = [person for person in (ada, ben) if team.team_id in teams_of(person)]
        assert len(left) == 2 - sum(reply.status == 204 for reply in replies) >= 1
        assert len(admin.get(team.path).json["admins"]) == len(left)
        for person in (ada, ben):
            if person not in left:
                team.add_member(admin, person, "admin")


def test_a_deleted_or_promoted_user_leaves_their_teams(admin, team):
    gone, promoted = (create_person(admin, name) for name in ("Gone", "Promoted"))
    for person, role_id in [(gone, "admin"), (promoted, "developer")]:
        team.add_member(admin, person, role_id)
    admin.delete(gone.path).expect(204)
    admin.patch(promoted.path, {"type": "platform_admin"}).expect(200)
    assert not {gone.login, promoted.login} & {*team.logins(admin)} and admin.get(promoted.path).json["teams"] == []
    assert gone.user_id not in [one["user_id"] for one in admin.get(team.path).json["admins"]]
    admin.patch(promoted.path, {"type": "member"}).expect(200)
    assert admin.get(promoted.path).json["teams"] == [], "a demotion does not restore memberships"


def test_parallel_additions_add_each_user_once(admin, team, people):
    ada, others = people[0], people[1:]
    pairs = [*itertools.product(others, ("developer", "operator"))]
    replies = in_parallel(
        4, lambda pair: ada.session.post(team.members, {"user_id": pair[0].user_id, "role_id": pair[1]}), pairs
    )
    for reply in replies:
        assert reply.status == 201 or reply.code in ("already_member", "conflict"), f"{reply}"
    assert sum(reply.status == 201 for reply in replies) == len(others)
    assert sorted(team.logins(admin)) == sorted(person.login for person in people)
