"""The audit log: one record per change, permissions to read it, and filters."""

import re
from datetime import datetime, timedelta

import pytest

from client import TIMESTAMP, UUID_V7
from clock import DAY, HOUR, advance
from teams import AUDIT_FIELDS, PRESETS, UNKNOWN_ID, create_team, list_audit, redeem
from users import PASSWORD, create_person, new_member_body


def recorded(session, reply, **filters):
    """The records of a request, oldest first."""
    request_id = reply.header("x-request-id")
    return [record for record in reversed(list_audit(session, **filters)) if record["request_id"] == request_id]


def summary(record):
    return record["action"], record["target"]["kind"], record["before"], record["after"]


def team_log(harbor, reply):
    """The records that a request left in the log of the team, as the owner reads them."""
    records = recorded(harbor.owner.session, reply, team_id=harbor.team.team_id)
    return [summary(record) for record in records]


def test_a_change_of_a_team_is_recorded(harbor):
    session = harbor.owner.session
    renamed = session.patch(harbor.team.path, {"name": "Pier"}).expect(200)
    ((action, kind, before, after),) = team_log(harbor, renamed)
    assert (action, kind, after) == ("team.edit", "team", {"name": "Pier"}) and before.keys() == {"name"}
    unchanged = session.patch(harbor.team.path, {"name": "Pier"}).expect(200)
    assert team_log(harbor, unchanged) == [], "no effect, no record"


def test_changes_of_members_are_recorded(harbor):
    team, session = harbor.team, harbor.owner.session
    ben = create_person(harbor.admin, "Ben")
    membership = lambda role_id: {"login": ben.login, "role_id": role_id}
    added = session.post(team.members, {"user_id": ben.user_id, "role_id": "developer"}).expect(201)
    assert team_log(harbor, added) == [("member.add", "member", None, membership("developer"))]
    edited = session.patch(team.member_path(ben), {"role_id": "reviewer"}).expect(200)
    assert team_log(harbor, edited) == [("member.edit", "member", {"role_id": "developer"}, {"role_id": "reviewer"})]
    left = ben.session.delete(team.member_path(ben)).expect(204)
    assert team_log(harbor, left) == [("member.leave", "member", membership("reviewer"), None)]
    (record,) = recorded(session, left)
    assert record["actor"] == {"user_id": ben.user_id, "login": ben.login} and record["target"]["id"] == ben.user_id
    team.add_member(session, ben, "developer")
    removed = session.delete(team.member_path(ben)).expect(204)
    assert team_log(harbor, removed) == [("member.remove", "member", membership("developer"), None)]


def test_changes_of_roles_are_recorded(harbor):
    session = harbor.owner.session
    created = session.post(harbor.team.roles, {"name": "Own", "permissions": ["team.read"]}).expect(201)
    ((action, kind, before, after),) = team_log(harbor, created)
    assert (action, kind, before) == ("role.create", "role", None)
    assert (after["name"], after["permissions"]) == ("Own", ["team.read"])
    path = created.header("location")
    edited = session.patch(path, {"permissions": ["team.read", "audit.read"]}).expect(200)
    assert team_log(harbor, edited) == [
        ("role.edit", "role", {"permissions": ["team.read"]}, {"permissions": ["team.read", "audit.read"]})
    ]
    ((action, kind, _, after),) = team_log(harbor, session.delete(path).expect(204))
    assert (action, kind, after) == ("role.delete", "role", None)


def test_changes_of_invitations_are_recorded_without_their_codes(harbor, mina):
    team, session = harbor.team, harbor.owner.session
    issued = session.post(team.invitations, {"role_id": "developer"}).expect(201)
    ((action, kind, before, after),) = team_log(harbor, issued)
    assert (action, kind, before, after["status"]) == ("invitation.issue", "invitation", None, "live")
    reissued = session.post(f"{team.invitations}/{issued.json['invitation']['invitation_id']}/reissue").expect(201)
    revoked, fresh = team_log(harbor, reissued)
    assert (revoked[0], revoked[2]["status"], revoked[3]["status"]) == ("invitation.revoke", "live", "revoked")
    assert (fresh[0], fresh[2], fresh[3]["status"]) == ("invitation.reissue", None, "live")
    joined = redeem(mina.session, reissued.json["code"]).expect(200)
    ((action, _, before, after),) = team_log(harbor, joined)
    assert (action, before["status"], after["status"]) == ("invitation.redeem", "live", "redeemed")
    assert after["redeemed_by"]["user_id"] == mina.user_id
    issued_again = session.post(team.invitations, {"role_id": "developer"}).expect(201).json["invitation"]
    spare = f"{team.invitations}/{issued_again['invitation_id']}"
    assert [record[0] for record in team_log(harbor, session.delete(spare).expect(204))] == ["invitation.revoke"]
    assert team_log(harbor, session.delete(spare).expect(204)) == [], "no effect, no record"
    log = str(list_audit(harbor.admin))
    for secret in (issued.json["code"], reissued.json["code"], PASSWORD):
        assert secret not in log


