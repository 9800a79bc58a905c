"""The event feed, and webhooks: who manages them and what they show. Their receivers are tested elsewhere."""

import re

import pytest

from client import TIMESTAMP, UUID_V7
from mails import wait_until
from teams import create_team
from users import RUN_ID, create_person

# The feed holds events back for 10 s.
FEED_SECONDS = 40
# Names under .invalid never resolve (RFC 6761).
URL = "https://rollcall.invalid/hook"
EVENT_KEYS = {
    "event_id",
    "type",
    "version",
    "occurred_at",
    "actor",
    "target",
    "team_id",
    "app_id",
    "data",
    "request_id",
}
WEBHOOK_KEYS = {"webhook_id", "url", "types", "team_id", "description", "status", "created_at", "version"}
DELIVERY_KEYS = {"event_id", "at", "status", "duration_ms", "error"}


@pytest.fixture(scope="module")
def owner(session):
    owner = create_person(session, "Owner")
    yield owner
    session.delete(owner.path).expect(204)


@pytest.fixture(scope="module")
def team(session, owner):
    team = create_team(session, f"Events {RUN_ID}", owner)
    yield team
    session.delete(team.path).expect(204)


@pytest.fixture(scope="module")
def caller(owner, team, identified):
    """The owner of the team."""
    return identified(owner.session, owner.password)


@pytest.fixture(scope="module")
def cursor(caller, team):
    """The position in the team's feed before the changes of this file."""
    page = caller.get("/v1/events", team_id=team.team_id).expect(200).json
    assert page.keys() == {"items", "next_cursor", "more"} and page["items"] == [] and page["more"] is False
    return page["next_cursor"]


@pytest.fixture(scope="module")
def webhook(caller, team, cursor):
    body = {"url": URL, "team_id": team.team_id, "types": ["member.add"], "description": "Scenario"}
    created = caller.post("/v1/webhooks", body).expect(201)
    webhook, secret = created.json["webhook"], created.json["secret"]
    assert webhook.keys() == WEBHOOK_KEYS and secret.startswith("whsec_") and len(secret) == 50
    assert {name: webhook[name] for name in body} == body and webhook["status"] == "active"
    return created.header("location")


def test_a_webhook_is_edited_tested_rotated_and_resent(session, caller, webhook):
    assert caller.get(webhook).expect(200).json in caller.get("/v1/webhooks").expect(200).json["items"]
    assert caller.patch(webhook, {"types": None}).expect(200).json["types"] == []
    caller.patch(webhook, {"url": "https://10.0.0.1/"}).expect_violations(("/url", "not_allowed"))
    caller.patch(webhook, {"team_id": None}).expect_violations(("/team_id", "immutable_field"), code="immutable_field")
    sent = caller.post(f"{webhook}/test").expect(200).json
    assert sent.keys() == DELIVERY_KEYS and sent["status"] is None and sent["error"]
    assert sent in caller.get(f"{webhook}/deliveries").expect(200).json["items"]
    rotated = caller.post(f"{webhook}/rotate", {"overlap_hours": 24}).expect(201).json
    assert rotated.keys() == {"webhook", "secret"} and rotated["webhook"]["version"] == 3
    resent = caller.post(f"{webhook}/resend", {"from": rotated["webhook"]["created_at"]}).expect(200).json
    assert resent["status"] == "active"
    stranger = create_person(session, "Stranger")
    for path in (webhook, f"{webhook}/deliveries", "/v1/events"):
        stranger.session.get(path).expect_problem(404, "not_found")
    assert stranger.session.get("/v1/webhooks").expect(200).json["items"] == []
    stranger.session.post("/v1/webhooks", {"url": URL}).expect_violations(("/team_id", "required"))
    session.delete(stranger.path).expect(204)


def test_the_feed_shows_every_change_in_order(caller, owner, team, webhook, cursor):
    expected = ["webhook.create", "webhook.edit", "webhook.rotate", "webhook.resend"]
    caller.delete(webhook).expect(204)
    caller.get(webhook).expect_problem(404, "not_found")
    expected.append("webhook.delete")

    def events():
        found, position, more = [], cursor, True
        while more:
            page = caller.get("/v1/events", team_id=team.team_id, cursor=position, limit=2).expect(200).json
            found += page["items"]
            position, more = page["next_cursor"], page["more"]
        own = [event for event in found if event["target"]["kind"] == "webhook"]
        return own if len(own) >= len(expected) else None

    found = wait_until("events", events, FEED_SECONDS)
    assert [event["type"] for event in found] == expected
    for event in found:
        assert event.keys() == EVENT_KEYS and event["version"] == 1 and event["team_id"] == team.team_id
        assert re.fullmatch(UUID_V7, event["event_id"]) and re.fullmatch(TIMESTAMP, event["occurred_at"])
        assert event["actor"]["login"] == owner.login
    assert found[0]["data"]["before"] is None and found[-1]["data"]["after"] is None
    assert "whsec" not in str(found)
    caller.get("/v1/events", cursor="x").expect_problem(400, "invalid_cursor")
    caller.get("/v1/events", types="team.explode").expect_violations(("types", "not_allowed"))
