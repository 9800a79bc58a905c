"""Teams: founded and ended by the platform's admins, named once, and not there for whoever may not read them."""

import re

import pytest

from client import TIME, UUID_V7, in_parallel
from teams import NOBODY, PERMISSIONS, TEAM, Team, found, new_name, teams_of
from users import hire


@pytest.fixture(scope="module")
def admin(office):
    return office.admin()


@pytest.fixture(scope="module")
def owner(admin):
    return hire(admin, "Owner")


@pytest.fixture(scope="module")
def outsider(admin):
    """A member of another team, where it may do everything."""
    person = hire(admin, "Outsider")
    found(admin, "Elsewhere", person)
    return person


@pytest.fixture
def team(admin, owner):
    team = found(admin, "Harbor", owner)
    yield team
    # Nobody is in more than 20 teams.
    if team.team_id in teams_of(owner):
        admin.delete(team.member(owner)).is_(204)


def reference(person):
    return {"user_id": person.user_id, "username": person.user["username"]}


def test_a_team_is_founded_with_its_first_admin(admin, owner):
    name = new_name("Harbor 항구 ⚓")
    created = admin.post("/v1/teams", {"name": f"  {name} ", "admin_user_id": owner.user_id}).is_(201)
    team = created.json
    assert team.keys() == TEAM and re.fullmatch(UUID_V7, team["team_id"])
    assert (team["name"], team["admins"], team["version"]) == (name, [reference(owner)], 1)
    assert re.fullmatch(TIME, team["created_at"]) and team["updated_at"] == team["created_at"]
    path = f"/v1/teams/{team['team_id']}"
    assert (created.header("location"), created.header("etag")) == (path, '"1"')
    for session in (admin, owner.session):
        read = session.get(path).is_(200)
        assert (read.json, read.header("etag")) == (team, '"1"')
    (membership,) = [one for one in owner.session.get("/v1/me").json["teams"] if one["team_id"] == team["team_id"]]
    role = {
        "role_id": "admin",
        "name": membership["role"]["name"],
        "preset": True,
        "permissions": PERMISSIONS,
        "version": 1,
    }
    assert membership == {"team_id": team["team_id"], "name": name, "role": role}
    assert membership in admin.get(owner.path).json["teams"]
    admin.delete(Team(team["team_id"]).member(owner)).is_(204)


def test_a_team_without_an_admin_is_shown_as_having_none(admin):
    team = admin.post("/v1/teams", {"name": new_name("Nobody's"), "admin_user_id": None}).is_(201).json
    assert team["admins"] == [] and admin.get(f"/v1/teams/{team['team_id']}/members").json["items"] == []


@pytest.mark.parametrize(
    ("body", "violation"),
    [
        ({}, ("/name", "required")),
        ({"name": None}, ("/name", "required")),
        ({"name": 7}, ("/name", "wrong_type")),
        ({"name": "   "}, ("/name", "too_short")),
        ({"name": "x" * 65}, ("/name", "too_long")),
        ({"name": "a\nb"}, ("/name", "bad_format")),
        ({"name": "a\0b"}, ("/name", "bad_format")),
        ({"name": "N", "admin_user_id": NOBODY}, ("/admin_user_id", "unknown_reference")),
        ({"name": "N", "admin_user_id": 7}, ("/admin_user_id", "wrong_type")),
        ({"name": "N", "team_id": NOBODY}, ("/team_id", "unknown_field")),
        ({"name": "N", "version": 7}, ("/version", "unknown_field")),
        ({"name": "N", "admins": []}, ("/admins", "unknown_field")),
    ],
)
def test_what_a_team_is_made_of_obeys_its_rules(admin, body, violation):
    top = "unknown_field" if violation[1] == "unknown_field" else "validation_failed"
    before = len(admin.everything("/v1/teams"))
    admin.post("/v1/teams", body).violates(violation, code=top)
    assert len(admin.everything("/v1/teams")) == before


def test_only_a_member_becomes_a_first_admin(admin):
    kay = hire(admin, "Kay", type="platform_admin")
    admin.post("/v1/teams", {"name": new_name("Kay's"), "admin_user_id": kay.user_id}).refused(409, "not_a_member")
    created = kay.session.post("/v1/teams", {"name": new_name("By Kay")}).is_(201)
    assert created.json["admins"] == [], "who founds a team is not in it"


