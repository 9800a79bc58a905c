"""Webhooks as receivers see them: with the library of Standard Webhooks for Python, across outages and crashes."""

import http.server
import threading

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from clock import DAY, HOUR, advance
from mails import wait_until
from server import PASSWORD

# The feed holds events back for 10 s.
HOLD_BACK = 11
DELIVERY_SECONDS = 30


class Receiver(http.server.ThreadingHTTPServer):
    """A receiver that keeps the path, headers and body of each delivery, and answers with `status`."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), ReceiverHandler)
        self.received, self.redirected, self.status = [], [], 204
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/hook"

    @property
    def ids(self):
        return [headers["webhook-id"] for _, headers, _ in self.received]


class ReceiverHandler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.received.append((self.path, headers, body))
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        self.server.redirected.append(self.path)
        self.send_error(404)

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.shutdown()
    receiver.server_close()


def create_webhook(session, url, *types, **fields):
    """Creates a webhook and returns its path and its secret."""
    created = session.post("/v1/webhooks", {"url": url, "types": list(types), **fields}).expect(201)
    assert created.json["webhook"]["url"] == url and created.json["webhook"]["status"] == "active"
    return created.header("location"), created.json["secret"]


def create_apps(session, count):
    for number in range(count):
        session.post("/v1/apps", {"name": f"App {number}"}).expect(201)


def events(session, *types):
    """The events of the feed from its beginning."""
    found, cursor, more = [], "start", True
    while more:
        page = session.get("/v1/events", cursor=cursor, types=",".join(types), limit=2).expect(200).json
        found += page["items"]
        cursor, more = page["next_cursor"], page["more"]
    return found


def delivered(receiver, count):
    return wait_until(f"{count} deliveries", lambda: len(receiver.received) >= count, DELIVERY_SECONDS)


def test_the_library_of_receivers_verifies_events(server, receiver):
    admin = server.admin()
    path, secret = create_webhook(admin, receiver.url, "app.create")
    create_apps(admin, 3)
    advance(server.client, HOLD_BACK)
    delivered(receiver, 3)
    verifier = Webhook(secret)
    verified = [verifier.verify(body, headers) for _, headers, body in receiver.received]
    assert verified == events(admin, "app.create")
    _, headers, body = receiver.received[0]
    for wrong_body, wrong_headers in [
        (body + b" ", headers),
        (body, headers | {"webhook-id": receiver.ids[1]}),
        (body, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 1)}),
    ]:
        with pytest.raises(WebhookVerificationError):
            verifier.verify(wrong_body, wrong_headers)
    new_secret = admin.post(f"{path}/rotate", {"overlap_hours": 1}).expect(201).json["secret"]
    tested = admin.post(f"{path}/test", {}).expect(200).json
    _, headers, body = receiver.received[-1]
    assert tested["status"] == 204 and tested["event_id"] == headers["webhook-id"]
    for one in (secret, new_secret):
        assert Webhook(one).verify(body, headers)["type"] == "webhook.test"


def test_a_receiver_that_is_down_for_two_days_gets_everything_in_order(server, receiver):
    admin = server.admin()
    create_webhook(admin, receiver.url, "app.create")
    receiver.status = 302
    create_apps(admin, 5)
    tries = 0
    for _ in range(4):
        advance(server.client, 12 * HOUR)
        tries += 1
        delivered(receiver, tries)
        tries = len(receiver.received)
    expected = [event["event_id"] for event in events(server.admin(), "app.create")]
    assert set(receiver.ids) == {expected[0]}, "the next event waits for the one before it"
    assert receiver.redirected == [] and {path for path, _, _ in receiver.received} == {"/hook"}
    receiver.received.clear()
    receiver.status = 200
    advance(server.client, 12 * HOUR)
    delivered(receiver, 5)
    assert receiver.ids == expected


def test_a_webhook_that_is_down_for_three_days_is_paused_and_resent(server, receiver):
    path, _ = create_webhook(server.admin(), receiver.url, "app.create")
    receiver.status = 500
    create_apps(server.admin(), 2)
    advance(server.client, HOLD_BACK)
    delivered(receiver, 1)
    advance(server.client, 3 * DAY)
    admin = server.admin()
    wait_until("pause", lambda: admin.get(path).expect(200).json["status"] == "paused", DELIVERY_SECONDS)
    deliveries = admin.get(f"{path}/deliveries").expect(200).json["items"]
    assert len(deliveries) >= 2 and {delivery["status"] for delivery in deliveries} == {500}
    expected = events(admin, "app.create")
    receiver.received.clear()
    receiver.status = 200
    resent = admin.post(f"{path}/resend", {"from": expected[0]["occurred_at"]}).expect(200)
    assert resent.json["status"] == "active"
    delivered(receiver, 2)
    assert receiver.ids == [event["event_id"] for event in expected]


def test_a_killed_server_goes_on_where_it_stopped(start, receiver):
    first = start("--test-clock", password=PASSWORD)
    admin = first.admin()
    create_webhook(admin, receiver.url, "app.create")
    create_apps(admin, 20)
    advance(first.client, HOLD_BACK)
    delivered(receiver, 3)
    first.kill()
    second = start("--test-clock")
    advance(second.client, HOLD_BACK)
    expected = [event["event_id"] for event in events(second.admin(), "app.create")]
    wait_until("all deliveries", lambda: set(receiver.ids) == set(expected), DELIVERY_SECONDS)
    seen = []
    for event_id in receiver.ids:
        if event_id not in seen:
            seen.append(event_id)
    assert seen == expected and len(receiver.ids) <= len(expected) + 1
