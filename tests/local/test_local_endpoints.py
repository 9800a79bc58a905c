"""Features of the local server only: test clock, manual cleanup, mailbox, data directory, embedded database."""

import json
import pathlib
import re
import stat
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from client import Client
from clock import MINUTE, advance, run_cleanup
from database import dynamodb, start_database
from mails import wait_until
from server import PASSWORD, free_port

LOCAL = [("POST", "/_local/clock"), ("POST", "/_local/cleanup"), ("GET", "/_local/mails"), ("GET", "/mailbox")]


def test_a_moved_clock_affects_everything_and_keeps_ticking(server):
    admin, client = server.admin(), server.client
    before = advance(client, 0)
    after = advance(client, 13 * MINUTE)
    assert timedelta(seconds=13 * MINUTE) <= after - before < timedelta(seconds=14 * MINUTE)
    app = admin.post("/v1/apps", {"name": "Later"}).expect(201).json
    created = datetime.fromisoformat(app["created_at"])
    assert after <= created < after + timedelta(minutes=1)
    assert wait_until("tick", lambda: advance(client, 0) > created, 5)
    session = admin.get("/v1/me").json["session"]
    assert datetime.fromisoformat(session["last_seen_at"]) >= after
    for body, violation in [
        ({}, "required"),
        ({"advance_seconds": "1"}, "wrong_type"),
        ({"advance_seconds": 1.5}, "wrong_type"),
    ]:
        client.post("/_local/clock", body).expect_violations(("/advance_seconds", violation))
    client.post("/_local/clock", {"advance_seconds": -1}).expect_violations(("/advance_seconds", "out_of_range"))


def test_an_idle_session_of_a_super_admin_expires_after_15_minutes(server):
    admin, client = server.admin(), server.client
    for _ in range(3):
        advance(client, 14 * MINUTE + 50)
        admin.get("/v1/me").expect(200)
    other = server.admin()
    advance(client, 15 * MINUTE)
    for idle in (admin, other):
        idle.get("/v1/me").expect_problem(401, "unauthenticated")
        idle.get("/v1/apps").expect_problem(401, "unauthenticated")
    server.admin().get("/v1/me").expect(200)


def test_a_session_of_a_super_admin_expires_after_12_hours(server):
    admin, client = server.admin(), server.client
    end = datetime.fromisoformat(admin.get("/v1/me").json["session"]["created_at"]) + timedelta(hours=12)
    while advance(client, 10 * MINUTE) < end - timedelta(minutes=11):
        admin.get("/v1/me").expect(200)
    last = admin.get("/v1/me").expect(200).json["session"]
    while advance(client, MINUTE) < end - timedelta(minutes=1, seconds=5):
        last = admin.get("/v1/me").expect(200).json["session"]
    assert datetime.fromisoformat(last["expires_at"]) == end, "the earlier of idle timeout and maximum age"
    advance(client, 2 * MINUTE)
    admin.get("/v1/me").expect_problem(401, "unauthenticated")


def test_cursors_and_idempotency_keys_expire(server):
    admin, client = server.admin(), server.client
    path = admin.post("/v1/apps", {"name": "Hours"}).expect(201).header("location")
    for user_id in ("a", "b"):
        admin.post(f"{path}/accounts", {"user_id": user_id, "type": "general"}).expect(201)
    cursor = admin.get(f"{path}/accounts", limit=1).json["next_cursor"]
    keyed = {"name": "Once a day"}
    first = admin.with_headers(idempotency_key="day").post("/v1/apps", keyed).expect(201)
    advance(client, 59 * MINUTE)
    admin = server.admin()
    admin.get(f"{path}/accounts", cursor=cursor).expect(200)
    advance(client, MINUTE)
    admin.get(f"{path}/accounts", cursor=cursor).expect_problem(400, "invalid_cursor")
    advance(client, 22 * 60 * MINUTE)
    again = server.admin().with_headers(idempotency_key="day").post("/v1/apps", keyed).expect(201)
    assert again.body == first.body and again.header("idempotency-replayed") == "true"
    advance(client, 60 * MINUTE)
    fresh = server.admin().with_headers(idempotency_key="day").post("/v1/apps", keyed).expect(201)
    assert fresh.json["app_id"] != first.json["app_id"] and fresh.header("idempotency-replayed") is None


