"""Moves the clock of a local server that was started with `--test-clock`."""

from datetime import datetime

MINUTE, HOUR, DAY = 60, 3_600, 86_400


def advance(client, seconds):
    """Moves the clock forward and returns its time."""
    reply = client.post("/_local/clock", {"advance_seconds": seconds}).expect(200).json
    assert reply.keys() == {"now"}
    return datetime.fromisoformat(reply["now"])


def advance_past(client, moment):
    """Moves the clock past a timestamp of a reply."""
    now = advance(client, 0)
    advance(client, max(0, int((datetime.fromisoformat(moment) - now).total_seconds()) + 1))


def ticking_time(client):
    """A time source for an authenticator. Each call moves the clock to the next TOTP step, so that no code repeats."""
    return lambda: advance(client, 30).timestamp()
