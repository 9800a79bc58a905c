"""What is done in a team: applications and accounts by role, a role of its own, and the log of it all."""

import types

import pytest

from teams import PRESETS, audited, found, teams_of


@pytest.fixture(scope="module")
def staff(employ):
    """A person of each preset role, and `spare`."""
    people = {role_id: employ(role_id.replace("_", "-")) for role_id in PRESETS}
    return types.SimpleNamespace(**people, spare=employ("Spare"))


@pytest.fixture(scope="module")
def team(admin, staff):
    team = found(admin, "Working", staff.admin)
    for role_id in [*PRESETS][1:]:
        team.add(staff.admin.session, getattr(staff, role_id), role_id)
    return team


@pytest.fixture(scope="module")
def app(team, staff):
    """The team's application, made by who develops it."""
    return team.app(staff.senior_developer.session)


def may(reply, is_allowed, status):
    """Whether what a role allows was done, and what it does not was refused."""
    return reply.is_(status) if is_allowed else reply.refused(403, "forbidden")


def test_an_application_is_made_for_a_team_by_who_manages_its_applications(team, staff, app):
    body = {"name": "Second", "team_id": team.team_id}
    for role_id in ("member_manager", "developer", "operator", "reviewer"):
        getattr(staff, role_id).session.post("/v1/apps", body).refused(403, "forbidden")
    staff.spare.session.post("/v1/apps", body).violates(("/team_id", "unknown_reference"))
    staff.admin.session.post("/v1/apps", {"name": "Nobody's"}).violates(("/team_id", "required"))
    for role_id in PRESETS:
        apps = [
            f"/v1/apps/{one['app_id']}"
            for one in getattr(staff, role_id).session.everything("/v1/apps", team_id=team.team_id)
        ]
        assert apps == ([] if role_id == "member_manager" else [app])
    assert staff.spare.session.everything("/v1/apps") == []


@pytest.mark.parametrize("role_id", [role_id for role_id in PRESETS if role_id != "member_manager"])
def test_accounts_are_worked_on_by_role(staff, app, role_id):
    session, permissions = getattr(staff, role_id).session, PRESETS[role_id]
    accounts, user_id = f"{app}/accounts", f"{role_id}.one"
    allowed = lambda permission: permission in permissions
    may(session.post(accounts, {"user_id": user_id, "type": "general"}), allowed("accounts.write"), 201)
    may(session.post(accounts, {"user_id": f"{user_id}.admin", "type": "admin"}), allowed("accounts.admin"), 201)
    kept = (
        staff.admin.session.post(accounts, {"user_id": f"{role_id}.kept", "type": "general"}).is_(201).json["user_id"]
    )
    session.get(f"{accounts}/{kept}").is_(200)
    may(session.patch(f"{accounts}/{kept}", {"nickname": "Mina"}), allowed("accounts.write"), 200)
    for _ in range(2):
        may(session.put(f"{accounts}/{kept}/admin"), allowed("accounts.admin"), 200)
    may(session.delete(f"{accounts}/{kept}/admin"), allowed("accounts.admin"), 200)
    may(session.get(f"{accounts}/{kept}/export", format="ndjson"), allowed("accounts.export"), 200)
    may(session.post(f"{app}/export-selection", {"user_ids": [kept], "format": "csv"}), allowed("accounts.export"), 200)
    turn = lambda **body: session.put(f"{app}/deletion-lock", body)
    may(turn(locked=False, risks_acknowledged=True), allowed("apps.manage"), 200)
    deleted = session.post(f"{app}/account-deletions", {"user_ids": [kept]})
    may(deleted, allowed("accounts.delete"), 200)
    assert not allowed("accounts.delete") or deleted.json["results"] == [{"user_id": kept, "outcome": "deleted"}]
    may(turn(locked=True), allowed("apps.manage"), 200)


def test_who_manages_members_sees_no_accounts(staff, app):
    session = staff.member_manager.session
    for path in (app, f"{app}/accounts", f"{app}/accounts/admin.one"):
        session.get(path).refused(404, "not_found")
    session.post(f"{app}/accounts", {"user_id": "x", "type": "general"}).refused(404, "not_found")


