"""What exists on this server only: the clock, the schedule by hand, the mailbox, the data directory, the database."""

import http.client
import json
import re
import socket
import stat
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest

from client import Client
from mails import until
from server import PASSWORD, START_SECONDS

MINUTE = 60
LOCAL = [("POST", "/_local/clock"), ("POST", "/_local/cleanup"), ("GET", "/_local/mails"), ("GET", "/mailbox")]


def advance(client, seconds):
    """Moves the clock, and returns what it then says."""
    reply = client.post("/_local/clock", {"advance_seconds": seconds}).is_(200)
    assert reply.json.keys() == {"now"}
    return datetime.fromisoformat(reply.json["now"])


@pytest.fixture
def timed(start):
    return start("--memory", "--test-clock", password=PASSWORD)


def test_the_clock_moves_for_everything_and_keeps_ticking(timed):
    admin, client = timed.admin(), timed.client
    before = advance(client, 0)
    after = advance(client, 13 * MINUTE)
    assert timedelta(seconds=13 * MINUTE) <= after - before < timedelta(seconds=14 * MINUTE)
    app = admin.post("/v1/apps", {"name": "Later"}).is_(201).json
    created = datetime.fromisoformat(app["created_at"])
    assert after <= created < after + timedelta(minutes=1)
    assert until("tick", lambda: advance(client, 0) > created, 5)
    session = admin.get("/v1/me").json["session"]
    assert datetime.fromisoformat(session["last_seen_at"]) >= after
    for body, violation in [
        ({}, "required"),
        ({"advance_seconds": "1"}, "wrong_type"),
        ({"advance_seconds": 1.5}, "wrong_type"),
    ]:
        client.post("/_local/clock", body).violates(("/advance_seconds", violation))
    client.post("/_local/clock", {"advance_seconds": -1}).violates(("/advance_seconds", "out_of_range"))


def test_a_super_admins_session_rests_for_15_minutes_at_most(timed):
    admin, client = timed.admin(), timed.client
    for _ in range(3):
        advance(client, 14 * MINUTE + 50)
        admin.get("/v1/me").is_(200)
    other = timed.admin()
    advance(client, 15 * MINUTE)
    for resting in (admin, other):
        resting.get("/v1/me").refused(401, "unauthenticated")
        resting.get("/v1/apps").refused(401, "unauthenticated")
    timed.admin().get("/v1/me").is_(200)


def test_a_super_admins_session_lasts_for_12_hours_at_most(timed):
    admin, client = timed.admin(), timed.client
    end = datetime.fromisoformat(admin.get("/v1/me").json["session"]["created_at"]) + timedelta(hours=12)
    while advance(client, 10 * MINUTE) < end - timedelta(minutes=11):
        admin.get("/v1/me").is_(200)
    last = admin.get("/v1/me").is_(200).json["session"]
    while advance(client, MINUTE) < end - timedelta(minutes=1, seconds=5):
        last = admin.get("/v1/me").is_(200).json["session"]
    assert datetime.fromisoformat(last["expires_at"]) == end, "the sooner of its rest and its age"
    advance(client, 2 * MINUTE)
    admin.get("/v1/me").refused(401, "unauthenticated")


def test_a_cursor_and_a_key_end_by_the_moved_clock(timed):
    admin, client = timed.admin(), timed.client
    path = admin.post("/v1/apps", {"name": "Hours"}).is_(201).header("location")
    for user_id in ("a", "b"):
        admin.post(f"{path}/accounts", {"user_id": user_id, "type": "general"}).is_(201)
    cursor = admin.get(f"{path}/accounts", limit=1).json["next_cursor"]
    keyed = {"name": "Once a day"}
    first = admin.having(idempotency_key="day").post("/v1/apps", keyed).is_(201)
    advance(client, 59 * MINUTE)
    admin = timed.admin()
    admin.get(f"{path}/accounts", cursor=cursor).is_(200)
    advance(client, MINUTE)
    admin.get(f"{path}/accounts", cursor=cursor).refused(400, "invalid_cursor")
    advance(client, 22 * 60 * MINUTE)
    again = timed.admin().having(idempotency_key="day").post("/v1/apps", keyed).is_(201)
    assert again.body == first.body and again.header("idempotency-replayed") == "true"
    advance(client, 60 * MINUTE)
    anew = timed.admin().having(idempotency_key="day").post("/v1/apps", keyed).is_(201)
    assert anew.json["app_id"] != first.json["app_id"] and anew.header("idempotency-replayed") is None


