"""The application and its accounts: creating, reading, paging, filtering."""

import random
import re
import threading
from datetime import UTC, datetime, timedelta

from client import TIME, UUID_V7, in_parallel, segment

APP = "app_id name team_id deletion_lock admin_count created_at updated_at version".split()


def test_an_application_is_created_and_found_again(admin):
    created = admin.post("/v1/apps", {"name": "  Harbor Chat 항구 ⚓ "}).is_(201)
    app = created.json
    assert app.keys() == {*APP} and re.fullmatch(UUID_V7, app["app_id"])
    assert (app["name"], app["team_id"], app["admin_count"], app["version"]) == ("Harbor Chat 항구 ⚓", None, 0, 1)
    assert app["deletion_lock"] == {"locked": True, "changed_by": None, "changed_at": None}
    assert re.fullmatch(TIME, app["created_at"])
    path = f"/v1/apps/{app['app_id']}"
    assert (created.header("location"), created.header("etag")) == (path, '"1"')
    read = admin.get(path).is_(200)
    assert (read.json, read.header("etag")) == (app, '"1"')
    listed = admin.everything("/v1/apps", limit=100)
    assert app in listed
    assert [one["app_id"] for one in listed] == sorted(one["app_id"] for one in listed), "by creation"
    renamed = admin.patch(path, {"name": "Harbor"}).is_(200)
    assert (renamed.json["name"], renamed.json["version"], renamed.header("etag")) == ("Harbor", 2, '"2"')
    admin.delete(path).is_(204)
    admin.get(path).refused(404, "not_found")
    admin.delete(path).refused(404, "not_found")


def test_every_account_is_read_as_it_was_sent(admin, directory, settings, say):
    say("reading every account, by one spelling of its address or the other")

    def read(numbered):
        index, account = numbered
        spelled = account["user_id"] if index % 2 else segment(account["user_id"])
        reply = admin.get(f"{directory.path}/accounts/{spelled}").is_(200)
        assert reply.json == account, f"{reply}"
        assert reply.header("etag") == f'"{account["version"]}"'

    in_parallel(settings.threads, read, enumerate(directory.accounts.values()))
    counted = sum(account["type"] == "admin" for account in directory.accounts.values())
    assert admin.get(directory.path).json["admin_count"] == counted == 7


def test_an_id_is_taken_once_and_its_case_counts(admin, directory):
    path = f"{directory.path}/accounts"
    admin.post(path, {"user_id": "mina", "type": "general"}).refused(409, "account_exists")
    assert admin.get(f"{path}/mina").json == directory.accounts["mina"]
    names = {directory.accounts[user_id]["user_id"] for user_id in ("mina", "Mina", "MINA")}
    assert len(names) == 3
    admin.get(f"{path}/mINA").refused(404, "not_found")


def test_a_key_repeats_its_own_request_only(admin, directory):
    path = f"{directory.path}/accounts"
    body = directory.bodies[20]
    keyed = admin.having(idempotency_key=f"create {body['user_id']}")
    again = keyed.post(path, body).is_(201)
    assert again.header("idempotency-replayed") == "true" and again.json == directory.accounts[body["user_id"]]
    keyed.post(path, {**body, "level": 1}).refused(422, "idempotency_mismatch")
    for bad in ("k" * 129, "tab\there", ""):
        admin.having(idempotency_key=bad).post(path, body).refused(400, "invalid_idempotency_key")
    # A refusal is not remembered: the key is as good as new.
    fresh = admin.having(idempotency_key="k" * 128)
    fresh.post(path, {"user_id": "mina", "type": "general"}).refused(409, "account_exists")
    fresh.post(path, {"user_id": "a/b", "type": "general"}).violates(("/user_id", "bad_format"))


def test_the_same_key_at_the_same_time_has_one_effect(admin, settings):
    app = admin.post("/v1/apps", {"name": "Double submit"}).is_(201)
    path = app.header("location")
    keyed, body = admin.having(idempotency_key="once"), {"user_id": "once", "type": "admin"}
    replies = in_parallel(settings.threads, lambda _: keyed.post(f"{path}/accounts", body), range(settings.threads))
    done = [reply for reply in replies if reply.status == 201]
    for reply in replies:
        if reply not in done:
            reply.refused(409, "idempotency_in_progress")
    assert len({reply.body for reply in done}) == 1
    assert sum(reply.header("idempotency-replayed") is None for reply in done) == 1
    assert admin.get(path).json["admin_count"] == 1
    assert len(admin.everything(f"{path}/accounts")) == 1


