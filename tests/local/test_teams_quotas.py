"""Quotas of teams: the maximum is accepted, one more is refused."""

import pytest

from client import in_parallel
from mails import Mailbox
from teams import create_team, list_audit, new_name, teams_of
from users import create_person


@pytest.fixture(scope="module")
def admin(shared_server):
    return shared_server.admin()


@pytest.fixture(scope="module")
def owner(admin):
    return create_person(admin, "Owner")


@pytest.fixture
def team(admin, owner):
    return create_team(admin, "Harbor", owner)


@pytest.mark.parametrize("character", ["x", "선", "😀", "\u0301"])
def test_the_length_of_a_name_is_counted_in_characters(admin, character):
    name = new_name("N").ljust(64, character)
    assert admin.post("/v1/teams", {"name": name}).expect(201).json["name"] == name
    admin.post("/v1/teams", {"name": name + character}).expect_violations(("/name", "too_long"))


def test_a_user_is_in_at_most_20_teams(admin):
    eva = create_person(admin, "Eva")
    teams = [create_team(admin, f"Many{number}", eva) for number in range(20)]
    one_more = create_team(admin, "One more")
    admin.post(one_more.members, {"user_id": eva.user_id, "role_id": "developer"}).expect_problem(409, "too_many_teams")
    assert len(teams_of(eva)) == 20 and one_more.logins(admin) == []
    admin.delete(teams[7].member_path(eva)).expect(204)
    one_more.add_member(admin, eva, "developer")
    admin.post(teams[7].members, {"user_id": eva.user_id, "role_id": "developer"}).expect_problem(409, "too_many_teams")
    assert len(teams_of(eva)) == 20


def promote(admin, person):
    admin.patch(person.path, {"type": "platform_admin"}).expect(200)


def delete(admin, person):
    admin.delete(person.path).expect(204)


@pytest.mark.parametrize("remove", [promote, delete])
@pytest.mark.parametrize("role_id", ["admin", None])
def test_a_user_in_20_teams_leaves_all_of_them_in_one_request(admin, shared_server, remove, role_id):
    """Checks both sides of each membership, the use of custom roles, and the audit records."""
    login = f"many.{role_id}.{remove.__name__}"
    person = Mailbox(shared_server.client).register(f"{login}@example.com", login)
    teams = [create_team(admin, "Many") for _ in range(20)]
    roles = [role_id or team.create_role(admin, "Own", "team.read") for team in teams]
    for team, own in zip(teams, roles, strict=True):
        team.add_member(admin, person, own)
    remove(admin, person)
    assert len(list_audit(admin, action="member.remove", target=person.user_id)) == 20
    for team, own in zip(teams, roles, strict=True):
        assert team.logins(admin) == [] == admin.get(team.path).json["admins"]
        if not role_id:
            admin.delete(f"{team.roles}/{own}").expect(204)


def test_a_team_has_at_most_50_custom_roles(team, owner):
    session = owner.session
    made = in_parallel(
        4,
        lambda number: session.post(team.roles, {"name": f"Role {number:02}", "permissions": ["team.read"]}),
        range(54),
    )
    for reply in made:
        assert reply.status == 201 or reply.code in ("too_many_roles", "conflict"), f"{reply}"
    while len(session.list_all(team.roles)) < 56:
        team.create_role(session, "Filler", "team.read")
    session.post(team.roles, {"name": "One more", "permissions": ["team.read"]}).expect_problem(409, "too_many_roles")
    roles = session.list_all(team.roles, limit=100)
    assert len(roles) == 56 and [role["name"] for role in roles[6:]] == sorted(role["name"] for role in roles[6:])
    session.delete(f"{team.roles}/{roles[-1]['role_id']}").expect(204)
    team.create_role(session, "One more", "team.read")


def test_a_member_with_a_custom_role_grants_and_removes_that_role(admin, team):
    granter, other = create_person(admin, "Granter"), create_person(admin, "Other")
    role_id = team.create_role(admin, "Own", "team.read", "members.manage")
    team.add_member(admin, granter, role_id)
    team.add_member(granter.session, other, role_id)
    for moved in ("reviewer", role_id):
        granter.session.patch(team.member_path(other), {"role_id": moved}).expect(200)
    invitation, _ = team.invite(granter.session, role_id)
    reissued = granter.session.post(f"{team.invitations}/{invitation['invitation_id']}/reissue").expect(201).json
    granter.session.delete(f"{team.invitations}/{reissued['invitation']['invitation_id']}").expect(204)
    granter.session.delete(team.member_path(other)).expect(204)
    granter.session.delete(team.member_path(granter)).expect(204)
    admin.delete(f"{team.roles}/{role_id}").expect(204)


def test_a_team_has_at_most_100_live_invitations(team, owner):
    def invite(number):
        return owner.session.post(
            team.invitations, {"role_id": "developer", **({"login": f"later.{number}"} if number % 2 else {})}
        )

    replies = in_parallel(4, invite, range(104))
    for reply in replies:
        assert reply.status == 201 or reply.code in ("too_many_invitations", "conflict"), f"{reply}"
    while sum(one["status"] == "live" for one in owner.session.list_all(team.invitations, limit=100)) < 100:
        invite(0).expect(201)
    for number in (0, 1):
        invite(number).expect_problem(409, "too_many_invitations")
    codes = [reply.json["code"] for reply in replies if reply.status == 201]
    assert len({*codes}) == len(codes)
    live = owner.session.list_all(team.invitations, status="live", limit=100)
    assert len(live) == 100
    owner.session.post(f"{team.invitations}/{live[0]['invitation_id']}/reissue").expect(201)
    invite(0).expect_problem(409, "too_many_invitations")
    owner.session.delete(f"{team.invitations}/{live[1]['invitation_id']}").expect(204)
    invite(0).expect(201)
