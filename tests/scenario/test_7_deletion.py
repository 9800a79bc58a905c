"""Deleting: the lock, the batch, and at last everything that the scenario made."""

import pytest

from client import in_parallel, segment


def turn(admin, path, **body):
    return admin.put(f"{path}/deletion-lock", body)


def batch(client, path, user_ids):
    return client.post(f"{path}/account-deletions", {"user_ids": user_ids})


def outcomes(reply):
    return [(result["user_id"], result["outcome"]) for result in reply.is_(200).json["results"]]


def test_deletion_is_locked_until_the_risk_is_acknowledged(admin, directory, say):
    say("deleting, locked")
    path = directory.path
    batch(admin, path, ["mina", "nobody"]).refused(409, "account_deletion_locked")
    admin.get(f"{path}/accounts/mina").is_(200)
    turn(admin, path, locked=False).violates(("/risks_acknowledged", "required"))
    refused = turn(admin, path, locked=False, risks_acknowledged=False).refused(422, "validation_failed")
    assert [error["pointer"] for error in refused.json["errors"]] == ["/risks_acknowledged"]
    turn(admin, path, locked="no", risks_acknowledged=True).violates(("/locked", "wrong_type"))
    turn(admin, path, risks_acknowledged=True).violates(("/locked", "required"))
    assert admin.get(path).json["deletion_lock"] == {"locked": True, "changed_by": None, "changed_at": None}
    batch(admin, path, ["mina"]).refused(409, "account_deletion_locked")


@pytest.fixture(scope="module")
def unlocked(admin, directory):
    """The application with its lock lifted."""
    app = turn(admin, directory.path, locked=False, risks_acknowledged=True).is_(200)
    lock, me = app.json["deletion_lock"], admin.get("/v1/me").json["user"]
    assert lock["locked"] is False and lock["changed_at"] == app.json["updated_at"]
    assert lock["changed_by"] == {"user_id": me["user_id"], "username": me["username"]}
    assert admin.get(directory.path).json == app.json
    return directory


def test_a_batch_answers_account_by_account(admin, unlocked):
    path = unlocked.path
    an_admin = next(user_id for user_id, account in sorted(unlocked.accounts.items()) if account["type"] == "admin")
    count = admin.get(path).json["admin_count"]
    wanted = ["=1+1", "nobody.at.all", "mina", an_admin, "=1+1", "Mina", "nobody.at.all"]
    keyed = admin.having(idempotency_key="delete some")
    reply = batch(keyed, path, wanted)
    expected = [
        ("=1+1", "deleted"),
        ("nobody.at.all", "not_found"),
        ("mina", "deleted"),
        (an_admin, "deleted"),
        ("Mina", "deleted"),
    ]
    assert outcomes(reply) == expected
    assert all(result.keys() == {"user_id", "outcome"} for result in reply.json["results"]), (
        "a code belongs to failures"
    )
    gone = {"=1+1", "mina", "Mina", an_admin}
    for user_id in gone:
        admin.get(f"{path}/accounts/{segment(user_id)}").refused(404, "not_found")
        admin.patch(f"{path}/accounts/{segment(user_id)}", {"level": 1}).refused(404, "not_found")
    admin.get(f"{path}/accounts/MINA").is_(200)
    assert admin.get(path).json["admin_count"] == count - 1
    assert outcomes(batch(admin, path, ["mina"])) == [("mina", "not_found")]
    listed = admin.everything(f"{path}/accounts", limit=100)
    assert listed == [unlocked.accounts[user_id] for user_id in sorted(unlocked.accounts.keys() - gone)]
    assert admin.post(f"{path}/accounts", {"user_id": "mina", "type": "general"}).is_(201).json["nickname"] is None, (
        "nothing left over"
    )
    again = batch(keyed, path, wanted)
    assert again.body == reply.body and again.header("idempotency-replayed") == "true"
    admin.get(f"{path}/accounts/mina").is_(200)


def test_a_batch_has_1_to_100_entries(admin, unlocked):
    path = unlocked.path
    batch(admin, path, []).violates(("/user_ids", "too_short"))
    batch(admin, path, ["MINA"] * 101).violates(("/user_ids", "too_long"))
    batch(admin, path, ["MINA", "a/b", 7, None, "MINA"]).refused(422, "validation_failed")
    batch(admin, path, ["MINA", "a/b", "", 7]).violates(
        ("/user_ids/1", "bad_format"), ("/user_ids/2", "too_short"), ("/user_ids/3", "wrong_type")
    )
    admin.post(f"{path}/account-deletions", {}).violates(("/user_ids", "required"))
    admin.get(f"{path}/accounts/MINA").is_(200)
    hundred = [f"nobody.{number}" for number in range(99)] + ["MINA"]
    assert outcomes(batch(admin, path, hundred)) == [(user_id, "not_found") for user_id in hundred[:99]] + [
        ("MINA", "deleted")
    ]


