"""Work in a team: applications and accounts by role, custom roles, and the audit log."""

import types

import pytest

from teams import PRESETS, create_team, list_audit, teams_of


@pytest.fixture(scope="module")
def staff(new_person):
    """One user for each preset role, and `spare`, who is in no team."""
    people = {role_id: new_person(role_id.replace("_", "-")) for role_id in PRESETS}
    return types.SimpleNamespace(**people, spare=new_person("Spare"))


@pytest.fixture(scope="module")
def team(admin, staff):
    team = create_team(admin, "Working", staff.admin)
    for role_id in [*PRESETS][1:]:
        team.add_member(staff.admin.session, getattr(staff, role_id), role_id)
    return team


@pytest.fixture(scope="module")
def app(team, staff):
    """The team's application, created by its senior developer."""
    return team.create_app(staff.senior_developer.session)


def expect_if_allowed(reply, is_allowed, status):
    """Asserts success if the role allows the request, and a refusal otherwise."""
    return reply.expect(status) if is_allowed else reply.expect_problem(403, "forbidden")


def test_only_roles_that_manage_applications_create_them(team, staff, app):
    body = {"name": "Second", "team_id": team.team_id}
    for role_id in ("member_manager", "developer", "operator", "reviewer"):
        getattr(staff, role_id).session.post("/v1/apps", body).expect_problem(403, "forbidden")
    staff.spare.session.post("/v1/apps", body).expect_violations(("/team_id", "unknown_reference"))
    staff.admin.session.post("/v1/apps", {"name": "Nobody's"}).expect_violations(("/team_id", "required"))
    for role_id in PRESETS:
        apps = [
            f"/v1/apps/{one['app_id']}"
            for one in getattr(staff, role_id).session.list_all("/v1/apps", team_id=team.team_id)
        ]
        assert apps == ([] if role_id == "member_manager" else [app])
    assert staff.spare.session.list_all("/v1/apps") == []


@pytest.mark.parametrize("role_id", [role_id for role_id in PRESETS if role_id != "member_manager"])
def test_roles_restrict_work_on_accounts(staff, app, role_id):
    session, permissions = getattr(staff, role_id).session, PRESETS[role_id]
    accounts, user_id = f"{app}/accounts", f"{role_id}.one"
    allowed = lambda permission: permission in permissions
    expect_if_allowed(session.post(accounts, {"user_id": user_id, "type": "general"}), allowed("accounts.write"), 201)
    expect_if_allowed(
        session.post(accounts, {"user_id": f"{user_id}.admin", "type": "admin"}), allowed("accounts.admin"), 201
    )
    kept = (
        staff.admin.session.post(accounts, {"user_id": f"{role_id}.kept", "type": "general"})
        .expect(201)
        .json["user_id"]
    )
    session.get(f"{accounts}/{kept}").expect(200)
    expect_if_allowed(session.patch(f"{accounts}/{kept}", {"nickname": "Mina"}), allowed("accounts.write"), 200)
    for _ in range(2):
        expect_if_allowed(session.put(f"{accounts}/{kept}/admin"), allowed("accounts.admin"), 200)
    expect_if_allowed(session.delete(f"{accounts}/{kept}/admin"), allowed("accounts.admin"), 200)
    expect_if_allowed(session.get(f"{accounts}/{kept}/export", format="ndjson"), allowed("accounts.export"), 200)
    expect_if_allowed(
        session.post(f"{app}/export-selection", {"user_ids": [kept], "format": "csv"}), allowed("accounts.export"), 200
    )
    set_lock = lambda **body: session.put(f"{app}/deletion-lock", body)
    expect_if_allowed(set_lock(locked=False, risks_acknowledged=True), allowed("apps.manage"), 200)
    deleted = session.post(f"{app}/account-deletions", {"user_ids": [kept]})
    expect_if_allowed(deleted, allowed("accounts.delete"), 200)
    assert not allowed("accounts.delete") or deleted.json["results"] == [{"user_id": kept, "outcome": "deleted"}]
    expect_if_allowed(set_lock(locked=True), allowed("apps.manage"), 200)


def test_a_member_manager_sees_no_accounts(staff, app):
    session = staff.member_manager.session
    for path in (app, f"{app}/accounts", f"{app}/accounts/admin.one"):
        session.get(path).expect_problem(404, "not_found")
    session.post(f"{app}/accounts", {"user_id": "x", "type": "general"}).expect_problem(404, "not_found")


