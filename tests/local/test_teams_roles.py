"""Roles: what presets allow, how custom roles are restricted, and that changes apply to the next request."""

import re
import types

import pytest

from client import UUID_V7
from teams import PERMISSIONS, PRESETS, ROLE_FIELDS, UNKNOWN_ID, create_team, teams_of
from users import create_person, new_member_body


@pytest.fixture(scope="module")
def admin(shared_server):
    return shared_server.admin()


@pytest.fixture(scope="module")
def staff(admin):
    """One user for each preset role, and `spare`, who is in no team."""
    people = {role_id: create_person(admin, role_id.replace("_", "-")) for role_id in PRESETS}
    return types.SimpleNamespace(**people, spare=create_person(admin, "Spare"))


@pytest.fixture
def team(admin, staff):
    team = create_team(admin, "Harbor", staff.admin)
    for role_id in list(PRESETS)[1:]:
        team.add_member(admin, getattr(staff, role_id), role_id)
    yield team
    for person in vars(staff).values():
        if team.team_id in teams_of(person):
            admin.delete(team.member_path(person)).expect(204)


def operations(admin, team):
    """The requests that each permission allows: (method, path, body, status of the reply)."""
    app = team.create_app(admin)
    accounts = f"{app}/accounts"
    for user_id in ("mina", "zoe", "kay"):
        admin.post(accounts, {"user_id": user_id, "type": "general"}).expect(201)
    admin.put(f"{app}/deletion-lock", {"locked": False, "risks_acknowledged": True}).expect(200)
    member = {
        "new_user": new_member_body("Made"),
        "role_id": "reviewer",
    }
    return {
        "team.read": [("GET", team.path, None, 200), ("GET", team.members, None, 200), ("GET", team.roles, None, 200)],
        "team.edit": [("PATCH", team.path, {}, 200)],
        "members.manage": [
            ("GET", team.invitations, None, 200),
            ("POST", team.invitations, {"role_id": "reviewer"}, 201),
            ("POST", team.members, member, 201),
        ],
        "roles.manage": [("POST", team.roles, {"name": "Made", "permissions": ["team.read"]}, 201)],
        "apps.manage": [
            ("POST", "/v1/apps", {"name": "Made", "team_id": team.team_id}, 201),
            ("PATCH", app, {}, 200),
            ("PUT", f"{app}/deletion-lock", {"locked": False, "risks_acknowledged": True}, 200),
            ("DELETE", app, None, 409),
        ],
        "accounts.read": [("GET", accounts, None, 200), ("GET", f"{accounts}/mina", None, 200)],
        "accounts.write": [
            ("POST", accounts, {"user_id": "new", "type": "general"}, 201),
            ("PATCH", f"{accounts}/mina", {"level": 1}, 200),
        ],
        "accounts.admin": [
            ("PUT", f"{accounts}/mina/admin", None, 200),
            ("DELETE", f"{accounts}/mina/admin", None, 200),
        ],
        "accounts.delete": [("POST", f"{app}/account-deletions", {"user_ids": ["zoe"]}, 200)],
        "accounts.export": [
            ("GET", f"{accounts}/kay/export?format=csv", None, 200),
            ("POST", f"{app}/export-selection", {"user_ids": ["kay"], "format": "csv"}, 200),
        ],
        "audit.read": [("GET", f"/v1/audit?team_id={team.team_id}", None, 200)],
    }


def refusal(permission, path, permissions):
    """The error without a permission: 403 for objects that the caller may read, otherwise 404."""
    reads = permission in PERMISSIONS[:4] or path == "/v1/apps" or {"accounts.read", "apps.manage"} & {*permissions}
    return (403, "forbidden") if reads and permission != "audit.read" else (404, "not_found")


@pytest.mark.parametrize("role_id", PRESETS)
def test_a_preset_allows_its_permissions_and_nothing_else(admin, team, staff, role_id):
    session, permissions = getattr(staff, role_id).session, PRESETS[role_id]
    for permission, requests in operations(admin, team).items():
        for method, path, body, status in requests:
            reply = session.send(method, path, body)
            if permission in permissions:
                reply.expect(status)
            else:
                reply.expect_problem(*refusal(permission, path, permissions))
    session.get("/v1/users").expect_problem(404, "not_found")


def test_an_account_of_type_admin_requires_its_own_permission(admin, team, staff):
    app, body = team.create_app(admin), {"user_id": "boss", "type": "admin"}
    for role_id in ("developer", "operator"):
        getattr(staff, role_id).session.post(f"{app}/accounts", body).expect_problem(403, "forbidden")
    staff.senior_developer.session.post(f"{app}/accounts", body).expect(201)