def test_a_role_is_made_narrowed_and_refused(team, staff, app):
    session, spare = staff.admin.session, staff.spare
    made = session.post(
        team.roles, {"name": "Night shift", "permissions": ["team.read", "accounts.read", "accounts.write"]}
    ).is_(201)
    role_id, path = made.json["role_id"], made.header("location")
    team.add(session, spare, role_id)
    assert teams_of(spare) == {team.team_id: role_id}
    body = {"user_id": "night.one", "type": "general"}
    spare.session.post(f"{app}/accounts", body).is_(201)
    session.patch(path, {"permissions": ["team.read", "accounts.read"]}).is_(200)
    spare.session.post(f"{app}/accounts", {**body, "user_id": "night.two"}).refused(403, "forbidden")
    session.patch(path, {"permissions": ["team.read"], "name": "Day shift"}).is_(200)
    spare.session.get(f"{app}/accounts").refused(404, "not_found")
    assert spare.session.get(path).is_(200).json == {
        **made.json,
        "name": "Day shift",
        "permissions": ["team.read"],
        "version": 3,
    }
    session.delete(path).refused(409, "role_in_use")
    session.delete(team.member(spare)).is_(204)
    session.delete(path).is_(204)
    session.get(path).refused(404, "not_found")


def test_a_member_manager_makes_roles_within_its_bound(team, staff):
    session = staff.member_manager.session
    within = team.role(session, "Within", "team.read", "members.manage", "accounts.delete")
    session.post(team.roles, {"name": "Beyond", "permissions": ["accounts.delete", "audit.read"]}).refused(
        403, "forbidden"
    )
    session.patch(f"{team.roles}/{within}", {"permissions": ["accounts.delete", "audit.read"]}).refused(
        403, "forbidden"
    )
    session.patch(f"{team.roles}/developer", {"name": "Mine"}).refused(403, "forbidden")
    session.delete(f"{team.roles}/{within}").is_(204)
    staff.developer.session.post(team.roles, {"name": "Mine", "permissions": ["team.read"]}).refused(403, "forbidden")
    staff.admin.session.post(team.roles, {"name": "", "permissions": ["team.delete"]}).violates(
        ("/name", "too_short"), ("/permissions/0", "not_allowed")
    )


def test_the_log_is_read_by_a_reviewer(admin, team, staff, app):
    reviewer, developer = staff.reviewer, staff.senior_developer
    everything = audited(reviewer.session, team_id=team.team_id)
    assert everything == audited(reviewer.session, limit=7) == audited(admin, team_id=team.team_id)
    actions = {record["action"] for record in everything}
    assert actions >= {
        "team.create",
        "member.add",
        "role.create",
        "role.edit",
        "role.delete",
        "app.create",
        "account.create",
        "app.unlock",
    }
    made = audited(reviewer.session, action="account.create", target="senior_developer.one")
    assert [record["actor"]["login"] for record in made] == [developer.login] and made[0]["before"] is None
    assert made[0] in audited(reviewer.session, actor=developer.user_id, **{"from": made[0]["at"]})
    assert made[0] not in audited(reviewer.session, actor=developer.user_id, to=made[0]["at"])
    assert {record["actor"]["login"] for record in audited(reviewer.session, actor=developer.user_id)} == {
        developer.login
    }
    for role_id in ("member_manager", "senior_developer", "developer", "operator"):
        getattr(staff, role_id).session.get("/v1/audit").refused(404, "not_found")
    reviewer.session.get("/v1/audit", action="team.explode").violates(("action", "not_allowed"))


def test_an_application_moves_to_the_platform_and_back(admin, team, staff, app):
    developer = staff.senior_developer.session
    developer.patch(app, {"team_id": None}).refused(403, "forbidden")
    admin.patch(app, {"team_id": None}).is_(200)
    developer.get(app).refused(404, "not_found")
    admin.patch(app, {"team_id": team.team_id}).is_(200)
    assert developer.get(f"{app}/accounts/admin.one").is_(200)


def test_the_team_ends_once_its_application_has(admin, team, staff, app):
    session = staff.admin.session
    session.put(f"{app}/deletion-lock", {"locked": False, "risks_acknowledged": True}).is_(200)
    user_ids = [account["user_id"] for account in session.everything(f"{app}/accounts")]
    session.post(f"{app}/account-deletions", {"user_ids": user_ids}).is_(200)
    admin.delete(team.path).refused(409, "team_not_empty")
    session.delete(app).is_(204)
    admin.delete(team.path).is_(204)
    session.get(team.path).refused(404, "not_found")
    staff.reviewer.session.get("/v1/audit").refused(404, "not_found")
    assert audited(admin, team_id=team.team_id)[0]["action"] == "team.delete", "the platform keeps what was"