def test_a_manual_cleanup_returns_a_report(server):
    admin, client = server.admin(), server.client
    path = admin.post("/v1/apps", {"name": "Doomed"}).expect(201).header("location")
    kept = admin.post("/v1/apps", {"name": "Kept"}).expect(201).header("location")
    idle = run_cleanup(client)
    assert isinstance(idle, dict) and idle["apps_deleted"] == 0
    admin.delete(path).expect(204)
    assert run_cleanup(client)["apps_deleted"] == 0, "a tombstone is finalised after one minute"
    admin.get(path).expect_problem(404, "not_found")
    advance(client, MINUTE + 1)
    report = run_cleanup(client)
    assert (report["apps_deleted"], report["apps_restored"]) == (1, 0), report
    assert run_cleanup(client)["apps_deleted"] == 0, "idempotent"
    admin.get(path).expect_problem(404, "not_found")
    admin.get(kept).expect(200)


def test_the_test_clock_requires_its_option(start):
    server = start("--memory", password=PASSWORD)
    for path in ("/_local/clock", "/_local/cleanup"):
        for client in (server.client, server.admin()):
            client.post(path, {"advance_seconds": 1}).expect_problem(404, "not_found")
            client.get(path).expect_problem(404, "not_found")


def test_the_mailbox_is_available_as_json_and_as_a_page(start):
    client = start("--memory").client
    for path in ("/_local/mails", "/_local/mails?to=mina@example.com"):
        reply = client.get(path).expect(200)
        assert reply.json == [] and reply.header("content-type") == "application/json"
    page = client.get("/mailbox").expect(200)
    assert page.header("content-type").startswith("text/html")
    text = page.body.decode("utf-8")
    assert "<!doctype html>" in text.lower() and "Mailbox" in text
    assert "<script" not in text and "style=" not in text, "no inline script or style"
    client.post("/mailbox").expect_problem(405, "method_not_allowed")
    client.get("/_local/nothing").expect_problem(404, "not_found")


def test_other_origins_cannot_use_the_local_endpoints(server):
    client, body = server.client, {"advance_seconds": 0}
    for headers in [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": server.url.replace("127.0.0.1", "localhost")},
        {"sec_fetch_site": "cross-site", "origin": server.url},
        {"sec_fetch_site": "same-site"},
    ]:
        foreign = client.with_headers(**headers)
        foreign.post("/_local/clock", body).expect_problem(403, "cross_site_request")
        foreign.post("/_local/cleanup").expect_problem(403, "cross_site_request")
        foreign.get("/_local/mails").expect_problem(403, "cross_site_request")
    for headers in [{"origin": server.url}, {"sec_fetch_site": "same-origin"}, {"sec_fetch_site": "none"}]:
        own = client.with_headers(**headers)
        own.post("/_local/clock", body).expect(200)
        own.get("/_local/mails").expect(200)


def test_beyond_loopback_there_are_no_local_endpoints_and_the_origin_is_the_public_one(launch):
    origin = "https://rollcall.example"
    options = {"password": PASSWORD, "environment": {"PUBLIC_ORIGIN": origin}}
    port = free_port()
    server = launch("--listen", f"0.0.0.0:{port}", "--memory", "--test-clock", **options).ready()
    assert server.url == origin and "/mailbox" not in server.stdout
    client = Client(f"http://127.0.0.1:{port}")
    assert client.get("/healthz").expect(200).json == {"status": "ok"}
    for method, path in LOCAL:
        client.send(method, path, {} if method == "POST" else None).expect_problem(404, "not_found")
    check_origins(
        client, own=origin, foreign=[client.url, "http://rollcall.example", "https://rollcall.example:444", "null"]
    )
    assert server.stop() == 0


def check_origins(client, own, foreign):
    signing_in = {"login": "admin", "password": PASSWORD, "transport": "cookie"}
    reply = client.with_headers(origin=own).post("/v1/login", signing_in).expect(200)
    cookies = reply.headers.get_all("set-cookie")
    (token,) = [match[1] for cookie in cookies if (match := re.match("__Host-session=([^;]+)", cookie))]
    browser = client.as_cookie(token)
    for origin in foreign:
        client.with_headers(origin=origin).post("/v1/login", signing_in).expect_problem(403, "cross_site_request")
        browser.with_headers(origin=origin).post("/v1/apps", {"name": "Forged"}).expect_problem(
            403, "cross_site_request"
        )
    assert browser.get("/v1/apps").json["items"] == []
    browser.with_headers(origin=own).post("/v1/apps", {"name": "Ours"}).expect(201)


