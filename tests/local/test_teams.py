"""Teams: who creates, renames and deletes them, unique names, and invisibility for others."""

import re

import pytest

from client import TIMESTAMP, UUID_V7, in_parallel, without_request_id
from teams import PERMISSIONS, TEAM_FIELDS, UNKNOWN_ID, Team, create_team, new_name, teams_of
from users import create_person


@pytest.fixture(scope="module")
def admin(shared_server):
    return shared_server.admin()


@pytest.fixture(scope="module")
def owner(admin):
    return create_person(admin, "Owner")


@pytest.fixture(scope="module")
def outsider(admin):
    """An admin of another team."""
    person = create_person(admin, "Outsider")
    create_team(admin, "Elsewhere", person)
    return person


@pytest.fixture
def team(admin, owner):
    team = create_team(admin, "Harbor", owner)
    yield team
    # Leave the team, because a user may be in 20 teams only.
    if team.team_id in teams_of(owner):
        admin.delete(team.member_path(owner)).expect(204)


def reference(person):
    return {"user_id": person.user_id, "username": person.user["username"]}


def test_a_team_is_created_with_its_first_admin(admin, owner):
    name = new_name("Harbor 항구 ⚓")
    created = admin.post("/v1/teams", {"name": f"  {name} ", "admin_user_id": owner.user_id}).expect(201)
    team = created.json
    assert team.keys() == TEAM_FIELDS and re.fullmatch(UUID_V7, team["team_id"])
    assert (team["name"], team["admins"], team["version"]) == (name, [reference(owner)], 1)
    assert re.fullmatch(TIMESTAMP, team["created_at"]) and team["updated_at"] == team["created_at"]
    path = f"/v1/teams/{team['team_id']}"
    assert (created.header("location"), created.header("etag")) == (path, '"1"')
    for session in (admin, owner.session):
        read = session.get(path).expect(200)
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
    admin.delete(Team(team["team_id"]).member_path(owner)).expect(204)


def test_a_team_may_have_no_admin(admin):
    team = admin.post("/v1/teams", {"name": new_name("Nobody's"), "admin_user_id": None}).expect(201).json
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
        ({"name": "N", "admin_user_id": UNKNOWN_ID}, ("/admin_user_id", "unknown_reference")),
        ({"name": "N", "admin_user_id": 7}, ("/admin_user_id", "wrong_type")),
        ({"name": "N", "team_id": UNKNOWN_ID}, ("/team_id", "unknown_field")),
        ({"name": "N", "version": 7}, ("/version", "unknown_field")),
        ({"name": "N", "admins": []}, ("/admins", "unknown_field")),
    ],
)
def test_the_fields_of_a_team_are_validated(admin, body, violation):
    top = "unknown_field" if violation[1] == "unknown_field" else "validation_failed"
    before = len(admin.list_all("/v1/teams"))
    admin.post("/v1/teams", body).expect_violations(violation, code=top)
    assert len(admin.list_all("/v1/teams")) == before


def test_only_a_user_of_type_member_becomes_the_first_admin(admin):
    kay = create_person(admin, "Kay", type="platform_admin")
    admin.post("/v1/teams", {"name": new_name("Kay's"), "admin_user_id": kay.user_id}).expect_problem(
        409, "not_a_member"
    )
    created = kay.session.post("/v1/teams", {"name": new_name("By Kay")}).expect(201)
    assert created.json["admins"] == [], "the creator does not join the team"


def test_names_are_unique_regardless_of_case_space_and_composition(admin, team, owner):
    name = new_name("Café")
    taken = admin.post("/v1/teams", {"name": name}).expect(201).header("location")
    for other in (name, name.upper(), f" {name} ", name.replace("é", "e\u0301")):
        admin.post("/v1/teams", {"name": other}).expect_problem(409, "team_name_taken")
        owner.session.patch(team.path, {"name": other}).expect_problem(409, "team_name_taken")
    assert admin.patch(taken, {"name": name.upper()}).expect(200).json["name"] == name.upper(), (
        "a team may change the case of its own name"
    )
    admin.patch(taken, {"name": new_name("Renamed")}).expect(200)
    owner.session.patch(team.path, {"name": name}).expect(200)


def test_parallel_creations_with_one_name_create_one_team(admin):
    name = new_name("Rivals")
    replies = in_parallel(4, lambda spelled: admin.post("/v1/teams", {"name": spelled}), [name, name.upper()] * 2)
    for reply in replies:
        assert reply.status == 201 or reply.expect_problem(409, "team_name_taken")
    assert sum(reply.status == 201 for reply in replies) == 1
    assert sum(team["name"].casefold() == name.casefold() for team in admin.list_all("/v1/teams")) == 1


def test_readable_teams_are_listed_in_order_of_creation(admin, outsider):
    teams = [create_team(admin, f"Listed{number}", outsider).team_id for number in range(3)]
    everything = [team["team_id"] for team in admin.list_all("/v1/teams", limit=2)]
    assert everything == sorted(everything) and [one for one in everything if one in teams] == teams
    own = [team["team_id"] for team in outsider.session.list_all("/v1/teams", limit=1)]
    assert own == sorted(teams_of(outsider)) and len(own) == 4 < len(everything)
    loner = create_person(admin, "Loner")
    assert loner.session.get("/v1/teams").expect(200).json == {"items": [], "next_cursor": None}
    admin.get("/v1/teams", name="x").expect_violations(("name", "unknown_field"), code="unknown_field")
    cursor = admin.get("/v1/teams", limit=1).json["next_cursor"]
    outsider.session.get("/v1/teams", cursor=cursor, limit=1).expect_problem(400, "invalid_cursor")