def test_the_cleanup_runs_by_hand_and_reports(timed):
    admin, client = timed.admin(), timed.client
    path = admin.post("/v1/apps", {"name": "Doomed"}).is_(201).header("location")
    kept = admin.post("/v1/apps", {"name": "Kept"}).is_(201).header("location")
    clean = lambda: client.post("/_local/cleanup").is_(200).json
    idle = clean()
    assert isinstance(idle, dict) and idle["apps_deleted"] == 0
    admin.delete(path).is_(204)
    assert clean()["apps_deleted"] == 0, "a tombstone is not final before its minute"
    admin.get(path).refused(404, "not_found")
    advance(client, MINUTE + 1)
    report = clean()
    assert (report["apps_deleted"], report["apps_restored"]) == (1, 0), report
    assert clean()["apps_deleted"] == 0, "again changes nothing further"
    admin.get(path).refused(404, "not_found")
    admin.get(kept).is_(200)


def test_without_the_option_there_is_no_clock_to_move(start):
    server = start("--memory", password=PASSWORD)
    for path in ("/_local/clock", "/_local/cleanup"):
        for client in (server.client, server.admin()):
            client.post(path, {"advance_seconds": 1}).refused(404, "not_found")
            client.get(path).refused(404, "not_found")


def test_the_mailbox_is_a_list_and_a_page(start):
    client = start("--memory").client
    for path in ("/_local/mails", "/_local/mails?to=mina@example.com"):
        reply = client.get(path).is_(200)
        assert reply.json == [] and reply.header("content-type") == "application/json"
    page = client.get("/mailbox").is_(200)
    assert page.header("content-type").startswith("text/html")
    text = page.body.decode("utf-8")
    assert "<!doctype html>" in text.lower() and "Mailbox" in text
    assert "<script" not in text and "style=" not in text, "nothing that the policy would have to allow inline"
    client.post("/mailbox").refused(405, "method_not_allowed")
    client.get("/_local/nothing").refused(404, "not_found")


def test_beyond_loopback_nothing_local_is_left_and_the_origin_is_the_public_one(launch):
    origin = "https://rollcall.example"
    options = {"password": PASSWORD, "environment": {"PUBLIC_ORIGIN": origin}}
    port = free_port()
    server = launch("--listen", f"0.0.0.0:{port}", "--memory", "--test-clock", **options).ready()
    assert server.url == origin and "/mailbox" not in server.printed
    client = Client(f"http://127.0.0.1:{port}")
    assert client.get("/healthz").is_(200).json == {"status": "ok"}
    for method, path in LOCAL:
        client.send(method, path, {} if method == "POST" else None).refused(404, "not_found")
    check_origins(
        client, ours=origin, foreign=[client.url, "http://rollcall.example", "https://rollcall.example:444", "null"]
    )
    assert server.stop() == 0


