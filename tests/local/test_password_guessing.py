"""Password guessing: repeated failures lock a login for a growing time, except for a known device."""

import itertools
from http.cookies import SimpleCookie

from client import in_parallel
from clock import DAY, MINUTE, advance
from users import NEXT_PASSWORD, PASSWORD, create_person, password_fields

# Five failures are free. On a slow machine the waits of 1, 2 and 4 s may pass between attempts, which allows eight.
FREE_FAILURES = range(5, 9)


def guess(client, logins, **device):
    """Guesses until the server replies 429; returns the number of failed logins and that reply."""
    for failures, login in enumerate(logins):
        reply = client.post("/v1/login", {"login": login, "password": NEXT_PASSWORD, **device})
        if reply.status == 429:
            assert int(reply.header("retry-after")) >= 1
            return failures, reply.expect_problem(429, "too_many_attempts")
        reply.expect_problem(401, "invalid_credentials")
    raise AssertionError("guessing was never throttled")


def lock_out(client, login):
    """Guesses until the wait exceeds a minute, so that it outlasts the rest of the test."""
    for _ in range(10):
        _, refusal = guess(client, itertools.repeat(login, 20))
        seconds = int(refusal.header("retry-after"))
        if seconds > MINUTE:
            return
        # One more minute resets the limit of the network.
        advance(client, seconds + MINUTE)
    raise AssertionError(f"the waits do not grow: {refusal}")


def test_the_sixth_guess_within_a_second_is_throttled_for_known_and_unknown_logins(client, mina):
    for login in (mina.login, "nobody.at.all", "no such login"):
        failures, _ = guess(client, itertools.repeat(login, 20))
        assert failures in FREE_FAILURES, f"{failures} failures"
        advance(client, 2 * MINUTE)
    mina.sign_in()


def test_throttled_replies_do_not_reveal_whether_login_or_password_is_right(client, mina):
    lock_out(client, mina.login)
    advance(client, MINUTE)
    lock_out(client, "nobody.at.all")
    lock_out(client, mina.login)
    replies = [
        client.post("/v1/login", {"login": login, "password": password}).expect_problem(429, "too_many_attempts")
        for login in (mina.login, "nobody.at.all")
        for password in (PASSWORD, NEXT_PASSWORD)
    ]
    seen = [
        (reply.json["title"], sorted(reply.json), sorted(name.lower() for name in reply.headers)) for reply in replies
    ]
    assert seen[1:] == seen[:1] * 3


def test_a_successful_sign_in_resets_the_failures(client, mina):
    for _ in range(3):
        for _ in range(4):
            mina.try_to_sign_in(password=NEXT_PASSWORD).expect_problem(401, "invalid_credentials")
        mina.sign_in()
        advance(client, 2 * MINUTE)


def test_all_spellings_of_a_login_share_one_limit(client, mina):
    wide = "".join(chr(ord(letter) + 0xFEE0) if letter.isalnum() else letter for letter in mina.login)
    spellings = itertools.cycle([mina.login, mina.login.upper(), f" {mina.login}  ", wide])
    failures, _ = guess(client, itertools.islice(spellings, 20))
    assert failures in FREE_FAILURES, f"{failures} failures"


def test_a_known_device_signs_in_while_others_are_throttled(server, client, mina):
    token = mina.try_to_sign_in().expect(200).json["device_token"]
    jar = {}
    for value in mina.try_to_sign_in(transport="cookie").expect(200).headers.get_all("set-cookie"):
        jar |= {name: cookie.value for name, cookie in SimpleCookie(value).items()}
    assert jar.keys() == {"__Host-session", "__Host-device"}
    of_zoe = create_person(server.admin(), "Zoe").try_to_sign_in().expect(200).json["device_token"]
    lock_out(client, mina.login)
    mina.try_to_sign_in(device_token=of_zoe).expect_problem(429, "too_many_attempts")
    mina.try_to_sign_in(device_token=token[:-2]).expect_problem(429, "too_many_attempts")
    mina.try_to_sign_in(device_token=token).expect(200)
    body = {"login": mina.login, "password": PASSWORD, "transport": "cookie"}
    client.with_headers(cookie=f"__Host-device={jar['__Host-device']}").post("/v1/login", body).expect(200)
    mina.try_to_sign_in().expect_problem(429, "too_many_attempts")
    mina.session.get("/v1/me").expect(200)


