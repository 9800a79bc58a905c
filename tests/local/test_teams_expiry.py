"""What time does to invitations, and what the cleanup makes of it: once, however often and however late it runs."""

from datetime import datetime

import pytest

from client import in_parallel
from letters import DAY, HOUR, MINUTE, advance
from mails import DELIVERY_SECONDS, until
from teams import audited, found, redeem, teams_of
from users import hire

MINA = "mina@example.com"
MONTH = 30 * DAY


@pytest.fixture
def mina(mailbox):
    return mailbox.register(MINA, "mina.harbor")


def come_to(client, moment, seconds):
    """Moves the clock into the second that begins so long after this moment; before it, where that is negative."""
    left = (datetime.fromisoformat(moment) - advance(client, 0)).total_seconds()
    return advance(client, int(left) + 1 + seconds)


def clean(client):
    report = client.post("/_local/cleanup").is_(200).json
    assert report["skipped"] is False and report["more"] is False, report
    return report


def expiries(server):
    """What the log says of invitations that ran out."""
    return audited(server.admin(), action="invitation.expire")


def again(person):
    """Somebody whose session has ended meanwhile."""
    person.session = person.sign_in()
    return person


@pytest.mark.parametrize(
    ("seconds", "is_live"), [(-2, True), (0, False), (1, False), (47 * HOUR, False), (29 * DAY, False)]
)
def test_a_code_is_good_until_its_24_hours_are_over(server, client, harbor, mina, seconds, is_live):
    """The database's own expiry comes late, and the cleanup has not been here."""
    team = harbor.team
    invitation, code = team.invite(harbor.owner.session, "developer")
    come_to(client, invitation["expires_at"], -10 * MINUTE)
    session = mina.sign_in()
    come_to(client, invitation["expires_at"], min(seconds, 20 * MINUTE))
    if seconds > HOUR:
        come_to(client, invitation["expires_at"], seconds)
        session = mina.sign_in()
    reply = redeem(session, code)
    if is_live:
        reply.is_(200)
    else:
        reply.refused(422, "invitation_invalid")
    owner = harbor.owner.sign_in()
    after = team.invitation(owner, invitation["invitation_id"])
    assert after["status"] == ("redeemed" if is_live else "expired")
    assert (
        owner.everything(team.invitations, status=after["status"]) == [after]
        and owner.everything(team.invitations, status="live") == []
    )
    assert expiries(server) == [], "nobody has written it down yet"


def test_the_cleanup_tells_once_of_an_invitation_that_ran_out(server, client, harbor):
    team = harbor.team
    over, _ = team.invite(harbor.owner.session, "developer")
    revoked, _ = team.invite(harbor.owner.session, "developer")
    harbor.owner.session.delete(f"{team.invitations}/{revoked['invitation_id']}").is_(204)
    come_to(client, over["expires_at"], -10 * MINUTE)
    later, _ = team.invite(harbor.owner.sign_in(), "reviewer")
    assert clean(client)["invitations_expired"] == 0
    come_to(client, over["expires_at"], 0)
    assert clean(client)["invitations_expired"] == 1
    assert clean(client)["invitations_expired"] == 0
    (record,) = expiries(server)
    assert (record["actor"], record["address"], record["team_id"]) == (None, None, team.team_id)
    assert record["target"] == {"kind": "invitation", "id": over["invitation_id"]}
    assert (record["before"], record["after"]) == ({"status": "live"}, {"status": "expired"})
    owner = harbor.owner.sign_in()
    states = {one["invitation_id"]: (one["status"], one["version"]) for one in owner.everything(team.invitations)}
    assert states == {
        over["invitation_id"]: ("expired", 2),
        revoked["invitation_id"]: ("revoked", 2),
        later["invitation_id"]: ("live", 1),
    }
    advance(client, 2 * DAY)
    assert clean(client)["invitations_expired"] == 1 and len(expiries(server)) == 2


def test_what_ran_out_days_ago_is_found_by_the_first_cleanup(server, client, harbor):
    for role_id in ("developer", "reviewer", "operator"):
        harbor.team.invite(harbor.owner.session, role_id)
    advance(client, 9 * DAY)
    assert clean(client)["invitations_expired"] == 3 and len(expiries(server)) == 3
    assert clean(client)["invitations_expired"] == 0


def test_cleanups_beside_each_other_do_the_work_once(server, client, harbor):
    gone = found(harbor.admin, "Gone", harbor.owner)
    for team, count in [(harbor.team, 3), (gone, 2)]:
        for _ in range(count):
            team.invite(harbor.owner.session, "developer")
    harbor.admin.delete(gone.path).is_(204)
    advance(client, DAY)
    reports = in_parallel(6, lambda _: client.post("/_local/cleanup").is_(200).json, range(6))
    assert all(report["invitations_expired"] == report["teams_deleted"] == 0 for report in reports if report["skipped"])
    reports.append(clean(client))
    totals = {
        name: sum(report[name] for report in reports)
        for name in ("invitations_expired", "teams_deleted", "members_removed")
    }
    assert totals == {"invitations_expired": 3, "teams_deleted": 1, "members_removed": 1} and len(expiries(server)) == 3


