"""Teams outlive the process: stopped or killed, the next one has them as they were."""

import http.client
import signal

import pytest

from client import in_parallel
from letters import DAY, advance
from mails import Mailbox
from server import PASSWORD as ADMIN_PASSWORD
from teams import audited, found, redeem, teams_of
from users import hire


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_teams_roles_members_and_codes_are_there_after_a_restart(start, how):
    first = start("--test-clock", password=ADMIN_PASSWORD)
    admin = first.admin()
    owner, mina = hire(admin, "Owner"), Mailbox(first.client).register("mina@example.com", "mina.harbor")
    team = found(admin, "Harbor", owner)
    role_id = team.role(owner.session, "Own", "team.read", "audit.read")
    app = team.app(owner.session)
    gone = found(admin, "Gone", owner)
    admin.delete(gone.path).is_(204)
    _, used = team.invite(owner.session, "operator")
    redeem(mina.session, used).is_(200)
    keyed = owner.session.having(idempotency_key="invite")
    issued = keyed.post(team.invitations, {"role_id": role_id}).is_(201)
    paths = (
        team.path,
        team.members,
        team.roles,
        team.invitations,
        app,
        "/v1/teams",
        f"/v1/audit?team_id={team.team_id}",
    )
    before = {path: admin.get(path).is_(200).json for path in paths}
    first.process.send_signal(how)
    assert first.process.wait(20) == (0 if how == signal.SIGTERM else -how)

    second = start("--test-clock")
    again = lambda session: second.client.having(authorization=session.headers["authorization"])
    assert {path: again(admin).get(path).is_(200).json for path in paths} == before
    repeated = (
        again(owner.session).having(idempotency_key="invite").post(team.invitations, {"role_id": role_id}).is_(201)
    )
    assert repeated.body == issued.body and repeated.header("idempotency-replayed") == "true"
    redeem(again(mina.session), used).refused(422, "invitation_invalid")
    zoe = Mailbox(second.client).register("zoe@example.com", "zoe.harbor")
    assert redeem(zoe.session, issued.json["code"]).is_(200).json["role"]["role_id"] == role_id
    assert zoe.session.get("/v1/audit").is_(200) and teams_of(zoe) == {team.team_id: role_id}
    again(owner.session).get(gone.path).refused(404, "not_found")
    assert again(admin).get(owner.path).json["teams"] == [again(owner.session).get("/v1/me").json["teams"][0]]


def test_ten_wrong_codes_are_remembered_over_a_restart(start):
    first = start("--test-clock", password=ADMIN_PASSWORD)
    mina = Mailbox(first.client).register("mina@example.com", "mina.harbor")
    for number in range(10):
        redeem(mina.session, f"{number:08}").refused(422, "invitation_invalid")
    assert first.stop() == 0
    second = start("--test-clock")
    redeem(second.client.having(authorization=mina.session.headers["authorization"]), "00000011").refused(
        429, "too_many_attempts"
    )
    advance(second.client, DAY)
    redeem(second.client.sign_in(mina.password, mina.login), "00000011").refused(422, "invitation_invalid")


def test_a_kill_in_the_middle_leaves_both_sides_of_every_membership_agreed(start):
    first = start(password=ADMIN_PASSWORD)
    admin = first.admin()
    team, people = found(admin, "Harbor"), [hire(admin, f"Person{number}") for number in range(6)]

    def come_and_go(person):
        try:
            for _ in range(200):
                admin.post(team.members, {"user_id": person.user_id, "role_id": "developer"})
                admin.delete(team.member(person))
                if person is people[0] and first.process.poll() is None and admin.get(team.members).json["items"]:
                    first.kill()
        except (OSError, http.client.HTTPException):
            return  # The server is gone, or was before its reply was whole.

    in_parallel(6, come_and_go, people)
    assert first.kill() == -9
    second = start()
    again = second.client.having(authorization=admin.headers["authorization"])
    members = {member["user_id"] for member in again.everything(team.members)}
    assert members == {user["user_id"] for user in again.everything("/v1/users", team_id=team.team_id)}
    for person in people:
        assert bool(again.get(person.path).is_(200).json["teams"]) == (person.user_id in members)
        if person.user_id in members:
            again.delete(team.member(person)).is_(204)
        again.post(team.members, {"user_id": person.user_id, "role_id": "reviewer"}).is_(201)
    assert len(audited(again, action="member.add")) >= len(people)
