"""The people themselves: what the other files rely on them for."""

import string

import people


def test_the_people_are_the_same_every_time_and_leave_nothing_out():
    bodies = people.people()
    assert bodies == people.people()
    assert len({body["user_id"] for body in bodies}) == len(bodies) == 2_000
    assert set("".join(body["user_id"] for body in bodies)) == set(
        string.ascii_letters + string.digits + people.SYMBOLS
    )
    assert {len(body["user_id"]) for body in bodies} >= {1, 32}
    assert sum(body["type"] == "admin" for body in bodies) == people.ADMINS
    for field in people.DEFAULTS:
        values = [body.get(field) for body in bodies]
        assert sum(value not in (None, "") for value in values) > 500, field
    for field in ("nickname", "location", "whats_up", "photo_url"):
        assert max(len((body.get(field) or "").encode()) for body in bodies) == people.TEXT_BYTES, field
    nicknames = {body.get("nickname") for body in bodies}
    assert nicknames >= {*people.NAMES, *people.FORMULAS, *people.FULL}
    assert {len(nickname.encode()) for nickname in people.FULL} == {people.TEXT_BYTES}
    assert {body.get("whats_up") for body in bodies} >= {*people.LINES}
