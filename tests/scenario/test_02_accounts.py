"""Applications and accounts: creating, reading, paging and filtering."""

import random
import re
import threading
from datetime import UTC, datetime, timedelta

from client import TIMESTAMP, UUID_V7, in_parallel, segment

APP_FIELDS = "app_id name team_id deletion_lock admin_count created_at updated_at version".split()


def test_an_application_is_created_read_listed_and_deleted(admin):
    created = admin.post("/v1/apps", {"name": "  Harbor Chat 항구 ⚓ "}).expect(201)
    app = created.json
    assert app.keys() == {*APP_FIELDS} and re.fullmatch(UUID_V7, app["app_id"])
    assert (app["name"], app["team_id"], app["admin_count"], app["version"]) == ("Harbor Chat 항구 ⚓", None, 0, 1)
    assert app["deletion_lock"] == {"locked": True, "changed_by": None, "changed_at": None}
    assert re.fullmatch(TIMESTAMP, app["created_at"])
    path = f"/v1/apps/{app['app_id']}"
    assert (created.header("location"), created.header("etag")) == (path, '"1"')
    read = admin.get(path).expect(200)
    assert (read.json, read.header("etag")) == (app, '"1"')
    listed = admin.list_all("/v1/apps", limit=100)
    assert app in listed
    assert [one["app_id"] for one in listed] == sorted(one["app_id"] for one in listed), "in order of creation"
    renamed = admin.patch(path, {"name": "Harbor"}).expect(200)
    assert (renamed.json["name"], renamed.json["version"], renamed.header("etag")) == ("Harbor", 2, '"2"')
    admin.delete(path).expect(204)
    admin.get(path).expect_problem(404, "not_found")
    admin.delete(path).expect_problem(404, "not_found")


def test_every_account_is_read_as_it_was_created(admin, populated_app, settings, report_progress):
    report_progress("reading every account, with and without percent-encoding")

    def read(numbered):
        index, account = numbered
        spelled = account["user_id"] if index % 2 else segment(account["user_id"])
        reply = admin.get(f"{populated_app.path}/accounts/{spelled}").expect(200)
        assert reply.json == account, f"{reply}"
        assert reply.header("etag") == f'"{account["version"]}"'

    in_parallel(settings.threads, read, enumerate(populated_app.accounts.values()))
    counted = sum(account["type"] == "admin" for account in populated_app.accounts.values())
    assert admin.get(populated_app.path).json["admin_count"] == counted == 7


def test_account_ids_are_unique_and_case_sensitive(admin, populated_app):
    path = f"{populated_app.path}/accounts"
    admin.post(path, {"user_id": "mina", "type": "general"}).expect_problem(409, "account_exists")
    assert admin.get(f"{path}/mina").json == populated_app.accounts["mina"]
    names = {populated_app.accounts[user_id]["user_id"] for user_id in ("mina", "Mina", "MINA")}
    assert len(names) == 3
    admin.get(f"{path}/mINA").expect_problem(404, "not_found")


def test_an_idempotency_key_replays_only_its_own_request(admin, populated_app):
    path = f"{populated_app.path}/accounts"
    body = populated_app.bodies[20]
    keyed = admin.with_headers(idempotency_key=f"create {body['user_id']}")
    again = keyed.post(path, body).expect(201)
    assert again.header("idempotency-replayed") == "true" and again.json == populated_app.accounts[body["user_id"]]
    keyed.post(path, {**body, "level": 1}).expect_problem(422, "idempotency_mismatch")
    for bad in ("k" * 129, "tab\there", ""):
        admin.with_headers(idempotency_key=bad).post(path, body).expect_problem(400, "invalid_idempotency_key")
    # An error is not stored: its key may be used again.
    fresh = admin.with_headers(idempotency_key="k" * 128)
    fresh.post(path, {"user_id": "mina", "type": "general"}).expect_problem(409, "account_exists")
    fresh.post(path, {"user_id": "a/b", "type": "general"}).expect_violations(("/user_id", "bad_format"))


def test_parallel_requests_with_one_idempotency_key_have_one_effect(admin, settings):
    app = admin.post("/v1/apps", {"name": "Double submit"}).expect(201)
    path = app.header("location")
    keyed, body = admin.with_headers(idempotency_key="once"), {"user_id": "once", "type": "admin"}
    replies = in_parallel(settings.threads, lambda _: keyed.post(f"{path}/accounts", body), range(settings.threads))
    done = [reply for reply in replies if reply.status == 201]
    for reply in replies:
        if reply not in done:
            reply.expect_problem(409, "idempotency_in_progress")
    assert len({reply.body for reply in done}) == 1
    assert sum(reply.header("idempotency-replayed") is None for reply in done) == 1
    assert admin.get(path).json["admin_count"] == 1
    assert len(admin.list_all(f"{path}/accounts")) == 1