def test_roles_are_listed_presets_first_then_custom_roles(team, staff):
    session = staff.admin.session
    for name in ("Zebra", "apple", "Mango"):
        team.create_role(session, name, "team.read")
    listed = staff.reviewer.session.list_all(team.roles)
    assert [role["role_id"] for role in listed[:6]] == list(PRESETS)
    assert [role["permissions"] for role in listed[:6]] == list(PRESETS.values())
    assert {*(role["name"] for role in listed[6:])} == {"Zebra", "apple", "Mango"} and len(listed) == 9
    assert all(role.keys() == ROLE_FIELDS and role["preset"] == (role["role_id"] in PRESETS) for role in listed)
    assert session.list_all(team.roles, limit=2) == listed
    for role in listed:
        read = session.get(f"{team.roles}/{role['role_id']}").expect(200)
        assert read.json == role and read.header("etag") == '"1"'
    for unknown in (UNKNOWN_ID, "owner", "ADMIN", "x"):
        session.get(f"{team.roles}/{unknown}").expect_problem(404, "not_found")


@pytest.mark.parametrize("role_id", PRESETS)
def test_presets_cannot_be_changed(admin, team, staff, role_id):
    for session in (admin, staff.admin.session, staff.member_manager.session, staff.developer.session):
        session.patch(f"{team.roles}/{role_id}", {"name": "Mine"}).expect_problem(403, "forbidden")
        session.delete(f"{team.roles}/{role_id}").expect_problem(403, "forbidden")


def test_a_custom_role_is_created_edited_and_deleted(team, staff):
    session = staff.admin.session
    made = session.post(
        team.roles, {"name": "  Release 담당 ", "permissions": ["audit.read", "team.read", "audit.read"]}
    ).expect(201)
    role = made.json
    assert (
        role.keys() == ROLE_FIELDS
        and re.fullmatch(UUID_V7, role["role_id"])
        and (role["preset"], role["version"]) == (False, 1)
    )
    assert (role["name"], role["permissions"]) == ("Release 담당", ["team.read", "audit.read"]), (
        "in canonical order without duplicates"
    )
    path = f"{team.roles}/{role['role_id']}"
    assert (made.header("location"), made.header("etag")) == (path, '"1"')
    edited = session.with_headers(if_match='"1"').patch(path, {"permissions": ["team.read"]}).expect(200)
    assert edited.json == role | {"permissions": ["team.read"], "version": 2} and edited.header("etag") == '"2"'
    session.with_headers(if_match='"1"').patch(path, {"name": "Late"}).expect_problem(412, "version_conflict")
    session.with_headers(if_match='"1"').delete(path).expect_problem(412, "version_conflict")
    session.delete(path).expect(204)
    session.get(path).expect_problem(404, "not_found")
    session.delete(path).expect_problem(404, "not_found")


@pytest.mark.parametrize(
    ("body", "violations"),
    [
        ({}, [("/name", "required"), ("/permissions", "required")]),
        ({"name": "", "permissions": []}, [("/name", "too_short"), ("/permissions", "too_short")]),
        ({"name": "x" * 65, "permissions": "all"}, [("/name", "too_long"), ("/permissions", "wrong_type")]),
        (
            {"name": "a\tb", "permissions": ["team.read", "team.delete", 7]},
            [("/name", "bad_format"), ("/permissions/1", "not_allowed"), ("/permissions/2", "wrong_type")],
        ),
        ({"name": "N", "permissions": ["team.read"] * 12}, [("/permissions", "too_long")]),
        (
            {"name": "N", "permissions": ["team.read"], "preset": True, "role_id": "x"},
            [("/preset", "unknown_field"), ("/role_id", "unknown_field")],
        ),
    ],
)
def test_the_fields_of_a_role_are_validated(team, staff, body, violations):
    top = "unknown_field" if violations[0][1] == "unknown_field" else "validation_failed"
    staff.admin.session.post(team.roles, body).expect_violations(*violations, code=top)
    assert len(staff.admin.session.list_all(team.roles)) == len(PRESETS)


def test_a_reduced_role_applies_to_the_next_request(team, staff):
    admin, spare = staff.admin.session, staff.spare
    role_id = team.create_role(admin, "Narrow", "team.read", "team.edit", "audit.read")
    team.add_member(admin, spare, role_id)
    spare.session.patch(team.path, {}).expect(200)
    spare.session.get("/v1/audit").expect(200)
    admin.patch(f"{team.roles}/{role_id}", {"permissions": ["team.read"]}).expect(200)
    spare.session.patch(team.path, {}).expect_problem(403, "forbidden")
    spare.session.get("/v1/audit").expect_problem(404, "not_found")
    admin.patch(f"{team.roles}/{role_id}", {"permissions": ["accounts.read"]}).expect(200)
    spare.session.get(team.path).expect_problem(404, "not_found")
    assert spare.session.list_all("/v1/teams") == [], "a role without the permission to read the team"
    (membership,) = spare.session.get("/v1/me").json["teams"]
    assert membership["role"]["permissions"] == ["accounts.read"] and membership["role"]["version"] == 3
    spare.session.get(team.create_app(admin)).expect(200)
    spare.session.post("/v1/apps", {"name": "Mine", "team_id": team.team_id}).expect_violations(
        ("/team_id", "unknown_reference")
    )
    spare.session.delete(team.member_path(spare)).expect(204)