def test_a_known_device_has_the_same_limit_as_others(client, mina):
    token = mina.try_to_sign_in().expect(200).json["device_token"]
    failures, _ = guess(client, itertools.repeat(mina.login, 20), device_token=token)
    assert failures in FREE_FAILURES, f"{failures} failures"


def test_each_wait_is_twice_the_previous_one_up_to_15_minutes(client, mina):
    waits = []
    for _ in range(14):
        _, refusal = guess(client, itertools.repeat(mina.login, 20))
        waits.append(int(refusal.header("retry-after")))
        # One more minute resets the limit of the network.
        advance(client, waits[-1] + MINUTE)
    longest = 15 * MINUTE
    for before, after in itertools.pairwise(waits):
        # The reply gives only the rest of the wait, and a short wait may already have passed.
        assert before < 8 or min(2 * before, longest) - 2 <= after <= min(2 * before + 4, longest), f"{waits}"
    assert waits[0] <= 8 and waits[-1] >= longest - 2, f"{waits}"
    mina.sign_in()


def test_throttled_attempts_do_not_extend_the_wait(client, mina):
    lock_out(client, mina.login)
    for _ in range(50):
        mina.try_to_sign_in(password=NEXT_PASSWORD).expect_problem(429, "too_many_attempts")
    last = mina.try_to_sign_in().expect_problem(429, "too_many_attempts")
    advance(client, int(last.header("retry-after")) + 1)
    mina.sign_in()


def test_a_network_may_fail_ten_times_a_minute(client, mina):
    failures, _ = guess(client, (f"nobody.{number}" for number in range(30)))
    assert 10 <= failures <= 13, f"{failures} failures"
    advance(client, 2 * MINUTE)
    mina.sign_in()


def test_wrong_passwords_on_other_routes_count_as_failed_logins(client, mina):
    """Changes of the password, the address and two-factor ask for the password too. A session counts as its device."""
    token = mina.try_to_sign_in().expect(200).json["device_token"]
    routes = [
        ("POST", "/v1/me/password", password_fields(NEXT_PASSWORD)),
        ("POST", "/v1/me/email", {"email": "mina@new.example"}),
        ("POST", "/v1/me/totp", {}),
        ("DELETE", "/v1/me/email", {}),
        ("POST", "/v1/me/password", password_fields(NEXT_PASSWORD)),
    ]
    for method, path, body in routes:
        mina.session.send(method, path, {**body, "current_password": "not-" + PASSWORD}).expect_violations(
            ("/current_password", "incorrect")
        )
    failures, _ = guess(client, itertools.repeat(mina.login, 20), device_token=token)
    assert failures + len(routes) in FREE_FAILURES, f"{failures} failures"


def test_parallel_guesses_do_not_exceed_the_limit(client, mina):
    replies = in_parallel(32, lambda _: mina.try_to_sign_in(password=NEXT_PASSWORD), range(200))
    assert {reply.status for reply in replies} == {401, 429}
    assert sum(reply.status == 401 for reply in replies) <= 10, "five, and one after each wait that passed meanwhile"


def test_after_100_failures_only_a_known_device_or_a_reset_unlocks_the_login(server, client, mina):
    token = mina.try_to_sign_in().expect(200).json["device_token"]
    for _ in range(100):
        mina.try_to_sign_in(password=NEXT_PASSWORD).expect_problem(401, "invalid_credentials")
        advance(client, 16 * MINUTE)
    advance(client, DAY)
    mina.try_to_sign_in().expect_problem(429, "too_many_attempts")
    mina.try_to_sign_in(device_token=token).expect(200)
    mina.try_to_sign_in().expect_problem(429, "too_many_attempts")
    given = (
        server.admin().post(f"{mina.path}/password", {"generate_password": True}).expect(200).json["generated_password"]
    )
    client.sign_in(given, mina.login)
