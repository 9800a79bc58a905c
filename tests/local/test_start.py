"""The first start, later starts, and what they print."""

import json

from server import PASSWORD


def test_the_first_start_prints_the_url_and_a_temporary_password(start):
    server = start()
    password = server.generated_password
    assert len(password) >= 16 and server.stdout.count(password) == 1
    assert password not in server.stderr, "stderr is often kept in logs"
    assert f"{server.url}/v1/openapi.json" in server.stdout and f"{server.url}/mailbox" in server.stdout
    admin = server.admin(password)
    me = admin.get("/v1/me").expect(200).json
    assert (me["user"]["login"], me["user"]["type"], me["user"]["password_change_required"]) == (
        "admin",
        "super_admin",
        True,
    )
    admin.get("/v1/apps").expect_problem(403, "password_change_required")
    admin.post("/v1/apps", {"name": "Early"}).expect_problem(403, "password_change_required")
    admin.post("/v1/apps", b"{").expect_problem(403, "password_change_required")
    admin.get("/v1/apps/x").expect_problem(403, "password_change_required")
    server.client.get("/v1/apps").expect_problem(401, "unauthenticated")
    server.client.post("/v1/login", {"login": "admin", "password": password[:-1]}).expect_problem(
        401, "invalid_credentials"
    )
    admin.post("/v1/logout").expect(204)
    admin.get("/v1/me").expect_problem(401, "unauthenticated")


def test_two_installations_have_different_passwords(start):
    assert start("--memory").generated_password != start("--memory").generated_password


def test_a_chosen_password_is_not_printed_and_need_not_be_changed(start):
    server = start(password=PASSWORD)
    assert server.prints_no_password()
    assert PASSWORD not in server.stdout + server.stderr
    admin = server.admin()
    assert admin.get("/v1/me").json["user"]["password_change_required"] is False
    assert admin.get("/v1/apps").expect(200).json == {"items": [], "next_cursor": None}


def test_the_second_start_keeps_all_data_and_prints_no_password(start):
    first = start(password=PASSWORD)
    admin = first.admin()
    app = admin.post("/v1/apps", {"name": "Kept"}).expect(201).json
    path = f"/v1/apps/{app['app_id']}"
    account = (
        admin.with_headers(idempotency_key="k")
        .post(f"{path}/accounts", {"user_id": "mina", "type": "admin", "nickname": "미나"})
        .expect(201)
    )
    cursor = admin.get(f"{path}/accounts", limit=1)
    admin.post(f"{path}/accounts", {"user_id": "zoe", "type": "general"}).expect(201)
    cursor = admin.get(f"{path}/accounts", limit=1).json["next_cursor"]
    app = admin.get(path).json
    assert first.stop() == 0

    second = start(password="another-" + PASSWORD)
    assert second.prints_no_password()
    again = second.client.with_headers(authorization=admin.headers["authorization"])
    assert again.get("/v1/me").expect(200), "the session is still valid"
    assert again.get(path).json == app
    assert again.get(f"{path}/accounts/mina").json == account.json
    assert [
        item["user_id"] for item in again.get(f"{path}/accounts", limit=1, cursor=cursor).expect(200).json["items"]
    ] == ["zoe"]
    repeated = again.with_headers(idempotency_key="k").post(
        f"{path}/accounts", {"user_id": "mina", "type": "admin", "nickname": "미나"}
    )
    assert repeated.expect(201).header("idempotency-replayed") == "true" and repeated.body == account.body
    second.admin()
    other = {"login": "admin", "password": "another-" + PASSWORD}
    second.client.post("/v1/login", other).expect_problem(401, "invalid_credentials")


def test_a_generated_password_is_printed_once_and_remains_valid(start):
    first = start()
    password = first.generated_password
    assert first.stop() == 0
    second = start()
    assert second.prints_no_password() and password not in second.stdout
    second.admin(password).get("/v1/apps").expect_problem(403, "password_change_required")


def test_data_in_memory_is_gone_after_the_process(start, tmp_path):
    first = start("--memory", password=PASSWORD)
    first.admin().post("/v1/apps", {"name": "Gone"}).expect(201)
    assert first.stop() == 0
    assert start("--memory", password=PASSWORD).admin().get("/v1/apps").json["items"] == []
    assert not (tmp_path / "data").exists()


def test_the_health_check_needs_no_session(start):
    server = start("--memory")
    reply = server.client.get("/healthz").expect(200)
    assert reply.json == {"status": "ok"}
    assert reply.header("content-type") == "application/json"
    server.client.post("/healthz").expect_problem(405, "method_not_allowed")


def test_demo_data_is_created_once(start):
    first = start("--seed", 300, password=PASSWORD)
    admin = first.admin()
    (app,) = admin.get("/v1/apps").json["items"]
    path = f"/v1/apps/{app['app_id']}"
    accounts = admin.list_all(f"{path}/accounts", limit=100)
    admins = [account for account in accounts if account["type"] == "admin"]
    assert (len(accounts), len(admins), app["admin_count"]) == (300, 7, 7)
    assert admin.list_all(f"{path}/accounts", type="admin") == admins
    assert len({account["user_id"] for account in accounts}) == 300
    assert len({account["nickname"] for account in accounts}) > 30, "demo accounts have different nicknames"
    assert all(account["version"] == 1 for account in accounts)
    admin.post(f"{path}/accounts", {"user_id": "~mine", "type": "general"}).expect(201)
    assert first.stop() == 0

    admin = start("--seed", 300).admin()
    assert admin.get("/v1/apps").json["items"] == [app]
    ids = [account["user_id"] for account in admin.list_all(f"{path}/accounts", limit=100)]
    assert ids == sorted([account["user_id"] for account in accounts] + ["~mine"])


def test_demo_data_is_not_added_to_existing_data(start):
    first = start(password=PASSWORD)
    app = first.admin().post("/v1/apps", {"name": "Mine"}).expect(201).json
    assert first.stop() == 0
    admin = start("--seed", 300).admin()
    assert admin.get("/v1/apps").json["items"] == [app]
    assert admin.get(f"/v1/apps/{app['app_id']}/accounts").json["items"] == []


def test_demo_data_may_be_a_single_account(start):
    for count in (1, 5):
        admin = start("--memory", "--seed", count, password=PASSWORD).admin()
        (app,) = admin.get("/v1/apps").json["items"]
        assert len(admin.list_all(f"/v1/apps/{app['app_id']}/accounts")) == count, json.dumps(app)
