"""Expiry of invitations and its cleanup, which is idempotent and may run late."""

from datetime import datetime

import pytest

from client import in_parallel
from clock import DAY, HOUR, MINUTE, advance, run_cleanup
from mails import DELIVERY_SECONDS, wait_until
from teams import create_team, list_audit, redeem, teams_of
from users import create_person

MONTH = 30 * DAY


def advance_to(client, moment, seconds):
    """Moves the clock to less than a second after `moment` plus `seconds`."""
    left = (datetime.fromisoformat(moment) - advance(client, 0)).total_seconds()
    return advance(client, int(left) + 1 + seconds)


def expiry_records(server):
    """The audit records of expired invitations."""
    return list_audit(server.admin(), action="invitation.expire")


def with_new_session(person):
    """Signs in a user whose session has expired."""
    person.session = person.sign_in()
    return person


@pytest.mark.parametrize(
    ("seconds", "is_live"), [(-2, True), (0, False), (1, False), (47 * HOUR, False), (29 * DAY, False)]
)
def test_a_code_expires_after_24_hours(server, client, harbor, mina, seconds, is_live):
    """Expiry does not depend on the cleanup or on the database's TTL."""
    team = harbor.team
    invitation, code = team.invite(harbor.owner.session, "developer")
    advance_to(client, invitation["expires_at"], -10 * MINUTE)
    session = mina.sign_in()
    advance_to(client, invitation["expires_at"], min(seconds, 20 * MINUTE))
    if seconds > HOUR:
        advance_to(client, invitation["expires_at"], seconds)
        session = mina.sign_in()
    reply = redeem(session, code)
    if is_live:
        reply.expect(200)
    else:
        reply.expect_problem(422, "invitation_invalid")
    owner = harbor.owner.sign_in()
    after = team.get_invitation(owner, invitation["invitation_id"])
    assert after["status"] == ("redeemed" if is_live else "expired")
    assert (
        owner.list_all(team.invitations, status=after["status"]) == [after]
        and owner.list_all(team.invitations, status="live") == []
    )
    assert expiry_records(server) == [], "only the cleanup writes the record"


def test_the_cleanup_records_each_expiry_once(server, client, harbor):
    team = harbor.team
    expiring, _ = team.invite(harbor.owner.session, "developer")
    revoked, _ = team.invite(harbor.owner.session, "developer")
    harbor.owner.session.delete(f"{team.invitations}/{revoked['invitation_id']}").expect(204)
    advance_to(client, expiring["expires_at"], -10 * MINUTE)
    later, _ = team.invite(harbor.owner.sign_in(), "reviewer")
    assert run_cleanup(client)["invitations_expired"] == 0
    advance_to(client, expiring["expires_at"], 0)
    assert run_cleanup(client)["invitations_expired"] == 1
    assert run_cleanup(client)["invitations_expired"] == 0
    (record,) = expiry_records(server)
    assert (record["actor"], record["address"], record["team_id"]) == (None, None, team.team_id)
    assert record["target"] == {"kind": "invitation", "id": expiring["invitation_id"]}
    assert (record["before"], record["after"]) == ({"status": "live"}, {"status": "expired"})
    owner = harbor.owner.sign_in()
    states = {one["invitation_id"]: (one["status"], one["version"]) for one in owner.list_all(team.invitations)}
    assert states == {
        expiring["invitation_id"]: ("expired", 2),
        revoked["invitation_id"]: ("revoked", 2),
        later["invitation_id"]: ("live", 1),
    }
    advance(client, 2 * DAY)
    assert run_cleanup(client)["invitations_expired"] == 1 and len(expiry_records(server)) == 2


def test_the_cleanup_finds_invitations_that_expired_days_ago(server, client, harbor):
    for role_id in ("developer", "reviewer", "operator"):
        harbor.team.invite(harbor.owner.session, role_id)
    advance(client, 9 * DAY)
    assert run_cleanup(client)["invitations_expired"] == 3 and len(expiry_records(server)) == 3
    assert run_cleanup(client)["invitations_expired"] == 0


def test_concurrent_cleanups_do_the_work_once(server, client, harbor):
    gone = create_team(harbor.admin, "Gone", harbor.owner)
    for team, count in [(harbor.team, 3), (gone, 2)]:
        for _ in range(count):
            team.invite(harbor.owner.session, "developer")
    harbor.admin.delete(gone.path).expect(204)
    advance(client, DAY)
    reports = in_parallel(6, lambda _: client.post("/_local/cleanup").expect(200).json, range(6))
    assert all(report["invitations_expired"] == report["teams_deleted"] == 0 for report in reports if report["skipped"])
    reports.append(run_cleanup(client))
    totals = {
        name: sum(report[name] for report in reports)
        for name in ("invitations_expired", "teams_deleted", "members_removed")
    }
    assert (
        totals == {"invitations_expired": 3, "teams_deleted": 1, "members_removed": 1}
        and len(expiry_records(server)) == 3
    )


def test_the_cleanup_does_not_expire_a_reissued_invitation(server, client, harbor, mina):
    team = harbor.team
    old, _ = team.invite(harbor.owner.session, "developer")
    expiring, _ = team.invite(harbor.owner.session, "developer")
    advance_to(client, old["expires_at"], -10 * MINUTE)
    owner = harbor.owner.sign_in()
    first = owner.post(f"{team.invitations}/{old['invitation_id']}/reissue").expect(201).json
    advance_to(client, expiring["expires_at"], 0)
    second = owner.post(f"{team.invitations}/{expiring['invitation_id']}/reissue").expect(201).json
    assert team.get_invitation(owner, expiring["invitation_id"])["status"] == "expired"
    assert run_cleanup(client)["invitations_expired"] == 0, "the reissue wrote the record"
    (record,) = expiry_records(server)
    assert record["target"]["id"] == expiring["invitation_id"] and record["actor"]["user_id"] == harbor.owner.user_id
    for issued in (first, second):
        assert team.get_invitation(owner, issued["invitation"]["invitation_id"])["status"] == "live"
    assert redeem(mina.sign_in(), first["code"]).expect(200)


