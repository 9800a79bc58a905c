"""Properties of the sample accounts that the other files rely on."""

import string

import sample_accounts


def test_the_sample_accounts_are_deterministic_and_cover_all_special_cases():
    bodies = sample_accounts.account_bodies()
    assert bodies == sample_accounts.account_bodies()
    assert len({body["user_id"] for body in bodies}) == len(bodies) == 2_000
    assert set("".join(body["user_id"] for body in bodies)) == set(
        string.ascii_letters + string.digits + sample_accounts.SYMBOLS
    )
    assert {len(body["user_id"]) for body in bodies} >= {1, 32}
    assert sum(body["type"] == "admin" for body in bodies) == sample_accounts.ADMINS
    for field in sample_accounts.DEFAULTS:
        values = [body.get(field) for body in bodies]
        assert sum(value not in (None, "") for value in values) > 500, field
    for field in ("nickname", "location", "whats_up", "photo_url"):
        assert max(len((body.get(field) or "").encode()) for body in bodies) == sample_accounts.TEXT_BYTES, field
    nicknames = {body.get("nickname") for body in bodies}
    assert nicknames >= {*sample_accounts.NAMES, *sample_accounts.FORMULAS, *sample_accounts.FULL}
    assert {len(nickname.encode()) for nickname in sample_accounts.FULL} == {sample_accounts.TEXT_BYTES}
    assert {body.get("whats_up") for body in bodies} >= {*sample_accounts.LINES}