def test_a_name_is_taken_once_whatever_its_case_space_and_composition(admin, team, owner):
    name = new_name("Café")
    taken = admin.post("/v1/teams", {"name": name}).is_(201).header("location")
    for other in (name, name.upper(), f" {name} ", name.replace("é", "e\u0301")):
        admin.post("/v1/teams", {"name": other}).refused(409, "team_name_taken")
        owner.session.patch(team.path, {"name": other}).refused(409, "team_name_taken")
    assert admin.patch(taken, {"name": name.upper()}).is_(200).json["name"] == name.upper(), "to itself it is not taken"
    admin.patch(taken, {"name": new_name("Renamed")}).is_(200)
    owner.session.patch(team.path, {"name": name}).is_(200)


def test_one_name_in_parallel_is_one_team(admin):
    name = new_name("Rivals")
    replies = in_parallel(4, lambda spelled: admin.post("/v1/teams", {"name": spelled}), [name, name.upper()] * 2)
    for reply in replies:
        assert reply.status == 201 or reply.refused(409, "team_name_taken")
    assert sum(reply.status == 201 for reply in replies) == 1
    assert sum(team["name"].casefold() == name.casefold() for team in admin.everything("/v1/teams")) == 1


def test_lists_hold_the_teams_that_one_may_read_by_creation(admin, outsider):
    teams = [found(admin, f"Listed{number}", outsider).team_id for number in range(3)]
    everything = [team["team_id"] for team in admin.everything("/v1/teams", limit=2)]
    assert everything == sorted(everything) and [one for one in everything if one in teams] == teams
    own = [team["team_id"] for team in outsider.session.everything("/v1/teams", limit=1)]
    assert own == sorted(teams_of(outsider)) and len(own) == 4 < len(everything)
    loner = hire(admin, "Loner")
    assert loner.session.get("/v1/teams").is_(200).json == {"items": [], "next_cursor": None}
    admin.get("/v1/teams", name="x").violates(("name", "unknown_field"), code="unknown_field")
    cursor = admin.get("/v1/teams", limit=1).json["next_cursor"]
    outsider.session.get("/v1/teams", cursor=cursor, limit=1).refused(400, "invalid_cursor")


def test_a_team_that_one_may_not_read_is_not_there(admin, team, owner, outsider):
    role_id = team.role(owner.session, "Own", "team.read")
    invitation, _ = team.invite(owner.session, "developer")
    for method, tail, body in [
        ("GET", "", None),
        ("PATCH", "", {"name": "Forged"}),
        ("PATCH", "", {"name": 7}),
        ("DELETE", "", None),
        ("GET", "/members", None),
        ("POST", "/members", {"user_id": outsider.user_id, "role_id": "admin"}),
        ("PATCH", f"/members/{owner.user_id}", {"role_id": "reviewer"}),
        ("DELETE", f"/members/{owner.user_id}", None),
        ("DELETE", f"/members/{outsider.user_id}", None),
        ("GET", "/roles", None),
        ("GET", "/roles/admin", None),
        ("GET", f"/roles/{role_id}", None),
        ("POST", "/roles", {"name": "Forged", "permissions": ["team.read"]}),
        ("PATCH", f"/roles/{role_id}", {"name": "Forged"}),
        ("DELETE", f"/roles/{role_id}", None),
        ("GET", "/invitations", None),
        ("POST", "/invitations", {"role_id": "admin"}),
        ("DELETE", f"/invitations/{invitation['invitation_id']}", None),
        ("POST", f"/invitations/{invitation['invitation_id']}/reissue", None),
    ]:
        foreign = outsider.session.send(method, team.path + tail, body).refused(404, "not_found")
        missing = outsider.session.send(method, f"/v1/teams/{NOBODY}{tail}", body).refused(404, "not_found")
        assert {**foreign.json, "request_id": 0} == {**missing.json, "request_id": 0}
        outsider.session.send(method, f"/v1/teams/x{tail}", body).refused(404, "not_found")
    assert team.logins(admin) == [owner.login]