def test_a_reduced_custom_role_applies_to_the_next_request(team, staff, app):
    session, spare = staff.admin.session, staff.spare
    made = session.post(
        team.roles, {"name": "Night shift", "permissions": ["team.read", "accounts.read", "accounts.write"]}
    ).expect(201)
    role_id, path = made.json["role_id"], made.header("location")
    team.add_member(session, spare, role_id)
    assert teams_of(spare) == {team.team_id: role_id}
    body = {"user_id": "night.one", "type": "general"}
    spare.session.post(f"{app}/accounts", body).expect(201)
    session.patch(path, {"permissions": ["team.read", "accounts.read"]}).expect(200)
    spare.session.post(f"{app}/accounts", {**body, "user_id": "night.two"}).expect_problem(403, "forbidden")
    session.patch(path, {"permissions": ["team.read"], "name": "Day shift"}).expect(200)
    spare.session.get(f"{app}/accounts").expect_problem(404, "not_found")
    assert spare.session.get(path).expect(200).json == {
        **made.json,
        "name": "Day shift",
        "permissions": ["team.read"],
        "version": 3,
    }
    session.delete(path).expect_problem(409, "role_in_use")
    session.delete(team.member_path(spare)).expect(204)
    session.delete(path).expect(204)
    session.get(path).expect_problem(404, "not_found")


def test_a_member_manager_creates_only_roles_they_may_grant(team, staff):
    session = staff.member_manager.session
    within = team.create_role(session, "Within", "team.read", "team.edit", "accounts.delete")
    for beyond in (["accounts.delete", "audit.read"], ["members.manage", "accounts.delete"]):
        session.post(team.roles, {"name": "Beyond", "permissions": beyond}).expect_problem(403, "forbidden")
    session.patch(f"{team.roles}/{within}", {"permissions": ["accounts.delete", "audit.read"]}).expect_problem(
        403, "forbidden"
    )
    session.patch(f"{team.roles}/developer", {"name": "Mine"}).expect_problem(403, "forbidden")
    session.delete(f"{team.roles}/{within}").expect(204)
    staff.developer.session.post(team.roles, {"name": "Mine", "permissions": ["team.read"]}).expect_problem(
        403, "forbidden"
    )
    staff.admin.session.post(team.roles, {"name": "", "permissions": ["team.delete"]}).expect_violations(
        ("/name", "too_short"), ("/permissions/0", "not_allowed")
    )


def test_a_reviewer_reads_the_audit_log(admin, team, staff, app):
    reviewer, developer = staff.reviewer, staff.senior_developer
    everything = list_audit(reviewer.session, team_id=team.team_id)
    assert everything == list_audit(reviewer.session, limit=7) == list_audit(admin, team_id=team.team_id)
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
    made = list_audit(reviewer.session, action="account.create", target="senior_developer.one")
    assert [record["actor"]["login"] for record in made] == [developer.login] and made[0]["before"] is None
    assert made[0] in list_audit(reviewer.session, actor=developer.user_id, **{"from": made[0]["at"]})
    assert made[0] not in list_audit(reviewer.session, actor=developer.user_id, to=made[0]["at"])
    assert {record["actor"]["login"] for record in list_audit(reviewer.session, actor=developer.user_id)} == {
        developer.login
    }
    for role_id in ("member_manager", "senior_developer", "developer", "operator"):
        getattr(staff, role_id).session.get("/v1/audit").expect_problem(404, "not_found")
    reviewer.session.get("/v1/audit", action="team.explode").expect_violations(("action", "not_allowed"))


def test_an_application_moves_to_the_platform_and_back(admin, team, staff, app):
    developer = staff.senior_developer.session
    developer.patch(app, {"team_id": None}).expect_problem(403, "forbidden")
    admin.patch(app, {"team_id": None}).expect(200)
    developer.get(app).expect_problem(404, "not_found")
    admin.patch(app, {"team_id": team.team_id}).expect(200)
    assert developer.get(f"{app}/accounts/admin.one").expect(200)


def test_the_team_is_deleted_after_its_application(admin, team, staff, app):
    session = staff.admin.session
    session.put(f"{app}/deletion-lock", {"locked": False, "risks_acknowledged": True}).expect(200)
    user_ids = [account["user_id"] for account in session.list_all(f"{app}/accounts")]
    session.post(f"{app}/account-deletions", {"user_ids": user_ids}).expect(200)
    admin.delete(team.path).expect_problem(409, "team_not_empty")
    session.delete(app).expect(204)
    admin.delete(team.path).expect(204)
    session.get(team.path).expect_problem(404, "not_found")
    staff.reviewer.session.get("/v1/audit").expect_problem(404, "not_found")
    assert list_audit(admin, team_id=team.team_id)[0]["action"] == "team.delete", "the log survives the team"