def test_on_loopback_the_origin_is_the_listening_address(start):
    server = start("--memory", password=PASSWORD)
    port = urlsplit(server.url).port
    foreign = [
        f"https://127.0.0.1:{port}",
        "http://127.0.0.1:1",
        f"http://evil.example:{port}",
        "http://127.0.0.1",
        "null",
    ]
    check_origins(server.client, own=f"http://127.0.0.1:{port}", foreign=foreign)


def test_on_loopback_a_configured_public_origin_is_used(launch):
    """This is needed behind a development proxy on another port."""
    port, environment = free_port(), {"PUBLIC_ORIGIN": "http://localhost:5173"}
    server = launch("--listen", f"127.0.0.1:{port}", "--memory", password=PASSWORD, environment=environment).ready()
    assert server.url == "http://localhost:5173"
    check_origins(
        Client(f"http://127.0.0.1:{port}"),
        own="http://localhost:5173",
        foreign=["http://127.0.0.1:5173", "https://localhost:5173"],
    )


def test_the_public_origin_is_written_as_browsers_send_it(launch):
    port, environment = free_port(), {"PUBLIC_ORIGIN": "HTTPS://Console.Example.com:443"}
    server = launch("--listen", f"127.0.0.1:{port}", "--memory", password=PASSWORD, environment=environment).ready()
    own = "https://console.example.com"
    assert server.url == own
    check_origins(Client(f"http://127.0.0.1:{port}"), own=own, foreign=["https://console.example.com:444"])


def test_an_empty_variable_counts_as_not_set(launch):
    names = (
        "ADMIN_PASSWORD PUBLIC_ORIGIN SMTP_URL MAIL_FROM REGISTRATION PASSWORD_MIN_LENGTH PASSWORD_REQUIRE_CLASSES "
        "MEMBER_SESSION_IDLE_MINUTES ADMIN_SESSION_AGE_MINUTES AUDIT_RETENTION_DAYS RUST_LOG NO_COLOR"
    )
    server = launch("--listen", "127.0.0.1:0", "--memory", environment=dict.fromkeys(names.split(), "")).ready()
    assert server.generated_password and server.url.startswith("http://127.0.0.1:")
    assert f"{server.url}/mailbox" in server.stdout and server.stderr == ""
    server.client.post("/v1/registrations", {"email": "mina@example.com"}).expect(202)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_owner_may_read_the_data_directory(start, tmp_path):
    server = start(password=PASSWORD, umask=0)
    data = tmp_path / "data"
    admin = server.admin()
    admin.post("/v1/apps", {"name": "Private"}).expect(201)
    assert oct(mode(data)) == "0o700"
    secret = [path for path in data.rglob("*") if path.is_file() and path.stat().st_size]
    assert len(secret) >= 2, "the database and the master key"
    assert {path.name: oct(mode(path)) for path in secret} == {path.name: "0o600" for path in secret}
    token = admin.headers["authorization"].removeprefix("Bearer ")
    assert server.stop() == 0
    for path in filter(pathlib.Path.is_file, data.rglob("*")):
        content = path.read_bytes()
        assert PASSWORD.encode() not in content and token.encode() not in content, f"{path} contains a secret"


def test_the_database_command_prints_the_environment_of_the_functions(launch, tmp_path):
    server, environment = start_database(launch, tmp_path / "data")
    names = "AWS_ENDPOINT_URL_DYNAMODB AWS_ENDPOINT_URL_S3 AWS_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY"
    assert environment.keys() >= {*names.split(), "TABLE_NAME", "JOBS_BUCKET", "MASTER_KEY_FILE"}
    key = pathlib.Path(environment["MASTER_KEY_FILE"])
    assert oct(mode(key)) == "0o600" and json.loads(key.read_text())
    table = dynamodb(environment, "DescribeTable", {"TableName": environment["TABLE_NAME"]})["Table"]
    assert table["TableStatus"] == "ACTIVE" and table["ItemCount"] == 0
    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [("pk", "HASH"), ("sk", "RANGE")]
    assert server.stop() == 0, f"{server}"