def test_pages_contain_every_account_once_in_bytewise_order(admin, populated_app, report_progress):
    report_progress("listing by pages of 100")
    expected = [populated_app.accounts[user_id] for user_id in sorted(populated_app.accounts)]
    pages = list(admin.pages(f"{populated_app.path}/accounts", limit=100))
    assert [account for page in pages for account in page] == expected
    assert [len(page) for page in pages] == [100] * 20, "no empty page at the end"
    assert len(admin.get(f"{populated_app.path}/accounts").json["items"]) == 50
    assert next(admin.pages(f"{populated_app.path}/accounts", limit=1)) == expected[:1]


def test_filters_are_combined(admin, populated_app, report_progress):
    report_progress("filtering")
    path = f"{populated_app.path}/accounts"
    ordered = [populated_app.accounts[user_id] for user_id in sorted(populated_app.accounts)]
    of_type = lambda wanted: [account for account in ordered if account["type"] == wanted]
    assert admin.list_all(path, type="admin", limit=3) == of_type("admin")
    assert admin.list_all(path, type="general", limit=100) == of_type("general")
    prefixes = ["m", "M", "mi", "mina", "a" * 32, "!", "+", "=", "&", "-", ".", "..", "~", "'", "A:", "zzz.nobody", "0"]
    for prefix in prefixes:
        found = admin.list_all(path, user_id_prefix=prefix, limit=7)
        assert found == [account for account in ordered if account["user_id"].startswith(prefix)], prefix
    one_admin = of_type("admin")[3]["user_id"]
    assert admin.list_all(path, type="admin", user_id_prefix=one_admin[:2], limit=1) == [
        account for account in of_type("admin") if account["user_id"].startswith(one_admin[:2])
    ]


def test_no_account_is_missed_or_repeated_during_concurrent_writes(admin, populated_app, settings, report_progress):
    """Every list contains each existing account exactly once while others are created."""
    path = f"{populated_app.path}/accounts"
    stable, extras, listings = sorted(populated_app.accounts), [], 0
    rng, finished = random.Random(7), threading.Event()
    # New ids that sort next to existing ones all over the list.
    wanted = [f"{user_id}~new{index}" for index, user_id in enumerate(rng.sample(stable, 340)) if len(user_id) <= 24][
        :300
    ]

    def write(user_id):
        extras.append(
            admin.post(path, {"user_id": user_id, "type": "general", "nickname": "새로 온 사람"}).expect(201).json
        )

    def write_all():
        try:
            in_parallel(max(1, settings.threads // 2), write, wanted)
        finally:
            finished.set()

    writer = threading.Thread(target=write_all)
    writer.start()
    try:
        while not finished.is_set() or listings == 0:
            known = [account["user_id"] for account in extras]
            ids = [account["user_id"] for account in admin.list_all(path, limit=100)]
            assert ids == sorted(set(ids)), "in bytewise order without duplicates"
            assert [user_id for user_id in ids if user_id in populated_app.accounts] == stable, "no account is missing"
            assert {*known} <= {*ids}, "accounts created before the first page are in the list"
            listings += 1
    finally:
        writer.join()
    report_progress(f"{listings} listings while {len(extras)} accounts were created")
    assert len(extras) == len(wanted)
    populated_app.accounts |= {account["user_id"]: account for account in extras}
    assert admin.list_all(path, limit=100) == [
        populated_app.accounts[user_id] for user_id in sorted(populated_app.accounts)
    ]


def test_the_last_page_has_no_cursor(admin, settings):
    path = admin.post("/v1/apps", {"name": "Pages"}).expect(201).header("location") + "/accounts"
    assert admin.get(path).expect(200).json == {"items": [], "next_cursor": None}
    in_parallel(
        settings.threads, lambda n: admin.post(path, {"user_id": f"p{n}", "type": "general"}).expect(201), range(6)
    )
    for limit, sizes in [(6, [6]), (3, [3, 3]), (2, [2, 2, 2]), (4, [4, 2]), (5, [5, 1]), (7, [6])]:
        assert [len(page) for page in admin.pages(path, limit=limit)] == sizes


def test_timestamps_are_current(populated_app):
    account = populated_app.accounts[populated_app.bodies[-1]["user_id"]]
    assert re.fullmatch(TIMESTAMP, account["created_at"])
    age = datetime.now(UTC) - datetime.fromisoformat(account["created_at"])
    assert abs(age) < timedelta(hours=1), age
