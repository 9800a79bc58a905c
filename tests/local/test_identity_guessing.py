"""Password guessing: repeated failures lock a login for a growing time, except for a known device."""

import itertools
from http.cookies import SimpleCookie

import pytest

from client import in_parallel
from letters import DAY, MINUTE, advance
from users import NEXT_PASSWORD, PASSWORD, hire, twice

# Five failures are free. Should a machine be so slow that the waits of 1, 2 and 4 s pass between two tries, eight are.
FREE = range(5, 9)


@pytest.fixture
def mina(server):
    return hire(server.admin(), "Mina")


def guess(client, logins, **device):
    """Guesses until the server replies 429; returns the number of failed logins and that reply."""
    for failures, login in enumerate(logins):
        reply = client.post("/v1/login", {"login": login, "password": NEXT_PASSWORD, **device})
        if reply.status == 429:
            assert int(reply.header("retry-after")) >= 1
            return failures, reply.refused(429, "too_many_attempts")
        reply.refused(401, "invalid_credentials")
    raise AssertionError("never told to wait")


def shut(client, login):
    """Guesses until the next try is a minute away, which is longer than what follows takes."""
    for _ in range(10):
        _, refusal = guess(client, itertools.repeat(login, 20))
        seconds = int(refusal.header("retry-after"))
        if seconds > MINUTE:
            return
        # A minute more, so that the network need not wait.
        advance(client, seconds + MINUTE)
    raise AssertionError(f"the waits do not grow: {refusal}")


def test_the_sixth_guess_within_a_second_waits_whether_there_is_such_a_login_or_not(client, mina):
    for login in (mina.login, "nobody.at.all", "no such login"):
        failures, _ = guess(client, itertools.repeat(login, 20))
        assert failures in FREE, f"{failures} failures"
        advance(client, 2 * MINUTE)
    mina.sign_in()


def test_a_wait_is_told_alike_whether_the_password_is_right_or_not(client, mina):
    shut(client, mina.login)
    advance(client, MINUTE)
    shut(client, "nobody.at.all")
    shut(client, mina.login)
    replies = [
        client.post("/v1/login", {"login": login, "password": password}).refused(429, "too_many_attempts")
        for login in (mina.login, "nobody.at.all")
        for password in (PASSWORD, NEXT_PASSWORD)
    ]
    told = [
        (reply.json["title"], sorted(reply.json), sorted(name.lower() for name in reply.headers)) for reply in replies
    ]
    assert told[1:] == told[:1] * 3


def test_a_right_password_forgives_what_was_wrong_before(client, mina):
    for _ in range(3):
        for _ in range(4):
            mina.try_to_sign_in(password=NEXT_PASSWORD).refused(401, "invalid_credentials")
        mina.sign_in()
        advance(client, 2 * MINUTE)


def test_a_login_is_one_however_it_is_spelled(client, mina):
    wide = "".join(chr(ord(letter) + 0xFEE0) if letter.isalnum() else letter for letter in mina.login)
    spellings = itertools.cycle([mina.login, mina.login.upper(), f" {mina.login}  ", wide])
    failures, _ = guess(client, itertools.islice(spellings, 20))
    assert failures in FREE, f"{failures} failures"


def test_a_known_device_signs_in_while_others_wait(server, client, mina):
    token = mina.try_to_sign_in().is_(200).json["device_token"]
    jar = {}
    for value in mina.try_to_sign_in(transport="cookie").is_(200).headers.get_all("set-cookie"):
        jar |= {name: cookie.value for name, cookie in SimpleCookie(value).items()}
    assert jar.keys() == {"__Host-session", "__Host-device"}
    of_zoe = hire(server.admin(), "Zoe").try_to_sign_in().is_(200).json["device_token"]
    shut(client, mina.login)
    mina.try_to_sign_in(device_token=of_zoe).refused(429, "too_many_attempts")
    mina.try_to_sign_in(device_token=token[:-2]).refused(429, "too_many_attempts")
    mina.try_to_sign_in(device_token=token).is_(200)
    body = {"login": mina.login, "password": PASSWORD, "transport": "cookie"}
    client.having(cookie=f"__Host-device={jar['__Host-device']}").post("/v1/login", body).is_(200)
    mina.try_to_sign_in().refused(429, "too_many_attempts")
    mina.session.get("/v1/me").is_(200)