def test_a_change_of_several_objects_is_recorded_for_each(harbor):
    team, owner, admin = harbor.team, harbor.owner, harbor.admin
    body = new_member_body("Made")
    made = owner.session.post(team.members, {"new_user": body, "role_id": "developer"}).expect(201)
    records = recorded(owner.session, made)
    assert sorted(record["action"] for record in records) == ["member.add", "user.create"]
    assert {record["team_id"] for record in records} == {team.team_id} and made.json["generated_password"] not in str(
        records
    )
    second = create_team(admin, "Second", owner)
    creation = list_audit(admin, team_id=second.team_id)
    assert sorted(record["action"] for record in creation) == ["member.add", "team.create"]
    person = create_person(admin, "Leaving")
    for each in (team, second):
        each.add_member(admin, person, "developer")
    removed = recorded(admin, admin.delete(person.path).expect(204))
    assert sorted(record["action"] for record in removed) == ["member.remove", "member.remove", "user.delete"]
    assert {record["team_id"] for record in removed} == {team.team_id, second.team_id, None}
    app = team.create_app(owner.session)
    moved = recorded(admin, admin.patch(app, {"team_id": second.team_id}).expect(200))
    assert [(record["action"], record["team_id"]) for record in moved] == [("app.edit", second.team_id)]
    (left,) = list_audit(admin, team_id=team.team_id, action="app.edit")
    assert left["after"] == moved[0]["after"] == {"team_id": second.team_id}
    deleted = create_team(admin, "Ended")
    assert [record["action"] for record in recorded(admin, admin.delete(deleted.path).expect(204))] == ["team.delete"]


def test_a_record_contains_actor_address_and_time(harbor):
    owner, before = harbor.owner, advance(harbor.admin, 0)
    reply = owner.session.patch(harbor.team.path, {"name": "Pier"}).expect(200)
    (record,) = recorded(owner.session, reply)
    assert (
        record.keys() == AUDIT_FIELDS
        and re.fullmatch(UUID_V7, record["audit_id"])
        and re.fullmatch(TIMESTAMP, record["at"])
    )
    assert record["actor"] == {"user_id": owner.user_id, "login": owner.login} and record["address"] == "127.0.0.1"
    assert record["team_id"] == harbor.team.team_id and record["target"] == {"kind": "team", "id": harbor.team.team_id}
    assert before <= datetime.fromisoformat(record["at"]) <= advance(harbor.admin, 0)
    forged = owner.session.with_headers(x_forwarded_for="203.0.113.9", forwarded="for=203.0.113.9").patch(
        harbor.team.path, {"name": "Quay"}
    )
    assert recorded(owner.session, forged)[0]["address"] == "127.0.0.1"


