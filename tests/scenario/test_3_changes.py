"""Editing accounts, and making and unmaking admins."""

import random

from client import in_parallel, segment
from people import DEFAULTS, FORMULAS, FULL, LINES, MAX_ADMINS, MAX_U32, NAMES

SERVER_SET = {"created_at", "updated_at", "version"}


def at(directory, user_id):
    return f"{directory.path}/accounts/{segment(user_id)}"


def patch_of(chance, account):
    """Some fields set, some cleared in both ways, the others not mentioned."""
    return {
        "nickname": chance.choice([chance.choice(NAMES + FORMULAS + FULL), None, ""]),
        "whats_up": chance.choice(LINES),
        **({"location": chance.choice(["부산", None, ""])} if chance.random() < 0.5 else {}),
        **({"level": chance.choice([MAX_U32, None, 7])} if chance.random() < 0.5 else {}),
        **({"gender": chance.choice(["female", None])} if chance.random() < 0.5 else {}),
        "language": (account["language"] + 1) % MAX_U32,
    }


def merged(account, patch):
    """What RFC 7396 and the field rules make of it."""
    changed = {field: DEFAULTS[field] if value in (None, "") else value for field, value in patch.items()}
    return account | changed


def test_200_edits_change_what_they_name(admin, directory, settings, say):
    say("editing 200 accounts")
    chance = random.Random(3)
    chosen = chance.sample(sorted(directory.accounts), 200)
    patches = {user_id: patch_of(chance, directory.accounts[user_id]) for user_id in chosen}

    def edit(numbered):
        index, user_id = numbered
        before, path = directory.accounts[user_id], at(directory, user_id)
        client = admin.having(if_match=f'"{before["version"]}"') if index % 3 == 0 else admin
        reply = client.patch(path, patches[user_id]).is_(200)
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
        directory.accounts[after["user_id"]] = after
    everybody = [directory.accounts[user_id] for user_id in sorted(directory.accounts)]
    assert admin.everything(f"{directory.path}/accounts", limit=100) == everybody, "and nothing else"


def test_an_edit_that_breaks_rules_tells_them_all_and_changes_nothing(admin, directory):
    path = at(directory, "mina")
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
    admin.patch(path, body).violates(*expected, ("/role", "wrong_type"), ("/photo_url", "bad_format"))
    admin.patch(path, {"user_id": "mina"}).violates(("/user_id", "immutable_field"), code="immutable_field")
    admin.patch(path, {"type": "admin"}).violates(("/type", "immutable_field"), code="immutable_field")
    for unknown in ("version", "created_at", "updated_at", "app_id", "is_admin"):
        admin.patch(path, {unknown: 1}).violates((f"/{unknown}", "unknown_field"), code="unknown_field")
    both = [("/a~1b~0c", "unknown_field"), ("/type", "immutable_field"), ("/level", "out_of_range")]
    admin.patch(path, {"a/b~c": 1, "type": "admin", "level": MAX_U32 + 1}).violates(*both, code="unknown_field")
    assert admin.get(path).json == before


def test_texts_end_at_500_bytes(admin, directory):
    path = at(directory, "Mina")
    for field in ("nickname", "location", "whats_up"):
        for full in FULL:
            assert admin.patch(path, {field: full}).is_(200).json[field] == full
            admin.patch(path, {field: full + "x"}).violates((f"/{field}", "too_long"))
    url = "https://img.example.com/" + "é" * 238
    assert admin.patch(path, {"photo_url": url}).is_(200).json["photo_url"] == url
    admin.patch(path, {"photo_url": url + "x"}).violates(("/photo_url", "too_long"))
    for bad in ("\t", "\r", "\0", "\x1b[31m", "\x7f", "\x85", "a\r\nb"):
        admin.patch(path, {"whats_up": bad, "nickname": bad}).violates(
            ("/whats_up", "bad_format"), ("/nickname", "bad_format")
        )
    admin.patch(path, {"nickname": "two\nlines", "location": "two\nlines"}).violates(
        ("/nickname", "bad_format"), ("/location", "bad_format")
    )
    directory.accounts["Mina"] = admin.get(path).json


