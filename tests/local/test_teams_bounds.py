"""As much of everything as there may be, and not one more."""

import pytest

from client import in_parallel
from mails import Mailbox
from teams import audited, found, new_name, teams_of
from users import hire


@pytest.fixture(scope="module")
def admin(office):
    return office.admin()


@pytest.fixture(scope="module")
def owner(admin):
    return hire(admin, "Owner")


@pytest.fixture
def team(admin, owner):
    return found(admin, "Harbor", owner)


@pytest.mark.parametrize("letter", ["x", "선", "😀", "\u0301"])
def test_a_name_is_counted_in_characters(admin, letter):
    name = new_name("N").ljust(64, letter)
    assert admin.post("/v1/teams", {"name": name}).is_(201).json["name"] == name
    admin.post("/v1/teams", {"name": name + letter}).violates(("/name", "too_long"))


def test_nobody_is_in_more_than_20_teams(admin):
    eva = hire(admin, "Eva")
    teams = [found(admin, f"Many{number}", eva) for number in range(20)]
    one_more = found(admin, "One more")
    admin.post(one_more.members, {"user_id": eva.user_id, "role_id": "developer"}).refused(409, "too_many_teams")
    assert len(teams_of(eva)) == 20 and one_more.logins(admin) == []
    admin.delete(teams[7].member(eva)).is_(204)
    one_more.add(admin, eva, "developer")
    admin.post(teams[7].members, {"user_id": eva.user_id, "role_id": "developer"}).refused(409, "too_many_teams")
    assert len(teams_of(eva)) == 20


def promote(admin, person):
    admin.patch(person.path, {"type": "platform_admin"}).is_(200)


def delete(admin, person):
    admin.delete(person.path).is_(204)


@pytest.mark.parametrize("end", [promote, delete])
@pytest.mark.parametrize("role_id", ["admin", None])
def test_who_is_in_20_teams_leaves_all_of_them_in_one_step(admin, office, end, role_id):
    """Both sides of each membership, the use of each role where it is the team's own, and a record of each."""
    login = f"many.{role_id}.{end.__name__}"
    person = Mailbox(office.client).register(f"{login}@example.com", login)
    teams = [found(admin, "Many") for _ in range(20)]
    roles = [role_id or team.role(admin, "Own", "team.read") for team in teams]
    for team, own in zip(teams, roles, strict=True):
        team.add(admin, person, own)
    end(admin, person)
    assert len(audited(admin, action="member.remove", target=person.user_id)) == 20
    for team, own in zip(teams, roles, strict=True):
        assert team.logins(admin) == [] == admin.get(team.path).json["admins"]
        if not role_id:
            admin.delete(f"{team.roles}/{own}").is_(204)


def test_a_team_has_50_roles_of_its_own(team, owner):
    session = owner.session
    made = in_parallel(
        4,
        lambda number: session.post(team.roles, {"name": f"Role {number:02}", "permissions": ["team.read"]}),
        range(54),
    )
    for reply in made:
        assert reply.status == 201 or reply.code in ("too_many_roles", "conflict"), f"{reply}"
    while len(session.everything(team.roles)) < 56:
        team.role(session, "Filler", "team.read")
    session.post(team.roles, {"name": "One more", "permissions": ["team.read"]}).refused(409, "too_many_roles")
    roles = session.everything(team.roles, limit=100)
    assert len(roles) == 56 and [role["name"] for role in roles[6:]] == sorted(role["name"] for role in roles[6:])
    session.delete(f"{team.roles}/{roles[-1]['role_id']}").is_(204)
    team.role(session, "One more", "team.read")


def test_who_has_a_role_of_the_teams_own_gives_it_and_takes_it(admin, team):
    """The role is what its giver acts by, and what is given."""
    giver, other = hire(admin, "Giver"), hire(admin, "Other")
    role_id = team.role(admin, "Own", "team.read", "members.manage")
    team.add(admin, giver, role_id)
    team.add(giver.session, other, role_id)
    for moved in ("reviewer", role_id):
        giver.session.patch(team.member(other), {"role_id": moved}).is_(200)
    invitation, _ = team.invite(giver.session, role_id)
    path = giver.session.post(f"{team.invitations}/{invitation['invitation_id']}/reissue").is_(201).header("location")
    giver.session.delete(path).is_(204)
    giver.session.delete(team.member(other)).is_(204)
    giver.session.delete(team.member(giver)).is_(204)
    admin.delete(f"{team.roles}/{role_id}").is_(204)


def test_a_team_has_100_live_invitations_at_once(team, owner):
    def invite(number):
        return owner.session.post(
            team.invitations, {"role_id": "developer", **({"login": f"later.{number}"} if number % 2 else {})}
        )

    replies = in_parallel(4, invite, range(104))
    for reply in replies:
        assert reply.status == 201 or reply.code in ("too_many_invitations", "conflict"), f"{reply}"
    while sum(one["status"] == "live" for one in owner.session.everything(team.invitations, limit=100)) < 100:
        invite(0).is_(201)
    for number in (0, 1):
        invite(number).refused(409, "too_many_invitations")
    codes = [reply.json["code"] for reply in replies if reply.status == 201]
    assert len({*codes}) == len(codes)
    live = owner.session.everything(team.invitations, status="live", limit=100)
    assert len(live) == 100
    owner.session.post(f"{team.invitations}/{live[0]['invitation_id']}/reissue").is_(201)
    invite(0).refused(409, "too_many_invitations")
    owner.session.delete(f"{team.invitations}/{live[1]['invitation_id']}").is_(204)
    invite(0).is_(201)