GRANTS = [
    (["team.read", "team.edit", "members.manage"], True),
    (["team.read", "members.manage", "accounts.delete"], False),
    (["accounts.read", "audit.read", "roles.manage"], False),
    (["accounts.read", "audit.read"], True),
    (["team.edit", *PRESETS["senior_developer"]], True),
    (["accounts.delete", "audit.read"], False),
    (PERMISSIONS, False),
    (["accounts.export", "accounts.admin"], True),
    (["audit.read", "accounts.write"], False),
]


@pytest.mark.parametrize(("permissions", "allowed"), GRANTS)
def test_a_member_manager_grants_within_their_own_permissions_and_one_preset(team, staff, permissions, allowed):
    admin, manager, spare = staff.admin.session, staff.member_manager.session, staff.spare
    role_id = team.create_role(admin, "Made", *permissions)
    small = team.create_role(manager, "Small", "team.read")
    body = {"user_id": spare.user_id, "role_id": role_id}
    attempts = [
        (lambda: manager.post(team.roles, {"name": "Same", "permissions": permissions}), 201),
        (lambda: manager.patch(f"{team.roles}/{small}", {"permissions": permissions}), 200),
        (lambda: manager.post(team.invitations, {"role_id": role_id}), 201),
        (lambda: manager.post(team.members, body), 201),
        (lambda: manager.patch(team.member_path(staff.reviewer), {"role_id": role_id}), 200),
        (lambda: manager.patch(f"{team.roles}/{role_id}", {"name": "Renamed"}), 200),
    ]
    for attempt, status in attempts:
        reply = attempt()
        assert (allowed and reply.expect(status)) or reply.expect_problem(403, "forbidden")
    if not allowed:
        manager.patch(f"{team.roles}/{role_id}", {"permissions": ["team.read"]}).expect_problem(403, "forbidden")
        manager.delete(f"{team.roles}/{role_id}").expect_problem(403, "forbidden")
        team.add_member(admin, spare, role_id)
        manager.patch(team.member_path(spare), {"role_id": "reviewer"}).expect_problem(403, "forbidden")
        manager.delete(team.member_path(spare)).expect_problem(403, "forbidden")


def test_nobody_changes_their_own_role(team, staff):
    admin, spare = staff.admin.session, staff.spare
    own = team.create_role(admin, "Own", "team.read", "roles.manage", "members.manage")
    team.add_member(admin, spare, own)
    for body in ({"permissions": PRESETS["developer"]}, {"name": "Bigger"}, {"permissions": ["team.read"]}):
        spare.session.patch(f"{team.roles}/{own}", body).expect_problem(403, "forbidden")
    spare.session.delete(f"{team.roles}/{own}").expect_problem(403, "forbidden")
    spare.session.patch(team.member_path(spare), {"role_id": own}).expect_problem(403, "forbidden")
    for permissions in (PERMISSIONS, ["team.edit", "accounts.delete", "audit.read"]):
        spare.session.post(team.roles, {"name": "Bigger", "permissions": permissions}).expect_problem(403, "forbidden")
    spare.session.post(team.invitations, {"role_id": "admin"}).expect_problem(403, "forbidden")
    spare.session.patch(team.member_path(staff.reviewer), {"role_id": "admin"}).expect_problem(403, "forbidden")


def test_a_role_in_use_is_not_deleted(team, staff):
    admin, spare = staff.admin.session, staff.spare
    role_id = team.create_role(admin, "Used", "team.read")
    path = f"{team.roles}/{role_id}"
    team.add_member(admin, spare, role_id)
    admin.delete(path).expect_problem(409, "role_in_use")
    invitation, _ = team.invite(admin, role_id)
    admin.delete(team.member_path(spare)).expect(204)
    admin.delete(path).expect_problem(409, "role_in_use")
    admin.delete(f"{team.invitations}/{invitation['invitation_id']}").expect(204)
    admin.delete(path).expect(204)
    assert team.get_invitation(admin, invitation["invitation_id"])["role"]["name"] == "Used", (
        "the list keeps the name of the deleted role"
    )
    for body in ({"user_id": spare.user_id, "role_id": role_id}, {"role_id": role_id}):
        admin.post(team.members if "user_id" in body else team.invitations, body).expect_violations(
            ("/role_id", "unknown_reference")
        )


def test_a_role_of_another_team_is_unknown(admin, team, staff):
    other = create_team(admin, "Other")
    foreign = other.create_role(admin, "Foreign", "team.read")
    session = staff.admin.session
    for method, body in [("GET", None), ("PATCH", {"name": "Forged"}), ("DELETE", None)]:
        session.send(method, f"{team.roles}/{foreign}", body).expect_problem(404, "not_found")
    for path, body in [(team.members, {"user_id": staff.spare.user_id}), (team.invitations, {})]:
        session.post(path, {**body, "role_id": foreign}).expect_violations(("/role_id", "unknown_reference"))
    session.patch(team.member_path(staff.reviewer), {"role_id": foreign}).expect_violations(
        ("/role_id", "unknown_reference")
    )
    assert admin.get(f"{other.roles}/{foreign}").json["version"] == 1