def test_pages_hold_every_account_once_in_bytewise_order(admin, directory, say):
    say("listing by pages of 100")
    expected = [directory.accounts[user_id] for user_id in sorted(directory.accounts)]
    pages = list(admin.pages(f"{directory.path}/accounts", limit=100))
    assert [account for page in pages for account in page] == expected
    assert [len(page) for page in pages] == [100] * 20, "and the last one has no cursor, since nothing follows"
    assert len(admin.get(f"{directory.path}/accounts").json["items"]) == 50
    assert next(admin.pages(f"{directory.path}/accounts", limit=1)) == expected[:1]


def test_filters_combine(admin, directory, say):
    say("filtering")
    path = f"{directory.path}/accounts"
    ordered = [directory.accounts[user_id] for user_id in sorted(directory.accounts)]
    of_type = lambda wanted: [account for account in ordered if account["type"] == wanted]
    assert admin.everything(path, type="admin", limit=3) == of_type("admin")
    assert admin.everything(path, type="general", limit=100) == of_type("general")
    prefixes = ["m", "M", "mi", "mina", "a" * 32, "!", "+", "=", "&", "-", ".", "..", "~", "'", "A:", "zzz.nobody", "0"]
    for prefix in prefixes:
        found = admin.everything(path, user_id_prefix=prefix, limit=7)
        assert found == [account for account in ordered if account["user_id"].startswith(prefix)], prefix
    one_admin = of_type("admin")[3]["user_id"]
    assert admin.everything(path, type="admin", user_id_prefix=one_admin[:2], limit=1) == [
        account for account in of_type("admin") if account["user_id"].startswith(one_admin[:2])
    ]


def test_nobody_is_lost_or_doubled_while_others_write(admin, directory, settings, say):
    """The stable accounts are in every listing, each exactly once, whatever is created beside them."""
    path = f"{directory.path}/accounts"
    stable, extras, listings = sorted(directory.accounts), [], 0
    chance, finished = random.Random(7), threading.Event()
    # New neighbours of accounts all over the list.
    wanted = [
        f"{user_id}~new{index}" for index, user_id in enumerate(chance.sample(stable, 340)) if len(user_id) <= 24
    ][:300]

    def write(user_id):
        extras.append(
            admin.post(path, {"user_id": user_id, "type": "general", "nickname": "새로 온 사람"}).is_(201).json
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
            ids = [account["user_id"] for account in admin.everything(path, limit=100)]
            assert ids == sorted(set(ids)), "in bytewise order, nobody twice"
            assert [user_id for user_id in ids if user_id in directory.accounts] == stable, "nobody lost"
            assert {*known} <= {*ids}, "who was there before the first page is in the list"
            listings += 1
    finally:
        writer.join()
    say(f"{listings} listings while {len(extras)} accounts were created")
    assert len(extras) == len(wanted)
    directory.accounts |= {account["user_id"]: account for account in extras}
    assert admin.everything(path, limit=100) == [directory.accounts[user_id] for user_id in sorted(directory.accounts)]


def test_the_list_says_nothing_follows_only_when_nothing_follows(admin, settings):
    path = admin.post("/v1/apps", {"name": "Pages"}).is_(201).header("location") + "/accounts"
    assert admin.get(path).is_(200).json == {"items": [], "next_cursor": None}
    in_parallel(
        settings.threads, lambda n: admin.post(path, {"user_id": f"p{n}", "type": "general"}).is_(201), range(6)
    )
    for limit, sizes in [(6, [6]), (3, [3, 3]), (2, [2, 2, 2]), (4, [4, 2]), (5, [5, 1]), (7, [6])]:
        assert [len(page) for page in admin.pages(path, limit=limit)] == sizes


def test_times_are_of_now(directory):
    account = directory.accounts[directory.bodies[-1]["user_id"]]
    assert re.fullmatch(TIME, account["created_at"])
    age = datetime.now(UTC) - datetime.fromisoformat(account["created_at"])
    assert abs(age) < timedelta(hours=1), age
