"""Deletion of accounts and applications: the lock, batches, and the shared application at the end."""

import pytest

from client import in_parallel, segment


def set_lock(admin, path, **body):
    return admin.put(f"{path}/deletion-lock", body)


def delete_batch(client, path, user_ids):
    return client.post(f"{path}/account-deletions", {"user_ids": user_ids})


def outcomes(reply):
    return [(result["user_id"], result["outcome"]) for result in reply.expect(200).json["results"]]


def test_deletion_is_locked_until_the_risks_are_acknowledged(admin, populated_app, report_progress):
    report_progress("deleting while locked")
    path = populated_app.path
    delete_batch(admin, path, ["mina", "nobody"]).expect_problem(409, "account_deletion_locked")
    admin.get(f"{path}/accounts/mina").expect(200)
    set_lock(admin, path, locked=False).expect_violations(("/risks_acknowledged", "required"))
    refused = set_lock(admin, path, locked=False, risks_acknowledged=False).expect_problem(422, "validation_failed")
    assert [error["pointer"] for error in refused.json["errors"]] == ["/risks_acknowledged"]
    set_lock(admin, path, locked="no", risks_acknowledged=True).expect_violations(("/locked", "wrong_type"))
    set_lock(admin, path, risks_acknowledged=True).expect_violations(("/locked", "required"))
    assert admin.get(path).json["deletion_lock"] == {"locked": True, "changed_by": None, "changed_at": None}
    delete_batch(admin, path, ["mina"]).expect_problem(409, "account_deletion_locked")


@pytest.fixture(scope="module")
def unlocked(admin, populated_app):
    """The application with its lock turned off."""
    app = set_lock(admin, populated_app.path, locked=False, risks_acknowledged=True).expect(200)
    lock, me = app.json["deletion_lock"], admin.get("/v1/me").json["user"]
    assert lock["locked"] is False and lock["changed_at"] == app.json["updated_at"]
    assert lock["changed_by"] == {"user_id": me["user_id"], "username": me["username"]}
    assert admin.get(populated_app.path).json == app.json
    return populated_app


def test_a_batch_reports_an_outcome_for_each_account(admin, unlocked):
    path = unlocked.path
    an_admin = next(user_id for user_id, account in sorted(unlocked.accounts.items()) if account["type"] == "admin")
    count = admin.get(path).json["admin_count"]
    wanted = ["=1+1", "nobody.at.all", "mina", an_admin, "=1+1", "Mina", "nobody.at.all"]
    keyed = admin.with_headers(idempotency_key="delete some")
    reply = delete_batch(keyed, path, wanted)
    expected = [
        ("=1+1", "deleted"),
        ("nobody.at.all", "not_found"),
        ("mina", "deleted"),
        (an_admin, "deleted"),
        ("Mina", "deleted"),
    ]
    assert outcomes(reply) == expected
    assert all(result.keys() == {"user_id", "outcome"} for result in reply.json["results"]), "only failures have a code"
    gone = {"=1+1", "mina", "Mina", an_admin}
    for user_id in gone:
        admin.get(f"{path}/accounts/{segment(user_id)}").expect_problem(404, "not_found")
        admin.patch(f"{path}/accounts/{segment(user_id)}", {"level": 1}).expect_problem(404, "not_found")
    admin.get(f"{path}/accounts/MINA").expect(200)
    assert admin.get(path).json["admin_count"] == count - 1
    assert outcomes(delete_batch(admin, path, ["mina"])) == [("mina", "not_found")]
    listed = admin.list_all(f"{path}/accounts", limit=100)
    assert listed == [unlocked.accounts[user_id] for user_id in sorted(unlocked.accounts.keys() - gone)]
    assert (
        admin.post(f"{path}/accounts", {"user_id": "mina", "type": "general"}).expect(201).json["nickname"] is None
    ), "a new account, not the deleted one"
    again = delete_batch(keyed, path, wanted)
    assert again.body == reply.body and again.header("idempotency-replayed") == "true"
    admin.get(f"{path}/accounts/mina").expect(200)


def test_a_batch_has_1_to_100_entries(admin, unlocked):
    path = unlocked.path
    delete_batch(admin, path, []).expect_violations(("/user_ids", "too_short"))
    delete_batch(admin, path, ["MINA"] * 101).expect_violations(("/user_ids", "too_long"))
    delete_batch(admin, path, ["MINA", "a/b", 7, None, "MINA"]).expect_problem(422, "validation_failed")
    delete_batch(admin, path, ["MINA", "a/b", "", 7]).expect_violations(
        ("/user_ids/1", "bad_format"), ("/user_ids/2", "too_short"), ("/user_ids/3", "wrong_type")
    )
    admin.post(f"{path}/account-deletions", {}).expect_violations(("/user_ids", "required"))
    admin.get(f"{path}/accounts/MINA").expect(200)
    hundred = [f"nobody.{number}" for number in range(99)] + ["MINA"]
    assert outcomes(delete_batch(admin, path, hundred)) == [(user_id, "not_found") for user_id in hundred[:99]] + [
        ("MINA", "deleted")
    ]