def test_the_cleanup_lets_a_reissued_one_live(server, client, harbor, mina):
    team = harbor.team
    old, _ = team.invite(harbor.owner.session, "developer")
    over, _ = team.invite(harbor.owner.session, "developer")
    come_to(client, old["expires_at"], -10 * MINUTE)
    owner = harbor.owner.sign_in()
    first = owner.post(f"{team.invitations}/{old['invitation_id']}/reissue").is_(201).json
    come_to(client, over["expires_at"], 0)
    second = owner.post(f"{team.invitations}/{over['invitation_id']}/reissue").is_(201).json
    assert team.invitation(owner, over["invitation_id"])["status"] == "expired"
    assert clean(client)["invitations_expired"] == 0, "whoever issued it anew has told of it"
    (record,) = expiries(server)
    assert record["target"]["id"] == over["invitation_id"] and record["actor"]["user_id"] == harbor.owner.user_id
    for issued in (first, second):
        assert team.invitation(owner, issued["invitation"]["invitation_id"])["status"] == "live"
    assert redeem(mina.sign_in(), first["code"]).is_(200)


def test_what_ran_out_may_be_revoked_and_stays_what_it_is(client, harbor):
    team = harbor.team
    over, _ = team.invite(harbor.owner.session, "developer")
    come_to(client, over["expires_at"], 0)
    owner = harbor.owner.sign_in()
    owner.delete(f"{team.invitations}/{over['invitation_id']}").is_(204)
    assert team.invitation(owner, over["invitation_id"])["status"] == "expired"
    assert clean(client)["invitations_expired"] == 1


def test_the_history_ends_after_30_days(client, harbor, mina):
    team = harbor.team
    used, code = team.invite(harbor.owner.session, "developer")
    over, _ = team.invite(harbor.owner.session, "operator")
    redeem(mina.session, code).is_(200)
    come_to(client, over["expires_at"], MONTH - 10 * MINUTE)
    clean(client)
    owner = harbor.owner.sign_in()
    assert [one["invitation_id"] for one in owner.everything(team.invitations)] == [
        over["invitation_id"],
        used["invitation_id"],
    ]
    come_to(client, over["expires_at"], MONTH)
    assert owner.everything(team.invitations) == []
    path = f"{team.invitations}/{over['invitation_id']}"
    owner.delete(path).refused(404, "not_found")
    owner.post(f"{path}/reissue").refused(404, "not_found")
    assert teams_of(again(mina)) == {team.team_id: "developer"}, "who joined stays"


def test_what_ran_out_makes_room_before_the_cleanup_comes(server, client, harbor):
    team, session = harbor.team, harbor.owner.session
    for number in range(100):
        team.invite(session, "developer", **({"login": "later"} if number % 2 else {}))
    session.post(team.invitations, {"role_id": "developer"}).refused(409, "too_many_invitations")
    advance(client, DAY)
    owner = harbor.owner.sign_in()
    # A hundred in one request may be more than a busy machine does in time; then the next one goes on.
    issue = lambda: (reply := owner.post(team.invitations, {"role_id": "developer"})).status != 503 and reply
    until("room", issue, DELIVERY_SECONDS).is_(201)
    assert len(owner.everything(team.invitations, status="live")) == 1
    clean(client)
    assert len(expiries(server)) == 100


def test_a_role_is_free_of_what_ran_out_before_the_cleanup_comes(server, client, harbor):
    team, session = harbor.team, harbor.owner.session
    role_id = team.role(session, "Used", "team.read")
    over = [team.invite(session, role_id)[0]["invitation_id"] for _ in range(3)]
    session.delete(f"{team.roles}/{role_id}").refused(409, "role_in_use")
    advance(client, DAY)
    owner = harbor.owner.sign_in()
    owner.delete(f"{team.roles}/{role_id}").is_(204)
    assert sorted(record["target"]["id"] for record in expiries(server)) == sorted(over)
    owner.post(f"{team.invitations}/{over[0]}/reissue").refused(409, "invitation_ended")
    clean(client)
    assert len(expiries(server)) == 3


def test_a_deleted_team_is_taken_apart_by_the_cleanup(server, client, harbor, mina):
    team, admin = harbor.team, harbor.admin
    members = [mina, *(hire(admin, f"Member{number}") for number in range(3))]
    for person in members:
        team.add(admin, person, "developer")
    team.role(admin, "Own", "team.read")
    for _ in range(3):
        team.invite(harbor.owner.session, "developer")
    _, code = team.invite(harbor.owner.session, "developer", login=mina.login)
    records = len(audited(admin))
    admin.delete(team.path).is_(204)
    redeem(mina.session, code).refused(422, "invitation_invalid")
    report = clean(client)
    assert (report["teams_deleted"], report["members_removed"], report["invitations_expired"]) == (1, 5, 0), report
    report = clean(client)
    assert (report["teams_deleted"], report["members_removed"]) == (0, 0), "again changes nothing further"
    assert [record["action"] for record in audited(admin)[:-records]] == ["team.delete"], "which told of it all"
    redeem(mina.session, code).refused(422, "invitation_invalid")
    for person in members:
        assert teams_of(person) == {} and admin.get(person.path).json["teams"] == []
    advance(client, 2 * DAY)
    assert clean(client)["invitations_expired"] == 0 and expiries(server) == []
    assert server.admin().everything("/v1/users", team_id=team.team_id) == []


def test_an_application_deleted_before_its_team_is_final_after_it(server, client, harbor):
    team, admin = harbor.team, harbor.admin
    app = team.app(harbor.owner.session)
    harbor.owner.session.delete(app).is_(204)
    admin.delete(team.path).is_(204)
    report = clean(client)
    assert (report["teams_deleted"], report["apps_deleted"]) == (1, 0), report
    advance(client, MINUTE + 1)
    assert clean(client)["apps_deleted"] == 1
    admin.get(app).refused(404, "not_found")
