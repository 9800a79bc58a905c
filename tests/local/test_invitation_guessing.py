"""Limits on wrong invitation codes: per user, per network and for the whole deployment."""

import itertools

import pytest

from client import in_parallel
from clock import DAY, HOUR, MINUTE, advance
from teams import create_team, redeem

# More time than a test takes between two reads of the clock.
LEEWAY = 5 * MINUTE


@pytest.fixture
def people(mailbox):
    return [mailbox.register(f"guesser-{number}@example.com", f"guesser.{number}") for number in range(3)]


def wrong_codes(*right):
    """Codes of no invitation."""
    return (code for number in itertools.count() if (code := f"{number:08}") not in right)


def guess(session, times, wrong):
    for code in itertools.islice(wrong, times):
        redeem(session, code).expect_problem(422, "invitation_invalid")


def retry_after(reply):
    """Asserts that the attempt was throttled and returns the wait in seconds."""
    return int(reply.expect_problem(429, "too_many_attempts").header("retry-after"))


def test_a_user_may_be_wrong_ten_times_a_day_and_a_network_twenty_times_an_hour(client, harbor, people):
    first, second, third = people
    _, code = harbor.team.invite(harbor.owner.session, "developer")
    wrong = wrong_codes(code)
    guess(first.session, 10, wrong)
    assert DAY - LEEWAY < retry_after(redeem(first.session, code)) <= DAY, "even with the right code"
    guess(second.session, 10, wrong)
    for person in (second, third):
        assert HOUR - LEEWAY < retry_after(redeem(person.session, code)) <= DAY
    waits = retry_after(redeem(third.session, code))
    assert HOUR - LEEWAY < waits <= HOUR
    advance(client, waits + 1)
    redeem(third.sign_in(), code).expect(200)
    _, code = harbor.team.invite(harbor.owner.sign_in(), "reviewer")
    assert DAY - HOUR - LEEWAY < retry_after(redeem(first.sign_in(), code)) <= DAY - HOUR
    advance(client, DAY - HOUR - 2 * LEEWAY)
    waits = retry_after(redeem(first.sign_in(), code))
    advance(client, waits + 1)
    _, code = harbor.team.invite(harbor.owner.sign_in(), "reviewer")
    redeem(first.sign_in(), code).expect(200)


def test_parallel_guesses_do_not_exceed_the_limit(harbor, people):
    first, second, _ = people
    _, code = harbor.team.invite(harbor.owner.session, "developer")
    replies = in_parallel(16, lambda wrong: redeem(first.session, wrong), itertools.islice(wrong_codes(code), 30))
    for reply in replies:
        assert reply.code == "invitation_invalid" or retry_after(reply)
    # Some attempts conflict and are refused unchecked, so there may be fewer than ten.
    assert 1 <= sum(reply.status == 422 for reply in replies) <= 10
    guess(second.session, 10, wrong_codes(code))


def test_throttled_attempts_do_not_count(client, harbor, people):
    first, second, _ = people
    _, code = harbor.team.invite(harbor.owner.session, "developer")
    wrong = wrong_codes(code)
    guess(first.session, 10, wrong)
    waits = [retry_after(redeem(first.session, next(wrong))) for _ in range(15)]
    assert waits == sorted(waits, reverse=True), "throttled attempts do not extend the wait"
    guess(second.session, 9, wrong)
    redeem(second.session, code).expect(200)


def test_only_wrong_codes_count(harbor, people):
    first, *_ = people
    session, wrong = harbor.owner.session, wrong_codes()
    guess(first.session, 9, wrong)
    for role_id in ("developer", "reviewer"):
        team = create_team(harbor.admin, "Other", harbor.owner)
        redeem(first.session, team.invite(session, role_id)[1]).expect(200)
    for code in ("1234567", "x", None):
        redeem(first.session, code).expect_problem(422, "validation_failed")
    guess(first.session, 1, wrong)
    retry_after(redeem(first.session, next(wrong)))


def test_a_code_for_a_team_of_the_user_counts_as_wrong(harbor, people):
    first, *_ = people
    harbor.team.add_member(harbor.admin, first, "reviewer")
    _, code = harbor.team.invite(harbor.owner.session, "developer")
    for _ in range(10):
        redeem(first.session, code).expect_problem(409, "already_member")
    retry_after(redeem(first.session, code))
    assert [one["status"] for one in harbor.owner.session.list_all(harbor.team.invitations)] == ["live"]


def test_the_circuit_breaker_blocks_unbound_codes_for_everyone_but_not_bound_codes(client, harbor, people):
    """Live codes times wrong codes may reach 2,740, but 20 wrong codes are always allowed: here the limit is 20."""
    first, second, third = people
    other = create_team(harbor.admin, "Other", harbor.owner)
    for team, count in [(harbor.team, 98), (other, 52)]:
        for _ in range(count):
            _, code = team.invite(harbor.owner.session, "developer")
    wrong = wrong_codes(code)
    guess(first.session, 10, wrong)
    guess(second.session, 10, wrong)
    advance(client, HOUR + 1)
    session, owner = third.sign_in(), harbor.owner.sign_in()
    _, bound = harbor.team.invite(owner, "reviewer", login=third.login.upper())
    _, foreign = harbor.team.invite(owner, "reviewer", login=first.login)
    for tried in (code, next(wrong), foreign):
        assert DAY - HOUR - LEEWAY < retry_after(redeem(session, tried)) <= DAY - HOUR
    assert redeem(session, bound).expect(200).json["role"]["role_id"] == "reviewer"
    assert retry_after(redeem(session, code)) > HOUR
    advance(client, DAY - HOUR)
    _, fresh = other.invite(harbor.owner.sign_in(), "developer")
    redeem(third.sign_in(), fresh).expect(200)