def test_filters_select_records_alone_and_combined(server, harbor):
    team, owner = harbor.team, harbor.owner
    ben = create_person(harbor.admin, "Ben")
    team.add_member(owner.session, ben, "developer")
    advance(server.client, DAY + HOUR)
    session, admin = owner.sign_in(), server.admin()
    middle = recorded(session, session.patch(team.member_path(ben), {"role_id": "operator"}).expect(200))[0]
    advance(server.client, DAY + HOUR)
    session, admin = owner.sign_in(), server.admin()
    session.delete(team.member_path(ben)).expect(204)
    actions = lambda **query: [record["action"] for record in list_audit(session, **query)]
    everything = actions()
    assert everything[:3] == ["member.remove", "member.edit", "member.add"] and everything[-1] in (
        "team.create",
        "member.add",
    )
    assert actions(limit=1) == actions(limit=2) == everything == actions(team_id=team.team_id)
    at, next_one = middle["at"], datetime.fromisoformat(middle["at"]) + timedelta(milliseconds=1)
    after = next_one.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert actions(**{"from": at}) == everything[:2] and actions(**{"from": after}) == everything[:1]
    assert actions(to=at) == everything[2:] and actions(to=after) == everything[1:]
    assert actions(**{"from": at, "to": after}) == ["member.edit"] and actions(**{"from": at, "to": at}) == []
    assert actions(action="member.edit") == ["member.edit"] and actions(action="app.create") == []
    assert {record["actor"]["user_id"] for record in list_audit(session, actor=owner.user_id)} == {owner.user_id}
    assert actions(target=ben.user_id) == ["member.remove", "member.edit", "member.add"]
    assert actions(target=ben.user_id, actor=owner.user_id, action="member.edit", to=after, team_id=team.team_id) == [
        "member.edit"
    ]
    assert actions(target=UNKNOWN_ID) == actions(actor=UNKNOWN_ID) == []
    of_all = [record["action"] for record in list_audit(admin)]
    assert len(of_all) > len(everything) and "user.create" in of_all
    assert [record["action"] for record in list_audit(admin, team_id=team.team_id)] == everything
    assert list_audit(admin, team_id=UNKNOWN_ID) == list_audit(session, team_id=UNKNOWN_ID) == []


@pytest.mark.parametrize(
    ("query", "violation"),
    [
        ({"from": "yesterday"}, ("from", "bad_format")),
        ({"to": "2026-13-01T00:00:00Z"}, ("to", "bad_format")),
        ({"actor": "mina"}, ("actor", "bad_format")),
        ({"action": "team.explode"}, ("action", "not_allowed")),
        ({"team_id": "x"}, ("team_id", "bad_format")),
        ({"who": "x"}, ("who", "unknown_field")),
        ({"limit": 0}, ("limit", "out_of_range")),
        ({"limit": 101}, ("limit", "out_of_range")),
    ],
)
def test_filters_are_validated(shared_server, query, violation):
    top = "unknown_field" if violation[1] == "unknown_field" else "validation_failed"
    shared_server.admin().get("/v1/audit", **query).expect_violations(violation, code=top)


@pytest.mark.parametrize("role_id", PRESETS)
def test_the_log_is_limited_to_teams_whose_log_the_caller_may_read(harbor, role_id):
    team, admin = harbor.team, harbor.admin
    other = create_team(admin, "Other", harbor.owner)
    person = create_person(admin, "Person")
    person.session.get("/v1/audit").expect_problem(404, "not_found")
    team.add_member(admin, person, role_id)
    other.add_member(admin, person, "developer")
    admin.patch(other.path, {"name": "Renamed"}).expect(200)
    if "audit.read" not in PRESETS[role_id]:
        for path in ("/v1/audit", f"/v1/audit?team_id={team.team_id}", "/v1/audit?who=x"):
            person.session.get(path).expect_problem(404, "not_found")
        return
    assert {record["team_id"] for record in list_audit(person.session)} == {team.team_id}
    assert list_audit(person.session) == list_audit(admin, team_id=team.team_id)
    assert list_audit(person.session, team_id=other.team_id) == list_audit(person.session, target=other.team_id) == []
    cursor = admin.get("/v1/audit", limit=1).json["next_cursor"]
    person.session.get("/v1/audit", limit=1, cursor=cursor).expect_problem(400, "invalid_cursor")
    admin.delete(team.member_path(person)).expect(204)
    person.session.get("/v1/audit").expect_problem(404, "not_found")


def test_a_batch_deletion_is_recorded_for_each_account(harbor):
    session = harbor.owner.session
    app = harbor.team.create_app(session)
    for user_id in ("zoe", "kay"):
        session.post(f"{app}/accounts", {"user_id": user_id, "type": "general"}).expect(201)
    session.put(f"{app}/deletion-lock", {"locked": False, "risks_acknowledged": True}).expect(200)
    session.post(f"{app}/account-deletions", {"user_ids": ["zoe", "kay", "nobody"]}).expect(200)
    for user_id in ("zoe", "kay"):
        assert [record["action"] for record in list_audit(session, target=user_id)] == [
            "account.delete",
            "account.create",
        ]
    assert list_audit(session, target="nobody") == []
    assert [record["action"] for record in list_audit(session, target=app.rpartition("/")[2])] == [
        "account.delete",
        "app.unlock",
        "app.create",
    ]