def test_revoking_an_expired_invitation_leaves_it_expired(client, harbor):
    team = harbor.team
    expiring, _ = team.invite(harbor.owner.session, "developer")
    advance_to(client, expiring["expires_at"], 0)
    owner = harbor.owner.sign_in()
    owner.delete(f"{team.invitations}/{expiring['invitation_id']}").expect(204)
    assert team.get_invitation(owner, expiring["invitation_id"])["status"] == "expired"
    assert run_cleanup(client)["invitations_expired"] == 1


def test_ended_invitations_are_listed_for_30_days(client, harbor, mina):
    team = harbor.team
    used, code = team.invite(harbor.owner.session, "developer")
    expiring, _ = team.invite(harbor.owner.session, "operator")
    redeem(mina.session, code).expect(200)
    advance_to(client, expiring["expires_at"], MONTH - 10 * MINUTE)
    run_cleanup(client)
    owner = harbor.owner.sign_in()
    assert [one["invitation_id"] for one in owner.list_all(team.invitations)] == [
        expiring["invitation_id"],
        used["invitation_id"],
    ]
    advance_to(client, expiring["expires_at"], MONTH)
    assert owner.list_all(team.invitations) == []
    path = f"{team.invitations}/{expiring['invitation_id']}"
    owner.delete(path).expect_problem(404, "not_found")
    owner.post(f"{path}/reissue").expect_problem(404, "not_found")
    assert teams_of(with_new_session(mina)) == {team.team_id: "developer"}, "the membership remains"


def test_expired_invitations_do_not_count_towards_the_limit(server, client, harbor):
    team, session = harbor.team, harbor.owner.session
    for number in range(100):
        team.invite(session, "developer", **({"login": "later"} if number % 2 else {}))
    session.post(team.invitations, {"role_id": "developer"}).expect_problem(409, "too_many_invitations")
    advance(client, DAY)
    owner = harbor.owner.sign_in()
    # On a busy machine, expiring 100 invitations may exceed the time limit of one request. The retry continues.
    issue = lambda: (reply := owner.post(team.invitations, {"role_id": "developer"})).status != 503 and reply
    wait_until("free slot", issue, DELIVERY_SECONDS).expect(201)
    assert len(owner.list_all(team.invitations, status="live")) == 1
    run_cleanup(client)
    assert len(expiry_records(server)) == 100


def test_expired_invitations_do_not_keep_their_role_in_use(server, client, harbor):
    team, session = harbor.team, harbor.owner.session
    role_id = team.create_role(session, "Used", "team.read")
    expired = [team.invite(session, role_id)[0]["invitation_id"] for _ in range(3)]
    session.delete(f"{team.roles}/{role_id}").expect_problem(409, "role_in_use")
    advance(client, DAY)
    owner = harbor.owner.sign_in()
    owner.delete(f"{team.roles}/{role_id}").expect(204)
    assert sorted(record["target"]["id"] for record in expiry_records(server)) == sorted(expired)
    owner.post(f"{team.invitations}/{expired[0]}/reissue").expect_problem(409, "invitation_ended")
    run_cleanup(client)
    assert len(expiry_records(server)) == 3


def test_the_cleanup_removes_what_a_deleted_team_contained(server, client, harbor, mina):
    team, admin = harbor.team, harbor.admin
    members = [create_person(admin, f"Member{number}") for number in range(4)]
    for person in members:
        team.add_member(admin, person, "developer")
    team.create_role(admin, "Own", "team.read")
    for _ in range(3):
        team.invite(harbor.owner.session, "developer")
    _, code = team.invite(harbor.owner.session, "developer", login=mina.login)
    records = len(list_audit(admin))
    admin.delete(team.path).expect(204)
    redeem(mina.session, code).expect_problem(422, "invitation_invalid")
    report = run_cleanup(client)
    assert (report["teams_deleted"], report["members_removed"], report["invitations_expired"]) == (1, 5, 0), report
    report = run_cleanup(client)
    assert (report["teams_deleted"], report["members_removed"]) == (0, 0), "idempotent"
    assert [record["action"] for record in list_audit(admin)[:-records]] == ["team.delete"], "a single record"
    redeem(mina.session, code).expect_problem(422, "invitation_invalid")
    for person in members:
        assert teams_of(person) == {} and admin.get(person.path).json["teams"] == []
    advance(client, 2 * DAY)
    assert run_cleanup(client)["invitations_expired"] == 0 and expiry_records(server) == []
    assert server.admin().list_all("/v1/users", team_id=team.team_id) == []


def test_an_application_that_was_deleted_before_its_team_is_finalised(server, client, harbor):
    team, admin = harbor.team, harbor.admin
    app = team.create_app(harbor.owner.session)
    harbor.owner.session.delete(app).expect(204)
    admin.delete(team.path).expect(204)
    report = run_cleanup(client)
    assert (report["teams_deleted"], report["apps_deleted"]) == (1, 0), report
    advance(client, MINUTE + 1)
    assert run_cleanup(client)["apps_deleted"] == 1
    admin.get(app).expect_problem(404, "not_found")