def test_founding_and_ending_are_the_platforms(admin, team, owner, outsider):
    for body in ({"name": new_name("Mine")}, {"name": 7}, {}):
        owner.session.post("/v1/teams", body).refused(403, "forbidden")
    owner.session.delete(team.path).refused(403, "forbidden")
    assert owner.session.get(team.path).is_(200)


def test_a_rename_is_conditional_on_what_was_read(admin, team, owner):
    before, name = owner.session.get(team.path).json, new_name("Renamed")
    renamed = owner.session.having(if_match='"1"').patch(team.path, {"name": name}).is_(200)
    assert renamed.json == before | {"name": name, "version": 2, "updated_at": renamed.json["updated_at"]}
    assert renamed.json["updated_at"] > before["updated_at"] and renamed.header("etag") == '"2"'
    for stale in ('"1"', 'W/"2"', '"3"'):
        owner.session.having(if_match=stale).patch(team.path, {"name": "Late"}).refused(412, "version_conflict")
        admin.having(if_match=stale).delete(team.path).refused(412, "version_conflict")
    owner.session.having(if_match="2").patch(team.path, {"name": "Late"}).is_(400)
    same = owner.session.patch(team.path, {"name": name}).is_(200)
    assert same.json["version"] == 2 and owner.session.patch(team.path, {}).is_(200).json == same.json, (
        "nothing changed"
    )
    owner.session.patch(team.path, {"name": None}).violates(("/name", "required"))
    owner.session.patch(team.path, {"team_id": NOBODY}).violates(("/team_id", "unknown_field"), code="unknown_field")
    assert teams_of(owner)[team.team_id] == "admin" and owner.session.get(team.path).json["name"] == name


def test_a_key_founds_one_team(admin, owner):
    body = {"name": new_name("Keyed")}
    keyed = admin.having(idempotency_key=body["name"])
    first, again = keyed.post("/v1/teams", body).is_(201), keyed.post("/v1/teams", body).is_(201)
    assert again.header("idempotency-replayed") == "true" and again.body == first.body
    keyed.post("/v1/teams", {"name": new_name("Other")}).refused(422, "idempotency_mismatch")
    admin.delete(first.header("location")).is_(204)
    assert keyed.post("/v1/teams", body).is_(201).body == first.body, "whatever happened since"
    admin.get(first.header("location")).refused(404, "not_found")


def test_a_team_that_owns_an_application_is_not_deleted(admin, team, owner):
    app = team.app(owner.session)
    admin.delete(team.path).refused(409, "team_not_empty")
    admin.patch(app, {"team_id": None}).is_(200)
    owner.session.get(app).refused(404, "not_found")
    admin.patch(app, {"team_id": team.team_id}).is_(200)
    admin.delete(team.path).refused(409, "team_not_empty")
    owner.session.delete(app).is_(204)
    admin.delete(team.path).is_(204)


def test_a_deleted_team_is_gone_for_everyone_at_once(admin, team, owner):
    mina = hire(admin, "Mina")
    team.add(owner.session, mina, "developer")
    name = admin.get(team.path).json["name"]
    role_id = team.role(owner.session, "Own", "team.read")
    admin.delete(team.path).is_(204)
    for session in (admin, owner.session, mina.session):
        session.get(team.path).refused(404, "not_found")
        for path in (team.members, team.roles, team.invitations, f"{team.roles}/{role_id}"):
            session.get(path).refused(404, "not_found")
        assert team.team_id not in [one["team_id"] for one in session.everything("/v1/teams")]
        session.delete(team.path).refused(404, "not_found")
    assert team.team_id not in teams_of(owner) and teams_of(mina) == {}
    assert admin.get(mina.path).json["teams"] == [] and admin.everything("/v1/users", team_id=team.team_id) == []
    mina.session.delete(team.member(mina)).refused(404, "not_found")
    mina.session.post("/v1/apps", {"name": "Late", "team_id": team.team_id}).violates(("/team_id", "unknown_reference"))
    admin.post("/v1/apps", {"name": "Late", "team_id": team.team_id}).violates(("/team_id", "unknown_reference"))
    again = admin.post("/v1/teams", {"name": name}).is_(201).json
    assert again["team_id"] != team.team_id and again["admins"] == []