def test_locked_again_nothing_is_deleted(admin, unlocked):
    path = unlocked.path
    lock = turn(admin, path, locked=True).is_(200).json["deletion_lock"]
    assert lock["locked"] is True and lock["changed_by"] is not None
    batch(admin, path, ["mina", "!"]).refused(409, "account_deletion_locked")
    for user_id in ("mina", "!"):
        admin.get(f"{path}/accounts/{segment(user_id)}").is_(200)
    turn(admin, path, locked=False, risks_acknowledged=True).is_(200)


def test_two_batches_delete_an_account_once(admin, unlocked, settings):
    path = unlocked.path
    doomed = [f"doomed-{number}" for number in range(40)]
    in_parallel(
        settings.threads,
        lambda user_id: admin.post(f"{path}/accounts", {"user_id": user_id, "type": "general"}).is_(201),
        doomed,
    )
    replies = in_parallel(4, lambda _: batch(admin, path, doomed), range(4))
    for user_id in doomed:
        found = [outcome for reply in replies for name, outcome in outcomes(reply) if name == user_id]
        assert found.count("deleted") == 1 and {*found} <= {"deleted", "not_found", "failed"}, f"{user_id}: {found}"
        admin.get(f"{path}/accounts/{user_id}").refused(404, "not_found")


def test_the_lock_holds_against_batches_at_the_same_time(admin, unlocked, settings):
    """Each account has one of the two serial outcomes: deleted while the lock was off, or there and told so."""
    path = unlocked.path
    contested = [f"contested-{number:03}" for number in range(200)]
    in_parallel(
        settings.threads,
        lambda user_id: admin.post(f"{path}/accounts", {"user_id": user_id, "type": "general"}).is_(201),
        contested,
    )
    chunks = [contested[start : start + 20] for start in range(0, 200, 20)]
    actions = [lambda chunk=chunk: batch(admin, path, chunk) for chunk in chunks]
    actions.insert(3, lambda: turn(admin, path, locked=True).is_(200))
    replies = in_parallel(4, lambda action: action(), actions)
    remaining = {account["user_id"] for account in admin.everything(f"{path}/accounts", user_id_prefix="contested-")}
    for reply in replies[:3] + replies[4:]:
        if reply.status == 409:
            assert reply.code == "account_deletion_locked", f"{reply}"
            continue
        for result in reply.is_(200).json["results"]:
            assert (result["outcome"] == "deleted") != (result["user_id"] in remaining), f"{result}"
            assert result["outcome"] == "deleted" or result["code"] == "account_deletion_locked", f"{result}"
    told = [
        result["user_id"]
        for reply in replies[:3] + replies[4:]
        if reply.status == 200
        for result in reply.json["results"]
    ]
    assert {*contested} - {*told} <= remaining, "a refused batch deleted nothing"
    batch(admin, path, ["MINA"]).refused(409, "account_deletion_locked")
    turn(admin, path, locked=False, risks_acknowledged=True).is_(200)


def test_an_application_goes_last(admin, unlocked, say):
    path = unlocked.path
    admin.delete(path).refused(409, "app_not_empty")
    everybody = [account["user_id"] for account in admin.everything(f"{path}/accounts", limit=100)]
    say(f"deleting the remaining {len(everybody)} accounts")
    for start in range(0, len(everybody), 100):
        chunk = everybody[start : start + 100]
        assert outcomes(batch(admin, path, chunk)) == [(user_id, "deleted") for user_id in chunk]
    assert admin.get(f"{path}/accounts").json == {"items": [], "next_cursor": None}
    assert admin.get(path).json["admin_count"] == 0
    admin.delete(path).is_(204)
    for gone in (path, f"{path}/accounts", f"{path}/accounts/!"):
        admin.get(gone).refused(404, "not_found")
    admin.post(f"{path}/accounts", {"user_id": "late", "type": "general"}).refused(404, "not_found")
    batch(admin, path, ["late"]).refused(404, "not_found")
    admin.delete(path).refused(404, "not_found")
    assert path not in [f"/v1/apps/{app['app_id']}" for app in admin.everything("/v1/apps", limit=100)]
