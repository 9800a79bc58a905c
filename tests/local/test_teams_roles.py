"""Roles: what the presets allow, what custom ones may be made of, and that both count at the very next request."""

import re
import types

import pytest

from client import UUID_V7
from teams import NOBODY, PERMISSIONS, PRESETS, ROLE, found, teams_of
from users import hire, new_user


@pytest.fixture(scope="module")
def admin(office):
    return office.admin()


@pytest.fixture(scope="module")
def staff(admin):
    """A person of each preset role, in one team; `spare` is somebody in none."""
    people = {role_id: hire(admin, role_id.replace("_", "-")) for role_id in PRESETS}
    return types.SimpleNamespace(**people, spare=hire(admin, "Spare"))


@pytest.fixture
def team(admin, staff):
    team = found(admin, "Harbor", staff.admin)
    for role_id in list(PRESETS)[1:]:
        team.add(admin, getattr(staff, role_id), role_id)
    yield team
    for person in vars(staff).values():
        if team.team_id in teams_of(person):
            admin.delete(team.member(person)).is_(204)


def deeds(admin, team):
    """What each permission allows: (method, path, body, what a permitted one is answered)."""
    app = team.app(admin)
    accounts = f"{app}/accounts"
    for user_id in ("mina", "zoe", "kay"):
        admin.post(accounts, {"user_id": user_id, "type": "general"}).is_(201)
    admin.put(f"{app}/deletion-lock", {"locked": False, "risks_acknowledged": True}).is_(200)
    member = {
        "new_user": {name: value for name, value in new_user("Made").items() if name != "type"},
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
    """How those are refused who may not: what they may not even read is not there. Every preset reads the team."""
    reads = permission in PERMISSIONS[:4] or path == "/v1/apps" or {"accounts.read", "apps.manage"} & {*permissions}
    return (403, "forbidden") if reads and permission != "audit.read" else (404, "not_found")


@pytest.mark.parametrize("role_id", PRESETS)
def test_a_preset_allows_what_its_column_ticks_and_nothing_else(admin, team, staff, role_id):
    session, permissions = getattr(staff, role_id).session, PRESETS[role_id]
    for permission, requests in deeds(admin, team).items():
        for method, path, body, status in requests:
            reply = session.send(method, path, body)
            if permission in permissions:
                reply.is_(status)
            else:
                reply.refused(*refusal(permission, path, permissions))
    session.get("/v1/users").refused(404, "not_found")


def test_an_account_of_type_admin_takes_its_own_permission(admin, team, staff):
    app, body = team.app(admin), {"user_id": "boss", "type": "admin"}
    for role_id in ("developer", "operator"):
        getattr(staff, role_id).session.post(f"{app}/accounts", body).refused(403, "forbidden")
    staff.senior_developer.session.post(f"{app}/accounts", body).is_(201)


def test_the_presets_come_first_and_then_the_teams_own_by_name(team, staff):
    session = staff.admin.session
    for name in ("Zebra", "apple", "Mango"):
        team.role(session, name, "team.read")
    listed = staff.reviewer.session.everything(team.roles)
    assert [role["role_id"] for role in listed[:6]] == list(PRESETS)
    assert [role["permissions"] for role in listed[:6]] == list(PRESETS.values())
    assert {*(role["name"] for role in listed[6:])} == {"Zebra", "apple", "Mango"} and len(listed) == 9
    assert all(role.keys() == ROLE and role["preset"] == (role["role_id"] in PRESETS) for role in listed)
    assert session.everything(team.roles, limit=2) == listed
    for role in listed:
        read = session.get(f"{team.roles}/{role['role_id']}").is_(200)
        assert read.json == role and read.header("etag") == '"1"'
    for unknown in (NOBODY, "owner", "ADMIN", "x"):
        session.get(f"{team.roles}/{unknown}").refused(404, "not_found")


@pytest.mark.parametrize("role_id", PRESETS)
def test_a_preset_is_changed_by_nobody(admin, team, staff, role_id):
    for session in (admin, staff.admin.session, staff.member_manager.session, staff.developer.session):
        session.patch(f"{team.roles}/{role_id}", {"name": "Mine"}).refused(403, "forbidden")
        session.delete(f"{team.roles}/{role_id}").refused(403, "forbidden")


def test_a_role_is_made_edited_and_deleted(team, staff):
    session = staff.admin.session
    made = session.post(
        team.roles, {"name": "  Release 담당 ", "permissions": ["audit.read", "team.read", "audit.read"]}
    ).is_(201)
    role = made.json
    assert (
        role.keys() == ROLE
        and re.fullmatch(UUID_V7, role["role_id"])
        and (role["preset"], role["version"]) == (False, 1)
    )
    assert (role["name"], role["permissions"]) == ("Release 담당", ["team.read", "audit.read"]), (
        "in the order of the table, each once"
    )
    path = f"{team.roles}/{role['role_id']}"
    assert (made.header("location"), made.header("etag")) == (path, '"1"')
    edited = session.having(if_match='"1"').patch(path, {"permissions": ["team.read"]}).is_(200)
    assert edited.json == role | {"permissions": ["team.read"], "version": 2} and edited.header("etag") == '"2"'
    session.having(if_match='"1"').patch(path, {"name": "Late"}).refused(412, "version_conflict")
    session.having(if_match='"1"').delete(path).refused(412, "version_conflict")
    session.delete(path).is_(204)
    session.get(path).refused(404, "not_found")
    session.delete(path).refused(404, "not_found")


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
def test_what_a_role_is_made_of_obeys_its_rules(team, staff, body, violations):
    top = "unknown_field" if violations[0][1] == "unknown_field" else "validation_failed"
    staff.admin.session.post(team.roles, body).violates(*violations, code=top)
    assert len(staff.admin.session.everything(team.roles)) == len(PRESETS)


def test_a_narrowed_role_counts_at_the_very_next_request(team, staff):
    admin, spare = staff.admin.session, staff.spare
    role_id = team.role(admin, "Narrow", "team.read", "team.edit", "audit.read")
    team.add(admin, spare, role_id)
    spare.session.patch(team.path, {}).is_(200)
    spare.session.get("/v1/audit").is_(200)
    admin.patch(f"{team.roles}/{role_id}", {"permissions": ["team.read"]}).is_(200)
    spare.session.patch(team.path, {}).refused(403, "forbidden")
    spare.session.get("/v1/audit").refused(404, "not_found")
    admin.patch(f"{team.roles}/{role_id}", {"permissions": ["accounts.read"]}).is_(200)
    spare.session.get(team.path).refused(404, "not_found")
    assert spare.session.everything("/v1/teams") == [], "a role that does not let one read the team"
    (membership,) = spare.session.get("/v1/me").json["teams"]
    assert membership["role"]["permissions"] == ["accounts.read"] and membership["role"]["version"] == 3
    spare.session.get(team.app(admin)).is_(200)
    spare.session.post("/v1/apps", {"name": "Mine", "team_id": team.team_id}).violates(
        ("/team_id", "unknown_reference")
    )
    spare.session.delete(team.member(spare)).is_(204)


BOUND = [
    (["team.read", "members.manage", "accounts.delete"], True),
    (["accounts.read", "audit.read", "roles.manage"], True),
    (["team.edit", *PRESETS["senior_developer"]], True),
    (["accounts.delete", "audit.read"], False),
    (PERMISSIONS, False),
    (["accounts.export", "accounts.admin"], True),
    (["audit.read", "accounts.write"], False),
]


@pytest.mark.parametrize(("permissions", "within"), BOUND)
def test_a_member_manager_reaches_its_own_permissions_and_those_of_one_preset(team, staff, permissions, within):
    admin, manager, spare = staff.admin.session, staff.member_manager.session, staff.spare
    role_id = team.role(admin, "Made", *permissions)
    small = team.role(manager, "Small", "team.read")
    body = {"user_id": spare.user_id, "role_id": role_id}
    attempts = [
        (lambda: manager.post(team.roles, {"name": "Same", "permissions": permissions}), 201),
        (lambda: manager.patch(f"{team.roles}/{small}", {"permissions": permissions}), 200),
        (lambda: manager.post(team.invitations, {"role_id": role_id}), 201),
        (lambda: manager.post(team.members, body), 201),
        (lambda: manager.patch(team.member(staff.reviewer), {"role_id": role_id}), 200),
        (lambda: manager.patch(f"{team.roles}/{role_id}", {"name": "Renamed"}), 200),
    ]
    for attempt, status in attempts:
        reply = attempt()
        assert (within and reply.is_(status)) or reply.refused(403, "forbidden")
    if not within:
        manager.patch(f"{team.roles}/{role_id}", {"permissions": ["team.read"]}).refused(403, "forbidden")
        manager.delete(f"{team.roles}/{role_id}").refused(403, "forbidden")
        team.add(admin, spare, role_id)
        manager.patch(team.member(spare), {"role_id": "reviewer"}).refused(403, "forbidden")
        manager.delete(team.member(spare)).refused(403, "forbidden")


def test_nobody_shapes_the_role_it_has(team, staff):
    admin, spare = staff.admin.session, staff.spare
    own = team.role(admin, "Own", "team.read", "roles.manage", "members.manage")
    team.add(admin, spare, own)
    for body in ({"permissions": PRESETS["developer"]}, {"name": "Bigger"}, {"permissions": ["team.read"]}):
        spare.session.patch(f"{team.roles}/{own}", body).refused(403, "forbidden")
    spare.session.delete(f"{team.roles}/{own}").refused(403, "forbidden")
    spare.session.patch(team.member(spare), {"role_id": own}).refused(403, "forbidden")
    for permissions in (PERMISSIONS, ["team.edit", "accounts.delete", "audit.read"]):
        spare.session.post(team.roles, {"name": "Bigger", "permissions": permissions}).refused(403, "forbidden")
    spare.session.post(team.invitations, {"role_id": "admin"}).refused(403, "forbidden")
    spare.session.patch(team.member(staff.reviewer), {"role_id": "admin"}).refused(403, "forbidden")


def test_a_role_in_use_is_not_deleted(team, staff):
    admin, spare = staff.admin.session, staff.spare
    role_id = team.role(admin, "Used", "team.read")
    path = f"{team.roles}/{role_id}"
    team.add(admin, spare, role_id)
    admin.delete(path).refused(409, "role_in_use")
    invitation, _ = team.invite(admin, role_id)
    admin.delete(team.member(spare)).is_(204)
    admin.delete(path).refused(409, "role_in_use")
    admin.delete(f"{team.invitations}/{invitation['invitation_id']}").is_(204)
    admin.delete(path).is_(204)
    assert team.invitation(admin, invitation["invitation_id"])["role"]["name"] == "Used", (
        "the history keeps what it was"
    )
    for body in ({"user_id": spare.user_id, "role_id": role_id}, {"role_id": role_id}):
        admin.post(team.members if "user_id" in body else team.invitations, body).violates(
            ("/role_id", "unknown_reference")
        )


def test_a_role_of_another_team_is_none_here(admin, team, staff):
    other = found(admin, "Other")
    foreign = other.role(admin, "Foreign", "team.read")
    session = staff.admin.session
    for method, body in [("GET", None), ("PATCH", {"name": "Forged"}), ("DELETE", None)]:
        session.send(method, f"{team.roles}/{foreign}", body).refused(404, "not_found")
    for path, body in [(team.members, {"user_id": staff.spare.user_id}), (team.invitations, {})]:
        session.post(path, {**body, "role_id": foreign}).violates(("/role_id", "unknown_reference"))
    session.patch(team.member(staff.reviewer), {"role_id": foreign}).violates(("/role_id", "unknown_reference"))
    assert admin.get(f"{other.roles}/{foreign}").json["version"] == 1
