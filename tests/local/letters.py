"""What only the local server has, as its tests use it: the clock that can be moved."""

from datetime import datetime

MINUTE, HOUR, DAY = 60, 3_600, 86_400


def advance(client, seconds):
    """Moves the clock, and returns what it then says."""
    return datetime.fromisoformat(client.post("/_local/clock", {"advance_seconds": seconds}).is_(200).json["now"])


def pass_by(client, moment):
    """Moves the clock beyond this moment of a reply."""
    now = advance(client, 0)
    advance(client, max(0, int((datetime.fromisoformat(moment) - now).total_seconds()) + 1))


def watch(client):
    """What an authenticator takes for the time: every look at it moves the clock on to the next step."""
    return lambda: advance(client, 30).timestamp()


def shape(reply):
    """What can be told apart of replies that are to look the same."""
    names = sorted(name.lower() for name in reply.headers)
    return reply.status, names, len(reply.body), sorted(reply.json) if reply.body else None