def test_a_known_device_may_guess_no_more_than_others(client, mina):
    token = mina.try_to_sign_in().is_(200).json["device_token"]
    failures, _ = guess(client, itertools.repeat(mina.login, 20), device_token=token)
    assert failures in FREE, f"{failures} failures"


def test_each_wait_is_twice_the_last_up_to_a_quarter_of_an_hour(client, mina):
    waits = []
    for _ in range(14):
        _, refusal = guess(client, itertools.repeat(mina.login, 20))
        waits.append(int(refusal.header("retry-after")))
        # A minute more, so that the network need not wait.
        advance(client, waits[-1] + MINUTE)
    longest = 15 * MINUTE
    for before, after in itertools.pairwise(waits):
        # What passed between the failure and being told is not told; short waits may pass within it.
        assert before < 8 or min(2 * before, longest) - 2 <= after <= min(2 * before + 4, longest), f"{waits}"
    assert waits[0] <= 8 and waits[-1] >= longest - 2, f"{waits}"
    mina.sign_in()


def test_a_wait_is_not_longer_for_who_cannot_wait(client, mina):
    shut(client, mina.login)
    for _ in range(50):
        mina.try_to_sign_in(password=NEXT_PASSWORD).refused(429, "too_many_attempts")
    last = mina.try_to_sign_in().refused(429, "too_many_attempts")
    advance(client, int(last.header("retry-after")) + 1)
    mina.sign_in()


def test_one_network_guesses_ten_times_a_minute(client, mina):
    failures, _ = guess(client, (f"nobody.{number}" for number in range(30)))
    assert 10 <= failures <= 13, f"{failures} failures"
    advance(client, 2 * MINUTE)
    mina.sign_in()


def test_guessing_the_password_elsewhere_is_guessing_the_password(client, mina):
    """Changing it, another address, two-factor: all of these ask for the password and count as one."""
    routes = [
        ("POST", "/v1/me/password", twice(NEXT_PASSWORD)),
        ("POST", "/v1/me/email", {"email": "mina@example.com"}),
        ("POST", "/v1/me/totp", {}),
        ("DELETE", "/v1/me/email", {}),
        ("POST", "/v1/me/password", twice(NEXT_PASSWORD)),
    ]
    for method, path, body in routes:
        mina.session.send(method, path, {**body, "current_password": "not-" + PASSWORD}).violates(
            ("/current_password", "incorrect")
        )
    failures, _ = guess(client, itertools.repeat(mina.login, 20))
    assert failures + len(routes) in FREE, f"{failures} failures"


def test_two_hundred_guesses_at_once_are_no_more_than_five(client, mina):
    replies = in_parallel(32, lambda _: mina.try_to_sign_in(password=NEXT_PASSWORD), range(200))
    assert {reply.status for reply in replies} == {401, 429}
    assert sum(reply.status == 401 for reply in replies) <= 10, "and one for each wait that passed meanwhile"


def test_after_a_hundred_failures_only_a_known_device_or_a_reset_helps(server, client, mina):
    token = mina.try_to_sign_in().is_(200).json["device_token"]
    for _ in range(100):
        mina.try_to_sign_in(password=NEXT_PASSWORD).refused(401, "invalid_credentials")
        advance(client, 16 * MINUTE)
    advance(client, DAY)
    mina.try_to_sign_in().refused(429, "too_many_attempts")
    mina.try_to_sign_in(device_token=token).is_(200)
    mina.try_to_sign_in().refused(429, "too_many_attempts")
    given = (
        server.admin().post(f"{mina.path}/password", {"generate_password": True}).is_(200).json["generated_password"]
    )
    client.sign_in(given, mina.login)