def free_port():
    """For servers that print another address than the one they listen at."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def check_origins(client, ours, foreign):
    signing_in = {"login": "admin", "password": PASSWORD, "transport": "cookie"}
    reply = client.having(origin=ours).post("/v1/login", signing_in).is_(200)
    cookies = reply.headers.get_all("set-cookie")
    (token,) = [match[1] for cookie in cookies if (match := re.match("__Host-session=([^;]+)", cookie))]
    browser = client.as_cookie(token)
    for origin in foreign:
        client.having(origin=origin).post("/v1/login", signing_in).refused(403, "cross_site_request")
        browser.having(origin=origin).post("/v1/apps", {"name": "Forged"}).refused(403, "cross_site_request")
    assert browser.get("/v1/apps").json["items"] == []
    browser.having(origin=ours).post("/v1/apps", {"name": "Ours"}).is_(201)


def test_on_loopback_the_origin_is_the_address(start):
    server = start("--memory", password=PASSWORD)
    port = urlsplit(server.url).port
    foreign = [
        f"https://127.0.0.1:{port}",
        "http://127.0.0.1:1",
        f"http://evil.example:{port}",
        "http://127.0.0.1",
        "null",
    ]
    check_origins(server.client, ours=f"http://127.0.0.1:{port}", foreign=foreign)


def test_on_loopback_a_public_origin_counts_where_it_is_set(launch):
    """A development proxy stands in front of the server on another port."""
    port, environment = free_port(), {"PUBLIC_ORIGIN": "http://localhost:5173"}
    server = launch("--listen", f"127.0.0.1:{port}", "--memory", password=PASSWORD, environment=environment).ready()
    assert server.url == "http://localhost:5173"
    check_origins(
        Client(f"http://127.0.0.1:{port}"),
        ours="http://localhost:5173",
        foreign=["http://127.0.0.1:5173", "https://localhost:5173"],
    )


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_data_is_its_owners_alone(start, tmp_path):
    server = start(password=PASSWORD, umask=0)
    data = tmp_path / "data"
    admin = server.admin()
    admin.post("/v1/apps", {"name": "Private"}).is_(201)
    assert oct(mode(data)) == "0o700"
    secret = [path for path in data.rglob("*") if path.is_file() and path.stat().st_size]
    assert len(secret) >= 2, "the database and the key"
    assert {path.name: oct(mode(path)) for path in secret} == {path.name: "0o600" for path in secret}
    token = admin.headers["authorization"].removeprefix("Bearer ")
    assert server.stop() == 0
    for path in data.rglob("*"):
        held = path.read_bytes()
        assert PASSWORD.encode() not in held and token.encode() not in held, f"{path} holds a secret as it is"


def test_the_database_alone_prints_the_environment_of_functions(launch, tmp_path):
    server = launch("database", "--listen", "127.0.0.1:0", "--data", tmp_path / "data")
    until(
        "environment", lambda: "MASTER_KEY_FILE=" in server.printed or server.process.poll() is not None, START_SECONDS
    )
    environment = dict(re.findall(r"^([A-Z_]+)=(.*)$", server.printed, re.MULTILINE))
    names = "AWS_ENDPOINT_URL_DYNAMODB AWS_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY TABLE_NAME MASTER_KEY_FILE"
    assert environment.keys() >= {*names.split()}
    key = tmp_path / environment["MASTER_KEY_FILE"]
    assert oct(mode(key)) == "0o600" and json.loads(key.read_text())
    table = dynamodb(environment, "DescribeTable", {"TableName": environment["TABLE_NAME"]})["Table"]
    assert table["TableStatus"] == "ACTIVE" and table["ItemCount"] == 0
    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [("pk", "HASH"), ("sk", "RANGE")]
    assert server.stop() == 0, f"{server}"


def dynamodb(environment, operation, request):
    """One call of DynamoDB's protocol. The embedded database looks at no signature, but at there being one."""
    parts = urlsplit(environment["AWS_ENDPOINT_URL_DYNAMODB"])
    assert parts.hostname == "127.0.0.1"
    scope = f"20260101/{environment['AWS_REGION']}/dynamodb/aws4_request"
    headers = {
        "X-Amz-Target": f"DynamoDB_20120810.{operation}",
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Date": "20260101T000000Z",
        "Authorization": f"AWS4-HMAC-SHA256 Credential=local/{scope}, SignedHeaders=host, Signature=0",
    }
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    connection.request("POST", "/", json.dumps(request), headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    assert response.status == 200, body
    return json.loads(body)
