"""Expired items leave the table, by the clock of the functions."""

from clock import DAY, advance
from database import read_items
from server import PASSWORD


def kinds(items):
    """The kinds of items that may expire: the first part of their keys."""
    return {item["pk"]["S"].split("#")[0] for item in items if "ttl" in item}


def leave_traces(server):
    """Writes items of every kind that ends by time alone."""
    admin, stranger = server.admin(), server.client
    admin.with_headers(idempotency_key="once").post("/v1/apps", {"name": "Kept"}).expect(201)
    admin.post("/v1/me/totp", {"current_password": PASSWORD}).expect(201)
    stranger.post("/v1/registrations", {"email": "mina@example.com"}).expect(202)
    stranger.post("/v1/password-resets", {"email": "mina@example.com"}).expect(202)
    unknown = {"login": "nobody", "password": "wrong horse battery"}
    stranger.post("/v1/login", unknown).expect_problem(401, "invalid_credentials")


def test_what_has_expired_is_removed_and_nothing_else(start, launch, tmp_path):
    data = tmp_path / "data"
    server = start("--test-clock", "--data", data, password=PASSWORD)
    leave_traces(server)
    assert server.stop() == 0
    before = read_items(launch, data)
    assert kinds(before) >= {"SESSIONS", "FLOW", "IDEMPOTENCY", "LANE", "AUDIT"}, kinds(before)

    server = start("--test-clock", "--data", data)
    now = advance(server.client, 800 * DAY)
    admin = server.admin()
    server.client.post("/_local/cleanup").expect(200)
    admin.get("/v1/me").expect(200)
    assert [app["name"] for app in admin.get("/v1/apps").json["items"]] == ["Kept"]
    assert server.stop() == 0
    after = read_items(launch, data)
    expired = [item for item in after if "ttl" in item and int(item["ttl"]["N"]) < now.timestamp()]
    assert not expired, expired
    assert kinds(after) >= {"SESSIONS"}, "the session that has begun since is kept"
    lasting = [item["pk"] for item in before if "ttl" not in item]
    assert [key for key in lasting if key not in [item["pk"] for item in after]] == []