def test_a_team_that_the_caller_may_not_read_is_not_found(admin, team, owner, outsider):
    role_id = team.create_role(owner.session, "Own", "team.read")
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
        foreign = outsider.session.send(method, team.path + tail, body).expect_problem(404, "not_found")
        missing = outsider.session.send(method, f"/v1/teams/{UNKNOWN_ID}{tail}", body).expect_problem(404, "not_found")
        assert without_request_id(foreign) == without_request_id(missing)
        outsider.session.send(method, f"/v1/teams/x{tail}", body).expect_problem(404, "not_found")
    assert team.logins(admin) == [owner.login]


def test_only_platform_admins_create_and_delete_teams(admin, team, owner, outsider):
    for body in ({"name": new_name("Mine")}, {"name": 7}, {}):
        owner.session.post("/v1/teams", body).expect_problem(403, "forbidden")
    owner.session.delete(team.path).expect_problem(403, "forbidden")
    assert owner.session.get(team.path).expect(200)


def test_a_rename_honours_if_match(admin, team, owner):
    before, name = owner.session.get(team.path).json, new_name("Renamed")
    renamed = owner.session.with_headers(if_match='"1"').patch(team.path, {"name": name}).expect(200)
    assert renamed.json == before | {"name": name, "version": 2, "updated_at": renamed.json["updated_at"]}
    assert renamed.json["updated_at"] > before["updated_at"] and renamed.header("etag") == '"2"'
    for stale in ('"1"', 'W/"2"', '"3"'):
        owner.session.with_headers(if_match=stale).patch(team.path, {"name": "Late"}).expect_problem(
            412, "version_conflict"
        )
        admin.with_headers(if_match=stale).delete(team.path).expect_problem(412, "version_conflict")
    owner.session.with_headers(if_match="2").patch(team.path, {"name": "Late"}).expect(400)
    same = owner.session.patch(team.path, {"name": name}).expect(200)
    assert same.json["version"] == 2 and owner.session.patch(team.path, {}).expect(200).json == same.json, (
        "an edit without a change keeps the version"
    )
    owner.session.patch(team.path, {"name": None}).expect_violations(("/name", "required"))
    owner.session.patch(team.path, {"team_id": UNKNOWN_ID}).expect_violations(
        ("/team_id", "unknown_field"), code="unknown_field"
    )
    assert teams_of(owner)[team.team_id] == "admin" and owner.session.get(team.path).json["name"] == name


def test_an_idempotency_key_creates_one_team(admin, owner):
    body = {"name": new_name("Keyed")}
    keyed = admin.with_headers(idempotency_key=body["name"])
    first, again = keyed.post("/v1/teams", body).expect(201), keyed.post("/v1/teams", body).expect(201)
    assert again.header("idempotency-replayed") == "true" and again.body == first.body
    keyed.post("/v1/teams", {"name": new_name("Other")}).expect_problem(422, "idempotency_mismatch")
    admin.delete(first.header("location")).expect(204)
    assert keyed.post("/v1/teams", body).expect(201).body == first.body, "replayed in any state"
    admin.get(first.header("location")).expect_problem(404, "not_found")


def test_a_team_that_owns_an_application_is_not_deleted(admin, team, owner):
    app = team.create_app(owner.session)
    admin.delete(team.path).expect_problem(409, "team_not_empty")
    admin.patch(app, {"team_id": None}).expect(200)
    owner.session.get(app).expect_problem(404, "not_found")
    admin.patch(app, {"team_id": team.team_id}).expect(200)
    admin.delete(team.path).expect_problem(409, "team_not_empty")
    owner.session.delete(app).expect(204)
    admin.delete(team.path).expect(204)


def test_a_deleted_team_is_immediately_gone_for_everyone(admin, team, owner):
    mina = create_person(admin, "Mina")
    team.add_member(owner.session, mina, "developer")
    name = admin.get(team.path).json["name"]
    role_id = team.create_role(owner.session, "Own", "team.read")
    admin.delete(team.path).expect(204)
    for session in (admin, owner.session, mina.session):
        session.get(team.path).expect_problem(404, "not_found")
        for path in (team.members, team.roles, team.invitations, f"{team.roles}/{role_id}"):
            session.get(path).expect_problem(404, "not_found")
        assert team.team_id not in [one["team_id"] for one in session.list_all("/v1/teams")]
        session.delete(team.path).expect_problem(404, "not_found")
    assert team.team_id not in teams_of(owner) and teams_of(mina) == {}
    assert admin.get(mina.path).json["teams"] == [] and admin.list_all("/v1/users", team_id=team.team_id) == []
    mina.session.delete(team.member_path(mina)).expect_problem(404, "not_found")
    mina.session.post("/v1/apps", {"name": "Late", "team_id": team.team_id}).expect_violations(
        ("/team_id", "unknown_reference")
    )
    admin.post("/v1/apps", {"name": "Late", "team_id": team.team_id}).expect_violations(
        ("/team_id", "unknown_reference")
    )
    again = admin.post("/v1/teams", {"name": name}).expect(201).json
    assert again["team_id"] != team.team_id and again["admins"] == []
