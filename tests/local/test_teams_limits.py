"""Guessing at invitations: how often one may be wrong, alone, from one network, and all together."""

import itertools

import pytest

from client import in_parallel
from letters import DAY, HOUR, MINUTE, advance
from teams import found, redeem

# Long enough for what a test does between its looks at the clock.
LEEWAY = 5 * MINUTE


@pytest.fixture
def people(mailbox):
    return [mailbox.register(f"guesser-{number}@example.com", f"guesser.{number}") for number in range(3)]


def wrong_codes(*right):
    """Codes that lead nowhere."""
    return (code for number in itertools.count() if (code := f"{number:08}") not in right)


def guess(session, times, wrong):
    for code in itertools.islice(wrong, times):
        redeem(session, code).refused(422, "invitation_invalid")


def shut(reply):
    """A refusal that says when to come back, in seconds."""
    return int(reply.refused(429, "too_many_attempts").header("retry-after"))


def test_one_is_wrong_ten_times_a_day_and_a_network_twenty_times_an_hour(client, harbor, people):
    first, second, third = people
    _, code = harbor.team.invite(harbor.owner.session, "developer")
    wrong = wrong_codes(code)
    guess(first.session, 10, wrong)
    assert DAY - LEEWAY < shut(redeem(first.session, code)) <= DAY, "the right one, too"
    guess(second.session, 10, wrong)
    for person in (second, third):
        assert HOUR - LEEWAY < shut(redeem(person.session, code)) <= DAY
    waits = shut(redeem(third.session, code))
    assert HOUR - LEEWAY < waits <= HOUR
    advance(client, waits + 1)
    redeem(third.sign_in(), code).is_(200)
    _, code = harbor.team.invite(harbor.owner.sign_in(), "reviewer")
    assert DAY - HOUR - LEEWAY < shut(redeem(first.sign_in(), code)) <= DAY - HOUR
    advance(client, DAY - HOUR - 2 * LEEWAY)
    waits = shut(redeem(first.sign_in(), code))
    advance(client, waits + 1)
    _, code = harbor.team.invite(harbor.owner.sign_in(), "reviewer")
    redeem(first.sign_in(), code).is_(200)


def test_thirty_wrong_codes_at_once_are_no_more_than_ten(harbor, people):
    first, second, _ = people
    _, code = harbor.team.invite(harbor.owner.session, "developer")
    replies = in_parallel(16, lambda wrong: redeem(first.session, wrong), itertools.islice(wrong_codes(code), 30))
    for reply in replies:
        assert reply.code == "invitation_invalid" or shut(reply)
    # Who meets a crowd is refused untried, so that there may be less.
    assert 1 <= sum(reply.status == 422 for reply in replies) <= 10
    guess(second.session, 10, wrong_codes(code))


def test_a_try_while_it_is_shut_counts_nowhere(client, harbor, people):
    first, second, _ = people
    _, code = harbor.team.invite(harbor.owner.session, "developer")
    wrong = wrong_codes(code)
    guess(first.session, 10, wrong)
    waits = [shut(redeem(first.session, next(wrong))) for _ in range(15)]
    assert waits == sorted(waits, reverse=True), "and it does not wait the longer for it"
    guess(second.session, 9, wrong)
    redeem(second.session, code).is_(200)


def test_only_what_is_wrong_counts(harbor, people):
    first, *_ = people
    session, wrong = harbor.owner.session, wrong_codes()
    guess(first.session, 9, wrong)
    for role_id in ("developer", "reviewer"):
        team = found(harbor.admin, "Other", harbor.owner)
        redeem(first.session, team.invite(session, role_id)[1]).is_(200)
    for code in ("1234567", "x", None):
        redeem(first.session, code).refused(422, "validation_failed")
    guess(first.session, 1, wrong)
    shut(redeem(first.session, next(wrong)))


def test_a_code_into_ones_own_team_counts_as_a_wrong_one(harbor, people):
    first, *_ = people
    harbor.team.add(harbor.admin, first, "reviewer")
    _, code = harbor.team.invite(harbor.owner.session, "developer")
    for _ in range(10):
        redeem(first.session, code).refused(409, "already_member")
    shut(redeem(first.session, code))
    assert [one["status"] for one in harbor.owner.session.everything(harbor.team.invitations)] == ["live"]


def test_the_breaker_shuts_unbound_codes_for_everyone_and_bound_ones_go_on(client, harbor, people):
    """With 150 live ones it is shut after 20 wrong tries: 19 of them make 2,850 already."""
    first, second, third = people
    other = found(harbor.admin, "Other", harbor.owner)
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
        assert DAY - HOUR - LEEWAY < shut(redeem(session, tried)) <= DAY - HOUR
    assert redeem(session, bound).is_(200).json["role"]["role_id"] == "reviewer"
    assert shut(redeem(session, code)) > HOUR
    advance(client, DAY - HOUR)
    _, fresh = other.invite(harbor.owner.sign_in(), "developer")
    redeem(third.sign_in(), fresh).is_(200)