def test_a_stale_edit_is_refused_and_a_race_loses_nothing(admin, directory, settings):
    path = at(directory, "MINA")
    version = directory.accounts["MINA"]["version"]

    def raise_level(_):
        """Read, add one, write back on the condition of what was read."""
        while True:
            seen = admin.get(path).is_(200)
            reply = admin.having(if_match=seen.header("etag")).patch(
                path, {"level": (seen.json["level"] + 1) % MAX_U32}
            )
            if reply.status == 200:
                return
            assert reply.code in ("version_conflict", "conflict"), f"{reply}"

    admin.patch(path, {"level": 0}).is_(200)
    version = admin.get(path).json["version"]
    in_parallel(settings.threads, raise_level, range(24))
    after = admin.get(path).json
    assert (after["level"], after["version"]) == (24, version + 24)
    directory.accounts["MINA"] = after


def test_set_and_cancel_admin_are_their_own_action(admin, directory):
    path = at(directory, "mina")
    before = admin.get(path).json
    count = admin.get(directory.path).json["admin_count"]
    made = admin.put(f"{path}/admin").is_(200)
    assert made.json["type"] == "admin" and made.json["version"] == before["version"] + 1
    assert made.header("etag") == f'"{made.json["version"]}"'
    assert admin.put(f"{path}/admin").is_(200).json == made.json, "again changes nothing"
    assert admin.get(directory.path).json["admin_count"] == count + 1
    unmade = admin.delete(f"{path}/admin").is_(200)
    assert unmade.json["type"] == "general"
    assert admin.delete(f"{path}/admin").is_(200).json == unmade.json
    assert admin.get(directory.path).json["admin_count"] == count
    for method in (admin.put, admin.delete):
        method(f"{directory.path}/accounts/nobody.at.all/admin").refused(404, "not_found")
    directory.accounts["mina"] = unmade.json


def retried(send):
    """Whoever lost a race and is told so (`conflict`) tries again."""
    for _ in range(50):
        reply = send()
        if reply.code != "conflict":
            return reply
    raise AssertionError(f"{reply}: 50 times")


def test_ten_admins_and_never_eleven(admin, directory, settings, say):
    say("racing for the last places of admins")
    path = f"{directory.path}/accounts"
    admins = {account["user_id"] for account in admin.everything(path, type="admin")}
    rivals = [user_id for user_id in sorted(directory.accounts) if user_id not in admins][40:52]

    def make(user_id):
        return retried(lambda: admin.put(f"{at(directory, user_id)}/admin"))

    def create(number):
        return retried(lambda: admin.post(path, {"user_id": f"late-admin-{number}", "type": "admin"}))

    tries = [(make, user_id) for user_id in rivals] + [(create, number) for number in range(6)]
    random.Random(9).shuffle(tries)
    replies = in_parallel(settings.threads, lambda tried: tried[0](tried[1]), tries)
    won = [reply.json["user_id"] for reply in replies if reply.status in (200, 201)]
    for reply in replies:
        if reply.status not in (200, 201):
            reply.refused(409, "admin_limit_reached")
    now = {account["user_id"] for account in admin.everything(path, type="admin")}
    assert now == admins | {*won} and len(now) == MAX_ADMINS
    assert admin.get(directory.path).json["admin_count"] == MAX_ADMINS
    loser = next(user_id for user_id in rivals if user_id not in now)
    admin.put(f"{at(directory, loser)}/admin").refused(409, "admin_limit_reached")
    assert admin.put(f"{at(directory, won[0])}/admin").is_(200).json["type"] == "admin", "who is one stays one"
    in_parallel(
        settings.threads, lambda user_id: retried(lambda: admin.delete(f"{at(directory, user_id)}/admin")).is_(200), won
    )
    assert {account["user_id"] for account in admin.everything(path, type="admin")} == admins
    assert admin.get(directory.path).json["admin_count"] == len(admins)
    directory.accounts = {account["user_id"]: account for account in admin.everything(path, limit=100)}
