"""Editing accounts, and granting and revoking their admin type."""

import random

from client import in_parallel, segment
from sample_accounts import DEFAULTS, FORMULAS, FULL, LINES, MAX_ADMINS, MAX_U32, NAMES

SERVER_SET = {"created_at", "updated_at", "version"}


def path_of(populated_app, user_id):
    return f"{populated_app.path}/accounts/{segment(user_id)}"


def patch_of(rng, account):
    """A patch that sets some fields, clears some with null or an empty text, and omits the others."""
    return {
        "nickname": rng.choice([rng.choice(NAMES + FORMULAS + FULL), None, ""]),
        "whats_up": rng.choice(LINES),
        **({"location": rng.choice(["부산", None, ""])} if rng.random() < 0.5 else {}),
        **({"level": rng.choice([MAX_U32, None, 7])} if rng.random() < 0.5 else {}),
        **({"gender": rng.choice(["female", None])} if rng.random() < 0.5 else {}),
        "language": (account["language"] + 1) % MAX_U32,
    }


def merged(account, patch):
    """The account after a merge patch (RFC 7396)."""
    changed = {field: DEFAULTS[field] if value in (None, "") else value for field, value in patch.items()}
    return account | changed


def test_an_edit_changes_only_the_fields_it_contains(admin, populated_app, settings, report_progress):
    report_progress("editing 200 accounts")
    rng = random.Random(3)
    chosen = rng.sample(sorted(populated_app.accounts), 200)
    patches = {user_id: patch_of(rng, populated_app.accounts[user_id]) for user_id in chosen}

    def edit(numbered):
        index, user_id = numbered
        before, path = populated_app.accounts[user_id], path_of(populated_app, user_id)
        client = admin.with_headers(if_match=f'"{before["version"]}"') if index % 3 == 0 else admin
        reply = client.patch(path, patches[user_id]).expect(200)
        after, expected = reply.json, merged(before, patches[user_id])
        assert {**after, **dict.fromkeys(SERVER_SET)} == {
            **expected,
            **dict.fromkeys(SERVER_SET),
        }, f"{reply}"
        assert after["version"] == before["version"] + 1 and after["created_at"] == before["created_at"]
        assert after["updated_at"] > before["updated_at"] and reply.header("etag") == f'"{after["version"]}"'
        assert admin.get(path).json == after
        return after

    for after in in_parallel(settings.threads, edit, enumerate(chosen)):
        populated_app.accounts[after["user_id"]] = after
    everybody = [populated_app.accounts[user_id] for user_id in sorted(populated_app.accounts)]
    assert admin.list_all(f"{populated_app.path}/accounts", limit=100) == everybody, "nothing else has changed"


def test_an_invalid_edit_returns_all_violations_and_changes_nothing(admin, populated_app):
    path = path_of(populated_app, "mina")
    before = admin.get(path).json
    body = {
        "nickname": "a\tb",
        "gender": "other",
        "birth_date": "2023-02-29",
        "level": -1,
        "role": 1.5,
        "photo_url": "javascript:alert(1)",
    }
    expected = [
        ("/nickname", "bad_format"),
        ("/gender", "not_allowed"),
        ("/birth_date", "bad_format"),
        ("/level", "out_of_range"),
    ]
    admin.patch(path, body).expect_violations(*expected, ("/role", "wrong_type"), ("/photo_url", "bad_format"))
    admin.patch(path, {"user_id": "mina"}).expect_violations(("/user_id", "immutable_field"), code="immutable_field")
    admin.patch(path, {"type": "admin"}).expect_violations(("/type", "immutable_field"), code="immutable_field")
    for unknown in ("version", "created_at", "updated_at", "app_id", "is_admin"):
        admin.patch(path, {unknown: 1}).expect_violations((f"/{unknown}", "unknown_field"), code="unknown_field")
    both = [("/a~1b~0c", "unknown_field"), ("/type", "immutable_field"), ("/level", "out_of_range")]
    admin.patch(path, {"a/b~c": 1, "type": "admin", "level": MAX_U32 + 1}).expect_violations(
        *both, code="unknown_field"
    )
    assert admin.get(path).json == before


def test_texts_have_at_most_500_bytes(admin, populated_app):
    path = path_of(populated_app, "Mina")
    for field in ("nickname", "location", "whats_up"):
        for full in FULL:
            assert admin.patch(path, {field: full}).expect(200).json[field] == full
            admin.patch(path, {field: full + "x"}).expect_violations((f"/{field}", "too_long"))
    url = "https://img.example.com/" + "é" * 238
    assert admin.patch(path, {"photo_url": url}).expect(200).json["photo_url"] == url
    admin.patch(path, {"photo_url": url + "x"}).expect_violations(("/photo_url", "too_long"))
    for bad in ("\t", "\r", "\0", "\x1b[31m", "\x7f", "\x85", "a\r\nb"):
        admin.patch(path, {"whats_up": bad, "nickname": bad}).expect_violations(
            ("/whats_up", "bad_format"), ("/nickname", "bad_format")
        )
    admin.patch(path, {"nickname": "two\nlines", "location": "two\nlines"}).expect_violations(
        ("/nickname", "bad_format"), ("/location", "bad_format")
    )
    populated_app.accounts["Mina"] = admin.get(path).json