def test_a_restored_lock_prevents_deletion(admin, unlocked):
    path = unlocked.path
    lock = set_lock(admin, path, locked=True).expect(200).json["deletion_lock"]
    assert lock["locked"] is True and lock["changed_by"] is not None
    delete_batch(admin, path, ["mina", "!"]).expect_problem(409, "account_deletion_locked")
    for user_id in ("mina", "!"):
        admin.get(f"{path}/accounts/{segment(user_id)}").expect(200)
    set_lock(admin, path, locked=False, risks_acknowledged=True).expect(200)


def test_parallel_batches_delete_each_account_once(admin, unlocked, settings):
    path = unlocked.path
    doomed = [f"doomed-{number}" for number in range(40)]
    in_parallel(
        settings.threads,
        lambda user_id: admin.post(f"{path}/accounts", {"user_id": user_id, "type": "general"}).expect(201),
        doomed,
    )
    replies = in_parallel(4, lambda _: delete_batch(admin, path, doomed), range(4))
    for user_id in doomed:
        found = [outcome for reply in replies for name, outcome in outcomes(reply) if name == user_id]
        assert found.count("deleted") == 1 and {*found} <= {"deleted", "not_found", "failed"}, f"{user_id}: {found}"
        admin.get(f"{path}/accounts/{user_id}").expect_problem(404, "not_found")


def test_the_lock_is_respected_by_concurrent_batches(admin, unlocked, settings):
    """Each account was either deleted before the lock or kept and reported as locked."""
    path = unlocked.path
    contested = [f"contested-{number:03}" for number in range(200)]
    in_parallel(
        settings.threads,
        lambda user_id: admin.post(f"{path}/accounts", {"user_id": user_id, "type": "general"}).expect(201),
        contested,
    )
    chunks = [contested[start : start + 20] for start in range(0, 200, 20)]
    actions = [lambda chunk=chunk: delete_batch(admin, path, chunk) for chunk in chunks]
    actions.insert(3, lambda: set_lock(admin, path, locked=True).expect(200))
    replies = in_parallel(4, lambda action: action(), actions)
    remaining = {account["user_id"] for account in admin.list_all(f"{path}/accounts", user_id_prefix="contested-")}
    for reply in replies[:3] + replies[4:]:
        if reply.status == 409:
            assert reply.code == "account_deletion_locked", f"{reply}"
            continue
        for result in reply.expect(200).json["results"]:
            assert (result["outcome"] == "deleted") != (result["user_id"] in remaining), f"{result}"
            assert result["outcome"] == "deleted" or result["code"] == "account_deletion_locked", f"{result}"
    reported = [
        result["user_id"]
        for reply in replies[:3] + replies[4:]
        if reply.status == 200
        for result in reply.json["results"]
    ]
    assert {*contested} - {*reported} <= remaining, "a refused batch deletes nothing"
    delete_batch(admin, path, ["MINA"]).expect_problem(409, "account_deletion_locked")
    set_lock(admin, path, locked=False, risks_acknowledged=True).expect(200)


def test_an_application_is_deleted_after_its_accounts(admin, unlocked, report_progress):
    path = unlocked.path
    admin.delete(path).expect_problem(409, "app_not_empty")
    everybody = [account["user_id"] for account in admin.list_all(f"{path}/accounts", limit=100)]
    report_progress(f"deleting the remaining {len(everybody)} accounts")
    for start in range(0, len(everybody), 100):
        chunk = everybody[start : start + 100]
        assert outcomes(delete_batch(admin, path, chunk)) == [(user_id, "deleted") for user_id in chunk]
    assert admin.get(f"{path}/accounts").json == {"items": [], "next_cursor": None}
    assert admin.get(path).json["admin_count"] == 0
    admin.delete(path).expect(204)
    for gone in (path, f"{path}/accounts", f"{path}/accounts/!"):
        admin.get(gone).expect_problem(404, "not_found")
    admin.post(f"{path}/accounts", {"user_id": "late", "type": "general"}).expect_problem(404, "not_found")
    delete_batch(admin, path, ["late"]).expect_problem(404, "not_found")
    admin.delete(path).expect_problem(404, "not_found")
    assert path not in [f"/v1/apps/{app['app_id']}" for app in admin.list_all("/v1/apps", limit=100)]
