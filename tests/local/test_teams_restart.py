"""Teams survive a shutdown and a crash."""

import http.client
import signal

import pytest

from client import in_parallel
from clock import DAY, advance
from mails import Mailbox
from server import PASSWORD as ADMIN_PASSWORD
from teams import create_team, list_audit, redeem, teams_of
from users import create_person


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGKILL])
def test_teams_roles_members_and_codes_survive_a_restart(start, signal_number):
    first = start("--test-clock", password=ADMIN_PASSWORD)
    admin = first.admin()
    owner, mina = create_person(admin, "Owner"), Mailbox(first.client).register("mina@example.com", "mina.harbor")
    team = create_team(admin, "Harbor", owner)
    role_id = team.create_role(owner.session, "Own", "team.read", "audit.read")
    app = team.create_app(owner.session)
    gone = create_team(admin, "Gone", owner)
    admin.delete(gone.path).expect(204)
    _, used = team.invite(owner.session, "operator")
    redeem(mina.session, used).expect(200)
    keyed = owner.session.with_headers(idempotency_key="invite")
    issued = keyed.post(team.invitations, {"role_id": role_id}).expect(201)
    audit = f"/v1/audit?team_id={team.team_id}"
    paths = [team.path, team.members, team.roles, team.invitations, app, "/v1/teams", audit]
    before = {path: admin.get(path).expect(200).json for path in paths}
    first.process.send_signal(signal_number)
    assert first.process.wait(20) == (0 if signal_number == signal.SIGTERM else -signal_number)

    second = start("--test-clock")
    again = lambda session: second.client.with_headers(authorization=session.headers["authorization"])
    assert {path: again(admin).get(path).expect(200).json for path in paths} == before
    keyed = again(owner.session).with_headers(idempotency_key="invite")
    repeated = keyed.post(team.invitations, {"role_id": role_id}).expect(201)
    assert repeated.body == issued.body and repeated.header("idempotency-replayed") == "true"
    redeem(again(mina.session), used).expect_problem(422, "invitation_invalid")
    zoe = Mailbox(second.client).register("zoe@example.com", "zoe.harbor")
    assert redeem(zoe.session, issued.json["code"]).expect(200).json["role"]["role_id"] == role_id
    assert zoe.session.get("/v1/audit").expect(200) and teams_of(zoe) == {team.team_id: role_id}
    again(owner.session).get(gone.path).expect_problem(404, "not_found")
    assert again(admin).get(owner.path).json["teams"] == [again(owner.session).get("/v1/me").json["teams"][0]]


def test_wrong_codes_are_counted_across_a_restart(start):
    first = start("--test-clock", password=ADMIN_PASSWORD)
    mina = Mailbox(first.client).register("mina@example.com", "mina.harbor")
    for number in range(10):
        redeem(mina.session, f"{number:08}").expect_problem(422, "invitation_invalid")
    assert first.stop() == 0
    second = start("--test-clock")
    redeem(second.client.with_headers(authorization=mina.session.headers["authorization"]), "00000011").expect_problem(
        429, "too_many_attempts"
    )
    advance(second.client, DAY)
    redeem(second.client.sign_in(mina.password, mina.login), "00000011").expect_problem(422, "invitation_invalid")


def test_a_crash_leaves_both_sides_of_every_membership_consistent(start):
    first = start(password=ADMIN_PASSWORD)
    admin = first.admin()
    team, people = create_team(admin, "Harbor"), [create_person(admin, f"Person{number}") for number in range(6)]

    def join_and_leave(person):
        try:
            for _ in range(200):
                admin.post(team.members, {"user_id": person.user_id, "role_id": "developer"})
                admin.delete(team.member_path(person))
                if person is people[0] and first.process.poll() is None and admin.get(team.members).json["items"]:
                    first.kill()
        except (OSError, http.client.HTTPException):
            return  # The server has stopped before its reply was complete.

    in_parallel(6, join_and_leave, people)
    assert first.kill() == -9
    second = start()
    again = second.client.with_headers(authorization=admin.headers["authorization"])
    members = {member["user_id"] for member in again.list_all(team.members)}
    assert members == {user["user_id"] for user in again.list_all("/v1/users", team_id=team.team_id)}
    for person in people:
        assert bool(again.get(person.path).expect(200).json["teams"]) == (person.user_id in members)
        if person.user_id in members:
            again.delete(team.member_path(person)).expect(204)
        again.post(team.members, {"user_id": person.user_id, "role_id": "reviewer"}).expect(201)
    assert len(list_audit(again, action="member.add")) >= len(people)