def test_concurrent_conditional_edits_lose_no_update(admin, populated_app, settings):
    path = path_of(populated_app, "MINA")
    version = populated_app.accounts["MINA"]["version"]

    def raise_level(_):
        """Increments the level with `If-Match`, and retries on a conflict."""
        while True:
            seen = admin.get(path).expect(200)
            reply = admin.with_headers(if_match=seen.header("etag")).patch(
                path, {"level": (seen.json["level"] + 1) % MAX_U32}
            )
            if reply.status == 200:
                return
            assert reply.code in ("version_conflict", "conflict"), f"{reply}"

    admin.patch(path, {"level": 0}).expect(200)
    version = admin.get(path).json["version"]
    in_parallel(settings.threads, raise_level, range(24))
    after = admin.get(path).json
    assert (after["level"], after["version"]) == (24, version + 24)
    populated_app.accounts["MINA"] = after


def test_the_admin_type_is_set_and_removed_idempotently(admin, populated_app):
    path = path_of(populated_app, "mina")
    before = admin.get(path).json
    count = admin.get(populated_app.path).json["admin_count"]
    made = admin.put(f"{path}/admin").expect(200)
    assert made.json["type"] == "admin" and made.json["version"] == before["version"] + 1
    assert made.header("etag") == f'"{made.json["version"]}"'
    assert admin.put(f"{path}/admin").expect(200).json == made.json, "idempotent"
    assert admin.get(populated_app.path).json["admin_count"] == count + 1
    unmade = admin.delete(f"{path}/admin").expect(200)
    assert unmade.json["type"] == "general"
    assert admin.delete(f"{path}/admin").expect(200).json == unmade.json
    assert admin.get(populated_app.path).json["admin_count"] == count
    for method in (admin.put, admin.delete):
        method(f"{populated_app.path}/accounts/nobody.at.all/admin").expect_problem(404, "not_found")
    populated_app.accounts["mina"] = unmade.json


def retry_on_conflict(send):
    """Sends a request again while its reply is `conflict`."""
    for _ in range(50):
        reply = send()
        if reply.code != "conflict":
            return reply
    raise AssertionError(f"{reply}: 50 times")


def test_an_application_has_at_most_ten_admins(admin, populated_app, settings, report_progress):
    report_progress("racing for the last admin slots")
    path = f"{populated_app.path}/accounts"
    admins = {account["user_id"] for account in admin.list_all(path, type="admin")}
    rivals = [user_id for user_id in sorted(populated_app.accounts) if user_id not in admins][40:52]

    def make(user_id):
        return retry_on_conflict(lambda: admin.put(f"{path_of(populated_app, user_id)}/admin"))

    def create(number):
        return retry_on_conflict(lambda: admin.post(path, {"user_id": f"late-admin-{number}", "type": "admin"}))

    tries = [(make, user_id) for user_id in rivals] + [(create, number) for number in range(6)]
    random.Random(9).shuffle(tries)
    replies = in_parallel(settings.threads, lambda tried: tried[0](tried[1]), tries)
    won = [reply.json["user_id"] for reply in replies if reply.status in (200, 201)]
    for reply in replies:
        if reply.status not in (200, 201):
            reply.expect_problem(409, "admin_limit_reached")
    now = {account["user_id"] for account in admin.list_all(path, type="admin")}
    assert now == admins | {*won} and len(now) == MAX_ADMINS
    assert admin.get(populated_app.path).json["admin_count"] == MAX_ADMINS
    loser = next(user_id for user_id in rivals if user_id not in now)
    admin.put(f"{path_of(populated_app, loser)}/admin").expect_problem(409, "admin_limit_reached")
    assert admin.put(f"{path_of(populated_app, won[0])}/admin").expect(200).json["type"] == "admin", "idempotent"
    in_parallel(
        settings.threads,
        lambda user_id: retry_on_conflict(lambda: admin.delete(f"{path_of(populated_app, user_id)}/admin")).expect(200),
        won,
    )
    assert {account["user_id"] for account in admin.list_all(path, type="admin")} == admins
    assert admin.get(populated_app.path).json["admin_count"] == len(admins)
    populated_app.accounts = {account["user_id"]: account for account in admin.list_all(path, limit=100)}
